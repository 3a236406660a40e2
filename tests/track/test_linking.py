"""The chain over partitions: against the enumeration of all partitions of a few detections."""

import itertools
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln, logsumexp
from scipy.stats import kstest

from gnomon.track.linking import (
    RATE_EXPOSURE,
    RATE_SHAPE,
    TANKERS,
    TRADE_ODDS,
    VISIT_MAX_DAYS,
    PartitionChain,
    PartitionDraw,
    Track,
    member_weights,
    sample_partitions,
)
from gnomon.track.marks import (
    BEAM_PER_LENGTH,
    BEAM_SIGMA_M,
    CLASS_LENGTH_M,
    CLASS_LENGTH_SIGMA_M,
    LENGTH_MODEL_SIGMA_M,
    Hulls,
    MarkLikelihood,
)
from gnomon.track.presence import (
    PresenceLikelihood,
    PriorSample,
    presence_likelihood,
    relative_detection,
)
from tracked_seasons import hulls_of, prior_of

DAY = np.array([0.5, 2.0, 3.0, 6.0, 11.0, 13.0])
USABLE = np.array([1.0, 0.6, 1.0, 1.0, 0.4, 1.0])
END = 15.0


def presence_of(prior: PriorSample, day: np.ndarray = DAY) -> PresenceLikelihood:
    return presence_likelihood(
        prior,
        day=day,
        sensor_classes=np.zeros(len(day), int),
        usable=USABLE[: len(day)],
        lengths_m=tuple(CLASS_LENGTH_M[:3]),
        tankers=(True, True, False),
        start_day=0.0,
        end_day=END,
    )


def four_hulls() -> Hulls:
    return hulls_of(
        [0, 1, 2, 4],
        list(DAY[[0, 1, 2, 4]]),
        length_m=np.array([80.0, 84.0, 90.0, 82.0]),
        length_sigma_m=6.0,
        east_m=np.array([0.0, 30.0, 15.0, 80.0]),
        score=0.7,
    )


def partitions(items: tuple[int, ...]) -> Iterator[list[tuple[int, ...]]]:
    """All set partitions, each part in order."""
    if not items:
        yield []
        return
    first, rest = items[0], items[1:]
    for size in range(len(rest) + 1):
        for others in itertools.combinations(rest, size):
            left = tuple(n for n in rest if n not in others)
            for more in partitions(left):
                yield [(first, *others), *more]


def log_weight(
    chain: PartitionChain, tracks: list[Track], classes: tuple[int, ...], exposure: np.ndarray
) -> float:
    """Log posterior weight of a partition with classes, the rates integrated out."""
    logs = sum(chain.log_likelihood(t)[0, c] for t, c in zip(tracks, classes, strict=True))
    numbers = np.bincount(classes, minlength=4)
    shape = RATE_SHAPE + numbers
    rates = gammaln(shape) - gammaln(RATE_SHAPE) + RATE_SHAPE * np.log(RATE_EXPOSURE)
    rates -= shape * np.log(RATE_EXPOSURE + exposure)
    trade = TRADE_ODDS / (1 + TRADE_ODDS)
    of_tankers = np.log(trade) + rates[TANKERS].sum()
    if not numbers[TANKERS].any():
        of_tankers = np.logaddexp(of_tankers, np.log(1 - trade))
    return float(logs + of_tankers + rates[~TANKERS].sum())


def exact(hulls: Hulls, presence: PresenceLikelihood) -> dict[frozenset[Track], np.ndarray]:
    """Posterior of every partition, by the number of its tankers."""
    marks = MarkLikelihood(hulls)
    chain = PartitionChain(hulls, marks, presence, USABLE.sum(), np.random.default_rng(0))
    exposure = np.r_[presence.detectable_days[0], USABLE.sum()]
    out: dict[frozenset[Track], list[float]] = {}
    for tracks in partitions(tuple(range(len(hulls.day)))):
        by_tankers = np.full(len(hulls.day) + 1, -np.inf)
        for classes in itertools.product(range(4), repeat=len(tracks)):
            count = int(TANKERS[list(classes)].sum())
            weight = log_weight(chain, tracks, classes, exposure)
            by_tankers[count] = np.logaddexp(by_tankers[count], weight)
        out[frozenset(tracks)] = by_tankers
    top = logsumexp(list(out.values()))
    return {tracks: np.exp(logs - top) for tracks, logs in out.items()}


def sampled(
    hulls: Hulls, presence: PresenceLikelihood, draws: int, seed: int = 0
) -> list[PartitionDraw]:
    return sample_partitions(
        hulls,
        MarkLikelihood(hulls),
        presence,
        usable_observations=float(USABLE.sum()),
        rng=np.random.default_rng(seed),
        draws=draws,
    )


def test_partitions_have_the_probabilities_of_the_enumeration() -> None:
    hulls, presence = four_hulls(), presence_of(prior_of(2.5, 3, 0.8))
    expected = exact(hulls, presence)
    assert len(expected) == 15  # Bell's number of four
    draws = sampled(hulls, presence, 6000)
    often = Counter(frozenset(draw.tracks) for draw in draws)
    assert set(often) <= set(expected)
    for tracks, by_tankers in expected.items():
        assert often[tracks] / len(draws) == pytest.approx(by_tankers.sum(), abs=0.03), tracks
    tankers = Counter(int(TANKERS[draw.classes].sum()) for draw in draws)
    for count, p in enumerate(sum(expected.values())):
        assert tankers[count] / len(draws) == pytest.approx(p, abs=0.03), count


def test_rates_have_their_gamma_posterior_where_classes_are_certain() -> None:
    """One detection that is surely another ship: rate gamma(3/2, prior + detectable days)."""
    hulls = hulls_of([2], [DAY[2]], p_tanker=0.001, score=0.999, length_m=150.0)
    presence = presence_of(prior_of(2.5, 3, 0.8))
    rates = np.array([draw.rates for draw in sampled(hulls, presence, 3000)])
    others = 2
    exposure = RATE_EXPOSURE[others] + presence.detectable_days[0, others]
    assert rates[:, others].mean() == pytest.approx(1.5 / exposure, rel=0.06)
    assert rates[:, others].var() == pytest.approx(1.5 / exposure**2, rel=0.2)


def test_without_a_detection_a_trade_becomes_unlikely_by_its_exposure() -> None:
    presence = presence_of(prior_of(2.5, 3, 0.8))
    draws = sampled(hulls_of([], []), presence, 3000)
    trade = np.mean([draw.rates[TANKERS].sum() > 0 for draw in draws])
    seen = presence.detectable_days[0][TANKERS[:3]]
    shape, prior = RATE_SHAPE[TANKERS], RATE_EXPOSURE[TANKERS]
    odds = TRADE_ODDS * np.prod((prior / (prior + seen)) ** shape)
    assert trade == pytest.approx(odds / (1 + odds), abs=0.03)
    assert all(draw.undetected == 0 for draw in draws if draw.rates[TANKERS].sum() == 0)


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.integers(1, 9))
def test_every_draw_is_a_partition_into_ordered_tracks(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    observation = np.sort(rng.integers(0, len(DAY), count))
    hulls = hulls_of(
        list(observation), list(DAY[observation]), length_m=rng.normal(88, 8, count),
        east_m=rng.normal(0, 40, count), length_sigma_m=6.0,
    )  # fmt: skip
    for draw in sampled(hulls, presence_of(prior_of(2.5, 3, 0.8)), 20, seed):
        assert sorted(n for track in draw.tracks for n in track) == list(range(count))
        for track in draw.tracks:
            assert (np.diff(observation[list(track)]) > 0).all()
            assert np.ptp(hulls.day[list(track)]) <= VISIT_MAX_DAYS
        assert all(c < 3 for t, c in zip(draw.tracks, draw.classes, strict=True) if len(t) > 1)
        assert draw.undetected >= 0


def test_links_exchange_tails_and_can_be_taken_back() -> None:
    hulls = hulls_of([0, 1, 2, 3], list(DAY[:4]))
    presence = presence_of(prior_of(2.5, 3, 0.8))
    chain = PartitionChain(
        hulls, MarkLikelihood(hulls), presence, 1.0, np.random.default_rng(0), [-1] * 4, [-1] * 4
    )
    chain.link(0, 2)
    chain.link(1, 3)
    assert chain.tracks() == ((0, 2), (1, 3))
    assert chain.head(3) == (1, 3)
    assert chain.tail(0) == (0, 2)
    chain.link(0, 3)
    chain.link(1, 2)
    assert chain.tracks() == ((0, 3), (1, 2))
    chain.link(0, -1)
    chain.link(-1, 3)
    assert chain.tracks() == ((0,), (1, 2), (3,))


def test_members_are_weighted_by_the_data() -> None:
    """A ship in nine observations of ten days stays long: of two mean dwells the longer one."""
    day = np.arange(0.5, 10, 1.2)[:6]
    prior = PriorSample(
        np.array([[1.0, 1.0], [8.0, 8.0]]), np.full((2, 2), 3), np.full((2, 4), 0.9)
    )
    hulls = hulls_of(list(range(6)), list(day), score=0.99, p_tanker=0.95)
    weights = member_weights(sampled(hulls, presence_of(prior, day), 200), prior)
    assert weights.sum() == pytest.approx(1)
    assert weights[1] > 0.9


def simulated_port(rng: np.random.Generator, prior: PriorSample) -> tuple[Hulls, int]:
    """Hulls of tankers drawn from the model itself, and the true number of their visits."""
    trade = rng.random() < TRADE_ODDS / (1 + TRADE_ODDS)
    rates = rng.gamma(RATE_SHAPE[TANKERS]) / RATE_EXPOSURE[TANKERS] * trade
    mean, phases = prior.mean_days[0, 0], prior.phases[0, 0]
    rows, visits = [], 0
    for ship_class, rate in enumerate(np.minimum(rates, 2.0)):
        for arrive in rng.uniform(-30, END, rng.poisson(rate * (END + 30))):
            depart = arrive + rng.gamma(phases, mean / phases)
            visits += depart > 0
            own = rng.normal(CLASS_LENGTH_M[ship_class], CLASS_LENGTH_SIGMA_M[ship_class])
            p = prior.detection[0, 0] * relative_detection(
                np.zeros(len(DAY), int), CLASS_LENGTH_M[ship_class]
            )
            in_port = (arrive < DAY) & (depart > DAY) & (rng.random(len(DAY)) < USABLE * p)
            lengths = own + rng.normal(0, np.hypot(3.0, LENGTH_MODEL_SIGMA_M), in_port.sum())
            if len(lengths):
                beam = rng.normal(BEAM_PER_LENGTH * lengths.mean(), BEAM_SIGMA_M)
                beams = beam + rng.normal(0, 2.0, len(lengths))
                rows += list(zip(np.flatnonzero(in_port), lengths, beams, strict=True))
    observation, length, beam = np.array(sorted(rows), float).reshape(-1, 3).T
    which = observation.astype(int)
    return hulls_of(
        list(which), list(DAY[which]), length_m=length, beam_m=beam, p_tanker=0.999, score=0.999
    ), int(visits)


def test_numbers_of_visits_have_uniform_ranks() -> None:
    """Simulation-based calibration (Talts et al. 2018): the truth is a draw like the others."""
    prior, ranks = prior_of(2.5, 3, 0.8), []
    presence = presence_of(prior)
    for seed in range(200):
        rng = np.random.default_rng(seed)
        hulls, true = simulated_port(rng, prior)
        draws = sampled(hulls, presence, 60, seed)
        counts = np.array([TANKERS[d.classes].sum() + rng.poisson(d.undetected) for d in draws])
        ties = (counts == true).mean()
        ranks.append((counts < true).mean() + rng.random() * ties)
    # Sixty draws of a chain are worth some twenty: ranks scatter a little less evenly.
    assert kstest(ranks, "uniform").pvalue > 0.01
    assert np.mean(ranks) == pytest.approx(0.5, abs=0.06)
