"""A STAC item, whoever made it, to a ``Scene``: here the differences between providers end.

A DN becomes reflectance by ``DN * scale + offset``. The scale is the item's own or the mission's.
The offset is the first of these that speaks:

1. ``earthsearch:boa_offset_applied`` is true: 0. The provider has taken the offset out of the
   pixels and left ``raster:bands`` as they were, which is a known trap.
2. The asset says it: ``raster:bands`` (STAC 1.0), ``bands`` or ``raster:offset`` (STAC 1.1).
3. The processing baseline is 04.00 or later: -0.1 (ESA, Sentinel-2 products, 25 January 2022);
   taken from the property, else from ``_N0400_`` in the product's name.
4. Otherwise 0.
"""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pystac
import shapely
from shapely.affinity import translate
from shapely.geometry import MultiPolygon, Polygon, box, shape
from shapely.geometry.base import BaseGeometry

from gnomon.catalog.angles import angles_of
from gnomon.catalog.providers import Profile, providers
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.scene import PAN, Asset, Scene

RASTERS = ("tiff", "jp2", "jpeg2000")
"""What a raster's media type contains; a plain JPEG or PNG is a picture, not a measurement."""
LONGEST_EXPOSURE = timedelta(minutes=10)
"""An item of a longer span, such as a monthly mosaic, shows no single moment."""


def scene_from_item(item: pystac.Item) -> Scene:
    """Describe an item in gnomon's words.

    Raises
    ------
    AssetError
        The item has no time, footprint or usable asset, or one of them is not what it should be.

    """
    constellation = _slug(item.properties.get("constellation") or item.properties.get("platform"))
    profile = providers().profile(
        collection=item.collection_id, constellation=re.sub(r"(-\d)[a-z]$", r"\1", constellation)
    )
    assets = {name: _asset(item, key, place, profile) for name, key, place in _bands(item, profile)}
    if assets.keys() - {PAN, "scl", "swir16"}:
        assets.pop(PAN, None)
    if not assets.keys() - {"scl", "swir16"}:
        why = f"none of {', '.join(profile.assets)} among {', '.join(item.assets) or 'none'}"
        raise AssetError(item.id, "assets", f"{why}; leave this collection out")
    said = angles_of(item, altitude_km=profile.altitude_km)
    return Scene(
        id=item.id,
        collection=item.collection_id or "",
        platform=_slug(item.properties.get("platform")) or constellation or "unknown",
        sensor=profile.sensor,
        seen_at=seen_at_of(item),
        footprint=footprint_of(item),
        gsd_m=_gsd(item, assets, profile),
        assets=assets,
        **vars(said),
        href=item.get_self_href(),
        processed_at=_processed_at(item),
        cloud_percent=_number(item.properties.get("eo:cloud_cover")),
        granule_metadata_href=_granule_metadata(item),
        outlines_href=_outlines(item),
        signing=_signing(item),
    )


def _slug(name: object) -> str:
    return "-".join(str(name or "").lower().split())


def _property(item: pystac.Item, name: str) -> Any:
    """First of the properties that say the same thing under several names."""
    keys = providers().properties[name]
    return next(
        (item.properties[key] for key in keys if item.properties.get(key) is not None), None
    )


def _bands(item: pystac.Item, profile: Profile) -> Iterator[tuple[str, str, int]]:
    """Find the common name, asset key and place in the file of each band that gnomon reads."""
    for name, keys in profile.assets.items():
        found = [(key, 1) for key in keys if key in item.assets] or sorted(
            _by_common_name(item, name, profile), key=lambda pair: _preference(item, pair[0])
        )
        if not found:
            continue
        rasters = [pair for pair in found if _is_raster(item.assets[pair[0]])]
        if not rasters:
            key = found[0][0]
            why = f"is {item.assets[key].media_type}, not GeoTIFF or JPEG 2000; mend the item"
            raise AssetError(item.id, key, why)
        yield name, *rasters[0]


def _by_common_name(item: pystac.Item, name: str, profile: Profile) -> Iterator[tuple[str, int]]:
    """Assets of an unknown mission that say they hold a band, and where in the file."""
    if profile.collections:  # a known mission has known names; others are previews and originals
        return
    for key, asset in item.assets.items():
        fields = asset.extra_fields
        bands = fields.get("eo:bands") or fields.get("bands") or ()
        if {"thumbnail", "overview", "visual"}.isdisjoint({key, *(asset.roles or ())}):
            for place, band in enumerate(bands, start=1):
                if name in (band.get("common_name"), band.get("eo:common_name"), band.get("name")):
                    yield key, place


def _preference(item: pystac.Item, key: str) -> tuple[bool, float]:
    """Rank of an asset among those of one band: rasters first, then the finest."""
    asset = item.assets[key]
    return not _is_raster(asset), _number(asset.extra_fields.get("gsd")) or math.inf


def _is_raster(asset: pystac.Asset) -> bool:
    kind = (asset.media_type or "").lower()
    return not kind or any(word in kind for word in RASTERS)


def _asset(item: pystac.Item, key: str, place: int, profile: Profile) -> Asset:
    asset = item.assets[key]
    band = _band_fields(asset, place)
    href = asset.get_absolute_href()
    if not href:
        raise AssetError(item.id, key, f"its address {asset.href!r} leads nowhere; mend the item")
    is_class = key.lower().startswith("scl")
    scale = _number(band.get("scale"))
    return Asset(
        href=href.removeprefix("file://"),
        name=key,
        band=place,
        scale=scale if scale is not None else 1.0 if is_class else profile.scale,
        offset=0.0 if is_class else _offset(item, key, band, profile),
        nodata=_nodata(band, profile),
        gsd_m=_number(asset.extra_fields.get("gsd")) or _number(band.get("spatial_resolution")),
    )


def _band_fields(asset: pystac.Asset, place: int) -> Mapping[str, Any]:
    """Gather what the asset says of one band's numbers, in the words of ``raster:bands``."""
    said: dict[str, Any] = {}
    fields = asset.extra_fields
    own = [bands[place - 1] for name in ("bands", "raster:bands")
           if len(bands := fields.get(name) or ()) >= place]  # fmt: skip
    for source in (fields, *own):
        for name in ("scale", "offset", "nodata", "spatial_resolution"):
            value = source.get(f"raster:{name}", source.get(name))
            if value is not None:
                said[name] = value
    return said


def _offset(item: pystac.Item, key: str, band: Mapping[str, Any], profile: Profile) -> float:
    if _property(item, "offset_applied") is True:
        return 0.0
    if "offset" in band:
        offset = _number(band["offset"])
        if offset is None:
            raise AssetError(item.id, key, f"its offset is {band['offset']!r}, not a number")
        return offset
    first = profile.offset_from_baseline
    baseline = _baseline(item)
    applies = first is None or (baseline is not None and baseline >= first)
    return profile.offset if applies else 0.0


def _baseline(item: pystac.Item) -> float | None:
    """Find the processing baseline in the property or in the product's name."""
    said = _number(_property(item, "baseline"))
    if said is not None:
        return said
    for name in (_property(item, "product"), item.id):
        if found := re.search(r"_N(\d\d)(\d\d)_", str(name)):
            return float(f"{found[1]}.{found[2]}")
    return None


def _nodata(band: Mapping[str, Any], profile: Profile) -> float | None:
    said = band.get("nodata")
    if isinstance(said, str) and said.lower() == "nan":
        return math.nan
    return profile.nodata if (value := _number(said)) is None else value


def _gsd(item: pystac.Item, assets: Mapping[str, Asset], profile: Profile) -> float:
    """Ground sampling distance of the finest band, metres."""
    said = [asset.gsd_m for name, asset in assets.items() if asset.gsd_m and name != "scl"]
    gsd = min(said, default=None) or _number(item.properties.get("gsd")) or profile.gsd_m
    if not gsd or gsd <= 0:
        raise AssetError(item.id, "gsd", "is not said; write it into the item")
    return gsd


def _number(value: object) -> float | None:
    """Read a finite number, also where a provider wrote it as text; None otherwise."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def seen_at_of(item: pystac.Item) -> datetime:
    """Time of acquisition, UTC; AssetError where the item does not say one moment."""
    moments = [
        item.datetime,
        item.common_metadata.start_datetime,
        item.common_metadata.end_datetime,
    ]
    when, first, last = [one and _utc(one) for one in moments]
    if when is None and first and last and timedelta(0) <= last - first <= LONGEST_EXPOSURE:
        when = first + (last - first) / 2
    if when is None:
        raise AssetError(item.id, "datetime", "is missing, so its sun is unknown; mend the item")
    return when


def _utc(when: datetime) -> datetime:
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)


def _processed_at(item: pystac.Item) -> datetime | None:
    said = _property(item, "processed_at")
    stamp = re.search(r"_(\d{8}T\d{6})(\.SAFE)?$", str(_property(item, "product") or item.id))
    for text in (said, stamp and stamp[1]):
        try:
            return _utc(datetime.fromisoformat(str(text)))
        except ValueError:
            continue
    return None


def footprint_of(item: pystac.Item) -> BaseGeometry:
    """Outline, valid, in two parts if over the antimeridian; AssetError where there is none."""
    try:
        outline = shape(item.geometry)
    except Exception as error:  # shapely raises several unrelated types for a malformed geometry
        raise AssetError(item.id, "geometry", f"is no geometry ({error}); mend the item") from error
    if outline.is_empty or outline.geom_type not in ("Polygon", "MultiPolygon"):
        raise AssetError(item.id, "geometry", "is not an outline; mend the item")
    west, south, east, north = outline.bounds
    if not all(map(math.isfinite, outline.bounds)) or max(-south, north) > 90:
        raise AssetError(item.id, "geometry", "is not in degrees; mend the item")
    if max(-west, east) > 360:
        raise AssetError(item.id, "geometry", "is not in degrees; mend the item")
    parts = [_unwrapped(part) for part in shapely.get_parts(outline)]
    outline = _polygons(shapely.union_all(parts))
    if outline.is_empty:
        raise AssetError(item.id, "geometry", "has no extent; mend the item")
    return outline


def _unwrapped(part: Polygon) -> BaseGeometry:
    """Cut an outline over the antimeridian in two, each within -180 to 180.

    No scene is 180 degrees wide: an outline that seems so goes the other way round.
    """
    west, _, east, _ = part.bounds
    if east - west > 180:
        part = shapely.transform(part, lambda xy: xy + (xy[:, :1] < 0) * (360.0, 0.0))
    part = shapely.make_valid(part)
    pieces = [
        translate(part & box(-180 - shift, -90, 180 - shift, 90), xoff=shift)
        for shift in (360, 0, -360)
    ]
    return shapely.union_all(pieces)


def _polygons(outline: BaseGeometry) -> BaseGeometry:
    """Areas only: mending an outline can leave stray lines."""
    parts = [part for part in shapely.get_parts(outline) if isinstance(part, Polygon)]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _granule_metadata(item: pystac.Item) -> str | None:
    for key in providers().properties["granule_metadata"]:
        asset = item.assets.get(key)
        if asset and "xml" in (asset.media_type or ""):
            return asset.get_absolute_href()
    return None


def _outlines(item: pystac.Item) -> str | None:
    for asset in item.assets.values():
        if "labels" in (asset.roles or ()) and asset.media_type == pystac.MediaType.GEOJSON:
            return asset.get_absolute_href()
    return None


def _signing(item: pystac.Item) -> Any:
    hrefs = [link.target for link in item.links if isinstance(link.target, str)]
    hosts = {urlsplit(href).hostname for href in (*hrefs, *(a.href for a in item.assets.values()))}
    for signer in providers().signers:
        if not hosts.isdisjoint(signer.hosts):
            return signer.signing
    return None
