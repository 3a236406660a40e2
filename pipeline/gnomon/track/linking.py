"""Which detections are one visit: Markov chains over partitions, parameters and classes.

Visits are a marked Poisson process, so the density of a partition of detections into tracks is

    product over tracks of  sum over classes  rate_c  presence_c(track)  marks_c(track)
    times  exp(- sum over classes  rate_c  detectable days_c)

where ``presence`` is the likelihood of the track's observations (`gnomon.track.presence`) and
``marks`` that of its sizes, scores and positions (`gnomon.track.marks`). Classes are those of
`gnomon.track.classes`: what stays for weeks, and other ships of a tanker's size, are inferred
jointly with visits. Each round of a chain has two steps:

1. links: two tracks exchange what follows a detection (this splits, joins and crosses tracks), by
   Metropolis (Oh, Russell & Sastry 2009, IEEE Trans. Autom. Control 54, MCMC data association);
   every pair of detections that could be one ship is proposed once;
2. parameters, with classes summed over (`gnomon.track.rates`).

A class for every track is drawn afterwards: the chain does not wait for it. Several chains begin
apart, each with other random numbers and its links made in another order, so that what they agree
on does not come from where they began (`gnomon.track.convergence`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gnomon.datamodel.traffic import Traffic
from gnomon.track.classes import FALSE_ALARM, SHIPS, TANKERS, prior_rates
from gnomon.track.marks import Hulls, MarkLikelihood
from gnomon.track.presence import PresenceLikelihood, PriorSample
from gnomon.track.rates import RateWalk

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Track = tuple[int, ...]
"""Detections of one ship in the order of time."""

CHAINS = 4
RESIDENT_GAP_DAYS = 75.0
"""Detections of what stays at one place further apart than this are two visits."""
RESIDENT_NEXT = 3
"""Of the detections within that time, so many of the next ones at the place are proposed."""
RESIDENT_REACH_M = 60.0
SELDOM = 0.1
"""Least part of the rounds in which a pair is proposed that was hardly ever accepted."""
LINKS_MAX = 6
"""Later detections that one detection is proposed to be linked with."""
LOG_ODDS_MIN = -9.0
"""Pairs of detections with lower log odds of being one visit are not proposed."""


class PartitionDraw(NamedTuple):
    """One state of a chain."""

    tracks: tuple[Track, ...]
    classes: Ints
    """Drawn, one for each track."""
    p_class: Floats
    """(tracks, classes): probabilities that they were drawn with."""
    member: int
    """Of the prior sample."""
    rates: Floats
    undetected: float
    """Expected visits of tankers that no observation detected."""
    chain: int
    """Number of the chain."""


@dataclass
class PartitionChain:
    """The state, and log likelihoods of tracks met so far."""

    hulls: Hulls
    marks: MarkLikelihood
    presence: PresenceLikelihood
    walk: RateWalk
    rng: np.random.Generator
    after: list[int] = field(default_factory=list)
    """Next detection of the same ship, -1 for none."""
    before: list[int] = field(default_factory=list)
    known: dict[Track, Floats] = field(default_factory=dict)
    """(members, classes) of tracks that a round ended with."""
    marked: dict[Track, Floats] = field(default_factory=dict)
    """(classes,): marks alone."""
    now: dict[Track, float] = field(default_factory=dict)
    """Densities under the present parameters."""
    spans: dict[tuple[int, int], Floats] = field(default_factory=dict)
    """(classes,): between two observations, under the present member."""
    used: set[tuple[int, int]] = field(default_factory=set)
    """Spans met under the present member."""

    def __post_init__(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Continue with the present parameters of the walk."""
        self.one = self.presence.of_member(self.walk.member)
        self._log_odds = self.one.log_odds[:, 0]
        self._log_missed = self.one.log_missed[:, 0]
        self.log_rates = np.log(self.walk.rates)
        self.now.clear()
        # Most spans of the last round come again: their dwell is computed at once.
        first, last = np.array(list(self.used), int).reshape(-1, 2).T
        missed = self._log_missed[last + 1] - self._log_missed[first]
        again = self.one.log_dwell(first, last)[:, 0] + missed
        self.spans = dict(zip(self.used, again, strict=True))
        self.used.clear()

    def log_marks(self, track: Track) -> Floats:
        """Log density of a track's marks, (classes,)."""
        if track not in self.marked:
            self.marked[track] = self.marks.log_density(track)
        return self.marked[track]

    def log_likelihood(self, track: Track) -> Floats:
        """Log likelihood of a track's observations and marks, (members, classes)."""
        if track not in self.known:
            presence = self.presence.log_track(self.hulls.observation[list(track)])
            self.known[track] = self._with_marks(presence, track)
        return self.known[track]

    def _with_marks(self, presence: Floats, track: Track) -> Floats:
        logs = np.full((*presence.shape[:-1], FALSE_ALARM + 1), -np.inf)
        logs[..., SHIPS] = presence
        if len(track) == 1:
            logs[..., FALSE_ALARM] = 0.0
        out: Floats = logs + self.log_marks(track)
        return out

    def log_density(self, track: Track) -> float:
        """Log density of a track under the present parameters, classes summed over."""
        if track not in self.now:
            terms = (self._with_marks(self._presence(track), track) + self.log_rates).tolist()
            top = max(terms)
            self.now[track] = top + math.log(sum(math.exp(term - top) for term in terms))
        return self.now[track]

    def _presence(self, track: Track) -> Floats:
        """As `PresenceLikelihood.log_track` under the present member, (classes,)."""
        observation = self.hulls.observation[list(track)]
        span = int(observation[0]), int(observation[-1])
        self.used.add(span)
        if span not in self.spans:
            first, last = span
            missed = self._log_missed[last + 1] - self._log_missed[first]
            self.spans[span] = self.one.log_dwell(first, last)[0] + missed
        out: Floats = self.spans[span] + self._log_odds[observation].sum(0)
        return out

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

    def propose_link(self, first: int, second: int) -> bool:
        """Propose that second follows first, or, where it does, that it does not.

        Returns whether the state has changed.
        """
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
                return False
            old, new = (start + right, left + rest), (start + rest, left + right)
            links = ((first, second), (behind, ahead))
        gain = sum(self.log_density(t) for t in new if t)
        gain -= sum(self.log_density(t) for t in old if t)
        if np.log(self.rng.random()) >= gain:
            return False
        for one, two in links:
            self.link(one, two)
        return True

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
    traffic: Traffic,
    *,
    usable_observations: float,
    rng: np.random.Generator,
    draws: int,
    thin: int = 1,
    burn: int = 60,
    on_round: Callable[[int, int], None] | None = None,
) -> list[PartitionDraw]:
    """Run the chains.

    Parameters
    ----------
    hulls
        Detections of one port, sorted by time.
    marks, presence
        Likelihoods of their marks and of their observations.
    traffic
        Priors of the rates, and the longest gap in a visit.
    usable_observations
        Observations, each weighted by its usable fraction: where false alarms can be.
    rng
        Of all chains.
    draws
        States kept, of all chains together.
    thin
        Rounds from one kept state to the next.
    burn
        Rounds of each chain before.
    on_round
        Called after each round, with how many are done and how many there are.

    """
    members = len(presence.rate)
    exposure = np.concatenate(
        [presence.detectable_days, np.full((members, 1), max(usable_observations, 1e-9))], 1
    )
    kept = []
    done, rounds = 0, CHAINS * burn + thin * draws
    for number, own in enumerate(rng.spawn(CHAINS)):
        member = int(own.integers(members))
        start = np.log(prior_rates(traffic.rates) * exposure[member]) + own.normal(
            0, 0.5, FALSE_ALARM + 1
        )
        walk = RateWalk(exposure, start, member, own, traffic.rates)
        free = [-1] * len(hulls.observation)
        chain = PartitionChain(hulls, marks, presence, walk, own, list(free), list(free))
        candidates = _candidates(hulls, traffic.dwell.visit_gap_days)
        edges = _edges(chain, candidates, residents_first=number % 2 == 1)
        _merge_fragments(chain)
        states = len(range(number, draws, CHAINS))
        often, accepted = np.ones(len(edges)), np.zeros(len(edges))
        for step in range(burn + states * thin):
            for n in own.permutation(np.flatnonzero(own.random(len(edges)) < often)):
                accepted[n] += chain.propose_link(*edges[n])
            _draw_parameters(chain, learn=step < burn)
            if step == burn // 2:
                # Chosen once and for all, whatever the state: the chain keeps its distribution.
                often = np.clip(10 * accepted / (step + 1), SELDOM, 1.0)
            if step >= burn and (step - burn) % thin == thin - 1:
                kept.append(_draw(chain, number))
            done += 1
            if on_round:
                on_round(done, rounds)
    return kept


def _edges(
    chain: PartitionChain, candidates: list[list[int]], *, residents_first: bool
) -> list[tuple[int, int]]:
    """Pairs of detections that could be one visit; the likelier ones are linked at once.

    Of the pairs of one detection with later ones the likeliest `LINKS_MAX` are proposed: what
    stays for a season would else have as many as its detections squared. Chains begin apart:
    in half of them what lies at one place is linked first, as if all of it stayed.
    """
    day, found = chain.hulls.day, []
    for one, others in enumerate(candidates):
        odds = []
        for two in others:
            if chain.marks.differ(one, two):
                continue
            joint = chain.log_density((one, two))
            gain = joint - chain.log_density((one,)) - chain.log_density((two,))
            if gain > LOG_ODDS_MIN:
                odds.append((gain, one, two))
        found += sorted(odds, reverse=True)[:LINKS_MAX]

    def worth(link: tuple[float, int, int]) -> tuple[bool, float]:
        gain, one, two = link
        still = residents_first and _apart_m(chain.hulls, one, two) < RESIDENT_REACH_M
        return still, gain - 0.5 * (day[two] - day[one]) + chain.rng.gumbel()

    for gain, one, two in sorted(found, key=worth, reverse=True):
        if gain > 0 and chain.after[one] < 0 and chain.before[two] < 0:
            chain.link(one, two)
    return [(one, two) for _, one, two in found]


def _merge_fragments(chain: PartitionChain) -> None:
    """Merge whole tracks at one place, where that makes the partition likelier.

    Links join ends and exchange tails. Two tracks that alternate in time, which a crane leaves
    behind when its detections are linked one by one, are far from their union by such steps.
    """
    hulls = chain.hulls
    for first in [track[0] for track in chain.tracks()]:
        _merge_place(chain, first)
    queue = sorted(chain.tracks(), key=len, reverse=True)
    while queue:
        one = queue.pop(0)
        seen = set(hulls.observation[list(one)].tolist())
        for two in queue:
            near = _apart_m(hulls, one[len(one) // 2], two[len(two) // 2]) < RESIDENT_REACH_M
            if not near or seen & set(hulls.observation[list(two)].tolist()):
                continue
            both = tuple(sorted((*one, *two)))
            gain = chain.log_density(both) - chain.log_density(one) - chain.log_density(two)
            if gain > 0:
                for before, after in zip((-1, *both), (*both, -1), strict=True):
                    chain.link(before, after)
                queue.remove(two)
                queue.insert(0, both)
                break


def _merge_place(chain: PartitionChain, middle: int) -> None:
    """Merge all tracks around one detection, where one thing that is always there is likelier.

    Merged two by two they may each be likelier as ships: only the whole season tells a crane.
    """
    hulls, seen = chain.hulls, set[int]()
    around = []
    for track in sorted(chain.tracks(), key=len, reverse=True):
        observations = set(hulls.observation[list(track)].tolist())
        near = all(_apart_m(hulls, middle, n) < RESIDENT_REACH_M for n in track)
        if near and not seen & observations:
            around.append(track)
            seen |= observations
    if len(around) < RESIDENT_NEXT:
        return
    whole = tuple(sorted(n for track in around for n in track))
    if chain.log_density(whole) > sum(map(chain.log_density, around)):
        for before, after in zip((-1, *whole), (*whole, -1), strict=True):
            chain.link(before, after)


def _apart_m(hulls: Hulls, one: int, two: int) -> float:
    return math.hypot(
        hulls.east_m[two] - hulls.east_m[one], hulls.north_m[two] - hulls.north_m[one]
    )


def _candidates(hulls: Hulls, gap_days: float) -> list[list[int]]:
    """Of each detection, later ones in other observations, close in time or at its place."""
    out: list[list[int]] = []
    for one in range(len(hulls.observation)):
        own, there = [], 0
        for two in range(one + 1, len(hulls.observation)):
            gap = hulls.day[two] - hulls.day[one]
            if gap > RESIDENT_GAP_DAYS:
                break
            if hulls.observation[two] == hulls.observation[one]:
                continue
            at_place = _apart_m(hulls, one, two) < RESIDENT_REACH_M
            there += at_place
            if gap <= gap_days or (at_place and there <= RESIDENT_NEXT):
                own.append(two)
        out.append(own)
    return out


def _draw_parameters(chain: PartitionChain, *, learn: bool) -> None:
    """Draw expected numbers and a member of the prior sample, given the tracks."""
    walk, tracks = chain.walk, chain.tracks()
    members, classes = walk.exposure.shape
    # Tracks of earlier rounds are known still, unless there are too many of them.
    if len(chain.known) > 4000:
        chain.known = {track: chain.known[track] for track in tracks if track in chain.known}
    logs = np.array([chain.log_likelihood(t) for t in tracks]).reshape(-1, members, classes)
    walk.walk(logs[:, walk.member], learn=learn)
    walk.draw_member(logs)
    walk.walk(logs[:, walk.member], learn=False)
    chain.refresh()


def _draw(chain: PartitionChain, number: int) -> PartitionDraw:
    """The present state, with a class for every track."""
    walk, tracks, presence = chain.walk, chain.tracks(), chain.presence
    rates = walk.rates
    logs = [chain.log_likelihood(t)[walk.member] for t in tracks]
    terms = np.array(logs).reshape(-1, len(rates)) + np.log(rates)
    # Gumbel's trick draws a class for every track at once.
    classes = (terms + chain.rng.gumbel(size=terms.shape)).argmax(1)
    top = terms.max(1, keepdims=True) if len(terms) else terms
    p_class = np.exp(terms - top)
    p_class /= p_class.sum(1, keepdims=True)
    missed = (presence.total_days - presence.detectable_days)[walk.member]
    undetected = float((rates[SHIPS] * missed)[TANKERS[SHIPS]].sum())
    return PartitionDraw(tracks, classes, p_class, walk.member, rates, undetected, number)


def member_weights(draws: list[PartitionDraw], prior: PriorSample) -> Floats:
    """Posterior weights of the members of the prior sample."""
    counts = np.bincount([d.member for d in draws], minlength=len(prior.mean_days))
    weights: Floats = counts / len(draws)
    return weights
