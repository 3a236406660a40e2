"""Items in memory as a static STAC catalogue: a root, and one collection for each name."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import pystac


def static_catalog(
    items: Sequence[pystac.Item],
    *,
    root_id: str,
    description: str,
    descriptions: Mapping[str, str],
    licence: str,
) -> pystac.Catalog:
    """Arrange items in collections under a root; nothing is written.

    Parameters
    ----------
    items
        At least one, each with a collection, a time and bounds.
    root_id, description
        Of the root document.
    descriptions
        Of the collections, by name; every collection of an item has one.
    licence
        Of all collections, as STAC names licences.

    """
    groups: dict[str, list[pystac.Item]] = defaultdict(list)
    for item in items:
        groups[str(item.collection_id)].append(item)
    root = pystac.Catalog(root_id, description)
    for name, members in groups.items():
        collection = pystac.Collection(name, descriptions[name], _extent(members), license=licence)
        root.add_child(collection)
        collection.add_items(members)
    return root


def _extent(items: Sequence[pystac.Item]) -> pystac.Extent:
    """Bounds and first and last time of some items."""
    times = [item.datetime for item in items if item.datetime]
    west, south, east, north = zip(*(item.bbox for item in items if item.bbox), strict=True)
    return pystac.Extent(
        pystac.SpatialExtent([[min(west), min(south), max(east), max(north)]]),
        pystac.TemporalExtent([[min(times), max(times)]]),
    )
