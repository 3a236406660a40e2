"""How well a fit agrees with its image: measures that tell fits astray.

None of them is made for a kind of image. Most are shares, so that unit and contrast cancel.
"""

import numpy as np
from numpy.typing import NDArray

from gnomon.freeboard.bins import Binned, Chip
from gnomon.freeboard.hull import PARAMETERS
from gnomon.freeboard.noise import Noise
from gnomon.geo.local import from_hull_axes, hull_axes

Floats = NDArray[np.float64]

# Trust in a cell below which it counts as obstructed: six deviations from the water.
_TRUSTED = 0.2
_LACK_M = 1.0
_LENGTH, _BEAM, _HEADING = (PARAMETERS.index(n) for n in ("length_m", "beam_m", "heading_rad"))


def unexplained(rest: Floats, signal: Floats) -> float:
    """Part of a signal's power that a fit leaves, (bands, cells) both."""
    power = float((signal**2).sum())
    return float((rest**2).sum()) / power if power > 0 else 1.0


def obstructed(chip: Chip, bins: Binned, noise: Noise, ship: Floats) -> float:
    """Part of the water on her shaded side that is unlike the rest."""
    east, north, length, beam, heading = ship[:5]
    ahead, starboard = hull_axes(bins.east_m - east, bins.north_m - north, heading_rad=heading)
    side = -np.sign(np.sin(np.deg2rad(chip.sun_azimuth_deg) - heading)) or 1.0
    out = side * starboard - beam / 2
    beside = (out > 0.5 * chip.gsd_m) & (np.abs(ahead) < 0.45 * length)
    return float(np.mean(noise.trust[beside] < _TRUSTED)) if beside.any() else 0.0


def awash(chip: Chip, ship: Floats, freeboard_m: float) -> bool:
    """Whether a freeboard lacks a metre of the least allowed, which would cast a pixel of shade.

    The International Load Line Convention leaves a tanker about a hundredth of her length. Small
    ships laden to it are read half a metre too low now and then, and are not meant.
    """
    least = 0.01 * ship[_LENGTH]
    reach = least / np.tan(np.deg2rad(chip.sun_elevation_deg))
    return bool(freeboard_m < least - _LACK_M and reach > chip.gsd_m)


def strain(chip: Chip, ship: Floats) -> float:
    """How far length, beam or heading are from what was told, in its deviations, the greatest."""
    told = [chip.length_m, chip.beam_m, np.deg2rad(chip.heading_deg)]
    away = ship[[_LENGTH, _BEAM, _HEADING]] - told
    # Either end may be the bow.
    away[2] = (away[2] + np.pi / 2) % np.pi - np.pi / 2
    sigma = [chip.length_sigma_m, chip.beam_sigma_m, np.deg2rad(chip.heading_sigma_deg)]
    return float(np.abs(away / sigma).max())


def unseen(chip: Chip, ship: Floats) -> float:
    """Part of a fitted outline, a grid of points in it, that lies on no pixel with data."""
    east, north, length, beam, heading = ship[:5]
    ahead, aside = np.meshgrid(np.linspace(-0.49, 0.49, 50), np.linspace(-0.4, 0.4, 9))
    # The bow is narrower than that, and the stern's corners are round.
    ahead, aside = ahead * length, aside * beam * np.where(np.abs(ahead) > 0.4, 0.3, 1.0)
    dx, dy = from_hull_axes(ahead, aside, heading_rad=heading)
    x, y = east + dx, north + dy
    seen = np.pad(np.isfinite(chip.image).all(0), 1)
    rows = np.round((seen.shape[0] - 1) / 2 - y / chip.gsd_m).astype(int)
    columns = np.round((seen.shape[1] - 1) / 2 + x / chip.gsd_m).astype(int)
    # The padding is not seen, nor is anything beyond it.
    shown = seen[rows.clip(0, seen.shape[0] - 1), columns.clip(0, seen.shape[1] - 1)]
    return float(1 - shown.mean())
