"""The whole measurement: train what is missing, look, calibrate, count.

1. For each fold a network is trained on the ports of the others, with amended labels.
2. Each looks at the ports that it never saw. What it says there, over all folds, gives the logistic
   curve of the score, the ONE threshold, and the errors of length, beam and heading: six numbers
   from some two hundred ships; and the curve of p_tanker, from ships whose type somebody told by
   eye, guesses among them, which makes it careful.
3. The same hulls are held against the amended labels and against the plain ones. Beside that, every
   fold is read with the curve and the threshold of the other four, which owe it nothing.
4. The contrast stage alone looks at the same scenes, and Faster R-CNN at those of the folds that it
   was trained for.
5. Lengths are held against exact truth on simulated scenes that no network saw.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.study import MaskOptions
from gnomon.detect.calibration import Calibration
from gnomon.detect.centernet.network import Network
from gnomon.imagery.water import usable_water
from gnomon.learn.calibrate import calibrated, tanker_curve
from gnomon.learn.catalogs import Finder, Marked, cfar_finder, matched, raw_finder
from gnomon.learn.crossval.baseline import baseline_finder, train_baseline
from gnomon.learn.crossval.folds import Fold, fold_network
from gnomon.learn.crossval.matches import Account, account
from gnomon.learn.fit import TrainOptions
from gnomon.learn.metrics import SHORT_M
from gnomon.learn.scenes import Labelled
from gnomon.learn.train import BANDS, SIMULATED, shares, simulated_scenes, state_path
from gnomon.simulate.pixels.scene import training_scenes

JUDGING_SEED = 2026
"""Of the simulated scenes that lengths are held against; training has another."""
JUDGING = 6

Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """How much is trained and drawn."""

    train: TrainOptions = field(default_factory=TrainOptions)
    simulated: int = SIMULATED
    judging: int = JUDGING
    rival_folds: tuple[int, ...] = (2,)
    rival_seconds: float = 1400.0
    """Processor time for each."""


@dataclass(frozen=True)
class Sight:
    """What one detector found, scene by scene, and the processor seconds that it took."""

    scenes: list[Marked]
    found: list[OrientedBoxes]
    seconds: float


@dataclass(frozen=True)
class Measured:
    """Everything that the card tells; p_tanker as the networks have it, not calibrated."""

    calibration: Calibration
    corrected: Account
    """Calibrated scores."""
    plain: Account
    crossed: Account
    """Amended labels, each fold's scores calibrated by the other folds."""
    crossed_thresholds: list[float]
    """By scene, in the order of ``crossed.water``."""
    simulated: Account
    sure: Account
    """As ``amended``; types of ships are told only where their marks are plain."""
    contrast: Account
    baseline: Account | None
    seconds: dict[str, float]
    """Processor time of each detector over its scenes."""
    folds: list[Fold]
    rival_ports: tuple[str, ...]


def measure(
    plain: Sequence[Marked],
    folds: Sequence[Fold],
    folder: Path,
    *,
    corrections: gpd.GeoDataFrame,
    types: gpd.GeoDataFrame,
    options: Options,
    finished: Path | None = None,
    say: Say = lambda _: None,
) -> Measured:
    """Train what is missing and measure.

    Parameters
    ----------
    plain
        Scenes of all folds with their labels as they came.
    folds
        What is left out together.
    folder
        Keeps the states of trainings.
    corrections
        To the labels.
    types
        Of ships, as `gnomon.learn.type_labels` reads them; nothing is trained on them.
    options
        How much.
    finished
        Folder of networks that were trained before; see `gnomon.learn.train.trained`.
    say
        Told what goes on.

    """
    scenes = [m.corrected(corrections) for m in plain]
    made = list(simulated_scenes(options.simulated))
    networks = [
        fold_network(
            fold, scenes, made, folder, options=options.train, progress=partial(_tell, say, fold),
            finished=finished,
        )
        for fold in folds
    ]  # fmt: skip
    sight = _observed_at(scenes, folds, [raw_finder(network) for network in networks])
    typed, sure = (
        [m.typed(types, guesses=guesses) for m in sight.scenes] for guesses in (True, False)
    )
    compared = calibrated(matched(sight.scenes, sight.found), gsd_m=scenes[0].gsd_m)
    told = [_rescored(compared, hulls) for hulls in sight.found]
    corrected = account(typed, told)
    compared = _with_tankers(compared, corrected)
    bare = {m.name: m for m in plain}
    crossed, thresholds = _crossed(sight, folds)
    contrast = _observation(scenes, cfar_finder)
    baseline = _rival(scenes, made, folds, folder, options, say)
    seconds = {"network": sight.seconds, "contrast": contrast.seconds}
    if baseline:
        seconds["rival"] = baseline.seconds
    return Measured(
        compared,
        corrected,
        account([bare[m.name] for m in sight.scenes], told),
        account(sight.scenes, crossed),
        thresholds,
        _simulated(networks[0], compared, options.judging),
        account(sure, told),
        account(contrast.scenes, contrast.found),
        account(baseline.scenes, baseline.found) if baseline else None,
        seconds,
        list(folds),
        tuple(m.name for m in baseline.scenes) if baseline else (),
    )


def _tell(say: Say, fold: Fold, step: int, loss: float) -> None:
    if step % 100 == 0:
        say(f"without {', '.join(fold.ports)}: step {step}, loss {loss:.2f}")


def _observation(scenes: Sequence[Marked], find: Finder) -> Sight:
    started = time.process_time()
    found = [find(scene) for scene in scenes]
    return Sight(list(scenes), found, time.process_time() - started)


def _observed_at(
    scenes: Sequence[Marked], folds: Sequence[Fold], finders: Sequence[Finder]
) -> Sight:
    """Every scene by the network that never saw its port."""
    sights = [
        _observation([m for m in scenes if fold.holds(m.name)], find)
        for fold, find in zip(folds, finders, strict=True)
    ]
    return Sight(
        [m for sight in sights for m in sight.scenes],
        [hulls for sight in sights for hulls in sight.found],
        sum(sight.seconds for sight in sights),
    )


def _rescored(compared: Calibration, boxes: OrientedBoxes) -> OrientedBoxes:
    return replace(boxes, score=compared.score(boxes.score).astype(np.float32))


def _with_tankers(compared: Calibration, raw: Account) -> Calibration:
    known = raw.labels[raw.labels.tanker.notna() & raw.labels.p_tanker.notna()]
    curve = tanker_curve(known.p_tanker.to_numpy(), known.tanker.to_numpy())
    return compared.model_copy(update={"tanker": curve})


def _crossed(sight: Sight, folds: Sequence[Fold]) -> tuple[list[OrientedBoxes], list[float]]:
    """Each scene's hulls, and their threshold, by what the other folds say of scores."""
    found, thresholds = [], []
    for scene, hulls in zip(sight.scenes, sight.found, strict=True):
        fold = next(f for f in folds if f.holds(scene.name))
        others = [n for n, m in enumerate(sight.scenes) if not fold.holds(m.name)]
        rest = calibrated(
            matched([sight.scenes[n] for n in others], [sight.found[n] for n in others]),
            gsd_m=scene.gsd_m,
        )
        told = _rescored(rest, hulls)
        thresholds.append(rest.threshold)
        found.append(told)
    return found, thresholds


def _rival(
    scenes: Sequence[Marked],
    made: Sequence[Labelled],
    folds: Sequence[Fold],
    folder: Path,
    options: Options,
    say: Say,
) -> Sight | None:
    sights = []
    for fold in folds:
        if fold.number not in options.rival_folds:
            continue
        say(f"Faster R-CNN without {', '.join(fold.ports)}: {options.rival_seconds:.0f} s")
        real = [m.learnable(BANDS) for m in scenes if not fold.holds(m.name)]
        name = f"rival-without-{'-'.join(fold.ports)}-{options.rival_seconds:.0f}s"
        model = train_baseline(
            [*real, *made],
            weights=shares(real, made),
            seconds=options.rival_seconds,
            clock=time.process_time,
            saved=state_path(folder, name, [*real, *made], options.train),
        )
        find = baseline_finder(model, BANDS)
        sights.append(_observation([m for m in scenes if fold.holds(m.name)], find))
    if not sights:
        return None
    return Sight(
        [m for s in sights for m in s.scenes],
        [hulls for s in sights for hulls in s.found],
        sum(s.seconds for s in sights),
    )


def _simulated(network: Network, compared: Calibration, count: int) -> Account:
    """What a network says of simulated scenes that no training had."""
    scenes = []
    for number, (pixels, truth) in enumerate(training_scenes(count, seed=JUDGING_SEED)):
        masks = usable_water(pixels, MaskOptions())
        exact = truth[["geometry", "type"]].assign(measured=True, ignored=truth.length_m < SHORT_M)
        scenes.append(Marked(f"simulated {number}", pixels, masks, exact))
    find = raw_finder(network)
    return account(scenes, [_rescored(compared, find(scene)) for scene in scenes])
