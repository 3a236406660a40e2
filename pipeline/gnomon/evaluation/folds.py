"""Ports that are left out together, and a network for each such fold that never saw them.

Training is what costs. The state of each is kept under a name that has the digest of all it rests
on, so that what was interrupted goes on, and what is finished is not done again; other labels,
ports or options are another training.
"""

import hashlib
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gnomon import training
from gnomon.detect import chips, pasting
from gnomon.detect.network import Network, NetworkOptions
from gnomon.detect.train import TrainOptions, train
from gnomon.detect.truth import Labelled
from gnomon.errors import StudyError
from gnomon.marked import Marked


@dataclass(frozen=True)
class Fold:
    """Ports that are left out together."""

    number: int
    """From 1."""
    ports: tuple[str, ...]
    """Parts of item ids."""

    def holds(self, name: str) -> bool:
        """Whether a scene is of one of these ports."""
        return any(port in name for port in self.ports)


def read_folds(path: Path) -> list[Fold]:
    """Read a file of folds: TOML, one table ``[[fold]]`` with a list ``ports`` for each.

    Raises
    ------
    StudyError
        The file cannot be read, has fewer than two folds, or a port is in two of them.

    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        folds = [Fold(n, tuple(one["ports"])) for n, one in enumerate(told["fold"], start=1)]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise StudyError(f"{path}: should have tables [[fold]] with ports ({error})") from error
    ports = [port for fold in folds for port in fold.ports]
    if len(folds) < 2 or not all(fold.ports for fold in folds):
        raise StudyError(f"{path}: it takes two folds or more, each with a port")
    if twice := {port for port in ports if ports.count(port) > 1}:
        raise StudyError(f"{path}: {', '.join(sorted(twice))} in more than one fold")
    return folds


def ground(made: Sequence[Labelled], folder: Path, *, options: TrainOptions) -> Network:
    """The start of every network: trained on simulated scenes alone, or taken up."""
    saved = _place(folder, "simulated", made, options)
    return train(made, options, saved=saved)


def fold_network(
    fold: Fold,
    scenes: Sequence[Marked],
    made: Sequence[Labelled],
    folder: Path,
    *,
    options: TrainOptions,
    base: Network | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> Network:
    """Train on the scenes of the other folds, or take up what was trained.

    Parameters
    ----------
    fold
        What is left out.
    scenes
        Of all folds.
    made
        Simulated scenes.
    folder
        Keeps the states of trainings.
    options
        How long and how fast.
    base
        Network to start from.
    progress
        Told of each step.

    """
    real = [m.learnable(training.BANDS) for m in scenes if not fold.holds(m.name)]
    saved = _place(folder, f"without-{'-'.join(fold.ports)}", [*real, *made], options, base)
    return training.trained(real, made, options, progress=progress, saved=saved, base=base)


def _place(
    folder: Path,
    name: str,
    scenes: Sequence[Labelled],
    options: TrainOptions,
    base: Network | None = None,
) -> Path:
    """File for the state of a training, named by the digest of what it rests on."""
    rests_on = [repr((_SHAPING, asdict(options), asdict(NetworkOptions())))]
    for scene in scenes:
        rests_on += [scene.name, str(tuple(scene.bands.shape))]
        rests_on += [scene.ships.round(3).tobytes().hex(), scene.ignored.round(3).tobytes().hex()]
    if base:
        rests_on += [value.numpy().tobytes().hex() for value in base.heads.state_dict().values()]
    digest = hashlib.sha256("\n".join(rests_on).encode()).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}-{digest}.state"


_SHAPING = (chips.CHIP_PX, chips.PASTED, pasting.ALONGSIDE, training.SIMULATED_SHARE)
"""What shapes a training beside its options."""
