"""A dry run on the terminal and as JSON: the same numbers, 80 columns, nothing begun."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import called, strict_json, without_progress, write_study
from gnomon.cli.output_forecast import size
from servers import Fault, FileServer

UNITS = {"kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}


@given(st.floats(1e3, 1e14))
def test_a_size_is_right_to_six_percent(count: float) -> None:
    number, unit = size(count).split()
    assert float(number) * UNITS[unit] == pytest.approx(count, rel=0.06)


def test_a_size_that_is_not_known_is_said_so() -> None:
    assert size(None) == "unknown"


def test_a_dry_run_prints_what_it_writes_as_json_and_begins_nothing(
    sea: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "[a]x"
    with FileServer(sea.parent) as server:
        study = write_study(tmp_path, f"{server.url}/catalog.json")
        assert called(monkeypatch, "run", study, "--out", out, "--dry-run") == 0
        printed = capsys.readouterr()
        words = ("detect", f"{server.url}/catalog.json", "--out", out, "--dry-run", "--json")
        assert called(monkeypatch, *words) == 0
        document = strict_json(capsys.readouterr().out)
    assert not out.exists()
    assert without_progress(printed.err) == ""
    assert "trying one image of each port: 1 of 1 (100 %)" in printed.err
    lines = printed.out.splitlines()
    assert max(map(len, lines)) <= 80
    (row,) = [line.split() for line in lines if line.startswith("everywhere")]
    assert row[1:6] == ["3", "0", "0", "2024-04-04", "2024-04-24"]
    text = " ".join(printed.out.split())
    assert "SIMULATED" in text
    assert f"in {out}, where" in text
    assert text.endswith("Without --dry-run the same command begins the run.")
    assert (document["command"], document["dry_run"], document["images"]) == ("detect", True, 3)
    assert f"To read: {size(document['bytes_to_read'])}:" in text
    assert document["ports"][0]["first"] == "2024-04-04T02:22:00Z"


def test_what_is_missing_is_exit_code_3_with_what_helps(
    sea: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with FileServer(sea.parent) as server:
        for day in ("04", "14", "24"):
            server.faults[f"/april-{day}/green.tif"] = Fault(status=403)
        words = ("detect", f"{server.url}/catalog.json", "--out", tmp_path / "x", "--dry-run")
        assert called(monkeypatch, *words) == 3
    text = " ".join(capsys.readouterr().out.split())
    assert "To read: unknown" in text
    assert "Tried in vain: 1 image: the server refuses the file (HTTP 403)" in text
    assert "docs/providers.md" in text
    assert "Nothing is missing" not in text
