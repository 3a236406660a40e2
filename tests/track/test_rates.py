"""The walk over rates: against posteriors that are known, and from start to start."""

import numpy as np
import pytest
from scipy.stats import gamma, kstest

from gnomon.track.classes import (
    COASTER,
    FALSE_ALARM,
    LARGE,
    RESIDENT,
    TANKERS,
    WAITING,
    other_means,
)
from gnomon.track.rates import RateWalk
from tracked_seasons import TRAFFIC

PRIOR = TRAFFIC.rates

CLASSES = len(TANKERS)


def terms_of(classes: list[int]) -> np.ndarray:
    """Log likelihoods of tracks whose class is certain, (tracks, classes)."""
    terms = np.full((len(classes), CLASSES), -60.0)
    terms[np.arange(len(classes)), classes] = 0.0
    return terms


def walked(
    terms: np.ndarray, exposure: np.ndarray, *, start: float = 0.0, steps: int = 1500
) -> np.ndarray:
    walk = RateWalk(exposure, np.full(CLASSES, start), 0, np.random.default_rng(1), PRIOR)
    states = []
    for step in range(steps):
        walk.walk(terms, learn=step < 300)
        walk.draw_member(terms[:, None])
        states.append(walk.rates)
    return np.array(states[300:])


def test_rates_of_certain_classes_are_gamma() -> None:
    exposure = np.full((1, CLASSES), 40.0)
    found = walked(terms_of([LARGE] * 9 + [FALSE_ALARM] * 2), exposure)
    for column, count in ((LARGE, 9), (FALSE_ALARM, 2), (RESIDENT, 0)):
        mean = other_means(PRIOR)[column - LARGE]
        posterior = gamma(PRIOR.shape + count, scale=1 / (40 + PRIOR.shape / mean))
        assert found[:, column].mean() == pytest.approx(posterior.mean(), rel=0.12)
        assert kstest(found[::20, column], posterior.cdf).pvalue > 1e-3


def test_the_sum_of_small_ships_is_gamma_whatever_they_are() -> None:
    """Nothing separates quick tankers, waiting ones and coasters: their sum is known still."""
    exposure = np.full((1, CLASSES), 30.0)
    terms = np.full((12, CLASSES), -60.0)
    terms[:, :3] = 0.0
    small = walked(terms, exposure)[:, :3].sum(1)
    posterior = gamma(PRIOR.shape + 12, scale=1 / (30 + PRIOR.shape / PRIOR.small_per_day))
    assert small.mean() == pytest.approx(posterior.mean(), rel=0.05)
    assert small.std() == pytest.approx(posterior.std(), rel=0.15)


def test_where_it_begins_is_forgotten() -> None:
    exposure = np.full((1, CLASSES), 25.0)
    terms = np.random.default_rng(2).normal(0, 1, (20, CLASSES))
    ends = [walked(terms, exposure, start=start).mean(0) for start in (-6.0, 4.0)]
    np.testing.assert_allclose(*ends, rtol=0.3, atol=0.02)


def test_where_no_image_gives_a_type_no_tanker_is_as_likely_as_before() -> None:
    """And where images say that a ship is a tanker, it is not possible."""
    exposure = np.full((1, CLASSES), 30.0)
    terms = np.full((12, CLASSES), -60.0)
    terms[:, : COASTER + 1] = 0.0
    blind = walked(terms, exposure, steps=6000)
    share = blind[:, :COASTER].sum(1) / blind[:, : COASTER + 1].sum(1)
    assert (share < 0.01).mean() == pytest.approx(PRIOR.no_tanker, abs=0.03)
    some = share[share > 0.01]
    first, second = PRIOR.coaster_share
    assert some.mean() == pytest.approx(second / (first + second), abs=0.04)
    known = walked(terms_of([WAITING] * 3 + [COASTER] * 9), exposure)
    assert (known[:, :COASTER].sum(1) / known[:, : COASTER + 1].sum(1)).min() > 0.01


def test_members_are_drawn_by_their_likelihood() -> None:
    """Expected numbers are held: the member that makes the tracks likelier is drawn more often."""
    exposure = np.array([[20.0] * CLASSES, [40.0] * CLASSES])
    logs = np.zeros((6, 2, CLASSES))
    logs[:, 1] = 0.25
    walk = RateWalk(exposure, np.full(CLASSES, 1.0), 0, np.random.default_rng(3), PRIOR)
    drawn = []
    for _ in range(4000):
        walk.draw_member(logs)
        drawn.append(walk.member)
    weights = [walk_weight(walk, logs, member) for member in range(2)]
    expected = 1 / (1 + np.exp(weights[0] - weights[1]))
    assert np.mean(drawn) == pytest.approx(expected, abs=0.03)


def walk_weight(walk: RateWalk, logs: np.ndarray, member: int) -> float:
    one = RateWalk(walk.exposure, walk.log_expected, member, np.random.default_rng(0), PRIOR)
    terms = logs[:, member]
    # The posterior leaves out the factor that every track has in common.
    return one.log_posterior(walk.log_expected, np.exp(terms))
