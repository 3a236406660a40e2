"""Sea routes: over water, the shortest by brute force, at least the great circle."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from shapely import LineString, Polygon

from gnomon.datamodel.ports import read_ports
from gnomon.datamodel.shipped import shipped
from gnomon.track.sea_routes import LonLat, SeaRoute, great_circle_nm, sea_routes
from tracked_seasons import TRAFFIC

NETWORK = TRAFFIC.sea_routes
POINTS, LEGS = NETWORK.points, NETWORK.legs

# Land well inside the coast, by hand from a chart.
KOREA = Polygon(
    [
        (130.3, 42.4), (129.4, 41.4), (129.2, 40.9), (128.2, 40.1), (127.3, 39.75), (127.2, 39.2),
        (128.2, 38.5), (129.1, 37.2), (129.2, 36.0), (129.0, 35.4), (128.0, 35.1), (126.8, 34.7),
        (126.6, 35.6), (126.8, 36.8), (126.9, 37.6), (125.5, 38.1), (125.6, 38.6), (125.6, 39.4),
        (124.9, 39.9), (127.0, 41.5), (129.5, 42.4),
    ]
)  # fmt: skip
HONSHU = Polygon([(131.0, 34.1), (132.6, 35.2), (135.5, 35.3), (135.5, 34.8), (132.5, 34.4)])
JEJU = Polygon([(126.3, 33.3), (126.9, 33.45), (126.7, 33.3)])
WAYPOINTS = st.sampled_from(sorted(POINTS))


def sea_route(one: LonLat, two: LonLat) -> SeaRoute | None:
    return sea_routes({"one": one, "two": two}, NETWORK).get(("one", "two"))


def test_no_leg_crosses_land() -> None:
    for one, two in LEGS:
        leg = LineString([POINTS[one], POINTS[two]])
        assert not any(leg.intersects(land) for land in (KOREA, HONSHU, JEJU)), (one, two)


@given(st.tuples(st.floats(-179, 179), st.floats(-80, 80)),
       st.tuples(st.floats(-179, 179), st.floats(-80, 80)))  # fmt: skip
def test_distances_are_those_of_a_sphere(
    one: tuple[float, float], two: tuple[float, float]
) -> None:
    metres = Geod(a=6_371_000, b=6_371_000).inv(*one, *two)[2]
    assert great_circle_nm(one, two) == pytest.approx(metres / 1852, rel=1e-3, abs=1e-6)


def test_voyages_have_their_reported_lengths() -> None:
    # "About 300 km" to Chongjin; to Nampo around Korea five to seven days at eight knots.
    near, far = (sea_route(POINTS["vostochny"], POINTS[p]) for p in ("chongjin", "nampo"))
    assert near is not None
    assert far is not None
    assert 290 < near.distance_nm * 1.852 < 340
    assert 5 < far.distance_nm / 8 / 24 < 7


def all_pairs() -> np.ndarray:
    """Shortest distances between all waypoints (Floyd and Warshall)."""
    names = list(POINTS)
    far = np.full((len(names), len(names)), np.inf)
    np.fill_diagonal(far, 0.0)
    for one, two in LEGS:
        a, b = names.index(one), names.index(two)
        far[a, b] = far[b, a] = great_circle_nm(POINTS[one], POINTS[two])
    for via in range(len(names)):
        far = np.minimum(far, far[:, [via]] + far[[via]])
    return far


def test_every_route_is_the_shortest_by_brute_force() -> None:
    far, names = all_pairs(), list(POINTS)
    routes = sea_routes(POINTS, NETWORK)
    assert len(routes) == len(names) * (len(names) - 1)
    for (one, two), route in routes.items():
        assert route.distance_nm == pytest.approx(far[names.index(one), names.index(two)])


@given(WAYPOINTS, WAYPOINTS)
def test_a_route_is_as_long_as_its_legs_and_the_same_both_ways(one: str, two: str) -> None:
    out, back = sea_route(POINTS[one], POINTS[two]), sea_route(POINTS[two], POINTS[one])
    assert out is not None
    assert back is not None
    assert out.distance_nm == pytest.approx(back.distance_nm)
    assert list(out.line.coords) == list(back.line.coords)[::-1]
    legs = sum(great_circle_nm(a, b) for a, b in pairwise(out.line.coords))
    assert out.distance_nm == pytest.approx(legs)
    assert out.distance_nm >= great_circle_nm(POINTS[one], POINTS[two]) - 1e-6


@given(WAYPOINTS, WAYPOINTS, WAYPOINTS)
def test_no_detour_is_shorter(one: str, two: str, via: str) -> None:
    direct, first, second = (
        sea_route(POINTS[a], POINTS[b]) for a, b in ((one, two), (one, via), (via, two))
    )
    assert direct is not None
    assert first is not None
    assert second is not None
    assert direct.distance_nm <= first.distance_nm + second.distance_nm + 1e-6


@given(WAYPOINTS, st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))
def test_a_port_off_the_network_joins_it_by_a_straight_leg(
    name: str, east: float, north: float
) -> None:
    x, y = POINTS[name]
    port = (x + east, y + north)
    nearest = min(POINTS.values(), key=lambda p: great_circle_nm(port, p))
    route = sea_route(port, POINTS["east sea"])
    joins = great_circle_nm(port, nearest) <= NETWORK.join_nm
    assert (route is not None) == joins
    if route is not None:
        assert list(route.line.coords)[:2] == [port, nearest]


def test_every_shipped_port_of_the_finding_joins_the_network() -> None:
    ports = read_ports(shipped("configs") / "ports.geojson")
    for name in ("vostochny", "rajin", "chongjin", "nampo", "wonsan", "hungnam"):
        middle = ports[name].area.centroid
        assert sea_route((middle.x, middle.y), POINTS["vostochny"]) is not None, name
    assert sea_route((18.6, 54.5), POINTS["vostochny"]) is None  # Gdynia


def test_ports_that_no_route_joins_have_none() -> None:
    places = {"a": POINTS["rajin"], "b": POINTS["wonsan"], "far": (18.6, 54.5)}
    assert set(sea_routes(places, NETWORK)) == {("a", "b"), ("b", "a")}
    # Two parts of a network that no leg joins, and a network of nothing.
    apart = NETWORK.model_copy(update={"legs": (("rajin", "off rajin"),)})
    assert sea_routes(places, apart) == {}
    nothing = NETWORK.model_copy(update={"legs": (), "points": {}})
    assert sea_routes(places, nothing) == {}
