"""What a run would take, as text of 80 columns and as JSON: ``--dry-run``."""

import textwrap
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from gnomon.cli.output_json import Document, reasons_document
from gnomon.cli.output_text import SIMULATED, console
from gnomon.cli.progress import duration
from gnomon.cli.reasons import ReasonCount, image_reasons

if TYPE_CHECKING:
    from gnomon.workflow.forecast import Forecast

UNKNOWN = "unknown"
LARGE = 1000
"""Of one unit of bytes the next."""


def size(count: float | None) -> str:
    """Bytes in words.

    >>> [size(n) for n in (None, 900, 2_340_000, 56e9)]
    ['unknown', '1 kB', '2.3 MB', '56 GB']
    """
    if count is None:
        return UNKNOWN
    value, units = max(count, 1.0) / LARGE, ["kB", "MB", "GB", "TB"]
    while value >= LARGE and len(units) > 1:
        value, units = value / LARGE, units[1:]
    return f"{value:.1f} {units[0]}" if 1 <= value < 10 else f"{max(value, 1):.0f} {units[0]}"


def time_of(seconds: float | None) -> str:
    """Seconds in words."""
    return UNKNOWN if seconds is None else duration(seconds)


def failures(made: "Forecast") -> list[ReasonCount]:
    """Why trials failed, counted."""
    return image_reasons((scene, "failed", reason) for scene, reason in made.failed)


DRY = "Without --dry-run the same command begins the run."


def print_forecast(made: "Forecast", folder: Path | None, *, then: str = DRY) -> None:
    """Print what a run would take, how that was estimated, what is missing, and what is next."""
    table = Table(box=None, pad_edge=False)
    table.add_column("port")
    for name in ("images", "too cloudy", "faulty", "first", "last", "to read", "time"):
        table.add_column(name, justify="right")
    for one in made.ports:
        days = (f"{day:%Y-%m-%d}" if day else "-" for day in (one.first, one.last))
        work = None if one.processor_s is None else one.processor_s / made.processors
        counts = (str(one.images), str(one.too_cloudy), str(one.faulty))
        cost = (size(one.bytes_to_read), time_of(work)) if one.images else ("-", "-")
        table.add_row(one.port[:14], *counts, *days, *cost)
    console.print(table)
    if made.simulated:
        console.print(SIMULATED)
    for line in _lines(made, folder, then):
        console.print(line, soft_wrap=True)


def _lines(made: "Forecast", folder: Path | None, then: str) -> list[str]:
    twice = "; each is read twice, also for the background without ships"
    again = twice if any(one.reads_per_image > 1 for one in made.ports) else ""
    volume, disk = size(made.total("bytes_to_read")), size(made.total("disk_bytes"))
    read = (
        f"To read: {volume}: what the files of one image of each port store for the blocks under "
        f"it, times the images{again}."
    )
    work = (
        f"Time: about {time_of(made.seconds)} on {made.processors} processors, as one image of "
        "each port took here; others take more or less, by half or so. Visits and barrels take "
        "seconds to minutes more."
    )
    paragraphs = [
        read,
        work,
        f"Memory: about {size(made.memory_bytes)} a process.",
        f"Disk: {disk} in {folder or 'the run folder'}, where {size(made.free_bytes)} are free.",
        f"Weights: {', '.join(made.weights)}.",
        *(f"Catalogue: {note}." for note in made.catalog_notes),
        *(f"Missing: {what}." for what in made.missing),
        *(f"Tried in vain: {one.text('image')} ({one.named()})." for one in failures(made)),
    ]
    if not (made.missing or made.failed):
        paragraphs.append(f"Nothing is missing. {then}")
    return [line for text in paragraphs for line in _wrapped(text)]


def _wrapped(text: str) -> list[str]:
    """Lines of 79; what has no spaces, such as a path, is not cut."""
    return textwrap.wrap(
        text, 79, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def forecast_document(made: "Forecast") -> Document:
    """The same, for programs: bytes, seconds, times in ISO 8601."""
    ports: list[Document] = [
        asdict(one) | {"first": _iso(one.first), "last": _iso(one.last)} for one in made.ports
    ]
    return {
        "dry_run": True,
        "simulated": made.simulated,
        "ports": [*ports],
        "images": sum(one.images for one in made.ports),
        "bytes_to_read": made.total("bytes_to_read"),
        "seconds": made.seconds,
        "processors": made.processors,
        "memory_bytes": made.memory_bytes,
        "disk_bytes": made.total("disk_bytes"),
        "free_bytes": made.free_bytes,
        "weights": list(made.weights),
        "missing": list(made.missing),
        "catalog_notes": list(made.catalog_notes),
        "failed": reasons_document(failures(made)),
    }


def _iso(when: datetime | None) -> str | None:
    return None if when is None else f"{when:%Y-%m-%dT%H:%M:%SZ}"
