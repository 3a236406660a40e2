"""Visits and barrels inferred in worlds that break the assumptions, one by one and together.

The worlds (`gnomon.simulate.season.world`) share nothing with the inference. Each season is made
from a number of its own, inferred from its tables alone, and compared with its truth; its row is
appended to a CSV at once, so that a run that was interrupted goes on where it was. What the rows
come to stands in `gnomon.validate.worlds_report`, beside what was asked.
"""

import csv
import resource
import sys
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
from threadpoolctl import threadpool_limits

from gnomon.datamodel.errors import GnomonError
from gnomon.datamodel.simulated import NOTE
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
FINDING_DAYS = 244
"""From the first to the last visit of the finding, 7 March to 5 November; 43 are expected."""
LEDGER_SAMPLES = 800
SEEDS = 10
"""Of the inference, over the same tables."""
ASSUMED, TOGETHER, FINDING = "as assumed", "all together", "2024"
TEN_SEEDS, TWO_HALVES = "ten seeds, no type", "two halves"
NO_TANKER = ("cranes, no tanker", "residents, no tanker")
"""Names of cases."""


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
    one_in: int = 1
    """Only one season in so many is made: those that are inferred several times."""


@dataclass(frozen=True, kw_only=True)
class WorldReading:
    """One season, true and inferred; where its tables were refused, the second is not a number.

    So are ``seeds_apart`` and ``joined_mean`` in other cases than their own.
    """

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
    p_right: float = np.nan
    """Probability of the true direction of trade; not a number where the truth has none."""
    ideal_half_width: float = np.nan
    r_hat: float = np.nan
    effective_size: float = np.nan
    fit: float = np.nan
    """These four as in `gnomon.datamodel.tables.Seasons`."""
    seeds_apart: float = np.nan
    """Farthest mean of `SEEDS` seeds from the mean of all, relative."""
    joined_mean: float = np.nan
    """Visits by the halves of the period, each inferred alone."""
    seconds: float = np.nan
    """Of the inference, by the clock."""
    processor_seconds: float = np.nan
    peak_mb: float = np.nan
    """Most memory of the process up to the end of this season."""
    notes: str = ""
    """Of the season, or why its tables were refused."""


def world_cases() -> tuple[WorldCase, ...]:
    """No violation, each alone, all together, no tanker, halves, seeds, 2024, and faults."""
    cases = [
        case
        for sensors in ("free", "daily")
        for case in (
            WorldCase(ASSUMED, sensors),
            *(WorldCase(name, sensors, (name,)) for name in VIOLATIONS),
            WorldCase(NO_TANKER[0], sensors, ("cranes", "no type", "no tanker")),
            WorldCase(NO_TANKER[1], sensors, RESIDENTS_ALONE),
            WorldCase(TOGETHER, sensors, ALTOGETHER),
            WorldCase(TWO_HALVES, sensors),
            WorldCase(TEN_SEEDS, sensors, ("no type",), one_in=SEEDS),
        )
    ]
    cases += [WorldCase(FINDING, sensors, finding=True) for sensors in SENSOR_SETS]
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
    clock, processor = time.perf_counter(), time.process_time()
    try:
        with threadpool_limits(1):
            found = infer_world(made, *tables)
    except GnomonError as error:
        return reading(notes=str(error))
    one = partial(
        _compared(reading, made, found),
        seconds=time.perf_counter() - clock,
        processor_seconds=time.process_time() - processor,
        peak_mb=peak_memory_mb(),
    )
    with threadpool_limits(1):
        return one(
            seeds_apart=seeds_apart(made) if case.name == TEN_SEEDS else np.nan,
            joined_mean=joined_mean(made) if case.name == TWO_HALVES else np.nan,
        )


def infer_world(
    made: WorldSeason,
    detections: pd.DataFrame | None = None,
    observations: pd.DataFrame | None = None,
    *,
    period: PeriodOptions | None = None,
    seed: int = 0,
) -> Inference:
    """Infer a season.

    Parameters
    ----------
    made
        The season.
    detections, observations
        Tables in place of its own.
    period
        Part of the season; all of it if left out.
    seed
        Of the inference.

    """
    with TemporaryDirectory() as folder:
        return infer_tables(
            made.detections if detections is None else detections,
            made.observations if observations is None else observations,
            Path(folder),
            period=period or _days(*made.period),
            track=TrackOptions(zones=berth_names(made.world), seed=seed),
            ledger=LedgerOptions(samples=LEDGER_SAMPLES),
            ports=(made.port,),
        )


def _days(start: pd.Timestamp, end: pd.Timestamp) -> PeriodOptions:
    """From the day of the start up to the day before the end."""
    return PeriodOptions(start=start.date(), end=end.date() - timedelta(days=1))


def seeds_apart(made: WorldSeason) -> float:
    """Farthest of the means of `SEEDS` seeds from the mean of all, relative to it."""
    found = [infer_world(made, seed=seed).tracked.seasons for seed in range(SEEDS)]
    means = np.array([float(season.visits_mean.iloc[0]) for season in found])
    return float(np.abs(means / means.mean() - 1).max())


def joined_mean(made: WorldSeason) -> float:
    """Visits of the season by its halves, each inferred alone.

    A ship that is in port at midnight between them is in both, and counts once: by Little's law
    the number of such ships is arrivals a day times days of stay, which each half estimates.
    """
    start, end = made.period
    middle = (start + (end - start) / 2).normalize()
    visits, in_port = [], []
    for days in (_days(start, middle), _days(middle, end)):
        (season,) = infer_world(made, period=days).tracked.seasons.to_dict("records")
        mean, stay = float(season["visits_mean"]), float(season["dwell_days"])
        length = (season["end"] - season["start"]) / timedelta(days=1)
        visits.append(mean)
        # Visits that touch a period are those that arrive in it or up to a stay before it.
        in_port.append(mean / (length + stay) * stay)
    return float(np.sum(visits) - np.mean(in_port))


def peak_memory_mb() -> float:
    """Most memory that this process has had, megabytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def _compared(
    reading: Callable[..., WorldReading], made: WorldSeason, found: Inference
) -> Callable[..., WorldReading]:
    (season,) = found.tracked.seasons.to_dict("records")
    year = found.ledger[found.ledger.scenario == INFERRED]
    (barrels,) = year.to_dict("records")
    notes = "" if pd.isna(season["notes"]) else str(season["notes"])
    return partial(
        reading,
        visits_mean=float(season["visits_mean"]),
        visits_low=float(season["visits_p05"]),
        visits_high=float(season["visits_p95"]),
        barrels_mean=float(barrels["barrels_mean"]),
        barrels_low=float(barrels["barrels_p05"]),
        barrels_high=float(barrels["barrels_p95"]),
        p_over=float(barrels["p_over_cap"]),
        p_right=probability_right(made, float(season["p_exports"])),
        ideal_half_width=float(season["ideal_half_width"]),
        fit=float(season["fit"]),
        r_hat=float(season["r_hat"]),
        effective_size=float(season["effective_size"]),
        notes=notes.removeprefix(NOTE).removeprefix("; "),  # all of them are simulated
    )


def probability_right(made: WorldSeason, p_exports: float) -> float:
    """Probability that was given to the true direction; not a number where the truth has none."""
    operation = made.truth.operation
    loads, unloads = np.sum(operation == LOADS), np.sum(operation == UNLOADS)
    if loads == unloads:
        return np.nan
    return p_exports if loads > unloads else 1 - p_exports


def read_worlds(
    cases: tuple[WorldCase, ...], seasons: int, path: Path, executor: Executor | None = None
) -> Iterator[WorldReading]:
    """Read the seasons of cases that a CSV does not have yet, and append each to it.

    Parameters
    ----------
    cases
        What to simulate.
    seasons
        Of each case, numbered from 0; of those that are inferred several times a part.
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
        if seed % case.one_in == 0 and (case.name, case.sensors, seed) not in there
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
    table = pd.read_csv(path, dtype={"notes": str})
    return table.fillna({"notes": ""})
