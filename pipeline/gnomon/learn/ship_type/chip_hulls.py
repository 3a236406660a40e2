"""Hulls in chips of 3 m, and which of them are the same ship.

A chip is 80 pixels square with a ship about its middle. Its axis is that of the labels; where it
begins and ends is read from its contrast to the border of the chip.

Ships recur: one lies at anchor for days, and some come back. `same_ship` joins what may be one
ship, rather too much than too little: of like length, and seen within days of each other and of a
place, or at any time with a like deck.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter, map_coordinates

from gnomon.datamodel.arrays import Float32s, Mask
from gnomon.datamodel.boxes import OrientedBox, OrientedBoxes
from gnomon.datamodel.errors import LabelError
from gnomon.detect.hull_frame import hull_cells, hull_frame, scaled_frame
from gnomon.learn.ship_type.chip_types import ChipType

CHIP_GSD_M = 3.0
CHIP_PX = 80
BEAM_SHARE = 0.16
"""Beam over length of a box; the frame does not use it."""
_BORDER_PX = 6
_HOLD = 0.25
"""Least contrast of a hull, as a share of what its brighter cells have."""
_GAP_PX = 5
"""Dark holds and the shadow of a house do not end a hull."""
STAY_DAYS, STAY_M, LENGTH_M = 4.0, 400.0, 22.0
"""Longest time and farthest way between two observations of a ship at anchor, which swings on its
chain, and the largest difference of two lengths by eye."""
ALIKE = 0.90
"""Least correlation of two scaled decks, in either direction, that may be one ship's."""


@dataclass(frozen=True)
class ChipHull:
    """A ship, its pixels and its box in them."""

    label: ChipType
    pixels: Float32s
    """(3, 80, 80), red, green and blue of 8 bits, 0 to 1."""
    box: OrientedBox


def read_chip_hull(folder: Path, label: ChipType) -> ChipHull:
    """Read a chip.

    Raises
    ------
    LabelError
        It is missing, is no picture or has another size.

    """
    path = folder / label.file
    try:
        with Image.open(path) as image:
            levels = np.asarray(image.convert("RGB")).transpose(2, 0, 1)
    except OSError as error:
        raise LabelError(f"{path}: cannot be read as a picture ({error})") from error
    pixels = (levels / 255).astype(np.float32)
    if pixels.shape != (3, CHIP_PX, CHIP_PX):
        raise LabelError(f"{path}: has the size {pixels.shape[1:]}")
    return ChipHull(label, pixels, hull_box(pixels, label))


def hull_box(pixels: Float32s, label: ChipType) -> OrientedBox:
    """Where a hull lies in its chip; of one that is cut, where the part that is seen does."""
    contrast = _contrast(pixels)
    turn = np.deg2rad(label.axis_deg)
    along = np.array([np.sin(turn), -np.cos(turn)])
    across = np.array([np.cos(turn), np.sin(turn)])
    centre = np.full(2, CHIP_PX / 2)
    reach = np.arange(-56.0, 57.0)
    side = np.arange(-8.0, 9.0)
    length = label.length_m / CHIP_GSD_M
    for _ in range(2):  # the first pass finds the middle across the hull, the second its ends
        places = centre + reach[:, None, None] * along + side[:, None] * across
        strip = map_coordinates(contrast, (places[..., 1] - 0.5, places[..., 0] - 0.5), order=1)
        inside = np.abs(reach) < length * 0.4
        weight = strip[inside].mean(0)
        weight = np.clip(weight - 0.4 * weight.max(), 0, None)
        offset = float((side * weight).sum() / weight.sum()) if weight.any() else 0.0
        first, last = _ends(strip[:, np.abs(side - offset) <= 2].mean(1), reach)
        centre = centre + (first + last) / 2 * along + offset * across
    if not label.whole or not 0.8 < (last - first) / length < 1.2:
        length = last - first
    box = OrientedBoxes.of(centre[0], centre[1], length, length * BEAM_SHARE, label.axis_deg)
    return box[0]


def _contrast(pixels: Float32s) -> Float32s:
    """How far each pixel is from the border's median, over all bands."""
    border = np.ones(pixels.shape[1:], bool)
    border[_BORDER_PX:-_BORDER_PX, _BORDER_PX:-_BORDER_PX] = False
    water = np.median(pixels[:, border], axis=1)
    apart = np.linalg.norm(pixels - water[:, None, None], axis=0)
    return gaussian_filter(apart, 0.7)


def _ends(profile: NDArray[np.floating], reach: NDArray[np.float64]) -> tuple[float, float]:
    """First and last place, from the middle, that stands out without a long gap."""
    out = profile > _HOLD * np.percentile(profile[np.abs(reach) < 25], 80)
    ends = []
    for way in (-1, 1):
        last, gap = 0, 0
        for place in range(1, len(reach) // 2):
            gap = 0 if out[len(reach) // 2 + way * place] else gap + 1
            if gap > _GAP_PX:
                break
            last = place if gap == 0 else last
        ends.append(way * (last + 0.5))
    return min(ends), max(ends)


def same_ship(hulls: Sequence[ChipHull]) -> Mask:
    """Which pairs of hulls may be one ship, (hulls, hulls)."""
    day = np.array([one.label.seen_at.timestamp() for one in hulls]) / 86_400
    place = np.array([one.label.place for one in hulls])
    scale = 111_195.0 * np.array([np.cos(np.deg2rad(place[:, 1].mean())), 1.0])
    apart = np.linalg.norm((place[:, None] - place) * scale, axis=2)
    length = np.array([one.label.length_m for one in hulls])
    like = np.abs(length[:, None] - length) <= LENGTH_M
    near = (np.abs(day[:, None] - day) <= STAY_DAYS) & (apart <= STAY_M)
    return np.asarray(like & (near | (likeness(hulls) >= ALIKE)))


def likeness(hulls: Sequence[ChipHull]) -> NDArray[np.float64]:
    """Correlation of the decks of each pair, in the better of both directions."""
    decks = np.stack([_deck(one) for one in hulls])
    straight, turned = (
        (each - each.mean(1, keepdims=True)) / (each.std(1, keepdims=True) + 1e-6)
        for each in (decks.reshape(len(decks), -1), decks[..., ::-1].reshape(len(decks), -1))
    )
    return np.maximum(straight @ straight.T, straight @ turned.T) / straight.shape[1]


def _deck(hull: ChipHull) -> NDArray[np.float64]:
    """Scaled deck, (3, across, along), its cells beside the hull left out."""
    frame = scaled_frame(hull_frame(list(hull.pixels), hull.box, CHIP_GSD_M))
    on_hull = hull_cells()
    rows, columns = on_hull.any(1), on_hull.any(0)
    if frame is None:
        return np.zeros((3, int(rows.sum()), int(columns.sum())))
    return frame[:, rows][:, :, columns].astype(float)
