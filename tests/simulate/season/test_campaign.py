"""Simulated seasons: they keep the laws of ships and orbits, and their own parameters."""

import json
import time
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from gnomon.datamodel.tables import Detections, Observations
from gnomon.simulate.season.campaign import (
    CALLS_2024,
    PORT,
    SHARES,
    ZONE,
    Trade,
    as_tables,
    draw_fleet,
    draw_trade,
    draw_truth,
    simulate_season,
    trade_2024,
)
from gnomon.simulate.season.detections import FALSE_ALARM, OTHER_SHIP
from gnomon.simulate.season.off_berth import ANCHORAGE, HOME, POSITIONS
from gnomon.simulate.season.timetable import COLLECTIONS, SCHEDULES


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.sampled_from(sorted(SCHEDULES)))
def test_no_ship_is_in_two_places_and_no_detection_without_an_observation(
    seed: int, schedule: str
) -> None:
    rng = np.random.default_rng(seed)
    made = simulate_season(rng, draw_trade(rng), schedule=schedule)
    truth = made.truth
    for ship in np.unique(truth.ship):
        own = truth.ship == ship
        assert np.all(truth.arrive_day[own][1:] > truth.depart_day[own][:-1])
    assert set(made.detections.scene_id) <= set(made.observations.scene_id)
    day = (made.detections.seen_at - made.period[0]).dt.total_seconds().to_numpy() / 86_400
    own = made.visit >= 0
    assert np.all(day[own] > truth.arrive_day[made.visit[own]])
    assert np.all(day[own] < truth.depart_day[made.visit[own]])


def test_the_tables_have_the_schema_of_a_run() -> None:
    detections, observations = as_tables(simulate_season(np.random.default_rng(0), trade_2024()))
    Detections.validate(detections)
    Observations.validate(observations)
    assert json.loads(observations.zones.iloc[0]).keys() == {"oil terminal"}


def test_2024_has_its_43_visits_of_14_ships_and_its_dated_calls() -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        truth = draw_truth(rng, trade_2024(), draw_fleet(rng, trade_2024()))
        assert len(truth.ship) == 43
        assert len(set(truth.ship)) == 14
        start = np.datetime64("2024-03-01")
        for date, ship in CALLS_2024:
            day = (np.datetime64(date) - start).astype(int)
            assert np.any((truth.ship == ship) & (np.floor(truth.arrive_day) == day))
        assert truth.barrels.sum() == pytest.approx(1e6, rel=0.2)
        dated = truth.arrive_day[truth.ship == 6]
        assert truth.arrive_day.max() == dated.max()


def test_a_season_can_be_empty_or_reversed() -> None:
    rng = np.random.default_rng(0)
    empty = simulate_season(rng, draw_trade(rng, visits=0.0, others_per_day=0.1))
    assert len(empty.truth.ship) == 0
    assert len(empty.detections) > 0
    assert (empty.visit < 0).all()
    back = simulate_season(rng, draw_trade(rng, shares=SHARES["unloads"]))
    assert back.truth.barrels.sum() == 0
    assert np.all(back.truth.operation == 1)


def test_the_simulator_keeps_its_own_rates() -> None:
    rng = np.random.default_rng(0)
    trade = Trade(visits=40.0, dwell_days=2.5, dwell_cv=0.5)
    truths = [draw_truth(rng, trade, draw_fleet(rng, trade)) for _ in range(60)]
    assert np.mean([len(t.ship) for t in truths]) == pytest.approx(40, rel=0.06)
    dwell = np.concatenate([t.depart_day - t.arrive_day for t in truths])
    assert dwell.mean() == pytest.approx(2.5, rel=0.06)
    assert dwell.std() / dwell.mean() == pytest.approx(0.5, abs=0.07)


def test_barrels_are_deadweight_by_load_by_the_factor_of_visits_that_loaded() -> None:
    rng = np.random.default_rng(1)
    trade = Trade(shares=(0.5, 0.5, 0, 0), load_fraction=0.8, barrels_per_tonne=7.0)
    truth = draw_truth(rng, trade, draw_fleet(rng, trade))
    loads = truth.operation == 0
    assert 0.3 < loads.mean() < 0.7
    assert (truth.barrels[~loads] == 0).all()
    load = truth.barrels[loads] / truth.deadweight_t[loads] / 7.0
    assert ((load > 0.68) & (load < 0.92)).all()
    assert load.mean() == pytest.approx(0.8, abs=0.05)


def test_operations_have_their_shares() -> None:
    rng = np.random.default_rng(2)
    trade = Trade(visits=400.0, ships=60, shares=(0.4, 0.3, 0.2, 0.1))
    truth = draw_truth(rng, trade, draw_fleet(rng, trade))
    shares = np.bincount(truth.operation, minlength=4) / len(truth.operation)
    assert shares == pytest.approx(trade.shares, abs=0.08)


def test_the_fleet_has_the_mean_deadweight_of_the_trade() -> None:
    rng = np.random.default_rng(3)
    for _ in range(5):
        assert 3250 <= draw_fleet(rng, trade_2024()).deadweight_t.mean() <= 3650


@given(st.integers(0, 10_000), st.floats(20, 60))
def test_a_drawn_trade_keeps_what_is_given(seed: int, visits: float) -> None:
    fixed = draw_trade(np.random.default_rng(seed), visits=visits)
    free = draw_trade(np.random.default_rng(seed))
    assert asdict(fixed) == asdict(free) | {"visits": visits}
    assert sum(fixed.shares) == pytest.approx(1)


def test_as_many_drawn_seasons_load_as_unload() -> None:
    rng = np.random.default_rng(4)
    shares = np.array([draw_trade(rng).shares for _ in range(600)])
    assert (shares[:, 0] == 1).mean() == pytest.approx(0.4, abs=0.06)
    assert (shares[:, 1] == 1).mean() == pytest.approx(0.4, abs=0.06)


def test_more_power_finds_more_of_the_same_ships() -> None:
    def hulls(p: float) -> float:
        trade = Trade(detection=(p, p, p, p), false_per_observation=0.0, others_per_day=0.0)
        made = [simulate_season(np.random.default_rng(s), trade) for s in range(6)]
        return float(np.mean([len(one.detections) for one in made]))

    assert hulls(0.9) == pytest.approx(3 * hulls(0.3), rel=0.1)


def test_thousands_of_seasons_a_minute() -> None:
    rng = np.random.default_rng(0)
    begin = time.process_time()
    for _ in range(30):
        simulate_season(rng, draw_trade(rng))
    assert (time.process_time() - begin) / 30 < 0.06


def test_the_berth_is_the_same_with_and_without_tables_off_berth() -> None:
    trade = Trade(shares=(0.5, 0.2, 0.2, 0.1))
    alone = simulate_season(np.random.default_rng(7), trade, schedule="s2+s1")
    made = simulate_season(
        np.random.default_rng(7), trade, schedule="s2+s1", off_berth="s2+s1+daily"
    )
    here = made.detections.port == PORT
    pd.testing.assert_frame_equal(made.detections[here], alone.detections)
    assert set(made.observations.port) == {PORT, ANCHORAGE, HOME}
    np.testing.assert_array_equal(made.visit[here], alone.visit)


def test_the_same_seed_is_the_same_season() -> None:
    one, two = (simulate_season(np.random.default_rng(7), trade_2024()) for _ in range(2))
    pd.testing.assert_frame_equal(one.detections, two.detections)
    pd.testing.assert_frame_equal(one.observations, two.observations)


def without_ships(**changed: object) -> Trade:
    return Trade(**{"visits": 0.0, "others_per_day": 0.0, "false_per_observation": 0.0, **changed})


def test_an_empty_port_has_observations_and_no_hull() -> None:
    made = simulate_season(np.random.default_rng(0), without_ships())
    assert len(made.observations) > 300
    assert len(made.detections) == 0


def test_other_ships_and_false_alarms_have_their_rates() -> None:
    others, false, usable = 0, 0, 0.0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        trade = without_ships(others_per_day=0.1, false_per_observation=0.05)
        made = simulate_season(rng, trade)
        others += (made.visit == OTHER_SHIP).sum()
        false += (made.visit == FALSE_ALARM).sum()
        usable += made.observations.usable_fraction.sum()
    assert false / usable == pytest.approx(0.05, rel=0.15)
    # 0.1 a day for 1.8 x exp(0.18) days in the mean, nearly all of them detected.
    expected = 0.1 * 1.8 * np.exp(0.6**2 / 2) * usable
    assert 0.75 * expected < others < 1.05 * expected


def test_ships_differ_in_dwell_by_a_quarter_of_its_variance() -> None:
    rng = np.random.default_rng(5)
    trade = Trade(ships=150, visits=3000.0, dwell_cv=0.6, days=1500)
    truth = draw_truth(rng, trade, draw_fleet(rng, trade))
    logs = pd.Series(np.log(truth.depart_day - truth.arrive_day))
    of_ships = logs.groupby(truth.ship)
    within = of_ships.var().mean()
    between = of_ships.mean().var() - within / of_ships.size().mean()
    assert within + between == pytest.approx(np.log1p(0.6**2), rel=0.12)
    assert between / (within + between) == pytest.approx(0.25, abs=0.08)


def test_arrivals_are_spread_over_the_season() -> None:
    rng = np.random.default_rng(6)
    trade = Trade()
    arrive = np.concatenate(
        [draw_truth(rng, trade, draw_fleet(rng, trade)).arrive_day for _ in range(60)]
    )
    inside = arrive[(arrive > 0) & (arrive < trade.days)]
    assert kstest(inside / trade.days, "uniform").statistic < 0.04


def test_fixed_calls_of_one_ship_are_nine_days_apart() -> None:
    for seed in range(8):
        rng = np.random.default_rng(seed)
        truth = draw_truth(rng, trade_2024(), draw_fleet(rng, trade_2024()))
        for ship in range(14):
            arrive = truth.arrive_day[truth.ship == ship]
            assert (np.diff(arrive) > 9).all()
        assert (truth.depart_day - truth.arrive_day <= 8).all()


@settings(max_examples=10)
@given(st.integers(0, 10_000), st.sampled_from(["s2+s1", "all"]))
def test_rows_of_detections_are_those_of_their_observation(seed: int, schedule: str) -> None:
    rng = np.random.default_rng(seed)
    made = simulate_season(rng, draw_trade(rng), schedule=schedule)
    joined = made.detections.merge(made.observations, on="scene_id", suffixes=("", "_seen"))
    assert len(joined) == len(made.detections) == len(made.visit)
    for column in ("seen_at", "sensor", "gsd_m", "platform", "collection"):
        assert (joined[column] == joined[f"{column}_seen"]).all()
    assert made.detections.detection_id.is_unique
    assert made.observations.scene_id.is_unique
    assert made.observations.seen_at.is_monotonic_increasing
    start, end = made.period
    assert made.observations.seen_at.between(start, end).all()
    radar = made.detections.sensor == "sar"
    assert made.detections.log_lr_laden[radar].isna().all()
    assert made.observations.sun_elevation_deg[made.observations.sensor == "sar"].isna().all()


def test_detections_have_the_size_of_their_ship() -> None:
    off: dict[str, list[float]] = {"length": [], "beam": []}
    for seed in range(8):
        made = simulate_season(np.random.default_rng(seed), trade_2024())
        own = made.visit >= 0
        ships, rows = made.fleet.of(made.truth.ship[made.visit[own]]), made.detections[own]
        for name, true in (("length", ships.length_m), ("beam", ships.beam_m)):
            off[name] += list((rows[f"{name}_m"] - true) / rows[f"{name}_sigma_m"])
    for values in off.values():
        assert np.mean(values) == pytest.approx(0, abs=0.1)
        assert np.std(values) == pytest.approx(1, abs=0.06)


def test_the_whole_schema_keeps_every_number() -> None:
    made = simulate_season(np.random.default_rng(3), Trade(days=40, visits=8.0), schedule="all")
    detections, observations = as_tables(made)
    for column in ("length_m", "beam_m", "score", "log_lr_laden"):
        np.testing.assert_array_equal(detections[column], made.detections[column])
    np.testing.assert_array_equal(detections.geometry.x, made.detections.longitude)
    np.testing.assert_array_equal(observations.usable_fraction, made.observations.usable_fraction)
    inside = detections.footprint.contains(detections.geometry)
    assert inside.all()


@pytest.mark.parametrize(("schedule", "sensors"), SCHEDULES.items())
def test_a_schedule_has_its_collections(schedule: str, sensors: tuple[int, ...]) -> None:
    made = simulate_season(np.random.default_rng(1), Trade(days=60, visits=9.0), schedule=schedule)
    assert set(made.observations.collection) == {COLLECTIONS[sensor] for sensor in sensors}
    assert (made.observations.port == PORT).all()
    assert set(made.detections.zone) == {ZONE}


def test_ports_off_berth_have_scenes_of_their_own() -> None:
    made = simulate_season(
        np.random.default_rng(1), Trade(days=60, visits=9.0), schedule="s2", off_berth="s2"
    )
    assert made.observations.scene_id.is_unique
    for port, position in POSITIONS.items():
        rows = made.detections[made.detections.port == port]
        assert rows.scene_id.str.contains(port).all()
        assert rows.longitude.median() == pytest.approx(position[0], abs=0.02)
        assert rows.latitude.median() == pytest.approx(position[1], abs=0.01)
