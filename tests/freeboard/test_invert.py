"""The inversion on images of its own forward model, and on images that hold nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from gnomon.freeboard import state
from gnomon.freeboard.bins import Chip, binned, unusable
from gnomon.freeboard.hull import PARAMETERS, SURFACES, Points, Sight, cover
from gnomon.freeboard.invert import invert
from gnomon.physics.hydrostatics import tankers

LEVELS = {
    "water": (0.040, 0.042, 0.028, 0.016),
    "deck": (0.12, 0.13, 0.14, 0.15),
    "wall": (0.06, 0.06, 0.06, 0.06),
    "house": (0.30, 0.32, 0.33, 0.34),
    "deck_shadow": (-0.06, -0.07, -0.07, -0.08),
    "shadow": (-0.024, -0.026, -0.018, -0.010),
    "house_shadow": (-0.024, -0.026, -0.018, -0.010),
}


def picture(freeboard=4.0, *, gsd=3.0, bands=4, noise=0.0015, seed=0, length=110.0, **changes):
    """A chip of a ship that is exactly as the model thinks, and what is roughly known of it."""
    rng = np.random.default_rng(seed)
    beam, heading = length / 6.4, 35.0
    truth = dict.fromkeys(PARAMETERS, 0.0) | {
        "length_m": length,
        "beam_m": beam,
        "heading_rad": np.deg2rad(heading),
        "freeboard_m": freeboard,
        "house_height_m": 12.0,
        "house_length": 0.16,
        "bow_length": 0.15,
    }
    half = int(np.ceil((length / 2 + 60) / gsd))
    x = (np.arange(2 * half) - half + 0.5) * gsd
    east, north = (torch.tensor(a.reshape(1, -1)) for a in np.meshgrid(x, -x))
    blur = torch.tensor([np.sqrt(0.44**2 + 1 / 12) * gsd], dtype=torch.float64)
    angles = {
        "sun_azimuth_deg": 120.0,
        "sun_elevation_deg": 30.0,
        "view_azimuth_deg": 280.0,
        "view_zenith_deg": 6.0,
    } | {key: changes.pop(key) for key in list(changes) if key.startswith(("sun", "view"))}
    sight = Sight(*(torch.tensor([np.deg2rad(a)], dtype=torch.float64) for a in angles.values()))
    ship = torch.tensor([[truth[name] for name in PARAMETERS]], dtype=torch.float64)
    maps = cover(ship, Points(east, north, blur, blur), sight)[0].numpy()
    levels = np.array([LEVELS.get(name, (0.0,) * 4) for name in SURFACES]).T[:bands]
    image = (levels @ maps).reshape(bands, 2 * half, 2 * half)
    image = image + noise * rng.normal(size=image.shape)
    known = {
        "length_m": length + rng.normal(),
        "length_sigma_m": 1.0,
        "beam_m": beam + 0.3 * rng.normal(),
        "beam_sigma_m": 0.3,
        "heading_deg": heading + 2 * rng.normal() + 180 * rng.integers(2),
        "heading_sigma_deg": 2.0,
        "position_sigma_m": 2.0,
    }
    return Chip(image=image.astype(np.float32), gsd_m=gsd, **angles, **known | changes)


def moments(fit):
    weight = np.exp(fit.log_likelihood) * np.gradient(fit.freeboard_m)
    weight /= weight.sum()
    mean = float((weight * fit.freeboard_m).sum())
    return mean, float(np.sqrt((weight * (fit.freeboard_m - mean) ** 2).sum()))


@pytest.mark.parametrize(
    ("gsd", "bands", "within"),
    [pytest.param(1.0, 1, 0.15, marks=pytest.mark.slow), (3.0, 4, 0.3), (10.0, 4, 2)],
)
def test_a_ship_of_the_model_is_measured_within_its_error(gsd, bands, within):
    chips = [picture(h, gsd=gsd, bands=bands, seed=k) for k, h in enumerate((1.5, 3.0, 5.0, 6.5))]
    found = np.array([moments(invert(chip)) for chip in chips])
    away = found[:, 0] - (1.5, 3.0, 5.0, 6.5)
    assert (np.abs(away) < within).all()
    assert np.sqrt(np.mean((away / np.hypot(found[:, 1], 0.02)) ** 2)) < 2.0


def test_the_bow_is_found_where_the_house_is_not():
    for seed in (0, 1, 2):
        chip = picture(seed=seed)
        heading = np.rad2deg(invert(chip).ship[PARAMETERS.index("heading_rad")])
        assert abs((heading - 35 + 180) % 360 - 180) < 2


def test_the_unit_of_the_image_does_not_matter():
    chip = picture(2.0, gsd=10.0, seed=1)
    counts = replace(chip, image=chip.image * 10_000)
    assert_allclose(moments(invert(counts)), moments(invert(chip)), rtol=1e-3, atol=1e-3)


def test_two_runs_agree_to_the_bit_and_two_thread_counts_to_a_nanometre():
    chip = picture(2.0, gsd=10.0, seed=1, noise=0.003)
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
    known, vague = (picture(gsd=10.0, beam_sigma_m=sigma, noise=0.004) for sigma in (0.3, 4.0))
    high = picture(gsd=10.0, sun_elevation_deg=65.0)
    sigmas = [moments(invert(chip))[1] for chip in (known, vague, high)]
    assert sigmas[1] > 1.05 * sigmas[0]
    assert sigmas[2] > 1.5 * sigmas[0]


def test_clutter_that_the_model_lacks_widens_the_error():
    plain = picture(gsd=3.0)
    rng = np.random.default_rng(0)
    bright = plain.image > 0.08
    gear = np.where(bright, 0.05 * rng.normal(size=plain.image.shape[1:]), 0)
    cluttered = replace(plain, image=(plain.image + gear).astype(np.float32))
    (_, sharp), (mean, wide) = (moments(invert(chip)) for chip in (plain, cluttered))
    assert wide > 1.3 * sharp
    assert abs(mean - 4.0) < 3.5 * wide


@pytest.mark.parametrize("what", ["water", "hole", "one band", "saturated"])
def test_images_without_a_ship_give_no_verdict_and_no_crash(what):
    chip = picture(gsd=10.0, sun_elevation_deg=40.0)
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


def test_cells_keep_the_mean_and_the_place():
    """Binning a ramp gives the ramp at the mean places: nothing is resampled."""
    chip = picture(gsd=0.5, bands=1, length=70.0)
    rows, columns = chip.image.shape[1:]
    x = (np.arange(columns) - (columns - 1) / 2) * 0.5
    ramp = np.broadcast_to(3 * x, (rows, columns))
    cells = binned(replace(chip, image=ramp[None].astype(np.float32)))
    assert_allclose(cells.values[0], 3 * cells.east_m, atol=1e-3)
    assert cells.east_m.size < 0.35 * rows * columns
    assert cells.blur_across_m < 0.35
    assert cells.blur_along_m < 70 / 16 / 3


def test_what_lies_alongside_is_noticed():
    alone = picture(gsd=3.0, noise=0.002)
    image = alone.image.copy()
    middle = image.shape[1] // 2
    image[:, middle - 12 : middle + 2, middle + 10 : middle + 13] = 0.25
    beside = replace(alone, image=image)
    plain, crowded = invert(alone), invert(beside)
    assert plain.obstructed < 0.005
    assert crowded.obstructed > 4 * plain.obstructed + 0.005


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({}, None),
        ({"sun_elevation_deg": -4.0}, "no_geometry"),
        ({"sun_azimuth_deg": np.nan}, "no_geometry"),
        ({"gsd_m": 60.0}, "too_small"),
        ({"east_m": 140.0}, "cloud"),
    ],
)
def test_what_cannot_be_inverted_is_said_beforehand(fault, reason):
    assert unusable(replace(picture(gsd=10.0), **fault)) == reason
    masked = picture(gsd=10.0)
    assert unusable(replace(masked, image=np.full_like(masked.image, np.nan))) == "cloud"
