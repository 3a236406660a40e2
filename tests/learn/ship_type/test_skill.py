"""Skill: areas under ROC, calibration, and the ranges that p_tanker is given in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from gnomon.learn.ship_type.skill import (
    Scored,
    area_under_roc,
    curves_by_size,
    even_odds_curve,
    even_odds_error,
    left_out_probabilities,
    pooled_curve,
    ranges_given,
    roc_interval,
)


def ships(skill: float, count: int = 300, *, length_m=(150.0, 200.0), seed=0) -> Scored:
    """Ships whose log odds of ``skill`` times the truth have noise of 1."""
    draw = np.random.default_rng(seed)
    tanker = draw.random(count) < 0.4
    odds = skill * (tanker - 0.5) + draw.normal(size=count)
    return Scored(odds, tanker, draw.uniform(*length_m, count), np.arange(count) // 10)


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=1, max_size=30))
def test_the_area_is_the_chance_that_a_tanker_comes_out_above(pairs):
    odds, tanker = (np.array(values) for values in zip(*pairs, strict=True))
    gaps = odds[tanker][:, None] - odds[~tanker]
    wanted = np.mean((gaps > 0) + 0.5 * (gaps == 0)) if gaps.size else np.nan
    assert area_under_roc(odds.astype(float), tanker) == pytest.approx(wanted, nan_ok=True)


def test_an_interval_of_dependent_ships_is_wider():
    some = ships(1.5)
    low, high = roc_interval(some)
    assert low < area_under_roc(some.log_odds, some.tanker) < high
    ten = Scored(*(np.repeat(part, 10) for part in vars(some).values()))
    wide = roc_interval(ten)
    assert wide == pytest.approx((low, high), abs=0.03)  # copies in their group add nothing


def test_left_out_probabilities_are_true_at_even_odds():
    many = ships(3.0, 6000)
    p = left_out_probabilities(many, np.arange(6000) % 3)
    assert even_odds_error(p, many.tanker) < 0.03
    assert even_odds_error(expit(0.5 * many.log_odds), many.tanker) > 0.05


def test_places_weigh_alike_in_a_pooled_curve():
    one, other = ships(3.0, 2000), ships(1.5, 400, seed=1)
    found = pooled_curve([one, other, ships(0.0)])
    assert found == pooled_curve([one, other])  # a set without skill is left out
    slopes = [even_odds_curve(each).slope for each in (one, other)]
    assert slopes[1] < found.slope < slopes[0]
    twice = Scored(*(np.repeat(part, 2) for part in vars(one).values()))
    assert pooled_curve([twice, other]).slope == pytest.approx(found.slope, rel=0.02)
    assert pooled_curve([ships(0.0)]) is None


def test_no_skill_has_no_curve_and_no_range():
    none = ships(0.0)
    assert even_odds_curve(none) is None
    assert np.isnan(left_out_probabilities(none, np.arange(300) % 2)).all()
    assert [one.gsd_m for one in curves_by_size({3.0: [none], 4.0: [ships(3.0)]})] == [4.0]
    assert not list(ranges_given((3.0,), {3.0: [none]}))


def test_ranges_end_where_a_size_or_a_set_fails():
    good, none = ships(3.0), ships(0.0)
    small = ships(3.0, length_m=(100.0, 150.0))
    few = ships(3.0, 15, length_m=(200.0, 250.0))
    sizes = (3.0, 4.0, 6.0, 10.0)
    evidence = {3.0: [good], 4.0: [good, few], 6.0: [good, none], 10.0: [good, small]}
    found = [(one.gsd_m, one.length_m) for one in ranges_given(sizes, evidence)]
    assert found == [
        ((9.52, 10.5), (100.0, 150.0)),
        ((2.86, 4.2), (150.0, 200.0)),
        ((9.52, 10.5), (150.0, 200.0)),
    ]
