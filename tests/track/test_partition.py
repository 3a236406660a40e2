"""State of a chain: links make tracks, and can be taken back."""

import numpy as np

from gnomon.track.classes import FALSE_ALARM
from gnomon.track.marks import Hulls, MarkLikelihood
from gnomon.track.partition import PartitionChain
from gnomon.track.presence import presence_likelihood
from gnomon.track.rates import RateWalk
from tracked_seasons import TRAFFIC, hulls_of, prior_of

DAY = np.array([0.5, 2.0, 3.0, 6.0, 11.0, 13.0])


def free_chain(hulls: Hulls) -> PartitionChain:
    """A chain of one member, without links."""
    presence = presence_likelihood(
        prior_of(2.5, 3, 0.8), TRAFFIC, day=DAY, sensor_classes=np.zeros(6, int),
        usable=np.ones(6), start_day=0.0, end_day=15.0,
    )  # fmt: skip
    exposure = np.r_[presence.detectable_days[0], 6.0][None]
    rng = np.random.default_rng(0)
    walk = RateWalk(exposure, np.zeros(FALSE_ALARM + 1), 0, rng, TRAFFIC.rates)
    marks = MarkLikelihood(hulls, TRAFFIC)
    return PartitionChain(hulls, marks, presence, walk, rng)


def test_links_exchange_tails_and_can_be_taken_back() -> None:
    hulls = hulls_of([0, 1, 2, 3], list(DAY[:4]))
    chain = free_chain(hulls)
    chain.cold = 0.0  # Whatever is proposed is accepted.
    assert chain.propose_link(0, 2)
    assert chain.propose_link(1, 3)
    assert chain.tracks() == ((0, 2), (1, 3))
    assert chain.propose_link(0, 3)
    assert chain.tracks() == ((0, 3), (1, 2))
    assert chain.propose_link(0, 3)
    assert chain.tracks() == ((0,), (1, 2), (3,))
    assert chain.track_of == [(0,), (1, 2), (1, 2), (3,)]


def test_a_density_is_the_sum_over_classes_under_the_present_member() -> None:
    """Spans kept from before a member was drawn anew do not linger."""
    chain = free_chain(hulls_of([0, 1, 2, 3], list(DAY[:4])))
    for scale in (1.0, 0.3):
        chain.walk.log_expected = np.full(FALSE_ALARM + 1, np.log(scale))
        chain.refresh()
        for track in ((0,), (0, 1), (0, 2, 3)):
            terms = chain.log_likelihood(track)[0] + np.log(chain.walk.rates)
            assert np.isclose(chain.log_density(track), np.logaddexp.reduce(terms))


def test_a_detection_moves_into_the_middle_of_a_track_and_out_again() -> None:
    chain = free_chain(hulls_of([0, 1, 2, 3], list(DAY[:4])))
    chain.link_all((0, 3))
    moved = {chain.tracks()}
    for _ in range(200):
        chain.propose_transfer(1, int(chain.rng.choice([-1, 0, 3])), [0, 3])
        moved.add(chain.tracks())
    assert moved == {((0, 3), (1,), (2,)), ((0, 1, 3), (2,))}


def test_no_track_has_two_detections_of_one_observation() -> None:
    chain = free_chain(hulls_of([0, 1, 1], list(DAY[[0, 1, 1]])))
    chain.link_all((0, 1))
    assert not any(chain.propose_transfer(2, 0, [0]) for _ in range(50))
    assert chain.tracks() == ((0, 1), (2,))
