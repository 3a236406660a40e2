"""Own images made on the fly, with their metadata, and the way to their scenes."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from rasterio.enums import ColorInterp
from rasterio.transform import array_bounds
from rasterio.warp import transform, transform_geom
from shapely.geometry import Point, box, mapping

from gnomon.catalog.local.catalog import Made, make_catalog
from gnomon.catalog.local.metadata import image_metadata
from gnomon.catalog.search import find_scenes
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.study import CatalogOptions

VOSTOCHNY = (640_000.0, 4_734_000.0)
"""A corner in UTM zone 52 north, near 130.7 E, 42.7 N."""
NOON = "2024-11-05T02:10:00Z"
MS = "blue,green,red,nir"


def numbers(count: int, rows: int = 40, columns: int = 60, data_type: str = "uint16") -> np.ndarray:
    """Counts that differ by band, row and column; none is 0."""
    place = np.add.outer(np.arange(rows) * 31, np.arange(columns) * 7)
    top = 200 if data_type == "uint8" else 9000
    return np.stack([(place + 997 * band) % top + 1 for band in range(count)]).astype(data_type)


def write_image(
    path: Path,
    values: np.ndarray,
    *,
    gsd_m: float = 0.5,
    corner: tuple[float, float] = VOSTOCHNY,
    colours: Sequence[ColorInterp] | None = None,
    descriptions: Sequence[str] = (),
    **profile: Any,
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"crs": "EPSG:32652", "transform": Affine(gsd_m, 0, corner[0], 0, -gsd_m, corner[1])}
    count, rows, columns = values.shape
    with rasterio.open(
        path, "w", driver="GTiff", width=columns, height=rows, count=count, dtype=values.dtype,
        **(options | profile),
    ) as file:  # fmt: skip
        if colours:
            file.colorinterp = colours
        for place, text in enumerate(descriptions, start=1):
            file.set_band_description(place, text)
        file.write(values)
    return path


def write_table(folder: Path, *rows: dict[str, str]) -> Path:
    path = folder / "table.csv"
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


PLANET = {
    "_links": {"_self": "https://api.planet.com/data/v1/item-types/PSScene/items/x"},
    "_permissions": [],
    "type": "Feature",
    "id": "20241105_021000_72_105e",
    "properties": {
        "acquired": "2024-11-05T02:10:00.722684Z",
        "anomalous_pixels": 0,
        "clear_percent": 93,
        "cloud_cover": 0.07,
        "cloud_percent": 7,
        "ground_control": True,
        "gsd": 3.8,
        "instrument": "PSB.SD",
        "item_type": "PSScene",
        "pixel_resolution": 3,
        "provider": "planetscope",
        "published": "2024-11-05T09:03:40Z",
        "publishing_stage": "finalized",
        "quality_category": "standard",
        "satellite_azimuth": 285.7,
        "satellite_id": "105E",
        "strip_id": "4673073",
        "sun_azimuth": 168.4,
        "sun_elevation": 30.4,
        "updated": "2024-11-06T09:21:14Z",
        "view_angle": -3.1,
    },
}


def write_planet(folder: Path, name: str | None = None, **changes: Any) -> Path:
    """Metadata as Planet delivers it, with its sun set right for the place."""
    folder.mkdir(parents=True, exist_ok=True)
    (longitude,), (latitude,) = transform("EPSG:32652", "EPSG:4326", [VOSTOCHNY[0]], [VOSTOCHNY[1]])
    outline = Point(longitude, latitude).buffer(0.1)
    feature = PLANET | {"geometry": mapping(outline)}
    feature["properties"] = PLANET["properties"] | changes  # type: ignore[operator]
    path = folder / (name or f"{PLANET['id']}_metadata.json")
    path.write_text(json.dumps(feature))
    return path


def made(folder: Path, *, table: Path | None = None, **metadata: Any) -> Made:
    return make_catalog(
        folder, folder.parent / "catalog", defaults=image_metadata(metadata), table=table
    )


def scenes(made: Made) -> dict[str, Scene]:
    found = find_scenes(CatalogOptions(url=str(made.path)), area=None)
    assert found.faults == ()
    return {scene.id: scene for scene in found.scenes}


def only(made: Made) -> Scene:
    assert made.faults == ()
    (scene,) = scenes(made).values()
    return scene


def outline_of(path: Path) -> dict[str, Any]:
    with rasterio.open(path) as file:
        return transform_geom(
            file.crs, "EPSG:4326", mapping(box(*array_bounds(*file.shape, file.transform)))
        )
