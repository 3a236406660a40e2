"""The top of the page: visits, barrels against the cap, and what would change the answer.

The figure of what would change the answer varies one assumption at a time and keeps the others at
their medians: barrels if only seen visits are counted, if ships were as full as each precedent
assumes, if they were larger or smaller than measured, if the cargo was another product, and if the
oil went the other way. It is computed from the tables alone, so that a reader can repeat it with a
pencil. The middle of every interval on the page is its median. Where images do not decide whether
ships load, all of it is varied as if they load.
"""

import numpy as np
import pandas as pd

from gnomon.datamodel.study import LedgerOptions
from gnomon.ledger.deliveries import INFERRED
from gnomon.physics.conversion import BARRELS_PER_TONNE
from gnomon.report.load_tables import Run
from gnomon.report.numbers import PASSED_MIN, is_misfit, is_preliminary, open_ports_of
from gnomon.report.page.cumulative import curve_of_year
from gnomon.report.page.encode import epoch_s, number, parsed
from gnomon.report.page.further_images import further_images
from gnomon.report.page.schema import (
    Answer,
    IfLoading,
    OpenDirection,
    Scenario,
    Season,
    Swing,
    Vessels,
    Year,
)

Z_90 = 1.645
"""Standard deviations on either side of the mean that hold 90 % of a normal distribution."""
NAMED_MIN = 0.5
"""Probability from which a candidate counts as identified by name."""
UNKNOWN_SHIP = "unregistered"


def answer(run: Run) -> Answer:
    """All that stands above the timeline."""
    return {
        "loading": list(loading_ports(run)),
        "product": run.study.ledger.product if run.study else None,
        "seasons": [_season(row, run.further_passes) for _, row in run.seasons.iterrows()],
        "years": [_year(run, int(year), rows) for year, rows in run.ledger.groupby("year")],
        "vessels": _vessels(run.visits),
        "visits": len(run.visits),
    }


def loading_ports(run: Run) -> tuple[str, ...]:
    """Ports that the ledger counts from, as far as the run has a season of them.

    Without a readable study no port is known to be one, so that the page names none.
    """
    if run.study is None:
        return ()
    inferred = set(run.seasons.port.astype("str"))
    return tuple(port for port in run.study.ledger.loading if port in inferred)


def _season(row: pd.Series, further: pd.DataFrame) -> Season:
    return {
        "port": str(row.port),
        "notes": row.notes.split("; ") if isinstance(row.notes, str) else [],
        "start": epoch_s(row.start),
        "end": epoch_s(row.end),
        "observations": number(row.observations),
        "usable_observations": number(row.usable_observations),
        "visits_p05": number(row.visits_p05),
        "visits_p50": number(row.visits_p50),
        "visits_p95": number(row.visits_p95),
        "seen_p50": number(row.seen_p50),
        "p_seen": number(row.p_seen),
        "ideal_half_width": number(row.ideal_half_width),
        "further": further_images(further[further.port == row.port]),
        "horvitz_thompson": number(row.horvitz_thompson),
        "horvitz_thompson_sigma": number(row.horvitz_thompson_sigma),
        "little": number(row.little),
        "little_sigma": number(row.little_sigma),
        "chapman": number(row.chapman),
        "chapman_sigma": number(row.chapman_sigma),
        "dwell_days": number(row.dwell_days),
        "dwell_sigma_days": number(row.dwell_sigma_days),
        "loaded_p05": number(row.loaded_p05),
        "loaded_p50": number(row.loaded_p50),
        "loaded_p95": number(row.loaded_p95),
        "unloaded_p05": number(row.unloaded_p05),
        "unloaded_p50": number(row.unloaded_p50),
        "unloaded_p95": number(row.unloaded_p95),
        "p_exports": number(row.p_exports),
        "preliminary": is_preliminary(row),
        "misfit": is_misfit(row),
    }


def _year(run: Run, year: int, rows: pd.DataFrame) -> Year:
    first = rows.iloc[0]
    start, end = _period(run, year, first)
    return {
        "year": year,
        "start": epoch_s(start),
        "end": epoch_s(end),
        "cap": number(first.cap_barrels, 0),
        "reported": number(first.reported_barrels, 0),
        "scenarios": [_scenario(row) for _, row in rows.iterrows()],
        "swings": swings(run, rows),
        "curve": curve_of_year(run.cumulative, year, if_loading=_has_loading(first)),
    }


def _period(run: Run, year: int, row: pd.Series) -> tuple[pd.Timestamp | None, pd.Timestamp | None]:
    """Part of a year that its numbers cover, its end not included; null where unknown."""
    if pd.notna(row.start) and pd.notna(row.end):
        return pd.Timestamp(row.start), pd.Timestamp(row.end)
    seasons = run.seasons[run.seasons.port.isin(loading_ports(run))].dropna(subset=["start", "end"])
    if not len(seasons):
        return None, None
    first, last = (pd.Timestamp(f"{y}-01-01", tz="UTC") for y in (year, year + 1))
    return max(seasons.start.min(), first), min(seasons.end.max(), last)


def _scenario(row: pd.Series) -> Scenario:
    exceeded = row.p_over_cap >= PASSED_MIN
    return {
        "name": str(row.scenario),
        "seen": number(row.deliveries_seen_p50, 1),
        "deliveries": _three(row, "deliveries", 1),
        "tonnes": _three(row, "tonnes", 0),
        "barrels": _three(row, "barrels", 0),
        "p_over": number(row.p_over_cap, 4),
        "passed": [
            epoch_s(row[f"passed_{q}"]) if exceeded else None for q in ("p05", "p50", "p95")
        ],
        "open": _open(row),
    }


def _three(row: pd.Series, name: str, digits: int) -> list[float | None]:
    return [number(row[f"{name}_{q}"], digits) for q in ("p05", "p50", "p95")]


def _has_loading(row: pd.Series) -> bool:
    """Whether barrels are said under the condition that ships load."""
    return bool(open_ports_of(row)) and pd.notna(row.barrels_if_loading_p50)


def _open(row: pd.Series) -> OpenDirection | None:
    if not (ports := open_ports_of(row)):
        return None
    loading: IfLoading = {
        "seen": number(row.deliveries_seen_if_loading_p50, 1),
        "deliveries": _three(row, "deliveries_if_loading", 1),
        "tonnes": _three(row, "tonnes_if_loading", 0),
        "barrels": _three(row, "barrels_if_loading", 0),
        "p_over": number(row.p_over_cap_if_loading, 4),
    }
    return {
        "ports": list(ports),
        "p_loading": number(row.p_loading, 4),
        "loading": loading if _has_loading(row) else None,
        "otherwise": _three(row, "barrels_otherwise", 0),
    }


def _if_loads(row: pd.Series) -> pd.Series:
    """A row of the ledger with the quantities that it has if ships load, where that is open."""
    if not _has_loading(row):
        return row
    changed = {
        f"{name}_{q}": row[f"{name}_if_loading_{q}"]
        for name in ("deliveries", "barrels")
        for q in ("p05", "p50", "p95")
    }
    changed["deliveries_seen_p50"] = row.deliveries_seen_if_loading_p50
    return pd.Series(row.to_dict() | changed)


def swings(run: Run, rows: pd.DataFrame) -> list[Swing]:
    """Barrels of a year if one assumption were different, the widest first."""
    scenarios = {str(row.scenario): _if_loads(row) for _, row in rows.iterrows()}
    inferred = scenarios.pop(INFERRED, None)
    if inferred is None or not inferred.barrels_p50 > 0:
        return []
    median = float(inferred.barrels_p50)
    rules = run.study.ledger if run.study else LedgerOptions()
    visits = run.visits[run.visits.port.isin(loading_ports(run))]
    bars = [
        _if_unseen(inferred),
        _if_load(scenarios),
        _if_size(visits, median, rules.deadweight_sigma),
        _if_product(run, median),
        _if_direction(inferred),
    ]
    return sorted((bar for bar in bars if bar), key=lambda bar: bar["low"] - bar["high"])


def _if_unseen(inferred: pd.Series) -> Swing | None:
    deliveries, seen = float(inferred.deliveries_p50), float(inferred.deliveries_seen_p50)
    if not deliveries > 0 or not seen >= 0:
        return None
    per_visit, most = float(inferred.barrels_p50) / deliveries, float(inferred.deliveries_p95)
    return {
        "what": "Unseen visits",
        "low": min(per_visit * seen, float(inferred.barrels_p50)),
        "high": per_visit * most,
        "text": f"Counting only the {seen:.0f} deliveries that were seen gives the low end, and "
        f"{most:.0f}, the upper end of their 90 % interval, the high end. More images narrow this.",
    }


def _if_load(scenarios: dict[str, pd.Series]) -> Swing | None:
    if not scenarios:
        return None
    values = {name: float(row.barrels_p50) for name, row in scenarios.items()}
    low, high = min(values, key=values.__getitem__), max(values, key=values.__getitem__)
    ends = " to ".join(name.replace("%", " %") for name in (low, high))
    return {
        "what": "How full the ships were",
        "low": values[low],
        "high": values[high],
        "text": f"From {ends}, the fractions that Panels of Experts and Member States have used. "
        "Sharp images of laden ships narrow this.",
    }


def _if_size(visits: pd.DataFrame, median: float, shared: float) -> Swing | None:
    """Bar of deadweight; ``shared`` is the error of its logarithm that does not average out."""
    known = visits.dropna(subset=["deadweight_t", "deadweight_log_sigma"])
    if not len(known):
        return None
    spread = float(np.average(known.deadweight_log_sigma, weights=known.deadweight_t))
    averaged = Z_90 * np.hypot(spread / np.sqrt(len(known)), shared)
    return {
        "what": "Which ships they were",
        "low": median * float(np.exp(-averaged)),
        "high": median * float(np.exp(averaged)),
        "text": "The deadweight of one ship is known within a factor of "
        f"{np.exp(Z_90 * np.hypot(spread, shared)):.2f}. Over all visits that were seen much of it "
        "averages out, but not what all ships of these sizes may have in common. Ships identified "
        "by name narrow it further.",
    }


def _if_product(run: Run, median: float) -> Swing | None:
    product = run.study.ledger.product if run.study else ""
    factor = BARRELS_PER_TONNE.get(product)
    if not factor:
        return None
    usual = {name: k for name, k in BARRELS_PER_TONNE.items() if name != "LPG" and k < 10}
    low, high = min(usual, key=usual.__getitem__), max(usual, key=usual.__getitem__)
    return {
        "what": "What the cargo was",
        "low": median * usual[low] / factor,
        "high": median * usual[high] / factor,
        "text": f"A tonne of {product} is {factor:g} barrels; of {low} {usual[low]:g}, of {high} "
        f"{usual[high]:g}. The tonnes stay the same.",
    }


def _if_direction(inferred: pd.Series) -> Swing | None:
    if not _has_loading(inferred) or pd.isna(inferred.barrels_otherwise_p50):
        return None
    return {
        "what": "Which way the oil went",
        "low": float(inferred.barrels_otherwise_p50),
        "high": float(inferred.barrels_p50),
        "text": "The images do not show whether ships load or unload here: the high end is the "
        "middle if they load, the low end if they do not. Images of the same ship early and late "
        "in its visit narrow this.",
    }


def _vessels(visits: pd.DataFrame) -> Vessels:
    """Ships identified by name, and the most in port at one time: two lower bounds."""
    best: dict[str, float] = {}
    for text in visits.candidates:
        for name, chance in parsed(text, dict[str, float]()).items():
            if name != UNKNOWN_SHIP and isinstance(chance, int | float):
                best[str(name)] = max(best.get(str(name), 0.0), float(chance))
    named = sorted(
        ((name, round(chance, 3)) for name, chance in best.items() if chance >= NAMED_MIN),
        key=lambda pair: -best[pair[0]],
    )
    return {"named": named, "at_once": _at_once(visits)}


def _at_once(visits: pd.DataFrame) -> int:
    """Most visits that the images show at the same time, all ports together."""
    known = visits.dropna(subset=["arrived_before", "departed_after"])
    events = [(pd.Timestamp(time), 0, 1) for time in known.arrived_before]
    events += [(pd.Timestamp(time), 1, -1) for time in known.departed_after]
    here = most = 0
    for _, _, step in sorted(events):
        here += step
        most = max(most, here)
    return most
