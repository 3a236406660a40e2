"""A researcher's own images, a folder of GeoTIFFs, as a static STAC catalogue.

Each file becomes one item (`item.py`): its grid and bands from the file (`geotiff.py`), its time
and angles from metadata beside it, a table or options (`metadata.py`, `planet.py`).

No image is copied or changed. The catalogue points to the files relatively where it lies in their
folder, above it or beside it, so that all can be moved together, and absolutely elsewhere.

An image that cannot be used is a fault that stops nothing.

What one platform saw of a place within half an orbit is observed once
(`gnomon.catalog.acquisitions`). So of several files of one Planet acquisition the most complete one
is kept.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gnomon.catalog.local import planet
from gnomon.catalog.local.folder import check_place, save_catalog
from gnomon.catalog.local.geotiff import ENDINGS, GeoTiff, read_geotiff
from gnomon.catalog.local.item import READ, Image, item_of
from gnomon.catalog.local.metadata import ImageMetadata, combined, read_image_table
from gnomon.catalog.local.notes import notes_on
from gnomon.catalog.providers import providers
from gnomon.datamodel.errors import AssetError, CatalogError, StudyError

COLLECTION = "own-imagery"


@dataclass(frozen=True, kw_only=True)
class Made:
    """What became of a folder of images."""

    path: Path | None
    """The catalogue's root document; None if no image could be used, and nothing was written."""
    items: tuple[str, ...]
    """Ids of the images that went in."""
    faults: tuple[AssetError, ...]
    """Of the images, and rows of the table, that did not."""
    notes: tuple[str, ...]
    """What else should be known."""


def make_catalog(
    folder: Path,
    out: Path,
    *,
    defaults: ImageMetadata | None = None,
    table: Path | None = None,
    collection: str = COLLECTION,
) -> Made:
    """Make a catalogue of a folder of GeoTIFFs and of the folders in it.

    Parameters
    ----------
    folder
        Of the images.
    out
        Folder of the catalogue; an earlier one that was made so is replaced, whole or not at all.
    defaults
        Metadata of all images that have none of their own.
    table
        A CSV with metadata, one row an image.
    collection
        Name of the collection.

    Raises
    ------
    CatalogError
        There is no such folder, there are no GeoTIFFs in it, or the table cannot be read.
    StudyError
        The collection or the platform has a name that belongs to a known mission.
    StoreError
        ``out`` holds something else, or cannot be written.

    """
    defaults = defaults or ImageMetadata()
    _check_names(collection, defaults)
    folder, out = folder.resolve(), out.resolve()
    for place in (folder, out):
        if marks := _marks(str(place)):
            raise CatalogError(f"{place}: has {marks}, which cuts an address short; rename it")
    paths = _geotiffs(folder)
    check_place(out)
    rows = read_image_table(table) if table else {}
    images, faults, notes = _read_images(folder, paths, rows, defaults)
    images, aside = _one_of_each(images)
    items = []
    for image in images:
        try:
            items.append(item_of(image, collection))
        except AssetError as error:
            faults.append(error)
    used = {item.id for item in items}
    path = save_catalog(out, items, collection=collection, images=folder) if items else None
    return Made(
        path=path,
        items=tuple(item.id for item in items),
        faults=tuple(sorted(faults, key=str)),
        notes=(*notes, *aside, *notes_on([image for image in images if image.id in used])),
    )


def _check_names(collection: str, defaults: ImageMetadata) -> None:
    if not re.fullmatch(r"\w[\w.-]*", collection):
        why = "cannot name a collection; use letters, digits, dots and hyphens"
        raise StudyError(f"collection: {collection!r} {why}")
    for what, name in (("collection", collection), ("platform", defaults.platform or "")):
        if _is_known(name):
            why = f"is a known mission, whose products are other files; call it own-{name}"
            raise StudyError(f"{what}: {name} {why}")


def _is_known(name: str) -> bool:
    constellation = re.sub(r"(-\d)[a-z]$", r"\1", name.lower())
    known = providers().profile(collection=name, constellation=constellation)
    return bool(known.collections)


def _marks(text: str) -> str:
    """Characters that end a path in an address: what follows them would be lost."""
    return " and ".join(mark for mark in "#?" if mark in text)


def _geotiffs(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise CatalogError(f"{folder}: there is no such folder; name one with GeoTIFFs")
    hidden = re.compile(r"^\.")
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in ENDINGS
        and path.is_file()
        and not any(hidden.match(part) for part in path.relative_to(folder).parts)
    )
    if not paths:
        raise CatalogError(f"{folder}: there is no GeoTIFF (.tif, .tiff) in it; name another")
    return paths


def _read_images(
    folder: Path,
    paths: Sequence[Path],
    rows: Mapping[str, ImageMetadata | AssetError],
    defaults: ImageMetadata,
) -> tuple[list[Image], list[AssetError], list[str]]:
    """Read each file, and separate what can be used from what cannot."""
    images: list[Image] = []
    faults: list[AssetError] = []
    notes: list[str] = []
    stems = defaultdict(list)
    for path in paths:
        stems[path.stem].append(path.relative_to(folder).as_posix())
    left = dict(rows)
    for path in paths:
        name = path.relative_to(folder).as_posix()
        row = left.pop(name, None) or left.pop(path.name, None)
        if planet.is_mask(path):
            notes.append(f"{name}: a mask of usable pixels, not an image; it is not read")
            continue
        try:
            _check_id(name, stems[path.stem])
            images.append(_image(path, name, row, defaults))
        except AssetError as error:
            faults.append(error)
    lost = "is in the table and not in the folder; mend the table"
    faults += [row if isinstance(row, AssetError) else AssetError(n, "file", lost)
               for n, row in left.items()]  # fmt: skip
    return images, faults, notes


def _check_id(name: str, namesakes: Sequence[str]) -> None:
    if marks := _marks(name):
        raise AssetError(name, "name", f"has {marks}, which cuts an address short; rename it")
    if len(namesakes) > 1:
        why = f"{' and '.join(namesakes)} would have one id; rename one of them"
        raise AssetError(name, "name", why)


def _image(
    path: Path, name: str, row: ImageMetadata | AssetError | None, defaults: ImageMetadata
) -> Image:
    """Combine a file with its metadata from all sources."""
    if isinstance(row, AssetError):
        raise AssetError(name, row.asset, row.why)
    beside = planet.sidecar_path(path)
    try:
        sidecar = planet.read_sidecar(beside, path) if beside else None
    except StudyError as error:
        raise AssetError(name, "metadata", str(error)) from error
    sources = [*([sidecar.metadata] if sidecar else []), *([row] if row else []), defaults]
    whole = combined(sources)
    if whole.seen_at is None:
        why = (
            "is missing; give it by --seen-at, a column seen_at in --table, or Planet's metadata "
            "beside the file"
        )
        raise AssetError(name, "time", why)
    if whole.platform and _is_known(whole.platform):
        why = f"{whole.platform} is a known mission, whose products are other files"
        raise AssetError(name, "platform", f"{why}; call it own-{whole.platform}")
    file = read_geotiff(path, name)
    bands = _named(file, whole, name, mission=sidecar.metadata.constellation if sidecar else None)
    return Image(name=name, file=file, metadata=whole, bands=bands, sidecar=sidecar)


def _named(
    file: GeoTiff, metadata: ImageMetadata, name: str, *, mission: str | None
) -> tuple[str | None, ...]:
    """Names of the bands: as given, else the file's descriptions, Planet's order, the colours."""
    count = len(file.names)
    if metadata.bands and len(metadata.bands) != count:
        given = ",".join(metadata.bands)
        why = f"has {count}, and {len(metadata.bands)} names are given ({given})"
        raise AssetError(name, "bands", f"{why}; name all, in the order of the file")
    order = planet.ORDERS.get((mission or "", count)) if file.data_type != "uint8" else None
    bands = metadata.bands or (file.names if file.described else order or file.names)
    if not {*bands} & {*READ}:
        why = f"are not named in the file, which has {count}; give --bands, as blue,green,red,nir"
        raise AssetError(name, "bands", f"{why}, in the order of the file")
    return bands


def _one_of_each(images: Sequence[Image]) -> tuple[list[Image], list[str]]:
    """Of the files of one Planet acquisition keep the most complete one."""
    groups: dict[Path, list[Image]] = defaultdict(list)
    for image in images:
        groups[image.sidecar.path if image.sidecar else image.file.path].append(image)
    kept, aside = [], []
    for group in groups.values():
        best = max(group, key=lambda image: image.rank)
        kept.append(best)
        aside += [f"{image.name}: shows what {best.name} shows; that one is used"
                  for image in group if image is not best]  # fmt: skip
    return sorted(kept, key=lambda image: image.name), aside
