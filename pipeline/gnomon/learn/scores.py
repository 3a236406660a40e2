"""Weights on labelled scenes: how many ships they find, and how many of their hulls are ships.

A hull is right if its centre lies within reach of an outline, one to one (`gnomon.learn.metrics`);
average precision counts every hull down to scores far below the threshold.
"""

from dataclasses import dataclass
from pathlib import Path

from gnomon.detect import weights
from gnomon.learn.catalogs import finder, marked_scenes, matched
from gnomon.learn.metrics import Matched

LENGTHS_M = (100.0, 50.0)
"""Ships of this length and more are counted; under 50 m labels are not kept with any care."""


@dataclass(frozen=True)
class Score:
    """One row of the table: one set of labels, ships of one length and more."""

    labels: str
    """``published`` or ``corrected``."""
    length_min_m: float
    ships: int
    """Labels of that length."""
    found: int
    """Ships found at the threshold of the weights."""
    precision: float
    """Share of the hulls at the threshold that are ships."""
    recall: float
    average_precision: float


def score_catalog(model: str, catalog: str, *, corrections: Path | None = None) -> list[Score]:
    """Find the ships of a labelled catalogue and compare them with its labels.

    Parameters
    ----------
    model
        Name or folder of weights.
    catalog
        Address or path of a catalogue whose items have an asset ``ships``, outlines as GeoJSON.
    corrections
        File of corrections to the labels; with it the scores against both are given.

    Raises
    ------
    CatalogError
        The catalogue cannot be read, or none of its scenes has labels.
    WeightsError
        There are no such weights.

    """
    published = marked_scenes(catalog)
    find = finder(model)
    found = [find(scene) for scene in published]
    threshold = weights.read_model(model).calibration.threshold
    labelled = {"published": published}
    if corrections is not None:
        labelled["corrected"] = marked_scenes(catalog, corrections=corrections)
    return [
        _score(name, least, matched(scenes, found, length_min_m=least), threshold)
        for name, scenes in labelled.items()
        for least in LENGTHS_M
    ]


def _score(labels: str, least_m: float, result: Matched, threshold: float) -> Score:
    at, ships = result.at(threshold), len(result.truth)
    return Score(
        labels,
        least_m,
        ships=ships,
        found=round(at["recall"] * ships),
        precision=at["precision"],
        recall=at["recall"],
        average_precision=result.average_precision(),
    )
