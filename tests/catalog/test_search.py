"""A real STAC API and a static catalogue give the same; faults of catalogues and of items."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from catalogs import api, pages_by_offset, quick_options, refused, write_catalog, write_scene
from conftest import Season
from gnomon.catalog import search as catalog
from gnomon.catalog.search import Found, find_scenes
from gnomon.datamodel.limits import Limits
from gnomon.imagery.read import read_pixels
from hostile import Hostile, document
from servers import FileServer, stac_api

BAY = box(129.0, 42.78, 129.05, 42.82)
EVERYWHERE: dict[str, Any] = {"area": None}


def ids(found: Found) -> list[str]:
    return [scene.id for scene in found.scenes]


QUERIES: list[dict[str, Any]] = [
    {"area": None},
    {"area": BAY},
    {"area": box(0, 0, 1, 1)},
    {"area": None, "start": date(2024, 4, 1)},
    {"area": None, "end": date(2024, 4, 3)},
    {"area": None, "ids": ("april", "may", "none")},
    {"area": BAY, "start": date(2024, 4, 3), "end": date(2024, 4, 3)},
    {"area": box(130.2, 42.7, 130.3, 42.9), "start": date(2024, 1, 1)},
]


@pytest.mark.parametrize("query", QUERIES)
def test_an_api_and_a_static_catalogue_find_the_same(
    season: Season, season_api: tuple[str, FileServer], query: dict[str, Any]
) -> None:
    url, files = season_api
    ways = [
        find_scenes(quick_options(season.path), **query),
        find_scenes(quick_options(f"{files.url}/catalog.json"), **query),
        find_scenes(quick_options(url), **query),
    ]
    listed = [
        [(s.id, s.seen_at, s.footprint, s.cloud_percent, s.sun_azimuth_deg) for s in one.scenes]
        for one in ways
    ]
    assert listed[0] == listed[1] == listed[2]
    assert [one.cloudy for one in ways].count(()) in (0, 3)
    assert not any(one.faults for one in ways)


def test_a_search_finds_what_lies_there_and_then(season: Season) -> None:
    every = find_scenes(quick_options(season.path), area=None)
    assert ids(every) == ["march", "april", "elsewhere"]
    assert [scene.id for scene in every.cloudy] == ["may"]
    assert ids(find_scenes(quick_options(season.path), area=BAY)) == ["march", "april"]
    clear = find_scenes(quick_options(season.path, max_cloud_percent=99), area=BAY)
    assert ids(clear) == ["march", "april", "may"]
    april = find_scenes(
        quick_options(season.path), area=BAY, start=date(2024, 4, 3), end=date(2024, 4, 3)
    )
    assert ids(april) == ["april"]


def test_the_same_pixels_through_the_api_and_from_the_disk(
    season: Season, season_api: tuple[str, FileServer]
) -> None:
    url, _ = season_api
    far = find_scenes(quick_options(url), area=BAY).scenes
    near = find_scenes(quick_options(season.path), area=BAY).scenes
    for one, other in zip(far, near, strict=True):
        assert one.assets["green"].href.startswith("http://")
        there, here = read_pixels(one, BAY), read_pixels(other, BAY)
        assert there.identical(here)
        assert np.isfinite(here.green).any()


def test_pages_are_followed_to_the_last(
    season: Season, season_api: tuple[str, FileServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "PAGE", 1)
    url, _ = season_api
    assert ids(find_scenes(quick_options(url), area=None)) == ["march", "april", "elsewhere"]


def test_real_items_through_a_real_api(shared_data: Path, tmp_path: Path) -> None:
    paths = sorted((shared_data / "stac-items").glob("*.json"))
    with stac_api([json.loads(path.read_text()) for path in paths], tmp_path) as url:
        found = find_scenes(quick_options(url), area=None)
        named = quick_options(url, collections=("sentinel-1-grd", "sentinel-2-l1c"))
        asked = find_scenes(named, area=None)
        one = find_scenes(quick_options(url), area=box(-40.2, -4, -40, -3.9))
        pair = ["sentinel-2-l2a", "sentinel-2-c1-l2a"]
        there = next(scene.footprint for scene in found.scenes if "20EPT" in scene.id)
        twice = [
            find_scenes(quick_options(url, collections=tuple(names)), area=there)
            for names in (pair, pair[::-1])
        ]
    # L1C and radar only when asked for; the acquisition of two collections once.
    assert {scene.collection for scene in found.scenes} == {
        "sentinel-2-l2a", "sentinel-2-c1-l2a", "sentinel-s2-l2a-cogs",
    }  # fmt: skip
    assert len(found.scenes) == 5
    (note,) = found.notes
    assert note.startswith("1 item is another listing or an older processing of an image")
    assert {scene.sensor for scene in asked.scenes} == {"optical", "sar"}
    assert ids(one) == ["S2B_24MUA_20250731_0_L2A"]
    assert (found.faults, asked.faults) == ((), ())
    # The same product: that of the collection which is named first.
    assert [[scene.collection for scene in each.scenes] for each in twice] == [pair[:1], pair[1:]]


def test_the_real_ports(shared_data: Path) -> None:
    found = find_scenes(
        quick_options(shared_data / "s2-ports" / "train" / "catalog.json"), area=None
    )
    assert len(found.scenes) == 9
    genoa = find_scenes(
        quick_options(shared_data / "s2-ports" / "train" / "catalog.json"),
        area=box(8.8, 44.3, 9, 44.5),
    )
    assert ids(genoa) == ["S2_genoa_20230710"]


places = st.builds(
    lambda x, y, w: box(x, y, x + w, y + 0.05),
    st.floats(128.9, 130.4),
    st.floats(42.6, 42.9),
    st.floats(0.001, 1),
)


@settings(max_examples=25, deadline=None)
@given(area=places, first=st.dates(date(2024, 2, 1), date(2024, 6, 1)), days=st.integers(0, 90))
def test_a_search_finds_what_a_loop_over_the_items_finds(
    season: Season, area: BaseGeometry, first: date, days: int
) -> None:
    last = date.fromordinal(first.toordinal() + days)
    found = find_scenes(quick_options(season.path), area=area, start=first, end=last)
    every = find_scenes(quick_options(season.path), area=None)
    expected = [
        scene.id
        for scene in every.scenes
        if scene.footprint.intersection(area).area > 0 and first <= scene.seen_at.date() <= last
    ]
    assert ids(found) == expected


def damaged(item: dict[str, Any], name: str, **changes: Any) -> dict[str, Any]:
    """A copy of an item under another name, with parts replaced or, by None, removed."""
    copy = json.loads(json.dumps(item)) | {"id": name}
    for key, value in changes.items():
        part = copy["properties"] if key in ("datetime", "view:sun_elevation") else copy
        part[key] = value
    return copy


def test_faulty_items_are_reported_and_stop_nothing(tmp_path: Path) -> None:
    whole = write_scene(tmp_path, "whole", seen_at="2024-03-04T02:12:00Z", shape_px=(16, 16))
    assets = whole["assets"]
    bad = {
        "no-time": {"datetime": None},
        "no-place": {"geometry": None},
        "no-assets": {"assets": {}},
        "no-sun": {"view:sun_elevation": float("nan")},
        "picture": {"assets": assets | {"green": assets["green"] | {"type": "image/png"}}},
        "no-properties": {"properties": None},
        "a-collection": {"type": "Collection"},
    }
    items: list[dict[str, Any] | str] = [whole]
    for name, changes in bad.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(damaged(whole, name, **changes)))
        items.append(path.name)
    (tmp_path / "torn.json").write_text('{"type": "Fea')
    items += ["torn.json", "absent.json"]
    root = write_catalog(tmp_path, items)
    with FileServer(tmp_path) as server:
        for url in (str(root), f"{server.url}/catalog.json"):
            found = find_scenes(quick_options(url), area=None)
            assert ids(found) == ["whole"]
            told = {fault.item.split("/")[-1]: str(fault.error) for fault in found.faults}
            assert set(told) == {*bad, "torn.json", "absent.json"}
            assert all("\n" not in text and "; " in text for text in told.values())
            assert "picture, green: is image/png" in told["picture"]
            assert "view:sun_elevation" in told["no-sun"]
            # As far as a faulty item says where and when it is, it is searched like the others.
            elsewhere = find_scenes(quick_options(url), area=box(0, 0, 1, 1), end=date(2000, 1, 1))
            left = {fault.item.split("/")[-1] for fault in elsewhere.faults}
            assert "picture" not in left
            assert "torn.json" in left


def test_what_is_known_of_a_faulty_item_travels_with_it(tmp_path: Path) -> None:
    item = write_scene(tmp_path, "x", seen_at="2024-03-04T02:12:00Z", shape_px=(16, 16))
    (tmp_path / "x" / "x.json").write_text(json.dumps(item | {"assets": {}}))
    (fault,) = find_scenes(quick_options(write_catalog(tmp_path, [item])), area=None).faults
    assert (fault.item, fault.collection, fault.platform) == ("x", "sentinel-2-l2a", "sentinel-2c")
    assert fault.seen_at is not None
    assert fault.seen_at.isoformat() == "2024-03-04T02:12:00+00:00"
    assert fault.footprint is not None
    assert fault.footprint.area > 0


def test_a_loop_of_links_ends(season: Season, tmp_path: Path) -> None:
    root = json.loads((season.folder / "catalog.json").read_text())
    root["links"] = [
        {"rel": "child", "href": "./catalog.json"},
        {"rel": "child", "href": str(season.folder / "collection.json")},
    ]
    (tmp_path / "catalog.json").write_text(json.dumps(root))
    assert len(find_scenes(quick_options(tmp_path / "catalog.json"), area=None).scenes) == 3


def test_catalogues_on_disk_that_are_none(tmp_path: Path) -> None:
    refused(tmp_path / "absent.json", "No such file.*name an existing catalog.json")
    refused(tmp_path, "Is a directory.*name an existing catalog.json")
    refused("${GNOMON_PIXELS}/catalog.json", "GNOMON_PIXELS is not set; name by it the folder")
    for name, text, why in (
        ("empty.json", "", "not with JSON"),
        ("page.json", "<html>", "not with JSON"),
        ("list.json", "[1]", "no object"),
        ("binary.json", "\udcff", "not a usable STAC catalogue|codec"),
        ("item.json", '{"type": "Feature"}', "its type is Feature"),
        ("bare.json", '{"type": "Catalog", "id": "x", "links": []}', "has no items"),
        ("links.json", '{"type": "Catalog", "links": [{"rel": "child"}]}', "not a usable STAC"),
    ):
        (tmp_path / name).write_text(text, errors="surrogateescape")
        refused(tmp_path / name, why)


def test_collections_that_are_not_there(season: Season, season_api: tuple[str, FileServer]) -> None:
    for url in (season.path, season_api[0]):
        refused(url, "no collection landsat; it has sentinel-2-l2a", collections=("landsat",))


def test_only_collections_that_gnomon_reads_are_searched(tmp_path: Path) -> None:
    item = write_scene(tmp_path, "x", seen_at="2024-03-04T02:12:00Z", shape_px=(16, 16))
    root = write_catalog(tmp_path, [item])
    path = tmp_path / "collection.json"
    as_written = json.loads(path.read_text())
    for name, found in (("sentinel-2-l1c", None), ("harbour-0.5m", ["x"])):
        path.write_text(json.dumps(as_written | {"id": name}))
        (tmp_path / "x" / "x.json").write_text(json.dumps(item | {"collection": name}))
        if found is None:
            refused(root, "no collection that gnomon reads; it has sentinel-2-l1c; name one")
            assert ids(find_scenes(quick_options(root, collections=(name,)), area=None)) == ["x"]
        else:
            assert ids(find_scenes(quick_options(root), area=None)) == found


def hostile_catalog(links: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "type": "Catalog",
        "stac_version": "1.0.0",
        "id": "x",
        "description": "x",
        "links": links,
    }


@pytest.mark.parametrize("href", ["{file}", "file://{file}", "{victim}/a.json", "/vsicurl/{file}"])
@pytest.mark.parametrize("relation", ["item", "child"])
def test_no_link_of_a_server_leads_to_a_file_or_another_server(
    season: Season, href: str, relation: str
) -> None:
    """An item there is a fault; a catalogue there ends the search."""
    with Hostile() as victim, Hostile() as server:
        place = href.format(file=season.folder / "march" / "march.json", victim=victim.url)
        links = [{"rel": relation, "href": place}]
        server.answers["/catalog.json"] = document(hostile_catalog(links))
        url = f"{server.url}/catalog.json"
        if relation == "item":
            (fault,) = find_scenes(quick_options(url, hosts=()), area=None).faults
            assert re.search("is not opened|404", str(fault.error))
        else:
            refused(url, "may not lead|leads to no files|refuses", hosts=())
        assert victim.seen == []


def test_a_search_without_end_ends(season: Season) -> None:
    """Each page of it leads to another one."""
    item = json.loads((season.folder / "march" / "march.json").read_text())
    with Hostile() as server:
        page = {
            "type": "FeatureCollection", "features": [item],
            "links": [{"rel": "next", "href": f"{server.url}/search", "method": "GET"}],
        }  # fmt: skip
        server.answers = api(server.url, "sentinel-2-l2a", document(page))
        refused(f"{server.url}/", "pages, 5", limits=Limits(pages=5))
        refused(f"{server.url}/", "items, 3", limits=Limits(items=3))


def test_a_catalogue_without_end_ends(tmp_path: Path) -> None:
    """Each catalogue in it has another one."""
    for n in range(8):
        links = [{"rel": "child", "href": f"./{n + 1}.json"}]
        (tmp_path / f"{n}.json").write_text(json.dumps(hostile_catalog(links)))
    refused(tmp_path / "0.json", "pages, 5", limits=Limits(pages=5))


@settings(max_examples=30, deadline=None)
@given(count=st.integers(1, 7), size=st.integers(1, 4), gone=st.none() | st.integers(0, 6))
def test_an_item_that_vanishes_between_two_pages_is_noticed(
    season: Season, count: int, size: int, gone: int | None
) -> None:
    """Exactly those searches are noted that did not list all that matched as they began."""
    items = [damaged(season.items[0], f"item-{n}") for n in range(count)]
    with Hostile() as server:
        search = pages_by_offset(items, size, gone=gone)
        server.answers = api(server.url, "sentinel-2-l2a", search)
        found = find_scenes(quick_options(server.url), area=None, ids=[i["id"] for i in items])
    missing = count - len(found.scenes)
    assert missing == (gone is not None and gone < count and count > size)
    said = [f"listed {len(found.scenes)} of the {count} items" in note for note in found.notes]
    assert said == [True] * missing


def test_the_older_way_of_counting_is_understood(season: Season) -> None:
    with Hostile() as server:
        search = pages_by_offset([season.items[0]], 1, says={"context": {"matched": 7}})
        server.answers = api(server.url, "sentinel-2-l2a", search)
        (note,) = find_scenes(quick_options(server.url), area=None).notes
    assert "listed 1 of the 7 items" in note


@pytest.mark.parametrize("count", ["many", True, -5, 0, 1.5, {}, None])
@pytest.mark.parametrize("name", ["numberMatched", "context"])
def test_a_number_of_matches_that_is_none_says_nothing(
    season: Season, name: str, count: object
) -> None:
    with Hostile() as server:
        search = pages_by_offset([season.items[0]], 1, says={name: count})
        server.answers = api(server.url, "sentinel-2-l2a", search)
        found = find_scenes(quick_options(server.url), area=None)
    assert (ids(found), found.notes) == (["march"], ())


def test_two_collections_that_lack_images_of_each_other_are_searched_together(
    season: Season, tmp_path: Path
) -> None:
    """The first has 0 to 3, the second 2 to 5, in a real API; 2 is newer there, 3 the same."""
    items = []
    for collection, numbers in (("sentinel-2-l2a", range(4)), ("sentinel-2-c1-l2a", range(2, 6))):
        for n in numbers:
            newer = n == 2 and collection == "sentinel-2-c1-l2a"
            made = f"2024-0{7 if newer else 6}-09T00:00:00Z"
            baseline = "0511" if newer else "0510"
            product = f"S2C_MSIL2A_2024050{n + 1}T021211_N{baseline}_R003_T52TEM_{made[:10]}"
            item = damaged(season.items[0], f"{n}-{collection}", collection=collection)
            item["properties"] |= {
                "datetime": f"2024-05-0{n + 1}T02:12:11Z", "s2:generation_time": made,
                "s2:product_uri": product.replace("-", "") + "T000000.SAFE",
                "s2:processing_baseline": f"0{float(baseline) / 100}",
            }  # fmt: skip
            items.append(item)
    with stac_api(items, tmp_path) as url:
        named = ("sentinel-2-l2a", "sentinel-2-c1-l2a")
        both = find_scenes(quick_options(url, collections=named), area=BAY)
        alone = [find_scenes(quick_options(url, collections=(name,)), area=BAY) for name in named]
    assert [len(one.scenes) for one in alone] == [4, 4]
    assert [one.notes for one in alone] == [(), ()]
    first, second = "sentinel-2-l2a", "sentinel-2-c1-l2a"
    taken = [first, first, second, first, second, second]
    assert ids(both) == [f"{n}-{name}" for n, name in enumerate(taken)]
    assert [note.partition(" another")[0] for note in both.notes] == ["2 items are"]
