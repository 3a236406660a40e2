"""Importance weights: the proposal drops out, and disagreement shows."""

import numpy as np
import pytest

from gnomon.freeboard.posterior import FreeboardMixture
from gnomon.freeboard.reweigh import reweigh
from gnomon.freeboard.state import Evidence, prior
from gnomon.physics.hydrostatics import tankers

SHIPS = tankers(110.0, 17.0, length_sigma_m=1.0, beam_sigma_m=0.3)
GRID = np.linspace(0.02, 13.0, 400)


def evidence(centre, sigma, outlier=0.0):
    return Evidence(GRID, -0.5 * ((GRID - centre) / sigma) ** 2, outlier)


def network(centre, sigma):
    return FreeboardMixture(
        np.ones((1, 1)), np.full((1, 1), centre), np.full((1, 1), sigma), np.zeros(1)
    )


@pytest.mark.parametrize("sigma", [0.8, 1.5, 3.0])
def test_the_answer_is_prior_times_likelihood_whatever_is_proposed(sigma):
    found = reweigh(network(4.2, sigma), evidence(4.0, 0.5), SHIPS)
    density = prior(GRID, SHIPS) * np.exp(evidence(4.0, 0.5).log_likelihood)
    density /= density.sum()
    assert found.mean_m == pytest.approx(density @ GRID, abs=0.03)
    assert found.weight.sum() == pytest.approx(1)
    low, high = np.interp([0.05, 0.95], density.cumsum(), GRID)
    assert found.quantile(0.05) == pytest.approx(low, abs=0.06)
    assert found.quantile(0.95) == pytest.approx(high, abs=0.06)


def test_disagreement_shows_in_the_effective_sample_size():
    agreed = reweigh(network(4.0, 0.6), evidence(4.1, 0.5), SHIPS)
    opposed = reweigh(network(8.0, 0.4), evidence(2.0, 0.3), SHIPS)
    assert agreed.effective > 0.4
    assert opposed.effective < 0.1


def test_a_flat_likelihood_gives_back_the_prior():
    flat = Evidence(GRID, np.zeros_like(GRID))
    found = reweigh(network(4.0, 2.0), flat, SHIPS)
    density = prior(GRID, SHIPS)
    assert found.mean_m == pytest.approx(density @ GRID / density.sum(), abs=0.1)
