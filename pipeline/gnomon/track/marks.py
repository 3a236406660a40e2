"""Likelihood of a track's marks: lengths, beams, scores and positions of one ship of a class.

In a marked point process the events are detections in time and the marks are what is measured of
each. Lengths of one ship are normal around its own length, which is normal over its class; with
the ship's length integrated out, this is a normal with a common part. The same holds for beams. A
moored hull does not move: the position of a detection given the previous one is normal, or uniform
over the port if the ship shifted; the position of the first is drawn from where ships of this port
lie. ``p_tanker`` and ``score`` are calibrated at even odds, so that p / (1 - p) is a likelihood
ratio. Errors of repeated observations of one ship are correlated, and n of them count as
``n / (1 + (n - 1) / 2)`` in the odds of its class. Of the large ships some are tankers, so that
``p_tanker`` weighs for them as for a ship that is one or is none; the word of an analyst says more
than that a ship is a tanker, namely that it is one of those that are counted. A ship loads or
unloads once in a visit, what stays keeps its load: ``log_lr_laden`` separates them, whatever the
direction.

Classes are those of `gnomon.track.classes`; their sizes, and how far a moored hull seems to move,
are those of a traffic file (`gnomon.datamodel.traffic`).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnomon.datamodel.traffic import Traffic
from gnomon.track.classes import FALSE_ALARM, LARGE, STAYS, TANKERS, class_lengths

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

LOG2 = float(np.log(2))
IS_TANKER, IS_NONE, IS_EITHER = range(3)
KINDS = (
    [n != FALSE_ALARM for n in range(len(TANKERS))],
    [
        IS_EITHER if n == LARGE else IS_TANKER if one else IS_NONE
        for n, one in enumerate(TANKERS.tolist())
    ],
    STAYS.tolist(),
)
"""Whether classes are vessels, tankers, and what stays."""
LENGTH_MODEL_SIGMA_M = 2.0
"""Error of a length that its sigma does not contain: bows cut off, sterns lost in glare."""
LOAD_MISREAD = 0.1
"""Tracks whose load states have no weight: errors of one hull's images are alike."""
CALIBRATED_MIN, BY_EYE_MIN = 1e-3, 1e-6
"""No probability is believed beyond this: that of a detector, and the word of an analyst."""


@dataclass(frozen=True)
class Hulls:
    """Detections of one port as arrays of shape (detections,), sorted by time."""

    observation: Ints
    """Index of the observation."""
    day: Floats
    """Since the start of the period."""
    east_m: Floats
    """From the middle of all detections."""
    north_m: Floats
    length_m: Floats
    length_sigma_m: Floats
    beam_m: Floats
    beam_sigma_m: Floats
    score: Floats
    p_tanker: Floats
    """NaN where unknown."""
    type_by_eye: Mask
    """Whether an analyst gave it."""
    log_lr_laden: Floats
    """NaN where unknown."""
    load_p_wrong: Floats
    """Chance that a load which an analyst gave is wrong; NaN where none did."""


class MarkLikelihood:
    """Log densities of the marks of tracks.

    A chain asks for those of hundreds of thousands of tracks, most of few detections: what is of
    one track is computed in plain numbers, which are faster than arrays of so few.
    """

    def __init__(self, hulls: Hulls, traffic: Traffic) -> None:
        self.hulls = hulls
        # Classes share distributions of length: each is computed once.
        means, sigmas = class_lengths(traffic.classes)
        each = list(zip(means.ravel().tolist(), sigmas.ravel().tolist(), strict=True))
        self._lengths = list(dict.fromkeys(each))
        number = [self._lengths.index(one) for one in each]
        self._halves = list(zip(number[::2], number[1::2], strict=True))
        self._beam = traffic.hulls
        self._length_variance = hulls.length_sigma_m**2 + LENGTH_MODEL_SIGMA_M**2
        known = ~np.isnan(hulls.p_tanker)
        least = np.where(hulls.type_by_eye, BY_EYE_MIN, CALIBRATED_MIN)
        tanker = np.where(known, _logit(np.where(known, hulls.p_tanker, 0.5), least), 0.0)
        vessel = _logit(hulls.score, CALIBRATED_MIN)
        self._load_known = np.isfinite(hulls.log_lr_laden)
        self._load = np.where(self._load_known, hulls.log_lr_laden / 2, 0.0)
        # What a track needs of its hulls is sums of these columns.
        self._sums = np.stack(
            [
                *_sufficient(hulls.length_m, self._length_variance),
                *_sufficient(hulls.beam_m, hulls.beam_sigma_m**2),
                hulls.length_m,
                tanker,
                known.astype(float),
                vessel,
                *_log_odds_halves(vessel),
                *(known * half for half in _log_odds_halves(tanker)),
                self._load_known.astype(float),
                _log_mean_of_both(self._load),
                hulls.type_by_eye.astype(float),
            ],
            -1,
        )
        east = hulls.east_m[:, None] - hulls.east_m
        north = hulls.north_m[:, None] - hulls.north_m
        squared = east**2 + north**2
        place = traffic.position
        same_place = _circular_normal(squared, place.still_sigma_m)
        same_berth = _circular_normal(squared, place.moored_sigma_m)
        moored = place.moored_still * same_place + (1 - place.moored_still) * same_berth
        self._moves = np.stack(
            [
                np.log((1 - share) * near + share / place.area_m2)
                for share, near in (
                    (place.shifted, moored),
                    (place.resident_shifted, same_place),
                )
            ],
            -1,
        )
        # As wide as for one ship: where all hulls lie at one berth, position then has no weight.
        density = moored.mean(1) if len(vessel) else np.zeros(0)
        self._first_position = np.log(0.9 * density + 0.1 / place.area_m2).tolist()

    def differ(self, first: int, second: int) -> bool:
        """Whether two lengths cannot be one ship's: more than four standard deviations apart."""
        gap = self.hulls.length_m[first] - self.hulls.length_m[second]
        variance = self._length_variance[first] + self._length_variance[second]
        return bool(gap**2 > 16.0 * variance)

    def log_density(self, track: tuple[int, ...]) -> Floats:
        """Log density of a track's marks by class, (classes,).

        Parameters
        ----------
        track
            Detections of one ship in the order of time.

        """
        rows, count = list(track), len(track)
        sums = (self._sums[rows].sum(0) if count > 1 else self._sums[rows[0]]).tolist()
        halves = [_log_normal_of_one(sums[:4], *one) for one in self._lengths]
        beam_m = self._beam.beam_per_length * sums[8] / count
        common = _log_normal_of_one(sums[4:8], beam_m, self._beam.beam_sigma_m)
        common += self._first_position[rows[0]]
        moves = self._moves[rows[:-1], rows[1:]].sum(0).tolist() if count > 1 else (0.0, 0.0)
        still, once = self._loads(rows, sums[17]) if sums[16] > 1 else (0.0, 0.0)
        of_vessel = _of_two(sums[11], count, sums[12:14])
        is_tanker, is_none = _of_two(sums[9], sums[10], sums[14:16]) if sums[10] else (0.0, 0.0)
        either = is_none if sums[18] else _log_sum(is_tanker, is_none) - LOG2
        of_tanker = is_tanker, is_none, either
        # Loads and moves by whether a class stays.
        of_ship, of_stay = moves[0] + once, moves[1] + still
        total = [
            common
            + _log_sum(halves[one], halves[two])
            - LOG2
            + of_vessel[not vessel]
            + of_tanker[tanker]
            + (of_stay if stays else of_ship if vessel else moves[0])
            for (one, two), vessel, tanker, stays in zip(self._halves, *KINDS, strict=True)
        ]
        return np.array(total)

    def _loads(self, rows: list[int], apart: float) -> tuple[float, float]:
        """What load states say of what stays and keeps its load, and of ships, which change once.

        Relative to images whose states have nothing to do with each other.
        """
        ahead = self._load[rows][self._load_known[rows]].cumsum()
        both = _log_mean_of_both(2 * ahead - ahead[-1]) - apart
        changed = float(np.logaddexp.reduce(both[:-1])) - math.log(len(both) - 1)
        same = float(both[-1])
        once = _log_sum(same, changed) - LOG2
        keeps, misread = math.log1p(-LOAD_MISREAD), math.log(LOAD_MISREAD)
        return _log_sum(keeps + same, misread), _log_sum(keeps + once, misread)


def _log_mean_of_both(halves: Floats) -> Floats:
    """Log of the mean likelihood of laden and of ballast, from half a log likelihood ratio."""
    out: Floats = np.logaddexp(halves, -halves) - LOG2
    return out


def _of_two(logits: float, count: float, likely: list[float]) -> tuple[float, float]:
    """Log density of repeated calibrated probabilities of being in a set, inside and outside it.

    Relative to even odds in each image, so that images which say nothing (p = 1/2) have no weight.
    The odds of the set count correlated images as few; whether the images are of one object is
    what they say when they are independent given its class.

    Parameters
    ----------
    logits, count
        Sum of the logits, and number of images.
    likely
        Sums of log p and of log (1 - p).

    """
    one_object = _log_sum(*likely) + count * LOG2
    weighed = logits / (1 + (count - 1) / 2)
    return one_object - _log_sum(0.0, -weighed), one_object - _log_sum(0.0, weighed)


def _sufficient(values: Floats, variance: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Columns whose sums give the density of measurements of one quantity."""
    log_norm = np.log(2 * np.pi * variance)
    return 1 / variance, values / variance, values**2 / variance, log_norm


def _log_normal_of_one(sums: list[float], mean: float, sigma: float) -> float:
    """Log density of independent measurements of one quantity that is itself normal.

    Parameters
    ----------
    sums
        Of the columns of `_sufficient`.
    mean, sigma
        Of the quantity.

    """
    precision, first, second, log_norm = sums
    about = first - mean * precision
    squares = second - 2 * mean * first + mean**2 * precision
    off = squares - about**2 / (precision + 1 / sigma**2)
    return -0.5 * (off + math.log1p(sigma**2 * precision) + log_norm)


def _log_sum(one: float, two: float) -> float:
    """Log of the sum of two numbers, from their logarithms."""
    high, low = (one, two) if one > two else (two, one)
    return high + math.log1p(math.exp(low - high))


def _circular_normal(squared: Floats, sigma: float) -> Floats:
    density: Floats = np.exp(-squared / (2 * sigma**2)) / (2 * np.pi * sigma**2)
    return density


def _log_odds_halves(logits: Floats | float) -> tuple[Floats, Floats]:
    """Logarithms of p and of 1 - p."""
    return -np.logaddexp(0, -logits), -np.logaddexp(0, logits)


def _logit(p: Floats, least: Floats | float) -> Floats:
    bounded = np.clip(p, least, 1 - least)
    return np.log(bounded / (1 - bounded))
