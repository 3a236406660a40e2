"""The scores of a set of hulls against outlines.

A hull found is right if its centre lies in the outline grown by 2 pixels, or within 30 m of it; one
to one, by the Hungarian method. Vessels under 50 m are ignored on both sides, because they are not
labelled with any care: a label that short cannot be missed and a hull that short cannot be false.
Average precision is the area under the precision-recall curve, every point counted, with precision
made monotonic (as PASCAL VOC has it since 2010).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from gnomon.datamodel.arrays import Float64s, Mask
from gnomon.datamodel.boxes import OrientedBoxes

GROWN_PX = 2.0
REACH_M = 30.0
SHORT_M = 50.0
OUT_OF_REACH = 1e6
"""Cost of a pair out of reach: more than any sum of pairs within reach."""


class Rates(NamedTuple):
    """Of the hulls with a score or more."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Ranking:
    """Hulls by their score, and which of them are right."""

    score: NDArray[np.floating]
    right: Mask
    labels: int
    """How many ships there are."""

    def at(self, threshold: float) -> Rates:
        """Precision, recall and F1 of the hulls with this score or more."""
        taken = self.score >= threshold
        right = float((taken & self.right).sum())
        precision, recall = right / max(int(taken.sum()), 1), right / max(self.labels, 1)
        return Rates(precision, recall, 2 * right / max(int(taken.sum()) + self.labels, 1))

    def curve(self) -> tuple[Float64s, Float64s]:
        """Recall and precision at every threshold, the strictest first."""
        order = np.argsort(-self.score, kind="stable")
        right = self.right[order].cumsum()
        return right / max(self.labels, 1), right / np.arange(1, len(order) + 1)

    def average_precision(self) -> float:
        """Area under the precision-recall curve."""
        recall, precision = self.curve()
        best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
        return float((best_from_here * np.diff(recall, prepend=0)).sum())

    def best_threshold(self) -> float:
        """Threshold of best F1 on these very labels, which flatters; 0 where there are no hulls."""
        return max(np.unique(self.score), key=lambda t: self.at(t).f1, default=0.0)


@dataclass(frozen=True)
class Matched:
    """Hulls of one scene or several against their labels."""

    label: NDArray[np.int64]
    """Row in ``truth`` of the label that each hull meets, -1 where it meets none."""
    found: OrientedBoxes
    """Every hull of 50 m or more, and every shorter one that meets a long label."""
    truth: OrientedBoxes
    """Labels, all of them counted."""

    @staticmethod
    def joined(parts: Sequence["Matched"]) -> "Matched":
        """Several scenes as one."""
        starts = np.cumsum([0, *(len(p.truth) for p in parts)])
        labels = [
            np.where(p.label >= 0, p.label + start, -1)
            for p, start in zip(parts, starts[:-1], strict=True)
        ]
        return Matched(
            np.concatenate([np.zeros(0, np.int64), *labels]),
            OrientedBoxes.concatenate(p.found for p in parts),
            OrientedBoxes.concatenate(p.truth for p in parts),
        )

    @property
    def ranking(self) -> Ranking:
        """Which hulls are right, by score."""
        return Ranking(self.found.score, self.label >= 0, len(self.truth))


def match(
    found: OrientedBoxes,
    outlines: Sequence[shapely.Geometry],
    truth: OrientedBoxes,
    *,
    gsd_m: float,
    length_min_m: float = SHORT_M,
    ignored: Mask | None = None,
) -> Matched:
    """Compare hulls with the labels of one scene.

    Parameters
    ----------
    found
        Hulls with scores, in pixels.
    outlines
        Labels, polygons in the same pixels.
    truth
        The same labels as boxes.
    gsd_m
        Metres per pixel.
    length_min_m
        Labels shorter than this are ignored, and so is what meets only them.
    ignored
        Labels that are ignored at any length, with all hulls on their ground.

    """
    long = truth.length * gsd_m >= length_min_m
    if ignored is not None:
        long &= ~ignored
    label = labels_met(found, outlines, gsd_m=gsd_m, ignored=ignored)
    meets_long = (label >= 0) & np.append(long, False)[label]
    # False only if it claims to be long and meets no label at all, however short or doubtful.
    counted = meets_long | ((label < 0) & (found.length * gsd_m >= length_min_m))
    renumbered = np.append(np.cumsum(long) - 1, -1)
    return Matched(
        renumbered[np.where(meets_long, label, -1)][counted], found[counted], truth[long]
    )


def labels_met(
    found: OrientedBoxes,
    outlines: Sequence[shapely.Geometry],
    *,
    gsd_m: float,
    ignored: Mask | None = None,
) -> NDArray[np.int64]:
    """Label that each hull meets, -1 where it meets none.

    One hull a label, but for what is ignored: that may hold several.
    """
    label = np.full(len(found), -1)
    rows, columns = pairs(found, outlines, gsd_m)
    label[rows] = columns
    if ignored is not None and ignored.any():
        centres = shapely.points(found.centres.astype(float))
        for row in np.flatnonzero(ignored):
            on_it = shapely.distance(centres, outlines[int(row)]) <= GROWN_PX
            label[on_it & (label < 0)] = row
    return label


def pairs(
    found: OrientedBoxes, outlines: Sequence[shapely.Geometry], gsd_m: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """One-to-one pairs of hull and outline within reach; the nearest in sum, most pairs first."""
    if not len(found) or not len(outlines):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    centres = shapely.points(found.centres.astype(float))
    distance = shapely.distance(centres[:, None], np.asarray(outlines)[None, :])
    cost = np.maximum(distance - GROWN_PX, 0.0) * gsd_m
    reachable = cost <= REACH_M
    rows, columns = linear_sum_assignment(np.where(reachable, cost, OUT_OF_REACH))
    kept = reachable[rows, columns]
    return rows[kept], columns[kept]
