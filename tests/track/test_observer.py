"""The observer who knows all parameters: against enumeration, convolution and simulated seasons."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, poisson

from gnomon.simulate.season.campaign import simulate_season, trade_2024
from gnomon.track.classes import COASTER, FALSE_ALARM, LARGE, QUICK, TANKERS, WAITING
from gnomon.track.marks import Hulls, MarkLikelihood
from gnomon.track.observer import (
    KnownParameters,
    central_draw,
    chances_of_counts,
    count_quantiles,
    expected_visits,
    ideal_observer,
    links_of,
    of_member,
    partitions_given,
)
from gnomon.track.partition import PartitionChain, Track
from gnomon.track.posterior import track_posterior
from gnomon.track.presence import PresenceLikelihood, sample_prior
from gnomon.track.rates import RateWalk
from tracked_seasons import TRAFFIC, berth, hulls_of, month_posterior, options, prior_of

DAY = np.array([0.5, 1.5, 3.0, 4.0, 5.5, 7.0])
DAYS = 8.0
RATES = np.full(FALSE_ALARM + 1, 0.002)
RATES[[QUICK, WAITING, COASTER, LARGE, FALSE_ALARM]] = 0.25, 0.2, 0.1, 0.02, 0.05


def presence_of(day: np.ndarray = DAY) -> PresenceLikelihood:
    known = KnownParameters(prior_of(2.0, 2, 0.8), RATES, TRAFFIC)
    return known.presence(
        DAYS, day=day, sensor_classes=np.zeros(len(day), int), usable=np.ones(len(day))
    )


def six_hulls() -> Hulls:
    """Two ships of hardly different lengths, or three or four, in six observations."""
    return hulls_of(
        [0, 1, 1, 2, 3, 4], list(DAY[[0, 1, 1, 2, 3, 4]]), length_sigma_m=7.0, score=0.8,
        length_m=np.array([84.0, 80.0, 95.0, 88.0, 92.0, 86.0]),
        east_m=np.array([0.0, 20.0, 60.0, 10.0, 70.0, 30.0]),
    )  # fmt: skip


def chain_of(hulls: Hulls, presence: PresenceLikelihood) -> PartitionChain:
    rng = np.random.default_rng(0)
    walk = RateWalk(np.ones((1, FALSE_ALARM + 1)), np.log(RATES), 0, rng, TRAFFIC.rates)
    marks = MarkLikelihood(hulls, TRAFFIC)
    return PartitionChain(hulls, marks, presence, walk, rng)


def partitions_of(hulls: Hulls) -> list[list[Track]]:
    """All, of which no track has two detections of one observation."""
    found: list[list[Track]] = [[]]
    for n in range(len(hulls.day)):
        found = [
            [*tracks[:k], (*tracks[k], n), *tracks[k + 1 :]] if k < len(tracks) else [*tracks, (n,)]
            for tracks in found
            for k in range(len(tracks) + 1)
            if k == len(tracks) or hulls.observation[tracks[k][-1]] < hulls.observation[n]
        ]
    return found


def enumerated(hulls: Hulls, presence: PresenceLikelihood, missed: float) -> np.ndarray:
    """Chances of counts, by all partitions and by adding ships one by one."""
    chain, total, out = chain_of(hulls, presence), 0.0, np.zeros(60)
    for tracks in partitions_of(hulls):
        weight, counts = 1.0, np.ones(1)
        for track in tracks:
            terms = np.exp(chain.log_likelihood(track)[0]) * RATES
            p = terms[TANKERS].sum() / terms.sum()
            weight, counts = weight * terms.sum(), np.convolve(counts, [1 - p, p])
        out[: len(counts)] += weight * counts
        total += weight
    return np.convolve(out / total, poisson(missed).pmf(np.arange(60)))


def test_counts_are_those_of_the_enumeration_of_all_partitions() -> None:
    hulls, presence = six_hulls(), presence_of()
    missed = expected_visits(presence, RATES).missed
    expected = enumerated(hulls, presence, missed)
    pairs = [
        (one, two)
        for one, two in itertools.combinations(range(6), 2)
        if hulls.observation[one] < hulls.observation[two]
    ]
    states = partitions_given(chain_of(hulls, presence), pairs, rounds=4000)
    # Partitions are uncertain: from one state to the next the number of tracks changes.
    assert np.std([len(p) for p in states]) > 0.5
    found = chances_of_counts(states, missed)
    size = max(len(found), len(expected))
    gap = [np.pad(one, (0, size - len(one))).cumsum() for one in (found, expected)]
    assert np.abs(gap[0] - gap[1]).max() < 0.012
    assert len(partitions_of(hulls)) < 203  # Bell's number of six, less what cannot be


@settings(max_examples=50)
@given(
    st.lists(st.lists(st.floats(0, 1), max_size=6), min_size=1, max_size=4),
    st.floats(0, 30),
)
def test_chances_are_those_of_adding_ships_one_by_one(
    each: list[list[float]], missed: float
) -> None:
    chances = chances_of_counts([np.array(p) for p in each], missed)
    expected = np.zeros(len(chances))
    for ships in each:
        counts = poisson(missed).pmf(np.arange(len(chances)))
        for p in ships:
            counts = np.convolve(counts, [1 - p, p])[: len(chances)]
        expected += counts / len(each)
    assert chances == pytest.approx(expected, abs=1e-6)


def test_quantiles_of_a_large_count_are_those_of_a_normal() -> None:
    for missed in (20.0, 300.0):
        low, high = count_quantiles(chances_of_counts([], missed), (0.05, 0.95))
        half = norm.ppf(0.95) * np.sqrt(missed)
        assert (high - low) / 2 == pytest.approx(half, rel=0.02)


def seasons(rng: np.random.Generator, count: int, rate: float) -> np.ndarray:
    """Visits and detected visits of seasons by arrivals, gamma stays and luck, (count, 2)."""
    rows = []
    for _ in range(count):
        arrive = rng.uniform(-30, DAYS, rng.poisson(rate * (DAYS + 30)))
        depart = arrive + rng.gamma(2, 1.0, len(arrive))
        arrive, depart = arrive[depart > 0], depart[depart > 0]
        there = (arrive[:, None] < DAY) & (depart[:, None] > DAY)
        seen = (there & (rng.random(there.shape) < 0.8)).any(1)
        rows.append((len(arrive), seen.sum()))
    return np.array(rows)


def test_among_seasons_with_as_many_detected_the_true_number_spreads_as_stated() -> None:
    """Ships that are told apart at sight: what is left is what was missed."""
    rate = 2.0
    made = seasons(np.random.default_rng(0), 6000, rate)
    only = np.where(np.arange(FALSE_ALARM + 1) == 0, rate, 1e-12)
    visits = expected_visits(presence_of(), only)
    assert visits.all == pytest.approx(made[:, 0].mean(), rel=0.01)
    assert visits.p_seen == pytest.approx(made[:, 1].sum() / made[:, 0].sum(), rel=0.01)
    for detected in (10, 12, 14):
        same = made[made[:, 1] == detected, 0]
        assert len(same) > 300
        chances = chances_of_counts([np.ones(detected)], visits.missed)
        number = np.arange(len(chances))
        assert chances @ number == pytest.approx(same.mean(), abs=0.3)
        within = number[(chances.cumsum() > 0.05) & (chances.cumsum() - chances < 0.95)]
        held = np.isin(same, within).mean()
        assert held == pytest.approx(chances[within].sum(), abs=0.03)


def test_a_draw_lends_its_parameters_which_is_amid_the_others() -> None:
    posterior = month_posterior()
    draw = central_draw(posterior)
    assert any(draw is one for one in posterior.draws)
    for values, own in (
        ([d.undetected for d in posterior.draws], draw.undetected),
        ([TANKERS[d.classes].sum() for d in posterior.draws], TANKERS[draw.classes].sum()),
    ):
        low, high = np.quantile(values, [0.2, 0.8])
        assert low <= own <= high


def test_a_member_alone_has_the_values_that_it_has_among_all() -> None:
    prior = sample_prior(32, TRAFFIC)
    one = of_member(prior, 5)
    assert one.mean_days.tolist() == prior.mean_days[5:6].tolist()
    assert one.detection.tolist() == prior.detection[5:6].tolist()
    assert one.recurrence.tolist() == [prior.recurrence[5].tolist()]


def test_links_are_those_of_any_draw() -> None:
    draws = month_posterior().draws
    pairs = links_of(draws)
    for draw in draws:
        for track in draw.tracks:
            assert set(itertools.pairwise(track)) <= set(pairs)
    assert len(pairs) == len(set(pairs))


def test_who_must_learn_the_rates_is_less_sure() -> None:
    made = simulate_season(
        np.random.default_rng(5), trade_2024(calls=(), days=120, visits=24.0), schedule="s2"
    )
    posterior = track_posterior(berth(made), options(), TRAFFIC)
    rng = np.random.default_rng(0)
    observers = [ideal_observer(posterior, seed=seed) for seed in range(4)]
    counts = np.array(
        [TANKERS[d.classes].sum() + rng.poisson(d.undetected) for d in posterior.draws]
    )
    halves = np.array([one.half_width for one in observers])
    own = (np.quantile(counts, 0.95) - np.quantile(counts, 0.05)) / 2
    assert (1.3 * halves < own).all()
    assert np.ptp(halves) < 0.15 * halves.mean()
    for one in observers:
        assert one.variance >= one.visits.missed * 0.99
    # Of this season the truth is known: how many visits were detected.
    detected = len(set(made.visit[made.visit >= 0]))
    assert observers[0].visits.detected == pytest.approx(detected, abs=4)


def test_visits_and_barrels_are_as_without_an_observer() -> None:
    posterior = month_posterior()
    before = posterior.rng.bit_generator.state
    one, two = (ideal_observer(posterior, seed=3) for _ in range(2))
    assert posterior.rng.bit_generator.state == before
    assert one.chances.tolist() == two.chances.tolist()
