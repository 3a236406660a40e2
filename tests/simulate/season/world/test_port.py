"""What lies in a port: the fleet's cargoes, ships that wait, and objects that stay."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.simulate.season.off_berth import BALLAST, LADEN, LOADS, UNLOADS
from gnomon.simulate.season.world.options import World, violated
from gnomon.simulate.season.world.port import beta_values, draw_port
from gnomon.simulate.season.world.presence import ELSEWHERE, Kind, Presence


def stays(seed: int, world: World, kind: Kind) -> Presence:
    presence, _, _ = draw_port(np.random.default_rng(seed), world)
    return presence.some(presence.kind == kind)


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.sampled_from(["short stays", "heavy fleet", "mixed", "unloads"]))
def test_cargo_is_on_board_before_or_after_and_is_pumped_within_the_stay(
    seed: int, violation: str
) -> None:
    presence, calls, deadweight = draw_port(
        np.random.default_rng(seed), violated(World(), violation)
    )
    own = np.flatnonzero(presence.kind == Kind.TANKER)
    arrive, depart = calls.arrive_day, calls.depart_day
    begins = np.isin(calls.operation, (UNLOADS, LADEN))
    ends = np.isin(calls.operation, (LOADS, LADEN))
    assert presence.load_at(own, arrive) == pytest.approx(begins.astype(float))
    assert presence.load_at(own, depart) == pytest.approx(ends.astype(float))
    assert np.all(presence.pumped_from[own] >= arrive)
    assert np.all(presence.pumped_until[own] <= depart + 1e-9)
    hours = (presence.pumped_until - presence.pumped_from)[own] * 24
    assert np.all(hours <= calls.cargo_t / 250 + 1e-9)
    full = np.array(deadweight)[calls.ship]
    assert np.all((calls.cargo_t >= 0) & (calls.cargo_t <= full))
    assert np.all((calls.cargo_t == 0) == (calls.operation == BALLAST))


def test_directions_of_trade_have_their_shares() -> None:
    for name, shares in (
        ("roads", (1, 0, 0, 0)), ("unloads", (0, 1, 0, 0)), ("mixed", (0.5, 0.3, 0.1, 0.1)),
    ):  # fmt: skip
        world = violated(World(), name)
        found = [draw_port(np.random.default_rng(n), world)[1].operation for n in range(20)]
        counts = np.bincount(np.concatenate(found), minlength=4)
        assert counts / counts.sum() == pytest.approx(np.array(shares), abs=0.05)


@pytest.mark.parametrize(("mean", "sigma"), [(0.88, 0.05), (0.88, 0.06), (0.7, 0.1)])
def test_parts_of_deadweight_have_their_mean_and_deviation(mean: float, sigma: float) -> None:
    values = beta_values(np.random.default_rng(0), mean, sigma, 50_000)
    assert values.mean() == pytest.approx(mean, abs=0.003)
    assert values.std() == pytest.approx(sigma, rel=0.02)
    assert np.all((values > 0) & (values < 1))
    assert np.all(beta_values(np.random.default_rng(0), mean, 0.0, 3) == mean)


def test_seasons_share_one_load_fraction() -> None:
    """Visits of a season are more like each other than like those of another one."""
    means, within = [], []
    for seed in range(60):
        _, calls, deadweight = draw_port(np.random.default_rng(seed), World())
        part = calls.cargo_t / np.array(deadweight)[calls.ship]
        means.append(part.mean())
        within.append(part.std())
    assert np.mean(means) == pytest.approx(0.88, abs=0.02)
    assert np.std(means) == pytest.approx(0.05, abs=0.015)
    assert np.mean(within) == pytest.approx(0.06, abs=0.01)


def test_hulks_and_cranes_stay_all_season_in_one_place() -> None:
    world = violated(World(), "hulks", "cranes")
    for kind, count in ((Kind.HULK, 1), (Kind.CRANE, 2)):
        there = stays(0, world, kind)
        assert len(there) == count
        assert np.all(there.from_day < 0)
        assert np.all(there.until_day > world.days)
        assert np.all(there.berth >= 0)
        assert len(stays(0, World(), kind)) == 0
    cranes = stays(0, world, Kind.CRANE)
    assert np.all((cranes.length_m >= 60) & (cranes.length_m <= 90))  # of a small tanker's length


def test_a_bunker_vessel_is_at_its_mooring_but_for_short_trips() -> None:
    there, away, places = [], [], set()
    for seed in range(20):
        vessel = stays(seed, violated(World(), "bunker vessels"), Kind.BUNKER_VESSEL)
        inside = np.clip(np.stack([vessel.from_day, vessel.until_day]), 0, 275)
        there.append(np.diff(inside, axis=0).sum() / 275)
        away.extend(vessel.from_day[1:] - vessel.until_day[:-1])
        places.add((vessel.east_m[0], vessel.length_m[0]))
        assert np.ptp(vessel.east_m) == np.ptp(vessel.length_m) == 0
        assert np.all(vessel.from_day[1:] > vessel.until_day[:-1])
    assert np.mean(there) == pytest.approx(10 / 11, abs=0.02)
    assert np.mean(away) == pytest.approx(0.5, abs=0.05)
    assert len(places) == 20


def test_ships_that_wait_are_in_the_roads_until_they_berth() -> None:
    world = violated(World(berths=1), "roads")
    presence, calls, _ = draw_port(np.random.default_rng(1), world)
    waiting = presence.some((presence.kind == Kind.TANKER) & (presence.berth == ELSEWHERE))
    late = np.flatnonzero(calls.arrive_day > calls.port_day)
    assert len(late) > 3
    assert np.array_equal(waiting.owner, late)
    assert np.array_equal(waiting.from_day, calls.port_day[late])
    assert np.array_equal(waiting.until_day, calls.arrive_day[late])
    assert np.all(waiting.laden_from == waiting.laden_until)
    assert np.all(np.hypot(waiting.east_m, waiting.north_m) > 800)
    clean, same, _ = draw_port(np.random.default_rng(1), World(berths=1))
    assert np.array_equal(same.arrive_day, calls.arrive_day)
    assert len(presence) == len(clean) + len(late)


def test_other_quays_have_larger_ships_as_often_as_the_world_says() -> None:
    found = [stays(seed, World(others_at_berth_per_day=0.0), Kind.OTHER) for seed in range(40)]
    assert np.mean([len(each) for each in found]) == pytest.approx(0.05 * 285, rel=0.1)
    assert min(each.length_m.min() for each in found) >= 110
    assert all(np.all(each.berth == ELSEWHERE) for each in found)


def test_ships_of_other_trades_come_and_go_laden_or_not() -> None:
    world = violated(World(), "coasters")
    for kind in (Kind.OTHER, Kind.COASTER):
        there = [stays(seed, world, kind) for seed in range(20)]
        pairs = np.concatenate([2 * each.laden_from + each.laden_until for each in there])
        assert np.bincount(pairs.astype(int)) / len(pairs) == pytest.approx(0.25, abs=0.07)
