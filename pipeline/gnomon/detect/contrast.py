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
    rows, columns = (n // CELL_PX * CELL_PX for n in water.shape)
    total = np.zeros((rows // CELL_PX, columns), np.float32)
    for band in bands:
        values = pixels[band].to_numpy()[:rows, :columns]
        total += values[::2]
        total += values[1::2]
    value = np.nan_to_num(
        (total[:, ::2] + total[:, 1::2]) * np.float32(0.25 / len(bands)), copy=False
    )
    pairs = water[:rows:2, :columns] & water[1:rows:2, :columns]
    mean, deviation = _background(value, pairs[:, ::2] & pairs[:, 1::2])
    # Blocks are enlarged along the rows and held against the rows that they stand for.
    by_block = _padded(value).reshape(len(mean), BLOCK_CELLS, -1)
    by_block -= mean[:, None]
    by_block /= np.maximum(deviation, NOISE_FLOOR)[:, None]
    told: Floats = by_block.reshape(-1, by_block.shape[2])[: value.shape[0], : value.shape[1]]
    return np.nan_to_num(told, copy=False)


def _background(value: Floats, wet: Mask) -> tuple[Floats, Floats]:
    """Mean and deviation of the water around, (blocks, cells of a row); NaN where there is none."""
    seen = value * wet
    count, first, second = (_block_sums(x) for x in (wet.astype(np.float32), seen, seen * seen))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = first / count
        deviation = np.sqrt(np.maximum(second / count - mean**2, 0.0))
    mean[count < BLOCK_CELLS**2] = np.nan
    enlarged = (x.astype(np.float32).repeat(BLOCK_CELLS, axis=1) for x in (mean, deviation))
    return next(enlarged), next(enlarged)


def _block_sums(image: Floats) -> NDArray[np.float64]:
    """Sums over blocks, and then over the blocks around each."""
    padded = _padded(image)
    by_row = padded.reshape(-1, BLOCK_CELLS, padded.shape[1]).sum(axis=1)
    blocks = by_row.reshape(len(by_row), -1, BLOCK_CELLS).sum(axis=2, dtype=np.float64)
    sums = ndimage.uniform_filter(blocks, REACH_BLOCKS, mode="constant") * float(REACH_BLOCKS**2)
    return np.maximum(sums, 0.0)


def _padded(image: Floats) -> Floats:
    """Whole blocks, zeros beyond the image; a copy."""
    rows, columns = (-(-n // BLOCK_CELLS) * BLOCK_CELLS for n in image.shape)
    padded = np.zeros((rows, columns), np.float32)
    padded[: image.shape[0], : image.shape[1]] = image
    return padded


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
