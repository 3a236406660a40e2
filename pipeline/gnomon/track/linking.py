"""Which detections are one visit: a Markov chain over partitions, parameters and classes.

Visits are a marked Poisson process, so the density of a partition of detections into tracks is

    product over tracks of  sum over classes  rate_c  stay_c(track)  marks_c(track)
    times  exp(- sum over classes  rate_c  days seen_c)

where ``stay`` is the chance of the track's looks (`gnomon.track.presence`) and ``marks`` that of
its sizes, scores and places. Classes are short and long small tankers, other ships, and nothing
(a false alarm: one detection, a rate per look). The chain goes round three steps:

1. links: two tracks exchange what follows a detection (this splits, joins and crosses tracks), by
   Metropolis; every pair of detections that could be one ship is tried a few times;
2. classes: one for every track, given the rates;
3. parameters: a member of the bank given tracks and classes, the rates integrated out; then rates.

Rates have gamma priors of shape 1/2 for tankers and for others, with a mean of 0.2 visits a day:
wide enough that one in ten seasons has fewer than one visit, and as many have more than 149. With
even odds there is no such trade at all, so that a season without a tanker can be read as one.
"""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from gnomon.track.marks import Hulls, Marks
from gnomon.track.presence import Bank, Presence

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Track = tuple[int, ...]
"""Detections of one ship in order of time."""

SHORT, LONG, OTHER, NOTHING = range(4)
TANKERS = np.array([True, True, False, False])
SHAPE = np.array([0.25, 0.25, 0.5, 0.5])
"""Of the gamma priors of the rates of classes; the tankers' add up to 1/2."""
MEAN_PER_DAY, MEAN_PER_LOOK = 0.2, 0.05
"""Prior means of visits (of tankers, of others) a day, and of false alarms a look."""
WORTH = SHAPE / np.array([MEAN_PER_DAY / 2, MEAN_PER_DAY / 2, MEAN_PER_DAY, MEAN_PER_LOOK])
"""Days, or looks, that these priors are worth; short and long tankers share their mean."""
TRADE_ODDS = 1.0
"""Before any look: that there is a trade with small tankers, against that there is none."""
STAY_MAX_DAYS = 15.0
"""Detections further apart than this are two visits; six times the mean of the prior."""
LEAST_LINK = -9.0
"""Log odds of a pair being one visit, below which it is not tried."""


class Draw(NamedTuple):
    """One state of the chain."""

    tracks: tuple[Track, ...]
    classes: Ints
    member: int
    """Of the bank."""
    rates: Floats
    unseen: float
    """Expected visits of tankers that no look showed."""


@dataclass
class Chain:
    """The state, and weights of tracks met so far: (members, classes) each."""

    hulls: Hulls
    marks: Marks
    there: Presence
    looks_usable: float
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

    def weight(self, track: Track) -> Floats:
        """Log stay and marks of a track, by member and class."""
        if track not in self.known:
            self.known[track] = self._weighed(track)
        return self.known[track]

    def _weighed(self, track: Track) -> Floats:
        there, observation = self.there, self.hulls.observation[list(track)]
        first, last = observation[[0]], observation[[-1]]
        stay = there.log_stay(first, last)[0] + there.log_odds[observation].sum(0)
        stay += there.log_missed[last[0] + 1] - there.log_missed[first[0]]
        whole = np.full((stay.shape[0], 4), -np.inf)
        whole[:, :3] = stay
        if len(track) == 1:
            whole[:, NOTHING] = 0.0
        return whole + self.marks.of(track)

    def density(self, track: Track) -> float:
        """Log density of a track, classes summed over."""
        if track not in self.now:
            terms = (self.weight(track)[self.member] + self.log_rates).tolist()
            top = max(terms)
            self.now[track] = top + math.log(sum(math.exp(term - top) for term in terms))
        return self.now[track]

    def set_parameters(self, member: int, rates: Floats) -> None:
        """Go on with other parameters."""
        self.member, self.rates = member, rates
        self.log_rates = np.log(np.maximum(rates, 1e-30))
        self.now.clear()

    def head(self, one: int) -> Track:
        """Track up to a detection."""
        out = [one]
        while self.before[out[-1]] >= 0:
            out.append(self.before[out[-1]])
        return tuple(reversed(out))

    def tail(self, one: int) -> Track:
        """Track from a detection on; nothing for -1."""
        out = []
        while one >= 0:
            out.append(one)
            one = self.after[one]
        return tuple(out)

    def tracks(self) -> tuple[Track, ...]:
        """All tracks."""
        return tuple(self.tail(n) for n, b in enumerate(self.before) if b < 0)

    def try_link(self, one: int, two: int) -> None:
        """Propose that two follows one, or, where it does, that it does not."""
        ahead, behind = self.after[one], self.before[two]
        first, second = self.head(one), self.tail(two)
        old: tuple[Track, ...] = (first + second,)
        new: tuple[Track, ...] = (first, second)
        links = ((one, -1), (-1, two))
        if ahead != two:
            left = self.head(behind) if behind >= 0 else ()
            right = self.tail(ahead)
            if (
                left
                and right
                and self.hulls.observation[left[-1]] >= self.hulls.observation[right[0]]
            ):
                return
            old, new = (first + right, left + second), (first + second, left + right)
            links = ((one, two), (behind, ahead))
        gain = sum(self.density(t) for t in new if t) - sum(self.density(t) for t in old if t)
        if np.log(self.rng.random()) < gain:
            for a, b in links:
                self._link(a, b)

    def _link(self, one: int, two: int) -> None:
        if one >= 0:
            self.after[one] = two
        if two >= 0:
            self.before[two] = one


def sample(
    hulls: Hulls,
    marks: Marks,
    there: Presence,
    *,
    looks_usable: float,
    rng: np.random.Generator,
    draws: int,
    burn: int = 40,
) -> list[Draw]:
    """Run the chain.

    Parameters
    ----------
    hulls
        Detections of one port, sorted by time.
    marks
        What their sizes, scores and places say.
    there
        What the looks say.
    looks_usable
        Looks, each by its usable fraction: where false alarms can be.
    rng
        Of the chain.
    draws
        States kept, one a round.
    burn
        Rounds before.

    """
    count = len(hulls.observation)
    chain = Chain(hulls, marks, there, looks_usable, rng, [-1] * count, [-1] * count)
    chain.set_parameters(len(there.rate) // 2, chain.rates)
    edges = _edges(chain)
    kept = []
    for turn in range(burn + draws):
        for n in rng.permutation(len(edges)):
            chain.try_link(*edges[n])
        draw = _parameters(chain)
        if turn >= burn:
            kept.append(draw)
    return kept


def _edges(chain: Chain) -> list[tuple[int, int]]:
    """Pairs of detections that could be one visit; the likelier ones are linked already."""
    hulls, found = chain.hulls, []
    for one in range(len(hulls.observation)):
        for two in range(one + 1, len(hulls.observation)):
            if hulls.day[two] - hulls.day[one] > STAY_MAX_DAYS:
                break
            if hulls.observation[two] == hulls.observation[one] or chain.marks.apart(one, two):
                continue
            joint = chain.density((one, two))
            odds = joint - chain.density((one,)) - chain.density((two,))
            if odds > LEAST_LINK:
                found.append((odds - 0.5 * (hulls.day[two] - hulls.day[one]), one, two))
    for odds, one, two in sorted(found, reverse=True):
        if odds > 0 and chain.after[one] < 0 and chain.before[two] < 0:
            chain._link(one, two)  # noqa: SLF001 - the same module
    return [(one, two) for _, one, two in found]


def _parameters(chain: Chain) -> Draw:
    """Classes, a member of the bank, rates."""
    rng, tracks, there = chain.rng, chain.tracks(), chain.there
    weights = np.array([chain.weight(t) for t in tracks]).reshape(len(tracks), len(there.rate), 4)
    terms = weights[:, chain.member] + chain.log_rates
    # Gumbel's trick draws a class for every track at once.
    classes = (terms + rng.gumbel(size=terms.shape)).argmax(1)
    numbers = np.bincount(classes, minlength=4)
    exposure = np.concatenate(
        [there.seen_days, np.full((len(there.rate), 1), chain.looks_usable)], 1
    )
    shape = SHAPE + numbers
    logs = (gammaln(shape) - shape * np.log(WORTH + exposure)).sum(1)
    logs += weights[np.arange(len(tracks)), :, classes].sum(0)
    member = int((logs + rng.gumbel(size=len(logs))).argmax())
    rates = rng.gamma(shape) / (WORTH + exposure[member])
    if not numbers[TANKERS].any():
        empty = SHAPE * np.log(WORTH / (WORTH + exposure[member]))
        odds = TRADE_ODDS * np.exp(empty[TANKERS].sum())
        if rng.random() > odds / (1 + odds):
            rates[TANKERS] = 0.0
    chain.set_parameters(member, rates)
    missed = (there.all_days - there.seen_days)[member]
    unseen = float((rates[:3] * missed)[TANKERS[:3]].sum())
    return Draw(tracks, classes, member, rates, unseen)


def members_used(kept: list[Draw], bank: Bank) -> Floats:
    """Weights of the bank's members in the draws."""
    used: Floats = np.bincount([d.member for d in kept], minlength=len(bank.mean_days)) / len(kept)
    return used
