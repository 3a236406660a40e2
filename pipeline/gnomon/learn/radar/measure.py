"""What boxes are worth, against the ships of sheets.

A box is of the ship whose middle it lies nearest to, within half its length and 40 m; each ship has
one box, the surest, and each box one ship. Where ships lie that have no label, in real chips, a
box of no ship counts apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnomon.datamodel.arrays import Float64s, Mask
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.calibration import BoxErrors
from gnomon.learn.radar.sheets import PIXEL_M, RadarSheet

NEAR_LENGTHS, NEAR_PX = 0.5, 4.0
SIZES = ("length_m", "beam_m")


@dataclass(frozen=True)
class RadarMatches:
    """Boxes against ships."""

    boxes: OrientedBoxes
    truth: NDArray[np.int64]
    """Of each box: the ship, -1 for none, -2 where a ship may lie that has no label."""
    ships: OrientedBoxes
    sized: Mask
    searched_km2: float

    @classmethod
    def of(cls, sheet: RadarSheet, boxes: OrientedBoxes) -> "RadarMatches":
        """Match the boxes of a sheet; those of ships beyond its edge are left out."""
        lines, samples = sheet.shape
        inside = (boxes.x >= 0) & (boxes.y >= 0) & (boxes.x < samples) & (boxes.y < lines)
        boxes = boxes[inside]
        truth = np.full(len(boxes), -1)
        if sheet.unlabelled.any():
            there = sheet.unlabelled[boxes.y.astype(int), boxes.x.astype(int)]
            truth[there] = -2
        ships = sheet.ships
        free = np.ones(len(ships), bool)
        for n in np.argsort(-boxes.score, kind="stable"):
            apart = np.hypot(ships.x - boxes.x[n], ships.y - boxes.y[n])
            apart[~free | (apart > NEAR_LENGTHS * ships.length + NEAR_PX)] = np.inf
            if len(apart) and np.isfinite(apart.min()):
                truth[n] = int(apart.argmin())
                free[truth[n]] = False
        area = np.count_nonzero(sheet.masks["search"].to_numpy()) * PIXEL_M**2 / 1e6
        return cls(boxes, truth, ships, sheet.sized, area)

    @classmethod
    def joined(cls, parts: Sequence["RadarMatches"]) -> "RadarMatches":
        """Of several sheets as one."""
        before = np.cumsum([0, *(len(one.ships) for one in parts)])
        truth = [
            np.where(m.truth >= 0, m.truth + n, m.truth)
            for m, n in zip(parts, before, strict=False)
        ]
        return cls(
            OrientedBoxes.concatenate(one.boxes for one in parts),
            np.concatenate(truth),
            OrientedBoxes.concatenate(one.ships for one in parts),
            np.concatenate([one.sized for one in parts]),
            sum(one.searched_km2 for one in parts),
        )

    def errors_m(self, part: str, *, least: float = 0.0) -> tuple[Float64s, Float64s]:
        """Errors of lengths or beams of found ships of known size, and their true size, metres."""
        on = (self.truth >= 0) & (self.boxes.score >= least)
        on[on] &= self.sized[self.truth[on]]
        found = getattr(self.boxes[on], part).astype(float)
        true = getattr(self.ships[self.truth[on]], part).astype(float)
        return (found - true) * PIXEL_M, true * PIXEL_M

    def axis_errors_deg(self) -> tuple[Float64s, Float64s]:
        """Errors of the axes of found ships, and their length in metres."""
        on = self.truth >= 0
        ships = self.ships[self.truth[on]]
        turn = (self.boxes[on].angle - ships.angle + 90) % 180 - 90
        return turn.astype(float), ships.length.astype(float) * PIXEL_M

    def recall(
        self, least: float, lengths_m: tuple[float, float] = (0.0, np.inf)
    ) -> tuple[int, int]:
        """Ships of some lengths found with a score and more, and all of them."""
        size = self.ships.length * PIXEL_M
        wanted = (size >= lengths_m[0]) & (size < lengths_m[1])
        found = np.unique(self.truth[(self.truth >= 0) & (self.boxes.score >= least)])
        return int(wanted[found].sum()), int(wanted.sum())

    def false_alarms(self, least: float, *, short_m: float = 0.0) -> int:
        """Boxes of no ship with a score and a length and more."""
        here = (self.truth == -1) & (self.boxes.score >= least)
        return int((here & (self.boxes.length * PIXEL_M >= short_m)).sum())


def fitted_errors(matches: RadarMatches) -> BoxErrors:
    """Errors that hold nine in ten of what was measured: a constant and a share of the length."""
    parts = {}
    for part, name in (("length", "length"), ("beam", "beam")):
        error, true = matches.errors_m(part)
        parts[f"{name}_m"], parts[f"{name}_share"] = _two_scales(np.abs(error), true)
    turn, length = matches.axis_errors_deg()
    scale = float(np.quantile(np.abs(turn) * length / 100, 0.9) / 1.645)
    return BoxErrors(**parts, heading_deg=scale)


def _two_scales(error: Float64s, size: Float64s) -> tuple[float, float]:
    """Constant and share whose hypotenuse times 1.645 holds nine in ten of either half."""
    order = np.argsort(size)
    halves = np.array_split(order, 2)
    scale = [float(np.quantile(error[half], 0.9)) / 1.645 for half in halves]
    middle = [float(np.median(size[half])) for half in halves]
    share = max(scale[1] ** 2 - scale[0] ** 2, 0.0) / (middle[1] ** 2 - middle[0] ** 2)
    constant = scale[0] ** 2 - share * middle[0] ** 2
    return float(np.sqrt(max(constant, 1.0))), float(np.sqrt(share))
