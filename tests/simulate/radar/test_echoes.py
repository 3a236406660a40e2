"""Echoes: looks, powers, resolution and the published means of sea and ships."""

import numpy as np
import pytest

from gnomon.simulate.radar.echoes import (
    NOISE_DB,
    Scatterers,
    SeaState,
    equivalent_looks,
    point_response,
    received,
    sea_sigma0,
    sea_texture,
    ship_cross_section_m2,
)

NOTHING = Scatterers(np.zeros(0), np.zeros(0), np.zeros(0))
NOISE = 10 ** (NOISE_DB / 10)


def test_speckle_has_its_looks_mean_and_neighbours() -> None:
    surface = np.full((300, 300), 0.05, np.float32)
    power = received(np.random.default_rng(1), surface, NOTHING, spacing_m=10.0)
    assert power.mean() == pytest.approx(0.05 + NOISE, rel=0.01)
    assert equivalent_looks(power) == pytest.approx(4.4, rel=0.05)
    # Pixels are half of the resolution: neighbours are alike, and those five pixels away are not.
    z = power / power.mean() - 1
    near, far = ((z[:, step:] * z[:, :-step]).mean() / z.var() for step in (1, 5))
    assert 0.4 < near < 0.75
    assert abs(far) < 0.03


def test_a_point_keeps_its_cross_section() -> None:
    surface = np.full((100, 100), 1e-9, np.float32)
    point = Scatterers(np.array([50.3]), np.array([49.6]), np.array([2000.0]))
    power = received(np.random.default_rng(2), surface, point, spacing_m=10.0)
    assert (power - NOISE).sum() * 100.0 == pytest.approx(2000, rel=0.05)


@pytest.mark.parametrize(("axis", "width_m"), [("line", 22.0), ("sample", 20.0)])
def test_the_response_is_as_wide_as_the_product_says(axis: str, width_m: float) -> None:
    step = np.linspace(-14, 14, 28_001)
    power = point_response(step, axis, 10.0) ** 2
    assert np.ptp(step[power >= 0.5]) * 10 == pytest.approx(width_m, abs=0.1)
    beside = np.abs(step) * 10 > 1.4 * width_m
    assert 10 * np.log10(power[beside].max()) < -20


def test_sea_and_ships_are_as_published() -> None:
    angle = np.array([38.0])
    assert 10 * np.log10(sea_sigma0("vh", SeaState(wind_m_s=10), angle)) == pytest.approx(-29.85)
    assert 10 * np.log10(sea_sigma0("vv", SeaState(wind_m_s=5), angle)) == pytest.approx(-19.5)
    assert ship_cross_section_m2(100, "vv") == pytest.approx(3713, rel=0.001)
    assert ship_cross_section_m2(100, "vh") == pytest.approx(371, rel=0.001)


def test_texture_has_its_variance_and_structures() -> None:
    texture = sea_texture(np.random.default_rng(3), (900, 900), SeaState(roughness=0.3), 10.0)
    assert texture.mean() == pytest.approx(1, abs=0.05)
    assert texture.var() == pytest.approx(0.3, rel=0.2)
    z = texture / texture.mean() - 1
    assert (z[:, 40:] * z[:, :-40]).mean() / z.var() < 0.2
    assert (sea_texture(np.random.default_rng(3), (9, 9), SeaState(roughness=0), 10.0) == 1).all()
