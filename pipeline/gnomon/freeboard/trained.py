"""A trained network of `gnomon.freeboard.network` on disk, and its use on chips.

A folder holds weights.safetensors, model.toml, check.safetensors and a card. It is used only if it
passes every check: the digest of the weights is that of model.toml, and the network gives the
stored output for the stored input. Writing never touches an old folder.

Training ends with a recalibration on ships that were not trained on: in every range of pixel sizes
posteriors are stretched about their median, and log likelihood ratios multiplied, by one factor
each. The factors are in model.toml.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import tomli_w
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from gnomon.datamodel.errors import WeightsError
from gnomon.datamodel.files import toml_values, write_text
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
from gnomon.freeboard.bins import ShipChip
from gnomon.freeboard.network import PosteriorNetwork, PosteriorOptions
from gnomon.freeboard.posterior import FreeboardMixture
from gnomon.freeboard.window import ACROSS, ALONG, CONTEXT, WINDOW_BANDS, hull_window, registered

_FAMILIAR = "familiarity."
_TOLERANCE = 1e-3
"""Largest error against the check; other processors and libraries add in another order."""
_AT_ONCE = 256
_SLACK = 0.05
Floats = NDArray[np.float64]


class Recalibration(Options):
    """Factors by pixel size, interpolated in its logarithm."""

    gsd_m: tuple[float, ...] = (1.0,)
    """Middles of the ranges, ascending."""
    widen: tuple[float, ...] = (1.0,)
    """On the width of a posterior."""
    temper: tuple[float, ...] = (1.0,)
    """On the log likelihood ratio of laden."""

    def applied(self, posterior: FreeboardMixture, gsd_m: NDArray[np.float64]) -> FreeboardMixture:
        """Recalibrate posteriors of chips with these pixels."""
        at, middles = np.log(gsd_m), np.log(self.gsd_m)
        wide = posterior.widened(np.interp(at, middles, self.widen))
        return wide.tempered(np.interp(at, middles, self.temper))


class PosteriorModel(Options):
    """What model.toml holds."""

    name: str
    version: str
    bands: tuple[str, ...]
    gsd_range_m: tuple[float, float]
    """Smallest and largest pixel that it was trained with."""
    length_range_m: tuple[float, float]
    """Shortest and longest hull, likewise."""
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of the weights."""
    widths: tuple[int, ...]
    hidden: int
    components: int
    recalibration: Recalibration = Recalibration()


@dataclass(frozen=True)
class Familiarity:
    """What the network's features of simulated ships are like: a normal distribution of them."""

    mean: Tensor
    """(hidden,)"""
    whitening: Tensor
    """(hidden, hidden); features less their mean, times this, have unit covariance."""
    limit: Tensor
    """Distance that one simulated ship in two hundred exceeds, (1,)."""

    def strangeness(self, features: Tensor) -> Tensor:
        """Distance of each ship's features, in limits, (ships,)."""
        return ((features - self.mean) @ self.whitening).norm(dim=1) / self.limit


@dataclass(frozen=True)
class NetworkReading:
    """What the network sees in chips."""

    posterior: FreeboardMixture
    strangeness: Floats
    """Above 1 a chip is unlike anything simulated, (chips,)."""


@dataclass(frozen=True)
class TrainedPosterior:
    """A network, and what it is worth."""

    model: PosteriorModel
    network: PosteriorNetwork
    familiarity: Familiarity

    def knows(self, chip: ShipChip) -> bool:
        """Whether a chip has bands, a pixel and a length that the network was trained with."""
        shortest, longest = self.model.length_range_m
        finest, coarsest = self.model.gsd_range_m
        return (
            bool(chip.bands)
            and shortest * (1 - _SLACK) <= chip.length_m <= longest * (1 + _SLACK)
            and finest * (1 - _SLACK) <= chip.gsd_m <= coarsest * (1 + _SLACK)
        )

    def read(self, chips: Sequence[ShipChip]) -> NetworkReading:
        """Posterior of the freeboard of every chip, recalibrated, and how strange the chip is."""
        pixels, context = _windows(self.register(chips))
        found, features = infer(self.network, pixels, context)
        gsd_m = np.array([chip.gsd_m for chip in chips])
        return NetworkReading(
            self.model.recalibration.applied(found, gsd_m),
            self.familiarity.strangeness(features).double().numpy(),
        )

    @torch.inference_mode()
    def register(self, chips: Sequence[ShipChip]) -> list[ShipChip]:
        """Put every ship where a first pass of the network sees it."""
        pixels, context = _windows(chips)
        shift = self.network(pixels, context).shift.double().numpy()
        return [
            registered(chip, tuple(row[:3]), tuple(np.exp(row[3:])))
            for chip, row in zip(chips, shift, strict=True)
        ]


def _windows(chips: Sequence[ShipChip]) -> tuple[Tensor, Tensor]:
    windows = [hull_window(chip) for chip in chips]
    return (
        torch.from_numpy(np.stack([window.pixels for window in windows])),
        torch.from_numpy(np.stack([window.context for window in windows])),
    )


@torch.inference_mode()
def infer(
    network: PosteriorNetwork, pixels: Tensor, context: Tensor
) -> tuple[FreeboardMixture, Tensor]:
    """Posteriors and features of windows as the network gives them, in portions."""
    parts, seen = [], []
    for some, known in zip(pixels.split(_AT_ONCE), context.split(_AT_ONCE), strict=True):
        features = network.features(some.float(), known)
        seen.append(features)
        parts.append(network.read(features, known).posterior())
    names = vars(parts[0])
    whole = (np.concatenate([vars(part)[name] for part in parts]) for name in names)
    return FreeboardMixture(*whole), torch.cat(seen)


def save_posterior(
    folder: Path,
    network: PosteriorNetwork,
    *,
    version: str,
    gsd_range_m: tuple[float, float],
    length_range_m: tuple[float, float],
    recalibration: Recalibration,
    familiarity: Familiarity,
) -> PosteriorModel:
    """Write a new folder of weights with their check.

    Raises
    ------
    WeightsError
        The folder exists already.

    """
    new_weights_folder(folder)
    tensors = network.state_dict() | {_FAMILIAR + n: v for n, v in vars(familiarity).items()}
    model = PosteriorModel(
        name=folder.name,
        version=version,
        bands=WINDOW_BANDS,
        gsd_range_m=gsd_range_m,
        length_range_m=length_range_m,
        digest=write_tensors(folder / WEIGHTS, tensors),
        recalibration=recalibration,
        **vars(network.options),
    )
    pixels, context = _check_input()
    write_tensors(
        folder / CHECK,
        {"pixels": pixels, "context": context, "expected": _output(network, pixels, context)},
    )
    # model.toml last: a folder without it is not found.
    write_text(tomli_w.dumps(model.model_dump(mode="json")), folder / MODEL)
    return model


def load_posterior(folder: Path) -> TrainedPosterior:
    """Load a network, check its digest, and try it on its check.

    Raises
    ------
    WeightsError
        A file is missing or damaged, or the network does not give the output of its check.

    """
    try:
        model = PosteriorModel.model_validate(toml_values(folder / MODEL))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{folder}: {' '.join(str(error).split())}") from error
    tensors, check = read_tensors(folder / WEIGHTS, model.digest), read_tensors(folder / CHECK)
    with one_network(folder):
        options = PosteriorOptions(
            widths=model.widths, hidden=model.hidden, components=model.components
        )
        network = PosteriorNetwork(options).eval()
        named = (field.name for field in fields(Familiarity))
        familiarity = Familiarity(**{name: tensors.pop(_FAMILIAR + name) for name in named})
        network.load_state_dict(tensors)
        found = _output(network, check["pixels"], check["context"])
        departure = float((found - check["expected"]).abs().max())
    refuse_departure(folder, departure, _TOLERANCE)
    return TrainedPosterior(model, network, familiarity)


@functools.cache
def shipped_posterior() -> TrainedPosterior:
    """The network that comes with gnomon, loaded once."""
    return load_posterior(shipped("models") / "freeboard")


def _check_input() -> tuple[Tensor, Tensor]:
    """A bar on noise, and a context of small numbers."""
    generator = torch.Generator().manual_seed(0)
    shape = (2, len(WINDOW_BANDS) + 1, ACROSS[2], ALONG[2])
    pixels = torch.randn(shape, generator=generator)
    pixels[:, :, 20:36, 6:26] += 3.0
    context = 0.3 * torch.randn(2, len(CONTEXT), generator=generator)
    context[:, CONTEXT.index("cot_sun")] = torch.tensor([0.8, 2.0])
    return pixels, context


@torch.inference_mode()
def _output(network: PosteriorNetwork, pixels: Tensor, context: Tensor) -> Tensor:
    out = network.eval()(pixels, context)
    parts = (out.logits, out.centre, out.log_spread, out.log_lr_laden[:, None], out.size, out.shift)
    return torch.cat(parts, 1).clone()
