"""Commands for weights: train, judge."""

from pathlib import Path

from gnomon.cli.words import listed
from gnomon.errors import WeightsError
from gnomon.terminal import console, progress


def train(
    catalog: str | None = None,
    /,
    *,
    out: Path,
    chips: Path | None = None,
    base: str = "s2-vessel",
    hold: str | None = None,
    version: str = "0.1.0",
    steps: int | None = None,
    seed: int = 0,
) -> int:
    """Train new weights: on labelled scenes, or from shipped weights on chips of your own.

    With --chips the weights of --base learn from what you decided in `gnomon chips`, mixed with
    simulated scenes. The card of the new weights has numbers measured on ports or scenes held back.
    The same command goes on after a kill.

    Example: gnomon train --chips labels/april --out models/my-vessel

    Parameters
    ----------
    catalog
        A catalogue whose items have outlines of their ships (an asset with the role "labels",
        GeoJSON); with --chips it is mixed in.
    out
        Folder to be made, such as models/my-vessel; an existing one is refused.
    chips
        Folder of chips with labels.geojson.
    base
        With --chips: the weights to begin with.
    hold
        Parts of item ids (with --chips also of ports), separated by commas: scenes that calibrate
        the scores and errors. With --chips chosen by itself if left out.
    version
        Of the weights, for model.toml.
    steps
        Of each of the two trainings: without the scenes held back, and with all.
    seed
        Of all that is random.

    """
    if chips is not None:
        from gnomon.cli.labelling import retrain

        return retrain(
            chips, out, base=base, version=version, catalog=catalog, hold=hold, steps=steps,
            seed=seed,
        )  # fmt: skip
    if catalog is None or hold is None:
        raise WeightsError("say a catalogue of labelled scenes and --hold, or --chips")
    from gnomon.detect.train import TrainOptions
    from gnomon.training import teach

    steps = steps or 4500
    with progress("steps") as tell:
        model = teach(
            catalog,
            out,
            version=version,
            held=listed(hold),
            options=TrainOptions(steps=steps, seed=seed),
            progress=lambda step, loss: tell(step + 1, steps, f"loss {loss:.2f}"),
        )
    console.print(f"{out}: {model.label}, threshold {model.threshold:.2f}", soft_wrap=True)
    return 0


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
