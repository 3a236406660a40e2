"""Detections of the ships at a berth, with their errors and evidence of load.

A visible ship is detected with a chance that is a probit of its length. Lengths and beams have
normal errors by sensor. Cargo is pumped for some time in the middle of a stay, and evidence of the
load follows what is on board. Ships lie at the first free position of the pier. False alarms lie
anywhere around, have any size, and low scores.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from gnomon.simulate.season.tankers import ShipDimensions, laden_separation, simulate_log_lr
from gnomon.simulate.season.timetable import (
    BEAM_SIGMA_M,
    GSD_M,
    LENGTH_SIGMA_M,
    S1,
    TANKER_LOGIT,
    Timetable,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

BERTH = (133.066, 42.7505)
"""Longitude and latitude of the first position at the pier; the next ones lie 150 m apart."""
BERTH_SPACING_M = 150.0
SWUNG_SHARE = 0.15
"""Spread of the circle that a ship at a buoy swings on, over its radius."""
DEGREES_PER_M = 1 / 111_000.0
ODDS_ABOVE = float(ndtr(np.sqrt(1.5)) / ndtr(-np.sqrt(1.5)))
"""How much oftener a ship than anything else has a score above the threshold."""
SCORE_LOGIT = 3.0
"""Mean logit of the scores of ships, minus that of false alarms."""
LIMIT_M = np.array([45.0, 42.0, 20.0, 4.0])
"""By sensor: length of which half are detected, and the width of that limit."""
LIMIT_WIDTH_M = np.array([20.0, 20.0, 12.0, 4.0])
OTHER_SHIP, FALSE_ALARM = -1, -2
"""In place of the number of a visit."""


@dataclass(frozen=True)
class BerthStays:
    """Ships at the berth: arrays of shape (stays,)."""

    arrive_day: Floats
    depart_day: Floats
    ships: ShipDimensions
    operation: Ints
    """Ballast to laden, laden to ballast, ballast throughout, laden throughout: 0 to 3."""
    tankers: int
    """The first so many are the fleet's."""


@dataclass(frozen=True)
class Moorings:
    """How ships lie at the berth."""

    spacing_m: float = BERTH_SPACING_M
    """From one position to the next."""
    swing_m: float = 0.0
    """Radius of the circle on which the middle of a ship at a buoy turns with wind and current."""


@dataclass(frozen=True)
class SimulatedHulls:
    """Detections: arrays of shape (detections,)."""

    observation: Ints
    """Place in the timetable."""
    length_m: Floats
    length_sigma_m: Floats
    beam_m: Floats
    beam_sigma_m: Floats
    log_lr_laden: Floats
    longitude: Floats
    latitude: Floats
    p_tanker: Floats
    score: Floats
    visit: Ints
    """Row of the stays; `OTHER_SHIP` or `FALSE_ALARM` where it is none of the fleet's."""


def detect_ships(
    rng: np.random.Generator,
    times: Timetable,
    stays: BerthStays,
    *,
    detection: tuple[float, ...],
    false_per_observation: float,
    berth: tuple[float, float] = BERTH,
    moorings: Moorings | None = None,
) -> SimulatedHulls:
    """Detections of one place.

    Parameters
    ----------
    rng
        Of all that is random.
    times
        Observations.
    stays
        Ships at the berth.
    detection
        Chance by sensor that a visible ship of 90 m is detected.
    false_per_observation
        Mean number of false alarms in a clear observation.
    berth
        Longitude and latitude.
    moorings
        Those of a pier, if left out.

    """
    arrive, depart = stays.arrive_day, stays.depart_day
    in_port = (times.day[:, None] > arrive) & (times.day[:, None] < depart)
    observation, who = np.nonzero(in_port)
    p = detection_probability(times.sensor[observation], stays.ships.length_m[who], detection)
    detected = rng.random(len(observation)) < times.usable[observation] * p
    observation, who = observation[detected], who[detected]
    age = (times.day[observation] - arrive[who]) / (depart - arrive)[who]
    length, beam = stays.ships.length_m[who], stays.ships.beam_m[who]
    sizes = _measure(rng, times, observation, length, beam)
    evidence = _evidence(rng, times, observation, length, _load(rng, stays.operation, who, age))
    position = _positions(rng, _spots(arrive, depart)[who], berth, moorings or Moorings())
    visit = np.where(who < stays.tankers, who, OTHER_SHIP)
    scores = _scores(rng, times.sensor[observation], visit != OTHER_SHIP, vessel=True)
    ships = SimulatedHulls(observation, *sizes, evidence, *position, *scores, visit)
    return _join(ships, _false_alarms(rng, times, false_per_observation, berth))


def detection_probability(sensor: Ints, length_m: Floats, detection: tuple[float, ...]) -> Floats:
    """Chance of detection of visible ships, by sensor and length.

    Parameters
    ----------
    sensor, length_m
        (n,)
    detection
        Chance by sensor at 90 m.

    """
    limit, width = LIMIT_M[sensor], LIMIT_WIDTH_M[sensor]
    relative = ndtr((length_m - limit) / width) / ndtr((90 - limit) / width)
    p: Floats = np.minimum(np.array(detection)[sensor] * relative, 0.99)
    return p


def _load(rng: np.random.Generator, operation: Ints, who: Ints, age: Floats) -> Floats:
    """Part of the cargo on board: cargo is pumped for some time in the middle of a stay."""
    begin = rng.uniform(0.15, 0.45, len(operation))[who]
    end = rng.uniform(0.6, 0.9, len(operation))[who]
    done = np.clip((age - begin) / (end - begin), 0, 1)
    arrives, leaves = np.array([0.0, 1, 0, 1]), np.array([1.0, 0, 0, 1])
    start, finish = arrives[operation[who]], leaves[operation[who]]
    load: Floats = start + (finish - start) * done
    return load


def _measure(
    rng: np.random.Generator, times: Timetable, observation: Ints, length: Floats, beam: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Length, its sigma, beam, its sigma."""
    sensor = times.sensor[observation]
    sigma, beam_sigma = LENGTH_SIGMA_M[sensor], BEAM_SIGMA_M[sensor]
    measured = np.maximum(length + rng.normal(0, 1, len(observation)) * sigma, 20.0)
    measured_beam = np.maximum(beam + rng.normal(0, 1, len(observation)) * beam_sigma, 4.0)
    return measured, sigma, measured_beam, beam_sigma


def _evidence(
    rng: np.random.Generator, times: Timetable, observation: Ints, length: Floats, load: Floats
) -> Floats:
    """``log_lr_laden``; radar has none."""
    sensor = times.sensor[observation]
    geometry = rng.uniform(0, 1, len(observation))
    d = laden_separation(length, geometry, GSD_M[sensor], times.sun_deg[observation])
    return np.where(sensor == S1, np.nan, simulate_log_lr(rng, d, load))


def _spots(arrive: Floats, depart: Floats) -> Ints:
    """Position at the pier: the first that is free when a ship arrives."""
    spot = np.zeros(len(arrive), np.int64)
    free: list[float] = []
    for one in np.argsort(arrive, kind="stable"):
        place = next((n for n, until in enumerate(free) if until <= arrive[one]), len(free))
        if place == len(free):
            free.append(0.0)
        free[place] = float(depart[one])
        spot[one] = place
    return spot


def _positions(
    rng: np.random.Generator, spot: Ints, berth: tuple[float, float], moorings: Moorings
) -> tuple[Floats, Floats]:
    """Longitudes and latitudes, with errors of geolocation."""
    longitude, latitude = berth
    east, north = rng.normal(0, 12.0, (2, len(spot)))
    if moorings.swing_m:
        radius = moorings.swing_m * (1 + SWUNG_SHARE * rng.normal(size=len(spot)))
        turn = rng.uniform(0, 2 * np.pi, len(spot))
        east, north = east + radius * np.cos(turn), north + radius * np.sin(turn)
    shrink = np.cos(np.radians(latitude))
    return (
        longitude + (east - moorings.spacing_m * spot) * DEGREES_PER_M / shrink,
        latitude + north * DEGREES_PER_M,
    )


def _scores(
    rng: np.random.Generator, sensor: Ints, tanker: Mask, *, vessel: bool
) -> tuple[Floats, Floats]:
    """``p_tanker`` and scores that are calibrated at even odds.

    Normal logits whose variance is twice their mean are log likelihood ratios. Scores below a
    threshold are not written, which ships pass `ODDS_ABOVE` times as often as anything else.
    """
    middle = TANKER_LOGIT[sensor]
    logit = np.where(tanker, middle, -middle) + np.sqrt(2 * middle) * rng.normal(size=len(sensor))
    mean, sigma = SCORE_LOGIT if vessel else -SCORE_LOGIT, np.sqrt(2 * SCORE_LOGIT)
    least = ndtr((0 - mean) / sigma)
    score = mean + sigma * ndtri(least + rng.random(len(sensor)) * (1 - least) * 0.999999)
    return 1 / (1 + np.exp(-logit)), 1 / (1 + ODDS_ABOVE * np.exp(-score))


def _false_alarms(
    rng: np.random.Generator, times: Timetable, per_observation: float, berth: tuple[float, float]
) -> SimulatedHulls:
    count = rng.poisson(per_observation * times.usable)
    observation = np.repeat(np.arange(len(count)), count)
    length = rng.uniform(40, 160, len(observation))
    sizes = _measure(rng, times, observation, length, 0.16 * length)
    evidence = _evidence(rng, times, observation, length, np.full(len(observation), 0.5))
    east, north = rng.uniform(-600, 600, (2, len(observation)))
    longitude, latitude = berth
    position = longitude + east * DEGREES_PER_M / 0.735, latitude + north * DEGREES_PER_M
    no_tanker = np.zeros(len(observation), bool)
    scores = _scores(rng, times.sensor[observation], no_tanker, vessel=False)
    visit = np.full(len(observation), FALSE_ALARM)
    return SimulatedHulls(observation, *sizes, evidence, *position, *scores, visit)


def _join(one: SimulatedHulls, two: SimulatedHulls) -> SimulatedHulls:
    parts = (np.r_[getattr(one, f.name), getattr(two, f.name)] for f in fields(SimulatedHulls))
    return SimulatedHulls(*parts)
