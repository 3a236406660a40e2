"""Items without pystac's objects: the same addresses and times as pystac gives."""

import json
from pathlib import Path

import pystac
import pytest

from gnomon.catalog.stac_item import StacItem


def test_addresses_and_times_of_real_items_are_those_of_pystac(shared_data: Path) -> None:
    for path in sorted((shared_data / "stac-items").glob("*.json")):
        document = json.loads(path.read_text())
        theirs = pystac.Item.from_dict(document, href=str(path), migrate=False)
        for ours in (StacItem(document, str(path)), StacItem.of(theirs)):
            assert ours.href == theirs.get_self_href()
            assert ours.moment("datetime") == theirs.datetime
            assert {key: asset.whole_href for key, asset in ours.assets.items()} == {
                key: asset.get_absolute_href() for key, asset in theirs.assets.items()
            }


@pytest.mark.parametrize(
    ("href", "item", "whole"),
    [
        ("./red.tif", "/data/a/item.json", "/data/a/red.tif"),
        ("../red.tif", "https://example.org/a/item.json", "https://example.org/red.tif"),
        ("/data/red.tif", None, "/data/red.tif"),
        ("red.tif", None, None),
        ("s3://bucket/red.tif", None, "s3://bucket/red.tif"),
        ("HTTPS://example.org/red.tif", None, "HTTPS://example.org/red.tif"),
        ("/vsicurl/https://example.org/red.tif", None, "/vsicurl/https://example.org/red.tif"),
    ],
)
def test_a_relative_address_is_beside_its_item(
    href: str, item: str | None, whole: str | None
) -> None:
    document = {
        "type": "Feature", "stac_version": "1.0.0", "id": "a", "properties": {},
        "assets": {"red": {"href": href}},
    }  # fmt: skip
    assert StacItem(document, item).assets["red"].whole_href == whole


@pytest.mark.parametrize("change", [{"type": "Collection"}, {"type": None}])
def test_what_is_no_item_is_refused(change: dict[str, object]) -> None:
    document = {"type": "Feature", "stac_version": "1.0.0", "id": "a", "properties": {},
                "assets": {}} | change  # fmt: skip
    with pytest.raises(ValueError, match="type is not Feature"):
        StacItem(document, None)
