"""From masks to the coarse grid of what an image shows (`gnomon.datamodel.visibility`)."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from gnomon.datamodel.visibility import Visibility

Percents = NDArray[np.uint8]

CELL_M = 40.0
"""About half a berth's width. A cell is a power of two of pixels, so that windows of 2,048 pixels
hold whole cells."""


@dataclass(frozen=True)
class VisibleCells:
    """Seen share of the cells of one window, and the place of its first pixel in the port's."""

    row: int
    column: int
    seen_percent: Percents


def cell_px(gsd_m: float) -> int:
    """Side of a cell in pixels."""
    return int(2 ** max(0, round(np.log2(CELL_M / gsd_m))))


def visible_cells(masks: xr.Dataset, *, row: int, column: int, side_px: int) -> VisibleCells:
    """Share of each cell of a window that holds data and is free of cloud and ice.

    Parameters
    ----------
    masks
        Layers of `gnomon.imagery.water.usable_water`.
    row, column
        Of the window's first pixel, counted from that of the port; multiples of ``side_px``.
    side_px
        From `cell_px`.

    """
    seen = masks["valid"].to_numpy() & ~(masks["cloud"].to_numpy() | masks["ice"].to_numpy())
    rows, columns = (np.arange(0, size, side_px) for size in seen.shape)
    sums = np.add.reduceat(np.add.reduceat(seen, rows, 0, dtype=np.int32), columns, 1)
    height, width = seen.shape
    heights, widths = np.diff(np.r_[rows, height]), np.diff(np.r_[columns, width])
    percent = np.round(100 * sums / (heights[:, None] * widths)).astype(np.uint8)
    return VisibleCells(row, column, percent)


def visibility_of(windows: Iterable[VisibleCells], port: GeoBox, *, side_px: int) -> Visibility:
    """Join the cells of all windows of a port.

    Parameters
    ----------
    windows
        They may leave out parts of the port, which then count as unseen.
    port
        The pixels of the port in its scene.
    side_px
        From `cell_px`.

    """
    rows, columns = (-(-size // side_px) for size in port.shape.yx)
    whole = np.zeros((rows, columns), np.uint8)
    for window in windows:
        top, left = window.row // side_px, window.column // side_px
        height, width = window.seen_percent.shape
        whole[top : top + height, left : left + width] = window.seen_percent
    gsd_m = abs(float(port.resolution.x))
    left_m, top_m = port.affine.c, port.affine.f
    return Visibility(str(port.crs), left_m, top_m, side_px * gsd_m, whole)
