"""Seasons and ledger on the terminal: every number of the tables, in 80 columns."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.cli.output_ledger import ledger_lines, season_cells
from gnomon.datamodel.ledger_tables import Ledger
from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import Seasons
from gnomon.report.text import UNKNOWN, percent
from reports import write_season
from run_folders import OPEN, day, ledger, season

BARRELS = st.floats(0, 5e7)
SEEN = "seen_p50"


def seasons_of(*rows: dict[str, Any]) -> pd.DataFrame:
    return table(Seasons, [season() | row for row in rows])


def test_a_port_is_a_row_and_unknown_numbers_are_dashes() -> None:
    known = {"port": "a-port-with-a-long-name", "visits_p50": 22.4, "visits_p05": 17.0,
             "visits_p95": 30.2, SEEN: 15.0, "little": 20.4, "little_sigma": 3.6,
             "p_exports": 0.99}  # fmt: skip
    names = [name for name in season() if name.startswith(("visits", "seen"))]
    unknown = {"port": "b", **dict.fromkeys(names, None)}
    first, second = season_cells(seasons_of(known, unknown))
    assert first == (
        "a-port-with-a-",
        "17 to 30",
        "22",
        "15",
        UNKNOWN,
        "20±4",
        UNKNOWN,
        "ships load",
    )
    assert second == ("b", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, "no image")


@given(barrels=st.tuples(BARRELS, BARRELS, BARRELS).map(sorted), over=st.floats(0, 1))
def test_the_interval_comes_first_and_the_middle_after_it(
    barrels: list[float], over: float
) -> None:
    p05, p50, p95 = barrels
    row = ledger() | {
        "barrels_p05": p05, "barrels_p50": p50, "barrels_p95": p95, "p_over_cap": over,
        "cap_barrels": 500_000.0, "reported_barrels": 0.0,
    }  # fmt: skip
    _, line, chance = ledger_lines(table(Ledger, [row]), seasons_of()[:0])
    found = [float(text.replace(",", "")) for text in re.findall(r"\d[\d,]*", line)]
    assert found == pytest.approx([p05, p95, 90, p50], rel=0.0051, abs=0.51)
    assert chance.strip() == f"chance of more than 500,000: {percent(over)}"


@pytest.mark.parametrize(("over", "dated"), [(0.0, False), (0.46, False), (0.5, True), (1, True)])
def test_the_cap_has_a_date_only_where_it_was_more_likely_passed(over: float, dated: bool) -> None:
    passed = {"passed_p05": day(10), "passed_p50": day(20), "passed_p95": day(30)}
    rows = [ledger() | passed | {"p_over_cap": over}]
    lines = [line.strip() for line in ledger_lines(table(Ledger, rows), seasons_of()[:0])]
    date = "if so, passed from 16 Apr 2024 to 6 May 2024 (middle 26 Apr 2024)"
    assert (date in lines) == dated
    assert dated or not [line for line in lines if "Apr" in line.partition(":")[2]]


def test_an_open_direction_has_barrels_of_either_direction_and_no_middle_of_both() -> None:
    rows = [ledger() | OPEN | {"reported_barrels": 0.0}]
    rows.append(rows[0] | {"scenario": "33% of deadweight", "p_over_cap_if_loading": 0.12})
    assert ledger_lines(table(Ledger, rows), seasons_of()[:0]) == [
        "1 Apr to 6 May 2024:",
        "  The images do not decide whether ships load or unload at Rajin (chance that",
        "  they load: 48 %).",
        "  if they load, 838,000 to 1,280,000 barrels (90 % interval; middle 1,070,000)",
        "  if they unload, none",
        "  chance of more than 500,000: 47 %; if they load: over 99 %",
        "  if they load, at 33 % of deadweight: 838,000 to 1,280,000; over the cap: 12 %",
    ]


def test_each_year_has_its_period_and_its_scenarios() -> None:
    rows = [
        ledger() | {"start": day(0), "end": day(71)},
        ledger() | {"scenario": "90% of deadweight", "p_over_cap": 0.0},
        ledger() | {"year": 2025, "reported_barrels": 168_679.0, "start": None, "end": None},
    ]
    lines = ledger_lines(pd.DataFrame(rows).assign(**_utc(rows)), seasons_of()[:0])
    heads = [line for line in lines if not line.startswith(" ")]
    assert heads == ["6 Apr to 16 Jun 2024:", "an unknown part of 2025:"]
    assert lines[3] == "  at 90 % of deadweight: 2 to 2 barrels; over the cap: under 1 %"
    assert lines[-1].strip() == "chance of more than 500,000, with 168,679 of others: 25 %"


def _utc(rows: list[dict[str, Any]]) -> dict[str, pd.Series]:
    return {n: pd.to_datetime([row.get(n) for row in rows], utc=True) for n in ("start", "end")}


def test_two_calls_over_the_same_tables_print_the_same(tmp_path: Path) -> None:
    """Inference repeated on the same observations, and the tables read back, in the same words."""
    run = write_season(tmp_path)
    first = [pd.read_parquet(run / f"{name}.parquet") for name in ("ledger", "seasons")]
    lines = ledger_lines(*first), season_cells(first[1])
    write_season(run)
    again = [pd.read_parquet(run / f"{name}.parquet") for name in ("ledger", "seasons")]
    assert (ledger_lines(*again), season_cells(again[1])) == lines


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
