"""Fitting a network to labelled scenes; it reads from top to bottom.

The loss is that of the architecture (`gnomon.detect.centernet.loss`).
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from gnomon.detect.centernet.network import Network, NetworkOptions
from gnomon.detect.centernet.targets import Targets
from gnomon.learn.averaging import AveragedDescent
from gnomon.learn.batches import training_batches
from gnomon.learn.tensors import SceneTensors

HALF = bool(torch.cpu.get_capabilities().get("avx512_bf16"))
"""Half precision where the processor multiplies in it: nearly twice as fast."""


@dataclass(frozen=True)
class TrainOptions:
    """How long and how fast."""

    steps: int = 9000
    batch: int = 16
    learning_rate: float = 3e-3
    weight_decay: float = 5e-2
    average: float = 0.996
    """Share of the old average that each step keeps."""
    seed: int = 0
    save_every: int = 100
    """Steps between two states on disk: a quarter of a minute's work can be lost."""


def fit(
    scenes: Sequence[SceneTensors],
    options: TrainOptions | None = None,
    *,
    network: NetworkOptions | None = None,
    weights: Sequence[float] | None = None,
    on_step: Callable[[int, float], None] | None = None,
    state: Path | None = None,
    base: Network | None = None,
) -> Network:
    """Fit a network to labelled scenes; the same seed gives the same weights on one machine.

    A GPU is used where there is one; there the last bits of the weights may differ.

    Parameters
    ----------
    scenes
        All with the bands of the network, in its order.
    options
        How long and how fast.
    network
        Shape of the network.
    weights
        How often each scene is drawn; see `gnomon.learn.batches.training_batches`.
    on_step
        Called after each step with its number, from 0, and its loss.
    state
        File for the state: an interrupted fit goes on from there, and ends with the weights that it
        would have had. It is left behind; the caller names it so that it belongs to these scenes
        and options.
    base
        Network to start from, which is left as it is; drawn at random, if left out.

    """
    options = options or TrainOptions()
    torch.manual_seed(options.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    start = copy.deepcopy(base) if base else Network(network)
    run = AveragedDescent(
        start.to(device).to(memory_format=torch.channels_last),
        steps=options.steps,
        learning_rate=options.learning_rate,
        weight_decay=options.weight_decay,
        keep=options.average,
    )
    if state and state.exists():
        run.load(state)
    chips = training_batches(
        scenes, batch=options.batch, seed=options.seed, weights=weights, start=run.step
    )
    while run.step < options.steps:
        error = run.descend(_error(run.model, *next(chips)))
        if on_step:
            on_step(run.step - 1, error)
        if state and (run.step % options.save_every == 0 or run.step == options.steps):
            run.save(state)
    return run.ema.cpu().eval()


def _error(
    model: Network, bands: Tensor, present: Tensor, background: Tensor, wanted: Targets
) -> Tensor:
    """Loss of a batch, on the device of the network."""
    device = next(model.parameters()).device
    with torch.autocast("cpu", torch.bfloat16, enabled=HALF):
        seen = bands.to(device, memory_format=torch.channels_last)
        maps = model(seen, present.to(device), background.to(device))
    return model.loss(maps, wanted.to(device))
