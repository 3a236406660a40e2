"""Simulated ships off berth: when they wait, what they carry, and never in two places."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.simulate.season.campaign import SHARES, Trade, draw_fleet, draw_truth, simulate_season
from gnomon.simulate.season.detections import OTHER_SHIP
from gnomon.simulate.season.off_berth import (
    ANCHORAGE,
    BALLAST,
    HOME,
    LADEN,
    LOADS,
    SHIFT_DAYS,
    UNLOADS,
    WAIT_MAX_DAYS,
    BerthCalls,
    OffBerthTrade,
    at_anchorage,
    at_home_port,
    draw_off_berth,
    operation_of,
)
from gnomon.simulate.season.tankers import ShipDimensions

DAYS = 275
COMES_LADEN, LEAVES_LADEN = (UNLOADS, LADEN), (LOADS, LADEN)


def calls_of(seed: int, **trade: object) -> tuple[np.random.Generator, BerthCalls, ShipDimensions]:
    rng = np.random.default_rng(seed)
    made = Trade(shares=(0.4, 0.3, 0.2, 0.1), **trade)
    fleet = draw_fleet(rng, made)
    truth = draw_truth(rng, made, fleet)
    calls = BerthCalls(truth.ship, truth.arrive_day, truth.depart_day, truth.operation)
    return rng, calls, fleet


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_ships_wait_just_before_and_after_their_visits_with_the_load_they_have(seed: int) -> None:
    rng, calls, fleet = calls_of(seed)
    made = at_anchorage(rng, calls, fleet, draw_off_berth(rng), DAYS)
    own = made.visit != OTHER_SHIP
    visit, stays = made.visit[own], made.stays
    arrive, depart = stays.arrive_day[own], stays.depart_day[own]
    before = depart < calls.arrive_day[visit]
    np.testing.assert_allclose(depart[before], calls.arrive_day[visit[before]] - SHIFT_DAYS)
    np.testing.assert_allclose(arrive[~before], calls.depart_day[visit[~before]] + SHIFT_DAYS)
    assert ((depart - arrive) <= WAIT_MAX_DAYS + 1e-9).all()
    laden = np.where(
        before,
        np.isin(calls.operation[visit], COMES_LADEN),
        np.isin(calls.operation[visit], LEAVES_LADEN),
    )
    assert (stays.operation[own] == np.where(laden, LADEN, BALLAST)).all()
    np.testing.assert_array_equal(stays.ships.length_m[own], fleet.length_m[calls.ship[visit]])


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_a_ship_is_home_between_its_calls_and_changes_its_load_there(seed: int) -> None:
    rng, calls, fleet = calls_of(seed)
    made = at_home_port(rng, calls, fleet, OffBerthTrade(), DAYS)
    own = made.visit != OTHER_SHIP
    stays, visit = made.stays, made.visit[own]
    for ship in np.unique(calls.ship):
        mine = calls.ship[visit] == ship
        home = sorted(
            zip(stays.arrive_day[own][mine], stays.depart_day[own][mine],
                stays.operation[own][mine], strict=True)
        )  # fmt: skip
        berth = np.flatnonzero(calls.ship == ship)
        # One stay before the first call, one after each.
        assert len(home) == len(berth) + 1
        for (begin, end, operation), call in zip(home[:-1], berth, strict=True):
            assert begin < end < calls.arrive_day[call]
            leaves = operation in LEAVES_LADEN
            assert leaves == (calls.operation[call] in COMES_LADEN)
        for (begin, end, operation), call in zip(home[1:], berth, strict=True):
            assert calls.depart_day[call] < begin < end
            assert (operation in COMES_LADEN) == (calls.operation[call] in LEAVES_LADEN)


@pytest.mark.parametrize(("before", "after"), [(0.0, 0.0), (1.0, 0.0), (0.3, 0.8), (1.0, 1.0)])
def test_ships_wait_with_their_probabilities(before: float, after: float) -> None:
    waits, visits = np.zeros(2), 0
    for seed in range(12):
        rng, calls, fleet = calls_of(seed)
        trade = OffBerthTrade(wait_before=before, wait_after=after)
        made = at_anchorage(rng, calls, fleet, trade, DAYS)
        own = made.visit != OTHER_SHIP
        early = made.stays.depart_day[own] < calls.arrive_day[made.visit[own]]
        waits += early.sum(), (~early).sum()
        visits += len(calls.ship)
    assert waits / visits == pytest.approx([before, after], abs=0.07)


def test_waits_have_their_median() -> None:
    lengths = []
    for seed in range(12):
        rng, calls, fleet = calls_of(seed)
        trade = OffBerthTrade(wait_before=1.0, wait_after=1.0, wait_days=0.7)
        made = at_anchorage(rng, calls, fleet, trade, DAYS)
        own = made.visit != OTHER_SHIP
        lengths.append((made.stays.depart_day - made.stays.arrive_day)[own])
    assert np.median(np.concatenate(lengths)) == pytest.approx(0.7, rel=0.1)


def test_other_trades_have_their_rate_their_load_and_their_small_tankers() -> None:
    rng, calls, fleet = calls_of(3)
    trade = OffBerthTrade(others_per_day=2.0, others_small=0.25, others_laden=0.7)
    made = at_anchorage(rng, calls, fleet, trade, DAYS)
    others = made.visit == OTHER_SHIP
    assert others.sum() == pytest.approx(2.0 * DAYS, rel=0.15)
    assert (made.stays.operation[others] == LADEN).mean() == pytest.approx(0.7, abs=0.07)
    small = made.stays.tankers - (~others).sum()
    assert small / others.sum() == pytest.approx(0.25, abs=0.07)
    assert made.stays.ships.length_m[others][:small].max() < 122


@given(st.booleans(), st.booleans())
def test_an_operation_is_the_change_between_two_loads(came: bool, leaves: bool) -> None:
    operation = operation_of(came_laden=came, leaves_laden=leaves)
    assert (operation in COMES_LADEN, operation in LEAVES_LADEN) == (came, leaves)


@settings(max_examples=50)
@given(st.integers(0, 10_000))
def test_a_drawn_trade_is_within_its_limits(seed: int) -> None:
    made = draw_off_berth(np.random.default_rng(seed))
    assert 0.3 <= made.wait_before <= 0.9
    assert 0.1 <= made.wait_after <= 0.5
    assert 0 <= made.others_laden <= 1
    assert 0.1 <= made.others_per_day <= 0.8


def test_in_a_loading_trade_images_show_ballast_before_laden_after_and_unloading_at_home() -> None:
    made = simulate_season(
        np.random.default_rng(0),
        Trade(shares=SHARES["loads"]),
        schedule="s2",
        off_berth="all",
        around=OffBerthTrade(wait_before=1.0, wait_after=1.0, others_per_day=0.0, home_per_day=0.0),
    )
    hulls = made.detections.assign(visit=made.visit)
    fine = hulls[(hulls.gsd_m < 1) & (hulls.visit >= 0)]
    day = (fine.seen_at - made.period[0]).dt.total_seconds() / 86_400
    early = day.to_numpy() < made.truth.arrive_day[fine.visit]
    waiting = (fine.port == ANCHORAGE).to_numpy()
    ratio = fine.log_lr_laden.to_numpy()
    assert ratio[waiting & early].mean() < -2
    assert ratio[waiting & ~early].mean() > 2
    home = fine[fine.port == HOME].groupby("visit").log_lr_laden
    assert home.first().mean() > home.last().mean()
