"""Maps of a turned crop, turned back, are those of the crop; targets of turned ships say so."""

import numpy as np
import pytest
import torch

from centernet_maps import perfect
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.architectures import Turn
from gnomon.detect.centernet.targets import targets
from gnomon.detect.centernet.turns import turned_back
from gnomon.detect.tta import TURNS

SIDE = 64
SHIPS = OrientedBoxes.of([20.3, 45.9], [25.4, 40.6], [15, 12], [3, 2.5], [30, 110], tanker=[1, 0])


def turned(ships: OrientedBoxes, turn: Turn) -> OrientedBoxes:
    """Ships as they lie in a turned square, by the geometry of points."""
    x, y, angle = ships.x, ships.y, ships.angle
    if turn.mirrored:
        x, angle = SIDE - x, -angle
    for _ in range(turn.quarters):  # against the clock: the right edge becomes the top
        x, y, angle = y, SIDE - x, angle - 90
    return OrientedBoxes.of(x, y, ships.length, ships.beam, angle, tanker=ships.tanker)


@pytest.mark.parametrize("turn", TURNS)
def test_maps_of_turned_ships_turned_back_are_those_of_the_ships(turn: Turn) -> None:
    straight = perfect(targets([SHIPS], side_px=SIDE))
    back = turned_back(perfect(targets([turned(SHIPS, turn)], side_px=SIDE)), turn)
    # Shapes mean something near a ship only; where two ships meet, rounding decides.
    near = straight.centre > -3
    for name, values in straight.tensors().items():
        found = back.tensors()[name]
        where = near.expand_as(values)
        agree = torch.isclose(found[where], values[where], atol=2e-3, equal_nan=True)
        assert agree.float().mean() > 0.98, name
    assert np.count_nonzero(near) > 20
