"""Fitting a network to labelled scenes; it reads from top to bottom.

The loss is that of the architecture (`gnomon.detect.centernet.loss`). The weights that leave are an
exponential moving average (EMA) over the steps, which a single step cannot spoil.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gnomon.datamodel.files import write_whole
from gnomon.detect.centernet.network import Network, NetworkOptions
from gnomon.detect.centernet.targets import Targets
from gnomon.learn.batches import training_batches
from gnomon.learn.tensors import SceneTensors

HALF = bool(torch.cpu.get_capabilities().get("avx512_bf16"))
"""Half precision where the processor multiplies in it: nearly twice as fast."""
GRADIENT_MAX = 5.0
"""Norm that gradients are clipped to."""


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
    run = _Fit(copy.deepcopy(base) if base else Network(network), options)
    if state and state.exists():
        run.load(torch.load(state, map_location="cpu", weights_only=True))
    chips = training_batches(
        scenes, batch=options.batch, seed=options.seed, weights=weights, start=run.step
    )
    while run.step < options.steps:
        error = run.learn(*next(chips))
        if on_step:
            on_step(run.step - 1, error)
        if state and (run.step % options.save_every == 0 or run.step == options.steps):
            run.save(state)
    return run.ema.cpu().eval()


class _Fit:
    """Network, average, optimiser and schedule; all of it goes into the state."""

    def __init__(self, network: Network, options: TrainOptions) -> None:
        self.options = options
        self.step = 0
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = network.to(self.device).to(memory_format=torch.channels_last).train()
        self.ema = copy.deepcopy(self.model)
        rate = options.learning_rate
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=rate, weight_decay=options.weight_decay, fused=True
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, rate, total_steps=options.steps, pct_start=0.1
        )

    def learn(self, bands: Tensor, present: Tensor, background: Tensor, wanted: Targets) -> float:
        """Take one step and return its loss."""
        with torch.autocast("cpu", torch.bfloat16, enabled=HALF):
            seen = bands.to(self.device, memory_format=torch.channels_last)
            maps = self.model(seen, present.to(self.device), background.to(self.device))
        error = self.model.loss(maps, wanted.to(self.device))
        self.optimiser.zero_grad()
        error.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), GRADIENT_MAX)
        self.optimiser.step()
        self.schedule.step()
        # Early on the average would be all of the random start: it must forget faster.
        update_ema(self.ema, self.model, min(self.options.average, 1 - 1 / (self.step + 2)))
        self.step += 1
        return error.item()

    def save(self, path: Path) -> None:
        """Write the state, whole or not at all."""
        parts = {name: getattr(self, name).state_dict() for name in _PARTS}
        state = {"step": self.step, **parts}
        write_whole(path, lambda partial: torch.save(state, partial), synced=True)

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.step = state["step"]
        for name in _PARTS:
            getattr(self, name).load_state_dict(state[name])


_PARTS = ("model", "ema", "optimiser", "schedule")


@torch.no_grad()
def update_ema(average: Network, model: Network, keep: float) -> None:
    """Move an average towards a model: its new weights are keep * old + (1 - keep) * model's."""
    for slow, fast in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if slow.dtype.is_floating_point:
            slow.lerp_(fast, 1 - keep)
        else:
            slow.copy_(fast)
