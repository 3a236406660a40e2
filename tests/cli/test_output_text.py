"""What commands print: tables in 80 columns, text as it is, no markup anywhere."""

import io
import re
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from decisions import decision
from gnomon.cli import output_text
from gnomon.cli.output_text import (
    print_files,
    print_inference,
    print_notes,
    print_reasons,
    print_results,
    print_unmatched,
)
from gnomon.cli.progress import stages
from gnomon.cli.reasons import ReasonCount, results_reasons
from gnomon.datamodel.decisions import Decision
from gnomon.datamodel.ledger_tables import Ledger
from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import Detections, Observations, Seasons
from gnomon.workflow.run import Results
from run_folders import ROWS, day, ledger, observation, season


def outcome_of(observations: list[dict[str, Any]], ships: list[dict[str, Any]]) -> Any:
    """A finished run with these rows."""
    frames = table(Detections, ships), table(Observations, observations)
    outcome = SimpleNamespace(detections=frames[0], observations=frames[1], new=2, planned=())
    outcome.failed = frames[1][frames[1].status == "failed"]
    outcome.simulated = bool(frames[1].collection.str.startswith("synthetic").any())
    outcome.by_port = lambda: Results.by_port(outcome)  # type: ignore[arg-type]
    return outcome


@pytest.fixture
def outcome() -> Any:
    return outcome_of(ROWS["observations"][1], ROWS["detections"][1])


def test_a_port_is_a_row_with_its_counts(outcome: Any, capsys: pytest.CaptureFixture[str]) -> None:
    print_results(outcome)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [
        "port", "observed", "failed", "too", "cloudy", "clear", "water", "ships", "at", "a", "quay",
    ]  # fmt: skip
    rows = {line.split()[0]: line.split()[1:] for line in lines[1:3]}
    assert rows == {
        "everywhere": ["1", "0", "0", "83%", "0", "0"],
        "rajin": ["2", "1", "0", "83%", "3", "2"],
    }
    assert lines[-1] == "4 observations, 2 of them new; 1 failed"
    assert max(map(len, lines)) <= 80


def test_a_port_that_was_never_seen_has_no_clear_water(capsys: pytest.CaptureFixture[str]) -> None:
    failed = [observation("a", day(0), status="failed", reason="x", usable_fraction=None)]
    print_results(outcome_of(failed, []))
    assert capsys.readouterr().out.splitlines()[1].split() == [
        "rajin",
        "0",
        "1",
        "0",
        "-",
        "0",
        "0",
    ]


def test_simulated_scenes_are_marked(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [observation("a", day(0), collection="synthetic-sentinel-2")]
    print_results(outcome_of(rows, []))
    assert output_text.SIMULATED in capsys.readouterr().out


def test_reasons_and_notes_are_printed_as_they_are(
    outcome: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Square brackets are not markup, and long lines are not broken."""
    print_reasons(results_reasons(outcome)["failed"], "image", what="failed", named=True)
    print_notes(["[bold]" + "long " * 40 + "line"])
    made = Decision.model_validate(decision("a", note="[red]")["properties"])
    print_unmatched([made])
    print_files([Path("a/[b] c.parquet")])
    output = capsys.readouterr()
    assert output.out == "a/[b] c.parquet\n"
    assert output.err.splitlines() == [
        "1 image failed: red: <broken>",
        "  S2A_broken",
        "note: [bold]" + "long " * 40 + "line",
        "review: no such detection here: a (accept, 2024-12-01)",
    ]


@pytest.mark.parametrize("name", ["[a]x[/]", "[/]", "[bold]", ":ship:", "[link=x]y"])
def test_no_name_or_text_is_taken_for_markup(
    outcome: Any, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every function that prints gets a name in each place where users and providers write one."""
    outcome.observations = outcome.observations.assign(port=name)
    outcome.detections = outcome.detections.assign(port=name)
    print_results(outcome)
    print_notes([name])
    print_unmatched([Decision.model_validate(decision(name, note=name)["properties"])])
    print_files([Path("runs") / name])
    count = ReasonCount(count=1, reason=name, remedy=name, examples=(name,))
    print_reasons([count], "image", what=name, named=True)
    seasons = table(Seasons, [season() | {"port": name, "notes": name}])
    tracked = SimpleNamespace(seasons=seasons, further_passes=table(*ROWS["further_passes"]))
    print_inference(SimpleNamespace(tracked=tracked, ledger=table(Ledger, [ledger()])))  # type: ignore[arg-type]
    output = capsys.readouterr()
    ports = [line for line in output.out.splitlines() if line.startswith(name)]
    assert len(ports) >= 3  # of the run, of the season, and of the note
    assert str(Path("runs") / name) in output.out
    assert [line.count(name) for line in output.err.splitlines()] == [1, 1, 3, 1]


def test_commands_print_by_the_two_consoles_without_markup() -> None:
    folder = Path(output_text.__file__).parent
    made = {p.name: re.findall(r"Console\((.*)\)", p.read_text()) for p in folder.glob("*.py")}
    found = {name: calls for name, calls in made.items() if calls}
    assert list(found) == ["output_text.py"]
    assert len(found["output_text.py"]) == 2
    assert all("markup=False" in call for call in found["output_text.py"])
    assert not [p for p in folder.glob("*.py") if re.search(r"(?<!\.)\bprint\(", p.read_text())]


def test_progress_takes_no_name_for_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    for terminal in (True, False):
        file = io.StringIO()
        console = Console(file=file, force_terminal=terminal, width=200, markup=False)
        monkeypatch.setattr(output_text, "err", console)
        with stages() as begin:
            begin("[a]x[/]: opening scenes")(1, 2, "[b]y[/]")
            time.sleep(0.2)
        assert "[a]x[/]: opening scenes" in file.getvalue()
        assert "[b]y[/]" in file.getvalue()


def test_counts_agree_with_the_tables(outcome: Any) -> None:
    """The table of ports adds up: the same observations and ships, each once."""
    ports = Results.by_port(outcome)
    assert ports[["observed", "failed", "skipped"]].to_numpy().sum() == len(outcome.observations)
    assert ports.ships.sum() == len(outcome.detections)
    assert ports.at_quay.sum() == pd.Series(outcome.detections.quayside).sum()
