"""Real ships onto other water and other quays.

A few hundred labelled ships lie at a few hundred places, and a network that sees no others learns
the places. So ships are cut out of their scenes and laid, turned, mirrored, stretched and tinted,
onto the water of other chips: alongside what is not water, as a berthed ship lies, or at sea
(Ghiasi et al. 2021, "Simple Copy-Paste", arXiv:2012.07177). Each is lifted by the difference of the
two waters, which is what haze and glint add.
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
from gnomon.learn.resampling import cut
from gnomon.learn.scenes import Labelled

TRIES = 60
"""Places that are looked at for each ship."""
_AFLOAT = 0.92
"""Least share of a hull's ground that is free: edges of quays are told to two pixels only."""
ALONGSIDE = 0.75
"""How often a ship goes to a quay where there is one."""
SHORTEST_PX = 5.0
LONGEST_PX = 45.0
_EDGE_PX = 1.1
"""How far beyond the rectangle a ship's own pixels are taken: the instrument blurs her edge."""
Place = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
"""x, y and angle in radians of several tries."""
Size = float | np.floating
_GRID = np.meshgrid(np.linspace(-0.5, 0.5, 9), np.linspace(-0.5, 0.5, 3))


@dataclass(frozen=True)
class Donor:
    """A ship to be cut out, and the water of its scene, by band."""

    scene: Labelled
    ship: OrientedBox
    water: Tensor


def donors(scenes: Sequence[Labelled]) -> list[Donor]:
    """Every labelled ship of the real scenes."""
    return [
        Donor(scene, ship, _level(scene.bands, scene.masks[0] > 0))
        for scene in scenes
        if scene.real
        for ship in scene.ships
        if ship.length >= SHORTEST_PX
    ]


def pasted(
    pixels: Tensor,
    water: Tensor,
    ships: OrientedBoxes,
    givers: Sequence[Donor],
    rng: np.random.Generator,
) -> tuple[Tensor, OrientedBoxes]:
    """Lay one to three ships onto a chip, where there is room.

    Parameters
    ----------
    pixels
        (bands, side, side) reflectance; bands that the scene lacks are NaN.
    water
        (side, side), true on open water.
    ships
        Those that are there.
    givers
        Ships to choose from.
    rng
        Chooses.

    """
    free = water & torch.isfinite(pixels).any(dim=0)
    if not free.any():
        return pixels, ships
    level = _level(pixels, free)
    for _ in range(int(rng.integers(1, 4))):
        giver = givers[int(rng.integers(len(givers)))]
        if (torch.isfinite(level) & ~torch.isfinite(giver.water)).any():
            continue  # she lacks a band that she would be seen in
        scale = float(np.exp(rng.uniform(np.log(0.75), np.log(1.3))))
        length, beam = giver.ship.length / scale, giver.ship.beam / scale
        spot = berth(free.numpy(), length, beam, rng) if length < LONGEST_PX else None
        if spot is None:
            continue
        x, y, angle = spot
        laid = OrientedBoxes.of(x, y, length, beam, angle, tanker=giver.ship.tanker)
        pixels = _laid(pixels, giver, laid[0], scale, level, rng)
        free = free & (_cover(laid[0], pixels.shape[-1]) == 0)
        ships = OrientedBoxes.concatenate([ships, laid])
    return pixels, ships


def berth(
    free: Mask, length: Size, beam: Size, rng: np.random.Generator
) -> tuple[float, float, float] | None:
    """Where a hull would fit: x, y and angle in degrees; nothing where there is no room."""
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
    """Places beside what is not free, a hull's side to it: quays, piers, shores, other hulls."""
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


def _laid(
    pixels: Tensor,
    giver: Donor,
    ship: OrientedBox,
    scale: float,
    level: Tensor,
    rng: np.random.Generator,
) -> Tensor:
    """The chip with a ship on it."""
    side = pixels.shape[-1]
    box = 2 * int(np.ceil(ship.length / 2 + 3))
    left, top = (int(v) - box // 2 for v in (ship.x, ship.y))
    # From the box to the donor's scene: the axis of the one onto the axis of the other.
    turned = np.deg2rad(giver.ship.angle) + np.pi * rng.integers(2)
    mirror = np.diag([rng.choice([-1.0, 1.0]), 1.0])
    matrix = scale * _rotation(turned) @ mirror @ _rotation(-np.deg2rad(ship.angle))
    to_middle = np.array([left + box / 2 - ship.x, top + box / 2 - ship.y])
    centre = np.array([giver.ship.x, giver.ship.y]) + matrix @ to_middle
    taken = cut(giver.scene.bands, matrix, centre, box)
    tint = np.exp(rng.normal(0, 0.12) + rng.normal(0, 0.08, len(pixels)))
    water = giver.water[:, None, None]
    factor = torch.from_numpy(tint.astype(np.float32))[:, None, None]
    taken = (taken - water) * factor + level[:, None, None]
    rows, columns = (slice(max(s, 0), min(s + box, side)) for s in (top, left))
    part = taken[:, rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    cover = _cover(ship, side)[rows, columns] * torch.isfinite(part)
    below = pixels[:, rows, columns]
    result = pixels.clone()
    # A band that the chip lacks stays NaN, and what the donor did not see takes no part.
    result[:, rows, columns] = torch.where(cover > 0, below + cover * (part - below), below)
    return result


def _rotation(turn: float) -> NDArray[np.float64]:
    """Matrix that turns with the clock, by an angle in radians."""
    return np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])


def _cover(ship: OrientedBox, side: int) -> Tensor:
    """How much of each pixel a ship takes, falling off within a pixel beyond her rectangle."""
    middles = np.arange(side, dtype=np.float32) + 0.5
    along, across = (np.abs(side) for side in ship.along_across(*np.meshgrid(middles, middles)))
    reach = np.clip(ship.length / 2 + _EDGE_PX - along, 0, 1) * np.clip(
        ship.beam / 2 + _EDGE_PX - across, 0, 1
    )
    return torch.from_numpy(reach.astype(np.float32))


def _level(bands: Tensor, water: Tensor) -> Tensor:
    """Median of each band over water; NaN where there is none."""
    return torch.stack([band[water].nanmedian() for band in bands])
