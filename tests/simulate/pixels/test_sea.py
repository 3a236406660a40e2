"""Water, land and cloud: spectra of textures, levels of real scenes, and the effect of options."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.simulate.pixels.light import Light
from gnomon.simulate.pixels.sea import (
    Weather,
    bare_deck,
    cloud_colour,
    clouds,
    draw_land,
    draw_water,
    patchwork,
    texture,
    yards,
)

SHAPE, GSD_M = (160, 200), 10.0
OPEN = np.full(SHAPE, 1e5, np.float32)
LIGHT = Light(sun_azimuth_deg=160, sun_elevation_deg=40)
SEEDS = st.integers(0, 2**31)
CALM = Weather(glint=0, roughness=0, plume=0, haze=0, slicks=0)


def power(field: np.ndarray, gsd_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Wave numbers (1 / m) and power of a field, without the mean."""
    spectrum = np.abs(np.fft.fft2(field)) ** 2
    north, east = (np.fft.fftfreq(size, gsd_m) for size in field.shape)
    k = np.hypot(north[:, None], east[None])
    return k.ravel()[1:], spectrum.ravel()[1:]


@given(seed=SEEDS, slope=st.floats(0, 2))
def test_a_texture_has_mean_0_and_deviation_1(seed: int, slope: float) -> None:
    field = texture(np.random.default_rng(seed), SHAPE, gsd_m=GSD_M, longest_m=900, slope=slope)
    assert field.mean() == pytest.approx(0, abs=1e-4)
    assert field.std() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("slope", [0.5, 1.0, 1.5])
def test_the_spectrum_falls_with_the_slope_asked_for(slope: float) -> None:
    rng = np.random.default_rng(1)
    field = texture(rng, (400, 400), gsd_m=GSD_M, longest_m=1e6, slope=slope)
    k, energy = power(field, GSD_M)
    band = (k > 1 / 2000) & (k < 1 / 30)
    fit = np.polyfit(np.log(k[band]), np.log(energy[band]), 1)
    assert fit[0] == pytest.approx(-2 * slope, abs=0.06)


@given(seed=SEEDS, shortest=st.floats(30, 120), longest=st.floats(300, 900))
def test_waves_are_as_long_as_asked_for(seed: int, shortest: float, longest: float) -> None:
    rng = np.random.default_rng(seed)
    field = texture(
        rng, SHAPE, gsd_m=GSD_M, longest_m=longest, shortest_m=shortest, slope=1.0
    ).astype(float)
    k, energy = power(field, GSD_M)
    assert energy[k > 1.02 / shortest].sum() < 1e-6 * energy.sum()
    assert energy[k < 0.2 / longest].sum() < 0.05 * energy.sum()


@pytest.mark.parametrize("towards", [0.0, 60.0, 130.0])
def test_patterns_are_stretched_along_their_direction(towards: float) -> None:
    rng = np.random.default_rng(3)
    field = texture(
        rng, (300, 300), gsd_m=GSD_M, longest_m=500, slope=1.5, stretch=(4.0, towards)
    ).astype(float)
    down, across = np.gradient(field)
    turn = np.deg2rad(towards)
    along = across * np.sin(turn) - down * np.cos(turn)
    aside = across * np.cos(turn) + down * np.sin(turn)
    assert along.std() < 0.5 * aside.std()


def test_a_texture_is_a_matter_of_its_seed_alone() -> None:
    one, other = (
        texture(np.random.default_rng(5), SHAPE, gsd_m=GSD_M, longest_m=700) for _ in range(2)
    )
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("turbidity", "levels"),
    [
        (0.0, (0.022, 0.018, 0.007, 0.004, 0.002)),  # Marseille, Durban
        (1.0, (0.080, 0.097, 0.074, 0.040, 0.020)),  # Klang
    ],
)
def test_calm_water_has_the_levels_of_real_ports(
    turbidity: float, levels: tuple[float, ...]
) -> None:
    weather = replace(CALM, turbidity=turbidity)
    sea = draw_water(np.random.default_rng(0), weather, OPEN, gsd_m=GSD_M)
    assert np.median(sea, axis=(1, 2)) == pytest.approx(levels, rel=0.2, abs=0.001)


@settings(max_examples=20)
@given(seed=SEEDS, glint=st.floats(0.005, 0.05))
def test_glint_lifts_every_band_alike_and_slicks_take_it_away(seed: int, glint: float) -> None:
    def mean(weather: Weather) -> np.ndarray:
        return draw_water(np.random.default_rng(seed), weather, OPEN, gsd_m=GSD_M).mean(axis=(1, 2))

    plain = mean(CALM)
    shining = mean(replace(CALM, glint=glint)) - plain
    assert shining[:3] == pytest.approx(np.full(3, glint), rel=0.35)
    slick = mean(replace(CALM, glint=glint, slicks=0.9)) - plain
    assert np.all(slick < shining)


@settings(max_examples=20)
@given(seed=SEEDS, share=st.floats(0.05, 0.9))
def test_ice_covers_the_share_of_the_water_asked_for(seed: int, share: float) -> None:
    sea = draw_water(np.random.default_rng(seed), replace(CALM, ice=share), OPEN, gsd_m=GSD_M)
    open_water = draw_water(np.random.default_rng(seed), CALM, OPEN, gsd_m=GSD_M)
    covered = sea[3] > open_water[3].max() + 0.005
    assert covered.mean() == pytest.approx(share, abs=0.08)


@settings(max_examples=20)
@given(seed=SEEDS, share=st.floats(0.02, 0.9))
def test_cloud_covers_the_share_asked_for_and_throws_its_shadow_away_from_the_sun(
    seed: int, share: float
) -> None:
    weather = Weather(cloud=share)
    high = replace(LIGHT, sun_elevation_deg=70.0)  # no shadow leaves the scene and comes back
    opacity, shadow = clouds(np.random.default_rng(seed), weather, SHAPE, gsd_m=GSD_M, light=high)
    assert (opacity > 0).mean() == pytest.approx(share, abs=0.01)
    assert opacity.max() <= 1
    # The shadow is the cloud itself, moved: the peak of their correlation says where to.
    spectra = np.conj(np.fft.rfft2(opacity)) * np.fft.rfft2(shadow)
    peak = np.unravel_index(np.fft.irfft2(spectra, SHAPE).argmax(), SHAPE)
    moved = (np.array(peak) + np.array(SHAPE) // 2) % SHAPE - np.array(SHAPE) // 2
    expected = LIGHT.shadow(1000.0) / GSD_M
    direction = np.array([moved[1], -moved[0]]) / np.hypot(*moved)
    assert direction @ (expected / np.hypot(*expected)) > 0.99


def test_a_clear_and_an_overcast_sky() -> None:
    rng = np.random.default_rng(0)
    opacity, shadow = clouds(rng, Weather(cloud=0), SHAPE, gsd_m=GSD_M, light=LIGHT)
    assert not opacity.any()
    assert not shadow.any()
    opacity, _ = clouds(rng, Weather(cloud=1.0), SHAPE, gsd_m=GSD_M, light=LIGHT)
    assert opacity.min() >= 0.3
    colour = cloud_colour(rng, opacity, gsd_m=GSD_M)
    assert np.all(colour[:4].mean(axis=(1, 2)) > 0.5)
    assert colour[4].mean() < colour[3].mean()  # water droplets absorb shortwave infrared


@settings(max_examples=20)
@given(seed=SEEDS, angle=st.floats(0, 90), gap=st.floats(0, 15))
def test_a_patchwork_has_the_colours_of_its_palette(seed: int, angle: float, gap: float) -> None:
    palette = np.array([[0.1, 0.2], [0.3, 0.1], [0.5, 0.5]])
    image = patchwork(
        np.random.default_rng(seed), SHAPE, np.pad(palette, [(0, 0), (0, 3)]), gsd_m=GSD_M,
        cell_m=(40, 90), gap_m=gap, angle_deg=angle, spread=0,
    )  # fmt: skip
    found = np.unique(image[:2].reshape(2, -1).T.astype(float).round(4), axis=0)
    pairs, colours = ({tuple(pair) for pair in some.tolist()} for some in (found, palette))
    assert pairs - colours <= {(0.09, 0.099)}  # streets
    assert pairs & colours


@settings(max_examples=20)
@given(seed=SEEDS)
def test_a_greener_land_is_brighter_in_near_infrared_than_in_red(seed: int) -> None:
    shore = np.broadcast_to(np.linspace(-1500, -20, SHAPE[1]), SHAPE).astype(np.float32)

    def index(green: float) -> float:
        image = draw_land(np.random.default_rng(seed), Weather(green=green), shore, gsd_m=GSD_M)
        assert image.min() >= 0.005
        assert image.max() <= 0.8
        return float(((image[3] - image[2]) / (image[3] + image[2])).mean())

    assert index(0.0) < index(0.5) < index(1.0)


@settings(max_examples=20)
@given(seed=SEEDS)
def test_quays_are_brighter_than_water_and_grey_where_they_are_bare(seed: int) -> None:
    rng = np.random.default_rng(seed)
    top = yards(rng, SHAPE, gsd_m=GSD_M, angle_deg=30)
    assert np.median(top[4]) > 0.05
    deck = bare_deck(rng, SHAPE, gsd_m=GSD_M)
    ratio = deck[4] / deck[0]
    assert ratio.std() < 1e-3


def test_haze_is_bluish_and_takes_part_in_every_band() -> None:
    path = Weather(haze=0.05).path()
    assert np.all(np.diff(path) <= 0)
    assert path[0] == pytest.approx(0.051)
    assert np.all(path > Weather(haze=0.01).path())
