"""Batches: a label stays on its ship through every rotation, flip and scale."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxes import several_boxes
from drawn_scenes import drawn_tensors
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.centernet.maps import STRIDE
from gnomon.learn.batches import (
    CHIP_PX,
    WITH_BACKGROUND,
    sampling_weight,
    sampling_weights,
    ships_in_chip,
    training_batches,
)
from gnomon.learn.tensors import SceneTensors


@pytest.fixture(scope="module")
def scene() -> SceneTensors:
    """Dark water with five bright hulls that are their own labels."""
    rows = np.array(
        [[100, 120, 20, 3, 20, 1], [300, 90, 12, 2, 80, 0], [260, 300, 30, 5, 130, np.nan],
         [80, 400, 16, 3, 0, 1], [400, 420, 25, 4, 45, 0]], np.float32
    )  # fmt: skip
    *shape, tanker = rows.T
    return drawn_tensors(OrientedBoxes.of(*shape, tanker=tanker), 500)


def test_labels_lie_on_their_ships_in_every_chip(scene: SceneTensors) -> None:
    bands, _, _, wanted = next(training_batches([scene], batch=64, seed=4))
    half = torch.nn.functional.avg_pool2d(bands.nan_to_num(0.02), STRIDE)
    hull = wanted.hull > 0
    assert hull.sum() > 500
    # What is labelled hull is brighter than what is not, in the same chip.
    for image, mask in zip(half, hull, strict=True):
        if mask.any():
            assert image[mask].mean() > image[~mask].mean() + 0.1


@given(
    ships=several_boxes,
    turn=st.floats(0, 6.28),
    flip=st.sampled_from([-1.0, 1.0]),
    scale=st.floats(0.7, 1.45),
    x=st.floats(0, 1000),
    y=st.floats(0, 1000),
)
def test_geometry_survives_any_placement(
    ships: OrientedBoxes, turn: float, flip: float, scale: float, x: float, y: float
) -> None:
    """Corners of a box, carried by the same matrix as the pixels, are those of the moved box."""
    matrix = scale * np.array(
        [[np.cos(turn) * flip, -np.sin(turn)], [np.sin(turn) * flip, np.cos(turn)]]
    )
    centre = np.array([x, y], np.float32)
    moved = ships_in_chip(ships, matrix, centre, scale)
    back = [
        (np.array(shape.exterior.coords)[:4] - CHIP_PX / 2) @ matrix.T + centre
        for shape in moved.polygons()
    ]
    inside = (np.linalg.inv(matrix) @ (ships.centres - centre).T).T + CHIP_PX / 2
    kept = ((inside > 0) & (inside < CHIP_PX)).all(axis=1)
    assert len(moved) == kept.sum()
    for corners, shape in zip(back, ships[kept].polygons(), strict=True):
        original = np.array(shape.exterior.coords)[:4]
        apart = np.linalg.norm(corners[:, None] - original[None], axis=2)
        assert apart.min(axis=1).max() < 0.02


def test_the_background_of_a_chip_is_the_same_place_without_its_ships(scene: SceneTensors) -> None:
    built = torch.full_like(scene.bands, 0.02)
    built[:, ::50] = 0.3
    _, _, background, wanted = next(
        training_batches([replace(scene, background=built)], batch=200, seed=4)
    )
    known = torch.isfinite(background).flatten(1).any(1)
    assert WITH_BACKGROUND - 0.12 < known.float().mean() < WITH_BACKGROUND + 0.12
    with_ships = 0
    for before, hull in zip(background[known], wanted.hull[known], strict=True):
        half = torch.nn.functional.avg_pool2d(before.nan_to_num(0.02), STRIDE)
        if hull.sum() > 20:
            with_ships += bool(half[hull > 0].mean() > 2 * half[hull == 0].mean() + 0.05)
    chips_with_ships = (wanted.hull[known].flatten(1).sum(1) > 20).sum()
    # Here and there a ship was there before.
    assert 0 < with_ships < 0.4 * chips_with_ships


def test_the_same_seed_gives_the_same_chips_and_another_does_not(scene: SceneTensors) -> None:
    one, same, other = (next(training_batches([scene], batch=4, seed=s))[0] for s in (1, 1, 2))
    assert torch.equal(one.nan_to_num(-1), same.nan_to_num(-1))
    assert not torch.equal(one.nan_to_num(-1), other.nan_to_num(-1))


def test_batches_that_go_on_are_those_that_would_have_come(scene: SceneTensors) -> None:
    straight = training_batches([scene], batch=2, seed=3)
    for _ in range(2):
        next(straight)
    third, resumed = next(straight), next(training_batches([scene], batch=2, seed=3, start=2))
    assert torch.equal(third[0].nan_to_num(-1), resumed[0].nan_to_num(-1))
    assert torch.equal(third[3].centre, resumed[3].centre)


def test_nothing_is_learnt_where_the_truth_is_unknown_or_nothing_is_searched(
    scene: SceneTensors,
) -> None:
    unsure = replace(scene, ships=OrientedBoxes.empty(), ignored=scene.ships)
    bands, _, _, wanted = next(training_batches([unsure], batch=64, seed=4))
    bright = torch.nn.functional.max_pool2d(bands.nan_to_num(0), STRIDE) > 0.25
    assert bright.sum() > 300
    assert not wanted.centre.any()
    # Every hull lies on ground that does not count, but for what noise and light make bright.
    assert wanted.counted[bright].mean() < 0.06
    nowhere = replace(scene, masks=torch.stack([scene.masks[0], torch.zeros(500, 500)]))
    assert not next(training_batches([nowhere], batch=8, seed=4))[3].counted.any()


def test_hard_negatives_are_sampled_as_ships_are(scene: SceneTensors) -> None:
    """A bright pier in a corner of a sea without ships is in more than half of the chips."""
    bands = torch.full_like(scene.bands, 0.02)
    bands[:, 440:450, 60:90] = 0.5
    sea = replace(scene, bands=bands, ships=OrientedBoxes.empty(), masks=torch.ones(2, 500, 500))
    pier = replace(sea, hard_negatives=np.array([[75, 445]], np.float32))
    seen = [
        (next(training_batches([one], batch=100, seed=1))[0].nan_to_num(0) > 0.25).flatten(1).any(1)
        for one in (sea, pier)
    ]
    assert seen[0].float().mean() < 0.25
    assert seen[1].float().mean() > 0.5


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6), st.floats(0.05, 5))
def test_weights_add_up_and_follow_the_ships(counts: list[int], total: float) -> None:
    bare = drawn_tensors(OrientedBoxes.empty(), 32)
    scenes = [replace(bare, ships=OrientedBoxes.of([9.0] * n, 9, 5, 2, 0)) for n in counts]
    weights = sampling_weights(scenes, total)
    assert sum(weights) == pytest.approx(total)
    assert np.array_equal(np.argsort(weights, kind="stable"), np.argsort(counts, kind="stable"))
    assert weights[0] / total == pytest.approx(
        sampling_weight(scenes[0]) / sum(map(sampling_weight, scenes))
    )


def test_a_scene_of_weight_zero_is_never_drawn(scene: SceneTensors) -> None:
    bright = replace(scene, bands=torch.full_like(scene.bands, 9.0), real=False)
    drawn = next(training_batches([scene, bright], batch=30, seed=0, weights=[1.0, 0.0]))[0]
    assert float(drawn.nan_to_num(0).max()) < 4
