"""How much of a port and of each berth was observed: the denominator of every later count.

The box of a berth holds quay, and ships that lie on what would be water. So a fraction of its area
would mean nothing, and one of its open water would fall when ships come. What counts is where a
hull could lie (``search`` of `gnomon.imagery.water.usable_water`), seen against hidden. What lies
under cloud, ice or beyond the data is unknown; it is assumed to be as the nearest place that was
seen, so that cloud over the sea counts and cloud over the town does not. Where no such place was
seen at all, but something is hidden, the fraction is 0: ports, berths and anchorages do hold water.
Where all was seen and there is no water, there is no fraction.

Coverages of windows that do not overlap add up, so that a tile is never in memory as a whole.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import reduce
from operator import add
from typing import Any, Self, cast

import numpy as np
import shapely
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry
from rasterio.features import rasterize
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.ports import Zone
from gnomon.geo.grid import grid_of

Mask = NDArray[np.bool_]

NEAREST_M = 40.0
"""Step of the search for the nearest place that was seen: half of what a berth is wide."""
EQUAL_AREA = "EPSG:6933"
OFF_GRID_MIN = 0.01
"""Less of a place off the grid than this is the scale of UTM (0.1 %) and the pixels of its edge."""


@dataclass(frozen=True, kw_only=True)
class PlaceCoverage:
    """Areas of one place in one or more windows, m2."""

    on_grid_m2: float = 0.0
    """Of the place, within the windows."""
    valid_m2: float = 0.0
    """That holds data."""
    seen_m2: float = 0.0
    """That holds data and is free of cloud and ice, land included."""
    water_m2: float = 0.0
    """Of usable water."""
    search_m2: float = 0.0
    """Where the centre of a hull may lie."""
    hidden_m2: float = 0.0
    """Where it might, by the nearest place that was seen, but nothing was seen."""

    def __add__(self, other: Self) -> Self:
        """Of both windows, which must not overlap."""
        sums = map(add, astuple(self), astuple(other))
        return type(self)(**dict(zip(self.__dataclass_fields__, sums, strict=True)))

    def covered_fraction(self, asked_m2: float) -> float:
        """Part of the place, whose whole area is given, that holds data."""
        return self.valid_m2 / max(asked_m2, self.on_grid_m2)

    def usable_fraction(self, asked_m2: float) -> float | None:
        """Seen part of where a hull could lie; None where all was seen and there is no water."""
        off_m2 = max(asked_m2 - self.on_grid_m2, 0.0)
        if off_m2 < OFF_GRID_MIN * asked_m2:
            off_m2 = 0.0
        if self.search_m2 == 0:
            return None if self.seen_m2 == self.on_grid_m2 and not off_m2 else 0.0
        # Beyond the grid, water is assumed to be as common as within.
        share = (self.search_m2 + self.hidden_m2) / self.on_grid_m2
        return self.search_m2 / (self.search_m2 + self.hidden_m2 + share * off_m2)


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """What one or more windows hold of a port and of each of its zones."""

    area: PlaceCoverage
    zones: Mapping[str, PlaceCoverage]
    asked_m2: Mapping[str | None, float]
    """Whole area of each zone, by name, and of the port (None), as far as it is known."""

    def __add__(self, other: Self) -> Self:
        """Of both windows, which must not overlap."""
        zones = {name: zone + other.zones[name] for name, zone in self.zones.items()}
        return type(self)(area=self.area + other.area, zones=zones, asked_m2=self.asked_m2)


def coverage_of(
    masks: xr.Dataset, area: BaseGeometry | None, zones: Sequence[Zone] = ()
) -> Coverage:
    """Measure how much of a port a window observed.

    Parameters
    ----------
    masks
        Layers of `gnomon.imagery.water.usable_water`, without the halo that other windows count.
    area
        The port's area in EPSG:4326; None for all of the window.
    zones
        Berths and anchorages of the port.

    Returns
    -------
    Coverage
        Add those of all windows, or pass them to `fractions`. What is hidden is compared with what
        was seen in its own window.

    """
    grid = grid_of(masks)
    pixel_m2 = float(abs(grid.resolution.x * grid.resolution.y))
    layers = {name: masks[name].to_numpy() for name in ("valid", "water", "search")}
    seen = layers["valid"] > (masks["cloud"].to_numpy() | masks["ice"].to_numpy())
    layers["seen"] = seen
    layers["hidden"] = _hidden(layers["search"], seen, NEAREST_M / grid.resolution.x)

    def measured(place: BaseGeometry | None) -> PlaceCoverage:
        # Counting is ten times as fast as a sum.
        if place is None:
            sizes = {name: np.count_nonzero(layer) for name, layer in layers.items()}
            sizes["on_grid"] = seen.size
        else:
            window, within = _pixels_of(place, grid)
            sizes = {k: np.count_nonzero(v[window] & within) for k, v in layers.items()}
            sizes["on_grid"] = np.count_nonzero(within)
        return PlaceCoverage(**{f"{name}_m2": float(n) * pixel_m2 for name, n in sizes.items()})

    asked: dict[str | None, float] = {zone.name: _area_m2(zone.geometry) for zone in zones}
    if area is not None:
        asked[None] = _area_m2(area)
    return Coverage(
        area=measured(area),
        zones={zone.name: measured(zone.geometry) for zone in zones},
        asked_m2=asked,
    )


def fractions(windows: Iterable[Coverage]) -> dict[str, Any]:
    """Columns of the table of observations, from the coverages of all windows of one."""
    whole = reduce(add, windows)
    asked_m2 = whole.asked_m2.get(None, whole.area.on_grid_m2)
    zones = {name: zone.usable_fraction(whole.asked_m2[name]) for name, zone in whole.zones.items()}
    rounded = {name: part if part is None else round(part, 4) for name, part in zones.items()}
    return {
        "covered_fraction": whole.area.covered_fraction(asked_m2),
        "usable_fraction": whole.area.usable_fraction(asked_m2),
        "usable_water_km2": whole.area.water_m2 / 1e6,
        "zones": json.dumps(rounded) if rounded else None,
    }


def _hidden(search: Mask, seen: Mask, step: float) -> Mask:
    """Unseen pixels whose nearest seen pixel is one to search; all of them if none was seen."""
    if seen.all() or not seen.any():
        return ~seen
    every = max(1, round(step))
    coarse = seen[::every, ::every]
    if not coarse.any():
        return ~seen
    nearest = ndimage.distance_transform_edt(~coarse, return_distances=False, return_indices=True)
    like = search[::every, ::every][tuple(nearest)].repeat(every, 0).repeat(every, 1)
    return cast("Mask", like[: seen.shape[0], : seen.shape[1]] & ~seen)


def _pixels_of(place: BaseGeometry, grid: GeoBox) -> tuple[tuple[slice, slice], Mask]:
    """Rows and columns of a grid that hold a place, and which of their pixels it touches."""
    rows, columns = grid.shape.yx
    # A UTM projection has no meaning far from its zone: what is far from the grid goes first.
    near = grid.extent.to_crs("EPSG:4326").geom.envelope.buffer(0.05)
    outline = grid.project(Geometry(place.intersection(near), "EPSG:4326").segmented(0.01)).geom
    inside = shapely.intersection(outline, shapely.box(0, 0, columns, rows))
    if inside.is_empty or inside.area == 0:
        return (slice(0), slice(0)), np.zeros((0, 0), bool)
    left, top, right, bottom = (int(edge) for edge in inside.bounds)
    window = (slice(top, min(bottom + 1, rows)), slice(left, min(right + 1, columns)))
    shape = tuple(side.stop - side.start for side in window)
    within = rasterize(
        [inside], shape, transform=Affine.translation(left, top), all_touched=True, dtype="uint8"
    )
    return window, within.astype(bool)


def _area_m2(place: BaseGeometry) -> float:
    return float(Geometry(place, "EPSG:4326").to_crs(EQUAL_AREA).area)
