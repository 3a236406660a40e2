"""Non-maximum suppression: against a brute-force loop, and the cases that it exists for."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from boxes import box, several_boxes
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.nms import OVERLAP_MAX, non_maximum_suppression


def crowded(boxes: OrientedBoxes) -> OrientedBoxes:
    """The same boxes close together, so that many overlap."""
    return OrientedBoxes.of(
        boxes.x % 16, boxes.y % 16, boxes.length, boxes.beam, boxes.angle, score=boxes.score
    )


crowds = several_boxes.map(crowded)


def rows(boxes: OrientedBoxes) -> set[tuple[float, ...]]:
    return {tuple(map(float, row[:6])) for row in boxes}


@given(crowds)
def test_a_loop_over_all_pairs_keeps_the_same_boxes(boxes: OrientedBoxes) -> None:
    order = sorted(range(len(boxes)), key=lambda i: (-boxes[i].score, *reversed(boxes[i][:5])))
    polygons = boxes.polygons()
    kept: list[int] = []
    for i in order:
        overlaps = (
            polygons[i].intersection(polygons[j]).area
            > OVERLAP_MAX * min(polygons[i].area, polygons[j].area)
            for j in kept
        )
        if not any(overlaps):
            kept.append(i)
    assert rows(non_maximum_suppression(boxes)) == rows(boxes[np.array(kept)])


@given(crowds, st.randoms())
def test_the_order_of_the_boxes_does_not_matter(
    boxes: OrientedBoxes, random: np.random.Generator
) -> None:
    order = list(range(len(boxes)))
    random.shuffle(order)
    assert rows(non_maximum_suppression(boxes)) == rows(
        non_maximum_suppression(boxes[np.array(order)])
    )


@given(crowds)
def test_a_second_pass_changes_nothing_and_the_best_box_stays(boxes: OrientedBoxes) -> None:
    kept = non_maximum_suppression(boxes)
    assert rows(non_maximum_suppression(kept)) == rows(kept)
    assert kept.score.max() == boxes.score.max()


def test_two_peaks_of_one_hull_are_one_box_and_rafted_hulls_are_two() -> None:
    twice = OrientedBoxes.concatenate([box(50, 50, score=0.9), box(50.8, 50.4, 11, score=0.6)])
    assert len(non_maximum_suppression(twice)) == 1
    # Rafted: two 15 m beams touch, centres 1.5 pixels apart.
    beside = OrientedBoxes.concatenate([box(50, 50, 10, 1.5, 0), box(51.5, 50, 10, 1.5, 0)])
    assert len(non_maximum_suppression(beside)) == 2


def test_no_boxes_give_no_boxes() -> None:
    assert len(non_maximum_suppression(OrientedBoxes.empty())) == 0
