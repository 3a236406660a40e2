"""Detectors by sensor: each study's choice is checked once, in one line."""

from pathlib import Path

import pytest
import torch

from gnomon.datamodel.errors import WeightsError
from gnomon.datamodel.study import DetectOptions
from gnomon.detect.calibration import UNCALIBRATED
from gnomon.detect.centernet.network import Network, NetworkOptions
from gnomon.detect.detector import detector_of, read_models
from gnomon.detect.weights import read_model, save


@pytest.fixture
def radar(tmp_path: Path) -> str:
    """Weights for radar pixels."""
    torch.manual_seed(0)
    network = Network(NetworkOptions(bands=("vv",), widths=(4, 4, 8, 8), blocks=(1, 1, 1)))
    save(tmp_path / "radar", network, version="1", calibration=UNCALIBRATED, sensor="sar")
    return str(tmp_path / "radar")


def test_the_shipped_weights_are_the_detector_of_optical_scenes() -> None:
    detector = detector_of("optical", DetectOptions())
    model = read_model("s2-vessel")
    assert (detector.sensor, detector.bands, detector.label) == (
        "optical", ("blue", "green", "red", "nir"), model.label,
    )  # fmt: skip
    assert detector.gsd_range_m == model.gsd_range_m
    assert detector.errors == model.calibration.errors
    assert detector.background


@pytest.mark.parametrize(
    ("models", "fault"),
    [
        ({"optical": "none"}, "none: no such weights; there are .*s2-vessel"),
        ({"sar": "s2-vessel"}, "s2-vessel is for optical scenes and not for sar"),
        ({"optical": "RADAR"}, "radar is for sar scenes and not for optical"),
        ({"sar": "RADAR"}, "no detector reads sar scenes, only optical"),
        ({}, "no weights for optical scenes: name some in the study"),
    ],
)
def test_a_choice_that_cannot_work_is_refused_in_one_line(
    radar: str, models: dict[str, str], fault: str
) -> None:
    chosen = {sensor: radar if name == "RADAR" else name for sensor, name in models.items()}
    with pytest.raises(WeightsError, match=fault) as refused:
        detector_of("optical", DetectOptions(models=chosen))
    assert "\n" not in str(refused.value)


def test_models_are_read_for_every_sensor_that_is_named() -> None:
    assert read_models(DetectOptions(models={})) == {}
    assert read_models(DetectOptions())["optical"].name == "s2-vessel"
