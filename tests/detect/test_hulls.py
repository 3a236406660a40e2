"""Hulls: rectangles, seams, and their way from pixels to the map."""

from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from pyproj import Geod, Transformer
from shapely import box

from gnomon.datamodel.ports import Port, Zone
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.tables import Detections, table
from gnomon.detect.hulls import (
    Hulls,
    detection_rows,
    near_land,
    non_maximum_suppression,
    rectangles,
)
from gnomon.detect.weights import Errors, Model

MODEL = Model(
    name="test",
    version="0",
    bands=("nir",),
    widths=(1, 1, 1, 1),
    blocks=(1, 1, 1),
    threshold=0.5,
    slope=1.0,
    intercept=0.0,
    errors=Errors(length_m=10, length_share=0.05, beam_m=5, beam_share=0.1, heading_deg=3),
    sha256="0" * 64,
)
GRID = GeoBox.from_bbox((340_000, 4_730_000, 350_000, 4_740_000), "EPSG:32653", resolution=10)
SCENE = Scene(
    id="S2B_53TLH_20240403_0_L2A",
    collection="sentinel-2-l2a",
    platform="sentinel-2b",
    sensor="optical",
    seen_at=datetime(2024, 4, 3, 2, 12, tzinfo=UTC),
    footprint=box(132, 42, 134, 43),
    gsd_m=10.0,
)


def hull(
    x: float, y: float, length: float = 12, beam: float = 2, angle: float = 30, score: float = 0.9
) -> Hulls:
    return np.array([[x, y, length, beam, angle, score, 0, np.nan]], np.float32)


hulls = st.builds(
    hull,
    st.floats(20, 980, width=32),
    st.floats(20, 980, width=32),
    st.floats(3, 40, width=32),
    st.floats(1, 6, width=32),
    st.floats(0, 179.5, width=32),
    st.floats(0.0625, 1, width=32),
)


@given(hulls)
def test_a_rectangle_has_the_area_and_the_axis_of_its_hull(one: Hulls) -> None:
    (shape,) = rectangles(one)
    assert shape.area == pytest.approx(one[0, 2] * one[0, 3], rel=1e-3)
    corners = shapely.get_coordinates(shape)
    bow, stern = corners[:2].mean(axis=0), corners[2:4].mean(axis=0)
    turn = np.rad2deg(np.arctan2(bow[0] - stern[0], stern[1] - bow[1])) % 180
    off = (turn - one[0, 4] + 90) % 180 - 90
    assert abs(off) < 0.1


@given(st.lists(hulls, min_size=1, max_size=8), st.randoms())
def test_which_hulls_stand_does_not_depend_on_their_order(
    several: list[Hulls], random: np.random.Generator
) -> None:
    stacked = np.concatenate(several)
    order = list(range(len(stacked)))
    random.shuffle(order)
    one, other = non_maximum_suppression(stacked), non_maximum_suppression(stacked[order])
    np.testing.assert_array_equal(np.unique(one, axis=0), np.unique(other, axis=0))


@given(st.lists(hulls, min_size=1, max_size=8))
def test_what_stands_shares_no_ground_and_loses_only_to_a_better_one(
    several: list[Hulls],
) -> None:
    stacked = np.concatenate(several)
    stands = non_maximum_suppression(stacked)
    again = non_maximum_suppression(stands)
    assert len(again) == len(stands)
    assert stands[:, 5].max() == stacked[:, 5].max()


def test_a_hull_told_twice_is_one_row_and_hulls_side_by_side_are_two() -> None:
    twice = np.concatenate([hull(50, 50, score=0.9), hull(50.8, 50.4, 11, score=0.6)])
    assert len(non_maximum_suppression(twice)) == 1
    # Rafted: two 15 m beams touch, centres 1.5 pixels apart.
    beside = np.concatenate([hull(50, 50, 10, 1.5, 0), hull(51.5, 50, 10, 1.5, 0)])
    assert len(non_maximum_suppression(beside)) == 2


def test_no_hull_gives_no_row() -> None:
    nothing = np.empty((0, 8), np.float32)
    assert len(non_maximum_suppression(nothing)) == 0
    assert detection_rows(nothing, GRID, SCENE, Port(None, None), model=MODEL, run_digest="") == []


@given(hulls)
def test_rows_lie_where_pyproj_says(one: Hulls) -> None:
    (row,) = detection_rows(one, GRID, SCENE, Port(None, None), model=MODEL, run_digest="d")
    east, north = GRID.affine @ (float(one[0, 0]), float(one[0, 1]))
    to_map = Transformer.from_crs(32653, 4326, always_xy=True)
    lon, lat = to_map.transform(east, north)
    assert (row["geometry"].x, row["geometry"].y) == pytest.approx((lon, lat), abs=1e-7)
    assert row["length_m"] == pytest.approx(one[0, 2] * 10, rel=1e-5)


def test_the_heading_is_from_true_north() -> None:
    """At Vostochny, west of its zone's meridian, grid north is a degree off true north."""
    (row,) = detection_rows(
        hull(500, 500, angle=0), GRID, SCENE, Port(None, None), model=MODEL, run_digest="d"
    )
    to_map = Transformer.from_crs(32653, 4326, always_xy=True)
    south, north = to_map.transform(345_000, 4_734_940), to_map.transform(345_000, 4_735_060)
    azimuth, _, _ = Geod(ellps="WGS84").inv(*south, *north)
    assert row["heading_deg"] == pytest.approx(azimuth % 180, abs=0.01)
    assert 1.0 < abs((row["heading_deg"] + 90) % 180 - 90) < 1.6


def test_rows_outside_the_port_are_left_out_and_zones_are_told() -> None:
    to_map = Transformer.from_crs(32653, 4326, always_xy=True)

    def around(x: float, y: float, reach: float) -> shapely.Polygon:
        lon, lat = to_map.transform(*(GRID.affine @ (x, y)))
        return box(lon - reach, lat - reach, lon + reach, lat + reach)

    port = Port(
        "rajin", around(500, 500, 0.02), (Zone("pier 1", "berth", around(500, 500, 0.002)),)
    )
    several = np.concatenate([hull(500, 500), hull(600, 500), hull(10, 10)])
    rows = detection_rows(several, GRID, SCENE, port, model=MODEL, run_digest="d")
    assert [row["zone"] for row in rows] == ["pier 1", "roads"]
    table(Detections, rows)


def test_the_same_place_has_the_same_id_and_another_has_another() -> None:
    several = np.concatenate([hull(500, 500), hull(501.5, 500)])
    rows = detection_rows(several, GRID, SCENE, Port(None, None), model=MODEL, run_digest="d")
    ids = [row["detection_id"] for row in rows]
    assert len(set(ids)) == 2
    assert all(name.startswith("S2B_53TLH_20240403_0_L2A-e") for name in ids)


@pytest.mark.parametrize(("gap_m", "near"), [(20, True), (35, True), (55, False)])
def test_a_hull_is_at_a_quay_within_40_m_of_land(gap_m: float, near: bool) -> None:
    land = np.zeros((200, 200), bool)
    edge = 100 + 1.0 + gap_m / 10  # the hull's side is a pixel right of its centre
    land[:, round(edge) :] = True
    assert near_land(hull(100, 100, angle=0), land, 10.0)[0] == near
