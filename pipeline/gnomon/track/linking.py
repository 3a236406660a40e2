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
   every pair of detections that could be one ship is proposed once on average. Pairs are drawn
   with replacement: an exchange is undone by proposing another pair than the one that made it, so
   a sweep with each pair once does not keep the distribution, and links too much. Some detections
   move to another track, or to none;
2. parameters, with classes summed over (`gnomon.track.rates`).

A class for every track is drawn afterwards: the chain does not wait for it. Several chains begin
apart, each with other random numbers and its links made in another order, so that what they agree
on does not come from where they began (`gnomon.track.convergence`).
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gnomon.datamodel.traffic import Traffic
from gnomon.track.classes import FALSE_ALARM, SHIPS, TANKERS, prior_rates
from gnomon.track.first_links import link_at_first, linkable, merge_fragments
from gnomon.track.marks import Hulls, MarkLikelihood
from gnomon.track.partition import PartitionChain, Track
from gnomon.track.presence import PresenceLikelihood, PriorSample
from gnomon.track.rates import RateWalk

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CHAINS = 4
PARALLEL_FROM = 100
"""Detections of a port from which its chains are worth processes of their own: some seconds."""
BURN_MIN, BURN_MAX = 10, 60
"""Rounds of a chain before those that are kept: a sixth of the draws, within these."""
FIRST_COLD = 0.3
"""Power of the density in the first round in which a chain is annealed."""
SETTLED = 10
"""Rounds after annealing in which all pairs are proposed alike often."""
TRANSFERS = 60
"""Detections for which another track is proposed in each round, at most and on average: such moves
dissolve what links, which cut and join ends, leave as it is."""
SELDOM = 0.03
"""Least part of the rounds in which a pair is proposed that was hardly ever accepted."""


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


@dataclass(frozen=True)
class PartitionSampler:
    """What the chains of one port share."""

    hulls: Hulls
    """Detections, sorted by time."""
    marks: MarkLikelihood
    presence: PresenceLikelihood
    traffic: Traffic
    """Priors of the rates, and the longest gap in a visit."""
    usable_observations: float
    """Observations, each weighted by its usable fraction: where false alarms can be."""
    draws: int
    """States kept, of all chains together."""
    thin: int = 2
    """Rounds from one kept state to the next."""

    @property
    def burn(self) -> int:
        """Rounds of each chain before, once it is no longer annealed."""
        return min(max(self.draws // 6, BURN_MIN), BURN_MAX)

    @property
    def annealed(self) -> int:
        """Rounds of each chain at first, in which it is annealed."""
        return self.burn // 3

    @property
    def rounds(self) -> int:
        """Of all chains."""
        return CHAINS * (self.annealed + self.burn) + self.thin * self.draws

    def run_chain(self, number: int, rng: np.random.Generator) -> list[PartitionDraw]:
        """Run one chain to its end."""
        return list(self.chain_states(number, rng, lambda: None))

    def chain_states(
        self, number: int, rng: np.random.Generator, on_round: Callable[[], None]
    ) -> Iterator[PartitionDraw]:
        """States of a chain that are kept; ``on_round`` is called after each round."""
        members, rates = len(self.presence.rate), self.traffic.rates
        usable = np.full((members, 1), max(self.usable_observations, 1e-9))
        exposure = np.concatenate([self.presence.detectable_days, usable], 1)
        member = int(rng.integers(members))
        start = np.log(prior_rates(rates) * exposure[member])
        start += rng.normal(0, 0.5, FALSE_ALARM + 1)
        walk = RateWalk(exposure, start, member, rng, rates)
        chain = PartitionChain(self.hulls, self.marks, self.presence, walk, rng)
        candidates = linkable(self.hulls, self.traffic.dwell.visit_gap_days)
        pairs = link_at_first(chain, candidates, residents_first=number % 2 == 1)
        states = len(range(number, self.draws, CHAINS))
        for step in self._rounds(chain, pairs, after=states * self.thin):
            if step >= 0 and step % self.thin == self.thin - 1:
                yield _draw(chain, number)
            on_round()

    def _rounds(
        self, chain: PartitionChain, pairs: list[tuple[int, int]], *, after: int
    ) -> Iterator[int]:
        """Run a chain; yields the number of each round, which is negative while it burns in.

        It is annealed first, so that where it began does not hold it, and what is merged whole is
        merged only then.
        """
        merge_fragments(chain)
        sweep = Sweep(chain, pairs)
        annealed, burn = self.annealed, self.burn
        for step in range(annealed):
            chain.cold = FIRST_COLD ** (1 - step / annealed)
            sweep.run(learn=False)
            yield step - annealed - burn
        chain.cold = 1.0
        merge_fragments(chain)
        sweep = Sweep(chain, pairs)
        for step in range(-burn, after):
            sweep.run(learn=step < 0)
            if step == min(SETTLED, burn // 2) - burn:
                sweep.settle()
            yield step


def sample_partitions(
    sampler: PartitionSampler,
    rng: np.random.Generator,
    *,
    executor: Executor | None = None,
    on_round: Callable[[int, int], None] | None = None,
) -> list[PartitionDraw]:
    """Run the chains.

    Parameters
    ----------
    sampler
        Of one port.
    rng
        Of all chains.
    executor
        Runs chains of `PARALLEL_FROM` detections and more beside each other; the states are the
        same without one.
    on_round
        Called after each round, or with an executor each chain, with how many rounds are done and
        how many there are.

    """
    done, rounds = 0, sampler.rounds
    own = rng.spawn(CHAINS)
    kept: list[PartitionDraw] = []
    if executor is not None and len(sampler.hulls.observation) >= PARALLEL_FROM:
        for number, states in enumerate(executor.map(sampler.run_chain, range(CHAINS), own)):
            kept += states
            if on_round:
                on_round(rounds * (number + 1) // CHAINS, rounds)
        return kept

    def count() -> None:
        nonlocal done
        done += 1
        if on_round:
            on_round(done, rounds)

    for number, stream in enumerate(own):
        kept += sampler.chain_states(number, stream, count)
    return kept


class Sweep:
    """A round of proposals: pairs that may be linked, and detections that move, at random."""

    def __init__(self, chain: PartitionChain, pairs: list[tuple[int, int]]) -> None:
        """Let pairs be proposed alike often.

        Parameters
        ----------
        chain
            Whose links, as they are, may be taken back too.
        pairs
            That may be linked.

        """
        made = [pair for track in chain.tracks() for pair in pairwise(track)]
        self.chain = chain
        self.pairs = list(dict.fromkeys([*pairs, *made]))
        self.partners = partners_of(self.pairs, len(chain.track_of))
        self.proposed, self.accepted = np.zeros((2, len(self.pairs)), int)
        self._propose(np.ones(len(self.pairs)))

    def run(self, *, learn: bool) -> None:
        """Propose links, moves and parameters."""
        chain, pairs = self.chain, self.pairs
        number = int(np.ceil(self.often.sum()))
        for n in chain.rng.choice(len(pairs), number, p=self.share) if pairs else ():
            self.proposed[n] += 1
            self.accepted[n] += chain.propose_link(*pairs[n])
        share = TRANSFERS / max(len(self.partners), TRANSFERS)
        some = np.flatnonzero(chain.rng.random(len(self.partners)) < share)
        for one, luck in zip(some.tolist(), chain.rng.random(len(some)), strict=True):
            others = [-1, *self.partners[one]]
            chain.propose_transfer(one, others[int(luck * len(others))], self.partners[one])
        _draw_parameters(chain, learn=learn)

    def settle(self) -> None:
        """Propose pairs by how often they were accepted, once and for all.

        The chain keeps its distribution only if this does not hang on its state.
        """
        share = self.accepted / np.maximum(self.proposed, 1)
        self._propose(np.clip(10 * share, SELDOM, 1.0))

    def _propose(self, often: Floats) -> None:
        self.often, self.share = often, often / max(often.sum(), 1e-300)
        self.chain.often = dict(zip(self.pairs, often.tolist(), strict=True))


def partners_of(pairs: list[tuple[int, int]], count: int) -> list[list[int]]:
    """Detections with which each of ``count`` is paired."""
    out: list[list[int]] = [[] for _ in range(count)]
    for one, two in pairs:
        out[one].append(two)
        out[two].append(one)
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
