"""From seasons that may have been to barrels delivered, against the cap of each year.

A Monte Carlo sample takes one drawn season of every loading port, and once for all its visits the
mean load fraction, the conversion factor, and with the season the dwell parameters: errors that all
visits share do not average out. Each visit that loaded has then its deadweight and its own load.

    barrels = deadweight x load x barrels per tonne,  of visits that came in ballast and left laden

Beside the inferred load stand the fractions of precedents (33, 50, 90 %) on the same visits. The
cap is one of deliveries in a calendar year from all suppliers (UNSCR 2397, paragraph 5): what
others reported is added before the comparison, on its year's first day, for want of dates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.posterior import DrawnSeason, PortSeason
from gnomon.physics.conversion import BARRELS_PER_TONNE, SCENARIOS, barrels

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

INFERRED = "inferred"
LEAST_LOAD = 0.2


@dataclass(frozen=True)
class Deliveries:
    """Deliveries of one Monte Carlo sample: arrays of shape (deliveries,)."""

    day: Floats
    """Since the epoch."""
    deadweight_t: Floats
    barrels: Floats
    seen: NDArray[np.bool_]
    barrels_per_tonne: float


@dataclass(frozen=True)
class Account:
    """The ledger: rows of `gnomon.datamodel.tables.Ledger`, and the samples behind them."""

    rows: list[dict[str, Any]]
    samples: tuple[Deliveries, ...]


def account(
    seasons: Sequence[PortSeason],
    *,
    product: str = "diesel",
    load_fraction: float = 0.88,
    load_fraction_sigma: float = 0.05,
    load_scatter: float = 0.06,
    conversion_sigma: float = 0.04,
    cap_barrels: float = 500_000.0,
    reported_barrels: Mapping[str, float] | None = None,
    samples: int = 4000,
    seed: int = 0,
) -> Account:
    """Draw up the ledger.

    Parameters
    ----------
    seasons
        One for each loading port.
    product, load_fraction, load_fraction_sigma, load_scatter, conversion_sigma, cap_barrels, \
    reported_barrels, samples, seed
        As in `gnomon.datamodel.study.LedgerOptions`.

    Raises
    ------
    StudyError
        The product is not in the table of conversions.

    """
    if product not in BARRELS_PER_TONNE:
        raise StudyError(
            f"ledger.product: {product!r} is not one of {', '.join(BARRELS_PER_TONNE)}"
        )
    rng = np.random.default_rng(seed)
    factor = BARRELS_PER_TONNE[product]
    known = [season for season in seasons if season.usable_observations > 0]
    drawn = []
    for number in range(samples if known else 0):
        k = factor * float(np.exp(conversion_sigma * rng.standard_normal()))
        mean = float(
            np.clip(load_fraction + load_fraction_sigma * rng.standard_normal(), LEAST_LOAD, 1)
        )
        parts = [_delivered(rng, season, number, k, mean, load_scatter) for season in known]
        drawn.append(_together(parts, k))
    rows = [
        row
        for year in _years(known)
        for row in _year(drawn, year, cap_barrels, dict(reported_barrels or {}))
    ]
    return Account(rows, tuple(drawn))


def _delivered(
    rng: np.random.Generator, season: PortSeason, number: int, k: float, mean: float, scatter: float
) -> Deliveries:
    # Draws in turn, so that each counts alike however many samples there are.
    drawn: DrawnSeason = season.draws[number % len(season.draws)]
    deadweight = np.exp(
        drawn.log_deadweight + drawn.log_deadweight_sigma * rng.standard_normal(len(drawn.seen))
    )
    load = np.clip(mean + scatter * rng.standard_normal(len(deadweight)), LEAST_LOAD, 1.0)
    begin = (season.start - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(days=1)
    ok = drawn.loaded
    return Deliveries(
        day=begin + drawn.depart_day[ok],
        deadweight_t=deadweight[ok],
        barrels=barrels(deadweight[ok] * load[ok], k),
        seen=drawn.seen[ok],
        barrels_per_tonne=k,
    )


def _together(parts: list[Deliveries], k: float) -> Deliveries:
    day = np.concatenate([part.day for part in parts])
    order = np.argsort(day, kind="stable")
    return Deliveries(
        day=day[order],
        deadweight_t=np.concatenate([part.deadweight_t for part in parts])[order],
        barrels=np.concatenate([part.barrels for part in parts])[order],
        seen=np.concatenate([part.seen for part in parts])[order],
        barrels_per_tonne=k,
    )


def _years(seasons: list[PortSeason]) -> list[int]:
    if not seasons:
        return []
    first = min(season.start for season in seasons).year
    return list(range(first, max(season.end for season in seasons).year + 1))


def _year(
    drawn: list[Deliveries], year: int, cap: float, reported: dict[str, float]
) -> list[dict[str, Any]]:
    """Rows of one calendar year: the inferred load, then the scenarios."""
    begin = _day(year)
    within = [(d.day >= begin) & (d.day < _day(year + 1)) for d in drawn]
    others = reported.get(str(year), 0.0)
    rows: list[dict[str, Any]] = []
    for scenario in (INFERRED, *(f"{share:.0%} of deadweight" for share in SCENARIOS)):
        share = None if scenario == INFERRED else SCENARIOS[len(rows) - 1]
        parts = [_volumes(d, ok, share) for d, ok in zip(drawn, within, strict=True)]
        rows.append(
            {"year": year, "scenario": scenario, "reported_barrels": others, "cap_barrels": cap}
            | _summary(drawn, within, parts)
            | _against(drawn, within, parts, cap=cap, others=others)
        )
    return rows


def _volumes(drawn: Deliveries, ok: NDArray[np.bool_], share: float | None) -> Floats:
    if share is None:
        return drawn.barrels[ok]
    return barrels(share * drawn.deadweight_t[ok], drawn.barrels_per_tonne)


def _summary(
    drawn: list[Deliveries], within: list[NDArray[np.bool_]], parts: list[Floats]
) -> dict[str, Any]:
    total = np.array([part.sum() for part in parts])
    mass = np.array([p.sum() / d.barrels_per_tonne for p, d in zip(parts, drawn, strict=True)])
    count = np.array([len(part) for part in parts], float)
    seen = np.array([d.seen[ok].sum() for d, ok in zip(drawn, within, strict=True)], float)
    row: dict[str, Any] = {"deliveries_seen_mean": float(seen.mean())}
    for name, values in (("deliveries", count), ("tonnes", mass), ("barrels", total)):
        row[f"{name}_mean"] = float(values.mean())
        row |= {f"{name}_p{q:02d}": float(np.quantile(values, q / 100)) for q in (5, 50, 95)}
    return row


def _against(
    drawn: list[Deliveries],
    within: list[NDArray[np.bool_]],
    parts: list[Floats],
    *,
    cap: float,
    others: float,
) -> dict[str, Any]:
    """Chance that the cap was passed, and when, where it was."""
    passed = []
    for one, ok, part in zip(drawn, within, parts, strict=True):
        total = others + np.cumsum(part)
        if len(total) and total[-1] > cap:
            passed.append(one.day[ok][int(np.argmax(total > cap))])
    row: dict[str, Any] = {"p_over_cap": len(passed) / len(drawn)}
    for q in (5, 50, 95):
        day = float(np.quantile(passed, q / 100)) if passed else None
        row[f"passed_p{q:02d}"] = None if day is None else _date(day)
    return row


def _day(year: int) -> float:
    return (datetime(year, 1, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(days=1)


def _date(day: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=round(day * 86_400))
