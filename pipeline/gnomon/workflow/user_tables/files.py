"""A file to a table as it stands in it: what kind of file it is, its first bytes say.

Text, Parquet and GeoParquet are read here, every other format by GDAL: GeoPackage, GeoJSON,
Shapefile, FlatGeobuf. Of several layers the one with the wanted name is read.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from gnomon.datamodel.errors import TableError
from gnomon.datamodel.files import check_parquet
from gnomon.workflow.user_tables.text import DELIMITERS, TextTable, read_text_table

_FORMS = (
    (b"SQLite format 3\0", "GeoPackage"),
    (b"fgb", "FlatGeobuf"),
    (b"\0\0\x27\x0a", "Shapefile"),
    (b"PK\x03\x04", "ZIP"),
    (b"\x1f\x8b", "GZIP"),
    (b"\xd0\xcf\x11\xe0", "old Excel"),
)
_GDAL_OPTIONS: dict[str, dict[str, Any]] = {"GeoJSON": {"DATE_AS_STRING": "YES"}}
"""GDAL drops zones of times and guesses at dates, if it is left to."""


@dataclass(frozen=True)
class RawTable:
    """A table with the names and values of its file; its index numbers the rows from 0."""

    path: Path
    frame: pd.DataFrame
    form: str
    """What kind of file it is, in words."""
    is_text: bool = False
    decimal_comma: bool = False
    """Whether a comma in a number is its decimal sign."""
    truncated_names: bool = False
    """Whether names are cut off after ten letters."""
    notes: tuple[str, ...] = ()


def open_table(path: Path, *, layer: str) -> RawTable:
    """Read a file as a table.

    Parameters
    ----------
    path
        Of any format that the module's head names.
    layer
        Read if the file has several.

    Raises
    ------
    TableError
        It is missing, or no table; a line for each fault.

    """
    form = _form(path)
    try:
        if form == "Parquet":
            return _parquet(path)
        if form == "text":
            return _text(path, read_text_table(path.read_bytes()))
        return _vector(path, form, layer)
    except (OSError, ValueError, DataSourceError, DataLayerError, RuntimeError) as error:
        raise TableError(
            [f"{path}: {line}" for line in str(error).splitlines()[:1000] if line.strip()]
            or [f"{path}: cannot be read as a table ({type(error).__name__})"]
        ) from error


def layer_names(path: Path) -> tuple[str, ...]:
    """Layers of a file that has layers.

    Raises
    ------
    TableError
        There is no such file, or it is of no use as a table.

    """
    if _form(path) != "GeoPackage":
        return ()
    try:
        return tuple(str(name) for name, _ in pyogrio.list_layers(path))
    except (DataSourceError, RuntimeError) as error:
        why = f"cannot be read as GeoPackage ({_one_line(error)})"
        raise TableError([f"{path}: {why}"]) from error


def _form(path: Path) -> str:
    """Kind of file, by its first bytes.

    Raises
    ------
    TableError
        There is no such file, or it is of no use as a table.

    """
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as error:
        if path.is_dir():
            raise TableError([f"{path}: is a folder; name a file"]) from error
        why = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror
        raise TableError([f"{path}: cannot be read as a table ({why})"]) from error
    form = next((form for mark, form in _FORMS if start.startswith(mark)), "text")
    if start.startswith(b"PAR1"):
        return "Parquet"
    if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        return "GeoJSON"
    if "Excel" in form or (form == "ZIP" and path.suffix.lower() != ".zip"):
        raise TableError([f"{path}: is an Excel or other office file; save it as CSV UTF-8"])
    if form == "GZIP":
        raise TableError([f"{path}: is compressed; unpack it first"])
    return form


def _parquet(path: Path) -> RawTable:
    try:
        check_parquet(path)
    except Exception as error:  # of several unrelated types
        raise ValueError(f"cannot be read as Parquet ({_one_line(error)})") from error
    try:
        return RawTable(path, gpd.read_parquet(path).reset_index(drop=True), "GeoParquet")
    except Exception:  # noqa: BLE001, S110 - plain Parquet; or damaged, which the next lines say
        pass
    try:
        return RawTable(path, pd.read_parquet(path).reset_index(drop=True), "Parquet")
    except Exception as error:  # damaged metadata raise anything
        why = _one_line(error)
        raise ValueError(f"cannot be read as Parquet ({why})") from error


def _text(path: Path, table: TextTable) -> RawTable:
    if len(table.header) == 1:
        raise ValueError(
            f"cannot be read as a table (one column, {table.header[0][:40]!r}); separate columns "
            "by commas, semicolons or tabs"
        )
    index = pd.Index([number for number, _ in table.rows], dtype="int64")
    cells = [cells for _, cells in table.rows]
    frame = pd.DataFrame(cells, index=index, columns=list(table.header), dtype=object)
    notes: tuple[str, ...] = ()
    if not table.encoding.startswith("UTF"):
        why = "if names look wrong, save it as CSV UTF-8"
        notes = (f"{path}: is no UTF-8 and was read as {table.encoding}; {why}",)
    form = f"CSV, {table.encoding}, separated by {DELIMITERS.get(table.delimiter, 'marks')}"
    decimal_comma = table.delimiter != ","
    return RawTable(path, frame, form, is_text=True, decimal_comma=decimal_comma, notes=notes)


def _vector(path: Path, form: str, layer: str) -> RawTable:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of GDAL; what matters is checked row by row
            names = [str(name) for name, _ in pyogrio.list_layers(path)]
            chosen = _layer(names, layer)
            frame = gpd.read_file(path, layer=chosen, **_GDAL_OPTIONS.get(form, {}))
    except (DataSourceError, DataLayerError, RuntimeError) as error:
        raise ValueError(f"cannot be read as {form} ({_one_line(error)})") from error
    words = f"{form}, layer {chosen}" if len(names) > 1 else form
    frame = frame.reset_index(drop=True)
    return RawTable(path, frame, words, truncated_names=form == "Shapefile")


def _layer(names: Sequence[str], wanted: str) -> str:
    if len(names) == 1 or wanted in names:
        return wanted if wanted in names else names[0]
    raise ValueError(f"has the layers {', '.join(names)}; call the one to be read {wanted}")


def _one_line(error: BaseException) -> str:
    return " ".join(str(getattr(error, "strerror", None) or error).split())[:200]
