"""Oriented boxes: their laws, and their polygons against shapely."""

from dataclasses import fields, replace

import numpy as np
import pytest
import shapely
import shapely.affinity
from hypothesis import given
from hypothesis import strategies as st

from boxes import box, one_box, several_boxes
from gnomon.datamodel.boxes import OrientedBoxes


def same(one: OrientedBoxes, other: OrientedBoxes) -> bool:
    return all(
        np.array_equal(getattr(one, f.name), getattr(other, f.name), equal_nan=True)
        for f in fields(OrientedBoxes)
    )


def corners(polygons: np.ndarray) -> np.ndarray:
    return shapely.get_coordinates(polygons)


@given(one_box)
def test_a_polygon_is_shapelys_own_rectangle_turned_and_moved(boxes: OrientedBoxes) -> None:
    (one,) = boxes
    upright = shapely.box(-one.beam / 2, -one.length / 2, one.beam / 2, one.length / 2)
    # y runs down: what shapely calls counter-clockwise is clockwise here.
    turned = shapely.affinity.rotate(upright, float(one.angle), origin=(0, 0))
    expected = shapely.affinity.translate(turned, float(one.x), float(one.y))
    (polygon,) = boxes.polygons()
    assert polygon.symmetric_difference(expected).area < 1e-3
    assert polygon.area == pytest.approx(one.length * one.beam, rel=1e-4)
    assert polygon.centroid.coords[0] == pytest.approx((one.x, one.y), abs=1e-4)


@given(one_box)
def test_the_first_two_corners_are_the_bow(boxes: OrientedBoxes) -> None:
    bow_right, bow_left, stern_left, _, _ = corners(boxes.polygons())
    ahead = (bow_right + bow_left) / 2 - boxes.centres[0]
    axis = np.rad2deg(np.arctan2(ahead[0], -ahead[1])) % 180
    assert abs((axis - boxes.angle[0] + 90) % 180 - 90) < 0.05
    assert np.hypot(*(bow_left - stern_left)) == pytest.approx(boxes.length[0], rel=1e-4)


@given(one_box, st.integers(-3, 3))
def test_a_box_turned_by_half_turns_is_the_same_box(boxes: OrientedBoxes, half_turns: int) -> None:
    turned = replace(boxes, angle=boxes.angle + np.float32(180 * half_turns))
    assert abs((turned.angle[0] - boxes.angle[0] + 90) % 180 - 90) < 1e-3
    (here,), (there,) = boxes.polygons(), turned.polygons()
    assert here.symmetric_difference(there).area < 0.02


@given(several_boxes, st.integers(-500, 500), st.integers(-500, 500))
def test_shifted_boxes_have_shifted_polygons(boxes: OrientedBoxes, dx: int, dy: int) -> None:
    expected = corners(boxes.polygons()) + np.array([dx, dy])
    np.testing.assert_allclose(corners(boxes.shifted(dx, dy).polygons()), expected, atol=1e-3)


@given(several_boxes, st.floats(0.125, 8, width=32))
def test_scaled_boxes_have_scaled_polygons(boxes: OrientedBoxes, factor: float) -> None:
    expected = corners(boxes.polygons()) * factor
    np.testing.assert_allclose(corners(boxes.scaled(factor).polygons()), expected, rtol=1e-5)
    assert same(boxes.scaled(4).scaled(0.25), boxes)


@given(several_boxes, st.lists(st.booleans(), min_size=8, max_size=8))
def test_concatenation_undoes_a_division(boxes: OrientedBoxes, choice: list[bool]) -> None:
    mask = np.array(choice)[: len(boxes)]
    parts = OrientedBoxes.concatenate([boxes[mask], boxes[~mask]])
    back = np.argsort(np.concatenate([np.flatnonzero(mask), np.flatnonzero(~mask)]))
    assert same(parts[back], boxes)
    assert same(OrientedBoxes.concatenate([boxes[:2], boxes[2:]]), boxes)
    assert len(OrientedBoxes.concatenate([])) == len(OrientedBoxes.empty()) == 0


@given(several_boxes)
def test_rows_are_the_arrays_read_across(boxes: OrientedBoxes) -> None:
    assert [row.length for row in boxes] == boxes.length.tolist()
    assert boxes[-1].score == boxes.score[-1]
    np.testing.assert_array_equal(boxes.centres, [(row.x, row.y) for row in boxes])


@given(one_box, st.lists(st.tuples(st.floats(0, 99), st.floats(0, 99)), min_size=1, max_size=9))
def test_along_and_across_tell_what_lies_within_the_polygon(
    boxes: OrientedBoxes, points: list[tuple[float, float]]
) -> None:
    boxes = replace(boxes, x=boxes.x % 100, y=boxes.y % 100)
    x, y = np.array(points, np.float32).T
    along, across = boxes[0].along_across(x, y)
    np.testing.assert_allclose(
        np.hypot(along, across), np.hypot(x - boxes.x, y - boxes.y), atol=1e-3
    )
    inside = (np.abs(along) <= boxes.length / 2) & (np.abs(across) <= boxes.beam / 2)
    edge = shapely.distance(boxes.polygons()[0].exterior, shapely.points(x, y)) < 1e-3
    np.testing.assert_array_equal(
        inside[~edge], shapely.contains_xy(boxes.polygons()[0], x, y)[~edge]
    )


def test_boxes_are_copies_that_cannot_be_written() -> None:
    x = np.array([5.0], np.float32)
    boxes = OrientedBoxes.of(x, 5, 3, 1, 0)
    x[0] = 7
    assert boxes.x[0] == 5
    with pytest.raises(ValueError, match="read-only"):
        boxes.x[0] = 7


@pytest.mark.parametrize(
    ("fault", "values"),
    [
        ("shapes", {"x": [1.0, 2.0]}),
        ("x of a box is not finite", {"x": [np.nan]}),
        ("length of a box is not finite", {"length": [np.inf]}),
        ("negative", {"beam": [-1.0]}),
        ("score of a box lies outside 0 to 1", {"score": [1.5]}),
        ("tanker of a box lies outside 0 to 1", {"tanker": [-1.0]}),
    ],
)
def test_what_is_no_box_is_refused_at_birth(fault: str, values: dict[str, list[float]]) -> None:
    with pytest.raises(ValueError, match=fault):
        replace(box(10, 10), **values)
