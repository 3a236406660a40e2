"""Which cells of a grid have their centre within an outline, quickly for many small outlines.

Scan conversion by the even-odd rule (Foley et al., Computer Graphics, section 3.5): the row of each
centre crosses the edges of the outline at places that enter and leave it in turn.
Only cells within the bounds of the outline are tested, all rows at once.
"""

from dataclasses import dataclass
from math import ceil, floor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


class CellWindow(NamedTuple):
    """Rows and columns of a grid, from the first to the one after the last."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of an array's last two axes."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def shape(self) -> tuple[int, int]:
        """Count of rows and columns."""
        return self.bottom - self.top, self.right - self.left

    def __and__(self, other: "CellWindow") -> "CellWindow":
        """What both hold; without rows or columns where they do not overlap."""
        top, left = max(self.top, other.top), max(self.left, other.left)
        bottom, right = min(self.bottom, other.bottom), min(self.right, other.right)
        return CellWindow(top, max(top, bottom), left, max(left, right))


class FilledCells(NamedTuple):
    """Cells of a grid: a window, and a mask of its shape."""

    window: CellWindow
    mask: Mask


@dataclass(frozen=True, eq=False)
class Outline:
    """A closed outline in world metres, with its bounds; need not be convex."""

    x: Floats
    y: Floats
    """(n + 1,): the last corner is the first."""
    west: float
    south: float
    east: float
    north: float

    @classmethod
    def of(cls, points: Floats) -> "Outline":
        """Outline through points, (n, 2), closed or not."""
        west, south = points.min(axis=0).tolist()
        east, north = points.max(axis=0).tolist()
        x, y = np.concatenate([points, points[:1]]).T
        return cls(x, y, west, south, east, north)

    def meets(self, other: "Outline") -> bool:
        """Whether the bounds of two outlines touch."""
        return (
            self.west <= other.east
            and other.west <= self.east
            and self.south <= other.north
            and other.south <= self.north
        )


@dataclass(frozen=True)
class Cells:
    """A north-up grid of square cells."""

    west: float
    north: float
    """Of its corner, world metres."""
    side_m: float
    shape: tuple[int, int]

    @property
    def whole(self) -> CellWindow:
        """All of its cells."""
        return CellWindow(0, self.shape[0], 0, self.shape[1])

    def fill(self, outline: Outline, within: CellWindow | None = None) -> FilledCells:
        """Cells whose centres lie within an outline, as far as they lie within a window."""
        side = self.side_m
        window = (within or self.whole) & CellWindow(
            ceil((self.north - outline.north) / side - 0.5),
            floor((self.north - outline.south) / side - 0.5) + 1,
            ceil((outline.west - self.west) / side - 0.5),
            floor((outline.east - self.west) / side - 0.5) + 1,
        )
        if 0 in window.shape:
            return FilledCells(window, np.zeros(window.shape, bool))
        rows = (self.north - outline.y) / side - 0.5
        columns = (outline.x - self.west) / side - 0.5
        return FilledCells(window, _inside(rows, columns, window))


def _inside(rows: Floats, columns: Floats, window: CellWindow) -> Mask:
    """Cells of a window within a closed outline; the centre of the first cell is at (0, 0)."""
    at = np.arange(window.top, window.bottom, dtype=np.float64)
    place = np.arange(window.left, window.right, dtype=np.float64)
    run, rise = columns[1:] - columns[:-1], rows[1:] - rows[:-1]
    below = rows[:, None] > at
    crosses = below[:-1] != below[1:]
    # No row crosses an edge that lies along the rows.
    slant = np.divide(run, rise, out=np.zeros_like(run), where=rise != 0)
    where = columns[:-1, None] + (at - rows[:-1, None]) * slant[:, None]
    where[~crosses] = np.inf
    times = int(np.count_nonzero(crosses, axis=0).max())
    if times == 2:  # as of every convex outline
        enters = where.min(axis=0)[:, None]
        where[~crosses] = -np.inf
        return (place >= enters) & (place <= where.max(axis=0)[:, None])
    ends = np.sort(where, axis=0)[:times]
    mask = np.zeros(window.shape, bool)
    for enters, leaves in zip(ends[::2], ends[1::2], strict=True):
        mask |= (place >= enters[:, None]) & (place <= leaves[:, None])
    return mask
