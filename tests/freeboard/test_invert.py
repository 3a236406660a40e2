"""The inversion on images of its own forward model, and on images that hold nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from gnomon.freeboard import state
from gnomon.freeboard.hull import PARAMETERS
from gnomon.freeboard.invert import invert, ship_prior
from gnomon.physics.hydrostatics import tankers, usual_beam_m
from model_ships import model_chip, moments, true_ship


@pytest.mark.parametrize(
    ("gsd", "bands", "within"),
    [pytest.param(1.0, 1, 0.15, marks=pytest.mark.slow), (3.0, 4, 0.3), (10.0, 4, 2)],
)
def test_a_ship_of_the_model_is_measured_within_its_error(gsd, bands, within):
    chips = [
        model_chip(h, gsd=gsd, bands=bands, seed=k) for k, h in enumerate((1.5, 3.0, 5.0, 6.5))
    ]
    found = np.array([moments(invert(chip)) for chip in chips])
    away = found[:, 0] - (1.5, 3.0, 5.0, 6.5)
    assert (np.abs(away) < within).all()
    assert np.sqrt(np.mean((away / np.hypot(found[:, 1], 0.02)) ** 2)) < 2.0


def test_the_bow_is_found_where_the_house_is_not():
    for seed in (0, 1, 2):
        chip = model_chip(seed=seed)
        heading = np.rad2deg(invert(chip).ship[PARAMETERS.index("heading_rad")])
        assert abs((heading - 35 + 180) % 360 - 180) < 2


def test_the_unit_of_the_image_does_not_matter():
    chip = model_chip(2.0, gsd=10.0, seed=1)
    counts = replace(chip, image=chip.image * 10_000)
    assert_allclose(moments(invert(counts)), moments(invert(chip)), rtol=1e-3, atol=1e-3)


def test_two_runs_agree_to_the_bit_and_two_thread_counts_to_a_nanometre():
    chip = model_chip(2.0, gsd=10.0, seed=1, noise=0.003)
    first, again = invert(chip), invert(chip)
    assert (first.log_likelihood == again.log_likelihood).all()
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        two = invert(chip)
    finally:
        torch.set_num_threads(threads)
    assert_allclose(moments(two), moments(first), atol=1e-9)


def test_a_known_beam_helps_and_a_high_sun_does_not():
    known, vague = (model_chip(gsd=10.0, beam_sigma_m=sigma, noise=0.004) for sigma in (0.3, 4.0))
    high = model_chip(gsd=10.0, sun_elevation_deg=65.0)
    sigmas = [moments(invert(chip))[1] for chip in (known, vague, high)]
    assert sigmas[1] > 1.05 * sigmas[0]
    assert sigmas[2] > 1.5 * sigmas[0]


def test_clutter_that_the_model_lacks_widens_the_error():
    plain = model_chip(gsd=3.0)
    rng = np.random.default_rng(0)
    bright = plain.image > 0.08
    gear = np.where(bright, 0.05 * rng.normal(size=plain.image.shape[1:]), 0)
    cluttered = replace(plain, image=(plain.image + gear).astype(np.float32))
    (_, sharp), (mean, wide) = (moments(invert(chip)) for chip in (plain, cluttered))
    assert wide > 1.3 * sharp
    assert abs(mean - 4.0) < 3.5 * wide


@pytest.mark.parametrize("what", ["water", "hole", "one band", "saturated"])
def test_images_without_a_ship_give_no_verdict_and_no_crash(what):
    chip = model_chip(gsd=10.0, sun_elevation_deg=40.0)
    image = chip.image.copy()
    rng = np.random.default_rng(1)
    if what == "water":
        image = 0.03 + 0.001 * rng.normal(size=image.shape)
    elif what == "hole":
        image[:, : image.shape[1] // 2 + 2] = np.nan
    elif what == "one band":
        image = image[:1]
    else:
        image = np.minimum(image, 0.06)
    fit = invert(replace(chip, image=image.astype(np.float32)))
    assert np.isfinite(fit.log_likelihood).all()
    ratio = state.log_lr_laden(state.evidence(fit, gsd_m=10.0), tankers(110.0, 17.2))
    assert abs(ratio) < (2.2 if what in ("water", "hole") else 7)


def test_what_lies_alongside_is_noticed():
    alone = model_chip(gsd=3.0, noise=0.002)
    image = alone.image.copy()
    middle = image.shape[1] // 2
    image[:, middle - 12 : middle + 2, middle + 10 : middle + 13] = 0.25
    beside = replace(alone, image=image)
    plain, crowded = invert(alone), invert(beside)
    assert plain.obstructed < 0.005
    assert crowded.obstructed > 4 * plain.obstructed + 0.005


def test_the_likelihood_is_that_of_the_pixels_when_nothing_else_is_free():
    """Two images of one ship and the same noise: their maxima differ as the freeboards do."""
    low, high = (moments(invert(model_chip(h, seed=4)))[0] for h in (2.0, 4.0))
    assert high - low == pytest.approx(2.0, abs=0.15)


def test_a_known_bow_is_not_turned():
    chip = model_chip(seed=0, heading_deg=215.0, bow_known=True)
    heading = np.rad2deg(invert(chip).ship[PARAMETERS.index("heading_rad")])
    assert abs((heading - 215 + 180) % 360 - 180) < 15


def test_the_prior_ties_the_beam_to_the_length():
    """The precision's inverse is that of conditioning the known beam on the usual one."""
    vague = model_chip(length=110.0, beam_m=14.0, beam_sigma_m=6.0, length_m=110.0)
    mean, precision = ship_prior(vague)
    beam, usual = PARAMETERS.index("beam_m"), float(usual_beam_m(110.0))
    assert 14.0 < mean[beam] < usual
    covariance = np.linalg.inv(precision)
    gain = (6.0**-2) / (6.0**-2 + (0.11 * usual) ** -2)
    assert mean[beam] == pytest.approx(gain * 14.0 + (1 - gain) * usual, rel=0.03)
    assert covariance[beam, beam] < min(6.0, 0.13 * usual) ** 2
    exact, _ = ship_prior(model_chip(length=110.0, beam_m=14.0, beam_sigma_m=0.05))
    assert exact[beam] == pytest.approx(14.0, abs=0.02)


def test_errors_of_the_other_parameters_hold_them():
    """Length and beam lie within four of their standard errors, over several ships."""
    for seed in range(4):
        fit = invert(model_chip(3.0, seed=seed))
        truth = true_ship(3.0)
        names = ("length_m", "beam_m", "heading_rad", "east_m", "north_m")
        index = [PARAMETERS.index(name) for name in names]
        off = fit.ship[index] - truth[index]
        off[2] = (off[2] + np.pi) % (2 * np.pi) - np.pi
        assert (np.abs(off) < 4 * fit.ship_sigma[index] + 0.05).all()


def test_a_descent_from_the_right_freeboard_is_as_good_as_the_usual_one_or_better():
    """More starts never end at a lower likelihood, and a wrong one beside the usual is harmless."""
    chip = model_chip(freeboard=7.5, gsd=1.0)
    usual, placed, astray = (
        moments(invert(chip, starts_m=starts))[0] for starts in ((), (7.0, 8.0), (0.1,))
    )
    assert placed == pytest.approx(7.5, abs=0.4)
    assert astray == pytest.approx(usual, abs=0.1)
