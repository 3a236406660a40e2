"""Files that are whole or absent: one atomic writer for everything that gnomon writes.

A file or a folder is written under a temporary name on the same disk and renamed when it is
complete (POSIX ``rename`` is atomic). A reader sees the old content or the new content, never a
part of it, and after a full disk or an interrupt nothing half-written is left.
"""

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq

from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.partials import partial_folder

T = TypeVar("T")
LONGEST_NAME = 120
"""Characters that a name from outside keeps; file systems allow 255 bytes."""
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
"""What Windows takes for a device and not for a file."""


def file_name(text: str, suffix: str = "") -> str:
    """Name of a file or folder for a text from outside, such as the id of an item.

    It is one part of a path, of letters, digits, ``.``, ``_`` and ``-``, and does not begin with a
    dot. A text that is no such name gets the beginning of its SHA-256 behind what is left of it, so
    that two texts do not get one name.

    Parameters
    ----------
    text
        Anything, also a path.
    suffix
        Of the file, with its dot.

    """
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:LONGEST_NAME].strip(".-")
    if not plain or plain != text or _DEVICES.match(plain):
        code = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:8]
        plain = f"{plain}-{code}".lstrip("-")
    return plain + suffix


def toml_values(path: Path) -> dict[str, Any]:
    """Values of a TOML file.

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        It is no TOML in UTF-8, or nested too deeply; it is then a ``TOMLDecodeError`` or a
        ``UnicodeDecodeError``.

    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise tomllib.TOMLDecodeError("it is nested too deeply") from None


def check_parquet(path: Path) -> None:
    """Make sure that all values of a Parquet file are what its columns say, as text in UTF-8.

    Readers look at text only when it is used.

    Raises
    ------
    Exception
        Of several unrelated types: it is damaged, or no Parquet.

    """
    pq.read_table(path).validate(full=True)


def read_table(path: Path | str) -> gpd.GeoDataFrame | pd.DataFrame:
    """Read a table that gnomon wrote, with geometries where it has them.

    Raises
    ------
    StoreError
        The file is not there, or is not Parquet.

    """
    try:
        metadata = pq.read_schema(path).metadata or {}
    except Exception as error:  # damaged metadata raise anything
        raise _unreadable(path, "Parquet", error) from error
    return read_places(path) if b"geo" in metadata else read_plain_table(path)


def read_places(path: Path | str) -> gpd.GeoDataFrame:
    """Read a table with geometries.

    Raises
    ------
    StoreError
        The file is not there, or is not GeoParquet.

    """
    try:
        return gpd.read_parquet(path)
    except Exception as error:  # damaged metadata raise anything
        raise _unreadable(path, "GeoParquet", error) from error


def read_plain_table(path: Path | str) -> pd.DataFrame:
    """Read a table without geometries.

    Raises
    ------
    StoreError
        The file is not there, or is not Parquet.

    """
    try:
        return pd.read_parquet(path)
    except Exception as error:  # damaged metadata raise anything
        raise _unreadable(path, "Parquet", error) from error


def _unreadable(path: Path | str, form: str, error: Exception) -> StoreError:
    why = getattr(error, "strerror", None) or error
    return StoreError(f"{path}: cannot be read as {form} ({why})")


def write_table(frame: pd.DataFrame, path: Path, *, compression: str = "snappy") -> None:
    """Write Parquet, of a table with geometries GeoParquet 1.1.

    Raises
    ------
    StoreError
        The disk is full or not writable.

    """
    write_whole(path, lambda partial: _write_parquet(frame, partial, compression))


def write_json(value: Any, path: Path, *, synced: bool = False) -> None:
    """Write JSON that people can read; values that JSON lacks are written as their text.

    Where it is ``synced``, it is on the disk when this returns, as in `write_whole`.

    Raises
    ------
    StoreError
        The disk is full or not writable.

    """
    text = json.dumps(value, indent=1, default=str, ensure_ascii=False) + "\n"
    write_whole(path, lambda partial: partial.write_text(text, encoding="utf-8"), synced=synced)


def write_text(text: str, path: Path) -> None:
    """Write text as UTF-8.

    Raises
    ------
    StoreError
        The disk is full or not writable.

    """
    write_whole(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def write_whole(path: Path, write: Callable[[Path], object], *, synced: bool = False) -> None:
    """Write a file under a temporary name and rename it.

    Parameters
    ----------
    path
        To be written; its folder is made where it is missing.
    write
        Is called with the temporary name and writes the file.
    synced
        Whether it is forced to the disk: what nothing can make again outlives a power cut then,
        and what was there before is not lost for an empty file.

    Raises
    ------
    StoreError
        The disk is full or not writable; the earlier file, if there is one, is as it was.

    """
    with store_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial_folder(path) as folder:
            partial = folder / path.name
            write(partial)
            if synced:
                sync_to_disk(partial)
            partial.replace(path)
            if synced:
                sync_to_disk(path.parent)


def sync_to_disk(path: Path) -> None:
    """Force a file, or the names in a folder, to the disk; without POSIX only files can be."""
    if os.name != "posix" and path.is_dir():
        return
    number = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def write_folder_whole(folder: Path, write: Callable[[Path], T], *, over: bool = True) -> T:
    """Write a folder under a temporary name and rename it; an earlier one is replaced.

    Parameters
    ----------
    folder
        To be written; its parent is made where it is missing.
    write
        Is called with an empty folder beside it and fills that; its result is returned.
    over
        Whether an earlier one is replaced, and not an error.

    Raises
    ------
    StoreError
        The disk is full or not writable; the earlier folder, if there is one, is as it was.

    """
    with store_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with partial_folder(folder) as partial:
            fresh = partial / "new"
            fresh.mkdir()
            result = write(fresh)
            if over and folder.exists():
                folder.rename(partial / "old")
            _take_place(fresh, folder, earlier=partial / "old")
    return result


def remove_folder(folder: Path) -> None:
    """Remove a folder, which nobody sees in part; one that another process removes is none here."""
    with partial_folder(folder) as partial, suppress(FileNotFoundError):
        folder.rename(partial / "old")


def _take_place(fresh: Path, folder: Path, *, earlier: Path) -> None:
    """Rename a whole folder; one that was moved aside is moved back if that fails."""
    try:
        fresh.rename(folder)
    except OSError:
        if earlier.exists():
            earlier.rename(folder)
        raise


def _write_parquet(frame: pd.DataFrame, path: Path, compression: str) -> None:
    how: dict[str, Any] = {"index": False, "compression": compression}
    if not isinstance(frame, gpd.GeoDataFrame):
        frame.to_parquet(path, **how)
        return
    # The bounding boxes let DuckDB and QGIS read a region without the rest.
    frame.to_parquet(path, **how, write_covering_bbox=True, schema_version="1.1.0")


@contextmanager
def store_errors(place: Path) -> Iterator[None]:
    """Turn faults of the disk into errors that name the place."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{place}: cannot be written ({error.strerror or error})") from error
