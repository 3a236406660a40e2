"""YOLO-OBB: rectangles, classes and pictures, and every faulty line named."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from skimage.io import imread

from chip_folders import edit, write_chips
from gnomon.datamodel.errors import LabelError
from gnomon.learn.chips import chip_pixels, read_chips
from gnomon.learn.formats import read_any, write_any
from gnomon.learn.labels import NAME
from gnomon.learn.yolo import from_yolo
from simulated import BOX


@pytest.fixture
def folder(sea: Path, tmp_path: Path) -> Path:
    write_chips(tmp_path / "chips", sea, empty=1)
    edit(tmp_path / "chips", {"april-04-0": {"status": "ship", "type": "tanker"}})
    return tmp_path / "chips"


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


@pytest.mark.parametrize(
    "names",
    [
        "names:\n  0: tanker\n  1: 'ship'\n",
        "names: [tanker, ship]\n",
        "names: ['tanker',\n 'ship']",
    ],
)
def test_class_names_are_read_as_mapping_and_as_list(
    folder: Path, tmp_path: Path, names: str
) -> None:
    stem = next(iter(read_chips(folder).values())).path.stem
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / f"{stem}.txt").write_text("1 0.1 0.1 0.3 0.1 0.3 0.2 0.1 0.2\n")
    (tmp_path / "data.yaml").write_text(names)
    (feature,) = from_yolo(tmp_path, read_chips(folder))
    assert (feature["properties"]["status"], feature["properties"]["type"]) == ("ship", "unknown")


@pytest.mark.parametrize(
    "line", ["nan 0 0 0 1 1 1 1 0", "0 0 0 0 1 1 inf 1 0", "0 1e9 0 0 1 1 1 1 0"]
)
def test_numbers_that_are_no_places_are_refused(folder: Path, tmp_path: Path, line: str) -> None:
    stem = next(iter(read_chips(folder).values())).path.stem
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / f"{stem}.txt").write_text(line)
    (tmp_path / "data.yaml").write_text("names: [tanker]")
    with pytest.raises(LabelError, match=r"line 1: is not a known class and the four corners"):
        from_yolo(tmp_path, read_chips(folder))
    with pytest.raises(LabelError, match=r"has no data\.yaml"):
        from_yolo(tmp_path / "labels", read_chips(folder))
