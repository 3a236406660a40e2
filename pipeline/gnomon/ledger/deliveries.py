"""From draws of seasons to barrels delivered, against the cap of each year.

A Monte Carlo sample takes one draw of the season of every loading port, and once for all its visits
the mean load fraction, the conversion factor and, with the season, the dwell parameters: errors
that all visits share do not average out. Each visit that loaded then has its deadweight and its own
load.

    barrels = deadweight x load x barrels per tonne,  of visits that came in ballast and left laden

Beside the inferred load stand the fractions of precedents (33, 50, 90 %) on the same visits. The
cap limits deliveries in a calendar year from all suppliers (UNSCR 2397, paragraph 5): reported
deliveries of others are added before the comparison, on the year's first day, for want of dates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.posterior import PortPosterior, SeasonDraw
from gnomon.datamodel.study import LedgerOptions
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

    def of_year(self, year: int) -> "DeliverySample":
        """Deliveries of a calendar year."""
        within = (self.day >= _first_day(year)) & (self.day < _first_day(year + 1))
        return DeliverySample(
            self.day[within],
            self.deadweight_t[within],
            self.barrels[within],
            self.seen[within],
            self.barrels_per_tonne,
        )

    def volumes(self, share: float | None) -> Floats:
        """Barrels of each delivery: as inferred, or a fixed share of deadweight."""
        if share is None:
            return self.barrels
        return barrels(share * self.deadweight_t, self.barrels_per_tonne)


class Quantiles(NamedTuple):
    """Mean and 5, 50, 95 % quantiles over samples."""

    mean: float
    p05: float
    p50: float
    p95: float


class CapDates(NamedTuple):
    """5, 50, 95 % quantiles of the time when the cap was passed, in the samples in which it was.

    Nothing where it was passed in fewer than half of them: a date would then say that it was.
    """

    p05: datetime | None
    p50: datetime | None
    p95: datetime | None


@dataclass(frozen=True, kw_only=True)
class LedgerRow:
    """One calendar year and scenario of load."""

    year: int
    scenario: str
    start: datetime
    end: datetime
    deliveries_seen_p50: float
    deliveries: Quantiles
    tonnes: Quantiles
    barrels: Quantiles
    reported_barrels: float
    cap_barrels: float
    p_over_cap: float
    passed: CapDates

    def columns(self) -> dict[str, object]:
        """Row of `gnomon.datamodel.tables.Ledger`."""
        groups = ("deliveries", "tonnes", "barrels", "passed")
        quantiles = {
            f"{name}_{q}": value
            for name in groups
            for q, value in getattr(self, name)._asdict().items()
        }
        return vars(self) | quantiles


@dataclass(frozen=True)
class PartOfYear:
    """The part of a calendar year that the observations cover."""

    year: int
    start: datetime
    end: datetime


@dataclass(frozen=True)
class CumulativeRow:
    """A row of `gnomon.datamodel.tables.Cumulative`."""

    year: int
    day: datetime
    barrels_p05: float
    barrels_p50: float
    barrels_p95: float
    p_over_cap: float


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
    samples = _samples(ports, options) if ports else []
    parts = _parts_of_years(ports)
    rows = [row for part in parts for row in _year(samples, part, options)]
    days = [row for part in parts for row in cumulative_rows(samples, part, options)]
    return LedgerResult(rows, days, tuple(samples))


def _samples(ports: list[PortPosterior], options: LedgerOptions) -> list[DeliverySample]:
    rng = np.random.default_rng(options.seed)
    factor = BARRELS_PER_TONNE[options.product]
    out = []
    for number in range(options.samples):
        k = factor * float(np.exp(options.conversion_sigma * rng.standard_normal()))
        mean = options.load_fraction + options.load_fraction_sigma * rng.standard_normal()
        load = float(np.clip(mean, LOAD_MIN, 1))
        # Draws in turn, so that each counts alike for any number of samples.
        draws = [port.draws[number % len(port.draws)] for port in ports]
        parts = [
            _deliveries(rng, draw, port.start, k, (load, options.load_scatter))
            for port, draw in zip(ports, draws, strict=True)
        ]
        out.append(_join(parts, k))
    return out


def _deliveries(
    rng: np.random.Generator,
    draw: SeasonDraw,
    start: datetime,
    k: float,
    load_fraction: tuple[float, float],
) -> DeliverySample:
    """Deliveries of one port, given the mean and scatter of the load fraction."""
    mean, scatter = load_fraction
    deadweight = np.exp(
        draw.log_deadweight + draw.log_deadweight_sigma * rng.standard_normal(len(draw.seen))
    )
    load = np.clip(mean + scatter * rng.standard_normal(len(deadweight)), LOAD_MIN, 1.0)
    ok = draw.loaded
    return DeliverySample(
        day=(start - EPOCH) / timedelta(days=1) + draw.depart_day[ok],
        deadweight_t=deadweight[ok],
        barrels=barrels(deadweight[ok] * load[ok], k),
        seen=draw.seen[ok],
        barrels_per_tonne=k,
    )


def _join(parts: list[DeliverySample], k: float) -> DeliverySample:
    day = np.concatenate([part.day for part in parts])
    order = np.argsort(day, kind="stable")
    return DeliverySample(
        day=day[order],
        deadweight_t=np.concatenate([part.deadweight_t for part in parts])[order],
        barrels=np.concatenate([part.barrels for part in parts])[order],
        seen=np.concatenate([part.seen for part in parts])[order],
        barrels_per_tonne=k,
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
    samples: list[DeliverySample], part: PartOfYear, options: LedgerOptions
) -> list[LedgerRow]:
    """Rows of one calendar year: the inferred load, then the scenarios."""
    within = [sample.of_year(part.year) for sample in samples]
    scenarios = {INFERRED: None} | {f"{share:.0%} of deadweight": share for share in SCENARIOS}
    return [
        _row(within, part, scenario, options, share=share) for scenario, share in scenarios.items()
    ]


def _row(
    samples: list[DeliverySample],
    part: PartOfYear,
    scenario: str,
    options: LedgerOptions,
    *,
    share: float | None,
) -> LedgerRow:
    volumes = [sample.volumes(share) for sample in samples]
    others = options.reported_barrels.get(str(part.year), 0.0)
    passed = [
        day
        for sample, volume in zip(samples, volumes, strict=True)
        if (day := _day_passed(sample, volume, others, options.cap_barrels)) is not None
    ]
    pairs = zip(volumes, samples, strict=True)
    return LedgerRow(
        year=part.year,
        scenario=scenario,
        start=part.start,
        end=part.end,
        deliveries_seen_p50=float(np.median([float(sample.seen.sum()) for sample in samples])),
        deliveries=_quantiles([float(len(volume)) for volume in volumes]),
        tonnes=_quantiles([volume.sum() / sample.barrels_per_tonne for volume, sample in pairs]),
        barrels=_quantiles([volume.sum() for volume in volumes]),
        reported_barrels=others,
        cap_barrels=options.cap_barrels,
        p_over_cap=len(passed) / len(samples),
        passed=_cap_dates(passed if 2 * len(passed) >= len(samples) else []),
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
    low, median, high = np.quantile(totals, (0.05, 0.5, 0.95), axis=0)
    others = options.reported_barrels.get(str(part.year), 0.0)
    over = (others + totals > options.cap_barrels).mean(0)
    return [
        CumulativeRow(part.year, end, *(float(values[n]) for values in (low, median, high, over)))
        for n, end in enumerate(ends)
    ]


def _totals_to(sample: DeliverySample, edges: Floats) -> Floats:
    """Barrels delivered before each of several days."""
    totals: Floats = np.r_[0.0, np.cumsum(sample.barrels)]
    return totals[np.searchsorted(sample.day, edges)]


def _quantiles(values: list[float]) -> Quantiles:
    low, median, high = (float(np.quantile(values, p)) for p in (0.05, 0.5, 0.95))
    return Quantiles(float(np.mean(values)), low, median, high)


def _day_passed(
    sample: DeliverySample, volume: Floats, others: float, cap_barrels: float
) -> float | None:
    """Day of the delivery that passed the cap; None where it was not passed."""
    total = others + np.cumsum(volume)
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
