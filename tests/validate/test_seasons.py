"""Validation of seasons: coverage by hand, and a thinned run of the whole measurement."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.simulate.season.campaign import PORT, ZONE, simulate_season, trade_2024
from gnomon.simulate.season.off_berth import ANCHORAGE, HOME
from gnomon.simulate.season.timetable import COLLECTIONS, FINE, SCHEDULES
from gnomon.validate.seasons import (
    CLOSE,
    SURE,
    SeasonReading,
    infer_season,
    read_season,
    readings_table,
    season_cases,
    season_figure,
    season_readings,
    season_section,
    season_summary,
)


def reading(**values: object) -> SeasonReading:
    return SeasonReading(
        **{
            "kind": "drawn", "schedule": "s2", "visits": 40.0, "visits_mean": 41.0,
            "visits_low": 30.0, "visits_high": 50.0, "barrels": 9e5, "barrels_mean": 8.6e5,
            "barrels_low": 6e5, "barrels_high": 1.1e6, "p_over": 0.995, "p_exports": 0.9,
            "rows": 33, **values,
        }
    )  # fmt: skip


def batch(seed: int, kind: str, schedule: str, count: int = 40) -> list[SeasonReading]:
    """Readings whose intervals are those of a normal with deviation 5."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        true, mean = 40.0, rng.normal(40.0, 5.0)
        out.append(
            reading(
                kind=kind, schedule=schedule, visits=true, visits_mean=mean,
                visits_low=mean - 1.645 * 5, visits_high=mean + 1.645 * 5,
                p_over=float(rng.uniform(0.9, 1.0)),
            )
        )  # fmt: skip
    return out


@pytest.mark.parametrize(
    ("true", "covered"), [(30.0, True), (50.0, True), (29.9, False), (50.1, False)]
)
def test_an_interval_covers_its_ends(true: float, covered: bool) -> None:
    assert reading(visits=true).visits_covered == covered
    assert reading(barrels=true * 2e4).barrels_covered == (6e5 <= true * 2e4 <= 1.1e6)


@settings(max_examples=20)
@given(st.integers(0, 1000))
def test_the_summary_is_that_of_a_loop(seed: int) -> None:
    readings = batch(seed, "drawn", "s2") + batch(seed + 1, "2024", "all", 15)
    table = season_summary(readings_table(readings)).set_index(["kind", "schedule"])
    assert len(table) == 2
    for key, count in ((("drawn", "s2"), 40), (("2024", "all"), 15)):
        own = [r for r in readings if (r.kind, r.schedule) == key]
        row = table.loc[key]
        assert row.seasons == len(own) == count
        assert row.visits_covered == pytest.approx(np.mean([r.visits_covered for r in own]))
        total = sum(r.visits for r in own)
        bias = sum(r.visits_mean for r in own) / total - 1
        assert row.visits_bias == pytest.approx(bias)
        residual = [r.visits_mean - r.visits * (1 + bias) for r in own]
        error = np.std(residual, ddof=1) * np.sqrt(count) / total
        assert row.visits_bias_error == pytest.approx(error)
        close = [abs(r.barrels_mean / r.barrels - 1) <= CLOSE for r in own]
        assert row.barrels_close == pytest.approx(np.mean(close))
        assert row.sure_over == pytest.approx(np.mean([r.p_over > SURE for r in own]))
        assert row.half_width == pytest.approx(1.645 * 5)


def test_the_bias_error_is_the_deviation_of_the_bias() -> None:
    found = [season_summary(readings_table(batch(s, "drawn", "s2"))).iloc[0] for s in range(200)]
    spread = np.std([row.visits_bias for row in found])
    assert np.mean([row.visits_bias_error for row in found]) == pytest.approx(spread, rel=0.15)


def test_seasons_without_a_true_visit_have_no_bias() -> None:
    rows = readings_table([reading(visits=0.0, visits_low=0.0) for _ in range(3)])
    (row,) = season_summary(rows).itertuples()
    assert np.isnan([row.visits_bias, row.visits_bias_error]).all()
    assert row.visits_covered == 1
    assert "| - |" in season_section(rows, seed=1)


def test_the_section_states_the_measured_numbers() -> None:
    rows = readings_table(batch(1, "drawn", "s2") + batch(2, "2024", "all"))
    table = season_summary(rows).set_index("kind")
    text = season_section(rows, seed=7)
    assert "seed 7" in text
    drawn = next(line for line in text.splitlines() if line.startswith("| drawn"))
    assert f"| {table.visits_covered['drawn']:.0%} |" in drawn
    assert f"{table.visits_bias['drawn']:+.1%} ± {table.visits_bias_error['drawn']:.1%}" in drawn
    finding = next(line for line in text.splitlines() if line.startswith("| all"))
    assert f"| {table.sure_over['2024']:.0%} |" in finding
    header = next(line for line in text.splitlines() if line.startswith("| season "))
    assert header.count("|") == drawn.count("|")


def test_the_figure_has_a_panel_for_each_schedule() -> None:
    readings = [r for key in SCHEDULES for r in batch(3, "drawn", key, 5)]
    chart = season_figure(readings_table(readings))
    titles = [axis.get_title() for axis in chart.axes]
    assert [title for title in titles if title] == list(SCHEDULES)
    (points,) = [line for line in chart.axes[0].lines if line.get_marker() == "."]
    assert len(points.get_xdata()) == 5


def test_every_schedule_and_kind_has_its_cases() -> None:
    cases = season_cases(10)
    drawn = [case for case in cases if case.kind == "drawn"]
    assert {case.schedule for case in drawn} == set(SCHEDULES)
    assert {case.seasons for case in drawn} == {10}
    assert {case.seasons for case in cases if case.kind != "drawn"} == {2}
    rng = np.random.default_rng(0)
    trades = {case.kind: case.trade(rng) for case in cases}
    assert trades["empty"].visits == 0
    assert trades["reversed"].shares == (0, 1, 0, 0)
    assert trades["loading"].shares == (1, 0, 0, 0)
    assert trades["2024"] == trade_2024()
    assert (trades["dwell of 1.5 days"].dwell_days, trades["dwell of 4 days"].dwell_days) == (
        1.5,
        4,
    )


def test_a_season_is_read_from_its_tables_alone_and_compared_with_its_truth() -> None:
    made = simulate_season(np.random.default_rng(2), trade_2024(), schedule="s2+s1")
    found, ledger = infer_season(made)
    row = read_season(made, kind="2024", schedule="s2+s1")
    assert (row.visits, row.barrels) == (43.0, made.truth.barrels.sum())
    season = found.seasons.iloc[0]
    assert (row.visits_mean, row.visits_low) == (season.visits_mean, season.visits_p05)
    assert row.barrels_mean == ledger.rows[0].barrels.mean
    assert row.rows == len(found.visits)
    # Another truth behind the same tables changes nothing that is inferred.
    assert set(made.detections.zone) == {ZONE}
    pd.testing.assert_frame_equal(infer_season(made)[0].visits, found.visits)


def test_a_case_can_keep_a_few_sub_metre_images_or_look_off_berth() -> None:
    by_kind = {(case.kind, case.schedule): case for case in season_cases(10)}
    few, all_ = by_kind["2024, 24 images", "all"], by_kind["2024", "all"]
    assert (few.fine_images, all_.fine_images) == (24, None)
    one, two = (case.reading((1, 2, 3)) for case in (few, all_))
    assert one.visits == two.visits
    assert (one.visits_mean, one.barrels_mean) != (two.visits_mean, two.barrels_mean)
    around = by_kind["loading, off berth", "s2"]
    assert around.off_berth == "s2+s1+daily"
    made = simulate_season(
        np.random.default_rng(0), around.trade(np.random.default_rng(0)), schedule="s2",
        off_berth=around.off_berth,
    )  # fmt: skip
    assert set(made.observations.port) == {PORT, ANCHORAGE, HOME}
    assert COLLECTIONS[FINE] not in set(made.observations.collection)


@settings(max_examples=15)
@given(st.integers(0, 1000), st.integers(2, 5))
def test_the_order_of_readings_does_not_matter(seed: int, parts: int) -> None:
    readings = batch(seed, "drawn", "s2", 20)
    cut = seed % 20
    one = season_summary(readings_table(readings))
    two = season_summary(readings_table(readings[cut:] + readings[:cut]))
    pd.testing.assert_frame_equal(one, two)
    # Seen often enough, the same seasons have the same bias with less error.
    more = season_summary(readings_table(readings * parts))
    assert more.visits_bias[0] == pytest.approx(one.visits_bias[0])
    assert more.visits_bias_error[0] < one.visits_bias_error[0]


@given(st.floats(0.5, 2.0))
def test_a_constant_factor_is_bias_without_error(factor: float) -> None:
    rows = readings_table(
        [
            reading(visits=n, visits_mean=factor * n, barrels=n * 1e4, barrels_mean=n * 1e4)
            for n in (20.0, 35.0, 50.0)
        ]
    )
    row = season_summary(rows).iloc[0]
    assert row.visits_bias == pytest.approx(factor - 1)
    assert row.visits_bias_error == pytest.approx(0, abs=1e-9)
    assert row.barrels_bias == pytest.approx(0)
    assert row.barrels_close == 1


def test_calibrated_intervals_are_covered_nine_times_in_ten() -> None:
    table = season_summary(readings_table(batch(5, "drawn", "s2", 2000)))
    assert table.visits_covered[0] == pytest.approx(0.9, abs=0.02)
    assert abs(table.visits_bias[0]) < 3 * table.visits_bias_error[0]


def test_points_that_miss_the_truth_are_marked_in_the_figure() -> None:
    inside = [reading(schedule=key) for key in SCHEDULES]
    outside = [reading(schedule=key, visits=80.0) for key in SCHEDULES]
    chart = season_figure(readings_table(inside + outside))
    visits = chart.axes[0].collections[0]
    colours = [tuple(colour[:3]) for colour in visits.get_colors()]
    assert len(set(colours)) == 2
    barrels = chart.axes[len(SCHEDULES)].collections[0]
    assert len({tuple(colour[:3]) for colour in barrels.get_colors()}) == 1
    labels = {axis.get_xlabel() for axis in chart.axes}
    assert labels == {"true visits", "true barrels"}


def test_a_reading_depends_on_its_numbers_alone() -> None:
    case = next(case for case in season_cases(10) if case.kind == "empty")
    one, two, other = (case.reading(entropy) for entropy in ((1, 2), (1, 2), (1, 3)))
    assert one == two
    assert one != other
    assert (one.visits, one.barrels) == (0.0, 0.0)
    assert one.visits_covered


def test_a_reversed_season_delivers_nothing() -> None:
    case = next(c for c in season_cases(10) if (c.kind, c.schedule) == ("reversed", "all"))
    row = case.reading((7, 1, 1))
    assert row.barrels == 0
    assert row.visits > 0
    assert row.p_exports < 0.5
    assert row.barrels_low == pytest.approx(0, abs=1e5)


@pytest.mark.parametrize("n", [2, 10, 100])
def test_other_kinds_have_a_fifth_of_the_seasons_and_two_at_least(n: int) -> None:
    counts = {case.seasons for case in season_cases(n) if case.kind != "drawn"}
    assert counts == {max(n // 5, 2)}
    pairs = [(case.kind, case.schedule) for case in season_cases(n)]
    assert len(set(pairs)) == len(pairs)


@pytest.mark.slow
def test_intervals_cover_the_truth() -> None:
    """The validation of docs/validation.md, thinned: bounds allow for fifteen seasons."""
    only = {("drawn", schedule) for schedule in SCHEDULES} | {
        ("empty", "all"), ("reversed", "all"), ("2024", "all"), ("2024", "s2"),
    }  # fmt: skip
    few = readings_table(season_readings(15, seed=77, only=only))
    table = season_summary(few).set_index(["kind", "schedule"])
    drawn = table.loc["drawn"]
    # Fifteen seasons at 90 %: fewer than 10 covered happens once in a hundred times.
    assert (drawn.visits_covered >= 10 / 15).all()
    assert (drawn.barrels_covered >= 10 / 15).all()
    assert (drawn.visits_bias.abs() < 0.1 + 2.6 * drawn.visits_bias_error).all()
    assert table.loc[("empty", "all"), "visits_mean"] < 1.5
    # A season of fifteen short calls may stay half open, and of three seasons two may be such.
    only = {("loading", "all"), ("loading, off berth", "s2+s1")}
    loading = readings_table(season_readings(35, seed=77, only=only))
    middle = pd.concat([few, loading]).groupby(["kind", "schedule"]).p_exports.median()
    assert middle["reversed", "all"] < 0.3
    assert middle["loading", "all"] > 0.7
    assert middle["loading, off berth", "s2+s1"] > 0.6
    # Where few late images are clear the direction stays partly open; the median is sure.
    assert table.loc[("2024", "all"), "p_over"] > 0.9
    assert table.loc[("2024", "s2"), "half_width"] > 15
