"""Boxes of one scene to rows of the detections table.

Places and footprints are transformed from the scene's grid to EPSG:4326. The top of a grid is grid
north; the heading is taken on the ellipsoid from true north, as the azimuth of the sun is.
"""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from gnomon.datamodel.boxes import OrientedBox, OrientedBoxes
from gnomon.datamodel.ports import Port
from gnomon.datamodel.scene import Scene
from gnomon.detect.calibration import BoxErrors
from gnomon.detect.detector import Detector
from gnomon.geo.local import azimuth_deg


def detection_rows(
    boxes: OrientedBoxes,
    grid: GeoBox,
    scene: Scene,
    port: Port,
    *,
    detector: Detector,
    run_digest: str,
) -> list[dict[str, Any]]:
    """Boxes to rows of the detections table, sorted by place.

    Parameters
    ----------
    boxes
        In pixels of ``grid``.
    grid
        The raster's place on the map.
    scene, port
        What was observed; boxes outside the port's area are left out.
    detector
        Gives its label and the errors of length, beam and heading.
    run_digest
        Digest of all that the rows depend on.

    """
    to_map = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True)
    outlines, centres = (
        shapely.transform(shapes, lambda xy: _to_map(xy, grid, to_map))
        for shapes in (boxes.polygons(), shapely.points(boxes.centres.astype(float)))
    )
    rows = []
    for box, outline, centre in zip(boxes, outlines, centres, strict=True):
        if port.area is None or port.area.covers(centre):
            east, north = grid.affine @ (float(box.x), float(box.y))
            rows.append(
                {
                    "detection_id": f"{scene.id}-e{east:.0f}-n{north:.0f}",
                    "geometry": centre,
                    "footprint": outline,
                    "zone": _zone(centre, port),
                    **_measures(box, outline, abs(grid.resolution.x), detector.errors),
                    **scene_columns(scene, port, run_digest),
                    "model": detector.label,
                }
            )
    return sorted(rows, key=lambda row: str(row["detection_id"]))


def scene_columns(scene: Scene, port: Port, run_digest: str) -> dict[str, Any]:
    """Columns that detections and observations have in common."""
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
    x, y = xy.T
    east, north = grid.affine @ (x, y)
    return np.column_stack(to_map.transform(east, north))


def _measures(
    box: OrientedBox, outline: shapely.Polygon, gsd_m: float, errors: BoxErrors
) -> dict[str, float | bool]:
    length_m, beam_m = float(box.length) * gsd_m, float(box.beam) * gsd_m
    # Corners run bow right, bow left, stern left, stern right.
    ring = shapely.get_coordinates(outline)
    bow, stern = ring[:2].mean(axis=0), ring[2:4].mean(axis=0)
    return {
        "score": float(box.score),
        "length_m": length_m,
        "length_sigma_m": float(np.hypot(errors.length_m, errors.length_share * length_m)),
        "beam_m": beam_m,
        "beam_sigma_m": float(np.hypot(errors.beam_m, errors.beam_share * beam_m)),
        "heading_deg": float(azimuth_deg(stern, bow)) % 180.0,
        "heading_sigma_deg": min(errors.heading_deg * 100.0 / length_m, 52.0),
        "quayside": bool(box.quayside),
        "p_tanker": float(box.p_tanker),
    }


def _zone(centre: shapely.Point, port: Port) -> str | None:
    if port.name is None:
        return None
    return next((z.name for z in port.zones if z.geometry.covers(centre)), "roads")
