"""What a look tells of the ships at the berth: rows of detections with their errors and evidence.

A ship that can be seen is told with a chance that is a probit of its length. Lengths and beams have
normal errors by sensor. Pumps run some time in the middle of a stay, and evidence of the load
follows what is on board. Ships lie at the first place at the pier that is free. False alarms lie
anywhere around, have any size, and low scores.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from gnomon.simulate.season.tankers import Ships, log_lr_laden, separation
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

BERTH = (133.066, 42.7505)
"""Longitude and latitude of the first place at the pier; the next ones lie 150 m apart."""
DEGREES_PER_M = 1 / 111_000.0
ODDS_ABOVE = float(ndtr(np.sqrt(1.5)) / ndtr(-np.sqrt(1.5)))
"""How much oftener a ship than anything else has a score above the threshold."""
LIMIT_M = np.array([(45, 20), (42, 20), (20, 12), (4, 4)], float)
"""By kind of look: length of which half are told, and the width of that limit."""


@dataclass(frozen=True)
class Moored:
    """Ships at the berth: arrays of shape (stays,)."""

    arrive_day: Floats
    depart_day: Floats
    ships: Ships
    turn: Ints
    tankers: int
    """The first so many are the fleet's."""


def sight(
    rng: np.random.Generator,
    times: Timetable,
    moored: Moored,
    *,
    detection: tuple[float, ...],
    false_per_observation: float,
    berth: tuple[float, float] = BERTH,
) -> dict[str, Any]:
    """Hulls that were told, as columns; ``look`` is the place of the look in the timetable."""
    arrive, depart = moored.arrive_day, moored.depart_day
    there = (times.day[:, None] > arrive) & (times.day[:, None] < depart)
    observation, who = np.nonzero(there)
    kind, length = times.kind[observation], moored.ships.length_m[who]
    limit, width = LIMIT_M[kind].T
    # Scaled so that a ship of 90 m has the given chance.
    seen = ndtr((length - limit) / width) / ndtr((90 - limit) / width)
    chance = times.usable[observation] * np.minimum(np.array(detection)[kind] * seen, 0.99)
    told = rng.random(len(observation)) < chance
    observation, who, length = observation[told], who[told], length[told]
    age = (times.day[observation] - arrive[who]) / (depart - arrive)[who]
    rows = _measured(rng, times, observation, length, moored.ships.beam_m[who])
    rows |= _evidence(rng, times, observation, length, _load(rng, moored.turn, who, age))
    rows |= _place(rng, _spots(arrive, depart)[who], berth)
    rows["visit"] = np.where(who < moored.tankers, who, -1)
    rows |= _marks(
        rng, times.kind[observation], rows["visit"] >= 0, real=np.ones(len(observation), bool)
    )
    return _with_false(rng, rows, times, false_per_observation, berth)


def _load(rng: np.random.Generator, turn: Ints, who: Ints, age: Floats) -> Floats:
    """Part of the cargo on board: pumps run some time in the middle of a stay."""
    begin = rng.uniform(0.15, 0.45, len(turn))[who]
    end = rng.uniform(0.6, 0.9, len(turn))[who]
    done = np.clip((age - begin) / (end - begin), 0, 1)
    start, finish = np.array([(0, 1), (1, 0), (0, 0), (1, 1)], float)[turn[who]].T
    load: Floats = start + (finish - start) * done
    return load


def _measured(
    rng: np.random.Generator, times: Timetable, observation: Ints, length: Floats, beam: Floats
) -> dict[str, Any]:
    kind = times.kind[observation]
    sigma, beam_sigma = LENGTH_SIGMA_M[kind], BEAM_SIGMA_M[kind]
    return {
        "observation": observation,
        "length_m": np.maximum(length + rng.normal(0, 1, len(observation)) * sigma, 20.0),
        "length_sigma_m": sigma,
        "beam_m": np.maximum(beam + rng.normal(0, 1, len(observation)) * beam_sigma, 4.0),
        "beam_sigma_m": beam_sigma,
    }


def _evidence(
    rng: np.random.Generator, times: Timetable, observation: Ints, length: Floats, load: Floats
) -> dict[str, Any]:
    kind = times.kind[observation]
    d = separation(
        length, rng.uniform(0, 1, len(observation)), GSD_M[kind], times.sun_deg[observation]
    )
    return {"log_lr_laden": np.where(kind == S1, np.nan, log_lr_laden(rng, d, load))}


def _spots(arrive: Floats, depart: Floats) -> Ints:
    """Place at the pier: the first that is free when a ship comes."""
    spot = np.zeros(len(arrive), np.int64)
    free: list[float] = []
    for one in np.argsort(arrive, kind="stable"):
        place = next((n for n, until in enumerate(free) if until <= arrive[one]), len(free))
        if place == len(free):
            free.append(0.0)
        free[place] = float(depart[one])
        spot[one] = place
    return spot


def _place(rng: np.random.Generator, spot: Ints, berth: tuple[float, float]) -> dict[str, Any]:
    east, north = rng.normal(0, 12.0, (2, len(spot)))
    shrink = np.cos(np.radians(berth[1]))
    return {
        "longitude": berth[0] + (east - 150.0 * spot) * DEGREES_PER_M / shrink,
        "latitude": berth[1] + north * DEGREES_PER_M,
    }


def _marks(
    rng: np.random.Generator, kind: Ints, tanker: NDArray[np.bool_], real: NDArray[np.bool_]
) -> dict[str, Any]:
    """Scores and p_tanker that are calibrated at even odds.

    Normal logits whose variance is twice their mean are log likelihood ratios. Scores below a
    threshold are not written, which ships pass `ODDS_ABOVE` times as often as anything else.
    """
    middle = TANKER_LOGIT[kind]
    logit = np.where(tanker, middle, -middle) + np.sqrt(2 * middle) * rng.normal(size=len(kind))
    mean, sigma = np.where(real, 3.0, -3.0), np.sqrt(6.0)
    least = ndtr((0 - mean) / sigma)
    score = mean + sigma * ndtri(least + rng.random(len(kind)) * (1 - least) * 0.999999)
    return {"p_tanker": 1 / (1 + np.exp(-logit)), "score": 1 / (1 + ODDS_ABOVE * np.exp(-score))}


def _with_false(
    rng: np.random.Generator,
    rows: dict[str, Any],
    times: Timetable,
    per_observation: float,
    berth: tuple[float, float],
) -> dict[str, Any]:
    count = rng.poisson(per_observation * times.usable)
    observation = np.repeat(np.arange(len(count)), count)
    length = rng.uniform(40, 160, len(observation))
    false = _measured(rng, times, observation, length, 0.16 * length)
    false |= _evidence(rng, times, observation, length, np.full(len(observation), 0.5))
    east, north = rng.uniform(-600, 600, (2, len(observation)))
    false["longitude"] = berth[0] + east * DEGREES_PER_M / 0.735
    false["latitude"] = berth[1] + north * DEGREES_PER_M
    false["visit"] = np.full(len(observation), -2)
    none = np.zeros(len(observation), bool)
    false |= _marks(rng, times.kind[observation], none, real=none)
    return {name: np.r_[rows[name], false[name]] for name in rows}
