"""The mark SIMULATED is in the pixels, everywhere in a picture, and in no picture of the world."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from gnomon.report.credits import UNCREDITED, ImageCredit
from gnomon.report.figures.marks import LEGIBLE_PX, credit_figure, mark_pixels
from gnomon.report.figures.scene import Picture

SIMULATED = ImageCredit("These scenes are SIMULATED", simulated=True)
REAL = ImageCredit("Contains modified Copernicus Sentinel data 2024")
SIDES = st.integers(12, 400)


def sea(rows: int, columns: int, level: int = 90) -> np.ndarray:
    return np.full((rows, columns, 3), level, np.uint8)


@given(SIDES, SIDES, st.sampled_from((0, 90, 255)))
def test_no_large_part_of_a_simulated_picture_is_without_its_mark(
    rows: int, columns: int, level: int
) -> None:
    made = mark_pixels(sea(rows, columns, level), SIMULATED)
    assert min(made.shape[:2]) >= LEGIBLE_PX
    changed = (made != level).any(-1)
    high, wide = (side // 2 for side in changed.shape)
    for top in (0, high // 2, high):
        for left in (0, wide // 2, wide):
            assert changed[top : top + high, left : left + wide].any()


@given(SIDES, SIDES)
def test_most_pixels_of_a_simulated_picture_are_its_own(rows: int, columns: int) -> None:
    made = mark_pixels(sea(rows, columns), SIMULATED)
    assert (made == 90).all(-1).mean() > 0.6
    assert np.abs(made.astype(int) - 90).max() < 90  # pale: what lies below is seen


def test_a_small_picture_is_enlarged_by_whole_pixels() -> None:
    image = np.random.default_rng(0).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    made = mark_pixels(image, SIMULATED)
    assert made.shape == (120, 160, 3)
    same = (made == image.repeat(4, 0).repeat(4, 1)).all(-1)
    assert same.mean() > 0.6


def test_a_real_picture_keeps_all_its_pixels_and_gets_its_credit_below() -> None:
    image = np.random.default_rng(0).integers(0, 255, (300, 320, 3), dtype=np.uint8)
    made = mark_pixels(image, REAL)
    assert (made[:300] == image).all()
    assert made[300:].max() > 200
    assert made[300:].min() < 50
    assert mark_pixels(image, UNCREDITED) is image


@pytest.mark.parametrize("size", [(3, 3), (10, 10), (12, 3)])
def test_a_figure_of_a_simulated_scene_is_marked_on_every_image(size: tuple[float, float]) -> None:
    def drawn(credit: ImageCredit) -> np.ndarray:
        figure = Picture(figsize=size, layout="constrained")
        axes = figure.subplots(1, 2)
        for each in axes:
            each.imshow(sea(30, 30), extent=(0, 30, 0, 30))
        axes[0].set_title("pixels")
        credit_figure(figure, list(axes), credit)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[..., :3].astype(int)

    marked, credited = drawn(SIMULATED), drawn(REAL)
    left, right = np.array_split(marked != drawn(ImageCredit(SIMULATED.text)), 2, axis=1)
    assert left.any()
    assert right.any()
    assert (credited == 90).all(-1).any()
    assert (drawn(UNCREDITED) != credited).any()
