"""What a detector makes of the ships in each pass: hits, sizes, places, scores, type and load.

A visible ship is detected with the recall of the detector's card, less where it is short for the
sensor. Every ship's luck is drawn whether it is detected or not, so that a season with a worse
detector or with haze is the same season with rows missing.

``score``, and ``p_tanker`` of ships that come and go, are calibrated by construction: two beta
densities with parameters (a + 1, b) and (a, b + 1) have the ratio ``(b / a) p / (1 - p)``, so that
p is the probability of the first at odds a to b. What stays has one ``p_tanker``, right or wrong.
"""

from dataclasses import dataclass, fields

import numpy as np

from gnomon.simulate.season.tankers import laden_separation
from gnomon.simulate.season.world.options import World
from gnomon.simulate.season.world.presence import (
    ELSEWHERE,
    Floats,
    Ints,
    Kind,
    Mask,
    Presence,
    along_pier,
)
from gnomon.simulate.season.world.sky import FINE, S1, SkyPasses

GSD_M = np.array([10.0, 10.0, 3.0, 0.5])
LENGTH_SIGMA_M = np.array([6.0, 14.0, 2.5, 1.0])
"""Published: 15 m with Sentinel-2 over all ships (CLS 2023), 16 m with Sentinel-1 (DTU 2024); 5 m
of one hull at 10 m, 1 m at 0.5 m."""
BEAM_SIGMA_M = np.array([2.5, 4.5, 1.2, 0.4])
SHORT_M = np.array([30.0, 32.0, 14.0, 4.0])
"""Length of which a detector finds 1 - 1/e of what it finds of long ships (judgement)."""
CARD_LENGTH_M = 90.0
FINE_MISSES = 0.3
"""Of the misses, remaining at 0.5 m."""
HAZE_RECALL = 0.2
"""Of the recall, remaining in haze."""
CRANE_RECALL = 0.95
SCORE = (2.0, 0.5)
"""Calibrated where four of five detections are vessels."""
TYPE = np.array([2.0, 4.0, 1.0, 0.3])
"""Parameter a = b of ``p_tanker``, by sensor: the smaller, the surer. With 2 an image has the type
right in 69 %, with 0.3 in 88 %; papers have an F1 of 0.66 (NASTaR, 2026)."""
RESIDENTS = (Kind.BARGE, Kind.HULK, Kind.BUNKER_VESSEL, Kind.CRANE)
RESIDENT_TYPE, RESIDENT_TYPE_SIGMA = 2.0, 0.3
"""What stays looks the same each time: parameter a = b of its own ``p_tanker``, and the deviation
of the logit of that from image to image."""
CRANE_JITTER_M, CRANE_SIZE_SIGMA, CRANE_SCORE = 4.0, 0.04, (0.92, 0.02)
FALSE_SPOTS, FALSE_SPOT_M, FALSE_AT_SPOTS = 4, 30.0, 0.7
"""Places that look like ships, their deviation, and the part of false alarms that is there."""


@dataclass(frozen=True)
class Sensed:
    """Detections: arrays of shape (detections,)."""

    observation: Ints
    """Number of the pass."""
    kind: Ints
    owner: Ints
    east_m: Floats
    north_m: Floats
    heading_deg: Floats
    length_m: Floats
    beam_m: Floats
    length_sigma_m: Floats
    beam_sigma_m: Floats
    score: Floats
    p_tanker: Floats
    """Not a number where no type is given."""
    log_lr_laden: Floats
    """Not a number for radar, and where images have no load."""


@dataclass(frozen=True)
class Seen:
    """Everything that was there in some pass: arrays of shape (pass and stay,)."""

    observation: Ints
    stay: Ints
    visible: Mask
    """Free of cloud, and long enough to be a ship: a perfect detector finds it."""
    detected: Mask


def sense(
    rng: np.random.Generator, world: World, sky: SkyPasses, presence: Presence
) -> tuple[Sensed, Seen]:
    """Detect one kind of ship, or what is taken for one.

    Parameters
    ----------
    rng
        Of the luck of detection and of the errors.
    world
        Its detector.
    sky
        Passes.
    presence
        Stays.

    """
    fate, errors, evidence = rng.spawn(3)
    inside = (sky.day[:, None] > presence.from_day) & (sky.day[:, None] < presence.until_day)
    observation, stay = np.nonzero(inside)
    clear = sky.clear[observation, presence.berth[stay]]  # elsewhere is the last
    draws = fate.random((2, len(stay)))
    visible = draws[0] < clear
    chance = recall_of(world, sky.sensor[observation], presence.length_m[stay])
    crane = presence.kind[stay] == Kind.CRANE
    chance = np.where(crane, CRANE_RECALL, chance)
    chance = np.where(sky.hazy[observation], HAZE_RECALL * chance, chance)
    detected = visible & (draws[1] < chance)
    all_of = _measured(errors, evidence, world, sky, presence, observation, stay)
    return some_of(all_of, detected), Seen(observation, stay, visible, detected)


def recall_of(world: World, sensor: Ints, length_m: Floats) -> Floats:
    """Chance that a visible ship is detected, by sensor and length."""
    best = np.where(sensor == FINE, 1 - FINE_MISSES * (1 - world.recall), world.recall)
    found = 1 - np.exp(-((length_m / SHORT_M[sensor]) ** 2))
    card = 1 - np.exp(-((CARD_LENGTH_M / SHORT_M[sensor]) ** 2))
    chance: Floats = np.minimum(best * found / card, 1.0)
    return chance


def _measured(
    errors: np.random.Generator,
    evidence: np.random.Generator,
    world: World,
    sky: SkyPasses,
    presence: Presence,
    observation: Ints,
    stay: Ints,
) -> Sensed:
    """Everything that was there, as it is measured if it is detected."""
    sensor, kind = sky.sensor[observation], presence.kind[stay]
    crane, length = kind == Kind.CRANE, presence.length_m[stay]
    places, sizes, scores, types, looks = errors.spawn(5)
    jitter = np.where(crane, CRANE_JITTER_M, world.jitter_m)
    east, north = jitter * places.normal(0.0, 1.0, (2, len(stay)))
    measured = _sizes(sizes, world, sensor, crane, (length, presence.beam_m[stay]))
    steady = np.clip(scores.normal(*CRANE_SCORE, len(stay)), 0.0, 1.0)
    score = np.where(crane, steady, scores.beta(SCORE[0] + 1, SCORE[1], len(stay)))
    tanker = np.isin(kind, (Kind.TANKER, Kind.BUNKER_VESSEL))
    p_tanker = _type_evidence(types, world, sensor, tanker)
    always = _resident_type(looks, world, presence.owner[stay], tanker)
    load = presence.load_at(stay, sky.day[observation])
    return Sensed(
        observation=observation,
        kind=kind,
        owner=presence.owner[stay],
        east_m=presence.east_m[stay] + east,
        north_m=presence.north_m[stay] + north,
        heading_deg=(presence.heading_deg[stay] + places.normal(0.0, 4.0, len(stay))) % 180,
        length_m=measured[0],
        beam_m=measured[1],
        length_sigma_m=LENGTH_SIGMA_M[sensor],
        beam_sigma_m=BEAM_SIGMA_M[sensor],
        score=score,
        p_tanker=np.where(np.isin(kind, RESIDENTS), always, p_tanker),
        log_lr_laden=_load_evidence(evidence, world, sky, observation, length, load),
    )


def _sizes(
    rng: np.random.Generator, world: World, sensor: Ints, crane: Mask, true: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """Measured length and beam: of cranes nearly the same each time."""
    z = rng.normal(0.0, 1.0, (2, len(sensor)))
    fails, factor = rng.random((2, len(sensor)))
    sigmas = (
        np.where(crane, CRANE_SIZE_SIGMA * size, by_sensor[sensor])
        for size, by_sensor in zip(true, (LENGTH_SIGMA_M, BEAM_SIGMA_M), strict=True)
    )
    length, beam = (size + sigma * e for size, sigma, e in zip(true, sigmas, z, strict=True))
    wrong = (fails < world.length_failure) & ~crane
    length = np.where(wrong, true[0] * (0.5 + 1.1 * factor), length)
    return np.maximum(length, 15.0), np.maximum(beam, 4.0)


def _type_evidence(rng: np.random.Generator, world: World, sensor: Ints, tanker: Mask) -> Floats:
    """``p_tanker``, calibrated at even odds."""
    middle = TYPE[sensor]
    value = rng.beta(middle + tanker, middle + ~tanker)
    return value if world.type_given else np.full(len(sensor), np.nan)


def _resident_type(rng: np.random.Generator, world: World, owner: Ints, tanker: Mask) -> Floats:
    """``p_tanker`` of objects that look the same in each image, right or wrong."""
    first = np.unique(owner, return_index=True)[1]
    likeness = np.zeros(owner.max(initial=0) + 1)
    likeness[owner[first]] = rng.beta(RESIDENT_TYPE + tanker[first], RESIDENT_TYPE + ~tanker[first])
    own = likeness[owner]
    noise = np.exp(rng.normal(0.0, RESIDENT_TYPE_SIGMA, len(owner)))
    value = own * noise / (own * noise + 1 - own)
    return value if world.type_given else np.full(len(owner), np.nan)


def _load_evidence(
    rng: np.random.Generator,
    world: World,
    sky: SkyPasses,
    observation: Ints,
    length_m: Floats,
    load: Floats,
) -> Floats:
    """``log_lr_laden``: of two normals d' apart, with a floor for images that say nothing.

    A measurement in units of its own deviation is d' times the load on board, plus noise; its
    ratio of likelihoods has the logarithm ``d' (x - d' / 2)``. A worthless one is as likely of a
    laden ship as of one in ballast. The ratio allows for that.
    """
    sensor = sky.sensor[observation]
    sides = rng.uniform(0.0, 1.0, len(load))
    d = laden_separation(length_m, sides, GSD_M[sensor], sky.sun_deg[observation])
    d = d * world.load_evidence
    lost, coin = rng.random((2, len(load)))
    shown = np.where(lost < world.worthless, np.round(coin), load)
    ratio = d * (d * shown + rng.normal(0.0, 1.0, len(load)) - d / 2)
    sound, floor = np.log1p(-world.worthless), np.log(max(world.worthless, 1e-12))
    limited = np.logaddexp(sound + ratio, floor) - np.logaddexp(sound, floor + ratio)
    return np.where((sensor == S1) | (d == 0), np.nan, limited)


def draw_false_alarms(rng: np.random.Generator, world: World, sky: SkyPasses) -> Sensed:
    """False alarms: most of them at a few places, which some like more than others."""
    visible = sky.clear[:, ELSEWHERE]
    # Thinned from as many as a clear sky allows, so that cloud leaves the others as they are.
    most = rng.poisson(world.false_alarms, len(sky.day))
    observation = np.repeat(np.arange(len(sky.day)), most)
    count = len(observation)
    shares = rng.dirichlet(np.full(FALSE_SPOTS, 0.7))
    spots = np.stack(along_pier(*rng.uniform((-300, -120), (500, 250), (FALSE_SPOTS, 2)).T))
    spot = rng.choice(FALSE_SPOTS, count, p=shares)
    near = spots[:, spot] + rng.normal(0.0, FALSE_SPOT_M, (2, count))
    far = np.stack(along_pier(*rng.uniform((-1500, -200), (800, 2000), (count, 2)).T))
    east, north = np.where(rng.random(count) < FALSE_AT_SPOTS, near, far)
    sensor = sky.sensor[observation]
    length = np.clip(rng.lognormal(np.log(70.0), 0.4, count), 25.0, 250.0)
    beam = 0.18 * length * np.exp(rng.normal(0.0, 0.2, count))
    nothing = np.zeros(count, bool)
    load = _load_evidence(rng, world, sky, observation, length, np.round(rng.random(count)))
    alarms = Sensed(
        observation,
        np.full(count, int(Kind.FALSE_ALARM)),
        np.arange(count),
        east,
        north,
        rng.uniform(0.0, 180.0, count),
        length,
        beam,
        LENGTH_SIGMA_M[sensor],
        BEAM_SIGMA_M[sensor],
        rng.beta(SCORE[0], SCORE[1] + 1, count),
        _type_evidence(rng, world, sensor, nothing),
        load,
    )
    return some_of(alarms, rng.random(count) < visible[observation])


def some_of(sensed: Sensed, which: Ints | Mask) -> Sensed:
    """Some of the detections."""
    return Sensed(*(getattr(sensed, field.name)[which] for field in fields(Sensed)))
