"""A hull's pixels in its own frame: along the axis and across it, in lengths.

The frame is as long as `ALONG` says and as wide as `ACROSS`, in lengths of the hull, so that ships
of all sizes lie alike in it: a picture of the deck does not say how long the ship is, which
tracking knows by other means and must not count twice. Which end is the bow is unknown.

Images come as surface reflectance, as reflectance at the top of the atmosphere, or as pictures of 8
bits whose contrast was stretched. `scaled_frame` takes out what differs: from each band what the
darkest cells have, haze and the foot of the stretch, and from all bands together what the brightest
cells of the hull have. What is left is the colour and the pattern of the deck.
"""

from collections.abc import Sequence
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from gnomon.datamodel.arrays import Float32s, Mask
from gnomon.datamodel.boxes import OrientedBox

ALONG = (-0.58, 0.58, 72)
"""First and last edge of the cells, in lengths from the centre, and how many there are."""
ACROSS = (-0.2, 0.2, 24)
FINEST_M = 2.85
"""Finer pixels are averaged until they are not: the network was trained with 3 m and more."""
HALF_BEAM = 0.08
"""Half of what counts as hull across the axis, in lengths: tankers and bulk carriers are 5.5 to 7
times as long as wide."""
_HALF_LENGTH = 0.46
_DARK, _BRIGHT = 5, 95
"""Percentiles of the cells: one cell that is wrong decides nothing."""
_LEAST, _MOST = -0.5, 2.0
"""What scaled values are cut to."""


def middles(span: tuple[float, float, int]) -> NDArray[np.float64]:
    """Middles of the cells of `ALONG` or `ACROSS`."""
    edges = np.linspace(span[0], span[1], span[2] + 1)
    return np.asarray((edges[1:] + edges[:-1]) / 2)


def averaged_px(gsd_m: float) -> int:
    """How many pixels of a side are averaged before a frame is sampled."""
    return ceil(FINEST_M / gsd_m)


def hull_frame(bands: Sequence[NDArray[np.floating]], hull: OrientedBox, gsd_m: float) -> Float32s:
    """Sample pixels in the frame of a hull.

    Parameters
    ----------
    bands
        Rasters of one shape; not finite where the sensor saw nothing.
    hull
        In pixels of the rasters.
    gsd_m
        Metres per pixel.

    Returns
    -------
    ndarray
        (bands, across, along), interpolated linearly between the middles of pixels; NaN beyond the
        rasters and beside what is not finite.

    """
    along, across = np.meshgrid(middles(ALONG), middles(ACROSS))
    turn = np.deg2rad(float(hull.angle))
    length = float(hull.length)
    x = float(hull.x) + length * (along * np.sin(turn) + across * np.cos(turn))
    y = float(hull.y) + length * (-along * np.cos(turn) + across * np.sin(turn))
    step = averaged_px(gsd_m)
    rows, columns = (_squares(at, step) for at in (y, x))
    places = np.stack([(y - rows.start) / step - 0.5, (x - columns.start) / step - 0.5])
    return np.stack([_sampled(band[rows, columns], places, step) for band in bands])


def _squares(at: NDArray[np.float64], step: int) -> slice:
    """Pixels around some places, from a whole square of the raster on."""
    first, last = int(at.min()) // step - 1, int(at.max()) // step + 2
    return slice(max(first, 0) * step, max(last, 0) * step)


def _sampled(
    band: NDArray[np.floating], places: NDArray[np.float64], step: int
) -> NDArray[np.float32]:
    """Values of means over squares of ``step`` pixels; whole squares alone count."""
    rows, columns = (side // step for side in band.shape)
    if not rows or not columns:
        return np.full(places.shape[1:], np.nan, np.float32)
    squares = band[: rows * step, : columns * step].reshape(rows, step, columns, step)
    means = squares.mean((1, 3), dtype=np.float32)
    return map_coordinates(means, places, order=1, cval=np.nan).astype(np.float32)


def scaled_frame(frame: Float32s) -> Float32s | None:
    """A frame without what haze, sun and stretch put into it.

    Parameters
    ----------
    frame
        (bands, across, along), as `hull_frame` returns it.

    Returns
    -------
    ndarray or None
        Dark cells near 0 and the brightest of the hull near 1, in the mean of the bands; 0 where a
        cell is not known. None where less than half of the hull is known, or it is all of one
        brightness.

    """
    on_hull = hull_cells()
    known = np.asarray(np.isfinite(frame).all(axis=0))
    if known[on_hull].mean() < 0.5:
        return None
    seen = frame[:, known]
    dark = np.percentile(seen, _DARK, axis=1)
    bright = np.percentile((frame.mean(0) - dark.mean())[on_hull & known], _BRIGHT)
    if not bright > 0:
        return None
    scaled = ((frame - dark[:, None, None]) / bright).clip(_LEAST, _MOST)
    return np.where(known, scaled, 0).astype(np.float32)


def hull_cells() -> Mask:
    """Cells that a hull covers whatever its beam, (across, along)."""
    along, across = np.abs(middles(ALONG)), np.abs(middles(ACROSS))
    return np.asarray((across[:, None] < HALF_BEAM) & (along[None] < _HALF_LENGTH))
