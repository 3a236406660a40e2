"""Likelihood of a track's marks: lengths, beams, scores and positions of one ship of a class.

In a marked point process the events are detections in time and the marks are what is measured of
each. Lengths of one ship are normal around its own length, which is normal over its class; with
the ship's length integrated out, this is a normal with a common part. The same holds for beams. A
moored hull does not move: the position of a detection given the previous one is normal with
`BERTH_SIGMA_M`, or uniform over the port if the ship shifted; the position of the first is drawn
from where ships of this port lie. ``p_tanker`` and ``score`` are calibrated at even odds, so that
p / (1 - p) is a likelihood ratio. Errors of repeated observations of one ship are correlated, and n
of them count as ``n / (1 + (n - 1) / 2)``.

Sizes of classes: small tankers as in the register (`configs/fleet.csv`: 1,000 to 9,000 t, reported
lengths of 85 to 100 m), in two halves; others as cargo ships and larger tankers of any port.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

CLASS_LENGTH_M = np.array([75.0, 100.0, 135.0, 110.0])
"""Mean length of short and long small tankers, other ships, false alarms."""
CLASS_LENGTH_SIGMA_M = np.array([8.0, 13.0, 45.0, 50.0])
SMALL_TANKER_LENGTH_M, SMALL_TANKER_SIGMA_M = 88.0, 18.0
"""Short and long small tankers together."""
BEAM_PER_LENGTH, BEAM_SIGMA_M = 0.157, 3.5
LENGTH_MODEL_SIGMA_M = 2.0
"""Error of a length that its sigma does not contain: bows cut off, sterns lost in glare."""
BERTH_SIGMA_M = 35.0
"""Between two observations of one moored hull: geolocation, and the centre of what is visible."""
P_SHIFTED = 0.1
"""Chance that a ship shifted between two observations, to anywhere within `PORT_AREA_M2`."""
PORT_AREA_M2 = 1.5e6
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
    """Log densities of the marks of tracks."""

    def __init__(self, hulls: Hulls) -> None:
        self.hulls = hulls
        self._length_variance = hulls.length_sigma_m**2 + LENGTH_MODEL_SIGMA_M**2
        least = np.where(hulls.type_by_eye, BY_EYE_MIN, CALIBRATED_MIN)
        logit = _logit(np.nan_to_num(hulls.p_tanker, nan=0.5), least)
        vessel = _logit(hulls.score, CALIBRATED_MIN)
        tanker = np.where(np.isnan(hulls.p_tanker), 0.0, logit)
        self._tanker = np.stack([tanker, tanker, -tanker, -tanker], -1)
        self._vessel = np.stack([vessel, vessel, vessel, -vessel], -1)
        east = hulls.east_m[:, None] - hulls.east_m
        north = hulls.north_m[:, None] - hulls.north_m
        squared = east**2 + north**2
        self._same_berth = _circular_normal(squared, BERTH_SIGMA_M)
        # As wide as for one ship: where all hulls lie at one berth, position then has no weight.
        density = self._same_berth.mean(1) if len(vessel) else np.zeros(0)
        self._first_position = np.log(0.9 * density + 0.1 / PORT_AREA_M2)

    def differ(self, first: int, second: int) -> bool:
        """Whether two lengths cannot be one ship's: more than four standard deviations apart."""
        gap = self.hulls.length_m[first] - self.hulls.length_m[second]
        variance = self._length_variance[first] + self._length_variance[second]
        return bool(gap**2 > 16.0 * variance)

    def log_density(self, track: tuple[int, ...]) -> Floats:
        """Log density of a track's marks by class, (4,).

        Parameters
        ----------
        track
            Detections of one ship in the order of time.

        """
        rows = list(track)
        hulls = self.hulls
        length = log_density_of_one(
            hulls.length_m[rows], self._length_variance[rows], CLASS_LENGTH_M, CLASS_LENGTH_SIGMA_M
        )
        beam_mean = BEAM_PER_LENGTH * hulls.length_m[rows].mean()
        beam = log_density_of_one(
            hulls.beam_m[rows],
            hulls.beam_sigma_m[rows] ** 2,
            np.full(1, beam_mean),
            np.full(1, BEAM_SIGMA_M),
        )
        effective = 1 / (1 + (len(rows) - 1) / 2)
        # At even odds a calibrated p is half its likelihood over the mean of both; whether
        # detections are one ship or several then makes no difference to their weight.
        scores = log_expit(self._tanker[rows].sum(0) * effective)
        scores += log_expit(self._vessel[rows].sum(0) * effective) + 2 * len(rows) * np.log(2)
        position = self._first_position[rows[0]] + self._moves(rows)
        total: Floats = length + beam + scores + position
        return total

    def _moves(self, rows: list[int]) -> float:
        near = self._same_berth[rows[:-1], rows[1:]]
        return float(np.log((1 - P_SHIFTED) * near + P_SHIFTED / PORT_AREA_M2).sum())


def log_density_of_one(values: Floats, variance: Floats, mean: Floats, sigma: Floats) -> Floats:
    """Log density of independent measurements of one quantity that is itself normal.

    Parameters
    ----------
    values, variance
        Measurements and the variance of their errors, (n,).
    mean, sigma
        Of the quantity, one for each class, (classes,).

    Returns
    -------
    array
        (classes,)

    """
    precision = (1 / variance).sum()
    about = values - mean[:, None]
    pull = (about / variance).sum(-1)
    off = (about**2 / variance).sum(-1) - pull**2 / (precision + 1 / sigma**2)
    scale = np.log1p(sigma**2 * precision) + np.log(2 * np.pi * variance).sum()
    logs: Floats = -0.5 * (off + scale)
    return logs


def _circular_normal(squared: Floats, sigma: float) -> Floats:
    density: Floats = np.exp(-squared / (2 * sigma**2)) / (2 * np.pi * sigma**2)
    return density


def _logit(p: Floats, least: Floats | float) -> Floats:
    bounded = np.clip(p, least, 1 - least)
    return np.log(bounded / (1 - bounded))
