"""Calibration: a score is a probability, an error is a deviation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from gnomon.detect.calibrate import calibrated
from gnomon.detect.evaluate import Matched


def simulated(rng: np.random.Generator, count: int, *, slope: float, intercept: float) -> Matched:
    """Hulls whose chance of being ships follows a logistic curve of their logit."""
    raw = rng.normal(0, 2, count)
    ship = rng.random(count) < expit(slope * raw + intercept)
    label = np.where(ship, np.cumsum(ship) - 1, -1)
    length = rng.uniform(6, 30, count)
    truth = np.column_stack([np.zeros((count, 2)), length, length / 6, np.full(count, 40.0)])
    hulls = np.column_stack([truth, expit(raw), np.zeros(count)])
    hulls[:, 2] += rng.normal(0, 1.2, count)
    hulls[:, 3] += rng.normal(0, 0.5, count)
    hulls[:, 4] += rng.normal(0, 3.0 * 10 / length)
    return Matched(
        expit(raw).astype(np.float32), label, hulls.astype(np.float32), truth[ship].astype("f4")
    )


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.5, -1.0), (2.0, 0.5)])
def test_the_curve_is_found(slope: float, intercept: float) -> None:
    told = calibrated(
        simulated(np.random.default_rng(1), 4000, slope=slope, intercept=intercept), gsd_m=10.0
    )
    assert told.slope == pytest.approx(slope, rel=0.12)
    assert told.intercept == pytest.approx(intercept, abs=0.15)


def test_the_errors_are_the_deviations() -> None:
    errors = calibrated(
        simulated(np.random.default_rng(2), 4000, slope=1, intercept=1), gsd_m=10.0
    ).errors
    assert errors.length_m == pytest.approx(12.0, rel=0.1)
    assert errors.length_share < 0.04
    assert errors.beam_m == pytest.approx(5.0, rel=0.1)
    assert errors.heading_deg == pytest.approx(3.0, rel=0.1)


def test_the_threshold_has_the_best_f1() -> None:
    matched = simulated(np.random.default_rng(3), 2000, slope=1.5, intercept=-0.5)
    told = calibrated(matched, gsd_m=10.0)
    score = told.score(matched.score)

    def f1(least: float) -> float:
        taken = score >= least
        right = (taken & (matched.label >= 0)).sum()
        return float(2 * right / (taken.sum() + len(matched.truth)))

    assert f1(told.threshold) >= max(f1(t) for t in np.linspace(0.01, 0.99, 99)) - 1e-3


@given(st.integers(0, 2**31))
def test_a_clean_split_gives_no_certainty(seed: int) -> None:
    """Ten ships above ten others: the best is not told to be a ship for certain."""
    rng = np.random.default_rng(seed)
    score = np.concatenate([rng.uniform(0.8, 0.99, 10), rng.uniform(0.02, 0.3, 10)])
    label = np.concatenate([np.arange(10), np.full(10, -1)])
    hulls = np.ones((20, 7), np.float32)
    told = calibrated(
        Matched(score.astype(np.float32), label, hulls, np.ones((10, 5), np.float32)), gsd_m=10.0
    )
    assert 0.6 < told.score(np.array([0.99]))[0] < 0.999
