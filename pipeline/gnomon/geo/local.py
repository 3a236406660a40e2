"""Metres, azimuths and grid convergence around a place on the WGS 84 ellipsoid.

Places are longitude and latitude in degrees (EPSG:4326). Azimuths are degrees clockwise from north.

**Local metres.** Around a place at latitude phi the ellipsoid is taken as flat. With the semi-major
axis a, the eccentricity e and ``w = 1 - e^2 sin^2 phi``, a degree is ::

    north:  pi / 180  a (1 - e^2) / w^1.5      (radius of curvature in the meridian)
    east:   pi / 180  a cos phi / w^0.5        (radius of the parallel)

(Snyder 1987, Map Projections: A Working Manual, equations 4-18 to 4-21). The error at a distance d
is about ``d^2 tan(phi) / a``: 0.1 m at 1 km and 45 degrees. Lines of any length are geodesics
(Karney 2013, doi:10.1007/s00190-012-0578-z), by PROJ.

**Convergence.** North of a projected grid is not true north. The convergence is the azimuth of grid
north from true north, positive clockwise, so that ::

    grid azimuth = true azimuth - convergence

In UTM it reaches 3 degrees at the edge of a zone at 60 degrees, nearly as much as the error of a
ship's heading; a ship's axis and the sun's azimuth must be counted from the same north.
"""

from collections.abc import Hashable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod, Transformer

Floats = NDArray[np.float64]

WGS84 = Geod(ellps="WGS84")
_BOX_M_PER_DEGREE = 111_000.0
# Step north that the convergence is measured over: 11 m, far above rounding.
_STEP_DEG = 1e-4


def metres_per_degree(latitude_deg: ArrayLike) -> tuple[Floats, Floats]:
    """Metres of one degree of longitude and of one degree of latitude.

    Returns
    -------
    east_m, north_m
        The shape of ``latitude_deg``. East is zero at the poles.

    """
    phi = np.deg2rad(np.asarray(latitude_deg, float))
    w = 1 - WGS84.es * np.sin(phi) ** 2
    # Zero at the poles to rounding; the cosine of a rounded right angle may be negative.
    east = WGS84.a * np.maximum(np.cos(phi), 0.0) / np.sqrt(w)
    north = WGS84.a * (1 - WGS84.es) / w**1.5
    return np.deg2rad(east), np.deg2rad(north)


def local_metres(
    longitude_deg: ArrayLike, latitude_deg: ArrayLike, *, origin: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Metres east and north of an origin (longitude, latitude), the short way round the earth."""
    east, north = metres_per_degree(origin[1])
    apart = np.asarray(longitude_deg, float) - origin[0]
    apart = apart - 360.0 * np.round(apart / 360.0)
    return apart * east, (np.asarray(latitude_deg, float) - origin[1]) * north


def from_local_metres(
    east_m: ArrayLike, north_m: ArrayLike, *, origin: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Longitude and latitude of places that `local_metres` counts from an origin.

    Longitudes go on beyond 180 degrees next to the antimeridian, so that a polygon stays whole.
    """
    east, north = metres_per_degree(origin[1])
    longitude: Floats = origin[0] + np.asarray(east_m, float) / east
    latitude: Floats = origin[1] + np.asarray(north_m, float) / north
    return longitude, latitude


def distance_m(start: ArrayLike, end: ArrayLike) -> Floats:
    """Length of the geodesic between places of shape (..., 2), metres."""
    (x1, y1), (x2, y2) = _columns(start), _columns(end)
    return np.asarray(WGS84.inv(x1, y1, x2, y2)[2], float)


def azimuth_deg(start: ArrayLike, end: ArrayLike) -> Floats:
    """Azimuth at the start of the geodesic to the end, places of shape (..., 2), -180 to 180."""
    (x1, y1), (x2, y2) = _columns(start), _columns(end)
    return np.asarray(WGS84.inv(x1, y1, x2, y2)[0], float)


def _columns(places: ArrayLike) -> tuple[Floats, Floats]:
    values = np.asarray(places, float)
    return values[..., 0], values[..., 1]


def box_around(centre: shapely.Point, *, half_m: float) -> shapely.Polygon:
    """Box of meridians and parallels that reaches about ``half_m`` to either side of a place.

    It frames pixels, and reading snaps it to their grid: a degree of latitude counts as 111 km,
    which is within 0.5 % of the ellipsoid's, one of longitude as that times the cosine of the
    latitude. Stored freeboards rest on just these windows.
    """
    north = half_m / _BOX_M_PER_DEGREE
    # Within 0.6 degrees of a pole the box stays as wide as it is there.
    east = north / max(float(np.cos(np.deg2rad(centre.y))), 0.01)
    x, y = centre.x, centre.y
    return shapely.box(x - east, y - north, x + east, y + north)


def rectangle_around(
    centre: shapely.Point, *, length_m: float, beam_m: float, heading_deg: float
) -> shapely.Polygon:
    """Oriented rectangle; corners run bow starboard, bow port, stern port, stern starboard."""
    ahead = np.array([1.0, 1.0, -1.0, -1.0]) * length_m / 2
    aside = np.array([1.0, -1.0, -1.0, 1.0]) * beam_m / 2
    east, north = from_hull_axes(ahead, aside, heading_rad=np.deg2rad(heading_deg))
    corners = from_local_metres(east, north, origin=(centre.x, centre.y))
    return shapely.Polygon(np.column_stack(corners))


class RectangleSize(NamedTuple):
    """Size of an oriented rectangle."""

    length_m: float
    beam_m: float
    axis_deg: float
    """Azimuth of the longer side, 0 to 180."""


def rectangle_size(outline: shapely.Geometry) -> RectangleSize | None:
    """Size of the smallest rectangle around an outline; None if that is a point or a line."""
    middle = outline.centroid
    if middle.is_empty:
        return None
    origin = (middle.x, middle.y)
    flat = shapely.transform(
        outline, lambda xy: np.column_stack(local_metres(*xy.T, origin=origin))
    )
    corners = shapely.get_coordinates(flat.minimum_rotated_rectangle)
    if len(corners) < 5:
        return None
    edges = np.diff(corners[:3], axis=0)
    lengths = np.hypot(*edges.T)
    longer = int(lengths.argmax())
    axis = float(np.rad2deg(np.arctan2(*edges[longer])) % 180.0)
    return RectangleSize(float(lengths[longer]), float(lengths[1 - longer]), axis)


@lru_cache(maxsize=64)
def _to_grid(crs: Hashable) -> Transformer:
    return Transformer.from_crs("EPSG:4326", crs, always_xy=True)


def place_on_grid(point: shapely.Point, crs: Hashable) -> tuple[Floats, float]:
    """Place of a point in a projected CRS, and the convergence there.

    Parameters
    ----------
    point
        In EPSG:4326.
    crs
        Of the grid, anything that pyproj takes and that is hashable.

    Returns
    -------
    place
        East and north, (2,).
    convergence_deg
        Azimuth of grid north from true north, -180 to 180. True to 1e-4 degrees.

    """
    # Next to the north pole the step goes south.
    step = _STEP_DEG if point.y < 90.0 - 2 * _STEP_DEG else -_STEP_DEG
    x, y = _to_grid(crs).transform([point.x, point.x], [point.y, point.y + step])
    east, north = x[1] - x[0], y[1] - y[0]
    if step < 0:
        east, north = -east, -north
    convergence = -float(np.rad2deg(np.arctan2(east, north)))
    return np.array([x[0], y[0]]), convergence


def true_to_grid_deg(azimuth_deg: float, convergence_deg: float) -> float:
    """Azimuth from grid north of an azimuth from true north, not wrapped."""
    return azimuth_deg - convergence_deg


def grid_to_true_deg(azimuth_deg: float, convergence_deg: float) -> float:
    """Azimuth from true north of an azimuth from grid north, not wrapped."""
    return azimuth_deg + convergence_deg


def hull_axes(east: Floats, north: Floats, *, heading_rad: float) -> tuple[Floats, Floats]:
    """Coordinates forward and to starboard of displacements east and north."""
    sine, cosine = np.sin(heading_rad), np.cos(heading_rad)
    return east * sine + north * cosine, east * cosine - north * sine


def from_hull_axes(
    forward: Floats, starboard: Floats, *, heading_rad: float
) -> tuple[Floats, Floats]:
    """Displacements east and north of coordinates forward and to starboard."""
    # The map is a reflection, its own inverse.
    return hull_axes(forward, starboard, heading_rad=heading_rad)
