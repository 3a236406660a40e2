"""Three other abundance estimators for the same visits, reported beside the posterior.

- Horvitz & Thompson (1952, J. Am. Stat. Assoc. 47): every detected visit counts as 1 / P(detected);
  variance ``sum (1 - P) / P^2``, and the uncertainty of P itself.
- Little's law (1961, Oper. Res. 9): arrivals = mean number in port x time / mean dwell. It links
  nothing: the mean number in port is detections over the expected detections of one ship that is
  always there.
- Chapman (1951, Univ. Calif. Publ. Stat. 1): visits detected by one sensor and by another,
  ``(n1 + 1)(n2 + 1) / (m + 1) - 1``, with the variance of Seber (1970). Long visits are detected by
  both more often than by chance, so that it is biased low where dwell times vary.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BLOCK_DAYS = 10
"""Observations during one visit are correlated: blocks of ten days are nearly independent."""


@dataclass(frozen=True)
class AbundanceEstimate:
    """A number of visits and its standard deviation."""

    visits: float
    sigma: float


UNKNOWN_ABUNDANCE = AbundanceEstimate(np.nan, np.nan)


def horvitz_thompson(detected: Floats, p_detected: Floats) -> AbundanceEstimate:
    """Estimate from the probability of being detected.

    Parameters
    ----------
    detected, p_detected
        Visits detected, and the probability that one is, in each draw of the posterior.

    """
    each = detected / p_detected
    within = detected * (1 - p_detected) / p_detected**2
    return AbundanceEstimate(float(each.mean()), float(np.sqrt(within.mean() + each.var())))


def little(
    detections: Floats, expected: Floats, days: float, mean_dwell_days: Floats
) -> AbundanceEstimate:
    """Estimate from occupancy.

    Parameters
    ----------
    detections
        Of tankers, in each observation.
    expected
        Probability that a ship in port is detected, in each observation.
    days
        Length of the period.
    mean_dwell_days
        In each draw of the posterior.

    """
    if not expected.sum() > 0:
        return UNKNOWN_ABUNDANCE
    in_port = detections.sum() / expected.sum()
    each = in_port * (days + mean_dwell_days) / mean_dwell_days
    blocks = np.array_split(np.arange(len(expected)), max(int(days / BLOCK_DAYS), 2))
    residual = [detections[b].sum() - in_port * expected[b].sum() for b in blocks]
    relative = np.sqrt(np.sum(np.square(residual))) / max(detections.sum(), 1.0)
    sigma = float(np.hypot(each.std(), relative * each.mean()))
    return AbundanceEstimate(float(each.mean()), sigma)


def chapman(first: int, second: int, both: int) -> AbundanceEstimate:
    """Estimate from two sensors: visits detected by one, by the other, by both."""
    visits = (first + 1) * (second + 1) / (both + 1) - 1
    spread = (first + 1) * (second + 1) * (first - both) * (second - both)
    variance = spread / ((both + 1) ** 2 * (both + 2))
    return AbundanceEstimate(float(visits), float(np.sqrt(variance)))
