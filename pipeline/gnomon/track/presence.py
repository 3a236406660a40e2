"""The chance that a ship which comes and goes is seen in some looks and not in others.

Ships of a class come as a Poisson process and stay for a gamma time. With a whole shape k that
time is k exponential phases one after the other, and a stay becomes a Markov chain: if m phases
begin in a time t, m is Poisson with mean k t / mean. All that a track of detections says about
arrival, stay and departure is then

    alpha_i  E(t_j - t_i)  beta_j   product of p or 1 - p over the looks between,

alpha_i the density of having come and not been seen before look i, by phase; E the passage of time;
beta_j the chance of not being seen after look j. Both follow by one recursion over the looks, for
every set of parameters of a bank at once. That sum over phases is exact, also where looks are dense
or missing (Rabiner 1989, semi-Markov chains by phases: Cox & Miller 1965, section 6).

The bank is a fixed set of parameter values spread evenly over their priors (Sobol): mean stay,
shape, and the chance of detection of each kind of look. The data then weigh its members. The same
chance holds for ships of all lengths up to a known logistic curve of length.

Priors: mean stay lognormal around 2.5 days with a factor of 1.35 (nine in ten from 1.5 to 4.1 days,
as in press reports of calls at Vostochny; an option of a study); shape one of 2, 3, 4, 6, because
waiting, mooring, loading and papers follow each other and stays are not exponential; detection of
each kind of look beta around the values of `DETECTION`. No prior knows how many visits there are
to be, nor which way the oil goes.
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
KINDS = ("optical, coarse", "radar", "optical, 3 m", "optical, sub-metre")
"""Kinds of look, which share a chance of detection."""
DETECTION = np.array([[0.87, 0.06], [0.85, 0.06], [0.92, 0.04], [0.97, 0.015]])
"""Mean and deviation of the chance that a ship of 90 m that can be seen is told, by kind."""
LENGTH_LIMIT_M = np.array([45.0, 42.0, 20.0, 4.0])
LENGTH_WIDTH_M = np.array([12.0, 12.0, 7.0, 3.0])
"""Logistic of length: half of the ships of this length are told."""


def kind_of(sensor: str, gsd_m: float) -> int:
    """Kind of a look, a place in `KINDS`."""
    if sensor == "sar":
        return 1
    return 3 if gsd_m < 1.5 else 2 if gsd_m < 6 else 0


@dataclass(frozen=True)
class Bank:
    """Parameter values, one row a member."""

    mean_days: Floats
    """(members, 2): stays of tankers, and of other ships."""
    phases: Ints
    """(members, 2)."""
    detection: Floats
    """(members, kinds), of a ship of 90 m."""


def bank(size: int, *, dwell_days: float = 2.5, dwell_factor: float = 1.35) -> Bank:
    """Spread parameter values evenly over their priors."""
    even = Sobol(8, seed=1).random_base2(int(np.ceil(np.log2(size))))[:size]
    mean = dwell_days * np.exp(np.log(dwell_factor) * norm.ppf(even[:, :2]))
    phases = SHAPES[(even[:, 2:4] * len(SHAPES)).astype(int)]
    middle, sigma = DETECTION.T
    count = middle * (1 - middle) / sigma**2 - 1
    chance = beta.ppf(even[:, 4:8], middle * count, (1 - middle) * count)
    return Bank(mean, phases, chance)


def reach(kind: Ints, length_m: float) -> Floats:
    """Chance of detection at a length over that at 90 m, by look."""
    limit, width = LENGTH_LIMIT_M[kind], LENGTH_WIDTH_M[kind]
    ratio: Floats = (1 + np.exp(-(90.0 - limit) / width)) / (
        1 + np.exp(-(length_m - limit) / width)
    )
    return ratio


@dataclass(frozen=True)
class Presence:
    """What a bank says of ships of some classes in one port's looks; see the module's head.

    Arrays are (looks, members, classes) with a last axis of phases where that is said.
    """

    day: Floats
    """(looks,)"""
    rate: Floats
    """(members, classes): phases a day."""
    inside: NDArray[np.bool_]
    """(members, classes, phases): phases that exist."""
    log_odds: Floats
    """Of detection: log p / (1 - p)."""
    log_missed: Floats
    """Cumulative over looks, with a zero row first: sum of log (1 - p)."""
    alpha: Floats
    """With phases."""
    beta: Floats
    """With phases."""
    seen_days: Floats
    """(members, classes): days of arrivals times their chance of being seen at all."""
    all_days: Floats
    """(members, classes): days of arrivals whose stay touches the period."""

    def log_stay(self, first: Ints, last: Ints) -> Floats:
        """Logarithm of alpha E beta for pairs of looks; shape (pairs, members, classes)."""
        passed = poisson(self.rate, (self.day[last] - self.day[first])[:, None, None])
        inside_alpha, left = self.alpha[first], self.beta[last] * self.inside
        total = np.zeros(passed.shape[:-1])
        for begun in range(PHASES):
            span = PHASES - begun
            total += passed[..., begun] * (inside_alpha[..., :span] * left[..., begun:]).sum(-1)
        logs: Floats = np.log(np.maximum(total, 1e-300))
        return logs


def poisson(rate: Floats, days: Floats | float) -> Floats:
    """Chances of 0 to PHASES - 1 events, along a new last axis."""
    mean = rate * days
    parts = [np.exp(-mean)]
    for count in range(1, PHASES):
        parts.append(parts[-1] * mean / count)
    return np.stack(parts, -1)


def presence(
    members: Bank,
    *,
    day: Floats,
    kind: Ints,
    usable: Floats,
    lengths_m: tuple[float, ...],
    tankers: tuple[bool, ...],
    start_day: float,
    end_day: float,
) -> Presence:
    """Run both recursions.

    Parameters
    ----------
    members
        The bank.
    day, kind, usable
        Looks, sorted by time: days, places in `KINDS`, visible fraction of the berths.
    lengths_m, tankers
        Classes of ships: typical length, and whether they stay like tankers or like others.
    start_day, end_day
        The period; ships may be there when it begins and when it ends.

    """
    who = np.where(tankers, 0, 1)
    rate = (members.phases / members.mean_days)[:, who]
    inside = np.arange(PHASES) < members.phases[:, who][..., None]
    chance = np.stack([reach(kind, length) for length in lengths_m], -1)[:, None, :]
    chance = np.clip(
        usable[:, None, None] * members.detection[:, kind].T[..., None] * chance, 0, 0.995
    )
    alpha, seen = _forward(rate, inside, chance, day, start_day)
    return Presence(
        day=day,
        rate=rate,
        inside=inside,
        # A detection where nothing could be seen: the mask was wrong, not the ship a miracle.
        log_odds=np.log(np.maximum(chance, 0.02)) - np.log1p(-chance),
        log_missed=np.concatenate([np.zeros((1, *rate.shape)), np.log1p(-chance).cumsum(0)]),
        alpha=alpha,
        beta=_backward(rate, inside, chance, day),
        seen_days=seen,
        all_days=(end_day - start_day) + members.mean_days[:, who],
    )


def _forward(
    rate: Floats, inside: NDArray[np.bool_], chance: Floats, day: Floats, start_day: float
) -> tuple[Floats, Floats]:
    """Density of ships there and not yet seen, by phase, before each look; and days seen."""
    alpha = np.empty((len(day), *inside.shape))
    # Before the period ships came and went at the same rate: a mean phase each, everywhere.
    now = inside / rate[..., None]
    seen = np.zeros(rate.shape)
    before = start_day
    for observation, time in enumerate(day):
        passed = poisson(rate, time - before)
        fresh = (1 - passed.cumsum(-1)) / rate[..., None]
        now = (_moved(now, passed) + np.maximum(fresh, 0)) * inside
        alpha[observation] = now
        seen += chance[observation] * now.sum(-1)
        now = now * (1 - chance[observation])[..., None]
        before = time
    return alpha, seen


def _moved(now: Floats, passed: Floats) -> Floats:
    out = np.zeros_like(now)
    for begun in range(PHASES):
        out[..., begun:] += now[..., : PHASES - begun] * passed[..., begun, None]
    return out


def _backward(rate: Floats, inside: NDArray[np.bool_], chance: Floats, day: Floats) -> Floats:
    """Chance of not being seen in any later look, by phase at this one."""
    beta = np.ones((len(day), *inside.shape))
    for observation in range(len(day) - 2, -1, -1):
        passed = poisson(rate, day[observation + 1] - day[observation])
        # One, less what is still there and then seen.
        risk = (1 - (1 - chance[observation + 1])[..., None] * beta[observation + 1]) * inside
        lost = np.zeros_like(risk)
        for begun in range(PHASES):
            lost[..., : PHASES - begun] += passed[..., begun, None] * risk[..., begun:]
        beta[observation] = 1 - lost
    return beta
