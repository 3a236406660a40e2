"""Which arrival a departure led to: by time, speed, size and load.

The time from a departure to an arrival must be that of a mean speed between 4 and 14 knots along
the sea routes (`gnomon.track.sea_routes`); speeds are uniform, and the uncertainty of both ends
(the posterior of the visits) is folded in. Lengths must agree within their errors, and so must the
load: a ship that left laden arrives laden (by the images at each port alone). An arrival by chance,
of another ship, comes at the port's own rate with the size and load of any ship; the odds against
that, and against an arrival that no image shows, are the weight of a pair. An arrival ends one
voyage at most: assignments are sampled by Gibbs, as for ships (`gnomon.track.fleet`).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from shapely import LineString

from gnomon.track.sea_routes import SeaRoute

Floats = NDArray[np.float64]

P_DETECTED = 0.5
"""Chance that the next arrival is at a port and in a time that some image shows."""
PROBABILITY_MIN = 0.02
"""Probability from which a pair is written."""
GIBBS_ROUNDS = 200
NORMAL_FIFTHS = np.array([-1.28, -0.52, 0.0, 0.52, 1.28])
"""Middles of fifths of a normal: how the uncertainty of a time is folded in."""
NORMAL_P95 = 1.645
P_SAME_LOAD_MIN = 0.02


class TimeQuantiles(NamedTuple):
    """5, 50 and 95 % quantiles of a time."""

    p05: datetime
    p50: datetime
    p95: datetime


@dataclass(frozen=True)
class PortCall:
    """A visit as voyages need it."""

    visit_id: str
    port: str
    arrive: TimeQuantiles
    depart: TimeQuantiles
    length_m: float
    length_sigma_m: float
    p_laden_in: float
    """By the images at this port alone."""
    p_laden_out: float
    p_laden: float
    """At departure, given the evidence of all visits; for the table."""


@dataclass(frozen=True)
class VoyageRow:
    """A row of `gnomon.datamodel.tables.Voyages`."""

    departure: str
    origin: str
    probability: float
    p_laden: float
    arrival: str | None = None
    destination: str | None = None
    geometry: LineString | None = None
    distance_nm: float | None = None
    speed_kn: float | None = None


def link_voyages(
    calls: list[PortCall],
    routes: Mapping[tuple[str, str], SeaRoute],
    *,
    speeds_kn: tuple[float, float],
    length_sigma_m: float,
    seed: int,
) -> list[VoyageRow]:
    """Pair departures with arrivals.

    Parameters
    ----------
    calls
        Visits of all ports.
    routes
        By origin and destination; a pair of ports without a route has no voyages.
    speeds_kn
        Slowest and fastest mean speed, knots.
    length_sigma_m
        Standard deviation of lengths from ship to ship.
    seed
        Of the sampling.

    """
    calls = sorted(calls, key=lambda call: (call.depart.p50, call.visit_id))
    rates = _arrivals_a_day(calls)
    weights = np.zeros((len(calls), len(calls) + 1))
    weights[:, -1] = 1 - P_DETECTED
    for i, one in enumerate(calls):
        for j, two in enumerate(calls):
            route = routes.get((one.port, two.port))
            if route is None:
                continue
            time = _time_density(one, two, route.distance_nm, speeds_kn)
            weights[i, j] = (
                P_DETECTED * time / rates[two.port] * likelihood_ratio(one, two, length_sigma_m)
            )
    chance = exclusive_probabilities(weights, np.random.default_rng(seed))
    return [
        _row(one, calls[j] if j < len(calls) else None, float(chance[i, j]), routes)
        for i, one in enumerate(calls)
        for j in np.argsort(-chance[i], kind="stable")
        if chance[i, j] >= PROBABILITY_MIN
    ]


def _days(time: datetime) -> float:
    return time.timestamp() / 86_400


def _arrivals_a_day(calls: list[PortCall]) -> dict[str, float]:
    """Rate of arrivals by port, over ten days at least."""
    if not calls:
        return {}
    times = [_days(call.arrive.p50) for call in calls]
    span = max(max(times) - min(times), 10.0)
    return {port: count / span for port, count in Counter(call.port for call in calls).items()}


def _time_density(
    one: PortCall, two: PortCall, distance_nm: float, speeds_kn: tuple[float, float]
) -> float:
    """Density, per day, of this arrival time given the departure and any speed allowed."""
    leave, come = _fifths(one.depart), _fifths(two.arrive)
    return float(passage_density((come[:, None] - leave).ravel(), distance_nm, speeds_kn).mean())


def passage_density(days: Floats, distance_nm: float, speeds_kn: tuple[float, float]) -> Floats:
    """Density, per day, of a passage of so many days at a mean speed uniform between two limits.

    Parameters
    ----------
    days
        Any shape.
    distance_nm, speeds_kn
        Nautical miles; slowest and fastest speed, knots.

    """
    slow, fast = (distance_nm / (24 * speed) for speed in speeds_kn)
    possible = (days >= fast) & (days <= slow)
    slowest, fastest = speeds_kn
    density = distance_nm / 24 / np.maximum(days, 1e-6) ** 2 / (fastest - slowest)
    return np.where(possible, density, 0.0)


def _fifths(quantiles: TimeQuantiles) -> Floats:
    low, middle, high = (_days(time) for time in quantiles)
    z = NORMAL_FIFTHS
    fifths: Floats = middle + np.where(z < 0, middle - low, high - middle) * z / NORMAL_P95
    return fifths


def likelihood_ratio(one: PortCall, two: PortCall, length_sigma_m: float) -> float:
    """Likelihood of sizes and loads if these are one ship, over that of any two ships."""
    error = float(np.hypot(one.length_sigma_m, two.length_sigma_m))
    any_two = float(np.hypot(error, np.sqrt(2) * length_sigma_m))
    gap = one.length_m - two.length_m
    size = any_two / error * np.exp(-0.5 * gap**2 * (1 / error**2 - 1 / any_two**2))
    a, b = one.p_laden_out, two.p_laden_in
    same = a * b + (1 - a) * (1 - b)
    return float(size * 2 * max(same, P_SAME_LOAD_MIN))


def exclusive_probabilities(weights: Floats, rng: np.random.Generator) -> Floats:
    """Probabilities of pairs in which no arrival is taken twice.

    Parameters
    ----------
    weights
        Of arrivals for departures, (n, n + 1); the last column is "none of these".
    rng
        Of the Gibbs sampling.

    """
    count = len(weights)
    held = np.full(count, count)
    total = np.zeros_like(weights)
    for _ in range(GIBBS_ROUNDS):
        for one in range(count):
            free = weights[one].copy()
            others = np.delete(held, one)
            free[others[others < count]] = 0.0
            share = free / free.sum()
            total[one] += share
            held[one] = np.searchsorted(share.cumsum(), rng.random() * (1 - 1e-12))
    return total / GIBBS_ROUNDS


def _row(
    one: PortCall,
    two: PortCall | None,
    chance: float,
    routes: Mapping[tuple[str, str], SeaRoute],
) -> VoyageRow:
    probability = min(chance, 1.0)
    if two is None:
        return VoyageRow(one.visit_id, one.port, probability, one.p_laden)
    route = routes[one.port, two.port]
    hours = 24 * (_days(two.arrive.p50) - _days(one.depart.p50))
    return VoyageRow(
        departure=one.visit_id,
        origin=one.port,
        probability=probability,
        p_laden=one.p_laden,
        arrival=two.visit_id,
        destination=two.port,
        geometry=route.line,
        distance_nm=route.distance_nm,
        speed_kn=route.distance_nm / hours if hours > 0 else None,
    )
