"""The text about seasons of worlds: numbers by hand, and what was missed in bold."""

import numpy as np
import pytest

from gnomon.validate.worlds_report import asked_table, worlds_section, worlds_summary
from world_readings import CASES, reading, rows_of


def test_the_summary_counts_what_was_held() -> None:
    rows = rows_of(
        reading(),
        reading(seed=1, visits=51.0, fit=0.01, p_right=0.5, effective_size=100.0),
        reading(seed=2, barrels=1.2e6, p_right=0.04, notes="preliminary", r_hat=1.2),
        reading(seed=3, visits=29.0, p_right=np.nan, peak_mb=500.0),
        reading(CASES[1], visits=0.0, barrels=0.0, visits_low=0.0, p_right=0.001),
    )
    first, second = worlds_summary(rows).to_dict("records")
    assert first["held"] == 0.5
    assert first["barrels held"] == 0.75
    assert first["bias"] == pytest.approx(4 * 44 / 160 - 1)
    assert first["half-width"] == 10.0
    assert (first["right"], first["wrong"], first["open"]) == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert (first["sure and wrong"], second["sure and wrong"]) == (0, 1)
    assert (first["noted"], first["unfit"]) == (0.25, 0.25)
    assert (first["effective size"], first["least"], first["most"]) == (300, 100, 1.2)
    assert first["memory MB"] == 500
    assert second["held"] == 1.0
    assert np.isnan(second["bias"])


def test_refused_seasons_count_as_such_and_in_nothing_else() -> None:
    refused = reading(seed=1, visits_mean=np.nan, visits_low=np.nan, visits_high=np.nan)
    (row,) = worlds_summary(rows_of(reading(), refused)).to_dict("records")
    assert (row["seasons"], row["refused"], row["held"]) == (2, 1, 1.0)
    (none,) = worlds_summary(rows_of(refused)).to_dict("records")
    assert np.isnan(none["held"])


def test_a_requirement_that_is_missed_is_bold() -> None:
    rows = rows_of(*(reading(seed=n, visits=40.0 if n < 9 else 99.0) for n in range(10)))
    table = asked_table(rows).set_index("what")["Sentinel-2 and Sentinel-1"]
    assert table["90 % interval of visits holds the truth, as assumed"] == "90% of 10"
    assert table["... bias of visits, where they are not"] == "-"
    more = rows_of(*(reading(seed=n, visits=99.0) for n in range(10)))
    found = asked_table(more).set_index("what")["Sentinel-2 and Sentinel-1"]
    assert found["90 % interval of visits holds the truth, as assumed"] == "**0% of 10**"


def test_the_section_has_a_row_for_each_case_and_each_requirement() -> None:
    fault = reading(seed=1, visits_mean=np.nan, visits_low=np.nan, visits_high=np.nan)
    rows = rows_of(reading(), reading(CASES[1]), fault)
    rows.loc[2, "case"] = "table: duplicated ids"
    text = worlds_section(rows)
    assert text.count("\n| as assumed | free |") == 3
    assert text.count("\n| haze | daily |") == 3
    assert (
        "| as assumed | free | 1 | 0 | 0% | 0% | 40.0 | 44.0 | 100% | +10% | 10.0 | 8.0 |" in text
    )
    assert "| table: duplicated ids | free | 1 | 1 |" in text
    assert text.count("| what | asked | Sentinel-2 and Sentinel-1 | these and daily 3 m |") == 1
    of_cases = [line for line in text.splitlines() if line.startswith("| haze")]
    assert [line.count("|") for line in of_cases] == [13, 10, 9]
    assert "nan" not in text
