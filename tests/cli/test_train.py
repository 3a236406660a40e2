"""`gnomon train` and `gnomon evaluate`: options as the library gets them, and what is printed.

Training itself is tested in tests/learn.
"""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from commands import called, without_progress
from gnomon.learn.finetune import FinetuneOptions

MODEL = SimpleNamespace(label="my-vessel 0.3.0", calibration=SimpleNamespace(threshold=0.31))


def test_finetuning_holds_out_what_is_named_and_prints_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given: dict[str, Any] = {}

    def finetune(folder: Path, out: Path, **options: Any) -> SimpleNamespace:
        given.update(options, folder=folder)
        out.mkdir()
        (out / "card.md").write_text("# [my] card\n")
        return MODEL

    monkeypatch.setattr("gnomon.learn.finetune.finetune", finetune)
    monkeypatch.chdir(tmp_path)
    words = ("train", "c.json", "--chips", "labels", "--out", "model", "--hold", "rajin, nampo",
             "--seed", 7, "--version", "0.3.0")  # fmt: skip
    assert called(monkeypatch, *words) == 0
    output = capsys.readouterr()
    assert output.out == "model: my-vessel 0.3.0, threshold 0.31\n# [my] card\n\n"
    assert given["folder"] == Path("labels")
    assert given["catalogs"] == [str(tmp_path / "c.json")]
    assert given["options"] == FinetuneOptions(hold=("rajin", "nampo"), seed=7)
    assert given["version"] == "0.3.0"


def test_evaluation_prints_markdown_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = "| port | recall |\n|---|---|\n| [rajin] | 0.91 |" + " " * 100 + "|"
    monkeypatch.setattr(
        "gnomon.learn.scores.score_table",
        lambda model, catalog, **_: f"{model} {catalog}\n{table}",
    )
    assert called(monkeypatch, "evaluate", "labelled.json", "--model", "my-vessel") == 0
    assert capsys.readouterr().out == f"my-vessel labelled.json\n{table}\n"


def test_an_existing_folder_of_weights_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights.safetensors").write_bytes(b"mine")
    words = ("train", tmp_path / "none.json", "--out", tmp_path / "model")
    assert called(monkeypatch, *words) == 1
    output = capsys.readouterr()
    assert without_progress(output.err).startswith("gnomon: ")
    assert (tmp_path / "model" / "weights.safetensors").read_bytes() == b"mine"
