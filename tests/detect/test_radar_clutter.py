"""K-distributed clutter against its density in closed form, its moments, and its limits."""

import numpy as np
import pytest
from scipy import integrate, special, stats

from gnomon.detect.radar_clutter import clutter_level, exceedance, roughness_of


def density(intensity: float, shape: float, looks: float) -> float:
    """Oliver and Quegan 2004, equation 5.19, of mean one; logarithms keep it finite."""
    both = shape * looks
    order = 2 * np.sqrt(both * intensity)
    log = (
        np.log(2)
        + (shape + looks) / 2 * np.log(both)
        + ((shape + looks) / 2 - 1) * np.log(intensity)
        - special.gammaln(shape)
        - special.gammaln(looks)
        + np.log(special.kve(shape - looks, order))
        - order
    )
    return float(np.exp(log))


@pytest.mark.parametrize("looks", [1.0, 4.4, 10.7])
@pytest.mark.parametrize("shape", [0.5, 1.5, 4.0, 30.0])
@pytest.mark.parametrize("level", [0.5, 3.0, 12.0])
def test_exceedance_is_the_integral_of_the_density(
    looks: float, shape: float, level: float
) -> None:
    expected, _ = integrate.quad(density, level, np.inf, args=(shape, looks), epsabs=0, limit=200)
    found = exceedance(level, roughness=1 / shape, looks=looks)
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-12)


@pytest.mark.parametrize("rate", [1e-9, 10**-6.5, 1e-3])
@pytest.mark.parametrize("looks", [1.0, 4.4])
def test_levels_are_exceeded_at_their_rate(rate: float, looks: float) -> None:
    for roughness in (0.0, 0.05, 0.4, 3.0):
        level = float(clutter_level(roughness, looks=looks, rate=rate))
        # Straight lines between 61 values of the table.
        assert exceedance(level, roughness=roughness, looks=looks) == pytest.approx(rate, rel=0.03)


def test_without_texture_it_is_speckle() -> None:
    expected = stats.gamma(4.4, scale=1 / 4.4).isf(1e-6)
    assert float(clutter_level(0.0, looks=4.4, rate=1e-6)) == pytest.approx(expected, rel=1e-5)
    assert float(clutter_level(1e-6, looks=4.4, rate=1e-6)) == pytest.approx(expected, rel=1e-3)


def test_rougher_clutter_is_brighter_at_its_brightest() -> None:
    levels = clutter_level(np.geomspace(1e-3, 20, 40), looks=4.4, rate=1e-6)
    assert (np.diff(levels) > 0).all()


@pytest.mark.parametrize("shape", [1.0, 5.0])
def test_moments_give_the_shape_back(shape: float) -> None:
    rng = np.random.default_rng(1)
    texture = rng.gamma(shape, 1 / shape, 400_000)
    intensity = 0.02 * texture * rng.gamma(4.4, 1 / 4.4, texture.size)
    found = roughness_of(intensity.mean(), (intensity**2).mean(), looks=4.4)
    assert float(found) == pytest.approx(1 / shape, rel=0.04)


def test_smoother_than_speckle_counts_as_speckle() -> None:
    assert float(roughness_of(1.0, 1.1, looks=4.4)) == 0.0


def test_rates_that_are_none_are_refused() -> None:
    for rate in (0.0, 0.5, 1e-13):
        with pytest.raises(ValueError, match=r"from 1e-12 to 0\.1"):
            clutter_level(0.1, looks=4.4, rate=rate)
