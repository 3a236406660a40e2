"""Fitting the network of ship types to views of hulls; it reads from top to bottom.

Tankers weigh as much as others among hulls of like length: what is learned is what the deck shows,
and neither how common tankers are at the place nor that they are the longer ones there. Colours and
contrast are changed at each sight, because another sensor's are others.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from gnomon.detect.type_network import TypeNetwork, TypeNetworkOptions
from gnomon.learn.averaging import AveragedDescent

BIN_M = 25.0
"""Hulls within a bin are of like length."""
_SMOOTHING = 0.04
"""Share of labels that is given away: some are wrong."""


@dataclass(frozen=True, kw_only=True)
class TypeFitOptions:
    """How long and how fast."""

    steps: int = 800
    batch: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 5e-2
    keep: float = 0.995
    """Share of the old average that each step keeps."""
    seed: int = 0


def fit_type_network(
    frames: Tensor,
    tanker: NDArray[np.bool_],
    length_m: NDArray[np.floating],
    options: TypeFitOptions | None = None,
    *,
    network: TypeNetworkOptions | None = None,
    on_step: Callable[[int, float], None] | None = None,
) -> TypeNetwork:
    """Fit a network; the same seed gives the same weights on one machine.

    Parameters
    ----------
    frames
        (hulls, views, bands, across, along), as `gnomon.learn.ship_type.views` makes them.
    tanker
        (hulls,)
    length_m
        (hulls,), for the weights.
    options, network
        How long and how fast, and the size of the network.
    on_step
        Called after each step with its number, from 1, and its loss.

    """
    options = options or TypeFitOptions()
    torch.manual_seed(options.seed)
    run = AveragedDescent(
        TypeNetwork(network),
        steps=options.steps,
        learning_rate=options.learning_rate,
        weight_decay=options.weight_decay,
        keep=options.keep,
    )
    wanted = torch.from_numpy(np.where(tanker, 1 - _SMOOTHING, _SMOOTHING)).float()
    share = torch.from_numpy(even_weights(tanker, length_m))
    draw = torch.Generator().manual_seed(options.seed)
    for step in range(1, options.steps + 1):
        # Drawing by weight, and not weighing the loss: no hull has more than its share of a batch.
        hulls = torch.multinomial(share, options.batch, replacement=True, generator=draw)
        views = torch.randint(frames.shape[1], (options.batch,), generator=draw)
        seen = recoloured(frames[hulls, views].float(), draw)
        loss = functional.binary_cross_entropy_with_logits(run.model(seen), wanted[hulls])
        error = run.descend(loss)
        if on_step:
            on_step(step, error)
    return run.ema.eval()


def even_weights(tanker: NDArray[np.bool_], length_m: NDArray[np.floating]) -> NDArray[np.float64]:
    """Chance of each hull to be drawn, (hulls,): of like length, tankers are as likely as others.

    Where one kind alone is that long, the other cannot balance it, and the kind counts for half.
    """
    bins = np.floor(length_m / BIN_M).astype(int)
    chance = np.zeros(len(tanker))
    for one in np.unique(bins):
        here = bins == one
        kinds = [here & tanker, here & ~tanker]
        for kind in kinds:
            # A kind of few hulls there is not drawn more than four times as often as others.
            chance[kind] = min(0.5 * here.sum() / max(kind.sum(), 1), 4.0)
    return chance / chance.sum()


def recoloured(frames: Tensor, draw: torch.Generator) -> Tensor:
    """Scaled frames under another light, contrast and noise, mirrored at random."""
    count, bands = frames.shape[:2]

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, 1, 1, generator=draw)

    frames = frames * torch.exp(0.12 * normal(count, bands) + 0.1 * normal(count, 1))
    grey = 0.5 * torch.rand(count, 1, 1, 1, generator=draw)
    frames = (1 - grey) * frames + grey * frames.mean(1, keepdim=True)
    power = torch.exp(0.25 * normal(count, 1))
    frames = frames.sign() * frames.abs().clamp_min(1e-6) ** power
    noise = 0.06 * torch.rand(count, 1, 1, 1, generator=draw)
    frames = frames + noise * torch.randn(frames.shape, generator=draw)
    for axis in (-1, -2):
        turn = torch.rand(count, generator=draw) < 0.5
        frames = torch.where(turn[:, None, None, None], frames.flip(axis), frames)
    return frames
