"""Traffic by the week: visits that no observation detected, where arrivals come in bursts.

Arrivals of tankers in a week are Poisson with a mean that is the season's rate times the traffic of
that week, which is gamma distributed with a mean of one. The shape of the gamma distribution, from
bursts (0.5) to even traffic (64), is drawn given the visits detected in each week: these are then
negative binomial. Given the shape k, the traffic of a week with ``n`` detected visits, where mean
traffic would have had ``m``, is gamma with shape ``k + n`` and rate ``k + m``; its undetected
visits are Poisson. So a week of clear images without a ship has hardly any undetected visit, and a
week without images has what the season's traffic and its bursts leave open.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from gnomon.track.classes import SHIPS, TANKERS
from gnomon.track.linking import PartitionDraw
from gnomon.track.presence import PresenceLikelihood

Floats = NDArray[np.float64]

WEEK_DAYS = 7.0
STEP_DAYS = 0.5
"""Longest step of the sum over moments of arrival."""
SHAPES_OF_TRAFFIC = np.array([0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 64.0])
"""Equally likely before anything is seen."""


@dataclass(frozen=True)
class WeeklyExposure:
    """Days of arrivals of tankers in each week, and their part that is detected.

    Before the first week stands the time before the period, whose arrivals may be in port when it
    begins. Arrays are (weeks + 1, members, classes of tankers).
    """

    total_days: Floats
    detectable_days: Floats


def weekly_exposure(presence: PresenceLikelihood, *, days: float) -> WeeklyExposure:
    """Exposure of each week of a period.

    Parameters
    ----------
    presence
        Of the port's observations.
    days
        Length of the period.

    """
    tankers = np.flatnonzero(TANKERS[SHIPS])
    weeks = max(int(np.ceil(days / WEEK_DAYS)), 1)
    # The chance of being detected jumps at each observation: no step contains one.
    within = presence.day[(presence.day > 0) & (presence.day < days)]
    edges = np.unique(np.r_[np.arange(0.0, days, STEP_DAYS), within, days])
    middles, steps = (edges[1:] + edges[:-1]) / 2, np.diff(edges)[:, None, None]
    week = np.minimum((middles / WEEK_DAYS).astype(int), weeks - 1) + 1
    in_port = presence.total_days[:, tankers]
    total, of_week = np.zeros((2, weeks + 1, *in_port.shape))
    # A period of one image has no steps.
    if len(middles):
        chance = np.array([presence.detected_if_arrived(t)[:, tankers] for t in middles])
        np.add.at(total, week, steps + np.zeros_like(chance))
        np.add.at(of_week, week, steps * chance)
    total[0] = in_port - days
    of_week[0] = np.clip(presence.detectable_days[:, tankers] - of_week.sum(0), 0.0, total[0])
    return WeeklyExposure(total, of_week)


def draw_undetected(
    rng: np.random.Generator,
    exposure: WeeklyExposure,
    draw: PartitionDraw,
    arrival_day: Floats,
) -> Floats:
    """Arrivals of the tankers that no observation detected, days from the start of the period.

    Parameters
    ----------
    rng
        Of the draw.
    exposure
        Of the weeks.
    draw
        A state of the chain.
    arrival_day
        Of its visits by tankers, (visits,).

    """
    rates = draw.rates[SHIPS][TANKERS[SHIPS]]
    expected = exposure.detectable_days[:, draw.member] @ rates
    missed = exposure.total_days[:, draw.member] @ rates - expected
    weeks = len(expected) - 1
    week = np.clip(np.floor(arrival_day / WEEK_DAYS).astype(int), -1, weeks - 1) + 1
    counts = np.bincount(week, minlength=weeks + 1).astype(np.float64)
    shape = _draw_shape(rng, counts, expected)
    traffic = rng.gamma(shape + counts) / (shape + expected)
    undetected = rng.poisson(traffic * np.maximum(missed, 0.0))
    first = (np.repeat(np.arange(weeks + 1), undetected) - 1) * WEEK_DAYS
    days: Floats = first + rng.uniform(0, WEEK_DAYS, len(first))
    return days


def _draw_shape(rng: np.random.Generator, counts: Floats, expected: Floats) -> float:
    """Draw the shape of the traffic, given visits detected and expected in each week."""
    shape = SHAPES_OF_TRAFFIC[:, None]
    terms = gammaln(shape + counts) - gammaln(shape) + shape * np.log(shape)
    terms -= (shape + counts) * np.log(shape + expected)
    return float(SHAPES_OF_TRAFFIC[(terms.sum(1) + rng.gumbel(size=len(shape))).argmax()])
