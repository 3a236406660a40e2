"""Frames of hulls: where cells lie, and what scaling takes out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxes import box
from gnomon.detect.hull_frame import (
    ACROSS,
    ALONG,
    FINEST_M,
    averaged_px,
    hull_cells,
    hull_frame,
    middles,
    scaled_frame,
)

angles = st.floats(0, 179.9)


@given(st.floats(50, 70), st.floats(50, 70), st.floats(20, 60), angles)
def test_a_plane_is_sampled_where_the_cells_of_the_frame_lie(x, y, length, angle):
    rows, columns = np.mgrid[:120, :120] + 0.5
    hull = box(x, y, length=length, angle=angle)[0]
    found_x, found_y = hull_frame([columns, rows], hull, 5.0)
    along, across = hull.along_across(found_x, found_y)
    wanted = np.meshgrid(middles(ALONG), middles(ACROSS))
    np.testing.assert_allclose(along / length, wanted[0], atol=2e-3)
    np.testing.assert_allclose(across / length, wanted[1], atol=2e-3)


@given(st.sampled_from([0.5, 1.0, 1.5]), angles)
def test_finer_pixels_are_averaged_to_what_was_trained_on(gsd_m, angle):
    step = averaged_px(gsd_m)
    assert gsd_m * (step - 1) < FINEST_M <= gsd_m * step
    coarse = np.random.default_rng(0).random((60, 60))
    fine = np.kron(coarse, np.ones((step, step)))
    ours = hull_frame([fine], box(30 * step, 30 * step, 40 * step, 6 * step, angle)[0], gsd_m)
    theirs = hull_frame([coarse], box(30, 30, 40, 6, angle)[0], gsd_m * step)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_beyond_the_raster_nothing_is_known():
    frame = hull_frame([np.ones((30, 30))], box(15, 15, length=60, angle=0)[0], 10.0)
    assert np.isnan(frame[0, :, 0]).all()
    assert (frame[0, :, ALONG[2] // 2] == 1).all()
    assert scaled_frame(hull_frame([np.ones((5, 5))], box(90, 90)[0], 10.0)) is None


def deck(seed: int = 0) -> np.ndarray:
    """A hull brighter than its water, in three bands."""
    draw = np.random.default_rng(seed)
    frame = 0.05 + 0.01 * draw.random((3, ACROSS[2], ALONG[2]))
    frame[:, hull_cells()] += np.array([0.3, 0.15, 0.1])[:, None]
    return frame.astype(np.float32)


@given(st.floats(0.2, 8), st.lists(st.floats(0, 0.4), min_size=3, max_size=3))
def test_haze_and_gain_change_nothing(gain, haze):
    changed = gain * deck() + np.array(haze, np.float32)[:, None, None]
    np.testing.assert_allclose(scaled_frame(changed), scaled_frame(deck()), atol=2e-3)


def test_what_is_not_known_is_nought_and_does_not_change_the_rest():
    frame = deck()
    frame[1, :, :10] = np.nan
    scaled = scaled_frame(frame)
    assert (scaled[:, :, :10] == 0).all()
    np.testing.assert_allclose(scaled[:, :, 10:], scaled_frame(deck())[:, :, 10:], atol=0.02)


@pytest.mark.parametrize("known", [0.4, 0.6])
def test_a_frame_needs_half_of_its_hull(known):
    frame = deck()
    frame[:, :, int(known * ALONG[2]) :] = np.nan
    assert (scaled_frame(frame) is None) == (known < 0.5)


def test_a_flat_frame_says_nothing():
    assert scaled_frame(np.full((3, ACROSS[2], ALONG[2]), 0.2, np.float32)) is None
