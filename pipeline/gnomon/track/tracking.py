"""The stage as a whole: tables of detections and observations in; visits, seasons and voyages out.

Ports are inferred one by one. A visit is a stay at one of the port's berths (or in the zones of the
study; or anywhere in the port, where it has no berth). The result depends neither on the order of
rows nor on whether a period came as one table or as several joined: a season is inferred from all
observations at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from functools import partial

import geopandas as gpd
import pandas as pd

from gnomon.datamodel.decisions import Decision, Reviewed, reviewed
from gnomon.datamodel.errors import TrackError
from gnomon.datamodel.ports import EVERYWHERE, Port
from gnomon.datamodel.posterior import PortPosterior
from gnomon.datamodel.progress import Progress, silent
from gnomon.datamodel.schema import table
from gnomon.datamodel.study import PeriodOptions, TrackOptions
from gnomon.datamodel.tables import FurtherPasses, Seasons, Visits, Voyages
from gnomon.datamodel.traffic import Traffic
from gnomon.track.abundance import SeasonRow, summarise_season, unknown_season
from gnomon.track.ais import ais_names
from gnomon.track.fleet import Fleet
from gnomon.track.further_passes import AvailablePasses, FurtherPassesRow, further_passes
from gnomon.track.implausible import refuse_implausible
from gnomon.track.observer import ideal_observer
from gnomon.track.port_tables import PortTables, VisitSource
from gnomon.track.posterior import TrackPosterior, track_posterior
from gnomon.track.sea_routes import SeaRoute
from gnomon.track.sightings import check_tables, rename_columns
from gnomon.track.table_checks import denominator_notes, refuse_tables, without_twins
from gnomon.track.visits import DeadweightModel, PortInference, Visit, port_visits
from gnomon.track.voyages import PortCall, link_voyages

OVERLAP_MAX = 0.01
"""Part of the smaller zone that may lie in another: outlines drawn by hand touch."""


@dataclass(frozen=True)
class TrackResult:
    """Tables and posteriors of all ports."""

    visits: gpd.GeoDataFrame
    seasons: pd.DataFrame
    voyages: gpd.GeoDataFrame
    further_passes: pd.DataFrame
    """What passes that could be had would add."""
    posteriors: tuple[PortPosterior, ...]
    reviewed: Reviewed
    """Decisions of analysts, and those whose detection the table lacks."""


@dataclass(frozen=True)
class _Found:
    """A visit and the rows of detections behind it."""

    visit: Visit
    source: VisitSource

    def row(self) -> dict[str, object]:
        """Row of `gnomon.datamodel.tables.Visits`."""
        quantiles = {
            f"{name}_{p}": value
            for name in ("arrived", "departed")
            for p, value in getattr(self.visit, name)._asdict().items()
        }
        return vars(self.visit) | vars(self.source) | quantiles


@dataclass
class _Inferred:
    """What the ports give, one after the other."""

    found: list[_Found] = field(default_factory=list)
    seasons: list[SeasonRow] = field(default_factory=list)
    posteriors: list[PortPosterior] = field(default_factory=list)
    further: list[FurtherPassesRow] = field(default_factory=list)


def track_visits(
    detections: pd.DataFrame,
    observations: pd.DataFrame,
    options: TrackOptions,
    *,
    period: PeriodOptions,
    traffic: Traffic,
    fleet: Fleet,
    deadweight: DeadweightModel,
    ais: pd.DataFrame | None = None,
    ports: Iterable[Port] = (),
    decisions: Sequence[Decision] = (),
    further: Sequence[AvailablePasses] = (),
    executor: Executor | None = None,
    on_progress: Progress = silent,
) -> TrackResult:
    """Infer visits, seasons and voyages.

    Parameters
    ----------
    detections, observations
        As in `gnomon.datamodel.tables`, or at least the columns that `gnomon.track.sightings`
        requires.
    options
        Of this stage; its files of traffic, of the register and of AIS are read by the caller.
    period
        First and last day; a side left out is that of the observations.
    traffic
        Which ships call, and how sensors see them (`gnomon.datamodel.traffic.read_traffic`).
    fleet
        Ships that may have called (`gnomon.track.fleet.read_fleet`).
    deadweight
        From sizes to deadweight.
    ais
        Positions (`gnomon.track.ais.read_ais`), where there are any.
    ports
        Known ports: their zones define the berths, their positions the sea routes.
    decisions
        Of analysts, with the weights of `gnomon.datamodel.decisions`.
    further
        Passes that could be had beside those of the observations.
    executor
        Runs the chains of a port with many detections beside each other; nothing else changes.
    on_progress
        Called after each round of the chain of each port.

    Raises
    ------
    TrackError
        The tables do not fit together; the message names the place and what to do.
    ReviewError
        The detections have no ids, so that decisions cannot be matched.

    """
    known = {port.name or EVERYWHERE: port for port in ports}
    for port in known.values():
        check_zones(port)
    review = reviewed(_ours(detections, options.detection_columns, "detections"), decisions)
    every = _ours(observations, options.observation_columns, "observations")
    hulls, passes = check_tables(review.detections, every)
    judged_by_area = [name for name, port in known.items() if port.area is not None]
    refuse_implausible(review.detections, every, [EVERYWHERE, *judged_by_area])
    refuse_tables(hulls, passes)
    hulls, twins = without_twins(hulls, passes)
    more = twins, denominator_notes(hulls, every), review.notes
    start, end = period_of(period, passes)
    tables = PortTables(options, traffic, known, hulls, passes, start, end)
    known_ships = _with_reviewed(fleet, hulls)
    made = _infer_ports(tables, known_ships, deadweight, ais, further, executor, on_progress)
    seasons = made.seasons
    for notes in more:
        seasons = [_with_note(row, notes) for row in seasons]
    seasons.sort(key=lambda row: row.port)
    made.posteriors.sort(key=lambda posterior: posterior.port)
    made.found.sort(key=lambda f: (f.visit.port, f.visit.arrived.p50, f.source.visit_id))
    return TrackResult(
        table(Visits, [one.row() for one in made.found]),
        table(Seasons, [vars(row) for row in seasons]),
        _voyages(made.found, tables.routes, options, traffic.tankers.length_sigma_m),
        table(FurtherPasses, [vars(row) for row in made.further]),
        tuple(made.posteriors),
        review,
    )


def _infer_ports(
    tables: PortTables,
    fleet: Fleet,
    deadweight: DeadweightModel,
    ais: pd.DataFrame | None,
    further: Sequence[AvailablePasses],
    executor: Executor | None,
    report: Progress,
) -> _Inferred:
    """Visits, seasons, posteriors and what further passes would add, port by port."""
    made = _Inferred()
    known: dict[str, TrackPosterior] = {}
    for place, name in enumerate(tables.names):
        data = tables.at_berths(name)
        if data.usable.sum() > 0:
            of_port = partial(_of_ports, report, place, len(tables.names), name)
            known[name] = track_posterior(
                data, tables.options, tables.traffic, of_port, executor=executor
            )
        else:
            made.seasons.append(unknown_season(data))
            made.posteriors.append(PortPosterior(name, tables.start, tables.end, 0.0, ()))
    for name, tracks in known.items():
        matches = tables.ais_matches(tracks.data, ais)
        given = PortInference(
            tracks=tracks,
            fleet=fleet,
            deadweight=deadweight,
            off_berth=(*tables.anchorages(name), *tables.other_port_calls(name, known)),
            ais=None if ais is None else ais_names(ais, matches, fleet),
        )
        result = port_visits(given, p_tanker_min=tables.options.p_tanker_min)
        observer = ideal_observer(tracks, seed=tables.options.seed)
        summary = summarise_season(tracks, result.season)
        made.seasons.append(
            replace(summary, p_seen=observer.visits.p_seen, ideal_half_width=observer.half_width)
        )
        made.posteriors.append(result.season)
        made.further += further_passes(tracks.data, observer, further)
        made.found += [
            _Found(visit, tables.visit_source(visit.track, tracks.data, matches))
            for visit in result.visits
        ]
    return made


def _of_ports(report: Progress, place: int, count: int, port: str, done: int, total: int) -> None:
    """Report the rounds of one port's chain among those of all ports."""
    report(place * total + done, count * total, port)


def _with_reviewed(fleet: Fleet, hulls: pd.DataFrame) -> Fleet:
    """The register, and the ships that analysts named besides."""
    if "identity" not in hulls:
        return fleet
    return fleet.with_names({str(name).strip() for name in hulls.identity.dropna()} - {""})


def _with_note(row: SeasonRow, more: Mapping[str, str]) -> SeasonRow:
    notes = [text for text in (row.notes, more.get(row.port)) if text]
    return replace(row, notes="; ".join(notes) or None)


def _ours(theirs: pd.DataFrame, columns: dict[str, str], name: str) -> pd.DataFrame:
    """A user's table with our names of columns; rows without a port are of one unnamed port."""
    frame = rename_columns(theirs, columns, name)
    if "port" not in frame.columns:
        return frame
    return frame.assign(port=frame.port.astype(object).where(frame.port.notna(), EVERYWHERE))


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
            if shared > OVERLAP_MAX * min(one.geometry.area, two.geometry.area):
                raise TrackError(
                    f"port {port.name}: zones {one.name} and {two.name} overlap; draw them apart"
                )


def period_of(period: PeriodOptions, observations: pd.DataFrame) -> tuple[datetime, datetime]:
    """First and last moment: the days of the period, or from the first observation to the last.

    Raises
    ------
    TrackError
        No observation lies within.

    """
    first, last = observations.seen_at.min(), observations.seen_at.max()
    midnight = time(tzinfo=UTC)
    begin = datetime.combine(period.start, midnight) if period.start else first.to_pydatetime()
    finish = last.to_pydatetime()
    if period.end:
        finish = datetime.combine(period.end, midnight) + timedelta(days=1)
    if not observations.seen_at.between(begin, finish).any():
        raise TrackError(
            f"observations: none from {begin:%Y-%m-%d} to {finish:%Y-%m-%d}, so nothing is known; "
            f"they reach from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
        )
    return begin, finish


def _voyages(
    found: list[_Found],
    routes: Mapping[tuple[str, str], SeaRoute],
    options: TrackOptions,
    length_sigma_m: float,
) -> gpd.GeoDataFrame:
    calls = [
        PortCall(
            visit_id=one.source.visit_id,
            port=one.visit.port,
            arrive=one.visit.arrived,
            depart=one.visit.departed,
            length_m=one.visit.length_m,
            length_sigma_m=one.visit.length_sigma_m,
            p_laden_in=one.visit.berth_p_laden_in,
            p_laden_out=one.visit.berth_p_laden_out,
            p_laden=one.visit.p_laden_out,
        )
        for one in found
    ]
    speeds_kn = (options.speed_min_kn, options.speed_max_kn)
    rows = link_voyages(
        calls, routes, speeds_kn=speeds_kn, length_sigma_m=length_sigma_m, seed=options.seed
    )
    return table(Voyages, [vars(row) for row in rows])
