"""Hulls as numbers: arrays while they are pixels, rows of a table once they are on the map.

A hull is eight numbers: x and y of its centre, length and beam, in pixels of a raster (x right, y
down, the first pixel covers 0 to 1); the angle of its axis in degrees clockwise from the raster's
top, 0 to 180; its score; 1 if it lies at a quay, else 0; and the probability that it is a tanker's,
NaN where nothing says so. Hulls are an array of (n, 8).
"""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from gnomon.datamodel.ports import Port
from gnomon.datamodel.scene import Scene
from gnomon.detect.weights import Model
from gnomon.geo.axes import axes
from gnomon.geo.local import azimuth_deg

Hulls = NDArray[np.float32]
Mask = NDArray[np.bool_]

NOTHING: Hulls = np.empty((0, 8), np.float32)
OVERLAP_MAX = 0.5
"""Share of the smaller rectangle; hulls side by side share nothing, two peaks of one hull most."""
QUAYSIDE_M = 40.0


def rectangles(hulls: Hulls) -> NDArray[np.object_]:
    """Oriented rectangles of hulls, polygons in the pixels of their raster."""
    along, across = axes(hulls.astype(float))
    axis, side = along * hulls[:, 2:3] / 2, across * hulls[:, 3:4] / 2
    corners = [axis + side, axis - side, -axis - side, -axis + side]
    rings = hulls[:, None, :2] + np.stack(corners, axis=1)
    polygons: NDArray[np.object_] = shapely.polygons(rings)
    return polygons


def non_maximum_suppression(hulls: Hulls) -> Hulls:
    """Of hulls that share most of their ground, the best stands.

    The result does not depend on the order of the rows.
    """
    order = np.lexsort((*hulls[:, :5].T, -hulls[:, 5]))
    hulls = hulls[order]
    boxes = rectangles(hulls)
    area = shapely.area(boxes)
    first, second = shapely.STRtree(boxes).query(boxes, predicate="intersects")
    shared = shapely.area(shapely.intersection(boxes[first], boxes[second]))
    baseline = (first < second) & (shared > OVERLAP_MAX * np.minimum(area[first], area[second]))
    stands = np.ones(len(hulls), bool)
    for better, worse in sorted(zip(first[baseline], second[baseline], strict=True)):
        if stands[better]:
            stands[worse] = False
    return hulls[stands]


def near_land(hulls: Hulls, land: Mask, gsd_m: float) -> Mask:
    """Whether land, a quay or a pier lies within 40 m of each hull."""
    grown = hulls[:, 2:4] + 2 * QUAYSIDE_M / gsd_m
    turn = np.deg2rad(hulls[:, 4])
    # Points closer to each other than a pixel of a pier: a 500 m hull has 50 pixels.
    along, across = np.meshgrid(np.linspace(-0.5, 0.5, 61), np.linspace(-0.5, 0.5, 21))
    a = along.ravel() * grown[:, :1]
    b = across.ravel() * grown[:, 1:]
    x = hulls[:, :1] + a * np.sin(turn)[:, None] + b * np.cos(turn)[:, None]
    y = hulls[:, 1:2] - a * np.cos(turn)[:, None] + b * np.sin(turn)[:, None]
    rows, columns = land.shape
    near: Mask = land[y.astype(int).clip(0, rows - 1), x.astype(int).clip(0, columns - 1)].any(
        axis=1
    )
    return near


def detection_rows(
    hulls: Hulls, grid: GeoBox, scene: Scene, port: Port, *, model: Model, run_digest: str
) -> list[dict[str, Any]]:
    """Hulls to rows of the detections table, in the order of their place.

    Parameters
    ----------
    hulls
        In pixels of ``grid``.
    grid
        The raster's place on the map.
    scene, port
        What was looked at; hulls outside the port's area are left out.
    model
        Gives the errors of length, beam and heading.
    run_digest
        Of all that the rows rest on.

    """
    to_map = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True)
    boxes = shapely.transform(rectangles(hulls), lambda xy: _to_map(xy, grid, to_map))
    centres = shapely.transform(
        shapely.points(hulls[:, :2].astype(float)), lambda xy: _to_map(xy, grid, to_map)
    )
    rows = []
    for hull, box, centre in zip(hulls, boxes, centres, strict=True):
        if port.area is None or port.area.covers(centre):
            east, north = grid.affine @ (float(hull[0]), float(hull[1]))
            rows.append(
                {
                    "detection_id": f"{scene.id}-e{east:.0f}-n{north:.0f}",
                    "geometry": centre,
                    "footprint": box,
                    "zone": _zone(centre, port),
                    **_measures(hull, box, abs(grid.resolution.x), model),
                    **scene_columns(scene, port, run_digest),
                    "model": model.label,
                }
            )
    return sorted(rows, key=lambda row: str(row["detection_id"]))


def scene_columns(scene: Scene, port: Port, run_digest: str) -> dict[str, Any]:
    """Columns that a detection and a look take from their scene."""
    return {
        "scene_id": scene.id,
        "collection": scene.collection,
        "platform": scene.platform,
        "sensor": scene.sensor,
        "seen_at": scene.seen_at,
        "port": port.name,
        "sun_azimuth_deg": scene.sun_azimuth_deg,
        "sun_elevation_deg": scene.sun_elevation_deg,
        "view_azimuth_deg": scene.view_azimuth_deg,
        "view_zenith_deg": scene.view_zenith_deg,
        "gsd_m": scene.gsd_m,
        "run_digest": run_digest,
    }


def _to_map(xy: NDArray[np.float64], grid: GeoBox, to_map: Transformer) -> NDArray[np.float64]:
    east, north = grid.affine @ (xy[:, 0], xy[:, 1])  # type: ignore[operator]  # takes arrays
    return np.column_stack(to_map.transform(east, north))


def _measures(
    hull: Hulls, box: shapely.Polygon, gsd_m: float, model: Model
) -> dict[str, float | bool]:
    length_m, beam_m = float(hull[2]) * gsd_m, float(hull[3]) * gsd_m
    errors = model.errors
    # Corners run bow right, bow left, stern left, stern right. The raster's top is grid north: the
    # azimuth is taken on the ellipsoid, because the sun's is.
    ring = shapely.get_coordinates(box)
    bow, stern = ring[:2].mean(axis=0), ring[2:4].mean(axis=0)
    return {
        "score": float(hull[5]),
        "length_m": length_m,
        "length_sigma_m": float(np.hypot(errors.length_m, errors.length_share * length_m)),
        "beam_m": beam_m,
        "beam_sigma_m": float(np.hypot(errors.beam_m, errors.beam_share * beam_m)),
        "heading_deg": float(azimuth_deg(stern, bow)) % 180.0,
        "heading_sigma_deg": min(errors.heading_deg * 100.0 / length_m, 52.0),
        "quayside": bool(hull[6]),
        "p_tanker": float(hull[7]),
    }


def _zone(centre: shapely.Point, port: Port) -> str | None:
    if port.name is None:
        return None
    return next((z.name for z in port.zones if z.geometry.covers(centre)), "roads")
