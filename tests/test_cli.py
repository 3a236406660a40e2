"""The command line: one line for a fault, exit codes as documented, tables that fit."""

import sys
from pathlib import Path

import pytest

from gnomon import cli


def called(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["gnomon", *map(str, words)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0)


def test_detect_ends_with_a_short_table(
    sea: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert called(monkeypatch, "detect", sea, "--out", tmp_path, "--pictures") == 0
    said = capsys.readouterr()
    assert "SIMULATED" in said.out
    assert said.out.strip().splitlines()[-1] == "3 looks, 3 of them new; 0 failed"
    table = [line for line in said.out.splitlines() if line.startswith("everywhere")]
    assert len(table) == 1
    assert max(map(len, table)) <= 80
    assert said.err == ""  # no progress bar where nobody watches
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 3


def test_failed_looks_are_exit_code_3(
    sea: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    item = (sea.parent / "april-04" / "april-04.json").read_text()
    assert '"./red.tif"' in item
    (tmp_path / "april-04").mkdir()
    (tmp_path / "april-04" / "item.json").write_text(item)
    catalog = tmp_path / "catalog.json"
    catalog.write_text(
        '{"type": "Catalog", "stac_version": "1.0.0", "id": "c", "description": "d", '
        '"links": [{"rel": "item", "href": "./april-04/item.json"}]}'
    )
    assert called(monkeypatch, "detect", catalog, "--out", tmp_path / "out") == 3
    said = capsys.readouterr()
    assert said.out.strip().endswith("1 looks, 1 of them new; 1 failed")
    assert said.err.startswith("failed: april-04")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "none.toml", "--out", "x"), "there is no such study"),
        (("detect", "none.json", "--out", "x"), "none.json"),
        (("detect", "c.json", "--out", "x", "--bbox", "3,0,1,1"), "west, south, east, north"),
        (("detect", "c.json", "--out", "x", "--bbox", "3,0"), "bbox"),
        (("judge", "none.json"), "none.json"),
    ],
)
def test_a_fault_is_one_line_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert called(monkeypatch, *words) == 1
    text = capsys.readouterr().err
    assert text.startswith("gnomon: ")
    assert said in text
    assert len(text.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_words_that_are_not_understood_are_exit_code_2(monkeypatch: pytest.MonkeyPatch) -> None:
    assert called(monkeypatch, "detct", "x") == 2
    assert called(monkeypatch, "detect", "x", "--out", "y", "--start", "yesterday") == 2
