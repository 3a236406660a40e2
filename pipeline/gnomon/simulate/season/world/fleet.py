"""Ships by archetype: hulls whose hydrostatics this project computed or a yard published.

About 70, 85, 100 and 120 m, and the product tanker of 3,500 t, 79.9 x 14.0 m, of a published
design. A ship is an archetype enlarged or shrunk a little, so that its deadweight follows the cube
of its length within an archetype, and no single law over all of them. By these shares a fleet has
3,500 t in the mean, "predominantly on the lower end" of 1,000 to 9,000 t (Open Source Centre 2024);
43 visits at 0.9 of that and 7.46 barrels a tonne are a million barrels.
"""

import numpy as np
from numpy.typing import NDArray

from gnomon.simulate.season.tankers import ShipDimensions

Floats = NDArray[np.float64]

LENGTH_M = np.array([70.0, 79.9, 85.0, 100.0, 120.0])
BEAM_M = np.array([11.0, 14.0, 13.2, 15.2, 18.6])
DEADWEIGHT_T = np.array([1500.0, 3500.0, 3000.0, 5500.0, 9000.0])
SHARES = np.array([0.30, 0.16, 0.29, 0.18, 0.07])
"""Of the fleet; judgement, for the mean above."""
SCALE_SIGMA, BEAM_SIGMA, DEADWEIGHT_SIGMA = 0.04, 0.03, 0.08
"""Logarithmic deviations within an archetype: of all dimensions, and of beam and deadweight."""


def archetype_tankers(
    rng: np.random.Generator, count: int, *, deadweight_factor: float = 1.0
) -> ShipDimensions:
    """Draw small tankers.

    Parameters
    ----------
    rng
        Of all sizes.
    count
        Of ships.
    deadweight_factor
        Deadweight over that of the archetypes; the hulls do not depend on it.

    """
    kind = rng.choice(len(SHARES), count, p=SHARES)
    scale, broader, heavier = rng.normal(0.0, 1.0, (3, count))
    size = np.exp(SCALE_SIGMA * scale)
    return ShipDimensions(
        LENGTH_M[kind] * size,
        BEAM_M[kind] * size * np.exp(BEAM_SIGMA * broader),
        DEADWEIGHT_T[kind] * size**3 * np.exp(DEADWEIGHT_SIGMA * heavier) * deadweight_factor,
    )


def larger_ships(rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Length and beam of bulk carriers, product tankers and feeders, 110 to 200 m."""
    length = rng.uniform(110.0, 200.0, count)
    return length, 0.165 * length * np.exp(rng.normal(0.0, 0.05, count))


def coaster_sizes(rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Length and beam of dry cargo ships of a tanker's size: 65 to 110 m."""
    length = rng.uniform(65.0, 110.0, count)
    return length, 0.152 * length * np.exp(rng.normal(0.0, 0.05, count))


def barge_sizes(rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Length and beam of barges: 55 to 85 m, broader than a ship."""
    length = rng.uniform(55.0, 85.0, count)
    return length, 0.2 * length * np.exp(rng.normal(0.0, 0.06, count))
