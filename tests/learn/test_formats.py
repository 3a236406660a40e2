"""COCO and YOLO-OBB, there and back; COCO as its own library reads it."""

import json
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from skimage.io import imread

from chip_folders import edit, write_chips
from gnomon.datamodel.errors import LabelError
from gnomon.datamodel.ship_types import SHIP_TYPES
from gnomon.datamodel.tables import STATUSES
from gnomon.learn.chips import chip_pixels, read_chips
from gnomon.learn.formats import CLASSES, class_of, decision_of, read_any, write_any
from gnomon.learn.labels import NAME, read_labels
from simulated import BOX

DECIDED = {
    "april-04-0": {"status": "ship", "type": "tanker", "length_m": 183.5, "load_state": "laden"},
    "april-04-1": {"status": "not_ship", "type": "bulk", "note": "a “pier”"},
    "april-04-2": {"status": "ship"},
}


@pytest.fixture
def folder(sea: Path, tmp_path: Path) -> Path:
    write_chips(tmp_path / "chips", sea, empty=1)
    edit(tmp_path / "chips", DECIDED)
    return tmp_path / "chips"


def test_a_class_is_a_decision_and_back() -> None:
    assert set(CLASSES) == {class_of(s, t) for s in STATUSES for t in SHIP_TYPES}
    for status in STATUSES:
        for kind in SHIP_TYPES:
            assert decision_of(class_of(status, kind), kind) == (status, kind)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_coco_is_read_by_its_own_library(folder: Path, tmp_path: Path) -> None:
    labels, place = read_any(folder)
    write_any(labels, place, "coco", tmp_path / "coco.json")
    from pycocotools.coco import COCO

    with redirect_stdout(StringIO()):
        coco = COCO(tmp_path / "coco.json")
    chips = read_chips(folder)
    assert len(coco.anns) == len(labels)
    assert [image["file_name"] for image in coco.imgs.values()] == list(chips)
    names = {number: one["name"] for number, one in coco.cats.items()}
    for one, label in zip(coco.anns.values(), labels.itertuples(), strict=True):
        assert names[one["category_id"]] == class_of(label.status, label.type)
        chip = chips[label.chip]
        assert coco.imgs[one["image_id"]]["file_name"] == label.chip
        # Its mask lies on the ship: brighter than the water of the chip.
        mask = coco.annToMask(one).astype(bool)
        assert mask.shape == chip.grid.shape.yx
        assert mask.sum() == pytest.approx(one["area"], rel=0.25, abs=6)
        if not label.label_id.endswith("-frame"):
            nir = chip_pixels(chip).nir.to_numpy()
            assert nir[mask].mean() > 1.3 * np.median(nir)
        left, top, width, height = one["bbox"]
        corners = np.array(one["segmentation"][0]).reshape(-1, 2)
        assert corners.min(axis=0) == pytest.approx((left, top))
        assert corners.max(axis=0) == pytest.approx((left + width, top + height), abs=2e-3)


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


def rectangle(outline: shapely.Polygon) -> shapely.Polygon:
    """Smallest in metres: a degree east is shorter than one north."""
    flat = gpd.GeoSeries([outline], crs=4326).to_crs(BOX.crs)
    turned = [one.minimum_rotated_rectangle for one in flat]
    return gpd.GeoSeries(turned, crs=BOX.crs).to_crs(4326).iloc[0]


def test_yolo_without_labels_keeps_class_and_rectangle(folder: Path, tmp_path: Path) -> None:
    labels, place = read_any(folder)
    write_any(labels, place, "yolo-obb", tmp_path / "yolo")
    (folder / NAME).unlink()
    back, _ = read_any(tmp_path / "yolo", folder)
    assert len(back) == len(labels)
    for label in labels.itertuples():
        mates = back[back.chip == label.chip]
        box = rectangle(label.geometry)
        nearest = int(np.argmin([m.distance(box.centroid) for m in mates.geometry]))
        if not label.label_id.endswith("-frame"):
            assert mates.status.iloc[nearest] == label.status
            found = mates.geometry.iloc[nearest]
            assert found.intersection(box).area > 0.97 * found.union(box).area
    assert back.length_m.isna().all()


def test_yolo_images_are_pictures_of_the_chips(folder: Path, tmp_path: Path) -> None:
    labels, place = read_any(folder)
    write_any(labels, place, "yolo-obb", tmp_path / "yolo")
    for chip in read_chips(folder).values():
        picture = imread(tmp_path / "yolo" / "images" / f"{chip.path.stem}.png")
        assert picture.shape[:2] == chip.grid.shape.yx
        red = chip_pixels(chip).red.to_numpy()
        assert np.corrcoef(picture[..., 0].ravel(), np.sqrt(red).ravel())[0, 1] > 0.98
    lines = "".join(p.read_text() for p in (tmp_path / "yolo" / "labels").iterdir()).splitlines()
    assert len(lines) == len(labels)
    values = np.array([line.split() for line in lines], float)
    assert values.shape[1] == 9
    assert ((values[:, 1:] > -0.2) & (values[:, 1:] < 1.2)).all()


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


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["categories"][0].update(name="frigate"), "is of class 'frigate'"),
        (lambda d: d["images"][0].update(file_name="x.tif"), "there is no chip x"),
        (lambda d: d["annotations"][0].update(segmentation=[]), "has no outline of one part"),
        (lambda d: d["annotations"][0]["attributes"].update(length_m=-4), "length_m is -4"),
        (lambda d: d["annotations"][0].update(image_id=999), "cannot be read as COCO"),
    ],
)
def test_faulty_coco_is_refused(folder: Path, tmp_path: Path, change: object, said: str) -> None:
    labels, place = read_any(folder)
    write_any(labels, place, "coco", tmp_path / "coco.json")
    document = json.loads((tmp_path / "coco.json").read_text())
    change(document)  # type: ignore[operator]
    (tmp_path / "coco.json").write_text(json.dumps(document))
    with pytest.raises(LabelError, match=said):
        read_any(tmp_path / "coco.json", folder)


def test_every_faulty_line_of_yolo_is_named(folder: Path, tmp_path: Path) -> None:
    labels, place = read_any(folder)
    write_any(labels, place, "yolo-obb", tmp_path / "yolo")
    (tmp_path / "yolo" / "labels" / "x.txt").write_text("0 0 0 0 1 1 1 1 0\n")
    path = next(p for p in (tmp_path / "yolo" / "labels").iterdir() if p.stem != "x")
    path.write_text("0 0.1 0.2\n77 0 0 0 1 1 1 1 0\nship\n")
    with pytest.raises(LabelError) as caught:
        read_any(tmp_path / "yolo", folder)
    lines = str(caught.value).splitlines()[1:]
    assert len(lines) == 4
    assert sum(path.name in line for line in lines) == 3
    assert any("there is no chip x" in line for line in lines)


def test_nothing_is_overwritten_and_places_are_found(folder: Path, tmp_path: Path) -> None:
    labels, place = read_any(folder / NAME)
    assert place == folder
    assert labels.equals(read_labels(folder))
    with pytest.raises(LabelError, match="exists; nobody's decisions are overwritten"):
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
