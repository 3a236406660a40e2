"""Proposals: tiles that cover what may hold a hull, with as little else as possible.

Proposed is what may hold a hull and is not open water, as everything at a quay; open water that
stands out from the water around it; and what lies near, because a hull may stand out at one end
only. All this is decided in blocks of 8 pixels. A rectangle of blocks is cut in two, along its
widest gap, where the two parts with their halos have fewer pixels than the whole with its own. So a
lone ship is read in a crop of about 96 pixels, and a port in few and large tiles.
"""

from collections.abc import Iterator

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import ndimage

from gnomon.datamodel.arrays import Mask
from gnomon.detect.cfar import z_scores
from gnomon.geo.grid import grid_of
from gnomon.geo.tiles import Window, framed

TILE_PX = 640
"""Largest tile. With its halo it has 1.2 times its own pixels; one of 128 pixels has 1.9."""
HALO_PX = 24
"""Half of a 400 m hull and a little beside."""
REACH_M = 100.0
"""How far the centre of a hull may lie from what stands out, the house of a 250 m tanker."""
STEP_PX = 16
"""Sides of crops are multiples of it: the coarsest stride of a network."""
BLOCK_PX = 8
"""Side of a block."""
WHOLE_BLOCKS = 6
"""Two halves of something shorter would have more halo than they save."""
FULL = 0.8
"""A rectangle of which this share is proposed is not cut: there is too little to save."""
BATCH_PX = 400_000
"""Pixels of one batch: its feature maps fit a processor's cache."""
Rectangle = tuple[slice, slice]
"""Rows and columns, in blocks."""


def propose(pixels: xr.Dataset, water: Mask, search: Mask, *, z_score_min: float) -> list[Window]:
    """Tiles that hold every place where there may be a hull.

    Parameters
    ----------
    pixels
        Bands on one grid.
    water, search
        Open water, and where the centre of a hull may lie.
    z_score_min
        Least z-score of water that stands out.

    """
    stands_out = np.abs(z_scores(pixels, water)) > z_score_min
    rows, columns = (2 * n for n in stands_out.shape)
    pairs = search[:rows:2, :columns] | search[1:rows:2, :columns]
    stands_out &= pairs.view(np.uint16) != 0  # two pixels of a row are one number
    shape = (-(-water.shape[0] // BLOCK_PX), -(-water.shape[1] // BLOCK_PX))
    interesting = _blocks(search > water, shape) | _blocks(stands_out, shape, BLOCK_PX // 2)
    reach = REACH_M / abs(grid_of(pixels).resolution.x)
    side = 2 * int(np.ceil(reach / BLOCK_PX)) + 1
    near = ndimage.maximum_filter(interesting.view(np.uint8), side, mode="constant")
    return covering(near.view(bool) & _blocks(search, shape), water.shape)


def covering(proposed: Mask, shape: tuple[int, int]) -> list[Window]:
    """Tiles that cover all proposed blocks.

    Parameters
    ----------
    proposed
        Blocks of `BLOCK_PX`.
    shape
        Rows and columns of the raster, in pixels.

    """
    cores = [
        tuple(slice(side.start * BLOCK_PX, side.stop * BLOCK_PX) for side in box)
        for box in _rectangles(proposed, 0, 0)
    ]
    return [framed((core[0], core[1]), shape, halo_px=HALO_PX) for core in cores]


def _blocks(mask: Mask, shape: tuple[int, int], side: int = BLOCK_PX) -> Mask:
    """Whether anything is in each block of so many pixels, (rows, columns) blocks."""
    rows, columns = shape
    padded = np.zeros((rows * side, columns * side), bool)
    padded[: mask.shape[0], : mask.shape[1]] = mask
    # All of a block's row is one number.
    return np.asarray(padded.view(f"u{side}").reshape(rows, side, columns).any(axis=1), bool)


def _rectangles(proposed: Mask, top: int, left: int) -> list[Rectangle]:
    """Rectangles that cover a mask of blocks, with as few pixels as cutting in two finds."""
    rows, columns = (np.nonzero(proposed.any(axis=axis))[0] for axis in (1, 0))
    if not len(rows):
        return []
    inside = proposed[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    top, left = top + int(rows[0]), left + int(columns[0])
    rectangle = (slice(top, top + inside.shape[0]), slice(left, left + inside.shape[1]))
    small = max(inside.shape) * BLOCK_PX <= TILE_PX
    full = np.count_nonzero(inside) / inside.size >= FULL
    if small and (max(inside.shape) <= WHOLE_BLOCKS or full):
        return [rectangle]
    axis, cut = _cut(rows - rows[0], columns - columns[0])
    if axis == 0:
        parts = _rectangles(inside[:cut], top, left) + _rectangles(inside[cut:], top + cut, left)
    else:
        parts = _rectangles(inside[:, :cut], top, left) + _rectangles(
            inside[:, cut:], top, left + cut
        )
    return [rectangle] if small and _cost(rectangle) <= sum(map(_cost, parts)) else parts


def _cut(*hit: NDArray[np.intp]) -> tuple[int, int]:
    """Axis and place of the cut: the widest gap between rows or columns, or the middle."""
    axis = int(hit[1][-1] > hit[0][-1])
    widest, best = 1, (axis, (int(hit[axis][-1]) + 1) // 2)
    for along, places in enumerate(hit):
        gap = places[1:] - places[:-1]
        if len(gap) and gap.max() > widest:
            widest, best = int(gap.max()), (along, int(places[gap.argmax()]) + 1)
    return best


def _cost(rectangle: Rectangle) -> int:
    """Pixels of the crop of a rectangle."""
    rows, columns = (_crop_side((side.stop - side.start) * BLOCK_PX) for side in rectangle)
    return rows * columns


def crop_size(tile: Window) -> tuple[int, int]:
    """Rows and columns of a crop: the core brought to `STEP_PX`, and the halo all around."""
    rows, columns = (_crop_side(side.stop - side.start) for side in tile.core)
    return rows, columns


def _crop_side(core: int) -> int:
    return -(-core // STEP_PX) * STEP_PX + 2 * HALO_PX


def batches(tiles: list[Window]) -> Iterator[list[Window]]:
    """Tiles whose crops have one size, with at most about `BATCH_PX` pixels at a time."""
    by_size: dict[tuple[int, int], list[Window]] = {}
    for tile in tiles:
        by_size.setdefault(crop_size(tile), []).append(tile)
    for (rows, columns), some in by_size.items():
        batch = max(1, BATCH_PX // (rows * columns))
        for start in range(0, len(some), batch):
            yield some[start : start + batch]
