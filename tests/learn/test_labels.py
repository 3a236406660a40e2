"""The file of labels: every faulty row named, and no decision lost."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import mapping, shape

from chip_folders import write_chips
from gnomon.datamodel.errors import LabelError
from gnomon.learn.chips import Chip, read_chips
from gnomon.learn.labels import (
    NAME,
    add_features,
    feature_of,
    features_of,
    intersection_over_union,
    length_of,
    read_features,
    read_labels,
    to_labels,
    write_labels,
)

Feature = dict[str, Any]


@pytest.fixture(scope="module")
def folder(sea: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("labels") / "chips"
    write_chips(place, sea)
    return place


@pytest.fixture
def chips(folder: Path) -> dict[str, Chip]:
    return read_chips(folder)


@pytest.fixture
def features(folder: Path) -> list[Feature]:
    return read_features(folder / NAME)


def refused(features: list[Feature], chips: dict[str, Chip]) -> list[str]:
    with pytest.raises(LabelError) as caught:
        to_labels(features, chips, Path("labels.geojson"))
    return [line.strip() for line in str(caught.value).splitlines()]


FAULTS = {
    "status": ({"status": "shp"}, None, "status is 'shp'; write one of unreviewed, ship, not_ship"),
    "no status": ({"status": ""}, None, "lacks the property status; write one of unreviewed"),
    "type": ({"type": "yacht"}, None, "type is 'yacht'; write one of tanker"),
    "load": ({"load_state": "full"}, None, "load_state is 'full'; write one of laden"),
    "length": ({"length_m": 0}, None, "length_m is 0: should be greater than 0"),
    "negative": ({"length_m": -80.0}, None, "length_m is -80.0"),
    "words": ({"length_m": "long"}, None, "length_m is 'long'"),
    "chip": ({"chip": "chips/gone.tif"}, None, "there is no chip chips/gone.tif"),
    "scene": ({"scene_id": "july"}, None, "scene_id is july, but its chip is of april-04"),
    "none": ({}, {}, "has no geometry"),
    "point": ({}, mapping(shapely.Point(129, 42)), "geometry is a Point, should be a Polygon"),
    "empty": ({}, {"type": "Polygon", "coordinates": []}, "geometry is empty"),
    "flat": (
        {},
        mapping(shapely.Polygon([(9, 9), (9, 9), (9, 9)])),
        "geometry is broken (Too few points",
    ),
    "broken": (
        {},
        mapping(shapely.Polygon([(129, 42), (129.1, 42.1), (129.1, 42), (129, 42.1)])),
        "geometry is broken (Self-intersection",
    ),
    "metres": (
        {},
        mapping(shapely.box(6e5, 46e5, 601e3, 4601e3)),
        "is not on the earth in degrees (EPSG:4326)",
    ),
    "outside": ({}, mapping(shapely.box(129.0, 42.0, 129.1, 42.1)), "lies outside its chip"),
    "unreadable": ({}, {"type": "Polygon"}, "geometry cannot be read"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_with_row_id_and_remedy(
    features: list[Feature], chips: dict[str, Chip], name: str
) -> None:
    properties, geometry, said = FAULTS[name]
    features[1]["properties"] |= properties
    if geometry is not None:
        features[1]["geometry"] = geometry
    head, line = refused(features, chips)
    assert head.startswith("labels.geojson: 1 fault(s)")
    assert line.startswith("feature 2 (april-04-1): ")
    assert said in line


def test_every_faulty_row_is_named_at_once(features: list[Feature], chips: dict[str, Chip]) -> None:
    features[0]["properties"] |= {"status": "x", "length_m": -1}
    features[3]["properties"] |= {"type": "boat"}
    features.append(features[2])
    head, *lines = refused(features, chips)
    last = len(features)
    assert "7 fault(s)" in head
    rows = sorted(int(line.split(" ")[1]) for line in lines)
    assert rows == [1, 1, 3, 3, 4, last, last]
    twice = next(line for line in lines if "feature 3" in line)
    assert f"label_id is also that of feature(s) {len(features)}" in twice


def test_the_frame_of_a_chip_is_no_ship(features: list[Feature], chips: dict[str, Chip]) -> None:
    chip = next(iter(chips.values()))
    frame = feature_of(
        chip.outline, label_id="f", chip=chip.name, scene_id=chip.scene_id, status="not_ship"
    )
    assert len(to_labels([*features, frame], chips, Path("x"))) == len(features) + 1
    frame["properties"]["status"] = "ship"
    assert "is a ship of 18" in refused([*features, frame], chips)[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read as GeoJSON"),
        ('{"type": "Feature"}', "is not a GeoJSON FeatureCollection"),
        (
            '{"type": "FeatureCollection", "features": [], "crs": {"name": "EPSG:32652"}}',
            "is not in longitude and latitude",
        ),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / NAME).write_text(text)
    with pytest.raises(LabelError, match=said):
        read_labels(tmp_path)
    with pytest.raises(LabelError, match="there is no such file"):
        read_labels(tmp_path / "nowhere")


def test_an_outline_that_was_drawn_needs_a_status_and_no_more(
    features: list[Feature], chips: dict[str, Chip]
) -> None:
    chip = chips[features[0]["properties"]["chip"]]
    middle = shape(features[0]["geometry"]).centroid
    drawn = {
        "type": "Feature",
        "properties": {"status": "ship", "scene_id": chip.scene_id, "fid": 7},
        "geometry": mapping(shapely.MultiPolygon([middle.buffer(0.0004)])),
    }
    row = to_labels([*features, drawn], chips, Path("x")).iloc[-1]
    assert (row.scene_id, row.type, row.load_state) == (chip.scene_id, "unknown", "unknown")
    assert chips[row.chip].outline.contains(middle)
    assert row.label_id.startswith("drawn-")
    drawn["properties"]["scene_id"] = None
    many = r"lies in chips of [23] scenes; write the name of the chip"
    assert re.search(many, refused([drawn], chips)[1])
    drawn["geometry"] = mapping(shapely.box(10, 10, 10.001, 10.001))
    assert "chip is empty and the outline lies in no chip" in refused([drawn], chips)[1]


def test_what_is_added_changes_no_row(features: list[Feature]) -> None:
    kept = json.loads(json.dumps(features[:3]))
    kept[0]["properties"] |= {"status": "not_ship", "note": "a crane", "colour": "red"}
    moved = json.loads(json.dumps(features[1]))
    moved["properties"] |= {"label_id": "new", "detection_id": "new"}
    result = add_features(kept, [*features, moved])
    assert result[:3] == kept
    # Three are there already, and so is the ship that another run found under another name.
    assert [f["properties"]["label_id"] for f in result[3:]] == [
        f["properties"]["label_id"] for f in features[3:]
    ]
    elsewhere = json.loads(json.dumps(moved))
    elsewhere["properties"]["scene_id"] = "april-24"
    assert add_features(kept, [elsewhere])[-1] == elsewhere


def test_labels_survive_writing(folder: Path, chips: dict[str, Chip], tmp_path: Path) -> None:
    labels = read_labels(folder)
    write_labels(features_of(labels), tmp_path / NAME)
    again = to_labels(read_features(tmp_path / NAME), chips, tmp_path)
    assert labels.equals(again)
    lines = (tmp_path / NAME).read_text().splitlines()
    assert len([line for line in lines if '"Feature"' in line]) == len(labels)


def test_length_is_the_largest_distance() -> None:
    # A minute of latitude is a nautical mile, to half a percent.
    assert length_of(shapely.box(129, 42, 129.0001, 42 + 1 / 60)) == pytest.approx(1852, rel=5e-3)


def test_a_row_without_properties_or_with_odd_ones_is_named(
    features: list[Feature], chips: dict[str, Chip], tmp_path: Path
) -> None:
    features[0]["properties"] = None
    features[1] = 17
    path = tmp_path / NAME
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    with pytest.raises(LabelError, match="feature 2: is not a GeoJSON feature with properties"):
        read_features(path)
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features[:1]}))
    assert "lacks the property status" in refused(read_features(path), chips)[1]


def test_an_outline_of_two_parts_is_refused(
    features: list[Feature], chips: dict[str, Chip]
) -> None:
    whole = shape(features[0]["geometry"])
    west, south, east, north = whole.bounds
    halves = [shapely.box(west, south, west + (east - west) / 3, north),
              shapely.box(east - (east - west) / 3, south, east, north)]  # fmt: skip
    features[0]["geometry"] = mapping(shapely.MultiPolygon(halves))
    assert "has 2 parts; draw one polygon around one hull" in refused(features, chips)[1]


boxes = st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 1), st.floats(0.01, 1)).map(
    lambda b: shapely.box(b[0], b[1], b[0] + b[2], b[1] + b[3])
)


@given(boxes, boxes)
def test_intersection_over_union_is_that_of_the_boxes(
    one: shapely.Polygon, other: shapely.Polygon
) -> None:
    """Against the formula for upright boxes."""
    a, b = one.bounds, other.bounds
    width = max(min(a[2], b[2]) - max(a[0], b[0]), 0)
    height = max(min(a[3], b[3]) - max(a[1], b[1]), 0)
    union = one.area + other.area - width * height
    assert intersection_over_union(one, other) == pytest.approx(width * height / union, abs=1e-9)
    assert intersection_over_union(one, other) == pytest.approx(intersection_over_union(other, one))
    assert intersection_over_union(one, one) == pytest.approx(1)


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from("ab")), max_size=8), st.integers(0, 8))
def test_adding_is_idempotent_and_keeps_the_order(rows: list[tuple[int, str]], known: int) -> None:
    every = [
        feature_of(
            shapely.box(n, 0, n + 0.5, 0.5), label_id=f"{scene}{k}", scene_id=scene, status="ship"
        )
        for k, (n, scene) in enumerate(rows)
    ]
    kept, fresh = every[:known], every[known:]
    result = add_features(kept, fresh)
    assert result[: len(kept)] == kept
    assert add_features(result, fresh) == result
    # What was left out lies on a label that was there, in the same scene.
    for feature in fresh:
        if feature not in result:
            assert any(
                one["geometry"] == feature["geometry"]
                and one["properties"]["scene_id"] == feature["properties"]["scene_id"]
                for one in kept
            )


def test_text_of_any_script_survives(tmp_path: Path) -> None:
    outline = shapely.box(129, 42, 129.001, 42.001)
    words = ["Владивосток", "羅津", "a “pier”", b"\\ud800".decode("unicode_escape")]
    features = [feature_of(outline, label_id=str(n), note=w) for n, w in enumerate(words)]
    write_labels(features, tmp_path / NAME)
    assert [f["properties"]["note"] for f in read_features(tmp_path / NAME)] == words


def test_corners_with_and_without_a_height_are_one_outline(sea: Path, tmp_path: Path) -> None:
    write_chips(tmp_path / "chips", sea)
    path = tmp_path / "chips" / NAME
    features = read_features(path)
    ring = features[0]["geometry"]["coordinates"][0]
    ring[0], ring[-1] = [*ring[0], 0.0], [*ring[-1], 0.0]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert len(add_features(read_features(path), features[:1])) == len(features)
    assert len(read_labels(tmp_path / "chips")) == len(features)
