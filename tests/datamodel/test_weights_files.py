"""Weights that are not what their model.toml and their check say are not used."""

import hashlib
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from gnomon.datamodel.errors import WeightsError
from gnomon.datamodel.weights_files import one_network, read_tensors, refuse_departure


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "weights.safetensors"
    save_file({"a": torch.arange(6.0).reshape(2, 3)}, path)
    return path


def test_tensors_are_those_of_the_digest(file: Path) -> None:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert torch.equal(read_tensors(file, digest)["a"], torch.arange(6.0).reshape(2, 3))
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(WeightsError, match=rf"damaged, its digest is .* and not {digest[:12]}"):
        read_tensors(file, digest)


@pytest.mark.parametrize(
    "data", [b"", b"8" * 7, bytes(100), b"\xff" * 100, b"\x02" + bytes(7) + b"{}"]
)
def test_what_is_no_file_of_tensors_is_refused_in_one_line(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    if data[:1] == b"\x02":  # a file of no tensors
        assert read_tensors(file) == {}
        return
    with pytest.raises(WeightsError, match="cannot be read as tensors") as error:
        read_tensors(file)
    assert "\n" not in str(error.value)


def test_tensors_of_another_network_are_refused_in_one_line(file: Path) -> None:
    layer = torch.nn.Linear(3, 3)
    with (
        pytest.raises(WeightsError, match="not the weights of this network") as error,
        one_network(file),
    ):
        layer.load_state_dict(read_tensors(file))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("departure", [0.11, math.inf, math.nan])
def test_another_output_than_that_of_the_check_is_refused(departure: float) -> None:
    refuse_departure(Path("m"), 0.1, 0.1)
    with pytest.raises(WeightsError, match="output of its check"):
        refuse_departure(Path("m"), departure, 0.1)
