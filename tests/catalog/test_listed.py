"""No item ends a search: what is wrong with one is a fault of that one, in one line."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs import quick_options, write_catalog, write_scene
from gnomon.catalog.listed import ItemFault, hrefs_of, scene_or_fault
from gnomon.catalog.providers import providers
from gnomon.catalog.search import find_scenes
from gnomon.datamodel.observation import Observation, ObserveOptions
from gnomon.datamodel.ports import Port
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.trust import Trust
from gnomon.workflow.observation_rows import unobserved
from mutations import VALUES, mutated, mutations, places
from stac_items import cdse_item, own_item, read_item


def listed(item: object) -> Scene | ItemFault:
    return scene_or_fault(item, "https://192.0.32.8/item.json", providers(), Trust())


def check(found: Scene | ItemFault) -> None:
    """A scene of which a row can be made, or a fault that is one line."""
    if isinstance(found, Scene):
        observation = Observation(found, Port(None, None), ObserveOptions(), "d")
        unobserved(observation, "failed", "x")
    else:
        text = f"{found.error}{found.item}{found.collection}{found.platform}"
        assert text.isprintable()
        assert text.encode()


EXAMPLES = [cdse_item(), own_item()]
CHANGES = [(n, path) for n, item in enumerate(EXAMPLES) for path in places(item) if len(path) < 6]


@settings(max_examples=40)  # each makes a table
@given(st.sampled_from(CHANGES), st.sampled_from(range(len(VALUES))))
def test_a_hostile_value_anywhere_in_an_item_ends_nothing(
    place: tuple[int, tuple[Any, ...]], value: int
) -> None:
    number, path = place
    check(listed(mutated(EXAMPLES[number], path, VALUES[value])))


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda one: (
    st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=5), one, max_size=3)
)))  # fmt: skip
def test_what_is_no_item_is_a_fault(item: Any) -> None:
    found = listed(item)
    assert isinstance(found, ItemFault)
    check(found)


def test_real_items_are_read_and_their_mutations_end_nothing(shared_data: Path) -> None:
    for path in sorted((shared_data / "stac-items").glob("*.json")):
        item = read_item(path)
        assert isinstance(listed(item), Scene), path.name
        for _, changed in mutations(item, 4, seed=1):
            check(listed(changed))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"id": 7}, "its id is no text"),
        ({"id": "a\nb"}, "its id is no name"),
        ({"id": "x" * 400}, "its id is no name"),
        ({"collection": ["a"]}, "its collection is no text"),
        ({"properties": "x"}, "its properties are no object"),
        ({"assets": ["x"]}, "its assets are no object"),
        ({"assets": {"red": {"href": 1}}}, "its asset red has no address"),
        ({"assets": {"red": {"href": "a", "roles": -1}}}, "the roles of its asset red"),
        ({"assets": {"red": {"href": "a", "bands": ["x"]}}}, "bands of its asset red"),
        ({"links": "x"}, "its links are no list"),
        ({"links": ["x"]}, "its links are no list"),
        ({"description": "\ud800"}, "no Unicode"),
    ],
)
def test_the_shape_of_an_item_is_named(change: dict[str, Any], why: str) -> None:
    found = listed(cdse_item() | change)
    assert isinstance(found, ItemFault)
    assert why in str(found.error)
    assert str(found.error).endswith("mend it")


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("datetime", "0001-01-01T00:00:00Z", "in the year 1;"),
        ("datetime", "9999-01-01T00:00:00Z", "in the year 9999;"),
        ("view:sun_elevation", 400, "sun elevation: is 400 degrees"),
        ("view:incidence_angle", 90, "view zenith: is 90 degrees"),
    ],
)
def test_numbers_that_cannot_be_are_refused(name: str, value: object, why: str) -> None:
    item = cdse_item()
    item["properties"][name] = value
    found = listed(item)
    assert isinstance(found, ItemFault)
    assert why in str(found.error)


def test_a_search_of_hostile_items_gives_each_as_a_scene_or_a_fault(tmp_path: Path) -> None:
    whole = write_scene(tmp_path, "whole", seen_at="2024-03-04T02:12:00Z", shape_px=(16, 16))
    names = []
    for number, (_, item) in enumerate(mutations(whole, 60)):
        (tmp_path / f"{number}.json").write_text(json.dumps(item))
        names.append(f"{number}.json")
    (tmp_path / "text.json").write_text('"text"')
    root = write_catalog(tmp_path, [whole, *names, "text.json"])
    found = find_scenes(quick_options(root), area=None)
    assert "whole" in {scene.id for scene in found.scenes}
    assert any(fault.item.endswith("text.json") for fault in found.faults)
    for one in (*found.scenes, *found.cloudy, *found.faults):
        check(one)


@pytest.mark.parametrize("links", ["x", ["x"], [{"rel": "item"}], [{"rel": "item", "href": 1}]])
def test_links_that_are_none_are_named(links: object) -> None:
    with pytest.raises(ValueError, match=r"links are no list|has no address"):
        hrefs_of({"links": links}, "item")
    assert hrefs_of({"links": None}, "item") == []
