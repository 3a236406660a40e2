"""`make evaluate`: cross-validate by ports, and write the result into the card of the weights.

CATALOGS names labelled catalogues, separated by blanks; without it, GNOMON_DATA names the folder
that has ``s2-ports``. States of trainings are kept under build/evaluation, where interrupted ones
go on; finished networks lie beside the folder of the card, under the same name with -folds, and are
trained again only if what they rest on has changed. calibration.toml, under build/evaluation, is
for `gnomon train` of weights that are trained the same way.
"""

import os
import sys
from pathlib import Path

from rich.console import Console

from gnomon.datamodel.errors import CatalogError, GnomonError
from gnomon.datamodel.shipped import shipped
from gnomon.learn.calibrate import write_calibration
from gnomon.learn.corrections import read_corrections
from gnomon.learn.crossval import report
from gnomon.learn.crossval.folds import read_folds
from gnomon.learn.crossval.validate import CrossValidation, CrossvalOptions, cross_validate
from gnomon.learn.scenes import labelled_scenes
from gnomon.learn.type_labels import read_types

OUT = Path("build") / "evaluation"


def labelled_catalogs() -> list[str]:
    """Where the labelled scenes are.

    Raises
    ------
    CatalogError
        Neither variable is set.

    """
    if named := os.environ.get("CATALOGS", "").split():
        return named
    if data := os.environ.get("GNOMON_DATA"):
        ports = Path(data) / "s2-ports"
        return [str(ports / part / "catalog.json") for part in ("train", "val", "partial-bands")]
    raise CatalogError("set CATALOGS to labelled catalogues, or GNOMON_DATA to a folder of them")


def evaluate_recipe(
    card: Path, *, out: Path = OUT, options: CrossvalOptions | None = None
) -> CrossValidation:
    """Cross-validate, and write the card's block, its figure and the calibration.

    Raises
    ------
    GnomonError
        The labelled scenes cannot be read, or the card has no markers.

    """
    console = Console(stderr=True, highlight=False)
    configs = shipped("configs")
    folds = read_folds(configs / "folds.toml")
    ports = [port for fold in folds for port in fold.ports]
    measured = cross_validate(
        labelled_scenes(*labelled_catalogs(), ports=ports),
        folds,
        out,
        corrections=read_corrections(configs / "label-corrections.geojson"),
        completions=read_corrections(configs / "label-completions.geojson"),
        types=read_types(configs / "ship-types.geojson"),
        options=options or CrossvalOptions(),
        finished=card.parent.with_name(f"{card.parent.name}-folds"),
        say=console.print,
    )
    write_calibration(out / "calibration.toml", measured.calibration)
    report.write_block(card, report.markdown(measured))
    report.crossval_figure(measured).savefig(card.with_name("evaluation.png"), dpi=100)
    console.print(f"{card}, {out / 'calibration.toml'}")
    return measured


if __name__ == "__main__":
    try:
        evaluate_recipe(Path(sys.argv[1] if len(sys.argv) > 1 else "models/s2-vessel/card.md"))
    except GnomonError as error:
        Console(stderr=True).print(f"gnomon: {error}", soft_wrap=True, markup=False)
        sys.exit(1)
