"""Ships and berths: a ship is in one place, a berth has one ship, and traffic is what was asked."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.simulate.season.world.options import World, violated
from gnomon.simulate.season.world.presence import Kind
from gnomon.simulate.season.world.traffic import (
    LEAD_DAYS,
    BerthedShips,
    berth_calls,
    draw_cycles,
    lognormal_stays,
    passing_ships,
    traffic_clock,
)


def season(seed: int, world: World) -> BerthedShips:
    cycles, passing, berths = np.random.default_rng(seed).spawn(3)
    return berth_calls(berths, world, draw_cycles(cycles, world), passing_ships(passing, world))


crowded = violated(World(), "barges", "coasters", "bimodal stays")


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_a_berth_has_one_ship_and_a_ship_is_in_one_place(seed: int, berths: int) -> None:
    calls = season(seed, replace(crowded, berths=berths, calls_per_day=0.15))
    for berth in range(berths):
        own = np.flatnonzero(calls.berth == berth)
        own = own[np.argsort(calls.berth_day[own])]
        assert np.all(calls.berth_day[own][1:] > calls.leave_day[own][:-1])
    for ship in range(14):
        own = (calls.kind == Kind.TANKER) & (calls.ship == ship)
        assert np.all(calls.port_day[own][1:] - calls.leave_day[own][:-1] >= 3.0 - 1e-9)
    assert np.all(calls.port_day <= calls.berth_day)
    assert np.all(calls.berth_day < calls.leave_day)


@settings(max_examples=10)
@given(st.integers(0, 10_000))
def test_ships_wait_only_while_every_berth_is_taken_and_in_their_order(seed: int) -> None:
    world = replace(crowded, berths=2, calls_per_day=0.12)
    calls = season(seed, world)
    assert np.all(np.diff(calls.port_day) >= 0)
    assert np.all(np.diff(calls.berth_day) >= 0)
    for late in np.flatnonzero(calls.berth_day > calls.port_day):
        before = np.arange(len(calls.kind)) < late
        for day in np.linspace(calls.port_day[late], calls.berth_day[late], 5)[:-1]:
            # Between two ships at a berth lies the time of berthing.
            there = (calls.berth_day <= day) & (day < calls.leave_day + 0.06) & before
            assert len(set(calls.berth[there])) == 2


def test_the_fleet_calls_as_often_as_the_world_says() -> None:
    for rate in (0.08, 43 / 244, 0.3):
        world = World(calls_per_day=rate)
        counts = [
            np.sum((calls.kind == Kind.TANKER) & (calls.port_day > 0))
            for calls in (season(seed, world) for seed in range(40))
        ]
        # A fleet's calls are more regular than a Poisson process.
        assert np.mean(counts) == pytest.approx(rate * 275, rel=0.07)
        assert np.var(counts) < rate * 275


def test_no_tanker_calls_where_none_trades() -> None:
    calls = season(0, violated(World(), "no tanker"))
    assert not np.any(calls.kind == Kind.TANKER)
    assert len(calls.kind) > 0


def test_stays_have_their_mean_and_their_humps() -> None:
    rng = np.random.default_rng(0)
    steady = lognormal_stays(rng, World(), (40_000,))
    assert steady.mean() == pytest.approx(2.5, rel=0.02)
    assert steady.std() / steady.mean() == pytest.approx(0.5, rel=0.03)
    two = lognormal_stays(rng, violated(World(), "bimodal stays"), (40_000,))
    assert two[two < 2.2].mean() == pytest.approx(0.9, rel=0.05)
    assert two[two > 2.2].mean() == pytest.approx(4.5, rel=0.05)
    counts, _ = np.histogram(np.log(two), np.log([0.75, 1.05, 1.7, 2.3, 3.6, 5.0]))
    assert counts[0] > counts[2] < counts[4]
    assert lognormal_stays(rng, violated(World(), "short stays"), (40_000,)).mean() == (
        pytest.approx(1.3, rel=0.02)
    )


def test_barges_lie_for_weeks_and_take_berths() -> None:
    clean, barged = World(), violated(World(), "barges")
    waits: dict[str, list[float]] = {"clean": [], "barged": []}
    stays: list[float] = []
    for seed in range(30):
        for name, world in (("clean", clean), ("barged", barged)):
            calls = season(seed, world)
            own = calls.kind == Kind.TANKER
            waits[name].extend(calls.berth_day[own] - calls.port_day[own])
            barge = calls.kind == Kind.BARGE
            stays.extend(calls.leave_day[barge] - calls.berth_day[barge])
    assert len(stays) / 30 == pytest.approx(5.0 * 305 / 275, rel=0.25)
    assert np.mean(stays) == pytest.approx(25.0, rel=0.15)
    assert np.mean(waits["barged"]) > 3 * np.mean(waits["clean"])


def test_bursts_have_six_weeks_of_nothing_and_as_many_ships() -> None:
    steady, bursts, gaps, spread = [], [], [], []
    for seed in range(40):
        for world, counts in ((World(), steady), (violated(World(), "bursts"), bursts)):
            calls = season(seed, world)
            own = (calls.kind == Kind.TANKER) & (calls.port_day > 0)
            counts.append(np.sum(own))
            if counts is bursts:
                gaps.append(np.diff(calls.port_day[own]).max())
            weekly, _ = np.histogram(calls.port_day[own], np.arange(0, 275, 7))
            spread.append((weekly.var() / weekly.mean(), counts is bursts))
    assert np.mean(bursts) == pytest.approx(np.mean(steady), rel=0.15)
    assert min(gaps) >= 42.0
    assert np.mean([s for s, burst in spread if burst]) > 1.5
    assert np.mean([s for s, burst in spread if not burst]) < 1.1


@given(st.integers(0, 1000), st.sampled_from([0.0, 0.5, 2.0]), st.sampled_from([0.0, 42.0]))
def test_the_clock_of_traffic_keeps_the_seasons_length(
    seed: int, shape: float, quiet: float
) -> None:
    world = World(burst_shape=shape, quiet_days=quiet)
    days, clock = traffic_clock(np.random.default_rng(seed), world)
    assert np.all(np.diff(clock) > 0)
    inside = np.interp([0.0, 275.0], days, clock)
    assert np.diff(inside)[0] == pytest.approx(275.0, rel=1e-3)
    assert inside[0] == pytest.approx(LEAD_DAYS)
    still = np.diff(clock) < 1e-3
    assert quiet <= still.sum() <= (quiet if shape != 0.5 else 275)
