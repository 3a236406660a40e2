"""Weights: used only if they are what model.toml says and give the output of their check."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from gnomon.datamodel.errors import WeightsError
from gnomon.datamodel.study import shipped
from gnomon.detect.calibration import BoxErrors, Calibration, Curve
from gnomon.detect.centernet.network import Network, NetworkOptions, for_inference
from gnomon.detect.weights import (
    CHECK,
    FLOAT32_TOLERANCE,
    INFERENCE_TOLERANCE,
    MODEL,
    WEIGHTS,
    Check,
    load,
    save,
)

DETECTORS = sorted(
    path.parent.name
    for path in shipped("models").glob("*/model.toml")
    if "architecture" in path.read_text()
)
SMALL = NetworkOptions(widths=(4, 4, 8, 8), blocks=(1, 1, 1))
CALIBRATION = Calibration(
    threshold=0.4,
    ship=Curve(slope=0.8, intercept=-0.1),
    tanker=Curve(slope=0.3, intercept=0.2),
    errors=BoxErrors(length_m=10, length_share=0.05, beam_m=5, beam_share=0.1, heading_deg=3),
)


def network(seed: int = 0) -> Network:
    torch.manual_seed(seed)
    return Network(SMALL).eval()


def saved(folder: Path, *, seed: int = 0) -> Path:
    save(folder, network(seed), version="1", calibration=CALIBRATION)
    return folder


def test_saved_weights_are_loaded_as_they_were(tmp_path: Path) -> None:
    made = save(tmp_path / "m", network(3), version="1", calibration=CALIBRATION, gsd_m=3.0)
    again = load(str(tmp_path / "m"))
    assert again.model == made
    assert made.calibration == CALIBRATION
    bands, present = torch.rand(1, 4, 32, 32), torch.ones(1, 4)
    with torch.inference_mode():
        expected = network(3)(bands, present).centre
        torch.testing.assert_close(again.network(bands, present).centre, expected)


def test_weights_are_never_overwritten(tmp_path: Path) -> None:
    before = saved(tmp_path / "m") / WEIGHTS
    digest = before.read_bytes()
    with pytest.raises(WeightsError, match="exists; weights are never overwritten"):
        saved(tmp_path / "m", seed=1)
    assert before.read_bytes() == digest


def refused(folder: Path, fault: str) -> None:
    with pytest.raises(WeightsError, match=fault) as error:
        load(str(folder))
    assert "\n" not in str(error.value)


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "m") / WEIGHTS
    path.write_bytes(path.read_bytes()[:-1] + b"\x00\x00")
    refused(tmp_path / "m", "damaged, its digest is")


def test_missing_weights_are_named(tmp_path: Path) -> None:
    refused(tmp_path / "none", "no such weights; there are")
    (saved(tmp_path / "m") / WEIGHTS).unlink()
    refused(tmp_path / "m", "cannot be read")


def edit(folder: Path, pattern: str, text: str) -> None:
    path = saved(folder) / MODEL
    changed = re.sub(pattern, text, path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert changed != path.read_text(encoding="utf-8")
    path.write_text(changed, encoding="utf-8")


@pytest.mark.parametrize(
    ("pattern", "text", "fault"),
    [
        (r"threshold = 0.4", "threshold = 2.0", "threshold Input should be less than 1"),
        (r"^name", "colour = 1\nname", "colour Extra inputs are not permitted"),
        (r"bands = \[", "bands = ", r"model\.toml"),
        (r"gsd_m = 10.0", "gsd_m = 30.0", "gsd_m 30.0 lies outside gsd_range_m"),
        (r'sensor = "optical"', 'sensor = "sonar"', "sensor Input should be 'optical' or 'sar'"),
        (r'"centernet"', '"typo"', "no architecture 'typo'; there are centernet"),
        (r"blocks = \[.*?\]", "blocks = [1, 2, 1]", "not the weights of this network"),
        (r"tanker = true\n", "depth = 3\n", "not the weights of this network .*depth"),
    ],
)
def test_a_model_file_at_fault_is_refused_in_one_line(
    tmp_path: Path, pattern: str, text: str, fault: str
) -> None:
    edit(tmp_path / "m", pattern, text)
    refused(tmp_path / "m", fault)


def test_a_folder_of_version_0_1_is_refused(tmp_path: Path) -> None:
    edit(tmp_path / "m", r"\[calibration\].*", "")
    refused(tmp_path / "m", "calibration Field required")


@given(st.sampled_from(["bands", "expected.centre", "expected.size"]), st.integers(0, 999))
def test_a_check_with_one_other_number_is_noticed(name: str, place: int) -> None:
    made = Check.of(network())
    other = {"bands": made.bands, **{f"expected.{k}": v for k, v in made.expected.items()}}[name]
    other = other.clone()
    other.flatten()[place] += 3.0
    if name == "bands":
        changed = replace(made, bands=other)
    else:
        key = name.removeprefix("expected.")
        changed = replace(made, expected={**made.expected, key: other})
    assert made.error(network()) == 0
    assert changed.error(network()) > FLOAT32_TOLERANCE


def test_a_check_that_disagrees_is_refused_on_load(tmp_path: Path) -> None:
    path = saved(tmp_path / "m") / CHECK
    tensors = load_file(path)
    save_file(tensors | {"expected.size": tensors["expected.size"] + 0.01}, path)
    refused(tmp_path / "m", "does not give the output of its check")
    path.write_bytes(b"none")
    refused(tmp_path / "m", "cannot be read as tensors")
    path.unlink()
    refused(tmp_path / "m", "cannot be read")


def test_a_changed_network_code_is_refused_on_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a digest cannot see: the same weights in a network that reads them otherwise."""
    saved(tmp_path / "m")
    monkeypatch.setattr("gnomon.detect.centernet.network.normalised", lambda x: x.nan_to_num() * 5)
    refused(tmp_path / "m", "does not give the output of its check")


@pytest.mark.parametrize("name", DETECTORS)
def test_the_shipped_weights_pass_their_check_in_float32_and_bfloat16(name: str) -> None:
    ready, check = load(name), Check.read(shipped("models") / name / CHECK)
    assert ready.model.name == name
    assert ready.model.label == f"{name}@{ready.model.digest[:12]}"
    assert check.error(ready.network) < FLOAT32_TOLERANCE / 10
    assert check.error(for_inference(ready.network, half=False)) < FLOAT32_TOLERANCE / 10
    assert check.error(for_inference(ready.network, half=True)) < INFERENCE_TOLERANCE / 2
    # And another network of the same shape does not.
    torch.manual_seed(1)
    assert check.error(Network(ready.network.options).eval()) > 2 * INFERENCE_TOLERANCE
