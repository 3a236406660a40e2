"""Errors that a user can correct. Each is one line: what, where, and what to do.

What is secret in an address is taken out when an error is made: messages are printed, logged, and
written into tables. What a terminal would obey instead of showing it (control characters, half
characters) is escaped: names in messages come from files that others wrote.
"""

import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gnomon.datamodel.addresses import without_secrets

DEBUG = "GNOMON_DEBUG"
"""Variable of the environment that asks for tracebacks, also of worker processes."""
ROWS_SHOWN = 10
"""Numbers of rows that a line names."""


def row_numbers_text(numbers: Sequence[int]) -> str:
    """Numbers of rows: "row 2", "rows 1 and 6", "rows 1, 2, 3 and 12 more"; nothing of none."""
    if not numbers:
        return ""
    if len(numbers) == 1:
        return f"row {numbers[0]}"
    if len(numbers) == 2:
        return f"rows {numbers[0]} and {numbers[1]}"
    more = len(numbers) - ROWS_SHOWN
    shown = ", ".join(map(str, numbers[:ROWS_SHOWN]))
    return f"rows {shown} and {more:,} more" if more > 0 else f"rows {shown}"


def printable(text: str) -> str:
    """Text for messages: without secrets, and with escapes for what cannot be shown."""
    shown = (
        one if one == "\n" or one.isprintable() else one.encode("unicode_escape").decode()
        for one in without_secrets(text)
    )
    return "".join(shown)


class GnomonError(Exception):
    """Parent of all; the command line prints them without a traceback."""

    def __init__(self, *parts: object) -> None:
        super().__init__(*(printable(p) if isinstance(p, str) else p for p in parts))


class StudyError(GnomonError):
    """A study, a ports file or an option is not usable."""


class CatalogError(GnomonError):
    """A catalogue could not be read or searched."""


class AssetError(GnomonError):
    """A scene's item or one of its files could not be read.

    Parameters
    ----------
    item
        Identifier of the STAC item.
    asset
        Name of the asset, or of the property, that is at fault.
    why
        What is wrong and what to do, without a full stop.

    """

    def __init__(self, item: str, asset: str, why: str) -> None:
        super().__init__(*(" ".join(text.split()) for text in (item, asset, why)))
        self.item, self.asset, self.why = map(str, self.args)

    def __str__(self) -> str:
        return f"{self.item}, {self.asset}: {self.why}"


@contextmanager
def faults_of(item: str, asset: str) -> Iterator[None]:
    """Turn what gnomon did not expect of one item or scene into an error of that alone.

    With ``--debug`` its traceback goes to standard error.

    Parameters
    ----------
    item, asset
        As of `AssetError`, which is what leaves; errors of ours leave as they are.

    """
    try:
        yield
    except GnomonError:
        raise
    except Exception as error:
        if DEBUG in os.environ:
            sys.stderr.write(without_secrets(traceback.format_exc()))
        text = " ".join(str(error).split())[:200]
        why = f"cannot be used ({type(error).__name__}: {text}); gnomon did not expect this"
        raise AssetError(item, asset, f"{why}, and --debug shows where it happened") from error


class WeightsError(GnomonError):
    """A network's weights are missing or damaged, or do not match their model.toml."""


class LabelError(GnomonError):
    """Labels of ships, corrections to them, or chips are not usable: each faulty row is named."""


class TableError(GnomonError):
    """A user's table of ships or images cannot be used.

    Parameters
    ----------
    lines
        Every fault: file, row, column and what to do.

    """

    SHOWN = 10
    """Lines that the message has; the others are counted."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__(lines)
        self.lines = tuple(printable(line) for line in lines)

    def __str__(self) -> str:
        more = len(self.lines) - self.SHOWN
        rest = [f"and {more:,} more"] if more > 0 else []
        return "\n".join([*self.lines[: self.SHOWN], *rest])


class TrackError(GnomonError):
    """Tables of detections, observations, ships or positions do not fit together."""


class StoreError(GnomonError):
    """Results could not be written whole; nothing half-written is left."""


class WorkerError(GnomonError):
    """A task ended its process each time that it was tried."""

    def __init__(
        self, why: str = "its process ended twice, likely for want of memory; give it more memory"
    ) -> None:
        super().__init__(why)


class ReviewError(GnomonError):
    """A file of an analyst's decisions cannot be used."""
