"""The season on which the worth of a background is measured."""

from collections import Counter
from pathlib import Path

import pytest

from gnomon.datamodel.errors import WeightsError
from gnomon.detect.centernet.network import Network, NetworkOptions
from gnomon.detect.weights import uncalibrated
from gnomon.learn.crossval.background import HULK, STAYER, measure_background, season_scenes
from gnomon.simulate.pixels.scene import truth


def test_one_ship_stays_ten_observations_and_one_for_ever_and_none_lies_on_them() -> None:
    shown: Counter[tuple[str, str]] = Counter()
    scenes: Counter[str] = Counter()
    for spec, names in season_scenes():
        outlines = truth(spec).to_crs(spec.geobox.crs).geometry
        assert len(outlines) == len(names)
        port = spec.id.split("_")[1]
        scenes[port] += 1
        for name, hull in zip(names, outlines, strict=True):
            if name in (STAYER, HULK):
                shown[port, name] += 1
                assert (outlines.intersection(hull).area > 1).sum() == 1
    for port, count in scenes.items():
        assert 20 <= count <= 30
        assert (shown[port, STAYER], shown[port, HULK]) == (10, count)


def test_weights_that_take_no_background_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="takes no background"):
        measure_background(uncalibrated(Network(NetworkOptions(background=False))), tmp_path)
