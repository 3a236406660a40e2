"""Dilation and opening against scipy, and the laws that they keep."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from gnomon.imagery.morphology import dilate, opened

SIZES = st.tuples(st.integers(1, 25), st.integers(1, 140))
SEEDS = st.integers(0, 2**32 - 1)
RADII = st.one_of(st.floats(0.5, 12), st.floats(60, 70))


def spots(size: tuple[int, int], seed: int, share: float) -> np.ndarray:
    return np.random.default_rng(seed).random(size) < share


def disc(radius: float) -> np.ndarray:
    reach = int(radius)
    return np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1]) <= radius


@given(SIZES, SEEDS, RADII)
def test_dilation_is_scipys(size: tuple[int, int], seed: int, radius: float) -> None:
    mask = spots(size, seed, 0.05)
    expected = ndimage.binary_dilation(mask, disc(radius))
    np.testing.assert_array_equal(dilate(mask, radius), expected)


@given(SIZES, SEEDS, st.floats(0.5, 9))
def test_opening_is_scipys_by_discs_that_may_reach_beyond_the_window(
    size: tuple[int, int], seed: int, radius: float
) -> None:
    mask = spots(size, seed, 0.8)
    centres = ndimage.binary_erosion(mask, disc(radius), border_value=1)
    expected = ndimage.binary_dilation(centres, disc(radius))
    np.testing.assert_array_equal(opened(mask, radius), expected)


@given(SIZES, SEEDS, st.floats(0.5, 9))
def test_opening_twice_is_opening_once(size: tuple[int, int], seed: int, radius: float) -> None:
    once = opened(spots(size, seed, 0.8), radius)
    np.testing.assert_array_equal(opened(once, radius), once)


@given(SIZES, SEEDS, st.floats(1, 9))
def test_more_mask_or_more_radius_never_dilates_to_less(
    size: tuple[int, int], seed: int, radius: float
) -> None:
    few, many = spots(size, seed, 0.03), spots(size, seed, 0.06)
    assert not (dilate(few, radius) & ~dilate(many, radius)).any()
    assert not (dilate(few, radius) & ~dilate(few, radius + 1)).any()
    assert not (few & ~dilate(few, radius)).any()


@given(SIZES, SEEDS, st.floats(1, 9))
def test_mirrors_and_turns_commute_with_dilation(
    size: tuple[int, int], seed: int, radius: float
) -> None:
    mask = spots(size, seed, 0.05)
    for change in (np.fliplr, np.flipud, np.transpose):
        np.testing.assert_array_equal(
            dilate(np.ascontiguousarray(change(mask)), radius), change(dilate(mask, radius))
        )
