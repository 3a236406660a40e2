"""Priors of rates: against scipy's densities of the quantities that they are made of."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import beta, gamma, kstest, loguniform

from gnomon.track.classes import (
    COASTER,
    QUICK,
    TANKERS,
    WAITING,
    RateDensity,
    draw_coaster_share,
    other_means,
    prior_rates,
)
from tracked_seasons import TRAFFIC

PRIOR = TRAFFIC.rates

RATES = st.lists(st.floats(1e-4, 2.0), min_size=8, max_size=8)


def direct(rates: np.ndarray) -> float:
    """By the rate of small ships and the two shares, and the determinant of the change."""
    small = rates[[QUICK, WAITING, COASTER]].sum()
    coasters = rates[COASTER] / small
    quick = rates[QUICK] / (rates[QUICK] + rates[WAITING])
    logs = gamma.logpdf(small, PRIOR.shape, scale=PRIOR.small_per_day / PRIOR.shape)
    some = (1 - PRIOR.no_tanker) * beta.pdf(coasters, *PRIOR.coaster_share)
    none = PRIOR.no_tanker * loguniform.pdf(1 - coasters, *PRIOR.no_tanker_share)
    logs += np.log(some + none) + beta.logpdf(quick, *PRIOR.quick_share)
    logs -= np.log(small**2 * (1 - coasters))
    logs += gamma.logpdf(rates[3:], PRIOR.shape, scale=other_means(PRIOR) / PRIOR.shape).sum()
    return float(logs)


@given(RATES, RATES)
@example([1e-5, 1e-4, 1.0, *[0.1] * 5], [0.1] * 8)
def test_the_prior_of_rates_is_that_of_their_sum_and_shares(
    one: list[float], two: list[float]
) -> None:
    first, second = np.array(one), np.array(two)
    # Of logarithms: the rates themselves are the determinant.
    expected = direct(first) + np.log(first).sum() - direct(second) - np.log(second).sum()
    density = RateDensity(PRIOR)
    found = density.of_log_rates(np.log([first, second]))
    assert found[0] - found[1] == pytest.approx(expected, abs=1e-8)
    for rates, both in zip((first, second), found, strict=True):
        assert density.of_log_rates(np.log(rates)) == pytest.approx(both, rel=1e-12)


def test_the_change_of_variables_keeps_probability() -> None:
    """The determinant, by finite differences of rates of a total and two shares."""
    at = np.array([0.3, 0.2, 0.6])

    def rates(values: np.ndarray) -> np.ndarray:
        small, coasters, quick = values
        tankers = small * (1 - coasters)
        return np.array([tankers * quick, tankers * (1 - quick), small * coasters])

    step = 1e-6 * np.eye(3)
    jacobian = np.array([(rates(at + d) - rates(at - d)) / 2e-6 for d in step]).T
    assert abs(np.linalg.det(jacobian)) == pytest.approx(at[0] ** 2 * (1 - at[1]), rel=1e-6)


def test_shares_are_drawn_from_their_prior() -> None:
    rng = np.random.default_rng(1)
    logs = np.array([draw_coaster_share(rng, PRIOR) for _ in range(4000)])
    np.testing.assert_allclose(np.exp(logs).sum(1), 1)
    tankers = np.exp(logs[:, 1])
    assert (tankers < PRIOR.no_tanker_share[1]).mean() == pytest.approx(PRIOR.no_tanker, abs=0.015)
    some = tankers[tankers > PRIOR.no_tanker_share[1]]
    assert kstest(some, beta(*PRIOR.coaster_share[::-1]).cdf).pvalue > 1e-3


def test_prior_rates_are_the_means_of_their_priors() -> None:
    rates = prior_rates(PRIOR)
    assert rates[:3].sum() == pytest.approx(PRIOR.small_per_day)
    share = PRIOR.coaster_share[0] / sum(PRIOR.coaster_share)
    assert rates[COASTER] / rates[:3].sum() == pytest.approx(share)
    assert rates[3:] == pytest.approx([0.2, 0.004, 1e-4, 1e-4, 0.05])
    assert TANKERS.sum() == 2
