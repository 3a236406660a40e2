"""Where a chain begins: pairs of detections that could be one visit, and the likelier ones linked.

Links join ends of tracks and exchange their tails. What such steps reach seldom, because all on the
way is less likely, is done once here: a crane's detections are merged whole.
"""

import math

from gnomon.track.marks import Hulls
from gnomon.track.partition import PartitionChain

RESIDENT_GAP_DAYS = 75.0
"""Detections of what stays at one place further apart than this are two visits."""
RESIDENT_NEXT = 3
"""Of the detections within that time, so many of the next ones at the place are proposed."""
RESIDENT_REACH_M = 60.0
LINKS_MAX = 6
"""Later detections that one detection is proposed to be linked with."""
LOG_ODDS_MIN = -9.0
"""Pairs of detections with lower log odds of being one visit are not proposed."""


def link_at_first(
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
        start, rest = chain.track_of[one], chain.track_of[two]
        if gain > 0 and start[-1] == one and rest[0] == two:
            chain.link_all(start + rest)
    return [(one, two) for _, one, two in found]


def merge_fragments(chain: PartitionChain) -> None:
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
                chain.link_all(both)
                queue.remove(two)
                queue.insert(0, both)
                break


def _merge_place(chain: PartitionChain, middle: int) -> None:
    """Merge all tracks around one detection, where one thing that is always there is likelier.

    Merged two by two they may each be likelier as ships: only the whole season shows a crane.
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
        chain.link_all(whole)


def _apart_m(hulls: Hulls, one: int, two: int) -> float:
    return math.hypot(
        hulls.east_m[two] - hulls.east_m[one], hulls.north_m[two] - hulls.north_m[one]
    )


def linkable(hulls: Hulls, gap_days: float) -> list[list[int]]:
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
