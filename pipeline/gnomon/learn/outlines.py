"""Outlines of ships on the map as oriented boxes in the pixels of a raster.

The network learns the box around a hull: centre, length, beam and axis. Of an outline that is the
rectangle with the same second moments. Moments find the axis of a staircase of pixels, of which the
least enclosing rectangle is too often upright.
"""

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import shapely
import xarray as xr

from gnomon.datamodel.arrays import Float32s, Mask
from gnomon.datamodel.boxes import OrientedBoxes

Rectangle = tuple[float, float, float, float, float]
"""x, y, length, beam in pixels, angle in degrees clockwise from the top, 0 to 180."""
STEP_PX = 0.125
"""Between the points that stand for an outline's area."""
SLENDEREST, STOUTEST = 9.0, 3.5
"""Length over beam: long container ships; tugs and ferries."""


@dataclass(frozen=True)
class Looseness:
    """How much larger than the hulls a set of outlines is drawn, metres."""

    length_m: float = 0.0
    beam_m: float = 0.0


TIGHT = Looseness()
PIXEL_LOOSE = Looseness(length_m=10.0, beam_m=10.0)
"""The outlines of sen2ships are about a pixel loose all around: against the half-brightness length
of ships at sea they read 10 m long (median)."""


def gsd_of(pixels: xr.Dataset) -> float:
    """Metres per pixel."""
    return float(abs(pixels.odc.geobox.resolution.x))


def outlines_in_pixels(outlines: gpd.GeoDataFrame, pixels: xr.Dataset) -> list[shapely.Geometry]:
    """Outlines in any CRS to outlines in pixels of a raster, x to the right and y down."""
    box = pixels.odc.geobox
    to_pixel = ~box.affine
    matrix = [to_pixel.a, to_pixel.b, to_pixel.d, to_pixel.e, to_pixel.c, to_pixel.f]
    shapes = outlines.to_crs(box.crs).geometry
    return [shapely.affinity.affine_transform(shape, matrix) for shape in shapes]


def boxes_of(
    outlines: gpd.GeoDataFrame, pixels: xr.Dataset, *, looseness: Looseness = TIGHT
) -> OrientedBoxes:
    """Box of every outline.

    Parameters
    ----------
    outlines
        Polygons in any CRS. Where a column ``measured`` is true, an outline runs along the hull,
        however loose the others are; where a column ``length_m`` has a number, it is as long as
        the hull. A column ``type`` tells tankers from other ships.
    pixels
        On an odc-geo GeoBox.
    looseness
        How loosely the outlines were drawn.

    """
    gsd_m = gsd_of(pixels)
    polygons = outlines_in_pixels(outlines, pixels)
    loose = _looseness(outlines, looseness)
    rectangles = [
        tightened(rectangle_of(polygon), one, gsd_m)
        for polygon, one in zip(polygons, loose, strict=True)
    ]
    parts = np.array(rectangles, np.float32).reshape(-1, 5)
    return OrientedBoxes.of(*parts.T, tanker=tanker_flags(outlines))


def _looseness(outlines: gpd.GeoDataFrame, looseness: Looseness) -> list[Looseness]:
    """How loosely each outline was drawn."""
    measured, wide = flags(outlines, "measured"), replace(looseness, length_m=0.0)
    known = np.zeros(len(outlines), bool)
    if "length_m" in outlines:
        known = outlines["length_m"].notna().to_numpy()
    return [
        TIGHT if tight else wide if long else looseness
        for tight, long in zip(measured, known, strict=True)
    ]


def rectangle_of(polygon: shapely.Geometry) -> Rectangle:
    """Rectangle with the second moments of an outline in pixels.

    A uniform bar of length L has the variance L^2 / 12 along its axis.
    """
    left, top, right, bottom = polygon.bounds
    x, y = np.meshgrid(np.arange(left, right, STEP_PX), np.arange(top, bottom, STEP_PX))
    inside = shapely.contains_xy(polygon, x + STEP_PX / 2, y + STEP_PX / 2)
    points = np.column_stack([x[inside], y[inside]]) + STEP_PX / 2
    centre = points.mean(axis=0)
    # eigh sorts upwards: the last axis is the long one.
    spread = np.cov((points - centre).T) + STEP_PX**2 / 12 * np.eye(2)
    variance, axes = np.linalg.eigh(spread)
    beam, length = np.sqrt(12 * variance)
    angle = np.rad2deg(np.arctan2(axes[0, 1], -axes[1, 1])) % 180.0
    return centre[0], centre[1], float(length), float(beam), float(angle)


def tightened(rectangle: Rectangle, looseness: Looseness, gsd_m: float) -> Rectangle:
    """A loosely drawn rectangle brought to the hull, within what hulls are.

    Length over beam of ships lies between 3.5 and 9; a beam read off a mask of two or three pixels
    is kept within that.
    """
    x, y, length, beam, angle = rectangle
    length = max(length - looseness.length_m / gsd_m, 0.7 * length)
    if looseness.beam_m:
        slim, wide = length / SLENDEREST, length / STOUTEST
        beam = float(np.clip(beam - looseness.beam_m / gsd_m, slim, wide))
    return x, y, length, beam, angle


def tanker_flags(outlines: gpd.GeoDataFrame) -> Float32s:
    """1 for a tanker, 0 for another type, NaN where the column ``type`` is empty or unknown."""
    if "type" not in outlines:
        return np.full(len(outlines), np.nan, np.float32)
    kinds = outlines["type"]
    known = kinds.notna() & ~kinds.isin(["", "unknown"])
    return np.where(known, kinds == "tanker", np.nan).astype(np.float32)


def flags(outlines: gpd.GeoDataFrame, column: str) -> Mask:
    """A column of booleans; false where the table has none."""
    if column in outlines:
        return outlines[column].to_numpy(bool)
    return np.zeros(len(outlines), bool)
