"""What is found in red, green and blue alone: `python -m gnomon.learn.crossval.visible [WEIGHTS]`.

GNOMON_DATA names the folder of the labelled catalogues. The networks of the folds find ships at the
ports that they were not trained on three times: with all bands, without infrared but in the water
that infrared shows, and in the water of the visible bands. So what the network loses is apart from
what the water loses. WEIGHTS, by default those that are shipped, find ships on ten dates of an
anchorage in true colour of 8 bits, which they have not seen. At the anchorage only what was
searched by eye counts, and what may be a ship counts neither way. Ports without blue, green or red
are left out.

How many of the ships are found in visible bands, at the ports and at the anchorage together, goes
into the model.toml of WEIGHTS, and of all that share its calibration. The curve of the score stays
that of all bands: one of their own, fitted at the ports, took the calibration error there from 0.07
to 0.04, and at the anchorage from 0.09 to 0.18.
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
from gnomon.datamodel.errors import CatalogError, GnomonError, WeightsError
from gnomon.datamodel.files import write_text
from gnomon.datamodel.recall import Recall
from gnomon.datamodel.scene import COLOURS
from gnomon.datamodel.shipped import shipped
from gnomon.datamodel.study import MaskOptions
from gnomon.datamodel.weights_files import MODEL
from gnomon.detect.calibration import Calibration
from gnomon.detect.centernet.network import Network
from gnomon.detect.weights import as_toml, load, read_model
from gnomon.imagery.water import usable_water
from gnomon.learn.corrections import read_corrections, with_completions
from gnomon.learn.crossval.folds import Fold, read_folds
from gnomon.learn.crossval.matches import (
    Matches,
    false_alarms,
    matches_of,
    ranking_of,
    score_calibration_error,
    shape_errors,
)
from gnomon.learn.crossval.recall import measured_recall
from gnomon.learn.crossval.report import recall_lines
from gnomon.learn.finders import Finder, network_finder
from gnomon.learn.scenes import LabelledScene, labelled_scenes
from gnomon.learn.train import read_network

LENGTHS_M = (100.0, 50.0)
Found = list[tuple[LabelledScene, OrientedBoxes]]
"""Scenes and what was found in them."""
ALL, WATER_BY_INFRARED, BY_TEXTURE = "all bands", "visible, water by infrared", "visible alone"


def in_visible(scene: LabelledScene, *, own_water: bool = True) -> LabelledScene:
    """The same scene without infrared, with its own water or that of all bands."""
    pixels = scene.pixels[[*COLOURS]]
    masks = usable_water(pixels, MaskOptions()) if own_water else scene.masks
    return replace(scene, pixels=pixels, masks=masks)


def find_at_ports(
    scenes: Sequence[LabelledScene], folds: Sequence[Fold], finders: Mapping[str, Finder]
) -> dict[str, Found]:
    """What the networks of the folds find at the ports that they did not see, by kind of bands.

    Parameters
    ----------
    scenes
        With all bands.
    folds
        What was left out together.
    finders
        Of raw scores, by name of the fold.

    """
    kinds: dict[str, Found] = {}
    for scene in scenes:
        fold = next(one for one in folds if one.holds(scene.name))
        for kind, given in (
            (ALL, scene),
            (WATER_BY_INFRARED, in_visible(scene, own_water=False)),
            (BY_TEXTURE, in_visible(scene)),
        ):
            kinds.setdefault(kind, []).append((given, finders[fold.name](given)))
    return kinds


def find_at_anchorage(catalog: Path, find: Finder) -> Found:
    """What is found at the anchorage, date by date, where it was searched."""
    scenes = sorted(labelled_scenes(str(catalog)), key=lambda one: one.name)
    return [(scene.searched, scene.known(find(scene))) for scene in scenes]


def scored(found: Found, calibration: Calibration) -> Matches:
    """Raw findings with calibrated scores, against the labels."""
    scenes, boxes = zip(*found, strict=True)
    scores = [calibration.score(one.score).astype(np.float32) for one in boxes]
    return matches_of(
        scenes, [replace(one, score=score) for one, score in zip(boxes, scores, strict=True)]
    )


def write_recall(calibration: Calibration, recall: Recall | None) -> list[Path]:
    """Put the recall in visible bands into the model.toml of all weights of a calibration."""
    written = []
    for path in sorted(shipped("models").glob(f"*/{MODEL}")):
        try:
            model = read_model(str(path.parent))
        except WeightsError:
            continue  # of another kind of network
        both = [
            one.model_copy(update={"recall_in_colour": recall})
            for one in (model.calibration, calibration)
        ]
        if both[0] == both[1]:
            text = as_toml(model.model_copy(update={"calibration": both[0]}))
            write_text(text, path)
            written.append(path)
    return written


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
    corrections = with_completions(
        read_corrections(configs / "label-corrections.geojson"),
        read_corrections(configs / "label-completions.geojson"),
    )
    scenes = [scene.corrected(corrections) for scene in labelled_scenes(*catalogs)]
    networks = shipped("models") / f"{ready.model.name}-folds"
    finders = {
        fold.name: network_finder(read_network(networks / f"{fold.name}.safetensors"))
        for fold in folds
    }
    ports = find_at_ports(scenes, folds, finders)
    assert isinstance(ready.network, Network), "the networks of the folds are of one architecture"
    anchorage = find_at_anchorage(
        data / "s2-anchorage" / "catalog.json", network_finder(ready.network)
    )
    calibration = ready.model.calibration
    yield from water_lines(scenes)
    yield ""
    kinds = {kind: scored(found, calibration) for kind, found in ports.items()}
    yield from score_lines(kinds, calibration.threshold)
    yield ""
    dates = {scene.name: [(scene, boxes)] for scene, boxes in anchorage}
    parts = dates | {"all dates": anchorage}
    kinds = {name: scored(found, calibration) for name, found in parts.items()}
    yield from score_lines(kinds, calibration.threshold)
    yield ""
    visible = scored([*ports[BY_TEXTURE], *anchorage], calibration)
    recall = measured_recall(visible, calibration.threshold)
    yield from recall_lines(recall)
    for path in write_recall(calibration, recall):
        yield str(path)


if __name__ == "__main__":
    try:
        if not (folder := os.environ.get("GNOMON_DATA")):
            raise CatalogError("set GNOMON_DATA to the folder of the labelled catalogues")
        for line in evaluate_visible(Path(folder), (sys.argv[1:] or ["s2-vessel"])[0]):
            Console(highlight=False).print(line, soft_wrap=True, markup=False)
    except GnomonError as error:
        Console(stderr=True).print(f"gnomon: {error}", soft_wrap=True, markup=False)
        sys.exit(1)
