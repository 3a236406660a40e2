"""Augmentation: ships copied to other water and other quays, and other light.

A few hundred labelled ships lie at a few hundred places, and a network that sees no others learns
the places. So ships are cut out of their scenes and pasted, turned, mirrored, stretched and tinted,
onto the water of other chips: alongside what is not water, as a berthed ship lies, or at sea
(Ghiasi et al. 2021, "Simple Copy-Paste", arXiv:2012.07177). The difference of the two waters is
added to each, because that is what haze and glint add.

Light changes band by band, because harbours differ more than ships do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from gnomon.datamodel.arrays import Mask
from gnomon.datamodel.boxes import OrientedBox, OrientedBoxes
from gnomon.learn.resampling import resample
from gnomon.learn.tensors import SceneTensors

TRIES = 60
"""Places that are tried for each ship."""
_AFLOAT = 0.92
"""Least share of a hull's ground that is free: edges of quays are known to two pixels only."""
ALONGSIDE = 0.75
"""Share of ships that go to a quay where there is one."""
SHORTEST_PX = 5.0
LONGEST_PX = 45.0
_EDGE_PX = 1.1
"""How far beyond its box a ship's own pixels are copied: the instrument blurs its edge."""
Place = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
"""x, y and angle in radians of several tries."""
Size = float | np.floating
_GRID = np.meshgrid(np.linspace(-0.5, 0.5, 9), np.linspace(-0.5, 0.5, 3))


@dataclass(frozen=True)
class Donor:
    """A ship to be copied, and the water of its scene, by band."""

    scene: SceneTensors
    ship: OrientedBox
    water: Tensor


def donors(scenes: Sequence[SceneTensors]) -> list[Donor]:
    """Every labelled ship of the real scenes that is long enough to be copied."""
    sources = []
    for scene in scenes:
        if scene.real:
            water = _level(scene.bands, scene.masks[0] > 0)
            long = scene.ships[scene.ships.length >= SHORTEST_PX]
            sources += [Donor(scene, ship, water) for ship in long]
    return sources


def paste_ships(
    pixels: Tensor,
    water: Tensor,
    ships: OrientedBoxes,
    sources: Sequence[Donor],
    rng: np.random.Generator,
) -> tuple[Tensor, OrientedBoxes]:
    """Paste one to three ships onto a chip, where there is room.

    Parameters
    ----------
    pixels
        (bands, side, side) reflectance; bands that the scene lacks are NaN.
    water
        (side, side), true on open water.
    ships
        Those that are there.
    sources
        Ships to choose from.
    rng
        Chooses.

    Returns
    -------
    tuple
        The chip, and the ships that are there now.

    """
    free = water & torch.isfinite(pixels).any(dim=0)
    if not free.any():
        return pixels, ships
    level = _level(pixels, free)
    for _ in range(int(rng.integers(1, 4))):
        donor = sources[int(rng.integers(len(sources)))]
        if (torch.isfinite(level) & ~torch.isfinite(donor.water)).any():
            continue  # it lacks a band of the chip
        scale = float(np.exp(rng.uniform(np.log(0.75), np.log(1.3))))
        length, beam = donor.ship.length / scale, donor.ship.beam / scale
        spot = find_berth(free.numpy(), length, beam, rng) if length < LONGEST_PX else None
        if spot is None:
            continue
        x, y, angle = spot
        copy = OrientedBoxes.of(x, y, length, beam, angle, tanker=donor.ship.tanker)
        pixels = _pasted(pixels, donor, copy[0], scale, level, rng)
        free = free & (_cover(copy[0], pixels.shape[-1]) == 0)
        ships = OrientedBoxes.concatenate([ships, copy])
    return pixels, ships


def find_berth(
    free: Mask, length: Size, beam: Size, rng: np.random.Generator
) -> tuple[float, float, float] | None:
    """Place where a hull fits: x, y and angle in degrees; None where there is no room."""
    alongside = _shores(free, beam, rng) if rng.random() < ALONGSIDE else None
    for place in (alongside, _anywhere(free.shape[0], rng)):
        if place is None:
            continue
        along, across = (g.ravel() for g in _GRID)
        fits = np.flatnonzero(_share(free, place, along * length, across * (beam + 0.6)) > _AFLOAT)
        if len(fits):
            pick = rng.choice(fits)
            x, y, turn = (float(values[pick]) for values in place)
            return x, y, float(np.rad2deg(turn) % 180)
    return None


def _anywhere(side: int, rng: np.random.Generator) -> Place:
    x, y = rng.uniform(3, side - 3, (2, TRIES))
    return x, y, rng.uniform(0, np.pi, TRIES)


def _shores(free: Mask, beam: Size, rng: np.random.Generator) -> Place | None:
    """Places alongside what is not free: quays, piers, shores, other hulls."""
    slope_y, slope_x = np.gradient(ndimage.uniform_filter(free.astype(float), 7))
    steep = np.hypot(slope_x, slope_y)
    # The edge of what is free: its last pixels, where the way off the quay is known.
    edge = free & ~ndimage.binary_erosion(free, border_value=1) & (steep > 0.05)
    rows, columns = np.nonzero(edge)
    if not len(rows):
        return None
    some = rng.integers(len(rows), size=TRIES)
    row, column = rows[some], columns[some]
    off_x, off_y = (slope[row, column] / steep[row, column] for slope in (slope_x, slope_y))
    off = beam / 2 + rng.uniform(-0.3, 1.2, TRIES)
    turn = np.arctan2(off_y, off_x) + rng.normal(0, 0.05, TRIES)  # the axis lies across the way off
    return column + 0.5 + off * off_x, row + 0.5 + off * off_y, turn


def _share(
    free: Mask,
    place: Place,
    along: NDArray[np.float64],
    across: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Share of points around each place that are free, or lie outside the chip."""
    x, y, turn = (v[:, None] for v in place)
    column = np.floor(x + along * np.sin(turn) + across * np.cos(turn)).astype(int)
    row = np.floor(y - along * np.cos(turn) + across * np.sin(turn)).astype(int)
    last = free.shape[0] - 1
    outside = (column < 0) | (row < 0) | (column > last) | (row > last)
    share: NDArray[np.float64] = (free[row.clip(0, last), column.clip(0, last)] | outside).mean(1)
    return share


def _pasted(
    pixels: Tensor,
    donor: Donor,
    ship: OrientedBox,
    scale: float,
    level: Tensor,
    rng: np.random.Generator,
) -> Tensor:
    """The chip with a ship pasted onto it."""
    side = pixels.shape[-1]
    box = 2 * int(np.ceil(ship.length / 2 + 3))
    left, top = (int(v) - box // 2 for v in (ship.x, ship.y))
    # From the box to the donor's scene: the axis of the one onto the axis of the other.
    turned = np.deg2rad(donor.ship.angle) + np.pi * rng.integers(2)
    mirror = np.diag([rng.choice([-1.0, 1.0]), 1.0])
    matrix = scale * _rotation(turned) @ mirror @ _rotation(-np.deg2rad(ship.angle))
    to_middle = np.array([left + box / 2 - ship.x, top + box / 2 - ship.y])
    centre = np.array([donor.ship.x, donor.ship.y]) + matrix @ to_middle
    copied = resample(donor.scene.bands, matrix, centre, box)
    tint = np.exp(rng.normal(0, 0.12) + rng.normal(0, 0.08, len(pixels)))
    water = donor.water[:, None, None]
    factor = torch.from_numpy(tint.astype(np.float32))[:, None, None]
    copied = (copied - water) * factor + level[:, None, None]
    rows, columns = (slice(max(s, 0), min(s + box, side)) for s in (top, left))
    part = copied[:, rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    cover = _cover(ship, side)[rows, columns] * torch.isfinite(part)
    below = pixels[:, rows, columns]
    result = pixels.clone()
    # A band that the chip lacks stays NaN, and what the donor's scene lacks takes no part.
    result[:, rows, columns] = torch.where(cover > 0, below + cover * (part - below), below)
    return result


def _rotation(turn: float) -> NDArray[np.float64]:
    """Matrix that turns with the clock, by an angle in radians."""
    return np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])


def _cover(ship: OrientedBox, side: int) -> Tensor:
    """How much of each pixel a ship covers, falling off within a pixel beyond its box."""
    middles = np.arange(side, dtype=np.float32) + 0.5
    along, across = (np.abs(side) for side in ship.along_across(*np.meshgrid(middles, middles)))
    reach = np.clip(ship.length / 2 + _EDGE_PX - along, 0, 1) * np.clip(
        ship.beam / 2 + _EDGE_PX - across, 0, 1
    )
    return torch.from_numpy(reach.astype(np.float32))


def _level(bands: Tensor, water: Tensor) -> Tensor:
    """Median of each band over water; NaN where there is none."""
    return torch.stack([band[water].nanmedian() for band in bands])


def relight(bands: Tensor, present: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Change haze, light and noise of a chip, and sometimes leave a band out.

    Parameters
    ----------
    bands
        (bands, side, side) reflectance.
    present
        (bands,), 1 where the scene has the band.
    rng
        Chooses.

    Returns
    -------
    tuple
        Both, as they are now; bands that are not present are NaN.

    """
    count = len(bands)
    gain = np.exp(rng.normal(0, 0.2) + rng.normal(0, 0.1, count))
    # Haze is stronger in the blue and never negative by much: dark water would vanish.
    haze = (
        rng.choice([0.0, 1.0], p=[0.6, 0.4]) * rng.exponential(0.03) * np.linspace(1.3, 0.7, count)
    )
    haze = haze + rng.normal(0, 0.004, count)
    noise = rng.exponential(0.0015)
    lit = bands * _column(gain) + _column(haze)
    lit = lit + noise * torch.from_numpy(rng.standard_normal(bands.shape, dtype=np.float32))
    keep = present.clone()
    if rng.random() < 0.15:
        keep[rng.integers(count)] = 0.0
        if not keep.any():
            keep = present.clone()
    return torch.where(keep[:, None, None] > 0, lit, torch.nan), keep


def _column(values: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))[:, None, None]
