"""What is made from many scenes of a port, as a file and as a scene that is read like any other."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import rasterio
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from gnomon.datamodel.scene import Asset, Scene

FILE = "background.tif"
"""In the folder of a background."""


def background_scene(
    first: Scene,
    path: Path,
    *,
    name: str,
    bands: Sequence[str],
    unit: float,
    nodata: int,
    **fields: Any,
) -> Scene:
    """A file of `write_background` as a scene.

    Parameters
    ----------
    first
        Of the scenes that it was made from; place, time and sensor are its own.
    path
        Of the file.
    name
        Identifier.
    bands
        In the order of the file.
    unit, nodata
        What one count is, and the count of what is unknown.
    fields
        Of the scene, besides.

    """  # fmt: skip
    assets = {
        band: Asset(href=str(path), name=band, scale=unit, nodata=nodata, band=number)
        for number, band in enumerate(bands, start=1)
    }
    return Scene(
        id=name,
        collection=first.collection,
        platform=first.platform,
        sensor=first.sensor,
        seen_at=first.seen_at,
        footprint=first.footprint,
        assets=assets,
        **fields,
    )


def write_background(
    folder: Path,
    counts: NDArray[Any],
    *,
    grid: GeoBox,
    bands: Sequence[str],
    unit: float,
    nodata: int,
) -> None:
    """Write counts (bands, rows, columns) as a GeoTIFF that any viewer opens."""
    with rasterio.open(
        folder / FILE,
        "w",
        driver="GTiff",
        count=len(counts),
        height=grid.shape.y,
        width=grid.shape.x,
        dtype=counts.dtype.name,
        crs=str(grid.crs),
        transform=grid.affine,
        nodata=nodata,
        tiled=True,
        blockxsize=512,
        blockysize=512,
        compress="deflate",
        predictor=2,
    ) as file:
        file.write(counts)
        file.scales = [unit] * len(counts)
        file.descriptions = tuple(bands)
