"""Formats there and back: what a tool has no room for comes back from the labels."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from chip_folders import edit, write_chips
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import LabelError
from gnomon.learn.annotations import CLASSES, annotation_feature, class_of
from gnomon.learn.chips import read_chips
from gnomon.learn.formats import read_any, write_any
from gnomon.learn.labels import NAME, intersection_over_union, read_labels, to_labels
from simulated import BOX

DECIDED = {
    "april-04-0": {"status": "ship", "type": "tanker", "length_m": 183.5, "load_state": "laden"},
    "april-04-1": {"status": "not_ship", "type": "bulk", "note": "a “pier”"},
    "april-04-2": {"status": "ship"},
}


@pytest.fixture(scope="module")
def plain(sea: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Chips without a file of labels."""
    place = tmp_path_factory.mktemp("plain") / "chips"
    write_chips(place, sea)
    (place / NAME).unlink()
    return place


@pytest.fixture
def folder(sea: Path, tmp_path: Path) -> Path:
    write_chips(tmp_path / "chips", sea, empty=1)
    edit(tmp_path / "chips", DECIDED)
    return tmp_path / "chips"


def rectangle(outline: shapely.Polygon) -> shapely.Polygon:
    """Smallest in metres: a degree east is shorter than one north."""
    flat = gpd.GeoSeries([outline], crs=4326).to_crs(BOX.crs)
    turned = [one.minimum_rotated_rectangle for one in flat]
    return gpd.GeoSeries(turned, crs=BOX.crs).to_crs(4326).iloc[0]


@pytest.mark.parametrize("known", [True, False])
def test_coco_comes_back_as_it_was(folder: Path, tmp_path: Path, known: bool) -> None:
    labels, place = read_any(folder)
    write_any(labels, place, "coco", tmp_path / "coco.json")
    if not known:
        (folder / NAME).unlink()
    back, _ = read_any(tmp_path / "coco.json", folder)
    words = [name for name in labels if name != "geometry"]
    assert back[words].equals(labels[words])
    # A thousandth of a pixel is a centimetre.
    pairs = zip(back.geometry, labels.geometry, strict=True)
    assert all(one.hausdorff_distance(other) < 3e-7 for one, other in pairs)


def test_yolo_comes_back_with_what_it_has_no_room_for(folder: Path, tmp_path: Path) -> None:
    labels, place = read_any(folder)
    write_any(labels, place, "yolo-obb", tmp_path / "yolo")
    back, _ = read_any(tmp_path / "yolo", folder)
    order = back.set_index("label_id").loc[labels.label_id].reset_index()[labels.columns]
    assert order.equals(labels)


def test_a_class_changed_in_a_tool_is_a_decision(folder: Path, tmp_path: Path) -> None:
    labels, place = read_any(folder)
    write_any(labels, place, "coco", tmp_path / "coco.json")
    write_any(labels, place, "yolo-obb", tmp_path / "yolo")
    document = json.loads((tmp_path / "coco.json").read_text())
    assert document["annotations"][3]["attributes"]["label_id"] == "april-04-3"
    document["annotations"][3]["category_id"] = CLASSES.index("tug") + 1
    (tmp_path / "coco.json").write_text(json.dumps(document))
    back = read_any(tmp_path / "coco.json", folder)[0].set_index("label_id").loc["april-04-3"]
    assert (back.status, back.type) == ("ship", "tug")
    name = next(p for p in (tmp_path / "yolo" / "labels").iterdir() if " " in p.read_text())
    rest = name.read_text().splitlines()[1:]
    changed = " ".join([str(CLASSES.index("fishing")), *name.read_text().split()[1:9]])
    name.write_text("\n".join([changed, *rest]))
    back = read_any(tmp_path / "yolo", folder)[0]
    assert (back["type"] == "fishing").sum() == 1


def test_an_outline_moved_in_a_tool_is_moved(folder: Path, tmp_path: Path) -> None:
    labels, place = read_any(folder)
    write_any(labels, place, "yolo-obb", tmp_path / "yolo")
    path = next(p for p in (tmp_path / "yolo" / "labels").iterdir() if " " in p.read_text())
    number, *values = path.read_text().splitlines()[0].split()
    corners = np.array(values, float).reshape(4, 2)
    longer = corners.mean(axis=0) + 1.3 * (corners - corners.mean(axis=0))
    path.write_text(" ".join([number, *map(str, longer.ravel())]))
    back = read_any(tmp_path / "yolo", folder)[0]
    (row,) = back[back.chip == f"chips/{path.stem}.tif"].itertuples()
    before = labels[labels.label_id == row.label_id].geometry.iloc[0]
    assert row.geometry.area == pytest.approx(1.69 * rectangle(before).area, rel=0.02)


def test_nothing_is_overwritten_and_places_are_found(folder: Path, tmp_path: Path) -> None:
    labels, place = read_any(folder / NAME)
    assert place == folder
    assert labels.equals(read_labels(folder))
    with pytest.raises(LabelError, match="exists; decisions are never overwritten"):
        write_any(labels, place, "geojson", folder / NAME)
    with pytest.raises(LabelError, match="there is no such file"):
        read_any(folder / "none.json")
    (tmp_path / "odd").mkdir()
    with pytest.raises(LabelError, match="say --chips"):
        read_any(tmp_path / "odd")
    write_any(labels, place, "geojson", tmp_path / "copy.geojson")
    again, _ = read_any(tmp_path / "copy.geojson", folder)
    assert again.equals(labels)
    assert all(isinstance(outline, shapely.Polygon) for outline in again.geometry)


SLOTS = [(32, 32), (96, 32), (32, 96), (96, 96)]
"""Middles of hulls that do not meet."""


@settings(max_examples=15)
@given(
    st.lists(
        st.tuples(st.floats(8, 30), st.floats(0, 179), st.sampled_from(CLASSES)),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(["coco", "yolo-obb"]),
)
def test_any_labels_come_back_from_any_format(
    plain: Path, tmp_path_factory: pytest.TempPathFactory, rows: list, to: str
) -> None:
    """Class and outline survive alone, without the file of labels to remember anything."""
    out = tmp_path_factory.mktemp("back") / "out"
    chips = read_chips(plain)
    chip = next(iter(chips.values()))
    features = []
    for (x, y), (length, angle, name) in zip(SLOTS, rows, strict=False):
        (shape,) = OrientedBoxes.of(x, y, length, length / 4, angle).polygons()
        corners = np.array(shape.exterior.coords)[:-1]
        features.append(annotation_feature(corners, chip, name, {}))
    labels = to_labels(features, chips, Path("x"))
    write_any(labels, plain, to, out)
    back, _ = read_any(out, plain)
    assert len(back) == len(labels)
    for (_, _, name), outline in zip(rows, labels.geometry, strict=True):
        overlap = [intersection_over_union(outline, other) for other in back.geometry]
        best = back.iloc[int(np.argmax(overlap))]
        assert max(overlap) > 0.98
        assert class_of(best.status, best.type) == name
