"""Matches: counts against the matcher and by hand, ports apart, calibration errors."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from boxes import upright
from drawn_scenes import drawn_port
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.learn.crossval.matches import (
    false_alarms,
    matches_of,
    port_of,
    ranking_of,
    score_calibration_error,
    shape_errors,
)
from gnomon.learn.metrics import Ranking, match
from gnomon.learn.scenes import LabelledScene

places = st.tuples(st.floats(60, 390), st.floats(30, 170), st.floats(3, 25))


@given(
    ships=st.lists(places, max_size=6),
    found=st.lists(st.tuples(places, st.floats(0.01, 0.99)), max_size=8),
    on_ships=st.lists(st.floats(0.01, 0.99), max_size=4),
    least=st.sampled_from([50.0, 100.0]),
    threshold=st.floats(0, 1),
    ignored=st.sets(st.integers(0, 5)),
)
@example(  # a score that is the threshold itself
    ships=[(60.0, 30.0, 5.0)],
    found=[],
    on_ships=[0.01],
    least=50.0,
    threshold=0.01,
    ignored=set(),
)
def test_counts_are_those_of_the_matching(
    ships: list, found: list, on_ships: list, least: float, threshold: float, ignored: set
) -> None:
    scene = drawn_port(ships, ignored=tuple(ignored))
    rows = [(*place, score) for place, score in found]
    rows += [(x, y, n, score) for (x, y, n), score in zip(ships, on_ships, strict=False)]
    these = upright(*rows)
    plain = match(
        these, scene.polygons, scene.boxes, gsd_m=10.0, length_min_m=least, ignored=scene.ignored
    )
    ranking = ranking_of(matches_of([scene], [these]), least)
    assert ranking.labels == len(plain.truth)
    assert ranking.average_precision() == pytest.approx(plain.ranking.average_precision())
    assert ranking.at(threshold) == pytest.approx(plain.ranking.at(threshold))


def port() -> tuple[LabelledScene, OrientedBoxes]:
    """Two ships at a quay, one of them ignored, three at sea, one of them a boat."""
    scene = drawn_port(
        [(44, 40, 20), (44, 100, 16), (150, 50, 12), (250, 50, 30), (300, 150, 4)],
        land_to=40,
        ignored=(1,),
    )
    found = upright(
        (44, 40, 21, 0.9),  # right, at the quay
        (44, 100, 16, 0.8),  # meets what is ignored: neither
        (43, 104, 15, 0.8),  # so does this, there may be two
        (150, 50, 11, 0.7),  # right, at sea
        (42, 160, 15, 0.6),  # false, at the quay
        (350, 100, 15, 0.3),  # false, at sea
        (350, 30, 4, 0.3),  # too short to be false
        (300, 150, 6, 0.3),  # meets a boat: neither
    )
    return scene, found


def test_a_port_that_a_person_can_count() -> None:
    one = matches_of(*[[part] for part in port()])
    assert one.labels.quay.tolist() == [True, True, False, False, False]
    assert ranking_of(one, 50).at(0.5) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert ranking_of(one, 50, quay=True).at(0.5) == pytest.approx((1 / 2, 1.0, 2 / 3))
    assert ranking_of(one, 50, quay=False).at(0.5) == pytest.approx((1.0, 1 / 2, 2 / 3))
    # 3.6 by 2 km of water, of which 40 m lie along the quay.
    assert one.water.all_km2.item() == pytest.approx(7.2)
    assert one.water.open_km2.item() == pytest.approx(7.12)
    assert false_alarms(one, 0.5, 50) == pytest.approx((0.0, 100 / 7.2))
    assert false_alarms(one, 0.2, 50) == pytest.approx((100 / 7.12, 200 / 7.2))


def test_ships_beyond_a_range_of_lengths_are_neither_missed_nor_false() -> None:
    """Of 50 to 160 m the port has one ship, and two hulls of 150 m that are none."""
    one = matches_of(*[[part] for part in port()])
    ranking = ranking_of(one, 50, below_m=160)
    assert ranking.labels == 1
    assert ranking.at(0.5) == pytest.approx((1 / 2, 1.0, 2 / 3))
    assert ranking.at(0.2) == pytest.approx((1 / 3, 1.0, 1 / 2))
    assert ranking_of(one, 50, below_m=160, quay=False).at(0.5) == pytest.approx((1.0, 1.0, 1.0))
    at_quay = ranking_of(one, 50, below_m=160, quay=True)
    assert (at_quay.labels, at_quay.right.tolist()) == (0, [False])
    # The upper end is outside: at 150 m no hull is false, at 120 m there is no ship.
    assert ranking_of(one, 50, below_m=150).at(0.2) == pytest.approx((1.0, 1.0, 1.0))
    assert ranking_of(one, 50, below_m=120).labels == 0


def test_errors_are_those_of_hulls_that_were_found() -> None:
    errors = shape_errors(matches_of(*[[part] for part in port()]), 0.5, 50)
    assert errors.hulls == 2
    assert errors.length_m == pytest.approx(10, abs=1)
    assert errors.length_bias_m == pytest.approx(0, abs=1)
    assert errors.beam_bias_m == pytest.approx(-10, abs=1)
    assert errors.heading_within_10 == 1


def test_ports_apart_are_the_ports_of_the_whole() -> None:
    (here, these), (there, those) = port(), port()
    there = replace(there, name="S2_elsewhere_20230101")
    both = matches_of([here, there], [these, those])
    apart = both.of(["Elsewhere"])
    alone = matches_of([there], [those])
    assert ranking_of(apart, 50).at(0.5) == ranking_of(alone, 50).at(0.5)
    pd.testing.assert_frame_equal(apart.hulls, alone.hulls)
    pd.testing.assert_frame_equal(apart.labels, alone.labels)


def test_a_score_that_is_true_has_no_calibration_error() -> None:
    rng = np.random.default_rng(0)
    score = rng.uniform(0.05, 1, 40_000)
    right = rng.random(40_000) < score
    assert score_calibration_error(Ranking(score, right, 0)) < 0.01
    assert score_calibration_error(Ranking(score**2, right, 0)) > 0.1
    # Of ten hulls of 0.75 five are ships: off by a quarter.
    five = Ranking(np.full(10, 0.75), np.arange(10) < 5, 0)
    assert score_calibration_error(five) == pytest.approx(0.25)


def test_names_of_ports_are_read_off_their_items() -> None:
    assert port_of("S2_port_of_it_20230101") == "Port Of It"
    assert port_of("S2_genoa_20230710") == "Genoa"


@given(
    column=st.floats(50, 380), row=st.floats(20, 180), land_to=st.integers(5, 45)
)  # fmt: skip
def test_a_hull_without_a_label_is_quay_side_within_40_m_of_land(
    column: float, row: float, land_to: int
) -> None:
    scene = drawn_port([], land_to=land_to)
    hull = upright((column, row, 10.0, 0.9))
    (quay,) = matches_of([scene], [hull]).hulls.quay
    gap_m = 10 * (column - 1.0 - land_to)
    if abs(gap_m - 40) > 12:
        assert quay == (gap_m < 40)


@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4), st.data())
def test_measures_of_ports_add_up(names: list[str], data: st.DataObject) -> None:
    scenes = [
        drawn_port([(100.0, 60.0, 16.0), (250.0, 120.0, 12.0)], name=f"S2_{name}_{n}")
        for n, name in enumerate(names)
    ]
    found = [
        upright(*data.draw(st.lists(st.tuples(*[st.floats(60, 180)] * 2, st.just(12.0),
                                              st.floats(0.1, 1)), max_size=4)))
        for _ in scenes
    ]  # fmt: skip
    whole = matches_of(scenes, found)
    ports = sorted(set(whole.water.port))
    apart = [ranking_of(whole.of([port]), 50) for port in ports]
    together = ranking_of(whole, 50)
    assert sum(one.labels for one in apart) == together.labels
    assert sum(int(one.right.sum()) for one in apart) == int(together.right.sum())
    assert sorted(s for one in apart for s in one.score) == sorted(together.score)
    assert whole.of(ports).hulls.equals(whole.hulls)
