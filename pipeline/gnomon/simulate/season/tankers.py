"""Dimensions of simulated small tankers: neither the register nor the inference's own ships.

Length from a triangular distribution between 62 and 122 m ("predominantly on the lower end" of
1,000 to 9,000 t deadweight, Open Source Centre 2024). Beam 0.157 of it. Deadweight by displacement,
``rho 0.965 L B T Cb`` times deadweight over displacement, with the draught that laden small
tankers send by AIS (0.385 of the beam: 4.1 m for 71 x 11 m, 6.2 m for 105 x 16 m). The ledger
uses another relation, `gnomon.physics.hydrostatics`; on average the two agree within a few percent.

How well an image separates laden from ballast is the table of Cramer-Rao bounds (d' of a deck
rectangle with wall and shadow, registry priors, a model error of 0.3 m; favourable, average and
unfavourable sun) that this project computed. The logarithm of a likelihood ratio of two normals
whose means lie d' apart is itself normal, with mean ``d'^2 (load - 1/2)`` and variance ``d'^2``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import RegularGridInterpolator

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SUN_DEG, LENGTHS_M, GSD_M = (20.0, 30.0, 45.0, 60.0), (70.0, 100.0, 120.0, 180.0), (0.5, 1, 3, 10)
SEPARATION = np.array(
    [
        [[4.5, 4.4, 4.2, 3.3], [4.4, 4.1, 3.3, 2.3], [3.4, 2.6, 1.6, 1.0], [1.1, 0.8, 0.5, 0.3]],
        [[4.5, 4.3, 3.6, 2.7], [4.2, 3.6, 2.3, 1.0], [2.5, 1.8, 1.1, 0.6], [0.8, 0.5, 0.3, 0.2]],
        [[4.1, 3.6, 2.7, 1.1], [3.6, 2.6, 1.0, 0.3], [1.7, 1.0, 0.5, 0.2], [0.5, 0.3, 0.2, 0.1]],
        [[8.2, 8.1, 7.8, 7.1], [8.0, 7.6, 6.8, 5.6], [6.9, 5.9, 4.0, 2.4], [3.0, 2.0, 1.2, 0.7]],
        [[8.0, 7.8, 7.2, 5.8], [7.7, 7.1, 6.0, 3.9], [6.2, 4.6, 2.8, 1.6], [2.2, 1.5, 0.9, 0.5]],
        [[7.6, 7.0, 5.7, 3.9], [6.9, 6.0, 4.3, 1.6], [4.7, 3.2, 1.6, 0.7], [1.4, 0.9, 0.5, 0.2]],
        [[9.5, 9.4, 9.1, 8.5], [9.3, 9.1, 8.3, 6.8], [8.3, 7.1, 5.2, 3.2], [4.0, 2.7, 1.6, 0.9]],
        [[9.4, 9.2, 8.6, 7.5], [9.1, 8.5, 7.3, 5.2], [7.5, 6.0, 3.8, 2.2], [3.0, 2.0, 1.2, 0.7]],
        [[9.0, 8.3, 6.9, 4.9], [8.3, 7.4, 5.0, 3.2], [6.0, 4.5, 2.4, 1.1], [2.2, 1.3, 0.7, 0.3]],
        [[18, 18, 17, 17], [18, 17, 16, 14], [16, 15, 12, 7.8], [9.9, 6.6, 3.7, 2.1]],
        [[18, 17, 17, 15], [17, 17, 15, 12], [15, 14, 9.8, 6.0], [8.3, 5.3, 3.0, 1.7]],
        [[17, 17, 15, 11], [17, 15, 12, 8.1], [14, 11, 7.2, 3.9], [6.5, 4.3, 2.3, 1.1]],
    ]
).reshape(4, 3, 4, 4)
"""d' by length, geometry (favourable, average, unfavourable), ground sampling distance, sun."""
_SEPARATION = RegularGridInterpolator(
    (np.log(LENGTHS_M), (0.0, 0.5, 1.0), np.log(GSD_M), SUN_DEG),
    np.log(SEPARATION),
    bounds_error=False,
)

P_WORTHLESS = 0.01
"""Fraction of images whose likelihood has no weight, as `gnomon.freeboard.state` allows for."""


@dataclass(frozen=True)
class ShipDimensions:
    """Sizes of ships: arrays of shape (ships,)."""

    length_m: Floats
    beam_m: Floats
    deadweight_t: Floats

    def of(self, which: Ints) -> "ShipDimensions":
        """Of some of the ships, by number."""
        return ShipDimensions(self.length_m[which], self.beam_m[which], self.deadweight_t[which])

    def join(self, others: "ShipDimensions") -> "ShipDimensions":
        """These ships, then the others."""
        return ShipDimensions(
            np.r_[self.length_m, others.length_m],
            np.r_[self.beam_m, others.beam_m],
            np.r_[self.deadweight_t, others.deadweight_t],
        )


def small_tankers(rng: np.random.Generator, count: int) -> ShipDimensions:
    """Draw small tankers."""
    length = rng.triangular(62.0, 74.0, 122.0, count)
    beam = 0.157 * length * np.exp(rng.normal(0.0, 0.06, count))
    return ShipDimensions(length, beam, draw_deadweight(rng, length, beam))


def large_crude_carriers(rng: np.random.Generator, count: int) -> ShipDimensions:
    """Draw very large crude carriers: 318 to 340 m, 58 to 60 m, 270,000 to 320,000 t.

    Deadweight by displacement: a full hull of 22 m draught, of which 86 % is deadweight.
    """
    length = rng.uniform(318.0, 340.0, count)
    beam = np.where(rng.random(count) < 0.3, 58.0, 60.0)
    draught, block = rng.uniform(20.5, 22.6, count), rng.uniform(0.80, 0.83, count)
    tonnes = 1.025 * 0.975 * length * beam * draught * block * rng.uniform(0.855, 0.87, count)
    return ShipDimensions(length, beam, tonnes)


FLEETS = {"small tankers": small_tankers, "large crude carriers": large_crude_carriers}
"""What a fleet may be drawn from."""


def draw_deadweight(rng: np.random.Generator, length_m: Floats, beam_m: Floats) -> Floats:
    """Deadweight by displacement, tonnes, with the scatter of real ships."""
    draught = 0.385 * beam_m * rng.uniform(0.92, 1.08, length_m.shape)
    block = np.interp(length_m, (70.0, 105.0), (0.69, 0.75))
    share = np.interp(length_m, (70.0, 105.0), (0.70, 0.745)) * rng.uniform(
        0.93, 1.07, draught.shape
    )
    tonnes: Floats = 1.025 * 0.965 * length_m * beam_m * draught * block * share
    return tonnes


def laden_separation(
    length_m: ArrayLike, geometry: ArrayLike, gsd_m: ArrayLike, sun: ArrayLike
) -> Floats:
    """D' of laden against ballast.

    Parameters
    ----------
    length_m, gsd_m, sun
        Length, ground sampling distance, sun elevation in degrees; clipped to the table.
    geometry
        Of sun and hull, from 0, favourable, to 1, unfavourable.

    """
    points = np.broadcast_arrays(
        np.log(np.clip(length_m, 70.0, 180.0)),
        np.asarray(geometry, float),
        np.log(np.clip(gsd_m, 0.5, 10.0)),
        np.clip(sun, 20.0, 60.0),
    )
    # Below 70 m the depth of the hull, and with it the difference, shrinks about as its square.
    small = np.minimum(np.asarray(length_m, float) / 70.0, 1.0) ** 2
    values: Floats = np.exp(_SEPARATION(np.stack(points, -1))) * small
    return values


def simulate_log_lr(rng: np.random.Generator, d: Floats, load: Floats) -> Floats:
    """``log_lr_laden`` of images of ships.

    Parameters
    ----------
    rng
        Of the images.
    d
        Separation d' of laden against ballast.
    load
        Part of the cargo on board, 0 to 1.

    """
    ratio = rng.normal(d**2 * (load - 0.5), d)
    limited: Floats = np.logaddexp(
        np.log1p(-P_WORTHLESS) + ratio, np.log(P_WORTHLESS)
    ) - np.logaddexp(np.log1p(-P_WORTHLESS), np.log(P_WORTHLESS) + ratio)
    return limited
