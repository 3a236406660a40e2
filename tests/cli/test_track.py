"""`gnomon track`: from a user's own tables to the summary on the terminal."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from commands import called, strict_json, without_progress, write_study
from gnomon.datamodel.files import write_table
from gnomon.simulate.season.campaign import as_tables, simulate_season, trade_2024
from run_folders import write_review, write_run
from user_tables import IMAGES, SHIPS, csv_file


def test_the_command_starts_from_tables_and_fits_80_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hulls, observations = as_tables(simulate_season(np.random.default_rng(1), trade_2024()))
    write_table(observations, tmp_path / "observations.parquet")
    own = hulls.assign(longitude=hulls.geometry.x, latitude=hulls.geometry.y)
    own = own.drop(columns=["geometry", "footprint"]).rename(columns={"length_m": "LOA"})
    own.to_csv(tmp_path / "hulls.csv", index=False)
    sent = {"mmsi": ["273000001"], "time": ["2024-04-01T11:40:00Z"]}
    ais = pd.DataFrame(sent | {"longitude": [133.15], "latitude": [42.70]})
    ais.to_csv(tmp_path / "ais.csv", index=False)
    (tmp_path / "study.toml").write_text(
        'name = "own"\n[catalog]\nurl = "none"\n[period]\nstart = 2024-03-01\nend = 2024-11-30\n'
        '[ports]\nnames = ["vostochny", "chongjin"]\n[track]\ndraws = 50\nmembers = 64\n'
        'ais = "ais.csv"\n[track.detection_columns]\nlength_m = "LOA"\n'
    )
    words = ["--detections", tmp_path / "hulls.csv"]
    words += ["--observations", tmp_path / "observations.parquet"]
    words += ["--study", tmp_path / "study.toml", "--out", tmp_path / "out"]
    assert called(monkeypatch, "track", *words) == 0
    printed = capsys.readouterr().out
    lines = [line for line in printed.splitlines() if not line.startswith(str(tmp_path))]
    assert max(map(len, lines)) <= 80
    assert "ships load" in printed
    assert "chance of more than 500,000: " in printed
    for name in ("visits", "seasons", "voyages", "ledger"):
        assert (tmp_path / "out" / f"{name}.parquet").exists()


def test_track_takes_a_review_from_anywhere(
    sea: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    study, out = write_study(tmp_path, sea), tmp_path / "run"
    assert called(monkeypatch, "detect", sea, "--out", out) == 0
    review = write_review(tmp_path, detection_id="nobody", reviewer="B")
    words = ("--detections", out / "detections.parquet")
    words += ("--observations", out / "observations.parquet")
    words = (*words, "--study", study, "--out", tmp_path / "own", "--review", review)
    capsys.readouterr()
    assert called(monkeypatch, "track", *words, "--json") == 0
    output = capsys.readouterr()
    (unmatched,) = strict_json(output.out)["review"]["unmatched"]
    assert (unmatched["detection_id"], unmatched["reviewer"]) == ("nobody", "B")
    note, lost = without_progress(output.err).splitlines()
    assert "each of its 3 images shows a ship" in note
    assert lost.startswith("review: no such detection here: nobody (accept by B")
    write_review(tmp_path, decided_at="yesterday")
    assert called(monkeypatch, "track", *words) == 1
    fault, line = without_progress(capsys.readouterr().err).strip().splitlines()
    assert "1 fault(s)" in fault
    assert "decided_at" in line


STUDIES = {
    "none": None,
    "empty": "",
    "tables": '[track]\ndraws = 50\n[ledger]\nloading = ["rajin"]\n[period]\nend = 2024-04-30\n',
    "ports": '[ports]\nnames = ["rajin"]\n',
}


@pytest.mark.parametrize("study", list(STUDIES))
def test_track_needs_no_catalogue_and_no_study(
    study: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words: list[object] = ["--detections", csv_file(tmp_path / "ships.csv", SHIPS)]
    words += ["--observations", csv_file(tmp_path / "images.csv", IMAGES)]
    if (text := STUDIES[study]) is not None:
        (tmp_path / "study.toml").write_text(text)
        words += ["--study", tmp_path / "study.toml"]
    assert called(monkeypatch, "track", *words, "--out", tmp_path / "out", "--json") == 0
    document = strict_json(capsys.readouterr().out)
    assert [season["port"] for season in document["seasons"]] == ["rajin"]
    assert document["notes"] == []


def test_images_without_any_ship_are_a_season_without_visits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words: list[object] = ["--detections", csv_file(tmp_path / "s.csv", {n: [] for n in SHIPS})]
    words += ["--observations", csv_file(tmp_path / "images.csv", IMAGES)]
    assert called(monkeypatch, "track", *words, "--out", tmp_path / "out", "--json") == 0
    document = strict_json(capsys.readouterr().out)
    assert (document["visits"], document["seasons"][0]["observations"]) == (0, 3)


def test_faults_of_both_the_terminal_shows_and_what_was_assumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ships = csv_file(tmp_path / "ships.csv", SHIPS | {"load_state": ["laden"] * 3})
    images = csv_file(tmp_path / "images.csv", IMAGES)
    words = ("--detections", ships, "--observations", images, "--out", tmp_path / "out")
    assert called(monkeypatch, "track", *words) == 0
    note = f"note: {ships}: load of 3 ships from load_state, at odds of 9"
    assert note in capsys.readouterr().err
    csv_file(images, IMAGES | {"seen_at": ["05/11/2024", "", "45601.3"]})
    assert called(monkeypatch, "track", *words) == 1
    lines = without_progress(capsys.readouterr().err).splitlines()
    assert [line.partition("images.csv: ")[2][:14] for line in lines] == [
        "row 1, seen_at", "row 3, seen_at"
    ]  # fmt: skip


def test_simulated_tables_are_called_so_wherever_track_speaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = csv_file(tmp_path / "images.csv", IMAGES)
    drawn = csv_file(tmp_path / "drawn.csv", IMAGES | {"collection": ["synthetic-daily-3m"] * 3})
    ships = csv_file(tmp_path / "ships.csv", SHIPS)
    for images, marked in ((real, False), (drawn, True)):
        words = ("--detections", ships, "--observations", images, "--out", tmp_path / "out")
        assert called(monkeypatch, "track", *words) == 0
        assert ("These scenes are SIMULATED" in capsys.readouterr().out) == marked
        assert called(monkeypatch, "track", *words, "--json") == 0
        document = strict_json(capsys.readouterr().out)
        assert document["simulated"] is marked
        notes = pd.read_parquet(tmp_path / "out" / "seasons.parquet").notes.fillna("")
        assert len(notes)
        assert (notes.str.startswith("SIMULATED") == marked).all()


def test_track_refuses_the_folder_of_another_run_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_run(tmp_path / "other")
    ships = csv_file(tmp_path / "ships.csv", SHIPS)
    images = csv_file(tmp_path / "images.csv", IMAGES)
    words = ("--detections", ships, "--observations", images, "--out", other)
    assert called(monkeypatch, "track", *words) == 1
    lines = without_progress(capsys.readouterr().err).strip().splitlines()
    assert len(lines) == 1
    assert "holds detections.parquet of other images" in lines[0]
    assert "another folder" in lines[0]
