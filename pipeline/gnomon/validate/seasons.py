"""Coverage of the intervals of visits and barrels, on simulated seasons with known truth.

The simulator (`gnomon.simulate.season.campaign`) and the inference (`gnomon.track`) share neither
dwell distribution nor arrival process nor deadweight relation. Kinds of season:

- drawn: everything differs from season to season, the direction of trade too (as many seasons load
  as unload), for each of the four schedules of observation;
- empty: other ships and false alarms, no small tanker;
- reversed: ships arrive laden and leave empty;
- 2024: 43 visits of 14 tankers, with each schedule, and with 24 sub-metre images in place of 36;
- and seasons for which the priors are wrong: every season a mixture of directions (prior
  probability 0.1), and mean dwell as short or as long as the prior allows (1.5, 4 days);
- off berth: free images of the berth, and daily ones of 3 m of the anchorage and of a home port.
"""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnomon.datamodel.shipped import shipped
from gnomon.datamodel.study import LedgerOptions, PeriodOptions, TrackOptions
from gnomon.datamodel.traffic import read_traffic
from gnomon.ledger.deliveries import INFERRED, LedgerResult, build_ledger
from gnomon.simulate.season.campaign import (
    PORT,
    ZONE,
    SimulatedSeason,
    Trade,
    draw_trade,
    simulate_season,
    trade_2024,
)
from gnomon.simulate.season.off_berth import ANCHORAGE
from gnomon.simulate.season.timetable import COLLECTIONS, FINE, SCHEDULES
from gnomon.track.fleet import read_fleet
from gnomon.track.tracking import TrackResult, track_visits
from gnomon.validate.intervals import half_width, relative_error, relative_error_sigma
from gnomon.workflow.infer import deadweight_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

SAMPLES = 800
"""Of each season's ledger; its quantiles are then off by a hundredth of probability."""
COVERAGE_MIN, COVERAGE_MAX = 0.85, 0.95
BIAS_MAX = 0.05
CLOSE = 0.10
"""Relative error of barrels that counts as close."""
SURE = 0.99
COLUMNS = (
    "season", "schedule", "n", "visits covered", "bias", "width", "barrels covered", "bias",
    "exports",
)  # fmt: skip
SEASONS = 100
FREE, OFF_BERTH = ("s2", "s2+s1"), "s2+s1+daily"
"""Schedules of the berth and, at the same time, of the anchorage and a home port."""


@dataclass(frozen=True)
class SeasonReading:
    """One season: true and inferred."""

    kind: str
    schedule: str
    visits: float
    """True."""
    visits_mean: float
    visits_low: float
    visits_high: float
    barrels: float
    """True."""
    barrels_mean: float
    barrels_low: float
    barrels_high: float
    p_over: float
    p_exports: float
    rows: int
    """Visits in the table."""

    @property
    def visits_covered(self) -> bool:
        """Whether the interval contains the true number of visits."""
        return self.visits_low <= self.visits <= self.visits_high

    @property
    def barrels_covered(self) -> bool:
        """Whether the interval contains the true barrels."""
        return self.barrels_low <= self.barrels <= self.barrels_high


def infer_season(made: SimulatedSeason) -> tuple[TrackResult, LedgerResult]:
    """Visits and barrels of a season, from its tables alone."""
    start, end = made.period
    traffic = read_traffic("small-tankers")
    found = track_visits(
        made.detections,
        made.observations,
        TrackOptions(zones=(ZONE,), roads={PORT: (ANCHORAGE,)}),
        period=PeriodOptions(start=start.date(), end=(end - pd.Timedelta(days=1)).date()),
        traffic=traffic,
        fleet=read_fleet(shipped("configs") / "fleet.csv", traffic.tankers),
        deadweight=deadweight_of,
    )
    return found, build_ledger(found.posteriors, LedgerOptions(loading=(PORT,), samples=SAMPLES))


def read_season(made: SimulatedSeason, *, kind: str, schedule: str) -> SeasonReading:
    """Infer a season of one year and compare it with its truth."""
    found, ledger = infer_season(made)
    (row,) = [r for r in ledger.rows if r.scenario == INFERRED]
    counts = found.seasons[found.seasons.port == PORT].iloc[0]
    return SeasonReading(
        kind=kind,
        schedule=schedule,
        visits=float(len(made.truth.ship)),
        visits_mean=counts.visits_mean,
        visits_low=counts.visits_p05,
        visits_high=counts.visits_p95,
        barrels=float(made.truth.barrels.sum()),
        barrels_mean=row.barrels.mean,
        barrels_low=row.barrels.p05,
        barrels_high=row.barrels.p95,
        p_over=row.p_over_cap,
        p_exports=counts.p_exports,
        rows=int((found.visits.port == PORT).sum()),
    )


@dataclass(frozen=True)
class SeasonCase:
    """Seasons of one kind and one schedule of observation."""

    kind: str
    schedule: str
    seasons: int
    trade: Callable[[np.random.Generator], Trade]
    fine_images: int | None = None
    """Number of sub-metre images kept; all if left out."""
    off_berth: str | None = None
    """Schedule of the anchorage and a home port."""

    def reading(self, entropy: Sequence[int]) -> SeasonReading:
        """Simulate and infer one season."""
        rng = np.random.default_rng(entropy)
        trade = self.trade(rng)
        made = simulate_season(rng, trade, schedule=self.schedule, off_berth=self.off_berth)
        if self.fine_images is not None:
            made = _with_fine_images(made, self.fine_images, rng)
        return read_season(made, kind=self.kind, schedule=self.schedule)


def season_cases(n: int) -> tuple[SeasonCase, ...]:
    """Return n drawn seasons with each schedule, and a fifth as many of each other kind."""
    few = max(n // 5, 2)
    return (
        *(SeasonCase("drawn", schedule, n, draw_trade) for schedule in SCHEDULES),
        *(SeasonCase("empty", s, few, _empty) for s in ("s2", "all")),
        *(SeasonCase("reversed", s, few, _reversed) for s in ("s2", "all")),
        *(SeasonCase("loading", s, few, _loading) for s in SCHEDULES),
        *(SeasonCase("2024", s, few, _of_2024) for s in SCHEDULES),
        SeasonCase("2024, 24 images", "all", few, _of_2024, fine_images=24),
        *(SeasonCase("mixed", s, few, _mixed) for s in ("s2+s1", "all")),
        *(SeasonCase("dwell of 1.5 days", s, few, _short) for s in ("s2+s1", "all")),
        *(SeasonCase("dwell of 4 days", s, few, _long) for s in ("s2+s1", "all")),
        *(SeasonCase("drawn, off berth", s, few, draw_trade, off_berth=OFF_BERTH) for s in FREE),
        *(SeasonCase("loading, off berth", s, few, _loading, off_berth=OFF_BERTH) for s in FREE),
    )


def season_readings(
    n: int, *, seed: int = 0, only: Collection[tuple[str, str]] | None = None
) -> Iterator[SeasonReading]:
    """Infer every season of `season_cases`, a process on each core, in a fixed order.

    Parameters
    ----------
    n
        Drawn seasons with each schedule.
    seed
        Of all seasons.
    only
        Kinds and schedules; every one, if left out. Their seasons are the same ones either way.

    """
    tasks = [
        (case, (seed, number, one))
        for number, case in enumerate(season_cases(n))
        if only is None or (case.kind, case.schedule) in only
        for one in range(case.seasons)
    ]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        yield from pool.map(SeasonCase.reading, *zip(*tasks, strict=True), chunksize=4)


def _with_fine_images(
    made: SimulatedSeason, count: int, rng: np.random.Generator
) -> SimulatedSeason:
    """Season with some of its sub-metre images only."""
    fine = np.flatnonzero(made.observations.collection == COLLECTIONS[FINE])
    lost = made.observations.scene_id.iloc[rng.permutation(fine)[count:]]
    kept = ~made.detections.scene_id.isin(lost).to_numpy()
    return replace(
        made,
        observations=made.observations[~made.observations.scene_id.isin(lost)],
        detections=made.detections[kept],
        visit=made.visit[kept],
    )


def _empty(rng: np.random.Generator) -> Trade:
    return draw_trade(rng, visits=0.0)


def _reversed(rng: np.random.Generator) -> Trade:
    return draw_trade(rng, shares=(0.0, 1.0, 0.0, 0.0))


def _loading(rng: np.random.Generator) -> Trade:
    return draw_trade(rng, shares=(1.0, 0.0, 0.0, 0.0))


def _mixed(rng: np.random.Generator) -> Trade:
    shares = rng.dirichlet(np.ones(4)).tolist()
    return draw_trade(rng, shares=(shares[0], shares[1], shares[2], shares[3]))


def _short(rng: np.random.Generator) -> Trade:
    return draw_trade(rng, dwell_days=1.5)


def _long(rng: np.random.Generator) -> Trade:
    return draw_trade(rng, dwell_days=4.0)


def _of_2024(rng: np.random.Generator) -> Trade:  # noqa: ARG001 - the season is fixed
    return trade_2024()


@dataclass(frozen=True)
class SeasonValidation:
    """Result of `validate_seasons`."""

    table: pd.DataFrame
    """One row a season."""
    markdown: str
    figure: "Figure"


def validate_seasons(n: int = SEASONS, *, seed: int = 0) -> SeasonValidation:
    """Measure coverage and bias, on n seasons for each schedule."""
    rows = readings_table(season_readings(n, seed=seed))
    return SeasonValidation(rows, season_section(rows, seed=seed), season_figure(rows))


def readings_table(readings: Iterable[SeasonReading]) -> pd.DataFrame:
    """Readings as a table, one row a season."""
    rows = [
        asdict(r) | {"visits_covered": r.visits_covered, "barrels_covered": r.barrels_covered}
        for r in readings
    ]
    return pd.DataFrame(rows)


def season_summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Coverage, bias and width by kind and schedule."""
    out = []
    for (kind, schedule), part in rows.groupby(["kind", "schedule"], sort=False):
        out.append(
            {
                "kind": kind,
                "schedule": schedule,
                "seasons": len(part),
                "visits_covered": part.visits_covered.mean(),
                "visits_bias": relative_error(part.visits_mean, part.visits),
                "visits_bias_error": relative_error_sigma(part.visits_mean, part.visits),
                "half_width": half_width(part).median(),
                "barrels_covered": part.barrels_covered.mean(),
                "barrels_bias": relative_error(part.barrels_mean, part.barrels),
                "barrels_bias_error": relative_error_sigma(part.barrels_mean, part.barrels),
                "barrels_close": (part.barrels_mean / part.barrels - 1).abs().le(CLOSE).mean(),
                "p_over": part.p_over.median(),
                "sure_over": part.p_over.gt(SURE).mean(),
                "p_exports": part.p_exports.mean(),
                "visits_mean": part.visits_mean.mean(),
                "rows": part.rows.mean(),
            }
        )
    return pd.DataFrame(out)


def season_section(rows: pd.DataFrame, *, seed: int) -> str:
    """Section of docs/validation.md."""
    table = season_summary(rows)
    caption = (
        f"Seasons simulated as tables (`gnomon.simulate.season.campaign`, seed {seed}) and "
        "inferred. `covered` is how often the 90 % interval contains the truth (required: "
        f"{COVERAGE_MIN:.0%} to {COVERAGE_MAX:.0%}); `bias` the relative error of the mean with "
        f"its standard error (required: at most {BIAS_MAX:.0%}); `width` half of the interval of "
        "visits (median); `exports` the mean probability that more ships loaded than unloaded."
    )
    lines = [
        "## Visits and barrels",
        "",
        caption,
        "",
        "![True and inferred](validation-ledger.png)",
        "",
        f"| {' | '.join(COLUMNS)} |",
        "|---" * len(COLUMNS) + "|",
        *(_cells(row) for row in table.itertuples()),
        "",
        *_of_the_finding(table),
    ]
    return "\n".join(lines) + "\n"


def _cells(row: Any) -> str:
    cells = (
        row.kind,
        row.schedule,
        str(row.seasons),
        f"{row.visits_covered:.0%}",
        _signed(row.visits_bias, row.visits_bias_error),
        f"{row.half_width:.1f}",
        f"{row.barrels_covered:.0%}",
        _signed(row.barrels_bias, row.barrels_bias_error),
        f"{row.p_exports:.2f}",
    )
    return f"| {' | '.join(cells)} |"


def _of_the_finding(table: pd.DataFrame) -> list[str]:
    """Markdown: the season of 2024 against its requirements."""
    lines = [
        "The season of 2024, 43 visits and about a million barrels. Required with all images: 43",
        f"is covered, a half width of 6, barrels within 10 %, and P(over) above {SURE}:",
        "",
        f"| schedule | seasons | 43 covered | half width | within 10 % | P(over) | above {SURE} |",
        "|---|---|---|---|---|---|---|",
    ]
    return lines + [
        f"| {row.schedule}{row.kind.removeprefix('2024')} | {row.seasons} "
        f"| {row.visits_covered:.0%} | {row.half_width:.1f} | {row.barrels_close:.0%} "
        f"| {row.p_over:.3f} | {row.sure_over:.0%} |"
        for row in table[table.kind.str.startswith("2024")].itertuples()
    ]


def _signed(value: float, error: float) -> str:
    return "-" if np.isnan(value) else f"{value:+.1%} ± {error:.1%}"


def season_figure(rows: pd.DataFrame) -> "Figure":
    """True against inferred, with intervals, for each schedule."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to import

    drawn = rows[rows.kind == "drawn"]
    chart = Figure(figsize=(10, 5.2), layout="constrained")
    axes = chart.subplots(2, len(SCHEDULES))
    for column, schedule in enumerate(SCHEDULES):
        part = drawn[drawn.schedule == schedule]
        for axis, name, unit in zip(axes[:, column], ("visits", "barrels"), (1, 1e6), strict=True):
            true, mean = part[name] / unit, part[f"{name}_mean"] / unit
            low, high = part[f"{name}_low"] / unit, part[f"{name}_high"] / unit
            colour = np.where(part[f"{name}_covered"], "tab:blue", "tab:red")
            axis.vlines(true, low, high, color=colour, lw=0.6, alpha=0.6)
            axis.plot(true, mean, ".", color="black", ms=2)
            top = float(max(true.max(), 1e-9)) * 1.4
            axis.plot([0, top], [0, top], color="grey", lw=0.8)
            axis.set(xlim=(0, top), ylim=(0, 1.8 * top), xlabel=f"true {name}")
        axes[0, column].set_title(schedule)
    axes[0, 0].set_ylabel("inferred visits")
    axes[1, 0].set_ylabel("inferred, million barrels")
    return chart
