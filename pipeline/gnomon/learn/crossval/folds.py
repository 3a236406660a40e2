"""Ports that are left out together, and a network for each such fold that never saw them."""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gnomon.datamodel.errors import StudyError
from gnomon.detect.centernet.network import Network
from gnomon.learn.catalogs import Marked
from gnomon.learn.fit import TrainOptions
from gnomon.learn.scenes import Labelled
from gnomon.learn.train import BANDS, trained


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


def fold_network(
    fold: Fold,
    scenes: Sequence[Marked],
    made: Sequence[Labelled],
    folder: Path,
    *,
    options: TrainOptions,
    progress: Callable[[int, float], None] | None = None,
    finished: Path | None = None,
) -> Network:
    """Train on the scenes of the other folds; see `gnomon.learn.train.trained`."""
    real = [m.learnable(BANDS) for m in scenes if not fold.holds(m.name)]
    name = f"without-{'-'.join(fold.ports)}"
    return trained(
        real, made, folder, options=options, progress=progress, name=name, finished=finished
    )
