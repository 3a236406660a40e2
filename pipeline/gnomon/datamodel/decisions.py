"""Decisions of analysts about detections: one GeoJSON, read by tracking and by training.

``review.geojson`` is a FeatureCollection, longitude before latitude; a feature is one decision
about one detection, its geometry the outline. `Decision` has the properties. Several features may
decide about the same detection: the one of the latest ``decided_at`` holds, the others are its
history. The file is an analyst's: no run writes to it.

What an analyst says about type or load has the weight that the analyst gives it (``certainty``),
and stands in for what the same pixels say, unless they say the same more strongly:

=========  ============================================  ====================
certainty  meaning                                       wrong once in
=========  ============================================  ====================
sure       taken as a fact; the default                  100,000
probable   other evidence can outweigh it                10
possible   a hint                                        3 1/3
=========  ============================================  ====================

==================  ===========================================================================
the word            what becomes of the row, P being the chance that the word is right
==================  ===========================================================================
accept              ``score`` at least 0.98
reject, type none   takes no part in tracking; the table of detections keeps it
type tanker         ``p_tanker`` at least P
any other type      ``p_tanker`` at most 1 - P
laden, ballast      ``log_lr_laden`` beyond +log(P / (1 - P)), or below the negative of it
indeterminate       no ``log_lr_laden``: the pixels' verdict is not believed
identity            candidate of its visit, with odds of 19 for each other ship
==================  ===========================================================================

No study says how often an eye errs on small tankers at 10 m: whoever writes "sure" answers for it.
A ship that is named must still be of a size that fits and be in one place at a time.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import AwareDatetime, Field
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.errors import ReviewError
from gnomon.datamodel.geojson import FeatureFault, Row, read_geometry, read_rows
from gnomon.datamodel.ship_types import ShipType

REVIEW = "review.geojson"
"""Its name in the folder of a run."""
Certainty = Literal["sure", "probable", "possible"]
P_WRONG: Mapping[Certainty, float] = {"sure": 1e-5, "probable": 0.1, "possible": 0.3}
"""Chance that a word of type or load is wrong, by how sure the analyst is."""
P_VESSEL = 0.98
NAME_ODDS = 19.0
BY_EYE, TYPE_BY_EYE, LOAD_P_WRONG = "_by_eye", "_type_by_eye", "_load_p_wrong"
"""Columns: whether an analyst decided about a row, and about its type; how often a load is wrong
that an analyst gave, else null."""
NAMELESS = ("unregistered", "unknown", "?")
"""Names that name no ship."""


class Decision(Row):
    """One feature; properties that are not here are ignored."""

    NAMED_BY: ClassVar = ("detection_id",)

    detection_id: str
    decision: Literal["accept", "reject"]
    """Whether this is a vessel."""
    decided_at: AwareDatetime
    visit_id: str | None = None
    """Where it was decided; it changes with the observations, and only ``detection_id`` counts."""
    scene_id: str | None = None
    type: Literal[ShipType, "none"] | None = None
    """``none`` is no ship at all, ``unknown`` says nothing."""
    load_state: Literal["laden", "ballast", "indeterminate"] | None = None
    certainty: Certainty = "sure"
    """Of type and load."""
    identity: str | None = None
    """Name or IMO number."""
    length_m: float | None = Field(default=None, gt=0)
    note: str | None = None
    reviewer: str | None = None
    geometry: Annotated[BaseGeometry, read_geometry(valid=False)] | None = None
    """Outline, if there is one."""

    @property
    def names_type(self) -> bool:
        """Whether it says what kind of ship this is."""
        return self.type not in (None, "unknown", "none")

    @property
    def names_load(self) -> bool:
        """Whether it says laden or in ballast."""
        return self.load_state in ("laden", "ballast")

    @property
    def p_wrong(self) -> float:
        """Chance that what it says about type or load is wrong."""
        return P_WRONG[self.certainty]

    @property
    def rejects(self) -> bool:
        """Whether the detection is not to count; what is "no ship" is not, accepted or not."""
        return self.decision == "reject" or self.type == "none"

    @property
    def words(self) -> str:
        """What it says, without who and when."""
        parts = [self.decision + "ed"]
        if self.type:
            parts.append("no ship" if self.type == "none" else f"type {self.type}")
        if self.load_state:
            parts.append(f"load {self.load_state}")
        if self.names_type or self.names_load:
            parts[-1] += f" ({self.certainty})"
        if self.identity:
            parts.append(f"named {self.identity}")
        return ", ".join(parts)

    def __str__(self) -> str:
        who = f" by {self.reviewer}" if self.reviewer else ""
        return f"{self.detection_id} ({self.decision}{who}, {self.decided_at:%Y-%m-%d})"


def read_review(path: Path) -> tuple[Decision, ...]:
    """Read a file of decisions, in its order, history and all.

    Raises
    ------
    ReviewError
        The file cannot be used; every fault has its line.

    """
    if not path.exists():
        raise ReviewError(f"{path}: there is no such review")
    return tuple(read_rows(path, Decision, error=ReviewError, check=decisions_at_odds))


def review_in(folder: Path) -> tuple[Decision, ...]:
    """Decisions that lie in the folder of a run; none if the run has no review.

    Raises
    ------
    ReviewError
        As `read_review`.

    """
    path = folder / REVIEW
    return read_review(path) if path.exists() else ()


def decisions_at_odds(decisions: Mapping[int, Decision]) -> Iterator[FeatureFault]:
    """Features that decide otherwise about the same detection at the same moment."""
    first: dict[tuple[str, Any], int] = {}
    for number, one in decisions.items():
        earlier = first.setdefault((one.detection_id, one.decided_at), number)
        if decisions[earlier] != one:
            why = (
                f"decides otherwise than feature {earlier} at the same moment; keep one, or give "
                "the later one its time"
            )
            yield FeatureFault(number, one.detection_id, why)


def latest(decisions: Sequence[Decision]) -> dict[str, Decision]:
    """Decisions that hold, by detection."""
    ordered = sorted(decisions, key=lambda one: one.decided_at)
    return {one.detection_id: one for one in ordered}


@dataclass(frozen=True)
class Reviewed:
    """Detections as an analyst leaves them."""

    detections: pd.DataFrame
    """Those that take part, with columns `BY_EYE`, `TYPE_BY_EYE` and `LOAD_P_WRONG`, and
    ``identity`` where a ship was named."""
    held: tuple[Decision, ...] = ()
    """Decisions about rows of the table."""
    lost: tuple[Decision, ...] = ()
    """Decisions about detections that the table does not have."""
    notes: dict[str, str] = field(default_factory=dict)
    """By port, what was decided there, in words."""


def reviewed(detections: pd.DataFrame, decisions: Sequence[Decision]) -> Reviewed:
    """Apply decisions; the module's head says with which weight.

    Parameters
    ----------
    detections
        With ``detection_id``; a ``port`` lets the notes say where.
    decisions
        As read; of several about one detection the latest holds.

    Raises
    ------
    ReviewError
        The table has no ids that a decision could be matched with.

    """
    if not decisions:
        return Reviewed(detections)
    if "detection_id" not in detections:
        raise ReviewError("detections: have no detection_id, so a review cannot be matched")
    standing = latest(decisions)
    ids = detections.detection_id.astype("str")
    held = {name: standing[name] for name in ids if name in standing}
    lost = tuple(one for name, one in standing.items() if name not in held)
    out = detections.copy()
    for name, column in (
        ("score", _score),
        ("p_tanker", _p_tanker),
        ("log_lr_laden", _log_lr_laden),
        ("identity", _identity),
    ):
        before = list(out[name]) if name in out else [None] * len(out)
        after = [column(held.get(i), value) for i, value in zip(ids, before, strict=True)]
        if name in out or any(value is not None for value in after):
            out[name] = after
    out[BY_EYE] = list(ids.isin(held))
    out[TYPE_BY_EYE] = [name in held and held[name].names_type for name in ids]
    out[LOAD_P_WRONG] = [
        held[name].p_wrong if name in held and held[name].names_load else np.nan for name in ids
    ]
    gone = ids.map(lambda name: name in held and held[name].rejects).astype(bool)
    return Reviewed(out[~gone], tuple(held.values()), lost, _notes(detections, held))


def _score(one: Decision | None, before: Any) -> Any:
    if one is None or one.rejects:
        return before
    return P_VESSEL if pd.isna(before) else max(float(before), P_VESSEL)


def _p_tanker(one: Decision | None, before: Any) -> Any:
    if one is None or not one.names_type:
        return before
    if one.type == "tanker":
        p = 1 - one.p_wrong
        return p if pd.isna(before) else max(float(before), p)
    return one.p_wrong if pd.isna(before) else min(float(before), one.p_wrong)


def _log_lr_laden(one: Decision | None, before: Any) -> Any:
    if one is None or one.load_state is None:
        return before
    if one.load_state == "indeterminate":
        return np.nan
    sign = 1.0 if one.load_state == "laden" else -1.0
    pixels = 0.0 if pd.isna(before) else sign * float(before)
    return sign * max(math.log((1 - one.p_wrong) / one.p_wrong), pixels)


def _identity(one: Decision | None, before: Any) -> Any:
    if one is None or one.identity is None or one.identity.strip().casefold() in NAMELESS:
        return before
    return one.identity.strip()


def _notes(detections: pd.DataFrame, held: dict[str, Decision]) -> dict[str, str]:
    if "port" not in detections:
        return {}
    rows = detections.assign(_id=detections.detection_id.astype("str"))
    notes = {}
    for port, here in rows[rows["_id"].isin(held)].groupby("port"):
        out = sum(held[name].rejects for name in here["_id"])
        notes[str(port)] = f"reviewed: {len(here) - out} accepted, {out} rejected"
    return notes
