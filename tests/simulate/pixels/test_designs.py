"""Tankers of many designs: what must hold of each of them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.simulate.pixels.designs import LEAST_FREEBOARD_M, varied_tanker

seeds = st.integers(0, 2**20)


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_no_deck_is_awash_and_everything_stands_on_the_deck(seed: int) -> None:
    tanker = varied_tanker(np.random.default_rng(seed))
    ship = tanker.ship
    assert ship.freeboard_m >= LEAST_FREEBOARD_M
    assert min(ship.deck_m(at) for at in np.linspace(-0.5, 0.5, 19)) > 0
    hull, *rest = tanker.solids()
    assert hull.base_m == 0
    assert all(one.base_m >= hull.top_m - 0.15 and one.top_m > one.base_m for one in rest)


@given(seeds, st.floats(0, 360), st.floats(-50, 50))
@settings(max_examples=20, deadline=None)
def test_a_placed_tanker_is_the_same_one(seed: int, heading: float, east: float) -> None:
    tanker = varied_tanker(np.random.default_rng(seed))
    placed = tanker.placed(east_m=east, north_m=3.0, heading_deg=heading)
    for one, other in zip(tanker.solids(), placed.solids(), strict=True):
        assert (one.base_m, one.top_m, one.colour) == (other.base_m, other.top_m, other.colour)
        sides = [np.hypot(*np.diff(each.outline, axis=0).T) for each in (one, other)]
        np.testing.assert_allclose(*sides, atol=1e-9)
        # North of the origin is ahead of the placed ship.
        turn = np.deg2rad(heading)
        x, y = one.outline.T
        moved = [
            east + x * np.cos(turn) + y * np.sin(turn),
            3.0 - x * np.sin(turn) + y * np.cos(turn),
        ]
        np.testing.assert_allclose(other.outline.T, moved, atol=1e-6)


def test_laden_tankers_lie_deeper_and_half_are_neither_one_nor_the_other_alone() -> None:
    drawn = [varied_tanker(np.random.default_rng([5, k])) for k in range(400)]
    shares = {
        name: [d.ship.freeboard_m / d.ship.length_m for d in drawn if d.condition == name]
        for name in ("laden", "ballast", "between")
    }
    laden, ballast, between = (np.median(values) for values in shares.values())
    assert laden < 0.7 * between < 0.9 * ballast
    assert len(shares["between"]) / 400 < 0.27
    assert abs(len(shares["laden"]) - len(shares["ballast"])) < 60


def test_designs_differ_as_a_fleet_does_and_more() -> None:
    forms = [varied_tanker(np.random.default_rng([6, k])).ship.form for k in range(60)]
    bows = [form.bow for form in forms if form]
    assert len(bows) == 60
    assert min(bows) < 0.11
    assert max(bows) > 0.22
