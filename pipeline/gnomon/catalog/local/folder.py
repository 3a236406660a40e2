"""A catalogue's own folder: written whole or not at all, and never over what is not ours.

It is written under a temporary name beside its place and renamed. An earlier catalogue there is
replaced only if each file in the folder is one that it links to: nothing else is ever deleted.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pystac

from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.files import write_folder_whole
from gnomon.datamodel.static_catalog import static_catalog

ROOT = "gnomon-own-imagery"
"""Id of the root document: the mark by which an earlier catalogue is known."""


def check_place(out: Path) -> None:
    """Make sure that a folder is absent, empty, or an earlier catalogue and nothing else.

    Raises
    ------
    StoreError
        It is something else.

    """
    if not out.exists():
        return
    if not out.is_dir():
        raise StoreError(f"{out}: is a file; name a folder")
    there = {path for path in out.rglob("*") if not path.is_dir()}
    if strange := sorted(there - set(_own(out))):
        what = f"holds {strange[0].relative_to(out).as_posix()}, which is no part of a catalogue"
        raise StoreError(f"{out}: {what} that gnomon made; name another folder")


def _own(out: Path) -> Iterator[Path]:
    """Files of the catalogue in a folder, as far as it is one of ours."""
    waiting, known = [out / "catalog.json"], set()
    while waiting:
        path = waiting.pop()
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            links = [link["href"] for link in document["links"] if link["rel"] in ("child", "item")]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if path.parent == out and document.get("id") != ROOT:
            return
        yield path
        known.add(path)
        waiting += [there for href in links if (there := path.parent / href) not in known]


def save_catalog(out: Path, items: Sequence[pystac.Item], *, collection: str, images: Path) -> Path:
    """Write a catalogue of one collection, and return the path of its root document.

    Parameters
    ----------
    out
        Folder that `check_place` let pass.
    items
        At least one, with absolute addresses of their files.
    collection
        Name of the collection.
    images
        Folder of the files: where it lies in, above or beside ``out``, addresses become relative.

    Raises
    ------
    StoreError
        The folder cannot be written; nothing half-written is left.

    """
    root = static_catalog(
        items,
        root_id=ROOT,
        description="Own images, catalogued by gnomon.",
        descriptions={collection: "GeoTIFFs of one's own, with their time, angles and bands."},
        licence="other",
    )
    root.normalize_hrefs(str(out))
    if images.is_relative_to(out.parent) or out.is_relative_to(images):
        root.make_all_asset_hrefs_relative()
    write_folder_whole(
        out, lambda fresh: root.save(pystac.CatalogType.SELF_CONTAINED, dest_href=str(fresh))
    )
    return out / "catalog.json"
