"""From observations and detections to visits: one port, with the season that they make up.

1. Arrays of the port's observations and hulls (`gnomon.track.sightings`).
2. Likelihoods of being detected under all parameters (`gnomon.track.presence`), a chain over links,
   classes and parameters (`gnomon.track.linking`), and its posterior (`gnomon.track.posterior`).
3. For each visit the times of its ends (`gnomon.track.dwell`), the load at arrival and departure
   from images of the berth (`gnomon.track.direction`) and off berth (`gnomon.track.off_berth`), and
   the ships that it may have been (`gnomon.track.fleet`).
4. Draws of the whole season, with the visits that no observation detected (`gnomon.track.weekly`;
   `gnomon.datamodel.posterior`). In each a visit is one ship, and has the deadweight of
   the register where that has one.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from gnomon.datamodel.posterior import PortPosterior, SeasonDraw
from gnomon.datamodel.tables import TankerBasis
from gnomon.datamodel.traffic import Traffic
from gnomon.track.bounds import Bounds, visit_bounds
from gnomon.track.classes import TANKERS
from gnomon.track.direction import (
    ARRIVES_LADEN,
    LEAVES_LADEN,
    LOADS,
    UNLOADS,
    combine_ends,
    contradicts,
    draw_operations,
    load_log_ratios,
    operation_probabilities,
    others_probabilities,
)
from gnomon.track.fleet import (
    AisNames,
    Fleet,
    apply_reviewed_names,
    candidate_probabilities,
    draw_ships,
    size_likelihood,
)
from gnomon.track.linking import PartitionDraw
from gnomon.track.off_berth import EndTimes, OffBerthEvidence, OffBerthSource, fit_off_berth
from gnomon.track.partition import Track
from gnomon.track.posterior import ShipSizes, TrackPosterior, ship_sizes
from gnomon.track.weekly import draw_undetected

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DeadweightModel = Callable[[Floats, Floats, Floats, Floats], tuple[Floats, Floats]]
"""Length, beam and their sigmas to mean and deviation of the logarithm of deadweight in tonnes."""

CANDIDATE_MIN = 0.02
"""Probability from which a candidate is written."""
REGISTER_SIGMA = 0.05
"""Of the logarithm of a deadweight in the register."""


class LogDeadweight(NamedTuple):
    """Natural logarithm of deadweight in tonnes, as a normal: arrays of shape (visits,)."""

    mean: Floats
    sigma: Floats

    def of(self, which: list[int] | Ints) -> "LogDeadweight":
        """Of some of the visits."""
        return LogDeadweight(self.mean[which], self.sigma[which])


@dataclass(frozen=True, kw_only=True)
class Visit(Bounds):
    """Columns of `gnomon.datamodel.tables.Visits`, but for those of `VisitSource`."""

    track: Track
    port: str
    p_visit: float
    p_tanker: float
    p_tanker_basis: TankerBasis
    length_m: float
    length_sigma_m: float
    beam_m: float
    beam_sigma_m: float
    log_lr_laden_in: float
    log_lr_laden_out: float
    image_p_laden_in: float | None
    image_p_laden_out: float | None
    others_p_laden_in: float
    others_p_laden_out: float
    contradicts_trade: bool | None
    p_laden_in: float
    p_laden_out: float
    p_loaded: float
    p_unloaded: float
    berth_p_laden_in: float
    """By the images of the berth alone: for voyages, whose other end is in the rest."""
    berth_p_laden_out: float
    candidates: str
    deadweight_t: float
    deadweight_log_sigma: float


@dataclass(frozen=True)
class TrackFeatures:
    """Tracks of any draw that may be a small tanker's: arrays of shape (tracks,)."""

    index: dict[Track, int]
    """Place of each track in the arrays."""
    sizes: ShipSizes
    ends: EndTimes
    operations: Floats
    """(tracks, 4): log likelihoods of the images of the berth."""
    p_tanker: Floats
    off_berth: tuple[OffBerthEvidence, ...]
    ships: Floats
    """(tracks, ships + 1): weights of the register's ships, and of an unregistered one."""
    log_deadweight: LogDeadweight
    """As measured."""

    def all_operations(self, visits: list[int]) -> Floats:
        """Log likelihoods of operations from all places, (visits, 4), for visits of one draw."""
        total = self.operations[visits]
        for place in self.off_berth:
            total = total + combine_ends(*place.log_likelihoods(visits, self.p_tanker[visits]))
        return total


@dataclass(frozen=True)
class PortVisits:
    """Visits of one port, and draws of its season."""

    visits: list[Visit]
    season: PortPosterior


@dataclass(frozen=True)
class PortInference:
    """What the visits of one port are inferred from."""

    tracks: TrackPosterior
    fleet: Fleet
    """Ships that may have called."""
    deadweight: DeadweightModel
    off_berth: tuple[OffBerthSource, ...] = ()
    """Where the same ships may have been before or after."""
    ais: AisNames | None = None
    """Ships of the register that AIS named, by hull."""


def port_visits(given: PortInference, *, p_tanker_min: float) -> PortVisits:
    """Infer the visits of one port.

    Parameters
    ----------
    given
        Tracks, register, and evidence from elsewhere.
    p_tanker_min
        As in `gnomon.datamodel.study.TrackOptions`.

    """
    tracks = given.tracks
    data, likely = tracks.data, tracks.likely_tankers(p_tanker_min)
    features = _features(given, likely)
    draws = _season_draws(given, features)
    season = PortPosterior(data.port, data.start, data.end, float(data.usable.sum()), draws)
    return PortVisits(_visits(given, features, likely), season)


def _features(given: PortInference, likely: list[Track]) -> TrackFeatures:
    posterior = given.tracks
    of_tankers = {track for draw in posterior.draws for track in _tanker_tracks(draw)}
    tracks = sorted(of_tankers | set(likely))
    index = {track: n for n, track in enumerate(tracks)}
    sizes, ends = ship_sizes(posterior.data, tracks, posterior.traffic), posterior.end_times(tracks)
    measured = sizes.length_m, sizes.length_sigma_m
    ships = size_likelihood(given.fleet, *measured, sizes.beam_m)
    if given.ais is not None:
        ships = given.ais.apply(ships, tracks)
    names = [{posterior.data.identity[n] for n in track} - {""} for track in tracks]
    which = [index[track] for track in likely]
    return TrackFeatures(
        index=index,
        sizes=sizes,
        ends=ends,
        operations=np.array([posterior.operations(track) for track in tracks]).reshape(-1, 4),
        p_tanker=np.array([posterior.p_tanker_of(track) for track in tracks]),
        off_berth=tuple(fit_off_berth(one, ends, *measured, which) for one in given.off_berth),
        ships=apply_reviewed_names(ships, given.fleet, names),
        log_deadweight=_measured_deadweight(given.deadweight, sizes),
    )


def _tanker_tracks(draw: PartitionDraw) -> list[Track]:
    pairs = zip(draw.tracks, draw.classes, strict=True)
    return [track for track, ship_class in pairs if TANKERS[ship_class]]


def _measured_deadweight(model: DeadweightModel, sizes: ShipSizes) -> LogDeadweight:
    return LogDeadweight(
        *model(sizes.length_m, sizes.beam_m, sizes.length_sigma_m, sizes.beam_sigma_m)
    )


def _season_draws(given: PortInference, features: TrackFeatures) -> tuple[SeasonDraw, ...]:
    """Season of each state of the chain, with undetected visits."""
    rng, tracks = given.tracks.rng, given.tracks
    (of_ships,) = rng.spawn(1)
    ends = [tracks.mean_ends(track) for track in features.index]
    arrival, departure = np.array(ends).reshape(-1, 2).T
    usual = _usual_deadweight(given.deadweight, tracks.traffic)
    out = []
    for draw, dwell in zip(tracks.draws, tracks.mean_dwell_days, strict=True):
        visits = [features.index[track] for track in _tanker_tracks(draw)]
        drawn = draw_operations(rng, features.all_operations(visits))
        detected, by_size = _deadweight(features, visits, given.fleet, of_ships)
        late = draw_undetected(rng, tracks.weekly, draw, arrival[visits])
        missed = len(late)
        # An undetected visit is like a detected one of the same draw, or like any small tanker.
        which = rng.choice(len(visits), missed) if visits else np.zeros(missed, int)
        like = detected.of(which) if visits else usual.of(which)
        by_size = np.r_[by_size, by_size[which] if visits else np.ones(missed, bool)]
        operation = np.r_[drawn.operation, rng.choice(4, missed, p=drawn.shares)]
        out.append(
            SeasonDraw(
                seen=np.arange(len(operation)) < len(visits),
                loaded=operation == LOADS,
                unloaded=operation == UNLOADS,
                depart_day=np.r_[departure[visits], np.clip(late + dwell, 0.0, tracks.data.days)],
                log_deadweight=np.r_[detected.mean, like.mean],
                log_deadweight_sigma=np.r_[detected.sigma, like.sigma],
                by_size=by_size,
            )
        )
    return tuple(out)


def _usual_deadweight(model: DeadweightModel, traffic: Traffic) -> LogDeadweight:
    """Of any small tanker, one row."""
    usual = traffic.tankers
    beam = traffic.hulls.beam_per_length * usual.length_m
    sizes = (usual.length_m, beam, usual.length_sigma_m, usual.beam_share * beam)
    return _measured_deadweight(model, ShipSizes(*(np.full(1, size) for size in sizes)))


def _deadweight(
    features: TrackFeatures, visits: list[int], fleet: Fleet, rng: np.random.Generator
) -> tuple[LogDeadweight, NDArray[np.bool_]]:
    """Deadweight of a draw's visits, and which are by size: those of ships of no known one."""
    ships = draw_ships(
        features.ships[visits],
        features.ends.median_arrival[visits],
        features.ends.median_departure[visits],
        round_trip_days=fleet.usual.round_trip_days,
        rng=rng,
    )
    registered = np.r_[np.log(fleet.deadweight_t), np.nan][ships]
    measured = features.log_deadweight.of(visits)
    known = ~np.isnan(registered)
    drawn = LogDeadweight(
        np.where(known, registered, measured.mean), np.where(known, REGISTER_SIGMA, measured.sigma)
    )
    return drawn, ~known


def _visits(given: PortInference, features: TrackFeatures, likely: list[Track]) -> list[Visit]:
    """Visits of the representative partition that are likely enough a small tanker's."""
    if not likely:
        return []
    posterior, fleet, sizes = given.tracks, given.fleet, features.sizes
    often = posterior.track_counts
    which = [features.index[track] for track in likely]
    ships = candidate_probabilities(
        features.ships[which],
        features.ends.median_arrival[which],
        features.ends.median_departure[which],
        round_trip_days=fleet.usual.round_trip_days,
        rng=posterior.rng,
    )
    log_deadweight = mix_deadweight(fleet, ships, features.log_deadweight.of(which))
    shown = [posterior.shows_load(track) for track in likely]
    loads = _loads(features.operations[which], features.all_operations(which), shown)
    return [
        Visit(
            track=track,
            port=posterior.data.port,
            **vars(visit_bounds(posterior, track)),
            **loads[n]._asdict(),
            p_visit=often[track] / len(posterior.draws),
            p_tanker=float(features.p_tanker[which[n]]),
            p_tanker_basis=posterior.tanker_basis(track),
            length_m=float(sizes.length_m[which[n]]),
            length_sigma_m=float(sizes.length_sigma_m[which[n]]),
            beam_m=float(sizes.beam_m[which[n]]),
            beam_sigma_m=float(sizes.beam_sigma_m[which[n]]),
            candidates=_candidates(fleet, ships[n]),
            deadweight_t=float(np.exp(log_deadweight.mean[n])),
            deadweight_log_sigma=float(log_deadweight.sigma[n]),
        )
        for n, track in enumerate(likely)
    ]


def mix_deadweight(fleet: Fleet, ships: Floats, measured: LogDeadweight) -> LogDeadweight:
    """Deadweight of visits over their candidates: the register's where one has it, else measured.

    Parameters
    ----------
    fleet
        The register.
    ships
        Probabilities of candidates, (visits, ships + 1).
    measured
        By length and beam.

    """
    registered = np.r_[np.log(fleet.deadweight_t), np.nan]
    known = ~np.isnan(registered)
    centre = np.where(known, registered, measured.mean[:, None])
    spread = np.where(known, REGISTER_SIGMA, measured.sigma[:, None])
    mean = (ships * centre).sum(1)
    variance = (ships * (spread**2 + (centre - mean[:, None]) ** 2)).sum(1)
    return LogDeadweight(mean, np.sqrt(variance))


def _candidates(fleet: Fleet, chance: Floats) -> str:
    names = (*fleet.name, "unregistered")
    likely = [n for n in np.argsort(-chance, kind="stable") if chance[n] >= CANDIDATE_MIN]
    return json.dumps({names[n]: round(float(chance[n]), 3) for n in likely})


class _Load(NamedTuple):
    """Load of a visit at arrival and departure."""

    log_lr_laden_in: float
    log_lr_laden_out: float
    image_p_laden_in: float | None
    image_p_laden_out: float | None
    others_p_laden_in: float
    others_p_laden_out: float
    contradicts_trade: bool | None
    p_laden_in: float
    p_laden_out: float
    p_loaded: float
    p_unloaded: float
    berth_p_laden_in: float
    berth_p_laden_out: float


def _loads(berth: Floats, everywhere: Floats, shown: list[bool]) -> list[_Load]:
    """Loads by the images of the berth (where they show one), and given all evidence."""
    images = expit(np.array(load_log_ratios(berth)).T)
    others = _at_ends(others_probabilities(everywhere))
    given, own = operation_probabilities(everywhere), operation_probabilities(berth)
    ends, at_berth = _at_ends(given), _at_ends(own)
    arrival, departure = load_log_ratios(berth)
    return [
        _Load(
            log_lr_laden_in=float(arrival[n]),
            log_lr_laden_out=float(departure[n]),
            image_p_laden_in=float(images[n, 0]) if shows else None,
            image_p_laden_out=float(images[n, 1]) if shows else None,
            others_p_laden_in=float(others[n, 0]),
            others_p_laden_out=float(others[n, 1]),
            contradicts_trade=contradicts(images[n], others[n]) if shows else None,
            p_laden_in=float(ends[n, 0]),
            p_laden_out=float(ends[n, 1]),
            p_loaded=float(given[n, LOADS]),
            p_unloaded=float(given[n, UNLOADS]),
            berth_p_laden_in=float(at_berth[n, 0]),
            berth_p_laden_out=float(at_berth[n, 1]),
        )
        for n, shows in enumerate(shown)
    ]


def _at_ends(operations: Floats) -> Floats:
    """Probabilities of laden at arrival and departure, (visits, 2), from those of operations."""
    return np.column_stack([operations[:, one].sum(1) for one in (ARRIVES_LADEN, LEAVES_LADEN)])
