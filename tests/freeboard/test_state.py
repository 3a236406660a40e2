"""From likelihood to load state: laws, and a calibration by simulation."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import gaussian_kde, norm

from gnomon.datamodel.tables import LOAD_REASONS, LOAD_STATES
from gnomon.freeboard import state
from gnomon.freeboard.fit import Fit
from gnomon.freeboard.hull import PARAMETERS
from gnomon.physics.hydrostatics import tankers

GRID = np.linspace(0.02, 12, 241)
SHIPS = tankers(100.0, 15.5)
IMAGE = {"sun_elevation_deg": 30.0, "sun_off_axis_deg": 70.0, "beam_px": 5.0}


def normal(mean, sigma, grid=GRID):
    return state.Evidence(grid, -0.5 * ((grid - mean) / sigma) ** 2)


FLAT = state.Evidence(GRID, np.zeros_like(GRID))


def test_no_information_is_one_half_and_wide():
    result = state.assess_load(FLAT, SHIPS, **IMAGE)
    assert result.log_lr_laden == pytest.approx(0)
    assert result.p_laden == pytest.approx(0.5)
    assert result.load_state == "indeterminate"
    laden, ballast = SHIPS.laden_freeboard_m, SHIPS.ballast_freeboard_m
    assert result.freeboard_p05_m < np.median(laden)
    assert result.freeboard_p95_m > np.median(ballast)
    assert result.freeboard_sigma_m > 1.0


def test_sharp_likelihoods_give_opposite_states():
    deep = state.assess_load(normal(1.2, 0.2), SHIPS, **IMAGE)
    high = state.assess_load(normal(5.5, 0.2), SHIPS, **IMAGE)
    assert (deep.load_state, high.load_state) == ("laden", "ballast")
    assert deep.load_reason is None
    assert deep.freeboard_m == pytest.approx(1.2, abs=0.15)
    assert deep.freeboard_p05_m < 1.2 < deep.freeboard_p95_m


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ({"beam_px": 1.0}, "too_small"),
        ({"sun_off_axis_deg": 10.0}, "sun_along_hull"),
        ({"sun_elevation_deg": 60.0}, "sun_high"),
        ({}, "weak_evidence"),
    ],
)
def test_a_weak_image_has_its_reason(image, reason):
    result = state.assess_load(FLAT, SHIPS, **IMAGE | image)
    assert result.load_reason == reason
    assert reason in LOAD_REASONS
    assert result.load_state in LOAD_STATES


def test_a_known_reason_overrides_the_pixels():
    result = state.assess_load(normal(1.2, 0.2), SHIPS, **IMAGE, reason="neighbour")
    assert (result.load_state, result.load_reason) == ("indeterminate", "neighbour")


def test_one_image_is_never_certain():
    """One image in a hundred is an outlier, so that the ratio of one image stays finite."""
    ratio = state.log_lr_laden(normal(0.8, 0.15), SHIPS)
    assert 2 < ratio < 9
    absurd = state.log_lr_laden(normal(11.9, 0.01), tankers(60.0, 10.0))
    assert abs(absurd) < 0.7


@settings(deadline=None, max_examples=25)
@given(st.floats(0.5, 8), st.floats(0.1, 3), st.floats(-50, 50))
def test_only_differences_of_the_logarithm_count(mean, sigma, shift):
    here = normal(mean, sigma)
    there = state.Evidence(GRID, here.log_likelihood + shift)
    assert_allclose(state.log_lr_laden(here, SHIPS), state.log_lr_laden(there, SHIPS), atol=1e-9)
    posterior = state.prior(GRID, SHIPS)
    assert_allclose(np.trapezoid(posterior, GRID), 1, atol=0.05)


def test_p_laden_is_calibrated():
    """Draw loads evenly, measure with an honest error, and count."""
    rng = np.random.default_rng(5)
    predicted, laden_truth = [], []
    for k in range(600):
        laden = bool(rng.integers(2))
        one = rng.integers(512)
        truth = (SHIPS.laden_freeboard_m if laden else SHIPS.ballast_freeboard_m)[one]
        sigma = (0.3, 1.0, 2.5)[k % 3]
        observation = normal(truth + sigma * rng.normal(), sigma)
        predicted.append(1 / (1 + np.exp(-state.log_lr_laden(observation, SHIPS))))
        laden_truth.append(laden)
    predicted, laden_truth = np.array(predicted), np.array(laden_truth)
    bins = np.clip((predicted * 8).astype(int), 0, 7)
    error = sum(
        abs(predicted[bins == k].mean() - laden_truth[bins == k].mean()) * np.mean(bins == k)
        for k in np.unique(bins)
    )
    assert error < 0.06
    # A second draw of the same size that is reversed would be far off: the test can fail.
    assert sum(abs((1 - predicted) - laden_truth)) > sum(abs(predicted - laden_truth))


def fit(log_likelihood, **changes):
    values = {
        "freeboard_m": GRID,
        "log_likelihood": log_likelihood,
        "ship": np.where(np.arange(10) == PARAMETERS.index("beam_m"), 16.0, 0.0),
        "ship_sigma": np.ones(10),
        "reflectance": np.zeros((1, 11)),
        "misfit": 0.1,
        "shadow_drop": 0.5,
        "obstructed": 0.0,
        "edge_m_per_m": 1.5,
        "sun_off_axis_deg": 90.0,
    }
    return Fit(**values | changes)


def test_evidence_is_never_sharper_than_the_model_is_true():
    sharp = -0.5 * ((GRID - 3) / 0.03) ** 2
    for gsd, rise, doubt in ((0.5, 0.198, 0.119), (10.0, 0.374, 0.299)):
        evidence = state.evidence(fit(sharp), gsd_m=gsd)
        weight = np.exp(evidence.log_likelihood)
        weight /= weight.sum()
        mean = (weight * GRID).sum()
        assert mean == pytest.approx(3 - rise, abs=0.02)
        edge = state.EDGE_DOUBT_PX * gsd / 1.5
        sigma = np.sqrt(doubt**2 + state.DECK_DOUBT_M**2 + edge**2)
        assert np.sqrt((weight * (GRID - mean) ** 2).sum()) == pytest.approx(sigma, rel=0.15)


def test_a_hull_of_one_pixel_counts_less():
    sharp = -0.5 * ((GRID - 1.2) / 0.03) ** 2
    ratios = [
        state.log_lr_laden(replace(state.evidence(fit(sharp), gsd_m=0.5), outlier=outlier), SHIPS)
        for outlier in (
            state.evidence(fit(sharp), gsd_m=gsd_m).outlier for gsd_m in (0.5, 3.0, 10.0, 16.0)
        )
    ]
    assert ratios[0] == pytest.approx(ratios[1], abs=1.0)
    assert ratios[0] > ratios[2] > ratios[3] > 0


FAULTS = (
    {"misfit": 2.0},
    {"shadow_drop": 3.0},
    {"shadow_drop": 0.0},
    {"freeboard_per_length": 0.12},
    {"too_low": True},
    {"prior_deviation": 4.0},
    {"outside_data": 0.1},
    {"edge_m_per_m": 0.05},
)


@pytest.mark.parametrize("fault", FAULTS)
def test_an_implausible_fit_is_no_evidence(fault):
    evidence = state.evidence(fit(-0.5 * ((GRID - 3) / 0.1) ** 2, **fault), gsd_m=1.0)
    assert state.log_lr_laden(evidence, SHIPS) == pytest.approx(0)


def test_the_likelihood_is_convolved_with_the_error_of_the_model():
    """Against an integral over the error, point by point."""
    peak = -0.5 * ((GRID - 4) / 0.4) ** 2
    found = state.evidence(fit(peak, sun_off_axis_deg=60.0), gsd_m=3.0)
    rise = state.DECK_RISE_M + state.RISE_PER_COT_M / np.tan(np.deg2rad(60.0))
    rise *= np.interp(3.0, state.RISE_GSD_M, state.RISE_FACTOR)
    doubt = rise * np.interp(3.0, state.RISE_GSD_M, state.RISE_DOUBT)
    sigma = np.hypot(np.hypot(state.DECK_DOUBT_M, doubt), state.EDGE_DOUBT_PX * 3.0 / 1.5)
    error = np.linspace(-6, 6, 4001)
    density = norm.pdf(error, rise, sigma)
    for freeboard in (2.5, 3.5, 4.5):
        likelihood = np.exp(-0.5 * ((freeboard + error - 4) / 0.4) ** 2)
        exact = np.trapezoid(likelihood * density, error)
        best = np.trapezoid(np.exp(-0.5 * ((4 - rise + error - 4) / 0.4) ** 2) * density, error)
        assert np.exp(found.at(freeboard)) == pytest.approx(exact / best, rel=0.02)


def test_the_prior_is_a_mixture_of_kernel_densities():
    """scipy's estimates with the same widths; a fifth of the weight is spread between the two."""
    grid = np.linspace(0.0, 8.0, 161)
    between = SHIPS.freeboard_at_m(np.linspace(0, 1, SHIPS.length_m.shape[-1]))
    exact = np.zeros_like(grid)
    for part, values in zip(
        (0.4, 0.4, 0.2), (SHIPS.laden_freeboard_m, SHIPS.ballast_freeboard_m, between), strict=True
    ):
        width = 1.06 * values.std() * values.size**-0.2
        exact += part * gaussian_kde(values, bw_method=width / values.std(ddof=1))(grid)
    assert_allclose(state.prior(grid, SHIPS), exact, rtol=1e-6)


@settings(deadline=None, max_examples=25)
@given(st.floats(0.3, 8), st.floats(0.1, 3))
def test_the_posterior_is_a_density_and_its_numbers_are_its_own(mean, sigma):
    evidence = normal(mean, sigma)
    density = state.posterior(evidence, SHIPS)
    weight = density * np.gradient(GRID)
    assert weight.sum() == pytest.approx(1)
    result = state.assess_load(evidence, SHIPS, **IMAGE)
    assert result.freeboard_m == pytest.approx((weight * GRID).sum())
    inside = (result.freeboard_p05_m <= GRID) & (result.freeboard_p95_m >= GRID)
    # The grid is coarse beside the sharpest of these.
    assert 0.8 < weight[inside].sum() <= 0.97
    expected = 1 / (1 + np.exp(-result.log_lr_laden))
    assert result.p_laden == pytest.approx(expected)


def test_the_ratio_is_an_average_over_the_drawn_ships():
    """By a loop over the draws, with the part that may be an outlier."""
    evidence = normal(2.5, 0.8)
    scaled = np.exp(evidence.log_likelihood)
    mean = np.trapezoid(scaled, GRID) / np.ptp(GRID)

    def likelihood(freeboards):
        values = [
            (1 - evidence.outlier) * np.exp(-0.5 * ((h - 2.5) / 0.8) ** 2) / mean + evidence.outlier
            for h in freeboards
        ]
        return np.mean(values)

    exact = np.log(likelihood(SHIPS.laden_freeboard_m) / likelihood(SHIPS.ballast_freeboard_m))
    assert state.log_lr_laden(evidence, SHIPS) == pytest.approx(exact, abs=0.02)


def test_the_lower_a_ship_lies_the_likelier_it_is_laden():
    heights = (0.9, 1.5, 2.2, 3.0, 4.0, 5.0)
    ratios = [state.log_lr_laden(normal(h, 0.5), SHIPS) for h in heights]
    assert ratios == sorted(ratios, reverse=True)


@given(st.floats(0.001, 0.08), st.floats(0.05, 11))
@settings(deadline=None, max_examples=25)
def test_the_ratio_of_one_image_is_bounded_by_its_outliers(outlier, mean):
    """The likelihood of either state is at least the outliers'; the other at most the peak."""
    evidence = replace(normal(mean, 0.1), outlier=outlier)
    peak = np.ptp(GRID) / np.trapezoid(np.exp(evidence.log_likelihood), GRID)
    bound = np.log(((1 - outlier) * peak + outlier) / outlier)
    assert abs(state.log_lr_laden(evidence, SHIPS)) <= bound


def test_outside_the_grid_the_nearer_end_holds():
    evidence = normal(3.0, 1.0)
    assert evidence.at(np.array([-1.0])) == evidence.log_likelihood[0]
    assert evidence.at(np.array([99.0])) == evidence.log_likelihood[-1]


@pytest.mark.parametrize("p", [0.05, 0.5, 0.95])
def test_states_begin_where_they_are_defined(p):
    """A likelihood that is flat but for a step gives any p_laden."""
    laden, ballast = SHIPS.laden_freeboard_m, SHIPS.ballast_freeboard_m
    middle = (np.median(laden) + np.median(ballast)) / 2
    ratio = np.log(p / (1 - p)) * 1.6
    evidence = state.Evidence(GRID, np.where(middle > GRID, ratio, 0.0), outlier=0.0)
    result = state.assess_load(evidence, SHIPS, **IMAGE)
    expected = (
        "laden"
        if result.p_laden > state.LADEN_ABOVE
        else "ballast"
        if result.p_laden < state.BALLAST_BELOW
        else "indeterminate"
    )
    assert result.load_state == expected
    assert (result.load_reason is None) == (expected != "indeterminate")
