"""The bright patch at a place in an image: a ship's place, size and axis before any fit.

Pixels of a ship are separated from water by brightness and colour together (Mahalanobis distance
from the water around, hysteresis threshold); pixels darker than water in every band are shadow.
Parts in line with each other are one ship.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import apply_hysteresis_threshold
from skimage.measure import label, regionprops

# Deviations of the water: below the first a pixel is water, above the last it is a ship, and so are
# pixels between that touch it.
_CALM, _UNLIKE = 3.0, (4.5, 8.0)
_LEAST_PART = 4
# The blur of a white deck reaches far: the edge is at half of its light, less for grey parts.
_EDGE = 0.35


@dataclass(frozen=True, kw_only=True)
class Patch:
    """The bright patch that a click lies on: a first estimate of a ship."""

    row: float
    column: float
    """Its middle, pixels from the outer corner of the first one."""
    length_m: float
    beam_m: float
    heading_deg: float
    """Its axis, from the grid's north, 0 to 180."""
    pixels: NDArray[np.bool_]
    """Which belong to it, (rows, columns)."""


def patch_at(
    image: NDArray[np.floating], *, row: float, column: float, gsd_m: float
) -> Patch | None:
    """Measure the patch that a click in an image lies on; None where there is none.

    Parameters
    ----------
    image
        (bands, rows, columns), mostly water.
    row, column
        Of the click, in pixels from the outer corner of the first one.
    gsd_m
        Of the pixels.

    """
    away = _unlike_water(image)
    lit = label(ndimage.binary_closing(apply_hysteresis_threshold(away, *_UNLIKE)), connectivity=2)
    parts = regionprops(lit)
    near = [p for p in parts if _apart(p.coords, row, column) * gsd_m < max(15, 1.5 * gsd_m)]
    if not near:
        return None
    ship = _in_line(max(near, key=lambda p: p.area), parts)
    shine = away[tuple(ship.T)]
    ship = ship[shine >= _EDGE * np.median(shine)]
    middle = ship.mean(0)
    along, across = np.linalg.svd(ship - middle, full_matrices=False)[2]
    place = (ship - middle) @ along
    length = np.ptp(place) + 1.0
    middle = middle + along * (place.max() + place.min()) / 2
    pixels = np.zeros(lit.shape, bool)
    pixels[tuple(ship.T)] = True
    return Patch(
        row=float(middle[0] + 0.5),
        column=float(middle[1] + 0.5),
        length_m=float(length * gsd_m),
        # A strip has a variance of a twelfth of its breadth squared.
        beam_m=float(max(np.sqrt(12 * np.var((ship - middle) @ across)), 1.0) * gsd_m),
        heading_deg=float(np.rad2deg(np.arctan2(along[1], -along[0])) % 180.0),
        pixels=pixels,
    )


def _unlike_water(image: NDArray[np.floating]) -> NDArray[np.floating]:
    """How far each pixel's brightness and colour are from water's, in deviations of the water.

    None at all where it is darker in all bands: a shadow would lengthen the hull.
    """
    level = np.nanmedian(image, axis=(1, 2), keepdims=True)
    spread = 1.4826 * np.nanmedian(np.abs(image - level), axis=(1, 2), keepdims=True)
    score = (image - level) / np.maximum(spread, 1e-9)
    calm = (np.abs(score) < _CALM).all(axis=0)
    water = np.atleast_2d(np.cov(image[:, calm])) + 1e-6 * np.diag(spread.ravel() ** 2 + 1e-12)
    rest = np.nan_to_num(image - level)
    away = np.sqrt(np.einsum("irc,ij,jrc->rc", rest, np.linalg.inv(water), rest))
    return np.where(np.nan_to_num(score).max(axis=0) > 0, away, 0.0)


def _in_line(part: Any, parts: list[Any]) -> NDArray[np.intp]:
    """Pixels of a ship that the shadow of its superstructure, or dark hatches, cut into parts.

    Those ahead and astern of the part that was clicked, on the same axis, closer than its beam.
    """
    ship = part.coords
    others = [p for p in parts if p.label != part.label and p.area >= _LEAST_PART]
    while True:
        middle = ship.mean(0)
        along, across = np.linalg.svd(ship - middle, full_matrices=False)[2]
        beam = max(np.sqrt(12 * np.var((ship - middle) @ across)), 2.0)
        ends = np.sort((ship - middle) @ along)[[0, -1]]
        joined = [
            p
            for p in others
            if _continues((p.coords - middle) @ np.array([along, across]).T, ends, beam)
        ]
        if not joined:
            return ship
        ship = np.concatenate([ship, *(p.coords for p in joined)])
        others = [p for p in others if p not in joined]


def _continues(places: NDArray[np.floating], ends: NDArray[np.floating], beam: float) -> bool:
    """Whether a part (along, across; pixels) lies on the axis and within a beam of either end."""
    gap = max(places[:, 0].min() - ends[1], ends[0] - places[:, 0].max())
    return bool(abs(places[:, 1].mean()) < beam / 2 and gap < beam)


def _apart(coords: Any, row: float, column: float) -> float:
    return float(np.hypot(*(coords + 0.5 - (row, column)).T).min())
