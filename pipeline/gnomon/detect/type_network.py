"""A small network from a hull's frame to the odds that it is a tanker.

Convolutions read the deck, and one layer weighs what they see by its place: a tanker's house is
aft, its manifold amidships, and a bulk carrier's hatches are dark or bright at even distances.
Which end is the bow, and on which side the sun is, is not known: `TypeNetwork.log_odds` is the mean
over the frame and its mirror images, and so the same for all of them.

What lies beside the hull is left out: at a berth it is the quay, which training has not shown.
"""

from itertools import pairwise

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from gnomon.datamodel.study import Options
from gnomon.detect.hull_frame import ACROSS, ALONG, HALF_BEAM, middles

TYPE_BANDS = ("red", "green", "blue")


class TypeNetworkOptions(Options):
    """Size of the network."""

    widths: tuple[int, ...] = Field(default=(16, 32, 48, 64), min_length=1)
    """Channels at each halving, from the first; multiples of 8."""
    hidden: int = Field(default=48, gt=0)
    dropout: float = Field(default=0.3, ge=0, lt=1)
    surroundings: bool = False
    """Whether it sees what lies beside the hull."""


class TypeNetwork(nn.Module):
    """Scaled frames in, log odds of a tanker out."""

    def __init__(self, options: TypeNetworkOptions | None = None) -> None:
        super().__init__()
        self.options = options or TypeNetworkOptions()
        widths = self.options.widths
        self.stem = nn.Conv2d(len(TYPE_BANDS), widths[0], 3, padding=1)
        self.stages = nn.ModuleList(_Halving(*pair) for pair in pairwise(widths))
        halvings = 2 ** (len(widths) - 1)
        cells = -(-self._rows // halvings) * -(-ALONG[2] // halvings)
        self.flat = nn.Linear(widths[-1] * cells, self.options.hidden)
        self.head = nn.Linear(self.options.hidden, 1)

    @property
    def _rows(self) -> int:
        """How many cells across the axis it sees, in the middle of a frame."""
        on_hull = int((abs(middles(ACROSS)) < HALF_BEAM).sum())
        return ACROSS[2] if self.options.surroundings else on_hull

    def forward(self, frames: Tensor) -> Tensor:
        """Log odds of frames (hulls, bands, across, along) as they lie, (hulls,)."""
        return self.head(functional.silu(self.features(frames)))[:, 0]

    def features(self, frames: Tensor) -> Tensor:
        """What the network sees, (hulls, hidden)."""
        beside = (ACROSS[2] - self._rows) // 2
        seen = functional.silu(self.stem(frames[:, :, beside : beside + self._rows]))
        for stage in self.stages:
            seen = stage(seen)
        seen = functional.dropout(seen.flatten(1), self.options.dropout, self.training)
        return self.flat(seen)

    def log_odds(self, frames: Tensor) -> Tensor:
        """Log odds whichever end is the bow, (hulls,)."""
        turned = (frames, frames.flip(-1), frames.flip(-2), frames.flip(-2, -1))
        return torch.stack([self(each) for each in turned]).mean(0)


class _Halving(nn.Module):
    """A convolution that halves a frame, and one that adds to it."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)
        self.norm = nn.GroupNorm(8, outputs)
        self.more = nn.Conv2d(outputs, outputs, 3, padding=1)

    def forward(self, seen: Tensor) -> Tensor:
        seen = functional.silu(self.norm(self.down(seen)))
        return seen + functional.silu(self.more(seen))
