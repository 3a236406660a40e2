"""Sizes against the archetypes and the published fleet."""

import numpy as np
import pytest

from gnomon.simulate.season.world.fleet import (
    BEAM_M,
    DEADWEIGHT_T,
    LENGTH_M,
    archetype_tankers,
    barge_sizes,
    coaster_sizes,
    larger_ships,
)


def test_a_fleet_is_of_small_tankers_and_makes_the_finding() -> None:
    fleet = archetype_tankers(np.random.default_rng(0), 20_000)
    mean = fleet.deadweight_t.mean()
    assert mean == pytest.approx(3500, rel=0.03)
    # 43 visits at 90 % of deadweight are the published million barrels.
    assert 43 * 0.9 * mean * 7.46 == pytest.approx(1e6, rel=0.05)
    assert np.median(fleet.deadweight_t) < mean  # "predominantly on the lower end"
    assert np.quantile(fleet.deadweight_t, [0.005, 0.97]) == pytest.approx([1130, 9000], rel=0.12)


def test_ships_are_near_an_archetype() -> None:
    fleet = archetype_tankers(np.random.default_rng(1), 4000)
    logs = np.log(np.stack([fleet.length_m, fleet.beam_m, fleet.deadweight_t]))
    known = np.log(np.stack([LENGTH_M, BEAM_M, DEADWEIGHT_T]))
    off = np.abs(logs[:, :, None] - known[:, None]) / np.array([0.04, 0.05, 0.145])[:, None, None]
    assert np.mean(off.max(0).min(1) < 3) > 0.98


def test_deadweight_is_below_the_cubic_law_until_the_fleet_is_heavy() -> None:
    light = archetype_tankers(np.random.default_rng(2), 20_000)
    heavy = archetype_tankers(np.random.default_rng(2), 20_000, deadweight_factor=1.12)
    cubic = 0.0062 * light.length_m**3
    assert light.deadweight_t.sum() / cubic.sum() == pytest.approx(0.85, abs=0.02)
    assert heavy.deadweight_t == pytest.approx(1.12 * light.deadweight_t)
    assert np.array_equal(heavy.length_m, light.length_m)
    assert np.array_equal(heavy.beam_m, light.beam_m)


def test_other_ships_have_their_sizes() -> None:
    rng = np.random.default_rng(3)
    for sizes, low, high, ratio in (
        (larger_ships, 110, 200, 0.165),
        (coaster_sizes, 65, 110, 0.152),
        (barge_sizes, 55, 85, 0.2),
    ):
        length, beam = sizes(rng, 3000)
        assert low <= length.min() < low + 3
        assert high - 3 < length.max() <= high
        assert np.mean(beam / length) == pytest.approx(ratio, rel=0.01)
