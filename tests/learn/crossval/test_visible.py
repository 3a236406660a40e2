"""What is measured in red, green and blue alone."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.shipped import shipped
from gnomon.datamodel.study import MaskOptions
from gnomon.detect.calibration import UNCALIBRATED
from gnomon.detect.weights import read_model
from gnomon.imagery.water import usable_water
from gnomon.learn.crossval.folds import Fold
from gnomon.learn.crossval.visible import (
    ALL,
    BY_TEXTURE,
    WATER_BY_INFRARED,
    find_at_ports,
    in_visible,
    score_lines,
    scored,
    water_lines,
    write_recall,
)
from gnomon.learn.outlines import TIGHT
from gnomon.learn.scenes import LabelledScene
from gnomon.simulate.pixels.scene import simulate, truth
from simulated import spec


@pytest.fixture(scope="module")
def scene() -> LabelledScene:
    """A simulated sea with ships at anchor."""
    one = spec(4)
    pixels, _ = simulate(one)
    masks = usable_water(pixels, MaskOptions())
    return LabelledScene("S2_sea_20230101", pixels, masks, truth(one), looseness=TIGHT)


def test_without_infrared_a_sea_is_the_same_water(scene: LabelledScene) -> None:
    (_, _, row, whole) = water_lines([scene])
    _, _, water, missed, false, _ = row.split("|")
    assert float(water) == pytest.approx(scene.masks["water"].to_numpy().sum() * 1e-4, abs=0.06)
    assert max(float(share.strip(" %")) for share in (missed, false)) < 1
    assert whole.split("|")[2:] == row.split("|")[2:]


def test_a_fold_finds_three_times_at_its_own_port(scene: LabelledScene) -> None:
    given: list[LabelledScene] = []

    def find(one: LabelledScene) -> OrientedBoxes:
        given.append(one)
        boxes = one.boxes
        kept = boxes if "nir" in one.pixels else boxes[:1]
        return OrientedBoxes.of(
            kept.x, kept.y, kept.length, kept.beam, kept.angle, score=np.full(len(kept), 0.9)
        )

    folds = [Fold(1, ("elsewhere",)), Fold(2, ("sea",))]
    raw = find_at_ports([scene], folds, {folds[1].name: find})
    assert list(raw) == [ALL, WATER_BY_INFRARED, BY_TEXTURE]
    whole, infrared, texture = given
    assert whole is scene
    assert [*infrared.pixels] == [*texture.pixels] == ["blue", "green", "red"]
    assert infrared.masks is scene.masks
    assert texture.masks.equals(in_visible(scene).masks)
    counted = int((scene.outlines.length_m >= 50).sum())
    found = {kind: scored(one, UNCALIBRATED) for kind, one in raw.items()}
    assert found[ALL].labels.score.notna().sum() >= counted
    assert found[BY_TEXTURE].labels.score.notna().sum() == 1
    lines = list(score_lines(found, 0.5))
    assert lines[0].count("|") == lines[1].count("|") == lines[2].count("|")
    assert "| 1.000 | 1.00 | 1.00 |" in lines[2]


def test_the_recall_goes_to_all_weights_of_the_calibration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("s2-vessel", "s2-vessel-without-athens-casablanca", "freeboard")
    for name in names:
        (tmp_path / name).mkdir()
        shutil.copy(shipped("models") / name / "model.toml", tmp_path / name)
    monkeypatch.setattr("gnomon.learn.crossval.visible.shipped", lambda _: tmp_path)
    calibration = read_model(str(tmp_path / "s2-vessel")).calibration
    recall = calibration.recall
    written = write_recall(calibration, recall)
    assert [path.parent.name for path in written] == list(names[:2])
    for path in written:
        assert read_model(str(path.parent)).calibration.recall_in_colour == recall
    assert write_recall(calibration.model_copy(update={"threshold": 0.123}), recall) == []
