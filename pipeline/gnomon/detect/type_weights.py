"""Weights of the network of ship types on disk, and the probability of a tanker from them.

A folder holds weights.safetensors, model.toml, check.safetensors and a card. It is used only if it
passes every check: the digest of the weights is that of model.toml, and the network gives the
stored output for the stored input. Writing never touches an old folder.

``p_tanker`` is calibrated at even odds, by a curve for each of some pixel sizes, interpolated in
their logarithm. It is given only within the ranges of pixel size and length where tankers that no
training saw came out above other ships by more than chance; elsewhere it is NaN.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
import xarray as xr
from pydantic import Field, model_validator
from scipy.special import expit
from torch import Tensor

from gnomon.datamodel.arrays import Float64s
from gnomon.datamodel.boxes import OrientedBoxes
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
from gnomon.detect.calibration import Curve
from gnomon.detect.hull_frame import ACROSS, ALONG, averaged_px, hull_frame, scaled_frame
from gnomon.detect.type_network import TYPE_BANDS, TypeNetwork, TypeNetworkOptions
from gnomon.detect.weights import as_toml, find, read_model_as

_TOLERANCE = 1e-3
"""Largest error of log odds against the check; other processors and libraries add in another
order."""
_SLACK = 0.01
"""A warped grid is off by as much."""
_AT_ONCE = 64


class TypeCurve(Options):
    """Calibration at one pixel size."""

    gsd_m: float = Field(gt=0)
    curve: Curve
    """Of the network's probability."""


class TypeRange(Options):
    """Where p_tanker is given: from a value up to a value, which is left out of lengths."""

    gsd_m: tuple[float, float]
    length_m: tuple[float, float]

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        for least, most in (self.gsd_m, self.length_m):
            if not 0 < least < most:
                raise ValueError(f"a range runs from {least} to {most}")
        return self

    def holds(self, gsd_m: float, length_m: Float64s) -> np.ndarray:
        """Which lengths are within it, with pixels of a size."""
        least, most = self.gsd_m
        if not least * (1 - _SLACK) <= gsd_m <= most * (1 + _SLACK):
            return np.zeros(len(length_m), bool)
        return (length_m >= self.length_m[0]) & (length_m < self.length_m[1])


class TypeModel(Options):
    """What model.toml holds."""

    name: str
    version: str
    bands: tuple[str, ...] = TYPE_BANDS
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of the weights."""
    network: TypeNetworkOptions
    calibration: tuple[TypeCurve, ...] = Field(min_length=1)
    """By pixel size, ascending."""
    given: tuple[TypeRange, ...]
    """Where tankers came out above others by more than chance."""

    @model_validator(mode="after")
    def _sizes_ascend(self) -> Self:
        sizes = [one.gsd_m for one in self.calibration]
        if sizes != sorted(set(sizes)):
            raise ValueError("pixel sizes of the calibration do not ascend")
        return self

    def p_tanker(self, log_odds: Float64s, gsd_m: float, length_m: Float64s) -> Float64s:
        """Probability of a tanker at even odds; NaN where it is not given."""
        at = np.log(gsd_m)
        sizes = np.log([one.gsd_m for one in self.calibration])
        slope, intercept = (
            np.interp(at, sizes, [getattr(one.curve, part) for one in self.calibration])
            for part in ("slope", "intercept")
        )
        p = Curve(slope=float(slope), intercept=float(intercept))(expit(log_odds))
        given = np.any([one.holds(gsd_m, length_m) for one in self.given], axis=0)
        return np.where(given, p, np.nan)


@dataclass(frozen=True)
class TypeWeights:
    """A trained network, and what it is worth."""

    model: TypeModel
    network: TypeNetwork

    def p_tanker(self, pixels: xr.Dataset, hulls: OrientedBoxes, gsd_m: float) -> Float64s:
        """Probability of a tanker of each hull at even odds.

        Parameters
        ----------
        pixels
            Bands on one grid, as fine as the scene has them; not finite where nothing was seen.
        hulls
            In pixels of the grid.
        gsd_m
            Metres per pixel.

        Returns
        -------
        ndarray
            (hulls,); NaN where the deck is not seen, where a band is missing, and outside the
            ranges in which it is given.

        """
        out = np.full(len(hulls), np.nan)
        length_m = hulls.length.astype(float) * gsd_m
        read_m = gsd_m * averaged_px(gsd_m)
        possible = np.isfinite(self.model.p_tanker(np.zeros(len(hulls)), read_m, length_m))
        if not possible.any() or any(band not in pixels for band in TYPE_BANDS):
            return out
        bands = [pixels[band].to_numpy() for band in TYPE_BANDS]
        for some in np.array_split(np.flatnonzero(possible), -(-possible.sum() // _AT_ONCE)):
            frames = [scaled_frame(hull_frame(bands, hulls[int(n)], gsd_m)) for n in some]
            seen = some[[frame is not None for frame in frames]]
            if len(seen):
                odds = _log_odds(self.network, [frame for frame in frames if frame is not None])
                out[seen] = self.model.p_tanker(odds, read_m, length_m[seen])
        return out


@torch.inference_mode()
def _log_odds(network: TypeNetwork, frames: Sequence[np.ndarray]) -> Float64s:
    return network.log_odds(torch.from_numpy(np.stack(frames))).double().numpy()


def save_type_weights(
    folder: Path,
    network: TypeNetwork,
    *,
    version: str,
    calibration: Sequence[TypeCurve],
    given: Sequence[TypeRange],
) -> TypeModel:
    """Write a new folder of weights with their check.

    Raises
    ------
    WeightsError
        The folder exists already.

    """
    new_weights_folder(folder)
    model = TypeModel(
        name=folder.name,
        version=version,
        digest=write_tensors(folder / WEIGHTS, network.state_dict()),
        network=network.options,
        calibration=tuple(calibration),
        given=tuple(given),
    )
    check = {"frames": _check_frames()}
    write_tensors(folder / CHECK, {**check, "expected": _output(network, check)})
    # model.toml last: a folder without it is not found.
    write_text(as_toml(model), folder / MODEL)
    return model


def read_type_model(name: str) -> TypeModel:
    """Read and check model.toml of weights: a path, or the name of some that gnomon ships.

    Raises
    ------
    WeightsError
        There is no such folder, or its model.toml is at fault.

    """
    return read_model_as(TypeModel, name)


@functools.cache
def load_type_weights(name: str) -> TypeWeights:
    """Load a network once, check its digest, and try it on its check.

    Raises
    ------
    WeightsError
        A file is missing or damaged, or the network does not give the output of its check.

    """
    model = read_type_model(name)
    make = functools.partial(TypeNetwork, model.network)
    return TypeWeights(model, load_checked(find(name), model.digest, make, _output, _TOLERANCE))


def _check_frames() -> Tensor:
    """A dark and a red deck on noise, the second with bright hatches."""
    generator = torch.Generator().manual_seed(0)
    frames = 0.05 * torch.randn(2, len(TYPE_BANDS), ACROSS[2], ALONG[2], generator=generator)
    frames[:, :, 8:16, 6:66] += torch.tensor([0.8, 0.3, 0.25])[:, None, None]
    frames[1, :, 9:15, 12:56:8] += 0.5
    return frames


@torch.inference_mode()
def _output(network: TypeNetwork, check: Mapping[str, Tensor]) -> Tensor:
    return network.eval().log_odds(check["frames"]).clone()
