"""The commands for labels of one's own: what they write, say and refuse."""

import json
from pathlib import Path

import pytest

from chip_folders import edit, truth, write_run
from commands import called, without_progress
from gnomon.detect import weights
from gnomon.detect.centernet.network import Network, NetworkOptions
from gnomon.learn.labels import NAME


def test_from_a_run_to_labels_and_back(
    sea: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run, out = write_run(tmp_path / "run", sea, truth(sea)), tmp_path / "labels"
    words = ("chips", run, "--out", out, "--format", "yolo-obb")
    assert called(monkeypatch, *words) == 0
    count = len(truth(sea))
    said = capsys.readouterr().out
    assert f"{count} labels, {count} of them new" in said
    # What was decided in the YOLO folder is not overwritten.
    assert called(monkeypatch, *words) == 1
    assert "decisions are never overwritten" in capsys.readouterr().err
    assert called(monkeypatch, "labels", out / "yolo", "--to", "coco", "--out", out / "a.json") == 0
    assert called(monkeypatch, "labels", out / "a.json") == 0
    assert f"unreviewed     {count}" in capsys.readouterr().out
    assert called(monkeypatch, "labels", out, "--to", "coco") == 1
    assert "add --out, the file or folder to write" in capsys.readouterr().err


def test_machines_get_one_document(
    sea: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run, out = write_run(tmp_path / "run", sea, truth(sea)), tmp_path / "labels"
    words = ("chips", run, "--out", out, "--format", "coco", "--json")
    assert called(monkeypatch, *words) == 0
    told, count = json.loads(capsys.readouterr().out), len(truth(sea))
    assert (told["command"], told["labels"], told["new"]) == ("chips", count, count)
    assert told["files"] == [str(out / NAME), str(out / "coco.json")]
    assert told["left_out"] == []
    assert called(monkeypatch, "labels", out, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["labels"], told["files"]) == ({"unreviewed": count}, [])


def test_faulty_rows_are_named_and_nothing_is_trained(
    sea: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run, out = write_run(tmp_path / "run", sea, truth(sea)), tmp_path / "labels"
    called(monkeypatch, "chips", run, "--out", out)
    edit(out, {"april-04-0": {"status": "yes"}, "april-24-1": {"length_m": -1}})
    train = ("train", "--chips", out, "--out", tmp_path / "m")
    for words in (("labels", out), ("chips", run, "--out", out), train):
        capsys.readouterr()
        # Weights are looked for first; these have learned nothing.
        blank = weights.uncalibrated(Network(NetworkOptions(widths=(4, 8, 8, 8))))
        monkeypatch.setattr("gnomon.detect.weights.load", lambda _, blank=blank: blank)
        assert called(monkeypatch, *words) == 1
        head, first, second = without_progress(capsys.readouterr().err).splitlines()
        assert head.startswith(f"gnomon: {out / NAME}: 2 fault")
        assert "feature 1 (april-04-0): status is 'yes'" in first
        assert "(april-24-1): length_m is -1: should be greater than 0" in second
    assert not (tmp_path / "m").exists()
    assert called(monkeypatch, "train", "--out", tmp_path / "m") == 1
    assert "name catalogues of labelled scenes, or --chips" in capsys.readouterr().err
