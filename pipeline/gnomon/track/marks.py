"""What sizes, scores and places of detections say of whether they are one ship, and of which class.

Lengths of one ship are normal around its own, which is normal over its class; integrated out, that
is a normal with a common part. The same for beams. A hull at its moorings does not move: the place
of a detection given the one before is normal with `BERTH_SIGMA_M`, or anywhere if the ship shifted;
the place of the first is as likely as the places where ships of this port lie. ``p_tanker`` and
``score`` are calibrated at even odds, so p / (1 - p) is a likelihood ratio; repeated looks at one
ship err alike, and n of them count as ``n / (1 + (n - 1) / 2)``.

Sizes of classes: small tankers as in the register (`configs/fleet.csv`: 1,000 to 9,000 t, press
measurements of 85 to 100 m), in two halves; others as cargo ships and larger tankers of any port.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LENGTH_M = np.array([[75.0, 8.0], [100.0, 13.0], [135.0, 45.0], [110.0, 50.0]])
"""Mean and deviation by class: short and long small tankers, others, false alarms."""
SMALL_M = (88.0, 18.0)
"""Of small tankers, short and long together."""
BEAM_PER_LENGTH, BEAM_SIGMA_M = 0.157, 3.5
MODEL_SIGMA_M = 2.0
"""Error of a length that its sigma does not know of: bows cut off, sterns lost in glare."""
BERTH_SIGMA_M = 35.0
"""Between two looks at one moored hull: geolocation, and the centre of what is visible."""
SHIFTED = 0.1
"""Chance that a ship was moved between two looks, to anywhere within `ROOM_M2`."""
ROOM_M2 = 1.5e6


@dataclass(frozen=True)
class Hulls:
    """Detections of one port as arrays of shape (detections,), sorted by time."""

    observation: Ints
    day: Floats
    east_m: Floats
    north_m: Floats
    length_m: Floats
    length_sigma_m: Floats
    beam_m: Floats
    beam_sigma_m: Floats
    score: Floats
    p_tanker: Floats
    """NaN where nobody said."""
    log_lr_laden: Floats
    """NaN where nobody said."""


class Marks:
    """Log densities of the marks of tracks."""

    def __init__(self, hulls: Hulls) -> None:
        self.hulls = hulls
        self._length_variance = hulls.length_sigma_m**2 + MODEL_SIGMA_M**2
        logit = _logit(np.nan_to_num(hulls.p_tanker, nan=0.5))
        real = _logit(hulls.score)
        kind = np.where(np.isnan(hulls.p_tanker), 0.0, logit)
        self._tanker = np.stack([kind, kind, -kind, -kind], -1)
        self._real = np.stack([real, real, real, -real], -1)
        east = hulls.east_m[:, None] - hulls.east_m
        north = hulls.north_m[:, None] - hulls.north_m
        squared = east**2 + north**2
        self._close = _round(squared, BERTH_SIGMA_M)
        # The same width as for one ship: that all lie at one place then says nothing.
        here = self._close.mean(1) if len(real) else np.zeros(0)
        self._start = np.log(0.9 * here + 0.1 / ROOM_M2)

    def apart(self, one: int, two: int) -> bool:
        """Whether two lengths cannot be one ship's."""
        gap = self.hulls.length_m[one] - self.hulls.length_m[two]
        variance = self._length_variance[one] + self._length_variance[two]
        return bool(gap**2 > 16.0 * variance)

    def of(self, track: tuple[int, ...]) -> Floats:
        """Log density of a track's marks by class."""
        rows = list(track)
        hulls = self.hulls
        length = _common(hulls.length_m[rows], self._length_variance[rows], *LENGTH_M.T)
        beam_mean = BEAM_PER_LENGTH * hulls.length_m[rows].mean()
        spread = np.full(1, BEAM_SIGMA_M)
        beam = _common(
            hulls.beam_m[rows], hulls.beam_sigma_m[rows] ** 2, np.full(1, beam_mean), spread
        )
        worth = 1 / (1 + (len(rows) - 1) / 2)
        # At even odds a calibrated p is half its likelihood over the mean of both; whether
        # detections are one ship or several then makes no difference to what they weigh.
        words = log_expit(self._tanker[rows].sum(0) * worth)
        words += log_expit(self._real[rows].sum(0) * worth) + 2 * len(rows) * np.log(2)
        where = self._start[rows[0]] + self._steps(rows)
        total: Floats = length + beam + words + where
        return total

    def _steps(self, rows: list[int]) -> float:
        near = self._close[rows[:-1], rows[1:]]
        return float(np.log((1 - SHIFTED) * near + SHIFTED / ROOM_M2).sum())


def _round(squared: Floats, sigma: float) -> Floats:
    density: Floats = np.exp(-squared / (2 * sigma**2)) / (2 * np.pi * sigma**2)
    return density


def _logit(p: Floats) -> Floats:
    bounded = np.clip(p, 0.001, 0.999)
    return np.log(bounded / (1 - bounded))


def _common(values: Floats, variance: Floats, mean: Floats, sigma: Floats) -> Floats:
    """Log density of measurements of one thing that is normal itself; one for each mean."""
    worth = (1 / variance).sum()
    about = values - mean[:, None]
    pull = (about / variance).sum(-1)
    off = (about**2 / variance).sum(-1) - pull**2 / (worth + 1 / sigma**2)
    scale = np.log1p(sigma**2 * worth) + np.log(2 * np.pi * variance).sum()
    logs: Floats = -0.5 * (off + scale)
    return logs
