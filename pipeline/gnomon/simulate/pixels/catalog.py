"""Simulated scenes as a static STAC catalogue, in the form in which real ones come.

DN are reflectance x 10000, as cloud-optimised GeoTIFFs; 20 m bands have 20 m pixels. Each item has
the outlines of its ships as an asset with the role ``labels``. Collections are called
``synthetic-...``, so that a simulated scene is never taken for a real one.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pystac
import rasterio
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pystac.layout import CustomLayoutStrategy
from rasterio.enums import Resampling
from shapely.geometry import mapping

from gnomon.datamodel.files import write_folder_whole
from gnomon.datamodel.static_catalog import static_catalog
from gnomon.simulate.pixels.light import BANDS
from gnomon.simulate.pixels.scene import SceneSpec

COLLECTION = "synthetic-sentinel-2"
COARSE = ("swir16", "scl")
"""Bands of twice the pixel."""
BESIDE = CustomLayoutStrategy(
    collection_func=lambda own, parent, __: f"{parent}/{own.id}.json",
    item_func=lambda item, parent: f"{parent}/{item.id}/{item.id}.json",
)
"""Items lie beside their files, as `write_scene` put them."""


def write_catalog(folder: Path, items: Iterable[pystac.Item], *, description: str) -> Path:
    """Write root, collection and items over files that are in place; the root comes last.

    Parameters
    ----------
    folder
        Holds a folder of files for each item, named after it.
    items
        From `write_scene`, at least one.

    """
    items = list(items)
    root = static_catalog(
        items,
        root_id="gnomon-synthetic",
        description=description,
        descriptions={str(item.collection_id): description for item in items},
        licence="Apache-2.0",
    )
    root.normalize_hrefs(str(folder), strategy=BESIDE)
    for child in root.get_children():
        child.save(pystac.CatalogType.SELF_CONTAINED)
    root.save_object(include_self_link=False)
    return folder / "catalog.json"


def write_scene(
    folder: Path, spec: SceneSpec, pixels: xr.Dataset, truth: gpd.GeoDataFrame
) -> pystac.Item:
    """Write the files of a scene, whole or not at all, and describe them.

    Parameters
    ----------
    folder
        Of the catalogue; the files go into a folder of the scene's id.
    spec
        What was simulated.
    pixels, truth
        What `simulate` returned.

    """
    bands = tuple(band for band in (*BANDS, "scl") if band in pixels)

    def write(scene: Path) -> None:
        for band in bands:
            _write_band(scene / f"{band}.tif", pixels[band].to_numpy(), band, spec)
        truth.to_file(scene / "ships.geojson", driver="GeoJSON")

    write_folder_whole(folder / spec.id, write)
    return scene_item(spec, bands)


def scene_item(spec: SceneSpec, bands: Sequence[str]) -> pystac.Item:
    """Describe a scene whose files `write_scene` has written.

    Parameters
    ----------
    spec
        What was simulated.
    bands
        Those that it was written with.

    """
    item = _item(spec)
    for band in bands:
        gsd_m = float(abs(_band_grid(spec, band).resolution.x))
        item.add_asset(band, _asset(band, gsd_m))
    labels = pystac.Asset(
        "./ships.geojson",
        title="outlines of the simulated ships",
        media_type=pystac.MediaType.GEOJSON,
        roles=["labels"],
    )
    item.add_asset("ships", labels)
    return item


def _item(spec: SceneSpec) -> pystac.Item:
    grid = spec.geobox
    outline = grid.extent.to_crs("EPSG:4326").geom
    light = spec.light
    return pystac.Item(
        id=spec.id,
        geometry=json.loads(json.dumps(mapping(outline))),
        bbox=list(outline.bounds),
        datetime=spec.seen_at,
        collection=spec.collection,
        properties={
            "platform": spec.platform,
            "constellation": "synthetic",
            "gsd": abs(grid.resolution.x),
            "proj:epsg": grid.crs.epsg if grid.crs else None,
            "eo:cloud_cover": round(100 * spec.weather.cloud, 1),
            "view:sun_azimuth": round(light.sun_azimuth_deg, 2),
            "view:sun_elevation": round(light.sun_elevation_deg, 2),
            "view:azimuth": light.view_azimuth_deg,
            "view:incidence_angle": light.view_zenith_deg,
            **dict(spec.properties),
        },
    )


def _asset(band: str, gsd_m: float) -> pystac.Asset:
    counted = {"nodata": 0} if band == "scl" else {"nodata": 0, "scale": 1e-4, "offset": 0}
    return pystac.Asset(
        f"./{band}.tif",
        media_type=pystac.MediaType.COG,
        roles=["data"] if band == "scl" else ["data", "reflectance"],
        extra_fields={"gsd": gsd_m, "raster:bands": [counted]},
    )


def _band_grid(spec: SceneSpec, band: str) -> GeoBox:
    """Grid of a band: coarse bands have twice the pixel where that divides the scene."""
    grid = spec.geobox
    halved = band in COARSE and not any(size % 2 for size in grid.shape.yx)
    return grid.zoom_out(2) if halved else grid


def _write_band(path: Path, values: NDArray[np.generic], band: str, spec: SceneSpec) -> None:
    grid = _band_grid(spec, band)
    step = spec.geobox.shape.y // grid.shape.y
    values = values[::step, ::step]
    if band != "scl":
        # 0 is nodata: the darkest measured water is 1.
        values = np.clip(np.round(values.astype(np.float64) * 10_000), 1, 65_535).astype(np.uint16)
    with rasterio.open(
        path,
        "w",
        driver="COG",
        width=grid.shape.x,
        height=grid.shape.y,
        count=1,
        dtype=values.dtype,
        crs=str(grid.crs),
        transform=grid.affine,
        nodata=0,
        compress="deflate",
        level=1,  # noise does not get smaller by more effort
        predictor="yes",
        blocksize=512,
        overviews="none",
        resampling=Resampling.nearest.name,
    ) as file:
        file.write(values, 1)
