"""Ships as solids: proportions of published designs, decks, and parts in their places."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.simulate.pixels.ships import (
    FORMS,
    SIMULATED_TYPES,
    Ship,
    ShipType,
    Solid,
    pick,
    sample_ship,
    solids,
)

SEEDS = st.integers(0, 10_000)
KINDS = st.sampled_from(SIMULATED_TYPES)


@settings(max_examples=60)
@given(kind=st.sampled_from(SIMULATED_TYPES), length=st.floats(20, 330), slender=st.floats(3, 9))
def test_a_hull_fits_its_length_and_beam(kind: ShipType, length: float, slender: float) -> None:
    outline = FORMS[kind].outline(length, length / slender)
    assert np.ptp(outline[:, 0]) == pytest.approx(length)
    assert np.ptp(outline[:, 1]) == pytest.approx(length / slender)
    area = shapely.Polygon(outline).area
    assert 0.75 < area / (length * length / slender) < 1.0


@given(SEEDS)
def test_a_sampled_ship_floats_with_its_deck_dry(seed: int) -> None:
    ship = sample_ship(np.random.default_rng(seed))
    assert 0.4 < ship.freeboard_m < 0.7 * ship.beam_m
    assert 2 < ship.length_m / ship.beam_m < 10


def outline_of(solid: Solid) -> shapely.Polygon:
    return shapely.Polygon(solid.outline)


@settings(max_examples=60)
@given(seed=SEEDS, kind=KINDS)
def test_every_part_is_a_convex_prism_over_the_hull(seed: int, kind: ShipType) -> None:
    ship = replace(sample_ship(np.random.default_rng(seed), kind=kind), heading_deg=40.0)
    # Wings of the bridge and hoses may overhang by a little.
    reach = ship.polygon().buffer(0.06 * ship.length_m + 0.5 * ship.beam_m)
    for part in solids(ship):
        outline = outline_of(part)
        assert part.top_m > part.base_m >= 0
        assert outline.area == pytest.approx(outline.convex_hull.area, rel=1e-6)
        assert reach.contains(outline)
        assert all(0 < value <= 0.7 for value in (*part.colour, *part.wall))


@given(seed=SEEDS, kind=KINDS)
def test_the_hull_reaches_up_to_its_deck_line(seed: int, kind: ShipType) -> None:
    ship = sample_ship(np.random.default_rng(seed), kind=kind)
    hull = [part for part in solids(ship) if part.clutter]
    middle = shapely.Point(ship.to_world(np.array([[ship.length_m / 36, 0.0]]))[0])
    tops = [part.top_m for part in hull if outline_of(part).contains(middle)]
    # The deck is cut into 18 slices, each as high as at its middle.
    assert max(tops) == pytest.approx(ship.deck_m(1 / 36), abs=0.021)
    assert min(part.base_m for part in hull) == 0


@given(
    at=st.floats(-0.5, 0.5), sheer=st.floats(0, 3), trim=st.floats(0, 2), freeboard=st.floats(2, 9)
)
def test_the_deck_rises_towards_the_ends_and_trim_tilts_it(
    at: float, sheer: float, trim: float, freeboard: float
) -> None:
    flat = Ship(
        type="tanker", length_m=100, beam_m=16, heading_deg=0, freeboard_m=freeboard,
        house_height_m=10,
    )  # fmt: skip
    assert flat.deck_m(at) == freeboard
    bent = replace(flat, sheer_m=sheer)
    assert bent.deck_m(at) >= freeboard
    assert bent.deck_m(0.5) == pytest.approx(freeboard + sheer)
    assert bent.deck_m(-0.5) == pytest.approx(freeboard + sheer / 3)
    tilted = replace(flat, trim_m=trim)
    assert tilted.deck_m(at) - tilted.deck_m(-at) == pytest.approx(2 * at * trim)


@given(seed=SEEDS, heading=st.floats(0, 360), east=st.floats(-1e5, 1e5), north=st.floats(-1e5, 1e5))
def test_a_ship_turns_and_moves_as_a_rigid_body(
    seed: int, heading: float, east: float, north: float
) -> None:
    ship = sample_ship(np.random.default_rng(seed))
    moved = replace(ship, heading_deg=heading, east_m=east, north_m=north)
    assert moved.polygon().area == pytest.approx(ship.polygon().area, rel=1e-6)
    bow, stern = moved.to_world(np.array([[ship.length_m / 2, 0], [-ship.length_m / 2, 0]]))
    ahead = np.degrees(np.arctan2(*(bow - stern))) % 360
    assert (ahead - heading + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)
    starboard = moved.to_world(np.array([[0.0, 1.0]]))[0] - moved.to_world(np.zeros((1, 2)))[0]
    along = bow - stern
    assert along[0] * starboard[1] < along[1] * starboard[0]  # starboard is on the right of the bow


@pytest.mark.parametrize(
    ("length", "beam", "laden_m", "ballast_m"),
    [(70, 11.0, 0.7, 2.1), (100, 15.2, 1.5, 4.0), (120, 18.6, 2.2, 4.7), (183, 32.2, 7.0, 12.4)],
)
def test_tankers_have_the_freeboards_of_published_designs(
    length: float, beam: float, laden_m: float, ballast_m: float
) -> None:
    """Depth less draught of the designs in the module's head, from coaster to medium range."""
    for laden, expected in ((True, laden_m), (False, ballast_m)):
        ships = [
            sample_ship(np.random.default_rng(seed), kind="tanker", length_m=length, laden=laden)
            for seed in range(300)
        ]
        scaled = np.median([ship.freeboard_m * beam / ship.beam_m for ship in ships])
        assert scaled == pytest.approx(expected, rel=0.3, abs=0.4)


@given(seed=SEEDS, kind=KINDS)
def test_load_changes_freeboard_and_trim_and_nothing_else_of_a_body(
    seed: int, kind: ShipType
) -> None:
    light, full = (
        sample_ship(np.random.default_rng(seed), kind=kind, length_m=90, laden=laden)
        for laden in (False, True)
    )
    same = replace(full, freeboard_m=light.freeboard_m, trim_m=light.trim_m)
    assert same == light
    assert full.freeboard_m <= light.freeboard_m


@given(SEEDS)
def test_a_name_is_picked_by_its_weight(seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert pick(rng, ("a", "b"), (0.0, 1.0)) == "b"
    assert {pick(rng, ("a", "b")) for _ in range(40)} == {"a", "b"}
