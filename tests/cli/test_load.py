"""`gnomon load` and `gnomon show`: arguments as the library gets them, counts as it returns them.

What they compute is tested where it is computed (tests/workflow/test_loads.py).
"""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from commands import called, strict_json, without_progress
from gnomon.cli.reasons import LOADS
from user_tables import SHIPS, csv_file

STATES = ["laden", "ballast", "indeterminate", "indeterminate", None]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Arguments of each call of the library, which estimates loads at once."""
    found: list[dict[str, Any]] = []

    def read_loads(detections: Path, catalog: str, **options: Any) -> pd.DataFrame:
        found.append({"detections": detections, "catalog": catalog, **options})
        reasons = [None, None, "view_unknown", "view_unknown", "sar"]
        names = [f"ship-{k}" for k in range(len(STATES))]
        return pd.DataFrame({"detection_id": names, "load_state": STATES, "load_reason": reasons})

    monkeypatch.setattr("gnomon.workflow.loads.read_loads", read_loads)
    return found


def test_load_states_are_counted(
    calls: list[dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    csv_file(Path("clicks.csv"), SHIPS, encoding="utf-16")
    words = ("load", "clicks.csv", "--catalog", "scenes/catalog.json", "--out", "loads.parquet")
    assert called(monkeypatch, *words) == 0
    output = capsys.readouterr()
    assert without_progress(output.err).splitlines() == [
        f"2 ships of unknown load: no view angles; {LOADS['view_unknown'].remedy}",
        "1 ship of unknown load: radar shows no shadow on water; optical images",
    ]
    lines = output.out.splitlines()
    counts = {line.split()[0]: int(line.split()[1]) for line in lines[:-1]}
    assert counts == {"laden": 1, "ballast": 1, "indeterminate": 2}
    assert lines[-1] == "loads.parquet"
    (call,) = calls
    assert call["detections"].path == Path("clicks.csv")
    assert len(call["detections"].frame) == len(SHIPS["lon"])
    assert call["catalog"] == str(tmp_path / "scenes" / "catalog.json")
    assert call["out"] == Path("loads.parquet")


def test_the_document_counts_unmeasured_ships_too(
    calls: list[dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    names = {"identity": ["Находка", "", "Владивосток"]}
    csv_file(Path("clicks.csv"), SHIPS | names, encoding="cp1251")
    url = "https://stac.example.org/v1"
    words = ("load", "clicks.csv", "--catalog", url, "--out", "loads.parquet", "--json")
    assert called(monkeypatch, *words) == 0
    output = capsys.readouterr()
    assert "note: clicks.csv: is no UTF-8 and was read as cp1251" in output.err
    document = strict_json(output.out)
    assert document["detections"] == len(STATES)
    assert document["load_states"] == {"laden": 1, "ballast": 1, "indeterminate": 2}
    assert document["files"] == ["loads.parquet"]
    assert [(one["count"], one["examples"]) for one in document["reasons"]] == [
        (2, ["ship-2", "ship-3"]),
        (1, ["ship-4"]),
    ]
    assert calls[0]["catalog"] == url


def test_show_prints_the_path_of_its_picture(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given: dict[str, Any] = {}

    def show_load(detection: str, **options: Any) -> Path:
        given.update(options, detection=detection)
        return Path("run") / f"{detection}.png"

    monkeypatch.setattr("gnomon.report.figures.load.show_load", show_load)
    assert called(monkeypatch, "show", "S2B_x-e1-n2", "--run", "run") == 0
    assert capsys.readouterr().out == "run/S2B_x-e1-n2.png\n"
    assert given["detection"] == "S2B_x-e1-n2"
    assert given["run"] == Path("run")
    assert {given[name] for name in given if name not in ("detection", "run", "hosts")} == {None}
