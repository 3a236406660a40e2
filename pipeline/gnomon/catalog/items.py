"""A STAC item, of any provider, to a ``Scene``: here the differences between providers end.

Names of assets and properties are those of ``providers.toml`` and of a study's own profiles
(`gnomon.catalog.providers`); numbers become reflectance as in `gnomon.catalog.assets`.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pystac

from gnomon.catalog.angles import angles_of
from gnomon.catalog.assets import assets_of, baseline_of, number_of, property_of
from gnomon.catalog.footprints import footprint_of
from gnomon.catalog.providers import Profile, Providers, providers
from gnomon.catalog.side_files import side_files_of
from gnomon.catalog.stac_item import StacAsset, StacItem
from gnomon.catalog.versions import listed_version
from gnomon.datamodel.addresses import without_secrets
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.scene import QUALITY, Asset, FileVersion, LabelFiles, Scene, Signing
from gnomon.datamodel.trust import Trust

YEARS = range(1972, 2200)
"""Of acquisitions: from the first Landsat on."""
FINEST_M, COARSEST_M = 0.01, 10_000.0
LONGEST_EXPOSURE = timedelta(minutes=10)
"""An item of a longer span, such as a monthly mosaic, shows no single moment."""


def scene_from_item(
    item: StacItem | pystac.Item, known: Providers | None = None, trust: Trust | None = None
) -> Scene:
    """Describe an item as a scene.

    Parameters
    ----------
    item
        Of any provider.
    known
        What providers call things; those that come with gnomon if left out.
    trust
        What the catalogue that the item is from may lead to; files and the internet if left out.

    Raises
    ------
    AssetError
        The item has no time, footprint or usable asset, or one of them is not what it should be.

    """
    known, trust = known or providers(), trust or Trust()
    if isinstance(item, pystac.Item):
        item = StacItem.of(item)
    constellation = _slug(item.properties.get("constellation") or item.properties.get("platform"))
    profile = known.profile(
        collection=item.collection_id, constellation=re.sub(r"(-\d)[a-z]$", r"\1", constellation)
    )
    assets = assets_of(item, profile, known)
    metadata = _granule_metadata(item, known)
    angles = angles_of(item, altitude_km=profile.altitude_km, names=known.angles)
    return Scene(
        id=item.id,
        collection=item.collection_id or "",
        platform=_slug(item.properties.get("platform")) or constellation or "unknown",
        sensor=profile.sensor,
        seen_at=seen_at_of(item),
        footprint=footprint_of(item, vertices=trust.limits.vertices),
        gsd_m=_gsd(item, assets, profile),
        assets=assets,
        radar=side_files_of(item, assets, profile),
        relative_orbit=_relative_orbit(item, known),
        **vars(angles),
        href=_own_address(item),
        processed_at=_processed_at(item, known),
        product=_product(item, profile, known),
        baseline=baseline_of(item, profile, known),
        cloud_percent=number_of(item.properties.get("eo:cloud_cover")),
        granule_metadata_href=metadata.whole_href if metadata else None,
        granule_metadata_version=listed_version(metadata) if metadata else FileVersion(),
        outlines_href=_outlines(item, "labels"),
        beside_outlines=_beside_outlines(item),
        signing=_signing(item, known),
        trust=trust,
    )


def _own_address(item: StacItem) -> str | None:
    """Address of an item for people, who bring their own keys."""
    return item.href and without_secrets(item.href)


def _slug(name: object) -> str:
    return "-".join(str(name or "").lower().split())


def _gsd(item: StacItem, assets: Mapping[str, Asset], profile: Profile) -> float:
    """Ground sampling distance of the finest band, metres."""
    named = [asset.gsd_m for name, asset in assets.items() if asset.gsd_m and name != QUALITY]
    gsd = min(named, default=None) or number_of(item.properties.get("gsd")) or profile.gsd_m
    if not gsd or gsd <= 0:
        raise AssetError(item.id, "gsd", "is not given; write it into the item")
    if not FINEST_M <= gsd <= COARSEST_M:
        raise AssetError(item.id, "gsd", f"is {gsd:g} m, which no image has; mend the item")
    return gsd


def seen_at_of(item: StacItem) -> datetime:
    """Time of acquisition, UTC.

    Raises
    ------
    AssetError
        The item has no time, or a span that is too long for one acquisition.

    """
    names = ("datetime", "start_datetime", "end_datetime")
    when, first, last = ((one := item.moment(name)) and _utc(one) for name in names)
    if when is None and first and last and timedelta(0) <= last - first <= LONGEST_EXPOSURE:
        when = first + (last - first) / 2
    if when is None:
        raise AssetError(item.id, "datetime", "is missing, so its sun is unknown; mend the item")
    if when.year not in YEARS:
        raise AssetError(item.id, "datetime", f"is in the year {when.year}; mend the item")
    return when


def _utc(when: datetime) -> datetime:
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)


def _processed_at(item: StacItem, known: Providers) -> datetime | None:
    """Time of processing, from a property or at the end of the product's name."""
    name = str(property_of(item, "product", known) or item.id)
    stamp = re.search(r"_(\d{8}T\d{6})(\.SAFE)?$", name)
    for text in (property_of(item, "processed_at", known), stamp and stamp[1]):
        try:
            return _utc(datetime.fromisoformat(str(text)))
        except ValueError:
            continue
    return None


def _product(item: StacItem, profile: Profile, known: Providers) -> str | None:
    """Name of the product, of a property or where the id is one."""
    name = property_of(item, "product", known)
    if name is None and profile.baseline_in_name and re.search(profile.baseline_in_name, item.id):
        name = item.id
    return str(name).removesuffix(".SAFE") if name else None


def _relative_orbit(item: StacItem, known: Providers) -> int | None:
    number = number_of(property_of(item, "relative_orbit", known))
    return None if number is None or number != round(number) else round(number)


def _granule_metadata(item: StacItem, known: Providers) -> StacAsset | None:
    for key in known.properties["granule_metadata"]:
        asset = item.assets.get(key)
        if asset and "xml" in (asset.media_type or ""):
            return asset
    return None


def _outlines(item: StacItem, role: str) -> str | None:
    for key, file in item.files.items():
        if file.get("type") == pystac.MediaType.GEOJSON and role in (file.get("roles") or ()):
            return item.assets[key].whole_href
    return None


def _beside_outlines(item: StacItem) -> LabelFiles:
    searched = item.assets.get("searched")
    href = searched.whole_href if searched else None
    return LabelFiles(
        doubts_href=_outlines(item, "doubts"),
        hard_negatives_href=_outlines(item, "hard-negatives"),
        searched=Asset(href=href, name="searched", media_type="image/tiff") if href else None,
    )


def _signing(item: StacItem, known: Providers) -> Signing | None:
    """Provider whose addresses must be signed, by the hosts of links and files."""
    links = [href for link in item.links if isinstance(href := link.get("href"), str)]
    files = [file["href"] for file in item.files.values()]
    every = [item.href or "", *links, *files]
    named = {host for signer in known.signers for host in signer.hosts}
    all_of_them = "\n".join(every).lower()
    if not any(host in all_of_them for host in named):
        return None  # as nearly always, and without taking each apart
    hosts = {urlsplit(href).hostname for href in every}
    for signer in known.signers:
        if not hosts.isdisjoint(signer.hosts):
            return signer.signing
    return None
