"""The posterior predictive check: against loops, and data with and without haze."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from gnomon.track.classes import FALSE_ALARM, RESIDENT, WAITING
from gnomon.track.linking import PartitionDraw
from gnomon.track.posterior import TrackPosterior
from gnomon.track.predictive import (
    FIT_MIN,
    PredictiveCheck,
    known_present,
    missed_together,
    predictive_check,
)
from gnomon.track.presence import COARSE, RADAR
from tracked_seasons import START, hulls_of, month_posterior, prior_of

DAYS, P, STAY_DAYS = 200.0, 0.8, 4.0
DAY = np.arange(1.0, DAYS, 2.0)
RESIDENTS, TANKERS = 5, 40


def posterior_of(seen: np.ndarray, kinds: list[int], *, sensor: int = COARSE) -> TrackPosterior:
    """Draws that all have the same tracks, by the observations that detected each."""
    base = month_posterior()
    ship, observation = np.nonzero(seen)
    order = np.argsort(observation, kind="stable")
    hulls = hulls_of(observation[order].tolist(), DAY[observation[order]].tolist())
    tracks = [tuple(np.flatnonzero(ship[order] == n).tolist()) for n in range(len(seen))]
    there = [n for n, track in enumerate(tracks) if track]
    rates = np.ones(FALSE_ALARM + 1)
    draw = PartitionDraw(
        tuple(tracks[n] for n in there), np.array([kinds[n] for n in there], np.int64),
        np.zeros((len(there), len(rates))), 0, rates, 0.0, 0,
    )  # fmt: skip
    data = replace(
        base.data, day=DAY, sensor_class=np.full(len(DAY), sensor),
        detector=np.full(len(DAY), sensor), usable=np.ones(len(DAY)),
        start=START, end=START + timedelta(days=DAYS), hulls=hulls,
    )  # fmt: skip
    return replace(base, data=data, prior=prior_of(STAY_DAYS, 2, P), draws=[draw] * 100)


def season(seed: int, hazy: np.ndarray) -> TrackPosterior:
    """Things that stay, and a tanker every five days; nothing is detected in haze."""
    rng = np.random.default_rng(seed)
    arrive = np.r_[np.full(RESIDENTS, -10.0), rng.uniform(0, DAYS, TANKERS)]
    stay = np.r_[np.full(RESIDENTS, 2 * DAYS), rng.gamma(2, STAY_DAYS / 2, TANKERS)]
    there = (arrive[:, None] <= DAY) & ((arrive + stay)[:, None] >= DAY)
    seen = there & (rng.random(there.shape) < P) & ~hazy
    return posterior_of(seen, [RESIDENT] * RESIDENTS + [WAITING] * TANKERS)


@settings(max_examples=60)
@given(st.integers(0, 100_000), st.integers(0, 6), st.integers(1, 9))
def test_the_sum_over_pairs_is_that_of_a_loop(seed: int, tracks: int, passes: int) -> None:
    rng = np.random.default_rng(seed)
    seen, known = rng.random((2, tracks, passes)) < 0.5
    chance = rng.uniform(0, 1, (tracks, passes))
    expected = np.zeros(passes)
    for n in range(passes):
        apart = [float(seen[k, n]) - chance[k, n] for k in range(tracks) if known[k, n]]
        expected[n] = sum(a * b for i, a in enumerate(apart) for b in apart[:i])
    np.testing.assert_allclose(missed_together(seen, chance, known), expected, atol=1e-9)


@given(st.integers(0, 100_000))
def test_a_track_is_known_to_be_there_between_its_detections_alone(seed: int) -> None:
    seen = np.random.default_rng(seed).random((4, 7)) < 0.4
    expected = [[r[:n].any() and r[n + 1 :].any() for n in range(7)] for r in seen]
    np.testing.assert_array_equal(known_present(seen), expected)


def test_the_fit_of_data_of_the_model_is_even() -> None:
    """With parameters that are known exactly; with a posterior's it is nearer to one half."""
    clear = np.zeros(len(DAY), bool)
    fits = [predictive_check(season(seed, clear)).fit for seed in range(50)]
    assert kstest(fits, "uniform").pvalue > 0.01


def test_images_that_miss_everything_are_found_and_named() -> None:
    for seed in range(5):
        hazy = np.random.default_rng(100 + seed).random(len(DAY)) < 0.15
        found = predictive_check(season(seed, hazy))
        assert found.fit < FIT_MIN
        days = {f"{START + timedelta(days=d):%Y-%m-%d}" for d in DAY[hazy].tolist()}
        assert len(found.worst) == 3
        assert set(found.worst) <= days
        assert found.note is not None
        assert all(day in found.note for day in found.worst)
        assert "; " not in found.note  # which separates notes


@pytest.mark.parametrize("case", ["radar", "nothing"])
def test_without_anything_to_compare_nothing_is_said(case: str) -> None:
    seen = np.ones((2, len(DAY)), bool)
    seen[:, 3:9] = False
    if case == "radar":  # haze is of optical images
        tracks = posterior_of(seen, [RESIDENT] * 2, sensor=RADAR)
    else:
        tracks = posterior_of(seen[:0], [])
    assert predictive_check(tracks).fit >= 0.5
    assert predictive_check(tracks).note is None


def test_the_limit_fits() -> None:
    assert PredictiveCheck(FIT_MIN, ()).note is None
    assert PredictiveCheck(FIT_MIN - 1e-9, ("2024-05-03",)).note is not None
