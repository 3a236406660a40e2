"""The instrument against scipy's filters, and the energy that a blur must keep."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from gnomon.simulate.pixels.instrument import blur_kernel, oversampling, sample

HALO_PX = 3
FACTORS = range(3, 9)


def sampled_by_scipy(fine: np.ndarray, factor: int) -> np.ndarray:
    blurred = fine
    for axis in (1, 2):
        blurred = ndimage.gaussian_filter1d(blurred, 0.44 * factor, axis=axis, mode="nearest")
    bands, rows, columns = blurred.shape
    pixels = blurred.reshape(bands, rows // factor, factor, columns // factor, factor)
    cut = slice(HALO_PX, -HALO_PX)
    return pixels.mean(axis=(2, 4))[:, cut, cut]


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("side_px", [9, 38])
def test_pixels_are_those_of_a_gaussian_filter_to_the_bit(factor: int, side_px: int) -> None:
    side = side_px * factor
    fine = np.random.default_rng(factor).random((5, side, side), np.float32)
    expected = sampled_by_scipy(fine, factor)
    np.testing.assert_array_equal(sample(fine, factor, halo_px=HALO_PX), expected)


@pytest.mark.parametrize("factor", FACTORS)
def test_cells_that_are_alike_within_pixels_may_be_blurred_as_pixels(factor: int) -> None:
    pixels = np.random.default_rng(factor).random((2, 30, 30), np.float32)
    fine = pixels.repeat(factor, axis=1).repeat(factor, axis=2)
    kernel = blur_kernel(factor)
    coarse = ndimage.convolve1d(ndimage.convolve1d(pixels, kernel, axis=1), kernel, axis=2)
    cut = slice(HALO_PX, -HALO_PX)
    np.testing.assert_allclose(
        sample(fine, factor, halo_px=HALO_PX), coarse[:, cut, cut], rtol=1e-5
    )


@pytest.mark.parametrize("factor", FACTORS)
def test_a_bright_cell_keeps_its_light_and_its_place(factor: int) -> None:
    side = (2 * HALO_PX + 9) * factor
    fine = np.zeros((1, side, side), np.float32)
    fine[0, side // 2, side // 2] = factor**2  # one pixel's worth of light
    spot = sample(fine, factor, halo_px=HALO_PX)[0]
    assert spot.sum() == pytest.approx(1, abs=1e-4)
    assert np.unravel_index(spot.argmax(), spot.shape) == (4, 4)


def test_the_modulation_at_nyquist_is_that_of_the_instrument() -> None:
    """A wave of two pixels: exp(-2 (pi sigma / 2)^2) of the blur times 2 / pi of the pixel."""
    factor, side_px = 8, 40
    phase = (np.arange(side_px * factor) + 0.5) / factor
    wave = np.broadcast_to(np.cos(np.pi * (phase - 0.5)), (1, side_px * factor, phase.size))
    pixels = sample(wave.astype(np.float32), factor, halo_px=HALO_PX)[0]
    modulation = np.ptp(pixels) / 2
    expected = np.exp(-((np.pi * 0.44) ** 2) / 2) * 2 / np.pi
    assert modulation == pytest.approx(expected, rel=0.01)
    assert modulation == pytest.approx(0.25, abs=0.02)


@given(st.floats(0.3, 60))
def test_fine_cells_are_about_1_25_m_and_three_to_eight_to_a_pixel(gsd_m: float) -> None:
    factor = oversampling(gsd_m)
    assert 3 <= factor <= 8
    if 4.5 <= gsd_m <= 10:
        assert gsd_m / factor == pytest.approx(1.25, rel=0.2)
