"""Labelled scenes: pixels, and the ships that somebody outlined in them.

A label is an outline. What the network learns of it is the oriented rectangle around it, in pixels:
centre (x right, y down, the first pixel covering 0 to 1), length, beam, and the angle of the axis
clockwise from the top of the image.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import shapely
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from gnomon.datamodel.arrays import Float32s
from gnomon.datamodel.boxes import OrientedBoxes


@dataclass(frozen=True)
class Labelled:
    """A scene with all its ships of 50 m and more outlined."""

    name: str
    bands: Tensor
    """(bands, rows, columns) reflectance, not finite where nothing was seen."""
    present: Tensor
    """(bands,), 1 where the scene has the band."""
    ships: OrientedBoxes
    masks: Tensor
    """(2, rows, columns): 1 on open water; 1 where a hull's centre may lie, and elsewhere nothing
    is to be learnt."""
    ignored: OrientedBoxes
    """What may be a ship and may be none."""
    real: bool = True
    """Seen by a satellite and not simulated."""
    hard: Float32s = field(default_factory=lambda: np.empty((0, 2), np.float32))
    """(places, 2), x and y: what was taken for a ship and is none; shown as often as a ship."""
    background: Tensor | None = None
    """As ``bands``: the scene without its ships, as other days would show it."""


@dataclass(frozen=True)
class Loose:
    """How much wider than the hull a set of outlines is drawn, metres."""

    length_m: float = 0.0
    beam_m: float = 0.0


TIGHT = Loose()
SHORTEST_M = 40.0
"""Shorter vessels are labelled here and there only: the network is to learn nothing of them."""


def labelled(
    name: str,
    pixels: xr.Dataset,
    outlines: gpd.GeoDataFrame,
    *,
    bands: Sequence[str],
    masks: xr.Dataset | None = None,
    loose: Loose = TIGHT,
    real: bool = True,
) -> Labelled:
    """Pixels and outlines to a scene that training can cut chips from.

    Parameters
    ----------
    name
        For messages and for splitting by port.
    pixels
        Reflectances on an odc-geo GeoBox.
    outlines
        Polygons in any CRS. Where a column ``ignored`` is true, nothing is to be learnt; where
        ``measured`` is true, an outline runs along the hull, however loose the others are. A column
        ``type`` tells tankers from other ships.
    bands
        The network's bands; those that the pixels lack are marked missing.
    masks
        Layers ``water`` and ``search`` on the same grid; all of it, if left out.
    loose
        How loosely the outlines were drawn.
    real
        Whether a satellite saw it.

    """
    shape = (pixels.sizes["y"], pixels.sizes["x"])
    empty = np.full(shape, np.nan, np.float32)
    stack = np.stack([pixels[b].to_numpy() if b in pixels else empty for b in bands])
    every = rectangles_of(outlines, pixels, loose=loose)
    unsure = flags(outlines, "ignored") | (every.length * gsd_of(pixels) < SHORTEST_M)
    layers = np.ones((2, *shape), np.float32)
    if masks is not None:
        layers = np.stack([masks[layer].to_numpy() for layer in ("water", "search")])
    reflectance = torch.from_numpy(stack.astype(np.float32))
    return Labelled(
        name,
        reflectance,
        torch.tensor([float(b in pixels) for b in bands]),
        every[~unsure],
        torch.from_numpy(layers.astype(np.float32)),
        every[unsure],
        real,
        background=emptied(reflectance, layers[0] > 0, every),
    )


_AROUND_PX = 40
_GROWN_PX = 1.5
"""How far beyond a rectangle a hull's light reaches."""


def emptied(bands: Tensor, water: NDArray[np.bool_], ships: OrientedBoxes) -> Tensor:
    """A scene without its ships: each gives way to pixels of the water around her.

    Parameters
    ----------
    bands
        (bands, rows, columns).
    water
        (rows, columns), true on open water.
    ships
        In pixels of the bands.

    """
    rng = np.random.default_rng(len(ships))
    result = bands.clone()
    rows, columns = water.shape
    for ship in ships:
        x, y, reach = int(ship.x), int(ship.y), int(ship.length) + _AROUND_PX
        top, left = max(y - reach, 0), max(x - reach, 0)
        part = np.s_[top : min(y + reach, rows), left : min(x + reach, columns)]
        row, column = np.nonzero(water[part])
        if not len(row):
            continue
        height, width = water[part].shape
        x_px, y_px = np.meshgrid(
            np.arange(left, left + width, dtype=np.float32) + 0.5,
            np.arange(top, top + height, dtype=np.float32) + 0.5,
        )
        along, across = ship.along_across(x_px, y_px)
        hull = np.abs(along) <= ship.length / 2 + _GROWN_PX
        hull &= np.abs(across) <= ship.beam / 2 + _GROWN_PX
        to_row, to_column = np.nonzero(hull)
        some = rng.integers(len(row), size=len(to_row))
        result[:, to_row + top, to_column + left] = bands[:, row[some] + top, column[some] + left]
    return result


def tankers(outlines: gpd.GeoDataFrame) -> Float32s:
    """1 for a tanker, 0 for another type, NaN where the column ``type`` says nothing."""
    if "type" not in outlines:
        return np.full(len(outlines), np.nan, np.float32)
    told = outlines["type"]
    known = told.notna() & ~told.isin(["", "unknown"])
    return np.where(known, told == "tanker", np.nan).astype(np.float32)


def rectangles_of(
    outlines: gpd.GeoDataFrame, pixels: xr.Dataset, *, loose: Loose = TIGHT
) -> OrientedBoxes:
    """Every outline's box; see `labelled`."""
    gsd_m = gsd_of(pixels)
    ships = [
        tightened(rectangle(polygon), TIGHT if sure else loose, gsd_m)
        for polygon, sure in zip(
            outlines_in_pixels(outlines, pixels), flags(outlines, "measured"), strict=True
        )
    ]
    shapes = np.array(ships, np.float32).reshape(-1, 5)
    return OrientedBoxes.of(*shapes.T, tanker=tankers(outlines))


def gsd_of(pixels: xr.Dataset) -> float:
    """Metres per pixel."""
    return float(abs(pixels.odc.geobox.resolution.x))


def flags(outlines: gpd.GeoDataFrame, column: str) -> NDArray[np.bool_]:
    """A column of booleans; false where the table has none."""
    if column in outlines:
        return outlines[column].to_numpy(bool)
    return np.zeros(len(outlines), bool)


def outlines_in_pixels(outlines: gpd.GeoDataFrame, pixels: xr.Dataset) -> list[shapely.Geometry]:
    """Outlines on the map to outlines in pixels of a raster."""
    box = pixels.odc.geobox
    to_pixel = ~box.affine
    matrix = [to_pixel.a, to_pixel.b, to_pixel.d, to_pixel.e, to_pixel.c, to_pixel.f]
    shapes = outlines.to_crs(box.crs).geometry
    return [shapely.affinity.affine_transform(shape, matrix) for shape in shapes]


def rectangle(polygon: shapely.Geometry) -> tuple[float, float, float, float, float]:
    """Rectangle with an outline's second moments: x, y, length, beam, angle in degrees.

    Coordinates are pixels, y down; the angle is that of the long axis, clockwise from the top, 0
    to 180. Moments find the axis of a staircase of pixels, of which the least enclosing rectangle
    is too often upright.
    """
    left, top, right, bottom = polygon.bounds
    step = 0.125
    x, y = np.meshgrid(np.arange(left, right, step), np.arange(top, bottom, step))
    inside = shapely.contains_xy(polygon, x + step / 2, y + step / 2)
    points = np.column_stack([x[inside], y[inside]]) + step / 2
    centre = points.mean(axis=0)
    # eigh sorts upwards: the last axis is the long one. A uniform bar has variance length^2 / 12.
    variance, axes = np.linalg.eigh(np.cov((points - centre).T) + step**2 / 12 * np.eye(2))
    beam, length = np.sqrt(12 * variance)
    angle = np.rad2deg(np.arctan2(axes[0, 1], -axes[1, 1])) % 180.0
    return centre[0], centre[1], float(length), float(beam), float(angle)


def tightened(
    ship: tuple[float, float, float, float, float], loose: Loose, gsd_m: float
) -> tuple[float, float, float, float, float]:
    """A loosely drawn rectangle brought to the hull, within what hulls are.

    Length over beam of ships lies between 3.5 (tugs, ferries) and 9 (long container ships); a beam
    read off a mask of two or three pixels is held within that.
    """
    x, y, length, beam, angle = ship
    length = max(length - loose.length_m / gsd_m, 0.7 * length)
    if loose.beam_m:
        beam = float(np.clip(beam - loose.beam_m / gsd_m, length / 9.0, length / 3.5))
    return x, y, length, beam, angle
