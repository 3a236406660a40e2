"""Where the sun and the sensor stood, from an item, its granule metadata, or the time and place.

Azimuths are clockwise from north and point from the target TOWARDS the body. The elevation of the
sun is above the horizon; the view zenith is the angle at the target between the vertical and the
sensor, which STAC calls the incidence angle. It is not the angle off nadir, which is measured at
the sensor and is the smaller one: ``sin(zenith) = (1 + altitude / radius) sin(off nadir)``.

The definition of ``view:azimuth`` in STAC's view extension can be read either way. The providers
of Sentinel-2 items copy it from the granule metadata, whose azimuth points towards the sensor: in
tiles at the western edge of the swath, where the satellite stands in the east, it is near 105
degrees. The same is taken to hold elsewhere, and that is a doubt for other missions.

Sources: Sentinel-2 Products Specification Document, S2-PDGS-TAS-DI-PSD (tile metadata); STAC view
extension 1.0.0.
"""

import logging
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element, ParseError, fromstring

import numpy as np

from gnomon.catalog.http import read_document
from gnomon.catalog.signing import SigningError, signed
from gnomon.catalog.stac_item import StacItem
from gnomon.catalog.versions import check_content
from gnomon.datamodel.addresses import without_secrets
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.scene import Scene
from gnomon.geo.sun import sun_at

log = logging.getLogger(__name__)
EARTH_RADIUS_KM = 6371.0


@dataclass(frozen=True, kw_only=True)
class Angles:
    """Directions towards the sun and the sensor, degrees; None is not known."""

    sun_azimuth_deg: float | None = None
    sun_elevation_deg: float | None = None
    view_azimuth_deg: float | None = None
    view_zenith_deg: float | None = None


def angles_of(item: StacItem, *, altitude_km: float, names: Mapping[str, Sequence[str]]) -> Angles:
    """Angles in the properties of an item.

    Parameters
    ----------
    item
        A STAC item of any provider.
    altitude_km
        Of the orbit, for items that have only the angle off nadir.
    names
        Names of the properties by angle, in order of preference (``providers.toml``).

    Raises
    ------
    AssetError
        An angle is not a finite number, or none that can be.

    """
    degrees = {name: _property(item, keys) for name, keys in names.items()}
    elevation, zenith = degrees["sun_elevation"], degrees["sun_zenith"]
    if elevation is None and zenith is not None:
        elevation = 90 - zenith
    azimuth, incidence = degrees["view_azimuth"], degrees["incidence"]
    if azimuth is None and incidence is None and degrees["off_nadir"] is None:
        incidence, azimuth = _mean_direction(_asset_directions(item, names)) or (None, None)
    # Earth Search v0 gives every scene 0 off nadir and no azimuth: that is a placeholder.
    if incidence is None and degrees["off_nadir"] is not None and azimuth is not None:
        incidence = incidence_deg(degrees["off_nadir"], altitude_km=altitude_km)
    if elevation is not None and not -90 <= elevation <= 90:
        raise AssetError(item.id, "sun elevation", f"is {elevation:g} degrees; mend the item")
    if incidence is not None and not 0 <= incidence < 90:
        raise AssetError(item.id, "view zenith", f"is {incidence:g} degrees; mend the item")
    return Angles(
        sun_azimuth_deg=_turned(degrees["sun_azimuth"]),
        sun_elevation_deg=elevation,
        view_azimuth_deg=_turned(azimuth),
        view_zenith_deg=incidence,
    )


def _property(item: StacItem, keys: Iterable[str]) -> float | None:
    """First of several properties that is there, degrees."""
    for key in keys:
        value = item.properties.get(key)
        if value is None:
            continue
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise AssetError(item.id, key, f"is {value!r}, not a finite number; mend the item")
        return float(value)
    return None


def _asset_directions(
    item: StacItem, names: Mapping[str, Sequence[str]]
) -> Iterator[tuple[float, float]]:
    """Zenith and azimuth of the view of each band that has both, as the CDSE lists them."""
    for asset in item.assets.values():
        fields = asset.fields
        zenith, azimuth = (
            next((fields[key] for key in names[name] if fields.get(key) is not None), None)
            for name in ("incidence", "view_azimuth")
        )
        if isinstance(zenith, int | float) and isinstance(azimuth, int | float):
            yield float(zenith), float(azimuth)


def _turned(azimuth: float | None) -> float | None:
    return None if azimuth is None else azimuth % 360


def incidence_deg(off_nadir_deg: float, *, altitude_km: float) -> float:
    """Angle at the target between the vertical and the sensor, over a round earth."""
    sine = (1 + altitude_km / EARTH_RADIUS_KM) * math.sin(math.radians(off_nadir_deg))
    return math.degrees(math.asin(min(abs(sine), 1)))


def granule_angles(xml: str | bytes) -> Angles:
    """Mean angles of a Sentinel-2 tile, from its granule metadata.

    The view is the mean of unit vectors over the nodes of the angle grids, of all bands and
    detectors. The means that the metadata give band by band are used only where there is no grid:
    their azimuths are averaged as numbers, so that in a tile where azimuths lie on both sides of
    north (a granule at 80 N) that of one band is near 190 degrees and of another near 6, and a tile
    that the ground track crosses gets an azimuth between the two sides. Where nothing is known, as
    in a tile of which the swath touches a corner, the view is None.

    Raises
    ------
    ValueError
        The text is not granule metadata.

    """
    try:
        root = fromstring(xml)  # noqa: S314  # expat of Python 3.11 bounds entity expansion
    except ParseError as error:
        raise ValueError(f"is not XML ({error})") from error
    sun = root.find(".//Mean_Sun_Angle")
    if sun is None:
        raise ValueError("has no Mean_Sun_Angle")
    sun_zenith, sun_azimuth = _zenith_azimuth(sun)
    if not (math.isfinite(sun_zenith) and math.isfinite(sun_azimuth)):
        raise ValueError("Mean_Sun_Angle is not a pair of finite angles")
    means = root.iterfind(".//Mean_Viewing_Incidence_Angle_List/Mean_Viewing_Incidence_Angle")
    view = _mean_direction(_grid_directions(root)) or _mean_direction(map(_zenith_azimuth, means))
    return Angles(
        sun_azimuth_deg=sun_azimuth % 360,
        sun_elevation_deg=90 - sun_zenith,
        view_zenith_deg=view and view[0],
        view_azimuth_deg=view and view[1],
    )


def _zenith_azimuth(element: Element) -> tuple[float, float]:
    """Zenith and azimuth of an element, degrees, NaN where it has none."""
    return (
        float(element.findtext("ZENITH_ANGLE", "nan")),
        float(element.findtext("AZIMUTH_ANGLE", "nan")),
    )


def _grid_directions(root: Element) -> Iterator[tuple[float, float]]:
    """Zenith and azimuth at each node of each detector's angle grid, degrees."""
    for grid in root.iter("Viewing_Incidence_Angles_Grids"):
        # A tile that holds too little data for an angle has a grid of zeros with a step of 0.
        if not float(grid.findtext("Zenith/COL_STEP", "nan")):
            continue
        zenith, azimuth = (
            [float(value) for row in grid.iterfind(f"{name}/Values_List/VALUES")
             for value in (row.text or "").split()]
            for name in ("Zenith", "Azimuth")
        )  # fmt: skip
        if len(zenith) == len(azimuth):
            yield from zip(zenith, azimuth, strict=True)


def _mean_direction(directions: Iterable[tuple[float, float]]) -> tuple[float, float] | None:
    """Zenith and azimuth of the mean of unit vectors, degrees; None if no direction is finite."""
    pairs = np.array(list(directions)).reshape(-1, 2)
    pairs = pairs[np.isfinite(pairs).all(axis=1)]
    if not len(pairs):
        return None
    zenith, azimuth = np.deg2rad(pairs).T
    east = np.mean(np.sin(zenith) * np.sin(azimuth))
    north = np.mean(np.sin(zenith) * np.cos(azimuth))
    up = np.mean(np.cos(zenith))
    mean_zenith = math.degrees(math.atan2(math.hypot(east, north), up))
    return mean_zenith, math.degrees(math.atan2(east, north)) % 360


def with_angles(scene: Scene, *, timeout_s: float = 30.0) -> Scene:
    """Fill in the angles that a scene's item lacks.

    They come from its granule metadata, which are fetched only now and only if something is
    missing; the sun, if still missing, from the time and the middle of the footprint. A view that
    is unknown stays None.

    Parameters
    ----------
    scene
        Optical; a radar scene is returned as it is.
    timeout_s
        For the granule metadata. Failing to get it is logged, not raised.

    """
    known = Angles(**{name: getattr(scene, name) for name in Angles.__dataclass_fields__})
    if scene.sensor == "sar" or not scene.lacks_angles:
        return scene
    if scene.granule_metadata_href:
        try:
            known = _filled(known, granule_angles(_fetched(scene, timeout_s=timeout_s)))
        except (OSError, ValueError, SigningError) as error:
            why = without_secrets(str(error))
            log.warning("%s, granule metadata: %s; going on without it", scene.id, why)
    middle = scene.footprint.representative_point()
    azimuth, elevation = sun_at(scene.seen_at, longitude=middle.x, latitude=middle.y)
    sun = Angles(sun_azimuth_deg=azimuth, sun_elevation_deg=elevation)
    return replace(scene, **vars(_filled(known, sun)))


def _filled(known: Angles, other: Angles) -> Angles:
    """Angles of one source, completed from another, the sun and the view each from one source."""
    for pair in (("sun_azimuth_deg", "sun_elevation_deg"), ("view_azimuth_deg", "view_zenith_deg")):
        fresh = {name: getattr(other, name) for name in pair}
        if None in (getattr(known, name) for name in pair) and None not in fresh.values():
            known = replace(known, **fresh)
    return known


def _fetched(scene: Scene, *, timeout_s: float) -> bytes:
    href = signed(str(scene.granule_metadata_href), scene.signing)
    data = read_document(href, scene.trust, timeout_s=timeout_s)
    check_content(data, scene.granule_metadata_version)
    return data
