"""From shipped weights and a person's labelled chips to new weights.

1. Hold out some ports, or some scenes where there are fewer than three ports; never chips at
   random, because neighbouring chips prove nothing. Where there is one scene nothing can be held
   out.
2. Train from the shipped weights on the other chips, mixed half and half with simulated scenes, so
   that what was learned before is not lost; with a labelled catalogue too, where there is one.
3. Compare the old weights and the new on the holdout. New weights are halfway between those that
   training began with and those that it ended with: that keeps most of what is gained on the chips,
   and of what was known of other ports (Wortsman et al. 2022, "Robust fine-tuning",
   arXiv:2109.01903).
4. Train again on all chips. These weights leave, with a card that has the numbers of step 3.

A kill costs at most a hundred steps: the states of both trainings and the simulated scenes lie in a
hidden folder beside the new weights until those are whole.
"""

import copy
import hashlib
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gnomon.datamodel.errors import WeightsError
from gnomon.datamodel.progress import Progress, silent
from gnomon.datamodel.shipped import refuse_weights
from gnomon.detect import weights
from gnomon.detect.centernet.network import Network
from gnomon.learn.batches import sampling_weights
from gnomon.learn.card import card
from gnomon.learn.chips import FOLDER
from gnomon.learn.compare import Split, WeightsComparison, compare, split
from gnomon.learn.fit import TrainOptions, fit
from gnomon.learn.labels import NAME
from gnomon.learn.mlm import CARD, write_item
from gnomon.learn.recipe import stage_digest
from gnomon.learn.samples import read_samples
from gnomon.learn.scenes import LabelledScene, labelled_scenes, simulated_scenes
from gnomon.learn.tensors import SceneTensors, scene_tensors
from gnomon.workflow.digests import digest

OWN_SHARE = 0.5
"""Of the chips that the network sees; the rest is simulated, or half simulated and half from
catalogues."""
SIMULATED_SEED, CHECK_SEED = 7, 11
"""Simulated scenes to train on are those of the first training; those to check with are others."""


@dataclass(frozen=True)
class FinetuneOptions:
    """How long and how fast. The learning rate is a quarter of a first training's."""

    steps: int = 1500
    """Of each of the two trainings."""
    batch: int = 16
    learning_rate: float = 5e-4
    simulated: int = 16
    """Simulated scenes to train on."""
    checks: int = 4
    """Other simulated scenes, to see what was forgotten."""
    seed: int = 0
    hold: tuple[str, ...] = ()
    """Parts of ports' names or scene ids to hold out; drawn, if empty."""
    average: float = 0.998
    interpolation: float = 0.5
    """Where new weights lie between the old ones, 0, and those that training ends with, 1."""
    save_every: int = 100
    """Steps between two states on disk."""

    @property
    def training(self) -> TrainOptions:
        """As `gnomon.learn.fit` takes them."""
        return TrainOptions(
            steps=self.steps,
            batch=self.batch,
            learning_rate=self.learning_rate,
            average=self.average,
            seed=self.seed,
            save_every=self.save_every,
        )


def finetune(
    folder: Path,
    out: Path,
    *,
    base: str = "s2-vessel",
    version: str = "0.1.0",
    catalogs: Sequence[str] = (),
    hosts: Sequence[str] = (),
    options: FinetuneOptions | None = None,
    on_progress: Progress = silent,
    say: Callable[[str], None] = lambda _: None,
) -> weights.Model:
    """Train on labelled chips and write a new folder of weights with its card.

    Parameters
    ----------
    folder
        Of chips and labels.
    out
        Folder to be made.
    base
        Weights to begin with.
    version
        Of the new weights.
    catalogs
        Of labelled scenes beside the chips, as `gnomon.learn.train` reads them.
    hosts
        Hosts that are not of the internet and that the catalogues may lead to.
    options
        How long and how fast.
    on_progress
        Called after each step.
    say
        Called with a line of what will be done, once the chips are read.

    Raises
    ------
    LabelError
        Labels or chips are at fault, or no label is decided on.
    WeightsError
        The folder exists, or a state cannot be read.

    """
    refuse_weights(out)
    options = options or FinetuneOptions()
    started = time.perf_counter()
    ready = weights.load(base)
    if not isinstance(ready.network, Network):
        raise WeightsError(f"{base}: only networks of the architecture centernet can be finetuned")
    parts = split(read_samples(folder, gsd_m=ready.model.gsd_m), options.hold, seed=options.seed)
    say(_plan_text(parts, base, options))
    run = _Run.of(folder, out, ready, catalogs, hosts, options, on_progress)
    trial = run.train("holdout run", parts.train) if parts.holdout else None
    comparison = compare(ready, trial, parts.holdout, run.checks() if trial else ())
    network = run.train("final run", (*parts.train, *parts.holdout))
    made = run.place / "made" / out.name
    shutil.rmtree(made.parent, ignore_errors=True)
    model = _save(made, network, comparison, version=version, trained_on=run.seen(parts))
    minutes = (time.perf_counter() - started) / 60
    text = card(model, ready.model, parts, comparison, options=asdict(options), minutes=minutes)
    (made / CARD).write_text(text, encoding="utf-8")
    write_item(made)
    made.rename(out)
    shutil.rmtree(run.place)
    return model


def _plan_text(parts: Split, base: str, options: FinetuneOptions) -> str:
    """What will be done, in one line."""
    ships = sum(len(sample.outlines) for sample in (*parts.train, *parts.holdout))
    held = ", ".join(sorted({sample.name for sample in parts.holdout}))
    if held:
        what = (
            f"two trainings of {options.steps} steps, the first without {held} to measure the gain"
        )
    else:
        what = f"one training of {options.steps} steps; nothing can be held out to measure the gain"
    return (
        f"fine-tuning {base} on {ships} labelled ships and {options.simulated} simulated scenes: "
        f"{what}; on one core 3 steps a second (without bfloat16) to 8"
    )


def _save(
    folder: Path,
    network: Network,
    comparison: WeightsComparison,
    *,
    version: str,
    trained_on: set[str] | None,
) -> weights.Model:
    model = comparison.model
    return weights.save(
        folder,
        network,
        version=version,
        calibration=model.calibration,
        sensor=model.sensor,
        gsd_m=model.gsd_m,
        gsd_range_m=model.gsd_range_m,
        trained_on=trained_on,
    )


@dataclass(frozen=True)
class _Run:
    """What both trainings share, and where their states are kept."""

    place: Path
    rests_on: str
    base: weights.Weights
    real: tuple[SceneTensors, ...]
    """Scenes of the catalogues."""
    options: FinetuneOptions
    on_progress: Progress

    @staticmethod
    def of(
        folder: Path,
        out: Path,
        base: weights.Weights,
        catalogs: Sequence[str],
        hosts: Sequence[str],
        options: FinetuneOptions,
        on_progress: Progress,
    ) -> "_Run":
        files = [folder / NAME, *sorted((folder / FOLDER).glob("*.tif"))]
        inputs = {
            "base": base.model.digest,
            "stage": stage_digest(),
            "options": asdict(options),
            "catalogs": list(catalogs),
            "files": [(f.name, hashlib.sha256(f.read_bytes()).hexdigest()) for f in files],
        }
        place = out.with_name(f".{out.name}.training")
        place.mkdir(parents=True, exist_ok=True)
        scenes = labelled_scenes(*catalogs, hosts=hosts)
        real = [scene_tensors(scene, base.model.bands) for scene in scenes]
        return _Run(place, digest(inputs), base, tuple(real), options, on_progress)

    def seen(self, parts: Split) -> set[str] | None:
        """Ids of the scenes that new weights have seen; None if those of the base are unknown."""
        before = self.base.model.trained_on
        if before is None:
            return None
        samples = [scene.name for scene in (*parts.train, *parts.holdout)]
        return {*before, *samples, *(scene.name for scene in self.real)}

    def checks(self) -> list[LabelledScene]:
        """Simulated scenes that nothing was trained on, to see what was forgotten."""
        return list(simulated_scenes(self.options.checks, seed=CHECK_SEED, cache=self.place))

    def train(self, name: str, samples: Sequence[LabelledScene]) -> Network:
        """Train on samples, simulated scenes and catalogues."""
        count, bands, base = self.options.simulated, self.base.model.bands, self.base.network
        assert isinstance(base, Network), "finetune refuses others"
        own = [scene_tensors(sample, bands) for sample in samples]
        scenes = simulated_scenes(count, seed=SIMULATED_SEED, cache=self.place)
        simulated = [scene_tensors(scene, bands) for scene in scenes]
        others = (1 - OWN_SHARE) / (2 if self.real else 1)
        drawn = [
            *sampling_weights(own, OWN_SHARE),
            *sampling_weights(simulated, others),
            *sampling_weights(self.real, others),
        ]
        steps = self.options.steps
        trained = fit(
            [*own, *simulated, *self.real],
            self.options.training,
            weights=drawn,
            base=base,
            state=self.place / f"{name.replace(' ', '-')}-{self.rests_on}.pt",
            on_step=lambda step, loss: self.on_progress(
                step + 1, steps, f"{name}: loss {loss:.2f}"
            ),
        )
        return interpolate(base, trained, self.options.interpolation)


def interpolate(old: Network, new: Network, share: float) -> Network:
    """Weights on the straight line from old ones, 0, to new ones, 1."""
    known, learned = old.state_dict(), new.state_dict()
    mixed = {
        name: value.lerp(learned[name], share) if value.dtype.is_floating_point else learned[name]
        for name, value in known.items()
    }
    result = copy.deepcopy(new)
    result.load_state_dict(mixed)
    return result
