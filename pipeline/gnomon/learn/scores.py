"""Weights on labelled scenes: how many ships they find, and how many of their hulls are ships.

A hull is right if its centre lies within reach of an outline, one to one (`gnomon.learn.metrics`);
average precision counts every hull down to scores far below the threshold.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import WeightsError
from gnomon.datamodel.weights_files import MODEL
from gnomon.detect import weights
from gnomon.learn.finders import cfar_finder, weights_finder
from gnomon.learn.metrics import SHORT_M, Matched, match
from gnomon.learn.scenes import LabelledScene, labelled_scenes

LENGTHS_M = (100.0, SHORT_M)
"""Ships of this length and more are counted; under 50 m labels are not kept with any care."""
ALONG_DEG = 10.0
"""Degrees within which a heading counts as right."""


def match_scenes(
    scenes: Sequence[LabelledScene],
    found: Sequence[OrientedBoxes],
    *,
    length_min_m: float = SHORT_M,
) -> Matched:
    """Hulls of several scenes against their labels; hulls on unknown ground are left out."""
    return Matched.joined(
        [
            match(
                scene.known(boxes),
                scene.polygons,
                scene.boxes,
                gsd_m=scene.gsd_m,
                length_min_m=length_min_m,
                ignored=scene.ignored,
            )
            for scene, boxes in zip(scenes, found, strict=True)
        ]
    )


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
    published = labelled_scenes(catalog)
    ready = weights.load(model)
    find = weights_finder(ready)
    found = [find(scene) for scene in published]
    threshold = ready.model.calibration.threshold
    labelled = {"published": published}
    if corrections is not None:
        labelled["corrected"] = labelled_scenes(catalog, corrections=corrections)
    return [
        _score(
            name,
            least,
            match_scenes(scenes, found, length_min_m=least),
            threshold,
        )
        for name, scenes in labelled.items()
        for least in LENGTHS_M
    ]


def _score(labels: str, least_m: float, result: Matched, threshold: float) -> Score:
    at, ships = result.ranking.at(threshold), len(result.truth)
    return Score(
        labels,
        least_m,
        ships=ships,
        found=round(at.recall * ships),
        precision=at.precision,
        recall=at.recall,
        average_precision=result.ranking.average_precision(),
    )


def unseen(scenes: Sequence[LabelledScene], model: weights.Model) -> list[LabelledScene]:
    """The scenes that weights were not trained on, as far as their model.toml says.

    Raises
    ------
    WeightsError
        They were trained on all of them.

    """
    left = [scene for scene in scenes if scene.name not in (model.trained_on or ())]
    if not left:
        raise WeightsError(
            f"{model.label} was trained on every scene of this catalogue, so a score would say "
            "nothing of other places; name scenes that it has not seen, or weights that were "
            "trained without these (models/s2-vessel-without-athens-casablanca is an example)"
        )
    return left


def score_table(model: str, catalog: str, *, hosts: Sequence[str] = ()) -> str:
    """Scores of weights on a labelled catalogue beside those of CFAR alone, as Markdown.

    The network is read at its own threshold, CFAR at the one that flatters it. Scenes that the
    weights were trained on are left out, and named.

    Raises
    ------
    GnomonError
        As `score_catalog`, or the weights were trained on every scene.

    """
    ready = weights.load(model)
    every = labelled_scenes(catalog, hosts=hosts)
    scenes = unseen(every, ready.model)
    threshold = ready.model.calibration.threshold
    lines = [
        "| detector | ships | labels | AP | precision | recall | F1 | seconds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for title, find in (("network", weights_finder(ready)), ("CFAR alone", cfar_finder)):
        started = time.perf_counter()
        found = [find(scene) for scene in scenes]
        seconds = time.perf_counter() - started
        for least in LENGTHS_M:
            result = match_scenes(scenes, found, length_min_m=least)
            ranking = result.ranking
            at = ranking.at(threshold if title == "network" else ranking.best_threshold())
            lines.append(
                f"| {title} | >= {least:.0f} m | {ranking.labels} "
                f"| {ranking.average_precision():.3f} | {at.precision:.2f} "
                f"| {at.recall:.2f} | {at.f1:.2f} | {seconds:.1f} |"
            )
        if title == "network":
            shapes = list(_shape_errors(result, threshold, scenes[0].gsd_m))
    return "\n".join([*lines, "", *shapes, *_training_lines(every, scenes, ready.model)])


def _training_lines(
    every: Sequence[LabelledScene], scored: Sequence[LabelledScene], model: weights.Model
) -> Iterator[str]:
    """Which scenes were not scored, or that this is not known."""
    if model.trained_on is None:
        yield (
            f"{MODEL} of {model.name} does not say which scenes the weights were trained on: if "
            "these are among them, the scores say nothing of other places."
        )
    names = {scene.name for scene in scored}
    if left := [scene.name for scene in every if scene.name not in names]:
        yield f"Not scored, because {model.label} was trained on them: {', '.join(left)}."


def _shape_errors(result: Matched, threshold: float, gsd_m: float) -> Iterator[str]:
    """Errors of length and heading in words; errors of the labels are part of them."""
    right = (result.label >= 0) & (result.found.score >= threshold)
    found, truth = result.found[right], result.truth[result.label[right]]
    if not len(found):
        return
    length = (found.length - truth.length) * gsd_m
    turn = np.abs((found.angle - truth.angle + 90.0) % 180.0 - 90.0)
    yield (
        f"Of {right.sum()} hulls of 50 m or more that were found: length off by "
        f"{np.median(np.abs(length)):.0f} m (median; bias {np.median(length):+.0f} m), "
        f"heading within 10 degrees for {np.mean(turn < ALONG_DEG):.0%}."
    )
