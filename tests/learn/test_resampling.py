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
