"""The command line: one line for a fault, exit codes as documented, tables that fit."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from commands import called
from gnomon.datamodel.files import read_table
from run_folders import write_review, write_run


def test_detect_ends_with_a_short_table(
    sea: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert called(monkeypatch, "detect", sea, "--out", tmp_path, "--pictures") == 0
    said = capsys.readouterr()
    assert "SIMULATED" in said.out
    assert said.out.strip().splitlines()[-1] == "3 observations, 3 of them new; 0 failed"
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
    assert said.out.strip().endswith("1 observations, 1 of them new; 1 failed")
    assert said.err.startswith("failed: april-04")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "none.toml", "--out", "x"), "there is no such study"),
        (("detect", "none.json", "--out", "x"), "none.json"),
        (("detect", "c.json", "--out", "x", "--bbox", "3,0,1,1"), "west, south, east, north"),
        (("detect", "c.json", "--out", "x", "--bbox", "3,0"), "bbox"),
        (("evaluate", "none.json"), "none.json"),
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


# --- for machines -------------------------------------------------------------------------------


def document(text: str) -> dict[str, Any]:
    """The one JSON document that there is; NaN and Infinity are not JSON."""

    def refused(word: str) -> None:
        raise AssertionError(word)

    value = json.loads(text, parse_constant=refused)
    assert isinstance(value, dict)
    return value


def written_study(folder: Path, catalog: Path) -> Path:
    path = folder / "study.toml"
    path.write_text(
        f'name = "bay"\n[catalog]\nurl = "{catalog}"\n[track]\nmembers = 16\ndraws = 20\n'
        "[ledger]\nsamples = 100\n"
    )
    return path


def test_run_and_track_say_one_document_and_nothing_else(
    sea: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    study, out = written_study(tmp_path, sea), tmp_path / "run"
    assert called(monkeypatch, "run", study, "--out", out, "--json") == 0
    said = capsys.readouterr()
    told = document(said.out)
    assert said.err == ""
    assert (told["command"], told["exit_code"], told["simulated"]) == ("run", 0, True)
    assert told["observations"] == {"all": 3, "new": 3, "observed": 3, "skipped": 0, "failed": 0}
    assert (
        told["ports"][0]["ships"]
        == told["detections"]
        == len(read_table(out / "detections.parquet"))
    )
    assert all(Path(path).is_file() for path in told["files"])
    assert {"detections.parquet", "visits.parquet"} <= {Path(p).name for p in told["files"]}
    assert told["seasons"][0]["start"].endswith("Z")
    assert told["review"] == {"held": 0, "lost": []}
    words = ("--detections", out / "detections.parquet")
    words += ("--observations", out / "observations.parquet")
    assert called(monkeypatch, "track", *words, "--study", study, "--out", out, "--json") == 0
    again = document(capsys.readouterr().out)
    assert {k: again[k] for k in ("visits", "seasons", "ledger")} == {
        k: told[k] for k in ("visits", "seasons", "ledger")
    }


def test_faults_leave_standard_output_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(monkeypatch, "run", "none.toml", "--out", tmp_path / "x", "--json") == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "there is no such study" in said.err


def test_failed_looks_are_in_the_document_and_on_standard_error(
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
    said = capsys.readouterr()
    told = document(said.out)
    assert said.err.startswith("failed: april-04")
    assert told["exit_code"] == 3
    assert told["failed"][0]["scene_id"] == "april-04"
    assert "seasons" not in told


# --- an analyst's decisions ---------------------------------------------------------------------


def test_decisions_outlive_every_run_and_are_never_written_to(
    sea: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    study, out = written_study(tmp_path, sea), tmp_path / "run"
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
        said = capsys.readouterr()
        assert said.err == (
            "review: no such detection here: of-other-weights (reject by A, 2024-12-01)\n"
        )
        assert list(read_table(out / "detections.parquet").detection_id) == names
        visits = read_table(out / "visits.parquet")
        assert not any(names[0] in text for text in visits.detections)
        assert "0 accepted, 1 rejected" in " ".join(said.out.split())
    assert (review.read_bytes(), review.stat().st_mtime_ns) == before


def test_a_faulty_review_is_refused_before_anything_is_done(
    sea: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    study, out = written_study(tmp_path, sea), tmp_path / "run"
    out.mkdir()
    (out / "review.geojson").write_text("{}")
    assert called(monkeypatch, "run", study, "--out", out) == 1
    assert "is not a GeoJSON FeatureCollection" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["review.geojson"]


def test_track_takes_a_review_from_anywhere(
    sea: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    study, out = written_study(tmp_path, sea), tmp_path / "run"
    assert called(monkeypatch, "detect", sea, "--out", out) == 0
    review = write_review(tmp_path, detection_id="nobody", reviewer="B")
    words = ("--detections", out / "detections.parquet")
    words += ("--observations", out / "observations.parquet")
    words = (*words, "--study", study, "--out", tmp_path / "own", "--review", review)
    capsys.readouterr()
    assert called(monkeypatch, "track", *words, "--json") == 0
    said = capsys.readouterr()
    (lost,) = document(said.out)["review"]["lost"]
    assert (lost["detection_id"], lost["reviewer"]) == ("nobody", "B")
    assert said.err.startswith("review: no such detection here: nobody (accept by B")
    write_review(tmp_path, decided_at="yesterday")
    assert called(monkeypatch, "track", *words) == 1
    fault, line = capsys.readouterr().err.strip().splitlines()
    assert "1 fault(s)" in fault
    assert "decided_at" in line


# --- exports ------------------------------------------------------------------------------------


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
    said = capsys.readouterr()
    told = document(said.out)
    ships = read_table(run / "detections.parquet")
    assert told["rows"] == {"detections": len(ships), "observations": 3}
    assert said.err.count("note: ") == len(told["notes"]) == 4
    assert "visits.parquet is missing" in said.err
    assert set(told["files"]) == {str(path) for path in out.rglob("*") if path.is_file()}
    with zipfile.ZipFile(out / "gnomon.kmz") as kmz:
        pictures = [name for name in kmz.namelist() if name.startswith("pictures/")]
    assert len(pictures) == len(ships)
    items = [json.loads(path.read_text()) for path in out.glob("stac/*/*.json")]
    links = {i["id"]: [n["href"] for n in i["links"] if n["rel"] == "derived_from"] for i in items}
    found = [len(json.loads(p.read_text())["features"]) for p in out.glob("stac/*/*.geojson")]
    assert sum(found) == len(ships)
    for name, (href,) in links.items():
        source = (out / "stac" / name / href).resolve()
        assert json.loads(source.read_text())["id"] == name.removesuffix("-everywhere")


def test_pictures_that_cannot_be_had_are_exit_code_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = write_run(tmp_path / "run", catalog=str(tmp_path / "gone.json"))
    assert called(monkeypatch, "export", run, "--out", tmp_path / "a", "--formats", "kml") == 3
    said = capsys.readouterr()
    assert said.err.startswith("note: no pictures: ")
    assert said.out.splitlines()[0].split() == ["detections", "3"]
    assert max(map(len, said.out.splitlines()[:-1])) <= 80
    words = ("--out", tmp_path / "b", "--formats", "kml", "--no-pictures")
    assert called(monkeypatch, "export", run, *words) == 0
    assert called(monkeypatch, "export", run, "--out", tmp_path / "c", "--formats", "shp") == 1
    assert "unknown format shp" in capsys.readouterr().err
    assert called(monkeypatch, "export", tmp_path, "--out", tmp_path / "c") == 1
    assert "is not the folder of a run" in capsys.readouterr().err
    assert not (tmp_path / "c").exists()
