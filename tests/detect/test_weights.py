"""Weights: used only if they are what model.toml says."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.errors import WeightsError
from gnomon.detect.centernet.network import Network, NetworkOptions
from gnomon.detect.weights import Errors, load, read_model, save

ERRORS = Errors(length_m=10, length_share=0.05, beam_m=5, beam_share=0.1, heading_deg=3)


def saved(folder: Path, *, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    network = Network(NetworkOptions(widths=(4, 4, 8, 8), blocks=(1, 1, 1)))
    save(folder, network, version="1", threshold=0.4, calibration=(0.8, -0.1), errors=ERRORS)
    return folder


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    torch.manual_seed(3)
    network = Network(NetworkOptions(widths=(4, 4, 8, 8), blocks=(1, 1, 1))).eval()
    made = save(
        tmp_path / "m", network, version="1", threshold=0.4, calibration=(0.8, -0.1), errors=ERRORS
    )
    again = load(str(tmp_path / "m"))
    assert again.model == made
    bands, present = torch.rand(1, 4, 32, 32), torch.ones(1, 4)
    with torch.inference_mode():
        torch.testing.assert_close(
            again.network(bands, present).centre, network(bands, present).centre
        )


@given(st.floats(-8, 8))
def test_a_score_is_the_curve_of_the_raw_one_s_logit(evidence: float) -> None:
    model = load("s2-vessel").model.model_copy(update={"slope": 1.5, "intercept": -0.2})
    told = model.score(np.array([1 / (1 + np.exp(-evidence))]))
    assert told == pytest.approx(1 / (1 + np.exp(-1.5 * evidence + 0.2)), abs=1e-4)


def test_weights_are_never_overwritten(tmp_path: Path) -> None:
    before = saved(tmp_path / "m") / "weights.safetensors"
    digest = before.read_bytes()
    with pytest.raises(WeightsError, match="exists; weights are never overwritten"):
        saved(tmp_path / "m", seed=1)
    assert before.read_bytes() == digest


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "m") / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x00\x00")
    with pytest.raises(WeightsError, match="damaged"):
        load(str(tmp_path / "m"))


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such weights; there are"):
        load(str(tmp_path / "none"))
    path = saved(tmp_path / "m") / "weights.safetensors"
    path.unlink()
    with pytest.raises(WeightsError, match="cannot be read"):
        load(str(tmp_path / "m"))


@pytest.mark.parametrize("line", ["threshold = 2.0", "colour = 1", "bands = ["])
def test_a_model_file_at_fault_is_said(tmp_path: Path, line: str) -> None:
    path = saved(tmp_path / "m") / "model.toml"
    text = path.read_text().replace("threshold = 0.4", line)
    path.write_text(line + "\n" + text if line.startswith("colour") else text)
    with pytest.raises(WeightsError, match=r"model\.toml"):
        read_model(str(tmp_path / "m"))


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "m") / "model.toml"
    path.write_text(path.read_text().replace("blocks = [1, 1, 1]", "blocks = [1, 2, 1]"))
    with pytest.raises(WeightsError, match="not the weights of this network"):
        load(str(tmp_path / "m"))


def test_the_shipped_weights_are_whole() -> None:
    ready = load("s2-vessel")
    assert ready.model.bands == ("blue", "green", "red", "nir")
    assert ready.model.label.startswith("s2-vessel@")
