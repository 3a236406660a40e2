"""Blocks of time that are left out together, with a gap, and no ship on both sides.

A block is measured by a network that saw none of it, nothing within `GAP_DAYS` of it, and none of
the hulls that may be a ship of the block (`gnomon.learn.ship_type.chip_hulls.same_ship`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gnomon.datamodel.arrays import Mask
from gnomon.learn.ship_type.chip_hulls import ChipHull, same_ship

BLOCKS = 6
GAP_DAYS = 5.0


@dataclass(frozen=True)
class TimeFold:
    """Numbers of hulls."""

    train: NDArray[np.int64]
    test: NDArray[np.int64]


def time_folds(hulls: Sequence[ChipHull], *, blocks: int = BLOCKS) -> Iterator[TimeFold]:
    """Leave out blocks of time one after the other, each of about as many hulls."""
    day = np.array([one.label.seen_at.timestamp() for one in hulls]) / 86_400
    same = same_ship(hulls)
    for block in time_blocks(day, blocks):
        first, last = day[block].min(), day[block].max()
        far = (day < first - GAP_DAYS) | (day > last + GAP_DAYS)
        yield TimeFold(np.flatnonzero(far & ~same[block].any(0)), np.flatnonzero(block))


def time_blocks(day: NDArray[np.float64], blocks: int) -> list[Mask]:
    """Masks of consecutive blocks; no day is divided."""
    days = np.floor(day)
    edges = [-np.inf, *(np.quantile(days, n / blocks) for n in range(1, blocks)), np.inf]
    masks = [(days >= low) & (days < high) for low, high in pairwise(edges)]
    return [mask for mask in masks if mask.any()]
