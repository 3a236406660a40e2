"""Small tables of ships and images as users write them, in any dialect."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

SHIPS = {
    "detection_id": ["a", "b", "c"],
    "scene_id": ["s1", "s1", "s2"],
    "port": ["rajin", "rajin", "rajin"],
    "lon": ["130.30", "130.31", "130.32"],
    "lat": ["42.20", "42.21", "42.22"],
    "length_m": ["98.5", "101", "80.25"],
}
IMAGES = {
    "scene_id": ["s1", "s2", "s3"],
    "port": ["rajin", "rajin", "rajin"],
    "seen_at": ["2024-04-06T02:12:00Z", "2024-04-09T02:12:00Z", "2024-04-11T02:12:00Z"],
}


def changed(table: Mapping[str, Sequence[str]], **columns: Sequence[str] | str | None) -> dict:
    """A table with other columns: one value for all rows, or None for none."""
    count = len(next(iter(table.values())))
    new = {
        name: [value] * count if isinstance(value, str) else value
        for name, value in columns.items()
        if value is not None
    }
    return {n: v for n, v in table.items() if n not in columns} | new


def csv_text(
    table: Mapping[str, Sequence[str]], *, delimiter: str = ",", newline: str = "\n"
) -> str:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, lineterminator=newline)
    writer.writerow(table)
    writer.writerows(zip(*table.values(), strict=True))
    return file.getvalue()


def csv_file(
    path: Path, table: Mapping[str, Sequence[str]], *, delimiter: str = ",", encoding: str = "utf-8"
) -> Path:
    path.write_bytes(csv_text(table, delimiter=delimiter).encode(encoding))
    return path
