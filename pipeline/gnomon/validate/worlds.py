"""Visits and barrels inferred in worlds that break the assumptions, one by one and together.

The worlds (`gnomon.simulate.season.world`) share nothing with the inference. Each season is made
from a number of its own, inferred from its tables alone, and compared with its truth; its row is
appended to a CSV at once, so that a run that was interrupted goes on where it was.
"""

import csv
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, fields, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from gnomon.datamodel.errors import GnomonError
from gnomon.datamodel.study import LedgerOptions, PeriodOptions, TrackOptions
from gnomon.ledger.deliveries import INFERRED
from gnomon.simulate.season.off_berth import LOADS, UNLOADS
from gnomon.simulate.season.world.options import (
    ALTOGETHER,
    SENSORS,
    VIOLATIONS,
    World,
    drawn_world,
    violated,
)
from gnomon.simulate.season.world.season import WorldSeason, berth_names, simulate_world
from gnomon.simulate.season.world.table_faults import TABLE_FAULTS
from gnomon.workflow.executor import completed
from gnomon.workflow.infer import Inference, infer_tables

SENSOR_SETS = {"free": ("s2", "s1"), "daily": ("s2", "s1", "daily"), "all": SENSORS}
RESIDENTS_ALONE = ("cranes", "barges", "coasters", "no tanker")
DIRECTION_SURE = 0.95
"""Probability of a direction of trade from which on it counts as decided."""
FINDING_DAYS = 244
"""From the first to the last visit of the finding, 7 March to 5 November; 43 are expected."""
LEDGER_SAMPLES = 800
DIRECTIONS = ("right", "wrong", "open")


@dataclass(frozen=True)
class WorldCase:
    """Seasons of one kind, seen by one set of sensors."""

    name: str
    sensors: str
    """A key of `SENSOR_SETS`."""
    violations: tuple[str, ...] = ()
    fault: str | None = None
    """A key of `gnomon.simulate.season.world.table_faults.TABLE_FAULTS`."""
    finding: bool = False
    """As in 2024: the world's own traffic and fleet for `FINDING_DAYS`, and not drawn ones."""


@dataclass(frozen=True, kw_only=True)
class WorldReading:
    """One season, true and inferred; where its tables were refused, the second is not a number."""

    case: str
    sensors: str
    seed: int
    visits: float
    """True."""
    barrels: float
    detected: int
    """True visits that were detected."""
    observable: int
    """True visits that a perfect detector would have seen."""
    visits_mean: float = np.nan
    visits_low: float = np.nan
    visits_high: float = np.nan
    barrels_mean: float = np.nan
    barrels_low: float = np.nan
    barrels_high: float = np.nan
    p_over: float = np.nan
    """Probability of more than the cap."""
    direction: str = ""
    """``right``, ``wrong`` or ``open``; empty where the truth has none."""
    seconds: float = np.nan
    """Of the inference."""
    notes: str = ""
    """Of the season, or why its tables were refused."""


def world_cases() -> tuple[WorldCase, ...]:
    """No violation, each alone, all together, what stays without tankers, 2024, and faults."""
    cases = [
        case
        for sensors in ("free", "daily")
        for case in (
            WorldCase("as assumed", sensors),
            *(WorldCase(name, sensors, (name,)) for name in VIOLATIONS),
            WorldCase("cranes, no tanker", sensors, ("cranes", "no type", "no tanker")),
            WorldCase("residents, no tanker", sensors, RESIDENTS_ALONE),
            WorldCase("all together", sensors, ALTOGETHER),
        )
    ]
    cases += [WorldCase("2024", sensors, finding=True) for sensors in SENSOR_SETS]
    cases += [WorldCase(f"table: {name}", "free", fault=name) for name in TABLE_FAULTS]
    return tuple(cases)


def read_world(case: WorldCase, seed: int) -> WorldReading:
    """Simulate and infer one season, and compare it with its truth."""
    world_seed, season_seed, fault_seed = np.random.SeedSequence(seed).spawn(3)
    world = violated(World(sensors=SENSOR_SETS[case.sensors]), *case.violations)
    if case.finding:
        world = replace(world, days=FINDING_DAYS)
    else:
        world = drawn_world(np.random.default_rng(world_seed), world)
    made = simulate_world(np.random.default_rng(season_seed), world)
    tables = made.detections, made.observations
    if case.fault:
        tables = TABLE_FAULTS[case.fault](np.random.default_rng(fault_seed), *tables)
    reading = partial(
        WorldReading,
        case=case.name,
        sensors=case.sensors,
        seed=seed,
        visits=float(len(made.truth.ship)),
        barrels=float(made.truth.barrels.sum()),
        detected=int(made.truth.detected.sum()),
        observable=int(made.truth.observable.sum()),
    )
    started = time.perf_counter()
    try:
        found = infer_world(made, *tables)
    except GnomonError as error:
        return reading(notes=str(error))
    return _compared(reading, made, found, time.perf_counter() - started)


def infer_world(
    made: WorldSeason, detections: pd.DataFrame, observations: pd.DataFrame
) -> Inference:
    """Infer a season from tables, which may be those of the season with a fault."""
    start, end = made.period
    with TemporaryDirectory() as folder:
        return infer_tables(
            detections,
            observations,
            Path(folder),
            period=PeriodOptions(start=start.date(), end=end.date() - timedelta(days=1)),
            track=TrackOptions(zones=berth_names(made.world)),
            ledger=LedgerOptions(samples=LEDGER_SAMPLES),
            ports=(made.port,),
        )


def _compared(
    reading: Callable[..., WorldReading], made: WorldSeason, found: Inference, seconds: float
) -> WorldReading:
    (season,) = found.tracked.seasons.to_dict("records")
    year = found.ledger[found.ledger.scenario == INFERRED]
    (barrels,) = year.to_dict("records")
    notes = season["notes"]
    return reading(
        visits_mean=float(season["visits_mean"]),
        visits_low=float(season["visits_p05"]),
        visits_high=float(season["visits_p95"]),
        barrels_mean=float(barrels["barrels_mean"]),
        barrels_low=float(barrels["barrels_p05"]),
        barrels_high=float(barrels["barrels_p95"]),
        p_over=float(barrels["p_over_cap"]),
        direction=direction_of(made, float(season["p_exports"])),
        seconds=seconds,
        notes="" if pd.isna(notes) else str(notes),
    )


def direction_of(made: WorldSeason, p_exports: float) -> str:
    """Whether the direction of trade is right, wrong or open."""
    operation = made.truth.operation
    loads, unloads = np.sum(operation == LOADS), np.sum(operation == UNLOADS)
    if loads == unloads:
        return ""
    p_right = p_exports if loads > unloads else 1 - p_exports
    if p_right >= DIRECTION_SURE:
        return "right"
    return "wrong" if p_right <= 1 - DIRECTION_SURE else "open"


def read_worlds(
    cases: tuple[WorldCase, ...], seasons: int, path: Path, executor: Executor | None = None
) -> Iterator[WorldReading]:
    """Read the seasons of cases that a CSV does not have yet, and append each to it.

    Parameters
    ----------
    cases
        What to simulate.
    seasons
        Of each case, numbered from 0.
    path
        CSV with one row a season; made if it is not there.
    executor
        Does the work; this thread if None.

    """
    path.parent.mkdir(parents=True, exist_ok=True)
    there = _known(path)
    tasks = [
        (case, seed)
        for seed in range(seasons)  # every case has some seasons early on
        for case in cases
        if (case.name, case.sensors, seed) not in there
    ]
    names = [field.name for field in fields(WorldReading)]
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        if not file.tell():
            writer.writeheader()
        for _, made in completed(_read_task, tasks, executor):
            writer.writerow(asdict(made))
            file.flush()
            yield made


def _read_task(task: tuple[WorldCase, int]) -> WorldReading:
    return read_world(*task)


def _known(path: Path) -> set[tuple[str, str, int]]:
    """Seasons that are in a CSV; a last row that is not whole is cut off."""
    if not path.is_file():
        return set()
    text = path.read_bytes()
    path.write_bytes(text[: text.rfind(b"\n") + 1])
    if not path.stat().st_size:
        return set()
    table = worlds_table(path)
    return set(zip(table.case, table.sensors, table.seed, strict=True))


def worlds_table(path: Path) -> pd.DataFrame:
    """Read a CSV of seasons; texts that are not there are empty."""
    table = pd.read_csv(path, dtype={"notes": str, "direction": str})
    return table.fillna({"notes": "", "direction": ""})


def worlds_summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Coverage, bias, width, direction, chance of passing the cap and time, by case and sensors."""
    groups = rows.groupby(["case", "sensors"], sort=False)
    return pd.DataFrame([_summed(part) for _, part in groups])


def _summed(part: pd.DataFrame) -> dict[str, str | float]:
    found = part[part.visits_mean.notna()]
    sided = found[found.direction != ""]
    return {
        "case": part.case.iloc[0],
        "sensors": part.sensors.iloc[0],
        "seasons": len(part),
        "refused": len(part) - len(found),
        "noted": float(found.notes.ne("").mean()),
        "true": float(part.visits.mean()),
        "inferred": float(found.visits_mean.mean()),
        "held": float(found.visits.between(found.visits_low, found.visits_high).mean()),
        "bias": _relative(found.visits_mean, found.visits),
        "width": float((found.visits_high - found.visits_low).mean()),
        "barrels held": float(found.barrels.between(found.barrels_low, found.barrels_high).mean()),
        "barrels bias": _relative(found.barrels_mean, found.barrels),
        **{name: float(sided.direction.eq(name).mean()) for name in DIRECTIONS},
        "p over": float(found.p_over.mean()),
        "seconds": float(found.seconds.median()),
    }


def _relative(found: pd.Series, true: pd.Series) -> float:
    """Error of the sum as a part of the truth; not a number without any."""
    return float(found.sum() / true.sum() - 1) if true.sum() > 0 else np.nan


def worlds_section(rows: pd.DataFrame) -> str:
    """Section of docs/validation.md."""
    table = worlds_summary(rows)
    formats = {
        "seasons": "{:.0f}", "refused": "{:.0f}", "true": "{:.1f}", "inferred": "{:.1f}",
        "bias": "{:+.0%}", "barrels bias": "{:+.0%}", "width": "{:.1f}", "p over": "{:.2f}",
        "seconds": "{:.1f}",
    }  # fmt: skip
    lines = [
        "## Worlds that break the assumptions",
        "",
        "Seasons of `gnomon.simulate.season.world`, which shares nothing with the inference.",
        "`held` is how often the 90 % interval of visits contains the truth, `width` its mean,",
        "`bias` the relative error of the mean, `noted` how often the season has a note;",
        f"a direction of trade is decided from a probability of {DIRECTION_SURE} on.",
        "",
        f"| {' | '.join(table)} |",
        "|---" * len(table.columns) + "|",
    ]
    for row in table.to_dict("records"):
        cells = [
            v if isinstance(v, str) else _cell(v, formats.get(str(name), "{:.0%}"))
            for name, v in row.items()
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(value: float, style: str) -> str:
    return "-" if np.isnan(value) else style.format(value)
