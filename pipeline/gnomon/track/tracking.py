"""The stage as a whole: tables of detections and looks in; visits, seasons and voyages out.

Ports are taken one by one. What counts as a visit is a stay in one of the port's berths (or in the
zones that the study names; or anywhere in the port, where it has no berth). Order of rows does not
matter, and neither does it matter whether a period came as one table or as several joined: a season
is inferred from all looks at once.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely.geometry import Point

from gnomon.errors import TrackError
from gnomon.ports import Port
from gnomon.review import Decision, Reviewed, reviewed
from gnomon.season import PortSeason
from gnomon.study import Study, shipped
from gnomon.tables import Seasons, Visits, Voyages, table
from gnomon.track import ais, sightings, voyages
from gnomon.track.fleet import Fleet, read_fleet
from gnomon.track.visits import Deadweight, infer

NOWHERE = "everywhere"
"""Name of a place without one."""
OVERLAP = 0.01
"""Part of the smaller zone that may lie in another: outlines drawn by hand touch."""


@dataclass(frozen=True)
class Tracked:
    """What tracking hands on."""

    visits: gpd.GeoDataFrame
    seasons: pd.DataFrame
    voyages: gpd.GeoDataFrame
    drawn: tuple[PortSeason, ...]
    reviewed: Reviewed
    """What analysts decided, and of which of it the table has no detection."""


def track(
    study: Study,
    detections: pd.DataFrame,
    looks: pd.DataFrame,
    *,
    deadweight: Deadweight,
    ports: Iterable[Port] = (),
    decisions: Sequence[Decision] = (),
) -> Tracked:
    """Follow the visits of a study.

    Parameters
    ----------
    study
        Its period and its options of tracking.
    detections, looks
        As in `gnomon.tables`, or at least the columns that `gnomon.track.sightings` needs.
    deadweight
        From sizes to deadweight.
    ports
        Where they are known: their zones say what a berth is, their places how far they lie apart.
    decisions
        Of analysts, with the weight that `gnomon.review` gives them.

    Raises
    ------
    TrackError
        The tables do not fit together; the message says where and what to do.
    ReviewError
        The detections have no ids, so that no decision can be matched.

    """
    options = study.track
    places = {port.name or NOWHERE: port for port in ports}
    for port in places.values():
        check_zones(port)
    found, looked = (
        sightings.renamed(frame, columns, what).pipe(_with_port)
        for frame, columns, what in (
            (detections, options.detection_columns, "detections"),
            (looks, options.look_columns, "looks"),
        )
    )
    told = reviewed(found, decisions)
    hulls, views = sightings.checked(told.detections, looked)
    fleet = _fleet(study, hulls)
    start, end = period(study, views)
    positions = ais.read_ais(options.ais) if options.ais else None
    rows: list[dict[str, Any]] = []
    counts, drawn = [], []
    for name in sorted(views.port.unique()):
        seen = sightings.at_port(
            name, hulls, views, zones=_zones(study, places.get(name)), start=start, end=end
        )
        if not seen.usable.sum() > 0:
            counts.append(_noted(_unknown(seen), told.notes.get(name)))
            drawn.append(PortSeason(name, start, end, 0.0, ()))
            continue
        inferred = _inferred(seen, study, fleet, deadweight)
        counts.append(_noted(inferred.counts, told.notes.get(name)))
        drawn.append(inferred.season)
        rows += [_visit(row, seen, hulls, positions) for row in inferred.rows]
    rows.sort(key=lambda row: (row["port"], row["arrived_p50"], row["visit_id"]))
    sea = _voyages(rows, places, study)
    return Tracked(table(Visits, rows), table(Seasons, counts), sea, tuple(drawn), told)


def _fleet(study: Study, hulls: pd.DataFrame) -> Fleet:
    """The register, and whom analysts named besides."""
    known = read_fleet(study.track.fleet or shipped("configs") / "fleet.csv")
    if "identity" not in hulls:
        return known
    return known.joined({str(name).strip() for name in hulls.identity.dropna()} - {""})


def _noted(counts: dict[str, Any], note: str | None) -> dict[str, Any]:
    notes = [text for text in (counts["notes"], note) if text]
    return counts | {"notes": "; ".join(notes) or None}


def _inferred(seen: sightings.Sightings, study: Study, fleet: Fleet, deadweight: Deadweight) -> Any:
    options = study.track
    return infer(
        seen,
        fleet=fleet,
        deadweight=deadweight,
        dwell_days=options.dwell_days,
        dwell_factor=options.dwell_factor,
        members=options.members,
        draws=options.draws,
        seed=options.seed,
        p_tanker_min=options.p_tanker_min,
    )


def _with_port(frame: pd.DataFrame) -> pd.DataFrame:
    if "port" not in frame.columns:
        return frame
    return frame.assign(port=frame.port.astype(object).where(frame.port.notna(), NOWHERE))


def check_zones(port: Port) -> None:
    """Refuse berths and anchorages that overlap: a ship would be in two.

    Raises
    ------
    TrackError
        Two zones share more than a hundredth of the smaller one.

    """
    for n, one in enumerate(port.zones):
        for two in port.zones[n + 1 :]:
            shared = one.geometry.intersection(two.geometry).area
            if shared > OVERLAP * min(one.geometry.area, two.geometry.area):
                raise TrackError(
                    f"port {port.name}: zones {one.name} and {two.name} overlap; draw them apart"
                )


def period(study: Study, looks: pd.DataFrame) -> tuple[datetime, datetime]:
    """First and last moment: the study's days, or from the first look to the last one."""
    first, last = looks.seen_at.min(), looks.seen_at.max()
    start, end = study.period.start, study.period.end
    begin = datetime.combine(start, time(), UTC) if start else first.to_pydatetime()
    finish = datetime.combine(end, time(), UTC) + timedelta(days=1) if end else last.to_pydatetime()
    if not looks.seen_at.between(begin, finish).any():
        raise TrackError(
            f"looks: none from {begin:%Y-%m-%d} to {finish:%Y-%m-%d}, so nothing is known; "
            f"they reach from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
        )
    return begin, finish


def _zones(study: Study, port: Port | None) -> tuple[str, ...]:
    if study.track.zones:
        return study.track.zones
    return tuple(zone.name for zone in port.zones if zone.kind == "berth") if port else ()


def _unknown(seen: sightings.Sightings) -> dict[str, Any]:
    """Row of a port that no look showed: nothing is known, and it says so."""
    return {
        "port": seen.port,
        "start": seen.start,
        "end": seen.end,
        "looks": len(seen.day),
        "usable_looks": 0.0,
        "notes": "no usable look in this period: the number of visits is not known",
    }


def _visit(
    row: dict[str, Any],
    seen: sightings.Sightings,
    hulls: pd.DataFrame,
    positions: pd.DataFrame | None,
) -> dict[str, Any]:
    """Row of the table: ids, place and AIS from the detections behind it."""
    own = hulls.loc[seen.rows[list(row.pop("_track"))]]
    row = {name: value for name, value in row.items() if not name.startswith("_")}
    names = (
        own.detection_id if "detection_id" in own else own.scene_id + "#" + own.index.astype(str)
    )
    row["detections"] = json.dumps(list(names))
    row["visit_id"] = f"{seen.port}-{names.iloc[0]}"
    place = _place(own)
    row["geometry"] = place
    if positions is None or place is None:
        return row
    times = [seen.start + timedelta(days=float(day)) for day in seen.day]
    when = dict(zip(seen.rows, seen.hulls.look, strict=True))
    told = [
        ais.match(positions, longitude=x, latitude=y, time=pd.Timestamp(times[when[n]]))
        for n, x, y in zip(own.index, *_degrees(own), strict=True)
    ]
    named = [mmsi for mmsi, _ in told if mmsi]
    row["mmsi"] = max(named, key=named.count) if named else None
    # One look with AIS and it was not dark; all without, and at least one where AIS was heard.
    silent = [dark for _, dark in told if dark is not None]
    row["dark"] = all(silent) if silent else None
    return row


def _degrees(own: pd.DataFrame) -> tuple[list[float], list[float]]:
    if "longitude" in own:
        return list(own.longitude), list(own.latitude)
    return list(own.geometry.x), list(own.geometry.y)


def _place(own: pd.DataFrame) -> Point | None:
    if not {"longitude", "geometry"} & set(own.columns):
        return None
    x, y = _degrees(own)
    return Point(sum(x) / len(x), sum(y) / len(y))


def _voyages(rows: list[dict[str, Any]], ports: dict[str, Port], study: Study) -> gpd.GeoDataFrame:
    places = {
        name: (port.area.centroid.x, port.area.centroid.y)
        for name, port in ports.items()
        if port.area is not None
    }
    for row in rows:
        if row["port"] not in places and row["geometry"] is not None:
            places[row["port"]] = (row["geometry"].x, row["geometry"].y)
    calls = [
        voyages.Call(
            visit_id=row["visit_id"],
            port=row["port"],
            arrive=(row["arrived_p05"], row["arrived_p50"], row["arrived_p95"]),
            depart=(row["departed_p05"], row["departed_p50"], row["departed_p95"]),
            length_m=row["length_m"],
            length_sigma_m=row["length_sigma_m"],
            p_laden_in=row["p_laden_in"],
            p_laden_out=row["p_laden_out"],
        )
        for row in rows
    ]
    speeds = {"speed_min_kn": study.track.speed_min_kn, "speed_max_kn": study.track.speed_max_kn}
    return table(Voyages, voyages.link(calls, places, **speeds, seed=study.track.seed))


def read_rows(path: Path) -> pd.DataFrame:
    """Read a table of detections or looks: Parquet, GeoParquet, GeoJSON, GeoPackage or CSV.

    Raises
    ------
    TrackError
        The file is missing or is none of these.

    """
    readers = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".geoparquet": pd.read_parquet}
    try:
        try:
            return gpd.read_parquet(path)
        except ValueError:
            return readers.get(path.suffix.lower(), gpd.read_file)(path)
    except Exception as error:  # readers raise many unrelated types
        why = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise TrackError(f"{path}: cannot be read as a table ({why})") from error
