"""Scores: against brute force, and on cases that a person can count."""

from contextlib import redirect_stdout
from io import StringIO
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, box

from boxes import upright
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.learn.metrics import Matched, Ranking, labels_met, match, pairs


def labels(*ships: tuple[float, float, float]) -> tuple[list, OrientedBoxes]:
    """Outlines and rectangles of upright labels from x, y, length in pixels."""
    shapes = [box(x - 1, y - n / 2, x + 1, y + n / 2) for x, y, n in ships]
    return shapes, upright(*((*ship, 1.0) for ship in ships))


def test_a_port_that_a_person_can_count() -> None:
    outlines, truth = labels((10, 50, 12), (60, 50, 20), (110, 50, 4), (160, 50, 15))
    hulls = upright(
        (10, 50, 11, 0.9),  # right
        (63, 50, 20, 0.8),  # 20 m beside the mask grown by 2 px: right
        (110, 50, 6, 0.7),  # meets a label that is too short to count: neither
        (200, 50, 12, 0.6),  # false
        (240, 50, 4, 0.5),  # false, but shorter than 50 m: neither
    )
    result = match(hulls, outlines, truth, gsd_m=10.0)
    at = result.ranking.at(0.0)
    assert (len(result.truth), len(result.found)) == (3, 3)
    assert at.precision == pytest.approx(2 / 3)
    assert at.recall == pytest.approx(2 / 3)
    # Both right ones come before the false one; the third label is never found.
    assert result.ranking.average_precision() == pytest.approx(2 / 3)


def test_two_hulls_on_one_label_are_one_right_and_one_false() -> None:
    outlines, truth = labels((10, 50, 12))
    result = match(upright((10, 50, 12, 0.9), (10, 52, 12, 0.8)), outlines, truth, gsd_m=10.0)
    assert sorted(result.label >= 0) == [False, True]


def test_a_hull_just_out_of_reach_is_false() -> None:
    outlines, truth = labels((10, 50, 12))
    # Side at 11, grown by 2 px to 13, 30 m further is 16.
    near = match(upright((15.9, 50, 12, 1.0)), outlines, truth, gsd_m=10.0)
    far = match(upright((16.1, 50, 12, 1.0)), outlines, truth, gsd_m=10.0)
    assert (near.ranking.at(0).f1, far.ranking.at(0).f1) == (1.0, 0.0)


places = st.lists(
    st.tuples(st.floats(0, 30), st.floats(0, 30)), min_size=0, max_size=4, unique=True
)


@given(places, places)
def test_as_many_pairs_as_any_assignment_gives(
    here: list[tuple[float, float]], there: list[tuple[float, float]]
) -> None:
    outlines, truth = labels(*((x, y, 8.0) for x, y in there))
    hulls = upright(*((x, y, 8.0, 0.5) for x, y in here))
    result = match(hulls, outlines, truth, gsd_m=10.0)
    reach = [
        [shape.buffer(5.0).covers(box(x, y, x, y).centroid) for shape in outlines] for x, y in here
    ]
    short, long = sorted((len(here), len(there)))
    rows_first = len(here) <= len(there)
    best = max(
        (
            sum(
                reach[i][j] if rows_first else reach[j][i]
                for i, j in zip(range(short), order, strict=True)
            )
            for order in permutations(range(long), short)
        ),
        default=0,
    )
    # buffer() cuts corners: it reaches a little less far than distance does.
    assert int((result.label >= 0).sum()) >= best


@given(
    st.lists(st.tuples(st.floats(0.01, 1), st.booleans()), min_size=1, max_size=30),
    st.integers(0, 5),
)
def test_average_precision_is_the_area_under_the_curve(
    rows: list[tuple[float, bool]], missed: int
) -> None:
    score = np.array([s for s, _ in rows], np.float32)
    right = np.array([r for _, r in rows])
    total = int(right.sum()) + missed
    result = Ranking(score, right, total)
    order = np.argsort(-score, kind="stable")
    area, seen = 0.0, 0
    for place in range(len(rows)):
        if right[order][place]:
            seen += 1
            after = [right[order][: k + 1].mean() for k in range(place, len(rows))]
            area += max(after) / total
    assert result.average_precision() == pytest.approx(area)


def test_scenes_join_without_mixing_their_labels() -> None:
    parts = [
        match(upright((10, 50, 12, 0.9)), *labels((10, 50, 12), (90, 50, 12)), gsd_m=10.0),
        match(upright((10, 50, 12, 0.8)), *labels((10, 50, 12)), gsd_m=10.0),
    ]
    whole = Matched.joined(parts)
    assert list(whole.label) == [0, 2]
    assert whole.ranking.at(0).recall == pytest.approx(2 / 3)


@given(
    st.lists(st.tuples(st.integers(0, 1000), st.booleans()), min_size=1, max_size=40),
    st.integers(0, 5),
)
def test_average_precision_is_that_of_coco_at_every_recall(
    rows: list[tuple[int, bool]], missed: int
) -> None:
    """pycocotools interpolates at given recalls: at those of the curve it is our area."""
    from pycocotools.cocoeval import COCOeval

    score = np.array([s / 1000 for s, _ in rows])
    right = np.array([r for _, r in rows])
    total = int(right.sum()) + missed
    if total == 0:
        return
    evaluation = COCOeval(iouType="bbox")
    evaluation.params.recThrs = np.arange(1, total + 1) / total - 1e-9
    evaluation.params.iouThrs = np.array([0.5])
    evaluation.params.maxDets = [len(rows)]
    evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
    evaluation.params.imgIds, evaluation.params.catIds = [1], [1]
    evaluation._paramsEval = evaluation.params
    evaluation.evalImgs = [
        {
            "dtScores": score,
            "dtMatches": right[None].astype(int),
            "dtIgnore": np.zeros((1, len(rows)), bool),
            "gtIgnore": np.zeros(total),
        }
    ]
    with redirect_stdout(StringIO()):
        evaluation.accumulate()
    theirs = float(evaluation.eval["precision"][0, :, 0, 0, 0].mean())
    assert Ranking(score, right, total).average_precision() == pytest.approx(theirs, abs=1e-6)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=20), st.integers(0, 5))
def test_the_best_threshold_is_better_than_any_other(
    rows: list[tuple[float, bool]], missed: int
) -> None:
    score = np.array([s for s, _ in rows], np.float32)
    right = np.array([r for _, r in rows], bool)
    ranking = Ranking(score, right, int(right.sum()) + missed)
    best = ranking.at(ranking.best_threshold()).f1
    assert best >= max((ranking.at(t).f1 for t in np.linspace(0, 1, 50)), default=0) - 1e-12
    recall, precision = ranking.curve()
    assert (np.diff(recall) >= 0).all()
    assert ((precision >= 0) & (precision <= 1)).all()


@given(places, places)
def test_pairs_are_those_of_a_brute_force_matcher(
    here: list[tuple[float, float]], there: list[tuple[float, float]]
) -> None:
    """Most pairs within reach first, then the least sum of distances."""
    outlines, _ = labels(*((x, y, 8.0) for x, y in there))
    hulls = upright(*((x, y, 8.0, 0.5) for x, y in here))
    rows, columns = pairs(hulls, outlines, 10.0)
    cost = np.array(
        [[max(o.distance(Point(x, y)) - 2, 0) * 10 for o in outlines] for x, y in hulls.centres]
    ).reshape(len(here), len(there))
    best = (0, 0.0)
    small = min(len(here), len(there))
    for some in permutations(range(len(here)), small):
        for others in combinations(range(len(there)), small):
            reached = [cost[i, j] for i, j in zip(some, others, strict=True) if cost[i, j] <= 30]
            best = min(best, (-len(reached), sum(reached)))
    found = (-len(rows), float(cost[rows, columns].sum()))
    assert found[0] == best[0]
    assert found[1] == pytest.approx(best[1], abs=1e-3)


def test_ignored_ground_holds_any_number_of_hulls() -> None:
    outlines, truth = labels((10, 50, 20), (60, 50, 20))
    hulls = upright((10, 46, 9, 0.9), (10, 54, 9, 0.8), (60, 46, 9, 0.7), (60, 54, 9, 0.6))
    ignored = np.array([True, False])
    met = labels_met(hulls, outlines, gsd_m=10.0, ignored=ignored)
    assert met[:2].tolist() == [0, 0]
    assert sorted(met[2:].tolist()) == [-1, 1]
    result = match(hulls, outlines, truth, gsd_m=10.0, ignored=ignored)
    assert (len(result.truth), len(result.found)) == (1, 2)


def test_nothing_found_and_nothing_to_find_are_no_error() -> None:
    nothing = Matched.joined([])
    assert nothing.ranking.at(0.5) == (0, 0, 0)
    assert nothing.ranking.average_precision() == 0
    assert nothing.ranking.best_threshold() == 0
