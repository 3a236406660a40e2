"""The stage as a whole: tables of detections and looks in; visits, seasons and voyages out.

Ports are taken one by one. What counts as a visit is a stay in one of the port's berths (or in the
zones that the study names; or anywhere in the port, where it has no berth). Order of rows does not
matter, and neither does it matter whether a period came as one table or as several joined: a season
is inferred from all looks at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from gnomon.datamodel.decisions import Decision, Reviewed, reviewed
from gnomon.datamodel.errors import TrackError
from gnomon.datamodel.ports import Port
from gnomon.datamodel.posterior import PortSeason
from gnomon.datamodel.shipped import shipped
from gnomon.datamodel.study import Study
from gnomon.datamodel.tables import Seasons, Visits, Voyages, table
from gnomon.track import ais, sightings, voyages
from gnomon.track.fleet import Fleet, read_fleet
from gnomon.track.port_tables import Tables
from gnomon.track.posterior import Posterior, posterior
from gnomon.track.visits import Deadweight, infer

Rows = list[dict[str, Any]]
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
    observations: pd.DataFrame,
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
        As in `gnomon.datamodel.tables`, or at least the columns that `gnomon.track.sightings`
        needs.
    deadweight
        From sizes to deadweight.
    ports
        Where they are known: their zones say what a berth is, their places how far they lie apart.
    decisions
        Of analysts, with the weight that `gnomon.datamodel.decisions` gives them.

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
    told = reviewed(_ours(detections, options.detection_columns, "detections"), decisions)
    hulls, views = sightings.checked(
        told.detections, _ours(observations, options.observation_columns, "observations")
    )
    fleet = _fleet(study, hulls)
    start, end = period(study, views)
    tables = Tables(study, places, hulls, views, start, end)
    rows, counts, drawn = _of_ports(tables, study, fleet, deadweight)
    counts = sorted((_noted(row, told) for row in counts), key=lambda row: str(row["port"]))
    drawn.sort(key=lambda season: season.port)
    rows.sort(key=lambda row: (row["port"], row["arrived_p50"], row["visit_id"]))
    sea = _voyages(rows, tables.middles, study)
    return Tracked(table(Visits, rows), table(Seasons, counts), sea, tuple(drawn), told)


def _of_ports(
    tables: Tables, study: Study, fleet: Fleet, deadweight: Deadweight
) -> tuple[Rows, Rows, list[PortSeason]]:
    """Rows of visits and of seasons, and the seasons drawn, port by port."""
    options = study.track
    positions = ais.read_ais(options.ais) if options.ais else None
    rows: Rows = []
    counts: Rows = []
    drawn, known = [], {}
    for name in tables.names:
        seen = tables.at_berths(name)
        if seen.usable.sum() > 0:
            known[name] = _believed(seen, study)
        else:
            counts.append(_unknown(seen))
            drawn.append(PortSeason(name, tables.start, tables.end, 0.0, ()))
    for name, believed in known.items():
        heard = tables.heard(believed.seen, positions)
        found = infer(
            believed,
            fleet=fleet,
            deadweight=deadweight,
            elsewhere=(*tables.roads_of(name), *tables.calls_elsewhere(name, known)),
            names=None if positions is None else ais.named(positions, heard, fleet),
            p_tanker_min=options.p_tanker_min,
        )
        counts.append(found.counts)
        drawn.append(found.season)
        rows += [tables.visit(row, believed.seen, heard) for row in found.rows]
    return rows, counts, drawn


def _fleet(study: Study, hulls: pd.DataFrame) -> Fleet:
    """The register, and whom analysts named besides."""
    known = read_fleet(study.track.fleet or shipped("configs") / "fleet.csv")
    if "identity" not in hulls:
        return known
    return known.joined({str(name).strip() for name in hulls.identity.dropna()} - {""})


def _noted(counts: dict[str, Any], told: Reviewed) -> dict[str, Any]:
    notes = [text for text in (counts["notes"], told.notes.get(str(counts["port"]))) if text]
    return counts | {"notes": "; ".join(notes) or None}


def _believed(seen: sightings.Sightings, study: Study) -> Posterior:
    options = study.track
    return posterior(
        seen,
        dwell_days=options.dwell_days,
        dwell_factor=options.dwell_factor,
        members=options.members,
        draws=options.draws,
        seed=options.seed,
    )


def _ours(theirs: pd.DataFrame, columns: dict[str, str], what: str) -> pd.DataFrame:
    """A user's table with our names; what has no port is everywhere."""
    frame = sightings.renamed(theirs, columns, what)
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


def period(study: Study, observations: pd.DataFrame) -> tuple[datetime, datetime]:
    """First and last moment: the study's days, or from the first look to the last one."""
    first, last = observations.seen_at.min(), observations.seen_at.max()
    start, end = study.period.start, study.period.end
    begin = datetime.combine(start, time(), UTC) if start else first.to_pydatetime()
    finish = datetime.combine(end, time(), UTC) + timedelta(days=1) if end else last.to_pydatetime()
    if not observations.seen_at.between(begin, finish).any():
        raise TrackError(
            f"looks: none from {begin:%Y-%m-%d} to {finish:%Y-%m-%d}, so nothing is known; "
            f"they reach from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
        )
    return begin, finish


def _unknown(seen: sightings.Sightings) -> dict[str, Any]:
    """Row of a port that no look showed: nothing is known, and it says so."""
    return {
        "port": seen.port,
        "start": seen.start,
        "end": seen.end,
        "observations": len(seen.day),
        "usable_observations": 0.0,
        "notes": "no usable look in this period: the number of visits is not known",
    }


def _voyages(
    rows: list[dict[str, Any]], places: dict[str, tuple[float, float]], study: Study
) -> gpd.GeoDataFrame:
    calls = [
        voyages.Call(
            visit_id=row["visit_id"],
            port=row["port"],
            arrive=(row["arrived_p05"], row["arrived_p50"], row["arrived_p95"]),
            depart=(row["departed_p05"], row["departed_p50"], row["departed_p95"]),
            length_m=row["length_m"],
            length_sigma_m=row["length_sigma_m"],
            p_laden_in=row["_laden_in"],
            p_laden_out=row["_laden_out"],
        )
        for row in rows
    ]
    speeds = {"speed_min_kn": study.track.speed_min_kn, "speed_max_kn": study.track.speed_max_kn}
    pairs = voyages.link(calls, places, **speeds, seed=study.track.seed)
    laden = {row["visit_id"]: row["p_laden_out"] for row in rows}
    return table(Voyages, [pair | {"p_laden": laden[pair["departure"]]} for pair in pairs])


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
