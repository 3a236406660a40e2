"""Grids of visibility: text and back, shares against brute force, and texts that are refused."""

import base64
import json
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from gnomon.datamodel.visibility import CELLS_MAX, Visibility, best_share, read_visibility

LEFT_M, TOP_M = 500_000.0, 4_740_000.0
BACK = Transformer.from_crs("EPSG:32652", "EPSG:4326", always_xy=True)


def grid_of(percents: np.ndarray, *, cell_m: float = 40.0) -> Visibility:
    return Visibility("EPSG:32652", LEFT_M, TOP_M, cell_m, percents.astype(np.uint8))


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 10_000))
def test_a_grid_comes_back_from_its_text(rows: int, columns: int, seed: int) -> None:
    one = grid_of(np.random.default_rng(seed).integers(0, 101, (rows, columns)))
    two = read_visibility(one.text)
    np.testing.assert_array_equal(one.seen_percent, two.seen_percent)
    assert (one.crs, one.left_m, one.top_m, one.cell_m) == (
        two.crs, two.left_m, two.top_m, two.cell_m,
    )  # fmt: skip


@settings(max_examples=60)
@given(
    st.integers(0, 10_000), st.floats(-2, 14), st.floats(-2, 12), st.floats(0, 200),
)  # fmt: skip
def test_the_share_around_a_place_is_the_mean_of_a_loop_over_cells(
    seed: int, x: float, y: float, reach_m: float
) -> None:
    percents = np.random.default_rng(seed).integers(0, 101, (10, 12))
    grid = grid_of(percents)
    east, north = LEFT_M + 40 * x, TOP_M - 40 * y
    found = grid.share_around(*BACK.transform(east, north), reach_m=reach_m)
    # Ways there and back differ by nanometres: places on an edge are no test.
    distances, inside = [], []
    for row in range(-20, 40):
        for column in range(-20, 40):
            apart = 40 * np.hypot(row + 0.5 - y, column + 0.5 - x)
            distances.append(apart - reach_m)
            holds = np.floor(y) == row and np.floor(x) == column
            if apart <= reach_m or holds:
                known = 0 <= row < 10 and 0 <= column < 12
                inside.append(int(percents[row, column]) if known else 0)
    edges = [abs(v - round(v)) for v in (x, y)]
    if min(edges) > 1e-6 and np.abs(distances).min() > 1e-3:
        assert found == pytest.approx(np.mean(inside) / 100)


def test_a_cloud_over_the_berth_is_told_from_a_cloud_elsewhere() -> None:
    percents = np.full((25, 25), 100)
    percents[:12] = 0
    grid = grid_of(percents)
    under, clear = (BACK.transform(LEFT_M + 500, TOP_M - south) for south in (200, 800))
    assert grid.share_around(*under, reach_m=60) == 0
    assert grid.share_around(*clear, reach_m=60) == 1
    other = grid_of(percents[::-1])
    assert best_share([grid, other], *under, reach_m=60) == 1
    assert best_share([], *under, reach_m=60) == 0


def changed(**values: Any) -> str:
    return json.dumps(json.loads(grid_of(np.full((4, 5), 100)).text) | values)


def packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", "{}", "not json",
        changed(rows=3), changed(rows=5), changed(rows=-4, columns=-5), changed(rows=0),
        changed(rows=CELLS_MAX, columns=CELLS_MAX), changed(cell_m=0), changed(cell_m="NaN"),
        changed(left_m=None), changed(crs="EPSG:0"), changed(seen_percent="%%%"),
        changed(seen_percent=packed(b"\xff" * 20)), changed(seen_percent=packed(b"d" * 10**7)),
        changed(seen_percent=base64.b64encode(b"no zlib").decode()),
    ],
)  # fmt: skip
def test_texts_that_are_no_grid_are_refused_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match="not a grid of visibility") as caught:
        read_visibility(text)
    assert "\n" not in str(caught.value)
