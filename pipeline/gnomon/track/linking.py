"""Which detections are one visit: a Markov chain over partitions, parameters and classes.

Visits are a marked Poisson process, so the density of a partition of detections into tracks is

    product over tracks of  sum over classes  rate_c  presence_c(track)  marks_c(track)
    times  exp(- sum over classes  rate_c  detectable days_c)

where ``presence`` is the likelihood of the track's observations (`gnomon.track.presence`) and
``marks`` that of its sizes, scores and positions (`gnomon.track.marks`). Classes are short and long
small tankers, other ships, and false alarms (one detection, a rate per observation). Each round of
the chain has three steps:

1. links: two tracks exchange what follows a detection (this splits, joins and crosses tracks), by
   Metropolis (Oh, Russell & Sastry 2009, IEEE Trans. Autom. Control 54, MCMC data association);
   every pair of detections that could be one ship is proposed once;
2. classes: one for every track, given the rates (Gibbs);
3. parameters: a member of the prior sample given tracks and classes, the rates integrated out; then
   rates.

Rates have gamma priors of shape 1/2 for tankers and for others, with a mean of 0.2 visits a day:
wide enough that one season in ten has fewer than one visit, and as many have more than 149. With
even odds there is no such trade at all, so that a season without a tanker can be inferred as one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from gnomon.track.marks import Hulls, MarkLikelihood
from gnomon.track.presence import PresenceLikelihood, PriorSample

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Track = tuple[int, ...]
"""Detections of one ship in the order of time."""

SHORT, LONG, OTHER, FALSE_ALARM = range(4)
TANKERS = np.array([True, True, False, False])
RATE_SHAPE = np.array([0.25, 0.25, 0.5, 0.5])
"""Of the gamma priors of the rates of classes; the tankers' add up to 1/2."""
MEAN_PER_DAY, MEAN_PER_OBSERVATION = 0.2, 0.05
"""Prior means of visits (of tankers, of others) a day, and of false alarms an observation."""
RATE_EXPOSURE = RATE_SHAPE / np.array(
    [MEAN_PER_DAY / 2, MEAN_PER_DAY / 2, MEAN_PER_DAY, MEAN_PER_OBSERVATION]
)
"""Days, or observations, of these priors; short and long tankers share their mean."""
TRADE_ODDS = 1.0
"""Prior odds that there is a trade with small tankers."""
VISIT_MAX_DAYS = 15.0
"""Detections further apart than this are two visits; six times the prior mean dwell."""
LOG_ODDS_MIN = -9.0
"""Pairs of detections with lower log odds of being one visit are not proposed."""


class PartitionDraw(NamedTuple):
    """One state of the chain."""

    tracks: tuple[Track, ...]
    classes: Ints
    member: int
    """Of the prior sample."""
    rates: Floats
    undetected: float
    """Expected visits of tankers that no observation detected."""


@dataclass
class PartitionChain:
    """The state, and likelihoods of tracks met so far: (members, classes) each."""

    hulls: Hulls
    marks: MarkLikelihood
    presence: PresenceLikelihood
    usable_observations: float
    rng: np.random.Generator
    after: list[int] = field(default_factory=list)
    """Next detection of the same ship, -1 for none."""
    before: list[int] = field(default_factory=list)
    known: dict[Track, Floats] = field(default_factory=dict)
    rates: Floats = field(default_factory=lambda: np.full(4, 0.1))
    member: int = 0
    log_rates: Floats = field(default_factory=lambda: np.full(4, math.log(0.1)))
    now: dict[Track, float] = field(default_factory=dict)
    """Densities under the present parameters."""

    def log_likelihood(self, track: Track) -> Floats:
        """Log likelihood of a track's observations and marks, by member and class."""
        if track not in self.known:
            presence = self.presence.log_track(self.hulls.observation[list(track)])
            logs = np.full((presence.shape[0], 4), -np.inf)
            logs[:, :FALSE_ALARM] = presence
            if len(track) == 1:
                logs[:, FALSE_ALARM] = 0.0
            self.known[track] = logs + self.marks.log_density(track)
        return self.known[track]

    def log_density(self, track: Track) -> float:
        """Log density of a track under the present parameters, classes summed over."""
        if track not in self.now:
            terms = (self.log_likelihood(track)[self.member] + self.log_rates).tolist()
            top = max(terms)
            self.now[track] = top + math.log(sum(math.exp(term - top) for term in terms))
        return self.now[track]

    def set_parameters(self, member: int, rates: Floats) -> None:
        """Continue with other parameters."""
        self.member, self.rates = member, rates
        self.log_rates = np.log(np.maximum(rates, 1e-30))
        self.now.clear()

    def head(self, detection: int) -> Track:
        """Track up to a detection."""
        out = [detection]
        while self.before[out[-1]] >= 0:
            out.append(self.before[out[-1]])
        return tuple(reversed(out))

    def tail(self, detection: int) -> Track:
        """Track from a detection on; empty for -1."""
        out = []
        while detection >= 0:
            out.append(detection)
            detection = self.after[detection]
        return tuple(out)

    def tracks(self) -> tuple[Track, ...]:
        """All tracks."""
        return tuple(self.tail(n) for n, b in enumerate(self.before) if b < 0)

    def propose_link(self, first: int, second: int) -> None:
        """Propose that second follows first, or, where it does, that it does not."""
        ahead, behind = self.after[first], self.before[second]
        start, rest = self.head(first), self.tail(second)
        old: tuple[Track, ...] = (start + rest,)
        new: tuple[Track, ...] = (start, rest)
        links = ((first, -1), (-1, second))
        if ahead != second:
            left = self.head(behind) if behind >= 0 else ()
            right = self.tail(ahead)
            observation = self.hulls.observation
            if left and right and observation[left[-1]] >= observation[right[0]]:
                return
            old, new = (start + right, left + rest), (start + rest, left + right)
            links = ((first, second), (behind, ahead))
        gain = sum(self.log_density(t) for t in new if t)
        gain -= sum(self.log_density(t) for t in old if t)
        if np.log(self.rng.random()) < gain:
            for one, two in links:
                self.link(one, two)

    def link(self, first: int, second: int) -> None:
        """Let second follow first; -1 is no detection."""
        if first >= 0:
            self.after[first] = second
        if second >= 0:
            self.before[second] = first


def sample_partitions(
    hulls: Hulls,
    marks: MarkLikelihood,
    presence: PresenceLikelihood,
    *,
    usable_observations: float,
    rng: np.random.Generator,
    draws: int,
    burn: int = 40,
    on_round: Callable[[int, int], None] | None = None,
) -> list[PartitionDraw]:
    """Run the chain.

    Parameters
    ----------
    hulls
        Detections of one port, sorted by time.
    marks, presence
        Likelihoods of their marks and of their observations.
    usable_observations
        Observations, each weighted by its usable fraction: where false alarms can be.
    rng
        Of the chain.
    draws
        States kept, one a round.
    burn
        Rounds before.
    on_round
        Called after each round, with how many are done and how many there are.

    """
    count = len(hulls.observation)
    chain = PartitionChain(
        hulls, marks, presence, usable_observations, rng, [-1] * count, [-1] * count
    )
    chain.set_parameters(len(presence.rate) // 2, chain.rates)
    edges = _edges(chain)
    kept = []
    for step in range(burn + draws):
        for n in rng.permutation(len(edges)):
            chain.propose_link(*edges[n])
        draw = _draw_parameters(chain)
        if step >= burn:
            kept.append(draw)
        if on_round:
            on_round(step + 1, burn + draws)
    return kept


def _edges(chain: PartitionChain) -> list[tuple[int, int]]:
    """Pairs of detections that could be one visit; the likelier ones are linked at once."""
    hulls, found = chain.hulls, []
    for one in range(len(hulls.observation)):
        for two in range(one + 1, len(hulls.observation)):
            if hulls.day[two] - hulls.day[one] > VISIT_MAX_DAYS:
                break
            if hulls.observation[two] == hulls.observation[one] or chain.marks.differ(one, two):
                continue
            joint = chain.log_density((one, two))
            odds = joint - chain.log_density((one,)) - chain.log_density((two,))
            if odds > LOG_ODDS_MIN:
                found.append((odds - 0.5 * (hulls.day[two] - hulls.day[one]), one, two))
    for odds, one, two in sorted(found, reverse=True):
        if odds > 0 and chain.after[one] < 0 and chain.before[two] < 0:
            chain.link(one, two)
    return [(one, two) for _, one, two in found]


def _draw_parameters(chain: PartitionChain) -> PartitionDraw:
    """Draw classes, a member of the prior sample, and rates."""
    rng, tracks, presence = chain.rng, chain.tracks(), chain.presence
    members = len(presence.rate)
    logs = np.array([chain.log_likelihood(t) for t in tracks]).reshape(len(tracks), members, 4)
    terms = logs[:, chain.member] + chain.log_rates
    # Gumbel's trick draws a class for every track at once.
    classes = (terms + rng.gumbel(size=terms.shape)).argmax(1)
    numbers = np.bincount(classes, minlength=4)
    exposure = np.concatenate(
        [presence.detectable_days, np.full((members, 1), chain.usable_observations)], 1
    )
    shape = RATE_SHAPE + numbers
    log_weights = (gammaln(shape) - shape * np.log(RATE_EXPOSURE + exposure)).sum(1)
    log_weights += logs[np.arange(len(tracks)), :, classes].sum(0)
    member = int((log_weights + rng.gumbel(size=len(log_weights))).argmax())
    rates = rng.gamma(shape) / (RATE_EXPOSURE + exposure[member])
    if not numbers[TANKERS].any():
        empty = RATE_SHAPE * np.log(RATE_EXPOSURE / (RATE_EXPOSURE + exposure[member]))
        odds = TRADE_ODDS * np.exp(empty[TANKERS].sum())
        if rng.random() > odds / (1 + odds):
            rates[TANKERS] = 0.0
    chain.set_parameters(member, rates)
    missed = (presence.total_days - presence.detectable_days)[member]
    ships = slice(0, FALSE_ALARM)
    undetected = float((rates[ships] * missed)[TANKERS[ships]].sum())
    return PartitionDraw(tracks, classes, member, rates, undetected)


def member_weights(draws: list[PartitionDraw], prior: PriorSample) -> Floats:
    """Posterior weights of the members of the prior sample."""
    counts = np.bincount([d.member for d in draws], minlength=len(prior.mean_days))
    weights: Floats = counts / len(draws)
    return weights
