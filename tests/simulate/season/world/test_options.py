"""Worlds refuse what cannot be, and a violation changes its own fields only."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.simulate.season.world.options import (
    ALTOGETHER,
    VIOLATIONS,
    World,
    drawn_world,
    violated,
)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"sensors": ("s2", "s9")}, "no sensor s9; there are s2, s1, daily, fine"),
        ({"stay_days": (1.0, 4.0)}, "different lengths"),
        ({"loads": 0.7, "unloads": 0.4}, "more than all"),
        ({"ships": 2, "calls_per_day": 0.5}, "2 ships cannot call 0.50 times a day"),
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        World(**fields)


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_changes_its_fields_and_no_others(name: str) -> None:
    clean, broken = asdict(World(days=200)), asdict(violated(World(days=200), name))
    assert {f: broken[f] for f in clean if broken[f] != clean[f]} == dict(VIOLATIONS[name])


def test_all_of_it_is_every_violation_at_once() -> None:
    """None of them takes another one back."""
    broken = violated(World(), *ALTOGETHER)
    for name in ALTOGETHER:
        assert violated(broken, name) == broken
    assert violated(World(), *reversed(ALTOGETHER)) == broken


def test_an_unknown_violation_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no violation tides; there are bimodal stays, "):
        violated(World(), "tides")


def test_the_numbers_of_the_finding() -> None:
    """43 visits in eight months; means of the stays in the table of violations."""
    assert World().calls_per_day * 244 == pytest.approx(43)
    assert World().mean_stay_days == 2.5
    assert violated(World(), "bimodal stays").mean_stay_days == pytest.approx(2.7)
    assert violated(World(), "short stays").mean_stay_days == 1.3


@given(st.integers(0, 1000), st.sampled_from(sorted(VIOLATIONS)))
def test_seasons_differ_in_traffic_and_fleet_alone(seed: int, name: str) -> None:
    world = violated(World(), name)
    drawn = drawn_world(np.random.default_rng(seed), world)
    assert replace(drawn, calls_per_day=world.calls_per_day, ships=world.ships) == world
    assert 0.5 * world.calls_per_day <= drawn.calls_per_day <= 1.5 * world.calls_per_day
    assert abs(drawn.ships - world.ships) <= 4
