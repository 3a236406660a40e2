"""Tables: their numbers are those of the matches, and a threshold keeps false alarms few."""

import numpy as np
import pytest

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.calibration import BoxErrors
from gnomon.learn.radar.measure import RadarMatches
from gnomon.learn.radar.tables import radar_calibration, skill_row


def matches(ships: int, wrong: int, seed: int) -> RadarMatches:
    """Ships with high scores and false alarms with low ones, on 1,000 km2."""
    rng = np.random.default_rng(seed)
    raw = np.concatenate([rng.beta(5, 2, ships), rng.beta(2, 5, wrong)])
    length = rng.uniform(6, 30, ships + wrong)
    true = OrientedBoxes.of(np.zeros(ships), 0, length[:ships], length[:ships] / 6, 0)
    boxes = OrientedBoxes.of(
        np.zeros(ships + wrong), 0, length + rng.normal(0, 1, ships + wrong), length / 6,
        rng.normal(0, 3, ships + wrong), score=raw, quayside=np.arange(ships + wrong) % 3 == 0,
    )  # fmt: skip
    truth = np.where(np.arange(ships + wrong) < ships, np.arange(ships + wrong), -1)
    return RadarMatches(boxes, truth, true, np.ones(ships, bool), 1000.0)


def test_scores_are_probabilities_and_few_false_alarms_pass_the_threshold() -> None:
    held, unseen = matches(300, 200, 1), matches(200, 50, 2)
    calibration = radar_calibration(held, unseen)
    fresh = matches(3000, 1600, 3)
    quay = fresh.boxes.quayside
    score = np.where(
        quay, calibration.quay(fresh.boxes.score), calibration.open_water(fresh.boxes.score)
    )
    right = fresh.truth >= 0
    for low in (0.2, 0.5, 0.8):
        here = (score > low - 0.1) & (score < low + 0.1)
        assert right[here].mean() == pytest.approx(score[here].mean(), abs=0.12)
    both = RadarMatches.joined([held, unseen])
    open_water = ~both.boxes.quayside
    passed = calibration.open_water(both.boxes.score) >= calibration.threshold
    wrong = (passed & open_water & (both.truth == -1)).sum()
    assert wrong <= 0.005 * both.searched_km2 or calibration.threshold == pytest.approx(0.95)


def test_a_row_has_the_numbers_of_its_matches() -> None:
    found = matches(40, 10, 5)
    errors = BoxErrors(length_m=10, length_share=0, beam_m=5, beam_share=0, heading_deg=5)
    row = skill_row("here", found, 0.0, errors)
    assert "| here | 40 of 40 (1.000) | 10 on 1000 km² | 0.889 |" in row
    length, _ = found.errors_m("length")
    assert f"{length.mean():+.1f}, {length.std():.1f} m" in row
    coverage = (np.abs(length) <= 16.45).mean()
    assert row.endswith(f"| {coverage:.2f} |")
