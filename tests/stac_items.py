"""STAC items in the shape of two providers, and the way to their scenes."""

import json
from pathlib import Path
from typing import Any

import pystac
from shapely.geometry import box, mapping

from gnomon.catalog.items import scene_from_item
from gnomon.datamodel.scene import Scene


def read_item(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def described(item: dict[str, Any]) -> Scene:
    return scene_from_item(pystac.Item.from_dict(item, migrate=False))


def cdse_item() -> dict[str, Any]:
    """An item in the shape of the Copernicus Data Space (STAC 1.1), numbers at the asset."""

    def band(name: str, metres: int, common: str) -> dict[str, Any]:
        return {
            "href": f"s3://eodata/Sentinel-2/{name}_{metres}m.jp2",
            "type": "image/jp2",
            "gsd": metres,
            "bands": [{"name": name, "eo:common_name": common}],
            "nodata": 0,
            "data_type": "uint16",
            "raster:scale": 0.0001,
            "raster:offset": -0.1,
            "roles": ["data", "reflectance"],
        }  # fmt: skip

    named = [("B02", "blue"), ("B03", "green"), ("B04", "red"), ("B08", "nir"), ("B11", "swir16")]
    assets = {
        f"{name}_{metres}m": band(name, metres, common)
        for metres in (60, 20, 10)
        for name, common in named
        if (name, metres) not in {("B11", 10), ("B08", 20), ("B08", 60)}
    }
    assets["SCL_20m"] = {"href": "s3://eodata/SCL_20m.jp2", "type": "image/jp2", "gsd": 20}
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": "S2C_MSIL2A_20250628T024141_N0511_R089_T51RTQ_20250628T074719",
        "collection": "sentinel-2-l2a",
        "geometry": mapping(box(124.9, 38.0, 126.0, 39.0)),
        "bbox": [124.9, 38.0, 126.0, 39.0],
        "properties": {
            "datetime": "2025-06-28T02:41:41.024Z",
            "platform": "sentinel-2c",
            "constellation": "sentinel-2",
            "processing:version": "05.11",
        },
        "assets": assets,
        "links": [],
    }


def own_item() -> dict[str, Any]:
    """A researcher's own image: one file of four bands, in an unknown collection."""
    common = ("blue", "green", "red", "nir")
    return cdse_item() | {
        "id": "mine",
        "collection": "harbour-0.5m",
        "properties": {
            "datetime": "2024-11-05T02:00:00Z",
            "gsd": 0.5,
            "view:off_nadir": 25,
            "view:azimuth": -90,
        },
        "assets": {
            "image": {
                "href": "./image.tif",
                "type": "image/tiff; application=geotiff",
                "eo:bands": [{"name": f"b{i}", "common_name": c} for i, c in enumerate(common)],
                "raster:bands": [{"scale": 1e-4, "nodata": "nan"}] * 4,
            },
            "visual": {
                "href": "./picture.tif",
                "type": "image/tiff; application=geotiff",
                "eo:bands": [{"common_name": c} for c in ("red", "green", "blue")],
            },
            "metadata": {"href": "./metadata.json", "type": "application/json"},
        },
    }
