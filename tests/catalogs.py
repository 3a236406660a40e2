"""Static STAC catalogues made on the fly, whose pixels encode their place, and searches in them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.enums import Resampling
from rasterio.warp import transform_geom
from shapely.geometry import box, mapping, shape

from gnomon.catalog.search import find_scenes
from gnomon.datamodel.errors import CatalogError
from gnomon.datamodel.study import CatalogOptions
from hostile import Answer, Handler, document

GTIFF = "image/tiff; application=geotiff; profile=cloud-optimized"
BANDS_10M = ("blue", "green", "red", "nir")
BANDS_20M = ("swir16", "scl")
EPSG = 32652


def counts(name: str, rows: int, columns: int) -> np.ndarray:
    """DN that differ by band, row and column, with a corner of nodata (0)."""
    if name == "scl":
        grid = np.add.outer(np.arange(rows) // 7, np.arange(columns) // 5) % 11 + 1
        return grid.astype("uint8")
    seed = 997 * (1 + (*BANDS_10M, *BANDS_20M).index(name))
    values = (np.add.outer(np.arange(rows) * 31, np.arange(columns) * 7) + seed) % 9000 + 1
    values[: rows // 8, : columns // 8] = 0
    return values.astype("uint16")


def write_raster(path: Path, values: np.ndarray, *, transform: Affine, **profile: Any) -> Path:
    """Write one band; a COG unless ``driver`` says otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows, columns = values.shape
    options = {"driver": "COG", "crs": f"EPSG:{EPSG}", "nodata": 0} | profile
    if options["driver"] == "COG":
        options |= {"blocksize": 128, "compress": "deflate", "overviews": "NONE"}
    with rasterio.open(
        path,
        "w",
        width=columns,
        height=rows,
        count=1,
        dtype=values.dtype,
        transform=transform,
        **options,
    ) as file:
        file.write(values, 1)
    return path


def write_scene(
    folder: Path,
    name: str,
    *,
    seen_at: str,
    corner: tuple[float, float] = (500_000.0, 4_740_000.0),
    shape_px: tuple[int, int] = (300, 400),
    suffix: str = ".tif",
    profile: dict[str, Any] | None = None,
    properties: dict[str, Any] | None = None,
    bands: tuple[str, ...] = (*BANDS_10M, *BANDS_20M),
) -> dict[str, Any]:
    """Write the files of a scene and give its item, with addresses relative to the item."""
    rows, columns = shape_px
    assets = {}
    for band in bands:
        step = 2 if band in BANDS_20M else 1
        transform = Affine(10 * step, 0, corner[0], 0, -10 * step, corner[1])
        values = counts(band, rows // step, columns // step)
        write_raster(
            folder / name / f"{band}{suffix}", values, transform=transform, **(profile or {})
        )
        assets[band] = _asset(band, suffix)
    left, top = corner
    outline = transform_geom(
        f"EPSG:{EPSG}",
        "EPSG:4326",
        mapping(box(left, top - 10 * rows, left + 10 * columns, top)),
    )
    item = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [],
        "id": name,
        "collection": "sentinel-2-l2a",
        "geometry": outline,
        "bbox": list(shape(outline).bounds),
        "properties": {
            "datetime": seen_at,
            "platform": "sentinel-2c",
            "constellation": "sentinel-2",
            "eo:cloud_cover": 10.0,
            "view:sun_azimuth": 160.0,
            "view:sun_elevation": 40.0,
            "s2:processing_baseline": "05.11",
            **(properties or {}),
        },
        "assets": assets,
        "links": [],
    }
    path = folder / name / f"{name}.json"
    path.write_text(json.dumps(item))
    return item


def _asset(band: str, suffix: str) -> dict[str, Any]:
    step = 20 if band in BANDS_20M else 10
    numbers = {"nodata": 0} if band == "scl" else {"nodata": 0, "scale": 1e-4, "offset": -0.1}
    return {
        "href": f"./{band}{suffix}",
        "type": "image/jp2" if suffix == ".jp2" else GTIFF,
        "roles": ["data"],
        "gsd": step,
        "raster:bands": [numbers],
    }


def write_catalog(folder: Path, items: list[dict[str, Any] | str]) -> Path:
    """Write root and one collection over items, by name where they are not on disk as given."""
    names = [item if isinstance(item, str) else f"{item['id']}/{item['id']}.json" for item in items]
    root = {
        "type": "Catalog",
        "stac_version": "1.0.0",
        "id": "test",
        "description": "made by a test",
        "links": [{"rel": "child", "href": "./collection.json"}],
    }
    collection = {
        "type": "Collection",
        "stac_version": "1.0.0",
        "id": "sentinel-2-l2a",
        "description": "made by a test",
        "license": "other",
        "extent": {
            "spatial": {"bbox": [[-180, -90, 180, 90]]},
            "temporal": {"interval": [[None, None]]},
        },
        "links": [{"rel": "item", "href": f"./{name}"} for name in names],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "collection.json").write_text(json.dumps(collection))
    (folder / "catalog.json").write_text(json.dumps(root))
    return folder / "catalog.json"


def with_addresses(item: dict[str, Any], base: str) -> dict[str, Any]:
    """An item as an API lists it: its files by full address."""
    assets = {
        name: asset | {"href": f"{base}/{item['id']}/{asset['href'].removeprefix('./')}"}
        for name, asset in item["assets"].items()
    }
    return item | {"assets": assets}


def api(url: str, collection: str, search: Answer) -> dict[str, Answer]:
    """Answers of a STAC API of one collection, whose search is a test's own."""
    link = {"rel": "search", "href": f"{url}/search", "type": "application/geo+json"}
    classes = ["core", "item-search", "collections"]
    root = {
        "type": "Catalog",
        "stac_version": "1.0.0",
        "id": "api",
        "description": "made by a test",
        "conformsTo": [f"https://api.stacspec.org/v1.0.0/{name}" for name in classes],
        "links": [link | {"method": "POST"}, {"rel": "data", "href": f"{url}/collections"}],
    }
    listed = {
        "type": "Collection",
        "stac_version": "1.0.0",
        "id": collection,
        "description": "made by a test",
        "license": "other",
        "extent": {
            "spatial": {"bbox": [[-180, -90, 180, 90]]},
            "temporal": {"interval": [[None, None]]},
        },
        "links": [],
    }
    collections = {"collections": [listed], "links": []}
    return {"/": document(root), "/collections": document(collections), "/search": search}


def pages_by_offset(
    items: Sequence[dict[str, Any]],
    size: int,
    *,
    gone: int | None = None,
    says: dict[str, Any] | None = None,
) -> Answer:
    """A search in pages, counted from the first item; one item goes after the first page.

    It says how many match, or what a test wants it to say.
    """

    def answer(one: Handler) -> None:
        start = int(one.path.partition("?from=")[2] or 0)
        there = [item for n, item in enumerate(items) if not start or n != gone]
        link = {"rel": "next", "href": f"{one.server.url}/search?from={start + size}"}
        page = {
            "type": "FeatureCollection",
            "features": there[start : start + size],
            "links": [link] if start + size < len(there) else [],
            **(says or {"numberMatched": len(there)}),
        }
        document(page)(one)

    return answer


def plain_read(path: Path, *, scale: int = 1) -> np.ndarray:
    """What rasterio alone reads, brought to ``scale`` times its size as GDAL does it."""
    with rasterio.open(path) as file:
        rows, columns = file.height * scale, file.width * scale
        values: np.ndarray = file.read(1, out_shape=(rows, columns), resampling=Resampling.bilinear)
        return values


def quick_options(url: str | Path, **changes: Any) -> CatalogOptions:
    """Options of a catalogue that may lead to this machine, where the files of its items lie."""
    quick = {"timeout_s": 2.0, "total_timeout_s": 20.0, "retries": 0, "hosts": ("127.0.0.1",)}
    return CatalogOptions(url=str(url), **(quick | changes))


def refused(url: str | Path, why: str, **changes: Any) -> CatalogError:
    """Search, and check that the error is one line with the address and what to do."""
    with pytest.raises(CatalogError, match=why) as raised:
        find_scenes(quick_options(url, **changes), area=None)
    text = str(raised.value)
    assert text.startswith(f"{url}: ")
    assert "\n" not in text
    assert "; " in text
    return raised.value
