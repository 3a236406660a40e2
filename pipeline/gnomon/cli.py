"""The command line: words in, words out, no logic.

Exit codes: 0 all is well; 1 it could not be done, one line says why; 2 the command was not
understood; 3 it was done, but looks failed (their reasons are in looks.parquet); 130 interrupted.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import App
from rich.console import Console
from rich.table import Table

from gnomon.errors import GnomonError, StudyError

if TYPE_CHECKING:
    from gnomon.follow import Followed
    from gnomon.run import Outcome
    from gnomon.study import Study

app = App(
    name="gnomon",
    help="From satellite images of oil ports to ships, with an uncertainty that is true.",
    help_epilogue="Exit codes: 0 done, 1 could not be done, 2 not understood, 3 done but looks "
    "failed, 130 interrupted.",
)
console = Console(highlight=False)
err = Console(stderr=True, highlight=False)

FAILED, INTERRUPTED = 3, 130


@app.command
def run(
    study: Path,
    /,
    *,
    out: Path,
    catalog: str | None = None,
    pictures: bool = False,
) -> int:
    """Run a study: search its catalogue, look at its ports, write what was found.

    Writes detections.parquet (one row per hull), looks.parquet (one row per scene and port,
    whatever was found) and run.json (what it rests on); then visits.parquet, seasons.parquet,
    voyages.parquet and ledger.parquet. Running again does nothing twice.

    Parameters
    ----------
    study
        A TOML file, such as configs/vostochny-2024.toml.
    out
        Folder for the results.
    catalog
        Use this STAC API or static catalogue instead of the study's.
    pictures
        Also draw every look that has ships, into OUT/pictures.

    """
    from gnomon.study import read_study

    chosen = read_study(study)
    if catalog:
        place = catalog if "://" in catalog else str(Path(catalog).resolve())
        source = chosen.catalog.model_copy(update={"url": place})
        chosen = chosen.model_copy(update={"catalog": source})
    return _run(chosen, out, pictures=pictures, onward=True)


@app.command
def detect(
    catalog: str,
    /,
    *,
    out: Path,
    bbox: str | None = None,
    start: date | None = None,
    end: date | None = None,
    collections: str | None = None,
    model: str = "s2-vessel",
    pictures: bool = False,
) -> int:
    """Find ships in a catalogue, without a study: whole scenes, or what lies in a box.

    Parameters
    ----------
    catalog
        A STAC API or a static catalogue: an http(s) address or the path of a catalog.json.
    out
        Folder for the results.
    bbox
        West,south,east,north in degrees; whole scenes if left out.
    start
        First day, UTC.
    end
        Last day, UTC.
    collections
        Names, separated by commas; every optical collection if left out.
    model
        Name or folder of weights.
    pictures
        Also draw every look that has ships, into OUT/pictures.

    """
    from pydantic import ValidationError

    from gnomon.study import Study

    place = catalog if "://" in catalog else str(Path(catalog).resolve())
    values = {
        "name": "detect",
        "catalog": {"url": place, "collections": _listed(collections)},
        "period": {"start": start, "end": end},
        "ports": {"bbox": _listed(bbox) or None},
        "detect": {"model": model},
    }
    try:
        study = Study.model_validate(values)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in error.errors())
        raise StudyError("; ".join(faults)) from error
    return _run(study, out, pictures=pictures)


@app.command
def track(*, detections: Path, looks: Path, study: Path, out: Path) -> int:
    """Go on from tables: visits, voyages and barrels, also of your own detector's ships.

    Writes visits.parquet, seasons.parquet (how many visits, seen and unseen), voyages.parquet and
    ledger.parquet.

    Parameters
    ----------
    detections
        Ships: Parquet, CSV, GeoJSON or GeoPackage. Other names of columns are mapped in the
        study, for example [track.detection_columns] length_m = "LOA".
    looks
        What was looked at, whatever was found: every count rests on it.
    study
        A TOML file; its [track] and [ledger] say how.
    out
        Folder for the results.

    """
    from gnomon.follow import follow
    from gnomon.study import read_study
    from gnomon.track.tracking import read_rows

    chosen = read_study(study)
    tables = read_rows(detections), read_rows(looks)
    _tell_ledger(follow(chosen, *tables, out, ports=chosen.places()))
    return 0


@app.command
def simulate(out: Path, /) -> int:
    """Make the catalogue of the embedded study: simulated scenes with known ships.

    Parameters
    ----------
    out
        Folder of the catalogue; left alone if it is already there and current.

    """
    from gnomon.synth.embedded import write_embedded

    path = write_embedded(out)
    err.print(f"Simulated scenes: {path}")
    return 0


@app.command
def train(
    catalog: str,
    /,
    *,
    out: Path,
    hold: str,
    version: str = "0.1.0",
    steps: int = 4500,
    seed: int = 0,
) -> int:
    """Train new weights on labelled scenes; about half an hour on two cores.

    Parameters
    ----------
    catalog
        A catalogue whose items have outlines of their ships (an asset with the role "labels",
        GeoJSON).
    out
        Folder to be made, such as models/my-vessel; an existing one is refused.
    hold
        Parts of item ids, separated by commas: scenes that calibrate the scores and errors.
    version
        Of the weights, for model.toml.
    steps
        Of each of the two trainings: without the scenes held back, and with all.
    seed
        Of all that is random.

    """
    from gnomon.detect.train import TrainOptions
    from gnomon.training import teach

    with _progress("steps") as tell:
        model = teach(
            catalog,
            out,
            version=version,
            held=_listed(hold),
            options=TrainOptions(steps=steps, seed=seed),
            progress=lambda step, loss: tell(step + 1, steps, f"loss {loss:.2f}"),
        )
    console.print(f"{out}: {model.label}, threshold {model.threshold:.2f}", soft_wrap=True)
    return 0


@app.command
def judge(catalog: str, /, *, model: str = "s2-vessel") -> int:
    """Print the scores of weights on labelled scenes, as Markdown for the card.

    Parameters
    ----------
    catalog
        A catalogue with outlines that the weights were not trained on.
    model
        Name or folder of weights.

    """
    from gnomon.training import judge as judged

    console.print(judged(model, catalog), soft_wrap=True, markup=False)
    return 0


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",")) if text else ()


def _run(study: "Study", folder: Path, *, pictures: bool, onward: bool = False) -> int:
    from gnomon.run import draw, run_study

    with _progress() as tell:
        try:
            outcome = run_study(study, folder, progress=tell)
        except KeyboardInterrupt:
            err.print(
                f"Interrupted. Finished looks are kept in {folder}; the same command goes on."
            )
            return INTERRUPTED
    files = [*outcome.files]
    if pictures:
        files.append(draw(outcome, folder / "pictures"))
    _tell(outcome, files)
    if onward and (outcome.looks.status == "looked").any():
        from gnomon.follow import follow

        ports = study.places()
        _tell_ledger(follow(study, outcome.detections, outcome.looks, folder, ports=ports))
    return FAILED if len(outcome.failed) else 0


@contextmanager
def _progress(unit: str = "looks") -> Iterator[Callable[[int, int, str], None]]:
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


def _tell(outcome: "Outcome", files: list[Path]) -> None:
    import pandas as pd

    table = Table(box=None, pad_edge=False)
    table.add_column("port")
    for name in ("looks", "failed", "too cloudy", "clear water", "ships", "at a quay"):
        table.add_column(name, justify="right")
    for row in outcome.by_port().itertuples():
        clear = "-" if pd.isna(row.usable_fraction) else f"{row.usable_fraction:.0%}"
        counts = (row.looked, row.failed, row.skipped)
        ships = (row.ships, row.at_quay)
        table.add_row(row.Index, *(f"{n:d}" for n in counts), clear, *(f"{n:.0f}" for n in ships))
    console.print(table)
    if outcome.looks.collection.str.startswith("synthetic").any():
        console.print("These scenes are SIMULATED: they show the method, not the world.")
    for path in files:
        console.print(str(path), soft_wrap=True)
    for reason in outcome.failed.reason:
        err.print(f"failed: {reason}", soft_wrap=True)
    done = len(outcome.looks)
    console.print(f"{done} looks, {outcome.new} of them new; {len(outcome.failed)} failed")


def _tell_ledger(found: "Followed") -> None:
    """Say how many visits, which way, how many barrels, and against the cap; 80 columns."""
    from gnomon.ledger.report import ledger_lines, season_lines

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


def main() -> None:
    """Run the command line."""
    try:
        sys.exit(app(sys.argv[1:]))
    except GnomonError as error:
        err.print(f"gnomon: {error}", soft_wrap=True, markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
