"""The section on ray-cast ships: every question answered for every method."""

from itertools import product

import pandas as pd
import pytest

from gnomon.validate import judged as part
from gnomon.validate.judged import Judged, judged_section

SUNS, LENGTHS = part.JUDGED_SUNS_DEG, part.JUDGED_LENGTHS_M


def rows(error_m=0.2, half_m=0.5, state="right"):
    """Four ships in each cell, read by every method with the same error."""
    made = []
    cells = product(part.JUDGED_GSDS_M, SUNS, LENGTHS, (True, False), (0, 1), part._METHODS)
    for gsd, sun, length, laden, number, method in cells:
        truth = 2.0 if laden else 6.0
        read = truth + (error_m if number else -error_m)
        word = {True: "laden", False: "ballast"}
        given = word[laden] if state == "right" else word[not laden] if state == "wrong" else state
        made.append(
            {
                "gsd_m": gsd,
                "sun_elevation_deg": sun,
                "length_m": length,
                "sun_off_axis_deg": 60.0,
                "freeboard_true_m": truth,
                "laden": laden,
                "freeboard_m": read,
                "freeboard_sigma_m": half_m / 1.645,
                "freeboard_p05_m": read - half_m,
                "freeboard_p95_m": read + half_m,
                "log_lr_laden": 2.0 if laden else -2.0,
                "p_laden": 0.88 if laden else 0.12,
                "load_state": given,
                "method": method,
            }
        )
    return pd.DataFrame(made)


def answers(table):
    return {name: of(Judged(table, table)) for name, _, of in part._questions()}


def test_errors_intervals_and_verdicts_are_counted():
    found = answers(rows())
    assert found["rms error at 3 m, sun 20, L >= 100, axis > 30 off"] == pytest.approx(0.2)
    assert found["bias at 3 m, same ships"] == pytest.approx(0.0)
    assert found["90 % intervals hold the truth, all ships"] == 1.0
    assert found["cells whose 90 % intervals hold 86 to 94 %"] == "0 of 36"
    assert found["verdicts, 0.5 to 3 m, sun <= 40, L >= 100, axis > 30 off"] == 1.0
    assert found["of these wrong"] == 0.0
    assert found["10 m, sun 20, L >= 100, axis > 30 off: AUC"] == 1.0
    assert found["the same: mean abs(log LR)"] == pytest.approx(2.0)
    assert found["calibration error of p_laden"] == pytest.approx(0.12)


def test_wrong_and_missing_verdicts_show():
    assert answers(rows(state="wrong"))["of these wrong"] == 1.0
    none = answers(rows(state="indeterminate"))
    assert none["10 m, sun 60: indeterminate"] == 1.0
    assert none["verdicts, 0.5 to 3 m, sun <= 40, L >= 100, axis > 30 off"] == 0.0


def test_the_section_has_a_column_of_each_method_and_every_cell():
    text = judged_section(Judged(rows(), rows()))
    lines = text.splitlines()
    assert "| what | asked | network | fit | both |" in lines
    assert sum(line.startswith("| 0.5 |") for line in lines) == 3 * len(SUNS) + 9
    assert "nan" not in text.replace("cell with 20 or more | <= 5 % | nan | nan | nan", "")
