"""Likelihood that a ship in port is detected in some observations and missed in others.

Ships of a class arrive as a Poisson process and stay for a gamma time. With an integer shape k that
time is k exponential phases one after the other, and a visit becomes a Markov chain: if m phases
begin in a time t, m is Poisson with mean k t / mean. The likelihood of a track of detections, with
arrival, dwell and departure integrated out, is then

    alpha_i  E(t_j - t_i)  beta_j   product of p or 1 - p over the observations between,

alpha_i being the density of having arrived and not been detected before observation i, by phase; E
the passage of time; beta_j the chance of not being detected after observation j. Both follow by one
recursion over the observations, for all parameters at once. The sum over phases is exact, also
where observations are dense or missing (Rabiner 1989, Proc. IEEE 77, hidden semi-Markov chains; by
phases: Cox & Miller 1965, The Theory of Stochastic Processes, section 6).

Parameters are a fixed quasi-random sample of their priors (Sobol): mean dwell, shape, and the
probability of detection of each class of sensor. The data then weight its members. The same
probability holds for ships of all lengths up to a known logistic curve of length.

Priors: mean dwell lognormal around 2.5 days with a factor of 1.35 (90 % from 1.5 to 4.1 days, as in
press reports of calls at Vostochny; an option of a study); shape one of 2, 3, 4, 6, because
waiting, mooring, loading and papers follow each other and dwell times are not exponential;
detection of each class of sensor beta around `DETECTION_MEAN`. No prior depends on the number of
visits or on the direction of trade.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, norm
from scipy.stats.qmc import Sobol

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PHASES = 6
SHAPES = np.array([2, 3, 4, 6])
TANKER_DWELL, OTHER_DWELL = range(2)
"""Places on the last axis of dwell parameters."""

SENSOR_CLASSES = ("optical, coarse", "radar", "optical, 3 m", "optical, sub-metre")
"""Observations of one class share a probability of detection."""
COARSE, RADAR, MEDIUM, FINE = range(4)
DETECTION_MEAN = np.array([0.87, 0.85, 0.92, 0.97])
"""Probability that a visible ship of 90 m is detected, by sensor class."""
DETECTION_SIGMA = np.array([0.06, 0.06, 0.04, 0.015])
LENGTH_LIMIT_M = np.array([45.0, 42.0, 20.0, 4.0])
"""Half of the ships of this length are detected; a logistic curve of this width."""
LENGTH_WIDTH_M = np.array([12.0, 12.0, 7.0, 3.0])


def sensor_class(sensor: str, gsd_m: float) -> int:
    """Place in `SENSOR_CLASSES` of a sensor and its pixel size."""
    if sensor == "sar":
        return RADAR
    return FINE if gsd_m < 1.5 else MEDIUM if gsd_m < 6 else COARSE


@dataclass(frozen=True)
class PriorSample:
    """Parameter values, one row a member."""

    mean_days: Floats
    """(members, 2): dwell of tankers, and of other ships."""
    phases: Ints
    """(members, 2): shape of the gamma distribution of dwell."""
    detection: Floats
    """(members, sensor classes): probability of detection of a ship of 90 m."""


def sample_prior(size: int, *, dwell_days: float, dwell_factor: float) -> PriorSample:
    """Spread parameter values evenly over their priors.

    Parameters
    ----------
    size
        Number of members.
    dwell_days, dwell_factor
        As in `gnomon.datamodel.study.TrackOptions`.

    """
    even = Sobol(8, seed=1).random_base2(int(np.ceil(np.log2(size))))[:size]
    for_mean, for_shape, for_detection = np.split(even, [2, 4], axis=1)
    mean = dwell_days * np.exp(np.log(dwell_factor) * norm.ppf(for_mean))
    phases = SHAPES[(for_shape * len(SHAPES)).astype(int)]
    count = DETECTION_MEAN * (1 - DETECTION_MEAN) / DETECTION_SIGMA**2 - 1
    detection = beta.ppf(for_detection, DETECTION_MEAN * count, (1 - DETECTION_MEAN) * count)
    return PriorSample(mean, phases, detection)


def relative_detection(sensor_classes: Ints, length_m: float) -> Floats:
    """Probability of detection at a length over that at 90 m, by observation."""
    limit, width = LENGTH_LIMIT_M[sensor_classes], LENGTH_WIDTH_M[sensor_classes]
    ratio: Floats = (1 + np.exp(-(90.0 - limit) / width)) / (
        1 + np.exp(-(length_m - limit) / width)
    )
    return ratio


@dataclass(frozen=True)
class PresenceLikelihood:
    """Likelihoods of ships of some classes in one port's observations; see the module's head.

    Arrays are (observations, members, classes), with a last axis of phases where stated.
    """

    day: Floats
    """(observations,)"""
    rate: Floats
    """(members, classes): phases a day."""
    phase_exists: NDArray[np.bool_]
    """(members, classes, phases)"""
    log_odds: Floats
    """Of detection: log p / (1 - p)."""
    log_missed: Floats
    """Cumulative over observations, with a zero row first: sum of log (1 - p)."""
    alpha: Floats
    """With phases."""
    beta: Floats
    """With phases."""
    detectable_days: Floats
    """(members, classes): days of arrivals times their chance of being detected at least once."""
    total_days: Floats
    """(members, classes): days of arrivals whose dwell touches the period."""

    def log_track(self, observation: Ints) -> Floats:
        """Log likelihood, per day of arrival, of being detected in exactly these observations.

        Parameters
        ----------
        observation
            Indices in the order of time.

        Returns
        -------
        array
            (members, classes)

        """
        first, last = observation[[0]], observation[[-1]]
        total = self.log_dwell(first, last)[0] + self.log_odds[observation].sum(0)
        total += self.log_missed[last[0] + 1] - self.log_missed[first[0]]
        return total

    def log_dwell(self, first: Ints, last: Ints) -> Floats:
        """Logarithm of alpha E beta for pairs of observations; (pairs, members, classes)."""
        passed = phases_passed(self.rate, (self.day[last] - self.day[first])[:, None, None])
        alpha, beta = self.alpha[first], self.beta[last] * self.phase_exists
        total = np.zeros(passed.shape[:-1])
        for begun in range(PHASES):
            span = PHASES - begun
            total += passed[..., begun] * (alpha[..., :span] * beta[..., begun:]).sum(-1)
        logs: Floats = np.log(np.maximum(total, 1e-300))
        return logs


def phases_passed(rate: Floats, days: Floats | float) -> Floats:
    """Poisson chances that 0 to PHASES - 1 phases pass, along a new last axis."""
    mean = rate * days
    parts = [np.exp(-mean)]
    for count in range(1, PHASES):
        parts.append(parts[-1] * mean / count)
    return np.stack(parts, -1)


def presence_likelihood(
    prior: PriorSample,
    *,
    day: Floats,
    sensor_classes: Ints,
    usable: Floats,
    lengths_m: tuple[float, ...],
    tankers: tuple[bool, ...],
    start_day: float,
    end_day: float,
) -> PresenceLikelihood:
    """Run both recursions.

    Parameters
    ----------
    prior
        Parameter values.
    day, sensor_classes, usable
        Observations, sorted by time: days, places in `SENSOR_CLASSES`, usable fraction of the
        berths.
    lengths_m, tankers
        Classes of ships: typical length, and whether they dwell like tankers or like others.
    start_day, end_day
        The period; ships may be in port when it begins and when it ends.

    """
    which = np.where(tankers, TANKER_DWELL, OTHER_DWELL)
    rate = (prior.phases / prior.mean_days)[:, which]
    exists = np.arange(PHASES) < prior.phases[:, which][..., None]
    relative = np.stack([relative_detection(sensor_classes, m) for m in lengths_m], -1)[:, None, :]
    p = usable[:, None, None] * prior.detection[:, sensor_classes].T[..., None] * relative
    p = np.clip(p, 0, 0.995)
    alpha, detectable = _forward(rate, exists, p, day, start_day)
    return PresenceLikelihood(
        day=day,
        rate=rate,
        phase_exists=exists,
        # Where an observation without usable pixels has a detection, its mask was wrong.
        log_odds=np.log(np.maximum(p, 0.02)) - np.log1p(-p),
        log_missed=np.concatenate([np.zeros((1, *rate.shape)), np.log1p(-p).cumsum(0)]),
        alpha=alpha,
        beta=_backward(rate, exists, p, day),
        detectable_days=detectable,
        total_days=(end_day - start_day) + prior.mean_days[:, which],
    )


def _forward(
    rate: Floats, exists: NDArray[np.bool_], p: Floats, day: Floats, start_day: float
) -> tuple[Floats, Floats]:
    """Density of ships in port and not yet detected, by phase, at each observation; their days."""
    alpha = np.empty((len(day), *exists.shape))
    # Before the period ships came and went at the same rate: a mean phase each, everywhere.
    present = exists / rate[..., None]
    detectable = np.zeros(rate.shape)
    before = start_day
    for observation, time in enumerate(day):
        passed = phases_passed(rate, time - before)
        arrived = (1 - passed.cumsum(-1)) / rate[..., None]
        present = (_advance(present, passed) + np.maximum(arrived, 0)) * exists
        alpha[observation] = present
        detectable += p[observation] * present.sum(-1)
        present = present * (1 - p[observation])[..., None]
        before = time
    return alpha, detectable


def _advance(present: Floats, passed: Floats) -> Floats:
    out = np.zeros_like(present)
    for begun in range(PHASES):
        out[..., begun:] += present[..., : PHASES - begun] * passed[..., begun, None]
    return out


def _backward(rate: Floats, exists: NDArray[np.bool_], p: Floats, day: Floats) -> Floats:
    """Chance of not being detected in any later observation, by phase at this one."""
    beta = np.ones((len(day), *exists.shape))
    for observation in range(len(day) - 2, -1, -1):
        passed = phases_passed(rate, day[observation + 1] - day[observation])
        # One, less what is still in port and then detected.
        risk = (1 - (1 - p[observation + 1])[..., None] * beta[observation + 1]) * exists
        lost = np.zeros_like(risk)
        for begun in range(PHASES):
            lost[..., : PHASES - begun] += passed[..., begun, None] * risk[..., begun:]
        beta[observation] = 1 - lost
    return beta
