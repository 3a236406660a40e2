"""Bins against a brute-force average, and chips that cannot be used."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from gnomon.freeboard.bins import Bins, binned, pixel_places, unusable
from model_ships import model_chip

FINE = model_chip(gsd=0.5, bands=2, length=70.0)


def with_image(chip, image):
    return replace(chip, image=np.asarray(image, np.float32))


def test_bins_keep_the_mean_and_the_place():
    """Binning a ramp gives the ramp at the mean places: nothing is resampled."""
    rows, columns = FINE.image.shape[1:]
    x = (np.arange(columns) - (columns - 1) / 2) * 0.5
    bins = binned(with_image(FINE, np.broadcast_to(3 * x, (1, rows, columns))))
    assert_allclose(bins.values[0], 3 * bins.east_m, atol=1e-3)
    assert bins.east_m.size < 0.35 * rows * columns
    assert bins.blur_across_m < 0.35
    assert bins.blur_along_m < 70 / 16 / 3


def test_bins_are_the_averages_of_a_loop_over_pixels():
    """Every pixel of the ground that matters is in one bin, and counted once."""
    bins = binned(FINE)
    east, north = pixel_places(FINE)
    heading = np.deg2rad(FINE.heading_deg)
    forward = (east - FINE.east_m) * np.sin(heading) + (north - FINE.north_m) * np.cos(heading)
    across = (east - FINE.east_m) * np.cos(heading) - (north - FINE.north_m) * np.sin(heading)
    # The bins' own extent gives back the frame; its first pixel opens the first bin.
    size = FINE.length_m / 16, max(0.5, FINE.beam_m / 60)
    at = rng_choice(len(bins.east_m))
    for k in at:
        along = (bins.east_m[k] - FINE.east_m) * np.sin(heading) + (
            bins.north_m[k] - FINE.north_m
        ) * np.cos(heading)
        aside = (bins.east_m[k] - FINE.east_m) * np.cos(heading) - (
            bins.north_m[k] - FINE.north_m
        ) * np.sin(heading)
        near = (np.abs(forward - along) < size[0]) & (np.abs(across - aside) < size[1])
        low, high = (
            FINE.image.reshape(2, -1)[:, near].min(1),
            FINE.image.reshape(2, -1)[:, near].max(1),
        )
        assert (bins.values[:, k] >= low - 1e-6).all()
        assert (bins.values[:, k] <= high + 1e-6).all()


def rng_choice(n):
    return np.random.default_rng(0).choice(n, 40, replace=False)


def test_coarse_pixels_are_their_own_bins():
    chip = model_chip(gsd=10.0)
    bins = binned(chip)
    image = chip.image[:, bins.row, bins.column]
    assert_allclose(bins.values, image)
    east, north = (place.reshape(chip.image.shape[1:]) for place in pixel_places(chip))
    assert_allclose(bins.east_m, east[bins.row, bins.column])
    assert_allclose(bins.north_m, north[bins.row, bins.column])
    point = np.sqrt(chip.blur_px**2 + 1 / 12) * 10.0
    assert (bins.blur_along_m, bins.blur_across_m) == pytest.approx((point, point))


def test_pixels_without_data_are_in_no_bin():
    image = FINE.image.copy()
    image[0, 40:90, :] = np.nan
    bins = binned(replace(FINE, image=image))
    assert np.isfinite(bins.values).all()
    _, north = pixel_places(FINE)
    hole = north.reshape(FINE.image.shape[1:])[40:90, 0]
    inside = (bins.north_m < hole.max() - 5) & (bins.north_m > hole.min() + 5)
    assert not inside.any()


def test_north_is_up_and_the_middle_is_the_origin():
    east, north = pixel_places(with_image(FINE, np.zeros((1, 3, 5))))
    assert_allclose(east.reshape(3, 5)[0], [-1.0, -0.5, 0.0, 0.5, 1.0])
    assert_allclose(north.reshape(3, 5)[:, 0], [0.5, 0.0, -0.5])


def grid_of(values):
    """Bins on a full grid, one pixel each."""
    row, column = (a.ravel() for a in np.indices(values.shape))
    zero = np.zeros(row.size)
    return Bins(zero, zero, values.reshape(1, -1), row, column, 1.0, 1.0)


@settings(deadline=None, max_examples=10)
@given(st.sampled_from([0.0, 0.3, 0.6]), st.integers(0, 2**31))
def test_correlated_bins_are_those_of_the_process_that_was_drawn(correlation, seed):
    """A separable first-order process has (1 + r) / (1 - r) correlated bins along either axis."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(150, 150))
    for axis in (0, 1):
        noise = np.moveaxis(noise, axis, 0)
        for k in range(1, 150):
            noise[k] = correlation * noise[k - 1] + np.sqrt(1 - correlation**2) * noise[k]
        noise = np.moveaxis(noise, 0, axis)
    bins = grid_of(noise)
    found = bins.correlated_bins(bins.values, np.ones(noise.size, bool))
    assert found == pytest.approx(((1 + correlation) / (1 - correlation)) ** 2, rel=0.35)


def test_anticorrelated_bins_count_as_independent():
    checker = np.indices((20, 20)).sum(0) % 2 * 2.0 - 1.0
    bins = grid_of(checker)
    assert bins.correlated_bins(bins.values, np.ones(400, bool)) == 1.0


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({}, None),
        ({"sun_elevation_deg": -4.0}, "no_geometry"),
        ({"sun_elevation_deg": 2.9}, "no_geometry"),
        ({"sun_azimuth_deg": np.nan}, "no_geometry"),
        ({"view_zenith_deg": 75.0}, "no_geometry"),
        ({"gsd_m": 60.0}, "too_small"),
        ({"east_m": 140.0}, "edge"),
        ({"east_m": 300.0}, "cloud"),
    ],
)
def test_a_chip_that_cannot_be_used_has_its_reason(fault, reason):
    assert unusable(replace(model_chip(gsd=10.0), **fault)) == reason


@pytest.mark.parametrize(("share", "reason"), [(0.2, None), (0.55, "cloud"), (1.0, "cloud")])
def test_a_third_of_the_ground_may_be_hidden(share, reason):
    chip = model_chip(gsd=10.0)
    image = chip.image.copy()
    image[:, : int(share * image.shape[1])] = np.nan
    recorded = np.ones(image.shape[1:], bool)
    assert unusable(replace(chip, image=image), recorded) == reason


@pytest.mark.parametrize(("north_m", "reason"), [(0.0, None), (90.0, "edge"), (-90.0, "edge")])
def test_a_hull_that_runs_off_the_image_is_at_its_edge(north_m, reason):
    """Half a hull in the image fits a shorter one; one such was once called laden at 0.98."""
    chip = replace(model_chip(gsd=3.0), north_m=north_m)
    assert unusable(chip) == reason


@pytest.mark.parametrize(("beyond_m", "reason"), [(40.0, None), (11.0, "edge"), (0.0, "edge")])
def test_hull_and_shadow_must_be_on_the_image(beyond_m, reason):
    """The shadow falls 5.7 m to the north-west of a hull whose side is 8.6 m from its middle."""
    chip = model_chip(gsd=3.0)
    x, y = pixel_places(chip)
    aside = (y * np.sin(np.deg2rad(35)) - x * np.cos(np.deg2rad(35))).reshape(chip.image.shape[1:])
    # Beyond a line along the hull there is no image: not a cloud, which hides what is there.
    assert unusable(chip, aside < beyond_m - 3.0) == reason
    hidden = replace(chip, image=np.where(aside < beyond_m - 3.0, chip.image, np.nan))
    assert unusable(hidden, np.ones_like(aside, bool)) != "edge"


@settings(deadline=None, max_examples=20)
@given(st.floats(0, 360), st.floats(-10, 10), st.floats(-10, 10))
def test_binning_keeps_the_sum_of_the_light(heading, east, north):
    """Values times counts add up to the pixels used, whatever the place and heading."""
    chip = replace(FINE, heading_deg=heading, east_m=east, north_m=north)
    flat = replace(chip, image=np.full_like(chip.image, 7.0))
    bins = binned(flat)
    assert_allclose(bins.values, 7.0)
    noisy = binned(chip)
    used = chip.image.reshape(2, -1)
    assert used.min() <= noisy.values.min()
    assert noisy.values.max() <= used.max()


def test_a_turned_chip_has_the_same_bins():
    """By a right angle: places turn with it, values stay."""
    turned = replace(
        FINE,
        image=np.rot90(FINE.image, -1, (1, 2)).copy(),
        heading_deg=FINE.heading_deg + 90,
        sun_azimuth_deg=FINE.sun_azimuth_deg + 90,
        east_m=FINE.north_m,
        north_m=-FINE.east_m,
    )
    here, there = binned(FINE), binned(turned)
    assert here.values.shape == there.values.shape
    first = np.lexsort((here.east_m.round(4), here.north_m.round(4)))
    second = np.lexsort((-there.north_m.round(4), there.east_m.round(4)))
    assert_allclose(here.values[:, first], there.values[:, second], atol=1e-9)
    assert_allclose(here.east_m[first], -there.north_m[second], atol=1e-6)
