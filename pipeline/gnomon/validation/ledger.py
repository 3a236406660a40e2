"""Visits and barrels of simulated seasons, read back: how often the truth lies within the interval.

The simulator (`gnomon.synth.campaign`) and the inference (`gnomon.track`) share neither dwell
distribution nor arrival process nor deadweight relation. Kinds of season:

- drawn: everything differs from season to season, the direction of trade too (as many seasons load
  as unload), for each of the four look schedules;
- empty: other ships and false alarms, no small tanker;
- reversed: ships come laden and leave empty;
- 2024: 43 visits of 14 tankers, with each schedule;
- around: free looks at the berth, and daily ones of 3 m at the roads and at a home port.

`python -m gnomon.validation.ledger 300` prints the section and draws its figure.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnomon.follow import deadweight_of
from gnomon.ledger.account import INFERRED, account
from gnomon.study import LedgerOptions, Study
from gnomon.synth.campaign import PORT, ZONE, Season, Trade, draw_trade, season, trade_2024
from gnomon.synth.elsewhere import ROADS
from gnomon.synth.watch import SCHEDULES
from gnomon.track.tracking import track

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

SAMPLES = 800
"""Of each season's ledger; its quantiles are then off by a hundredth of probability."""
COVERAGE = (0.85, 0.95)
BIAS = 0.05
MANY = 300
FREE, AROUND = ("s2", "s2+s1"), "s2+s1+daily"
"""Looks at the berth and, at the same time, in the roads and at a home port."""


@dataclass(frozen=True)
class Reading:
    """One season read back."""

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
    def visits_held(self) -> bool:
        """Whether the interval holds the true number of visits."""
        return self.visits_low <= self.visits <= self.visits_high

    @property
    def barrels_held(self) -> bool:
        """Whether the interval holds the true barrels."""
        return self.barrels_low <= self.barrels <= self.barrels_high


def read(made: Season, *, kind: str, schedule: str) -> Reading:
    """Infer a season and put it beside its truth."""
    start, end = made.period
    study = Study.model_validate(
        {
            "name": "validation",
            "catalog": {"url": "simulated"},
            "period": {"start": start.date(), "end": (end - pd.Timedelta(days=1)).date()},
            "track": {"zones": [ZONE], "roads": {PORT: [ROADS]}},
        }
    )
    found = track(study, made.detections, made.looks, deadweight=deadweight_of)
    options = LedgerOptions().model_dump(exclude={"loading", "samples"})
    loading = [one for one in found.drawn if one.port == PORT]
    books = account(loading, samples=SAMPLES, **options)
    (row,) = [r for r in books.rows if r["scenario"] == INFERRED]
    counts = found.seasons[found.seasons.port == PORT].iloc[0]
    return Reading(
        kind=kind,
        schedule=schedule,
        visits=float(len(made.truth.ship)),
        visits_mean=counts.visits_mean,
        visits_low=counts.visits_p05,
        visits_high=counts.visits_p95,
        barrels=float(made.truth.barrels.sum()),
        barrels_mean=row["barrels_mean"],
        barrels_low=row["barrels_p05"],
        barrels_high=row["barrels_p95"],
        p_over=row["p_over_cap"],
        p_exports=counts.p_exports,
        rows=int((found.visits.port == PORT).sum()),
    )


def readings(n: int, *, seed: int = 0) -> Iterator[Reading]:
    """Read n drawn seasons with each schedule, and a few of each other kind."""
    few = max(n // 5, 2)
    cases: list[tuple[str, str, int, Callable[[np.random.Generator], Trade]]] = [
        *(("drawn", schedule, n, draw_trade) for schedule in SCHEDULES),
        *(("empty", s, few, _empty) for s in ("s2", "all")),
        *(("reversed", s, few, _reversed) for s in ("s2", "all")),
        *(("loading", s, few, _loading) for s in SCHEDULES),
        *(("2024", s, few, _of_2024) for s in SCHEDULES),
        *(("drawn, around", s, few, draw_trade) for s in FREE),
        *(("loading, around", s, few, _loading) for s in FREE),
    ]
    for number, (kind, schedule, count, trade) in enumerate(cases):
        elsewhere = AROUND if kind.endswith("around") else None
        for one in range(count):
            rng = np.random.default_rng([seed, number, one])
            made = season(rng, trade(rng), schedule=schedule, elsewhere=elsewhere)
            yield read(made, kind=kind, schedule=schedule)


def _empty(rng: np.random.Generator) -> Trade:
    return draw_trade(rng, visits=0.0)


def _reversed(rng: np.random.Generator) -> Trade:
    return draw_trade(rng, shares=(0.0, 1.0, 0.0, 0.0))


def _loading(rng: np.random.Generator) -> Trade:
    return draw_trade(rng, shares=(1.0, 0.0, 0.0, 0.0))


def _of_2024(rng: np.random.Generator) -> Trade:  # noqa: ARG001 - the season is fixed
    return trade_2024()


@dataclass(frozen=True)
class Seasons:
    """What `seasons` measured."""

    table: pd.DataFrame
    """One row a season."""
    markdown: str
    figure: "Figure"


def seasons(n: int = MANY, *, seed: int = 0) -> Seasons:
    """Measure what the ledger promises, on n seasons for each schedule."""
    rows = measured(readings(n, seed=seed))
    return Seasons(rows, markdown(rows), figure(rows))


def measured(every: Iterable[Reading]) -> pd.DataFrame:
    """Readings as a table, one row a season."""
    held = [
        asdict(r) | {"visits_held": r.visits_held, "barrels_held": r.barrels_held} for r in every
    ]
    return pd.DataFrame(held)


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Coverage, bias and width by kind and schedule."""
    out = []
    for (kind, schedule), part in rows.groupby(["kind", "schedule"], sort=False):
        half = (part.visits_high - part.visits_low) / 2
        out.append(
            {
                "kind": kind,
                "schedule": schedule,
                "seasons": len(part),
                "visits_held": part.visits_held.mean(),
                "visits_bias": _bias(part.visits_mean, part.visits),
                "visits_bias_error": _bias_error(part.visits_mean, part.visits),
                "half_width": half.median(),
                "barrels_held": part.barrels_held.mean(),
                "barrels_bias": _bias(part.barrels_mean, part.barrels),
                "barrels_bias_error": _bias_error(part.barrels_mean, part.barrels),
                "p_over": part.p_over.median(),
                "p_exports": part.p_exports.mean(),
                "visits_mean": part.visits_mean.mean(),
                "rows": part.rows.mean(),
            }
        )
    return pd.DataFrame(out)


def _bias(found: pd.Series, true: pd.Series) -> float:
    return float(found.sum() / true.sum() - 1) if true.sum() > 0 else np.nan


def _bias_error(found: pd.Series, true: pd.Series) -> float:
    """Standard error of the bias."""
    if not true.sum() > 0:
        return np.nan
    off = found - true * (found.sum() / true.sum())
    return float(off.std() * np.sqrt(len(off)) / true.sum())


def markdown(rows: pd.DataFrame) -> str:
    """Section of docs/validation.md."""
    lines = [
        "## Visits and barrels",
        "",
        "Seasons simulated as tables and read back. `held` is how often the 90 % interval has the",
        "truth, `bias` the relative error of the mean (with its standard error), `width` half of",
        "the interval of visits (median).",
        "",
        "| season | looks | n | visits held | bias | width | barrels held | bias | exports |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in summary(rows).itertuples():
        cells = (
            row.kind,
            row.schedule,
            str(row.seasons),
            f"{row.visits_held:.0%}",
            _signed(row.visits_bias, row.visits_bias_error),
            f"{row.half_width:.1f}",
            f"{row.barrels_held:.0%}",
            _signed(row.barrels_bias, row.barrels_bias_error),
            f"{row.p_exports:.2f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _signed(value: float, error: float) -> str:
    return "-" if np.isnan(value) else f"{value:+.1%} ± {error:.1%}"


def figure(rows: pd.DataFrame) -> "Figure":
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
            colour = np.where(part[f"{name}_held"], "tab:blue", "tab:red")
            axis.vlines(true, low, high, color=colour, lw=0.6, alpha=0.6)
            axis.plot(true, mean, ".", color="black", ms=2)
            top = float(max(true.max(), 1e-9)) * 1.4
            axis.plot([0, top], [0, top], color="grey", lw=0.8)
            axis.set(xlim=(0, top), ylim=(0, 1.8 * top), xlabel=f"true {name}")
        axes[0, column].set_title(schedule)
    axes[0, 0].set_ylabel("inferred visits")
    axes[1, 0].set_ylabel("inferred, million barrels")
    return chart


def main() -> None:
    """Print the section; write table and figure beside it."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else MANY
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path("build") / "validation"
    folder.mkdir(parents=True, exist_ok=True)
    done = seasons(count)
    done.table.to_csv(folder / "ledger.csv", index=False)
    (folder / "ledger.md").write_text(done.markdown, encoding="utf-8")
    done.figure.savefig(folder / "ledger.png", dpi=110)
    print(done.markdown)  # noqa: T201 - a command


if __name__ == "__main__":
    main()
