"""A STAC API or a static catalogue, searched alike: area, period and collections to scenes.

The root document decides which it is: an API lists what it conforms to or links to its search. What
a server may leave out (period, area, cloud) is filtered here again, so that both ways give the same
scenes. An item that cannot be used is returned as a fault and stops nothing; an acquisition that
is listed more than once is returned once (`gnomon.catalog.acquisitions`).

A catalogue that changes between two pages moves items from one to the other, and one is then never
listed. An API says how many match (`numberMatched`), and what is short of that is noted.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date

from pystac.utils import make_absolute_href
from pystac_client import Client
from shapely.geometry.base import BaseGeometry

from gnomon.catalog.acquisitions import deduplicate, versions_left_out
from gnomon.catalog.documents import DocumentReader, Json, explained
from gnomon.catalog.listed import ItemFault, hrefs_of, scene_or_fault
from gnomon.catalog.providers import Providers, providers_with
from gnomon.catalog.vetting import TooLargeError
from gnomon.datamodel.addresses import without_secrets
from gnomon.datamodel.errors import AssetError, CatalogError
from gnomon.datamodel.limits import Limits
from gnomon.datamodel.progress import Progress, silent
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.study import CatalogOptions
from gnomon.datamodel.study_paths import missing_variable

PAGE = 100
"""Items per answer: what the slowest of the public servers gives without a time-out."""
Listed = tuple[Json | AssetError, str]
"""An item, or what is wrong with it, and its address."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search found, in the order of time."""

    scenes: tuple[Scene, ...] = ()
    """To be observed."""
    cloudy: tuple[Scene, ...] = ()
    """Cloudier than the study allows, by their provider's estimate: reported and not read."""
    faults: tuple[ItemFault, ...] = ()
    notes: tuple[str, ...] = ()
    """What a user must know of the search: one line each."""


@dataclass
class _Listing:
    """What an API says that matches, and what it lists."""

    matched: int = 0
    listed: set[tuple[str, str]] = field(default_factory=set)
    """Collection and id of each item: one that moves to the next page is listed twice."""

    def count(self, page: Json) -> None:
        """Count a page; a number that is none says nothing."""
        context = page.get("context")  # of STAC APIs before 1.0
        older = context.get("matched") if isinstance(context, dict) else None
        for said in (page.get("numberMatched"), older):
            if isinstance(said, int) and not isinstance(said, bool):
                self.matched = max(self.matched, said)
        for item in page["features"]:
            if isinstance(item, dict):
                self.listed.add((str(item.get("collection")), str(item.get("id"))))

    def notes(self, url: str) -> Iterator[str]:
        """What is missing, in words."""
        if len(self.listed) < self.matched:
            yield (
                f"{without_secrets(url)} listed {len(self.listed):,} of the {self.matched:,} items "
                "that it says match: it may have changed meanwhile; run again"
            )


@dataclass(frozen=True, kw_only=True)
class _Query:
    """What is searched for."""

    area: BaseGeometry | None
    start: date | None
    end: date | None
    ids: Sequence[str] | None

    @property
    def period(self) -> str | None:
        """As a STAC API writes it."""
        if self.start is None and self.end is None:
            return None
        first = f"{self.start}T00:00:00Z" if self.start else ".."
        return f"{first}/" + (f"{self.end}T23:59:59.999Z" if self.end else "..")

    def holds(self, one: Scene | ItemFault) -> bool:
        """Whether a scene matches, or a faulty item as far as it is known."""
        if self.ids is not None and isinstance(one, Scene) and one.id not in self.ids:
            return False
        day = one.seen_at and one.seen_at.date()
        if day and ((self.start and day < self.start) or (self.end and day > self.end)):
            return False
        if self.area is None or one.footprint is None:
            return True
        return bool(self.area.intersects(one.footprint))


def find_scenes(
    options: CatalogOptions,
    *,
    area: BaseGeometry | None,
    start: date | None = None,
    end: date | None = None,
    ids: Sequence[str] | None = None,
    on_progress: Progress = silent,
) -> Found:
    """Search a catalogue.

    Parameters
    ----------
    options
        The catalogue and how patient to be with it.
    area
        In EPSG:4326; scenes whose footprint touches it. None is everywhere.
    start, end
        First and last day, UTC, both included; None is open.
    ids
        Only these items, of any collection unless the options name some; each is given, also
        where two are one acquisition. None is all.
    on_progress
        Called after each item; how many there are is known of a static catalogue only.

    Raises
    ------
    CatalogError
        The catalogue is not there, is not STAC, is empty, lacks a collection that was asked for, or
        does not answer in time.
    StudyError
        The options name a file of profiles that cannot be used.

    """
    if variable := missing_variable(options.url):
        raise CatalogError(
            f"{options.url}: {variable} is not set; name by it the folder with the data"
        )
    known = providers_with(options.providers)
    query, listing = _Query(area=area, start=start, end=end, ids=ids), _Listing()
    with explained(options.url):
        server = DocumentReader(options)
        root = server.document(options.url)
        items = (
            _search(server, options, query, known, listing, on_progress)
            if _is_api(root)
            else _walk(server, options, root, query, known, on_progress)
        )
        found = [
            one
            for item in _counted(items, server.trust.limits)
            if query.holds(one := scene_or_fault(*item, known, server.trust))
        ]
    unique = {(s.collection, s.id): s for s in found if isinstance(s, Scene)}
    scenes = (
        deduplicate(unique.values(), area, options.collections)
        if ids is None
        else tuple(sorted(unique.values(), key=lambda scene: (scene.seen_at, scene.id)))
    )
    limit = options.max_cloud_percent
    return Found(
        scenes=tuple(s for s in scenes if s.cloud_percent is None or s.cloud_percent <= limit),
        cloudy=tuple(s for s in scenes if s.cloud_percent is not None and s.cloud_percent > limit),
        faults=tuple(fault for fault in found if isinstance(fault, ItemFault)),
        notes=(*listing.notes(options.url), *_versions(unique.values(), scenes)),
    )


def _versions(listed: Collection[Scene], kept: Collection[Scene]) -> Iterator[str]:
    """How many scenes are duplicates, in words."""
    if count := versions_left_out(listed, kept):
        items = "1 item is" if count == 1 else f"{count:,} items are"
        yield f"{items} another listing or an older processing of an image; each image counts once"


def _counted(items: Iterator[Listed], limits: Limits) -> Iterator[Listed]:
    """Items of a search, as many as the study allows."""
    for count, item in enumerate(items, start=1):
        if count > limits.items:
            raise TooLargeError(f"has more items than [catalog.limits] items, {limits.items:,}")
        yield item


def _is_api(root: Json) -> bool:
    if root.get("type", "Catalog") not in ("Catalog", "Collection"):
        raise ValueError(f"its type is {root['type']}, not Catalog")
    return "conformsTo" in root or bool(hrefs_of(root, "search"))


def _search(
    server: DocumentReader,
    options: CatalogOptions,
    query: _Query,
    known: Providers,
    listing: _Listing,
    report: Progress,
) -> Iterator[Listed]:
    """Items of an API, page by page, each with its address."""
    client = Client.open(options.url, stac_io=server)
    collections: Sequence[str] = options.collections
    if query.ids is None or collections:
        collections = _chosen([one.id for one in client.get_collections()], options, known)
    results = client.search(
        collections=list(collections) or None,
        ids=None if query.ids is None else list(query.ids),
        intersects=query.area,
        datetime=query.period,
        limit=PAGE,
    )
    count = 0
    for page in results.pages_as_dicts():
        listing.count(page)
        for count, item in enumerate(page["features"], start=count + 1):  # noqa: B020
            name = str(item.get("id")) if isinstance(item, dict) else ""
            report(count, 0, name)
            yield item, _own_address(item) or f"{without_secrets(options.url)} {name}"


def _own_address(item: object) -> str | None:
    """Where an item says that it lies."""
    with suppress(ValueError):
        return next(iter(hrefs_of(item, "self")), None) if isinstance(item, dict) else None
    return None


def _walk(
    server: DocumentReader,
    options: CatalogOptions,
    root: Json,
    query: _Query,
    known: Providers,
    report: Progress,
) -> Iterator[Listed]:
    """Items of a static catalogue, one by one, each with its address."""
    nodes = _nodes(server, options.url, root)
    collections = [node["id"] for node in nodes.values() if node.get("type") == "Collection"]
    chosen: Sequence[str] = options.collections
    if collections:
        named = query.ids is not None and not chosen
        chosen = collections if named else _chosen(collections, options, known)
    wanted = [
        make_absolute_href(href, place, start_is_dir=False)
        for place, node in nodes.items()
        if node.get("type") != "Collection" or node["id"] in chosen
        for href in hrefs_of(node, "item")
    ]
    if not any(hrefs_of(node, "item") for node in nodes.values()):
        raise ValueError("it has no items")
    for count, href in enumerate(wanted, start=1):
        item = server.item(href)
        report(count, len(wanted), without_secrets(href))
        if isinstance(item, AssetError) or not chosen or item.get("collection") in (None, *chosen):
            yield item, href


def _nodes(server: DocumentReader, url: str, root: Json) -> dict[str, Json]:
    """Every catalogue and collection below a root, by address; a loop of links is walked once."""
    nodes, waiting = {url: root}, [url]
    while waiting:
        place = waiting.pop()
        for link in hrefs_of(nodes[place], "child"):
            href = make_absolute_href(link, place, start_is_dir=False)
            if href not in nodes:
                if len(nodes) > (most := server.trust.limits.pages):
                    raise TooLargeError(
                        f"has more collections than [catalog.limits] pages, {most:,}"
                    )
                nodes[href] = server.document(href)
                waiting.append(href)
    return nodes


def _chosen(
    collections: Sequence[str], options: CatalogOptions, providers: Providers
) -> tuple[str, ...]:
    """Collections to search: those asked for, else the known ones, else all the unknown ones."""
    has = f"it has {', '.join(sorted(collections)[:20]) or 'none'}"
    if lacking := [name for name in options.collections if name not in collections]:
        mend = "mend --collections, or [catalog] collections"
        raise CatalogError(f"{options.url}: has no collection {', '.join(lacking)}; {has}; {mend}")
    if options.collections:
        return options.collections
    profiles = {name: providers.profile(collection=name) for name in collections}
    known = [name for name, profile in profiles.items() if profile.collections]
    unknown = [name for name in collections if name not in known]
    chosen = [name for name in known if not profiles[name].on_request] or unknown
    if not chosen:
        why = f"has no collection that gnomon reads; {has}; name one by --collections"
        raise CatalogError(f"{options.url}: {why}")
    return tuple(chosen)
