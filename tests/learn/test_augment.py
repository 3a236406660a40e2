"""Pasting: a ship laid elsewhere lies on water, where her label says, and nothing else changes."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
import torch

from boxes import box
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.learn.augment import berth, donors, pasted
from gnomon.learn.scenes import Labelled

SIDE = 96
NOTHING = OrientedBoxes.empty()


def covered(ships: OrientedBoxes, side: int, *, grown: float = 0.0) -> np.ndarray:
    """Pixels whose middles a hull covers."""
    rows, columns = np.mgrid[:side, :side] + 0.5
    points = shapely.points(columns, rows)
    inside = np.zeros((side, side), bool)
    for shape in ships.polygons():
        inside |= shapely.contains(shape.buffer(grown, join_style="mitre"), points)
    return inside


@pytest.fixture(scope="module")
def giver() -> Labelled:
    """Water of 0.02 and 0.04 with one bright hull."""
    ship = replace(box(100, 90, 20, 4, 30), tanker=[1])
    image = np.full((2, 200, 200), 0.02, np.float32)
    image[1] = 0.04
    hull = covered(ship, 200)
    image[:, hull] = 0.5
    masks = torch.from_numpy(np.stack([~hull, np.ones_like(hull)]).astype(np.float32))
    return Labelled("giver", torch.from_numpy(image), torch.ones(2), ship, masks, NOTHING)


def test_a_pasted_ship_lies_where_her_label_says(giver: Labelled) -> None:
    rng = np.random.default_rng(3)
    some = 0
    for _ in range(20):
        before = torch.full((2, SIDE, SIDE), 0.1)
        water = torch.ones(SIDE, SIDE, dtype=torch.bool)
        after, ships = pasted(before, water, NOTHING, donors([giver]), rng)
        some += len(ships)
        bright = (after[0] > 0.2).numpy()
        on, around = covered(ships, SIDE), covered(ships, SIDE, grown=2.2)
        assert not bright[~around].any()
        assert bright[on].mean() > 0.9
        # Lifted to the water that is there, in each band by its own.
        assert after[:, ~around].numpy() == pytest.approx(0.1, abs=1e-5)
    assert some > 20


def test_ships_lie_on_water_and_not_on_each_other(giver: Labelled) -> None:
    rng = np.random.default_rng(5)
    water = torch.ones(SIDE, SIDE, dtype=torch.bool)
    water[:, :40] = False
    for _ in range(20):
        _, ships = pasted(torch.full((2, SIDE, SIDE), 0.1), water, NOTHING, donors([giver]), rng)
        assert not covered(ships, SIDE, grown=-0.5)[:, :39].any()
        each = [covered(ships[k : k + 1], SIDE, grown=-0.5) for k in range(len(ships))]
        assert (sum(each) <= 1).all() if each else True


def test_most_ships_go_alongside_where_there_is_a_quay() -> None:
    free = np.ones((SIDE, SIDE), bool)
    free[:, :30] = False
    rng = np.random.default_rng(1)
    places = [berth(free, 16.0, 3.0, rng) for _ in range(200)]
    near = [place for place in places if place and place[0] < 30 + 1.5 + 2.5]
    assert len(near) > 100
    # Along the quay, not with the bow to it.
    assert np.median([abs((angle + 90) % 180 - 90) for _, _, angle in near]) < 20


def test_there_is_no_berth_on_land() -> None:
    assert berth(np.zeros((SIDE, SIDE), bool), 10.0, 2.0, np.random.default_rng(0)) is None


def test_simulated_ships_and_boats_are_not_given_away(giver: Labelled) -> None:
    short = replace(giver, ships=replace(giver.ships, length=giver.ships.length / 5))
    assert donors([replace(giver, real=False), short]) == []
    assert len(donors([giver])) == 1
