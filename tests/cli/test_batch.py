"""`gnomon plan`, `observe` and `gather`: lines that a shell can use, in processes that may die."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from commands import called, strict_json, without_progress, write_study
from gnomon import cli

GNOMON = (sys.executable, "-c", "import sys; from gnomon.cli import main; main()")


@pytest.fixture
def run_folder(sea: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a study of three scenes lies, and where its shell stands."""
    monkeypatch.chdir(tmp_path)
    write_study(tmp_path, sea)
    return tmp_path


def test_a_plan_is_a_table_for_people_and_lines_for_machines(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("plan", "study.toml", "--out", "runs/a b")
    assert called(monkeypatch, *words, "--tasks", "tasks.jsonl") == 0
    printed = capsys.readouterr()
    assert max(map(len, printed.out.splitlines())) <= 80
    assert re.search(r"Memory: about \S+ .B a process\.", printed.out)
    assert "Nothing is missing. gnomon observe does the tasks" in " ".join(printed.out.split())
    assert without_progress(printed.err) == "3 tasks: tasks.jsonl\n"
    assert called(monkeypatch, *words, "--tasks", "-") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split('"bytes"')[0] == Path("tasks.jsonl").read_text().split('"bytes"')[0]
    for number, line in enumerate(map(strict_json, lines), start=1):
        assert line["task"] == "observe"
        assert line["output"] == f"store/{line['digest']}"
        assert line["bytes"] > 10_000
        assert line["seconds"] > 1
        assert 1e8 < line["memory_bytes"] < 1e10
        words = tuple(shlex.split(line["command"]))
        assert words[-2:] == ("--task", f"tasks.jsonl:{number}")
        assert words[3:5] == ("--out", "runs/a b")
        cli.app.parse_args(words[1:], exit_on_error=False, print_error=False)
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("plan", "study.toml", "--tasks", "t"), "--tasks: needs --out"),
        (("plan", "study.toml", "--out", "o", "--tasks", "-", "--json"), "name a file"),
        (("observe", "study.toml", "--out", "o", "--task", "t:1"), "t: cannot be read"),
        (("observe", "study.toml", "--out", "o", "--task", "{}"), "is no task"),
        (("observe", "study.toml", "--out", "o", "--task", "rm -rf"), "give FILE:N"),
    ],
)
@pytest.mark.usefixtures("run_folder")
def test_what_cannot_be_done_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    why: str,
) -> None:
    assert called(monkeypatch, *words) == 1
    (line,) = without_progress(capsys.readouterr().err).splitlines()
    assert why in line


def test_a_task_that_fails_and_one_that_was_not_done_are_exit_code_3(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("study.toml", "--out", "out")
    assert called(monkeypatch, "plan", *words, "--tasks", "t") == 0
    lines = [json.loads(line) for line in Path("t").read_text().splitlines()]
    study = Path("study.toml")
    study.write_text(study.read_text() + '[detect.models]\noptical = "none"\n')
    assert called(monkeypatch, "observe", *words, "--task", "t:1") == 1  # there are none such
    write_study(run_folder, json.loads(json.dumps(str(_catalog(study)))))
    capsys.readouterr()
    assert called(monkeypatch, "gather", *words, "--json") == 3
    document = strict_json(capsys.readouterr().out)
    assert (document["command"], document["exit_code"]) == ("gather", 3)
    assert [row["scene_id"] for row in document["failed"]] == [
        line["inputs"]["scene"]["id"] for line in lines
    ]
    (reason,) = document["reasons"]["failed"]
    assert reason["reason"] == "has no result yet"
    assert reason["remedy"] == "do its task, and gather again"


def _catalog(study: Path) -> str:
    (url,) = re.findall(r'url = "(.+)"', study.read_text())
    return str(url)


@pytest.mark.slow
def test_xargs_does_the_tasks_and_a_killed_one_again(run_folder: Path) -> None:
    """Two at a time, after one was killed as it began: the tables of `gnomon run`."""
    environment = os.environ | {"PYTHONPATH": str(Path(cli.__file__).parents[2])}

    def gnomon(*words: str) -> None:
        subprocess.run([*GNOMON, *words], check=True, env=environment, capture_output=True)

    words = ("study.toml", "--out", "parts")
    gnomon("plan", *words, "--tasks", "tasks.jsonl")
    observe = [*GNOMON, "observe", *words, "--task"]
    with subprocess.Popen(
        [*observe, "tasks.jsonl:2"], env=environment, stderr=subprocess.PIPE, text=True
    ) as killed:
        assert killed.stderr is not None
        for line in killed.stderr:
            if line.startswith("doing tasks"):
                killed.send_signal(signal.SIGKILL)
                break
    assert killed.returncode == -signal.SIGKILL
    subprocess.run(
        ["xargs", "-P", "2", "-I", "N", *observe, "tasks.jsonl:N"],
        input="1\n2\n3\n", text=True, check=True, env=environment, capture_output=True,
    )  # fmt: skip
    gnomon("gather", *words)
    gnomon("run", "study.toml", "--out", "whole")
    tables = sorted(path.name for path in Path("whole").glob("*.parquet"))
    assert len(tables) > 9
    for name in tables:
        assert (Path("parts") / name).read_bytes() == (Path("whole") / name).read_bytes()
