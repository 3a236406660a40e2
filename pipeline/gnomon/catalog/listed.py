"""What a catalogue lists, read strictly: an item to a scene, or to a fault that stops nothing.

An item is first held against the shapes of STAC that its reading rests on, so that what is wrong
with it is said by name. What then still fails is a fault of that item alone.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shapely.geometry.base import BaseGeometry

from gnomon.catalog.documents import Json, one_line
from gnomon.catalog.footprints import footprint_of
from gnomon.catalog.items import scene_from_item, seen_at_of
from gnomon.catalog.providers import Providers
from gnomon.catalog.stac_item import StacItem
from gnomon.datamodel.addresses import without_secrets
from gnomon.datamodel.errors import AssetError, faults_of
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.trust import Trust

LONGEST_ID = 300
LISTED: Mapping[type, str] = {str: "texts", dict: "objects"}
LISTS: Mapping[str, tuple[type, str]] = {
    "roles": (str, "the roles"),
    **{name: (dict, name) for name in ("eo:bands", "raster:bands", "bands")},
}
"""Lists that an asset may have, of what, and what they are called."""


@dataclass(frozen=True, kw_only=True)
class ItemFault:
    """An item that cannot be used, and what is known of it."""

    item: str
    collection: str
    platform: str
    error: AssetError
    seen_at: datetime | None = None
    footprint: BaseGeometry | None = None


def hrefs_of(document: Json, relation: str) -> list[str]:
    """Addresses of a document's links of one relation.

    Raises
    ------
    ValueError
        Its links are no links.

    """
    links = document.get("links") or []
    if not (isinstance(links, list) and all(isinstance(link, dict) for link in links)):
        raise ValueError("its links are no list of objects")
    hrefs = [link.get("href") for link in links if link.get("rel") == relation]
    if not all(isinstance(href, str) for href in hrefs):
        raise ValueError(f"a link ({relation}) has no address")
    return hrefs


def scene_or_fault(item: object, href: str, known: Providers, trust: Trust) -> Scene | ItemFault:
    """Describe an item; an error in it is returned, so that it stops no other.

    Parameters
    ----------
    item
        As a catalogue lists it, or why it could not be read.
    href
        Its address.
    known
        What providers call things.
    trust
        What the catalogue may lead to.

    """
    if isinstance(item, AssetError):
        return ItemFault(item=item.item, collection="", platform="unknown", error=item)
    name, parsed = _name(item, href), None
    try:
        with faults_of(name, "item"):
            parsed = _parsed(item, name, href)
            return scene_from_item(parsed, known, trust)
    except AssetError as error:
        return _fault(name, parsed, error, trust)


def _name(item: object, href: str) -> str:
    """Id of an item as text that can be printed and written; its address where it has none."""
    found = item.get("id") if isinstance(item, dict) else None
    text = found if isinstance(found, str) and found.strip() else without_secrets(href)
    return " ".join(text.encode("utf-8", "replace").decode().split())[:LONGEST_ID]


def _parsed(item: Any, name: str, href: str) -> StacItem:
    fault = next(_faults(item), None)
    if fault is None:
        try:
            return StacItem(item, href)
        except ValueError as error:
            fault = one_line(error)
    raise AssetError(name, "item", f"is not a STAC item ({fault}); mend it")


def _faults(item: Any) -> Iterator[str]:
    """What an item has that is not of the shape that is read of it."""
    if not isinstance(item, dict):
        yield "it is no object"
        return
    if not (isinstance(item.get("id"), str) and item["id"].strip()):
        yield "its id is no text"
    elif len(item["id"]) > LONGEST_ID or not item["id"].isprintable():
        yield "its id is no name"
    if not isinstance(item.get("collection"), str | None):
        yield "its collection is no text"
    if not isinstance(item.get("properties"), dict):
        yield "its properties are no object"
    yield from _asset_faults(item.get("assets"))
    with suppress(ValueError):
        hrefs_of(item, "")
        yield from _text_faults(item)
        return
    yield "its links are no list of objects"


def _asset_faults(assets: Any) -> Iterator[str]:
    if not isinstance(assets, dict):
        yield "its assets are no object"
        return
    for key, asset in assets.items():
        if not (isinstance(asset, dict) and isinstance(asset.get("href"), str)):
            yield f"its asset {key} has no address"
        elif not isinstance(asset.get("type"), str | None):
            yield f"the type of its asset {key} is no text"
        else:
            for name in LISTS.keys() & asset.keys():
                kind, what = LISTS[name]
                if not _is_list_of(asset[name], kind):
                    yield f"{what} of its asset {key} are no {LISTED[kind]}"


def _is_list_of(values: Any, kind: type) -> bool:
    return values is None or (isinstance(values, list) and all(type(v) is kind for v in values))


def _text_faults(item: Json) -> Iterator[str]:
    """Texts that a scene, a row or a message may have, and that cannot be written."""
    parts = (item, item["properties"], *item["assets"].values(), *(item.get("links") or ()))
    texts = [text for part in parts for text in part.values() if type(text) is str]
    try:
        "".join((*texts, *item["assets"])).encode()
    except UnicodeEncodeError:
        yield "it has text that is no Unicode"


def _fault(name: str, item: StacItem | None, error: AssetError, trust: Trust) -> ItemFault:
    """What is known of an item that cannot be used."""
    when = where = None
    collection = platform = ""
    if item is not None:
        with suppress(AssetError), faults_of(name, "datetime"):
            when = seen_at_of(item)
        with suppress(AssetError), faults_of(name, "geometry"):
            where = footprint_of(item, vertices=trust.limits.vertices)
        collection = item.collection_id or ""
        platform = str(item.properties.get("platform") or "").lower()
    return ItemFault(
        item=name,
        collection=collection,
        platform=platform or "unknown",
        error=error,
        seen_at=when,
        footprint=where,
    )
