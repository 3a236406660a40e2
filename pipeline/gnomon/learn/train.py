"""From catalogues of labelled scenes to a folder of new weights, and what weights are worth.

Weights are trained on every scene there is. What their score is worth, which threshold to ship, and
how far lengths, beams and headings are off cannot be told from scenes that they were trained on: it
comes from a calibration that was measured with ports left out (`gnomon.evaluation`) on networks
that were trained the same way.

Simulated scenes, whose ships are known exactly, are a part of what the network sees.
"""

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import WeightsError
from gnomon.datamodel.study import MaskOptions
from gnomon.detect import weights
from gnomon.detect.calibration import Calibration
from gnomon.detect.centernet.network import Network, NetworkOptions
from gnomon.imagery.water import usable_water
from gnomon.learn.augment import ALONGSIDE
from gnomon.learn.batches import CHIP_PX, PASTED, REMEMBERED, STAYED, shared
from gnomon.learn.catalogs import cfar_finder, finder, marked_scenes, matched, most_flattering
from gnomon.learn.fit import TrainOptions, train
from gnomon.learn.metrics import Matched
from gnomon.learn.scenes import Labelled, labelled
from gnomon.simulate.pixels.scene import deserted, simulate, training_specs

BANDS = NetworkOptions().bands
SIMULATED = 24
SIMULATED_SHARE = 0.25
SIMULATED_SEED = 7
CALIBRATED_BY = "s2-vessel"
"""Weights whose calibration others take over that were trained the same way."""


def teach(
    catalogs: Sequence[str],
    out: Path,
    *,
    version: str,
    calibration: Calibration,
    corrections: Path | None = None,
    ports: Sequence[str] | None = None,
    simulated: int = SIMULATED,
    options: TrainOptions | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> weights.Model:
    """Train on labelled scenes and write new weights.

    What is interrupted goes on where it stopped.

    Parameters
    ----------
    catalogs
        Labelled scenes.
    out
        Folder to be made.
    version
        Of the weights.
    calibration
        Measured on networks that were trained like this one, with ports left out.
    corrections
        File of corrections to the labels.
    ports
        Parts of item ids; other scenes are left out. All, if left out.
    simulated
        Simulated scenes beside the real ones.
    options
        How long and how fast.
    progress
        Told of each step.

    Raises
    ------
    CatalogError
        A catalogue cannot be read, or has no labels.
    WeightsError
        The folder exists.

    """
    if out.exists():  # before half an hour of work, not after
        raise WeightsError(f"{out}: exists; weights are never overwritten")
    marked = marked_scenes(*catalogs, ports=ports, corrections=corrections)
    options = options or TrainOptions()
    made = list(simulated_scenes(simulated))
    real = [m.learnable(BANDS) for m in marked]
    folder = out.parent / f"{out.name}.training"
    network = trained(real, made, folder, options=options, progress=progress)
    model = weights.save(
        out,
        network,
        version=version,
        calibration=calibration,
    )
    shutil.rmtree(folder)
    return model


def simulated_scenes(count: int) -> Iterator[Labelled]:
    """Scenes whose ships are known exactly."""
    for number, spec in enumerate(training_specs(count, seed=SIMULATED_SEED)):
        pixels, truth = simulate(spec)
        masks = usable_water(pixels, MaskOptions())
        before, _ = simulate(deserted(spec))
        made = labelled(f"simulated-{number}", pixels, truth, bands=BANDS, masks=masks, real=False)
        background = np.stack([before[band].to_numpy() for band in BANDS])
        yield replace(made, background=torch.from_numpy(background))


def trained(
    real: Sequence[Labelled],
    made: Sequence[Labelled],
    folder: Path,
    *,
    options: TrainOptions,
    progress: Callable[[int, float], None] | None = None,
    name: str = "all",
    finished: Path | None = None,
) -> Network:
    """A network from real and simulated scenes, in the proportion that all weights have.

    Parameters
    ----------
    real, made
        Real and simulated scenes.
    folder
        Keeps the state of the training, under a name with the digest of all it rests on: what was
        interrupted goes on, what is finished is not done again.
    options
        How long and how fast.
    progress
        Told of each step.
    name
        Begins the name of the state.
    finished
        Folder of networks that were trained to their end, where new ones go too; one that rests on
        other scenes or options is trained anew.

    """
    scenes, drawn = [*real, *made], shares(real, made)
    saved = state_path(folder, name, scenes, options)
    if finished is None:
        return train(scenes, options, weights=drawn, progress=progress, saved=saved)
    path = finished / f"{name}.safetensors"
    if not path.is_file() or _rests_on(path) != saved.stem:
        network = train(scenes, options, weights=drawn, progress=progress, saved=saved)
        finished.mkdir(parents=True, exist_ok=True)
        values = {key: value.contiguous() for key, value in network.half().state_dict().items()}
        save_file(values, path, {"rests_on": saved.stem})
    # Half as large; and nothing is measured with other digits than those of the file.
    network = Network()
    network.load_state_dict(load_file(path))
    return network.eval()


def _rests_on(path: Path) -> str:
    with safe_open(path, "pt") as file:
        told: str = (file.metadata() or {}).get("rests_on", "")
    return told


def state_path(folder: Path, name: str, scenes: Sequence[Labelled], options: TrainOptions) -> Path:
    """File for the state of a training: its name, and a digest of what it rests on."""
    rests_on = [repr((_SHAPING, asdict(options), asdict(NetworkOptions())))]
    for scene in scenes:
        rests_on += [scene.name, str(tuple(scene.bands.shape))]
        rests_on += [_rounded(scene.ships, *_PLACES, "tanker"), _rounded(scene.ignored, *_PLACES)]
    digest = hashlib.sha256("\n".join(rests_on).encode()).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}-{digest}.state"


_PLACES = ("x", "y", "length", "beam", "angle")


def _rounded(boxes: OrientedBoxes, *names: str) -> str:
    """Some fields of boxes, to three digits, as a text to be digested."""
    return np.column_stack([getattr(boxes, name) for name in names]).round(3).tobytes().hex()


_SHAPING = (
    CHIP_PX, PASTED, REMEMBERED, STAYED, ALONGSIDE, SIMULATED_SHARE,
)  # fmt: skip
"""What shapes a training beside its options."""


def shares(real: Sequence[Labelled], made: Sequence[Labelled]) -> list[float]:
    """How often each scene is drawn, the real ones first."""
    part = SIMULATED_SHARE if made else 0.0
    return [*shared(real, 1 - part), *shared(made, part)]


def evaluate(name: str, catalog: str) -> str:
    """Scores of weights on a labelled catalogue beside the contrast stage alone, as Markdown.

    The network is read at its shipped threshold, the contrast stage at the one that flatters it.
    """
    scenes = marked_scenes(catalog)
    threshold = weights.read_model(name).calibration.threshold
    lines = [
        "| detector | ships | labels | AP | precision | recall | F1 | seconds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for title, find in (("network", finder(name)), ("contrast alone", cfar_finder)):
        started = time.perf_counter()
        found = [find(scene) for scene in scenes]
        seconds = time.perf_counter() - started
        for least in (100.0, 50.0):
            result = matched(scenes, found, length_min_m=least)
            said = result.at(threshold if title == "network" else most_flattering(result))
            lines.append(
                f"| {title} | >= {least:.0f} m | {len(result.truth)} "
                f"| {result.average_precision():.3f} | {said['precision']:.2f} "
                f"| {said['recall']:.2f} | {said['f1']:.2f} | {seconds:.1f} |"
            )
        if title == "network":
            shapes = _shapes(result, threshold)
    return "\n".join([*lines, "", *shapes])


def _shapes(result: Matched, threshold: float) -> list[str]:
    """Errors of length and heading, in words; label noise is part of them."""
    right = (result.label >= 0) & (result.score >= threshold)
    found, truth = result.found[right], result.truth[result.label[right]]
    length = (found.length - truth.length) * 10.0
    turn = np.abs((found.angle - truth.angle + 90.0) % 180.0 - 90.0)
    return [
        (
            f"Of {right.sum()} hulls of 50 m or more that were found: length off by "
            f"{np.median(np.abs(length)):.0f} m (median; bias {np.median(length):+.0f} m), "
            f"heading within 10 degrees for {np.mean(turn < 10):.0%}."
        )
    ]
