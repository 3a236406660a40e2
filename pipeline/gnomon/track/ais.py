"""AIS positions beside detections: who sent from where a ship lay, and who kept silent.

A detection and a track of positions are one ship if the track, interpolated to the time of the look
between positions at most an hour apart (or the nearest within half an hour), passes within 400 m.
A detection without one is dark only where AIS would have shown it: another ship was received within
15 nautical miles and an hour. Where nobody was received nothing can be said, and nothing is.

Files: CSV or Parquet with ``mmsi``, ``time`` (aware), ``longitude``, ``latitude`` and perhaps
``name``, ``imo``, by which a ship is known in the register; or NMEA sentences (`pyais`), each line
beginning with its time in UTC (ISO 8601 and a space), because the sentences themselves have no
date. Of these only positions are read, and no names.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnomon.datamodel.errors import TrackError
from gnomon.track.fleet import Fleet, Names, ship_named
from gnomon.track.sightings import METRES_PER_DEGREE

Floats = NDArray[np.float64]

NEAR_M = 400.0
COVERED_M = 15 * 1852.0
BETWEEN_S, NEAREST_S, COVERED_S = 3600.0, 1800.0, 3600.0
NEEDED = ("mmsi", "time", "longitude", "latitude")


def read_ais(path: Path) -> pd.DataFrame:
    """Read positions, sorted by ship and time.

    Raises
    ------
    TrackError
        The file cannot be read, lacks columns, or has times without a zone.

    """
    try:
        frame = _read(path)
    except (OSError, ValueError) as error:
        raise TrackError(f"{path}: cannot be read as AIS positions ({error})") from error
    if absent := [name for name in NEEDED if name not in frame.columns]:
        raise TrackError(f"{path}: lacks {', '.join(absent)}; it has {', '.join(frame.columns)}")
    times = [pd.Timestamp(time) for time in frame.time]
    if any(pd.isna(time) or time.tzinfo is None for time in times):
        raise TrackError(f"{path}: times without a zone; write them in UTC with a Z")
    utc = pd.DatetimeIndex([time.tz_convert("UTC") for time in times], tz="UTC")
    frame = frame.assign(time=utc, mmsi=frame.mmsi.astype(str))
    return frame.sort_values(["mmsi", "time"], ignore_index=True)


def _read(path: Path) -> pd.DataFrame:
    kind = path.suffix.lower()
    if kind in (".parquet", ".geoparquet"):
        return pd.read_parquet(path)
    if kind == ".csv":
        return pd.read_csv(path, dtype={"mmsi": str, "imo": str})
    return _nmea(path)


def _nmea(path: Path) -> pd.DataFrame:
    """Positions of class A and B reports."""
    try:
        from pyais import decode  # noqa: PLC0415 - an extra that few need
        from pyais.exceptions import AISBaseException  # noqa: PLC0415
    except ImportError as error:
        raise TrackError(f"{path}: NMEA needs pyais; pip install 'gnomon[ais]'") from error
    rows: list[dict[str, Any]] = []
    for line in path.read_text(encoding="ascii", errors="replace").splitlines():
        time, _, sentence = line.partition(" ")
        try:
            told = decode(sentence).asdict()
        except (AISBaseException, ValueError):
            continue
        place = {"longitude": told.get("lon"), "latitude": told.get("lat")}
        # 91 and 181 degrees are AIS for "not available".
        if isinstance(place["latitude"], float) and abs(place["latitude"]) <= 90:
            rows.append({"mmsi": str(told["mmsi"]), "time": time, **place})
    return pd.DataFrame(rows, columns=list(NEEDED))


def named(
    positions: pd.DataFrame, heard: list[tuple[str | None, bool | None]], fleet: Fleet
) -> Names:
    """Ships of the register that hulls are by the IMO number or the name that their AIS sends.

    Parameters
    ----------
    positions
        From `read_ais`.
    heard
        Of each hull, from `match`.
    fleet
        The register.

    """
    ships: dict[str | None, int] = {None: -1}
    for mmsi in {mmsi for mmsi, _ in heard if mmsi}:
        own = positions[positions.mmsi == mmsi]
        imo, name = (_said(own, column) for column in ("imo", "name"))
        ships[mmsi] = ship_named(fleet, imo, name)
    return Names(np.array([ships[mmsi] for mmsi, _ in heard], np.int64))


def _said(rows: pd.DataFrame, column: str) -> str | None:
    """What a ship says of herself most often; digits may have been read as a number."""
    if column not in rows or rows[column].isna().all():
        return None
    return str(rows[column].dropna().mode().iloc[0]).removesuffix(".0")


def match(
    positions: pd.DataFrame, *, longitude: float, latitude: float, time: pd.Timestamp
) -> tuple[str | None, bool | None]:
    """Ship that sent from a place at a time, and whether a ship there was dark.

    Returns
    -------
    tuple
        MMSI or None; False, True, or None where AIS showed nobody.

    """
    away = (positions.time - time).dt.total_seconds().to_numpy()
    near = np.abs(away) <= max(BETWEEN_S, COVERED_S)
    rows, away = positions[near], away[near]
    east = (rows.longitude.to_numpy(float) - longitude) * np.cos(np.radians(latitude))
    north = rows.latitude.to_numpy(float) - latitude
    place = np.stack([east, north], -1) * METRES_PER_DEGREE
    best: tuple[float, str | None] = (NEAR_M, None)
    for mmsi in rows.mmsi.unique():
        own = (rows.mmsi == mmsi).to_numpy()
        far = _distance(place[own], away[own])
        if far < best[0]:
            best = (far, str(mmsi))
    if best[1] is not None:
        return best[1], False
    covered = (np.hypot(*place.T) <= COVERED_M) & (np.abs(away) <= COVERED_S)
    return None, True if covered.any() else None


def _distance(place: Floats, away_s: Floats) -> float:
    """Metres from a track at the moment zero; infinity where it says nothing of it."""
    if away_s[0] <= 0 <= away_s[-1]:
        after = int(np.searchsorted(away_s, 0.0))
        before = max(after - 1, 0)
        if away_s[after] - away_s[before] <= BETWEEN_S:
            x, y = (np.interp(0.0, away_s, place[:, axis]) for axis in (0, 1))
            return float(np.hypot(x, y))
    nearest = int(np.abs(away_s).argmin())
    close = abs(away_s[nearest]) <= NEAREST_S
    return float(np.hypot(*place[nearest])) if close else float("inf")
