"""Weights: ``gnomon train`` and ``gnomon evaluate``."""

from collections.abc import Sequence
from pathlib import Path

from gnomon.cli.options import HostNames, Natural, Positive, absolute_location, split_list
from gnomon.cli.output_text import console, err
from gnomon.cli.progress import progress_bar
from gnomon.datamodel.errors import WeightsError


def train_command(
    *catalogs: str,
    out: Path,
    chips: Path | None = None,
    base: str = "s2-vessel",
    hold: str | None = None,
    version: str = "0.1.0",
    calibration: Path | None = None,
    corrections: Path | None = None,
    completions: Path | None = None,
    ports: str | None = None,
    hosts: HostNames = None,
    steps: Positive | None = None,
    seed: Natural = 0,
) -> int:
    """Train weights: from labelled scenes, or by finetuning on chips of your own.

    With --chips, the weights named by --base are finetuned on your decisions in `gnomon chips`,
    mixed with simulated scenes and with those of any catalogues given. The model card has scores
    measured on ports or scenes held out.

    An interrupted training goes on with the same command.

    Example: gnomon train --chips labels/april --out models/my-vessel

    Parameters
    ----------
    catalogs
        Catalogues whose items have outlines of their ships (a GeoJSON asset with the role
        "labels"). All their scenes are used for training.
    out
        Folder to write, such as models/my-vessel; an existing one is refused.
    chips
        Folder of chips with labels.geojson.
    base
        With --chips: weights to start from.
    hold
        With --chips: parts of names of ports or scenes to hold out, separated by commas; chosen
        automatically if left out.
    version
        Version of the weights, for model.toml.
    calibration
        Calibration of the scores: calibration.toml as `make evaluate` writes it, or the model.toml
        of other weights. That of s2-vessel, if left out.
    corrections
        Corrections to the labels (GeoJSON).
    completions
        More corrections, above all ships without a label; they win where both name a label.
    ports
        Parts of ids of scenes to train on, separated by commas; all scenes if left out.
    steps
        Number of training steps; with --chips of each of two trainings, without the held-out part
        and with everything.
    seed
        Random seed.

    """
    if chips is not None:
        return _finetune(
            chips,
            out,
            base=base,
            version=version,
            catalogs=catalogs,
            hosts=hosts,
            hold=hold,
            steps=steps,
            seed=seed,
        )
    if not catalogs:
        raise WeightsError("name catalogues of labelled scenes, or --chips")
    with progress_bar("training steps", first="reading labelled scenes") as show:
        from gnomon.detect.weights import find
        from gnomon.learn.calibrate import read_calibration
        from gnomon.learn.fit import TrainOptions
        from gnomon.learn.train import CALIBRATED_BY, train

        options = TrainOptions(seed=seed) if steps is None else TrainOptions(steps=steps, seed=seed)
        model = train(
            catalogs,
            out,
            version=version,
            calibration=read_calibration(calibration or find(CALIBRATED_BY) / "model.toml"),
            corrections=corrections,
            completions=completions,
            ports=split_list(ports) or None,
            hosts=split_list(hosts),
            options=options,
            on_progress=show,
            say=_say,
        )
    line = f"{out}: {model.label}, threshold {model.calibration.threshold:.2f}"
    console.print(line, soft_wrap=True)
    return 0


def evaluate_command(catalog: str, /, *, model: str = "s2-vessel", hosts: HostNames = None) -> int:
    """Print the scores of weights on labelled scenes, as Markdown for the model card.

    Example: gnomon evaluate labelled/catalog.json --model models/my-vessel

    Parameters
    ----------
    catalog
        Catalogue with outlines of ships. Scenes that the weights were trained on are left out.
    model
        Name or folder of weights.

    """
    from gnomon.learn.scores import score_table

    console.print(score_table(model, catalog, hosts=split_list(hosts)), soft_wrap=True)
    return 0


def _say(line: str) -> None:
    """Print what will be done, beside the progress."""
    err.print(line, soft_wrap=True)


def _finetune(
    folder: Path,
    out: Path,
    *,
    base: str,
    version: str,
    catalogs: Sequence[str],
    hosts: str | None,
    hold: str | None,
    steps: int | None,
    seed: int,
) -> int:
    with progress_bar("training steps", first="reading chips and scenes") as show:
        from gnomon.learn.finetune import FinetuneOptions, finetune

        options = FinetuneOptions(
            steps=steps or FinetuneOptions.steps, seed=seed, hold=split_list(hold)
        )
        model = finetune(
            folder,
            out,
            base=base,
            version=version,
            catalogs=[absolute_location(catalog) for catalog in catalogs],
            hosts=split_list(hosts),
            options=options,
            on_progress=show,
            say=_say,
        )
    line = f"{out}: {model.label}, threshold {model.calibration.threshold:.2f}"
    console.print(line, soft_wrap=True)
    console.print((out / "card.md").read_text(encoding="utf-8"), soft_wrap=True)
    return 0
