"""What an analyst decided about detections: one GeoJSON, read by tracking and by training.

``review.geojson`` is a FeatureCollection, longitude before latitude; a feature is one decision
about one detection, its geometry the outline. `Decision` has the properties. Several features may
decide about the same detection: the one of the latest ``decided_at`` holds, the others are its
history. The file is an analyst's: no run writes to it.

An analyst's word is evidence and not truth. It was read from the same pixels, so it stands in for
what they said, unless they said the same more strongly. No study says how often an eye errs on
small tankers at 10 m; these numbers are ours, round and not too sure of themselves:

==================  ===========================================================  =============
the word            what becomes of the row                                      wrong once in
==================  ===========================================================  =============
accept              ``score`` at least 0.98                                      50
reject, type none   takes no part in tracking; the table of detections keeps it  -
type tanker         ``p_tanker`` at least 0.95                                   20
any other type      ``p_tanker`` at most 0.05                                    20
laden, ballast      ``log_lr_laden`` beyond +2.94, -2.94 (odds of 19)            20
indeterminate       no ``log_lr_laden``: the pixels' verdict is not believed     -
identity            candidate of her visit, with odds of 19 for each other ship  20
==================  ===========================================================  =============

So a word about the load can be outweighed by other looks, and a ship that is named must still be
of a size that fits and be in one place at a time.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
import shapely
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.errors import ReviewError

REVIEW = "review.geojson"
"""Its name in the folder of a run."""
P_VESSEL = 0.98
P_TYPE = 0.95
LOAD_ODDS = NAME_ODDS = 19.0
BY_EYE = "_by_eye"
"""Column: whether an analyst decided about a row."""
NOBODY = ("unregistered", "unknown", "?")
"""Names that name no ship."""
DEGREES_CRS = ("CRS84", "EPSG::4326", "EPSG:4326")

Type = Literal[
    "tanker", "cargo", "fishing", "passenger", "naval", "service", "other", "none", "unknown"
]
"""Of ship; ``none`` is no ship at all, ``unknown`` says nothing."""


def _blank(value: Any) -> Any:
    """Editors of tables write an empty text where nothing was said."""
    if not isinstance(value, str):
        return value
    try:
        value.encode()
    except UnicodeEncodeError as error:  # JSON can say half of a character
        raise ValueError("is not text: half of a surrogate pair") from error
    return value if value.strip() else None


Told = BeforeValidator(_blank)


class Decision(BaseModel):
    """One feature; properties that are not here are left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)

    detection_id: Annotated[str, Told] = Field(min_length=1)
    decision: Annotated[Literal["accept", "reject"], Told]
    """Whether this is a vessel."""
    decided_at: Annotated[AwareDatetime, Told]
    visit_id: Annotated[str | None, Told] = None
    """Where it was decided; it changes with the looks, and only ``detection_id`` counts."""
    scene_id: Annotated[str | None, Told] = None
    type: Annotated[Type | None, Told] = None
    load_state: Annotated[Literal["laden", "ballast", "indeterminate"] | None, Told] = None
    identity: Annotated[str | None, Told] = None
    """Name or IMO number."""
    length_m: Annotated[float | None, Told] = Field(default=None, gt=0)
    note: Annotated[str | None, Told] = None
    reviewer: Annotated[str | None, Told] = None
    outline: BaseGeometry | None = None
    """In EPSG:4326."""

    @property
    def rejects(self) -> bool:
        """Whether the detection is not to count; what is "no ship" is not, accepted or not."""
        return self.decision == "reject" or self.type == "none"

    def __str__(self) -> str:
        who = f" by {self.reviewer}" if self.reviewer else ""
        return f"{self.detection_id} ({self.decision}{who}, {self.decided_at:%Y-%m-%d})"


def read_review(path: Path) -> tuple[Decision, ...]:
    """Read a file of decisions, in its order, history and all.

    Raises
    ------
    ReviewError
        The file cannot be used; every faulty feature is named, one a line.

    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ReviewError(f"{path}: there is no such review") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ReviewError(f"{path}: cannot be read as GeoJSON ({error})") from error
    features = value.get("features") if isinstance(value, dict) else None
    if not isinstance(features, list) or value.get("type") != "FeatureCollection":
        raise ReviewError(f"{path}: is not a GeoJSON FeatureCollection")
    if not _in_degrees(value.get("crs")):
        raise ReviewError(f"{path}: is not in longitude and latitude; save it as EPSG:4326")
    decisions: dict[int, Decision] = {}
    faults: list[str] = []
    for place, feature in enumerate(features, start=1):
        try:
            decisions[place] = _decision(feature)
        except (ValidationError, ReviewError) as error:
            faults.append(f"  feature {place}{_who(feature)}: {_why(error)}")
    faults += _at_odds(decisions)
    if faults:
        raise ReviewError("\n".join([f"{path}: {len(faults)} fault(s)", *faults]))
    return tuple(decisions.values())


def review_in(folder: Path) -> tuple[Decision, ...]:
    """Decisions that lie in the folder of a run; none where nobody has decided yet.

    Raises
    ------
    ReviewError
        As `read_review`.

    """
    path = folder / REVIEW
    return read_review(path) if path.exists() else ()


def _in_degrees(crs: Any) -> bool:
    """Whether a "crs" member, which old writers add, is the one that GeoJSON has anyway."""
    return crs is None or any(name in json.dumps(crs) for name in DEGREES_CRS)


def _decision(feature: Any) -> Decision:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        raise ReviewError("is not a GeoJSON feature with properties")
    return Decision.model_validate(properties | {"outline": _outline(feature.get("geometry"))})


def _outline(geometry: Any) -> BaseGeometry | None:
    if geometry is None:
        return None
    try:
        shape = shapely.from_geojson(json.dumps(geometry))
    except (shapely.GEOSException, TypeError) as error:
        raise ReviewError(f"geometry: cannot be read ({error})") from error
    west, south, east, north = shape.bounds
    # Outlines over the antimeridian may go on beyond 180.
    if not max(abs(west), abs(east)) <= 360 or not max(abs(south), abs(north)) <= 90:
        raise ReviewError("geometry: is not on the earth; is longitude taken for latitude?")
    return shape


def _who(feature: Any) -> str:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    name = properties.get("detection_id") if isinstance(properties, dict) else None
    return f" ({name})" if name else ""


def _why(error: ValidationError | ReviewError) -> str:
    if isinstance(error, ReviewError):
        return str(error)
    parts = [f"{'.'.join(map(str, f['loc'])) or 'feature'}: {f['msg']}" for f in error.errors()]
    return "; ".join(parts)


def _at_odds(decisions: dict[int, Decision]) -> Iterator[str]:
    """Features that decide otherwise about the same detection at the same moment."""
    first: dict[tuple[str, Any], int] = {}
    for place, one in decisions.items():
        earlier = first.setdefault((one.detection_id, one.decided_at), place)
        if decisions[earlier] != one:
            yield (
                f"  feature {place} ({one.detection_id}): decides otherwise than feature {earlier} "
                f"at the same moment; keep one, or give the later one its time"
            )


def latest(decisions: Sequence[Decision]) -> dict[str, Decision]:
    """Decisions that hold, by detection."""
    ordered = sorted(decisions, key=lambda one: one.decided_at)
    return {one.detection_id: one for one in ordered}


@dataclass(frozen=True)
class Reviewed:
    """Detections as an analyst leaves them."""

    detections: pd.DataFrame
    """Those that take part, with a column `BY_EYE`, and where somebody was named ``identity``."""
    held: tuple[Decision, ...] = ()
    """Decisions about rows of the table."""
    lost: tuple[Decision, ...] = ()
    """Decisions about detections that the table does not have."""
    notes: dict[str, str] = field(default_factory=dict)
    """By port, what was decided there, in words."""


def reviewed(detections: pd.DataFrame, decisions: Sequence[Decision]) -> Reviewed:
    """Let decisions speak; the module's head says with which weight.

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
    gone = ids.map(lambda name: name in held and held[name].rejects).astype(bool)
    return Reviewed(out[~gone], tuple(held.values()), lost, _notes(detections, held))


def _score(one: Decision | None, before: Any) -> Any:
    if one is None or one.rejects:
        return before
    return P_VESSEL if pd.isna(before) else max(float(before), P_VESSEL)


def _p_tanker(one: Decision | None, before: Any) -> Any:
    if one is None or one.type in (None, "unknown"):
        return before
    if one.type == "tanker":
        return P_TYPE if pd.isna(before) else max(float(before), P_TYPE)
    return 1 - P_TYPE if pd.isna(before) else min(float(before), 1 - P_TYPE)


def _log_lr_laden(one: Decision | None, before: Any) -> Any:
    if one is None or one.load_state is None:
        return before
    if one.load_state == "indeterminate":
        return np.nan
    sign = 1.0 if one.load_state == "laden" else -1.0
    pixels = 0.0 if pd.isna(before) else sign * float(before)
    return sign * max(math.log(LOAD_ODDS), pixels)


def _identity(one: Decision | None, before: Any) -> Any:
    if one is None or one.identity is None or one.identity.strip().casefold() in NOBODY:
        return before
    return one.identity.strip()


def _notes(detections: pd.DataFrame, held: dict[str, Decision]) -> dict[str, str]:
    if "port" not in detections:
        return {}
    told = detections.assign(_id=detections.detection_id.astype("str"))
    notes = {}
    for port, rows in told[told["_id"].isin(held)].groupby("port"):
        out = sum(held[name].rejects for name in rows["_id"])
        notes[str(port)] = f"reviewed: {len(rows) - out} accepted, {out} rejected"
    return notes
