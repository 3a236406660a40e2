"""From shipped weights and somebody's labelled chips to new weights.

1. Hold some ports back, or some scenes where there are fewer than three ports; never chips at
   random, because neighbours are no proof. Where there is one scene nothing can be held back.
2. Train from the shipped weights on the other chips, mixed half and half with simulated scenes, so
   that what was learned before is not lost; with a labelled catalogue too, where there is one.
3. Look at what was held back, with the old weights and the new. New weights are halfway between
   those that training began with and those that it came to: that keeps most of what is gained on
   the chips, and of what was known of other ports (Wortsman et al. 2022, "Robust fine-tuning",
   arXiv:2109.01903).
4. Train again on all chips. These weights leave, with a card that has the numbers of step 3.

A kill costs at most a hundred steps: the state of both trainings and the simulated scenes lie in a
hidden folder beside the new weights until those are whole.
"""

import copy
import hashlib
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gnomon.datamodel.errors import WeightsError
from gnomon.datamodel.progress import Progress
from gnomon.detect import weights
from gnomon.detect.centernet.network import Network
from gnomon.learn.batches import shared
from gnomon.learn.card import card
from gnomon.learn.catalogs import marked_scenes
from gnomon.learn.chips import FOLDER
from gnomon.learn.compare import compared, split
from gnomon.learn.fit import TrainOptions, train
from gnomon.learn.labels import NAME
from gnomon.learn.samples import Lesson, read_lessons, simulated_lessons
from gnomon.learn.scenes import Labelled
from gnomon.workflow.store import digest

OWN_SHARE = 0.5
"""Of the chips that the network sees; the rest is simulated, or half simulated and half from
catalogues."""
SIMULATED_SEED, CHECK_SEED = 7, 11
"""Simulated scenes to train on are those of the first training; to check with there are others."""


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
    """Parts of ports' names or scene ids; chosen by itself if left out."""
    average: float = 0.998
    moved: float = 0.5
    """How far to go from the old weights, 0, to those that training came to, 1."""

    def training(self) -> TrainOptions:
        """As `gnomon.learn.fit` wants them."""
        return TrainOptions(
            steps=self.steps,
            batch=self.batch,
            learning_rate=self.learning_rate,
            average=self.average,
            seed=self.seed,
        )


def finetune(
    folder: Path,
    out: Path,
    *,
    base: str = "s2-vessel",
    version: str = "0.1.0",
    catalogs: Sequence[str] = (),
    options: FinetuneOptions | None = None,
    progress: Progress | None = None,
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
    options
        How long and how fast.
    progress
        Told of each step.

    Raises
    ------
    LabelError
        Labels or chips are at fault, or nothing is decided on.
    WeightsError
        The folder exists, or a state cannot be read.

    """
    if out.exists():  # before an hour of work, not after
        raise WeightsError(f"{out}: exists; weights are never overwritten")
    options = options or FinetuneOptions()
    started = time.perf_counter()
    ready = weights.load(base)
    parts = split(read_lessons(folder, gsd_m=ready.model.gsd_m), options.hold, seed=options.seed)
    if not isinstance(ready.network, Network):
        raise WeightsError(f"{base}: only networks of the architecture centernet can be finetuned")
    bench = _Bench.of(folder, out, ready, catalogs, options, progress)
    rehearsal = bench.train("rehearsal", parts.taught) if parts.held else None
    told = compared(ready, rehearsal, parts.held, bench.checks() if rehearsal else ())
    network = bench.train("final", (*parts.taught, *parts.held))
    made = bench.place / "made" / out.name
    shutil.rmtree(made.parent, ignore_errors=True)
    model = weights.save(
        made,
        network,
        version=version,
        calibration=told.model.calibration,
        sensor=ready.model.sensor,
        gsd_m=ready.model.gsd_m,
        gsd_range_m=ready.model.gsd_range_m,
    )
    minutes = (time.perf_counter() - started) / 60
    text = card(model, ready.model, parts, told, options=asdict(options), minutes=minutes)
    (made / "card.md").write_text(text, encoding="utf-8")
    made.rename(out)
    shutil.rmtree(bench.place)
    return model


@dataclass(frozen=True)
class _Bench:
    """What both trainings share, and where their states are kept."""

    place: Path
    rests_on: str
    base: weights.Weights
    real: tuple[Labelled, ...]
    """Scenes of the catalogue."""
    options: FinetuneOptions
    progress: Progress | None

    @staticmethod
    def of(
        folder: Path,
        out: Path,
        base: weights.Weights,
        catalogs: Sequence[str],
        options: FinetuneOptions,
        progress: Progress | None,
    ) -> "_Bench":
        files = [folder / NAME, *sorted((folder / FOLDER).glob("*.tif"))]
        told = {
            "base": base.model.digest,
            "options": asdict(options),
            "catalogs": list(catalogs),
            "files": [(f.name, hashlib.sha256(f.read_bytes()).hexdigest()) for f in files],
        }
        place = out.with_name(f".{out.name}.training")
        place.mkdir(parents=True, exist_ok=True)
        real = [m.learnable(base.model.bands) for m in marked_scenes(*catalogs)]
        return _Bench(place, digest(told), base, tuple(real), options, progress)

    def checks(self) -> list[Lesson]:
        """Simulated scenes that nothing was trained on, to see what was forgotten."""
        return list(simulated_lessons(self.options.checks, seed=CHECK_SEED, cache=self.place))

    def train(self, name: str, lessons: Sequence[Lesson]) -> Network:
        """Train on lessons, simulated scenes and the catalogue; a kill costs little."""
        count, bands, base = self.options.simulated, self.base.model.bands, self.base.network
        assert isinstance(base, Network), "finetune refuses others"
        own = [lesson.learnable(bands) for lesson in lessons]
        scenes = simulated_lessons(count, seed=SIMULATED_SEED, cache=self.place)
        made = [lesson.learnable(bands) for lesson in scenes]
        others = (1 - OWN_SHARE) / (2 if self.real else 1)
        shares = [
            *shared(own, OWN_SHARE),
            *shared(made, others),
            *shared(self.real, others),
        ]
        tell, steps = self.progress, self.options.steps
        trained = train(
            [*own, *made, *self.real],
            self.options.training(),
            weights=shares,
            base=base,
            saved=self.place / f"{name}-{self.rests_on}.pt",
            progress=(lambda s, x: tell(s + 1, steps, f"{name}: loss {x:.2f}")) if tell else None,
        )
        return _between(base, trained, self.options.moved)


def _between(old: Network, new: Network, share: float) -> Network:
    """Weights on the straight line from old ones, 0, to new ones, 1."""
    known, learned = old.state_dict(), new.state_dict()
    mixed = {
        name: value.lerp(learned[name], share) if value.dtype.is_floating_point else learned[name]
        for name, value in known.items()
    }
    result = copy.deepcopy(new)
    result.load_state_dict(mixed)
    return result
