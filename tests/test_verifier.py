"""The second stage: what it is shown stands upright, and what it says points the right way."""

import numpy as np
import pytest
import shapely
import torch
from hypothesis import given
from hypothesis import strategies as st

from gnomon.detect.hulls import rectangles
from gnomon.detect.verifier import (
    CROP_PX,
    MIRRORINGS,
    STEP,
    TURN_DEG,
    Verifier,
    VerifierOptions,
    aligned,
    corrected,
    differences,
    mirrored,
    mirrored_verdicts,
    verdicts_on,
)

SMALL = VerifierOptions(widths=(4, 8, 8, 8), blocks=(1, 0, 0, 1))


@pytest.fixture(scope="module")
def verifier() -> Verifier:
    """An untrained one that says something else of every crop."""
    torch.manual_seed(2)
    made = Verifier(SMALL).eval()
    torch.nn.init.normal_(made.told.weight)
    return made


def hull(x: float, y: float, length: float, beam: float, angle: float) -> np.ndarray:
    return np.array([[x, y, length, beam, angle, 0.5, 0, np.nan]], np.float32)


SHAPES = {
    "x": st.floats(40, 60),
    "y": st.floats(40, 60),
    "length": st.floats(10, 40),
    "beam": st.floats(3, 7),
    "angle": st.floats(0, 179),
}


@given(**SHAPES)
def test_a_hull_stands_upright_in_the_middle_of_its_crop(
    x: float, y: float, length: float, beam: float, angle: float
) -> None:
    one = hull(x, y, length, beam, angle)
    column, row = np.meshgrid(np.arange(100) + 0.5, np.arange(100) + 0.5)
    (box,) = rectangles(one)
    image = shapely.contains_xy(box, column, row).astype(np.float32)
    (crop,) = aligned(torch.from_numpy(image[None]), one)[:, 0].numpy()
    rows, columns = (np.arange(n) + 0.5 - n / 2 for n in CROP_PX)
    within = (np.abs(rows)[:, None] * STEP < length / 2 - 1) & (
        np.abs(columns) * STEP < beam / 2 - 1
    )
    outside = (np.abs(rows)[:, None] * STEP > length / 2 + 1) | (
        np.abs(columns) * STEP > beam / 2 + 1
    )
    assert (crop[within] > 0.9).all()
    assert (np.nan_to_num(crop[outside]) < 0.1).all()


@given(
    **SHAPES,
    off=st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
    grown=st.tuples(st.floats(0.7, 1.4), st.floats(0.7, 1.4)),
    turn=st.floats(-40, 40),
)
def test_a_rectangle_is_brought_to_the_ship_that_a_verdict_speaks_of(
    x: float, y: float, length: float, beam: float, angle: float, off, grown, turn: float
) -> None:
    told = hull(x, y, length, beam, angle)
    ship = hull(x + off[0], y + off[1], length * grown[0], beam * grown[1], (angle + turn) % 180)
    found = corrected(told, differences(told, ship))
    np.testing.assert_allclose(found[:, :4], ship[:, :4], rtol=1e-4, atol=1e-3)
    assert abs((found[0, 4] - ship[0, 4] + 90) % 180 - 90) < 1e-3
    np.testing.assert_array_equal(found[:, 5:], told[:, 5:])


def test_what_lies_ahead_is_ahead_and_what_turns_with_the_clock_turns_so() -> None:
    # The axis points up: ahead is up, her right is right.
    (told,) = differences(hull(50, 50, 20, 4, 0), hull(52, 45, 20, 4, 5))
    assert told == pytest.approx([0.25, 0.5, 0, 0, 5 / TURN_DEG], abs=1e-5)


@pytest.mark.parametrize("how", MIRRORINGS)
def test_verdicts_on_a_mirrored_ship_are_mirrored(how: tuple[bool, bool]) -> None:
    """Drawn: what is said of a crop, from where its light lies, and of the mirrored one."""
    told, ship = hull(50, 50, 20, 4, 30), hull(51, 47, 22, 5, 36)
    both = np.concatenate([told, ship])
    # The same two in a scene mirrored about the axis of the first, or across it.
    turn, flip = np.deg2rad(30), [-1 if f else 1 for f in how]
    axis = np.array([[np.sin(turn), -np.cos(turn)], [np.cos(turn), np.sin(turn)]])
    matrix = axis.T @ np.diag(flip) @ axis
    other = both.copy()
    other[:, :2] = (both[:, :2] - 50) @ matrix.T + 50
    ways = np.deg2rad(both[:, 4])
    way = np.column_stack([np.sin(ways), -np.cos(ways)]) @ matrix.T
    other[:, 4] = np.rad2deg(np.arctan2(way[:, 0], -way[:, 1])) % 180
    straight, turned = (
        torch.tensor([[0.3, *differences(two[:1], two[1:])[0]]]) for two in (both, other)
    )
    torch.testing.assert_close(mirrored_verdicts(turned, how), straight, atol=1e-4, rtol=1e-4)


def test_a_turned_scene_gets_the_same_verdicts(verifier: Verifier) -> None:
    """Quarter turns and mirrors of the pixels: the rectangle turns along, the verdict stays."""
    bands = torch.rand(4, 100, 100, generator=torch.Generator().manual_seed(0)) * 0.3
    present, one = torch.ones(4), hull(48, 53, 20, 4, 30)
    straight = verdicts_on(verifier, bands, present, bands * 0.9, one)
    quarter = torch.rot90(bands, -1, (1, 2))
    turned = verdicts_on(verifier, quarter, present, quarter * 0.9, hull(47, 48, 20, 4, 120))
    np.testing.assert_allclose(turned, straight, atol=2e-3)
    across = verdicts_on(verifier, bands.flip(2), present, None, hull(52, 53, 20, 4, 150))
    alone = verdicts_on(verifier, bands, present, None, one)
    signs = np.array([1, 1, -1, 1, 1, -1])
    np.testing.assert_allclose(across * signs, alone, atol=2e-3)
    assert np.abs(alone - straight).max() > 1e-3  # a history is heard


def test_the_ends_of_a_hull_may_be_exchanged(verifier: Verifier) -> None:
    bands = torch.rand(4, 100, 100, generator=torch.Generator().manual_seed(1)) * 0.3
    present = torch.tensor([1.0, 0.0, 1.0, 1.0])
    one, other = hull(50, 50, 20, 4, 30), hull(50, 50, 20, 4, 210)
    signs = np.array([1, -1, -1, 1, 1, 1])
    told, back = (verdicts_on(verifier, bands, present, None, h) for h in (one, other))
    np.testing.assert_allclose(back * signs, told, atol=2e-3)
    crops = aligned(bands, one)
    torch.testing.assert_close(mirrored(mirrored(crops, (True, False)), (True, False)), crops)


def test_of_nothing_nothing_is_said(verifier: Verifier) -> None:
    nothing = np.empty((0, 8), np.float32)
    told = verdicts_on(verifier, torch.zeros(4, 50, 50), torch.ones(4), None, nothing)
    assert told.shape == (0, 6)
    unseen = torch.full((4, 50, 50), torch.nan)
    assert np.isfinite(
        verdicts_on(verifier, unseen, torch.ones(4), None, hull(9, 9, 9, 3, 0))
    ).all()
