"""`gnomon run` and `gnomon detect`: tables that fit 80 columns, exit codes, decisions."""

import json
from pathlib import Path

import pytest

from catalogs import api, pages_by_offset
from commands import called, strict_json, without_progress, write_study
from conftest import Season
from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.files import read_table
from gnomon.datamodel.study import Study
from hostile import Hostile


def test_detect_prints_a_short_table(
    sea: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert called(monkeypatch, "detect", sea, "--out", tmp_path, "--pictures") == 0
    output = capsys.readouterr()
    assert "SIMULATED" in output.out
    lines = output.out.splitlines()
    assert "3 observations, 3 of them new; 0 failed" in lines
    paths = [Path(line) for line in lines if line.startswith(str(tmp_path))]
    assert len(paths) == len(set(paths))
    assert all(path.exists() for path in paths)
    table = [line for line in output.out.splitlines() if line.startswith("everywhere")]
    assert len(table) == 1
    assert max(map(len, table)) <= 80
    stages = [line for line in output.err.splitlines() if line.endswith(" ...")]
    assert stages == [
        "starting ...",
        "searching the catalogue ...",
        "observing ...",
        "drawing ports ...",
        "drawing pictures ...",
    ]
    assert "observing: 3 of 3 (100 %), " in output.err
    assert not {"\r", "\x1b"} & set(output.err)
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 3


def test_failed_observations_are_exit_code_3(
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
    output = capsys.readouterr()
    assert "1 observations, 1 of them new; 1 failed" in output.out
    assert without_progress(output.err).splitlines() == [
        "1 image failed: the file is not there; search again later, or choose another catalogue",
        "  april-04",
    ]


def test_run_and_track_write_the_same_document_and_nothing_else(
    sea: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    study, out = write_study(tmp_path, sea), tmp_path / "run"
    assert called(monkeypatch, "run", study, "--out", out, "--json") == 0
    output = capsys.readouterr()
    values = strict_json(output.out)
    assert without_progress(output.err) == ""
    assert (values["command"], values["exit_code"], values["simulated"]) == ("run", 0, True)
    assert values["observations"] == {"all": 3, "new": 3, "observed": 3, "skipped": 0, "failed": 0}
    assert (
        values["ports"][0]["ships"]
        == values["detections"]
        == len(read_table(out / "detections.parquet"))
    )
    assert all(Path(path).is_file() for path in values["files"])
    assert {"detections.parquet", "visits.parquet"} <= {Path(p).name for p in values["files"]}
    assert values["seasons"][0]["start"].endswith("Z")
    assert values["review"] == {"used": 0, "unmatched": []}
    words = ("--detections", out / "detections.parquet")
    words += ("--observations", out / "observations.parquet")
    assert called(monkeypatch, "track", *words, "--study", study, "--out", out, "--json") == 0
    again = strict_json(capsys.readouterr().out)
    assert {k: again[k] for k in ("visits", "seasons", "ledger")} == {
        k: values[k] for k in ("visits", "seasons", "ledger")
    }


def test_failed_observations_are_in_the_document_and_on_standard_error(
    sea: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    item = (sea.parent / "april-04" / "april-04.json").read_text()
    (tmp_path / "item.json").write_text(item)
    catalog = tmp_path / "catalog.json"
    catalog.write_text(
        '{"type": "Catalog", "stac_version": "1.0.0", "id": "c", "description": "d", '
        '"links": [{"rel": "item", "href": "./item.json"}]}'
    )
    assert called(monkeypatch, "detect", catalog, "--out", tmp_path / "out", "--json") == 3
    output = capsys.readouterr()
    values = strict_json(output.out)
    assert "1 image failed: the file is not there; " in output.err
    (reason,) = values["reasons"]["failed"]
    assert (reason["count"], reason["examples"]) == (1, ["april-04"])
    assert values["exit_code"] == 3
    assert values["failed"][0]["scene_id"] == "april-04"
    assert "seasons" not in values


def test_decisions_are_used_by_every_run_and_never_changed(
    sea: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    study, out = write_study(tmp_path, sea), tmp_path / "run"
    assert called(monkeypatch, "run", study, "--out", out) == 0
    names = list(read_table(out / "detections.parquet").detection_id)
    review = out / "review.geojson"
    decided = {"decision": "reject", "decided_at": "2024-12-01T00:00:00Z", "reviewer": "A"}
    features = [
        {"type": "Feature", "geometry": None, "properties": {"detection_id": name, **decided}}
        for name in (names[0], "of-other-weights")
    ]
    review.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    before = review.read_bytes(), review.stat().st_mtime_ns
    capsys.readouterr()
    for _ in range(2):
        assert called(monkeypatch, "run", study, "--out", out) == 0
        output = capsys.readouterr()
        reviews = [line for line in output.err.splitlines() if line.startswith("review")]
        assert reviews == [
            "review: no such detection here: of-other-weights (reject by A, 2024-12-01)"
        ]
        assert list(read_table(out / "detections.parquet").detection_id) == names
        visits = read_table(out / "visits.parquet")
        assert not any(names[0] in text for text in visits.detections)
        assert "0 accepted, 1 rejected" in " ".join(output.out.split())
    assert (review.read_bytes(), review.stat().st_mtime_ns) == before


def test_a_faulty_review_is_refused_before_anything_is_done(
    sea: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    study, out = write_study(tmp_path, sea), tmp_path / "run"
    out.mkdir()
    (out / "review.geojson").write_text("{}")
    assert called(monkeypatch, "run", study, "--out", out) == 1
    assert "is not a GeoJSON FeatureCollection" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["review.geojson"]


def test_hosts_of_the_own_network_are_those_of_the_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Study] = []

    def stopped(study: Study, *_: object, **__: object) -> None:
        asked.append(study)
        raise StudyError("stop; here")

    monkeypatch.setattr("gnomon.workflow.forecast.forecast", stopped)
    words = ("detect", "http://localhost:1/", "--out", tmp_path, "--hosts", "a.lab, b.lab:9000")
    assert called(monkeypatch, *words, "--dry-run") == 1
    assert asked[0].catalog.hosts == ("a.lab", "b.lab:9000")


def test_an_item_that_vanishes_from_the_catalogue_is_said_wherever_a_user_looks(
    season: Season,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cloudy = json.loads((season.folder / "may" / "may.json").read_text())
    items = [cloudy | {"id": f"may-{n}", "bbox": None} for n in range(3)]
    for n, item in enumerate(items):
        item["properties"] = item["properties"] | {"datetime": f"2024-05-0{n + 1}T02:12:00Z"}
    with Hostile() as server:
        search = pages_by_offset(items, 1, gone=0)
        server.answers = api(server.url, "sentinel-2-l2a", search)
        command = ("detect", server.url, "--hosts", "127.0.0.1", "--out", tmp_path)
        assert called(monkeypatch, *command) == 0
        note = f"everywhere: {server.url} listed 2 of the 3 items that it says match"
        assert f"note: {note}" in capsys.readouterr().err
        (written,) = json.loads((tmp_path / "run.json").read_text())["catalog_notes"]
        assert written.startswith(note)
        assert called(monkeypatch, *command, "--json") == 0
        assert strict_json(capsys.readouterr().out)["catalog_notes"] == [written]
        called(monkeypatch, *command, "--dry-run", "--json")
        assert strict_json(capsys.readouterr().out)["catalog_notes"] == [written]
