"""Cross-validation of the detector: train what is missing, find, calibrate, compare.

1. For each fold a network is trained on the ports of the others, with corrected labels.
   Everything is measured with corrected labels that were completed after that.
2. Each finds ships at the ports that it never saw. What it finds there, over all folds, gives the
   logistic curve of the score, the ONE threshold, and the errors of length, beam and heading: six
   numbers from some two hundred ships; recall by length, at quays and on open water; and the curve
   of p_tanker, from ships whose type is known by eye, guesses among them, which makes it careful.
3. The same hulls are compared with these labels and with the published ones. Beside that,
   every fold is scored with the curve and the threshold of the other four, which owe it nothing.
4. CFAR alone is run on the same scenes, and Faster R-CNN on those of the folds that it was trained
   for.
5. Lengths are compared with exact truth on simulated scenes that no network saw.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.calibration import Calibration
from gnomon.detect.centernet.network import Network
from gnomon.learn.calibrate import calibrated, tanker_curve
from gnomon.learn.corrections import with_completions
from gnomon.learn.crossval.baseline import baseline_finder, train_baseline
from gnomon.learn.crossval.folds import Fold, fold_network
from gnomon.learn.crossval.matches import Matches, matches_of
from gnomon.learn.crossval.recall import measured_recall
from gnomon.learn.finders import Finder, cfar_finder, network_finder
from gnomon.learn.fit import TrainOptions
from gnomon.learn.metrics import SHORT_M
from gnomon.learn.recipe import network_name
from gnomon.learn.scenes import LabelledScene, simulated_scenes
from gnomon.learn.scores import match_scenes
from gnomon.learn.tensors import SceneTensors
from gnomon.learn.train import BANDS, SIMULATED, scene_weights, simulated_tensors

TEST_SEED = 2026
"""Of the simulated scenes that lengths are compared on; training has another."""
TEST_SCENES = 6

Say = Callable[[str], None]


@dataclass(frozen=True)
class CrossvalOptions:
    """How much is trained and simulated."""

    train: TrainOptions = field(default_factory=TrainOptions)
    simulated: int = SIMULATED
    test_scenes: int = TEST_SCENES
    baseline_folds: tuple[int, ...] = (2,)
    baseline_seconds: float = 1400.0
    """Processor time for each."""


@dataclass(frozen=True)
class Findings:
    """What one detector found, scene by scene, and the processor seconds that it took."""

    scenes: list[LabelledScene]
    found: list[OrientedBoxes]
    seconds: float

    @staticmethod
    def joined(parts: Sequence["Findings"]) -> "Findings":
        """Several as one."""
        return Findings(
            [scene for part in parts for scene in part.scenes],
            [boxes for part in parts for boxes in part.found],
            sum(part.seconds for part in parts),
        )


@dataclass(frozen=True)
class CrossValidation:
    """Everything that the card reports; p_tanker as the networks have it, not calibrated."""

    calibration: Calibration
    corrected: Matches
    """Corrected and completed labels; calibrated scores."""
    published: Matches
    crossed: Matches
    """As ``corrected``, each fold's scores calibrated by the other folds."""
    crossed_thresholds: list[float]
    """By scene, in the order of ``crossed.water``."""
    simulated: Matches
    sure: Matches
    """As ``corrected``; with types of ships only where their marks are plain."""
    cfar: Matches
    baseline: Matches | None
    seconds: dict[str, float]
    """Processor time of ``network``, ``cfar`` and ``baseline`` over their scenes."""
    folds: list[Fold]


def cross_validate(
    published: Sequence[LabelledScene],
    folds: Sequence[Fold],
    folder: Path,
    *,
    corrections: gpd.GeoDataFrame,
    completions: gpd.GeoDataFrame,
    types: gpd.GeoDataFrame,
    options: CrossvalOptions,
    finished: Path | None = None,
    say: Say = lambda _: None,
) -> CrossValidation:
    """Train what is missing and measure.

    Parameters
    ----------
    published
        Scenes of all folds with their labels as they were published.
    folds
        What is left out together.
    folder
        Keeps the states of trainings.
    corrections
        To the labels that networks are trained with.
    completions
        Of these labels, and corrections of them, for measuring alone.
    types
        Of ships, as `gnomon.learn.type_labels` reads them; nothing is trained on them.
    options
        How much.
    finished
        Folder of networks that were trained before; see `gnomon.learn.train.train_network`.
    say
        Called with lines about the progress.

    """
    scenes = [scene.corrected(corrections) for scene in published]
    every = with_completions(corrections, completions)
    measured = [scene.corrected(every) for scene in published]
    simulated = simulated_tensors(options.simulated)
    networks = [
        fold_network(
            fold, scenes, simulated, folder, options=options.train,
            on_step=partial(_report_step, say, fold), finished=finished,
        )
        for fold in folds
    ]  # fmt: skip
    raw = _find_left_out(measured, folds, [network_finder(network) for network in networks])
    typed, sure = (
        [scene.typed(types, guesses=guesses) for scene in raw.scenes] for guesses in (True, False)
    )
    calibration = calibrated(match_scenes(raw.scenes, raw.found), gsd_m=scenes[0].gsd_m)
    found = [_rescored(calibration, boxes) for boxes in raw.found]
    corrected = matches_of(typed, found)
    calibration = _with_tankers(calibration, corrected)
    recall = measured_recall(corrected, calibration.threshold)
    calibration = calibration.model_copy(update={"recall": recall})
    as_published = {scene.name: scene for scene in published}
    crossed, thresholds = _crossed(raw, folds)
    cfar = _find(measured, cfar_finder)
    baseline = _baseline(scenes, measured, simulated, folds, folder, options, say)
    seconds = {"network": raw.seconds, "cfar": cfar.seconds}
    if baseline:
        seconds["baseline"] = baseline.seconds
    return CrossValidation(
        calibration,
        corrected,
        matches_of([as_published[scene.name] for scene in raw.scenes], found),
        matches_of(raw.scenes, crossed),
        thresholds,
        _on_simulated(networks[0], calibration, options.test_scenes),
        matches_of(sure, found),
        matches_of(cfar.scenes, cfar.found),
        matches_of(baseline.scenes, baseline.found) if baseline else None,
        seconds,
        list(folds),
    )


def _report_step(say: Say, fold: Fold, step: int, loss: float) -> None:
    if step % 100 == 0:
        say(f"without {', '.join(fold.ports)}: step {step}, loss {loss:.2f}")


def _find(scenes: Sequence[LabelledScene], find: Finder) -> Findings:
    started = time.process_time()
    found = [find(scene) for scene in scenes]
    return Findings(list(scenes), found, time.process_time() - started)


def _find_left_out(
    scenes: Sequence[LabelledScene], folds: Sequence[Fold], finders: Sequence[Finder]
) -> Findings:
    """Every scene by the network that never saw its port."""
    return Findings.joined(
        [
            _find([scene for scene in scenes if fold.holds(scene.name)], find)
            for fold, find in zip(folds, finders, strict=True)
        ]
    )


def _rescored(calibration: Calibration, boxes: OrientedBoxes) -> OrientedBoxes:
    return replace(boxes, score=calibration.score(boxes.score).astype(np.float32))


def _with_tankers(calibration: Calibration, raw: Matches) -> Calibration:
    known = raw.labels[raw.labels.tanker.notna() & raw.labels.p_tanker.notna()]
    curve = tanker_curve(known.p_tanker.to_numpy(), known.tanker.to_numpy())
    return calibration.model_copy(update={"tanker": curve})


def _crossed(raw: Findings, folds: Sequence[Fold]) -> tuple[list[OrientedBoxes], list[float]]:
    """Each scene's hulls, and their threshold, by the calibration of the other folds."""
    found, thresholds = [], []
    for scene, boxes in zip(raw.scenes, raw.found, strict=True):
        fold = next(f for f in folds if f.holds(scene.name))
        others = [n for n, other in enumerate(raw.scenes) if not fold.holds(other.name)]
        matched = match_scenes([raw.scenes[n] for n in others], [raw.found[n] for n in others])
        rest = calibrated(matched, gsd_m=scene.gsd_m)
        found.append(_rescored(rest, boxes))
        thresholds.append(rest.threshold)
    return found, thresholds


def _baseline(
    scenes: Sequence[LabelledScene],
    measured: Sequence[LabelledScene],
    simulated: Sequence[SceneTensors],
    folds: Sequence[Fold],
    folder: Path,
    options: CrossvalOptions,
    say: Say,
) -> Findings | None:
    parts = []
    for fold in folds:
        if fold.number not in options.baseline_folds:
            continue
        say(f"Faster R-CNN without {', '.join(fold.ports)}: {options.baseline_seconds:.0f} s")
        real = fold.training(scenes)
        every, drawn = [*real, *simulated], scene_weights(real, simulated)
        name = f"baseline-{fold.name}-{options.baseline_seconds:.0f}s"
        model = train_baseline(
            every,
            weights=drawn,
            seconds=options.baseline_seconds,
            clock=time.process_time,
            state=folder / f"{network_name(name, every, drawn, options.train)}.state",
        )
        left_out = [scene for scene in measured if fold.holds(scene.name)]
        parts.append(_find(left_out, baseline_finder(model, BANDS)))
    return Findings.joined(parts) if parts else None


def _on_simulated(network: Network, calibration: Calibration, count: int) -> Matches:
    """What a network finds in simulated scenes that no training had."""
    find = network_finder(network)
    scenes, found = [], []
    for scene in simulated_scenes(count, seed=TEST_SEED):
        short = scene.outlines.length_m < SHORT_M
        exact = replace(scene, outlines=scene.outlines.assign(measured=True, ignored=short))
        scenes.append(exact)
        found.append(_rescored(calibration, find(exact)))
    return matches_of(scenes, found)
