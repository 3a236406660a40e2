"""The few numbers of a run that are published, each from one place in its tables.

Terminal, KMZ, citation and the notes beside the CSV take their numbers and sentences from here, so
that the same thing is the same number wherever it stands. A number of visits, deliveries or barrels
is a 90 % interval and a median. A date on which the cap was passed is published only where the cap
was more likely passed than not. Where images do not decide whether ships load, barrels are those if
they load and those if they do not, and never an interval and a middle of both.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from gnomon.ledger.deliveries import INFERRED
from gnomon.report.text import UNKNOWN, day_text, days_text, percent, port_text, rough, whole
from gnomon.track.predictive import FIT_MIN

PASSED_MIN = 0.5
"""Chance of exceeding the cap from which a date is given."""
PRELIMINARY = (
    "This is preliminary, and so are barrels that follow from it: the calculation has not settled, "
    "and more of it may give other numbers (more draws, under [track] in the study)."
)
MISFIT = (
    "The data do not fit the model: images miss what lies in port together, as haze does that no "
    "mask marks, so this number may be wrong by more than its interval says."
)
SURE = 0.95
"""Chance from which the direction of trade is stated."""


@dataclass(frozen=True)
class Spread:
    """A 90 % interval and the median."""

    p05: float
    p50: float
    p95: float

    def __str__(self) -> str:
        return f"{rough(self.p05)} to {rough(self.p95)}"


@dataclass(frozen=True)
class CapPassed:
    """When the cap was passed, if it was: a 90 % interval and the median."""

    p05: pd.Timestamp
    p50: pd.Timestamp
    p95: pd.Timestamp


@dataclass(frozen=True)
class PortNumbers:
    """What is published about a port."""

    port: str
    period: str
    """First and last day, as text."""
    visits: Spread | None
    """Of small tankers, whether an image shows them or not; None where nothing was observed."""
    seen: float | None
    """How many of them images show, a median."""
    loaded: Spread | None
    """Visits that came in ballast and left laden."""
    unloaded: Spread | None
    p_exports: float | None
    """Chance that more visits loaded than unloaded."""
    preliminary: bool
    """Whether the calculation has not settled."""
    misfit: bool
    """Whether the data do not fit the model."""


@dataclass(frozen=True)
class EitherWay:
    """What is published of a year where images do not decide whether ships load."""

    ports: tuple[str, ...]
    p_loading: float
    deliveries: Spread | None
    """If ships load, as the next ones; None where they load in too few draws."""
    deliveries_seen: float | None
    barrels: Spread | None
    p_over_cap: float | None
    otherwise: Spread | None
    """Barrels if they do not."""


@dataclass(frozen=True)
class YearNumbers:
    """What is published about a calendar year in one scenario of load."""

    year: int
    scenario: str
    """``inferred``, or a part of deadweight."""
    period: str
    """The part of the year that the numbers cover, first and last day, as text."""
    deliveries: Spread
    deliveries_seen: float | None
    barrels: Spread
    reported_barrels: float
    cap_barrels: float
    p_over_cap: float
    passed: CapPassed | None
    """None unless ``p_over_cap`` is 0.5 or more."""
    direction: EitherWay | None
    """None where it is decided, or the run is of a version that did not say."""

    @property
    def inferred(self) -> bool:
        """Whether the load is that of the images, and not a scenario's."""
        return self.scenario == INFERRED


@dataclass(frozen=True)
class PublishedNumbers:
    """All of a run, in the order of its tables."""

    ports: tuple[PortNumbers, ...]
    years: tuple[YearNumbers, ...]

    @property
    def inferred(self) -> tuple[YearNumbers, ...]:
        """Of each year what the images say."""
        return tuple(one for one in self.years if one.inferred)


def published(seasons: pd.DataFrame, ledger: pd.DataFrame) -> PublishedNumbers:
    """Take the published numbers from the tables of a run.

    Parameters
    ----------
    seasons, ledger
        As in `gnomon.datamodel.tables`; without rows there is nothing to publish.

    """
    return PublishedNumbers(
        tuple(_port(row) for _, row in seasons.iterrows()),
        tuple(_year(row) for _, row in ledger.iterrows()),
    )


def _port(row: pd.Series) -> PortNumbers:
    return PortNumbers(
        port=str(row.port),
        period=period_text(row.start, row.end),
        visits=_spread(row, "visits"),
        seen=_known(row, "seen_p50"),
        loaded=_spread(row, "loaded"),
        unloaded=_spread(row, "unloaded"),
        p_exports=_known(row, "p_exports"),
        preliminary=is_preliminary(row),
        misfit=is_misfit(row),
    )


def _year(row: pd.Series) -> YearNumbers:
    passed = row.p_over_cap >= PASSED_MIN and pd.notna(row.passed_p50)
    return YearNumbers(
        year=int(row.year),
        scenario=str(row.scenario),
        period=_part_of_year(row),
        deliveries=Spread(row.deliveries_p05, row.deliveries_p50, row.deliveries_p95),
        deliveries_seen=_known(row, "deliveries_seen_p50"),
        barrels=Spread(row.barrels_p05, row.barrels_p50, row.barrels_p95),
        reported_barrels=float(row.reported_barrels),
        cap_barrels=float(row.cap_barrels),
        p_over_cap=float(row.p_over_cap),
        passed=CapPassed(row.passed_p05, row.passed_p50, row.passed_p95) if passed else None,
        direction=_direction(row),
    )


def _direction(row: pd.Series) -> EitherWay | None:
    if not (ports := open_ports_of(row)):
        return None
    return EitherWay(
        ports=ports,
        p_loading=float(row.p_loading),
        deliveries=_spread(row, "deliveries_if_loading"),
        deliveries_seen=_known(row, "deliveries_seen_if_loading_p50"),
        barrels=_spread(row, "barrels_if_loading"),
        p_over_cap=_known(row, "p_over_cap_if_loading"),
        otherwise=_spread(row, "barrels_otherwise"),
    )


def is_preliminary(season: pd.Series) -> bool:
    """Whether the calculation of a row of seasons has not settled."""
    return pd.notna(season.preliminary) and bool(season.preliminary)


def is_misfit(season: pd.Series) -> bool:
    """Whether the data of a row of seasons do not fit the model."""
    return bool(season.fit < FIT_MIN)


def open_ports_of(row: pd.Series) -> tuple[str, ...]:
    """Ports of a row of the ledger whose direction of trade its images do not decide."""
    return tuple(json.loads(row.open_ports)) if isinstance(row.open_ports, str) else ()


def _part_of_year(row: pd.Series) -> str:
    """Days that the numbers cover; runs of versions before 0.3 do not have them."""
    known = pd.notna(row.start) and pd.notna(row.end)
    return period_text(row.start, row.end) if known else f"an unknown part of {row.year}"


def _spread(row: pd.Series, name: str) -> Spread | None:
    values = [_known(row, f"{name}_{q}") for q in ("p05", "p50", "p95")]
    return Spread(*(value for value in values if value is not None)) if None not in values else None


def _known(row: pd.Series, name: str) -> float | None:
    return None if pd.isna(row[name]) else float(row[name])


def period_text(start: pd.Timestamp, end: pd.Timestamp) -> str:
    """First and last day of a period whose end is the beginning of the day after it."""
    return days_text(start, end if pd.isna(end) else end - pd.Timedelta(1, "us"))


def published_sentences(
    seasons: pd.DataFrame, ledger: pd.DataFrame, places: tuple[str, ...]
) -> list[str]:
    """Published numbers of a run as sentences: visits of each port, barrels of each year.

    Parameters
    ----------
    seasons, ledger
        As in `gnomon.datamodel.tables`.
    places
        Ports whose departures are deliveries; those that were not observed are not named.

    """
    numbers = published(seasons, ledger)
    inferred = {one.port for one in numbers.ports}
    places = tuple(place for place in places if place in inferred)
    visits = [port_sentence(one) for one in numbers.ports]
    return visits + [line for one in numbers.inferred for line in year_sentences(one, places)]


def port_sentence(one: PortNumbers) -> str:
    """Visits at a port, for readers without statistics."""
    name = port_text(one.port)
    if one.visits is None:
        return f"{name}, {one.period}: no image could be used, so the number of visits is unknown."
    more = f" {PRELIMINARY}" if one.preliminary else ""
    more += f" {MISFIT}" if one.misfit else ""
    return (
        f"{name}, {one.period}: {one.visits} visits of small tankers (90 % interval; middle "
        f"{rough(one.visits.p50)}), of which images show {rough(one.seen)}.{more}"
    )


def year_sentences(one: YearNumbers, places: tuple[str, ...]) -> Iterator[str]:
    """Barrels and cap of a year, for readers without statistics.

    Parameters
    ----------
    one
        Numbers of the year.
    places
        Ports whose departures are counted.

    """
    where = _names(places) or "the loading ports"
    yield (
        _open_sentence(one, one.direction, where)
        if one.direction
        else (
            f"{one.period}: {one.barrels} barrels left {where} (90 % interval; middle "
            f"{rough(one.barrels.p50)}), in {one.deliveries} deliveries (middle "
            f"{rough(one.deliveries.p50)}), of which images show {rough(one.deliveries_seen)}."
        )
    )
    yield cap_sentence(one)
    if one.passed:
        yield passed_sentence(one.passed)


def _open_sentence(one: YearNumbers, way: EitherWay, where: str) -> str:
    """Barrels of a year if ships load and if they do not; no middle of the two."""
    if not way.barrels or not way.deliveries:
        return f"{one.period}: {one.barrels} barrels left {where} (90 % interval). {open_text(way)}"
    return (
        f"{one.period}: if ships load at {_names(way.ports)}, {way.barrels} barrels left {where} "
        f"(90 % interval; middle {rough(way.barrels.p50)}), in {way.deliveries} deliveries (middle "
        f"{rough(way.deliveries.p50)}), of which images show {rough(way.deliveries_seen)}; "
        f"{otherwise_text(way)}. {open_text(way)}"
    )


def otherwise_text(way: EitherWay) -> str:
    """Barrels if ships do not load, as a clause."""
    if way.otherwise and way.otherwise.p95 > 0:
        return f"if they do not, {way.otherwise}"
    return "if they unload, none"


def open_text(way: EitherWay) -> str:
    """That the images do not decide it, as a sentence."""
    return (
        f"The images do not decide whether ships load or unload at {_names(way.ports)} (chance "
        f"that they load: {percent(way.p_loading)})."
    )


def _names(ports: tuple[str, ...]) -> str:
    return " and ".join(port_text(port) for port in ports)


def cap_sentence(one: YearNumbers) -> str:
    """Chance that a year's cap was exceeded, within the period that was observed."""
    others = one.reported_barrels
    more = f", with {whole(others)} that others reported" if others else ""
    way = one.direction
    given = f"; if ships load: {percent(way.p_over_cap)}" if way and way.barrels else ""
    return (
        f"Chance that the cap of {whole(one.cap_barrels)} barrels for {one.year} was exceeded in "
        f"this period{more}: {percent(one.p_over_cap)}{given}."
    )


def passed_sentence(passed: CapPassed) -> str:
    """When the cap was passed."""
    return (
        f"If it was, then between {day_text(passed.p05)} and {day_text(passed.p95)} (90 % "
        f"interval; middle {day_text(passed.p50)})."
    )


def trade_direction(p_exports: float | None, visits: float) -> str:
    """Whether ships load or unload at a port, as far as its observations determine it."""
    if p_exports is None or pd.isna(p_exports):
        return "no image"
    if visits == 0:
        return UNKNOWN
    if p_exports > SURE:
        return "ships load"
    return "ships unload" if p_exports < 1 - SURE else f"unclear ({percent(p_exports)} load)"
