"""The scores of a set of hulls against outlines.

A hull found is right if its centre lies in the outline grown by 2 pixels, or within 30 m of it;
one to one, by the Hungarian method. Vessels under 50 m are ignored on both sides, because they are
not labelled with any care: a label that short cannot be missed and a hull that short cannot be
false. Average precision is the area under the precision-recall curve, every point counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from gnomon.datamodel.boxes import OrientedBoxes

GROWN_PX = 2.0
REACH_M = 30.0
SHORT_M = 50.0


@dataclass(frozen=True)
class Matched:
    """Hulls of one scene or several against their labels."""

    score: NDArray[np.float32]
    """Of every hull of 50 m or more, and of every shorter one that meets a long label."""
    label: NDArray[np.int64]
    """Row of the label that each hull meets, -1 where it meets none."""
    found: OrientedBoxes
    truth: OrientedBoxes
    """Labels, all of them counted."""

    @staticmethod
    def joined(parts: Sequence["Matched"]) -> "Matched":
        """Several scenes as one."""
        starts = np.cumsum([0, *(len(p.truth) for p in parts)])
        return Matched(
            np.concatenate([p.score for p in parts]),
            np.concatenate(
                [
                    np.where(p.label >= 0, p.label + s, -1)
                    for p, s in zip(parts, starts, strict=False)
                ]
            ),
            OrientedBoxes.concatenate(p.found for p in parts),
            OrientedBoxes.concatenate(p.truth for p in parts),
        )

    def at(self, threshold: float) -> dict[str, float]:
        """Precision, recall and F1 of the hulls with this score or more."""
        taken = self.score >= threshold
        right = float((taken & (self.label >= 0)).sum())
        precision = right / max(float(taken.sum()), 1.0)
        recall = right / max(float(len(self.truth)), 1.0)
        f1 = 2 * precision * recall / max(precision + recall, 1e-9)
        return {"precision": precision, "recall": recall, "f1": f1}

    def average_precision(self) -> float:
        """Area under the precision-recall curve."""
        order = np.argsort(-self.score, kind="stable")
        right = (self.label[order] >= 0).cumsum()
        precision = right / np.arange(1, len(order) + 1)
        best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
        gained = np.diff(right, prepend=0) / max(len(self.truth), 1)
        return float((best_from_here * gained).sum())


def match(
    found: OrientedBoxes,
    outlines: Sequence[shapely.Geometry],
    truth: OrientedBoxes,
    *,
    gsd_m: float,
    length_min_m: float = SHORT_M,
    ignored: NDArray[np.bool_] | None = None,
) -> Matched:
    """Hold hulls against the labels of one scene.

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
        Labels that are ignored whatever their length, with all hulls on their ground.

    """
    long = truth.length * gsd_m >= length_min_m
    if ignored is not None:
        long &= ~ignored
    label = meets(found, outlines, gsd_m=gsd_m, ignored=ignored)
    meets_long = (label >= 0) & np.append(long, False)[label]
    # False only if it claims to be long and meets no label at all, however short or doubtful.
    counted = meets_long | ((label < 0) & (found.length * gsd_m >= length_min_m))
    renumbered = np.append(np.cumsum(long) - 1, -1)
    return Matched(
        found.score[counted],
        renumbered[np.where(meets_long, label, -1)][counted],
        found[counted],
        truth[long],
    )


def meets(
    found: OrientedBoxes,
    outlines: Sequence[shapely.Geometry],
    *,
    gsd_m: float,
    ignored: NDArray[np.bool_] | None = None,
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
    # A pair out of reach costs more than any sum of pairs within reach.
    rows, columns = linear_sum_assignment(np.where(reachable, cost, 1e6))
    kept = reachable[rows, columns]
    return rows[kept], columns[kept]
