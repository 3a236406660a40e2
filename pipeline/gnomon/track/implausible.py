"""Rows of a user's tables that can hardly be true, though each of them can be read.

An image listed twice counts twice, and a ship pasted twice is two ships at one place: both change
counts, and even the direction of trade, and nothing in the result shows it. Typing errors move
ships to other continents and images to other decades, and lengths may be in kilometres. Such rows
are refused, with their numbers; a table alone shows them, so that every command finds the same.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from gnomon.datamodel.errors import TrackError, row_numbers_text
from gnomon.geo.local import distance_m, local_metres
from gnomon.track.sightings import positions_deg

Floats = NDArray[np.float64]

SAME_PLACE_M = 5.0
"""Centres of two ships lie farther apart, also side by side."""
SAME_LENGTH_M = 1.0
FAR_FROM_PORT_M = 20_000.0
"""From the area of a port, or from the median place of its ships where no area is known; a ship
farther away belongs to another port."""
NULL_ISLAND_DEG = 1e-3
"""Around 0, 0, where empty cells end up."""
FIRST_YEAR = 1972
"""Of the first satellite whose images show ships, Landsat 1."""
FUTURE = timedelta(days=1)
SHORTEST_M = 5.0
"""A single ship that is shorter is no ship that a satellite shows."""
ALL_SHORT_M = 10.0
"""Where every ship is shorter, the lengths are in another unit."""


@dataclass(frozen=True)
class ImplausibleRows:
    """Rows that can hardly be true, and what to do."""

    rows: tuple[int, ...]
    """Labels of the index."""
    column: str
    """At fault; empty if it is the whole row."""
    why: str


def implausible_images(
    observations: pd.DataFrame, *, now: datetime | None = None
) -> Iterator[ImplausibleRows]:
    """Times that no satellite image has, and images that are listed twice.

    Parameters
    ----------
    observations
        With aware times, or without any; columns that are missing are not judged.
    now
        Images cannot be later; None if they may, as simulated ones.

    """
    if "seen_at" not in observations:
        return
    times = pd.to_datetime(observations.seen_at, utc=True, errors="coerce", format="ISO8601")
    wrong = [(times.dt.year < FIRST_YEAR, f"before the first satellite images ({FIRST_YEAR})")]
    if now is not None:
        wrong.insert(0, (times > now + FUTURE, "in the future"))
    for bad, why in wrong:
        if bad.any():
            yield _rows_where(bad, "seen_at", f"{times[bad].iloc[0]:%Y-%m-%d} is {why}; correct it")
    if {"port", "scene_id"} <= set(observations):
        yield from _listed_twice(observations, times)


def _listed_twice(images: pd.DataFrame, times: pd.Series) -> Iterator[ImplausibleRows]:
    seen = times.notna()
    if "status" in images:
        seen &= images.status == "observed"
    if "platform" in images:
        seen &= images.platform.isna() | (images.platform == "")
    ports = images.port[seen].astype(object).where(images.port[seen].notna(), "")
    for (port, time), rows in images[seen].groupby([ports, times[seen].dt.floor("s")], sort=False):
        # Rows of one scene are refused as such.
        if not (rows.scene_id == rows.scene_id.iloc[0]).all():
            where = f" of port {port}" if port else ""
            why = (
                f"images{where} of the same time ({time:%Y-%m-%d %H:%M:%S} UTC) count as several; "
                "keep one row an image, or give platform if they are tiles of one pass"
            )
            yield ImplausibleRows(tuple(rows.index), "", why)


def implausible_ships(detections: pd.DataFrame) -> Iterator[ImplausibleRows]:
    """Lengths in another unit, the place 0, 0, and ships that are there twice.

    Parameters
    ----------
    detections
        Columns that are missing are not judged.

    """
    if "length_m" in detections:
        yield from _too_short(pd.to_numeric(detections.length_m, errors="coerce"))
    if (places := _places(detections)) is None:
        return
    nowhere = (places.abs() < NULL_ISLAND_DEG).all(axis=1)
    if nowhere.any():
        yield _rows_where(nowhere, "", "lies at 0, 0; give its place")
    if "scene_id" in detections:
        by = [name for name in ("scene_id", "port") if name in detections]
        for _, rows in detections[~nowhere].groupby(by, sort=False, dropna=False):
            if len(rows) > 1:
                yield from _at_one_place(rows, places.loc[rows.index])


def _too_short(lengths: pd.Series) -> Iterator[ImplausibleRows]:
    known = lengths[lengths > 0]
    if len(known) and (known < ALL_SHORT_M).all():
        why = (
            f"no ship is longer than {known.max():.3g} m; are they in kilometres? Write metres "
            "(1 km = 1000 m)"
        )
        yield ImplausibleRows((), "length_m", why)
        return
    short = (lengths > 0) & (lengths < SHORTEST_M)
    if short.any():
        why = f"{lengths[short].iloc[0]:g} m is too short for a ship; is it in metres?"
        yield _rows_where(short, "length_m", why)


def _at_one_place(rows: pd.DataFrame, places: pd.DataFrame) -> Iterator[ImplausibleRows]:
    """Ships of one image at one place, all of them together."""
    known = places.notna().all(axis=1)
    if known.sum() < 2:
        return
    rows, places = rows[known], places[known]
    origin = places.iloc[0].lon, places.iloc[0].lat
    flat = np.column_stack(local_metres(places.lon, places.lat, origin=origin))
    length = pd.to_numeric(rows.get("length_m", pd.Series(np.nan, rows.index)), errors="coerce")
    metres = length.fillna(0.0).to_numpy(float)
    pairs = cKDTree(flat).query_pairs(SAME_PLACE_M, output_type="ndarray")
    for one, other in sorted(map(tuple, pairs)):
        if abs(metres[one] - metres[other]) < SAME_LENGTH_M:
            why = "two ships at the same place in the same image; delete one, or correct its place"
            labels = rows.index[[one, other]]
            yield ImplausibleRows(tuple(sorted(labels)), "", why)


def far_from_port(
    detections: pd.DataFrame, known: Collection[str | None] = ()
) -> Iterator[ImplausibleRows]:
    """Ships far from the other ships of their port.

    Parameters
    ----------
    detections
        With ``port``; rows without one are of whole scenes, and not judged.
    known
        Ports whose area is known, and which are judged by it.

    """
    places = _places(detections)
    if places is None or "port" not in detections:
        return
    ports = detections.port.astype(object).where(detections.port.notna(), "")
    skipped = {"", *(name or "" for name in known)}
    there = places.notna().all(axis=1) & (places.abs() >= NULL_ISLAND_DEG).any(axis=1)
    for port, own in places[there].groupby(ports[there], sort=False):
        if port in skipped:
            continue
        # Around the first ship, so that no port is cut at 180 degrees.
        apart = (own.lon - own.lon.iloc[0] + 180.0) % 360.0 - 180.0
        middle = own.lon.iloc[0] + apart.median(), own.lat.median()
        away = distance_m(own.to_numpy(float), np.broadcast_to(middle, (len(own), 2)))
        far = pd.Series(~(away <= FAR_FROM_PORT_M), own.index)  # also what is not on the earth
        if far.any():
            why = (
                f"more than 20 km from the middle of the ships of port {port}; are lon and lat "
                "swapped, or is it another port?"
            )
            yield _rows_where(far, "", why)


def _places(detections: pd.DataFrame) -> pd.DataFrame | None:
    """Longitude and latitude of each ship; None where the table has none."""
    if not len(detections):
        return None
    if "geometry" in detections and detections.geometry.notna().any():
        points = shapely.centroid(detections.geometry.to_numpy())
        degrees = shapely.get_x(points), shapely.get_y(points)
    elif (found := positions_deg(detections)) is not None:
        degrees = found
    else:
        return None
    lon, lat = (np.asarray(values, float) for values in degrees)
    return pd.DataFrame({"lon": lon, "lat": lat}, index=detections.index)


def _rows_where(bad: pd.Series, column: str, why: str) -> ImplausibleRows:
    return ImplausibleRows(tuple(bad.index[bad.to_numpy(bool)]), column, why)


def refuse_implausible(
    detections: pd.DataFrame, observations: pd.DataFrame, known: Collection[str | None] = ()
) -> None:
    """Refuse tables with such rows.

    Parameters
    ----------
    detections, observations
        As their author has them, so that the numbers of rows are theirs. Times may lie in the
        future, as those of simulated seasons do.
    known
        Ports whose area is known.

    Raises
    ------
    TrackError
        The first fault is named, and how many more there are.

    """
    ships = [*implausible_ships(detections), *far_from_port(detections, known)]
    found = [("detections", one) for one in ships]
    found += [("observations", one) for one in implausible_images(observations)]
    if found:
        table, first = found[0]
        places = {"detections": detections, "observations": observations}[table].index
        rows = row_numbers_text([int(n) + 1 for n in sorted(places.get_indexer(list(first.rows)))])
        where = ", ".join(filter(None, (rows, first.column)))
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise TrackError(f"{table}: {f'{where}: ' if where else ''}{first.why}{more}")
