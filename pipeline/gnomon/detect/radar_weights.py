"""Weights of the network of radar on disk.

A folder holds weights.safetensors, model.toml, check.safetensors and a card, and is used only if it
passes the checks of `gnomon.datamodel.weights_files`.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import Field
from torch import Tensor

from gnomon.datamodel.files import write_text
from gnomon.datamodel.shipped import new_weights_folder
from gnomon.datamodel.study import Options
from gnomon.datamodel.weights_files import (
    CHECK,
    MODEL,
    WEIGHTS,
    load_checked,
    write_tensors,
)
from gnomon.detect.calibration import BoxErrors, Curve
from gnomon.detect.radar_candidates import CROP_PX
from gnomon.detect.radar_network import RadarNetwork, RadarNetworkOptions
from gnomon.detect.weights import as_toml, find, read_model_as

_TOLERANCE = 1e-3


class RadarCalibration(Options):
    """What the network's numbers are worth."""

    threshold: float = Field(gt=0, lt=1)
    """Least score of a detection."""
    open_water: Curve
    """From raw score to score, where no land is near."""
    quay: Curve
    """And where it is."""
    errors: BoxErrors


class RadarModel(Options):
    """What model.toml holds."""

    name: str
    version: str
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of the weights."""
    candidate_rate: float = Field(gt=0, lt=0.01)
    """Probability that CFAR calls a pixel of sea a candidate."""
    network: RadarNetworkOptions
    calibration: RadarCalibration

    @property
    def label(self) -> str:
        """Name and beginning of the digest, for the rows of a table."""
        return f"{self.name}@{self.digest[:12]}"


@dataclass(frozen=True)
class RadarWeights:
    """A trained network, and what it is worth."""

    model: RadarModel
    network: RadarNetwork


def save_radar_weights(
    folder: Path,
    network: RadarNetwork,
    *,
    version: str,
    candidate_rate: float,
    calibration: RadarCalibration,
) -> RadarModel:
    """Write a new folder of weights with their check.

    Raises
    ------
    WeightsError
        The folder exists already.

    """
    new_weights_folder(folder)
    check = _check_inputs()
    write_tensors(folder / CHECK, {**check, "expected": _output(network, check)})
    model = RadarModel(
        name=folder.name,
        version=version,
        digest=write_tensors(folder / WEIGHTS, network.state_dict()),
        candidate_rate=candidate_rate,
        network=network.options,
        calibration=calibration,
    )
    # model.toml last: a folder without it is not found.
    write_text(as_toml(model), folder / MODEL)
    return model


def read_radar_model(name: str) -> RadarModel:
    """Read and check model.toml of weights: a path, or the name of some that gnomon ships.

    Raises
    ------
    WeightsError
        There is no such folder, or its model.toml is at fault.

    """
    return read_model_as(RadarModel, name)


@functools.cache
def load_radar_weights(name: str) -> RadarWeights:
    """Load a network once, check its digest, and try it on its check.

    Raises
    ------
    WeightsError
        A file is missing or damaged, or the network does not give the output of its check.

    """
    model = read_radar_model(name)
    make = functools.partial(RadarNetwork, model.network)
    return RadarWeights(model, load_checked(find(name), model.digest, make, _output, _TOLERANCE))


def _check_inputs() -> dict[str, Tensor]:
    """A bright bar on noise, with both channels and with one."""
    generator = torch.Generator().manual_seed(0)
    crops = 0.2 * torch.randn(2, 3, CROP_PX, CROP_PX, generator=generator)
    crops[:, :2, 30:34, 22:42] += 1.5
    crops[:, 2] = 0
    crops[1, 1] = 0
    return {"crops": crops, "known": torch.tensor([[1.0, 1.0, 0.2], [1.0, 0.0, -0.5]])}


@torch.inference_mode()
def _output(network: RadarNetwork, check: Mapping[str, Tensor]) -> Tensor:
    return network.eval().both_ways(check["crops"], check["known"]).parts.clone()
