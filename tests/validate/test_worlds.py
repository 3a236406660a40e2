"""Worlds against the inference: cases, seeds, halves, and a run that goes on where it was."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gnomon.datamodel.errors import TrackError
from gnomon.simulate.season.world.options import VIOLATIONS, World, violated
from gnomon.simulate.season.world.season import simulate_world
from gnomon.simulate.season.world.table_faults import TABLE_FAULTS
from gnomon.validate import __main__ as command
from gnomon.validate import worlds
from gnomon.validate.worlds import (
    SEEDS,
    TEN_SEEDS,
    TWO_HALVES,
    WorldCase,
    WorldReading,
    infer_world,
    joined_mean,
    peak_memory_mb,
    probability_right,
    read_world,
    read_worlds,
    seeds_apart,
    world_cases,
    worlds_table,
)
from world_readings import CASES, reading

SHORT = World(days=60, sensors=("s2", "s1"))


def test_every_violation_and_every_fault_is_a_case_of_its_own() -> None:
    cases = world_cases()
    assert len({(case.name, case.sensors) for case in cases}) == len(cases)
    alone = {c.violations[0] for c in cases if len(c.violations) == 1 and c.one_in == 1}
    assert alone == set(VIOLATIONS)
    assert {case.fault for case in cases} == {None, *TABLE_FAULTS}
    assert {case.sensors for case in cases if case.finding} == {"free", "daily", "all"}


def test_a_season_is_inferred_and_compared_with_its_truth() -> None:
    made = read_world(CASES[0], 5)
    assert made.detected <= made.observable <= made.visits
    assert made.visits_low <= made.visits_high
    assert made.barrels_low <= made.barrels_high
    assert made.visits_high >= made.detected / 2
    assert made.seconds > 0
    assert made.processor_seconds > 0
    assert made.effective_size > 0
    assert made.r_hat > 0.9
    assert made.ideal_half_width > 0
    assert 0 <= made.fit <= 1
    assert made.peak_mb <= peak_memory_mb()
    assert np.isnan([made.seeds_apart, made.joined_mean]).all()
    assert 0 <= made.p_over <= 1
    assert read_world(CASES[0], 6).visits != made.visits
    # The same seed is the same world, but for what a case changes.
    hazy = replace(CASES[1], sensors="free")
    seen = read_world(hazy, 5)
    assert seen.visits == made.visits
    assert seen.detected <= made.detected


def test_traffic_is_that_of_2024_where_that_is_the_case(monkeypatch: Any) -> None:
    seen: list[World] = []

    def kept(rng: np.random.Generator, world: World) -> Any:
        seen.append(world)
        return simulate_world(rng, world)

    monkeypatch.setattr(worlds, "simulate_world", kept)
    monkeypatch.setattr(worlds, "infer_world", _refuse)
    read_world(WorldCase("2024", "free", finding=True), 0)
    read_world(WorldCase("as assumed", "free"), 0)
    assert seen[0] == World(days=244)
    assert seen[0].calls_per_day * seen[0].days == pytest.approx(43)
    assert seen[1].calls_per_day != World().calls_per_day


def _refuse(*_: Any) -> None:
    raise TrackError("detection_id: 3 ids are there twice; keep one row of each")


def test_tables_that_are_refused_say_why(monkeypatch: Any) -> None:
    monkeypatch.setattr(worlds, "infer_world", _refuse)
    made = read_world(WorldCase("table: duplicated ids", "free", fault="duplicated ids"), 0)
    assert made.notes == "detection_id: 3 ids are there twice; keep one row of each"
    assert np.isnan(made.visits_mean)
    assert made.visits > 0


@pytest.mark.parametrize(
    ("violation", "p_exports", "p_right"),
    [("roads", 0.94, 0.94), ("unloads", 0.05, 0.95), ("no tanker", 0.99, np.nan)],
)
def test_the_true_direction_has_the_probability_that_it_was_given(
    violation: str, p_exports: float, p_right: float
) -> None:
    made = simulate_world(np.random.default_rng(0), violated(World(), violation))
    assert probability_right(made, p_exports) == pytest.approx(p_right, nan_ok=True)


class _Inferred:
    """In place of an inference: a season of one mean and stay."""

    def __init__(self, mean: float, stay: float, made: Any, period: Any) -> None:
        days = (period.start, period.end) if period else (None, None)
        start, end = (pd.Timestamp(day, tz="UTC") for day in days) if period else made.period
        row = {"visits_mean": mean, "dwell_days": stay, "start": start}
        row["end"] = end + pd.Timedelta(days=1) if period else end
        self.seasons = pd.DataFrame([row])
        self.tracked = self


def test_a_ship_that_is_in_port_between_two_halves_counts_once(monkeypatch: Any) -> None:
    """Visits of a known rate and stay, of which each half has those that touch it."""
    rate, stay, asked = 0.3, 4.0, []
    made = simulate_world(np.random.default_rng(1), SHORT)

    def touching(season: Any, *_: Any, period: Any = None, seed: int = 0) -> _Inferred:
        days = (period.end - period.start).days + 1
        asked.append((period.start, period.end))
        return _Inferred(rate * (days + stay), stay, season, period)

    monkeypatch.setattr(worlds, "infer_world", touching)
    assert joined_mean(made) == pytest.approx(rate * (60 + stay))
    (first, until), (after, last) = asked
    assert (first, last) == (made.period[0].date(), made.period[1].date() - pd.Timedelta(days=1))
    assert after - until == pd.Timedelta(days=1)


def test_seeds_are_as_far_apart_as_the_farthest_from_the_mean(monkeypatch: Any) -> None:
    made = simulate_world(np.random.default_rng(1), SHORT)

    def one_off(season: Any, *_: Any, period: Any = None, seed: int = 0) -> _Inferred:
        return _Inferred(31.0 if seed == 7 else 30.0, 2.0, season, period)

    monkeypatch.setattr(worlds, "infer_world", one_off)
    mean = (31 + 30 * (SEEDS - 1)) / SEEDS
    assert seeds_apart(made) == pytest.approx(31 / mean - 1)


def test_seeds_and_parts_of_the_period_reach_the_inference() -> None:
    made = simulate_world(np.random.default_rng(1), SHORT)
    half = worlds._days(made.period[0], made.period[0] + pd.Timedelta(days=30))
    seasons = [
        infer_world(made, seed=seed, period=days).tracked.seasons.iloc[0]
        for seed, days in ((0, None), (1, None), (0, half))
    ]
    assert len({season.visits_mean for season in seasons}) == 3
    assert [(season.end - season.start).days for season in seasons] == [60, 60, 30]


def test_halves_and_seeds_are_measured_in_their_own_cases(monkeypatch: Any) -> None:
    monkeypatch.setattr(worlds, "seeds_apart", lambda _: 0.02)
    monkeypatch.setattr(worlds, "joined_mean", lambda _: 41.0)
    monkeypatch.setattr(
        worlds, "drawn_world", lambda _rng, world: replace(SHORT, sensors=world.sensors)
    )
    by_name = {case.name: case for case in world_cases() if case.sensors == "free"}
    halves, seeds = (read_world(by_name[name], 0) for name in (TWO_HALVES, TEN_SEEDS))
    assert (halves.joined_mean, seeds.seeds_apart) == (41.0, 0.02)
    assert np.isnan([halves.seeds_apart, seeds.joined_mean]).all()


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="Linux tells it twice")
def test_the_most_memory_is_what_the_system_says() -> None:
    (line,) = [one for one in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in one]
    assert peak_memory_mb() == pytest.approx(int(line.split()[1]) * 1024 / 1e6, rel=0.01)


def test_an_interrupted_run_goes_on_where_it_was(monkeypatch: Any, tmp_path: Path) -> None:
    done: list[tuple[str, int]] = []

    def stub(case: WorldCase, seed: int) -> WorldReading:
        done.append((case.name, seed))
        return reading(case, seed)

    monkeypatch.setattr(worlds, "read_world", stub)
    path = tmp_path / "build" / "worlds.csv"
    some = read_worlds(CASES, 3, path)
    for _ in range(3):
        next(some)
    some.close()
    with path.open("ab") as file:
        file.write(b"as assumed,free,99,4")  # killed while it wrote a row
    assert len(list(read_worlds(CASES, 3, path))) == 3
    assert sorted(done) == sorted((case.name, seed) for case in CASES for seed in range(3))
    assert list(read_worlds(CASES, 3, path)) == []
    assert len(list(read_worlds(CASES, 4, path))) == 2
    table = worlds_table(path)
    assert len(table) == 8
    assert table.visits_mean.eq(44.0).all()
    assert table.notes.eq("").all()


def test_seasons_that_are_inferred_several_times_are_fewer(
    monkeypatch: Any, tmp_path: Path
) -> None:
    monkeypatch.setattr(worlds, "read_world", reading)
    cases = (CASES[0], replace(CASES[1], one_in=3))
    rows = list(read_worlds(cases, 7, tmp_path / "worlds.csv"))
    assert [row.seed for row in rows if row.case == CASES[0].name] == list(range(7))
    assert [row.seed for row in rows if row.case == CASES[1].name] == [0, 3, 6]


def test_make_validate_writes_the_worlds(
    monkeypatch: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "BUILD", tmp_path)
    monkeypatch.setattr(command, "world_cases", lambda: CASES[:1])
    monkeypatch.setattr(command, "worker_processes", _no_processes)
    monkeypatch.setattr(worlds, "read_world", reading)
    monkeypatch.setitem(os.environ, "GNOMON_WORLDS", "2")
    text = command._worlds()
    assert "| as assumed | free | 2 |" in text
    assert "Worlds that break the assumptions" in capsys.readouterr().err
    (path,) = tmp_path.iterdir()
    assert len(worlds_table(path)) == 2


class _no_processes:  # noqa: N801 - in place of a function
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None
