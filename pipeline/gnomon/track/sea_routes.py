"""Sea routes between Russia's Far East and the ports of North Korea that cross no land.

A hand-made network: waypoints off the coast, and the legs between them. Each leg was checked
against a coastline (GSHHG, intermediate); legs keep five miles off except in straits, off ports and
in the river below Nampo, where ships pass the locks of the West Sea Barrage. A port that is no
waypoint joins the network by a straight leg to the nearest one, if that lies within `JOIN_NM`. The
shortest route is Dijkstra's (1959).
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from shapely import LineString

LonLat = tuple[float, float]
"""Longitude and latitude, degrees."""

NM_PER_RADIAN = 3440.065
JOIN_NM = 40.0

POINTS: dict[str, LonLat] = {
    "vostochny": (133.0, 42.715),
    "nakhodka roads": (132.96, 42.68),
    "off nakhodka": (132.95, 42.50),
    "peter the great": (131.6, 42.05),
    "rajin": (130.31, 42.15),
    "off rajin": (130.45, 42.05),
    "chongjin": (129.83, 41.73),
    "off chongjin": (130.05, 41.55),
    "off musudan": (130.2, 40.8),
    "kimchaek": (129.26, 40.63),
    "off kimchaek": (129.6, 40.4),
    "hungnam": (127.63, 39.77),
    "wonsan": (127.56, 39.25),
    "off wonsan": (128.1, 39.5),
    "east sea": (130.1, 38.0),
    "off ulsan": (130.0, 35.7),
    "korea strait": (129.25, 34.88),
    "off geoje": (128.6, 34.35),
    "east of jeju": (127.4, 33.3),
    "south of jeju": (126.5, 32.9),
    "yellow sea": (124.6, 34.0),
    "off taean": (124.3, 36.5),
    "off baengnyeong": (123.9, 37.9),
    "off chodo": (124.55, 38.45),
    "mouth of the taedong": (124.93, 38.83),
    "barrage": (125.14, 38.665),
    "locks": (125.19, 38.685),
    "river": (125.28, 38.69),
    "nampo": (125.38, 38.712),
}
LEGS = (
    ("vostochny", "nakhodka roads"), ("nakhodka roads", "off nakhodka"),
    ("off nakhodka", "peter the great"), ("peter the great", "off rajin"),
    ("off rajin", "rajin"), ("off rajin", "off chongjin"), ("off chongjin", "chongjin"),
    ("peter the great", "off chongjin"), ("off chongjin", "off musudan"),
    ("peter the great", "off musudan"), ("off musudan", "off kimchaek"),
    ("off kimchaek", "kimchaek"), ("off kimchaek", "off wonsan"), ("off wonsan", "hungnam"),
    ("off wonsan", "wonsan"), ("off musudan", "east sea"), ("peter the great", "east sea"),
    ("off kimchaek", "east sea"), ("off wonsan", "east sea"), ("east sea", "off ulsan"),
    ("off ulsan", "korea strait"), ("korea strait", "off geoje"), ("off geoje", "east of jeju"),
    ("east of jeju", "south of jeju"), ("south of jeju", "yellow sea"),
    ("yellow sea", "off taean"), ("off taean", "off baengnyeong"),
    ("off baengnyeong", "off chodo"), ("off chodo", "mouth of the taedong"),
    ("mouth of the taedong", "barrage"), ("barrage", "locks"),
    ("locks", "river"), ("river", "nampo"),
)  # fmt: skip


@dataclass(frozen=True)
class SeaRoute:
    """A way over the sea."""

    distance_nm: float
    line: LineString


def great_circle_nm(one: LonLat, two: LonLat) -> float:
    """Great-circle distance on a sphere (haversine), nautical miles."""
    (x1, y1), (x2, y2) = np.radians(one), np.radians(two)
    half = np.sin((y2 - y1) / 2) ** 2 + np.cos(y1) * np.cos(y2) * np.sin((x2 - x1) / 2) ** 2
    return float(2 * NM_PER_RADIAN * np.arcsin(np.sqrt(half)))


def sea_route(origin: LonLat, destination: LonLat) -> SeaRoute | None:
    """Shortest route of the network; None where one end is near no waypoint."""
    first, last = _nearest(origin), _nearest(destination)
    if first is None or last is None:
        return None
    path = [origin, *(POINTS[name] for name in _shortest(first, last)), destination]
    length = sum(great_circle_nm(a, b) for a, b in itertools.pairwise(path))
    return SeaRoute(length, LineString(path))


def sea_routes(positions: Mapping[str, LonLat]) -> dict[tuple[str, str], SeaRoute]:
    """Routes between all pairs of ports that the network joins, by origin and destination."""
    pairs = itertools.permutations(positions, 2)
    routes = {(a, b): sea_route(positions[a], positions[b]) for a, b in pairs}
    return {pair: route for pair, route in routes.items() if route is not None}


def _nearest(position: LonLat) -> str | None:
    name = min(POINTS, key=lambda point: great_circle_nm(position, POINTS[point]))
    return name if great_circle_nm(position, POINTS[name]) <= JOIN_NM else None


def _shortest(first: str, last: str) -> list[str]:
    """Waypoints from the first to the last."""
    names = list(POINTS)
    before = _predecessors()[names.index(first)]
    path = [names.index(last)]
    while names[path[-1]] != first:
        path.append(int(before[path[-1]]))
    return [names[place] for place in reversed(path)]


@cache
def _predecessors() -> NDArray[np.int32]:
    """Waypoint before each on the shortest route from each, (waypoints, waypoints)."""
    names = list(POINTS)
    start, end = ([names.index(name) for name in side] for side in zip(*LEGS, strict=True))
    length = [great_circle_nm(POINTS[one], POINTS[two]) for one, two in LEGS]
    graph = csr_array((length, (start, end)), shape=(len(names), len(names)))
    _, before = dijkstra(graph, directed=False, return_predecessors=True)
    predecessors: NDArray[np.int32] = before
    return predecessors
