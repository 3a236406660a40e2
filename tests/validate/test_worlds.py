"""Worlds against the inference: cases, resumption, and the summary by hand."""

import os
from dataclasses import asdict, replace
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
    WorldCase,
    WorldReading,
    direction_of,
    read_world,
    read_worlds,
    world_cases,
    worlds_section,
    worlds_summary,
    worlds_table,
)

CASES = (WorldCase("as assumed", "free"), WorldCase("haze", "daily", ("haze",)))


def reading(case: WorldCase = CASES[0], seed: int = 0, **values: Any) -> WorldReading:
    made = WorldReading(
        case=case.name, sensors=case.sensors, seed=seed, visits=40.0, barrels=9e5, detected=20,
        observable=23, visits_mean=44.0, visits_low=30.0, visits_high=50.0, barrels_mean=9.9e5,
        barrels_low=6e5, barrels_high=1.1e6, p_over=0.9, direction="right", seconds=2.0,
    )  # fmt: skip
    return replace(made, **values)


def test_every_violation_and_every_fault_is_a_case_of_its_own() -> None:
    cases = world_cases()
    assert len({(case.name, case.sensors) for case in cases}) == len(cases)
    alone = {case.violations[0] for case in cases if len(case.violations) == 1}
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
    assert 0 <= made.p_over <= 1
    assert read_world(CASES[0], 6).visits != made.visits
    # The same seed is the same world, but for what a case changes.
    hazy = replace(CASES[1], sensors="free")
    assert read_world(hazy, 5).visits == made.visits
    assert read_world(hazy, 5).detected <= made.detected


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
    (row,) = worlds_summary(pd.DataFrame([asdict(made)])).to_dict("records")
    assert row["refused"] == row["seasons"] == 1
    assert np.isnan(row["held"])


@pytest.mark.parametrize(
    ("violation", "p_exports", "verdict"),
    [
        ("roads", 0.95, "right"),
        ("roads", 0.94, "open"),
        ("roads", 0.05, "wrong"),
        ("unloads", 0.05, "right"),
        ("unloads", 0.5, "open"),
        ("unloads", 0.99, "wrong"),
        ("no tanker", 0.99, ""),
    ],
)
def test_a_direction_is_right_wrong_or_open(violation: str, p_exports: float, verdict: str) -> None:
    made = simulate_world(np.random.default_rng(0), violated(World(), violation))
    assert direction_of(made, p_exports) == verdict


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


def test_the_summary_counts_what_was_held() -> None:
    rows = [
        reading(),
        reading(seed=1, visits=51.0, direction="open"),
        reading(seed=2, barrels=1.2e6, direction="wrong", notes="preliminary"),
        reading(seed=3, visits=29.0, direction=""),
        reading(CASES[1], visits=0.0, barrels=0.0, visits_low=0.0, direction=""),
    ]
    first, second = worlds_summary(pd.DataFrame([asdict(r) for r in rows])).to_dict("records")
    assert first["held"] == 0.5
    assert first["barrels held"] == 0.75
    assert first["bias"] == pytest.approx(4 * 44 / 160 - 1)
    assert first["width"] == 20.0
    assert (first["right"], first["wrong"], first["open"]) == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert first["noted"] == 0.25
    assert second["held"] == 1.0
    assert np.isnan(second["bias"])
    text = worlds_section(pd.DataFrame([asdict(r) for r in rows]))
    assert "| as assumed | free | 4 | 0 | 25% | 40.0 | 44.0 | 50% | +10% | 20.0 | 75% |" in text
    assert "| haze | daily | 1 |" in text
    assert "| - |" in text
    assert text.count("\n| ") == 3


def test_make_validate_writes_the_worlds(monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.setattr(command, "BUILD", tmp_path)
    monkeypatch.setattr(command, "world_cases", lambda: CASES[:1])
    monkeypatch.setattr(command, "worker_processes", _no_processes)
    monkeypatch.setattr(worlds, "read_world", reading)
    monkeypatch.setitem(os.environ, "GNOMON_WORLDS", "2")
    assert "| as assumed | free | 2 |" in command._worlds()
    (path,) = tmp_path.iterdir()
    assert len(worlds_table(path)) == 2


class _no_processes:  # noqa: N801 - in place of a function
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None
