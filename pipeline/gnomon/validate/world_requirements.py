"""What was asked of seasons in worlds that break the assumptions, and what was measured.

Each requirement is measured on the rows of one set of sensors (`gnomon.validate.worlds`), as a
text for a reader and a verdict. A verdict is of the numbers as they are: where seasons are few,
chance misses as much as the inference does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from pandas import DataFrame, Series

from gnomon.simulate.season.world.options import VIOLATIONS
from gnomon.track.predictive import FIT_MIN
from gnomon.validate.intervals import (
    half_width,
    held,
    relative_error,
    relative_error_sigma,
)
from gnomon.validate.worlds import (
    ASSUMED,
    FINDING,
    NO_TANKER,
    SEEDS,
    TEN_SEEDS,
    TOGETHER,
    TWO_HALVES,
)

SURE = 0.99
"""Probability of a direction of trade from which on it is called sure."""
ALONE = tuple(name for name in VIOLATIONS if name != "no tanker")
HELD_ASSUMED, HELD_ALONE, HELD_TOGETHER, HELD_FINDING = (0.86, 0.94), (0.82, 0.97), 0.75, 0.90
BIAS_ALONE, BIAS_TOGETHER = 0.12, 0.20
HOLD_NONE, P_OVER_NONE, P_OVER_FINDING = 0.90, 0.05, 0.98
UNFIT_ASSUMED = 0.05
EFFECTIVE_SIZE, R_HAT, SEEDS_APART, HALVES_APART = 200, 1.02, 0.03, 0.02
HALF_WIDTH_RATIO, HALF_WIDTH_FINDING = 1.25, 8.0
SECONDS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {"free": (ASSUMED, 5.0), "daily": (TOGETHER, 20.0)}
)
"""Case that stands for a set of sensors, and the most seconds for one season."""
PEAK_MB = 700
NAMED = 4
"""So many cases that miss are named, the worst first."""


@dataclass(frozen=True)
class Outcome:
    """What was measured of a requirement."""

    text: str
    met: bool


@dataclass(frozen=True)
class Requirement:
    """One thing that was asked."""

    what: str
    asked: str
    of: Callable[[DataFrame], Outcome | None]
    """From the rows of one set of sensors; None where they have no such case."""


def _of(
    name: str, measured: Callable[[DataFrame], Outcome | None]
) -> Callable[[DataFrame], Outcome | None]:
    """Measure on the seasons of one case that were not refused."""

    def of(rows: DataFrame) -> Outcome | None:
        own = rows[(rows.case == name) & rows.visits_mean.notna()]
        return None if own.empty else measured(own)

    return of


def _share(flags: Series, least: float, most: float = 1.0) -> Outcome:
    share = float(flags.mean())
    return Outcome(f"{share:.0%} of {len(flags)}", least <= share <= most)


def unfit(rows: DataFrame) -> Series:
    """Whether the season says that its data do not fit the model."""
    return rows.fit.lt(FIT_MIN)


def _bias(rows: DataFrame) -> Outcome:
    rows = rows[~unfit(rows)]
    if rows.empty:
        return Outcome("all called unfit", True)
    error = relative_error(rows.visits_mean, rows.visits)
    return Outcome(f"{error:+.0%}", abs(error) <= BIAS_TOGETHER)


def _alone(
    value: Callable[[DataFrame], float], low: float, high: float, style: str
) -> Callable[[DataFrame], Outcome | None]:
    """Each violation alone: in how many cases a value lies within bounds, and where it does not."""

    def of(rows: DataFrame) -> Outcome | None:
        there = rows[rows.visits_mean.notna()]
        found = {name: value(part) for name, part in there.groupby("case") if name in ALONE}
        if not found:
            return None
        beyond = {name: max(low - one, one - high) for name, one in found.items()}
        worst = sorted((n for n in found if beyond[n] > 0), key=lambda n: -beyond[n])
        text = f"{len(found) - len(worst)} of {len(found)} cases"
        if worst:
            named = ", ".join(f"{name} {found[name]:{style}}" for name in worst[:NAMED])
            more = f" and {len(worst) - NAMED} more" if len(worst) > NAMED else ""
            text += f"; outside: {named}{more}"
        return Outcome(text, not worst)

    return of


def _no_tanker(measured: Callable[[DataFrame], Outcome]) -> Callable[[DataFrame], Outcome | None]:
    def of(rows: DataFrame) -> Outcome | None:
        own = rows[rows.case.isin(NO_TANKER) & rows.visits_mean.notna()]
        return None if own.empty else measured(own)

    return of


def _effective_size(rows: DataFrame) -> Outcome | None:
    sizes = rows.effective_size.dropna()
    if sizes.empty:
        return None
    text = (
        f"least {sizes.min():.0f}; below in {sizes.lt(EFFECTIVE_SIZE).mean():.0%} of {len(sizes)}"
    )
    return Outcome(text, bool(sizes.min() >= EFFECTIVE_SIZE))


def _r_hat(rows: DataFrame) -> Outcome | None:
    values = rows.r_hat.dropna()
    if values.empty:
        return None
    text = f"at most {values.max():.2f}; above in {values.gt(R_HAT).mean():.0%} of {len(values)}"
    return Outcome(text, bool(values.max() <= R_HAT))


def _seeds(rows: DataFrame) -> Outcome:
    apart = rows.seeds_apart
    text = f"{apart.median():.1%} in the median of {len(apart)} seasons, {apart.max():.1%} at most"
    return Outcome(text, bool(apart.max() <= SEEDS_APART))


def _halves(rows: DataFrame) -> Outcome:
    apart = relative_error(rows.joined_mean, rows.visits_mean)
    error = relative_error_sigma(rows.joined_mean, rows.visits_mean)
    text = f"{apart:+.1%}" + (f" ± {error:.1%}" if np.isfinite(error) else "")
    return Outcome(f"{text} over {len(rows)} seasons", abs(apart) <= HALVES_APART)


def _over_ideal(rows: DataFrame) -> Outcome | None:
    if rows.ideal_half_width.isna().any():
        return None
    ratio = float(half_width(rows).sum() / rows.ideal_half_width.sum())
    ideal = rows.ideal_half_width.mean()
    return Outcome(
        f"{ratio:.2f} ({half_width(rows).mean():.1f} / {ideal:.1f})", ratio <= HALF_WIDTH_RATIO
    )


def _finding_width(rows: DataFrame) -> Outcome:
    width = float(half_width(rows).mean())
    return Outcome(f"{width:.1f}", width <= HALF_WIDTH_FINDING)


def _p_over(least: float, most: float) -> Callable[[DataFrame], Outcome]:
    def of(rows: DataFrame) -> Outcome:
        mean = float(rows.p_over.mean())
        return Outcome(f"{mean:.3f}", least <= mean <= most)

    return of


def sure_and_wrong(rows: DataFrame) -> Series:
    """Whether the wrong direction of trade was called sure, of seasons that have a direction."""
    return rows.p_right.dropna().lt(1 - SURE)


def _direction(rows: DataFrame) -> Outcome | None:
    wrong = sure_and_wrong(rows)
    return Outcome(f"{wrong.sum()} of {len(wrong)}", not wrong.any()) if len(wrong) else None


def _seconds(rows: DataFrame) -> Outcome | None:
    case, most = SECONDS.get(rows.sensors.iloc[0], ("", 0.0))
    own = rows[(rows.case == case) & rows.processor_seconds.notna()]
    if own.empty:
        return None
    seconds = float(own.processor_seconds.median())
    return Outcome(f"{seconds:.1f} s ({case})", seconds <= most)


def _peak(rows: DataFrame) -> Outcome | None:
    peak = rows.peak_mb.max()
    return None if np.isnan(peak) else Outcome(f"{peak:.0f} MB", bool(peak <= PEAK_MB))


def _only_all(of: Callable[[DataFrame], Outcome | None]) -> Callable[[DataFrame], Outcome | None]:
    """Asked with all observations only."""
    return lambda rows: of(rows) if rows.sensors.iloc[0] == "all" else None


REQUIREMENTS = (
    Requirement(
        "90 % interval of visits holds the truth, as assumed", "86 to 94 %",
        _of(ASSUMED, lambda rows: _share(held(rows), *HELD_ASSUMED)),
    ),
    Requirement(
        "... each violation alone", "82 to 97 %",
        _alone(lambda rows: float(held(rows).mean()), *HELD_ALONE, ".0%"),
    ),
    Requirement(
        "bias of visits, each violation alone", "within 12 %",
        _alone(
            lambda rows: relative_error(rows.visits_mean, rows.visits),
            -BIAS_ALONE, BIAS_ALONE, "+.0%",
        ),
    ),
    Requirement(
        "all violations together: interval holds the truth, or data are called unfit", ">= 75 %",
        _of(TOGETHER, lambda rows: _share(held(rows) | unfit(rows), HELD_TOGETHER)),
    ),
    Requirement("... bias of visits, where they are not", "within 20 %", _of(TOGETHER, _bias)),
    Requirement(
        "data called unfit for the model, as assumed", "<= 5 %",
        _of(ASSUMED, lambda rows: _share(unfit(rows), 0, UNFIT_ASSUMED)),
    ),
    Requirement(
        "no tanker, but cranes, barges, coasters: interval holds none", ">= 90 %",
        _no_tanker(lambda rows: _share(rows.visits_low == 0, HOLD_NONE)),
    ),
    Requirement(
        "... probability of passing the cap, mean", "<= 0.05", _no_tanker(_p_over(0, P_OVER_NONE))
    ),
    Requirement("effective size of the draws, every season", ">= 200", _effective_size),
    Requirement("R-hat, every season", "<= 1.02", _r_hat),
    Requirement(
        f"means of {SEEDS} seeds, farthest from their mean", "within 3 %", _of(TEN_SEEDS, _seeds)
    ),
    Requirement("half-width as assumed / ideal", "<= 1.25", _of(ASSUMED, _over_ideal)),
    Requirement(
        "2024, all images: interval holds the truth", ">= 90 %",
        _only_all(_of(FINDING, lambda rows: _share(held(rows), HELD_FINDING))),
    ),
    Requirement("... half-width, mean", "<= 8", _only_all(_of(FINDING, _finding_width))),
    Requirement(
        "... probability of passing the cap, mean", ">= 0.98",
        _only_all(_of(FINDING, _p_over(P_OVER_FINDING, 1))),
    ),
    Requirement(f"direction of trade sure (over {SURE}) and wrong", "0", _direction),
    Requirement(
        "two halves of the period, added, against the whole", "within 2 %",
        _of(TWO_HALVES, _halves),
    ),
    Requirement("one season, processor, median", "<= 5 s free, <= 20 s daily", _seconds),
    Requirement("memory of the process, most", f"<= {PEAK_MB} MB", _peak),
)  # fmt: skip
