"""Which hulls lie at a quay: against the exact distance of the land."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from boxes import box, one_box
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.quayside import QUAYSIDE_M, near_land


@pytest.mark.parametrize(("gap_m", "near"), [(20, True), (35, True), (55, False)])
def test_a_hull_is_at_a_quay_within_40_m_of_land(gap_m: float, near: bool) -> None:
    land = np.zeros((200, 200), bool)
    edge = 100 + 1.0 + gap_m / 10  # the hull's side is a pixel right of its centre
    land[:, round(edge) :] = True
    assert near_land(box(100, 100, angle=0), land, 10.0)[0] == near


@given(one_box, st.integers(0, 199), st.integers(0, 199))
def test_land_is_near_where_its_pixel_meets_the_grown_box(
    boxes: OrientedBoxes, row: int, column: int
) -> None:
    boxes = OrientedBoxes.of(
        50 + boxes.x % 100, 50 + boxes.y % 100, boxes.length, boxes.beam, boxes.angle
    )
    land = np.zeros((200, 200), bool)
    land[row, column] = True
    pixel = shapely.box(column, row, column + 1, row + 1)
    grown = boxes.polygons()[0].buffer(QUAYSIDE_M / 10, join_style="mitre")
    common = shapely.area(grown.intersection(pixel))
    # A corner of a pixel may fall between the points that are tried.
    if common in (0, 1) or common > 0.75:
        assert near_land(boxes, land, 10.0)[0] == (common > 0)


def test_no_boxes_are_near_nothing() -> None:
    assert near_land(OrientedBoxes.empty(), np.ones((9, 9), bool), 10.0).tolist() == []
