"""Whether the stored networks of the folds are those that their training would have now.

`python -m gnomon.learn.crossval.stamps` prints for each fold the name in its file and the name that
a training would have now (`gnomon.learn.recipe`). They differ after any change of the scenes, the
options or the source of the stage that trains, and `make evaluate` then trains again.

A change that alters no number, such as a renaming, needs no new training: `--fingerprint` prints a
digest of the first batches and of the weights after a few steps, and where that is the same before
and after the change, on one machine, `--write` puts the new names into the files. The weights stay.
"""

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console
from safetensors.torch import load_file, save_file

from gnomon.datamodel.errors import GnomonError
from gnomon.datamodel.files import write_whole
from gnomon.datamodel.shipped import shipped
from gnomon.learn.batches import training_batches
from gnomon.learn.corrections import read_corrections
from gnomon.learn.crossval.__main__ import labelled_catalogs
from gnomon.learn.crossval.folds import Fold, fold_network_name, read_folds
from gnomon.learn.fit import TrainOptions, fit
from gnomon.learn.scenes import LabelledScene, labelled_scenes
from gnomon.learn.tensors import SceneTensors
from gnomon.learn.train import SIMULATED, rests_on, simulated_tensors

FINGERPRINT = TrainOptions(steps=3, batch=4)
BATCHES = 4


def current_names(
    folds: Sequence[Fold],
    scenes: Sequence[LabelledScene],
    simulated: Sequence[SceneTensors],
    options: TrainOptions,
) -> dict[str, str]:
    """What the network of each fold rests on now, by the name of the fold."""
    return {fold.name: fold_network_name(fold, scenes, simulated, options) for fold in folds}


def restamp(path: Path, name: str) -> None:
    """Put another name into a stored network; its weights stay byte by byte."""
    values = load_file(path)
    write_whole(path, lambda partial: save_file(values, partial, {"rests_on": name}))


def fingerprint(scenes: Sequence[SceneTensors]) -> str:
    """Digest of the first batches and of the weights after a few steps."""
    digest = hashlib.sha256()
    chips = training_batches(scenes, batch=FINGERPRINT.batch, seed=FINGERPRINT.seed)
    for _ in range(BATCHES):
        bands, present, background, targets = next(chips)
        for values in (bands, present, background, *vars(targets).values()):
            digest.update(values.contiguous().numpy().tobytes())
    for values in fit(scenes, FINGERPRINT).state_dict().values():
        digest.update(values.contiguous().numpy().tobytes())
    return digest.hexdigest()


def main(*flags: str) -> None:
    """Print names or the fingerprint, and write names if asked to."""
    torch.set_num_threads(1)
    console = Console(soft_wrap=True, highlight=False, markup=False)
    configs, folder = shipped("configs"), shipped("models") / "s2-vessel-folds"
    folds = read_folds(configs / "folds.toml")
    ports = [port for fold in folds for port in fold.ports]
    corrections = read_corrections(configs / "label-corrections.geojson")
    published = labelled_scenes(*labelled_catalogs(), ports=ports)
    scenes = [scene.corrected(corrections) for scene in published]
    if "--fingerprint" in flags:
        console.print(fingerprint(folds[0].training(scenes)))
        return
    current = current_names(folds, scenes, simulated_tensors(SIMULATED), TrainOptions())
    for fold, name in current.items():
        path = folder / f"{fold}.safetensors"
        stored = rests_on(path)
        console.print(f"{path.name}: {stored}" + ("" if stored == name else f", now {name}"))
        if "--write" in flags and stored != name:
            restamp(path, name)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except GnomonError as error:
        Console(stderr=True).print(f"gnomon: {error}", soft_wrap=True, markup=False)
        sys.exit(1)
