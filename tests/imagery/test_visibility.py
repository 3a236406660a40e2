"""Cells of visibility: windows join to what one window has, and every pixel counts once."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from odc.geo.xr import xr_coords

from gnomon.imagery.visibility import CELL_M, cell_px, visibility_of, visible_cells


def masks_of(seen: np.ndarray, grid: GeoBox, rng: np.random.Generator) -> xr.Dataset:
    """What is not seen is cloud, ice or without data, at random."""
    why = rng.integers(0, 3, seen.shape)
    layers = {"valid": seen | (why > 0), "cloud": ~seen & (why == 1), "ice": ~seen & (why == 2)}
    return xr.Dataset(
        {name: (("y", "x"), layer) for name, layer in layers.items()}, coords=xr_coords(grid)
    )


@settings(max_examples=40)
@given(st.integers(5, 90), st.integers(5, 90), st.sampled_from([8, 16]), st.integers(0, 999))
def test_windows_join_to_the_means_of_blocks(rows: int, columns: int, core: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    grid = GeoBox((rows, columns), _affine(10.0), "EPSG:32652")
    seen = rng.random((rows, columns)) < 0.7
    side = cell_px(10.0)
    parts = []
    for top in range(0, rows, core):
        for left in range(0, columns, core):
            window = (slice(top, min(top + core, rows)), slice(left, min(left + core, columns)))
            masks = masks_of(seen[window], grid[window], rng)
            parts.append(visible_cells(masks, row=top, column=left, side_px=side))
    made = visibility_of(parts, grid, side_px=side)
    assert (made.left_m, made.top_m) == (grid.affine.c, grid.affine.f)
    assert made.cell_m == 10.0 * side
    for row in range(made.seen_percent.shape[0]):
        for column in range(made.seen_percent.shape[1]):
            block = seen[row * side : (row + 1) * side, column * side : (column + 1) * side]
            assert made.seen_percent[row, column] == round(100 * block.mean())
    gone = visibility_of(parts[1:], grid, side_px=side)
    assert gone.seen_percent[0, 0] == 0


def _affine(gsd_m: float):
    from affine import Affine

    return Affine(gsd_m, 0, 500_000, 0, -gsd_m, 4_740_000)


@pytest.mark.parametrize("gsd_m", [0.3, 0.5, 1.5, 3.0, 3.7, 10.0, 20.0, 60.0])
def test_a_cell_is_a_power_of_two_of_pixels_near_its_size(gsd_m: float) -> None:
    side = cell_px(gsd_m)
    assert side & (side - 1) == 0
    assert 2048 % side == 0
    if gsd_m < CELL_M:
        assert CELL_M / 1.5 < side * gsd_m < CELL_M * 1.5
