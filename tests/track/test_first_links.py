"""Where chains begin: pairs that may be one visit, and what stays merged whole."""

import numpy as np

from gnomon.track.classes import FALSE_ALARM, prior_rates
from gnomon.track.first_links import link_at_first, linkable, merge_fragments
from gnomon.track.marks import MarkLikelihood
from gnomon.track.partition import PartitionChain
from gnomon.track.presence import presence_likelihood
from gnomon.track.rates import RateWalk
from tracked_seasons import TRAFFIC, hulls_of, prior_of

GAP = TRAFFIC.dwell.visit_gap_days


def chain_at_place(observation: np.ndarray, day: np.ndarray, days: np.ndarray) -> PartitionChain:
    """A chain over detections at one place in daily images."""
    rng = np.random.default_rng(2)
    hulls = hulls_of(
        list(observation), list(day), east_m=rng.normal(0, 6, len(day)),
        north_m=rng.normal(0, 6, len(day)), score=0.8, length_sigma_m=6.0,
    )  # fmt: skip
    prior = prior_of(2.5, 3, 0.85)
    prior.mean_days[0, 3:], prior.phases[0, 3:] = (30.0, 2000.0), (3, 1)
    presence = presence_likelihood(
        prior, TRAFFIC, day=days, sensor_classes=np.zeros(len(days), int),
        usable=np.ones(len(days)), start_day=0.0, end_day=float(days[-1] + 1),
    )  # fmt: skip
    exposure = np.r_[presence.detectable_days[0], float(len(days))][None]
    start = np.log(prior_rates(TRAFFIC.rates) * exposure[0])
    walk = RateWalk(exposure, start, 0, rng, TRAFFIC.rates)
    return PartitionChain(hulls, MarkLikelihood(hulls, TRAFFIC), presence, walk, rng)


def test_pairs_are_close_in_time_or_at_one_place() -> None:
    day = np.array([0.0, 1.0, 1.0, 10.0, 40.0, 60.0, 200.0])
    hulls = hulls_of([0, 1, 1, 2, 3, 4, 5], list(day), east_m=np.array([0.0, 0, 500, 500, 0, 0, 0]))
    pairs = linkable(hulls, GAP)
    assert pairs[0] == [1, 2, 3, 4, 5]
    assert pairs[1] == [3, 4, 5]  # not one in the same observation
    assert pairs[2] == [3]  # too late for a visit, and not at its place
    assert pairs[5] == []


def test_what_is_always_there_begins_whole_and_visits_apart() -> None:
    days = np.arange(0.5, 60)
    crane = np.flatnonzero(np.random.default_rng(1).random(60) < 0.85)
    whole = chain_at_place(crane, days[crane], days)
    link_at_first(whole, linkable(whole.hulls, GAP), residents_first=False)
    merge_fragments(whole)
    assert whole.tracks() == (tuple(range(len(crane))),)
    calls = np.array([3, 4, 5, 20, 21, 40, 41, 42])
    apart = chain_at_place(calls, days[calls], days)
    link_at_first(apart, linkable(apart.hulls, GAP), residents_first=False)
    merge_fragments(apart)
    assert apart.tracks() == ((0, 1, 2), (3, 4), (5, 6, 7))


def test_links_of_no_detection_are_none() -> None:
    chain = chain_at_place(np.zeros(0, int), np.zeros(0), np.arange(0.5, 9))
    assert link_at_first(chain, [], residents_first=True) == []
    merge_fragments(chain)
    assert chain.tracks() == ()
    assert len(chain.walk.log_expected) == FALSE_ALARM + 1
