"""The curve of barrels: the rows of its year, in the order of days, or none."""

from pathlib import Path

import numpy as np
import pandas as pd

from gnomon.report.load_tables import read_run
from gnomon.report.page.cumulative import curve_of_year
from gnomon.report.page.evidence import PageEvidence
from gnomon.report.page.page import page_data
from run_folders import ROWS, write_run


def rows_of(year: int, days: int) -> pd.DataFrame:
    day = pd.date_range(f"{year}-03-02", periods=days, tz="UTC")
    middle = np.arange(days) * 1000.4
    return pd.DataFrame({
        "year": year, "day": day, "barrels_p05": middle / 2, "barrels_p50": middle,
        "barrels_p95": middle * 2, "p_over_cap": 0.1,
    })  # fmt: skip


def test_a_curve_is_of_its_own_year_and_in_order() -> None:
    table = pd.concat([rows_of(2025, 3), rows_of(2024, 5).iloc[::-1]])
    curve = curve_of_year(table, 2024)
    assert curve is not None
    assert curve["t"][0] == pd.Timestamp("2024-03-02", tz="UTC").timestamp()
    assert np.diff(np.array(curve["t"], float)).tolist() == [86400] * 4
    assert curve["middle"] == [0, 1000, 2001, 3001, 4002]
    assert curve["high"][-1] == 8003
    assert curve_of_year(table, 2023) is None


def test_a_page_has_the_curve_of_its_run_and_says_where_there_is_none(tmp_path: Path) -> None:
    data = page_data(read_run(write_run(tmp_path / "run")), PageEvidence())
    curve = data["answer"]["years"][0]["curve"]
    assert curve is not None
    assert len(curve["t"]) == len(ROWS["cumulative"][1])
    names = tuple(name for name in ROWS if name != "cumulative")
    data = page_data(read_run(write_run(tmp_path / "bare", names=names)), PageEvidence())
    assert data["answer"]["years"][0]["curve"] is None
    assert any("cumulative.parquet is missing" in note for note in data["run"]["notes"])
