"""Augmentation: a pasted ship lies on water where its label says, and light changes by bands."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxes import box
from drawn_scenes import covered, drawn_tensors
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.learn.augment import (
    LONGEST_PX,
    SHORTEST_PX,
    donors,
    find_berth,
    paste_ships,
    relight,
)
from gnomon.learn.tensors import SceneTensors

SIDE = 96
NOTHING = OrientedBoxes.empty()
WATER = torch.ones(SIDE, SIDE, dtype=torch.bool)


@pytest.fixture(scope="module")
def source() -> SceneTensors:
    """Water of 0.02 and 0.04 with one bright hull, a tanker."""
    return drawn_tensors(replace(box(100, 90, 20, 4, 30), tanker=[1]), 200, bands=2)


def chip(level: float = 0.1) -> torch.Tensor:
    return torch.full((2, SIDE, SIDE), level)


def test_a_pasted_ship_lies_where_its_label_says(source: SceneTensors) -> None:
    rng = np.random.default_rng(3)
    pasted = 0
    for _ in range(20):
        after, ships = paste_ships(chip(), WATER, NOTHING, donors([source]), rng)
        pasted += len(ships)
        bright = (after[0] > 0.2).numpy()
        on, around = covered(ships, SIDE), covered(ships, SIDE, grown=2.2)
        assert not bright[~around].any()
        assert bright[on].mean() > 0.9
        # Around it is the water of the chip, in each band its own.
        assert after[:, ~around].numpy() == pytest.approx(0.1, abs=1e-5)
        assert (ships.tanker == 1).all()
    assert pasted > 20


def test_what_is_there_keeps_its_label_and_its_pixels(source: SceneTensors) -> None:
    there = box(30, 30, 20, 5, 70)
    hull = covered(there, SIDE, grown=1)
    before = chip()
    before[:, hull] = 0.9
    free = torch.from_numpy(~hull)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        after, ships = paste_ships(before, free, there, donors([source]), rng)
        assert ships[0][:6] == there[0][:6]
        inner = covered(there, SIDE, grown=-1)
        assert (after[:, inner] == 0.9).float().mean() > 0.9


def test_ships_lie_on_water_and_not_on_each_other(source: SceneTensors) -> None:
    rng = np.random.default_rng(5)
    water = WATER.clone()
    water[:, :40] = False
    for _ in range(20):
        _, ships = paste_ships(chip(), water, NOTHING, donors([source]), rng)
        assert not covered(ships, SIDE, grown=-0.5)[:, :39].any()
        each = [covered(ships[[n]], SIDE, grown=-0.5) for n in range(len(ships))]
        assert (sum(each) <= 1).all() if each else True


@given(st.floats(5, 40), st.floats(2, 6), st.integers(0, 99))
def test_a_berth_is_free_along_its_whole_hull(length: float, beam: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    free = np.ones((SIDE, SIDE), bool)
    free[:, : int(rng.integers(0, 60))] = False
    free[: int(rng.integers(0, 40))] = False
    spot = find_berth(free, length, beam, rng)
    if spot is None:
        return
    hull = covered(OrientedBoxes.of(spot[0], spot[1], length, beam, spot[2]), SIDE)
    assert free[hull].mean() > 0.8 if hull.any() else True


def test_most_ships_go_alongside_where_there_is_a_quay() -> None:
    free = np.ones((SIDE, SIDE), bool)
    free[:, :30] = False
    rng = np.random.default_rng(1)
    places = [find_berth(free, 16.0, 3.0, rng) for _ in range(200)]
    near = [place for place in places if place and place[0] < 30 + 1.5 + 2.5]
    assert len(near) > 100
    # Along the quay, not with the bow to it.
    assert np.median([abs((angle + 90) % 180 - 90) for _, _, angle in near]) < 20


def test_there_is_no_berth_on_land_and_no_ship_is_pasted_there(source: SceneTensors) -> None:
    nothing_free = np.zeros((SIDE, SIDE), bool)
    assert find_berth(nothing_free, 10.0, 2.0, np.random.default_rng(0)) is None
    land = torch.from_numpy(nothing_free)
    after, ships = paste_ships(chip(), land, NOTHING, donors([source]), np.random.default_rng(0))
    assert (len(ships), torch.equal(after, chip())) == (0, True)


def test_simulated_ships_and_boats_are_no_donors(source: SceneTensors) -> None:
    boats = replace(source, ships=replace(source.ships, length=[SHORTEST_PX - 1]))
    assert donors([replace(source, real=False), boats]) == []
    (donor,) = donors([source])
    assert donor.water.tolist() == pytest.approx([0.02, 0.04])
    giant = replace(source, ships=replace(source.ships, length=[2 * LONGEST_PX]))
    rng = np.random.default_rng(0)
    assert len(paste_ships(chip(), WATER, NOTHING, donors([giant]), rng)[1]) == 0


def test_a_donor_that_lacks_a_band_of_the_chip_is_left_out(source: SceneTensors) -> None:
    blind = source.bands.clone()
    blind[1] = torch.nan
    poor = replace(source, bands=blind)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        assert len(paste_ships(chip(), WATER, NOTHING, donors([poor]), rng)[1]) == 0


def test_a_band_that_the_chip_lacks_stays_missing(source: SceneTensors) -> None:
    half = chip()
    half[1] = torch.nan
    after, ships = paste_ships(half, WATER, NOTHING, donors([source]), np.random.default_rng(3))
    assert len(ships) > 0
    assert torch.isnan(after[1]).all()
    assert torch.isfinite(after[0]).all()


@given(st.integers(0, 10_000))
def test_light_changes_each_band_by_one_line(seed: int) -> None:
    """Gain, haze and noise: a band is a straight line of itself, but for noise."""
    image = torch.linspace(0, 0.4, 4 * SIDE * SIDE).reshape(4, SIDE, SIDE)
    lit, keep = relight(image, torch.ones(4), np.random.default_rng(seed))
    assert keep.sum() >= 3
    for before, after, kept in zip(image.numpy(), lit.numpy(), keep, strict=True):
        if not kept:
            assert np.isnan(after).all()
            continue
        slope, offset = np.polyfit(before.ravel(), after.ravel(), 1)
        noise = (after - slope * before - offset).std()
        assert 0.3 < slope < 3.0
        assert -0.03 < offset < 0.6
        assert noise < 0.03


def test_a_band_is_left_out_now_and_then_and_the_last_one_never() -> None:
    rng = np.random.default_rng(2)
    counts = [int(relight(torch.ones(3, 4, 4), torch.ones(3), rng)[1].sum()) for _ in range(400)]
    assert set(counts) == {2, 3}
    assert 0.08 < np.mean(np.array(counts) == 2) < 0.22
    only = torch.tensor([0.0, 1.0])
    assert all(torch.equal(relight(torch.ones(2, 4, 4), only, rng)[1], only) for _ in range(60))
