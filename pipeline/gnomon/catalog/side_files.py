"""Which XML file of a Sentinel-1 item is which: by where it lies, then by what its asset is called.

A product has three for each polarisation, whose paths the Product Specification fixes, in the SAFE
folder and in the public bucket alike ::

    annotation/NAME.xml
    annotation/calibration/calibration-NAME.xml
    annotation/calibration/noise-NAME.xml
    annotation/rfi/rfi-NAME.xml                     radio interference: not used

Names of assets cannot be trusted: Earth Search lists the file of radio interference under
``schema-product-hh``, and the annotation not at all. So an address of this form says what the file
is, and also where the files of the same polarisation lie that the item does not list. Only where
an address says nothing does the asset's name count (``providers.toml``). The reader makes sure by
the file's content.
"""

import re
from collections.abc import Iterator, Mapping

from gnomon.catalog.providers import Profile
from gnomon.catalog.stac_item import StacItem
from gnomon.catalog.versions import listed_version
from gnomon.datamodel.scene import Asset, RadarFiles, SideFile

_PLACE = re.compile(
    r"(?P<folder>.*/annotation)/"
    r"(?:(?P<kind>calibration)/calibration-|(?P<noise>calibration)/noise-|(?P<rfi>rfi)/rfi-)?"
    r"(?P<name>[^/?#]+)\.xml"
)
_PATHS = {
    "annotation": "{folder}/{name}.xml",
    "calibration": "{folder}/calibration/calibration-{name}.xml",
    "noise": "{folder}/calibration/noise-{name}.xml",
}


def side_files_of(
    item: StacItem, assets: Mapping[str, Asset], profile: Profile
) -> dict[str, RadarFiles]:
    """Side files of the polarisations of an item that has all three.

    Parameters
    ----------
    item
        Of any provider.
    assets
        Its rasters, by common band name.
    profile
        Of its mission.

    Returns
    -------
    dict
        By common band name; empty for a mission without side files.

    """
    if profile.side_files is None:
        return {}
    listed = dict(_by_address(item))
    found = {}
    for band in assets:
        files: dict[str, SideFile] = {}
        for kind, names in vars(profile.side_files).items():
            named = [name.format(band) for name in names]
            file = listed.get((band, kind)) or _beside(listed, band, kind) or _by_name(item, named)
            if file:
                files[kind] = file
        if files.keys() == _PATHS.keys():
            found[band] = RadarFiles(**files)
    return found


def _by_address(item: StacItem) -> Iterator[tuple[tuple[str, str], SideFile]]:
    """Files whose address says what they are, by band and kind."""
    for key, asset in item.assets.items():
        href = asset.whole_href or ""
        place = _PLACE.fullmatch(href)
        if place and (band := _band(place["name"])):
            kinds = (("calibration", "kind"), ("noise", "noise"), ("rfi", "rfi"))
            kind = next((kind for kind, group in kinds if place[group]), "annotation")
            version = listed_version(asset)
            yield (band, kind), SideFile(href=_plain(href), name=key, version=version)


def _band(name: str) -> str | None:
    """Polarisation in a file's name, ``iw-hh`` or ``s1c-s4-grd-hv-...``."""
    return next(
        (part for part in name.lower().split("-") if part in {"vv", "vh", "hh", "hv"}), None
    )


def _beside(listed: Mapping[tuple[str, str], SideFile], band: str, kind: str) -> SideFile | None:
    """File that an item does not list, by one of the same polarisation that it lists."""
    for other in ("calibration", "noise", "annotation", "rfi"):
        if near := listed.get((band, other)):
            place = _PLACE.fullmatch(near.href)
            if place:
                path = _PATHS[kind].format(folder=place["folder"], name=place["name"])
                return SideFile(href=path, name=near.name)
    return None


def _by_name(item: StacItem, names: list[str]) -> SideFile | None:
    """File by its asset's name, where its address has no form that is known."""
    for name in names:
        asset = item.assets.get(name)
        href = asset and asset.whole_href
        if asset and href and not _PLACE.fullmatch(href):
            return SideFile(href=_plain(href), name=name, version=listed_version(asset))
    return None


def _plain(href: str) -> str:
    return href.removeprefix("file://")
