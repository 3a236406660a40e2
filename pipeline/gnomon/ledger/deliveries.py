"""From draws of seasons to barrels delivered, against the cap of each year.

A Monte Carlo sample takes one draw of the season of every loading port, and once for all its visits
the mean load fraction, the conversion factor, the error of the regression that gives deadweight by
size and, with the season, the dwell parameters: errors that all visits share do not average out.
Each visit that loaded then has its deadweight and its own load.

    barrels = deadweight x load x barrels per tonne,  of visits that came in ballast and left laden

Beside the inferred load stand the fractions of precedents (33, 50, 90 %) on the same visits. The
cap limits deliveries in a calendar year from all suppliers (UNSCR 2397, paragraph 5): reported
deliveries of others are added before the comparison, on the year's first day, for want of dates.

Where images do not decide whether ships load (`gnomon.ledger.open_direction`), deliveries, tonnes
and barrels are also given for the samples in which they do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.posterior import PortPosterior, SeasonDraw
from gnomon.datamodel.study import LedgerOptions
from gnomon.ledger.open_direction import OPEN_MIN, open_ports, ships_load
from gnomon.ledger.rows import CapDates, CumulativeRow, Deliveries, LedgerRow, Quantiles
from gnomon.physics.conversion import BARRELS_PER_TONNE, SCENARIOS, barrels

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INFERRED = "inferred"
LOAD_MIN = 0.2
"""Least part of its deadweight that a laden ship carries."""


@dataclass(frozen=True)
class DeliverySample:
    """Deliveries of one Monte Carlo sample: arrays of shape (deliveries,), sorted by day."""

    day: Floats
    """Since the epoch."""
    deadweight_t: Floats
    barrels: Floats
    seen: Mask
    """Whether any observation detected the visit."""
    barrels_per_tonne: float
    loading: bool = True
    """Whether ships load at the open ports, or without one in all."""

    def of_year(self, year: int) -> "DeliverySample":
        """Deliveries of a calendar year."""
        within = (self.day >= _first_day(year)) & (self.day < _first_day(year + 1))
        return replace(
            self,
            day=self.day[within],
            deadweight_t=self.deadweight_t[within],
            barrels=self.barrels[within],
            seen=self.seen[within],
        )

    def carrying(self, share: float | None) -> "DeliverySample":
        """Deliveries with a fixed share of deadweight on board, or as inferred."""
        if share is None:
            return self
        return replace(self, barrels=barrels(share * self.deadweight_t, self.barrels_per_tonne))


@dataclass(frozen=True)
class PartOfYear:
    """The part of a calendar year that the observations cover."""

    year: int
    start: datetime
    end: datetime


@dataclass(frozen=True)
class LedgerResult:
    """The ledger, its cumulative curves, and the samples behind them."""

    rows: list[LedgerRow]
    days: list[CumulativeRow]
    samples: tuple[DeliverySample, ...]


def build_ledger(posteriors: Sequence[PortPosterior], options: LedgerOptions) -> LedgerResult:
    """Build the ledger of the loading ports.

    Parameters
    ----------
    posteriors
        Of ports; only those in ``options.loading`` count, and of these the observed ones.
    options
        Of this stage.

    Raises
    ------
    StudyError
        The product is not in the table of conversions.

    """
    if options.product not in BARRELS_PER_TONNE:
        raise StudyError(
            f"ledger.product: {options.product!r} is not one of {', '.join(BARRELS_PER_TONNE)}"
        )
    ports = [
        port for port in posteriors if port.port in options.loading and port.usable_observations > 0
    ]
    unsure = open_ports(ports)
    samples = _samples(ports, options, unsure) if ports else []
    parts = _parts_of_years(ports)
    rows = [row for part in parts for row in _year(samples, part, options, unsure)]
    days = [row for part in parts for row in cumulative_rows(samples, part, options)]
    return LedgerResult(rows, days, tuple(samples))


def _samples(
    ports: list[PortPosterior], options: LedgerOptions, unsure: tuple[str, ...]
) -> list[DeliverySample]:
    rng = np.random.default_rng(options.seed)
    factor = BARRELS_PER_TONNE[options.product]
    is_open = [port.port in unsure for port in ports]
    out = []
    for number in range(options.samples):
        k = factor * float(np.exp(options.conversion_sigma * rng.standard_normal()))
        mean = options.load_fraction + options.load_fraction_sigma * rng.standard_normal()
        load = float(np.clip(mean, LOAD_MIN, 1))
        heavier = options.deadweight_sigma * float(rng.standard_normal())
        # Draws in turn, so that each counts alike for any number of samples.
        draws = [port.draws[number % len(port.draws)] for port in ports]
        parts = [
            _deliveries(rng, draw, port.start, k, (load, options.load_scatter, heavier))
            for port, draw in zip(ports, draws, strict=True)
        ]
        out.append(_join(parts, k, loading=ships_load(draws, is_open)))
    return out


def _deliveries(
    rng: np.random.Generator,
    draw: SeasonDraw,
    start: datetime,
    k: float,
    shared: tuple[float, float, float],
) -> DeliverySample:
    """Deliveries of one port.

    ``shared`` has the mean and scatter of the load fraction, and the error of log deadweight by
    size.
    """
    mean, scatter, heavier = shared
    own = draw.log_deadweight_sigma * rng.standard_normal(len(draw.seen))
    deadweight = np.exp(draw.log_deadweight + own + heavier * draw.by_size)
    load = np.clip(mean + scatter * rng.standard_normal(len(deadweight)), LOAD_MIN, 1.0)
    ok = draw.loaded
    return DeliverySample(
        day=(start - EPOCH) / timedelta(days=1) + draw.depart_day[ok],
        deadweight_t=deadweight[ok],
        barrels=barrels(deadweight[ok] * load[ok], k),
        seen=draw.seen[ok],
        barrels_per_tonne=k,
    )


def _join(parts: list[DeliverySample], k: float, *, loading: bool) -> DeliverySample:
    day = np.concatenate([part.day for part in parts])
    order = np.argsort(day, kind="stable")
    return DeliverySample(
        day=day[order],
        deadweight_t=np.concatenate([part.deadweight_t for part in parts])[order],
        barrels=np.concatenate([part.barrels for part in parts])[order],
        seen=np.concatenate([part.seen for part in parts])[order],
        barrels_per_tonne=k,
        loading=loading,
    )


def _parts_of_years(ports: list[PortPosterior]) -> list[PartOfYear]:
    """Calendar years of the period that any port was observed in, cut to that period."""
    if not ports:
        return []
    start, end = min(port.start for port in ports), max(port.end for port in ports)
    last = (end - timedelta(microseconds=1)).year
    years = range(start.year, last + 1)
    return [
        PartOfYear(
            year,
            max(start, datetime(year, 1, 1, tzinfo=UTC)),
            min(end, datetime(year + 1, 1, 1, tzinfo=UTC)),
        )
        for year in years
    ]


def _year(
    samples: list[DeliverySample],
    part: PartOfYear,
    options: LedgerOptions,
    unsure: tuple[str, ...],
) -> list[LedgerRow]:
    """Rows of one calendar year: the inferred load, then the scenarios."""
    within = [sample.of_year(part.year) for sample in samples]
    scenarios = {INFERRED: None} | {f"{share:.0%} of deadweight": share for share in SCENARIOS}
    return [
        _row([sample.carrying(share) for sample in within], part, scenario, options, unsure)
        for scenario, share in scenarios.items()
    ]


def _row(
    samples: list[DeliverySample],
    part: PartOfYear,
    scenario: str,
    options: LedgerOptions,
    unsure: tuple[str, ...],
) -> LedgerRow:
    others = options.reported_barrels.get(str(part.year), 0.0)
    passed = [_day_passed(sample, others, options.cap_barrels) for sample in samples]
    loading = np.array([sample.loading for sample in samples])
    every = _deliveries_of(samples, passed, np.full(len(samples), fill_value=True))
    dates = [day for day in passed if day is not None]
    return LedgerRow(
        year=part.year,
        scenario=scenario,
        start=part.start,
        end=part.end,
        deliveries_seen_p50=every.seen_p50,
        deliveries=every.deliveries,
        tonnes=every.tonnes,
        barrels=every.barrels,
        reported_barrels=others,
        cap_barrels=options.cap_barrels,
        p_over_cap=every.p_over_cap,
        passed=_cap_dates(dates if every.p_over_cap >= 1 / 2 else []),
        open_ports=unsure,
        p_loading=float(loading.mean()),
        if_loading=_deliveries_of(samples, passed, loading) if _often(loading) else None,
        otherwise=_deliveries_of(samples, passed, ~loading) if _often(~loading) else None,
    )


def _often(which: Mask) -> bool:
    return bool(which.mean() > OPEN_MIN)


def _deliveries_of(
    samples: list[DeliverySample], passed: list[float | None], which: Mask
) -> Deliveries:
    """Deliveries of some of the samples; ``passed`` is when each passed the cap."""
    some = [sample for sample, chosen in zip(samples, which, strict=True) if chosen]
    over = [day is not None for day, chosen in zip(passed, which, strict=True) if chosen]
    return Deliveries(
        seen_p50=float(np.median([float(one.seen.sum()) for one in some])),
        deliveries=_quantiles([float(len(one.day)) for one in some]),
        tonnes=_quantiles([one.barrels.sum() / one.barrels_per_tonne for one in some]),
        barrels=_quantiles([one.barrels.sum() for one in some]),
        p_over_cap=float(np.mean(over)),
    )


def cumulative_rows(
    samples: Sequence[DeliverySample], part: PartOfYear, options: LedgerOptions
) -> list[CumulativeRow]:
    """Barrels delivered from the beginning of a part of a year to the end of each of its days.

    A ship that is still in port at the end counts on the last day, so that the last row has the
    quantiles of the ledger.

    Parameters
    ----------
    samples
        Deliveries of each, of any years.
    part
        Of the year.
    options
        The cap, and what others reported.

    """
    days = max(round((part.end - part.start) / timedelta(days=1)), 1)
    ends = [part.start + timedelta(days=n + 1) for n in range(days)]
    edges = np.array([(end - EPOCH) / timedelta(days=1) for end in ends])
    edges[-1] = np.inf
    totals = np.array([_totals_to(sample.of_year(part.year), edges) for sample in samples])
    every = np.quantile(totals, (0.05, 0.5, 0.95), axis=0).T.tolist()
    loading = np.array([sample.loading for sample in samples])
    given: list[list[float | None]] = [[None] * 3] * len(ends)
    if _often(loading):
        given = np.quantile(totals[loading], (0.05, 0.5, 0.95), axis=0).T.tolist()
    others = options.reported_barrels.get(str(part.year), 0.0)
    over = (others + totals > options.cap_barrels).mean(0).tolist()
    return [
        CumulativeRow(part.year, end, *[*every[n], over[n], *given[n]])
        for n, end in enumerate(ends)
    ]


def _totals_to(sample: DeliverySample, edges: Floats) -> Floats:
    """Barrels delivered before each of several days."""
    totals: Floats = np.r_[0.0, np.cumsum(sample.barrels)]
    return totals[np.searchsorted(sample.day, edges)]


def _quantiles(values: list[float]) -> Quantiles:
    low, median, high = (float(np.quantile(values, p)) for p in (0.05, 0.5, 0.95))
    return Quantiles(float(np.mean(values)), low, median, high)


def _day_passed(sample: DeliverySample, others: float, cap_barrels: float) -> float | None:
    """Day of the delivery that passed the cap; None where it was not passed."""
    total = others + np.cumsum(sample.barrels)
    if not len(total) or total[-1] <= cap_barrels:
        return None
    return float(sample.day[int(np.argmax(total > cap_barrels))])


def _cap_dates(days: list[float]) -> CapDates:
    if not days:
        return CapDates(None, None, None)
    quantiles = (float(np.quantile(days, p)) for p in (0.05, 0.5, 0.95))
    return CapDates(*(EPOCH + timedelta(seconds=round(day * 86_400)) for day in quantiles))


def _first_day(year: int) -> float:
    """Days since the epoch."""
    return (datetime(year, 1, 1, tzinfo=UTC) - EPOCH) / timedelta(days=1)
