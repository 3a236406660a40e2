"""Weights by name: a folder with weights.safetensors, model.toml, check.safetensors and a card.

A folder is used only if it passes every check. On loading, the digest of the weights must be that
of model.toml, the architecture must be there, and the network must give the stored output for the
stored input (`Check`), as it was trained and as it is made for inference. A changed network, a
wrong library or a processor that calculates wrongly is noticed there, and not in the tables.

Training writes a new folder and never into an old one.
"""

from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self, TypeVar

import tomli_w
import torch
from pydantic import Field, model_validator
from torch import Tensor

from gnomon.datamodel.errors import WeightsError
from gnomon.datamodel.files import toml_values, write_text
from gnomon.datamodel.scene import Sensor
from gnomon.datamodel.shipped import new_weights_folder, shipped
from gnomon.datamodel.study import Options
from gnomon.datamodel.weights_files import (
    CHECK,
    MODEL,
    WEIGHTS,
    one_network,
    read_tensors,
    refuse_departure,
    write_tensors,
)
from gnomon.detect.architectures import AnyNetwork, Setting, builder
from gnomon.detect.calibration import UNCALIBRATED, Calibration

GSD_M = 10.0
"""Pixel that weights are trained with, of Sentinel-2."""
GSD_RANGE_M = (0.3, 14.0)
"""Of weights that are trained at 10 m. Training shows chips at 0.7 to 1.45 times their size, which
is as good as pixels of 7 to 14 m. Finer pixels are averaged to about 10 m first: a simulated tanker
measures 103 m at 10, 3, 1 and 0.5 m alike, and pixels of 0.3 m give the boxes of coarse ones."""
M = TypeVar("M", bound=Options)
CHECK_PX = 64
FLOAT32_TOLERANCE = 1e-3
"""Largest error of a map against the check, as a share of the map's range or of 1, if that is more.
Processors and libraries that add in another order differ by 1e-6 to 1e-5; another network differs
by the range itself."""
INFERENCE_TOLERANCE = 0.1
"""The same for the network made for inference, which calculates in bfloat16 (8 bits) where the
processor does: 0.025 was measured with the shipped weights."""


class Model(Options):
    """What model.toml holds."""

    name: str
    version: str
    architecture: str
    """Name of a package of `gnomon.detect` or of a plug-in (`gnomon.detect.architectures`)."""
    sensor: Sensor
    bands: tuple[str, ...]
    background: bool = False
    """Whether the network can use the port's background, its water without ships."""
    gsd_m: float = Field(gt=0)
    """Pixel that it was trained with; finer scenes are averaged to about it."""
    gsd_range_m: tuple[float, float]
    """Smallest and largest pixel that it was tested with; others are refused."""
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of the weights."""
    trained_on: tuple[str, ...] | None = None
    """Ids of the real scenes that the weights were trained on; None where they are unknown."""
    network: dict[str, Setting]
    """Settings of the architecture."""
    calibration: Calibration

    @model_validator(mode="after")
    def _range_holds_the_pixel(self) -> Self:
        least, most = self.gsd_range_m
        if not 0 < least <= self.gsd_m <= most:
            raise ValueError(f"gsd_m {self.gsd_m} lies outside gsd_range_m {self.gsd_range_m}")
        return self

    @property
    def label(self) -> str:
        """Name and beginning of the digest, for the rows of a table."""
        return f"{self.name}@{self.digest[:12]}"


@dataclass(frozen=True)
class Weights:
    """A trained network and what it is worth."""

    model: Model
    network: AnyNetwork
    """As it was trained; training goes on from it."""

    @cached_property
    def inference(self) -> AnyNetwork:
        """The same network, faster, for inference only."""
        return self.network.for_inference()


@dataclass(frozen=True)
class Check:
    """One input of a network and the output that is expected for it."""

    bands: Tensor
    present: Tensor
    background: Tensor
    expected: Mapping[str, Tensor]
    """Maps by name."""

    @classmethod
    def of(cls, network: AnyNetwork) -> Self:
        """Water, noise and two bright bars, and what a network makes of them."""
        shape = (1, len(network.bands), CHECK_PX, CHECK_PX)
        generator = torch.Generator().manual_seed(0)
        background = 0.03 + 0.002 * torch.randn(shape, generator=generator)
        bands = background + 0.002 * torch.randn(shape, generator=generator)
        bands[..., 20:23, 12:34] = 0.2
        bands[..., 36:50, 40:43] = 0.12
        present = torch.ones(1, len(network.bands))
        check = cls(bands, present, background, {})
        return cls(bands, present, background, check.output(network))

    def output(self, network: AnyNetwork) -> dict[str, Tensor]:
        """What a network gives for the input, in single precision."""
        with torch.inference_mode():
            maps = network(self.bands, self.present, self.background)
        return {name: values.clone() for name, values in maps.float().tensors().items()}

    def error(self, network: AnyNetwork) -> float:
        """Largest departure from the expected output, as a share of the range of its map."""
        found = self.output(network)
        if {n: v.shape for n, v in found.items()} != {n: v.shape for n, v in self.expected.items()}:
            return float("inf")
        return max(_departure(found[name], wanted) for name, wanted in self.expected.items())

    def write(self, path: Path) -> None:
        """Write it as safetensors."""
        inputs = {"bands": self.bands, "present": self.present, "background": self.background}
        outputs = {f"expected.{name}": values for name, values in self.expected.items()}
        write_tensors(path, inputs | outputs)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote.

        Raises
        ------
        WeightsError
            The file is missing or is no check.

        """
        tensors = read_tensors(path)
        with one_network(path):
            bands, present, background = (
                tensors.pop(name) for name in ("bands", "present", "background")
            )
        expected = {name.removeprefix("expected."): values for name, values in tensors.items()}
        return cls(bands, present, background, expected)


def _departure(found: Tensor, wanted: Tensor) -> float:
    known = torch.isfinite(wanted)
    if not torch.equal(known, torch.isfinite(found)):
        return float("inf")
    if not known.any():
        return 0.0
    span = wanted[known].max() - wanted[known].min()
    return float((found[known] - wanted[known]).abs().max() / span.clamp(min=1.0))


def find(name: str) -> Path:
    """Folder of weights: a path, or the name of one that gnomon ships.

    Raises
    ------
    WeightsError
        There is none.

    """
    for folder in (Path(name), shipped("models") / name):
        if (folder / MODEL).is_file():
            return folder
    have = sorted(p.parent.name for p in shipped("models").glob(f"*/{MODEL}"))
    raise WeightsError(f"{name}: no such weights; there are {', '.join(have) or 'none'}")


def read_model(name: str) -> Model:
    """Read and check model.toml.

    Raises
    ------
    WeightsError
        There is no such folder, or its model.toml is at fault.

    """
    return read_model_as(Model, name)


def read_model_as(kind: type[M], name: str) -> M:
    """Read and check the model.toml of weights of some kind of network.

    Raises
    ------
    WeightsError
        As `read_model`.

    """
    path = find(name) / MODEL
    try:
        return kind.model_validate(toml_values(path))
    except (OSError, ValueError) as error:  # TOML's and pydantic's are values
        raise WeightsError(f"{path}: {' '.join(str(error).split())}") from error


def load(name: str) -> Weights:
    """Load a network, check its digest, and try it on its check.

    Raises
    ------
    WeightsError
        Weights are missing, damaged or of another network, the architecture is not there, or the
        network does not give the output of the check.

    """
    model, folder = read_model(name), find(name)
    tensors, build = read_tensors(folder / WEIGHTS, model.digest), builder(model.architecture)
    with one_network(folder):
        network = build(model.bands, background=model.background, settings=model.network)
        network.load_state_dict(tensors)
    ready = _ready(model, network)
    check = Check.read(folder / CHECK)
    refuse_departure(folder, check.error(ready.network), FLOAT32_TOLERANCE)
    refuse_departure(folder, check.error(ready.inference), INFERENCE_TOLERANCE)
    return ready


def _ready(model: Model, network: AnyNetwork) -> Weights:
    return Weights(model, network.eval().to(memory_format=torch.channels_last))


def uncalibrated(network: AnyNetwork, *, gsd_m: float = GSD_M) -> Weights:
    """A network as training leaves it, with raw scores."""
    model = Model(
        name="uncalibrated",
        version="0",
        architecture=network.architecture,
        sensor="optical",
        bands=network.bands,
        background=network.background,
        gsd_m=gsd_m,
        gsd_range_m=(min(GSD_RANGE_M[0], gsd_m), max(GSD_RANGE_M[1], gsd_m)),
        digest="0" * 64,
        network=network.settings(),
        calibration=UNCALIBRATED,
    )
    return _ready(model, network)


def save(
    folder: Path,
    network: AnyNetwork,
    *,
    version: str,
    calibration: Calibration,
    sensor: Sensor = "optical",
    gsd_m: float = GSD_M,
    gsd_range_m: tuple[float, float] = GSD_RANGE_M,
    trained_on: Collection[str] | None = None,
) -> Model:
    """Write a new folder of weights with their check.

    Raises
    ------
    WeightsError
        The folder exists already.

    """
    new_weights_folder(folder)
    model = Model(
        name=folder.name,
        version=version,
        architecture=network.architecture,
        sensor=sensor,
        bands=network.bands,
        background=network.background,
        gsd_m=gsd_m,
        gsd_range_m=gsd_range_m,
        digest=write_tensors(folder / WEIGHTS, network.state_dict()),
        trained_on=None if trained_on is None else tuple(sorted(set(trained_on))),
        network=network.settings(),
        calibration=calibration,
    )
    Check.of(deepcopy(network).eval()).write(folder / CHECK)
    # model.toml last: a folder without it is not found.
    write_text(as_toml(model), folder / MODEL)
    return model


def as_toml(values: Options) -> str:
    """A model or a calibration as TOML."""
    return tomli_w.dumps(values.model_dump(mode="json", exclude_none=True))
