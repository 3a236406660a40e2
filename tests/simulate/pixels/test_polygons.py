"""Filled outlines against scikit-image, and their windows against each other."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from skimage.draw import polygon

from gnomon.simulate.pixels.polygons import Cells, CellWindow, Outline

CELLS = Cells(west=100.0, north=50.0, side_m=2.0, shape=(40, 60))
PLACES = st.tuples(st.floats(60, 260), st.floats(-60, 80))


def oracle(points: np.ndarray) -> np.ndarray:
    """Even-odd fill by scikit-image, cell by cell."""
    mask = np.zeros(CELLS.shape, bool)
    rows = (CELLS.north - points[:, 1]) / CELLS.side_m - 0.5
    columns = (points[:, 0] - CELLS.west) / CELLS.side_m - 0.5
    mask[polygon(rows, columns, mask.shape)] = True
    return mask


def filled(points: np.ndarray, within: CellWindow | None = None) -> np.ndarray:
    mask = np.zeros(CELLS.shape, bool)
    window, part = CELLS.fill(Outline.of(points), within)
    mask[window.slices] = part
    return mask


def off_the_edges(points: np.ndarray) -> np.ndarray:
    """Cells whose centre is not on an edge, where the two may differ by rounding."""
    rows, columns = np.indices(CELLS.shape)
    x = CELLS.west + (columns + 0.5) * CELLS.side_m
    y = CELLS.north - (rows + 0.5) * CELLS.side_m
    clear = np.ones(CELLS.shape, bool)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        length = np.hypot(x1 - x0, y1 - y0)
        away = np.abs((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) / max(length, 1e-12)
        clear &= (away > 1e-6) if length > 1e-9 else np.hypot(x - x0, y - y0) > 1e-6
    return clear


@given(st.lists(PLACES, min_size=3, max_size=9))
def test_any_outline_is_filled_as_scikit_image_does(corners: list[tuple[float, float]]) -> None:
    points = np.array(corners)
    same = filled(points) == oracle(points)
    assert same[off_the_edges(points)].all()


@given(
    st.lists(PLACES, min_size=3, max_size=6),
    st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 60), st.integers(0, 60)),
)
def test_a_window_holds_its_part_of_the_whole_and_nothing_else(
    corners: list[tuple[float, float]], sides: tuple[int, int, int, int]
) -> None:
    points = np.array(corners)
    window = CellWindow(*sorted(sides[:2]), *sorted(sides[2:]))
    inside = np.zeros(CELLS.shape, bool)
    inside[window.slices] = True
    np.testing.assert_array_equal(filled(points, window), filled(points) & inside)


@given(st.lists(PLACES, min_size=3, max_size=6), st.integers(0, 5))
def test_neither_the_first_corner_nor_the_direction_matters(
    corners: list[tuple[float, float]], shift: int
) -> None:
    points = np.array(corners)
    clear = off_the_edges(points)
    for other in (np.roll(points, shift, axis=0), points[::-1], np.vstack([points, points[:1]])):
        assert (filled(other) == filled(points))[clear].all()


@given(st.lists(PLACES, min_size=3, max_size=6), st.lists(PLACES, min_size=3, max_size=6))
def test_outlines_that_share_a_cell_meet(
    one: list[tuple[float, float]], other: list[tuple[float, float]]
) -> None:
    a, b = np.array(one), np.array(other)
    if (filled(a) & filled(b)).any():
        assert Outline.of(a).meets(Outline.of(b))
        assert Outline.of(b).meets(Outline.of(a))


def test_an_l_shaped_quay_is_not_filled_across_its_corner() -> None:
    points = np.array([(110, 0), (150, 0), (150, 10), (120, 10), (120, 40), (110, 40)], float)
    mask = filled(points)
    assert mask.sum() * CELLS.side_m**2 == 40 * 10 + 10 * 30
    assert not mask[10, 15]  # at (131, 29)
