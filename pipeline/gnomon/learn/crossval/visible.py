"""What is found in red, green and blue alone: `python -m gnomon.learn.crossval.visible [WEIGHTS]`.

GNOMON_DATA names the folder of the labelled catalogues. The networks of the folds find ships at the
ports that they were not trained on three times: with all bands, without infrared but in the water
that infrared shows, and in the water of the visible bands. So what the network loses is apart from
what the water loses. WEIGHTS, by default those that are shipped, find ships on ten dates of an
anchorage in true colour of 8 bits; scores of the folds are calibrated as those of WEIGHTS are.

Ports without blue, green or red are left out. At the anchorage only what was searched by eye
counts, and what may be a ship counts neither way.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import CatalogError, GnomonError
from gnomon.datamodel.shipped import shipped
from gnomon.datamodel.study import MaskOptions
from gnomon.detect.calibration import Calibration
from gnomon.detect.weights import Weights, load
from gnomon.imagery.water import usable_water
from gnomon.learn.corrections import read_corrections
from gnomon.learn.crossval.folds import Fold, read_folds
from gnomon.learn.crossval.matches import (
    Matches,
    false_alarms,
    matches_of,
    ranking_of,
    score_calibration_error,
    shape_errors,
)
from gnomon.learn.finders import Finder, network_finder, weights_finder
from gnomon.learn.scenes import LabelledScene, labelled_scenes
from gnomon.learn.train import read_network

VISIBLE = ["blue", "green", "red"]
LENGTHS_M = (100.0, 50.0)
ALL, WATER_BY_INFRARED, BY_TEXTURE = "all bands", "visible, water by infrared", "visible alone"


def in_visible(scene: LabelledScene, *, own_water: bool = True) -> LabelledScene:
    """The same scene without infrared, with its own water or that of all bands."""
    pixels = scene.pixels[VISIBLE]
    masks = usable_water(pixels, MaskOptions()) if own_water else scene.masks
    return replace(scene, pixels=pixels, masks=masks)


def compare_ports(
    scenes: Sequence[LabelledScene],
    folds: Sequence[Fold],
    finders: Mapping[str, Finder],
    calibration: Calibration,
) -> dict[str, Matches]:
    """What the networks of the folds find at the ports that they did not see, by kind of bands.

    Parameters
    ----------
    scenes
        With all bands.
    folds
        What was left out together.
    finders
        Of raw scores, by name of the fold.
    calibration
        Makes scores of them.

    """
    kinds: dict[str, list[tuple[LabelledScene, OrientedBoxes]]] = {}
    for scene in scenes:
        fold = next(one for one in folds if one.holds(scene.name))
        for kind, given in (
            (ALL, scene),
            (WATER_BY_INFRARED, in_visible(scene, own_water=False)),
            (BY_TEXTURE, in_visible(scene)),
        ):
            boxes = _calibrated(finders[fold.name](given), calibration)
            kinds.setdefault(kind, []).append((given, boxes))
    return {
        kind: matches_of([scene for scene, _ in pairs], [boxes for _, boxes in pairs])
        for kind, pairs in kinds.items()
    }


def _calibrated(boxes: OrientedBoxes, calibration: Calibration) -> OrientedBoxes:
    return replace(boxes, score=calibration.score(boxes.score).astype(np.float32))


def water_lines(scenes: Sequence[LabelledScene]) -> Iterator[str]:
    """Water that texture misses, and what it takes for water, beside that of infrared."""
    yield "| place | water by infrared, km2 | missed | taken for water |"
    yield "|---|---|---|---|"
    areas = np.zeros(3)
    for scene in scenes:
        true = scene.masks["water"].to_numpy()
        own = in_visible(scene).masks["water"].to_numpy()
        part = np.array([true.sum(), (true & ~own).sum(), (own & ~true).sum()])
        areas += part * scene.gsd_m**2 / 1e6
        yield f"| {scene.name} | {_shares(part * scene.gsd_m**2 / 1e6)} |"
    yield f"| all | {_shares(areas)} |"


def _shares(areas_km2: np.ndarray) -> str:
    water, missed, false = areas_km2
    return f"{water:.1f} | {missed / water:.1%} | {false / water:.1%}"


def score_lines(kinds: Mapping[str, Matches], threshold: float) -> Iterator[str]:
    """Rows of a table, one for each kind of bands and least length."""
    yield (
        "| bands | ships | AP | P | R | AP at quays | on open water | false positives of 50 m and "
        "more per 100 km2, sea / all | length, median error (bias) | axis within 10 degrees "
        "| calibration error |"
    )
    yield "|" + "---|" * 11
    for least in LENGTHS_M:
        for kind, one in kinds.items():
            whole, quay, sea = (ranking_of(one, least, quay=q) for q in (None, True, False))
            at, shape = whole.at(threshold), shape_errors(one, threshold, least)
            false = " / ".join(f"{rate:.1f}" for rate in false_alarms(one, threshold, 50.0))
            yield (
                f"| {kind} | {whole.labels} >= {least:.0f} m | {whole.average_precision():.3f} "
                f"| {at.precision:.2f} | {at.recall:.2f} | {quay.average_precision():.3f} "
                f"| {sea.average_precision():.3f} | {false} | {shape.length_m:.1f} m "
                f"({shape.length_bias_m:+.1f}) | {shape.heading_within_10:.0%} "
                f"| {score_calibration_error(whole):.3f} |"
            )


def measure_anchorage(catalog: Path, ready: Weights) -> dict[str, Matches]:
    """What weights find at the anchorage, where it was searched, date by date and in all."""
    find = weights_finder(ready)
    scenes, found = [], []
    for scene in sorted(labelled_scenes(str(catalog)), key=lambda one: one.name):
        found.append(scene.known(find(scene)))
        counted = scene.masks["water"] & (~scene.unknown if scene.unknown is not None else True)
        scenes.append(replace(scene, masks=scene.masks.assign(water=counted)))
    dates = {
        scene.name: matches_of([scene], [boxes]) for scene, boxes in zip(scenes, found, strict=True)
    }
    return dates | {"all dates": matches_of(scenes, found)}


def evaluate_visible(data: Path, model: str) -> Iterator[str]:
    """Lines of all tables.

    Raises
    ------
    GnomonError
        The labelled scenes or the weights cannot be read.

    """
    torch.set_num_threads(1)
    ready, configs = load(model), shipped("configs")
    folds = read_folds(configs / "folds.toml")
    catalogs = [str(data / "s2-ports" / part / "catalog.json") for part in ("train", "val")]
    corrections = read_corrections(configs / "label-corrections.geojson")
    scenes = [scene.corrected(corrections) for scene in labelled_scenes(*catalogs)]
    networks = shipped("models") / f"{ready.model.name}-folds"
    finders = {
        fold.name: network_finder(read_network(networks / f"{fold.name}.safetensors"))
        for fold in folds
    }
    calibration = ready.model.calibration
    yield from water_lines(scenes)
    yield ""
    yield from score_lines(
        compare_ports(scenes, folds, finders, calibration), calibration.threshold
    )
    yield ""
    anchorage = measure_anchorage(data / "s2-anchorage" / "catalog.json", ready)
    yield from score_lines(anchorage, calibration.threshold)


if __name__ == "__main__":
    try:
        if not (folder := os.environ.get("GNOMON_DATA")):
            raise CatalogError("set GNOMON_DATA to the folder of the labelled catalogues")
        for line in evaluate_visible(Path(folder), (sys.argv[1:] or ["s2-vessel"])[0]):
            Console(highlight=False).print(line, soft_wrap=True, markup=False)
    except GnomonError as error:
        Console(stderr=True).print(f"gnomon: {error}", soft_wrap=True, markup=False)
        sys.exit(1)
