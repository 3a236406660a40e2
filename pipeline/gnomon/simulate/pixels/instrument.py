"""What an instrument makes of a scene on a grid finer than its pixels: blur, then means.

The blur is a Gaussian of 0.44 pixel, the modulation of 0.25 at Nyquist that Sentinel-2's MSI has at
10 m; the detector then averages over the square pixel. `blur_kernel` is the same operator for what
is constant within each pixel, computed on an impulse.
"""

from functools import lru_cache, reduce
from operator import add

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Image = NDArray[np.float32]
Array = NDArray[np.float64]
_PSF_SIGMA_PX = 0.44
_TRUNCATE = 4.0  # deviations
_REACH_PX = 3  # seven deviations
_BAND_CELLS = 16
"""Larger products would wake the threads of a BLAS."""


def oversampling(gsd_m: float) -> int:
    """Fine cells along a pixel: about 1.25 m, which leaves a 10 m beam eight cells."""
    return int(np.clip(round(gsd_m / 1.25), 3, 8))


def blur_kernel(factor: int) -> Array:
    """One-dimensional response, in pixels, to a pixel that is bright all over."""
    fine = np.zeros((2 * _REACH_PX + 1) * factor)
    fine[_REACH_PX * factor : (_REACH_PX + 1) * factor] = 1.0
    return np.asarray(_psf(fine, factor, axis=0).reshape(-1, factor).mean(axis=1))


@lru_cache(maxsize=8)
def _band(factor: int) -> Array:
    """Matrix that blurs some fine cells, (cells, cells + reach of the blur on both sides).

    Products with it are three times as fast as a convolution, and the same when rounded.
    """
    reach = int(_TRUNCATE * _PSF_SIGMA_PX * factor + 0.5)
    impulse = np.zeros(2 * reach + 1)
    impulse[reach] = 1.0
    weights = _psf(impulse, factor, axis=0)
    band = np.zeros((_BAND_CELLS, _BAND_CELLS + 2 * reach))
    for row in range(_BAND_CELLS):
        band[row, row : row + len(weights)] = weights
    return band


def _means(fine: Image, step: int) -> Image:
    """Means of squares of cells; sums of strided slices are six times as fast as numpy's mean.

    The sums are taken in numpy's own order, by pairs where there are eight, so that a scene is
    the same to the bit.
    """
    sums = [fine[:, :, start::step] for start in range(step)]
    while step == 8 and len(sums) > 1:
        sums = [one + other for one, other in zip(sums[::2], sums[1::2], strict=True)]
    rows = reduce(add, sums)
    total = reduce(add, [rows[:, start::step] for start in range(step)])
    return np.asarray(total / np.float32(step**2))


def _psf(fine: NDArray[np.floating], factor: int, axis: int) -> NDArray[np.floating]:
    return np.asarray(
        ndimage.gaussian_filter1d(
            fine, _PSF_SIGMA_PX * factor, axis=axis, mode="nearest", truncate=_TRUNCATE
        )
    )


def sample(fine: Image, factor: int, *, halo_px: int) -> Image:
    """Sample a square of fine cells.

    Parameters
    ----------
    fine
        Reflectance, (bands, cells, cells).
    factor
        Cells along a pixel.
    halo_px
        Pixels at each edge that are cut off; the blur must not reach beyond them.

    Returns
    -------
    numpy.ndarray
        Reflectance, (bands, pixels, pixels).

    """
    blur = _band(factor)
    rows, across = blur.shape
    reach = (across - rows) // 2
    spare = halo_px * factor - reach  # of the halo, which the blur does not reach
    exact = fine[:, spare:-spare, spare:-spare].astype(np.float64)
    side = exact.shape[1] - 2 * reach
    tall = np.empty((len(fine), side, exact.shape[2]), np.float32)
    parts = [(at, min(rows, side - at)) for at in range(0, side, rows)]
    for at, count in parts:
        tall[:, at : at + count] = (
            blur[:count, : count + 2 * reach] @ exact[:, at : at + count + 2 * reach]
        )
    exact = tall.astype(np.float64)
    wide = np.empty((len(fine), side, side), np.float32)
    for at, count in parts:
        wide[:, :, at : at + count] = (
            exact[:, :, at : at + count + 2 * reach] @ blur[:count, : count + 2 * reach].T
        )
    return _means(wide, factor)
