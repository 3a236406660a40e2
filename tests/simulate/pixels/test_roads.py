"""Ships and boats on free water: never in each other, on land or on quays."""

import itertools

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from shapely import Point

from gnomon.simulate.pixels.coast import Coast, harbour, random_coast, shore_distance
from gnomon.simulate.pixels.roads import Roads, anchor_ships, berth_ships, scatter_boats
from gnomon.simulate.pixels.scene import grid
from gnomon.simulate.pixels.ships import Ship

BOX = grid(epsg=32652, west_m=600_000, north_m=4_670_000, shape=(300, 300), gsd_m=10.0)
MIDDLE = (601_500.0, 4_668_500.0)
SEEDS = st.integers(0, 2**31)


def ship(east: float, north: float, heading: float = 0.0) -> Ship:
    return Ship(
        type="general", length_m=100, beam_m=16, heading_deg=heading, freeboard_m=3,
        house_height_m=9, east_m=east, north_m=north,
    )  # fmt: skip


def test_a_place_is_free_until_a_ship_lies_there() -> None:
    roads = Roads(Coast(), BOX)
    east, north = MIDDLE
    assert roads.moor(ship(east, north), room_m=10)
    assert not roads.moor(ship(east + 20, north), room_m=10)
    assert roads.moor(ship(east + 30, north), room_m=10)
    assert not roads.free(ship(east, north + 90).polygon(), room_m=1)
    assert len(roads.ships) == 2


def test_off_the_scene_nothing_is_free() -> None:
    roads = Roads(Coast(), BOX)
    assert roads.clear_of_land(*MIDDLE) > 1e4
    assert roads.clear_of_land(599_999, MIDDLE[1]) < 0
    assert not roads.moor(ship(600_005, MIDDLE[1], heading=90), room_m=1)


@given(seed=SEEDS, east=st.floats(600_000, 602_999), north=st.floats(4_667_001, 4_670_000))
@settings(max_examples=25)
def test_clearance_is_the_distance_of_the_pixel_below(seed: int, east: float, north: float) -> None:
    coast = random_coast(np.random.default_rng(seed), BOX, built=False)
    column, row = (int(v) for v in ~BOX.affine @ (east, north))
    expected = shore_distance(coast, BOX)[min(row, 299), min(column, 299)]
    assert Roads(coast, BOX).clear_of_land(east, north) == pytest.approx(expected)


def apart(roads: Roads, least_m: float) -> bool:
    hulls = [one.polygon() for one in roads.ships]
    return all(a.distance(b) >= least_m for a, b in itertools.combinations(hulls, 2))


@settings(max_examples=10)
@given(seed=SEEDS)
def test_berthed_ships_lie_along_their_berths_and_not_in_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    coast = harbour(rng, (601_500.0, 4_668_000.0), 0.0)
    roads = Roads(coast, BOX)
    berth_ships(rng, roads, coast.berths, busy=0.9)
    assert apart(roads, 0.25)
    made = shapely.union_all([quay.outline for quay in coast.quays])
    lines = shapely.MultiLineString([[b.start, b.stop] for b in coast.berths])
    for one in roads.ships:
        assert one.berthed
        assert one.polygon().distance(made) >= 0.25
        assert Point(one.east_m, one.north_m).distance(lines) < 4 + 2.6 * one.beam_m
        # Along the shore, which runs east and west, or along the flank of a quay.
        assert min(one.heading_deg % 90, 90 - one.heading_deg % 90) < 3


@settings(max_examples=10)
@given(seed=SEEDS, count=st.integers(1, 15))
def test_anchored_ships_keep_a_beam_from_land_and_from_each_other(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    coast = random_coast(rng, BOX)
    roads = Roads(coast, BOX)
    within = BOX.extent.geom.buffer(-300)
    anchor_ships(rng, roads, count=count, within=within)
    assert len(roads.ships) <= count
    for one in roads.ships:
        assert within.contains(Point(one.east_m, one.north_m))
        assert all(roads.clear_of_land(*p) >= one.beam_m for p in one.outline())
    assert apart(roads, 20 * 0.3)


def test_ships_at_anchor_head_into_one_wind_and_ships_under_way_have_speed() -> None:
    roads = Roads(Coast(), BOX)
    rng = np.random.default_rng(4)
    anchor_ships(rng, roads, count=25, within=BOX.extent.geom.buffer(-300), under_way=0.3)
    still = np.deg2rad([s.heading_deg for s in roads.ships if not s.speed_m_s])
    # Mean resultant length of a circular normal of 12 degrees: exp(-(12 deg)^2 / 2) = 0.98.
    assert np.hypot(np.sin(still).mean(), np.cos(still).mean()) > 0.93
    assert any(s.speed_m_s for s in roads.ships)


@settings(max_examples=15)
@given(seed=SEEDS)
def test_boats_are_small_and_off_the_shore(seed: int) -> None:
    rng = np.random.default_rng(seed)
    coast = random_coast(rng, BOX)
    roads = Roads(coast, BOX)
    for boat in scatter_boats(rng, roads, count=20):
        assert 5 <= pdist(boat.outline).max() <= 18 * 1.01
        middle = shapely.Polygon(boat.outline).centroid
        assert roads.clear_of_land(middle.x, middle.y) > 0
