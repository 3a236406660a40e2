"""From catalogues of labelled scenes to a folder of new weights.

Weights are trained on every scene there is. What their score is worth, which threshold to ship, and
how far lengths, beams and headings are off cannot be measured on scenes that they were trained on:
it comes from a calibration that was measured with ports left out (`gnomon.learn.crossval`) on
networks that were trained the same way.

Simulated scenes, whose ships are known exactly, are a part of what the network sees.
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import load_file, save_file

from gnomon.datamodel.progress import Progress
from gnomon.datamodel.shipped import refuse_weights
from gnomon.detect import weights
from gnomon.detect.calibration import Calibration
from gnomon.detect.centernet.network import Network, NetworkOptions
from gnomon.learn.batches import sampling_weights
from gnomon.learn.fit import TrainOptions, fit
from gnomon.learn.mlm import write_item
from gnomon.learn.recipe import network_name
from gnomon.learn.scenes import labelled_scenes, simulated_scenes
from gnomon.learn.tensors import SceneTensors, scene_tensors

BANDS = NetworkOptions().bands
SIMULATED = 24
"""Simulated scenes that are trained on."""
SIMULATED_SHARE = 0.25
"""Share of chips from simulated scenes."""
SIMULATED_SEED = 7
CALIBRATED_BY = "s2-vessel"
"""Weights whose calibration others take over that were trained the same way."""


def train(
    catalogs: Sequence[str],
    out: Path,
    *,
    version: str,
    calibration: Calibration,
    corrections: Path | None = None,
    completions: Path | None = None,
    ports: Sequence[str] | None = None,
    hosts: Sequence[str] = (),
    simulated: int = SIMULATED,
    options: TrainOptions | None = None,
    on_progress: Progress | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> weights.Model:
    """Train on labelled scenes and write new weights.

    An interrupted training goes on where it stopped.

    Parameters
    ----------
    catalogs
        Of labelled scenes.
    out
        Folder to be made.
    version
        Of the weights.
    calibration
        Measured on networks that were trained like this one, with ports left out.
    corrections
        File of corrections to the labels.
    completions
        A second such file; see `gnomon.learn.corrections`.
    ports
        Parts of item ids; other scenes are left out. All, if left out.
    hosts
        Hosts that are not of the internet and that the catalogues may lead to.
    simulated
        Simulated scenes beside the real ones.
    options
        How long and how fast.
    on_progress
        Called after each step.
    say
        Called with a line of what will be done, once the scenes are read.

    Raises
    ------
    CatalogError
        A catalogue cannot be read, or has no labels.
    WeightsError
        The folder exists.

    """
    refuse_weights(out)
    options = options or TrainOptions()
    labelled = labelled_scenes(
        *catalogs, ports=ports, corrections=corrections, completions=completions, hosts=hosts
    )
    real = [scene_tensors(scene, BANDS) for scene in labelled]
    folder = out.parent / f"{out.name}.training"
    ships = sum(len(scene.ships) for scene in real)
    say(
        f"training on {len(real)} scenes with {ships} ships and on {simulated} simulated scenes: "
        f"{options.steps} steps of {options.batch} chips, on one core 3 steps a second (without "
        f"bfloat16) to 8; if interrupted, the same command goes on from {folder}"
    )

    def on_step(step: int, loss: float) -> None:
        if on_progress:
            on_progress(step + 1, options.steps, f"loss {loss:.2f}")

    network = train_network(
        real, simulated_tensors(simulated), folder, options=options, on_step=on_step
    )
    model = weights.save(
        out,
        network,
        version=version,
        calibration=calibration,
        trained_on=[scene.name for scene in labelled],
    )
    write_item(out)
    shutil.rmtree(folder)
    return model


def simulated_tensors(count: int) -> list[SceneTensors]:
    """The simulated scenes that networks are trained on."""
    scenes = simulated_scenes(count, seed=SIMULATED_SEED, without_ships=True)
    return [scene_tensors(scene, BANDS) for scene in scenes]


def train_network(
    real: Sequence[SceneTensors],
    simulated: Sequence[SceneTensors],
    folder: Path,
    *,
    options: TrainOptions,
    on_step: Callable[[int, float], None] | None = None,
    name: str = "all",
    finished: Path | None = None,
) -> Network:
    """Fit a network to real and simulated scenes, in the proportion that all weights have.

    Parameters
    ----------
    real, simulated
        Scenes.
    folder
        Keeps the state of the training, under a name with the digest of all it rests on: an
        interrupted training goes on, a finished one is not done again.
    options
        How long and how fast.
    on_step
        Called after each step with its number and loss.
    name
        Begins the name of the state.
    finished
        Folder of networks that were trained to their end, where new ones go too; one that rests on
        other scenes, options or code is trained anew.

    """
    scenes, drawn = [*real, *simulated], scene_weights(real, simulated)
    full_name = network_name(name, scenes, drawn, options)
    folder.mkdir(parents=True, exist_ok=True)
    state = folder / f"{full_name}.state"
    if finished is None:
        return fit(scenes, options, weights=drawn, on_step=on_step, state=state)
    path = finished / f"{name}.safetensors"
    if not path.is_file() or rests_on(path) != full_name:
        network = fit(scenes, options, weights=drawn, on_step=on_step, state=state)
        finished.mkdir(parents=True, exist_ok=True)
        write_network(path, network, full_name)
    # Half as large; and nothing is measured with other digits than those of the file.
    return read_network(path)


def scene_weights(real: Sequence[SceneTensors], simulated: Sequence[SceneTensors]) -> list[float]:
    """How often each scene is drawn, the real ones first."""
    share = SIMULATED_SHARE if simulated else 0.0
    return [*sampling_weights(real, 1 - share), *sampling_weights(simulated, share)]


def write_network(path: Path, network: Network, full_name: str) -> None:
    """Write a network in half precision with the name of what it rests on."""
    values = {key: value.contiguous() for key, value in network.half().state_dict().items()}
    save_file(values, path, {"rests_on": full_name})


def read_network(path: Path) -> Network:
    """Read a network of the usual shape, in single precision."""
    network = Network()
    network.load_state_dict(load_file(path))
    return network.eval()


def rests_on(path: Path) -> str:
    """Name of what a stored network rests on; empty if it has none."""
    with safe_open(path, "pt") as file:
        name: str = (file.metadata() or {}).get("rests_on", "")
    return name
