"""The raster files of a STAC item, and how their numbers become reflectance.

A DN becomes reflectance by ``DN * scale + offset``. The scale is that of the item, else that of the
mission's profile. The offset comes from the first of these that has one:

1. ``earthsearch:boa_offset_applied`` is true: 0. The provider has taken the offset out of the
   pixels and left ``raster:bands`` as they were, which is a known trap.
2. The asset: ``raster:bands`` (STAC 1.0), ``bands`` or ``raster:offset`` (STAC 1.1).
3. The profile. Where it names a first processing baseline, as for Sentinel-2 (-0.1 from 04.00 on;
   ESA, Sentinel-2 products, 25 January 2022), the item's baseline must reach it: a property, else
   ``_N0400_`` in the product's name.
4. Otherwise 0.
"""

import math
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from gnomon.catalog.providers import Profile, Providers
from gnomon.catalog.stac_item import StacAsset, StacItem
from gnomon.catalog.versions import listed_version
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.scene import PAN, QUALITY, Asset

RASTERS = ("tiff", "jp2", "jpeg2000")
"""What a raster's media type contains; a plain JPEG or PNG is a picture, not a measurement."""
BAND_FIELDS = {
    key: name
    for name in ("scale", "offset", "nodata", "gsd", "spatial_resolution")
    for key in (name, f"raster:{name}")
}
COARSE = {QUALITY, "swir16"}
"""What does not make an image by itself."""


def assets_of(item: StacItem, profile: Profile, known: Providers) -> dict[str, Asset]:
    """Raster files by common band name; ``pan`` only where there is no colour.

    Parameters
    ----------
    item
        Of any provider.
    profile
        Of the item's mission.
    known
        What providers call things.

    Raises
    ------
    AssetError
        There is none that gnomon reads, or one of them is not what it should be.

    """
    assets = {
        name: _asset(item, name, key, place, profile, known)
        for name, key, place in _bands(item, profile)
    }
    if assets.keys() - {PAN, *COARSE}:
        assets.pop(PAN, None)
    if not assets.keys() - COARSE:
        why = f"none of {', '.join(profile.assets)} among {', '.join(item.assets) or 'none'}"
        raise AssetError(item.id, "assets", f"{why}; leave this collection out")
    return assets


def property_of(item: StacItem, name: str, known: Providers) -> Any:
    """Value of a property that providers call by several names; None where an item has none."""
    values = (item.properties.get(key) for key in known.properties[name])
    return next((value for value in values if value is not None), None)


def number_of(value: object) -> float | None:
    """Read a finite number, also where a provider wrote it as text; None otherwise."""
    if value is None:
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _bands(item: StacItem, profile: Profile) -> Iterator[tuple[str, str, int]]:
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


def _by_common_name(item: StacItem, name: str, profile: Profile) -> Iterator[tuple[str, int]]:
    """Assets of an unknown mission whose fields name a band, and its place in the file."""
    if profile.collections:  # a known mission has known names; others are previews and originals
        return
    for key, asset in item.assets.items():
        fields = asset.fields
        bands = fields.get("eo:bands") or fields.get("bands") or ()
        if {"thumbnail", "overview", "visual"}.isdisjoint({key, *(asset.roles or ())}):
            for place, band in enumerate(bands, start=1):
                if name in (band.get("common_name"), band.get("eo:common_name"), band.get("name")):
                    yield key, place


def _preference(item: StacItem, key: str) -> tuple[bool, float]:
    """Rank of an asset among those of one band: rasters first, then the finest."""
    asset = item.assets[key]
    return not _is_raster(asset), number_of(asset.fields.get("gsd")) or math.inf


def _is_raster(asset: StacAsset) -> bool:
    return _is_of_raster(asset.media_type or "")


@lru_cache(maxsize=256)
def _is_of_raster(media_type: str) -> bool:
    kind = media_type.lower()
    return not kind or any(word in kind for word in RASTERS)


def _asset(
    item: StacItem, name: str, key: str, place: int, profile: Profile, known: Providers
) -> Asset:
    asset = item.assets[key]
    band = _band_fields(asset, place)
    href = asset.whole_href
    if not href:
        raise AssetError(item.id, key, f"its address {asset.href!r} leads nowhere; mend the item")
    gsd_m = number_of(band.get("gsd")) or number_of(band.get("spatial_resolution"))
    # The profile's nodata is a DN of measurements: in a layer of bits 0 may be clear land.
    numbers: dict[str, Any] = {"quality": profile.quality, "nodata": _nodata(band)}
    if name != QUALITY:
        scale = number_of(band.get("scale"))
        numbers = {
            "scale": profile.scale if scale is None else scale,
            "offset": _offset(item, key, band, profile, known),
            "nodata": profile.nodata if _nodata(band) is None else _nodata(band),
        }
    return Asset(
        href=href.removeprefix("file://"),
        name=key,
        media_type=asset.media_type,
        band=place,
        gsd_m=gsd_m,
        version=listed_version(asset),
        **numbers,
    )


def _band_fields(asset: StacAsset, place: int) -> Mapping[str, Any]:
    """Gather the fields of one band's numbers, under the names of ``raster:bands``."""
    found: dict[str, Any] = {}
    fields = asset.fields
    own = [bands[place - 1] for name in ("bands", "raster:bands")
           if len(bands := fields.get(name) or ()) >= place]  # fmt: skip
    for source in (fields, *own):
        for key in BAND_FIELDS.keys() & source.keys():
            name = BAND_FIELDS[key]
            if source[key] is not None and (key != name or f"raster:{name}" not in source):
                found[name] = source[key]
    return found


def _offset(
    item: StacItem, key: str, band: Mapping[str, Any], profile: Profile, known: Providers
) -> float:
    if property_of(item, "offset_applied", known) is True:
        return 0.0
    if "offset" in band:
        offset = number_of(band["offset"])
        if offset is None:
            raise AssetError(item.id, key, f"its offset is {band['offset']!r}, not a number")
        return offset
    first = profile.offset_from_baseline
    baseline = baseline_of(item, profile, known)
    applies = first is None or (baseline is not None and baseline >= first)
    return profile.offset if applies else 0.0


def baseline_of(item: StacItem, profile: Profile, known: Providers) -> float | None:
    """Processing baseline, of a property or in the product's name; None where neither has it."""
    number = number_of(property_of(item, "baseline", known))
    if number is not None or profile.baseline_in_name is None:
        return number
    for name in (property_of(item, "product", known), item.id):
        if found := re.search(profile.baseline_in_name, str(name)):
            return float(f"{found[1]}.{found[2]}")
    return None


def _nodata(band: Mapping[str, Any]) -> float | None:
    value = band.get("nodata")
    is_nan = isinstance(value, str) and value.lower() == "nan"
    return math.nan if is_nan else number_of(value)
