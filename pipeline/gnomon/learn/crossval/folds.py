"""Ports that are left out together, and for each such fold a network that never saw them."""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.files import toml_values
from gnomon.detect.centernet.network import Network
from gnomon.learn.fit import TrainOptions
from gnomon.learn.recipe import network_name
from gnomon.learn.scenes import LabelledScene
from gnomon.learn.tensors import SceneTensors, scene_tensors
from gnomon.learn.train import BANDS, scene_weights, train_network


@dataclass(frozen=True)
class Fold:
    """Ports that are left out together."""

    number: int
    """From 1."""
    ports: tuple[str, ...]
    """Parts of item ids."""

    @property
    def name(self) -> str:
        """Of its network, and of the file that holds it."""
        return f"without-{'-'.join(self.ports)}"

    def holds(self, scene: str) -> bool:
        """Whether a scene is of one of these ports."""
        return any(port in scene for port in self.ports)

    def training(self, scenes: Sequence[LabelledScene]) -> list[SceneTensors]:
        """The scenes of all other ports, as training takes them."""
        return [scene_tensors(scene, BANDS) for scene in scenes if not self.holds(scene.name)]


def read_folds(path: Path) -> list[Fold]:
    """Read a file of folds: TOML, one table ``[[fold]]`` with a list ``ports`` for each.

    Raises
    ------
    StudyError
        The file cannot be read, has fewer than two folds, or a port is in two of them.

    """
    try:
        tables = toml_values(path)["fold"]
        folds = [Fold(n, tuple(one["ports"])) for n, one in enumerate(tables, start=1)]
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
    scenes: Sequence[LabelledScene],
    simulated: Sequence[SceneTensors],
    folder: Path,
    *,
    options: TrainOptions,
    on_step: Callable[[int, float], None] | None = None,
    finished: Path | None = None,
) -> Network:
    """Train on the scenes of the other folds; see `gnomon.learn.train.train_network`."""
    return train_network(
        fold.training(scenes), simulated, folder,
        options=options, on_step=on_step, name=fold.name, finished=finished,
    )  # fmt: skip


def fold_network_name(
    fold: Fold,
    scenes: Sequence[LabelledScene],
    simulated: Sequence[SceneTensors],
    options: TrainOptions,
) -> str:
    """Name of what the network of a fold rests on now; see `gnomon.learn.recipe`."""
    real = fold.training(scenes)
    drawn = scene_weights(real, simulated)
    return network_name(fold.name, [*real, *simulated], drawn, options)
