"""The first look: what stands out from the water around it.

Averages of 2 x 2 pixels are held against mean and deviation of the water within 400 m, both from
block sums, so that a whole tile costs a fraction of its decoding. On open water this throws away
nearly everything; near quays the background is not water and the test means nothing: there the
network looks at every pixel. With connected components it is a detector of its own, the baseline
that the network has to beat.
"""

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label, regionprops_table

from gnomon.detect.hulls import Hulls, Mask

Floats = NDArray[np.float32]

CELL_PX = 2
"""Side of an average: a hull narrower than that is not lost, only diluted."""
BLOCK_CELLS = 8
"""Side of a block of the background, 160 m at 10 m."""
REACH_BLOCKS = 5
"""Side of the background, in blocks: 800 m at 10 m."""
NOISE_FLOOR = 0.0015
"""Least deviation of water, reflectance: about Sentinel-2's own noise over dark water."""


def departures(pixels: xr.Dataset, water: Mask) -> Floats:
    """How far each 2 x 2 average departs from the water around, in deviations of that water.

    Parameters
    ----------
    pixels
        Reflectances; the mean of the bands that are there is tested.
    water
        Open water, (rows, columns).

    Returns
    -------
    array
        (rows // 2, columns // 2); zero where no water is near.

    """
    bands = [b for b in ("blue", "green", "red", "nir") if b in pixels]
    shape = tuple(n // CELL_PX * CELL_PX for n in water.shape)
    total = np.zeros(shape, np.float32)
    for band in bands:
        total += pixels[band].to_numpy()[: shape[0], : shape[1]]
    value = np.nan_to_num(_average(total) / np.float32(len(bands)))
    wet = _average(water[: shape[0], : shape[1]].astype(np.float32)) > 0.99
    mean, deviation = _background(value, wet)
    return np.where(np.isfinite(mean), (value - mean) / np.maximum(deviation, NOISE_FLOOR), 0.0)


def _average(image: Floats) -> Floats:
    """Mean of 2 x 2 pixels."""
    result: Floats = 0.25 * (
        image[::2, ::2] + image[1::2, ::2] + image[::2, 1::2] + image[1::2, 1::2]
    )
    return result


def _background(value: Floats, wet: Mask) -> tuple[Floats, Floats]:
    """Mean and deviation of the water around each cell; NaN where there is none."""
    seen = np.where(wet, value, 0.0)
    count, first, second = (_block_sums(x) for x in (wet.astype(np.float32), seen, seen**2))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = first / count
        deviation = np.sqrt(np.maximum(second / count - mean**2, 0.0))
    mean[count < BLOCK_CELLS**2] = np.nan
    return _enlarged(mean, value.shape), _enlarged(deviation, value.shape)


def _block_sums(image: Floats) -> Floats:
    """Sums over blocks, and then over the blocks around each."""
    rows, columns = (-(-n // BLOCK_CELLS) for n in image.shape)
    padded = np.zeros((rows * BLOCK_CELLS, columns * BLOCK_CELLS), np.float32)
    padded[: image.shape[0], : image.shape[1]] = image
    blocks = padded.reshape(rows, BLOCK_CELLS, columns, BLOCK_CELLS).sum(axis=(1, 3))
    sums: Floats = ndimage.uniform_filter(
        blocks.astype(np.float64), REACH_BLOCKS, mode="constant"
    ) * float(REACH_BLOCKS**2)
    return np.maximum(sums, 0.0)


def _enlarged(blocks: Floats, shape: tuple[int, ...]) -> Floats:
    large = blocks.astype(np.float32).repeat(BLOCK_CELLS, 0).repeat(BLOCK_CELLS, 1)
    return large[: shape[0], : shape[1]]


def bright_hulls(pixels: xr.Dataset, water: Mask, search: Mask, *, contrast_min: float) -> Hulls:
    """Ships by contrast alone: the baseline.

    Returns
    -------
    array
        Hulls (see `gnomon.detect.hulls`); the score is the strongest contrast divided by itself
        plus ``contrast_min``, which orders them and is no probability.

    """
    strength = departures(pixels, water)
    within = search[::2, ::2][: strength.shape[0], : strength.shape[1]]
    strength = np.where(within, strength, 0.0)
    regions = regionprops_table(
        label(strength > contrast_min, connectivity=2),
        strength,
        ("centroid", "axis_major_length", "axis_minor_length", "orientation", "intensity_max"),
    )
    y, x, length, beam, turn, peak = (np.asarray(v, np.float32) for v in regions.values())
    # skimage's orientation is counter-clockwise from the rows' axis; ours is clockwise from up.
    return np.column_stack(
        [
            (x + 0.5) * CELL_PX,
            (y + 0.5) * CELL_PX,
            np.maximum(length, 1) * CELL_PX,
            np.maximum(beam, 1) * CELL_PX,
            np.rad2deg(-turn) % 180.0,
            peak / (peak + contrast_min),
            np.zeros(len(x)),
            np.full(len(x), np.nan),
        ]
    ).astype(np.float32)
