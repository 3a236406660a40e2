"""Simulated seasons: they keep the laws of ships and orbits, and their own parameters."""

import json
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.datamodel.tables import Detections, Observations
from gnomon.simulate.season.campaign import (
    CALLS_2024,
    PORT,
    SHARES,
    Trade,
    as_tables,
    draw_trade,
    season,
    trade_2024,
)
from gnomon.simulate.season.off_berth import HOME, ROADS, Around
from gnomon.simulate.season.tankers import log_lr_laden, separation, small_tankers
from gnomon.simulate.season.timetable import SCHEDULES


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from(sorted(SCHEDULES)))
def test_no_ship_is_in_two_places_and_no_detection_is_without_look(
    seed: int, observations: str
) -> None:
    rng = np.random.default_rng(seed)
    made = season(rng, draw_trade(rng), schedule=observations)
    truth = made.truth
    for ship in np.unique(truth.ship):
        own = truth.ship == ship
        assert np.all(truth.arrive_day[own][1:] > truth.depart_day[own][:-1])
    assert set(made.detections.scene_id) <= set(made.observations.scene_id)
    day = (made.detections.seen_at - made.period[0]).dt.total_seconds().to_numpy() / 86_400
    own = made.visit >= 0
    assert np.all(day[own] > truth.arrive_day[made.visit[own]])
    assert np.all(day[own] < truth.depart_day[made.visit[own]])


def test_the_tables_keep_the_schema_of_a_run() -> None:
    detections, observations = as_tables(season(np.random.default_rng(0), trade_2024()))
    Detections.validate(detections)
    Observations.validate(observations)
    assert json.loads(observations.zones.iloc[0]).keys() == {"oil terminal"}


def test_2024_has_its_43_visits_of_14_ships_and_its_dated_calls() -> None:
    for seed in range(5):
        truth = season(np.random.default_rng(seed), trade_2024()).truth
        assert len(truth.ship) == 43
        assert len(set(truth.ship)) == 14
        start = np.datetime64("2024-03-01")
        for date, ship in CALLS_2024:
            day = (np.datetime64(date) - start).astype(int)
            assert np.any((truth.ship == ship) & (np.floor(truth.arrive_day) == day))
        assert truth.barrels.sum() == pytest.approx(1e6, rel=0.2)


def test_sentinel_2_passes_on_the_days_of_its_orbit() -> None:
    observations = season(np.random.default_rng(0), trade_2024(), schedule="s2").observations
    days = set(observations.seen_at.dt.strftime("%m-%d"))
    # S2 R103 passes that fall on or next to dated calls.
    assert {"04-03", "10-20", "11-04"} <= days
    assert set(observations.seen_at.dt.strftime("%H:%M")) <= {"02:11", "02:12"}


def test_kinds_of_season() -> None:
    rng = np.random.default_rng(0)
    empty = season(rng, draw_trade(rng, visits=0.0, others_per_day=0.1))
    assert len(empty.truth.ship) == 0
    assert len(empty.detections) > 0
    back = season(rng, draw_trade(rng, shares=SHARES["unloads"]))
    assert back.truth.barrels.sum() == 0
    assert np.all(back.truth.turn == 1)


def test_the_simulator_keeps_its_own_rates() -> None:
    rng = np.random.default_rng(0)
    trade = Trade(visits=40.0, dwell_days=2.5, dwell_cv=0.5)
    truths = [season(rng, trade, schedule="s2").truth for _ in range(60)]
    assert np.mean([len(t.ship) for t in truths]) == pytest.approx(40, rel=0.06)
    stays = np.concatenate([t.depart_day - t.arrive_day for t in truths])
    assert stays.mean() == pytest.approx(2.5, rel=0.06)
    assert stays.std() / stays.mean() == pytest.approx(0.5, abs=0.07)


def test_evidence_is_a_likelihood_ratio() -> None:
    # For a true ratio r, ships that are ballast weigh exp(r) as laden: E[exp r | ballast] = 1.
    rng = np.random.default_rng(0)
    d = np.full(200_000, 1.2)
    ratio = log_lr_laden(rng, d, np.zeros(len(d)))
    assert np.exp(ratio).mean() == pytest.approx(1.0, abs=0.03)
    assert np.abs(ratio).max() <= np.log(100)


def test_separation_is_the_table_and_grows_with_length() -> None:
    assert separation(100.0, 0.0, 10, 20.0) == pytest.approx(3.0)
    assert separation(120.0, 0.5, 3, 45.0) == pytest.approx(3.8)
    lengths = np.linspace(62, 150, 30)
    assert np.all(np.diff(separation(lengths, 0.5, 3.0, 40.0)) > 0)


def test_small_tankers_are_small() -> None:
    ships = small_tankers(np.random.default_rng(0), 2000)
    assert 1000 < np.quantile(ships.deadweight_t, 0.05) < 1500
    assert 6000 < np.quantile(ships.deadweight_t, 0.99) < 9500


def test_thousands_of_seasons_a_minute() -> None:
    rng = np.random.default_rng(0)
    begin = time.process_time()
    for _ in range(30):
        season(rng, draw_trade(rng))
    assert (time.process_time() - begin) / 30 < 0.06


def test_the_berth_is_the_same_whatever_is_seen_elsewhere() -> None:
    trade = Trade(shares=(0.5, 0.2, 0.2, 0.1))
    alone = season(np.random.default_rng(7), trade, schedule="s2+s1")
    made = season(np.random.default_rng(7), trade, schedule="s2+s1", elsewhere="s2+s1+daily")
    here = made.detections.port == PORT
    pd.testing.assert_frame_equal(made.detections[here], alone.detections)
    assert set(made.observations.port) == {PORT, ROADS, HOME}
    np.testing.assert_array_equal(made.visit[here], alone.visit)


def test_ships_wait_just_before_and_after_their_visits_and_are_home_between_them() -> None:
    waits, homes = [], []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        made = season(rng, draw_trade(rng), schedule="s2", elsewhere="s2+s1+daily")
        day = (made.detections.seen_at - made.period[0]).dt.total_seconds().to_numpy() / 86_400
        for port, out in ((ROADS, waits), (HOME, homes)):
            own = (made.detections.port == port) & (made.visit >= 0)
            visit, when = made.visit[own], day[own]
            early = made.truth.arrive_day[visit] - when
            late = when - made.truth.depart_day[visit]
            out += list(np.maximum(early, late))
            # Nobody is at the berth and elsewhere at once.
            for ship in np.unique(made.truth.ship[visit]):
                mine, times = made.truth.ship == ship, when[made.truth.ship[visit] == ship]
                there = times[:, None] > made.truth.arrive_day[mine]
                there &= times[:, None] < made.truth.depart_day[mine]
                assert not there.any()
    assert min(waits) > 0
    assert max(waits) <= 8.1
    assert np.median(waits) < 1.5
    assert min(homes) > 0


def test_in_a_loading_trade_ships_wait_in_ballast_come_home_laden_and_leave_empty() -> None:
    made = season(
        np.random.default_rng(0),
        Trade(shares=SHARES["loads"]),
        schedule="s2",
        elsewhere="all",
        around=Around(wait=(1.0, 1.0), others_per_day=0.0, home_per_day=0.0),
    )
    hulls = made.detections.assign(visit=made.visit)
    fine = hulls[(hulls.gsd_m < 1) & (hulls.visit >= 0)]
    day = (fine.seen_at - made.period[0]).dt.total_seconds() / 86_400
    early = day.to_numpy() < made.truth.arrive_day[fine.visit]
    roads = (fine.port == ROADS).to_numpy()
    ratio = fine.log_lr_laden.to_numpy()
    assert ratio[roads & early].mean() < -2
    assert ratio[roads & ~early].mean() > 2
    home = fine[fine.port == HOME].groupby("visit").log_lr_laden
    assert home.first().mean() > home.last().mean()


def test_the_same_seed_is_the_same_season() -> None:
    one, two = (season(np.random.default_rng(7), trade_2024()) for _ in range(2))
    pd.testing.assert_frame_equal(one.detections, two.detections)
