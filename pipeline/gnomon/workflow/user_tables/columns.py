"""Which column of a user's table is which of ours.

First the study's own map (``[track] detection_columns``, ``observation_columns``); then the same
name; then the same name in other letters ("Scene ID"), or cut off after ten letters, as Shapefiles
do. Nothing else is guessed. Columns that gnomon does not use are kept as they are.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import pandas as pd

from gnomon.datamodel.schema import Table
from gnomon.datamodel.tables import Detections, Observations
from gnomon.workflow.user_tables.faults import Faults
from gnomon.workflow.user_tables.files import RawTable

Kind = Literal["detections", "observations"]
TABLES: dict[Kind, type[Table]] = {"detections": Detections, "observations": Observations}
PAIRS = (("lon", "lat"), ("longitude", "latitude"), ("x", "y"))
SHAPES = ("footprint", "geometry", "wkt")
_PLACES = (*SHAPES, *(name for pair in PAIRS for name in pair))
USED: dict[Kind, tuple[str, ...]] = {
    "detections": (
        "detection_id", "scene_id", "port", "zone", "score", "p_tanker", "length_m",
        "length_sigma_m", "beam_m", "beam_sigma_m", "heading_deg", "heading_sigma_deg",
        "log_lr_laden", "p_laden", "load_state", "identity", *_PLACES,
    ),
    "observations": (
        "scene_id", "port", "seen_at", "platform", "sensor", "gsd_m", "status", "usable_fraction",
        "zones", "visibility", "recall",
    ),
}  # fmt: skip
"""Columns that tracking or the load stage read."""
_TRUNCATED = 10


@dataclass(frozen=True)
class Range:
    """Which values a column may have, as its schema says."""

    checks: tuple[tuple[str, float], ...] = ()
    words: tuple[str, ...] = ()


@cache
def range_of(kind: Kind, name: str) -> Range:
    """Bounds of a number, or the words that a text may be."""
    column = TABLES[kind].to_schema().columns.get(name)
    checks = column.checks if column is not None else []
    words = [check.statistics["allowed_values"] for check in checks if check.name == "isin"]
    bounds = [
        (check.name, float(next(iter(check.statistics.values()))))
        for check in checks
        if check.name != "isin"
    ]
    return Range(tuple(bounds), tuple(words[0]) if words else ())


def named_columns(
    raw: RawTable, kind: Kind, given: Mapping[str, str], faults: Faults
) -> tuple[pd.DataFrame, dict[str, str]]:
    """A table with our names, and which of its own each of them was.

    Parameters
    ----------
    raw
        As it stands in the file.
    kind
        What it is a table of.
    given
        The study's map: our name = theirs.
    faults
        Gets those of the names.

    """
    own = [str(name) for name in raw.frame.columns]
    twice = sorted({name for name in own if own.count(name) > 1})
    if twice:
        faults.add(f"two columns are called {', '.join(twice)}; rename one of them")
        return raw.frame.loc[:, ~raw.frame.columns.duplicated()], {}
    if absent := [name for name in given.values() if name not in own]:
        faults.add(f"has no column {', '.join(absent)}; it has {', '.join(own)}")
    mapped = {ours: theirs for ours, theirs in given.items() if theirs in own}
    free = [name for name in own if name not in mapped.values()]
    for ours in (*USED[kind], *TABLES[kind].to_schema().columns):
        theirs = _theirs(ours, free, truncated=raw.truncated_names, kind=kind)
        if ours not in mapped and theirs is not None:
            mapped[ours] = theirs
            free.remove(theirs)
    # A column that the map replaces may have our name.
    frame = raw.frame.drop(columns=[name for name in free if name in mapped])
    return frame.rename(columns={theirs: ours for ours, theirs in mapped.items()}), mapped


def _theirs(ours: str, free: Sequence[str], *, truncated: bool, kind: Kind) -> str | None:
    """Name of our column in a table, if it has one."""
    if ours in free:
        return ours
    plain = [name for name in free if _plain(name) == ours]
    if len(plain) == 1:
        return plain[0]
    known = [name for name in USED[kind] if name[:_TRUNCATED] == ours[:_TRUNCATED]]
    if truncated and len(ours) > _TRUNCATED and len(known) == 1:
        return next((name for name in free if _plain(name) == ours[:_TRUNCATED]), None)
    return None


def _plain(name: str) -> str:
    return re.sub(r"[\s.-]+", "_", name.strip()).casefold()
