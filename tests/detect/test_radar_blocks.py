"""Statistics of blocks against sums over each block by itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.detect import radar_blocks
from gnomon.detect.radar_blocks import block_at, block_statistics


@given(
    lines=st.integers(1, 40),
    samples=st.integers(1, 40),
    down=st.integers(1, 9),
    along=st.integers(1, 9),
    strip_px=st.sampled_from([1, 100, 10_000]),
    seed=st.integers(0, 999),
)
def test_each_block_counts_its_own_pixels(
    lines: int, samples: int, down: int, along: int, strip_px: int, seed: int
) -> None:
    """Also in the last rows and columns, which no block fills, and whatever a strip holds."""
    rng = np.random.default_rng(seed)
    values = rng.exponential(1, (lines, samples)).astype(np.float32)
    values[rng.random(values.shape) < 0.2] = np.nan
    water, search = (rng.random(values.shape) < share for share in (0.8, 0.5))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(radar_blocks, "STRIP_PX", strip_px)
        found = block_statistics(values, water, search, [down, along])
    for row, column in np.ndindex(found.brightest.shape):
        at = block_at(row, column, [down, along])
        seen = np.isfinite(values[at])
        sea, ships = values[at][water[at] & seen], values[at][search[at] & seen]
        sums = len(sea), sea.sum(), np.square(sea).sum()
        assert found.sums[:, row, column] == pytest.approx(sums, rel=1e-5)
        assert found.brightest[row, column] == max(sea, default=0)
        assert found.searched[row, column] == max(ships, default=0)
