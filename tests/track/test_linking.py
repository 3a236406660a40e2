"""The chain over partitions: against the enumeration of all partitions of a few detections."""

import itertools
import pickle
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from gnomon.track import linking
from gnomon.track.classes import (
    FALSE_ALARM,
    FIXTURE,
    LARGE,
    STAYS,
    TANKERS,
    class_lengths,
    other_means,
)
from gnomon.track.first_links import RESIDENT_GAP_DAYS
from gnomon.track.linking import (
    CHAINS,
    PartitionDraw,
    PartitionSampler,
    member_weights,
    sample_partitions,
)
from gnomon.track.marks import LENGTH_MODEL_SIGMA_M, Hulls, MarkLikelihood
from gnomon.track.partition import PartitionChain, Track
from gnomon.track.presence import (
    PresenceLikelihood,
    PriorSample,
    presence_likelihood,
    relative_detection,
)
from gnomon.track.rates import RateWalk
from tracked_seasons import TRAFFIC, hulls_of, prior_of

DAY = np.array([0.5, 2.0, 3.0, 6.0, 11.0, 13.0])
USABLE = np.array([1.0, 0.6, 1.0, 1.0, 0.4, 1.0])
END = 15.0
RATES = TRAFFIC.rates
SMALL_EXPOSURE = RATES.shape / RATES.small_per_day
"""Days that the prior of the rate of small ships is worth."""


def presence_of(prior: PriorSample, day: np.ndarray = DAY) -> PresenceLikelihood:
    return presence_likelihood(
        prior,
        TRAFFIC,
        day=day,
        sensor_classes=np.zeros(len(day), int),
        usable=USABLE[: len(day)],
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


def prior_rates(rng: np.random.Generator, count: int) -> np.ndarray:
    """Rates drawn from their priors as the module's head puts them, (count, classes)."""
    small = rng.gamma(RATES.shape, 1 / SMALL_EXPOSURE, count)
    coaster, quick = rng.beta(*RATES.coaster_share, count), rng.beta(*RATES.quick_share, count)
    none = rng.random(count) < RATES.no_tanker
    hardly_any = np.exp(rng.uniform(*np.log(RATES.no_tanker_share), count))
    tankers = small * np.where(none, hardly_any, 1 - coaster)
    means = other_means(RATES)
    others = rng.gamma(RATES.shape, means / RATES.shape, (count, len(means)))
    return np.column_stack([tankers * quick, tankers * (1 - quick), small - tankers, others])


def chain_of(hulls: Hulls, presence: PresenceLikelihood) -> PartitionChain:
    """A chain without links, of the first member."""
    exposure = np.r_[presence.detectable_days[0], USABLE.sum()][None]
    walk = RateWalk(exposure, np.zeros(FALSE_ALARM + 1), 0, np.random.default_rng(0), RATES)
    rng = np.random.default_rng(0)
    marks = MarkLikelihood(hulls, TRAFFIC)
    return PartitionChain(hulls, marks, presence, walk, rng)


def exact(hulls: Hulls, presence: PresenceLikelihood) -> dict[frozenset[Track], np.ndarray]:
    """Posterior of every partition and its mean number of tankers, over rates drawn at random."""
    chain = chain_of(hulls, presence)
    exposure = np.r_[presence.detectable_days[0], USABLE.sum()]
    rates = prior_rates(np.random.default_rng(7), 200_000)
    out: dict[frozenset[Track], np.ndarray] = {}
    for tracks in partitions(tuple(range(len(hulls.day)))):
        each = [np.exp(chain.log_likelihood(t)[0])[None] * rates for t in tracks]
        weight = np.exp(-rates @ exposure) * np.prod([one.sum(1) for one in each], axis=0)
        number = sum(one[:, TANKERS].sum(1) / one.sum(1) for one in each)
        out[frozenset(tracks)] = np.array([weight.mean(), (weight * number).mean()])
    total = sum(p for p, _ in out.values())
    return {tracks: values / total for tracks, values in out.items()}


def sampled(
    hulls: Hulls, presence: PresenceLikelihood, draws: int, seed: int = 0
) -> list[PartitionDraw]:
    return sample_partitions(sampler(hulls, presence, draws), np.random.default_rng(seed))


def sampler(hulls: Hulls, presence: PresenceLikelihood, draws: int) -> PartitionSampler:
    marks, usable = MarkLikelihood(hulls, TRAFFIC), float(USABLE.sum())
    return PartitionSampler(hulls, marks, presence, TRAFFIC, usable, draws)


def test_partitions_have_the_probabilities_of_the_enumeration() -> None:
    hulls, presence = four_hulls(), presence_of(prior_of(2.5, 3, 0.8))
    expected = exact(hulls, presence)
    assert len(expected) == 15  # Bell's number of four
    draws = sampled(hulls, presence, 3000)
    often = Counter(frozenset(draw.tracks) for draw in draws)
    assert set(often) <= set(expected)
    for tracks, (p, _) in expected.items():
        assert often[tracks] / len(draws) == pytest.approx(p, abs=0.04), tracks
    tankers = np.mean([TANKERS[draw.classes].sum() for draw in draws])
    assert tankers == pytest.approx(sum(number for _, number in expected.values()), abs=0.1)


def test_every_chain_has_the_same_answer() -> None:
    """They begin apart, two of them with all that lies at one place linked."""
    draws = sampled(four_hulls(), presence_of(prior_of(2.5, 3, 0.8)), 4000)
    means = [
        np.mean([TANKERS[d.classes].sum() for d in draws if d.chain == n]) for n in range(CHAINS)
    ]
    assert np.ptp(means) < 0.25
    assert [sum(d.chain == n for d in draws) for n in range(CHAINS)] == [1000] * CHAINS


def test_rates_have_their_gamma_posterior_where_classes_are_certain() -> None:
    """One detection that is surely a large ship: rate gamma(3/2, prior + detectable days)."""
    hulls = hulls_of([2], [DAY[2]], p_tanker=0.001, score=0.999, length_m=220.0)
    presence = presence_of(prior_of(2.5, 3, 0.8))
    rates = np.array([draw.rates for draw in sampled(hulls, presence, 2000)])
    exposure = SMALL_EXPOSURE + presence.detectable_days[0, LARGE]
    assert rates[:, LARGE].mean() == pytest.approx(1.5 / exposure, rel=0.1)
    assert rates[:, LARGE].var() == pytest.approx(1.5 / exposure**2, rel=0.3)


def test_without_a_detection_visits_become_few_by_their_exposure() -> None:
    presence = presence_of(prior_of(2.5, 3, 0.8))
    draws = sampled(hulls_of([], []), presence, 2000)
    small = np.array([draw.rates[:3].sum() for draw in draws])
    exposure = SMALL_EXPOSURE + presence.detectable_days[0, 0]
    assert small.mean() == pytest.approx(RATES.shape / exposure, rel=0.12)
    assert np.mean([draw.undetected for draw in draws]) < 1.5


@pytest.mark.parametrize("stays", ["crane", "hulk"])
def test_what_stays_is_no_visit_however_long_it_is_seen(stays: str) -> None:
    """A crane that optical images take for a ship, and a hulk that radar sees too."""
    rng = np.random.default_rng(3)
    day = np.arange(0.5, 90, 2.5)
    radar = np.arange(len(day)) % 3 == 0
    seen = np.flatnonzero((rng.random(len(day)) < 0.85) & ~(radar & (stays == "crane")))
    hulls = hulls_of(
        list(seen), list(day[seen]), east_m=rng.normal(0, 8, len(seen)), length_sigma_m=6.0,
        north_m=rng.normal(0, 8, len(seen)), length_m=rng.normal(80, 6, len(seen)), score=0.7,
    )  # fmt: skip
    prior = prior_of(2.5, 3, 0.85)
    prior.mean_days[0, 3:], prior.phases[0, 3:] = (30.0, 2000.0), (3, 1)
    presence = presence_likelihood(
        prior, TRAFFIC, day=day, sensor_classes=radar.astype(int), usable=np.ones(len(day)),
        start_day=0.0, end_day=91.0,
    )  # fmt: skip
    marks = MarkLikelihood(hulls, TRAFFIC)
    chains = PartitionSampler(hulls, marks, presence, TRAFFIC, float(len(day)), draws=120)
    draws = sample_partitions(chains, np.random.default_rng(0))
    visits = [TANKERS[draw.classes].sum() for draw in draws]
    assert np.mean(visits) < 0.5
    longest = [max(len(t) for t in draw.tracks) for draw in draws]
    assert np.median(longest) == len(seen)
    p_stays = np.mean([draw.p_class[:, STAYS].sum() for draw in draws])
    assert p_stays == pytest.approx(1, abs=0.4)
    if stays == "crane":
        assert np.mean([draw.p_class[:, FIXTURE].sum() for draw in draws]) > 0.9


def test_chains_beside_each_other_give_the_states_of_chains_in_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a chain needs is sent to another process, and its states come back."""
    monkeypatch.setattr(linking, "PARALLEL_FROM", 1)
    sent = pickle.loads(pickle.dumps(sampler(four_hulls(), presence_of(prior_of(2.5, 3, 0.8)), 41)))
    in_turn = sample_partitions(sent, np.random.default_rng(5))
    done = []
    with ThreadPoolExecutor(2) as executor:
        beside = sample_partitions(
            sent, np.random.default_rng(5), executor=executor, on_round=lambda *n: done.append(n)
        )
    assert len(beside) == 41
    assert done[-1] == (sent.rounds, sent.rounds)
    for one, two in zip(in_turn, beside, strict=True):
        assert one.tracks == two.tracks
        np.testing.assert_array_equal(one.rates, two.rates)


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
            assert (np.diff(hulls.day[list(track)]) <= RESIDENT_GAP_DAYS).all()
        pairs = zip(draw.tracks, draw.classes, strict=True)
        assert all(c < FALSE_ALARM for track, c in pairs if len(track) > 1)
        assert draw.p_class.sum(1) == pytest.approx(1)
        assert draw.undetected >= 0


def test_members_are_weighted_by_the_data() -> None:
    """A ship in nine observations of ten days stays long: of two mean dwells the longer one."""
    day = np.arange(0.5, 10, 1.2)[:6]
    prior = PriorSample(
        np.array([[1.0] * 5, [8.0] * 5]),
        np.full((2, 5), 3),
        np.full((2, 4), 0.9),
        np.full((2, 2), 0.9),
    )
    hulls = hulls_of(list(range(6)), list(day), score=0.99, p_tanker=0.95)
    weights = member_weights(sampled(hulls, presence_of(prior, day), 200), prior)
    assert weights.sum() == pytest.approx(1)
    assert weights[1] > 0.9


def simulated_port(rng: np.random.Generator, prior: PriorSample) -> tuple[Hulls, int]:
    """Hulls of small ships of known type drawn from the model, and the visits of tankers."""
    rates = np.minimum(prior_rates(rng, 1)[0, :3], 2.0)
    mean, phases = prior.mean_days[0, 0], prior.phases[0, 0]
    rows, visits, sizes = [], 0, class_lengths(TRAFFIC.classes)
    for ship_class, rate in enumerate(rates):
        p = prior.detection[0, 0] * relative_detection(
            np.zeros(len(DAY), int), 90.0, TRAFFIC.detection
        )
        for arrive in rng.uniform(-30, END, rng.poisson(rate * (END + 30))):
            depart = arrive + rng.gamma(phases, mean / phases)
            visits += (depart > 0) * TANKERS[ship_class]
            half = rng.integers(2)
            own = rng.normal(*(values[ship_class, half] for values in sizes))
            in_port = (arrive < DAY) & (depart > DAY) & (rng.random(len(DAY)) < USABLE * p)
            lengths = own + rng.normal(0, np.hypot(3.0, LENGTH_MODEL_SIGMA_M), in_port.sum())
            if len(lengths):
                beam = rng.normal(0.157 * lengths.mean(), 3.5)
                beams = beam + rng.normal(0, 2.0, len(lengths))
                kind = np.full(len(lengths), 0.999 if TANKERS[ship_class] else 0.001)
                rows += list(zip(np.flatnonzero(in_port), lengths, beams, kind, strict=True))
    observation, length, beam, p_tanker = np.array(sorted(rows), float).reshape(-1, 4).T
    which = observation.astype(int)
    return hulls_of(
        list(which), list(DAY[which]), length_m=length, beam_m=beam, p_tanker=p_tanker, score=0.999
    ), int(visits)


@pytest.mark.slow
def test_numbers_of_visits_have_uniform_ranks() -> None:
    """Simulation-based calibration (Talts et al. 2018): the truth is a draw like the others."""
    prior, ranks = prior_of(2.5, 3, 0.8), []
    presence = presence_of(prior)
    for seed in range(120):
        rng = np.random.default_rng(seed)
        hulls, true = simulated_port(rng, prior)
        draws = sampled(hulls, presence, 60, seed)
        counts = np.array([TANKERS[d.classes].sum() + rng.poisson(d.undetected) for d in draws])
        ties = (counts == true).mean()
        ranks.append((counts < true).mean() + rng.random() * ties)
    assert kstest(ranks, "uniform").pvalue > 0.01
    assert np.mean(ranks) == pytest.approx(0.5, abs=0.06)


def test_a_chain_with_known_rates_keeps_the_distribution_where_all_pairs_are_doubtful() -> None:
    """Pairs are proposed unlike often, and no link is sure: exchanges and their undoing weigh."""
    hulls = hulls_of(
        [0, 0, 1, 1, 2], list(DAY[[0, 0, 1, 1, 2]]), length_sigma_m=9.0, score=0.7,
        length_m=np.array([84.0, 80.0, 90.0, 86.0, 88.0]),
    )  # fmt: skip
    chain = chain_of(hulls, presence_of(prior_of(2.5, 3, 0.8)))
    chain.walk.log_expected = np.log(np.full(FALSE_ALARM + 1, 0.3))
    chain.refresh()
    pairs = [
        (one, two)
        for one, two in itertools.combinations(range(5), 2)
        if hulls.observation[one] < hulls.observation[two]
    ]
    weights = np.linspace(0.2, 1, len(pairs))
    chain.often = dict(zip(pairs, weights.tolist(), strict=True))
    often: Counter[frozenset[Track]] = Counter()
    rng = np.random.default_rng(1)
    for n in rng.choice(len(pairs), 60_000, p=weights / weights.sum()):
        chain.propose_link(*pairs[n])
        often[frozenset(chain.tracks())] += 1
    expected = {
        frozenset(tracks): np.exp(sum(chain.log_density(track) for track in tracks))
        for tracks in partitions(tuple(range(5)))
        if all((np.diff(hulls.observation[list(track)]) > 0).all() for track in tracks)
    }
    total = sum(expected.values())
    assert len(expected) > 15
    for tracks, p in expected.items():
        assert often[tracks] / 60_000 == pytest.approx(p / total, abs=0.012), tracks
