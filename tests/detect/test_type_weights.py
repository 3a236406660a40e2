"""Weights of ship types: what is refused, and where p_tanker is given."""

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.special import expit

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import WeightsError
from gnomon.detect.calibration import Curve
from gnomon.detect.hull_frame import hull_frame, scaled_frame
from gnomon.detect.type_network import TYPE_BANDS, TypeNetwork, TypeNetworkOptions
from gnomon.detect.type_weights import (
    TypeCurve,
    TypeModel,
    TypeRange,
    TypeWeights,
    load_type_weights,
    read_type_model,
    save_type_weights,
)

SMALL = TypeNetworkOptions(widths=(8, 8), hidden=4)
CURVES = (
    TypeCurve(gsd_m=3.0, curve=Curve(slope=1.0, intercept=0.0)),
    TypeCurve(gsd_m=12.0, curve=Curve(slope=0.5, intercept=1.0)),
)
GIVEN = (
    TypeRange(gsd_m=(2.8, 12.0), length_m=(150.0, 250.0)),
    TypeRange(gsd_m=(9.0, 12.0), length_m=(100.0, 150.0)),
)


def model(**values: object) -> TypeModel:
    """A model with both curves and both ranges."""
    parts = {"name": "t", "version": "0", "digest": "0" * 64, "network": SMALL}
    return TypeModel.model_validate(parts | {"calibration": CURVES, "given": GIVEN} | values)


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(1)
    network = TypeNetwork(SMALL).eval()
    folder = tmp_path / "types"
    save_type_weights(folder, network, version="1", calibration=CURVES, given=GIVEN)
    return folder, network


def test_saved_weights_are_those_that_load(saved):
    folder, network = saved
    ready = load_type_weights(str(folder))
    assert ready.model == read_type_model(str(folder))
    for name, values in network.state_dict().items():
        torch.testing.assert_close(ready.network.state_dict()[name], values, rtol=0, atol=0)


def test_weights_of_types_are_never_overwritten(saved):
    folder, network = saved
    with pytest.raises(WeightsError, match="never overwritten"):
        save_type_weights(folder, network, version="2", calibration=CURVES, given=GIVEN)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("model.toml", b"hidden = 4", b"hidden = 5", "not the weights of this network"),
        ("model.toml", b"slope = 0.5", b"slope = 0.0", "greater than 0"),
        ("model.toml", b"version", b"virsion", "version"),
        ("weights.safetensors", b"stem", b"stum", "damaged"),
        ("check.safetensors", b"expected", b"expacted", "not the weights of this network"),
    ],
)
def test_what_was_changed_is_refused(saved, file, old, new, message):
    path = saved[0] / file
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))
    with pytest.raises(WeightsError, match=message):
        load_type_weights(str(saved[0]))


def test_a_network_that_answers_otherwise_is_refused(saved, monkeypatch):
    odds = TypeNetwork.log_odds
    monkeypatch.setattr(TypeNetwork, "log_odds", lambda self, frames: odds(self, frames) + 0.01)
    with pytest.raises(WeightsError, match="output of its check"):
        load_type_weights(str(saved[0]))


@given(st.floats(-6, 6), st.floats(3, 12), st.floats(10, 400))
def test_a_probability_is_given_within_the_ranges_alone(odds, gsd_m, length_m):
    found = model().p_tanker(np.array([odds]), gsd_m, np.array([length_m]))[0]
    long = 150 <= length_m < 250
    short = gsd_m >= 9 * 0.99 and 100 <= length_m < 150
    share = np.log(gsd_m / 3) / np.log(4)
    wanted = expit((1 - 0.5 * share) * odds + share)
    assert found == pytest.approx(wanted if long or short else np.nan, abs=1e-4, nan_ok=True)


def test_pixels_beside_the_trained_ones_get_nothing():
    odds, length_m = np.zeros(1), np.array([200.0])
    assert np.isnan(model().p_tanker(odds, 20.0, length_m)).all()
    assert np.isnan(model(given=()).p_tanker(odds, 10.0, length_m)).all()


def test_curves_ascend_and_ranges_are_ranges():
    with pytest.raises(ValidationError, match="do not ascend"):
        model(calibration=CURVES[::-1])
    with pytest.raises(ValidationError, match="a range runs from 5"):
        TypeRange(gsd_m=(5.0, 3.0), length_m=(100.0, 150.0))


def test_hulls_get_what_the_network_makes_of_their_frames():
    torch.manual_seed(2)
    ready = TypeWeights(model(), TypeNetwork(SMALL).eval())
    draw = np.random.default_rng(0)
    bands = {name: draw.random((90, 90)).astype(np.float32) for name in TYPE_BANDS}
    pixels = xr.Dataset({name: (("y", "x"), band) for name, band in bands.items()})
    # Long enough, too short, and long enough but where nothing was seen.
    hulls = OrientedBoxes.of([40, 40, 400], [45, 45, 45], [20, 5, 20], 3, 30)
    found = ready.p_tanker(pixels, hulls, 10.0)
    frame = scaled_frame(hull_frame([bands[name] for name in TYPE_BANDS], hulls[0], 10.0))
    with torch.inference_mode():
        odds = ready.network.log_odds(torch.from_numpy(frame)[None]).double().numpy()
    assert found[0] == pytest.approx(ready.model.p_tanker(odds, 10.0, np.array([200.0]))[0])
    assert np.isnan(found[1:]).all()
    assert np.isnan(ready.p_tanker(pixels.drop_vars("blue"), hulls, 10.0)).all()
    assert len(ready.p_tanker(pixels, OrientedBoxes.empty(), 10.0)) == 0
