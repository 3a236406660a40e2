"""Pixels around each detection, as small pictures with the outline beside the hull.

Pixels are read by window from the run's own catalogue, scene by scene, side by side. A scene that
cannot be had costs its pictures and is named; it is no reason to give up the rest.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from io import BytesIO

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import shapely
import xarray as xr
from matplotlib.image import imsave
from skimage.draw import polygon_perimeter

from gnomon.catalog.search import find_scenes
from gnomon.datamodel.errors import GnomonError
from gnomon.datamodel.progress import Progress
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.study import CatalogOptions
from gnomon.geo.local import box_around
from gnomon.imagery.read import read_pixels
from gnomon.report.figures.scene import OUTLINE, natural

LENGTHS, SIDE_MIN_M = 3.0, 300.0
"""Side of a picture: three lengths of the hull, and never so little that no quay is seen."""
SIDE_PX = 320
BANDS = ("red", "green", "blue")
"""What is drawn; a scene without them is drawn from what it has."""


@dataclass(frozen=True)
class Crops:
    """Pictures of detections, and where their scenes come from."""

    pictures: dict[str, bytes]
    """PNG by detection."""
    items: dict[str, str]
    """Address of the item by scene."""
    notes: tuple[str, ...]
    """What could not be had, one line each."""


def crops(
    detections: gpd.GeoDataFrame, catalog: CatalogOptions, *, progress: Progress | None = None
) -> Crops:
    """Read and draw the pixels around each detection of optical scenes.

    Parameters
    ----------
    detections
        As in `gnomon.datamodel.tables`.
    catalog
        That has their scenes.
    progress
        Told of each scene that is done.

    """
    optical = detections[detections.sensor == "optical"]
    wanted = sorted(set(optical.scene_id))
    if not wanted:
        return Crops({}, {}, ())
    anyhow = catalog.model_copy(update={"max_cloud_percent": 100.0})
    try:
        found = find_scenes(anyhow, area=None, ids=wanted)
    except GnomonError as error:
        return Crops({}, {}, (f"no pictures: {error}",))
    scenes = {scene.id: scene for scene in (*found.scenes, *found.cloudy)}
    notes = [f"no pictures of {name}: the catalogue does not have it" for name in wanted
             if name not in scenes]  # fmt: skip
    pictures: dict[str, bytes] = {}
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        rows = {name: optical[optical.scene_id == name] for name in scenes}
        drawn = pool.map(partial(_scene, rows=rows), scenes.values())
        for count, (scene, (made, fault)) in enumerate(zip(scenes, drawn, strict=True), start=1):
            pictures |= made
            notes += [f"no pictures of {scene}: {fault}"] if fault else []
            if progress:
                progress(count, len(scenes), scene)
    items = {scene.id: scene.href for scene in scenes.values() if scene.href}
    return Crops(pictures, items, tuple(notes))


def _scene(
    scene: Scene, rows: dict[str, gpd.GeoDataFrame]
) -> tuple[dict[str, bytes], GnomonError | None]:
    made: dict[str, bytes] = {}
    try:
        for name, picture in _drawn(scene, rows[scene.id]):
            made |= {name: picture}
    except GnomonError as error:
        return made, error
    return made, None


def _drawn(scene: Scene, rows: gpd.GeoDataFrame) -> Iterator[tuple[str, bytes]]:
    bands = BANDS if set(BANDS) <= scene.assets.keys() else None
    for row in rows.itertuples():
        area = _around(row.footprint, max(LENGTHS * row.length_m, SIDE_MIN_M))
        yield row.detection_id, drawn(read_pixels(scene, area, bands=bands), row.footprint)


def _around(shape: shapely.Geometry, side_m: float) -> shapely.Polygon:
    """Square of about that side in degrees around a shape's middle."""
    return box_around(shape.centroid, half_m=side_m / 2)


def drawn(pixels: xr.Dataset, footprint: shapely.Geometry) -> bytes:
    """Pixels in natural colours with an outline, as PNG.

    Parameters
    ----------
    pixels
        Reflectances on an odc-geo GeoBox.
    footprint
        Hull in EPSG:4326; the line is drawn two pixels outside, so that it hides nothing of her.

    """
    image = (255 * natural(pixels)).astype(np.uint8)
    zoom = max(1, round(SIDE_PX / max(image.shape[:2])))
    large = image.repeat(zoom, axis=0).repeat(zoom, axis=1)
    box = pixels.odc.geobox
    hull = gpd.GeoSeries([footprint], crs="EPSG:4326").to_crs(box.crs).iloc[0]
    ring = shapely.get_coordinates(hull.buffer(2 * abs(box.resolution.x), join_style="mitre"))
    columns, rows = ~box.affine @ (ring[:, 0], ring[:, 1])
    line = polygon_perimeter(rows * zoom, columns * zoom, shape=large.shape[:2], clip=False)
    large[line] = [round(255 * part) for part in mpl.colors.to_rgb(OUTLINE)]
    buffer = BytesIO()
    imsave(buffer, large, format="png")
    return buffer.getvalue()
