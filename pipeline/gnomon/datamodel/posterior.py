"""Posterior of a port's season as tracking hands it to the ledger: draws of all its visits.

A table of visits cannot express that two rows are one visit with probability 0.3, and a ledger
needs it. So tracking hands on a set of equally likely seasons, with detected and undetected visits.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SeasonDraw:
    """One equally likely season: arrays of shape (visits,) of small tankers."""

    seen: NDArray[np.bool_]
    """Whether any observation detected the visit."""
    loaded: NDArray[np.bool_]
    """Arrived in ballast and left laden."""
    unloaded: NDArray[np.bool_]
    """Arrived laden and left in ballast."""
    depart_day: Floats
    """Days since the season's start."""
    log_deadweight: Floats
    """Natural logarithm of tonnes, as a normal: mean."""
    log_deadweight_sigma: Floats
    """Of its own error, which other visits do not share."""
    by_size: NDArray[np.bool_]
    """Whether it is that of a size, by a regression whose error these visits share, and not that of
    a register."""


@dataclass(frozen=True)
class PortPosterior:
    """Draws of the season of one port in one period."""

    port: str
    start: datetime
    end: datetime
    usable_observations: float
    """Observations, each weighted by its usable fraction; with none at all nothing is known."""
    draws: tuple[SeasonDraw, ...]

    @property
    def visits(self) -> Floats:
        """Number of visits in each draw."""
        return np.array([len(draw.seen) for draw in self.draws], float)
