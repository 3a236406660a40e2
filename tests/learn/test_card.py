"""The card: what was trained on, what was measured, and what is unknown."""

from dataclasses import replace

import numpy as np
import pytest

from drawn_scenes import GRID, drawn_port
from gnomon.detect import weights
from gnomon.detect.calibration import IDENTITY, Curve
from gnomon.detect.centernet.network import Network
from gnomon.learn.card import FEW_SHIPS, card
from gnomon.learn.compare import ComparisonRow, Split, WeightsComparison

PORT = replace(drawn_port([(60, 50, 16), (160, 50, 16)]), port="east")
TYPED = replace(PORT, outlines=PORT.outlines.assign(type=["tanker", "unknown"]))
MODEL = weights.uncalibrated(Network()).model
ROW = ComparisonRow("base", "chips held back", 25, 0.91234, 0.8, 0.7, 0.75)


def text(parts: Split, comparison: WeightsComparison, **changes: object) -> str:
    calibration = MODEL.calibration.model_copy(update=changes)
    model = MODEL.model_copy(update={"name": "mine", "version": "3", "calibration": calibration})
    return card(model, MODEL, parts, comparison, options={"steps": 7}, minutes=12.4)


def test_a_card_counts_what_was_trained_on_and_held_out() -> None:
    parts = Split((TYPED,), (replace(TYPED, port="west", name="other"),), "port")
    words = text(parts, WeightsComparison(MODEL, calibrated=True, rows=(ROW,)))
    assert words.startswith("# mine 3\n\nFinetuned from uncalibrated 0")
    assert "on 4 ships and 0 hard negatives, in 2 scenes of east, west; 16 km2 of chips" in words
    assert "- **Types** 2 tanker, 2 unknown;" in words
    assert "whole ports that were held back, not chosen at random: west." in words
    assert "| base | chips held back | 25 | 0.912 | 0.80 | 0.70 | 0.75 |" in words
    assert "- **Options** steps 7." in words
    assert "- **Took** 12 minutes." in words
    assert "flatters precision and recall" in words
    assert "were calibrated on the chips that were held back" in words


def test_unknown_ground_is_not_counted() -> None:
    unknown = np.zeros(GRID.shape.yx, bool)
    unknown[:100] = True
    parts = Split((replace(TYPED, unknown=unknown),), (), "")
    words = text(parts, WeightsComparison(MODEL, calibrated=False, rows=()))
    assert "; 4 km2 of chips" in words
    assert "nothing could be held back" in words
    assert "| AP |" not in words
    assert "`score` is no tested probability" in words


@pytest.mark.parametrize(("ships", "warned"), [(FEW_SHIPS - 1, True), (FEW_SHIPS, False)])
def test_few_ships_get_a_warning_and_simulated_ones_do_not_count(ships: int, warned: bool) -> None:
    rows = (replace(ROW, ships=ships), replace(ROW, scenes="simulated", ships=3))
    parts = Split((TYPED,), (TYPED,), "scene")
    words = text(parts, WeightsComparison(MODEL, calibrated=False, rows=rows))
    assert (f"{ships} ships are few: one more or less" in words) == warned
    assert "flatters" not in words


@pytest.mark.parametrize(("curve", "word"), [(None, "null"), (IDENTITY, "estimated")])
def test_p_tanker_is_null_without_a_curve(curve: Curve | None, word: str) -> None:
    parts = Split((TYPED,), (), "")
    words = text(parts, WeightsComparison(MODEL, calibrated=False, rows=()), tanker=curve)
    assert f"- **p_tanker** is {word}:" in words
