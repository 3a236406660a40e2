"""Lists and locations on the command line."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import called
from gnomon.cli.options import absolute_location, named, parse_bbox, split_list
from gnomon.datamodel.errors import CatalogError, StudyError

PART = st.text(st.characters(codec="utf-8", exclude_characters=","), min_size=1).map(str.strip)


@given(st.lists(PART, min_size=1), st.sampled_from((",", ", ", " , ")))
def test_a_list_comes_back_in_its_order(parts: list[str], separator: str) -> None:
    text = separator.join(parts)
    assert split_list(text) == (tuple(parts) if text else ())


def test_no_text_is_an_empty_list() -> None:
    assert split_list(None) == split_list("") == ()


def test_a_path_does_not_depend_on_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "catalog.json").touch()
    monkeypatch.chdir(tmp_path)
    location = absolute_location("catalog.json")
    monkeypatch.chdir("/")
    assert Path(location).samefile(tmp_path / "catalog.json")


@given(st.sampled_from(("http", "https", "s3")), PART)
def test_a_url_is_left_as_it_is(scheme: str, path: str) -> None:
    assert absolute_location(f"{scheme}://{path}") == f"{scheme}://{path}"


SOUTH_NORTH = st.lists(st.floats(-90, 90), min_size=2, max_size=2, unique=True).map(sorted)
WEST_EAST = st.lists(st.floats(-180, 180), min_size=2, max_size=2, unique=True).map(sorted)


@given(WEST_EAST, SOUTH_NORTH, st.sampled_from((",", ", ", " ")))
def test_a_box_of_degrees_comes_back_as_it_was_typed(
    across: list[float], along: list[float], separator: str
) -> None:
    (west, east), (south, north) = across, along
    text = separator.join(map(repr, (west, south, east, north)))
    assert parse_bbox(text) == (west, south, east, north)


def test_no_box_is_everywhere() -> None:
    assert parse_bbox(None) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "has 0 number(s), not 4"),
        ("132.9,42.7,133.2", "has 3 number(s), not 4"),
        ("132,9,42,7,133,2,42,9", "has 8 number(s), not 4; decimals have a point"),
        ("132.9,42.7,133.2,north", "north is north, which is not a number"),
        ("132.9E,42.7,133.2,42.9", "west is 132.9E, which is not a number"),
        ("nan,42.7,133.2,42.9", "west is nan, not from -180 to 180"),
        ("42.7,132.9,42.9,133.2", "south is 132.9, not from -90 to 90"),
        ("190,42.7,191,42.9", "west is 190, not from -180 to 180"),
        ("640000,4734000,650000,4744000", "west is 640000, not from -180 to 180"),
        ("132.9,43,133.2,42", "south 43 is not below north 42"),
        ("132.9,42,133.2,42", "south 42 is not below north 42"),
        ("133.2,42.7,133.2,42.9", "west and east are both 133.2"),
    ],
)
def test_what_is_no_box_is_named_as_it_was_typed(text: str, why: str) -> None:
    with pytest.raises(StudyError) as caught:
        parse_bbox(text)
    message = str(caught.value)
    assert message.startswith(f"--bbox {text}: {why}")
    assert "west,south,east,north in degrees, such as 132.9,42.7,133.2,42.9" in message
    assert "\n" not in message


def test_a_box_over_the_antimeridian_is_explained_as_two_that_work() -> None:
    with pytest.raises(StudyError, match="antimeridian") as caught:
        parse_bbox("179.5,-18,-179.5,-17")
    boxes = re.findall(r"--bbox=(\S+)", str(caught.value))
    assert [parse_bbox(box) for box in boxes] == [(179.5, -18, 180, -17), (-180, -18, -179.5, -17)]
    assert "write -179.5,-18,179.5,-17 if they are swapped" in str(caught.value)


def test_an_error_begins_with_the_option_that_it_comes_from() -> None:
    def fail() -> None:
        raise CatalogError("my-vessel: no such weights")

    with (
        pytest.raises(StudyError, match=r"^--model: my-vessel: no such weights$"),
        named("--model"),
    ):
        fail()


@pytest.mark.parametrize(
    ("words", "searched"),
    [
        ("load TABLE --catalog URL --out OUT", "gnomon.workflow.loads.find_scenes"),
        ("show a --detections TABLE --catalog URL", "gnomon.workflow.loads.find_scenes"),
        ("chips TABLE --catalog URL --out OUT", "gnomon.workflow.loads.find_scenes"),
        ("train URL --out OUT", "gnomon.learn.scenes.find_scenes"),
        ("evaluate URL", "gnomon.learn.scenes.find_scenes"),
        ("train URL --chips OUT --out OUT", "gnomon.learn.finetune.finetune"),
    ],
)
def test_hosts_of_the_own_network_reach_the_search(
    words: str, searched: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def stopped(first: object, *_: object, **options: object) -> None:
        asked.append(options.get("hosts") or first.hosts)
        raise CatalogError("stop; here")

    monkeypatch.setattr(searched, stopped)
    table = tmp_path / "ships.csv"
    table.write_text("detection_id,scene_id,lon,lat\na,one,130.1,42.1\n")
    given = {"TABLE": table, "URL": "http://localhost:1/", "OUT": tmp_path / "out"}
    filled = (given.get(word, word) for word in words.split())
    assert called(monkeypatch, *filled, "--hosts", "a.lab, b.lab:9000") == 1
    assert asked == [("a.lab", "b.lab:9000")]
