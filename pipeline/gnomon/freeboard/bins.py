"""A ship's chip, and the bins along its hull that its pixels are averaged into.

Along the hull a ship hardly changes over a sixteenth of its length; across it everything that
depends on the freeboard happens within a metre or two. At 0.5 m a hull of 100 m covers 6,000
pixels, and bins of 0.5 m by 6 m hold the same information with a twelfth of them. Pixels are
averaged as they are, never resampled: a bin keeps the mean place of its pixels, and their scatter
about it adds to the blur.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnomon.geo.local import from_hull_axes, hull_axes

Floats = NDArray[np.float64]

# Bins of a hull: across the beam, along the length.
_ACROSS, _ALONG = 60, 16
# With fewer pixels to a bin their scatter in it is uneven, which moves edges.
_LEAST_PIXELS = 4.0
_LEAST_DATA = 2 / 3
# Places in a hull, clear of its rounded ends and of small errors, and how many may lie beyond.
_HULL_ALONG, _HULL_ACROSS = np.linspace(-0.48, 0.48, 49), np.linspace(-0.3, 0.3, 7)
_MOST_BEYOND = 0.02
_USUAL_FREEBOARD = 0.03


@dataclass(frozen=True, kw_only=True)
class ShipChip:
    """One ship in one image, with what is known of it beforehand."""

    image: NDArray[np.float32]
    """(bands, rows, columns), north up, in any unit that is linear in light; NaN: no data."""
    bands: tuple[str, ...] = ()
    """Their names, for the network (`gnomon.freeboard.window`); the fit needs none."""
    gsd_m: float
    sun_azimuth_deg: float
    sun_elevation_deg: float
    view_azimuth_deg: float = 0.0
    view_zenith_deg: float = 0.0
    """NaN, like the azimuth, where the view is unknown."""
    length_m: float
    length_sigma_m: float
    beam_m: float
    beam_sigma_m: float
    beam_scatter: float = 0.11
    """Relative scatter of beams about the usual one of a length (`gnomon.physics.hydrostatics`)."""
    heading_deg: float
    heading_sigma_deg: float = 4.0
    bow_known: bool = False
    """Whether the heading is the bow's, or only the axis."""
    east_m: float = 0.0
    north_m: float = 0.0
    """Centre of the ship from the centre of the chip."""
    position_sigma_m: float = 5.0
    blur_px: float = 0.44
    """Standard deviation of the point spread, without the pixel itself, in pixels."""
    dark: float = 0.0
    """Part of the water's brightness that no shadow takes away (path, sky), as a fraction."""

    @property
    def view_known(self) -> bool:
        """Whether both angles of the view are known."""
        return bool(np.isfinite([self.view_azimuth_deg, self.view_zenith_deg]).all())

    @property
    def view_deg(self) -> tuple[float, float]:
        """Azimuth and zenith of the view; from overhead where it is unknown."""
        return (self.view_azimuth_deg, self.view_zenith_deg) if self.view_known else (0.0, 0.0)


@dataclass(frozen=True)
class Bins:
    """Bins of one chip: mean places and values, and their indices on a regular grid."""

    east_m: Floats
    north_m: Floats
    values: Floats
    """(bands, bins)"""
    row: NDArray[np.intp]
    column: NDArray[np.intp]
    blur_along_m: float
    blur_across_m: float

    def correlated_bins(self, rest: Floats, among: NDArray[np.bool_]) -> float:
        """Number of bins over which residuals are correlated, from products of neighbours.

        A first-order autoregressive process along either axis: ``(1 + r) / (1 - r)`` bins for a
        correlation r of neighbours, the two axes multiplied; at least one.
        """
        shape = (self.row.max() + 1, self.column.max() + 1)
        grid = np.full((len(rest), *shape), np.nan)
        grid[:, self.row[among], self.column[among]] = rest[:, among]
        power = np.nanmean(grid**2)
        count = 1.0
        for one, other in ((grid[:, 1:], grid[:, :-1]), (grid[:, :, 1:], grid[:, :, :-1])):
            pairs = one * other
            if power > 0 and np.isfinite(pairs).any():
                r = float(np.clip(np.nanmean(pairs) / power, 0.0, 0.85))
                count *= (1 + r) / (1 - r)
        return count


def binned(chip: ShipChip) -> Bins:
    """Average the pixels around a ship into bins along and across its hull.

    Parameters
    ----------
    chip
        The ship lies where the chip has it, within its errors.

    Returns
    -------
    Bins
        Only those with data, and only those that hull, shadow and some water around can reach.

    """
    bands, rows, columns = chip.image.shape
    forward, starboard, (east, north) = _places(chip)
    pixels = chip.image.reshape(bands, -1)
    keep = _reached(chip, forward, starboard) & np.isfinite(pixels).all(0)
    along = max(chip.gsd_m, chip.length_m / _ALONG)
    across = max(chip.gsd_m, chip.beam_m / _ACROSS)
    point = (chip.blur_px**2 + 1 / 12) * chip.gsd_m**2
    if along * across < _LEAST_PIXELS * chip.gsd_m**2:
        row, column = (a.ravel()[keep] for a in np.indices((rows, columns)))
        values = pixels[:, keep].astype(float)
        blur = float(np.sqrt(point))
        return Bins(east[keep], north[keep], values, row, column, blur, blur)
    places = np.stack([east, north, forward, starboard])[:, keep]
    i, j = _index(places[2], along), _index(places[3], across)
    number, inverse = np.unique(i * (j.max() + 1) + j, return_inverse=True)
    count = np.bincount(inverse)

    def mean(values: Floats) -> Floats:
        sums: Floats = np.bincount(inverse, values) / count
        return sums

    middle = [mean(place) for place in places]
    spread = [float(np.var(places[k] - middle[k][inverse])) for k in (2, 3)]
    return Bins(
        middle[0],
        middle[1],
        np.stack([mean(band) for band in pixels[:, keep].astype(float)]),
        number // (j.max() + 1),
        number % (j.max() + 1),
        float(np.sqrt(point + spread[0])),
        float(np.sqrt(point + spread[1])),
    )


def unusable(chip: ShipChip, recorded: NDArray[np.bool_] | None = None) -> str | None:
    """Why a chip cannot be inverted at all, as a ``load_reason``; None if it can.

    ``no_geometry`` for want of the sun's angles or of a sun at least 3 degrees high, ``too_small``
    where the beam is less than half a pixel, ``edge`` where hull or shadow run off the image,
    ``cloud`` where less than two thirds of the ground that hull and shadow can reach holds data.

    Parameters
    ----------
    chip
        A ship in its image.
    recorded
        Pixels that the image has, hidden or not, (rows, columns); those with data if left out.

    """
    sun = (chip.sun_azimuth_deg, chip.sun_elevation_deg)
    if not np.isfinite(sun).all() or not 3 <= chip.sun_elevation_deg <= 90:
        return "no_geometry"
    if not 0 <= chip.view_deg[1] < 70:
        return "no_geometry"
    if chip.beam_m < 0.5 * chip.gsd_m:
        return "too_small"
    data = np.asarray(np.isfinite(chip.image).all(0), np.bool_)
    beyond = _beyond(chip, data if recorded is None else recorded)
    if min(beyond) < 1 and max(beyond) > _MOST_BEYOND:
        return "edge"
    forward, starboard, _ = _places(chip)
    reached = _reached(chip, forward, starboard)
    data = reached & data.ravel()
    # Pixels of a chip of sufficient size: those beyond its border have no data either.
    wanted = max(reached.sum(), _area_m2(chip) / chip.gsd_m**2)
    return "cloud" if data.sum() < _LEAST_DATA * wanted else None


def _beyond(chip: ShipChip, recorded: NDArray[np.bool_]) -> list[float]:
    """Parts of the hull, and of the shadow of a usual deck, that lie on none of these pixels."""
    sun, heading = np.deg2rad([chip.sun_azimuth_deg, chip.heading_deg])
    reach = _USUAL_FREEBOARD * chip.length_m / np.tan(np.deg2rad(chip.sun_elevation_deg))
    ahead, aside = (share.ravel() for share in np.meshgrid(_HULL_ALONG, _HULL_ACROSS))
    east, north = from_hull_axes(ahead * chip.length_m, aside * chip.beam_m, heading_rad=heading)
    # The padding is no pixel, nor is anything beyond it.
    padded = np.pad(recorded, 1)
    outside = []
    for away in (0.0, reach):
        x = chip.east_m + east - away * np.sin(sun)
        y = chip.north_m + north - away * np.cos(sun)
        rows = np.rint((padded.shape[0] - 1) / 2 - y / chip.gsd_m).astype(int)
        columns = np.rint((padded.shape[1] - 1) / 2 + x / chip.gsd_m).astype(int)
        found = padded[rows.clip(0, padded.shape[0] - 1), columns.clip(0, padded.shape[1] - 1)]
        outside.append(float(1 - found.mean()))
    return outside


def pixel_places(chip: ShipChip) -> tuple[Floats, Floats]:
    """Metres east and north of the chip's centre, row by row, (rows * columns,) both."""
    _, rows, columns = chip.image.shape
    x = (np.arange(columns) - (columns - 1) / 2) * chip.gsd_m
    y = ((rows - 1) / 2 - np.arange(rows)) * chip.gsd_m
    east, north = (np.ravel(a) for a in np.meshgrid(x, y))
    return east, north


def _places(chip: ShipChip) -> tuple[Floats, Floats, tuple[Floats, Floats]]:
    """Pixels forward and to starboard of the ship, and east and north of the chip's centre."""
    east, north = pixel_places(chip)
    forward, starboard = hull_axes(
        east - chip.east_m, north - chip.north_m, heading_rad=np.deg2rad(chip.heading_deg)
    )
    return forward, starboard, (east, north)


def _index(place: Floats, size: float) -> NDArray[np.intp]:
    steps: NDArray[np.intp] = np.floor((place - place.min()) / size).astype(np.intp)
    return steps


def _bounds(chip: ShipChip) -> tuple[Floats, Floats]:
    """Least and greatest coordinates, forward and to starboard, of the ground that matters."""
    heading = np.deg2rad(chip.heading_deg)
    sun = np.deg2rad(chip.sun_azimuth_deg) - heading
    # A freeboard of a fourteenth of the length is a light ship; taller parts may be cut.
    reach = min(0.07 * chip.length_m / np.tan(np.deg2rad(chip.sun_elevation_deg)), 50.0)
    rim = 4 * chip.gsd_m + min(1.5 * chip.position_sigma_m, 12.0) + 4.0
    shade = -np.array([np.cos(sun), np.sin(sun)]) * reach
    half = np.array([chip.length_m / 2, chip.beam_m / 2]) + rim
    return np.minimum(shade, 0) - half, np.maximum(shade, 0) + half


def _area_m2(chip: ShipChip) -> float:
    low, high = _bounds(chip)
    return float(np.prod(high - low))


def _reached(chip: ShipChip, forward: Floats, starboard: Floats) -> NDArray[np.bool_]:
    """Pixels that hull, shadow, lean and a rim of water can reach."""
    low, high = _bounds(chip)
    within: NDArray[np.bool_] = (forward > low[0]) & (forward < high[0])
    within &= (starboard > low[1]) & (starboard < high[1])
    return within
