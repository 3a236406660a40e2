"""Whether the chains of a port agree, and how many independent draws theirs are worth.

Both are of the number of visits. Rank-normalised split R-hat compares the halves of all chains with
each other: 1 where they agree. The bulk effective size is the number of independent draws that
would give as sure a mean; where draws repel each other it exceeds their number. (Vehtari, Gelman,
Simpson, Carpenter & Bürkner 2021, Bayesian Analysis 16, 667-718; ArviZ computes them.)

Numbers of visits are whole and mostly tied: ties have their mean rank. Where every draw is the
same, as in a port without a ship, the chains agree and each draw counts.
"""

from dataclasses import dataclass

import numpy as np
from arviz_stats.base.array import array_stats
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EFFECTIVE_SIZE_MIN = 100.0
"""Below it a result is preliminary. With 100 the mean is known to a tenth of the posterior's
standard deviation, and the 5 % end of an interval lies between 3 and 7 %."""
R_HAT_MAX = 1.05
"""Above it a result is preliminary: all chains together spread by a twentieth wider than each of
them does. Independent draws, 100 in each of four chains, exceed 1.02 once in a hundred times."""


@dataclass(frozen=True)
class Convergence:
    """How far the chains of a port have converged, by its number of visits."""

    r_hat: float
    """Infinite where every chain keeps to a number of its own."""
    effective_size: float
    draws: int
    """Of all chains."""

    @property
    def preliminary(self) -> bool:
        """Whether the result may change with more draws by more than it should."""
        return self.effective_size < EFFECTIVE_SIZE_MIN or self.r_hat > R_HAT_MAX

    @property
    def note(self) -> str | None:
        """What a reader must know of it; None where nothing."""
        if not self.preliminary:
            return None
        return (
            "preliminary: the calculation has not settled, and more of it may give other numbers "
            f"(raise draws, now {self.draws}, under [track] in the study)"
        )


def convergence(values: Floats, chain: Ints) -> Convergence:
    """Compare chains.

    Parameters
    ----------
    values
        One of each draw, in the order in which its chain drew them.
    chain
        Number of the chain of each draw. Chains have four draws or more; of those that are longer
        than others the last draws do not count.

    """
    parts = [values[chain == number] for number in np.unique(chain)]
    shortest = min(len(part) for part in parts)
    even = np.array([part[:shortest] for part in parts])
    if (even == even[0, 0]).all():
        return Convergence(1.0, float(even.size), len(values))
    with np.errstate(divide="ignore", invalid="ignore"):
        r_hat = array_stats.rhat(even, chain_axis=0, draw_axis=1)
        size = array_stats.ess(even, chain_axis=0, draw_axis=1)
    return Convergence(float(r_hat), float(size), len(values))
