"""CFAR: what stands out from the water around it, at a constant false alarm rate.

A cell-averaging CFAR over 2 x 2 pixels: the mean of a cell is compared with mean and standard
deviation of the water within 400 m, and the difference in deviations is its z-score. Both come from
block sums, so that a whole tile costs a fraction of its decoding. On open water the test throws
away nearly everything; near quays the background is not water and the test means nothing, so there
the network reads every pixel. With connected components the test is a detector of its own, the
baseline that the network has to beat.
"""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label, regionprops_table

from gnomon.datamodel.arrays import Float32s, Mask
from gnomon.datamodel.boxes import OrientedBoxes

CELL_PX = 2
"""Side of a cell, pixels: a narrower hull is not lost, only diluted."""
BLOCK_CELLS = 8
"""Side of a block of the background, 160 m at 10 m."""
STRIP_CELLS = 32
"""Rows of cells that are summed together, a multiple of `BLOCK_CELLS`."""
REACH_BLOCKS = 5
"""Side of the background, in blocks: 800 m at 10 m."""
NOISE_FLOOR = 0.0015
"""Least deviation of water, reflectance: about Sentinel-2's own noise over dark water."""


def z_scores(pixels: xr.Dataset, water: Mask) -> Float32s:
    """Departure of each cell from the water around it, in standard deviations of that water.

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
    bands = [pixels[b].to_numpy() for b in ("blue", "green", "red", "nir") if b in pixels]
    rows, columns = (n // CELL_PX for n in water.shape)
    blocks = [-(-n // BLOCK_CELLS) for n in (rows, columns)]
    value = np.zeros((blocks[0] * BLOCK_CELLS, blocks[1] * BLOCK_CELLS), np.float32)
    sums = []
    # A strip of blocks at a time stays in the processor's cache.
    for top in range(0, rows, STRIP_CELLS):
        strip = slice(top * CELL_PX, min(top + STRIP_CELLS, rows) * CELL_PX)
        part = value[top : top + STRIP_CELLS]
        wet = np.zeros(part.shape, bool)
        inside = np.s_[: (strip.stop - strip.start) // CELL_PX, :columns]
        part[inside] = _means([band[strip, : columns * CELL_PX] for band in bands])
        wet[inside] = _all_wet(water[strip, : columns * CELL_PX])
        sums.append(_block_sums(part, wet))
    mean, deviation = _background(np.concatenate(sums, axis=1))
    # Blocks are enlarged along the rows and compared with the rows that they stand for.
    by_block = value.reshape(blocks[0], BLOCK_CELLS, -1)
    by_block -= mean.repeat(BLOCK_CELLS, axis=1)[:, None]
    by_block /= deviation.repeat(BLOCK_CELLS, axis=1)[:, None]
    return value[:rows, :columns]


def _means(bands: Sequence[Float32s]) -> Float32s:
    """Mean of all bands over cells; zero where no band has a value."""
    total = bands[0][::2] + bands[0][1::2]
    for band in bands[1:]:
        total += band[::2]
        total += band[1::2]
    value = total[:, ::2] + total[:, 1::2]
    value *= np.float32(0.25 / len(bands))
    if not np.isfinite(value).all():
        np.nan_to_num(value, copy=False)
    return value


def _all_wet(water: Mask) -> Mask:
    """Whether all four pixels of a cell are water."""
    pairs = water[::2] & water[1::2]
    wet: Mask = pairs[:, ::2] & pairs[:, 1::2]
    return wet


def _block_sums(value: Float32s, wet: Mask) -> NDArray[np.float64]:
    """Count of wet cells, sum and sum of squares of their values, (3, rows, columns) of blocks."""
    seen = value * wet
    sums = []
    for cells in (wet.view(np.uint8), seen, np.square(seen)):
        by_row = cells.reshape(-1, BLOCK_CELLS, cells.shape[1]).sum(axis=1, dtype=cells.dtype)
        by_row = by_row.reshape(len(by_row), -1, BLOCK_CELLS)
        sums.append(by_row.sum(axis=2, dtype=np.float64))
    return np.stack(sums)


def _background(sums: NDArray[np.float64]) -> tuple[Float32s, Float32s]:
    """Mean and deviation of the water around each block; where there is none, zero and infinite."""
    around = ndimage.uniform_filter(sums, (0, REACH_BLOCKS, REACH_BLOCKS), mode="constant")
    count, first, second = np.maximum(around * float(REACH_BLOCKS**2), 0.0)
    known = count >= BLOCK_CELLS**2
    count[~known] = 1.0
    mean = first / count
    deviation = np.sqrt(np.maximum(second / count - mean**2, 0.0))
    deviation = np.maximum(deviation, NOISE_FLOOR)
    mean[~known], deviation[~known] = 0.0, np.inf
    return mean.astype(np.float32), deviation.astype(np.float32)


def cfar_boxes(
    pixels: xr.Dataset, water: Mask, search: Mask, *, z_score_min: float
) -> OrientedBoxes:
    """Ships by z-score alone: the baseline.

    Returns
    -------
    OrientedBoxes
        The score is the largest z-score over the sum of itself and ``z_score_min``, which orders
        the boxes and is no probability.

    """
    strength = z_scores(pixels, water)
    within = search[::2, ::2][: strength.shape[0], : strength.shape[1]]
    strength = np.where(within, strength, 0.0)
    regions = regionprops_table(
        label(strength > z_score_min, connectivity=2),
        strength,
        ("centroid", "axis_major_length", "axis_minor_length", "orientation", "intensity_max"),
    )
    y, x, length, beam, turn, peak = (np.asarray(v, np.float32) for v in regions.values())
    # skimage's orientation is counter-clockwise from the rows' axis; ours is clockwise from up.
    return OrientedBoxes.of(
        (x + 0.5) * CELL_PX,
        (y + 0.5) * CELL_PX,
        np.maximum(length, 1) * CELL_PX,
        np.maximum(beam, 1) * CELL_PX,
        np.rad2deg(-turn) % 180.0,
        score=peak / (peak + z_score_min),
    )
