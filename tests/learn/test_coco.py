"""COCO as its own library reads it, and refused where it is none."""

import json
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chip_folders import edit, write_chips
from gnomon.datamodel.errors import LabelError
from gnomon.learn.annotations import class_of
from gnomon.learn.chips import Chip, chip_pixels, read_chips
from gnomon.learn.coco import from_coco
from gnomon.learn.formats import read_any, write_any
from simulated import BOX


@pytest.fixture
def folder(sea: Path, tmp_path: Path) -> Path:
    write_chips(tmp_path / "chips", sea, empty=1)
    edit(tmp_path / "chips", {"april-04-0": {"status": "ship", "type": "tanker"}})
    return tmp_path / "chips"


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


@given(data=st.data())
def test_any_json_ends_in_labels_or_in_our_error(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    anything = st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=4),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
        max_leaves=6,
    )
    annotation = st.fixed_dictionaries(
        {"image_id": st.just(1) | anything, "category_id": st.just(1) | anything},
        optional={"id": anything, "segmentation": anything, "attributes": anything},
    )
    document = {
        "images": data.draw(st.just([{"id": 1, "file_name": "a.tif"}]) | anything),
        "categories": data.draw(st.just([{"id": 1, "name": "tug"}]) | anything),
        "annotations": data.draw(st.lists(annotation | anything, max_size=3) | anything),
    }
    path = tmp_path_factory.mktemp("coco") / "coco.json"
    path.write_text(json.dumps(document))
    chip = Chip(path=Path("chips/a.tif"), scene_id="april", port=None, grid=BOX, bands=("nir",))
    try:
        from_coco(path, {chip.name: chip})
    except LabelError as error:
        message = str(error)
        assert message.startswith(str(path))
