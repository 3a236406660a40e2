"""A Sentinel-1 GRD scene as linear sigma0, in windows of the product's own lines and samples.

GRD of all modes is read: IW, EW and stripmap, one polarisation or two. SLC is refused. The raster
is opened by `gnomon.imagery.rasters` and its XML fetched with the limits of its catalogue, so that
both lead only where the catalogue may lead. The three XML files of a polarisation must agree with
each other, and the raster with them: a file of another size is a part, or a reduced copy, whose
lines and samples are not those of the tables.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
import shapely
import xarray as xr
from numpy.typing import NDArray
from rasterio.windows import Window
from shapely.geometry.base import BaseGeometry

from gnomon.catalog.gateway import HEADER_BYTES
from gnomon.catalog.http import read_document
from gnomon.catalog.signing import SigningError, signed
from gnomon.catalog.versions import check_content
from gnomon.datamodel.addresses import without_secrets
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.scene import Scene, SideFile, Signing
from gnomon.datamodel.trust import Trust
from gnomon.imagery.rasters import opened_raster, reading, written_ns
from gnomon.imagery.read import stored_blocks
from gnomon.imagery.sentinel1.annotation import Annotation, parse_annotation
from gnomon.imagery.sentinel1.border import EDGES, REACH_PX, border_mask
from gnomon.imagery.sentinel1.calibration import (
    SigmaCalibration,
    ThermalNoise,
    parse_calibration,
    parse_noise,
    sigma0_of,
)
from gnomon.imagery.sentinel1.geolocation import Geolocation, incidence_table
from gnomon.imagery.sentinel1.lookup import GridWindow
from gnomon.imagery.sentinel1.metadata import ProductFileError

POLARISATIONS = ("vv", "vh", "hh", "hv")
SIDE_BYTES = 3_000_000
"""Of the XML of one polarisation, about."""
TIMEOUT_S = 60.0
"""For one XML file of 1 to 2 MB."""
LOWEST_NOISE = 1e-3
"""Sigma0. Noise of products that do not give theirs: about the least of those that do, -30 dB."""
_STEP_DEG = 0.0005
"""Between points of an outline: five pixels, which a window may be too small where an area crosses
the edge of an image."""
Parsed = TypeVar("Parsed")


@dataclass(frozen=True, kw_only=True)
class Channel:
    """Side files of one polarisation, read and found to belong together."""

    annotation: Annotation
    calibration: SigmaCalibration
    noise: ThermalNoise

    @property
    def removes_noise(self) -> bool:
        """Whether noise is taken out here: it is given, and the processor has not."""
        return self.noise.is_given and not self.annotation.noise_removed


def channel_of(scene: Scene, polarisation: str) -> Channel:
    """Side files of one polarisation of a scene.

    Parameters
    ----------
    scene
        A Sentinel-1 GRD scene.
    polarisation
        Common band name: vv, vh, hh or hv.

    Raises
    ------
    AssetError
        One of them is missing, cannot be fetched, or is not what it should be.

    """
    files = scene.radar.get(polarisation)
    if files is None:
        why = "has no annotation, calibration and noise among its assets; mend the item"
        raise AssetError(scene.id, polarisation, why)
    channel = Channel(
        annotation=_file(scene, "annotation", files.annotation, parse_annotation),
        calibration=_file(scene, "calibration", files.calibration, parse_calibration),
        noise=_file(scene, "noise", files.noise, parse_noise),
    )
    headers = {one.header for one in vars(channel).values()}
    if len(headers) > 1 or channel.annotation.header.polarisation.lower() != polarisation:
        why = f"its XML files are not all of {polarisation.upper()} of one product; mend the item"
        raise AssetError(scene.id, polarisation, why)
    return channel


def _file(scene: Scene, kind: str, file: SideFile, parse: Callable[[bytes], Parsed]) -> Parsed:
    """One side file, or an error of one line."""
    where = without_secrets(file.href)
    try:
        written = written_ns(file.href) if "://" not in file.href else None
        return _parsed(parse, file, scene.signing, scene.trust, written)
    except SigningError as error:
        raise AssetError(scene.id, file.name, str(error)) from error
    except ProductFileError as error:
        raise AssetError(scene.id, file.name, f"{where} {error}") from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        why = f"the {kind} file {where} cannot be read ({without_secrets(why)})"
        raise AssetError(scene.id, file.name, f"{why}; fetch it, or mend the item") from error


@lru_cache(maxsize=12)
def _parsed(
    parse: Callable[[bytes], Parsed],
    file: SideFile,
    signing: Signing | None,
    trust: Trust,
    _written: int | None,
) -> Parsed:
    data = read_document(signed(file.href, signing), trust, timeout_s=TIMEOUT_S)
    check_content(data, file.version)
    return parse(data)


def polarisations_of(scene: Scene) -> tuple[str, ...]:
    """Common names of the polarisations that a scene has, VV or HH first.

    Raises
    ------
    AssetError
        It has none.

    """
    here = tuple(name for name in POLARISATIONS if name in scene.assets)
    if not here:
        why = f"has none of {', '.join(POLARISATIONS)}; leave its collection out"
        raise AssetError(scene.id, "assets", why)
    return here


def radar_geolocation(scene: Scene, *, height_m: float = 0.0) -> Geolocation:
    """Places of a scene's lines and samples.

    Parameters
    ----------
    scene
        A Sentinel-1 GRD scene.
    height_m
        Of the surface above the ellipsoid; of the sea, the geoid's undulation.

    Raises
    ------
    AssetError
        As of `channel_of`, or the annotation contradicts itself.

    """
    first = polarisations_of(scene)[0]
    annotation = channel_of(scene, first).annotation
    try:
        return Geolocation(annotation, height_m=height_m)
    except ProductFileError as error:
        name = scene.radar[first].annotation.name
        raise AssetError(scene.id, name, str(error)) from error


def radar_window(scene: Scene, area: BaseGeometry, *, height_m: float = 0.0) -> GridWindow:
    """Smallest window of whole lines and samples that holds an area, cut at the image's edge.

    Parameters
    ----------
    scene
        A Sentinel-1 GRD scene.
    area
        In EPSG:4326.
    height_m
        As of `radar_geolocation`.

    Raises
    ------
    AssetError
        As of `radar_geolocation`, or nothing of the area's outline lies in the image.

    """
    geolocation = radar_geolocation(scene, height_m=height_m)
    image = channel_of(scene, polarisations_of(scene)[0]).annotation
    corners = _corners(geolocation, image)
    corners = corners[shapely.contains_xy(area, *corners.T)]
    outline = shapely.get_coordinates(shapely.segmentize(area, _STEP_DEG))
    places = np.concatenate([outline, corners])
    lines, samples = geolocation.pixels(*places.T)
    seen = np.isfinite(lines)
    if not seen.any():
        raise AssetError(scene.id, "geometry", "the area lies outside this scene; choose another")
    top, left = int(lines[seen].min()), int(samples[seen].min())
    bottom = min(int(np.ceil(lines[seen].max())), image.lines - 1)
    right = min(int(np.ceil(samples[seen].max())), image.samples - 1)
    return GridWindow(max(top, 0), max(left, 0), bottom - top + 1, right - left + 1)


def read_sigma0(
    scene: Scene,
    window: GridWindow | None = None,
    *,
    polarisations: Sequence[str] | None = None,
    keep_noise: bool = False,
) -> xr.Dataset:
    """Read sigma0 of a window; safe to call from several threads.

    Parameters
    ----------
    scene
        A Sentinel-1 GRD scene.
    window
        In lines and samples; None reads the whole scene.
    polarisations
        Common band names; by default all that the scene has.
    keep_noise
        Leave the thermal noise in: the statistics of clutter are those of what was received.

    Returns
    -------
    xarray.Dataset
        One float32 variable (line, sample) for each polarisation: linear sigma0, NaN where nothing
        was seen, and below zero where less than the mean noise was received. ``incidence_deg`` is
        the angle of incidence. ``attrs`` name the polarisations that are missing, and those whose
        noise was taken out.

    Raises
    ------
    AssetError
        A file is missing, damaged, of another product or type, or of another size than its
        annotation says; or the window is larger than the study allows, or not within the image.

    """
    wanted = tuple(polarisations or polarisations_of(scene))
    here = [name for name in wanted if name in scene.assets]
    if not here:
        raise AssetError(scene.id, ", ".join(wanted), "is not in this scene; choose another")
    channels = {name: channel_of(scene, name) for name in here}
    image = channels[here[0]].annotation
    window = window or GridWindow(0, 0, image.lines, image.samples)
    _check_window(scene, window, image)
    removed = {name: one.removes_noise and not keep_noise for name, one in channels.items()}
    pixels = {
        name: _sigma0(scene, name, channels[name], window, remove_noise=removed[name])
        for name in here
    }
    pixels["incidence_deg"] = incidence_table(image.tie_points).on(window)
    return xr.Dataset(
        {name: (("line", "sample"), values) for name, values in pixels.items()},
        coords={"line": window.rows.astype(int), "sample": window.columns.astype(int)},
        attrs={
            "scene_id": scene.id,
            "missing_bands": tuple(name for name in wanted if name not in scene.assets),
            "noise_removed": tuple(
                name for name, one in channels.items()
                if removed[name] or one.annotation.noise_removed
            ),
        },
    )  # fmt: skip


def radar_bytes(scene: Scene, windows: Sequence[GridWindow]) -> int:
    """Bytes that reading windows fetches: whole blocks once, and the XML.

    Raises
    ------
    AssetError
        A file cannot be opened.

    """
    blocks = dict[tuple[str, int, int, int], int]()
    names = polarisations_of(scene)
    for name in names:
        asset = scene.assets[name]
        with reading(scene, asset):
            raster = opened_raster(scene, asset)
            for one in windows:
                part = Window(one.left, one.top, one.samples, one.lines)
                with raster.turn():
                    blocks |= stored_blocks(raster.source, asset, part)
    return sum(blocks.values()) + len(names) * (HEADER_BYTES + SIDE_BYTES)


def _corners(geolocation: Geolocation, image: Annotation) -> NDArray[np.float64]:
    """Longitudes and latitudes of an image's corners, (4, 2)."""
    line = np.array([0.0, 0.0, 1.0, 1.0]) * (image.lines - 1)
    sample = np.array([0.0, 1.0, 1.0, 0.0]) * (image.samples - 1)
    return np.column_stack(geolocation.places(line, sample))


def _check_window(scene: Scene, window: GridWindow, image: Annotation) -> None:
    if window.lines * window.samples > (most := scene.trust.limits.pixels):
        why = f"has {window.lines:,} x {window.samples:,} pixels"
        why = f"{why}, more than [catalog.limits] pixels, {most:,}"
        raise AssetError(scene.id, "geometry", f"{why}; name smaller ports, or raise it")
    inside = window.top >= 0 and window.left >= 0 and min(window.lines, window.samples) > 0
    inside &= window.top + window.lines <= image.lines
    if not inside or window.left + window.samples > image.samples:
        size = f"{image.lines:,} lines of {image.samples:,} samples"
        raise AssetError(scene.id, "geometry", f"the window is not within its {size}; mend it")


def _sigma0(
    scene: Scene, polarisation: str, channel: Channel, window: GridWindow, *, remove_noise: bool
) -> NDArray[np.float32]:
    old = channel.noise.old_form
    wider, edges = _to_the_edges(window, channel.annotation) if old else (window, ())
    dn = _amplitudes(scene, polarisation, channel.annotation, wider)
    border = None
    if edges:
        noise = channel.noise.on(wider)
        if not channel.noise.is_given:
            noise = LOWEST_NOISE * channel.calibration.sigma0.on(wider) ** 2
        border = border_mask(dn, noise, edges=edges)
    inner = np.s_[
        window.top - wider.top : window.top - wider.top + window.lines,
        window.left - wider.left : window.left - wider.left + window.samples,
    ]
    noise_taken = channel.noise if remove_noise else None
    values = sigma0_of(dn[inner], window, channel.calibration, noise_taken)
    if border is not None:
        values[border[inner]] = np.nan
    return values


def _to_the_edges(window: GridWindow, image: Annotation) -> tuple[GridWindow, tuple[str, ...]]:
    """Widen a window to the edges of its image that are near, and name them."""
    bottom, right = window.top + window.lines, window.left + window.samples
    near = dict(
        zip(
            EDGES,
            (
                window.top < REACH_PX,
                bottom > image.lines - REACH_PX,
                window.left < REACH_PX,
                right > image.samples - REACH_PX,
            ),
            strict=True,
        )
    )
    top, left = 0 if near["top"] else window.top, 0 if near["left"] else window.left
    bottom = image.lines if near["bottom"] else bottom
    right = image.samples if near["right"] else right
    wider = GridWindow(top, left, bottom - top, right - left)
    return wider, tuple(edge for edge in EDGES if near[edge])


def _amplitudes(
    scene: Scene, polarisation: str, image: Annotation, window: GridWindow
) -> NDArray[np.uint16]:
    """Digital numbers of a window."""
    asset = scene.assets[polarisation]
    with reading(scene, asset):
        raster = opened_raster(scene, asset)
        size = raster.source.shape
        if size != (image.lines, image.samples):
            found = f"has {size[0]:,} lines of {size[1]:,} samples"
            why = f"{found} and its annotation {image.lines:,} of {image.samples:,}"
            raise AssetError(scene.id, asset.name, f"{why}; fetch the whole product")
        if raster.source.dtypes[asset.band - 1] != "uint16":
            why = f"has numbers of type {raster.source.dtypes[asset.band - 1]}, not uint16"
            raise AssetError(scene.id, asset.name, f"{why}, as GRD has them; mend the item")
        part = Window(window.left, window.top, window.samples, window.lines)
        with raster.turn():
            amplitudes: NDArray[np.uint16] = raster.source.read(asset.band, window=part)
    return amplitudes
