"""Exit codes, and the options that several commands share."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators

from gnomon.datamodel.errors import GnomonError, StudyError

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


HostNames = Annotated[
    str | None,
    Parameter(
        name="--hosts",
        help="Hosts of this machine or of a private network that the catalogue may lead to beside "
        "itself: name or name:port, separated by commas.",
    ),
]
"""``--hosts`` of a command."""
Natural = Annotated[int, Parameter(validator=validators.Number(gte=0))]
"""A number of things, or a seed."""
Positive = Annotated[int, Parameter(validator=validators.Number(gte=1))]
PortNumber = Annotated[int, Parameter(validator=validators.Number(gte=0, lte=65535))]
DryRun = Annotated[
    bool,
    Parameter(
        name="--dry-run",
        negative="",
        help="Say what the run would take, and begin nothing: images, bytes and minutes by port, "
        "and what is missing. One image of each port is tried.",
    ),
]
"""``--dry-run`` of a command."""
Workers = Annotated[
    int | None,
    Parameter(
        name="--workers",
        validator=validators.Number(gte=1),
        help="Processes that work at once, with the same results; one a processor if left out.",
    ),
]
"""``--workers`` of a command."""
Scheduler = Annotated[
    str | None,
    Parameter(
        name="--scheduler",
        help="Scheduler of a Dask cluster whose workers do the work instead, as "
        "tcp://10.0.0.5:8786. They have the same gnomon, and see the folder (docs/cluster.md).",
    ),
]
"""``--scheduler`` of a command."""
Remote = Annotated[
    str | None,
    Parameter(
        name="--remote",
        help="Where machines without a common disk keep results and tables, as s3://bucket/run; "
        "the folder is then this machine's own (docs/cluster.md).",
    ),
]
"""``--remote`` of a command."""
BoxText = Annotated[str, Parameter(allow_leading_hyphen=True)]
"""``--bbox`` as it is typed: a box west of Greenwich begins with a minus."""
Bbox = tuple[float, float, float, float]
SIDES = ("west", "south", "east", "north")


@contextmanager
def named(option: str) -> Iterator[None]:
    """Begin the message of an error with the option that it comes from."""
    try:
        yield
    except GnomonError as error:
        raise StudyError(f"{option}: {error}") from error


def parse_bbox(text: str | None) -> Bbox | None:
    """Parse the sides of ``--bbox``.

    Raises
    ------
    StudyError
        It is no box of degrees; the message has what was typed, and what would be right.

    """
    if text is None:
        return None
    parts = text.replace(",", " ").split()
    if len(parts) != len(SIDES):
        hint = "; decimals have a point" if len(parts) == 2 * len(SIDES) else ""
        raise _not_a_box(text, f"has {len(parts)} number(s), not 4{hint}")
    sides = []
    for side, part in zip(SIDES, parts, strict=True):
        try:
            sides.append(float(part))
        except ValueError:
            raise _not_a_box(text, f"{side} is {part}, which is not a number") from None
    return _checked_box(text, *sides)


def _checked_box(text: str, west: float, south: float, east: float, north: float) -> Bbox:
    box = (west, south, east, north)
    for side, value, most in zip(SIDES, box, (180, 90, 180, 90), strict=True):
        if not (math.isfinite(value) and abs(value) <= most):
            raise _not_a_box(text, f"{side} is {value:g}, not from -{most} to {most}")
    if south >= north:
        raise _not_a_box(text, f"south {south:g} is not below north {north:g}")
    if west == east:
        raise _not_a_box(text, f"west and east are both {west:g}")
    if west > east:
        one, two = f"{west:g},{south:g},180,{north:g}", f"-180,{south:g},{east:g},{north:g}"
        swapped = f"{east:g},{south:g},{west:g},{north:g}"
        raise StudyError(
            f"--bbox {text}: west {west:g} is east of east {east:g}; write {swapped} if they are "
            f"swapped; a box over the antimeridian is two runs, --bbox={one} and --bbox={two}"
        )
    return box


def _not_a_box(text: str, why: str) -> StudyError:
    right = "write west,south,east,north in degrees, such as 132.9,42.7,133.2,42.9"
    return StudyError(f"--bbox {text}: {why}; {right}")
