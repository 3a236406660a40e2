"""The land of each port, and a picture of all of it, from the clearest image of the run.

The page draws its maps on them: it needs no map from anywhere else, and opens no scene. The scene
is read once for both. The picture is warped to Web Mercator, the projection of maps in a browser,
so that its edges are meridians and parallels.
"""

import io
from collections.abc import Iterable
from concurrent.futures import Executor
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio.features
import rasterio.warp
import shapely
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from odc.geo.geom import BoundingBox
from PIL import Image
from pyproj import Transformer
from rasterio.enums import Resampling
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.errors import GnomonError, WorkerError, faults_of
from gnomon.datamodel.evidence_tables import Coastlines, Overviews
from gnomon.datamodel.observation import Observation
from gnomon.datamodel.progress import Progress, silent
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.schema import CRS, table
from gnomon.datamodel.study import MaskOptions
from gnomon.geo.grid import grid_of
from gnomon.imagery.natural_colour import natural_bands, stretched, water_light
from gnomon.imagery.read import read_pixels
from gnomon.imagery.water import usable_water
from gnomon.workflow.digests import code_digest, digest
from gnomon.workflow.executor import completed
from gnomon.workflow.store import Store
from gnomon.workflow.threads import one_thread

LAND_MIN_M2 = 6_000.0
"""Smaller pieces of land are hulls and piers that the mask took for it."""
SMOOTH_M = 12.0
FINEST_M = 5.0
"""Images of finer pixels have too many of them for a map of a whole port."""
WIDTH_MAX_PX = 600
WEB_MERCATOR = "EPSG:3857"
WEBP_QUALITY = 80
DRAWN_BY = ("datamodel", "geo", "imagery", "workflow/port_pictures.py")
"""Source that these tables rest on."""


def port_pictures(
    rows: pd.DataFrame,
    observations: Iterable[Observation],
    store: Store,
    executor: Executor | None = None,
    on_progress: Progress = silent,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Draw the land and keep a picture of each port from its clearest scene.

    Parameters
    ----------
    rows
        The run's table of observations.
    observations
        Of the run.
    store
        Keeps what was drawn.
    executor
        Reads the scenes.
    on_progress
        Called after each port.

    Returns
    -------
    coastlines, overviews
        `gnomon.datamodel.evidence_tables.Coastlines` and `Overviews` there, a row for each
        port that a scene shows. A scene that cannot be read now has none.

    """
    jobs = {_name(job): job for job in _clearest(rows, observations)}
    made = {name: store.get_table(name) for name in jobs}
    todo = [(name, job) for name, job in jobs.items() if made[name] is None]
    new = completed(_drawn, todo, executor, given_up=_given_up)
    for count, ((name, job), frame) in enumerate(new, start=1):
        if len(frame):  # the next run tries a scene again that could not be read
            store.put_table(name, frame)
        made[name] = frame
        on_progress(count, len(todo), str(job.port.name))
    parts = [frame.to_dict("records") for frame in made.values() if frame is not None]
    drawn = [row for part in parts for row in part]
    land = [row | {"geometry": shapely.from_wkb(row["land"])} for row in drawn]
    shores = table(Coastlines, _columns(Coastlines, land))
    return shores, pd.DataFrame(table(Overviews, _columns(Overviews, drawn)))


def _columns(model: type[Any], rows: list[dict[Any, Any]]) -> list[dict[str, Any]]:
    return [{name: row[name] for name in model.to_schema().columns} for row in rows]


def _name(observation: Observation) -> str:
    return digest([code_digest(*DRAWN_BY), "port picture", observation.digest])


def _clearest(rows: pd.DataFrame, observations: Iterable[Observation]) -> Iterable[Observation]:
    """The observation of each port that saw most of its water, in a scene that land is drawn of."""
    seen = rows[rows.status == "observed"]
    usable = dict(zip(seen.run_digest, seen.usable_fraction.fillna(0.0), strict=True))
    best: dict[str | None, Observation] = {}
    for one in observations:
        if one.digest in usable and one.port.area is not None and shows_land(one.scene):
            earlier = best.setdefault(one.port.name, one)
            best[one.port.name] = min(
                earlier, one, key=lambda each: (-usable[each.digest], each.scene.seen_at)
            )
    return best.values()


def shows_land(scene: Scene) -> bool:
    """Whether land can be determined in a scene of no more pixels than a map needs."""
    bands = set(scene.assets)
    water = {"green", "nir"} <= bands or {"blue", "green", "red"} <= bands
    return scene.sensor == "optical" and scene.gsd_m >= FINEST_M and water


def _given_up(_job: tuple[str, Observation], _error: WorkerError) -> pd.DataFrame:
    return pd.DataFrame()


def _drawn(job: tuple[str, Observation]) -> pd.DataFrame:
    """One row, its land as WKB; none if the scene cannot be read now."""
    observation, scene = job[1], job[1].scene
    area, rows = observation.port.area, []
    try:
        if area is not None:
            with one_thread(), faults_of(scene.id, "image"):
                pixels = read_pixels(scene, area)
                land = port_land(pixels, area, observation.options.mask)
                rows = [{"port": observation.port.name, "land": shapely.to_wkb(land)}
                        | _scene_columns(scene) | overview(pixels)]  # fmt: skip
    except GnomonError:
        pass  # The map is then without land and picture.
    return pd.DataFrame(rows)


def _scene_columns(scene: Scene) -> dict[str, Any]:
    return {
        "scene_id": scene.id,
        "collection": scene.collection,
        "platform": scene.platform,
        "seen_at": scene.seen_at,
    }


def port_land(pixels: xr.Dataset, area: BaseGeometry, options: MaskOptions) -> BaseGeometry:
    """Land within an area as one scene shows it, EPSG:4326."""
    dry = usable_water(pixels, options)["land"].to_numpy()
    grid = grid_of(pixels)
    pieces = [
        shape(one)
        for one, value in rasterio.features.shapes(
            dry.astype(np.uint8), mask=dry, transform=grid.affine
        )
        if value
    ]
    kept = [piece.simplify(SMOOTH_M) for piece in pieces if piece.area >= LAND_MIN_M2]
    to_degrees = Transformer.from_crs(grid.crs, CRS, always_xy=True)
    placed = shapely.transform(
        shapely.union_all(kept),
        lambda xy: np.column_stack(to_degrees.transform(xy[:, 0], xy[:, 1])),
    )
    return shapely.make_valid(placed).intersection(area)


def overview(pixels: xr.Dataset) -> dict[str, Any]:
    """Picture of all pixels in Web Mercator, at most `WIDTH_MAX_PX` wide, and its edges.

    Returns
    -------
    dict
        Columns of `gnomon.datamodel.evidence_tables.Overviews`: ``picture``, and ``west``,
        ``south``, ``east`` and ``north``, degrees.

    """
    target = _mercator(grid_of(pixels))
    light = _warped(natural_bands(pixels), grid_of(pixels), target)
    opaque = np.where(np.isnan(light).any(axis=0), 0, 255).astype(np.uint8)
    image = Image.fromarray(np.dstack([stretched(light, water_light(pixels)), opaque]))
    file = io.BytesIO()
    image.save(file, "WEBP", quality=WEBP_QUALITY, method=6)
    box = target.boundingbox
    to_degrees = Transformer.from_crs(WEB_MERCATOR, CRS, always_xy=True)
    west, south = to_degrees.transform(box.left, box.bottom)
    east, north = to_degrees.transform(box.right, box.top)
    return {
        "west": west, "south": south, "east": east, "north": north, "picture": file.getvalue(),
    }  # fmt: skip


def _mercator(grid: GeoBox) -> GeoBox:
    """Grid over the same ground, of pixels no finer than the scene's own."""
    edges = rasterio.warp.transform_bounds(str(grid.crs), WEB_MERCATOR, *grid.boundingbox.bbox)
    left, bottom, right, top = edges
    box = BoundingBox(left, bottom, right, top, crs=WEB_MERCATOR)
    width = min(WIDTH_MAX_PX, grid.shape.x)
    return GeoBox.from_bbox(box, resolution=box.span_x / width, tight=True)


def _warped(stack: NDArray[np.float32], grid: GeoBox, target: GeoBox) -> NDArray[np.float32]:
    made = np.full((len(stack), *target.shape.yx), np.nan, np.float32)
    rasterio.warp.reproject(
        stack, made, src_transform=grid.affine, src_crs=str(grid.crs), src_nodata=np.nan,
        dst_transform=target.affine, dst_crs=WEB_MERCATOR, dst_nodata=np.nan,
        resampling=Resampling.average, num_threads=1,
    )  # fmt: skip
    return made
