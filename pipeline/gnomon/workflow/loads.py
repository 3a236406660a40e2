"""Ships and scenes to loads: where the load stage gets its pixels.

`read_loads` estimates loads for any table of detections (`gnomon.workflow.user_tables`) with
``detection_id``, ``scene_id`` and a place. An outline gives length, beam and heading; for a point
they are measured from the pixels around it, as those of the bright (or dark) patch that it lies on.
A run cuts the pixels from the windows that it has read for detection (`gnomon.workflow.observe`),
with the layers that `load_layers` makes of both.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from odc.geo.geobox import GeoBox

from gnomon.catalog.angles import with_angles
from gnomon.catalog.search import find_scenes
from gnomon.datamodel.errors import AssetError, StoreError
from gnomon.datamodel.files import write_table
from gnomon.datamodel.progress import Progress
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.study import CatalogOptions, LoadOptions, MaskOptions
from gnomon.freeboard import rows as stage
from gnomon.freeboard.patch import patch_at
from gnomon.freeboard.rows import ANGLES, SIZES
from gnomon.geo.grid import grid_of
from gnomon.geo.local import (
    box_around,
    grid_to_true_deg,
    place_on_grid,
    rectangle_around,
)
from gnomon.imagery.read import geobox_of, read_window, window_of
from gnomon.imagery.water import is_visible_only, shows_water, usable_water
from gnomon.workflow.user_tables.reading import UserTable, read_detections

LOAD_BANDS = ("pan", "blue", "green", "red", "nir", "swir16", "quality")
# A click and a ruler: shares of the size and parts of a pixel, as standard deviations.
_SIGMA = {"length_m": (0.06, 0.7), "beam_m": (0.15, 0.5)}
HEADING_SIGMA_DEG = 5.0
_KEPT = tuple(name for size in SIZES for name in (size, size.replace("_", "_sigma_", 1)))
_SEARCH_M = 200.0


def reader_of(scene: Scene, grid: GeoBox, options: MaskOptions) -> stage.Reader:
    """Read the pixels over an area, with what hides them where that is known."""

    def read(area: shapely.Polygon) -> xr.Dataset | None:
        try:
            window = window_of(scene, grid, area)
        except AssetError:  # beyond the scene's edge
            return None
        return _read_layers(scene, window, options)

    return read


def _read_layers(scene: Scene, window: GeoBox, options: MaskOptions) -> xr.Dataset:
    pixels = read_window(scene, window, bands=LOAD_BANDS)
    # Around one hull there is too little water to know it by its texture.
    enough = _has_masks(pixels) and not is_visible_only({str(name) for name in pixels})
    masks = usable_water(pixels, options) if enough else None
    return load_layers(pixels, masks, scene)


def load_layers(pixels: xr.Dataset, masks: xr.Dataset | None, scene: Scene) -> xr.Dataset:
    """What the load stage takes: bands at the scene's own pixel, and cloud, ice and land.

    Parameters
    ----------
    pixels
        Bands of a window.
    masks
        Layers of `usable_water`; they are left out where pixels are counts without a scale, of
        which no cloud can be determined.
    scene
        Whose pixels they are.

    """
    own = [n for n in stage.BANDS if n in pixels and not _coarser(scene, n)]
    layers = pixels[own]
    if masks is None or not _has_masks(pixels):
        return layers
    return layers.assign({name: masks[name] for name in ("cloud", "ice", "land")})


def _coarser(scene: Scene, name: str) -> bool:
    return (scene.assets[name].gsd_m or scene.gsd_m) > 1.01 * scene.gsd_m


def _has_masks(pixels: xr.Dataset) -> bool:
    """Whether the bands are reflectances from which cloud and land can be determined."""
    green = pixels["green"].to_numpy() if "green" in pixels else np.array([np.nan])
    level = float(np.nanmedian(green)) if np.isfinite(green).any() else np.nan
    return shows_water({str(name) for name in pixels}) and 0 < level < 1


def read_loads(
    detections: Path | UserTable,
    catalog: str,
    *,
    out: Path | None = None,
    options: LoadOptions | None = None,
    hosts: tuple[str, ...] = (),
    on_progress: Progress | None = None,
) -> gpd.GeoDataFrame:
    """Estimate the loads of any table of detections.

    Parameters
    ----------
    detections
        A file as `gnomon.workflow.user_tables` reads it, or such a table, read.
    catalog
        STAC API or static catalogue that has their scenes.
    out
        GeoParquet to be written, whole or not at all.
    options
        Of the stage.
    hosts
        Hosts that are not of the internet and that the catalogue may lead to.
    on_progress
        Called after each scene.

    Returns
    -------
    GeoDataFrame
        The rows in their order, with every column that they had, the load columns, and the size
        and axis that the load rests on, as they were given or measured, with their errors.

    Raises
    ------
    GnomonError
        The table cannot be used, or scenes that it names are not in the catalogue.

    """
    read = detections if isinstance(detections, UserTable) else read_detections(detections)
    table = read.frame.reset_index(drop=True)
    parts = []
    scenes = scenes_of(table, catalog, read.path, hosts=hosts)
    for count, (name, scene) in enumerate(scenes.items(), start=1):
        rows, reader = prepared(table[table.scene_id == name], scene)
        parts.append(stage.loads(rows, reader, options or LoadOptions()).join(rows[list(_KEPT)]))
        if on_progress:
            on_progress(count, len(scenes), name)
    columns = (*stage.COLUMNS, *_KEPT)
    loads = pd.concat(parts).reindex(table.index) if parts else pd.DataFrame(columns=columns)
    kept = table.drop(columns=[name for name in columns if name in table])
    # Columns have their type also where every value is missing.
    words = ("load_state", "load_reason")
    result = kept.join(loads.astype({n: "str" if n in words else float for n in columns}))
    if out:
        write_table(result, out)
    return result


def scenes_of(
    table: gpd.GeoDataFrame, catalog: str, path: Path, *, hosts: tuple[str, ...] = ()
) -> dict[str, Scene]:
    """Scenes that a table (read from a path) names, with their angles.

    The catalogue may also lead to ``hosts``, which are not of the internet.

    Raises
    ------
    StoreError
        The catalogue lacks one.

    """
    wanted = list(dict.fromkeys(table.scene_id))
    if not wanted:
        return {}
    options = CatalogOptions(url=catalog, max_cloud_percent=100, hosts=hosts)
    found = find_scenes(options, area=None, ids=wanted)
    scenes = {scene.id: scene for scene in (*found.scenes, *found.cloudy)}
    faults = {fault.item: str(fault.error) for fault in found.faults}
    if lost := [name for name in wanted if name not in scenes]:
        why = "; ".join(f"{name} ({faults.get(name, 'no such item')})" for name in lost)
        raise StoreError(f"{path}: not to be had from {catalog}: {why}")
    return {name: with_angles(scenes[name]) for name in wanted}


def prepared(table: gpd.GeoDataFrame, scene: Scene) -> tuple[gpd.GeoDataFrame, stage.Reader]:
    """Rows of one scene as the stage wants them, and who reads the pixels."""
    read: stage.Reader = _nothing
    if scene.sensor == "optical":  # a radar scene may have no grid at all
        read = reader_of(scene, geobox_of(scene), MaskOptions())
    fixed = {name: getattr(scene, name) for name in (*ANGLES, "sensor", "gsd_m")}
    rows = [fixed | size for size in _sizes(table, scene, read)]
    return gpd.GeoDataFrame(rows, index=table.index, geometry="geometry", crs="EPSG:4326"), read


def _nothing(_: shapely.Polygon) -> None:
    return None


def _sizes(table: gpd.GeoDataFrame, scene: Scene, read: stage.Reader) -> Iterator[dict[str, Any]]:
    for _, row in table.iterrows():
        centre = row.geometry
        given = {name: float(row[name]) for name in SIZES if pd.notna(row.get(name))}
        measured = {}
        if not set(SIZES) <= set(given) and scene.sensor == "optical":
            measured = _of_pixels(read, centre)
        size = dict.fromkeys(SIZES, np.nan) | measured | given
        for name in _SIGMA:
            usual = sigma_of(name, size[name], scene.gsd_m)
            size[f"{name[:-2]}_sigma_m"] = _given(row, f"{name[:-2]}_sigma_m", usual)
        size["heading_sigma_deg"] = _given(row, "heading_sigma_deg", HEADING_SIGMA_DEG)
        yield size | {"geometry": centre, "footprint": _rectangle(centre, size)}


def sigma_of(name: str, size_m: float, gsd_m: float) -> float:
    """Error of a length or beam (``length_m``, ``beam_m``) that was given or measured by hand."""
    share, pixels = _SIGMA[name]
    return share * size_m + pixels * gsd_m


def _given(row: pd.Series, name: str, usual: float) -> float:
    value = row.get(name)
    return usual if value is None or pd.isna(value) or value <= 0 else float(value)


def _of_pixels(read: stage.Reader, centre: shapely.Point) -> dict[str, float]:
    """Length, beam and axis of the patch that a point lies on; nothing where there is none."""
    pixels = read(box_around(centre, half_m=_SEARCH_M))
    names = [name for name in stage.BANDS if pixels is not None and name in pixels]
    if pixels is None or not names:
        return {}
    box = grid_of(pixels)
    place, convergence = place_on_grid(centre, box.crs)
    column, row = (float(v) for v in ~box.affine @ tuple(place))
    stack = np.stack([pixels[name].to_numpy() for name in names])
    if not np.isfinite(stack).any(axis=(1, 2)).all():
        return {}
    patch = patch_at(stack, row=row, column=column, gsd_m=abs(float(box.resolution.x)))
    if patch is None:
        return {}
    axis = grid_to_true_deg(patch.heading_deg, convergence) % 180.0
    return {"length_m": patch.length_m, "beam_m": patch.beam_m, "heading_deg": axis}


def _rectangle(centre: shapely.Point, size: dict[str, float]) -> shapely.Polygon:
    """A hull as a rectangle; one of unknown size takes no room."""
    length, beam, axis = np.nan_to_num([size[name] for name in SIZES])
    length_m, beam_m = max(length, 1.0), max(beam, 1.0)
    return rectangle_around(centre, length_m=length_m, beam_m=beam_m, heading_deg=axis)
