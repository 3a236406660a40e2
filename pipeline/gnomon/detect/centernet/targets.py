"""Targets: ships of crops as the maps that the network should give.

The target of the centre map is a Gaussian along and across the hull (an oriented version of Zhou et
al. 2019, arXiv:1904.07850, section 3), 1 in the cell that holds the centre.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from gnomon.datamodel.arrays import Float32s
from gnomon.datamodel.boxes import OrientedBox, OrientedBoxes
from gnomon.detect.centernet.maps import STRIDE


@dataclass(frozen=True)
class Targets:
    """As `Maps`, with probabilities in place of logits; `centre` falls off around each centre."""

    centre: Tensor
    shift: Tensor
    size: Tensor
    axis: Tensor
    hull: Tensor
    tanker: Tensor
    """1 for a tanker, 0 for another type; NaN where the type is unknown."""
    counted: Tensor
    """One channel: 0 where a false centre costs nothing, else 1."""

    def to(self, device: torch.device) -> "Targets":
        """The targets on a device."""
        return Targets(*(getattr(self, part.name).to(device) for part in fields(self)))


def targets(
    boxes: Sequence[OrientedBoxes], *, side_px: int, counted: Sequence[Tensor] | None = None
) -> Targets:
    """Ships of each square crop to the maps that the network should give.

    Parameters
    ----------
    boxes
        The ships of each crop.
    side_px
        Of the crops.
    counted
        (1, rows, columns) for each crop at the output stride; all cells count if left out.

    """
    side = side_px // STRIDE
    middles = (np.arange(side, dtype=np.float32) + 0.5) * STRIDE
    x, y = np.meshgrid(middles, middles)
    crops = []
    for ships in boxes:
        maps = _Crop.blank(side)
        for ship in ships:
            maps.draw(ship, x, y)
        crops.append(maps)
    stacked = {
        part.name: torch.from_numpy(np.stack([getattr(crop, part.name) for crop in crops]))
        for part in fields(_Crop)
    }
    counts = torch.stack(list(counted)) if counted else torch.ones(len(boxes), 1, side, side)
    return Targets(**stacked, counted=counts)


@dataclass(frozen=True)
class _Crop:
    """Targets of one crop, (channels, rows, columns), drawn ship by ship."""

    centre: Float32s
    shift: Float32s
    size: Float32s
    axis: Float32s
    hull: Float32s
    tanker: Float32s

    @staticmethod
    def blank(side: int) -> "_Crop":
        centre, hull = np.zeros((2, 1, side, side), np.float32)
        shift, size, axis = np.zeros((3, 2, side, side), np.float32)
        return _Crop(centre, shift, size, axis, hull, np.full_like(hull, np.nan))

    def draw(self, ship: OrientedBox, x: Float32s, y: Float32s) -> None:
        """Add one ship; where two meet, the one with the nearer centre has the cell."""
        length, beam = ship.length, ship.beam
        dx, dy = x - ship.x, y - ship.y
        along, across = ship.along_across(x, y)
        # A tenth of the length and a quarter of the beam, but never narrower than a cell shows.
        blob = np.exp(
            -0.5 * (along / max(float(0.10 * length), STRIDE)) ** 2
            - 0.5 * (across / max(float(0.25 * beam), 0.8 * STRIDE)) ** 2
        )
        nearest = np.unravel_index(np.argmin(dx**2 + dy**2), dx.shape)
        blob[nearest] = 1.0
        nearer = blob > self.centre[0]
        twice = 2 * np.deg2rad(ship.angle)
        self.centre[:, nearer] = blob[nearer]
        self.shift[:, nearer] = -np.stack([dx[nearer], dy[nearer]]) / STRIDE
        self.size[:, nearer] = np.log([[length], [beam]])
        self.axis[:, nearer] = [[np.cos(twice)], [np.sin(twice)]]
        self.tanker[:, nearer] = ship.tanker
        self.hull[:, (np.abs(along) <= length / 2) & (np.abs(across) <= beam / 2)] = 1.0
