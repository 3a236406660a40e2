"""Noise and priors of a chip: covariances that were drawn come back, and algebra holds."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from gnomon.freeboard import noise as measured
from gnomon.freeboard.bins import binned
from gnomon.freeboard.hull import SURFACES
from gnomon.freeboard.image import cover_of_pixels
from model_ships import LEVELS, model_chip, true_ship

ROW = {name: k for k, name in enumerate(SURFACES)}


def scene(*, seed=0, water=None, gsd=3.0):
    """Bins of a chip, covers of the true ship there, and no ends in the way."""
    chip = model_chip(3.0, gsd=gsd, noise=0.0, seed=seed, length=110.0)
    rng = np.random.default_rng(seed)
    clutter = np.zeros(chip.image.shape) if water is None else water(rng, chip.image.shape)
    chip = replace(chip, image=(chip.image + clutter).astype(np.float32))
    bins = binned(chip)
    rows, columns = chip.image.shape[1:]
    maps = cover_of_pixels(chip, true_ship(3.0)).reshape(len(SURFACES), rows, columns)
    return bins, maps[:, bins.row, bins.column], np.zeros(bins.east_m.size, bool)


def white(sigmas, common):
    def draw(rng, shape):
        own = np.array(sigmas)[:, None, None] * rng.normal(size=shape)
        return own + common * rng.normal(size=shape[1:])

    return draw


def test_the_covariance_of_the_water_comes_back():
    """Bands with noise of their own and waves that all share: the mix makes it the identity."""
    sigmas, common = (0.001, 0.002, 0.001, 0.003), 0.004
    bins, maps, ends = scene(water=white(sigmas, common))
    found = measured.first_noise(bins, maps, ends)
    covariance = np.diag(np.square(sigmas)) + common**2
    assert_allclose(found.mix @ covariance @ found.mix.T, np.eye(4), atol=0.12)
    assert found.water_correlation == pytest.approx(1.0, abs=0.1)
    assert_allclose(found.level, LEVELS["water"], atol=0.001)


def test_outliers_on_the_water_lose_their_weight():
    def foam(rng, shape):
        image = 0.001 * rng.normal(size=shape)
        image[:, :3, :] += 0.03
        return image

    def calm(rng, shape):
        return 0.001 * rng.normal(size=shape)

    bins, maps, ends = scene(water=foam)
    row_north = bins.north_m.max() - 3
    found = measured.first_noise(bins, maps, ends)
    quiet = measured.first_noise(*scene(water=calm))
    touched = np.abs(bins.values[0] - LEVELS["water"][0]) > 0.02
    foamy = touched & (maps[ROW["water"]] > 0.99) & (bins.north_m > row_north)
    if foamy.any():
        assert found.trust[foamy].max() < 0.1
    assert (quiet.trust > 0.5).mean() > 0.99
    assert_allclose(found.level, quiet.level, atol=0.002)


def test_weights_fall_with_the_ship_and_with_doubted_shade():
    bins, maps, _ = scene(water=white((0.002,) * 4, 0.0))
    ends = bins.north_m > 20
    plain = measured.first_noise(bins, maps, ends)
    weight = plain.weight(dark=0.0)
    water = (plain.zone < 1e-5) & (plain.doubt < 1e-4) & (plain.trust == 1)
    assert_allclose(weight[:, water], 1 / plain.water_correlation, rtol=0.05)
    doubted = (plain.doubt > 0.99) & (plain.zone < 0.01)
    assert (weight[:, doubted].min(1) < 1 / plain.water_correlation).any()
    assert weight[:, plain.zone > 0.9].mean() < weight[:, water].mean()


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**31), st.integers(1, 5))
def test_both_covariances_become_diagonal(seed, bands):
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(2, bands, bands + 2))
    ship, water = (root @ root.T for root in roots)
    mix, variance = measured._both_diagonal(ship, water)
    assert_allclose(mix @ water @ mix.T, np.eye(bands), atol=1e-7)
    assert_allclose(mix @ ship @ mix.T, np.diag(variance), atol=1e-6 * variance.max())


def test_the_prior_of_reflectances_is_a_covariance_in_the_unit_of_the_image():
    bins, maps, ends = scene(water=white((0.002,) * 4, 0.0))
    found = measured.first_noise(bins, maps, ends)
    mean, covariance = measured.level_prior(found, 0.0)
    assert_allclose(covariance, covariance.T)
    scipy.linalg.cholesky(covariance)
    counts = replace(found, level=found.level * 1e4, contrast=found.contrast * 1e4)
    again, wider = measured.level_prior(counts, 0.0)
    assert_allclose(again, mean * 1e4)
    assert_allclose(wider, covariance * 1e8)


def test_the_prior_holds_the_levels_of_a_tanker():
    bins, maps, ends = scene(water=white((0.001,) * 4, 0.0))
    found = measured.first_noise(bins, maps, ends)
    mean, covariance = measured.level_prior(found, 0.0)
    levels = np.array([LEVELS.get(name, (0.0,) * 4) for name in SURFACES]).T.ravel()
    away = (levels - mean) / np.sqrt(np.diag(covariance))
    assert np.abs(away).max() < 3.5
    assert np.sqrt(np.mean(away**2)) < 1.2


def test_light_that_no_shadow_takes_away_makes_shade_weaker():
    bins, maps, ends = scene(water=white((0.002,) * 4, 0.0))
    found = measured.first_noise(bins, maps, ends)
    shade = np.arange(4) * len(SURFACES) + ROW["shadow"]
    clear, hazy = (measured.level_prior(found, dark)[0][shade] for dark in (0.0, 0.5))
    assert_allclose(hazy, clear / 2)
    assert_allclose(clear, -0.6 * found.level)


def test_a_wide_pattern_of_the_water_is_subtracted_and_the_ship_stays():
    def plume(rng, shape):
        rows, columns = np.indices(shape[1:])
        wave = 0.01 * np.sin(rows / 12) * np.cos(columns / 15)
        return wave + 0.0005 * rng.normal(size=shape)

    bins, maps, _ = scene(water=plume)
    levels = np.array([LEVELS.get(name, (0.0,) * 4) for name in SURFACES]).T
    rest = bins.values - levels @ maps
    calm = measured.without_swell(bins, maps, rest, scale_m=12.0)
    after = calm.values - levels @ maps
    water = maps[ROW["water"]] > 0.97
    assert after[:, water].std() < 0.5 * rest[:, water].std()
    ship = maps[ROW["water"]] < 0.01
    assert_allclose(calm.values[:, ship], bins.values[:, ship], atol=1e-4)


def test_second_noise_measures_the_residual_on_the_ship():
    """A residual of known variance on the hull: mixed, it has the variance that is reported."""
    bins, maps, ends = scene(water=white((0.002,) * 4, 0.0))
    first = measured.first_noise(bins, maps, ends)
    rng = np.random.default_rng(1)
    rest = 0.002 * rng.normal(size=bins.values.shape)
    gear = 0.03 * rng.normal(size=bins.east_m.size)
    zone = 1 - maps[ROW["water"]]
    rest = rest + zone * gear
    found = measured.second_noise(first, bins, ends, fitted=maps, wide=maps, rest=rest)
    on_ship = found.mix @ rest[:, zone > 0.3]
    assert_allclose(np.mean(on_ship**2, 1), found.ship_variance, rtol=0.2, atol=0.5)
    # Gear is the same in all bands: one mixture holds it, the others hardly any.
    assert np.sort(found.ship_variance)[-1] > 20 * np.sort(found.ship_variance)[-2]


def test_few_bins_on_the_ship_leave_the_noise_as_it_was():
    bins, maps, ends = scene(water=white((0.002,) * 4, 0.0))
    first = measured.first_noise(bins, maps, ends)
    bare = maps.copy()
    bare[ROW["water"]] = 1.0
    rest = np.zeros(bins.values.shape)
    assert measured.second_noise(first, bins, ends, fitted=bare, wide=bare, rest=rest) is first


@pytest.mark.parametrize(("off_bow", "moved"), [(90.0, 0.0), (0.0, 8.66), (180.0, -8.66)])
def test_shade_is_cast_from_where_the_sun_comes(off_bow, moved):
    """At 30 degrees a freeboard of 5 m throws 8.66 m of shadow away from the sun."""
    forward = np.linspace(-60, 60, 1201)
    ends = measured.shaded_by_ends(
        forward, length_m=100.0, freeboard_m=5.0, sun_off_bow_deg=off_bow, cot=np.sqrt(3)
    )
    body = forward[~ends]
    assert body.min() == pytest.approx(-24 - moved, abs=0.15)
    assert body.max() == pytest.approx(34 - moved, abs=0.15)
