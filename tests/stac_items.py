"""STAC items in the shape of two providers, and the way to their scenes."""

import hashlib
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
    """An item in the shape of the Copernicus Data Space (STAC 1.1).

    Names of fields, and which of them an asset has, are those of its answers of May 2025 and of
    June 2026: numbers at the asset, bands without ``eo:bands``, SHA-3 of the rasters, a checksum of
    the metadata that is no multihash (MD5, of 32 bytes), view angles of the item and of each band.
    """
    product = "S2C_MSIL2A_20250628T024141_N0511_R089_T51RTQ_20250628T074719"
    folder = f"s3://eodata/Sentinel-2/MSI/L2A/2025/06/28/{product}.SAFE/GRANULE/L2A_T51RTQ_A004237"
    nodes = f"https://zipper.dataspace.copernicus.eu/odata/v1/Products(0)/Nodes({product}.SAFE)"
    in_s3 = {"auth:refs": ["s3"], "storage:refs": ["cdse-s3", "creodias-s3"]}

    def raster(name: str, metres: int) -> dict[str, Any]:
        file = f"T51RTQ_20250628T024141_{name}_{metres}m.jp2"
        return {
            "href": f"{folder}/IMG_DATA/R{metres}m/{file}",
            "alternate": {
                "https": {"href": f"{nodes}/Nodes({file})/$value", "auth:refs": ["oidc"]}
            },
            "type": "image/jp2",
            "gsd": metres,
            "nodata": 0,
            "proj:code": "EPSG:32651",
            "file:size": 100_000_000 // metres,
            "file:checksum": "1620" + hashlib.sha3_256(file.encode()).hexdigest(),
            "roles": ["data", f"gsd:{metres}m"],
            **in_s3,
        }

    def band(name: str, metres: int, common: str) -> dict[str, Any]:
        return raster(name, metres) | {
            "bands": [{"name": name, "eo:common_name": common, "eo:center_wavelength": 0.5}],
            "data_type": "uint16",
            "raster:scale": 0.0001,
            "raster:offset": -0.1,
            "roles": ["data", "reflectance", "sampling:original", f"gsd:{metres}m"],
            "view:azimuth": 112.0,
            "view:incidence_angle": 4.0,
        }

    named = [("B02", "blue"), ("B03", "green"), ("B04", "red"), ("B08", "nir"), ("B11", "swir16")]
    assets = {
        f"{name}_{metres}m": band(name, metres, common)
        for metres in (60, 20, 10)
        for name, common in named
        if (name, metres) not in {("B11", 10), ("B08", 20), ("B08", 60)}
    }
    assets["SCL_20m"] = raster("SCL", 20) | {"data_type": "uint8"}
    assets["TCI_10m"] = raster("TCI", 10) | {
        "bands": [{"name": "B04", "eo:common_name": "red"}, {"name": "B03"}, {"name": "B02"}],
        "roles": ["visual", "sampling:original", "gsd:10m"],
    }
    assets["granule_metadata"] = {
        "href": f"{folder}/MTD_TL.xml",
        "type": "application/xml",
        "file:size": 626901,
        "file:checksum": "d50120" + "7f" * 32,
        "roles": ["metadata"],
        **in_s3,
    }
    assets["Product"] = {
        "href": f"{nodes}/$value",
        "type": "application/zip",
        "auth:refs": ["oidc"],
        "file:size": 890472483,
        "file:checksum": "d50110" + "7f" * 16,
        "roles": ["data", "metadata", "archive"],
    }
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": product,
        "collection": "sentinel-2-l2a",
        "geometry": mapping(box(124.9, 38.0, 126.0, 39.0)),
        "bbox": [124.9, 38.0, 126.0, 39.0],
        "properties": {
            "datetime": "2025-06-28T02:41:41.024Z",
            "platform": "sentinel-2c",
            "constellation": "sentinel-2",
            "grid:code": "MGRS-51RTQ",
            "processing:version": "05.11",
            "processing:datetime": "2025-06-28T07:47:19.000000Z",
            "product:type": "S2MSI2A",
            "eopf:datatake_id": "GS2C_20250628T024141_004237_N05.11",
            "sat:relative_orbit": 89,
            "view:azimuth": 112.9,
            "view:incidence_angle": 4.03,
            "view:sun_azimuth": 163.2,
            "view:sun_elevation": 28.6,
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
