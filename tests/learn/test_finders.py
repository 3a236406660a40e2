"""Finders: each detector as a function of a labelled scene."""

from pathlib import Path

import numpy as np
import pytest

from gnomon.datamodel.study import DetectOptions
from gnomon.detect import weights
from gnomon.learn.finders import LOWEST, cfar_finder, network_finder, weights_finder
from gnomon.learn.scenes import LabelledScene, labelled_scenes
from gnomon.learn.scores import match_scenes


@pytest.fixture(scope="module")
def scenes(sea: Path) -> list[LabelledScene]:
    return labelled_scenes(str(sea))


def test_contrast_finds_ships_on_open_water(scenes: list[LabelledScene]) -> None:
    found = [cfar_finder(scene) for scene in scenes]
    least = DetectOptions.model_fields["length_min_m"].default
    assert all((boxes.length * 10 >= least).all() for boxes in found)
    ranking = match_scenes(scenes, found).ranking
    assert ranking.at(0).recall > 0.6


def test_calibration_moves_scores_and_no_hull(scenes: list[LabelledScene]) -> None:
    ready = weights.load("s2-vessel")
    raw = network_finder(ready.network)(scenes[0])
    calibrated = weights_finder(ready)(scenes[0])
    certain = raw[raw.score > 0.6]
    assert len(certain) > 2
    apart = np.hypot(
        certain.x[:, None] - calibrated.x[None], certain.y[:, None] - calibrated.y[None]
    )
    assert apart.min(axis=1).max() < 1.5
    nearest = calibrated[apart.argmin(axis=1)]
    assert nearest.score == pytest.approx(ready.model.calibration.score(certain.score), abs=0.05)
    assert calibrated.score.min() >= LOWEST


def test_the_shipped_weights_beat_contrast_alone(shared_data: Path) -> None:
    """On ports that they know: their worth at others is what `make evaluate` measures."""
    scenes = labelled_scenes(str(shared_data / "s2-ports" / "val" / "catalog.json"))
    ours, contrast = (
        match_scenes(
            scenes, [find(s) for s in scenes], length_min_m=100
        ).ranking.average_precision()
        for find in (weights_finder(weights.load("s2-vessel")), cfar_finder)
    )
    assert ours > contrast + 0.3
    assert ours > 0.75
