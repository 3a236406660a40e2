"""Which arrival a departure led to: by time, speed, size and load.

The time from a departure to an arrival must be what a mean speed between 4 and 14 knots along the
sea lanes (`gnomon.track.sea_routes`) takes; speeds are evenly likely, and the doubt of both ends
(the posterior of the visits) is folded in. Lengths must agree within their errors, and so must the
load: a ship that left laden arrives laden (as looks at each port tell by themselves). An arrival by
chance, of another ship, comes at the port's own rate with the size and load of any ship; the odds
against that, and against an arrival that no look showed, are the weight of a pair. An arrival ends
one voyage at most (Gibbs sampling as for ships).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnomon.track.marks import SMALL_M
from gnomon.track.sea_routes import Place, route

Floats = NDArray[np.float64]

SEEN = 0.5
"""Chance that the next arrival is at a port and in a time that some look showed."""
LEAST = 0.02
"""Probability from which a pair is written."""
ROUNDS = 200
QUANTILES = (-1.28, -0.52, 0.0, 0.52, 1.28)
"""Middles of fifths of a normal: how the doubt of a time is folded in."""


@dataclass(frozen=True)
class Call:
    """What a voyage needs of a visit."""

    visit_id: str
    port: str
    arrive: tuple[datetime, datetime, datetime]
    """5, 50 and 95 % quantiles."""
    depart: tuple[datetime, datetime, datetime]
    length_m: float
    length_sigma_m: float
    p_laden_in: float
    p_laden_out: float


def link(
    calls: list[Call],
    places: dict[str, Place],
    *,
    speed_min_kn: float,
    speed_max_kn: float,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Pair departures with arrivals.

    Parameters
    ----------
    calls
        Visits of all ports.
    places
        Where the ports are; pairs of ports that no lane joins are left out.
    speed_min_kn, speed_max_kn
        Slowest and fastest mean speed, knots.
    seed
        Of the sampling.

    Returns
    -------
    list
        Rows of `gnomon.datamodel.tables.Voyages`.

    """
    calls = sorted(calls, key=lambda call: (call.depart[1], call.visit_id))
    ways = {(a, b): route(places[a], places[b]) for a in places for b in places if a != b}
    known = {pair: way for pair, way in ways.items() if way is not None}
    rates = _rates(calls)
    weights = np.zeros((len(calls), len(calls) + 1))
    weights[:, -1] = 1 - SEEN
    for i, one in enumerate(calls):
        for j, two in enumerate(calls):
            way = known.get((one.port, two.port))
            if way is None:
                continue
            time = _time_density(one, two, way.distance_nm, (speed_min_kn, speed_max_kn))
            weights[i, j] = SEEN * time / rates[two.port] * _likeness(one, two)
    chance = _exclusive(weights, np.random.default_rng(seed))
    return [
        _row(one, calls[j] if j < len(calls) else None, float(chance[i, j]), known)
        for i, one in enumerate(calls)
        for j in np.argsort(-chance[i], kind="stable")
        if chance[i, j] >= LEAST
    ]


def _days(time: datetime) -> float:
    return time.timestamp() / 86_400


def _rates(calls: list[Call]) -> dict[str, float]:
    """Arrivals a day by port."""
    if not calls:
        return {}
    times = [_days(call.arrive[1]) for call in calls]
    span = max(max(times) - min(times), 10.0)
    ports = [call.port for call in calls]
    return {port: ports.count(port) / span for port in set(ports)}


def _time_density(
    one: Call, two: Call, nautical_miles: float, speeds: tuple[float, float]
) -> float:
    """Density, per day, of this arrival time given the departure and any speed allowed."""
    leave, come = _fifths(one.depart), _fifths(two.arrive)
    return float(passage_density((come[:, None] - leave).ravel(), nautical_miles, speeds).mean())


def passage_density(days: Floats, nautical_miles: float, speeds: tuple[float, float]) -> Floats:
    """Density, per day, of a passage of so many days: any mean speed allowed is as likely."""
    slow, fast = (nautical_miles / (24 * speed) for speed in speeds)
    possible = (days >= fast) & (days <= slow)
    density = nautical_miles / 24 / np.maximum(days, 1e-6) ** 2 / (speeds[1] - speeds[0])
    return np.where(possible, density, 0.0)


def _fifths(quantiles: tuple[datetime, datetime, datetime]) -> Floats:
    low, middle, high = (_days(time) for time in quantiles)
    z = np.array(QUANTILES)
    fifths: Floats = middle + np.where(z < 0, middle - low, high - middle) * z / 1.645
    return fifths


def _likeness(one: Call, two: Call) -> float:
    """Likelihood of sizes and loads for one ship over that for any two."""
    error = float(np.hypot(one.length_sigma_m, two.length_sigma_m))
    anyone = float(np.hypot(error, np.sqrt(2) * SMALL_M[1]))
    gap = one.length_m - two.length_m
    size = anyone / error * np.exp(-0.5 * gap**2 * (1 / error**2 - 1 / anyone**2))
    a, b = one.p_laden_out, two.p_laden_in
    same = a * b + (1 - a) * (1 - b)
    return float(size * 2 * max(same, 0.02))


def _exclusive(weights: Floats, rng: np.random.Generator) -> Floats:
    """Probabilities of pairs in which no arrival is taken twice."""
    count = len(weights)
    held = np.full(count, count)
    total = np.zeros_like(weights)
    for _ in range(ROUNDS):
        for one in range(count):
            free = weights[one].copy()
            others = np.delete(held, one)
            free[others[others < count]] = 0.0
            share = free / free.sum()
            total[one] += share
            held[one] = np.searchsorted(share.cumsum(), rng.random() * (1 - 1e-12))
    return total / ROUNDS


def _row(
    one: Call, two: Call | None, chance: float, ways: dict[tuple[str, str], Any]
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "departure": one.visit_id,
        "origin": one.port,
        "probability": min(chance, 1.0),
        "p_laden": one.p_laden_out,
    }
    if two is None:
        return row
    way = ways[one.port, two.port]
    hours = 24 * (_days(two.arrive[1]) - _days(one.depart[1]))
    return row | {
        "arrival": two.visit_id,
        "destination": two.port,
        "geometry": way.line,
        "distance_nm": way.distance_nm,
        "speed_kn": way.distance_nm / hours if hours > 0 else None,
    }
