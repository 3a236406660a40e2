"""Pooling two readings of the same pixels: between them, never sharper than it may be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.datamodel.errors import WeightsError
from gnomon.freeboard.pooled import (
    LEAST_AGREED,
    LEAST_POOLED,
    Belief,
    Pooling,
    bounded,
    load_of,
    pool,
    read_pooling,
    shipped_pooling,
)
from gnomon.freeboard.posterior import FreeboardMixture
from gnomon.freeboard.reweigh import reweigh
from gnomon.freeboard.state import Evidence
from gnomon.physics.hydrostatics import tankers

SHIPS = tankers(110.0, 17.0, length_sigma_m=1.0, beam_sigma_m=0.3)
GRID = np.linspace(0.02, 13.0, 400)
IMAGE = {"sun_elevation_deg": 30.0, "sun_off_axis_deg": 70.0, "beam_px": 5.0}
FINE = {"gsd_m": 0.5, "sun_elevation_deg": 30.0}
POOLING = Pooling(
    gsd_m=(0.5, 5.0),
    fit_share=(0.5, 0.9),
    network_weight=(0.9, 0.5),
    fit_weight=(1.0, 0.6),
    sun_elevation_deg=(20.0, 60.0),
    widen=((1.0, 1.0), (2.0, 0.5)),
)


def evidence(centre, sigma, outlier=0.01):
    return Evidence(GRID, -0.5 * ((GRID - centre) / sigma) ** 2, outlier)


def network(centre, sigma, log_lr=0.0):
    one = np.ones((1, 1))
    return FreeboardMixture(one, centre * one, sigma * one, np.array([log_lr]))


def test_the_network_alone_keeps_its_moments():
    posterior = network(5.0, 0.6)
    belief = pool(posterior, **FINE, pooling=POOLING)
    mean, sigma = posterior.moments_m()
    assert belief.mean_m == pytest.approx(mean[0], abs=0.01)
    assert belief.sigma_m == pytest.approx(sigma[0], abs=0.01)
    for level in (0.05, 0.5, 0.95):
        assert belief.quantile(level) == pytest.approx(posterior.quantile(level)[0], abs=0.02)


@settings(max_examples=25, deadline=None)
@given(st.floats(3, 6), st.floats(0.3, 1.5), st.floats(-0.8, 0.8), st.floats(0.3, 1.5))
def test_a_pool_lies_between_and_is_no_sharper_than_independent_readings(
    centre, sigma, apart, other
):
    posterior = network(centre, sigma)
    belief = pool(
        posterior, **FINE, pooling=POOLING, evidence=evidence(centre + apart, other), ships=SHIPS
    )
    alone = pool(posterior, **FINE, pooling=POOLING)
    low, high = sorted([alone.mean_m, centre + apart])
    assert low - 0.15 < belief.mean_m < high + 0.15
    independent = 1 / np.sqrt(1 / sigma**2 + 1 / other**2)
    assert belief.sigma_m > 0.95 * independent
    step = np.diff(belief.freeboard_m).mean()
    assert belief.density.sum() * step == pytest.approx(1)


def test_readings_that_disagree_are_not_pooled():
    belief = pool(
        network(8.0, 0.4), **FINE, pooling=POOLING, evidence=evidence(2.0, 0.3), ships=SHIPS
    )
    assert not belief.agrees
    assert belief.mean_m == pytest.approx(8.0, abs=0.05)
    load = load_of(belief, **IMAGE)
    assert (load.load_state, load.load_reason) == ("indeterminate", "misfit")


def test_readings_that_hardly_meet_leave_the_network_alone_and_its_load_state():
    """Between the two limits: not pooled, and not yet a misfit."""
    posterior = network(6.0, 0.5, log_lr=-8.0)
    alone = pool(posterior, **FINE, pooling=POOLING)
    for centre in np.linspace(6.0, 3.0, 31):
        seen = evidence(centre, 0.5)
        effective = reweigh(posterior, seen, SHIPS).effective
        belief = pool(posterior, **FINE, pooling=POOLING, evidence=seen, ships=SHIPS)
        assert belief.agrees == (effective >= LEAST_AGREED)
        if LEAST_AGREED <= effective < LEAST_POOLED:
            assert belief.mean_m == pytest.approx(alone.mean_m, abs=0.02)
            assert load_of(belief, **IMAGE).load_state == "ballast"
            break
    else:
        pytest.fail("no evidence lies between the limits")


def test_flat_evidence_changes_nothing():
    flat = Evidence(GRID, np.zeros_like(GRID))
    belief = pool(network(4.0, 0.7), **FINE, pooling=POOLING, evidence=flat, ships=SHIPS)
    assert belief.agrees
    assert belief.mean_m == pytest.approx(4.0, abs=0.05)


@given(st.floats(-300, 300))
def test_one_image_is_never_certain(log_lr):
    found = bounded(log_lr)
    assert abs(found) < 5.5
    assert abs(found) <= abs(log_lr) + 1e-9
    assert found * log_lr >= 0


@pytest.mark.parametrize(
    ("log_lr", "image", "state", "reason"),
    [
        (8.0, {}, "laden", None),
        (-8.0, {}, "ballast", None),
        (1.0, {}, "indeterminate", "weak_evidence"),
        (1.0, {"view_known": False}, "indeterminate", "view_unknown"),
        (1.0, {"view_known": False, "sun_elevation_deg": 60.0}, "indeterminate", "sun_high"),
        (-8.0, {"view_known": False}, "ballast", None),
        (8.0, {"reason": "alongside"}, "indeterminate", "alongside"),
    ],
)
def test_a_verdict_follows_from_the_odds(log_lr, image, state, reason):
    load = load_of(pool(network(4.0, 1.0, log_lr), **FINE, pooling=POOLING), **IMAGE | image)
    assert (load.load_state, load.load_reason) == (state, reason)
    assert load.freeboard_p05_m < load.freeboard_m < load.freeboard_p95_m


def test_numbers_are_those_of_the_table_between_them_and_the_nearest_beyond():
    for gsd, share in zip(POOLING.gsd_m, POOLING.fit_share, strict=True):
        assert POOLING.at("fit_share", gsd) == pytest.approx(share)
    assert POOLING.at("network_weight", 0.1) == 0.9
    assert 0.6 < POOLING.at("fit_weight", 2.0) < 1.0
    assert POOLING.width(5.0, 20.0) == pytest.approx(2.0)
    assert POOLING.width(50.0, 80.0) == pytest.approx(0.5)
    assert POOLING.width(5.0, 40.0) == pytest.approx(1.0)
    assert POOLING.width(0.1, 5.0) == pytest.approx(1.0)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.6, 2.5), st.floats(4, 8), st.floats(0.2, 0.8))
def test_a_widened_belief_keeps_its_median_and_stretches_its_interval(factor, centre, sigma):
    belief = pool(network(centre, sigma), **FINE, pooling=POOLING)
    wide = belief.widened(factor)
    median = belief.quantile(0.5)
    assert wide.quantile(0.5) == pytest.approx(median, abs=0.05)
    for level in (0.05, 0.95):
        stretched = median + factor * (belief.quantile(level) - median)
        assert wide.quantile(level) == pytest.approx(stretched, abs=0.05)
    assert wide.density.sum() * np.diff(wide.freeboard_m).mean() == pytest.approx(1)


def test_a_widened_belief_has_no_freeboard_below_the_water():
    grid = 4.0 * (np.arange(400) + 0.5) / 400
    belief = Belief(grid, np.exp(-grid), 0.0).widened(3.0)
    assert belief.freeboard_m[0] > 0
    assert belief.density.min() >= 0


def test_only_a_pool_is_widened():
    alone = pool(network(4.0, 0.7), gsd_m=5.0, sun_elevation_deg=20.0, pooling=POOLING)
    assert alone.sigma_m == pytest.approx(0.7, abs=0.02)
    near = {"evidence": evidence(4.0, 50.0), "ships": SHIPS}
    both = pool(network(4.0, 0.7), gsd_m=5.0, sun_elevation_deg=20.0, pooling=POOLING, **near)
    assert both.sigma_m > 1.6 * alone.sigma_m


def test_the_shipped_numbers_are_read_and_a_broken_file_is_one_line(tmp_path):
    assert shipped_pooling().gsd_m == (0.5, 1.0, 3.0, 10.0)
    with pytest.raises(WeightsError, match="cannot be read"):
        read_pooling(tmp_path / "missing.toml")
    (tmp_path / "pooling.toml").write_text("gsd_m = [1]\nother = 3\n")
    with pytest.raises(WeightsError, match="cannot be read"):
        read_pooling(tmp_path / "pooling.toml")
