"""Boxes against ships: one each, and errors that hold nine in ten."""

import numpy as np
import pytest

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.learn.radar.measure import RadarMatches, fitted_errors
from gnomon.learn.radar.sheets import RadarSheet, as_masks, as_pixels


def sheet(ships: OrientedBoxes, unlabelled: np.ndarray | None = None) -> RadarSheet:
    nothing = np.zeros((200, 300), bool)
    return RadarSheet(
        as_pixels({"vv": nothing.astype(np.float32)}, 38.0),
        as_masks(nothing),
        ships,
        np.ones(len(ships), bool),
        np.full(len(ships), -1),
        nothing if unlabelled is None else unlabelled,
    )


def test_each_ship_has_the_surest_box_and_each_box_one_ship() -> None:
    ships = OrientedBoxes.of([50, 150], [50, 50], [20, 6], [3, 2], [90, 0])
    there = np.zeros((200, 300), bool)
    there[120:140, 120:140] = True
    boxes = OrientedBoxes.of(
        [57, 52, 158, 130, 20, 400], [50, 50, 50, 130, 180, 50], [20, 22, 6, 8, 4, 9], 2, 90,
        score=[0.6, 0.9, 0.8, 0.7, 0.5, 0.9],
    )  # fmt: skip
    found = RadarMatches.of(sheet(ships, there), boxes)
    assert found.truth.tolist() == [-1, 0, -1, -2, -1]  # 80 m from a ship of 60 m is none
    assert found.recall(0.0) == (1, 2)
    assert found.recall(0.0, (100, 300)) == (1, 1)
    assert found.recall(0.95) == (0, 2)
    assert found.false_alarms(0.55) == 2
    assert found.false_alarms(0.55, short_m=100) == 1
    assert found.errors_m("length")[0] == pytest.approx([20])
    assert found.searched_km2 == pytest.approx(200 * 300 / 1e4)
    twice = RadarMatches.joined([found, found])
    assert twice.recall(0.0) == (2, 4)
    assert twice.errors_m("length")[0] == pytest.approx([20, 20])


def test_errors_hold_nine_in_ten() -> None:
    rng = np.random.default_rng(4)
    length = rng.uniform(5, 30, 4000)
    ships = OrientedBoxes.of(
        rng.uniform(0, 300, 4000), rng.uniform(0, 200, 4000), length, length / 6, 30
    )
    sigma = np.hypot(1.0, 0.08 * length)
    boxes = OrientedBoxes.of(
        ships.x, ships.y, length + sigma * rng.standard_normal(4000), length / 6,
        30 + 40 * rng.standard_normal(4000) / length, score=0.9,
    )  # fmt: skip
    found = RadarMatches(boxes, np.arange(4000), ships, np.ones(4000, bool), 1.0)
    errors = fitted_errors(found)
    assert errors.length_m == pytest.approx(10, rel=0.2)
    assert errors.length_share == pytest.approx(0.08, rel=0.2)
    assert errors.heading_deg == pytest.approx(4, rel=0.1)
    assert errors.beam_m < 1.1
