"""What a likelihood of a freeboard is worth: laws, and a calibration by simulation."""

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


def test_sharp_looks_are_told_apart():
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
def test_a_weak_image_says_why(image, reason):
    result = state.load(FLAT, SHIPS, **IMAGE | image)
    assert result.load_reason == reason
    assert reason in LOAD_REASONS
    assert result.load_state in LOAD_STATES


def test_a_known_fault_overrides_the_pixels():
    result = state.load(normal(1.2, 0.2), SHIPS, **IMAGE, reason="neighbour")
    assert (result.load_state, result.load_reason) == ("indeterminate", "neighbour")


def test_one_look_is_never_certain():
    """A hundred looks hold one that is worth nothing; the ratio of one look stays finite."""
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
    said, was = [], []
    for k in range(600):
        laden = bool(rng.integers(2))
        one = rng.integers(512)
        truth = (SHIPS.laden_freeboard_m if laden else SHIPS.ballast_freeboard_m)[one]
        sigma = (0.3, 1.0, 2.5)[k % 3]
        observation = normal(truth + sigma * rng.normal(), sigma)
        said.append(1 / (1 + np.exp(-state.log_lr_laden(observation, SHIPS))))
        was.append(laden)
    said, was = np.array(said), np.array(was)
    bins = np.clip((said * 8).astype(int), 0, 7)
    error = sum(
        abs(said[bins == k].mean() - was[bins == k].mean()) * np.mean(bins == k)
        for k in np.unique(bins)
    )
    assert error < 0.06
    # A second draw of the same size that is reversed would be far off: the test can fail.
    assert sum(abs((1 - said) - was)) > sum(abs(said - was))


def test_looks_add_up():
    weak = normal(2.0, 1.5)
    alone = state.log_lr_laden(weak, SHIPS)
    together = state.combine([weak, weak, weak])
    assert state.log_lr_laden(together, SHIPS) > 1.5 * alone > 0
    best = together.freeboard_m[together.log_likelihood.argmax()]
    assert best == pytest.approx(2.0, abs=0.1)
    other = state.Evidence(np.linspace(0.02, 9, 100), np.zeros(100))
    assert_allclose(
        state.log_lr_laden(state.combine([weak, other]), SHIPS),
        state.log_lr_laden(weak, SHIPS),
        atol=0.1,
    )
    with pytest.raises(ValueError, match="no looks"):
        state.combine([])


def test_arrival_and_departure_cancel_what_is_not_known_of_the_ship():
    """Two looks that alone say little: was she 5 m high and then 3 m, or the other way round?"""
    first, second = normal(4.6, 0.3), normal(3.0, 0.3)
    change = state.change(first, second, SHIPS)
    assert change.log_lr_loaded > 3
    assert change.log_lr_loaded > abs(state.log_lr_laden(second, SHIPS))
    assert change.rise_m == pytest.approx(-1.6, abs=0.3)
    assert change.rise_sigma_m < 0.5
    back = state.change(second, first, SHIPS)
    assert_allclose(back.log_lr_loaded, -change.log_lr_loaded, atol=1e-9)
    assert_allclose(back.rise_m, -change.rise_m, atol=0.01)
    assert state.change(first, first, SHIPS).log_lr_changed < 0


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


def test_a_hull_of_one_pixel_is_believed_less():
    sharp = -0.5 * ((GRID - 1.2) / 0.03) ** 2
    ratios = [
        state.log_lr_laden(replace(state.evidence(fit(sharp), gsd_m=0.5), mistake=mistake), SHIPS)
        for mistake in (
            state.evidence(fit(sharp), gsd_m=gsd_m).mistake for gsd_m in (0.5, 3.0, 10.0, 16.0)
        )
    ]
    assert ratios[0] == pytest.approx(ratios[1], abs=1.0)
    assert ratios[0] > ratios[2] > ratios[3] > 0


FAULTS = (
    {"misfit": 2.0},
    {"shadow_drop": 3.0},
    {"shadow_drop": 0.0},
    {"height": 0.12},
    {"awash": True},
    {"strain": 4.0},
    {"unseen": 0.1},
    {"edge_m_per_m": 0.05},
)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fit_gone_astray_is_no_evidence(fault):
    evidence = state.evidence(fit(-0.5 * ((GRID - 3) / 0.1) ** 2, **fault), gsd_m=1.0)
    assert state.log_lr_laden(evidence, SHIPS) == pytest.approx(0)
