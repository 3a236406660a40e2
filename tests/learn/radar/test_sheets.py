"""Places of sheets: which ship they are of, and which are left out."""

import numpy as np
import pytest

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.learn.radar.sheets import NONE, UNSURE, RadarSheet, as_masks, as_pixels

SIDE = 240


def sheet(*, unlabelled: bool) -> RadarSheet:
    """A ship of 200 m, its sidelobes, and something beside it."""
    rng = np.random.default_rng(1)
    vv = rng.gamma(4.4, 0.02 / 4.4, (SIDE, SIDE)).astype(np.float32)
    vv[100:104, 90:110] = 5.0
    vv[101:103, 124:127] = 2.0  # in line with it, across the track
    vv[70:72, 130:132] = 2.0  # a neighbour
    vv[200:203, 40:43] = 2.0  # far from all
    near = np.zeros((SIDE, SIDE), bool)
    near[50:150, 50:150] = unlabelled
    return RadarSheet(
        as_pixels({"vv": vv}, np.full(SIDE, 38.0)),
        as_masks(np.zeros((SIDE, SIDE), bool)),
        OrientedBoxes.of(100, 102, 20, 4, 90),
        np.array([True]),
        np.array([0 if unlabelled else -1]),
        near,
    )


def kind_at(one: RadarSheet, x: int, y: int) -> set[int]:
    where, ship = one.places
    return set(ship[np.hypot(*(where - (x, y)).T) < 4].tolist())


@pytest.mark.parametrize("unlabelled", [False, True])
def test_places_on_a_ship_are_its_own_and_those_of_others_are_not(unlabelled: bool) -> None:
    one = sheet(unlabelled=unlabelled)
    assert kind_at(one, 95, 101) == {0}
    assert kind_at(one, 125, 102) == {NONE}  # a sidelobe, whether there are labels or not
    assert kind_at(one, 41, 201) == {NONE}
    assert kind_at(one, 131, 71) == {UNSURE if unlabelled else NONE}
    assert one.planes.present == (True, False)
