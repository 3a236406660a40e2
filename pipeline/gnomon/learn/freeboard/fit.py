"""Fitting the posterior network to windows of simulated tankers; it reads from top to bottom.

The loss of a chip is the negative log density of its true freeboard, the logistic loss of laden
against ballast where it is one of the two, and a tenth of the negative log densities of its size
and of its place. Each step's batch depends on the seed and the number of the step alone, so that an
interrupted fit ends with the weights that it would have had.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from gnomon.freeboard.network import PosteriorNetwork, PosteriorOptions, PosteriorOutput
from gnomon.learn.averaging import AveragedDescent
from gnomon.learn.fit import HALF
from gnomon.learn.freeboard.hulls import HullSamples

_SIZE_SHARE = 0.1


@dataclass(frozen=True, kw_only=True)
class PosteriorFitOptions:
    """How long and how fast."""

    steps: int = 6500
    """Six times through the default number of shards; with more, ships are learned by heart."""
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
    run = AveragedDescent(
        PosteriorNetwork(network).to(memory_format=torch.channels_last),
        steps=options.steps,
        learning_rate=options.learning_rate,
        weight_decay=options.weight_decay,
        keep=options.keep,
    )
    if state and state.exists():
        run.load(state)
    while run.step < options.steps:
        batch = samples.take(_batch(len(samples), options, run.step))
        error = run.descend(_error(run.model, batch, options.seed, run.step))
        if on_step:
            on_step(run.step, error)
        if state and (run.step % options.save_every == 0 or run.step == options.steps):
            run.save(state)
    return run.ema.eval()


def _error(model: PosteriorNetwork, batch: HullSamples, seed: int, step: int) -> Tensor:
    """Loss of a batch; convolutions in half precision where that is faster."""
    pixels = _jittered(batch.pixels.float(), seed, step)
    with torch.autocast("cpu", torch.bfloat16, enabled=HALF):
        features = model.features(
            pixels.contiguous(memory_format=torch.channels_last), batch.context
        )
    return posterior_loss(model.read(features.float(), batch.context), batch)


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


def _jittered(pixels: Tensor, seed: int, step: int) -> Tensor:
    """Pixels with noise of a twentieth of the water's deviation, drawn anew at each sight."""
    generator = torch.Generator().manual_seed(7_919 * seed + step)
    noise = torch.randn(pixels.shape[0], 1, *pixels.shape[2:], generator=generator)
    seen = (pixels[:, :-1] != 0).float()
    return torch.cat([pixels[:, :-1] + 0.05 * noise * seen, pixels[:, -1:]], 1)
