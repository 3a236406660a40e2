"""State of one chain over partitions of detections into tracks, and its proposals of links."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gnomon.track.classes import FALSE_ALARM, SHIPS
from gnomon.track.marks import Hulls, MarkLikelihood
from gnomon.track.presence import PresenceLikelihood
from gnomon.track.rates import RateWalk

Floats = NDArray[np.float64]
Track = tuple[int, ...]
"""Detections of one ship in the order of time."""
Links = tuple[tuple[int, int], ...]
"""Pairs of detections that follow each other; -1 is no detection."""


@dataclass
class PartitionChain:
    """The state, which begins without links, and log likelihoods of tracks met so far."""

    hulls: Hulls
    marks: MarkLikelihood
    presence: PresenceLikelihood
    walk: RateWalk
    rng: np.random.Generator
    track_of: list[Track] = field(init=False)
    """Track of each detection."""
    known: dict[Track, Floats] = field(default_factory=dict)
    """(members, classes) of tracks that a round ended with."""
    marked: dict[Track, Floats] = field(default_factory=dict)
    """(classes,): marks alone."""
    now: dict[Track, float] = field(default_factory=dict)
    """Densities under the present parameters."""
    cold: float = 1.0
    """Power of the density of partitions: below 1 while a chain is annealed."""
    spans: dict[tuple[int, int], Floats] = field(default_factory=dict)
    """(classes,): between two observations, under the present member."""
    often: dict[tuple[int, int], float] = field(default_factory=dict)
    """How often pairs are proposed, relative to each other, and others never; empty: all alike."""
    used: set[tuple[int, int]] = field(default_factory=set)
    """Spans met under the present member."""

    def __post_init__(self) -> None:
        self.track_of = [(n,) for n in range(len(self.hulls.observation))]
        self._observation: list[int] = self.hulls.observation.tolist()
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

    def tracks(self) -> tuple[Track, ...]:
        """All tracks, by their first detections."""
        return tuple(track for n, track in enumerate(self.track_of) if track[0] == n)

    def link_all(self, track: Track) -> None:
        """Make detections one track; the caller sees to those that were linked with them."""
        for detection in track:
            self.track_of[detection] = track

    def propose_link(self, first: int, second: int) -> bool:
        """Propose that second follows first, or, where it does, that it does not.

        Returns whether the state has changed.
        """
        track, other = self.track_of[first], self.track_of[second]
        cut = track.index(first) + 1
        start, right = track[:cut], track[cut:]
        old: tuple[Track, ...] = (track,)
        new: tuple[Track, ...] = (start, right)
        reverse = 0.0
        if not right or right[0] != second:
            cut = other.index(second)
            left, rest = other[:cut], other[cut:]
            if left and right and self._observation[left[-1]] >= self._observation[right[0]]:
                return False
            old, new = (track, other), (start + rest, left + right)
            behind, ahead = left[-1] if left else -1, right[0] if right else -1
            links = ((first, second), (behind, ahead))
            reverse = self._log_reverse(links, ((first, ahead), (behind, second)))
        return self._accepts(old, new, reverse)

    def propose_transfer(self, one: int, partner: int, partners: list[int]) -> bool:
        """Propose that a detection joins the track of a partner, or none.

        Links would first cut a long track in two, to put a detection into its middle.

        Parameters
        ----------
        one
            The detection.
        partner
            One of ``partners``, or -1 for no track.
        partners
            Detections that may be of the same ship as it, the same whatever the state.

        Returns whether the state has changed.

        """
        own = tuple(n for n in self.track_of[one] if n != one)
        other = self.track_of[partner] if partner >= 0 else ()
        taken = [self._observation[n] for n in other]
        # As many ways back: by the partners in the track that it left, or to no track at all.
        back = sum(n in own for n in partners) if own else 1
        if one in other or self._observation[one] in taken or not back or own == other:
            return False
        there = sum(n in other for n in partners) if other else 1
        old: tuple[Track, ...] = (tuple(sorted((*own, one))), other)
        new: tuple[Track, ...] = (own, tuple(sorted((*other, one))))
        return self._accepts(old, new, math.log(back / there))

    def _accepts(self, old: tuple[Track, ...], new: tuple[Track, ...], reverse: float) -> bool:
        """Let tracks give way to others, or not; ``reverse`` is the log ratio of proposals."""
        gain = sum(self.log_density(t) for t in new if t)
        gain -= sum(self.log_density(t) for t in old if t)
        if self.cold * gain + reverse <= -self.rng.standard_exponential():
            return False
        for track in new:
            self.link_all(track)
        return True

    def _log_reverse(self, made: Links, undone: Links) -> float:
        """Log of how often the links undone are proposed, over how often those made are."""
        if not self.often or all(-1 in pair for pair in undone):
            return 0.0
        there, back = (sum(self.often.get(pair, 0.0) for pair in pairs) for pairs in (made, undone))
        return math.log(back / there) if back > 0 else -math.inf
