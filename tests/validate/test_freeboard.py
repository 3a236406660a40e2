"""The measurement of the load stage, thinned: the same code, bounds that allow for its size."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from gnomon.validate import freeboard as load
from gnomon.validate.ships import Cell, matched, simulated

CLICK = [Cell(3.0, 30.0, 110.0), Cell(10.0, 20.0, 110.0)]
SILENT = [Cell(10.0, 60.0, 110.0), Cell(10.0, 60.0, 180.0)]
"""Where the image says next to nothing; a mean of that little needs more ships."""
SHIPS, SILENT_SHIPS = 16, 48


@pytest.fixture(scope="module")
def measured() -> load.Measured:
    return load.Measured(
        click=pd.concat(
            [
                simulated(CLICK, ships=SHIPS, seed=11),
                simulated(SILENT, ships=SILENT_SHIPS, seed=11),
            ],
            ignore_index=True,
        ),
        register=simulated([Cell(10.0, 20.0, 180.0)], ships=2 * SHIPS, seed=11, known="register"),
        matched=matched([Cell(3.0, 40.0, 110.0), Cell(10.0, 30.0, 110.0)], ships=10, seed=11),
        seed=11,
    )


@pytest.mark.slow
def test_intervals_hold_the_truth_and_probabilities_are_true(measured):
    cells = load.interval_coverage(measured.click)
    # 128 ships: a coverage of 0.90 comes out under 0.80 once in two thousand times.
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
    assert ships == 2 * SILENT_SHIPS
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


def rows_of(rng, n, *, interval_coverage=0.9):
    """Rows whose intervals hold the truth so often, and whose p_laden is true."""
    laden = rng.random(n) < 0.5
    p = np.clip(np.where(laden, rng.beta(4, 2, n), rng.beta(2, 4, n)), 0.001, 0.999)
    inside = rng.random(n) < interval_coverage
    return pd.DataFrame(
        {
            "gsd_m": rng.choice([3.0, 10.0], n),
            "sun_elevation_deg": rng.choice([20.0, 60.0], n),
            "length_m": 110.0,
            "sun_off_axis_deg": rng.uniform(0, 90, n),
            "freeboard_true_m": np.where(inside, 3.0, 9.0),
            "freeboard_m": 3.5,
            "freeboard_sigma_m": 1.0,
            "freeboard_p05_m": 2.0,
            "freeboard_p95_m": 5.0,
            "laden": laden,
            "p_laden": p,
            "log_lr_laden": np.log(p / (1 - p)),
            "load_state": np.select([p > 0.9, p < 0.1], ["laden", "ballast"], "indeterminate"),
        }
    )


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**31), st.sampled_from([0.5, 0.9, 1.0]))
def test_coverage_is_the_share_of_intervals_that_hold_the_truth(seed, share):
    rows = rows_of(np.random.default_rng(seed), 400, interval_coverage=share)
    cells = load.interval_coverage(rows)
    inside = (cells.coverage * cells.ships).sum() / cells.ships.sum()
    assert inside == pytest.approx((rows.freeboard_true_m == 3.0).mean())
    assert cells.ships.sum() == 400
    for cell in cells.itertuples():
        part = rows[(rows.gsd_m == cell.gsd_m) & (rows.sun_elevation_deg == cell.sun_elevation_deg)]
        wrong = [
            row.load_state != "indeterminate" and (row.load_state == "laden") != row.laden
            for row in part.itertuples()
        ]
        assert cell.wrong == pytest.approx(np.mean(wrong))
        assert cell.rmse_m == pytest.approx(
            np.sqrt(np.mean((part.freeboard_m - part.freeboard_true_m) ** 2))
        )


def test_ships_without_a_freeboard_count_in_no_cell():
    rows = rows_of(np.random.default_rng(0), 200)
    rows.loc[:49, "freeboard_m"] = np.nan
    assert load.interval_coverage(rows).ships.sum() == 150
    assert load.calibration(rows).ships.sum() == 150


@given(st.integers(0, 2**31))
def test_calibration_is_that_of_a_histogram(seed):
    rows = rows_of(np.random.default_rng(seed), 300)
    edges = np.linspace(0, 1, 11)
    count = np.histogram(rows.p_laden, edges)[0]
    laden = np.histogram(rows.p_laden[rows.laden], edges)[0]
    total = np.histogram(rows.p_laden, edges, weights=rows.p_laden)[0]
    full = count > 0
    expected = np.abs(total[full] - laden[full]).sum() / count.sum()
    assert load.calibration_error(rows) == pytest.approx(expected, abs=1e-9)


def made_up(seed=0):
    rng = np.random.default_rng(seed)
    matched_rows = pd.DataFrame(
        {
            "gsd_m": 3.0,
            "sun_elevation_deg": 20.0,
            "length_m": 110.0,
            "error_m": rng.normal(0, 0.5, 4000),
            "bound_m": 0.4,
        }
    )
    return load.Measured(rows_of(rng, 600), rows_of(rng, 300), matched_rows, seed)


def test_the_ratio_to_the_bound_is_of_root_mean_squares():
    (row,) = load.against_bound(made_up()).itertuples()
    assert row.rmse_m == pytest.approx(0.5, rel=0.05)
    assert row.ratio == pytest.approx(0.5 / 0.4, rel=0.05)


def test_the_section_has_a_row_for_each_cell_and_marks_none_as_met():
    measured = made_up(7)
    text = load.section(measured)
    cells = load.interval_coverage(measured.click)
    assert sum(line.startswith(("| 3 |", "| 10 |")) for line in text.splitlines()) == len(cells) + 1
    held = cells.coverage.between(0.85, 0.95).sum()
    assert f"| {held} of {len(cells)} |" in text
    assert "seed 7" in text


def test_power_is_that_of_the_ships_in_question():
    measured = made_up()
    names = load.power(measured)
    rows = measured.click[
        (measured.click.gsd_m == 3)
        & (measured.click.sun_elevation_deg <= 45)
        & (measured.click.sun_off_axis_deg > 30)
    ]
    _, value, count, _ = names[1]
    assert count == len(rows)
    high, low = rows.log_lr_laden[rows.laden], rows.log_lr_laden[~rows.laden]
    statistic = mannwhitneyu(high, low).statistic
    assert value == pytest.approx(statistic / (len(high) * len(low)))
    assert np.isnan(names[0][1])  # no ship at half a metre


def test_the_section_of_the_document_is_the_one_that_the_code_writes():
    """Numbers are those of the last long run; every other word is the code's."""
    document = (Path(__file__).parents[2] / "docs" / "validation.md").read_text(encoding="utf-8")
    words = set(re.findall(r"[A-Za-z`_]{4,}", document.partition("<!-- /load -->")[0]))
    written = set(re.findall(r"[A-Za-z`_]{4,}", load.section(made_up())))
    assert not written - words
