"""Weights of radar: what is refused, and what the shipped ones find."""

import pytest
import torch

from gnomon.datamodel.errors import WeightsError
from gnomon.detect.calibration import BoxErrors, Curve
from gnomon.detect.radar_network import RadarNetwork, RadarNetworkOptions
from gnomon.detect.radar_weights import (
    RadarCalibration,
    load_radar_weights,
    read_radar_model,
    save_radar_weights,
)

CALIBRATION = RadarCalibration(
    threshold=0.6,
    open_water=Curve(slope=1.0, intercept=0.5),
    quay=Curve(slope=1.0, intercept=-0.5),
    errors=BoxErrors(length_m=9, length_share=0.1, beam_m=4, beam_share=0.1, heading_deg=5),
)


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(1)
    network = RadarNetwork(RadarNetworkOptions(widths=(8, 8), hidden=4)).eval()
    folder = tmp_path / "radar"
    save_radar_weights(folder, network, version="1", candidate_rate=1e-5, calibration=CALIBRATION)
    return folder, network


def test_saved_weights_of_radar_are_those_that_load(saved):
    folder, network = saved
    ready = load_radar_weights(str(folder))
    assert ready.model == read_radar_model(str(folder))
    assert ready.model.calibration == CALIBRATION
    assert ready.model.label.startswith("radar@")
    for name, values in network.state_dict().items():
        torch.testing.assert_close(ready.network.state_dict()[name], values, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("model.toml", b"hidden = 4", b"hidden = 5", "not the weights of this network"),
        ("weights.safetensors", b"stem", b"stum", "damaged"),
        ("check.safetensors", b"expected", b"expacted", "not the weights of this network"),
    ],
)
def test_damaged_weights_of_radar_are_refused(saved, file, old, new, message):
    path = saved[0] / file
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    with pytest.raises(WeightsError, match=message):
        load_radar_weights(str(saved[0]))


def test_the_shipped_weights_of_radar_pass_their_check():
    ready = load_radar_weights("s1-vessel")
    assert 0.3 <= ready.model.calibration.threshold < 1
