"""The measurement of the load stage, thinned: the same code, bounds that allow for its size."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from gnomon.validate import freeboard as load
from gnomon.validate.__main__ import placed
from gnomon.validate.ships import Cell, matched, simulated

CLICK = [
    Cell(3.0, 30.0, 110.0),
    Cell(10.0, 20.0, 110.0),
    Cell(10.0, 60.0, 110.0),
    Cell(10.0, 60.0, 180.0),
]
SHIPS = 16


@pytest.fixture(scope="module")
def measured() -> load.Measured:
    return load.Measured(
        click=simulated(CLICK, ships=SHIPS, seed=11),
        register=simulated([Cell(10.0, 20.0, 180.0)], ships=2 * SHIPS, seed=11, known="register"),
        matched=matched([Cell(3.0, 40.0, 110.0), Cell(10.0, 30.0, 110.0)], ships=10, seed=11),
        seed=11,
    )


@pytest.mark.slow
def test_intervals_hold_the_truth_and_probabilities_are_true(measured):
    cells = load.coverage(measured.click)
    # 64 ships: a coverage of 0.90 comes out under 0.80 once in two hundred times.
    assert (cells.coverage * cells.ships).sum() / cells.ships.sum() > 0.8
    assert load.calibration_error(measured.click) < 0.15
    assert cells.wrong.max() <= 0.15


@pytest.mark.slow
def test_power_where_there_is_power_and_silence_where_there_is_none(measured):
    fine = measured.click[(measured.click.gsd_m == 3) & (measured.click.sun_off_axis_deg > 30)]
    assert load.auc(fine.log_lr_laden.to_numpy(), fine.laden.to_numpy(bool)) > 0.85
    known = measured.register[measured.register.sun_off_axis_deg > 30]
    assert load.auc(known.log_lr_laden.to_numpy(), known.laden.to_numpy(bool)) > 0.7
    share, ratio, ships = load.indeterminate(measured)
    assert ships == 2 * SHIPS
    assert share > 0.9
    assert ratio < 0.5


@pytest.mark.slow
def test_the_models_own_ships_come_near_the_bound(measured):
    ratios = load.against_bound(measured).ratio
    # Ten ships: the root of a mean square is off by a quarter, one time in twenty.
    assert (ratios < 1.3 * 1.5).all()
    assert (ratios > 0.2).all()


@pytest.mark.slow
def test_the_section_says_what_was_measured(measured, tmp_path):
    text = load.section(measured)
    assert f"{load.calibration_error(measured.click):.3f}" in text
    assert "seed 11" in text
    path = tmp_path / "figure.png"
    load.figure(measured).savefig(path)
    assert path.stat().st_size > 10_000


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=30))
def test_auc_is_that_of_mann_and_whitney(pairs):
    scores, positive = (np.array(column) for column in zip(*pairs, strict=True))
    if positive.all() or not positive.any():
        assert np.isnan(load.auc(scores, positive))
        return
    statistic = mannwhitneyu(scores[positive], scores[~positive]).statistic
    assert load.auc(scores, positive) == pytest.approx(
        statistic / (positive.sum() * (~positive).sum())
    )


def test_calibration_error_finds_a_boast():
    rows = pd.DataFrame(
        {"freeboard_m": 1.0, "p_laden": [0.9] * 10, "laden": [True] * 5 + [False] * 5}
    )
    assert load.calibration_error(rows) == pytest.approx(0.4)
    rows["p_laden"] = 0.5
    assert load.calibration_error(rows) == pytest.approx(0.0)


def test_a_part_of_the_document_is_replaced_and_the_others_stay():
    document = placed(placed("# Title\n", "load", "old \\1"), "ships", "real")
    again = placed(document, "load", "new \\1")
    assert again == document.replace("old", "new")
    assert placed(again, "load", "new \\1") == again
