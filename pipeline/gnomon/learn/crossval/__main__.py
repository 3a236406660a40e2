"""`make evaluate`: train with ports left out, measure, and write it into the card of the weights.

CATALOGS names labelled catalogues, separated by blanks; without it, GNOMON_DATA names the folder
that has ``s2-ports``. Trainings are kept under build/evaluation and go on where they stopped; what
ended lies beside the folder of the card, under the same name with -folds, and is done again only if
what it rests on has changed.
calibration.toml under build/evaluation is what `gnomon train` gives to weights that are trained the
same way.
"""

import os
import sys
from pathlib import Path

from rich.console import Console

from gnomon.datamodel.errors import CatalogError, GnomonError
from gnomon.datamodel.shipped import shipped
from gnomon.learn.calibrate import write_calibration
from gnomon.learn.catalogs import marked_scenes
from gnomon.learn.corrections import read_corrections
from gnomon.learn.crossval import report
from gnomon.learn.crossval.folds import read_folds
from gnomon.learn.crossval.measure import Measured, Options, measure
from gnomon.learn.type_labels import read_types

OUT = Path("build") / "evaluation"


def catalogs() -> list[str]:
    """Where the labelled scenes are.

    Raises
    ------
    CatalogError
        Neither variable is set.

    """
    if told := os.environ.get("CATALOGS", "").split():
        return told
    if data := os.environ.get("GNOMON_DATA"):
        ports = Path(data) / "s2-ports"
        return [str(ports / part / "catalog.json") for part in ("train", "val", "partial-bands")]
    raise CatalogError("set CATALOGS to labelled catalogues, or GNOMON_DATA to a folder of them")


def evaluate(card: Path, *, out: Path = OUT, options: Options | None = None) -> Measured:
    """Measure, and write the card's block, its figure and the calibration."""
    console = Console(stderr=True, highlight=False)
    configs = shipped("configs")
    folds = read_folds(configs / "folds.toml")
    ports = [port for fold in folds for port in fold.ports]
    measured = measure(
        marked_scenes(*catalogs(), ports=ports),
        folds,
        out,
        corrections=read_corrections(configs / "label-corrections.geojson"),
        types=read_types(configs / "ship-types.geojson"),
        options=options or Options(),
        finished=card.parent.with_name(f"{card.parent.name}-folds"),
        say=console.print,
    )
    write_calibration(out / "calibration.toml", measured.calibration)
    report.written(card, report.block(measured))
    report.figure(measured).savefig(card.with_name("evaluation.png"), dpi=100)
    console.print(f"{card}, {out / 'calibration.toml'}")
    return measured


if __name__ == "__main__":
    try:
        evaluate(Path(sys.argv[1] if len(sys.argv) > 1 else "models/s2-vessel/card.md"))
    except GnomonError as error:
        Console(stderr=True).print(f"gnomon: {error}", soft_wrap=True, markup=False)
        sys.exit(1)
