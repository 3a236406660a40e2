"""What commands print: results on standard output, progress and errors on standard error.

Tables fit into 80 columns.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from gnomon.cli.reasons import EXAMPLES, ReasonCount
from gnomon.datamodel.errors import TableError

if TYPE_CHECKING:
    from gnomon.datamodel.decisions import Decision
    from gnomon.workflow.checking import FileCheck
    from gnomon.workflow.infer import Inference
    from gnomon.workflow.run import Results

# Square brackets and colons in names, paths and reasons are text, and no markup of rich.
console = Console(highlight=False, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, markup=False, emoji=False)
SIMULATED = "These scenes are SIMULATED: they show the method, not the world."


def print_notes(notes: Iterable[str]) -> None:
    """Print on standard error what was missing."""
    for note in notes:
        err.print(f"note: {note}", soft_wrap=True)


def print_files(files: Iterable[Path]) -> None:
    """Print the paths that were written, one a line."""
    for path in files:
        console.print(str(path), soft_wrap=True)


def print_results(results: "Results") -> None:
    """Print what was observed and found, port by port."""
    import pandas as pd

    table = Table(box=None, pad_edge=False)
    table.add_column("port")
    for name in ("observed", "failed", "too cloudy", "clear water", "ships", "at a quay"):
        table.add_column(name, justify="right")
    for row in results.by_port().itertuples():
        clear = "-" if pd.isna(row.usable_fraction) else f"{row.usable_fraction:.0%}"
        counts = (row.observed, row.failed, row.skipped)
        ships = (row.ships, row.at_quay)
        table.add_row(
            str(row.Index), *(f"{n:d}" for n in counts), clear, *(f"{n:.0f}" for n in ships)
        )
    console.print(table)
    if results.simulated:
        console.print(SIMULATED)
    count = len(results.observations)
    console.print(f"{count} observations, {results.new} of them new; {len(results.failed)} failed")


def print_damaged(damaged: Sequence[str]) -> None:
    """Print on standard error which results of earlier runs were not whole, some by name."""
    if damaged:
        were = "result was" if len(damaged) == 1 else "results were"
        more = len(damaged) - EXAMPLES
        err.print(f"{len(damaged)} {were} damaged in the store and made again", soft_wrap=True)
        for line in [*damaged[:EXAMPLES], *([f"and {more} more"] if more > 0 else [])]:
            err.print(f"  {line}", soft_wrap=True)


def print_reasons(
    reasons: Iterable[ReasonCount], thing: str, *, what: str = "", named: bool = False
) -> None:
    """Print on standard error how often something happened, why, and what helps.

    Parameters
    ----------
    reasons
        From `gnomon.cli.reasons`.
    thing
        What is counted, in the singular.
    what
        What happened to it.
    named
        Whether a few of them are named, on a line of their own.

    """
    for one in reasons:
        err.print(one.text(thing, what), soft_wrap=True)
        if named:
            err.print(f"  {one.named()}", soft_wrap=True)


def print_unmatched(decisions: Iterable["Decision"]) -> None:
    """Print on standard error which decisions of an analyst match no detection."""
    for decision in decisions:
        err.print(f"review: no such detection here: {decision}", soft_wrap=True)


def print_inference(inference: "Inference") -> None:
    """Print visits, direction of trade, barrels and the cap, in 80 columns."""
    from gnomon.cli.output_ledger import ledger_lines, season_cells
    from gnomon.cli.output_passes import observer_lines

    table = Table(box=None, pad_edge=False)
    names = ("port", "visits 90 %", "middle", "seen", "H.-T.", "Little", "Chapman", "direction")
    for name in names:
        table.add_column(name, justify="left" if name in ("port", "direction") else "right")
    for cells in season_cells(inference.tracked.seasons):
        table.add_row(*cells)
    console.print(table)
    lines = ledger_lines(inference.ledger, inference.tracked.seasons)
    lines += observer_lines(inference.tracked.seasons, inference.tracked.further_passes)
    for line in lines:
        console.print(line, soft_wrap=True, markup=False)


def print_check(check: "FileCheck") -> None:
    """Print what was understood of a file."""
    rows = f", {check.rows:,} row{'' if check.rows == 1 else 's'}" if check.kind != "study" else ""
    form = f" ({check.form})" if check.form else ""
    console.print(f"{check.path}: {check.kind}{rows}{form}", soft_wrap=True)
    for name, text in _check_lines(check):
        if text:
            console.print(f"  {name:<9} {text}", soft_wrap=True)


def print_faults(check: "FileCheck") -> None:
    """Print on standard error what is wrong with a file, and how much more of it there is."""
    more = len(check.faults) - TableError.SHOWN
    rest = [f"{check.path}: and {more:,} more"] if more > 0 else []
    for line in [*check.faults[: TableError.SHOWN], *rest]:
        err.print(line, soft_wrap=True)


def _check_lines(check: "FileCheck") -> Iterator[tuple[str, str]]:
    refused = bool(check.faults)  # nothing is said of how it would be used
    for use, lacking in () if refused else check.uses.items():
        yield (
            use.removeprefix("gnomon "),
            f"lacks {', '.join(lacking)}" if lacking else "can use it",
        )
    named = (ours if ours == t else f"{ours} ({t})" for ours, t in check.columns.items())
    yield "columns", ", ".join(named)
    yield "unused", ", ".join(check.unused)
    yield "places", check.place
    if check.bounds_deg:
        west, south, east, north = check.bounds_deg
        yield "", f"longitude {west:.4f} to {east:.4f}, latitude {south:.4f} to {north:.4f}"
    if check.start and check.end:
        yield "times", f"{check.start:%Y-%m-%d %H:%M} to {check.end:%Y-%m-%d %H:%M} UTC"
    counted = check.kind != "study"
    yield "ports", ", ".join(f"{n} {m:,}" if counted else n for n, m in check.ports.items())
    if check.inside is not None:
        yield "", f"{check.inside:,} ships lie inside the areas of their ports"
    for kind, lines in () if refused else (("missing", check.missing), ("note", check.notes)):
        for line in lines:
            yield kind, line.removeprefix(f"{check.path}: ")
