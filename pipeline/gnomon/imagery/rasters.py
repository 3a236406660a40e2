"""The raster files of a scene, opened once and kept open.

A file is opened where its catalogue may lead (`gnomon.catalog.vetting`), as what its media type
says and nothing else: a text that describes another raster (VRT, WMS) is no GeoTIFF, and neither
files beside it nor files that its own tags name are looked at. What lies behind HTTP comes through
a gateway (`gnomon.catalog.gateway`); GDAL itself opens files on the own disk and of S3.

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

import numpy as np
import rasterio
from odc.geo.geobox import GeoBox
from rasterio._err import CPLE_BaseError
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import RasterioError

from gnomon.catalog.gateway import (
    HEADER_BYTES,
    Patience,
    RemoteFile,
    gateway_path,
    remote_file,
    without_gateway,
)
from gnomon.catalog.http import OutOfTimeError, RangeError, RefusedError, SilentServerError
from gnomon.catalog.signing import SigningError, signed
from gnomon.catalog.versions import WrongFileError, check_own_file
from gnomon.catalog.vetting import AddressError, check_file, is_object, is_remote, vetted
from gnomon.datamodel.addresses import keep_secrets_out_of_logs
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.scene import Asset, FileVersion, Scene, Signing
from gnomon.datamodel.trust import Trust

PATIENCE = Patience()
_GDAL: dict[str, Any] = {
    # Neither sidecars (.aux.xml, .ovr, .msk, world files) nor the list of a folder: they may say
    # what the file does not, and looking for them costs more requests than the window itself.
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_GEOREF_SOURCES": "INTERNAL",
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
# The low-speed limit ends a transfer that creeps; the whole-request limit ends one that never
# answers.
_S3: dict[str, Any] = {
    "GDAL_HTTP_MAX_RETRY": PATIENCE.retries,
    "GDAL_HTTP_RETRY_DELAY": PATIENCE.pause_s,
    "GDAL_HTTP_CONNECTTIMEOUT": 10,
    "GDAL_HTTP_TIMEOUT": PATIENCE.timeout_s,
    "GDAL_HTTP_LOW_SPEED_TIME": 20,
    "GDAL_HTTP_LOW_SPEED_LIMIT": 1000,
}
# The gateway has all the patience, and no proxy leads to it.
_GATEWAY: dict[str, Any] = {"GDAL_HTTP_MAX_RETRY": 0, "GDAL_HTTP_PROXY": ""}
_OPEN_FILES = 32
"""Five scenes of six bands: what as many threads read at a time."""
_KEPT_FOR_S = 900
"""Signatures last about an hour; a remote file that stays open longer is signed and found anew."""
FINEST_M, COARSEST_M = 0.01, 10_000.0
"""Pixels that a file can have."""
_JPEG_2000 = (".jp2", ".j2k")


@dataclass(frozen=True)
class Raster:
    """An open file, its grid, and whose turn it is: GDAL serves one thread per dataset."""

    source: rasterio.DatasetReader
    grid: GeoBox
    masked: bool
    """Whether the file has a mask or an alpha band, which holds for all its bands."""
    alpha: int | None
    remote: RemoteFile | None = None
    """What the gateway reads for it."""
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def turn(self) -> Iterator[rasterio.DatasetReader]:
        """Read from the file, while no other thread does."""
        with self._lock, _plain_faults(self.remote):
            yield self.source


class _UnfitError(ValueError):
    """A file is not read: why, and what to do."""


@contextmanager
def _plain_faults(remote: RemoteFile | None) -> Iterator[None]:
    """Raise what the gateway met, which GDAL takes for something else or passes over."""
    if remote is None:
        yield
        return
    remote.fault = None
    try:
        yield
    except (RasterioError, CPLE_BaseError) as error:
        if remote.fault:
            raise remote.fault from error
        raise
    if remote.fault:
        raise remote.fault


def raster_of(scene: Scene, asset: Asset) -> Raster:
    """Open file of an asset that is on a map; errors as of `opened_raster`, or it has no CRS."""
    raster = opened_raster(scene, asset)
    if raster.source.crs is None:
        raise AssetError(scene.id, asset.name, "has no CRS; write one into the file")
    return raster


def opened_raster(scene: Scene, asset: Asset) -> Raster:
    """Open file of an asset; another one for another process, a new signature, a new version.

    Raises
    ------
    AssetError
        It has not the band that its item names.

    """
    local = "://" not in asset.href
    age = 0.0 if local else monotonic() // _KEPT_FOR_S
    written = written_ns(asset.href) if local else None
    kind = _driver(asset)
    source = (asset.href, kind, asset.version, scene.signing, scene.trust)
    raster = _open(*source, age, written, os.getpid())
    if asset.band > raster.source.count:
        why = f"has {raster.source.count} bands, not the {asset.band} that its item names; mend it"
        raise AssetError(scene.id, asset.name, why)
    return raster


def _driver(asset: Asset) -> str:
    """GDAL's name of what a file is by its media type, else by its name."""
    kind = (asset.media_type or "").lower()
    named = asset.href.partition("?")[0].lower().endswith(_JPEG_2000)
    if "jp2" in kind or "jpeg2000" in kind or (named and "tiff" not in kind):
        return "JP2OpenJPEG"
    return "GTiff"


@lru_cache(maxsize=_OPEN_FILES)
def _open(
    href: str,
    driver: str,
    version: FileVersion,
    signing: Signing | None,
    trust: Trust,
    _age: float,
    _written_ns: int | None,
    _process: int,
) -> Raster:
    keep_secrets_out_of_logs("rasterio")
    address, remote = vetted(signed(href, signing), trust), None
    if is_remote(address):
        remote = remote_file(address, trust, version, PATIENCE)
        address = gateway_path(remote)
    elif is_object(address):
        address = f"/vsis3/{address[len('s3://') :]}"
    else:
        check_file(address)
        check_own_file(Path(address), version)
    # No other file is fetched on the word of this one.
    with rasterio.Env(CPL_VSIL_CURL_ALLOWED_FILENAME=address), _plain_faults(remote):
        source = rasterio.open(address, driver=driver)
        _check(source, trust)
        colours = source.colorinterp
        return Raster(
            source,
            GeoBox.from_rio(source),
            masked=MaskFlags.per_dataset in source.mask_flag_enums[0],
            alpha=colours.index(ColorInterp.alpha) + 1 if ColorInterp.alpha in colours else None,
            remote=remote,
        )


def _check(source: rasterio.DatasetReader, trust: Trust) -> None:
    """Refuse a file that leads to others, or whose blocks are too large to decode.

    Its overviews may be a file of any format that its tags name; GDAL opens that when it looks for
    overviews, so that the tags are read first.
    """
    if source.tags(ns="OVERVIEWS"):
        raise _UnfitError("names another file for its overviews; write it without (gdal_translate)")
    if any(name.startswith("complex") for name in source.dtypes):
        raise _UnfitError("has complex numbers, not reflectance; leave its collection out")
    if not np.isfinite(source.transform).all():
        raise _UnfitError("has a grid without a place (NaN or infinite); mend it")
    pixel_m = abs(source.transform.a), abs(source.transform.e)
    if source.crs is not None and source.crs.is_geographic:
        raise _UnfitError("is in degrees, not in metres; warp it to UTM (gdalwarp)")
    if source.crs is not None and not source.crs.is_projected:
        raise _UnfitError("is on no map of the earth (its CRS is local); warp it to UTM (gdalwarp)")
    if not all(FINEST_M <= side <= COARSEST_M for side in pixel_m):
        raise _UnfitError(f"has pixels of {pixel_m[0]:g} x {pixel_m[1]:g} m; mend its grid")
    together = source.interleaving is not None and source.interleaving.name == "pixel"
    depth = sum(np.dtype(name).itemsize for name in source.dtypes) if together else 8
    height, width = max(source.block_shapes, key=lambda shape: shape[0] * shape[1])
    if height * width * depth > trust.limits.block_bytes:
        size = f"blocks of {width:,} x {height:,} pixels"
        limit = f"[catalog.limits] block_bytes, {trust.limits.block_bytes:,}"
        raise _UnfitError(f"has {size}, more than {limit}; write it in tiles (gdal_translate)")


def written_ns(href: str) -> int | None:
    """Time of the last change of a file on the own disk, ns; None where there is none."""
    try:
        return Path(href).stat().st_mtime_ns
    except (OSError, ValueError):  # it is not there, or has no name of a file
        return None


@contextmanager
def reading(scene: Scene, asset: Asset) -> Iterator[None]:
    """Open and read with retries, and turn errors into an `AssetError` of one line."""
    try:
        with rasterio.Env(**_GDAL, **(_GATEWAY if is_remote(asset.href) else _S3)):
            yield
    except (SigningError, _UnfitError, WrongFileError) as error:
        raise AssetError(scene.id, asset.name, str(error)) from error
    except AddressError as error:
        raise AssetError(scene.id, asset.name, f"is not opened: {error}") from error
    except (RasterioError, CPLE_BaseError, OSError, OutOfTimeError) as error:
        _open.cache_clear()  # a file that failed, or whose signature aged, is opened anew
        why = f"{asset.href} cannot be read ({_innermost(error)}); {_advice(asset.href)}"
        raise AssetError(scene.id, asset.name, why) from error


def _innermost(error: BaseException) -> str:
    """Text of GDAL's own complaint, on one line."""
    plain = RefusedError | RangeError | SilentServerError | OutOfTimeError
    while not isinstance(error, plain) and error.__cause__ is not None:
        error = error.__cause__
    return " ".join(without_gateway(str(error)).split())


def _advice(href: str) -> str:
    if is_object(href):
        return "it needs AWS credentials in the environment (and AWS_S3_ENDPOINT outside AWS)"
    if "://" in href:
        return "try again, or choose another catalogue"
    return "fetch the file again" if Path(href).exists() else "the file is not there"
