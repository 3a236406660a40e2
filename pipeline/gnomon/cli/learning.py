"""Commands for weights: train, judge."""

from pathlib import Path

from gnomon.cli.words import listed
from gnomon.terminal import console, progress


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
