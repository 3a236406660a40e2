"""Commands for weights: train, judge."""

from pathlib import Path

from gnomon.cli.options import listed
from gnomon.cli.output_text import console, progress
from gnomon.datamodel.errors import WeightsError


def train(
    *catalogs: str,
    out: Path,
    chips: Path | None = None,
    base: str = "s2-vessel",
    hold: str | None = None,
    version: str = "0.1.0",
    calibration: Path | None = None,
    corrections: Path | None = None,
    ports: str | None = None,
    steps: int | None = None,
    seed: int = 0,
) -> int:
    """Train new weights: on labelled scenes, or from shipped weights on chips of your own.

    With --chips the weights of --base learn from what you decided in `gnomon chips`, mixed with
    simulated scenes, and with those of catalogues where some are named. The card of the new weights
    has numbers measured on ports or scenes held back.

    What is interrupted goes on with the same command.

    Example: gnomon train --chips labels/april --out models/my-vessel

    Parameters
    ----------
    catalogs
        Catalogues whose items have outlines of their ships (an asset with the role "labels",
        GeoJSON). Every scene of them is trained on.
    out
        Folder to be made, such as models/my-vessel; an existing one is refused.
    chips
        Folder of chips with labels.geojson.
    base
        With --chips: the weights to begin with.
    hold
        With --chips: parts of names of ports or scenes to hold back, separated by commas; chosen
        by itself if left out.
    version
        Of the weights, for model.toml.
    calibration
        What scores are worth: calibration.toml as `make evaluate` writes it, or the model.toml of
        other weights. That of s2-vessel, if left out.
    corrections
        Corrections to the labels (GeoJSON).
    ports
        Parts of ids of scenes to train on, separated by commas; all of the catalogues, if left out.
    steps
        Of the training; with --chips of each of two: without what is held back, and with all.
    seed
        Of all that is random.

    """
    if chips is not None:
        from gnomon.cli.labels import finetune

        return finetune(
            chips, out, base=base, version=version, catalogs=catalogs, hold=hold, steps=steps,
            seed=seed,
        )  # fmt: skip
    if not catalogs:
        raise WeightsError("say catalogues of labelled scenes, or --chips")
    from gnomon.detect.weights import find
    from gnomon.learn.calibrate import read_calibration
    from gnomon.learn.fit import TrainOptions
    from gnomon.learn.train import CALIBRATED_BY, teach

    options = TrainOptions(seed=seed) if steps is None else TrainOptions(steps=steps, seed=seed)
    with progress("steps") as tell:
        model = teach(
            catalogs,
            out,
            version=version,
            calibration=read_calibration(calibration or find(CALIBRATED_BY) / "model.toml"),
            corrections=corrections,
            ports=listed(ports) or None,
            options=options,
            progress=lambda step, loss: tell(step + 1, options.steps, f"loss {loss:.2f}"),
        )
    console.print(f"{out}: {model.label}, threshold {model.threshold:.2f}", soft_wrap=True)
    return 0


def evaluate(catalog: str, /, *, model: str = "s2-vessel") -> int:
    """Print the scores of weights on labelled scenes, as Markdown for the card.

    Parameters
    ----------
    catalog
        A catalogue with outlines that the weights were not trained on.
    model
        Name or folder of weights.

    """
    from gnomon.learn.train import evaluate as compared

    console.print(compared(model, catalog), soft_wrap=True, markup=False)
    return 0
