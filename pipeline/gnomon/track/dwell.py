"""When a visit may have begun and ended, given the looks around it.

The density of an arrival g before the first detection and a departure h after the last one, tau
later, is ``f(g + tau + h)`` with the dwell density f, times the chances of not being seen in the
looks that lie within g and h. It is summed on a grid of a sixth of a day.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gamma

from gnomon.track.presence import Bank

Floats = NDArray[np.float64]

STEP_DAYS = 1 / 6
REACH_DAYS = 12.0
"""Longest time before or after the looks at a visit that is considered."""


@dataclass(frozen=True)
class Stay:
    """Marginal densities of a visit's ends, on `grid`."""

    before: Floats
    """Of days between arrival and first detection."""
    after: Floats
    """Of days between last detection and departure."""

    @property
    def mean_before(self) -> float:
        """Mean days before the first detection."""
        return float(self.before @ grid())

    @property
    def mean_after(self) -> float:
        """Mean days after the last detection."""
        return float(self.after @ grid())


def grid() -> Floats:
    """Middles of the grid's steps, days."""
    return np.arange(STEP_DAYS / 2, REACH_DAYS, STEP_DAYS)


class Stays:
    """Densities of stays in one port's looks."""

    def __init__(self, members: Bank, weights: Floats, *, day: Floats, missed: Floats) -> None:
        """Average the dwell density over the bank.

        Parameters
        ----------
        members, weights
            The bank, and how much each member is believed.
        day
            Of looks, sorted.
        missed
            Chance that a ship which is there is not seen, by look.

        """
        self._day, self._log_missed = day, np.r_[0.0, np.log(missed).cumsum()]
        self._known: dict[tuple[int, int], Stay] = {}
        used = weights > 0
        shape = members.phases[used, 0][:, None]
        scale = members.mean_days[used, 0][:, None] / shape
        self._fine = np.arange(0.0, 3 * REACH_DAYS + 30, STEP_DAYS)
        self._density = weights[used] @ gamma.pdf(self._fine, shape, scale=scale)

    def of(self, first: int, last: int) -> Stay:
        """Ends of a visit first seen in one look and last in another."""
        key = (first, last)
        if key not in self._known:
            self._known[key] = self._of(first, last)
        return self._known[key]

    def _of(self, first: int, last: int) -> Stay:
        g = grid()
        day, missed = self._day, self._log_missed
        begin = np.searchsorted(day, day[first] - g, side="right")
        early = np.exp(missed[first] - missed[np.minimum(begin, first)])
        end = np.searchsorted(day, day[last] + g, side="left")
        late = np.exp(missed[np.maximum(end, last + 1)] - missed[last + 1])
        whole = (g[:, None] + g) + (day[last] - day[first])
        density = np.interp(whole, self._fine, self._density, right=0.0)
        joint = early[:, None] * late * np.maximum(density, 1e-12)
        joint /= joint.sum()
        return Stay(joint.sum(1), joint.sum(0))
