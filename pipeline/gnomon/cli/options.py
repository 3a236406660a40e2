"""Exit codes, and the options that several commands share."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

IN_PART, INTERRUPTED = 3, 130
"""Exit codes of a command that was done in part, and of one that was interrupted."""

AsJson = Annotated[
    bool,
    Parameter(
        name="--json",
        negative="",
        help="Write one JSON document to standard output, and nothing else there.",
    ),
]
"""``--json`` of a command."""


def split_list(text: str | None) -> tuple[str, ...]:
    """Parts of a list that is separated by commas; none if there is no text."""
    return tuple(part.strip() for part in text.split(",")) if text else ()


def absolute_location(catalog: str) -> str:
    """URL of a catalogue as it is; a path made independent of the working directory."""
    return catalog if "://" in catalog else str(Path(catalog).resolve())
