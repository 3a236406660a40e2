"""`gnomon export`: what it writes, prints and refuses."""

import json
import zipfile
from pathlib import Path

import pytest

from commands import called, strict_json, without_progress
from gnomon.datamodel.files import read_table
from run_folders import write_review, write_run


def test_a_run_is_exported_with_pictures(
    sea: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run, out = tmp_path / "run", tmp_path / "out"
    assert called(monkeypatch, "detect", sea, "--out", run) == 0
    capsys.readouterr()
    assert called(monkeypatch, "export", run, "--out", out, "--json") == 0
    output = capsys.readouterr()
    values = strict_json(output.out)
    ships = read_table(run / "detections.parquet")
    assert values["rows"] == {"detections": len(ships), "observations": 3}
    assert output.err.count("note: ") == len(values["notes"]) == 6
    assert "visits.parquet is missing" in output.err
    assert set(values["files"]) == {str(path) for path in out.rglob("*") if path.is_file()}
    with zipfile.ZipFile(out / "gnomon.kmz") as kmz:
        pictures = [name for name in kmz.namelist() if name.startswith("pictures/")]
    assert len(pictures) == len(ships)
    items = [json.loads(path.read_text()) for path in out.glob("stac/*/*.json")]
    sources = {item["id"]: item["properties"]["gnomon:source"] for item in items}
    found = [len(json.loads(p.read_text())["features"]) for p in out.glob("stac/*/*.geojson")]
    assert sum(found) == len(ships)
    for name, source in sources.items():  # on this disk, so it is named and not linked
        (path,) = sea.parent.rglob(source.split("/")[-1])
        assert source == f"{path.parent.name}/{path.name}"
        assert json.loads(path.read_text())["id"] == name.removesuffix("-everywhere")
    assert not [n for item in items for n in item["links"] if n["rel"] == "derived_from"]


def test_missing_pictures_are_exit_code_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = write_run(tmp_path / "run", catalog=str(tmp_path / "gone.json"))
    assert called(monkeypatch, "export", run, "--out", tmp_path / "a", "--formats", "kml") == 3
    output = capsys.readouterr()
    assert without_progress(output.err).startswith("note: no pictures: ")
    assert output.out.splitlines()[0].split() == ["detections", "3"]
    assert max(map(len, output.out.splitlines()[:-1])) <= 80
    words = ("--out", tmp_path / "b", "--formats", "kml", "--no-pictures")
    assert called(monkeypatch, "export", run, *words) == 0
    assert called(monkeypatch, "export", run, "--out", tmp_path / "c", "--formats", "shp") == 1
    assert "unknown format shp" in capsys.readouterr().err
    assert called(monkeypatch, "export", tmp_path, "--out", tmp_path / "c") == 1
    assert "is not the folder of a run" in capsys.readouterr().err
    assert not (tmp_path / "c").exists()


def test_decisions_about_other_ships_are_named_on_standard_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = write_run(tmp_path / "run")
    review = write_review(tmp_path, detection_id="gone", reviewer="B")
    words = ("--out", tmp_path / "out", "--formats", "csv", "--review", review)
    assert called(monkeypatch, "export", run, *words) == 0
    output = capsys.readouterr()
    assert (
        without_progress(output.err)
        == "review: no such detection here: gone (accept by B, 2024-12-02)\n"
    )
    assert output.out.splitlines()[-1] == str(tmp_path / "out")
