"""Three other ways to count the same visits, printed beside the posterior.

- Horvitz & Thompson (1952): every visit seen counts as 1 / P(seen); variance
  ``sum (1 - P) / P^2``, and the doubt of P itself.
- Little's law (1961): arrivals = mean number present x time / mean stay. It links nothing: the mean
  number present is detections over expected detections of one ship that is always there.
- Chapman (1951): visits seen by one sensor and by another, ``(n1 + 1)(n2 + 1) / (m + 1) - 1``. Long
  stays are seen by both more often than by chance, so that it is low where stays differ.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Count:
    """A number of visits and its standard deviation."""

    visits: float
    sigma: float


def horvitz_thompson(seen: Floats, chance: Floats) -> Count:
    """Count by the chance of being seen.

    Parameters
    ----------
    seen, chance
        Visits seen, and the chance that one is, in each draw of the posterior.

    """
    each = seen / chance
    within = seen * (1 - chance) / chance**2
    return Count(float(each.mean()), float(np.sqrt(within.mean() + each.var())))


def little(detections: Floats, expected: Floats, days: float, mean_stay: Floats) -> Count:
    """Count by occupancy.

    Parameters
    ----------
    detections
        Of tankers, in each look.
    expected
        Chance that a ship which is there is seen, in each look.
    days
        Length of the period.
    mean_stay
        Days, in each draw of the posterior.

    """
    if not expected.sum() > 0:
        return Count(np.nan, np.nan)
    present = detections.sum() / expected.sum()
    each = present * (days + mean_stay) / mean_stay
    # Looks within one stay say the same: blocks of ten days are nearly independent.
    blocks = np.array_split(np.arange(len(expected)), max(int(days / 10), 2))
    off = [detections[b].sum() - present * expected[b].sum() for b in blocks]
    relative = np.sqrt(np.sum(np.square(off))) / max(detections.sum(), 1.0)
    return Count(float(each.mean()), float(np.hypot(each.std(), relative * each.mean())))


def chapman(first: int, second: int, both: int) -> Count:
    """Count by two sensors: visits seen by one, by the other, by both."""
    visits = (first + 1) * (second + 1) / (both + 1) - 1
    spread = (first + 1) * (second + 1) * (first - both) * (second - both)
    variance = spread / ((both + 1) ** 2 * (both + 2))
    return Count(float(visits), float(np.sqrt(variance)))
