"""Ends of visits: against numerical integration and a simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import gamma

from gnomon.track.classes import DWELL_KINDS
from gnomon.track.dwell import REACH_DAYS, STEP_DAYS, DwellPosterior, grid_days, grid_quantiles
from gnomon.track.presence import PriorSample
from tracked_seasons import prior_of

ALIKE = np.full((1, len(DWELL_KINDS)), 1 / len(DWELL_KINDS))
"""Weights of one member whose kinds of dwell are alike."""
NO_OTHERS = np.array([10.0, 11.5])


@pytest.mark.parametrize(("mean", "phases"), [(2.5, 4), (4.0, 2), (1.5, 6)])
@pytest.mark.parametrize("p", [0.05, 0.5, 0.95])
def test_quantiles_are_those_of_numerical_integration(mean: float, phases: int, p: float) -> None:
    """Without other observations the density of one end is the integral over the other one."""
    posterior = DwellPosterior(
        prior_of(mean, phases, 0.7), ALIKE, day=NO_OTHERS, missed=np.full(2, 0.3)
    )
    dwell = gamma(phases, scale=mean / phases)
    gap = float(np.diff(NO_OTHERS)[0])

    def density(g: float) -> float:
        return float(dwell.cdf(g + gap + REACH_DAYS) - dwell.cdf(g + gap))

    whole = quad(density, 0, REACH_DAYS)[0]
    exact = brentq(lambda x: quad(density, 0, x)[0] / whole - p, 0, REACH_DAYS)
    (found,) = grid_quantiles(posterior.ends(0, 1).before, (p,))
    # Quantiles within the first step of the grid are its end.
    assert found == pytest.approx(max(exact, STEP_DAYS), abs=STEP_DAYS / 4)
    (after,) = grid_quantiles(posterior.ends(0, 1).after, (p,))
    assert after == pytest.approx(found, abs=1e-9)


def test_a_visit_seen_once_has_the_mean_of_a_renewal_process() -> None:
    """Inspection paradox: the mean remaining dwell is E[T^2] / 2 E[T], (Cox 1962)."""
    mean, phases = 2.5, 4
    posterior = DwellPosterior(
        prior_of(mean, phases, 0.7), ALIKE, day=np.array([10.0]), missed=np.full(1, 0.3)
    )
    second_moment = mean**2 * (1 + 1 / phases)
    assert posterior.ends(0, 0).mean_after == pytest.approx(second_moment / (2 * mean), rel=0.02)


def test_ends_are_those_of_a_simulation() -> None:
    rng = np.random.default_rng(2)
    day = np.arange(20.0)
    posterior = DwellPosterior(prior_of(2.5, 4, 0.7), ALIKE, day=day, missed=np.full(20, 0.3))
    ends = posterior.ends(10, 11)
    arrive = rng.uniform(0, 11, 300_000)
    depart = arrive + rng.gamma(4, 2.5 / 4, len(arrive))
    kept = (arrive < 10) & (depart > 11)
    for time in np.r_[day[:10], day[12:]]:
        in_port = (arrive < time) & (time < depart)
        kept &= ~(in_port & (rng.random(len(arrive)) < 0.7))
    assert ends.mean_before == pytest.approx((10 - arrive[kept]).mean(), abs=0.05)
    assert ends.mean_after == pytest.approx((depart[kept] - 11).mean(), abs=0.05)
    assert ends.before @ (grid_days() > 1) == pytest.approx((arrive[kept] < 9).mean(), abs=0.02)


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_ends_mirror_in_time(seed: int) -> None:
    rng = np.random.default_rng(seed)
    day, missed = np.sort(rng.uniform(0, 15, 7)), rng.uniform(0.05, 0.95, 7)
    first, last = np.sort(rng.choice(7, 2, replace=False))
    prior = prior_of(2.5, 3, 0.7)
    ends = DwellPosterior(prior, ALIKE, day=day, missed=missed).ends(first, last)
    mirror = DwellPosterior(prior, ALIKE, day=-day[::-1], missed=missed[::-1])
    back = mirror.ends(6 - last, 6 - first)
    np.testing.assert_allclose(ends.before, back.after, atol=1e-12)
    np.testing.assert_allclose(ends.after, back.before, atol=1e-12)
    assert ends.before.sum() == pytest.approx(1)


@given(st.floats(0.05, 0.9), st.floats(0.05, 0.9))
def test_a_clear_image_without_the_ship_brings_the_arrival_nearer(p: float, q: float) -> None:
    low, high = sorted((1 - p, 1 - q))
    prior = prior_of(3.0, 3, 0.7)

    def mean(missed: float) -> float:
        chances = np.array([missed, 0.5])
        posterior = DwellPosterior(prior, ALIKE, day=np.array([8.0, 10.0]), missed=chances)
        return posterior.ends(1, 1).mean_before

    assert mean(low) <= mean(high) + 1e-12


def _first(*weights: float) -> np.ndarray:
    """Weights of members whose second kind of dwell no visit has."""
    return np.column_stack([weights, np.zeros(len(weights))])


def test_members_count_by_their_weights() -> None:
    two = PriorSample(
        np.array([[1.0, 9.0], [5.0, 9.0]]),
        np.full((2, 2), 3),
        np.full((2, 4), 0.7),
        np.ones((2, 2)),
    )
    day, missed = np.array([5.0]), np.array([0.5])

    def mean(*weights: float) -> float:
        return DwellPosterior(two, _first(*weights), day=day, missed=missed).ends(0, 0).mean_after

    assert mean(1, 0) < mean(0.5, 0.5) < mean(0, 1)
    # A ship in port at a given time is a long stay more often: weights count per arrival.
    joint = DwellPosterior(two, _first(0.5, 0.5), day=day, missed=missed).ends(0, 0).after
    parts = [
        DwellPosterior(prior_of(m, 3, 0.7), ALIKE, day=day, missed=missed).ends(0, 0).after
        for m in (1.0, 5.0)
    ]
    np.testing.assert_allclose(joint, (1 * parts[0] + 5 * parts[1]) / 6, atol=0.01)


def test_quantiles_of_a_uniform_density_are_straight() -> None:
    uniform = np.full(len(grid_days()), 1 / len(grid_days()))
    p = (0.1, 0.5, 0.9)
    assert grid_quantiles(uniform, p) == pytest.approx(np.array(p) * REACH_DAYS, abs=1e-9)
