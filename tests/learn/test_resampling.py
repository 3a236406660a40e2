"""Resampling: a square through any turn and scale is what scipy makes of it."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from gnomon.learn.resampling import resample


@given(
    turn=st.floats(0, 6.28),
    scale=st.floats(0.5, 2.0),
    x=st.floats(30, 50),
    y=st.floats(30, 50),
    seed=st.integers(0, 99),
)
def test_a_square_is_what_scipy_interpolates(
    turn: float, scale: float, x: float, y: float, seed: int
) -> None:
    image = np.random.default_rng(seed).random((80, 80), np.float32)
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    found = resample(torch.from_numpy(image[None]), matrix, np.array([x, y]), 12)[0].numpy()
    across, down = np.meshgrid(np.arange(12) + 0.5 - 6, np.arange(12) + 0.5 - 6)
    place = matrix @ np.stack([across.ravel(), down.ravel()]) + np.array([[x], [y]]) - 0.5
    wanted = ndimage.map_coordinates(image, place[::-1], order=1).reshape(12, 12)
    assert found == pytest.approx(wanted, abs=1e-3)


def test_beyond_the_raster_and_where_it_has_nothing_is_nothing() -> None:
    image = torch.ones(1, 20, 20)
    image[0, :, 15:] = torch.nan
    found = resample(image, np.eye(2), np.array([10.0, 2.0]), 16)[0]
    assert torch.isnan(found[:6]).all()
    assert torch.isnan(found[:, 13:]).all()
    assert (found[6:, :13] == 1).all()


@given(st.integers(0, 3), st.sampled_from([1.0, -1.0]), st.integers(0, 99))
def test_right_angles_and_mirrors_move_pixels_and_change_none(
    quarters: int, flip: float, seed: int
) -> None:
    """Against numpy's own turns."""
    image = np.random.default_rng(seed).random((2, 40, 40), np.float32)
    turn = np.pi / 2 * quarters
    matrix = np.array([[np.cos(turn) * flip, -np.sin(turn)], [np.sin(turn) * flip, np.cos(turn)]])
    found = resample(torch.from_numpy(image), matrix, np.array([20.0, 20.0]), 16).numpy()
    middle = image[:, 12:28, 12:28]
    expected = np.rot90(middle, quarters, axes=(1, 2))
    if flip < 0:
        expected = expected[:, :, ::-1]
    assert found == pytest.approx(expected, abs=2e-5)


@given(st.floats(0, 6.28), st.floats(0.6, 1.6))
def test_a_missing_pixel_spreads_no_further_than_its_neighbours(turn: float, scale: float) -> None:
    image = torch.full((1, 60, 60), 0.25)
    image[0, 30, 30] = torch.nan
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    found = resample(image, matrix, np.array([30.5, 30.5]), 20)[0].numpy()
    known = np.isfinite(found)
    assert found[known] == pytest.approx(0.25, abs=1e-6)
    rows, columns = np.nonzero(~known)
    away = np.hypot(rows + 0.5 - 10, columns + 0.5 - 10) * scale
    assert (away < 1.5).all()
