"""Scene and area to calibrated pixels, on the scene's own grid.

The finest band sets the grid. A window is the area's outline, taken to the scene's projection and
snapped outward to whole pixels; only the blocks under it are read, by range requests where the file
is remote. Bands on that grid come out as the file has them, scaled: nothing resamples them, because
a shadow narrower than a pixel would not survive it. Coarser bands (20 m) are brought to the grid by
bilinear interpolation between their pixel centres, a quality layer by the nearest. Both depend
on the file alone and not on the window, so that neighbouring windows agree to the bit.

Files are opened by `gnomon.imagery.rasters`.
"""

from collections.abc import Sequence
from math import ceil, floor

import numpy as np
import odc.geo.xr  # registers the .odc accessor
import rasterio
import shapely
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry
from rasterio.enums import Resampling
from rasterio.windows import Window
from shapely.geometry.base import BaseGeometry

from gnomon.catalog.gateway import HEADER_BYTES
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.scene import OPTICAL_BANDS, PAN, QUALITY, Asset, Scene
from gnomon.imagery.quality import Quality, quality_classes
from gnomon.imagery.rasters import Raster, raster_of, reading

Pixels = NDArray[np.float32]
BANDS = (*OPTICAL_BANDS, QUALITY)

STRIP_ROWS = 64
"""Rows that are scaled together: they stay near the processor, and nothing large is made twice."""
UNKNOWN_BYTES_PER_PIXEL = 1.2
"""Of a band of Sentinel-2 in JPEG 2000: 100 to 150 MB for 10,980 x 10,980 pixels."""


def geobox_of(scene: Scene) -> GeoBox:
    """Grid of the scene's finest band: shape, transform and CRS.

    Raises
    ------
    AssetError
        The band cannot be opened, has no CRS, or the scene is not geocoded (Sentinel-1 GRD).

    """
    asset = _finest(scene)
    with reading(scene, asset):
        return raster_of(scene, asset).grid


def read_pixels(
    scene: Scene, area: BaseGeometry | None, *, bands: Sequence[str] | None = None
) -> xr.Dataset:
    """Read what lies over an area.

    Parameters
    ----------
    scene
        An optical scene.
    area
        In EPSG:4326; None reads the whole scene.
    bands
        Common names, by default `BANDS`, and pan where that is all that there is. What the scene
        does not have is named in ``attrs["missing_bands"]``.

    Returns
    -------
    xarray.Dataset
        One float32 variable (y, x) per band: surface reflectance, `Quality` for quality, NaN where
        nothing was seen. ``.odc.geobox`` is the window's grid.

    Raises
    ------
    AssetError
        The area lies outside the scene, or a file is missing, damaged or on a grid of its own.

    """
    whole = geobox_of(scene)
    return read_window(scene, whole if area is None else window_of(scene, whole, area), bands=bands)


def window_of(scene: Scene, whole: GeoBox, area: BaseGeometry) -> GeoBox:
    """Smallest window of whole pixels of a grid that holds an area, cut at the grid's edge.

    Raises
    ------
    AssetError
        Nothing of the area lies on the grid.

    """
    # Far from its zone a UTM projection has no meaning: what is far from the scene goes first.
    near = shapely.union_all(
        [part.envelope.buffer(0.2) for part in shapely.get_parts(scene.footprint)]
    )
    outline = area.intersection(near)
    if not outline.is_empty:
        # 0.01 degrees: between such points a straight line strays by less than a tenth of a metre.
        pixels = whole.project(Geometry(outline, "EPSG:4326").segmented(0.01))
        left, top, right, bottom = pixels.geom.bounds
        rows = slice(max(floor(top), 0), min(ceil(bottom), whole.shape.y))
        columns = slice(max(floor(left), 0), min(ceil(right), whole.shape.x))
        if rows.start < rows.stop and columns.start < columns.stop:
            return whole[rows, columns]
    raise AssetError(scene.id, "geometry", "the area lies outside this scene; choose another")


def read_window(scene: Scene, window: GeoBox, *, bands: Sequence[str] | None = None) -> xr.Dataset:
    """Read a window of the scene's own grid; safe to call from several threads.

    Parameters
    ----------
    scene
        An optical scene.
    window
        A part of ``geobox_of(scene)``, for example ``geobox_of(scene)[0:2048, 0:2048]``.
    bands
        Common names, by default `BANDS`, and pan where that is all that there is. What the scene
        does not have is named in ``attrs["missing_bands"]``.

    Returns
    -------
    xarray.Dataset
        As ``read_pixels`` returns it.

    Raises
    ------
    AssetError
        A file is missing, damaged or on a grid of its own, or the window has more pixels than the
        study allows.

    """
    check_pixels(scene, window)
    if bands is None:
        bands = (*BANDS, PAN) if PAN in scene.assets else BANDS
    here = [name for name in bands if name in scene.assets]
    whole = geobox_of(scene)
    pixels = {name: _read(scene, name, whole, window) for name in here}
    return xr.Dataset(
        {name: (("y", "x"), values) for name, values in pixels.items()},
        coords=odc.geo.xr.xr_coords(window, dims=("y", "x")),
        attrs={
            "scene_id": scene.id,
            "missing_bands": tuple(name for name in bands if name not in scene.assets),
        },
    )


def check_pixels(scene: Scene, window: GeoBox) -> None:
    """Make sure that a window is not larger than the study allows.

    Raises
    ------
    AssetError
        It is.

    """
    rows, columns = window.shape.yx
    if rows * columns > (most := scene.trust.limits.pixels):
        why = f"has {columns:,} x {rows:,} pixels, more than [catalog.limits] pixels, {most:,}"
        raise AssetError(scene.id, "geometry", f"{why}; name smaller ports, or raise it")


def stored_bytes(scene: Scene, window: GeoBox) -> int:
    """Bytes that reading a window fetches, as its files have them: compressed, in whole blocks.

    Parameters
    ----------
    scene
        An optical scene.
    window
        A part of ``geobox_of(scene)``.

    Returns
    -------
    int
        The beginning of each file, and each block under the window once. Where a format does not
        say how long its blocks are (JPEG 2000), they count as `UNKNOWN_BYTES_PER_PIXEL`.

    Raises
    ------
    AssetError
        A file cannot be opened.

    """
    whole, blocks = geobox_of(scene), dict[tuple[str, int, int, int], int]()
    names = [name for name in (*BANDS, PAN) if name in scene.assets]
    for name in names:
        asset = scene.assets[name]
        with reading(scene, asset):
            raster = raster_of(scene, asset)
            part = _part(scene, asset, raster.grid, whole, window)
            with raster.turn():
                blocks |= stored_blocks(raster.source, asset, part)
    files = {scene.assets[name].href for name in names}
    return sum(blocks.values()) + len(files) * HEADER_BYTES


def stored_blocks(
    source: rasterio.DatasetReader, asset: Asset, part: Window
) -> dict[tuple[str, int, int, int], int]:
    """Bytes of each block under a window; bands that share blocks give them the same key."""
    height, width = source.block_shapes[asset.band - 1]
    shared = source.interleaving is not None and source.interleaving.name == "pixel"
    found = {}
    for down in range(int(part.row_off // height), ceil((part.row_off + part.height) / height)):
        for along in range(int(part.col_off // width), ceil((part.col_off + part.width) / width)):
            size = source.get_tag_item(f"BLOCK_SIZE_{along}_{down}", "TIFF", bidx=asset.band)
            unknown = 0 if source.driver == "GTiff" else UNKNOWN_BYTES_PER_PIXEL * height * width
            key = (asset.href, 0 if shared else asset.band, down, along)
            found[key] = int(size or unknown)
    return found


def _read(scene: Scene, name: str, whole: GeoBox, window: GeoBox) -> Pixels:
    """One band of a window, in physical units."""
    asset = scene.assets[name]
    with reading(scene, asset):
        raster = raster_of(scene, asset)
        part = _part(scene, asset, raster.grid, whole, window)
        resampling = Resampling.bilinear if asset.quality is None else Resampling.nearest
        with raster.turn():
            counts = raster.source.read(
                asset.band, window=part, out_shape=window.shape.yx, resampling=resampling
            )
            nodata = raster.source.nodata if asset.nodata is None else asset.nodata
            seen = _mask(scene, asset, raster, part, counts.shape)
    values = _physical(counts, asset, nodata)
    if seen is not None:
        values[seen == 0] = np.nan
    return values


def _physical(counts: NDArray[np.number], asset: Asset, nodata: float | None) -> Pixels:
    """Counts in physical units or classes, NaN for nodata."""
    values = np.empty(counts.shape, np.float32)
    for top in range(0, len(counts), STRIP_ROWS):
        rows = np.s_[top : top + STRIP_ROWS]
        if asset.quality is None:
            np.multiply(counts[rows], np.float32(asset.scale), out=values[rows], dtype=np.float32)
            if asset.offset:
                values[rows] += np.float32(asset.offset)
        else:
            classes = quality_classes(counts[rows], asset.quality)
            values[rows] = np.where(classes == Quality.NODATA, np.nan, classes)
        if nodata is not None:
            # Compared as counts, where 0 is 0; a nodata of NaN is NaN already.
            nothing = counts[rows] == nodata
            if nothing.any():
                values[rows][nothing] = np.nan
    return values


def _mask(
    scene: Scene, asset: Asset, raster: Raster, part: Window, shape: tuple[int, int]
) -> NDArray[np.uint8] | None:
    """Read a file's own mask or alpha band, if it has one."""
    # GDAL calls a fourth band of 8 bits alpha by default; the item knows better.
    named = {one.band for one in scene.assets.values() if one.href == asset.href}
    if not raster.masked or raster.alpha in named:
        return None
    mask: NDArray[np.uint8] = raster.source.read_masks(asset.band, window=part, out_shape=shape)
    return mask


def _part(scene: Scene, asset: Asset, grid: GeoBox, whole: GeoBox, window: GeoBox) -> Window:
    """Where a window of the scene's grid lies in a band's own columns and rows."""
    nesting = ~whole.affine @ grid.affine  # a band's pixels to the scene's
    ratio, left, top = round(nesting.a), round(nesting.c), round(nesting.f)
    nested = nesting.almost_equals(Affine(ratio, 0, left, 0, ratio, top), precision=1e-3)
    shift = ~whole.affine @ window.affine
    column, row = round(shift.c) - left, round(shift.f) - top
    rows, columns = window.shape
    inside = (
        min(column, row) >= 0
        and column + columns <= ratio * grid.shape.x
        and row + rows <= ratio * grid.shape.y
    )
    if grid.crs != whole.crs or not nested or not inside:
        why = f"its grid {_grid_text(grid)} does not fit the scene's {_grid_text(whole)}"
        raise AssetError(scene.id, asset.name, f"{why}; mend the item")
    return Window(column / ratio, row / ratio, columns / ratio, rows / ratio)


def _grid_text(grid: GeoBox) -> str:
    corner = f"{grid.affine.c:.10g} {grid.affine.f:.10g}"
    size = f"{grid.shape.x} x {grid.shape.y} px of {grid.resolution.x:g} m"
    return f"(EPSG:{grid.crs and grid.crs.to_epsg()}, corner {corner}, {size})"


def _finest(scene: Scene) -> Asset:
    """Asset whose grid is the scene's."""
    if scene.sensor == "sar":
        why = "is in radar geometry and not on a map; leave its collection out"
        raise AssetError(scene.id, scene.collection, why)
    for name in ("green", "blue", "red", "nir", PAN):
        asset = scene.assets.get(name)
        if asset and (asset.gsd_m or scene.gsd_m) <= scene.gsd_m:
            return asset
    raise AssetError(scene.id, "assets", f"no band has the scene's {scene.gsd_m:g} m; skip it")
