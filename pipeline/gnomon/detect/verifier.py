"""The second stage: each rectangle that the network proposes, cut out along its own axis.

A network that says at once where ships are in a harbour learns the harbour too. What it proposes is
nearly complete at ports that it never saw; the order is what fails there. So each proposal is
judged anew from nothing but its surroundings, turned until the axis points up: of all the ways in
which a ship can lie four are left, and their mean is taken. The same look tells how far the
rectangle is off the hull. (Two stages as in Ren et al. 2015, "Faster R-CNN", arXiv:1506.01497; the
turned rectangles of Ma et al. 2018, arXiv:1703.01086.)

Ships of 100 m and more at ports that no stage saw, one seed, average precision (best F1):

| | Algiers, Klang, Marseille: 42 ships | Athens, Casablanca: 55 ships |
|---|---|---|
| network, one look | 0.674 (0.67) | 0.856 (0.79) |
| network, turned looks | 0.702 (0.68) | 0.859 (0.80) |
| one look and verifier | 0.709 (0.69) | 0.870 (0.81) |
| turned looks and verifier | 0.766 (0.73) | 0.881 (0.85) |
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from gnomon.detect.axes import axes, rotation
from gnomon.detect.cutting import cut
from gnomon.detect.network import Residual, conv, masked, remembered

CROP_PX = (96, 64)
"""Along the axis and across it, in pixels of a crop: 480 by 320 m at 10 m, the longest hull and the
quay that she lies at."""
PROPOSED = 0.02
"""Least score of a proposal, as the network has it: at three ports that it never saw, 41 of 42
ships of 100 m and more are among them."""
STEP = 0.5
"""Pixels of the raster in one of a crop."""
_COARSEST = 16
TURN_DEG = 10.0
"""A verdict of one is off by so much."""
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class VerifierOptions:
    """What shapes a verifier; it travels with the weights."""

    bands: tuple[str, ...] = ("blue", "green", "red", "nir")
    widths: tuple[int, ...] = (16, 32, 48, 64)
    """Channels at 2, 4, 8 and 16 pixels of a crop."""
    blocks: tuple[int, ...] = (1, 2, 2, 1)
    """Residual blocks at each."""
    dropped: float = 0.2
    """Share of what is read that a step of training leaves out."""


class Verifier(nn.Module):
    """Reads crops; says of each how likely its rectangle is a ship, and how it is off her."""

    def __init__(self, options: VerifierOptions | None = None) -> None:
        super().__init__()
        self.options = options or VerifierOptions()
        inputs = 3 * len(self.options.bands) + 2
        stages = []
        for width, blocks in zip(self.options.widths, self.options.blocks, strict=True):
            stages += [conv(inputs, width, stride=2), *(Residual(width) for _ in range(blocks))]
            inputs = width
        self.body = nn.Sequential(*stages)
        self.narrow = nn.Sequential(
            nn.Conv2d(inputs, 48, kernel_size=1, bias=False), nn.BatchNorm2d(48), nn.ReLU()
        )
        cells = (CROP_PX[0] // _COARSEST) * (CROP_PX[1] // _COARSEST)
        self.hidden = nn.Linear(48 * cells, 64)
        self.told = nn.Linear(64, 6)
        nn.init.zeros_(self.told.weight)
        nn.init.zeros_(self.told.bias)

    def forward(self, crops: Tensor, present: Tensor, history: Tensor, sides: Tensor) -> Tensor:
        """Read crops.

        Parameters
        ----------
        crops
            (crops, bands, *CROP_PX), surface reflectance; not finite where nothing was seen.
        present
            (crops, bands), 1 where the scene has the band.
        history
            As ``crops``: what the place looks like without ships, not finite where nobody knows.
        sides
            (crops, 2), length and beam of each rectangle, in pixels of the raster.

        Returns
        -------
        Tensor
            (crops, 6): the logit of being a ship; how far her centre lies along the axis, in
            lengths, and to the right of it, in beams; the logarithm of her length and of her beam
            over those of the rectangle; and her turn with the clock, in `TURN_DEG`.

        """
        there = present[:, :, None, None]
        planes = [
            masked(crops, there),
            there.expand_as(crops),
            *remembered(history, there),
            _drawn(sides),
        ]
        seen = torch.cat(planes, dim=1).contiguous(memory_format=torch.channels_last)
        read = self.narrow(self.body(seen.to(next(self.body.parameters()).dtype)))
        share = self.options.dropped
        read = functional.dropout2d(read.to(self.hidden.weight.dtype), share, self.training)
        hidden = functional.dropout(torch.relu(self.hidden(read.flatten(1))), share, self.training)
        verdicts: Tensor = self.told(hidden)
        return verdicts


def _drawn(sides: Tensor) -> Tensor:
    """A plane with each rectangle: 1 within, -1 outside."""
    (rows, columns), half = CROP_PX, sides[:, :, None, None] / 2
    along = (torch.arange(rows, device=sides.device) + 0.5 - rows / 2).abs() * STEP
    across = (torch.arange(columns, device=sides.device) + 0.5 - columns / 2).abs() * STEP
    within = (half[:, :1] + 0.5 - along[:, None]).clamp(0, 1)
    within = within * (half[:, 1:] + 0.5 - across).clamp(0, 1)
    return 2 * within - 1


def aligned(bands: Tensor, hulls: Floats) -> Tensor:
    """Surroundings of hulls, each turned until its axis points up, (hulls, bands, *CROP_PX).

    Parameters
    ----------
    bands
        (bands, rows, columns) reflectance.
    hulls
        (n, 5) or more columns: x, y, length, beam in pixels, angle in degrees.

    """
    turns = np.deg2rad(hulls[:, 4].astype(float))
    return torch.stack(
        [
            cut(bands, STEP * rotation(turn), hull[:2], CROP_PX)
            for hull, turn in zip(hulls, turns, strict=True)
        ]
    )


MIRRORINGS = ((False, False), (True, False), (False, True), (True, True))
"""Bow for stern, and port for starboard."""
_SIGNS = torch.tensor([[1, -1, 1, 1, 1, -1], [1, 1, -1, 1, 1, -1]])
"""What either does to a verdict: what lies ahead lies astern, what turned right turns left."""


def mirrored(crops: Tensor, how: tuple[bool, bool]) -> Tensor:
    """Crops or planes with the ends of the axis exchanged, its sides, or both."""
    return crops.flip([axis for axis, flip in zip((2, 3), how, strict=True) if flip])


def mirrored_verdicts(verdicts: Tensor, how: tuple[bool, bool]) -> Tensor:
    """Verdicts on mirrored crops to those on the crops, and back."""
    for flip, signs in zip(how, _SIGNS, strict=True):
        if flip:
            verdicts = verdicts * signs.to(verdicts)
    return verdicts


def differences(hulls: Floats, ships: Floats) -> Floats:
    """What a verdict says of a rectangle and the ship in it, but for the logit, (n, 5).

    Parameters
    ----------
    hulls, ships
        (n, 5) or more columns, row by row of the same ship.

    """
    axis, side = axes(hulls)
    off = ships[:, :2] - hulls[:, :2]
    turn = (ships[:, 4] - hulls[:, 4] + 90.0) % 180.0 - 90.0
    told: Floats = np.column_stack(
        [
            (off * axis).sum(1) / hulls[:, 2],
            (off * side).sum(1) / hulls[:, 3],
            np.log(ships[:, 2:4] / hulls[:, 2:4]),
            turn / TURN_DEG,
        ]
    ).astype(np.float32)
    return told


def corrected(hulls: Floats, told: Floats) -> Floats:
    """Rectangles brought to the ships that verdicts speak of: the inverse of `differences`."""
    axis, side = axes(hulls)
    result = hulls.copy()
    result[:, :2] += told[:, :1] * hulls[:, 2:3] * axis + told[:, 1:2] * hulls[:, 3:4] * side
    result[:, 2:4] *= np.exp(told[:, 2:4])
    result[:, 4] = (hulls[:, 4] + TURN_DEG * told[:, 4]) % 180.0
    return result


@torch.inference_mode()
def verdicts_on(
    verifier: Verifier, bands: Tensor, present: Tensor, history: Tensor | None, hulls: Floats
) -> Floats:
    """Verdicts on hulls of one raster, each the mean over its mirrorings, (hulls, 6).

    Parameters
    ----------
    verifier
        Trained.
    bands, history
        (bands, rows, columns); no history if it is None.
    present
        (bands,), 1 where the scene has the band.
    hulls
        (n, 5) or more columns.

    """
    told = [np.empty((0, 6), np.float32)]
    for start in range(0, len(hulls), _BATCH):
        some = hulls[start : start + _BATCH]
        crops = aligned(bands, some)
        before = torch.full_like(crops, torch.nan) if history is None else aligned(history, some)
        there, sides = present.expand(len(some), -1), torch.from_numpy(some[:, 2:4].copy())
        looks = [
            mirrored_verdicts(
                verifier(mirrored(crops, how), there, mirrored(before, how), sides), how
            )
            for how in MIRRORINGS
        ]
        told.append(torch.stack(looks).mean(dim=0).float().numpy())
    return np.concatenate(told)


_BATCH = 64
