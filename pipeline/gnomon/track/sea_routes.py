"""Sea routes between ports that cross no land: the shortest ways over a network.

Waypoints and legs come from a traffic file (`gnomon.datamodel.traffic.SeaNetwork`). A port that is
no waypoint joins the network by a straight leg to the nearest one, if that is near enough. The
shortest route is Dijkstra's (1959).
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from shapely import LineString

from gnomon.datamodel.traffic import SeaNetwork

LonLat = tuple[float, float]
"""Longitude and latitude, degrees."""

NM_PER_RADIAN = 3440.065


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


def sea_routes(
    positions: Mapping[str, LonLat], network: SeaNetwork
) -> dict[tuple[str, str], SeaRoute]:
    """Routes between all pairs of ports that a network joins, by origin and destination."""
    near = {port: _nearest(position, network) for port, position in positions.items()}
    joined = {port: point for port, point in near.items() if point is not None}
    before = _predecessors(network) if joined else np.empty((0, 0), np.int32)
    routes = {}
    for one, two in itertools.permutations(joined, 2):
        points = _shortest(list(network.points), before, joined[one], joined[two])
        if points is None:
            continue
        path = [positions[one], *(network.points[name] for name in points), positions[two]]
        length = sum(great_circle_nm(a, b) for a, b in itertools.pairwise(path))
        routes[one, two] = SeaRoute(length, LineString(path))
    return routes


def _nearest(position: LonLat, network: SeaNetwork) -> str | None:
    """Waypoint that a port joins."""
    away = {name: great_circle_nm(position, point) for name, point in network.points.items()}
    name = min(away, key=away.__getitem__, default=None)
    return name if name is not None and away[name] <= network.join_nm else None


def _shortest(
    names: list[str], before: NDArray[np.int32], first: str, last: str
) -> list[str] | None:
    """Waypoints from the first to the last; None where no legs join them."""
    start = names.index(first)
    path = [names.index(last)]
    while path[-1] != start:
        path.append(int(before[start, path[-1]]))
        if path[-1] < 0:
            return None
    return [names[place] for place in reversed(path)]


def _predecessors(network: SeaNetwork) -> NDArray[np.int32]:
    """Waypoint before each on the shortest route from each, (waypoints, waypoints)."""
    points, names = network.points, list(network.points)
    legs = np.array([[names.index(name) for name in leg] for leg in network.legs]).reshape(-1, 2)
    length = [great_circle_nm(points[one], points[two]) for one, two in network.legs]
    graph = csr_array((length, (legs[:, 0], legs[:, 1])), shape=(len(names), len(names)))
    _, before = dijkstra(graph, directed=False, return_predecessors=True)
    predecessors: NDArray[np.int32] = before
    return predecessors
