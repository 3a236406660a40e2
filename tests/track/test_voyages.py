"""Voyages: passage times against integration, assignments against enumeration."""

import itertools
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import Voyages
from gnomon.track.sea_routes import sea_routes
from gnomon.track.voyages import (
    PortCall,
    TimeQuantiles,
    exclusive_probabilities,
    likelihood_ratio,
    link_voyages,
    passage_density,
)
from tracked_seasons import START, TRAFFIC

SIGMA_M = TRAFFIC.tankers.length_sigma_m
POINTS = TRAFFIC.sea_routes.points
ROUTES = sea_routes(
    {name: POINTS[name] for name in ("vostochny", "chongjin", "rajin", "nampo")},
    TRAFFIC.sea_routes,
)


def call(
    port: str, name: str, day: float, stay: float = 2.0, length: float = 85.0, laden: float = 0.5
) -> PortCall:
    arrive, leave = (START + timedelta(days=d) for d in (day, day + stay))
    half = timedelta(hours=6)
    return PortCall(
        visit_id=name,
        port=port,
        arrive=TimeQuantiles(arrive - half, arrive, arrive + half),
        depart=TimeQuantiles(leave - half, leave, leave + half),
        length_m=length,
        length_sigma_m=2.0,
        p_laden_in=laden,
        p_laden_out=1 - laden,
        p_laden=0.25,
    )


def linked(*calls: PortCall) -> dict[tuple[str, str | None], float]:
    rows = link_voyages(list(calls), ROUTES, speeds_kn=(4.0, 14.0), length_sigma_m=SIGMA_M, seed=0)
    table(Voyages, [vars(row) for row in rows])
    assert {row.p_laden for row in rows} <= {0.25}
    return {(row.departure, row.arrival): row.probability for row in rows}


@pytest.mark.parametrize("distance_nm", [20.0, 170.0, 1172.0])
def test_passage_times_are_a_density(distance_nm: float) -> None:
    slow, fast = distance_nm / 4 / 24, distance_nm / 14 / 24

    def density(day: float) -> float:
        return float(passage_density(np.array(day), distance_nm, (4.0, 14.0)))

    assert quad(density, fast, slow)[0] == pytest.approx(1, rel=1e-6)
    # Mean of the times of a uniform speed: distance x ln(14 / 4) / 10.
    mean = quad(lambda d: d * density(d), fast, slow)[0]
    assert mean == pytest.approx(distance_nm / 24 * np.log(14 / 4) / 10, rel=1e-6)
    assert density(fast * 0.99) == density(slow * 1.01) == density(-1.0) == 0


@given(st.floats(60, 120), st.floats(60, 120), st.floats(0.5, 10), st.floats(0.5, 10))
def test_sizes_compare_one_ship_with_any_two(a: float, b: float, s: float, t: float) -> None:
    one = replace(call("vostochny", "a", 0, length=a), length_sigma_m=s)
    two = replace(call("rajin", "b", 5, length=b), length_sigma_m=t)
    error = np.hypot(s, t)
    expected = norm(0, error).pdf(a - b) / norm(0, np.hypot(error, np.sqrt(2) * SIGMA_M)).pdf(a - b)
    assert likelihood_ratio(one, two, SIGMA_M) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@given(st.floats(0, 1), st.floats(0, 1))
def test_loads_that_agree_are_evidence_and_unknown_ones_are_none(out: float, into: float) -> None:
    same = call("vostochny", "a", 0, laden=1 - out), call("rajin", "b", 5, laden=into)
    even = call("vostochny", "a", 0, laden=0.5), call("rajin", "b", 5, laden=into)
    change = likelihood_ratio(*same, SIGMA_M) / likelihood_ratio(*even, SIGMA_M)
    assert change == pytest.approx(2 * max(out * into + (1 - out) * (1 - into), 0.02))


def test_a_departure_leads_to_the_arrival_of_the_same_ship() -> None:
    found = linked(
        call("vostochny", "out", 0, length=85, laden=0.02),
        call("chongjin", "right", 3.2, length=86, laden=0.98),
        call("chongjin", "other size", 3.1, length=110, laden=0.98),
        call("chongjin", "too soon", 2.1, length=85, laden=0.98),
        call("chongjin", "too late", 9.0, length=85, laden=0.98),
        call("chongjin", "came empty", 3.3, length=86, laden=0.02),
    )
    assert found["out", "right"] > 0.6
    assert ("out", "too soon") not in found
    assert ("out", "too late") not in found
    assert found.get(("out", "other size"), 0) < 0.05
    assert found.get(("out", "came empty"), 0) < 0.1


def test_probabilities_of_a_departure_add_up_and_alternatives_are_kept() -> None:
    found = linked(
        call("vostochny", "out", 0),
        call("chongjin", "one", 3.2),
        call("rajin", "two", 3.0),
    )
    mine = {arrival: p for (departure, arrival), p in found.items() if departure == "out"}
    assert sum(mine.values()) == pytest.approx(1, abs=0.03)
    assert set(mine) >= {"one", "two"}


def test_one_arrival_ends_one_voyage() -> None:
    found = linked(
        call("vostochny", "a", 0), call("vostochny", "b", 0.1), call("chongjin", "c", 3.1)
    )
    assert found["a", "c"] + found["b", "c"] <= 1.02


@given(st.permutations(range(4)))
def test_the_order_of_calls_does_not_matter(order: list[int]) -> None:
    calls = [
        call("vostochny", "a", 0), call("vostochny", "b", 0.1),
        call("chongjin", "c", 3.1), call("rajin", "d", 3.0),
    ]  # fmt: skip
    assert linked(*(calls[n] for n in order)) == linked(*calls)


def test_a_row_has_the_route_and_the_speed_between_the_median_times() -> None:
    one, two = call("vostochny", "a", 0), call("chongjin", "b", 3.2)
    rows = link_voyages([one, two], ROUTES, speeds_kn=(4.0, 14.0), length_sigma_m=SIGMA_M, seed=0)
    (row,) = [r for r in rows if r.arrival == "b"]
    route = ROUTES["vostochny", "chongjin"]
    assert (row.origin, row.destination) == ("vostochny", "chongjin")
    assert row.geometry == route.line
    assert row.distance_nm == route.distance_nm
    assert row.speed_kn == pytest.approx(route.distance_nm / (1.2 * 24))
    none = [r for r in rows if r.arrival is None]
    assert all(r.destination is None and r.speed_kn is None for r in none)
    assert link_voyages([], ROUTES, speeds_kn=(4.0, 14.0), length_sigma_m=SIGMA_M, seed=0) == []


def exact_pairs(weights: np.ndarray) -> np.ndarray:
    """Every assignment of arrivals to departures in which none is taken twice."""
    count = len(weights)
    total = np.zeros_like(weights)
    for chosen in itertools.product(range(count + 1), repeat=count):
        taken = [n for n in chosen if n < count]
        if len(set(taken)) == len(taken):
            total[range(count), chosen] += np.prod(weights[range(count), chosen])
    return total / total.sum(1, keepdims=True)


@pytest.mark.parametrize("seed", range(3))
def test_pairs_have_the_probabilities_of_every_assignment_enumerated(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0, 1, (4, 5)) ** 2
    weights[:, -1] = 0.3
    runs = [exclusive_probabilities(weights, rng) for _ in range(10)]
    np.testing.assert_allclose(np.mean(runs, 0), exact_pairs(weights), atol=0.035)


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_pairs_of_a_departure_add_up_to_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0, 1, (3, 4))
    weights[:, -1] += 0.1
    chance = exclusive_probabilities(weights, rng)
    np.testing.assert_allclose(chance.sum(1), 1)
    assert (chance[:, :-1].sum(0) < 1.1).all()
