"""A researcher's own images, a folder of GeoTIFFs, as a static STAC catalogue.

Each file becomes one item (`own_item.py`): its grid and bands as the file says them (`geotiff.py`),
its time and angles as somebody tells them (`particulars.py`, `planet.py`).

No image is copied or changed. The catalogue points to the files relatively where it lies in their
folder, above it or beside it, so that all can be moved together, and absolutely elsewhere.

An image that cannot be used is a fault that stops nothing.

A run looks once at what one platform saw of a place within half an orbit (`passes.py`). So of
several files of one acquisition of Planet the one that tells most is taken.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gnomon.catalog.local import planet
from gnomon.catalog.local.folder import check_place, save_catalog
from gnomon.catalog.local.geotiff import ENDINGS, GeoTiff, read_geotiff
from gnomon.catalog.local.item import READ, Image, item_of
from gnomon.catalog.local.metadata import ImageMetadata, combined, read_table
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
    told: ImageMetadata | None = None,
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
    told
        What holds for all images that have nothing of their own.
    table
        A CSV with a row for each image that it tells of.
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
    told = told or ImageMetadata()
    _check_names(collection, told)
    folder, out = folder.resolve(), out.resolve()
    for place in (folder, out):
        if marks := _marks(str(place)):
            raise CatalogError(f"{place}: has {marks}, which cuts an address short; rename it")
    paths = _geotiffs(folder)
    check_place(out)
    rows = read_table(table) if table else {}
    images, faults, notes = _observed_at(folder, paths, rows, told)
    images, aside = _one_of_each(images)
    items = []
    for image in images:
        try:
            items.append(item_of(image, collection))
        except AssetError as error:
            faults.append(error)
    used = {item.id for item in items}
    path = save_catalog(out, items, collection=collection, images=folder) if items else None
    counts = [i.name for i in images if i.id in used and _is_counts(i)]
    return Made(
        path=path,
        items=tuple(item.id for item in items),
        faults=tuple(sorted(faults, key=str)),
        notes=(*notes, *aside, *_on_counts(counts)),
    )


def _check_names(collection: str, told: ImageMetadata) -> None:
    if not re.fullmatch(r"\w[\w.-]*", collection):
        why = "is no name for a collection; use letters, digits, dots and hyphens"
        raise StudyError(f"collection: {collection!r} {why}")
    for what, name in (("collection", collection), ("platform", told.platform or "")):
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


def _observed_at(
    folder: Path,
    paths: Sequence[Path],
    rows: Mapping[str, ImageMetadata | AssetError],
    told: ImageMetadata,
) -> tuple[list[Image], list[AssetError], list[str]]:
    """Look at each file, and part what can be used from what cannot."""
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
            notes.append(f"{name}: a mask of usable pixels, no image; it is not read")
            continue
        try:
            _check_id(name, stems[path.stem])
            images.append(_image(path, name, row, told))
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
    path: Path, name: str, row: ImageMetadata | AssetError | None, told: ImageMetadata
) -> Image:
    """Put together what is told of a file and what it says itself."""
    if isinstance(row, AssetError):
        raise AssetError(name, row.asset, row.why)
    beside = planet.sidecar_path(path)
    try:
        sidecar = planet.read_sidecar(beside, path) if beside else None
    except StudyError as error:
        raise AssetError(name, "metadata", str(error)) from error
    sources = [*([sidecar.told] if sidecar else []), *([row] if row else []), told]
    whole = combined(sources)
    if whole.seen_at is None:
        why = (
            "is not told; say it by --seen-at, a column seen_at in --table, or Planet's metadata "
            "beside the file"
        )
        raise AssetError(name, "time", why)
    if whole.platform and _is_known(whole.platform):
        why = f"{whole.platform} is a known mission, whose products are other files"
        raise AssetError(name, "platform", f"{why}; call it own-{whole.platform}")
    file = read_geotiff(path, name)
    bands = _named(file, whole, name, mission=sidecar.told.constellation if sidecar else None)
    return Image(name=name, file=file, told=whole, bands=bands, sidecar=sidecar)


def _named(
    file: GeoTiff, told: ImageMetadata, name: str, *, mission: str | None
) -> tuple[str | None, ...]:
    """Names of the bands: those told, else the file's descriptions, Planet's order, the colours."""
    count = len(file.names)
    if told.bands and len(told.bands) != count:
        why = f"has {count}, and {len(told.bands)} names are told ({','.join(told.bands)})"
        raise AssetError(name, "bands", f"{why}; name all, in the order of the file")
    order = planet.ORDERS.get((mission or "", count)) if file.data_type != "uint8" else None
    bands = told.bands or (file.names if file.described else order or file.names)
    if not {*bands} & {*READ}:
        why = f"are not named in the file, which has {count}; say --bands blue,green,red,nir or so"
        raise AssetError(name, "bands", f"{why}, in the order of the file")
    return bands


def _one_of_each(images: Sequence[Image]) -> tuple[list[Image], list[str]]:
    """Of the files of one Planet acquisition keep the one that tells most."""
    groups: dict[Path, list[Image]] = defaultdict(list)
    for image in images:
        groups[image.sidecar.path if image.sidecar else image.file.path].append(image)
    kept, aside = [], []
    for group in groups.values():
        best = max(group, key=lambda image: image.rank)
        kept.append(best)
        aside += [f"{image.name}: shows what {best.name} shows; the latter is taken"
                  for image in group if image is not best]  # fmt: skip
    return sorted(kept, key=lambda image: image.name), aside


def _is_counts(image: Image) -> bool:
    """Whether nobody tells what the numbers mean."""
    integers = "int" in image.file.data_type
    return integers and image.told.scale is None and {*image.file.scales} == {1.0}


def _on_counts(names: Sequence[str]) -> Iterator[str]:
    if names:
        some = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        yield (
            f"{some}: no scale is told, so the numbers stay counts; "
            "for reflectance x 10000 say --scale 1e-4"
        )
