"""Regions by runs are those that scipy labels pixel by pixel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from gnomon.geo.regions import Regions

NEIGHBOURS = {False: None, True: np.ones((3, 3), int)}
SIZES = st.tuples(st.integers(1, 12), st.integers(1, 12))


def drawn(size: tuple[int, int], seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.random(size) < rng.random()


@given(size=SIZES, seed=st.integers(0, 2**32 - 1), diagonal=st.booleans())
def test_regions_are_scipys(size, seed, diagonal):
    mask, seeds = drawn(size, seed), drawn(size, seed + 1)
    regions = Regions(mask, diagonal=diagonal)
    labels, count = ndimage.label(mask, NEIGHBOURS[diagonal])
    assert len(regions.area) == count
    each = zip(regions.area, regions.span, regions.cut, regions.holding(seeds), strict=True)
    inside = np.pad(np.zeros(np.maximum(np.subtract(size, 2), 0), bool), 1, constant_values=True)
    edge = inside[: size[0], : size[1]]
    for number, found in enumerate(each):
        region = regions.where(np.arange(count) == number)
        label = labels[region][0]
        assert (region == (labels == label)).all()
        rows, columns = np.nonzero(region)
        span = np.hypot(np.ptp(rows) + 1, np.ptp(columns) + 1)
        expected = (region.sum(), span, region[edge].any(), (region & seeds).any())
        assert found == pytest.approx(expected)


@pytest.mark.parametrize("filled", [False, True])
def test_nothing_and_everything(filled):
    mask = np.full((3, 5), filled)
    regions = Regions(mask)
    assert list(regions.area) == [15] * filled
    assert (regions.where(regions.holding(mask)) == mask).all()
    assert not regions.where(np.zeros(int(filled), bool)).any()
