"""A season at one port as tracking hands it on: draws of what may have happened, seen and unseen.

A table of visits cannot say that two rows are one visit with probability 0.3, and a ledger needs to
know it. So what goes from tracking to the ledger is a set of equally likely seasons.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class DrawnSeason:
    """One season that may have been: arrays of shape (visits,) of small tankers."""

    seen: NDArray[np.bool_]
    """Whether any look showed the visit."""
    loaded: NDArray[np.bool_]
    """Came in ballast and left laden."""
    unloaded: NDArray[np.bool_]
    depart_day: Floats
    """Days since the season's start."""
    log_deadweight: Floats
    """Natural logarithm of tonnes, as a normal: mean."""
    log_deadweight_sigma: Floats


@dataclass(frozen=True)
class PortSeason:
    """What is believed of one port in one period."""

    port: str
    start: datetime
    end: datetime
    usable_observations: float
    """Looks, each counted by its usable fraction; with none at all nothing is known."""
    draws: tuple[DrawnSeason, ...]

    @property
    def visits(self) -> Floats:
        """Number of visits in each draw."""
        return np.array([len(draw.seen) for draw in self.draws], float)
