"""Seasons and ledger on the terminal: every number of the tables, in 80 columns."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.cli.output_ledger import ledger_lines, season_cells, trade_direction
from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import Ledger, Seasons
from run_folders import day, ledger, season

BARRELS = st.floats(0, 5e7)


def seasons_of(*rows: dict[str, Any]) -> pd.DataFrame:
    return table(Seasons, [season() | row for row in rows])


@pytest.mark.parametrize(
    ("p_exports", "visits", "text"),
    [
        (0.99, 12.0, "ships load"),
        (0.01, 12.0, "ships unload"),
        (0.6, 12.0, "unclear (60% load)"),
        (0.95, 12.0, "unclear (95% load)"),
        (np.nan, 12.0, "no image"),
        (0.99, 0.0, "-"),
    ],
)
def test_the_direction_is_stated_only_if_it_is_sure(
    p_exports: float, visits: float, text: str
) -> None:
    assert trade_direction(p_exports, visits) == text


@given(st.floats(0, 1), st.floats(1, 50))
def test_loading_and_unloading_are_mirror_images(p: float, visits: float) -> None:
    load, unload = trade_direction(p, visits), trade_direction(1 - p, visits)
    assert (load == "ships load") == (unload == "ships unload") or abs(abs(p - 0.5) - 0.45) < 1e-9


def test_a_port_is_a_row_and_unknown_numbers_are_dashes() -> None:
    known = {"port": "a-port-with-a-long-name", "visits_p50": 22.4, "visits_p05": 17.0,
             "visits_p95": 30.2, "seen_mean": 15.0, "little": 20.4, "little_sigma": 3.6,
             "p_exports": 0.99}  # fmt: skip
    names = [name for name in season() if name.startswith(("visits", "seen"))]
    unknown = {"port": "b", **dict.fromkeys(names, None)}
    first, second = season_cells(seasons_of(known, unknown))
    assert first == ("a-port-with-a-", "22", "17-30", "15", "-", "20±4", "-", "ships load")
    assert second == ("b", "-", "-", "-", "-", "-", "-", "no image")


@given(barrels=st.tuples(BARRELS, BARRELS, BARRELS).map(sorted), over=st.floats(0, 1))
def test_numbers_of_the_ledger_are_read_back(barrels: list[float], over: float) -> None:
    p05, p50, p95 = barrels
    row = ledger() | {
        "barrels_p05": p05, "barrels_p50": p50, "barrels_p95": p95, "p_over_cap": over,
        "cap_barrels": 500_000.0,
    }  # fmt: skip
    (line,) = ledger_lines(table(Ledger, [row]), seasons_of()[:0])
    found = [float(text.replace(",", "")) for text in re.findall(r"[\d,]+(?:\.\d+)?", line)]
    assert found == pytest.approx([2024, p50, p05, p95, 500_000, over], abs=0.51)
    assert found[-1] == pytest.approx(over, abs=0.00501)


def test_each_year_has_its_scenarios_and_the_day_of_the_cap() -> None:
    passed = {"passed_p05": day(10), "passed_p50": day(20), "passed_p95": day(30)}
    rows = [
        ledger() | passed,
        ledger() | {"scenario": "90% of deadweight"},
        ledger() | {"year": 2025},
    ]
    lines = ledger_lines(table(Ledger, rows), seasons_of()[:0])
    assert [line[:4].strip() for line in lines] == ["2024", "", "", "2025"]
    assert lines[1].strip() == "cap passed on 26 Apr (16 Apr to 06 May)"
    assert lines[2].strip().startswith("at 90% of deadweight: ")


def test_without_a_loading_port_the_ledger_says_why() -> None:
    (line,) = ledger_lines(table(Ledger, []), seasons_of()[:0])
    assert line == "No loading port was observed, so there is no ledger ([ledger] loading)."


def test_remarks_are_grouped_by_what_they_say_and_wrapped() -> None:
    middle = {"visits_mean": 20.0, "visits_p50": 20.0}
    sure = middle | {"visits_p05": 18.0, "visits_p95": 22.0}
    wide = middle | {"visits_p05": 5.0, "visits_p95": 40.0}
    rows = [
        {"port": "a", "notes": "no AIS; no register", **sure},
        {"port": "b", "notes": "no AIS", **wide},
        {"port": "c", "notes": None, **wide},
    ]
    lines = ledger_lines(table(Ledger, []), seasons_of(*rows))[1:]
    text = " ".join(" ".join(lines).split())
    assert "a, b: no AIS" in text
    assert "a: no register" in text
    assert "b, c: uncertain count, because few visits are seen" in text
    assert max(map(len, lines)) <= 79
