"""The top of the page: each bar computed again with a pencil, and laws that hold for every run."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.study import LedgerOptions
from gnomon.physics.conversion import BARRELS_PER_TONNE
from gnomon.report.load_tables import Run, read_run
from gnomon.report.page.answers import answer, swings
from gnomon.report.page.schema import Swing
from run_folders import OPEN, day, ledger, season, visit, write_run

BARRELS = ("barrels_p05", "barrels_p50", "barrels_p95")
INFERRED = {
    "scenario": "inferred",
    "deliveries_seen_p50": 6.0,
    "deliveries_p50": 10.0,
    "deliveries_p95": 14.0,
    "barrels_p05": 150_000.0,
    "barrels_p50": 200_000.0,
    "barrels_p95": 260_000.0,
    "barrels_mean": 203_000.0,
}


def run_of(
    folder: Path,
    *,
    scenarios: dict[str, float] | None = None,
    seasons: list[dict[str, Any]] | None = None,
    visits: list[dict[str, Any]] | None = None,
    **inferred: Any,
) -> Run:
    """A run with a ledger of 2024: what was inferred, and barrels of other scenarios."""
    rows = [ledger() | INFERRED | inferred]
    rows += [
        ledger() | {"scenario": name, **dict.fromkeys(BARRELS, barrels)}
        for name, barrels in (scenarios or {}).items()
    ]
    tables = {"ledger": rows, "seasons": seasons or [season()], "visits": visits or [visit()]}
    return read_run(write_run(folder, study={"ledger": {"loading": ["rajin"]}}, **tables))


def bars(run: Run) -> dict[str, Swing]:
    return {bar["what"]: bar for bar in swings(run, run.ledger)}


def test_unseen_visits_go_from_those_seen_to_the_end_of_their_interval(tmp_path: Path) -> None:
    bar = bars(run_of(tmp_path))["Unseen visits"]
    assert bar["low"] == pytest.approx(200_000 * 6 / 10)
    assert bar["high"] == pytest.approx(200_000 * 14 / 10)
    assert "only the 6 deliveries" in bar["text"]
    assert "14, the upper end of their 90 % interval" in bar["text"]


def test_the_load_goes_from_the_emptiest_to_the_fullest_scenario(tmp_path: Path) -> None:
    scenarios = {"50% of deadweight": 120_000.0, "33% of deadweight": 80_000.0,
                 "90% of deadweight": 210_000.0}  # fmt: skip
    bar = bars(run_of(tmp_path, scenarios=scenarios))["How full the ships were"]
    assert (bar["low"], bar["high"]) == (80_000, 210_000)
    assert bar["text"].startswith("From 33 % of deadweight to 90 % of deadweight")


def test_sizes_of_many_ships_average_out_but_for_what_they_share(tmp_path: Path) -> None:
    """The bar narrows with the root of the number of visits, to the error that all share."""
    sigma = visit()["deadweight_log_sigma"]
    for count in (1, 4, 16):
        visits = [visit() | {"visit_id": f"v{n}", "detections": "[]"} for n in range(count)]
        bar = bars(run_of(tmp_path / str(count), visits=visits))["Which ships they were"]
        width = np.log(bar["high"] / bar["low"])
        shared = LedgerOptions().deadweight_sigma
        assert width == pytest.approx(2 * 1.645 * np.sqrt(sigma**2 / count + shared**2))
        assert np.sqrt(bar["high"] * bar["low"]) == pytest.approx(200_000)


def test_only_ships_of_the_loading_ports_can_have_been_larger(tmp_path: Path) -> None:
    """A port that the barrels do not come from cannot change them, however unsure its ships."""
    here = visit() | {"visit_id": "here", "detections": "[]"}
    there = visit() | {
        "visit_id": "there", "port": "chongjin", "detections": "[]",
        "deadweight_t": 9000.0, "deadweight_log_sigma": 0.9,
    }  # fmt: skip
    alone = bars(run_of(tmp_path / "alone", visits=[here]))["Which ships they were"]
    both = bars(run_of(tmp_path / "both", visits=[here, there]))["Which ships they were"]
    assert both == alone
    assert "Which ships they were" not in bars(run_of(tmp_path / "none", visits=[there]))


@pytest.mark.parametrize("p_over", [0.0, 0.3, 0.4999])
def test_a_cap_that_was_more_likely_not_exceeded_has_no_date(tmp_path: Path, p_over: float) -> None:
    dates = {f"passed_{q}": day(200) for q in ("p05", "p50", "p95")}
    row = ledger() | INFERRED | dates | {"p_over_cap": p_over}
    run = read_run(write_run(tmp_path, ledger=[row]))
    assert answer(run)["years"][0]["scenarios"][0]["passed"] == [None, None, None]


def test_no_port_loads_without_a_readable_study_or_a_season_of_it(tmp_path: Path) -> None:
    run = run_of(tmp_path / "known")
    assert answer(run)["loading"] == ["rajin"]
    assert answer(replace(run, study=None))["loading"] == []
    elsewhere = run_of(tmp_path / "elsewhere", seasons=[season() | {"port": "chongjin"}])
    assert answer(elsewhere)["loading"] == []


def test_a_year_has_the_period_that_its_ledger_covers_else_that_of_its_seasons(
    tmp_path: Path,
) -> None:
    run = run_of(tmp_path)
    start, end = pd.Timestamp("2024-10-15", tz="UTC"), pd.Timestamp("2024-12-25", tz="UTC")
    known = run.ledger.assign(start=start, end=end)
    (year,) = answer(replace(run, ledger=known))["years"]
    assert (year["start"], year["end"]) == (start.timestamp(), end.timestamp())
    without = run.ledger.assign(start=pd.NaT, end=pd.NaT)
    seasons = run.seasons.assign(
        start=pd.Timestamp("2023-11-01", tz="UTC"), end=pd.Timestamp("2024-02-01", tz="UTC")
    )
    (year,) = answer(replace(run, ledger=without, seasons=seasons))["years"]
    assert year["start"] == pd.Timestamp("2024-01-01", tz="UTC").timestamp()
    assert year["end"] == pd.Timestamp("2024-02-01", tz="UTC").timestamp()


def test_another_product_has_the_same_tonnes(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    assert run.study is not None
    bar = bars(run)["What the cargo was"]
    tonnes = 200_000 / BARRELS_PER_TONNE[run.study.ledger.product]
    usual = [k for name, k in BARRELS_PER_TONNE.items() if name != "LPG" and k < 10]
    assert bar["low"] == pytest.approx(tonnes * min(usual))
    assert bar["high"] == pytest.approx(tonnes * max(usual))


def test_while_the_direction_is_open_all_is_varied_as_if_ships_load(tmp_path: Path) -> None:
    run = run_of(tmp_path, scenarios={"33% of deadweight": 0.0, "90% of deadweight": 0.0}, **OPEN)
    rows = run.ledger.assign(**{n: OPEN[n] for n in OPEN if "if_loading" in n})
    rows["open_ports"] = OPEN["open_ports"]
    made = {bar["what"]: bar for bar in swings(run, rows)}
    way = made["Which way the oil went"]
    assert (way["low"], way["high"]) == (0, OPEN["barrels_if_loading_p50"])
    unseen = made["Unseen visits"]
    per_visit = OPEN["barrels_if_loading_p50"] / OPEN["deliveries_if_loading_p50"]
    assert unseen["low"] == pytest.approx(per_visit * OPEN["deliveries_seen_if_loading_p50"])
    assert unseen["high"] == pytest.approx(per_visit * OPEN["deliveries_if_loading_p95"])
    full = made["How full the ships were"]
    assert full["low"] == full["high"] == OPEN["barrels_if_loading_p50"]
    assert "Which way the oil went" not in bars(run_of(tmp_path / "decided"))


def test_an_open_direction_travels_to_the_page_with_its_conditions(tmp_path: Path) -> None:
    run = run_of(tmp_path / "open", **OPEN)
    days = run.cumulative.assign(barrels_p50=0.0, barrels_if_loading_p50=7.0)
    (year,) = answer(replace(run, cumulative=days))["years"]
    way = year["scenarios"][0]["open"]
    assert way is not None
    assert way["loading"] is not None
    assert (way["ports"], way["p_loading"]) == (["rajin"], 0.48)
    assert way["loading"]["barrels"] == [838_100, 1_071_200, 1_277_900]
    assert year["curve"] is not None
    assert set(year["curve"]["middle"]) == {7.0}
    (decided,) = answer(run_of(tmp_path / "decided"))["years"]
    assert decided["scenarios"][0]["open"] is None
    older = run.cumulative.assign(barrels_if_loading_p50=np.nan)
    (year,) = answer(replace(run, cumulative=older))["years"]
    assert year["curve"] is None


def test_the_widest_bar_comes_first_and_each_has_its_ends_in_order(tmp_path: Path) -> None:
    run = run_of(tmp_path, scenarios={"33% of deadweight": 80_000.0, "90% of deadweight": 210_000})
    made = swings(run, run.ledger)
    widths = [bar["high"] - bar["low"] for bar in made]
    assert widths == sorted(widths, reverse=True)
    assert min(widths) > 0
    assert len(made) == 4


def test_without_barrels_nothing_can_change_them(tmp_path: Path) -> None:
    run = run_of(tmp_path, **dict.fromkeys(BARRELS, 0.0))
    assert swings(run, run.ledger) == []
    assert swings(run, run.ledger.iloc[:0]) == []


def test_a_ledger_is_given_year_by_year_with_unknown_dates_null(tmp_path: Path) -> None:
    passed = {"passed_p50": day(300), "p_over_cap": 0.5}
    later = ledger() | INFERRED | {"year": 2025, "cap_barrels": 4e5} | passed
    run = read_run(write_run(tmp_path, ledger=[ledger() | INFERRED, later]))
    years = answer(run)["years"]
    assert [year["year"] for year in years] == [2024, 2025]
    assert [year["cap"] for year in years] == [500_000, 400_000]
    dates = [year["scenarios"][0]["passed"] for year in years]
    assert dates[0] == [None, None, None]
    assert dates[1][1] == int(day(300).timestamp())
    assert years[0]["scenarios"][0]["barrels"] == [150_000, 200_000, 260_000]
    json.dumps(answer(run), allow_nan=False)


def test_ships_count_as_identified_from_a_chance_of_one_half(tmp_path: Path) -> None:
    chances = [{"A": 0.4, "unregistered": 0.6}, {"A": 0.7, "B": 0.3}, {"B": 0.5, "C": 0.49}]
    visits = [
        visit() | {"visit_id": str(n), "candidates": json.dumps(row), "detections": "[]"}
        for n, row in enumerate(chances)
    ]
    vessels = answer(run_of(tmp_path, visits=visits))["vessels"]
    assert vessels["named"] == [("A", 0.7), ("B", 0.5)]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_of(tmp_path_factory.mktemp("run"))


SPAN = st.tuples(st.integers(0, 40), st.integers(0, 12))


@given(spans=st.lists(SPAN, min_size=1, max_size=12))
def test_ships_at_the_same_time_by_counting_every_hour(
    run: Run, spans: list[tuple[int, int]]
) -> None:
    start = pd.Timestamp("2024-05-01", tz="UTC")
    hours = pd.DataFrame([(first, first + length) for first, length in spans])
    visits = pd.DataFrame(
        {
            "arrived_before": start + pd.to_timedelta(hours[0], unit="h"),
            "departed_after": start + pd.to_timedelta(hours[1], unit="h"),
            "port": "rajin",
            "candidates": "{}",
            "deadweight_t": 3000.0,
            "deadweight_log_sigma": 0.2,
        }
    )
    found = answer(replace(run, visits=visits))["vessels"]["at_once"]
    assert found == max(int(hours[0].le(at).mul(hours[1].ge(at)).sum()) for at in range(60))
