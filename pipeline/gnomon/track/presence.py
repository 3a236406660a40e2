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

Priors are those of a traffic file (`gnomon.datamodel.traffic`): stays of tankers are of two kinds
(`gnomon.track.classes`), below and above the usual dwell, each lognormal; residents stay so long
that hardly one leaves within a week; detection of each class of sensor is beta. A detector whose
recall was measured (`gnomon.datamodel.recall`) has a prior of its own instead, around what it found
elsewhere and as wide as that differs from port to port. What stays has a probability of its own. No
prior depends on the number of visits or on the direction of trade.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, norm
from scipy.stats.qmc import Sobol

from gnomon.datamodel.recall import Recall
from gnomon.datamodel.traffic import PHASES_MAX, DetectionPrior, Traffic
from gnomon.track.classes import DWELL_KIND, FIXTURE, PERMANENT, RESIDENT, SHIPS
from gnomon.track.classes import NAMES as CLASS_NAMES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PHASES = PHASES_MAX
SENSOR_CLASSES = ("optical, coarse", "radar", "optical, 3 m", "optical, sub-metre")
"""Observations of one class share a probability of detection."""
COARSE, RADAR, MEDIUM, FINE = range(4)
NAMES = ("optical_coarse", "radar", "optical_medium", "optical_fine")
"""Of the sensor classes in a traffic file."""


def sensor_class(sensor: str, gsd_m: float) -> int:
    """Place in `SENSOR_CLASSES` of a sensor and its pixel size."""
    if sensor == "sar":
        return RADAR
    return FINE if gsd_m < 1.5 else MEDIUM if gsd_m < 6 else COARSE


@dataclass(frozen=True)
class PriorSample:
    """Parameter values, one row a member."""

    mean_days: Floats
    """(members, kinds): dwell by `gnomon.track.classes.DWELL_KINDS`."""
    phases: Ints
    """(members, kinds): shape of the gamma distribution of dwell."""
    detection: Floats
    """(members, sensor classes and cards): probability of detection of a ship of the reference
    length."""
    recurrence: Floats
    """(members, 2): probability that an optical image that shows what stays takes it for a ship: a
    vessel, and a fixture."""


def sample_prior(size: int, traffic: Traffic, *, cards: Sequence[Recall] = ()) -> PriorSample:
    """Spread parameter values evenly over their priors.

    Parameters
    ----------
    size
        Number of members.
    traffic
        The priors.
    cards
        Of detectors whose recall was measured: each has a probability of its own.

    """
    even = Sobol(13 + len(cards), seed=1).random_base2(int(np.ceil(np.log2(size))))[:size]
    for_mean, for_shape, for_detection, for_recurrence, own = np.split(even, [4, 7, 11, 13], 1)
    dwell, residents, sees = traffic.dwell, traffic.residents, traffic.detection
    usual = dwell.days * np.array([dwell.straight_in, dwell.waiting, dwell.other])
    factor = np.array([dwell.factor, dwell.factor, dwell.other_factor, residents.factor])
    mean = np.r_[usual, residents.days] * np.exp(np.log(factor) * norm.ppf(for_mean))
    mean = np.concatenate([mean, np.full((size, 1), residents.permanent_days)], 1)
    phases = np.array(dwell.shapes)[(for_shape * len(dwell.shapes)).astype(int)]
    phases = np.concatenate([phases, np.tile([residents.shape, 1], (size, 1))], 1)
    p, sigma = (_by_sensor(sees, name) for name in ("mean", "sigma"))
    count = p * (1 - p) / sigma**2 - 1
    detection = beta.ppf(for_detection, p * count, (1 - p) * count)
    measured = [card.at(sees.reference_length_m, sees.berths) for card in cards]
    of_cards = [one.quantile(even) for one, even in zip(measured, own.T, strict=True)]
    detection = np.column_stack([detection, *of_cards])
    first, second = np.array([residents.recurrence, residents.fixture_recurrence]).T
    recurrence = beta.ppf(for_recurrence, first, second)
    return PriorSample(mean, phases, detection, recurrence)


def _by_sensor(detection: DetectionPrior, name: str) -> Floats:
    """Values of one name, by sensor class."""
    return np.array([getattr(getattr(detection, sensor), name) for sensor in NAMES])


def relative_detection(sensor_classes: Ints, length_m: float, detection: DetectionPrior) -> Floats:
    """Probability of detection at a length over that at the reference length, by observation."""
    limit = _by_sensor(detection, "length_limit_m")[sensor_classes]
    width = _by_sensor(detection, "length_width_m")[sensor_classes]
    ratio: Floats = (1 + np.exp(-(detection.reference_length_m - limit) / width)) / (
        1 + np.exp(-(length_m - limit) / width)
    )
    return ratio


def _relative_recall(card: Recall, lengths_m: Sequence[float], sees: DetectionPrior) -> Floats:
    """As `relative_detection`, by the card of a detector; (lengths,)."""
    reference = card.at(sees.reference_length_m, sees.berths).mean
    return np.array([card.at(length, sees.berths).mean for length in lengths_m]) / reference


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

    def of_member(self, member: int) -> "PresenceLikelihood":
        """Likelihoods under one member; the axis of members stays."""
        one = slice(member, member + 1)
        return PresenceLikelihood(
            day=self.day,
            rate=self.rate[one],
            phase_exists=self.phase_exists[one],
            log_odds=self.log_odds[:, one],
            log_missed=self.log_missed[:, one],
            alpha=self.alpha[:, one],
            beta=self.beta[:, one],
            detectable_days=self.detectable_days[one],
            total_days=self.total_days[one],
        )

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
        first, last = int(observation[0]), int(observation[-1])
        total = self.log_dwell(first, last) + self.log_odds[observation].sum(0)
        total += self.log_missed[last + 1] - self.log_missed[first]
        return total

    def log_dwell(self, first: Ints | int, last: Ints | int) -> Floats:
        """Logarithm of alpha E beta between observations; (..., members, classes)."""
        days = np.asarray(self.day[last] - self.day[first])[..., None, None]
        passed = phases_passed(self.rate, days)
        alpha, beta = self.alpha[first], self.beta[last] * self.phase_exists
        total = np.zeros(passed.shape[:-1])
        for begun in range(PHASES):
            span = PHASES - begun
            total += passed[..., begun] * (alpha[..., :span] * beta[..., begun:]).sum(-1)
        logs: Floats = np.log(np.maximum(total, 1e-300))
        return logs

    def detected_if_arrived(self, day: float) -> Floats:
        """Chance that a ship which arrives on a day is ever detected, (members, classes)."""
        following = int(np.searchsorted(self.day, day))
        if following == len(self.day):
            return np.zeros_like(self.rate)
        passed = phases_passed(self.rate, self.day[following] - day)
        missed = np.exp(self.log_missed[following + 1] - self.log_missed[following])
        # What is still in port at the next observation is detected in it or later.
        found = (1 - missed[..., None] * self.beta[following]) * self.phase_exists
        chance: Floats = (passed * found).sum(-1)
        return chance


def phases_passed(rate: Floats, days: Floats | float) -> Floats:
    """Poisson chances that 0 to PHASES - 1 phases pass, along a new last axis."""
    mean = rate * days
    parts = [np.exp(-mean)]
    for count in range(1, PHASES):
        parts.append(parts[-1] * mean / count)
    return np.stack(parts, -1)


def chance_of_detection(
    prior: PriorSample,
    traffic: Traffic,
    *,
    sensor_classes: Ints,
    usable: Floats,
    detector: Ints | None = None,
    cards: Sequence[Recall] = (),
) -> Floats:
    """Chance that what lies in port is detected, (observations, members, classes).

    Parameters
    ----------
    prior, traffic, sensor_classes, usable, detector, cards
        As in `presence_likelihood`.

    """
    detector = sensor_classes if detector is None else detector
    lengths = [getattr(traffic.classes, name).typical_length_m for name in CLASS_NAMES[SHIPS]]
    relative = np.stack(
        [relative_detection(sensor_classes, m, traffic.detection) for m in lengths], -1
    )
    for number, card in enumerate(cards, start=len(SENSOR_CLASSES)):
        relative[detector == number] = _relative_recall(card, lengths, traffic.detection)
    p: Floats = prior.detection[:, detector].T[..., None] * relative[:, None, :]
    # What stays looks alike in every image: what was found once is found again, however many ships
    # the detector misses.
    radar = sensor_classes == RADAR
    vessel, fixture = prior.recurrence.T
    p[~radar, :, RESIDENT] = p[~radar, :, PERMANENT] = vessel
    p[~radar, :, FIXTURE] = fixture
    p[radar, :, FIXTURE] = traffic.residents.radar_takes_fixture
    return np.clip(p * usable[:, None, None], 0, 0.995)


def presence_likelihood(
    prior: PriorSample,
    traffic: Traffic,
    *,
    day: Floats,
    sensor_classes: Ints,
    usable: Floats,
    start_day: float,
    end_day: float,
    detector: Ints | None = None,
    cards: Sequence[Recall] = (),
) -> PresenceLikelihood:
    """Run both recursions.

    Parameters
    ----------
    prior
        Parameter values.
    traffic
        How detection depends on length, and how long the ships of each class are.
    day, sensor_classes, usable
        Observations, sorted by time: days, places in `SENSOR_CLASSES`, usable fraction of the
        berths.
    start_day, end_day
        The period; ships may be in port when it begins and when it ends.
    detector, cards
        Of observations whose detector has a card: its number beyond the sensor classes
        (`gnomon.track.sightings.PortObservations`). Their sensor classes, where no card is known.

    """
    rate = (prior.phases / prior.mean_days)[:, DWELL_KIND]
    exists = np.arange(PHASES) < prior.phases[:, DWELL_KIND][..., None]
    p = chance_of_detection(
        prior,
        traffic,
        sensor_classes=sensor_classes,
        usable=usable,
        detector=detector,
        cards=cards,
    )
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
        total_days=(end_day - start_day) + prior.mean_days[:, DWELL_KIND],
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
