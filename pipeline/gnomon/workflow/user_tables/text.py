"""Bytes of a text table to rows of cells: encoding, delimiter, quotes.

Unicode is recognised by its byte order mark, by the zero bytes of UTF-16, or because the bytes are
UTF-8; what is none of these is Cyrillic or Western Windows text, which `charset_normalizer` tells
apart. The delimiter is the one that gives the header most columns. Everything stays text: what is a
number or a time is decided by the column that it stands in.
"""

import codecs
import csv
import io
import itertools
from dataclasses import dataclass

import charset_normalizer

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_WINDOWS = ["cp1251", "cp1252"]
_LONGEST_CELL = 2**31 - 1
"""An outline of many corners is longer than the 128 kB that `csv` allows."""


@dataclass(frozen=True)
class TextTable:
    """Cells of a text table, and how they were written."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    """Number of each row, from 0, and its cells; blank rows are left out."""
    encoding: str
    delimiter: str


def read_text_table(data: bytes) -> TextTable:
    """Read a table of text.

    Raises
    ------
    ValueError
        It is no text, has no header, or rows and header do not fit; a line for each fault.

    """
    text, encoding = decode_text(data)
    first = text.split("\n", 1)[0].strip().lower()
    stated = first[4:5] if len(first) == 5 and first.startswith("sep=") else ""  # Excel's own
    if stated:
        text = text.split("\n", 1)[1] if "\n" in text else ""
    try:
        delimiter = stated or _delimiter(text)
        cells = _cells(text, delimiter)
    except csv.Error as error:
        why = f"quotes do not match ({error}); write each quote in a cell twice"
        raise ValueError(why) from error
    if not cells:
        raise ValueError("is empty; the first row must name the columns")
    header, *rows = cells
    while header and not header[-1].strip():
        header = header[:-1]
    kept = [(n, row) for n, row in enumerate(rows) if any(cell.strip() for cell in row)]
    _check_widths(len(header), kept)
    full = tuple((n, tuple(row[: len(header)])) for n, row in kept)
    return TextTable(tuple(name.strip() for name in header), full, encoding, delimiter)


def decode_text(data: bytes) -> tuple[str, str]:
    """Text of bytes, and the name of its encoding.

    Raises
    ------
    ValueError
        The bytes are no text.

    """
    for mark, codec, name in _MARKS:
        if data.startswith(mark):
            return _decode(data, codec, name), name
    start = data[:4096]
    if b"\0" in start:
        zeros = [start[k::2].count(0) for k in (0, 1)]
        if min(zeros) * 10 > max(zeros):
            raise ValueError("is neither a table nor text")
        codec = "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
        return _decode(data, codec, "UTF-16"), "UTF-16"
    try:
        return data.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        best = charset_normalizer.from_bytes(data, cp_isolation=_WINDOWS).best()
    if best is None:
        raise ValueError("is neither UTF-8, UTF-16 nor Windows text; save it as CSV UTF-8")
    return str(best), best.encoding


def _decode(data: bytes, codec: str, name: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        raise ValueError(f"is damaged {name} ({error.reason}); save it as CSV UTF-8") from error


def _delimiter(text: str) -> str:
    """The delimiter that gives the header most columns."""
    counts = {}
    for mark in DELIMITERS:
        try:
            counts[mark] = len(next(iter(_cells(text, mark, most=1)), ()))
        except csv.Error:  # quotes that fit another delimiter
            counts[mark] = 0
    return max(counts, key=counts.__getitem__)


def _cells(text: str, delimiter: str, *, most: int | None = None) -> list[list[str]]:
    """Rows of cells, at most so many; quoted cells may hold newlines."""
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        return list(itertools.islice(rows, most))
    finally:
        csv.field_size_limit(before)


def _check_widths(width: int, rows: list[tuple[int, list[str]]]) -> None:
    """Refuse rows of other length than the header; blank cells at the end do not count."""
    faults = []
    for number, row in rows:
        if len(row) < width or any(cell.strip() for cell in row[width:]):
            why = f"has {len(row)} cells, the header {width}; quote cells that hold the delimiter"
            faults.append(f"row {number + 1}: {why}")
    if faults:
        raise ValueError("\n".join(faults))
