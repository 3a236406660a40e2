"""What an observer who knew all rates could say with the same passes: the least possible error.

Given arrival rates, dwell and detection, two things stay unknown: what was missed, and which
detections are one visit of what class of ship. So the number of visits is

    N = sum over tracks of Bernoulli(P(tanker | track)) + Poisson(rate x undetected days),

over partitions of the detections into tracks, and half of its 90 % interval is the ideal half-width
of that season. No method that must also learn the rates does better on average: the variance of
the posterior is the mean of this one, plus the variance of its mean over the parameters.

1. The parameters are those of one draw of the posterior, the most central one: means over draws
   would mix rates of one draw with the dwell of another.
2. Partitions are drawn given them, by the links of `gnomon.track.linking` without its step of
   parameters. It begins with the partition of that draw, and proposes the links that any draw has,
   one at random each time, so that every exchange has a reverse of the same probability.
3. Given a partition, tracks are of their classes independently. The characteristic function of N
   is a product; its mean over partitions is transformed once (Hong 2013, Comput. Stat. Data Anal.
   59, Poisson-binomial by Fourier). Nothing but the partitions is sampled.
"""

import itertools
from dataclasses import dataclass, fields
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from gnomon.datamodel.recall import Recall
from gnomon.datamodel.traffic import Traffic
from gnomon.track.classes import DWELL_KIND, SHIPS, TANKERS
from gnomon.track.linking import PartitionDraw
from gnomon.track.marks import MarkLikelihood
from gnomon.track.partition import PartitionChain, Track
from gnomon.track.posterior import TrackPosterior
from gnomon.track.presence import PresenceLikelihood, PriorSample, presence_likelihood
from gnomon.track.rates import RateWalk

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BURN, ROUNDS = 20, 80
"""Of the chain over partitions: every link is proposed once in each, on average."""
LEVELS = 0.05, 0.95
"""Of the 90 % interval."""


@dataclass(frozen=True)
class KnownParameters:
    """All parameters of one draw."""

    prior: PriorSample
    """One member."""
    rates: Floats
    """(classes,): a day, and for false alarms an observation."""
    traffic: Traffic
    cards: tuple[Recall, ...] = ()
    """Of detectors whose recall was measured."""

    def presence(
        self,
        days: float,
        *,
        day: Floats,
        sensor_classes: Ints,
        usable: Floats,
        detector: Ints | None = None,
    ) -> PresenceLikelihood:
        """Likelihoods in observations of a period of that many days."""
        return presence_likelihood(
            self.prior,
            self.traffic,
            day=day,
            sensor_classes=sensor_classes,
            usable=usable,
            start_day=0.0,
            end_day=days,
            detector=detector,
            cards=self.cards,
        )


class ExpectedVisits(NamedTuple):
    """Visits of small tankers that are expected in a period."""

    all: float
    detected: float
    """At least once."""

    @property
    def p_seen(self) -> float:
        """Probability that a visit is detected at least once."""
        return self.detected / self.all

    @property
    def missed(self) -> float:
        """Their number is Poisson: this is also its variance."""
        return self.all - self.detected


@dataclass(frozen=True)
class IdealObserver:
    """What an observer who knew the parameters could say."""

    known: KnownParameters
    visits: ExpectedVisits
    chances: Floats
    """Of 0, 1, 2, ... visits, given the parameters and the detections."""

    @property
    def half_width(self) -> float:
        """Half of the 90 % interval of visits."""
        low, high = count_quantiles(self.chances, LEVELS)
        return (high - low) / 2

    @property
    def variance(self) -> float:
        """Of the number of visits."""
        number = np.arange(len(self.chances))
        mean = self.chances @ number
        return float(self.chances @ (number - mean) ** 2)


def ideal_observer(tracks: TrackPosterior, *, seed: int) -> IdealObserver:
    """What an observer could say of a season who knew the parameters of its central draw.

    Parameters
    ----------
    tracks
        Posterior of one port, with at least one draw.
    seed
        Of the links: random numbers of its own, so that visits and barrels are as without it.

    """
    data, draw = tracks.data, central_draw(tracks)
    rng = np.random.default_rng([seed, crc32(f"observer of {data.port}".encode())])
    member = of_member(tracks.prior, draw.member)
    known = KnownParameters(member, draw.rates, tracks.traffic, data.cards)
    presence = known.presence(
        data.days,
        day=data.day,
        sensor_classes=data.sensor_class,
        usable=data.usable,
        detector=data.detector,
    )
    visits = expected_visits(presence, known.rates)
    chain = _chain(tracks, draw, presence, rng)
    states = partitions_given(chain, links_of(tracks.draws))
    return IdealObserver(known, visits, chances_of_counts(states, visits.missed))


def of_member(prior: PriorSample, member: int) -> PriorSample:
    """One member of the prior sample."""
    one = slice(member, member + 1)
    return PriorSample(**{field.name: getattr(prior, field.name)[one] for field in fields(prior)})


def central_draw(tracks: TrackPosterior) -> PartitionDraw:
    """Draw closest to the medians of visits, of those missed, of dwell and of those detected."""
    draws = tracks.draws
    rates = np.array([draw.rates[SHIPS] for draw in draws])
    stays = tracks.prior.mean_days[[draw.member for draw in draws]][:, DWELL_KIND]
    every = (rates * (tracks.data.days + stays))[:, TANKERS[SHIPS]].sum(1)
    detected = [TANKERS[draw.classes].sum() for draw in draws]
    columns = (every, [draw.undetected for draw in draws], tracks.mean_dwell_days, detected)
    values = np.log(np.maximum(np.column_stack(columns), 1e-3))
    apart = np.abs(values - np.median(values, 0)) / (values.std(0) + 1e-9)
    return draws[int(apart.sum(1).argmin())]


def expected_visits(presence: PresenceLikelihood, rates: Floats) -> ExpectedVisits:
    """Visits of small tankers that one member of the prior sample expects, all and detected."""
    of_tankers = np.where(TANKERS, rates, 0)[SHIPS]
    every = float(of_tankers @ presence.total_days[0])
    detected = float(of_tankers @ presence.detectable_days[0])
    return ExpectedVisits(every, min(detected, every))


def links_of(draws: list[PartitionDraw]) -> list[tuple[int, int]]:
    """Pairs of detections of which one follows the other in a track of any draw."""
    tracks = {track for draw in draws for track in draw.tracks}
    return sorted({pair for track in tracks for pair in itertools.pairwise(track)})


def _chain(
    tracks: TrackPosterior,
    draw: PartitionDraw,
    presence: PresenceLikelihood,
    rng: np.random.Generator,
) -> PartitionChain:
    """Chain with the partition and the parameters of a draw."""
    hulls = tracks.data.hulls
    # False alarms have no days: with an exposure of one the walk's numbers are the rates.
    exposure = np.ones((1, len(draw.rates)))
    walk = RateWalk(exposure, np.log(draw.rates), 0, rng, tracks.traffic.rates)
    marks = MarkLikelihood(hulls, tracks.traffic)
    chain = PartitionChain(hulls, marks, presence, walk, rng)
    for track in draw.tracks:
        chain.link_all(track)
    return chain


def partitions_given(
    chain: PartitionChain, links: list[tuple[int, int]], rounds: int = ROUNDS
) -> list[Floats]:
    """Draw partitions given the parameters, and let each track be a tanker with its probability.

    Parameters
    ----------
    chain
        At some partition whose links are among those that may be proposed.
    links
        Pairs of detections that may be one visit.
    rounds
        Partitions that are kept.

    Returns
    -------
    list of array
        Of each partition, the probability of its tracks, (tracks,).

    """
    known: dict[Track, float] = {}
    out = []
    chain.often = dict.fromkeys(links, 1.0)
    for step in range(BURN + rounds):
        for n in chain.rng.integers(max(len(links), 1), size=len(links)):
            chain.propose_link(*links[n])
        if step >= BURN:
            out.append(np.array([_p_tanker(chain, track, known) for track in chain.tracks()]))
    return out


def _p_tanker(chain: PartitionChain, track: Track, known: dict[Track, float]) -> float:
    if track not in known:
        terms = chain.log_likelihood(track)[0] + chain.log_rates
        p = np.exp(terms - terms.max())
        known[track] = float(p[TANKERS].sum() / p.sum())
    return known[track]


def chances_of_counts(states: list[Floats], missed: float) -> Floats:
    """Probability of each number of visits, averaged over partitions.

    Parameters
    ----------
    states
        Of each partition, the probability that each track is a tanker.
    missed
        Expected number of visits that were not detected.

    Returns
    -------
    array
        Of 0, 1, 2, ... visits; what lies beyond has hardly any probability.

    """
    most = max((len(p) for p in states), default=0)
    size = int(most + missed + 10 * np.sqrt(missed + 1) + 20)
    root = np.exp(-2j * np.pi * np.arange(size) / size)
    each = [np.prod(1 + p[:, None] * (root - 1), axis=0) for p in states]
    mean = np.mean(each, axis=0) if each else np.ones(size)
    chances = np.fft.ifft(mean * np.exp(missed * (root - 1))).real
    chances = np.maximum(chances, 0)
    out: Floats = chances / chances.sum()
    return out


def count_quantiles(chances: Floats, levels: tuple[float, ...]) -> tuple[float, ...]:
    """Quantiles of a count, between whole numbers: half of each one's chance lies below it."""
    middle = np.cumsum(chances) - chances / 2
    return tuple(float(q) for q in np.interp(levels, middle, np.arange(len(chances))))
