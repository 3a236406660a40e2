"""Targets: each map against the geometry of the ships that it was drawn from."""

import numpy as np
import pytest
import shapely
import torch
from hypothesis import given

from boxes import box, one_box
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.centernet.maps import STRIDE
from gnomon.detect.centernet.targets import targets

SIDE = 96
MIDDLES = (np.arange(SIDE // STRIDE) + 0.5) * STRIDE


@given(one_box)
def test_the_mask_is_the_polygon_as_shapely_fills_it(boxes: OrientedBoxes) -> None:
    boxes = OrientedBoxes.of(
        24 + boxes.x % 48, 24 + boxes.y % 48, boxes.length, boxes.beam, boxes.angle
    )
    x, y = np.meshgrid(MIDDLES, MIDDLES)
    (polygon,) = boxes.polygons()
    sure = shapely.distance(polygon.exterior, shapely.points(x, y)) > 1e-3
    mask = targets([boxes], side_px=SIDE).hull[0, 0].numpy() > 0
    np.testing.assert_array_equal(mask[sure], shapely.contains_xy(polygon, x, y)[sure])


@given(one_box)
def test_the_centre_is_the_nearest_cell_and_its_shape_is_the_ship_s(boxes: OrientedBoxes) -> None:
    boxes = OrientedBoxes.of(
        2 + boxes.x % 92, 2 + boxes.y % 92, boxes.length, boxes.beam, boxes.angle, tanker=1
    )
    (ship,) = boxes
    wanted = targets([boxes], side_px=SIDE)
    ((row, column),) = (wanted.centre[0, 0] == 1).nonzero().tolist()
    assert abs(MIDDLES[column] - ship.x) <= STRIDE / 2 + 1e-3
    assert abs(MIDDLES[row] - ship.y) <= STRIDE / 2 + 1e-3
    shift = wanted.shift[0, :, row, column].numpy() * STRIDE
    place = shift + np.array([MIDDLES[column], MIDDLES[row]])
    assert place == pytest.approx((ship.x, ship.y), abs=1e-3)
    size = wanted.size[0, :, row, column].numpy()
    assert np.exp(size) == pytest.approx((ship.length, ship.beam), rel=1e-4)
    cosine, sine = wanted.axis[0, :, row, column].numpy()
    assert (np.rad2deg(np.arctan2(sine, cosine)) / 2 - ship.angle + 90) % 180 == pytest.approx(
        90, abs=0.01
    )
    assert wanted.tanker[0, 0, row, column] == 1


def test_the_centre_falls_off_slower_along_the_hull_than_across() -> None:
    centre = targets([box(48, 48, 30, 6, 0)], side_px=SIDE).centre[0, 0]
    ((row, column),) = (centre == 1).nonzero().tolist()
    assert centre[row + 2, column] > 2 * centre[row, column + 2]


def test_rafted_hulls_have_two_centres() -> None:
    rafted = OrientedBoxes.of([64, 67], 64, 10, 1.5, 0)
    assert int((targets([rafted], side_px=SIDE).centre == 1).sum()) == 2


def test_an_empty_crop_has_no_centre_and_unknown_types_stay_unknown() -> None:
    wanted = targets([OrientedBoxes.empty(), box(48, 48)], side_px=SIDE)
    assert not wanted.centre[0].any()
    assert not wanted.hull[0].any()
    assert wanted.tanker.isnan().all()
    assert (wanted.counted == 1).all()


def test_cells_that_do_not_count_are_passed_on() -> None:
    counted = torch.zeros(1, SIDE // STRIDE, SIDE // STRIDE)
    counted[:, 3] = 1
    wanted = targets([box(48, 48)], side_px=SIDE, counted=[counted])
    assert torch.equal(wanted.counted[0], counted)
