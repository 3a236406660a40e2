"""Training, from labelled scenes to a network; it reads from top to bottom.

The loss is that of the architecture (`gnomon.detect.centernet.loss`).
The weights that leave are the running average over the steps, which a single step cannot spoil.
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
from gnomon.learn.batches import chips
from gnomon.learn.scenes import Labelled

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


SAVED_EVERY = 100
"""Steps between two savings: a quarter of a minute's work can be lost."""


def train(
    scenes: Sequence[Labelled],
    options: TrainOptions | None = None,
    *,
    network: NetworkOptions | None = None,
    weights: Sequence[float] | None = None,
    progress: Callable[[int, float], None] | None = None,
    saved: Path | None = None,
    base: Network | None = None,
) -> Network:
    """Train a network on labelled scenes; the same seed gives the same weights on one machine.

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
        How often each scene is drawn; see `gnomon.learn.batches.chips`.
    progress
        Called after each step with its number and its loss.
    saved
        File for the state of the training: what was interrupted goes on from there, and ends with
        the weights that it would have had. It is left behind; it belongs to these scenes and
        options, and whoever names it sees to that.
    base
        Network to start from, which is left as it is; drawn at random, if left out.

    """
    options = options or TrainOptions()
    torch.manual_seed(options.seed)
    state = _State(copy.deepcopy(base) if base else Network(network), options)
    if saved and saved.exists():
        state.take(torch.load(saved, map_location="cpu", weights_only=True))
    batches = chips(
        scenes, batch=options.batch, seed=options.seed, weights=weights, start=state.step
    )
    while state.step < options.steps:
        error = state.learn(*next(batches))
        if progress:
            progress(state.step - 1, error)
        if saved and (state.step % SAVED_EVERY == 0 or state.step == options.steps):
            state.give(saved)
    return state.average.cpu().eval()


class _State:
    """What a training is made of, and what of it a file must hold for another to go on."""

    def __init__(self, network: Network, options: TrainOptions) -> None:
        self.options = options
        self.step = 0
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = network.to(self.device).to(memory_format=torch.channels_last).train()
        self.average = copy.deepcopy(self.model)
        rate = options.learning_rate
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=rate, weight_decay=options.weight_decay, fused=True
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, rate, total_steps=options.steps, pct_start=0.1
        )

    def learn(self, bands: Tensor, present: Tensor, background: Tensor, wanted: Targets) -> float:
        """One step; its loss."""
        with torch.autocast("cpu", torch.bfloat16, enabled=HALF):
            seen = bands.to(self.device, memory_format=torch.channels_last)
            said = self.model(seen, present.to(self.device), background.to(self.device))
        error = self.model.loss(said, wanted.to(self.device))
        self.optimiser.zero_grad()
        error.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimiser.step()
        self.schedule.step()
        # Early on the average would be all history: let it forget faster.
        _follow(self.average, self.model, min(self.options.average, 1 - 1 / (self.step + 2)))
        self.step += 1
        return error.item()

    def give(self, path: Path) -> None:
        """Write the state, whole or not at all."""
        parts = {name: getattr(self, name).state_dict() for name in _PARTS}
        write_whole(path, lambda partial: torch.save({"step": self.step, **parts}, partial))

    def take(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.step = state["step"]
        for name in _PARTS:
            getattr(self, name).load_state_dict(state[name])


_PARTS = ("model", "average", "optimiser", "schedule")


@torch.no_grad()
def _follow(average: Network, model: Network, keep: float) -> None:
    for slow, fast in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if slow.dtype.is_floating_point:
            slow.lerp_(fast, 1 - keep)
        else:
            slow.copy_(fast)
