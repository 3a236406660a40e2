"""The command line as a whole: help, exit codes, one line for an error."""

import inspect
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from commands import called, without_progress
from gnomon import cli
from gnomon.datamodel.errors import DEBUG, GnomonError

NAMES = [name for commands in cli.COMMANDS.values() for name in commands]


def test_help_of_every_command_has_an_example_and_fits_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for name in NAMES:
        assert called(monkeypatch, name, "--help") == 0
        text = capsys.readouterr().out
        assert "Example" in text, name
        assert f"gnomon {name} " in text[text.index("Example") :], name
        assert max(map(len, text.splitlines())) <= 80


def test_every_option_is_described() -> None:
    text = cli.app.generate_docs(output_format="markdown")
    options = [line for line in text.splitlines() if line.startswith("* `") and "](#" not in line]
    assert len(options) > 60
    undescribed = [line for line in options if not re.search(r"`: [\w`]", line)]
    assert undescribed == []


def examples(name: str) -> list[str]:
    """Commands in the help of a command, continued lines joined."""
    (command,) = (group[name] for group in cli.COMMANDS.values() if name in group)
    text = inspect.getdoc(command) or ""
    text = re.sub(r"\\\n\s+", "", text[text.index("Example") :].split("\nParameters")[0])
    lines = [line.removeprefix("Example: ").strip() for line in text.splitlines()]
    return [line for line in lines if line.startswith("gnomon ")]


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_understood_as_they_are_pasted(name: str) -> None:
    found = examples(name)
    assert any(line.startswith(f"gnomon {name}") for line in found)
    for line in found:
        cli.app.parse_args(shlex.split(line)[1:], exit_on_error=False, print_error=False)


def test_help_lists_every_command_in_its_group(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(monkeypatch, "--help") == 0
    text = capsys.readouterr().out
    places = [text.index(title) for title in cli.COMMANDS]
    assert places == sorted(places)
    assert all(f"\u2502 {name} " in text for name in NAMES)
    for code in ("0 done", "1 failed", "2 command line", "3 done in part", "130 interrupted"):
        assert code in " ".join(text.split())


def test_help_does_not_load_torch_or_rasters() -> None:
    """`gnomon --help` answers at once: what takes seconds to import waits for its command."""
    code = (
        "import sys, gnomon.cli\n"
        "heavy = {'torch', 'rasterio', 'matplotlib', 'geopandas', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    path = Path(cli.__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("run", "none.toml", "--out", "x"), "there is no such study"),
        (("detect", "none.json", "--out", "x"), "none.json"),
        (("detect", "c.json", "--out", "x", "--bbox", "3,0,1,1"), "--bbox 3,0,1,1: west 3"),
        (("detect", "c.json", "--out", "x", "--bbox", "3,0"), "--bbox 3,0: has 2 number(s)"),
        (("detect", "c.json", "--out", "x", "--bbox=-3,1,2,0"), "--bbox -3,1,2,0: south 1"),
        (("detect", "c.json", "--out", "x", "--bbox", "-3,1,2,0"), "--bbox -3,1,2,0: south 1"),
        (
            ("detect", "c.json", "--out", "x", "--start", "2024-05-02", "--end", "2024-05-01"),
            "--end 2024-05-01 lies before --start 2024-05-02",
        ),
        (("detect", "c.json", "--out", "x", "--model", "none"), "--model: none: no such weights"),
        (("evaluate", "none.json"), "none.json"),
        (("report", "none"), "is not the folder of a run"),
        (("serve", "none"), "is not the folder of a run"),
        (("export", "none", "--out", "x"), "is not the folder of a run"),
        (("train", "--out", "x"), "name catalogues of labelled scenes, or --chips"),
        (("catalog", "none", "--out", "x"), "none"),
    ],
)
def test_an_error_is_one_line_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    part: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert called(monkeypatch, *words) == 1
    output = capsys.readouterr()
    assert output.out == ""
    (line,) = without_progress(output.err).splitlines()
    assert line.startswith("gnomon: ")
    assert part in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("detct", "x"), "detct"),
        (("detect", "x", "--out", "y", "--start", "yesterday"), "--start"),
        (("detect", "x", "--out", "y", "--bbox"), "--bbox"),
        (("run", "x"), "--out"),
        (("serve", "x", "--port", "80000"), "--port"),
        (("chips", "x", "--out", "y", "--side", "-5"), "--side"),
        (("chips", "x", "--out", "y", "--empty", "-1"), "--empty"),
        (("train", "x", "--out", "y", "--steps", "0"), "--steps"),
        (("catalog", "x", "--out", "y", "--scale", "[/]"), "--scale"),
    ],
)
def test_a_command_line_that_is_not_understood_is_exit_code_2_and_names_what_was_typed(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    option: str,
) -> None:
    assert called(monkeypatch, *words) == 2
    output = capsys.readouterr()
    assert option in output.err
    assert output.out == ""


def test_errors_leave_standard_output_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(monkeypatch, "run", "none.toml", "--out", tmp_path / "x", "--json") == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert "there is no such study" in output.err


@pytest.mark.parametrize(
    ("error", "code"), [(GnomonError("[red]x"), 1), (KeyboardInterrupt(), 130)]
)
def test_errors_and_interrupts_of_a_command_become_exit_codes(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
) -> None:
    def failing(*_: object, **__: object) -> int:
        raise error

    monkeypatch.setattr("gnomon.simulate.embedded.write_embedded", failing)
    assert called(monkeypatch, "simulate", "x") == code
    expected = "gnomon: [red]x\n" if code == 1 else ""
    assert without_progress(capsys.readouterr().err) == expected


def failing_at_once(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def failing(*_: object, **__: object) -> int:
        raise error

    monkeypatch.setattr("gnomon.simulate.embedded.write_embedded", failing)


def test_sigterm_ends_a_command_as_ctrl_c_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def ended_from_outside(*_: object, **__: object) -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(10)
        return 0

    monkeypatch.setattr("gnomon.simulate.embedded.write_embedded", ended_from_outside)
    child = os.fork()
    if not child:
        try:
            os._exit(called(monkeypatch, "simulate", "x"))
        finally:
            os._exit(99)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 130


def test_an_error_that_nobody_expected_is_one_line_and_says_where_to_report_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing_at_once(monkeypatch, KeyError("[a] column\nof two lines"))
    assert called(monkeypatch, "simulate", "x") == 1
    (line,) = without_progress(capsys.readouterr().err).splitlines()
    assert line.startswith("gnomon: KeyError: '[a] column")
    assert "please report it" in line
    assert "--debug" in line


def test_debug_shows_where_an_error_happened_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(DEBUG, "")  # ends with the test
    failing_at_once(monkeypatch, ZeroDivisionError("at https://anna:word@example.org/x?sig=KEY"))
    assert called(monkeypatch, "simulate", "x", "--debug") == 1
    text = capsys.readouterr().err
    assert "Traceback" in text
    assert "ZeroDivisionError: at https://example.org/x\n" in text
    assert "KEY" not in text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied", "/root/x"), "/root/x: Permission denied"),
        (BrokenProcessPool("A process was terminated"), "likely for want of memory"),
    ],
)
def test_faults_of_the_machine_are_not_called_faults_of_gnomon(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    words: str,
) -> None:
    failing_at_once(monkeypatch, error)
    assert called(monkeypatch, "simulate", "x") == 1
    (line,) = without_progress(capsys.readouterr().err).splitlines()
    assert words in line
    assert "report" not in line


def test_a_reader_that_has_gone_is_no_error(tmp_path: Path) -> None:
    """As with ``gnomon labels FILE | head -0``."""
    environment = os.environ | {"PYTHONPATH": str(Path(cli.__file__).parents[2])}
    code = (
        "import sys, gnomon.cli as cli\n"
        "from gnomon.cli.output_text import console\n"
        "cli.app = lambda words: [console.print('x' * 1000) for _ in range(1000)] and 0\n"
        "cli.main()"
    )
    command = f'{sys.executable} -c "$CODE" | head -c 1 > /dev/null'
    done = subprocess.run(
        ["bash", "-c", command], env=environment | {"CODE": code}, capture_output=True, check=False
    )
    assert done.stderr == b""
