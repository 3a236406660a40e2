"""Abundance estimators: published formulas, exact expectations, and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from gnomon.track.estimators import chapman, horvitz_thompson, little


@given(st.integers(1, 500), st.floats(0.05, 1.0))
def test_horvitz_thompson_is_its_formula(detected: int, p: float) -> None:
    """Horvitz & Thompson 1952: sum of 1 / p, variance sum of (1 - p) / p^2."""
    found = horvitz_thompson(np.full(7, float(detected)), np.full(7, p))
    assert found.visits == pytest.approx(detected / p)
    assert found.sigma == pytest.approx(np.sqrt(detected * (1 - p)) / p, abs=1e-6)


def test_horvitz_thompson_is_unbiased_and_its_sigma_true() -> None:
    rng = np.random.default_rng(0)
    detected = rng.binomial(50, 0.6, 4000)
    found = [horvitz_thompson(np.full(5, float(n)), np.full(5, 0.6)) for n in detected]
    off = np.array([(estimate.visits - 50) / estimate.sigma for estimate in found])
    assert off.mean() == pytest.approx(0, abs=0.1)
    assert off.std() == pytest.approx(1, abs=0.1)


def test_uncertain_detection_widens_the_estimate() -> None:
    sharp = horvitz_thompson(np.full(100, 30.0), np.full(100, 0.6))
    wide = horvitz_thompson(np.full(100, 30.0), np.linspace(0.5, 0.7, 100))
    assert wide.sigma > sharp.sigma
    variance = sharp.sigma**2 + np.var(30 / np.linspace(0.5, 0.7, 100))
    assert wide.sigma == pytest.approx(np.sqrt(variance), rel=0.03)


def test_chapman_is_the_published_example() -> None:
    """Ten marked, fifteen caught, five of them marked: 28 (Lincoln-Petersen would say 30)."""
    found = chapman(10, 15, 5)
    assert found.visits == pytest.approx(11 * 16 / 6 - 1)
    # Seber 1970: (M + 1)(C + 1)(M - R)(C - R) / ((R + 1)^2 (R + 2)).
    assert found.sigma**2 == pytest.approx(11 * 16 * 5 * 10 / (6**2 * 7))


@given(st.integers(1, 60), st.integers(0, 60), st.integers(0, 60))
def test_chapman_is_unbiased_where_the_samples_overlap(total: int, one: int, two: int) -> None:
    """Exactly, summed over the hypergeometric distribution, if n1 + n2 >= N."""
    one, two = min(one, total), min(two, total)
    if one + two < total:
        one = total - two
    both = np.arange(max(0, one + two - total), min(one, two) + 1)
    p = hypergeom(total, one, two).pmf(both)
    mean = sum(q * chapman(one, two, int(m)).visits for q, m in zip(p, both, strict=True))
    assert mean == pytest.approx(total)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_chapman_treats_both_sensors_alike(one: int, two: int, both: int) -> None:
    both = min(one, two, both)
    assert chapman(one, two, both) == chapman(two, one, both)
    assert chapman(one, two, both).visits >= max(one, two)


def test_little_finds_the_arrivals_of_a_simulated_port() -> None:
    rng = np.random.default_rng(0)
    days, dwell, found, true = 200.0, 2.5, [], []
    for _ in range(600):
        arrive = rng.uniform(-20, days, rng.poisson(0.2 * (days + 20)))
        depart = arrive + rng.gamma(3, dwell / 3, len(arrive))
        day = np.sort(rng.uniform(0, days, 80))
        p = rng.uniform(0.2, 0.9, 80)
        in_port = ((arrive < day[:, None]) & (day[:, None] < depart)).sum(1)
        detections = rng.binomial(in_port, p).astype(float)
        found.append(little(detections, p, days, np.full(10, dwell)))
        true.append(((depart > 0) & (arrive < days)).sum())
    off = np.array([f.visits for f in found]) - true
    assert abs(off.mean()) < 3 * off.std() / np.sqrt(len(off))
    # Blocks of ten days miss part of the correlation of visits at their edges.
    assert np.mean([f.sigma for f in found]) == pytest.approx(off.std(), rel=0.2)


@given(st.floats(0.1, 10.0), st.integers(1, 30))
def test_little_does_not_depend_on_the_number_of_images_of_the_same_port(
    scale: float, count: int
) -> None:
    p, detections = np.full(count, 0.5), np.full(count, scale)
    found = little(detections, p, 100.0, np.full(3, 2.5))
    assert found.visits == pytest.approx(scale / 0.5 * 102.5 / 2.5)


def test_without_a_usable_image_little_is_unknown() -> None:
    found = little(np.zeros(4), np.zeros(4), 30.0, np.full(3, 2.5))
    assert np.isnan([found.visits, found.sigma]).all()
