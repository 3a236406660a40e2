"""Fitting the posterior network to windows of simulated tankers; it reads from top to bottom.

The loss of a chip is the negative log density of its true freeboard, the logistic loss of laden
against ballast where it is one of the two, and a tenth of the negative log densities of its size
and of its place. Each step's batch depends on the seed and the number of the step alone, so that an
interrupted fit ends with the weights that it would have had. The weights that leave are an
exponential moving average over the steps.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from gnomon.datamodel.files import write_whole
from gnomon.freeboard.network import PosteriorNetwork, PosteriorOptions, PosteriorOutput
from gnomon.learn.freeboard.hulls import HullSamples

_GRADIENT_MAX = 5.0
_SIZE_SHARE = 0.1
_PARTS = ("model", "average", "optimiser", "schedule")


@dataclass(frozen=True, kw_only=True)
class PosteriorFitOptions:
    """How long and how fast."""

    steps: int = 2600
    schedule: int = 9000
    """Steps of the schedule of learning rates; training stops early, before it learns by heart."""
    batch: int = 64
    learning_rate: float = 1.5e-3
    weight_decay: float = 2e-2
    keep: float = 0.998
    """Share of the old average that each step keeps."""
    seed: int = 0
    save_every: int = 200


def fit_posterior(
    samples: HullSamples,
    options: PosteriorFitOptions | None = None,
    *,
    network: PosteriorOptions | None = None,
    on_step: Callable[[int, float], None] | None = None,
    state: Path | None = None,
) -> PosteriorNetwork:
    """Fit a network; the same seed gives the same weights on one machine.

    Parameters
    ----------
    samples
        To train on.
    options
        How long and how fast.
    network
        Size of the network.
    on_step
        Called after each step with its number, from 1, and its loss.
    state
        File for the state: an interrupted fit goes on from there. It is left behind; the caller
        names it so that it belongs to these samples and options.

    """
    options = options or PosteriorFitOptions()
    torch.manual_seed(options.seed)
    run = _Run(PosteriorNetwork(network), options)
    if state and state.exists():
        run.load(torch.load(state, map_location="cpu", weights_only=True))
    while run.step < options.steps:
        error = run.learn(samples.take(_batch(len(samples), options, run.step)))
        if on_step:
            on_step(run.step, error)
        if state and (run.step % options.save_every == 0 or run.step == options.steps):
            run.save(state)
    return run.average.eval()


def posterior_loss(out: PosteriorOutput, wanted: HullSamples) -> Tensor:
    """Mean loss of a batch."""
    freeboard = wanted.freeboard_m
    density = out.log_density(freeboard + torch.log(-torch.expm1(-freeboard)))
    either = wanted.laden >= 0
    odds = functional.binary_cross_entropy_with_logits(
        out.log_lr_laden[either], wanted.laden[either].float(), reduction="sum"
    )
    size = _normal_loss(out.size, wanted.size) + _normal_loss(out.shift, wanted.shift)
    return (_SIZE_SHARE * size - density.sum() + odds) / len(wanted)


def _normal_loss(out: Tensor, wanted: Tensor) -> Tensor:
    """Negative log density of normal distributions, means first, then log deviations."""
    mean, log_sigma = out.chunk(2, 1)
    log_sigma = log_sigma.clamp(-7, 1)
    return (0.5 * ((wanted - mean) * torch.exp(-log_sigma)) ** 2 + log_sigma).sum()


def _batch(count: int, options: PosteriorFitOptions, step: int) -> Tensor:
    """Rows of a step: each epoch is a permutation of its own."""
    each = max(count // options.batch, 1)
    epoch, place = divmod(step, each)
    generator = torch.Generator().manual_seed(1_000_003 * options.seed + epoch)
    order = torch.randperm(count, generator=generator)
    return order[place * options.batch : (place + 1) * options.batch]


class _Run:
    """Network, average, optimiser and schedule; all of it goes into the state."""

    def __init__(self, network: PosteriorNetwork, options: PosteriorFitOptions) -> None:
        self.options = options
        self.step = 0
        self.model = network.train()
        self.average = copy.deepcopy(network)
        self.optimiser = torch.optim.AdamW(
            network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, options.learning_rate, total_steps=options.schedule, pct_start=0.1
        )

    def learn(self, batch: HullSamples) -> float:
        """Take one step and return its loss."""
        pixels = _jittered(batch.pixels.float(), self.options.seed, self.step)
        error = posterior_loss(self.model(pixels, batch.context), batch)
        self.optimiser.zero_grad()
        error.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), _GRADIENT_MAX)
        self.optimiser.step()
        self.schedule.step()
        # Early on the average would be all of the random start: it must forget faster.
        keep = min(self.options.keep, 1 - 1 / (self.step + 2))
        with torch.no_grad():
            for slow, fast in zip(self.average.parameters(), self.model.parameters(), strict=True):
                slow.lerp_(fast, 1 - keep)
        self.step += 1
        return error.item()

    def save(self, path: Path) -> None:
        """Write the state, whole or not at all."""
        parts = {name: getattr(self, name).state_dict() for name in _PARTS}
        write_whole(path, lambda partial: torch.save({"step": self.step, **parts}, partial))

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.step = state["step"]
        for name in _PARTS:
            getattr(self, name).load_state_dict(state[name])


def _jittered(pixels: Tensor, seed: int, step: int) -> Tensor:
    """Pixels with noise of a twentieth of the water's deviation, drawn anew at each sight."""
    generator = torch.Generator().manual_seed(7_919 * seed + step)
    noise = torch.randn(pixels.shape[0], 1, *pixels.shape[2:], generator=generator)
    seen = (pixels[:, :-1] != 0).float()
    return torch.cat([pixels[:, :-1] + 0.05 * noise * seen, pixels[:, -1:]], 1)
