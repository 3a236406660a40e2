"""Tables of detections and looks, checked at the border and made into arrays for one port.

Needed of a detection: ``scene_id``, ``port``, ``length_m``. Of a look: ``scene_id``, ``port``,
``seen_at``. What else is missing has a consequence that is told, in words, with the result:

==================  ================================================================
missing             consequence
==================  ================================================================
``length_sigma_m``  8 m
``beam_m``          0.157 of the length, 20 % off
``score``           0.8
``p_tanker``        size alone tells tankers from others
``log_lr_laden``    the direction of trade stays open
``usable_fraction`` every look saw the whole berth
``sensor, gsd_m``   optical, 10 m
place               a berth is one place
==================  ================================================================

An ``identity`` (a name or an IMO number) makes that ship a candidate of the visit.

Looks of one platform within ten minutes (neighbouring tiles) are one look whose usable fractions
add up.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnomon.datamodel.decisions import BY_EYE
from gnomon.datamodel.errors import TrackError
from gnomon.track.marks import BEAM_PER_LENGTH, Hulls
from gnomon.track.presence import kind_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ONE_PASS_DAYS = 10 / 1440
METRES_PER_DEGREE = 111_195.0
SUPPOSED: dict[str, Any] = {
    "length_sigma_m": 8.0,
    "score": 0.8,
    "p_tanker": np.nan,
    "log_lr_laden": np.nan,
}
CONSEQUENCES = {
    "length_sigma_m": "no length_sigma_m: 8 m supposed",
    "beam_m": "no beam_m: 0.157 of the length supposed, 20 % off",
    "score": "no score: 0.8 supposed",
    "p_tanker": "no p_tanker: size alone tells small tankers from other ships",
    "log_lr_laden": "no log_lr_laden: nothing tells laden from ballast",
    "place": "no geometry: ships at one berth are told apart by size and time alone",
}


@dataclass(frozen=True)
class Sightings:
    """One port's looks, sorted by time, and what was told in them."""

    port: str
    start: datetime
    end: datetime
    day: Floats
    """Of looks, since start."""
    kind: Ints
    usable: Floats
    hulls: Hulls
    rows: Ints
    """Of each hull in the table of detections."""
    notes: tuple[str, ...]
    """Consequences of what the tables lack."""
    identity: tuple[str, ...]
    """Of each hull, where somebody named her; empty where nobody did."""


def renamed(frame: pd.DataFrame, columns: dict[str, str], what: str) -> pd.DataFrame:
    """Give a user's columns our names.

    Raises
    ------
    TrackError
        A named column is not there.

    """
    if absent := [theirs for theirs in columns.values() if theirs not in frame.columns]:
        raise TrackError(
            f"{what}: has no column {', '.join(absent)}; it has {', '.join(frame.columns)}"
        )
    return frame.rename(columns={theirs: ours for ours, theirs in columns.items()})


def checked(
    detections: pd.DataFrame, observations: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Refuse tables that cannot be right; sort them by what they say, not by how they came.

    Raises
    ------
    TrackError
        Columns are missing, times have no zone, a look is there twice, or a detection has none.

    """
    for frame, what, needed in (
        (detections, "detections", ("scene_id", "port", "length_m")),
        (observations, "observations", ("scene_id", "port", "seen_at")),
    ):
        if absent := [name for name in needed if name not in frame.columns]:
            raise TrackError(
                f"{what}: lack {', '.join(absent)}; map columns in the study's [track]"
            )
    if not len(observations):
        raise TrackError("looks: there is none, so nothing is known; check period and catalogue")
    observations = observations.assign(seen_at=_times(observations.seen_at))
    if "status" in observations:
        observations = observations[observations.status == "observed"]
    twice = observations[observations.duplicated(["scene_id", "port"])]
    if len(twice):
        raise TrackError(
            f"looks: {twice.scene_id.iloc[0]} at {twice.port.iloc[0]} is there twice "
            f"({len(twice)} such); keep one row per scene and port"
        )
    key = pd.MultiIndex.from_frame(detections[["scene_id", "port"]])
    lost = ~key.isin(pd.MultiIndex.from_frame(observations[["scene_id", "port"]]))
    if lost.any():
        first = detections[lost].iloc[0]
        raise TrackError(
            f"detections: {int(lost.sum())} without a look, first {first.scene_id} at "
            f"{first.port}; add its row to the looks, which are the denominator of every count"
        )
    bad = ~(pd.to_numeric(detections.length_m, errors="coerce") > 0)
    if bad.any():
        raise TrackError(f"detections: {int(bad.sum())} without a positive length_m")
    order = [c for c in ("length_m", "beam_m", "detection_id") if c in detections.columns]
    hulls = detections.sort_values(["port", "scene_id", *order], ignore_index=True)
    return hulls, observations.sort_values(["port", "seen_at", "scene_id"], ignore_index=True)


def _times(values: pd.Series) -> pd.Series:
    """Times as aware UTC."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.dt.tz_convert("UTC")
    try:
        parsed = [pd.Timestamp(value) for value in values]
    except (TypeError, ValueError) as error:
        raise TrackError(f"looks: seen_at cannot be read as a time ({error})") from error
    if any(pd.isna(time) for time in parsed):
        raise TrackError("looks: seen_at is empty in some rows")
    naive = [time for time in parsed if time.tzinfo is None]
    if naive:
        raise TrackError(
            f"looks: {len(naive)} times without a zone, first {naive[0]}; write UTC with a Z"
        )
    return pd.Series(pd.DatetimeIndex([t.tz_convert("UTC") for t in parsed]), index=values.index)


def at_port(
    port: str,
    detections: pd.DataFrame,
    observations: pd.DataFrame,
    *,
    zones: tuple[str, ...],
    start: datetime,
    end: datetime,
) -> Sightings:
    """Arrays of one port, from checked tables.

    Parameters
    ----------
    port
        Its name.
    detections, looks
        Checked tables, of any ports.
    zones
        Names of zones that count; empty for the whole port.
    start, end
        The period; looks outside are left out.

    """
    observations = observations[
        (observations.port == port)
        & (observations.seen_at >= start)
        & (observations.seen_at <= end)
    ]
    usable, notes = _usable(observations, zones)
    day = ((observations.seen_at - pd.Timestamp(start)).dt.total_seconds() / 86_400).to_numpy()
    kind = _kinds(observations)
    one = _passes(observations, day)
    first = np.unique(one, return_index=True)[1]
    joined = np.minimum(np.bincount(one, weights=usable), 1.0) if len(one) else usable
    hulls = detections[(detections.port == port) & detections.scene_id.isin(observations.scene_id)]
    if zones and "zone" in hulls:
        hulls = hulls[hulls.zone.isin(zones)]
    observation = one[pd.Index(observations.scene_id).get_indexer(hulls.scene_id)]
    order = np.argsort(observation, kind="stable")
    hulls, observation = hulls.iloc[order], observation[order]
    # Where a hull was told, something could be seen.
    np.maximum.at(joined, observation, 0.05)
    told, more = _hulls(hulls, observation, day[first])
    rows = hulls.index.to_numpy()
    return Sightings(
        port, start, end, day[first], kind[first], joined, told, rows, notes + more, _names(hulls)
    )


def _names(rows: pd.DataFrame) -> tuple[str, ...]:
    if "identity" not in rows:
        return ("",) * len(rows)
    return tuple("" if pd.isna(name) else str(name).strip() for name in rows.identity)


def _usable(observations: pd.DataFrame, zones: tuple[str, ...]) -> tuple[Floats, tuple[str, ...]]:
    """Visible fraction of what counts, in each look."""
    whole = observations.get("usable_fraction")
    notes = () if whole is not None else ("no usable_fraction: every look saw the whole berth",)
    plain = np.ones(len(observations)) if whole is None else whole.fillna(1.0).to_numpy(float)
    if not zones or "zones" not in observations:
        return plain.copy(), notes
    out = plain.copy()
    for n, text in enumerate(observations.zones):
        parts = json.loads(text) if isinstance(text, str) else {}
        seen = [parts[zone] for zone in zones if parts.get(zone) is not None]
        if seen:
            out[n] = float(np.mean(seen))
    return np.clip(out, 0.0, 1.0), notes


def _kinds(observations: pd.DataFrame) -> Ints:
    sensor = observations["sensor"] if "sensor" in observations else ["optical"] * len(observations)
    gsd = observations["gsd_m"] if "gsd_m" in observations else [10.0] * len(observations)
    pairs = zip(sensor, gsd, strict=True)
    return np.array([kind_of(str(s), 10.0 if pd.isna(g) else float(g)) for s, g in pairs], np.int64)


def _passes(observations: pd.DataFrame, day: Floats) -> Ints:
    """Number of the pass of each look; looks are sorted by time."""
    platform = observations.get("platform", observations.scene_id)
    latest: dict[str, tuple[int, float]] = {}
    number, out = -1, []
    for name, time in zip(platform, day, strict=True):
        place, before = latest.get(name, (-1, -np.inf))
        if time - before > ONE_PASS_DAYS:
            number += 1
            place = number
        latest[name] = (place, time)
        out.append(place)
    return np.array(out, np.int64)


def _hulls(rows: pd.DataFrame, observation: Ints, day: Floats) -> tuple[Hulls, tuple[str, ...]]:
    notes = [CONSEQUENCES[name] for name in (*SUPPOSED, "beam_m") if _absent(rows, name)]
    columns = {name: _filled(rows, name, value) for name, value in SUPPOSED.items()}
    length = rows.length_m.to_numpy(float)
    beam, beam_sigma = _filled(rows, "beam_m", np.nan), _filled(rows, "beam_sigma_m", np.nan)
    unknown = np.isnan(beam)
    beam = np.where(unknown, BEAM_PER_LENGTH * length, beam)
    beam_sigma = np.where(np.isnan(beam_sigma) | unknown, 0.2 * beam, beam_sigma)
    place = _places(rows)
    if place is None:
        notes.append(CONSEQUENCES["place"])
        place = np.zeros(len(rows)), np.zeros(len(rows))
    return Hulls(
        observation=observation,
        day=day[observation] if len(observation) else np.zeros(0),
        east_m=place[0],
        north_m=place[1],
        length_m=length,
        length_sigma_m=columns["length_sigma_m"],
        beam_m=beam,
        beam_sigma_m=beam_sigma,
        score=columns["score"],
        p_tanker=columns["p_tanker"],
        log_lr_laden=columns["log_lr_laden"],
    ), tuple(notes if len(rows) else ())


def _absent(rows: pd.DataFrame, name: str) -> bool:
    """Whether the table does not say it; what an analyst says of a few does not mend that."""
    table = rows[~rows[BY_EYE]] if BY_EYE in rows and not rows[BY_EYE].all() else rows
    return name not in table or bool(table[name].isna().all())


def _filled(rows: pd.DataFrame, name: str, value: float) -> Floats:
    if name not in rows:
        return np.full(len(rows), value)
    numbers: Floats = pd.to_numeric(rows[name], errors="coerce").fillna(value).to_numpy(float)
    return numbers


def _places(rows: pd.DataFrame) -> tuple[Floats, Floats] | None:
    """East and north in metres of each hull from the middle of all; None if nobody says."""
    if "longitude" in rows and "latitude" in rows:
        x, y = rows.longitude.to_numpy(float), rows.latitude.to_numpy(float)
    elif "geometry" in rows and len(rows) and rows.geometry.notna().all():
        x, y = rows.geometry.x.to_numpy(float), rows.geometry.y.to_numpy(float)
    else:
        return None
    if not len(x):
        return x, y
    middle = float(y.mean())
    east = (x - x.mean()) * METRES_PER_DEGREE * np.cos(np.radians(middle))
    return east, (y - middle) * METRES_PER_DEGREE
