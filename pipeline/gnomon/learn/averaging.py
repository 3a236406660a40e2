"""Descent of a loss with an average of the weights, and its state on disk.

The weights that leave a training are an exponential moving average (EMA) over the steps, which a
single step cannot spoil.
"""

import copy
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from gnomon.datamodel.files import write_whole

GRADIENT_MAX = 5.0
"""Norm that gradients are clipped to."""
N = TypeVar("N", bound=nn.Module)
_PARTS = ("model", "ema", "optimiser", "schedule")


class AveragedDescent(Generic[N]):
    """Network, average, optimiser and schedule; all of it goes into the state.

    Parameters
    ----------
    network
        To be trained, in place.
    steps
        Of the schedule of learning rates (Smith and Topin 2017, arXiv:1708.07120).
    learning_rate, weight_decay
        Highest rate, and decay, of AdamW.
    keep
        Share of the old average that each step keeps.

    """

    def __init__(
        self, network: N, *, steps: int, learning_rate: float, weight_decay: float, keep: float
    ) -> None:
        self.step = 0
        self.model = network.train()
        self.ema = copy.deepcopy(network)
        self.optimiser = torch.optim.AdamW(
            network.parameters(), lr=learning_rate, weight_decay=weight_decay, fused=True
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, learning_rate, total_steps=steps, pct_start=0.1
        )
        self._keep = keep

    def descend(self, loss: Tensor) -> float:
        """Take one step down a loss of the model, and return the loss."""
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), GRADIENT_MAX)
        self.optimiser.step()
        self.schedule.step()
        # Early on the average would be all of the random start: it must forget faster.
        update_ema(self.ema, self.model, min(self._keep, 1 - 1 / (self.step + 2)))
        self.step += 1
        return loss.item()

    def save(self, path: Path) -> None:
        """Write the state, whole or not at all."""
        parts = {name: getattr(self, name).state_dict() for name in _PARTS}
        state = {"step": self.step, **parts}
        write_whole(path, lambda partial: torch.save(state, partial), synced=True)

    def load(self, path: Path) -> None:
        """Go on from a state."""
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.step = state["step"]
        for name in _PARTS:
            getattr(self, name).load_state_dict(state[name])


@torch.no_grad()
def update_ema(average: nn.Module, model: nn.Module, keep: float) -> None:
    """Move an average towards a model: its new weights are keep * old + (1 - keep) * model's."""
    for slow, fast in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if slow.dtype.is_floating_point:
            slow.lerp_(fast, 1 - keep)
        else:
            slow.copy_(fast)
