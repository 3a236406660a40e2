"""A small network from a hull's window to the posterior of its freeboard.

Neural posterior estimation (Cranmer et al. 2020, doi:10.1073/pnas.1912789117): trained on simulated
ships with the negative log density of the true freeboard as loss, the output is the posterior under
the simulator's prior, whatever was not given integrated out. The log odds of laden, trained on as
many laden as ballast ships with the logistic loss, are the log likelihood ratio.

Convolutions read the window; what is known beside the pixels scales and shifts their channels
(FiLM, Perez et al. 2018, arXiv:1709.07871). Three maps are added to the pixels that geometry alone
gives: how high a deck would have to be for its shadow to reach a cell, across and along the hull,
and where the hull should be. Length and beam come out besides: what a broader hull adds to the dark
and bright strips, and what a higher deck adds, must be separated anyway.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from gnomon.freeboard.posterior import FreeboardMixture
from gnomon.freeboard.window import ACROSS, ALONG, CONTEXT, WINDOW_BANDS

_USUAL, _SPAN = 0.03, 0.02
"""Centre and half range of freeboards, in lengths: where the untrained network puts its mixture."""
_FINEST, _WIDEST = -4.5, 2.0
"""Bounds of the logarithm of a component's spread, in hundredths of the length."""
_MAPS = 4


@dataclass(frozen=True, kw_only=True)
class PosteriorOptions:
    """Size of the network."""

    widths: tuple[int, ...] = (24, 48, 64, 96)
    hidden: int = 192
    components: int = 5


@dataclass(frozen=True)
class PosteriorOutput:
    """What the network gives: tensors with ships first."""

    logits: Tensor
    centre: Tensor
    log_spread: Tensor
    """Of the components, (ships, components); of ``z`` as `gnomon.freeboard.posterior` has it."""
    log_lr_laden: Tensor
    size: Tensor
    """Logarithms of true over given length and beam: two means, two log deviations, (ships, 4)."""
    shift: Tensor
    """Where the ship lies (`gnomon.freeboard.window.shift_of`): three means, and three log
    deviations, (ships, 6)."""

    def log_density(self, latent: Tensor) -> Tensor:
        """Log density of each ship's ``z``."""
        z = (latent[:, None] - self.centre) * torch.exp(-self.log_spread)
        bells = -0.5 * z**2 - self.log_spread - 0.5 * float(np.log(2 * np.pi))
        return torch.logsumexp(functional.log_softmax(self.logits, 1) + bells, 1)

    def posterior(self) -> FreeboardMixture:
        """The same in numpy."""
        parts = (self.logits.softmax(1), self.centre, self.log_spread.exp(), self.log_lr_laden)
        return FreeboardMixture(*(part.detach().double().numpy() for part in parts))


class PosteriorNetwork(nn.Module):
    """Windows and context in, `PosteriorOutput` out."""

    def __init__(self, options: PosteriorOptions | None = None) -> None:
        super().__init__()
        self.options = options or PosteriorOptions()
        widths, hidden = self.options.widths, self.options.hidden
        self.known = nn.Sequential(nn.Linear(len(CONTEXT), 64), nn.SiLU(), nn.Linear(64, 64))
        self.stem = nn.Conv2d(len(WINDOW_BANDS) + 1 + _MAPS, widths[0], 3, padding=1)
        self.stages = nn.ModuleList(
            # Across the hull every cell counts; along it the ship hardly changes.
            _Stage(one, other, stride=(1, 2) if number == 0 else (2, 2))
            for number, (one, other) in enumerate(pairwise(widths))
        )
        cells = _size(ACROSS[2], len(widths) - 2) * _size(ALONG[2], len(widths) - 1)
        self.flat = nn.Linear(widths[-1] * cells + 64, hidden)
        self.mixed = nn.Linear(hidden, hidden)
        self.head = nn.Linear(hidden, 3 * self.options.components + 11)
        self._start()

    def _start(self) -> None:
        """Begin with the prior: a row of broad components, even odds, sizes as given."""
        count = self.options.components
        with torch.no_grad():
            self.head.weight.mul_(0.1)
            self.head.bias.zero_()
            self.head.bias[count : 2 * count] = torch.linspace(-1.2, 1.8, count)
            self.head.bias[count * 3 + 3 : count * 3 + 5] = -2.5
            self.head.bias[-3:] = -3.0

    def forward(self, pixels: Tensor, context: Tensor) -> PosteriorOutput:
        """Posterior of each window; pixels (ships, channels, across, along)."""
        return self.read(self.features(pixels, context), context)

    def features(self, pixels: Tensor, context: Tensor) -> Tensor:
        """What the network sees in each window, (ships, hidden)."""
        known = self.known(context)
        features = functional.silu(self.stem(torch.cat([pixels, geometry_maps(context)], 1)))
        for stage in self.stages:
            features = stage(features, known)
        hidden = functional.silu(self.flat(torch.cat([features.flatten(1), known], 1)))
        return torch.add(hidden, functional.silu(self.mixed(hidden)))

    def read(self, hidden: Tensor, context: Tensor) -> PosteriorOutput:
        """Posteriors from what `features` gave."""
        count = self.options.components
        logits, centre, spread, ratio, size, shift = self.head(hidden).split(
            [count] * 3 + [1, 4, 6], 1
        )
        length = 100 * context[:, CONTEXT.index("log_length"), None].exp()
        return PosteriorOutput(
            logits=logits,
            centre=length * (_USUAL + _SPAN * centre),
            log_spread=torch.log(0.01 * length) + spread.clamp(_FINEST, _WIDEST),
            log_lr_laden=ratio[:, 0],
            size=size,
            shift=torch.cat([0.03 * shift[:, :3], shift[:, 3:]], 1),
        )


class _Stage(nn.Module):
    """A convolution that halves the window, scaled by what is known, and one that adds to it."""

    def __init__(self, inputs: int, outputs: int, stride: tuple[int, int]) -> None:
        super().__init__()
        self.down = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)
        self.film = nn.Linear(64, 2 * outputs)
        self.norm = nn.GroupNorm(8, outputs)
        self.more = nn.Conv2d(outputs, outputs, 3, padding=1, groups=outputs)
        self.mix = nn.Conv2d(outputs, outputs, 1)

    def forward(self, features: Tensor, known: Tensor) -> Tensor:
        scale, shift = self.film(known)[:, :, None, None].chunk(2, 1)
        features = functional.silu(self.norm(self.down(features)) * (1 + scale) + shift)
        return features + functional.silu(self.mix(self.more(features)))


def geometry_maps(context: Tensor) -> Tensor:
    """Maps that follow from the context alone, (ships, 4, across, along).

    Height in hundredths of the length, over four, from which a shadow reaches the cell, across and
    along the hull, cut at -1 and 3; the hull as it is given, 0 to 1; and the place across it in
    beams.
    """
    known = {name: context[:, CONTEXT.index(name), None, None] for name in CONTEXT}
    along, across = (_middles(span).to(context) for span in (ALONG, ACROSS))
    along, across = along[None, None, :], across[None, :, None]
    beam = known["log_slenderness"].exp() / 6.5
    reach = known["cot_sun"].clamp_min(0.05)

    def height(beyond: Tensor, share: Tensor) -> Tensor:
        return (25 * beyond / (reach * share.clamp_min(0.02))).clamp(-1, 3)

    inside = torch.sigmoid(60 * (0.5 - along.abs())) * torch.sigmoid(
        120 * (beam / 2 - across.abs())
    )
    maps = (
        height(across - beam / 2, known["sun_across"]).expand_as(inside),
        height(-along - 0.5, known["sun_along"]).expand_as(inside),
        inside,
        (across / beam).clamp(-2, 3).expand_as(inside),
    )
    return torch.stack(maps, 1)


def _middles(span: tuple[float, float, int]) -> Tensor:
    first, last, count = span
    return torch.linspace(first, last, count + 1).unfold(0, 2, 1).mean(1)


def _size(cells: int, halvings: int) -> int:
    for _ in range(halvings):
        cells = (cells + 1) // 2
    return cells
