"""Mixtures of freeboards: laws of a distribution, and numerical integrals as the judge."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.freeboard.posterior import FreeboardMixture, from_latent, to_latent

mixtures = st.integers(0, 10_000).map(
    lambda seed: FreeboardMixture(
        weight=np.random.default_rng(seed).dirichlet(np.ones(3), 4),
        centre=np.random.default_rng(seed + 1).uniform(-2, 12, (4, 3)),
        spread=np.random.default_rng(seed + 2).uniform(0.05, 3, (4, 3)),
        log_lr_laden=np.random.default_rng(seed + 3).normal(size=4),
    )
)


@given(st.floats(1e-3, 40))
def test_latent_and_freeboard_are_inverse(freeboard):
    assert from_latent(to_latent(freeboard)) == pytest.approx(freeboard, rel=1e-6)


@given(mixtures)
@settings(max_examples=20, deadline=None)
def test_density_and_moments_are_those_of_numerical_integrals(posterior):
    edges = from_latent(np.linspace(-30, 40, 40_001))
    grid = (edges[1:] + edges[:-1]) / 2
    mass = posterior.density(np.repeat(grid[:, None], 4, 1)) * np.diff(edges)[:, None]
    np.testing.assert_allclose(mass.sum(0), 1, atol=2e-3)
    mean, sigma = posterior.moments_m()
    expected = (mass * grid[:, None]).sum(0)
    np.testing.assert_allclose(mean, expected, rtol=5e-3, atol=5e-3)
    spread = np.sqrt((mass * (grid[:, None] - expected) ** 2).sum(0))
    np.testing.assert_allclose(sigma, spread, rtol=2e-2, atol=5e-3)


@given(mixtures, st.floats(0.01, 0.99))
@settings(max_examples=30, deadline=None)
def test_quantiles_invert_the_cumulative(posterior, level):
    np.testing.assert_allclose(posterior.cumulative(posterior.quantile(level)), level, atol=1e-6)


@given(mixtures, st.floats(1.1, 3))
@settings(max_examples=20, deadline=None)
def test_widening_keeps_the_median_and_widens(posterior, factor):
    wide = posterior.widened(np.full(4, factor))
    np.testing.assert_allclose(wide.quantile(0.5), posterior.quantile(0.5), rtol=1e-5, atol=1e-6)
    assert (wide.quantile(0.95) > posterior.quantile(0.95)).all()
    assert (wide.quantile(0.05) < posterior.quantile(0.05)).all()


@given(mixtures)
@settings(max_examples=5, deadline=None)
def test_tempering_moves_probabilities_towards_even_odds(posterior):
    cool = posterior.tempered(np.full(4, 0.5))
    assert (np.abs(cool.p_laden - 0.5) < np.abs(posterior.p_laden - 0.5)).all()
    assert ((cool.p_laden > 0.5) == (posterior.p_laden > 0.5)).all()
