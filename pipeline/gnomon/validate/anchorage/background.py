"""What the background of a place is worth on real pixels: the anchorage with and without it.

A run makes a background from 14 clear images and more; here are ten, and no ship is known to have
stayed for more than two of them, so that a median of the darker half shows none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.scene import COLOURS
from gnomon.datamodel.study import DetectOptions
from gnomon.detect.cascade import Cascade
from gnomon.detect.weights import Weights
from gnomon.imagery.background import UNIT, Counts, clear, median_background
from gnomon.learn.crossval.matches import (
    Matches,
    matches_of,
    ranking_of,
    shape_errors,
)
from gnomon.learn.finders import LOWEST
from gnomon.learn.scenes import LabelledScene

FEWEST_HERE = 6
"""Clear images of a pixel: of so many, four may show a ship."""
LENGTHS_M = (50.0, 100.0)
WITHOUT, WITH = "without", "with the background"


def background_of(scenes: Sequence[LabelledScene]) -> xr.Dataset:
    """Reflectance without ships, on the grid of the scenes; NaN where it is unknown."""
    seen = [clear(scene.pixels, scene.masks, [*COLOURS]) for scene in scenes]
    counts: Counts = median_background(seen, fewest=FEWEST_HERE)
    light = np.where(counts > 0, counts * np.float32(UNIT), np.float32(np.nan))
    pixels = scenes[0].pixels
    return xr.Dataset(
        {band: pixels[band].copy(data=one) for band, one in zip(COLOURS, light, strict=True)}
    )


def compare_backgrounds(scenes: Sequence[LabelledScene], ready: Weights) -> dict[str, Matches]:
    """What weights find without the background and with it."""
    detector = Cascade(ready, DetectOptions(threshold=LOWEST))
    known = background_of(scenes)
    found = {WITHOUT: list[OrientedBoxes](), WITH: list[OrientedBoxes]()}
    for scene in scenes:
        for name, background in ((WITHOUT, None), (WITH, known)):
            boxes = detector.find(scene.pixels, scene.masks, background=background)
            found[name].append(scene.known(boxes))
    searched = [_searched(scene) for scene in scenes]
    return {name: matches_of(searched, boxes) for name, boxes in found.items()}


def _searched(scene: LabelledScene) -> LabelledScene:
    water = scene.masks["water"] & (True if scene.unknown is None else ~scene.unknown)
    return replace(scene, masks=scene.masks.assign(water=water))


def background_lines(measured: dict[str, Matches], threshold: float) -> Iterator[str]:
    """Both, side by side, as Markdown."""
    yield (
        "| background | labelled | average precision | found | false alarms of that length "
        "| error of length, median (bias) |"
    )
    yield "|---|---|" + "---:|" * 4
    for least in LENGTHS_M:
        for name, one in measured.items():
            ranking, shape = ranking_of(one, least), shape_errors(one, threshold, least)
            taken = ranking.score >= threshold
            right = int((taken & ranking.right).sum())
            yield (
                f"| {name} | {ranking.labels} of {least:.0f} m and more "
                f"| {ranking.average_precision():.2f} | {right} ({right / ranking.labels:.0%}) "
                f"| {int(taken.sum()) - right} "
                f"| {shape.length_m:.0f} m ({shape.length_bias_m:+.0f}) |"
            )
