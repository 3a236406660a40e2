"""A compact network that says of a place in a radar image whether a ship is there, and how large.

Convolutions read a square of 640 m (`gnomon.detect.radar_candidates`), and one layer weighs what
they see by its place. It gives the log odds of a ship that covers the middle of the square, where
its own middle is, its length and beam, and its axis. Length and beam come with a scale of their
error: it lets training forgive labels that are wrong, as some of AIS are.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.study import Options
from gnomon.detect.radar_candidates import CROP_PX

LENGTH_PX, BEAM_PX = 10.0, 2.0
"""Of a usual ship: outputs are logarithms relative to it."""
OFFSET_PX = 8.0
GROUPS = 8


class RadarNetworkOptions(Options):
    """Size of the network."""

    widths: tuple[int, ...] = Field(default=(16, 24, 32, 48), min_length=1)
    """Channels at each halving; multiples of 8."""
    hidden: int = Field(default=64, gt=0)
    dropout: float = Field(default=0.2, ge=0, lt=1)


@dataclass(frozen=True)
class RadarOutput:
    """What the network says of places."""

    log_odds: Tensor
    """(places,), of a ship."""
    offset: Tensor
    """(places, 2): samples and lines from the place to the ship's middle, in `OFFSET_PX`."""
    log_size: Tensor
    """(places, 2): logarithms of length and beam over the usual ones."""
    log_scale: Tensor
    """(places, 2): of the errors of those."""
    axis: Tensor
    """(places, 2): cosine and sine of twice the axis, clockwise from up; of any length."""

    @property
    def parts(self) -> Tensor:
        """All of it, (places, 9)."""
        rest = (self.offset, self.log_size, self.log_scale, self.axis)
        return torch.cat([self.log_odds[:, None], *rest], 1)

    @classmethod
    def of(cls, parts: Tensor) -> "RadarOutput":
        """From all of it."""
        return cls(parts[:, 0], *parts[:, 1:].split(2, dim=1))

    def mirrored(self) -> "RadarOutput":
        """As it would be of the image upside down."""
        turn = self.offset.new_tensor([1.0, -1.0])
        return RadarOutput(
            self.log_odds, self.offset * turn, self.log_size, self.log_scale, self.axis * turn
        )


class RadarNetwork(nn.Module):
    """Crops and what else is known in, `RadarOutput` out."""

    def __init__(self, options: RadarNetworkOptions | None = None) -> None:
        super().__init__()
        self.options = options or RadarNetworkOptions()
        widths = self.options.widths
        self.stem = nn.Conv2d(3, widths[0], 5, stride=2, padding=2)
        self.stages = nn.ModuleList(_Stage(*pair) for pair in pairwise(widths))
        side = CROP_PX // 2 ** len(widths)
        self.flat = nn.Linear(widths[-1] * side**2 + 3, self.options.hidden)
        self.head = nn.Linear(self.options.hidden, 9)

    def forward(self, crops: Tensor, known: Tensor) -> Tensor:
        """Parts of a `RadarOutput` of crops (places, 3, 64, 64), (places, 9)."""
        seen = functional.silu(self.stem(crops))
        for stage in self.stages:
            seen = stage(seen)
        seen = functional.dropout(seen.flatten(1), self.options.dropout, self.training)
        return self.head(functional.silu(self.flat(torch.cat([seen, known], 1))))

    def both_ways(self, crops: Tensor, known: Tensor) -> RadarOutput:
        """Mean over the image and its mirror image along the track, which is as likely."""
        straight = self(crops, known)
        turned = RadarOutput.of(self(crops.roll(-1, 2).flip(2), known)).mirrored().parts
        return RadarOutput.of((straight + turned) / 2)


class _Stage(nn.Module):
    """A convolution that halves a crop, and one that adds to it."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)
        self.norm = nn.GroupNorm(GROUPS, outputs)
        self.more = nn.Conv2d(outputs, outputs, 3, padding=1)

    def forward(self, seen: Tensor) -> Tensor:
        seen = functional.silu(self.norm(self.down(seen)))
        return seen + functional.silu(self.more(seen))


def decoded(output: RadarOutput, where: NDArray[np.int64]) -> OrientedBoxes:
    """Boxes in samples (x) and lines (y), with raw scores.

    Parameters
    ----------
    output
        Of the network.
    where
        Samples and lines of the places, (places, 2).

    """
    offset = output.offset.numpy() * OFFSET_PX
    size = np.exp(np.clip(output.log_size.numpy(), -3, 2)) * (LENGTH_PX, BEAM_PX)
    cosine, sine = output.axis.numpy().T
    return OrientedBoxes.of(
        where[:, 0] + 0.5 + offset[:, 0],
        where[:, 1] + 0.5 + offset[:, 1],
        size[:, 0],
        np.minimum(size[:, 1], size[:, 0]),
        np.rad2deg(np.arctan2(sine, cosine)) / 2 % 180.0,
        score=torch.sigmoid(output.log_odds).numpy(),
    )
