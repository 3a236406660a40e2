"""The raster files of a scene, opened once and kept open.

Files stay open between windows, and threads take turns at each of them: the blocks of the halo,
which neighbouring windows share, are then decoded once and found in GDAL's cache, and reading a
tile in windows costs what one plain read costs. (With a dataset for each thread it costs twice.)
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any

import rasterio
from odc.geo.geobox import GeoBox
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import RasterioError

from gnomon.catalog.signing import SigningError, signed
from gnomon.datamodel.addresses import keep_secrets_out_of_logs
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.scene import Asset, Scene, Signing

HEADER_BYTES = 32_768
"""Of the beginning of a file, read at once."""
# Retries and limits in seconds for files behind HTTP. The low-speed limit ends a transfer that
# creeps; the whole-request limit ends one that never answers. Listing a bucket's folder to look for
# side-car files would cost more requests than the window itself.
_GDAL: dict[str, Any] = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_HTTP_MAX_RETRY": 3,
    "GDAL_HTTP_RETRY_DELAY": 0.5,
    "GDAL_HTTP_CONNECTTIMEOUT": 10,
    "GDAL_HTTP_TIMEOUT": 60,
    "GDAL_HTTP_LOW_SPEED_TIME": 20,
    "GDAL_HTTP_LOW_SPEED_LIMIT": 1000,
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
    "GDAL_HTTP_MULTIPLEX": "YES",
    "GDAL_INGESTED_BYTES_AT_OPEN": HEADER_BYTES,
    "VSI_CACHE": "TRUE",
    # What a server once failed to give is asked for again: GDAL remembers it as absent for good.
    "CPL_VSIL_CURL_NON_CACHED": "/vsicurl/:/vsis3/",
    # Parallelism is between tasks.
    "GDAL_NUM_THREADS": "1",
    # Bytes, for all files: what a row of windows reads of four bands of a tile is 230 MB, of which
    # the next row needs the last blocks.
    "GDAL_CACHEMAX": 320 * 2**20,
}
_OPEN_FILES = 32
"""Five scenes of six bands: what as many threads read at a time."""
_SIGNED_FOR_S = 900
"""Signatures last about an hour; a file that stays open longer than this is signed anew."""


@dataclass(frozen=True)
class Raster:
    """An open file, its grid, and a lock: GDAL serves one thread per dataset."""

    source: rasterio.DatasetReader
    grid: GeoBox
    masked: bool
    """Whether the file has a mask or an alpha band, which holds for all its bands."""
    alpha: int | None
    lock: Lock = field(default_factory=Lock)


def raster_of(scene: Scene, asset: Asset) -> Raster:
    """Open file of an asset; another one for another process, a new signature, a new version.

    Raises
    ------
    AssetError
        It has no CRS, or not the band that its item names.

    """
    age = monotonic() // _SIGNED_FOR_S if scene.signing else 0.0
    raster = _open(asset.href, scene.signing, age, _written_at(asset.href), os.getpid())
    if raster.source.crs is None:
        raise AssetError(scene.id, asset.name, "has no CRS; write one into the file")
    if asset.band > raster.source.count:
        why = f"has {raster.source.count} bands, not the {asset.band} that its item names; mend it"
        raise AssetError(scene.id, asset.name, why)
    return raster


@lru_cache(maxsize=_OPEN_FILES)
def _open(
    href: str, signing: Signing | None, _age: float, _written_ns: int | None, _process: int
) -> Raster:
    keep_secrets_out_of_logs("rasterio")
    source = rasterio.open(signed(href, signing))
    colours = source.colorinterp
    return Raster(
        source,
        GeoBox.from_rio(source),
        masked=MaskFlags.per_dataset in source.mask_flag_enums[0],
        alpha=colours.index(ColorInterp.alpha) + 1 if ColorInterp.alpha in colours else None,
    )


def _written_at(href: str) -> int | None:
    try:
        return Path(href).stat().st_mtime_ns
    except OSError:  # not a local file
        return None


@contextmanager
def reading(scene: Scene, asset: Asset) -> Iterator[None]:
    """Open and read with retries, and turn errors into an `AssetError` of one line."""
    try:
        with rasterio.Env(**_GDAL):
            yield
    except SigningError as error:
        raise AssetError(scene.id, asset.name, str(error)) from error
    except RasterioError as error:
        _open.cache_clear()  # a file that failed, or whose signature aged, is opened anew
        why = f"{asset.href} cannot be read ({_innermost(error)}); {_advice(asset.href)}"
        raise AssetError(scene.id, asset.name, why) from error


def _innermost(error: BaseException) -> str:
    """Text of GDAL's own complaint, on one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(str(error).split())


def _advice(href: str) -> str:
    if href.startswith("s3://"):
        return "it needs AWS credentials in the environment (and AWS_S3_ENDPOINT outside AWS)"
    if "://" in href:
        return "try again, or choose another catalogue"
    return "fetch the file again" if Path(href).exists() else "the file is not there"
