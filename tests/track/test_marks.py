"""Marks of tracks: normal densities against scipy, and their invariances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from gnomon.track.classes import (
    COASTER,
    FALSE_ALARM,
    FIXTURE,
    LARGE,
    QUICK,
    RESIDENT,
    STAYS,
    WAITING,
    class_lengths,
)
from gnomon.track.marks import LENGTH_MODEL_SIGMA_M, MarkLikelihood
from tracked_seasons import TRAFFIC, hulls_of


@given(st.integers(0, 10_000), st.integers(1, 6))
def test_sizes_of_one_ship_are_normals_with_a_common_part(seed: int, count: int) -> None:
    """Lengths of the two halves of a class, and beams, by scipy's density of several variables."""
    rng = np.random.default_rng(seed)
    length, beam = rng.normal(90, 20, count), rng.normal(14, 3, count)
    sigma, beam_sigma = rng.uniform(1, 10, count), rng.uniform(0.5, 4, count)
    marks = track_hulls(
        count, length_m=length, length_sigma_m=sigma, beam_m=beam, beam_sigma_m=beam_sigma,
        score=0.5,
    )  # fmt: skip
    other = track_hulls(count, length_m=90.0, length_sigma_m=3.0, score=0.5)
    track = tuple(range(count))
    found = marks.log_density(track) - other.log_density(track)

    def expected(values: np.ndarray, errors: np.ndarray, mean: float, own: float) -> float:
        covariance = np.diag(errors**2) + own**2
        return float(multivariate_normal(np.full(count, mean), covariance).logpdf(values))

    def sizes(m: np.ndarray, s: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
        of_beam = expected(b, t, 0.157 * m.mean(), 3.5)
        errors = np.hypot(s, LENGTH_MODEL_SIGMA_M)
        return np.array(
            [
                np.logaddexp(*(expected(m, errors, *half) for half in zip(*pair, strict=True)))
                for pair in zip(*class_lengths(TRAFFIC.classes), strict=True)
            ]
        ) + of_beam  # fmt: skip

    plain = np.full(count, 90.0), np.full(count, 3.0), np.full(count, 13.3), np.full(count, 2.0)
    direct = sizes(length, sigma, beam, beam_sigma) - sizes(*plain)
    np.testing.assert_allclose(found, direct, rtol=1e-6, atol=1e-6)


def track_hulls(count: int = 4, **columns: object) -> MarkLikelihood:
    hulls = hulls_of(list(range(count)), list(np.arange(count * 1.0)), **columns)
    return MarkLikelihood(hulls, TRAFFIC)


def test_alike_lengths_are_one_ship_and_unlike_ones_two() -> None:
    marks = track_hulls(length_m=np.array([85.0, 86.0, 85.0, 120.0]))

    def gain(track: tuple[int, ...]) -> float:
        apart = sum(marks.log_density((n,))[QUICK] for n in track)
        return float(marks.log_density(track)[QUICK] - apart)

    assert gain((0, 1)) > 0 > gain((0, 3))
    assert not marks.differ(0, 1)
    assert marks.differ(0, 3)


@given(st.floats(60, 140), st.floats(60, 140), st.floats(0.5, 20))
def test_lengths_differ_beyond_four_deviations(one: float, two: float, sigma: float) -> None:
    marks = track_hulls(2, length_m=np.array([one, two]), length_sigma_m=sigma)
    deviation = np.sqrt(2 * (sigma**2 + LENGTH_MODEL_SIGMA_M**2))
    if abs(abs(one - two) / deviation - 4) > 1e-6:
        assert marks.differ(0, 1) == (abs(one - two) / deviation > 4)
    assert marks.differ(0, 1) == marks.differ(1, 0)


@given(st.floats(0.01, 0.99))
def test_p_tanker_is_a_likelihood_ratio_of_tankers_to_others(p: float) -> None:
    known, unknown = track_hulls(1, p_tanker=p), track_hulls(1)
    change = known.log_density((0,)) - unknown.log_density((0,))
    assert change[QUICK] == pytest.approx(change[WAITING])
    assert change[COASTER] == pytest.approx(change[FALSE_ALARM])
    assert change[QUICK] - change[COASTER] == pytest.approx(np.log(p / (1 - p)), abs=1e-9)
    # Two halves of the likelihood: their mean is that of an unknown type.
    assert np.exp([change[QUICK], change[COASTER]]).mean() == pytest.approx(1)


@given(st.floats(0.01, 0.99), st.integers(1, 4))
def test_a_large_ship_is_a_tanker_or_none_unless_an_analyst_named_it(p: float, count: int) -> None:
    track = tuple(range(count))
    change = track_hulls(count, p_tanker=p).log_density(track)
    change = change - track_hulls(count).log_density(track)
    mean = np.logaddexp(change[QUICK], change[COASTER]) - np.log(2)
    assert change[LARGE] == pytest.approx(mean, abs=1e-9)
    named = track_hulls(count, p_tanker=p, type_by_eye=True).log_density(track)
    named = named - track_hulls(count).log_density(track)
    assert named[LARGE] == pytest.approx(named[COASTER])


def test_what_keeps_its_load_stays_and_what_changes_it_once_is_a_ship() -> None:
    """Whatever the direction; states that come and go are several ships."""

    def weight(*ratios: float) -> np.ndarray:
        track = tuple(range(len(ratios)))
        shown = track_hulls(len(ratios), log_lr_laden=np.array(ratios))
        return shown.log_density(track) - track_hulls(len(ratios)).log_density(track)

    kept, loads = weight(3.0, 3.0, 3.0, 3.0), weight(-3.0, -3.0, 3.0, 3.0)
    assert kept[RESIDENT] > kept[QUICK] > 0
    assert loads[QUICK] > 0 > loads[RESIDENT]
    np.testing.assert_allclose(loads, weight(3.0, 3.0, -3.0, -3.0))
    often = weight(-3.0, 3.0, -3.0, 3.0, -3.0, 3.0)
    assert (often[:FALSE_ALARM] < -1).all()
    assert (weight(2.0) == 0).all()
    assert (weight(2.0, np.nan) == 0).all()
    assert weight(0.0, 0.0, 0.0) == pytest.approx(0)


@given(st.floats(0.01, 0.99))
def test_score_is_a_likelihood_ratio_of_vessels_to_false_alarms(score: float) -> None:
    change = track_hulls(1, score=score).log_density((0,))
    change = change - track_hulls(1, score=0.5).log_density((0,))
    assert change[QUICK] - change[FALSE_ALARM] == pytest.approx(
        np.log(score / (1 - score)), abs=1e-9
    )


def test_repeated_observations_are_correlated() -> None:
    """Four observations of p count as 4 / (1 + 3 / 2) = 1.6 independent ones."""
    p = 0.9
    change = track_hulls(4, p_tanker=p).log_density((0, 1, 2, 3))
    change = change - track_hulls(4).log_density((0, 1, 2, 3))
    assert change[QUICK] - change[COASTER] == pytest.approx(1.6 * np.log(p / (1 - p)))


@given(st.integers(2, 6))
def test_types_by_halves_favour_no_link(count: int) -> None:
    """Neither do images that say tanker as often as not; those that agree favour one ship."""
    track = tuple(range(count))

    def gain(p: np.ndarray) -> np.ndarray:
        marks, without = track_hulls(count, p_tanker=p), track_hulls(count)
        each = [marks.log_density((n,)) - without.log_density((n,)) for n in track]
        # Apart, each is of a class of its own: the mean of both.
        apart = sum(np.logaddexp(one[QUICK], one[COASTER]) - np.log(2) for one in each)
        joined = marks.log_density(track) - without.log_density(track)
        return np.logaddexp(joined[QUICK], joined[COASTER]) - np.log(2) - apart

    assert gain(np.full(count, 0.5)) == pytest.approx(0, abs=1e-9)
    assert gain(np.where(np.arange(count) % 2, 0.9, 0.1)) < 0
    assert gain(np.full(count, 0.9)) > 0


@given(st.integers(2, 6))
def test_a_type_that_no_image_gives_favours_no_link(count: int) -> None:
    """Detections of unknown type say nothing, whether they are one ship or several."""
    known = track_hulls(count, p_tanker=np.r_[0.9, np.full(count - 1, np.nan)])
    unknown, track = track_hulls(count), tuple(range(count))
    one = known.log_density((0,)) - unknown.log_density((0,))
    whole = known.log_density(track) - unknown.log_density(track)
    np.testing.assert_allclose(whole, one, atol=1e-9)
    evens = track_hulls(count, p_tanker=0.5).log_density((0,))
    np.testing.assert_allclose(evens, unknown.log_density((0,)), atol=1e-9)


def test_what_returns_to_the_same_metre_is_no_ship_of_many() -> None:
    """Ships moor tens of metres apart; a crane does not move."""
    still = track_hulls(5, east_m=np.array([0.0, 3.0, -4.0, 2.0, 1.0]), length_m=88.0)
    moored = track_hulls(5, east_m=np.array([0.0, 40.0, -35.0, 30.0, -20.0]), length_m=88.0)
    track = tuple(range(5))
    gain = still.log_density(track) - moored.log_density(track)
    for resident in (RESIDENT, FIXTURE):
        assert gain[resident] > gain[WAITING] + 3
    assert gain[WAITING] == pytest.approx(gain[COASTER])


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_moving_all_hulls_together_changes_nothing(east: float, north: float) -> None:
    x, y = np.array([0.0, 20.0, 400.0]), np.array([5.0, 0.0, -100.0])
    here = track_hulls(3, east_m=x, north_m=y).log_density((0, 1, 2))
    moved = track_hulls(3, east_m=x + east, north_m=y + north).log_density((0, 1, 2))
    np.testing.assert_allclose(here, moved, atol=1e-6)


def test_a_ship_that_shifted_is_anywhere_in_the_port() -> None:
    gap = np.array([0.0, 0.0, 2000.0])
    marks = track_hulls(3, east_m=gap)

    def move(track: tuple[int, int]) -> float:
        alone = track_hulls(3).log_density(track) - marks.log_density(track)
        return float(alone[QUICK])

    # The same sizes: only positions differ.
    place = TRAFFIC.position
    far = place.shifted / place.area_m2
    spread = place.moored_still / place.still_sigma_m**2
    spread += (1 - place.moored_still) / place.moored_sigma_m**2
    near = (1 - place.shifted) * spread / (2 * np.pi) + far
    first = track_hulls(3).log_density((0,)) - marks.log_density((0,))
    assert move((0, 1)) == pytest.approx(float(first[QUICK]))
    assert move((0, 2)) - move((0, 1)) == pytest.approx(np.log(near / far))


def test_where_all_hulls_lie_at_one_berth_position_has_no_weight() -> None:
    """Linking two hulls then costs and gains nothing but the chance of a shift."""
    marks = track_hulls(2)
    together = marks.log_density((0, 1)) - marks.log_density((0,)) - marks.log_density((1,))
    spread = track_hulls(2, east_m=np.array([0.0, 3.0]))
    apart = spread.log_density((0, 1)) - spread.log_density((0,)) - spread.log_density((1,))
    np.testing.assert_allclose(together[~STAYS], apart[~STAYS], atol=0.01)
