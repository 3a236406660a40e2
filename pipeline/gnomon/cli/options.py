"""Exit codes, and words of the command line that several commands share."""

from pathlib import Path

FAILED, INTERRUPTED = 3, 130


def listed(text: str | None) -> tuple[str, ...]:
    """Parts between commas."""
    return tuple(part.strip() for part in text.split(",")) if text else ()


def place_of(catalog: str) -> str:
    """Address of a catalogue, or its path made independent of the working directory."""
    return catalog if "://" in catalog else str(Path(catalog).resolve())
