"""Coasts: distances against shapely, shore coordinates, and what a harbour promises."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, Polygon

from gnomon.simulate.pixels.coast import Berth, Coast, Shore, harbour, random_coast, shore_distance
from gnomon.simulate.pixels.scene import grid

BOX = grid(epsg=32652, west_m=600_000, north_m=4_670_000, shape=(80, 100), gsd_m=10.0)
ANGLES, SEEDS = st.floats(0, 360), st.integers(0, 2**31)
FAR = st.floats(-2000, 2000)


def test_distance_from_the_shore_is_shapelys() -> None:
    land = Polygon([(600_200, 4_669_350), (600_700, 4_669_300), (600_500, 4_669_800)])
    distance = shore_distance(Coast(land=land, ruggedness_m=0), BOX)
    edge = land.exterior
    for row, column in np.ndindex(8, 10):
        at = Point(BOX.affine @ (10 * column + 0.5, 10 * row + 0.5))
        true = edge.distance(at) * (-1 if land.contains(at) else 1)
        # The oracle measures to the line, the raster to the nearest pixel on the other side.
        assert distance[10 * row, 10 * column] == pytest.approx(true, abs=16)


def test_a_scene_without_shore_is_all_water_or_all_land() -> None:
    assert (shore_distance(Coast(), BOX) > 1e4).all()
    assert (shore_distance(Coast(land=BOX.extent.geom.buffer(500)), BOX) < -1e4).all()
    elsewhere = Coast(land=Point(0, 0).buffer(10))
    assert (shore_distance(elsewhere, BOX) > 1e4).all()


@given(turn=ANGLES, one=st.tuples(FAR, FAR), other=st.tuples(FAR, FAR))
def test_shore_coordinates_keep_lengths_and_put_the_sea_on_the_left(
    turn: float, one: tuple[float, float], other: tuple[float, float]
) -> None:
    shore = Shore(np.array([1000.0, 2000.0]), turn)
    a, b = shore(one, other)
    assert np.hypot(*(b - a)) == pytest.approx(np.hypot(*np.subtract(one, other)), abs=1e-6)
    origin, along, out = shore((0, 0), (1, 0), (0, 1))
    (ax, ay), (ox, oy) = along - origin, out - origin
    assert ax * oy - ay * ox == pytest.approx(1)
    apart = np.degrees(np.arctan2(ox, oy)) - turn
    assert (apart + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)


@given(turn=ANGLES, length=st.floats(10, 500))
def test_a_berth_has_its_water_on_the_left(turn: float, length: float) -> None:
    shore = Shore(np.zeros(2), turn)
    start, along, out, size = shore.berth((0, 100), (length, 100)).frame()
    assert size == pytest.approx(length)
    seaward = shore((0, 1))[0] - shore((0, 0))[0]
    assert out @ seaward == pytest.approx(1)
    assert along @ out == pytest.approx(0, abs=1e-9)
    assert start == pytest.approx(shore((0, 100))[0])


def test_a_berth_is_a_line_between_two_points() -> None:
    start, along, out, length = Berth((0, 0), (30, 40)).frame()
    assert length == 50
    assert along == pytest.approx([0.6, 0.8])
    assert out == pytest.approx([-0.8, 0.6])
    assert start.tolist() == [0, 0]


@settings(max_examples=20)
@given(seed=SEEDS, turn=ANGLES)
def test_a_harbour_lies_as_its_text_has_it(seed: int, turn: float) -> None:
    coast = harbour(np.random.default_rng(seed), (5000.0, 6000.0), turn)
    shore = Shore(np.array([5000.0, 6000.0]), turn)
    front, *_, outer, inner = coast.berths
    ends = shore((-800, 200), (-100, 200))
    assert (np.array(front.start), np.array(front.stop)) == (
        pytest.approx(ends[0]), pytest.approx(ends[1]),
    )  # fmt: skip
    assert np.array(outer.start) == pytest.approx(shore((175, 330))[0])
    assert np.array(outer.stop) == pytest.approx(shore((625, 330))[0])
    # The inner one looks back to the land.
    assert outer.frame()[2] @ inner.frame()[2] == pytest.approx(-1)
    jetty = next(q for q in coast.quays if q.outline.contains(Point(shore((400, 100))[0])))
    assert jetty.kind == "pier"
    kinds = {quay.kind for quay in coast.quays}
    assert kinds == {"apron", "pier", "rubble"}


@settings(max_examples=15)
@given(seed=SEEDS, built=st.booleans())
def test_random_coasts_have_valid_land_and_berths_off_it(seed: int, built: bool) -> None:
    coast = random_coast(np.random.default_rng(seed), BOX, built=built)
    assert coast.land.is_valid
    assert bool(coast.quays) <= built
    made = shapely.union_all([quay.outline for quay in coast.quays])
    for berth in coast.berths:
        start, along, out, length = berth.frame()
        middle = start + along * length / 2
        assert made.distance(Point(middle)) < 1
        assert length > 0
        assert np.hypot(*out) == pytest.approx(1)


@given(seed=SEEDS)
def test_the_shore_strays_by_its_ruggedness(seed: int) -> None:
    west, south, east, north = 600_000, 4_669_200, 600_500, 4_670_000
    coast = Coast(land=shapely.box(west, south, east, north), ruggedness_m=0, seed=seed)
    straight = shore_distance(coast, BOX)
    rough = shore_distance(replace(coast, ruggedness_m=30.0), BOX)
    assert (rough - straight).std() == pytest.approx(30, rel=0.01)
