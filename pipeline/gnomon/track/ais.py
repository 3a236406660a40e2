"""AIS positions beside detections: which ship sent from a hull's position, and which was dark.

A detection and an AIS track may be one ship if the track, interpolated to the time of the
observation between positions at most an hour apart (or the nearest within half an hour), passes
within 400 m; which are is decided for all ships of an image together (`gnomon.track.ais_matching`).
A detection without one is dark only where there was AIS coverage: another ship was received within
15 nautical miles and an hour. Where no ship was received, darkness is unknown.

Files: CSV or Parquet with ``mmsi``, ``time`` (aware), ``longitude``, ``latitude`` and optionally
``name``, ``imo``, which identify a ship of the register; or NMEA sentences (`pyais`), each line
beginning with its time in UTC (ISO 8601 and a space), because the sentences themselves have no
date. Of these only positions are read, and no names.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnomon.datamodel.errors import TrackError, row_numbers_text
from gnomon.datamodel.files import check_parquet
from gnomon.datamodel.times import utc_time
from gnomon.track.fleet import UNNAMED, AisNames, Fleet

Floats = NDArray[np.float64]

NEAR_M = 400.0
COVERED_M = 15 * 1852.0
BETWEEN_S, NEAREST_S, COVERED_S = 3600.0, 1800.0, 3600.0
REQUIRED = ("mmsi", "time", "longitude", "latitude")
NOT_AVAILABLE = {"longitude": 181, "latitude": 91}
"""What AIS sends for a place that it does not know; such rows are left out."""
SHOWN = 10
"""Kinds of faults that a message names."""


def read_ais(path: Path) -> pd.DataFrame:
    """Read positions, sorted by ship and time.

    Raises
    ------
    TrackError
        The file cannot be read, lacks columns, or has rows that are no positions: ships without a
        number, times without a zone, places that are not on the earth.

    """
    try:
        frame = _read(path)
    except TrackError:
        raise
    except Exception as error:  # damaged metadata of Parquet raise anything
        raise TrackError(f"{path}: cannot be read as AIS positions ({error})") from error
    if absent := [name for name in REQUIRED if name not in frame.columns]:
        raise TrackError(f"{path}: lacks {', '.join(absent)}; it has {', '.join(frame.columns)}")
    places = {name: _degrees(frame[name]) for name in NOT_AVAILABLE}
    frame = frame.assign(**places, mmsi=frame.mmsi.astype(str).where(frame.mmsi.notna()))
    times, faults = _times(frame.time)
    for name, missing in NOT_AVAILABLE.items():
        faults[f"{name} is not in degrees"] = ~(frame[name].abs() <= missing)
    faults["mmsi is no number"] = ~frame.mmsi.str.fullmatch(r"[0-9]+(\.0)?", na=False).astype(bool)
    _refuse(path, faults)
    known = (frame.longitude.abs() <= 180) & (frame.latitude.abs() <= 90)
    frame = frame.assign(time=pd.DatetimeIndex(times, tz="UTC"))[known]
    return frame.sort_values(["mmsi", "time"], ignore_index=True)


def _degrees(values: pd.Series) -> pd.Series:
    """Numbers; NaN for what is none."""
    try:
        return pd.to_numeric(values, errors="coerce")
    except OverflowError:  # an integer of hundreds of digits: as text it is infinite
        return pd.to_numeric(values.astype(str), errors="coerce")


def _times(values: pd.Series) -> tuple[list[datetime | None], dict[str, pd.Series]]:
    """Times in UTC, and rows without one by what is wrong with them."""
    times: list[datetime | None] = []
    faults: dict[str, list[bool]] = {}
    for place, value in enumerate(values):
        try:
            times.append(utc_time(value))
        except (TypeError, ValueError, OverflowError) as error:
            faults.setdefault(f"time {error}", [False] * len(values))[place] = True
            times.append(None)
    return times, {why: pd.Series(rows, index=values.index) for why, rows in faults.items()}


def _refuse(path: Path, faults: dict[str, pd.Series]) -> None:
    """Raise with all that is wrong, if anything is."""
    lines = [
        f"{path}, {row_numbers_text([int(n) + 1 for n in np.flatnonzero(rows)])}: {why}"
        for why, rows in faults.items()
        if rows.any()
    ]
    if lines:
        more = [f"and {len(lines) - SHOWN:,} more"] if len(lines) > SHOWN else []
        raise TrackError("\n".join([*lines[:SHOWN], *more, "mend these rows, or delete them"]))


def _read(path: Path) -> pd.DataFrame:
    kind = path.suffix.lower()
    if kind in (".parquet", ".geoparquet"):
        check_parquet(path)
        return pd.read_parquet(path)
    if kind == ".csv":
        return pd.read_csv(path, dtype={"mmsi": str, "imo": str})
    return _nmea(path)


def _nmea(path: Path) -> pd.DataFrame:
    """Positions of class A and B reports."""
    try:
        from pyais import decode  # noqa: PLC0415 - an optional dependency
        from pyais.exceptions import AISBaseException  # noqa: PLC0415
    except ImportError as error:
        raise TrackError(f"{path}: NMEA needs pyais; pip install 'gnomon[ais]'") from error
    rows: list[dict[str, Any]] = []
    for line in path.read_text(encoding="ascii", errors="replace").splitlines():
        time, _, sentence = line.partition(" ")
        try:
            report = decode(sentence).asdict()
        except (AISBaseException, ValueError):
            continue
        position = {"longitude": report.get("lon"), "latitude": report.get("lat")}
        # 91 and 181 degrees are AIS for "not available".
        if isinstance(position["latitude"], float) and abs(position["latitude"]) <= 90:
            rows.append({"mmsi": str(report["mmsi"]), "time": time, **position})
    return pd.DataFrame(rows, columns=list(REQUIRED))


class AisMatch(NamedTuple):
    """AIS at the position and time of a hull."""

    mmsi: str | None
    """Of the ship that sent from there."""
    dark: bool | None
    """Whether a ship there sent nothing; None where AIS coverage is unknown."""
    probability: float | None = None
    """That it is this ship, of those that sent and of none."""


NO_AIS = AisMatch(None, None)


def ais_names(positions: pd.DataFrame, matches: list[AisMatch], fleet: Fleet) -> AisNames:
    """Ships of the register by the IMO number or the name that the AIS of hulls sends.

    Parameters
    ----------
    positions
        From `read_ais`.
    matches
        Of each hull, from `gnomon.track.ais_matching`.
    fleet
        The register.

    """
    ships: dict[str | None, int] = {None: UNNAMED}
    for mmsi in {match.mmsi for match in matches if match.mmsi}:
        own = positions[positions.mmsi == mmsi]
        row = fleet.find_ais(_most_frequent(own, "imo"), _most_frequent(own, "name"))
        ships[mmsi] = UNNAMED if row is None else row
    return AisNames(np.array([ships[match.mmsi] for match in matches], np.int64))


def _most_frequent(rows: pd.DataFrame, column: str) -> str | None:
    """What a ship sends most often; digits may have been read as a number."""
    if column not in rows or rows[column].isna().all():
        return None
    return str(rows[column].dropna().mode().iloc[0]).removesuffix(".0")


@dataclass(frozen=True)
class SentPlace:
    """Where a ship was at one time, by the positions that it sent around it."""

    place_m: Floats
    """East and north, (2,)."""
    velocity_m_s: Floats
    """Likewise; zero where one position is all that is known."""
    nearest_s: float
    """To the nearest of the positions."""


def sent_place(metres: Floats, away_s: Floats) -> SentPlace | None:
    """Place of a ship at time zero; None where it has no position near that time.

    Parameters
    ----------
    metres
        East and north of its positions, (positions, 2).
    away_s
        Their times, increasing.

    """
    nearest = int(np.abs(away_s).argmin())
    gap = float(np.abs(away_s[nearest]))
    if away_s[0] <= 0 <= away_s[-1]:
        after = int(np.searchsorted(away_s, 0.0))
        before = max(after - 1, 0)
        if away_s[after] - away_s[before] <= BETWEEN_S:
            place = np.array([np.interp(0.0, away_s, axis) for axis in metres.T])
            return SentPlace(place, _velocity(metres, away_s, before, after), gap)
    if gap > NEAREST_S:
        return None
    beside = nearest + 1 if nearest == 0 else nearest - 1
    first, last = sorted((nearest, beside if beside < len(away_s) else nearest))
    return SentPlace(metres[nearest], _velocity(metres, away_s, first, last), gap)


def _velocity(metres: Floats, away_s: Floats, first: int, last: int) -> Floats:
    """Mean velocity between two positions; zero where they are one, or too far apart in time."""
    passed = float(away_s[last] - away_s[first])
    if not 0 < passed <= BETWEEN_S:
        return np.zeros(2)
    return np.asarray((metres[last] - metres[first]) / passed, float)
