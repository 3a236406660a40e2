"""Things that are no ships: their sizes in the real world, and that they lie on free water."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon

from gnomon.simulate.pixels.coast import Coast, random_coast
from gnomon.simulate.pixels.obstacles import KINDS, breakwater, crane, scatter
from gnomon.simulate.pixels.roads import Roads, anchor_ships
from gnomon.simulate.pixels.scene import grid

BOX = grid(epsg=32652, west_m=600_000, north_m=4_670_000, shape=(400, 400), gsd_m=10.0)
AT = np.array([602_000.0, 4_668_000.0])
SEEDS = st.integers(0, 2**31)
SIZES_M = {  # across the whole, and height of its top
    "platform": ((40, 140), (30, 40)),
    "rafts": ((80, 520), (0.4, 0.6)),
    "pens": ((100, 320), (3, 5)),
    "bridge": ((790, 2510), (14, 49)),
    "sandbar": ((100, 560), (0.3, 0.5)),
    "buoys": ((1300, 1400), (3.9, 4.1)),
}


def test_every_kind_has_its_size() -> None:
    assert SIZES_M.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
@given(seed=SEEDS)
@settings(max_examples=25)
def test_sizes_are_those_of_real_things(kind: str, seed: int) -> None:
    parts = KINDS[kind](np.random.default_rng(seed), AT)
    (least, most), (low, high) = SIZES_M[kind]
    points = np.concatenate([part.outline for part in parts])
    circle = 2 * np.hypot(*(points - points.mean(axis=0)).T).max()
    assert 0.8 * least < circle < 1.3 * most
    assert low < max(part.top_m for part in parts) < high
    for part in parts:
        outline = Polygon(part.outline)
        assert outline.is_valid
        assert outline.area == pytest.approx(outline.convex_hull.area, rel=1e-6)
        assert part.top_m > part.base_m >= 0
        assert all(0 < value < 0.7 for value in (*part.colour, *part.wall))


@pytest.mark.parametrize("kind", KINDS)
def test_a_thing_moves_with_its_place(kind: str) -> None:
    here = KINDS[kind](np.random.default_rng(7), AT)
    there = KINDS[kind](np.random.default_rng(7), AT + 100)
    for one, other in zip(here, there, strict=True):
        assert other.outline == pytest.approx(one.outline + 100)
        assert (other.base_m, other.top_m) == (one.base_m, one.top_m)


def test_a_bridge_stands_on_piers_below_its_deck() -> None:
    *piers, deck = KINDS["bridge"](np.random.default_rng(1), AT)
    road = Polygon(deck.outline)
    for pier in piers:
        assert pier.top_m == deck.base_m
        assert road.buffer(6).contains(Polygon(pier.outline))


@given(seed=SEEDS)
def test_a_breakwater_is_long_and_low(seed: int) -> None:
    mole = breakwater(np.random.default_rng(seed), AT)
    box = mole.outline.minimum_rotated_rectangle
    corners = np.array(box.exterior.coords)
    sides = sorted(np.hypot(*np.diff(corners[:3], axis=0).T))
    assert 12 <= sides[0] <= 22
    assert 150 <= sides[1] <= 600
    assert mole.height_m == 3


@given(heading=st.floats(0, 180))
def test_a_crane_reaches_across_the_quay_line(heading: float) -> None:
    boom = crane(AT, heading)
    assert Polygon(boom.outline).area == pytest.approx(14 * 60)
    assert boom.base_m > 20


@settings(max_examples=8)
@given(seed=SEEDS)
def test_obstacles_lie_clear_of_land_quays_and_ships(seed: int) -> None:
    rng = np.random.default_rng(seed)
    coast = random_coast(rng, BOX)
    roads = Roads(coast, BOX)
    anchor_ships(rng, roads, count=6, within=BOX.extent.geom.buffer(-300))
    things = scatter(rng, roads, count=12)
    made = shapely.union_all(
        [quay.outline for quay in coast.quays] + [ship.polygon() for ship in roads.ships]
    )
    for thing in things:
        assert Polygon(thing.outline).distance(made) >= 49
        assert all(roads.clear_of_land(*point) >= 50 for point in thing.outline)


def test_on_open_water_most_find_room() -> None:
    things = scatter(np.random.default_rng(2), Roads(Coast(), BOX), count=20)
    assert len(things) > 20
