"""Documents of ``--json``: strict JSON with the values of the tables."""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import strict_json
from gnomon.cli.output_json import records, write_document
from gnomon.datamodel.ledger_tables import Ledger
from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import Seasons
from run_folders import ledger, season

FLOATS = st.one_of(st.floats(-1e9, 1e9), st.just(np.nan), st.just(np.inf))


@given(st.lists(st.tuples(FLOATS, st.text(max_size=5), st.integers(0, 9)), max_size=5))
def test_rows_come_back_and_what_json_lacks_is_null(
    rows: list[tuple[float, str, int]],
) -> None:
    frame = pd.DataFrame(rows, columns=["x", "name", "n"])
    again = json.loads(json.dumps(records(frame), allow_nan=False))
    assert [row["name"] for row in again] == [name for _, name, _ in rows]
    assert [row["n"] for row in again] == [n for _, _, n in rows]
    for row, (x, _, _) in zip(again, rows, strict=True):
        assert (row["x"] is None) if not np.isfinite(x) else row["x"] == pytest.approx(x, rel=1e-9)


def test_times_are_iso_8601_in_utc() -> None:
    (row,) = records(table(Seasons, [season()]))
    assert isinstance(row, dict)
    assert row["start"] == "2024-04-01T02:12:31Z"
    assert pd.Timestamp(str(row["end"])) == pd.Timestamp(season()["end"]).floor("s")


def test_a_ledger_keeps_every_column() -> None:
    (row,) = records(table(Ledger, [ledger()]))
    assert isinstance(row, dict)
    assert set(row) == set(Ledger.to_schema().columns)
    assert row["passed_p50"] is None


def test_a_document_names_command_version_code_and_files(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_document("load", {"name": "Æ"}, files=[Path("a/b.parquet")], exit_code=3)
    text = capsys.readouterr().out
    assert text.endswith("}\n")
    assert "Æ" in text
    assert strict_json(text) == {
        "command": "load",
        "gnomon": version("gnomon"),
        "exit_code": 3,
        "files": ["a/b.parquet"],
        "name": "Æ",
    }


def test_numbers_that_json_lacks_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_document("load", {"x": np.nan}, files=[])
