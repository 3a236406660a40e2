"""What the page says first: visits, barrels against the cap, and what would change the answer.

The figure of what would change the answer takes one doubt at a time and leaves the rest at its
median: barrels if only what was seen is counted, if ships were as full as each precedent supposes,
if they were smaller or larger than read, if the cargo was another product, and if the oil went the
other way. It is made from the tables alone, so that a reader can do it again with a pencil.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from gnomon.ledger.deliveries import INFERRED
from gnomon.physics.conversion import BARRELS_PER_TONNE
from gnomon.report.load_tables import Run
from gnomon.report.page.encode import moment, number, parsed

NINE_IN_TEN = 1.645
"""Deviations on either side that hold 90 % of a normal."""
TOLD_BY_NAME = 0.5
"""Probability from which a candidate counts as told by name."""
UNKNOWN_SHIP = "unregistered"


@dataclass(frozen=True)
class Swing:
    """Barrels if one thing were otherwise: a bar of the figure, and a sentence."""

    what: str
    low: float
    high: float
    words: str


def answer(run: Run) -> dict[str, Any]:
    """All that stands above the timeline."""
    loading = list(run.study.ledger.loading) if run.study else []
    product = run.study.ledger.product if run.study else None
    return {
        "loading": loading,
        "product": product,
        "seasons": [_season(row) for _, row in run.seasons.iterrows()],
        "years": [_year(run, int(year), rows) for year, rows in run.ledger.groupby("year")],
        "vessels": _vessels(run.visits),
        "visits_told": len(run.visits),
    }


def _season(row: pd.Series) -> dict[str, Any]:
    counts = (
        "observations", "usable_observations",
        "visits_mean", "visits_p05", "visits_p50", "visits_p95",
        "seen_mean", "horvitz_thompson", "horvitz_thompson_sigma", "little", "little_sigma",
        "chapman", "chapman_sigma", "dwell_days", "dwell_sigma_days", "loaded_mean",
        "unloaded_mean", "p_exports",
    )  # fmt: skip
    told = {name: number(row[name]) for name in counts}
    times = {"start": moment(row.start), "end": moment(row.end)}
    notes = row.notes.split("; ") if isinstance(row.notes, str) else []
    return {"port": str(row.port), "notes": notes, **times, **told}


def _year(run: Run, year: int, rows: pd.DataFrame) -> dict[str, Any]:
    first = rows.iloc[0]
    return {
        "year": year,
        "cap": number(first.cap_barrels, 0),
        "reported": number(first.reported_barrels, 0),
        "scenarios": [_scenario(row) for _, row in rows.iterrows()],
        "swings": [asdict(swing) for swing in swings(run, rows)],
    }


def _scenario(row: pd.Series) -> dict[str, Any]:
    def spread(name: str, digits: int) -> list[float | None]:
        return [number(row[f"{name}_{q}"], digits) for q in ("p05", "p50", "p95", "mean")]

    return {
        "name": str(row.scenario),
        "seen": number(row.deliveries_seen_mean, 1),
        "deliveries": spread("deliveries", 1),
        "tonnes": spread("tonnes", 0),
        "barrels": spread("barrels", 0),
        "p_over": number(row.p_over_cap, 4),
        "passed": [moment(row[f"passed_{q}"]) for q in ("p05", "p50", "p95")],
    }


def swings(run: Run, rows: pd.DataFrame) -> list[Swing]:
    """Barrels of a year if one thing were otherwise, the widest first."""
    told = {str(row.scenario): row for _, row in rows.iterrows()}
    base = told.get(INFERRED)
    if base is None or not base.barrels_p50 > 0:
        return []
    made = [
        _of_unseen(base),
        _of_load(told),
        _of_size(run.visits, float(base.barrels_p50)),
        _of_product(run, float(base.barrels_p50)),
        *_of_direction(run, base),
    ]
    return sorted((s for s in made if s), key=lambda s: s.low - s.high)


def _of_unseen(base: pd.Series) -> Swing | None:
    middle = float(base.deliveries_p50)
    if not middle > 0:
        return None
    per_visit = float(base.barrels_p50) / middle
    low, high = (per_visit * float(n) for n in (base.deliveries_seen_mean, base.deliveries_p95))
    return Swing(
        "Visits that no look saw",
        min(low, float(base.barrels_p50)),
        high,
        f"Counting only the {base.deliveries_seen_mean:.0f} deliveries that were seen gives the "
        f"low end; {base.deliveries_p95:.0f}, as many as the looks allow, the high end. "
        "More looks narrow this.",
    )


def _of_load(told: dict[str, pd.Series]) -> Swing | None:
    scenarios = {name: row for name, row in told.items() if name != INFERRED}
    if not scenarios:
        return None
    values = {name: float(row.barrels_p50) for name, row in scenarios.items()}
    low, high = min(values, key=values.__getitem__), max(values, key=values.__getitem__)
    ends = " to ".join(name.replace("%", " %") for name in (low, high))
    return Swing(
        "How full the ships were",
        values[low],
        values[high],
        f"From {ends}, the shares that Panels of Experts and Member States have reckoned with. "
        "Sharp images of laden ships narrow this.",
    )


def _of_size(visits: pd.DataFrame, middle: float) -> Swing | None:
    known = visits.dropna(subset=["deadweight_t", "deadweight_log_sigma"])
    if not len(known):
        return None
    # As if all were misread the same way: the widest that a common fault of lengths could do.
    spread = float(np.average(known.deadweight_log_sigma, weights=known.deadweight_t))
    # Errors of one ship and the next are mostly their own, and average out.
    own = NINE_IN_TEN * spread / np.sqrt(len(known))
    return Swing(
        "Which ships they were",
        middle * float(np.exp(-own)),
        middle * float(np.exp(own)),
        f"The deadweight of one ship is known within a factor of {np.exp(NINE_IN_TEN * spread):.2f}"
        f"; over {len(known)} visits most of that averages out. Names narrow it further.",
    )


def _of_product(run: Run, middle: float) -> Swing | None:
    factor = BARRELS_PER_TONNE.get(run.study.ledger.product) if run.study else None
    if not factor or not run.study:
        return None
    usual = {name: k for name, k in BARRELS_PER_TONNE.items() if name != "LPG" and k < 10}
    low, high = min(usual, key=usual.__getitem__), max(usual, key=usual.__getitem__)
    return Swing(
        "What the cargo was",
        middle * usual[low] / factor,
        middle * usual[high] / factor,
        f"A tonne of {run.study.ledger.product} is {factor:g} barrels; of {low} {usual[low]:g}, of "
        f"{high} {usual[high]:g}. The tonnes stay as they are.",
    )


def _of_direction(run: Run, base: pd.Series) -> list[Swing]:
    loading = run.study.ledger.loading if run.study else ()
    rows = run.seasons[run.seasons.port.isin(loading)]
    total, loaded = float(rows.visits_mean.sum()), float(rows.loaded_mean.sum())
    open_ = rows.p_exports.between(0.05, 0.95).any()
    if not open_ or not loaded > 0 or not total > 0:
        return []
    return [
        Swing(
            "Which way the oil went",
            0.0,
            max(float(base.barrels_mean) * total / loaded, float(base.barrels_p50)),
            "The looks do not tell whether ships load or unload here: nothing left if they "
            "unload, and the high end if every visit loaded. Looks at the same ship early and "
            "late in her stay narrow this.",
        )
    ]


def _vessels(visits: pd.DataFrame) -> dict[str, Any]:
    """Ships told by name, and how many were there at one time: two lower bounds."""
    best: dict[str, float] = {}
    for text in visits.candidates:
        for name, chance in parsed(text, {}).items():
            if name != UNKNOWN_SHIP and isinstance(chance, int | float):
                best[str(name)] = max(best.get(str(name), 0.0), float(chance))
    named = sorted(
        ((name, chance) for name, chance in best.items() if chance >= TOLD_BY_NAME),
        key=lambda pair: -pair[1],
    )
    return {"named": [[n, round(p, 3)] for n, p in named], "at_once": _at_once(visits)}


def _at_once(visits: pd.DataFrame) -> int:
    """Most visits that the looks show at the same time, ports together."""
    known = visits.dropna(subset=["arrived_before", "departed_after"])
    ends = [(pd.Timestamp(t), 0, 1) for t in known.arrived_before]
    ends += [(pd.Timestamp(t), 1, -1) for t in known.departed_after]
    here = most = 0
    for _, _, step in sorted(ends):
        here += step
        most = max(most, here)
    return most
