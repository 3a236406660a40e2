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
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from gnomon.detect import chips, pasting, proposals, weights
from gnomon.detect.calibrate import Calibration
from gnomon.detect.chips import shared
from gnomon.detect.evaluate import Matched
from gnomon.detect.network import Network, NetworkOptions, Trained
from gnomon.detect.proposals import train_verifier
from gnomon.detect.train import TrainOptions, train
from gnomon.detect.truth import Labelled, labelled
from gnomon.detect.verifier import Verifier, VerifierOptions
from gnomon.detect.weights import Stages
from gnomon.errors import WeightsError
from gnomon.fetch.mask import usable_water
from gnomon.marked import contrast_finder, finder, marked_scenes, matched, most_flattering
from gnomon.study import MaskOptions
from gnomon.synth.scene import deserted, simulate, training_specs

BANDS = NetworkOptions().bands
SIMULATED = 24
SIMULATED_SHARE = 0.25
SIMULATED_SEED = 7
Progress = Callable[[str, int, float], None]
"""Told of each step: which stage is trained, the number of the step, its loss."""


VERIFIER = TrainOptions(steps=1600, batch=8, learning_rate=1e-3)
"""What a verifier takes."""


@dataclass(frozen=True)
class TeachOptions:
    """How long and how fast the stages are trained."""

    network: TrainOptions = field(default_factory=TrainOptions)
    verifier: TrainOptions | None = VERIFIER
    """Without, there is no second stage."""

    @staticmethod
    def lasting(steps: int, *, seed: int = 0) -> "TeachOptions":
        """So many steps of the network, and of the verifier in proportion."""
        network = TrainOptions(steps=steps, seed=seed)
        share = steps / TrainOptions().steps
        return TeachOptions(
            network, replace(VERIFIER, steps=max(round(VERIFIER.steps * share), 1), seed=seed)
        )

    def passed(self, stage: str, step: int) -> tuple[int, int]:
        """Steps that have passed at the end of one of a stage, and those of all stages."""
        own = self.verifier.steps if self.verifier else 0
        before = self.network.steps if stage.endswith(_VERIFIER) else 0
        return before + step + 1, self.network.steps + own


_NETWORK, _VERIFIER = "network", "verifier"
"""What names of stages end with."""
CALIBRATED_BY = "s2-vessel"
"""Weights whose calibration others take over that were trained the same way."""


def teach(
    catalogs: Sequence[str],
    out: Path,
    *,
    version: str,
    calibration: Calibration,
    amendments: Path | None = None,
    ports: Sequence[str] | None = None,
    simulated: int = SIMULATED,
    options: TeachOptions | None = None,
    progress: Progress | None = None,
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
    amendments
        File of amendments to the labels.
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
    marked = marked_scenes(*catalogs, ports=ports, amendments=amendments)
    options = options or TeachOptions()
    made = list(simulated_scenes(simulated))
    real = [m.learnable(BANDS) for m in marked]
    folder = out.parent / f"{out.name}.training"
    stages = trained(real, made, folder, options=options, progress=progress)
    model = weights.save(
        out,
        stages,
        version=version,
        threshold=calibration.threshold,
        calibration=(calibration.slope, calibration.intercept),
        errors=calibration.errors,
        tanker=calibration.tanker,
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
        history = np.stack([before[band].to_numpy() for band in BANDS])
        yield replace(made, history=torch.from_numpy(history))


def trained(
    real: Sequence[Labelled],
    made: Sequence[Labelled],
    folder: Path,
    *,
    options: TeachOptions,
    progress: Progress | None = None,
    name: str = "all",
    finished: Path | None = None,
) -> Stages:
    """A detector from real and simulated scenes, in the proportion that all weights have.

    Parameters
    ----------
    real, made
        Real and simulated scenes.
    folder
        Keeps the states of the trainings, under names with digests of all they rest on: what was
        interrupted goes on, what is finished is not done again.
    options
        How long and how fast.
    progress
        Told of each step.
    name
        Begins the names of the states.
    finished
        Folder of stages that were trained to their end, where new ones go too; one that rests on
        other scenes or options is trained anew.

    """
    bench = _Bench([*real, *made], shares(real, made), folder, finished, progress)
    learn = partial(train, bench.scenes, options.network, weights=bench.drawn)
    network, rests_on = bench.stage(f"{name}-{_NETWORK}", Network(), options.network, learn)
    if options.verifier is None:
        return Stages(network)
    learn_it = partial(train_verifier, bench.scenes, network, options.verifier, weights=bench.drawn)
    title, rests_on = f"{name}-{_VERIFIER}", f"{rests_on} {_PROPOSING}"
    verifier, _ = bench.stage(title, Verifier(), options.verifier, learn_it, rests_on=rests_on)
    return Stages(network, verifier)


@dataclass(frozen=True)
class _Bench:
    """Where stages are trained, one after the other."""

    scenes: list[Labelled]
    drawn: list[float]
    folder: Path
    finished: Path | None
    progress: Progress | None

    def stage(
        self,
        title: str,
        blank: Trained,
        options: TrainOptions,
        learn: Callable[..., Trained],
        *,
        rests_on: str = "",
    ) -> tuple[Trained, str]:
        """One stage, trained or found finished, and what it rests on."""
        saved = state_path(self.folder, title, self.scenes, options, rests_on=rests_on)
        path = self.finished / f"{title}.safetensors" if self.finished else None
        if path and path.is_file() and _rests_on(path) == saved.stem:
            blank.load_state_dict(load_file(path))
            return blank.eval(), saved.stem
        tell = partial(self.progress, title) if self.progress else None
        done = learn(progress=tell, saved=saved)
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Half as large; and nothing is measured with other digits than those of the file.
            values = {key: value.contiguous() for key, value in done.half().state_dict().items()}
            save_file(values, path, {"rests_on": saved.stem})
            done.float()
        return done, saved.stem


def _rests_on(path: Path) -> str:
    with safe_open(path, "pt") as file:
        told: str = (file.metadata() or {}).get("rests_on", "")
    return told


def state_path(
    folder: Path,
    name: str,
    scenes: Sequence[Labelled],
    options: TrainOptions,
    *,
    rests_on: str = "",
) -> Path:
    """File for the state of a training: its name, and a digest of what it rests on."""
    told = asdict(options)
    cycles = told.pop("cycles")
    all_of = [repr((_SHAPING, told, asdict(NetworkOptions()), rests_on))]
    for scene in scenes:
        all_of += [scene.name, str(tuple(scene.bands.shape))]
        all_of += [scene.ships.round(3).tobytes().hex(), scene.ignored.round(3).tobytes().hex()]
    digest = hashlib.sha256("\n".join(all_of).encode()).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    states = [folder / f"{name}-{digest}-{number}.state" for number in range(1, cycles + 1)]
    if not states[-1].exists():
        for earlier in reversed(states[:-1]):
            if earlier.exists():  # its cycles are the first ones of this training
                shutil.copy(earlier, states[-1])
                break
    return states[-1]


_SHAPING = (
    chips.CHIP_PX, chips.PASTED, chips.REMEMBERED, chips.STAYED, pasting.ALONGSIDE, SIMULATED_SHARE,
)  # fmt: skip
"""What shapes a training beside its options."""
_PROPOSING = (
    proposals.ASTRAY, proposals.CORE_PX, proposals.DOUBTED_SHARE, proposals.SHOWN,
    asdict(VerifierOptions()),
)  # fmt: skip
"""What shapes a verifier's."""


def shares(real: Sequence[Labelled], made: Sequence[Labelled]) -> list[float]:
    """How often each scene is drawn, the real ones first."""
    part = SIMULATED_SHARE if made else 0.0
    return [*shared(real, 1 - part), *shared(made, part)]


def judge(name: str, catalog: str) -> str:
    """Scores of weights on a labelled catalogue beside the contrast stage alone, as Markdown.

    The network is read at its shipped threshold, the contrast stage at the one that flatters it.
    """
    scenes = marked_scenes(catalog)
    threshold = weights.read_model(name).threshold
    lines = [
        "| detector | ships | labels | AP | precision | recall | F1 | seconds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for title, find in (("network", finder(name)), ("contrast alone", contrast_finder)):
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
    length = (found[:, 2] - truth[:, 2]) * 10.0
    turn = np.abs((found[:, 4] - truth[:, 4] + 90.0) % 180.0 - 90.0)
    return [
        (
            f"Of {right.sum()} hulls of 50 m or more that were found: length off by "
            f"{np.median(np.abs(length)):.0f} m (median; bias {np.median(length):+.0f} m), "
            f"heading within 10 degrees for {np.mean(turn < 10):.0%}."
        )
    ]
