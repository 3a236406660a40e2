"""Tonnes and barrels of petroleum products, with the source of each factor.

    barrels = tonnes * barrels per tonne of the product

Two tables are in use and differ by up to four percent. The page of the 1718 Sanctions Committee
uses the first, product by product, where a delivery is reported in tonnes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Conversion:
    """Barrels of one tonne of a product."""

    product: str
    barrels_per_tonne: float
    source: str
    unsd_2004: float | None
    """The same by the United Nations Statistics Division's yearbook of 2004."""


BP = "BP Statistical Review of World Energy 2021, approximate conversion factors"
CONVERSIONS = (
    Conversion("lpg", 11.60, f"{BP}; 11.6 on the page of the 1718 Committee", 11.65),
    Conversion("gasoline", 8.35, BP, 8.50),
    Conversion("kerosene", 7.88, BP, 7.77),
    Conversion("diesel", 7.46, BP, 7.23),
    Conversion("fuel oil", 6.35, BP, 6.62),
    Conversion("crude oil", 7.33, f"{BP}, worldwide average", None),
    Conversion("product basket", 8.058, BP, None),
    Conversion(
        "unspecified",
        1 / 0.12,
        "China's notifications: 238 t = 1,987 bbl, 2,388 t = 19,892 bbl",
        None,
    ),
)
BARRELS_PER_TONNE = {row.product: row.barrels_per_tonne for row in CONVERSIONS}

SCENARIOS = (0.33, 0.50, 0.90)
"""Parts of the deadweight that precedents assume to be delivered: the United States in 2018 all
three, the Panel of Experts 0.90 (46 deliveries, 1 January to 1 May 2023: 781,497 barrels)."""


def barrels(tonnes: ArrayLike, barrels_per_tonne: ArrayLike) -> Floats:
    """Barrels in tonnes."""
    volume: Floats = np.asarray(tonnes, float) * np.asarray(barrels_per_tonne, float)
    return volume


def tonnes(volume_barrels: ArrayLike, barrels_per_tonne: ArrayLike) -> Floats:
    """Inverse of `barrels`."""
    mass: Floats = np.asarray(volume_barrels, float) / np.asarray(barrels_per_tonne, float)
    return mass


@dataclass(frozen=True)
class Claim:
    """What a published mass and a published volume imply for one product."""

    product: str
    barrels_of_tonnes: float
    """The published tonnes, in barrels."""
    tonnes_of_barrels: float
    """The published barrels, in tonnes."""
    deadweight_for_tonnes_t: float
    """Mean deadweight of a visit that the published tonnes need, at 90 % laden."""
    deadweight_for_barrels_t: float
    """Mean deadweight of a visit that the published barrels need, at 90 % laden."""


def reconcile(
    *, claimed_tonnes: float = 56_000.0, claimed_barrels: float = 1e6, visits: float = 43.0
) -> tuple[Claim, ...]:
    """Compare a published mass and a published volume of the same deliveries, product by product.

    They are consistent only for a product of ``claimed_barrels / claimed_tonnes`` barrels a tonne
    (17.9 for those of November 2024), which is more than any of the table.
    """
    return tuple(
        Claim(
            product=row.product,
            barrels_of_tonnes=float(barrels(claimed_tonnes, row.barrels_per_tonne)),
            tonnes_of_barrels=float(tonnes(claimed_barrels, row.barrels_per_tonne)),
            deadweight_for_tonnes_t=claimed_tonnes / visits / 0.9,
            deadweight_for_barrels_t=float(
                tonnes(claimed_barrels, row.barrels_per_tonne) / visits / 0.9
            ),
        )
        for row in CONVERSIONS
    )
