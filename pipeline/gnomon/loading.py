"""Ships and scenes to loads: where the load stage meets the pixels.

A run calls `with_loads` for what its detector found. `read_loads` does the same for a table of
anybody's: GeoParquet, GeoJSON or CSV with ``detection_id``, ``scene_id`` and a place. An outline
gives length, beam and heading; a bare point has them measured from the pixels around it, as the
bright (or dark) patch that it lies on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Geod
from scipy import ndimage
from skimage.filters import apply_hysteresis_threshold
from skimage.measure import label, regionprops

from gnomon.errors import AssetError, StoreError
from gnomon.fetch import mask, raster
from gnomon.fetch.catalog import find_scenes
from gnomon.fetch.geometry import with_angles
from gnomon.load import rows as stage
from gnomon.scene import Scene
from gnomon.store import write_table
from gnomon.study import CatalogOptions, LoadOptions, MaskOptions, Study

LOAD_BANDS = ("pan", "blue", "green", "red", "nir", "swir16", "scl")
NEEDED = ("detection_id", "scene_id")
ANGLES = ("sun_azimuth_deg", "sun_elevation_deg", "view_azimuth_deg", "view_zenith_deg")
SIZES = ("length_m", "beam_m", "heading_deg")
# A click and a ruler: shares of the size and parts of a pixel, as standard deviations.
_SIGMA = {"length_m": (0.06, 0.7), "beam_m": (0.15, 0.5)}
_HEADING_SIGMA_DEG = 5.0
_SEARCH_M = 200.0
# Deviations of the water: below the first a pixel is water, above the last it is a ship, and so are
# pixels between that touch it.
_CALM, _UNLIKE = 3.0, (4.5, 8.0)
_LEAST_PART = 4
# The blur of a white deck reaches far: the edge is at half of its light, less for grey parts.
_EDGE = 0.35
_EARTH = Geod(ellps="WGS84")
Progress = Callable[[int, int, str], None]


def with_loads(
    found: list[dict[str, Any]], scene: Scene, grid: GeoBox, study: Study
) -> list[dict[str, Any]]:
    """Rows of a detector with the load columns filled in."""
    if not study.load.enabled or not found:
        return found
    frame = gpd.GeoDataFrame(found, geometry="geometry", crs="EPSG:4326")
    read = reader_of(scene, grid, study.mask)
    told = stage.loads(frame, read, study.load).astype(object)
    loads = told.where(told.notna(), None).to_dict("records")
    return [row | load for row, load in zip(found, loads, strict=True)]


def reader_of(scene: Scene, grid: GeoBox, options: MaskOptions) -> stage.Reader:
    """Read the pixels over an area, with what hides them where that can be told."""

    def read(area: shapely.Polygon) -> xr.Dataset | None:
        try:
            window = raster.window_of(scene, grid, area)
        except AssetError:  # beyond the scene's edge
            return None
        pixels = raster.read_window(scene, window, bands=LOAD_BANDS)
        coarse = [n for n in pixels if n in scene.assets and _coarser(scene, str(n))]
        return _masked(pixels, options).drop_vars([n for n in coarse if n in stage.BANDS])

    return read


def _coarser(scene: Scene, name: str) -> bool:
    return (scene.assets[name].gsd_m or scene.gsd_m) > 1.01 * scene.gsd_m


def _masked(pixels: xr.Dataset, options: MaskOptions) -> xr.Dataset:
    """Add cloud, ice and land; counts that are no reflectance have none that can be told."""
    level = float(np.nanmedian(pixels["green"])) if "green" in pixels else np.nan
    if not ({"nir", "swir16"} & set(pixels)) or not 0 < level < 1:
        return pixels
    layers = mask.usable_water(pixels, options)
    return pixels.assign({name: layers[name] for name in ("cloud", "ice", "land")})


def read_loads(
    detections: Path,
    catalog: str,
    *,
    out: Path | None = None,
    options: LoadOptions | None = None,
    progress: Progress | None = None,
) -> gpd.GeoDataFrame:
    """Read the loads of anybody's detections.

    Parameters
    ----------
    detections
        GeoParquet, GeoJSON or CSV (columns ``lon`` and ``lat``), as the module's head says.
    catalog
        STAC API or static catalogue that has their scenes.
    out
        GeoParquet to be written, whole or not at all.
    options
        Of the stage.
    progress
        Told of each scene that is done.

    Returns
    -------
    GeoDataFrame
        The rows in their order, with every column that they had and the load columns.

    Raises
    ------
    GnomonError
        The table cannot be used, or scenes that it names are not in the catalogue.

    """
    table = read_detections(detections)
    parts = []
    scenes = scenes_of(table, catalog, detections)
    for count, (name, scene) in enumerate(scenes.items(), start=1):
        rows, read = prepared(table[table.scene_id == name], scene)
        parts.append(stage.loads(rows, read, options or LoadOptions()))
        if progress:
            progress(count, len(scenes), name)
    told = pd.concat(parts).reindex(table.index) if parts else pd.DataFrame(columns=stage.COLUMNS)
    kept = table.drop(columns=[name for name in stage.COLUMNS if name in table])
    result = kept.join(told.astype(dict.fromkeys(("load_state", "load_reason"), object)))
    if out:
        write_table(result, out)
    return result


def read_detections(path: Path) -> gpd.GeoDataFrame:
    """Read a table of detections, in EPSG:4326, rows numbered from 0.

    Raises
    ------
    StoreError
        It cannot be read, or lacks something, or a row has no place; every fault is named.

    """
    frame = _opened(path).reset_index(drop=True)
    if missing := [name for name in NEEDED if name not in frame]:
        raise StoreError(f"{path}: lacks the column(s) {', '.join(missing)}")
    if frame.crs is None:
        raise StoreError(f"{path}: has no CRS; write one into the file (EPSG:4326 for degrees)")
    lost = frame.geometry.isna() | frame.geometry.is_empty | frame[list(NEEDED)].isna().any(axis=1)
    if lost.any():
        where = ", ".join(str(n + 1) for n in np.flatnonzero(lost))
        raise StoreError(f"{path}: row(s) {where} lack a place, a detection_id or a scene_id")
    doubled = frame.detection_id[frame.detection_id.duplicated()].unique()
    if len(doubled):
        raise StoreError(f"{path}: detection_id {', '.join(map(str, doubled))} is there twice")
    for name in SIZES:
        frame[name] = pd.to_numeric(frame[name], errors="coerce") if name in frame else np.nan
        if (frame[name] <= 0).any() and name != "heading_deg":
            raise StoreError(f"{path}: {name} must be positive")
    return frame.to_crs(4326)


def _opened(path: Path) -> gpd.GeoDataFrame:
    try:
        if path.suffix.lower() == ".parquet":
            return gpd.read_parquet(path)
        if path.suffix.lower() != ".csv":
            return gpd.read_file(path)
        plain = pd.read_csv(path)
        lon, lat = (pd.to_numeric(plain[name], errors="coerce") for name in ("lon", "lat"))
    except KeyError as error:
        raise StoreError(f"{path}: lacks the column {error}; a CSV has lon and lat") from error
    except Exception as error:  # pyogrio and pandas raise several unrelated types
        why = " ".join(str(error).split())
        raise StoreError(f"{path}: cannot be read as GeoParquet, GeoJSON or CSV ({why})") from error
    return gpd.GeoDataFrame(plain, geometry=gpd.points_from_xy(lon, lat), crs="EPSG:4326")


def scenes_of(table: gpd.GeoDataFrame, catalog: str, path: Path) -> dict[str, Scene]:
    """Scenes that a table (read from a path) names, with their angles.

    Raises
    ------
    StoreError
        The catalogue lacks one.

    """
    wanted = list(dict.fromkeys(table.scene_id))
    if not wanted:
        return {}
    area = shapely.box(*table.total_bounds).buffer(0.01)
    found = find_scenes(CatalogOptions(url=catalog, max_cloud_percent=100), area=area)
    scenes = {scene.id: scene for scene in (*found.scenes, *found.cloudy)}
    faults = {fault.item: str(fault.error) for fault in found.faults}
    if lost := [name for name in wanted if name not in scenes]:
        why = "; ".join(f"{name} ({faults.get(name, 'no such item')})" for name in lost)
        raise StoreError(f"{path}: not to be had from {catalog}: {why}")
    return {name: with_angles(scenes[name]) for name in wanted}


def prepared(table: gpd.GeoDataFrame, scene: Scene) -> tuple[gpd.GeoDataFrame, stage.Reader]:
    """Rows of one scene as the stage wants them, and who reads the pixels."""
    grid = raster.geobox_of(scene)
    read = reader_of(scene, grid, MaskOptions())
    rows = pd.concat([_completed(table, scene, read)], axis=1).set_index(table.index)
    return gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4326"), read


def _completed(table: gpd.GeoDataFrame, scene: Scene, read: stage.Reader) -> pd.DataFrame:
    fixed = {name: getattr(scene, name) for name in (*ANGLES, "sensor", "gsd_m")}
    return pd.DataFrame([fixed | size for size in _sizes(table, scene, read)])


def _sizes(table: gpd.GeoDataFrame, scene: Scene, read: stage.Reader) -> Iterator[dict[str, Any]]:
    for _, row in table.iterrows():
        shape = row.geometry
        size = _of_outline(shape) if shape.geom_type != "Point" else {}
        given = {name: float(row[name]) for name in SIZES if pd.notna(row[name])}
        if not set(SIZES) <= set(size | given) and scene.sensor == "optical":
            size = _of_pixels(read, shape.centroid) | size
        size = dict.fromkeys(SIZES, 0.0) | size | given
        for name in _SIGMA:
            usual = sigma_of(name, size[name], scene.gsd_m)
            size[f"{name[:-2]}_sigma_m"] = _given(row, f"{name[:-2]}_sigma_m", usual)
        size["heading_sigma_deg"] = _given(row, "heading_sigma_deg", _HEADING_SIGMA_DEG)
        centre = shape.centroid
        yield size | {"geometry": centre, "footprint": _rectangle(centre, size)}


def sigma_of(name: str, size_m: float, gsd_m: float) -> float:
    """Error of a length or beam (``length_m``, ``beam_m``) that was told or measured by hand."""
    share, pixels = _SIGMA[name]
    return share * size_m + pixels * gsd_m


def _given(row: pd.Series, name: str, usual: float) -> float:
    value = row.get(name)
    return usual if value is None or pd.isna(value) or value <= 0 else float(value)


def _of_outline(shape: shapely.Geometry) -> dict[str, float]:
    """Size of the smallest rectangle around an outline, in metres on the ellipsoid."""
    corners = shapely.get_coordinates(_straight(shape))
    if len(corners) < 4:
        return {}
    edges = [_EARTH.inv(*corners[k], *corners[k + 1]) for k in (0, 1)]
    (axis, _, length), (_, _, beam) = sorted(edges, key=lambda edge: -edge[2])
    return {"length_m": length, "beam_m": max(beam, 1.0), "heading_deg": axis % 180.0}


def _straight(shape: shapely.Geometry) -> shapely.Geometry:
    """Smallest rectangle, found where a degree east is as long as one north."""
    shrink = float(np.cos(np.deg2rad(shape.centroid.y)))
    flat = shapely.transform(shape, lambda xy: xy * (shrink, 1))
    return shapely.transform(flat.minimum_rotated_rectangle, lambda xy: xy / (shrink, 1))


def _of_pixels(read: stage.Reader, centre: shapely.Point) -> dict[str, float]:
    """Length, beam and axis of the patch that a point lies on; nothing where there is none."""
    pixels = read(centre.buffer(_SEARCH_M / 111_000).envelope)
    names = [name for name in stage.BANDS if pixels is not None and name in pixels]
    if pixels is None or not names:
        return {}
    box: GeoBox = pixels.odc.geobox
    place, turn = stage.on_grid(centre, box)
    column, row = (float(v) for v in ~box.affine @ tuple(place))
    stack = np.stack([pixels[name].to_numpy() for name in names])
    patch = patch_at(stack, row=row, column=column, gsd_m=abs(float(box.resolution.x)))
    if patch is None:
        return {}
    axis = (patch.heading_deg - turn) % 180.0
    return {"length_m": patch.length_m, "beam_m": patch.beam_m, "heading_deg": axis}


@dataclass(frozen=True, kw_only=True)
class Patch:
    """The bright patch that a click lies on: what it says of a ship before any fit."""

    row: float
    column: float
    """Its middle, pixels from the outer corner of the first one."""
    length_m: float
    beam_m: float
    heading_deg: float
    """Its axis, from the grid's north, 0 to 180."""
    pixels: NDArray[np.bool_]
    """Which belong to it, (rows, columns)."""


def patch_at(
    image: NDArray[np.floating], *, row: float, column: float, gsd_m: float
) -> Patch | None:
    """Measure the patch that a click in an image lies on; None where there is none.

    Parameters
    ----------
    image
        (bands, rows, columns), mostly water.
    row, column
        Of the click, in pixels from the outer corner of the first one.
    gsd_m
        Of the pixels.

    """
    away = _unlike_water(image)
    lit = label(ndimage.binary_closing(apply_hysteresis_threshold(away, *_UNLIKE)), connectivity=2)
    parts = regionprops(lit)
    near = [p for p in parts if _apart(p.coords, row, column) * gsd_m < max(15, 1.5 * gsd_m)]
    if not near:
        return None
    ship = _in_line(max(near, key=lambda p: p.area), parts)
    shine = away[tuple(ship.T)]
    ship = ship[shine >= _EDGE * np.median(shine)]
    middle = ship.mean(0)
    along, across = np.linalg.svd(ship - middle, full_matrices=False)[2]
    place = (ship - middle) @ along
    length = np.ptp(place) + 1.0
    middle = middle + along * (place.max() + place.min()) / 2
    pixels = np.zeros(lit.shape, bool)
    pixels[tuple(ship.T)] = True
    return Patch(
        row=float(middle[0] + 0.5),
        column=float(middle[1] + 0.5),
        length_m=float(length * gsd_m),
        # A strip has a variance of a twelfth of its breadth squared.
        beam_m=float(max(np.sqrt(12 * np.var((ship - middle) @ across)), 1.0) * gsd_m),
        heading_deg=float(np.rad2deg(np.arctan2(along[1], -along[0])) % 180.0),
        pixels=pixels,
    )


def _unlike_water(image: NDArray[np.floating]) -> NDArray[np.floating]:
    """How far each pixel's brightness and colour are from water's, in deviations of the water.

    None at all where it is darker in all bands: a shadow would lengthen the hull.
    """
    level = np.nanmedian(image, axis=(1, 2), keepdims=True)
    spread = 1.4826 * np.nanmedian(np.abs(image - level), axis=(1, 2), keepdims=True)
    score = (image - level) / np.maximum(spread, 1e-9)
    calm = (np.abs(score) < _CALM).all(axis=0)
    water = np.atleast_2d(np.cov(image[:, calm])) + 1e-6 * np.diag(spread.ravel() ** 2 + 1e-12)
    rest = np.nan_to_num(image - level)
    away = np.sqrt(np.einsum("irc,ij,jrc->rc", rest, np.linalg.inv(water), rest))
    return np.where(np.nan_to_num(score).max(axis=0) > 0, away, 0.0)


def _in_line(part: Any, parts: list[Any]) -> NDArray[np.intp]:
    """Pixels of a ship that the shadow of her superstructure, or dark hatches, cut into parts.

    Those ahead and astern of the part that was clicked, on the same axis, closer than her beam.
    """
    ship = part.coords
    others = [p for p in parts if p.label != part.label and p.area >= _LEAST_PART]
    while True:
        middle = ship.mean(0)
        along, across = np.linalg.svd(ship - middle, full_matrices=False)[2]
        beam = max(np.sqrt(12 * np.var((ship - middle) @ across)), 2.0)
        ends = np.sort((ship - middle) @ along)[[0, -1]]
        joined = [
            p
            for p in others
            if _continues((p.coords - middle) @ np.array([along, across]).T, ends, beam)
        ]
        if not joined:
            return ship
        ship = np.concatenate([ship, *(p.coords for p in joined)])
        others = [p for p in others if p not in joined]


def _continues(places: NDArray[np.floating], ends: NDArray[np.floating], beam: float) -> bool:
    """Whether a part (along, across; pixels) lies on the axis and within a beam of either end."""
    gap = max(places[:, 0].min() - ends[1], ends[0] - places[:, 0].max())
    return bool(abs(places[:, 1].mean()) < beam / 2 and gap < beam)


def _apart(coords: Any, row: float, column: float) -> float:
    return float(np.hypot(*(coords + 0.5 - (row, column)).T).min())


def _rectangle(centre: shapely.Point, size: dict[str, float]) -> shapely.Polygon:
    heading = np.deg2rad(size["heading_deg"])
    ahead = np.array([np.sin(heading), np.cos(heading)]) * max(size["length_m"], 1.0) / 2
    aside = np.array([np.cos(heading), -np.sin(heading)]) * max(size["beam_m"], 1.0) / 2
    degrees = np.array([111_320 * np.cos(np.deg2rad(centre.y)), 110_574])
    corners = [ahead + aside, ahead - aside, -ahead - aside, -ahead + aside]
    return shapely.Polygon([np.array([centre.x, centre.y]) + c / degrees for c in corners])
