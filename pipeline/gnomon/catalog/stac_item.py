"""A STAC item as gnomon reads it: its document, and where that was found.

A search reads a hundred thousand items, and of most of what they list nothing. So nothing is copied
out of a document before it is asked for. Documents were checked before they come here
(`gnomon.catalog.listed`), or were made by pystac.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import pystac
from pystac.utils import is_absolute_href, make_absolute_href, str_to_datetime

PLAINLY_ABSOLUTE = ("https://", "http://", "s3://")


@dataclass(frozen=True)
class StacAsset:
    """A file of an item."""

    fields: Mapping[str, Any]
    """As the document has them."""
    beside: str | None
    """Address of the item."""

    @property
    def href(self) -> str:
        """Address as the document has it."""
        return str(self.fields["href"])

    @property
    def media_type(self) -> str | None:
        """Such as ``image/tiff``."""
        return self.fields.get("type")

    @property
    def roles(self) -> Sequence[str]:
        """What it is for."""
        return self.fields.get("roles") or ()

    @property
    def whole_href(self) -> str | None:
        """Address that says all; None of a relative one whose item has none."""
        href = self.href
        if href.startswith(PLAINLY_ABSOLUTE) or is_absolute_href(href):
            return href
        return None if self.beside is None else make_absolute_href(href, self.beside)


class StacItem:
    """An item.

    Parameters
    ----------
    document
        As JSON has it.
    href
        Where it was found.

    Raises
    ------
    ValueError
        It is no item.

    """

    def __init__(self, document: Mapping[str, Any], href: str | None) -> None:
        if document.get("type") != "Feature" or "stac_version" not in document:
            raise ValueError("its type is not Feature, or it has no stac_version")
        self.href = href
        self.id = str(document["id"])
        self.collection_id: str | None = document.get("collection")
        self.geometry: Any = document.get("geometry")
        self.properties: Mapping[str, Any] = document["properties"]
        self.links: Sequence[Mapping[str, Any]] = document.get("links") or ()
        self.files: Mapping[str, Mapping[str, Any]] = document["assets"]

    @classmethod
    def of(cls, item: pystac.Item) -> "StacItem":
        """What pystac made or read."""
        document = item.to_dict(include_self_link=False, transform_hrefs=False)
        return cls(document, item.get_self_href())

    @cached_property
    def assets(self) -> dict[str, StacAsset]:
        """Its files, by key."""
        return {key: StacAsset(fields, self.href) for key, fields in self.files.items()}

    def moment(self, name: str) -> datetime | None:
        """Time of a property; None where there is none.

        Raises
        ------
        ValueError, TypeError
            It is no time.

        """
        text = self.properties.get(name)
        if text is None:
            return None
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return str_to_datetime(text)
