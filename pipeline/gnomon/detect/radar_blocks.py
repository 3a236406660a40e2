"""Statistics of a radar image in blocks of 80 m, and their sums over squares around each block."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gnomon.datamodel.arrays import Float32s, Float64s, Mask

BLOCK_M = 80.0
"""Side of the blocks that the clutter is summed in."""
STRIP_PX = 2**18
"""Pixels whose statistics are taken together, so that they stay near the processor."""


class BlockStatistics(NamedTuple):
    """Of the blocks of an image."""

    sums: Float64s
    """Count, sum and sum of squares of the sea, (3, rows, columns)."""
    brightest: Float32s
    """Most of the sea, (rows, columns)."""
    searched: Float32s
    """Most of what may be of ships, (rows, columns)."""


def block_px(spacing_m: tuple[float, float]) -> list[int]:
    """Lines and samples of a block."""
    return [max(round(BLOCK_M / spacing), 1) for spacing in spacing_m]


def block_at(row: int, column: int, block: list[int]) -> tuple[slice, slice]:
    """Where a block lies in the image."""
    down, along = block
    return slice(row * down, (row + 1) * down), slice(column * along, (column + 1) * along)


def blocks_across(side_m: float, sides_m: list[float]) -> list[int]:
    """Blocks across a square, an odd number each way."""
    return [2 * round(side_m / side / 2) + 1 for side in sides_m]


def square_sums(sums: Float64s, side_m: float, sides_m: list[float]) -> Float64s:
    """Sums of blocks over squares around each block; nothing lies beyond the edge."""
    across = blocks_across(side_m, sides_m)
    around: Float64s = ndimage.uniform_filter(sums, (0, *across), mode="constant")
    return around * float(across[0] * across[1])


def block_statistics(
    intensity: Float32s, water: Mask, search: Mask, block: list[int]
) -> BlockStatistics:
    """Statistics of all blocks, the image being read once."""
    down, along = block
    rows, columns = (-(-n // side) for n, side in zip(intensity.shape, block, strict=True))
    sums = np.empty((3, rows, columns))
    most = np.empty((2, rows, columns), np.float32)
    step = max(STRIP_PX // (down * intensity.shape[1]), 1)
    for top in range(0, rows, step):
        here = slice(top, min(top + step, rows))
        lines = slice(top * down, here.stop * down)
        part, sea, ships = intensity[lines], water[lines], search[lines]
        seen = np.isfinite(part)
        value = np.zeros(((here.stop - top) * down, columns * along), np.float32)
        counts = np.zeros(value.shape, bool)
        inside = np.s_[: part.shape[0], : part.shape[1]]
        np.logical_and(sea, seen, out=counts[inside])
        np.copyto(value[inside], part, where=counts[inside])
        most[:, here] = _by_block(np.maximum, value, block)
        if not np.array_equal(sea, ships):
            found = np.where(ships & seen, part, np.float32(0))
            shown = np.zeros_like(value)
            shown[inside] = found
            most[1, here] = _by_block(np.maximum, shown, block)
        for total, one in zip(sums, (counts.view(np.uint8), value, np.square(value)), strict=True):
            total[here] = _by_block(np.add, one, block)
    return BlockStatistics(sums, *most)


def _by_block(reduced: np.ufunc, value: NDArray[Any], block: list[int]) -> NDArray[Any]:
    """Reduce blocks: over lines first, whole rows at once, and then over the samples of each."""
    down, along = block
    by_line = reduced.reduce(value.reshape(-1, down, value.shape[1]), axis=1)
    return np.asarray(reduced.reduce(by_line.reshape(len(by_line), -1, along), axis=2))
