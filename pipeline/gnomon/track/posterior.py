"""Posterior of one port's tracks, before the direction of trade is inferred.

The table of visits has one partition of the detections, the draw whose tracks are most probable;
counts have all of them. Sizes are shrunk towards those of small tankers, or errors of measurement
would make large ships larger and the sum of deadweights too great.
"""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from gnomon.datamodel.study import TrackOptions
from gnomon.datamodel.tables import TankerBasis
from gnomon.datamodel.traffic import Traffic
from gnomon.track.classes import DWELL_KIND, SHIPS, TANKERS
from gnomon.track.convergence import Convergence, convergence
from gnomon.track.direction import MISREAD, operation_log_likelihood
from gnomon.track.dwell import DwellPosterior, EndDensities, grid_quantiles
from gnomon.track.linking import (
    PartitionDraw,
    PartitionSampler,
    member_weights,
    sample_partitions,
)
from gnomon.track.marks import LENGTH_MODEL_SIGMA_M, MarkLikelihood
from gnomon.track.off_berth import EndTimes
from gnomon.track.partition import Track
from gnomon.track.presence import (
    PriorSample,
    presence_likelihood,
    sample_prior,
)
from gnomon.track.sightings import PortObservations
from gnomon.track.weekly import WeeklyExposure, weekly_exposure

Floats = NDArray[np.float64]

PARTS = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Middles of fifths, by which the uncertainty of a visit's ends is carried on."""
DETECTION_MAX = 0.99
LONGER_MAX, LONGER_WORK, LONGER_DRAWS = 10, 200, 400
"""Chains that have not settled run once more, ten times as long, or so many times that the port's
detections times it are this: it takes seconds. Only where as many draws are wanted: who asks for
fewer wants to see something soon."""


@dataclass(frozen=True)
class ShipSizes:
    """Sizes of ships and their errors: arrays of shape (ships,)."""

    length_m: Floats
    beam_m: Floats
    length_sigma_m: Floats
    beam_sigma_m: Floats


@dataclass(frozen=True)
class TrackPosterior:
    """Draws of the chain, and what is computed once for each track in them."""

    data: PortObservations
    traffic: Traffic
    prior: PriorSample
    draws: list[PartitionDraw]
    dwell: DwellPosterior
    weights: Floats
    """Of the members of the prior sample."""
    p_tanker: Floats
    """Probability that each hull is a small tanker."""
    weekly: WeeklyExposure
    rng: np.random.Generator
    """As the chain left it."""

    @property
    def representative(self) -> tuple[Track, ...]:
        """Tracks of the draw whose tracks are in most draws."""
        often = self.track_counts
        return max(self.draws, key=lambda d: sum(often[t] * len(t) for t in d.tracks)).tracks

    @property
    def track_counts(self) -> Counter[Track]:
        """Number of draws that have each track."""
        return Counter(track for draw in self.draws for track in draw.tracks)

    @property
    def mean_dwell_days(self) -> Floats:
        """Mean dwell of small tankers in each draw."""
        days = self.prior.mean_days[[d.member for d in self.draws]][:, DWELL_KIND]
        rates = np.array([d.rates[SHIPS] for d in self.draws])[:, TANKERS[SHIPS]]
        mean: Floats = (rates * days[:, TANKERS[SHIPS]]).sum(1) / rates.sum(1)
        return mean

    def detection(self) -> Floats:
        """Posterior probability of detection of a small tanker in port, by observation."""
        return _detection(self.data, self.prior, self.weights)

    def likely_tankers(self, p_min: float) -> list[Track]:
        """Representative tracks that are small tankers with at least this probability."""
        return [t for t in self.representative if self.p_tanker_of(t) >= p_min]

    def p_tanker_of(self, track: Track) -> float:
        """Probability that a track is a small tanker's."""
        return float(self.p_tanker[list(track)].mean())

    def mean_ends(self, track: Track) -> tuple[float, float]:
        """Mean days on which a visit began and ended."""
        day, ends = self.data.hulls.day, self.end_densities(track)
        return day[track[0]] - ends.mean_before, day[track[-1]] + ends.mean_after

    def end_densities(self, track: Track) -> EndDensities:
        """Densities of the arrival and departure of a track."""
        first, last = self.data.hulls.observation[[track[0], track[-1]]]
        return self.dwell.ends(int(first), int(last))

    def operations(self, track: Track) -> Floats:
        """Log likelihood of a track's observations under each cargo operation, (4,)."""
        hulls, rows = self.data.hulls, np.array(track)
        ends, day = self.end_densities(track), hulls.day[rows]
        first = day[0] - grid_quantiles(ends.before, PARTS)[:, None, None]
        last = day[-1] + grid_quantiles(ends.after, PARTS)[:, None]
        elapsed = ((day - first) / (last - first)).reshape(-1, len(day))
        ratio = hulls.log_lr_laden[rows]
        known = ~np.isnan(ratio)
        # What an analyst said is as sure as the analyst is.
        by_eye = hulls.load_p_wrong[rows]
        misread = float(np.nanmin(np.r_[by_eye, MISREAD]))
        return operation_log_likelihood(
            ratio[known], elapsed[:, known], p_tanker=self.p_tanker_of(track), misread=misread
        )

    def shows_load(self, track: Track) -> bool:
        """Whether any image of a track has a load likelihood ratio."""
        return bool(np.isfinite(self.data.hulls.log_lr_laden[list(track)]).any())

    def tanker_basis(self, track: Track) -> TankerBasis:
        """What the probability that a track is a small tanker's rests on."""
        hulls, rows = self.data.hulls, list(track)
        if hulls.type_by_eye[rows].any():
            return "analyst"
        return "size and images" if np.isfinite(hulls.p_tanker[rows]).any() else "size alone"

    def end_times(self, tracks: list[Track]) -> EndTimes:
        """When visits began and ended."""
        day = self.data.hulls.day
        arrive, depart = (np.empty((len(tracks), len(PARTS))) for _ in range(2))
        for n, track in enumerate(tracks):
            ends = self.end_densities(track)
            arrive[n] = day[track[0]] - grid_quantiles(ends.before, PARTS)
            depart[n] = day[track[-1]] + grid_quantiles(ends.after, PARTS)
        return EndTimes(arrive, depart)


def track_posterior(
    data: PortObservations,
    options: TrackOptions,
    traffic: Traffic,
    on_round: Callable[[int, int], None] | None = None,
    *,
    executor: Executor | None = None,
) -> TrackPosterior:
    """Run the chain over one port's observations and hulls.

    Parameters
    ----------
    data
        Of one port, with at least one usable observation.
    options
        ``p_no_tanker``, ``dwell_days``, ``dwell_factor``, ``members``, ``draws`` and ``seed``.
    traffic
        Which ships call, and how sensors see them.
    on_round
        Called after each round of the chain, with how many are done and how many there are.
    executor
        Runs the chains of a port with many detections beside each other.

    """
    traffic = traffic.of_study(options)
    # Not by the number of hulls: before and after a decision the chain begins alike.
    rng = np.random.default_rng([options.seed, crc32(data.port.encode())])
    prior = sample_prior(options.members, traffic, cards=data.cards)
    presence = presence_likelihood(
        prior,
        traffic,
        day=data.day,
        sensor_classes=data.sensor_class,
        detector=data.detector,
        cards=data.cards,
        usable=data.usable,
        start_day=0.0,
        end_day=data.days,
    )
    sampler = PartitionSampler(
        hulls=data.hulls,
        marks=MarkLikelihood(data.hulls, traffic),
        presence=presence,
        traffic=traffic,
        usable_observations=float(data.usable.sum()),
        draws=options.draws,
    )
    draws = sample_partitions(sampler, rng, executor=executor, on_round=on_round)
    longer = min(LONGER_WORK // max(len(data.hulls.day), 1), LONGER_MAX)
    if longer > 1 and options.draws >= LONGER_DRAWS and _settling(draws).preliminary:
        again = replace(sampler, thin=longer * sampler.thin)
        draws = sample_partitions(again, rng, executor=executor, on_round=on_round)
    weights = member_weights(draws, prior)
    missed = 1 - np.minimum(_detection(data, prior, weights), DETECTION_MAX)
    dwell = DwellPosterior(prior, _dwell_weights(draws, prior), day=data.day, missed=missed)
    return TrackPosterior(
        data=data,
        traffic=traffic,
        prior=prior,
        draws=draws,
        dwell=dwell,
        weights=weights,
        p_tanker=_p_tanker(data, draws),
        weekly=weekly_exposure(presence, days=data.days),
        rng=rng,
    )


def _settling(draws: list[PartitionDraw]) -> Convergence:
    """Of the number of tankers, detected and not."""
    number = [TANKERS[draw.classes].sum() + draw.undetected for draw in draws]
    return convergence(np.array(number), np.array([draw.chain for draw in draws]))


def _detection(data: PortObservations, prior: PriorSample, weights: Floats) -> Floats:
    """Probability of detection of a small tanker in port, by observation."""
    p: Floats = data.usable * (weights @ prior.detection)[data.detector]
    return p


def _dwell_weights(draws: list[PartitionDraw], prior: PriorSample) -> Floats:
    """Weights of the members of the prior sample and of a tanker's kinds of dwell."""
    weights = np.zeros(prior.mean_days.shape)
    for draw in draws:
        tankers = draw.rates[TANKERS]
        weights[draw.member, DWELL_KIND[TANKERS[SHIPS]]] += tankers / tankers.sum() / len(draws)
    return weights


def _p_tanker(data: PortObservations, draws: list[PartitionDraw]) -> Floats:
    total = np.zeros(len(data.hulls.observation))
    for draw in draws:
        for track, p_class in zip(draw.tracks, draw.p_class, strict=True):
            total[list(track)] += p_class[TANKERS].sum()
    return total / len(draws)


def ship_sizes(data: PortObservations, tracks: list[Track], traffic: Traffic) -> ShipSizes:
    """Sizes of the ships of tracks, given that they are small tankers."""
    hulls, tankers = data.hulls, traffic.tankers
    sizes = ShipSizes(*(np.empty(len(tracks)) for _ in range(4)))
    for n, track in enumerate(tracks):
        rows = list(track)
        sizes.length_m[n], sizes.length_sigma_m[n] = shrink(
            hulls.length_m[rows],
            np.hypot(hulls.length_sigma_m[rows], LENGTH_MODEL_SIGMA_M),
            mean=tankers.length_m,
            sigma=tankers.length_sigma_m,
        )
        usual = traffic.hulls.beam_per_length * float(sizes.length_m[n])
        sizes.beam_m[n], sizes.beam_sigma_m[n] = shrink(
            hulls.beam_m[rows],
            hulls.beam_sigma_m[rows],
            mean=usual,
            sigma=tankers.beam_share * usual,
        )
    return sizes


def shrink(values: Floats, errors: Floats, *, mean: float, sigma: float) -> tuple[float, float]:
    """Posterior mean and deviation of a quantity with a normal prior and normal measurements.

    Parameters
    ----------
    values, errors
        Measurements and their standard deviations, (n,).
    mean, sigma
        Of the prior.

    """
    precision = (1 / errors**2).sum() + 1 / sigma**2
    centre = ((values / errors**2).sum() + mean / sigma**2) / precision
    return float(centre), float(np.sqrt(1 / precision))
