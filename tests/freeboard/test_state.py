"""From likelihood to load state: laws, and a calibration by simulation."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

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
    result = state.load(FLAT, SHIPS, **IMAGE)
    assert result.log_lr_laden == pytest.approx(0)
    assert result.p_laden == pytest.approx(0.5)
    assert result.load_state == "indeterminate"
    laden, ballast = SHIPS.laden_freeboard_m, SHIPS.ballast_freeboard_m
    assert result.freeboard_p05_m < np.median(laden)
    assert result.freeboard_p95_m > np.median(ballast)
    assert result.freeboard_sigma_m > 1.0


def test_sharp_likelihoods_give_opposite_states():
    deep = state.load(normal(1.2, 0.2), SHIPS, **IMAGE)
    high = state.load(normal(5.5, 0.2), SHIPS, **IMAGE)
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
    result = state.load(FLAT, SHIPS, **IMAGE | image)
    assert result.load_reason == reason
    assert reason in LOAD_REASONS
    assert result.load_state in LOAD_STATES


def test_a_known_reason_overrides_the_pixels():
    result = state.load(normal(1.2, 0.2), SHIPS, **IMAGE, reason="neighbour")
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
