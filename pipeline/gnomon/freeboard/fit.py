"""What an inversion found, and whether its fit is plausible.

The measures here compare a fit with its image and with what was known of the ship. Most are shares,
so that unit and contrast cancel; none is made for one kind of image.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnomon.freeboard.bins import Bins, ShipChip
from gnomon.freeboard.hull import PARAMETERS
from gnomon.freeboard.noise import Noise
from gnomon.geo.local import from_hull_axes, hull_axes

Floats = NDArray[np.float64]

# Beyond these a fit is implausible: seen on ships, synthetic and real, that were fitted wrong. A
# tenth of the length is the whole depth of a tanker (`gnomon.physics.hydrostatics.DESIGNS`).
_MOST_MISFIT, _MOST_BLUR, _LEAST_DROP, _MOST_DROP = 0.6, 0.4, 0.05, 1.5
_MOST_PER_LENGTH, _MOST_DEVIATION, _MOST_OUTSIDE = 0.1, 3.0, 0.02
# Trust in a bin below which it counts as obstructed: six deviations from the water.
_TRUSTED = 0.2
_LACK_M = 1.0
_LENGTH, _BEAM, _HEADING = (PARAMETERS.index(n) for n in ("length_m", "beam_m", "heading_rad"))


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Likelihood of a freeboard given an image, and the fit that it comes from."""

    freeboard_m: Floats
    """Grid, ascending, shape (n,)."""
    log_likelihood: Floats
    """On the grid, natural logarithm, its maximum zero."""
    ship: Floats
    """Best parameters, in the order of `gnomon.freeboard.hull.PARAMETERS`."""
    ship_sigma: Floats
    """Their standard errors; the freeboard's is in its likelihood instead."""
    reflectance: Floats
    """Of the surfaces, (bands, len(SURFACES)), in the unit of the image."""
    misfit: float
    """Part of what sets the ship off from the water that the fit leaves unexplained, 0 to 1."""
    shadow_drop: float
    """Strength of the fitted shade, as a fraction of the water's light, mean over the bands."""
    obstructed: float
    """Part of the water on the shaded side that is unlike the rest: a quay, a neighbour, foam."""
    freeboard_per_length: float = 0.0
    """Likeliest freeboard over the fitted length."""
    too_low: bool = False
    """Whether the freeboard is below the least that ships load to, where that would be visible."""
    prior_deviation: float = 0.0
    """How far length, beam or heading moved from their prior, in its standard deviations."""
    outside_data: float = 0.0
    """Part of the fitted outline without data: beyond the image's edge, or masked."""
    edge_m_per_m: float
    """Metres that the visible edge of the shadow moves across the hull per metre of freeboard."""
    sun_off_axis_deg: float
    """Angle between the sun's azimuth and the hull's axis, 0 to 90."""

    @property
    def implausible(self) -> bool:
        """Whether the fit is plainly wrong, so that it is no evidence.

        It leaves nearly as much unexplained as the ship stands out by, needs another point spread
        than the sensor has, shade that water cannot have or no shade at all, a freeboard below the
        load line or above the whole depth of a tanker, a ship far from its prior, or one that is
        partly outside the data.
        """
        blur = abs(self.ship[PARAMETERS.index("log_blur")])
        return bool(
            self.unlike_a_ship
            or blur > _MOST_BLUR
            or self.freeboard_per_length > _MOST_PER_LENGTH
            or self.too_low
        )

    @property
    def unlike_a_ship(self) -> bool:
        """Whether no ship is seen where one should be, whatever its freeboard.

        Nearly all is left unexplained that stands out, or there is shade that water cannot have or
        none at all, or the ship is far from its prior or partly outside the data.
        """
        return bool(
            self.misfit > _MOST_MISFIT
            or not _LEAST_DROP <= self.shadow_drop <= _MOST_DROP
            or self.prior_deviation > _MOST_DEVIATION
            or self.outside_data > _MOST_OUTSIDE
        )


def unexplained(rest: Floats, signal: Floats) -> float:
    """Part of a signal's power that a fit leaves, (bands, bins) both."""
    power = float((signal**2).sum())
    return float((rest**2).sum()) / power if power > 0 else 1.0


def obstructed(chip: ShipChip, bins: Bins, noise: Noise, ship: Floats) -> float:
    """Part of the water on the ship's shaded side that is unlike the rest."""
    east, north, length, beam, heading = ship[:5]
    ahead, starboard = hull_axes(bins.east_m - east, bins.north_m - north, heading_rad=heading)
    side = -np.sign(np.sin(np.deg2rad(chip.sun_azimuth_deg) - heading)) or 1.0
    out = side * starboard - beam / 2
    beside = (out > 0.5 * chip.gsd_m) & (np.abs(ahead) < 0.45 * length)
    return float(np.mean(noise.trust[beside] < _TRUSTED)) if beside.any() else 0.0


def too_low(chip: ShipChip, ship: Floats, freeboard_m: float) -> bool:
    """Whether a freeboard is a metre below the least allowed, which would cast a pixel of shade.

    The International Load Line Convention leaves a tanker about a hundredth of its length. Small
    ships loaded to it are read half a metre too low now and then, and are not meant.
    """
    least = 0.01 * ship[_LENGTH]
    reach = least / np.tan(np.deg2rad(chip.sun_elevation_deg))
    return bool(freeboard_m < least - _LACK_M and reach > chip.gsd_m)


def prior_deviation(chip: ShipChip, ship: Floats) -> float:
    """Greatest deviation of length, beam and heading from the chip's, in its sigmas."""
    known = [chip.length_m, chip.beam_m, np.deg2rad(chip.heading_deg)]
    away = ship[[_LENGTH, _BEAM, _HEADING]] - known
    # Either end may be the bow.
    away[2] = (away[2] + np.pi / 2) % np.pi - np.pi / 2
    sigma = [chip.length_sigma_m, chip.beam_sigma_m, np.deg2rad(chip.heading_sigma_deg)]
    return float(np.abs(away / sigma).max())


def outside_data(chip: ShipChip, ship: Floats) -> float:
    """Part of a fitted outline, a grid of points in it, that lies on no pixel with data."""
    east, north, length, beam, heading = ship[:5]
    ahead, aside = np.meshgrid(np.linspace(-0.49, 0.49, 50), np.linspace(-0.4, 0.4, 9))
    # The bow is narrower than that, and the stern's corners are round.
    ahead, aside = ahead * length, aside * beam * np.where(np.abs(ahead) > 0.4, 0.3, 1.0)
    dx, dy = from_hull_axes(ahead, aside, heading_rad=heading)
    # The padding holds no data, nor does anything beyond it.
    data = np.pad(np.isfinite(chip.image).all(0), 1)
    rows = np.round((data.shape[0] - 1) / 2 - (north + dy) / chip.gsd_m).astype(int)
    columns = np.round((data.shape[1] - 1) / 2 + (east + dx) / chip.gsd_m).astype(int)
    inside = data[rows.clip(0, data.shape[0] - 1), columns.clip(0, data.shape[1] - 1)]
    return float(1 - inside.mean())
