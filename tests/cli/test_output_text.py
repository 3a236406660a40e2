"""What commands print: progress only for a terminal, tables in 80 columns, text as it is."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from decisions import decision
from gnomon.cli import output_text
from gnomon.cli.output_text import (
    print_failed,
    print_files,
    print_notes,
    print_results,
    print_unmatched,
    progress_bar,
)
from gnomon.datamodel.decisions import Decision
from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import Detections, Observations
from gnomon.workflow.run import Results
from run_folders import ROWS, day, observation


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
    print_failed(outcome)
    print_notes(["[bold]" + "long " * 40 + "line"])
    made = Decision.model_validate(decision("a", note="[red]")["properties"])
    print_unmatched([made])
    print_files([Path("a/[b] c.parquet")])
    output = capsys.readouterr()
    assert output.out == "a/[b] c.parquet\n"
    assert output.err.splitlines() == [
        "failed: red: <broken>",
        "note: [bold]" + "long " * 40 + "line",
        "review: no such detection here: a (accept, 2024-12-01)",
    ]


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_shown_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, terminal: bool
) -> None:
    console = Console(stderr=True, force_terminal=terminal, width=100)
    monkeypatch.setattr(output_text, "err", console)
    with progress_bar("scenes") as show:
        show(1, 3, "april-04")
        show(3, 3, "april-24")
    text = capsys.readouterr().err
    assert ("3/3" in text and "scenes" in text and "april-24" in text) == terminal
    assert bool(text) == terminal


def test_counts_agree_with_the_tables(outcome: Any) -> None:
    """The table of ports adds up: the same observations and ships, each once."""
    ports = Results.by_port(outcome)
    assert ports[["observed", "failed", "skipped"]].to_numpy().sum() == len(outcome.observations)
    assert ports.ships.sum() == len(outcome.detections)
    assert ports.at_quay.sum() == pd.Series(outcome.detections.quayside).sum()
