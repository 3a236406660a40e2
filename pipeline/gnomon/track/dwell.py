"""When a visit may have begun and ended, given the observations around it.

The density of an arrival g days before the first detection and a departure h days after the last
one, tau later, is ``f(g + tau + h)`` with the dwell density f, times the chances of being missed in
the observations that lie within g and h. It is summed on a grid of a sixth of a day.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gamma

from gnomon.track.presence import PriorSample

Floats = NDArray[np.float64]

STEP_DAYS = 1 / 6
REACH_DAYS = 12.0
"""Longest time before or after the detections of a visit that is considered."""


@dataclass(frozen=True)
class EndDensities:
    """Marginal probabilities of a visit's ends, on `grid_days`."""

    before: Floats
    """Of the days between arrival and first detection."""
    after: Floats
    """Of the days between last detection and departure."""

    @property
    def mean_before(self) -> float:
        """Mean days before the first detection."""
        return float(self.before @ grid_days())

    @property
    def mean_after(self) -> float:
        """Mean days after the last detection."""
        return float(self.after @ grid_days())


def grid_days() -> Floats:
    """Middles of the grid's steps, days."""
    return np.arange(STEP_DAYS / 2, REACH_DAYS, STEP_DAYS)


def grid_quantiles(probability: Floats, p: tuple[float, ...]) -> Floats:
    """Quantiles of probabilities on `grid_days`, days."""
    values: Floats = np.interp(p, probability.cumsum(), grid_days() + STEP_DAYS / 2)
    return values


class DwellPosterior:
    """Densities of the ends of visits in one port's observations."""

    def __init__(self, prior: PriorSample, weights: Floats, *, day: Floats, missed: Floats) -> None:
        """Average the dwell density over the parameters.

        Parameters
        ----------
        prior, weights
            Parameter values, and the posterior weights of their kinds of dwell, (members, kinds).
        day
            Of observations, sorted.
        missed
            Chance that a ship in port is not detected, by observation.

        """
        self._day, self._log_missed = day, np.r_[0.0, np.log(missed).cumsum()]
        self._known: dict[tuple[int, int], EndDensities] = {}
        used = weights > 0
        shape = prior.phases[used][:, None]
        scale = prior.mean_days[used][:, None] / shape
        self._fine = np.arange(0.0, 3 * REACH_DAYS + 30, STEP_DAYS)
        self._density = weights[used] @ gamma.pdf(self._fine, shape, scale=scale)

    def ends(self, first: int, last: int) -> EndDensities:
        """Ends of a visit first detected in one observation and last in another."""
        key = (first, last)
        if key not in self._known:
            self._known[key] = self._ends(first, last)
        return self._known[key]

    def _ends(self, first: int, last: int) -> EndDensities:
        g = grid_days()
        day, missed = self._day, self._log_missed
        begin = np.searchsorted(day, day[first] - g, side="right")
        early = np.exp(missed[first] - missed[np.minimum(begin, first)])
        end = np.searchsorted(day, day[last] + g, side="left")
        late = np.exp(missed[np.maximum(end, last + 1)] - missed[last + 1])
        dwell = (g[:, None] + g) + (day[last] - day[first])
        density = np.interp(dwell, self._fine, self._density, right=0.0)
        joint = early[:, None] * late * np.maximum(density, 1e-12)
        joint /= joint.sum()
        return EndDensities(joint.sum(1), joint.sum(0))
