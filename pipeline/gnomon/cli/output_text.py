"""What the commands say on the terminal: progress and faults on standard error, results on output.

Tables fit 80 columns.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from gnomon.datamodel.decisions import Decision
    from gnomon.workflow.infer import Inference
    from gnomon.workflow.run import Outcome

console = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@contextmanager
def progress(unit: str = "observations") -> Iterator[Callable[[int, int, str], None]]:
    """A bar on standard error where somebody watches; silence in a pipe."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn(unit),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[scene]}"),
    )
    with Progress(*columns, console=err, disable=not err.is_terminal) as bar:
        task = bar.add_task(unit, scene="", total=None)
        yield lambda done, total, scene: bar.update(task, completed=done, total=total, scene=scene)


def tell_run(outcome: "Outcome", files: list[Path]) -> None:
    """Say what was looked at and found, port by port."""
    import pandas as pd

    table = Table(box=None, pad_edge=False)
    table.add_column("port")
    for name in ("observations", "failed", "too cloudy", "clear water", "ships", "at a quay"):
        table.add_column(name, justify="right")
    for row in outcome.by_port().itertuples():
        clear = "-" if pd.isna(row.usable_fraction) else f"{row.usable_fraction:.0%}"
        counts = (row.observed, row.failed, row.skipped)
        ships = (row.ships, row.at_quay)
        table.add_row(row.Index, *(f"{n:d}" for n in counts), clear, *(f"{n:.0f}" for n in ships))
    console.print(table)
    if outcome.simulated:
        console.print("These scenes are SIMULATED: they show the method, not the world.")
    for path in files:
        console.print(str(path), soft_wrap=True)
    done = len(outcome.observations)
    console.print(f"{done} looks, {outcome.new} of them new; {len(outcome.failed)} failed")


def tell_failed(outcome: "Outcome") -> None:
    """Say on standard error which looks failed, and why."""
    for reason in outcome.failed.reason:
        err.print(f"failed: {reason}", soft_wrap=True, markup=False)


def tell_lost(decisions: Iterable["Decision"]) -> None:
    """Say on standard error which decisions of analysts found no detection."""
    for one in decisions:
        err.print(f"review: no such detection here: {one}", soft_wrap=True, markup=False)


def tell_ledger(found: "Inference") -> None:
    """Say how many visits, which way, how many barrels, and against the cap; 80 columns."""
    from gnomon.ledger.summary import ledger_lines, season_lines

    table = Table(box=None, pad_edge=False)
    for name in ("port", "visits", "90 %", "seen", "H.-T.", "Little", "Chapman", "direction"):
        table.add_column(name, justify="left" if name in ("port", "direction") else "right")
    for cells in season_lines(found.tracked.seasons):
        table.add_row(*cells)
    console.print(table)
    for line in ledger_lines(found.ledger, found.tracked.seasons):
        console.print(line, soft_wrap=True)
    for path in found.files:
        console.print(str(path), soft_wrap=True)
