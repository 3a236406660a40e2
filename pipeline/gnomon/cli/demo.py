"""The first minute: ``gnomon demo``."""

from pathlib import Path
from typing import TYPE_CHECKING

from gnomon.cli.output_text import console

if TYPE_CHECKING:
    from gnomon.learn.scores import Score

SCENE = "casablanca"
MODEL = "s2-vessel-without-athens-casablanca"


def demo_command(*, out: Path = Path("runs") / SCENE, model: str = MODEL) -> int:
    """Find the ships in a real scene that comes with gnomon, and score them against its labels.

    The scene is the port of Casablanca, Sentinel-2, 26 April 2023, with 15 ships outlined by hand.
    Writes OUT/casablanca.png and a run folder: detections.parquet, observations.parquet, run.json.
    The default weights were trained without this port; `s2-vessel` was trained with it.

    Example: gnomon demo --out runs/casablanca

    Parameters
    ----------
    out
        Folder to write the results to.
    model
        Name or folder of weights.

    """
    import time

    from gnomon.datamodel.shipped import shipped
    from gnomon.datamodel.study import Study
    from gnomon.detect.weights import read_model
    from gnomon.imagery.read import read_pixels
    from gnomon.learn.scenes import outlines_of
    from gnomon.learn.scores import score_catalog
    from gnomon.report.figures.labelled import labelled_picture
    from gnomon.workflow.run import run as run_study

    catalog = str(shipped("configs") / SCENE / "catalog.json")
    study = Study(name=SCENE, catalog={"url": catalog}, detect={"models": {"optical": model}})
    console.print("A real scene: Casablanca, Sentinel-2, 26 April 2023. Contains modified")
    console.print("Copernicus Sentinel data 2023; labels by sen2ships (MIT).")
    weights = read_model(model)
    started = time.perf_counter()
    run = run_study(study, out, infer=False)
    scene = run.planned[0].scene
    known = weights.trained_on
    seen = "trained WITHOUT this port"
    if known is None or scene.id in known:
        seen = "which may have been trained on it" if known is None else "TRAINED on this very port"
    console.print(f"Weights: {weights.name} {weights.version}, {seen}.\n")
    path = out / f"{SCENE}.png"
    labelled_picture(read_pixels(scene, None), run.detections, outlines_of(scene), path=path)
    seconds = time.perf_counter() - started
    console.print(f"{len(run.detections)} ships found and drawn in {seconds:.1f} s.\n")
    corrections = shipped("configs") / "label-corrections.geojson"
    _print_scores(score_catalog(model, catalog, corrections=corrections))
    console.print("One small port is an example, not a measure: docs/accuracy.md has twelve.\n")
    for file in (path, *run.files):
        console.print(str(file), soft_wrap=True)
    console.print("\nThe same with your own scenes: gnomon detect CATALOG --out FOLDER, and with")
    console.print("labelled ones: gnomon evaluate CATALOG --model NAME")
    return 0


def _print_scores(scores: "list[Score]") -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("labels")
    for name in ("ships of", "labelled", "found", "precision", "recall", "average precision"):
        table.add_column(name, justify="right")
    for one in scores:
        rates = (f"{rate:.2f}" for rate in (one.precision, one.recall, one.average_precision))
        table.add_row(
            one.labels, f">= {one.length_min_m:.0f} m", str(one.ships), str(one.found), *rates
        )
    console.print(table)
