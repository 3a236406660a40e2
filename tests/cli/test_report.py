"""`gnomon report` and `gnomon serve` as a reader calls them."""

import json
import socket
import threading
import urllib.request
from pathlib import Path

import pytest

from commands import called, strict_json, without_progress
from gnomon.report.page.serve import ReviewServer
from run_folders import write_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run")


def test_the_page_is_written_beside_the_tables_and_its_path_printed(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(monkeypatch, "report", run, "--no-pictures") == 0
    assert capsys.readouterr().out == f"{run / 'report.html'}\n"
    assert (run / "report.html").read_text().startswith("<!doctype html>")


def test_missing_tables_are_noted_on_standard_error(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "ledger.parquet").unlink()
    out = run.parent / "page.html"
    words = ("report", run, "--no-pictures", "--out", out, "--json")
    assert called(monkeypatch, *words) == 0
    output = capsys.readouterr()
    document = strict_json(output.out)
    assert document["notes"] == ["ledger.parquet is missing: barrels are not estimated"]
    assert without_progress(output.err) == f"note: {document['notes'][0]}\n"
    assert document["files"] == [str(out)]
    assert document["bytes"] == out.stat().st_size


def test_a_large_page_is_pointed_out(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("gnomon.report.page.shell.MAX_BYTES", 1000)
    assert called(monkeypatch, "report", run, "--no-pictures") == 0
    assert "--no-pictures makes a small one" in capsys.readouterr().err


def test_serve_writes_a_page_if_there_is_none_and_answers_until_interrupted(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers: list[bytes] = []

    def serve_forever(server: ReviewServer) -> None:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with urllib.request.urlopen(f"{server.url}review.geojson", timeout=10) as answer:
            answers.append(answer.read())
        thread.join()
        raise KeyboardInterrupt

    monkeypatch.setattr(ReviewServer, "serve_forever", serve_forever)
    assert called(monkeypatch, "serve", run, "--port", 0, "--no-pictures") == 0
    assert json.loads(answers[0]) == {"type": "FeatureCollection", "features": []}
    page = run / "report.html"
    written = page.stat().st_mtime_ns
    url = capsys.readouterr().out.splitlines()[-1]
    assert url.startswith("http://127.0.0.1:")
    assert url.endswith("(Ctrl-C stops it)")
    assert called(monkeypatch, "serve", run, "--port", 0, "--no-pictures") == 0
    assert page.stat().st_mtime_ns == written  # current, so not written again


def test_a_port_that_is_taken_is_named(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert called(monkeypatch, "serve", run, "--port", port, "--no-pictures") == 1
    (line,) = [one for one in capsys.readouterr().err.splitlines() if one.startswith("gnomon: ")]
    assert line.startswith(f"gnomon: port {port}: Address already in use; choose another")
