"""Windows over a raster and the seams between them.

A raster is cut into cores that touch without overlapping; each is read with a halo around it, so
that every hull is seen whole from the core that owns its centre. A centre on a seam may be claimed
from both sides or, by a hair, from neither: cores claim `SLACK_PX` beyond themselves, and
where windows are joined, one hull of each overlapping pair is kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SLACK_PX = 2.0
"""The centre of a hull is found within a pixel from either side of a seam; twice that is safe."""


@dataclass(frozen=True)
class Window:
    """A core and its halo, in rows and columns of the raster."""

    core: tuple[slice, slice]
    halo: tuple[slice, slice]
    """Core and surroundings, cut off at the raster's edges."""

    def shifted(self, rows: int, columns: int) -> "Window":
        """The same window in a raster that begins so many rows and columns earlier."""
        core, halo = (
            tuple(
                slice(side.start + by, side.stop + by)
                for side, by in zip(sides, (rows, columns), strict=True)
            )
            for sides in (self.core, self.halo)
        )
        return Window(core=(core[0], core[1]), halo=(halo[0], halo[1]))

    def claims(self, x: NDArray[np.floating], y: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Whether each centre, in pixels of the raster, belongs to this window."""
        rows, columns = self.core
        return (
            (x >= columns.start - SLACK_PX)
            & (x < columns.stop + SLACK_PX)
            & (y >= rows.start - SLACK_PX)
            & (y < rows.stop + SLACK_PX)
        )


def windows(shape: tuple[int, int], *, core_px: int, halo_px: int) -> Iterator[Window]:
    """Cut a raster into windows, row by row; the cores cover it exactly once.

    Parameters
    ----------
    shape
        Rows and columns of the raster.
    core_px
        Side of a core; the last ones in each direction may be smaller.
    halo_px
        What is read around a core.

    """
    rows, columns = shape
    for top in range(0, rows, core_px):
        for left in range(0, columns, core_px):
            core = (slice(top, top + core_px), slice(left, left + core_px))
            yield framed(core, shape, halo_px=halo_px)


def framed(core: tuple[slice, slice], shape: tuple[int, int], *, halo_px: int) -> Window:
    """A core, cut off at the raster's edges, with its halo."""
    cut = [slice(side.start, min(side.stop, n)) for side, n in zip(core, shape, strict=True)]
    halo = [
        slice(max(side.start - halo_px, 0), min(side.stop + halo_px, n))
        for side, n in zip(cut, shape, strict=True)
    ]
    return Window(core=(cut[0], cut[1]), halo=(halo[0], halo[1]))
