"""The background of a place: its reflectance without ships, from many observations.

A ship is brighter than the water around it, most ships in most bands, and it leaves. So at each
pixel the darker half of the clear observations is kept, by the mean of their bands, and the
background in each band is the median of that half. Whole observations are kept and not single
bands, so that the bands of a pixel belong together: a red hull that is darker than the water in
blue is left out in blue too. What is dark, as the shadow of a cloud or of a ship that stays,
becomes background once it is there in a quarter of the observations.

Haze and glint make whole observations brighter, and the darker half would be the same few
observations everywhere. So each is levelled first: each of its bands is lowered by how much
brighter its open water is than that of the median observation (the median of the differences,
which no ship moves).

How many observations it takes: of n clear ones, h = ceil(n / 2) are kept. A bright ship in s of
them has at most s - (n - h) observations in the darker half, and while these are fewer than half of
it, the median of each band is that of an observation without it, or lies between two: n of 14 and
more for s of 10, and in the long run while s < 3 n / 4. Where fewer clear observations than that
are left, the background is unknown. A dark hull is worse: it is background once it is there in a
quarter of the observations. And a hulk that never leaves is background; the network is trained to
expect that what was there before may be a ship.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import xarray as xr
from numpy.typing import NDArray

Counts = NDArray[np.uint16]
Floats = NDArray[np.float32]

UNIT = 1e-4
"""Reflectance of one count."""
STAY = 10
"""A bright ship that stays for so many observations must not become background."""
FEWEST = 14
"""Clear observations that this takes, as derived in the module's head."""
_STRIP_PX = 32_768
"""Pixels that are worked on together: with 30 observations of four bands, 16 MB."""
_SAMPLES = 128
"""Rows and columns, about, from which the level of an observation is estimated."""


@dataclass(frozen=True)
class Clear:
    """What one observation saw of a window, without what hid it."""

    counts: Counts
    """(bands, rows, columns), reflectance in `UNIT`; 0 where the place was not seen clearly."""
    water: NDArray[np.bool_]
    """(rows, columns), open water."""


def clear(pixels: xr.Dataset, masks: xr.Dataset, bands: Sequence[str]) -> Clear:
    """Keep what an observation saw clearly.

    Parameters
    ----------
    pixels
        Reflectances that have all of ``bands``, dimensions ``y, x``.
    masks
        Layers ``valid``, ``cloud``, ``ice`` and ``water`` on the same grid.
    bands
        Which ones are kept.

    """
    seen = (masks["valid"] & ~masks["cloud"] & ~masks["ice"]).to_numpy()
    stack = np.stack([pixels[band].to_numpy() for band in bands])
    return Clear(
        np.where(seen, _counted((stack / UNIT).astype(np.float32)), np.uint16(0)),
        masks["water"].to_numpy(),
    )


def median_background(observations: Sequence[Clear], *, fewest: int = FEWEST) -> Counts:
    """Reflectance of a window without ships.

    Parameters
    ----------
    observations
        All of the same bands and window; their order does not matter.
    fewest
        Clear observations that it takes. With n of them no ship of 3 n / 4 and more may have
        stayed; of fewer than `FEWEST` that must be known otherwise.

    Returns
    -------
    numpy.ndarray
        (bands, rows, columns) as `Clear.counts`, at the light of the median observation; 0 where
        fewer observations were clear.

    """
    # Observations that are equally bright at a pixel are ordered by their content alone.
    observations = sorted(
        observations, key=lambda observation: blake2b(observation.counts.tobytes()).digest()
    )
    counts = [
        observation.counts.reshape(len(observation.counts), -1) for observation in observations
    ]
    shape = observations[0].counts.shape
    result = np.zeros(counts[0].shape, np.uint16)
    if len(observations) >= fewest:
        level = _levels(observations)[:, None, :]
        for start in range(0, result.shape[1], _STRIP_PX):
            strip = np.s_[:, start : start + _STRIP_PX]
            values = (
                _known(np.stack([observation[strip] for observation in counts], axis=-1)) - level
            )
            result[strip] = _counted(_darker_middle(values, fewest))
    return result.reshape(shape)


def _darker_middle(values: Floats, fewest: int) -> Floats:
    """Median over the darker half; (bands, pixels, observations) to (bands, pixels)."""
    bright = values.mean(axis=0)
    known = np.isfinite(bright).sum(axis=-1)
    half = -(-known // 2)
    order = np.argsort(bright, axis=-1, kind="stable")  # what is not known comes last
    darker = np.take_along_axis(values, order[None], axis=-1)
    darker[:, np.arange(darker.shape[-1]) >= half[:, None]] = np.nan
    middle = _median(darker, half)
    middle[:, known < fewest] = np.nan
    return middle


def _levels(observations: Sequence[Clear]) -> Floats:
    """How much brighter the water of each observation is than usual, (bands, observations)."""
    step = max(1, min(observations[0].water.shape) // _SAMPLES)
    thin = np.s_[..., ::step, ::step]
    wet = sum(observation.water[thin].astype(int) for observation in observations)
    seen = np.stack([observation.counts[thin] for observation in observations], axis=-1)
    # Water in most observations of the place: neither a ship nor what a tide uncovers.
    often = 2 * wet > (seen[0] > 0).sum(axis=-1)
    values = _known(seen[:, often])
    usual = _median(values, np.isfinite(values).sum(axis=-1))
    more = np.swapaxes(values - usual[..., None], 1, 2)
    count = np.isfinite(more).sum(axis=-1)
    return np.nan_to_num(_median(more, count)) if often.any() else np.zeros(more.shape[:2])


def _median(values: Floats, count: NDArray[np.int_]) -> Floats:
    """Lower median of the ``count`` values along the last axis that are known; NaN of none."""
    ordered = np.sort(values, axis=-1)  # NaN comes last
    middle = np.broadcast_to(np.maximum(count - 1, 0) // 2, ordered.shape[:-1])
    return np.asarray(np.take_along_axis(ordered, middle[..., None], axis=-1)[..., 0])


def _known(counts: Counts) -> Floats:
    return np.where(counts > 0, counts, np.nan).astype(np.float32)


def _counted(values: Floats) -> Counts:
    """Round to counts; 0 for what is not known."""
    whole = np.clip(np.rint(values), 1, np.iinfo(np.uint16).max)  # dark water can be below zero
    return np.nan_to_num(whole, nan=0.0).astype(np.uint16)
