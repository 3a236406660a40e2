"""Chips of real ships (OpenSARShip), and images with many of them on a simulated or a real sea.

A chip has one ship in its middle, with its size by AIS and MarineTraffic; neighbours have no label.
In an image each chip has a cell of 1.28 km, at a random place in it. The sea around it is as bright
as the border of the chip. It is drawn, or it is real: squares of 160 m from the corners of other
chips of the same scene, those with something bright left out. Chips fade into it over three pixels.
Every third cell or so has no ship, but the empty corners of a chip in the same way: so an edge of a
chip is no mark of a ship.

Source: Huang and others 2018, OpenSARShip, doi:10.1109/JSTARS.2017.2755672. Terms are not stated.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
from numpy.typing import NDArray
from scipy import ndimage

from gnomon.datamodel.arrays import Float32s, Float64s, Mask
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import LabelError
from gnomon.learn.radar.sheets import PIXEL_M, RadarSheet, as_masks, as_pixels
from gnomon.simulate.radar.echoes import (
    NOISE_DB,
    Complex64s,
    Scatterers,
    SeaState,
    received,
    sea_texture,
)

CELL_PX = 128
ROW = 8
"""Cells in a row."""
MOST_PX = 112
"""Larger chips are cut."""
BORDER_PX = 3
FADE_PX = 3
SQUARE_PX = 16
BRIGHT = 6.0
"""A square with a pixel so many times its mean is not taken for sea."""
EMPTY = 0.35
LENGTH_M, BEAM_M = (15.0, 420.0), (4.0, 65.0)
"""Sizes that are believed."""
RATIO = (0.5, 2.0)
"""Of length by AIS over that drawn on the chip: beyond it one of them is of another ship."""


@dataclass(frozen=True)
class RadarChip:
    """One chip."""

    bands: dict[str, Float32s]
    """Linear sigma0 by polarisation."""
    middle: tuple[float, float]
    """Of the ship, sample and line from the chip's corner."""
    axis_deg: float
    """Clockwise from up."""
    length_m: float
    """By MarineTraffic, else AIS; that drawn where neither is believed."""
    beam_m: float
    sized: bool
    """Whether length and beam are believed."""
    scene: str
    incidence_deg: float

    @property
    def border(self) -> dict[str, float]:
        """Mean of the sea at its edge by polarisation."""
        means = {}
        for name, values in self.bands.items():
            inner = np.zeros(values.shape, bool)
            inner[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX] = True
            edge = values[~inner]
            # Sidelobes and neighbours cross the edge; the mean of speckle is 1.08 medians.
            means[name] = float(1.08 * np.median(edge))
        return means


def read_ship_chips(folder: Path, split: str) -> list[RadarChip]:
    """Read the chips of a split.

    Raises
    ------
    LabelError
        The index or a chip is missing or damaged.

    """
    try:
        index = pd.read_csv(folder / "index.csv")
        return [_chip(folder, row) for _, row in index[index.split == split].iterrows()]
    except (OSError, KeyError, ValueError, rasterio.RasterioIOError) as error:
        raise LabelError(f"{folder}: cannot be read as chips of ships ({error})") from error


def _chip(folder: Path, row: pd.Series) -> RadarChip:
    with rasterio.open(folder / row.chip) as file:
        values = np.maximum(file.read(), 0).astype(np.float32)
    names = ("vv",) if row.pol == "VV" else ("vh", "vv")
    dx, dy = row.head_x - row.tail_x, row.head_y - row.tail_y
    drawn_m = float(np.hypot(dx, dy)) * PIXEL_M
    length_m, beam_m = (
        float(known if known > 0 else ais)
        for known, ais in (
            (pd.to_numeric(row.mt_length_m, errors="coerce"), row.ais_length_m),
            (pd.to_numeric(row.mt_beam_m, errors="coerce"), row.ais_width_m),
        )
    )
    sized = LENGTH_M[0] <= length_m <= LENGTH_M[1] and BEAM_M[0] <= beam_m <= BEAM_M[1]
    sized = sized and RATIO[0] <= length_m / max(drawn_m, PIXEL_M) <= RATIO[1]
    lines, samples = values.shape[1:]
    top, left = max((lines - MOST_PX) // 2, 0), max((samples - MOST_PX) // 2, 0)
    inner = np.s_[top : lines - top, left : samples - left]
    return RadarChip(
        bands={name: band[inner] for name, band in zip(names, values, strict=True)},
        middle=(
            (row.head_x + row.tail_x) / 2 + 0.5 - left,
            (row.head_y + row.tail_y) / 2 + 0.5 - top,
        ),
        axis_deg=float(np.rad2deg(np.arctan2(dx, -dy)) % 180),
        length_m=length_m if sized else drawn_m,
        beam_m=beam_m if sized else drawn_m / 6,
        sized=sized,
        scene=row.scene,
        incidence_deg=float(row.incidence_deg),
    )


def chip_sheet(
    chips: Sequence[RadarChip],
    seed: int,
    *,
    bank: Complex64s,
    real_sea: bool,
    empty: float = EMPTY,
) -> RadarSheet:
    """An image of many chips of one kind of product.

    Parameters
    ----------
    chips
        With the same polarisations.
    seed
        Of places, brightness and sea.
    bank
        Speckle, (looks, lines, samples), of which the sheet takes its part.
    real_sea
        Whether the sea between chips is real.
    empty
        Share of cells beyond those with chips, over the number of chips.

    """
    rng = np.random.default_rng(seed)
    names = sorted(set.intersection(*(set(chip.bands) for chip in chips)))
    borders = [chip.border for chip in chips]
    of_cell, shown = _cells(rng, np.array([one[names[0]] for one in borders]), empty)
    rows = len(of_cell) // ROW
    levels = {
        name: _level(np.array([borders[n][name] for n in of_cell]).reshape(rows, ROW))
        for name in names
    }
    sea = _quilt(rng, chips, names, levels) if real_sea else _drawn(rng, levels, bank)
    unlabelled = np.zeros((rows * CELL_PX, ROW * CELL_PX), bool)
    places = {}
    for cell, number in enumerate(of_cell):
        chip = chips[number]
        corner = _corner(rng, cell, next(iter(chip.bands.values())).shape)
        if shown[cell]:
            places[int(number)] = corner
            _paste(sea, chip, corner, unlabelled)
        elif rng.random() < 0.7:
            _paste_corners(sea, chip, corner)
    incidence = np.array([chips[n].incidence_deg for n in of_cell]).reshape(rows, ROW)
    return _sheet(chips, sea, places, unlabelled, _pixels_of(incidence))


def _cells(
    rng: np.random.Generator, brightness: Float64s, empty: float
) -> tuple[NDArray[np.int64], Mask]:
    """Number of the chip whose sea each cell has, and whether the chip is shown there.

    Neighbours are about as bright, so that their sea is one.
    """
    count = len(brightness)
    rows = -(-round(count * (1 + empty)) // ROW)
    numbers = np.concatenate([np.arange(count), rng.integers(0, count, rows * ROW - count)])
    shown = np.arange(rows * ROW) < count
    order = np.argsort(np.log(brightness[numbers]) + rng.normal(0, 0.1, rows * ROW))
    there_and_back = np.arange(rows * ROW).reshape(rows, ROW)
    there_and_back[1::2] = there_and_back[1::2, ::-1]
    order = order[there_and_back.ravel()]
    return numbers[order], shown[order]


def _sheet(
    chips: Sequence[RadarChip],
    sea: dict[str, Float32s],
    places: dict[int, tuple[int, int]],
    unlabelled: Mask,
    incidence: Float64s,
) -> RadarSheet:
    corners = np.array([places[n] for n in range(len(chips))])
    x, y = (corners + np.array([chip.middle for chip in chips])).T
    scenes = sorted({chip.scene for chip in chips})
    return RadarSheet(
        as_pixels(sea, incidence),
        as_masks(np.zeros(unlabelled.shape, bool)),
        OrientedBoxes.of(
            x,
            y,
            np.array([chip.length_m for chip in chips]) / PIXEL_M,
            np.array([chip.beam_m for chip in chips]) / PIXEL_M,
            np.array([chip.axis_deg for chip in chips]),
        ),
        np.array([chip.sized for chip in chips]),
        np.array([scenes.index(chip.scene) for chip in chips]),
        unlabelled,
    )


def _pixels_of(cells: Float64s) -> Float64s:
    return cells.repeat(CELL_PX, axis=0).repeat(CELL_PX, axis=1)


def _level(cells: Float64s) -> Float32s:
    """Brightness of each pixel, which goes over smoothly from cell to cell."""
    smooth = ndimage.gaussian_filter(_pixels_of(np.log(cells)), CELL_PX / 6, mode="nearest")
    level: Float32s = np.exp(smooth).astype(np.float32)
    return level


def _drawn(
    rng: np.random.Generator, levels: dict[str, Float32s], bank: Complex64s
) -> dict[str, Float32s]:
    nothing = Scatterers(np.zeros(0), np.zeros(0), np.zeros(0))
    shape = next(iter(levels.values())).shape
    noise = np.float32(10 ** (NOISE_DB / 10))
    texture = sea_texture(rng, shape, SeaState(roughness=float(rng.uniform(0, 0.3))), PIXEL_M)
    part = bank[:, : shape[0], : shape[1]]
    drawn = {}
    for name, level in levels.items():
        surface = np.maximum(level * texture - noise, 0)
        # The noise of the chips is in their brightness; where they have less, all is scaled.
        power = received(rng, surface, nothing, spacing_m=PIXEL_M, bank=part)
        drawn[name] = power * np.minimum(level * texture / noise, 1)
    return drawn


def _squares(chips: Sequence[RadarChip], names: Sequence[str]) -> Iterator[Float32s]:
    """Sea from the corners of chips, (bands, 16, 16), of mean one."""
    for chip in chips:
        values = np.stack([chip.bands[name] for name in names])
        if min(values.shape[1:]) < 3 * SQUARE_PX:
            continue
        for rows in (slice(0, SQUARE_PX), slice(-SQUARE_PX, None)):
            for columns in (slice(0, SQUARE_PX), slice(-SQUARE_PX, None)):
                part = values[:, rows, columns]
                part = part / part.mean(axis=(1, 2), keepdims=True)
                if part.max() < BRIGHT:
                    yield part


def _quilt(
    rng: np.random.Generator,
    chips: Sequence[RadarChip],
    names: Sequence[str],
    levels: dict[str, Float32s],
) -> dict[str, Float32s]:
    squares = np.stack(list(_squares(chips, names)))
    lines, samples = (side // SQUARE_PX for side in levels[names[0]].shape)
    chosen = squares[rng.integers(0, len(squares), (lines, samples))]
    whole = chosen.transpose(2, 0, 3, 1, 4).reshape(
        len(names), lines * SQUARE_PX, samples * SQUARE_PX
    )
    return {name: whole[n] * levels[name] for n, name in enumerate(names)}


def _corner(rng: np.random.Generator, cell: int, size: tuple[int, ...]) -> tuple[int, int]:
    """Sample and line of a chip's corner in the sheet."""
    row, column = divmod(cell, ROW)
    line, sample = (int(rng.integers(4, CELL_PX - side - 3)) for side in size)
    return column * CELL_PX + sample, row * CELL_PX + line


def _paste(
    sea: dict[str, Float32s], chip: RadarChip, corner: tuple[int, int], unlabelled: Mask
) -> None:
    lines, samples = next(iter(chip.bands.values())).shape
    at = np.s_[corner[1] : corner[1] + lines, corner[0] : corner[0] + samples]
    weight = _fade((lines, samples))
    for name, values in sea.items():
        values[at] = weight * chip.bands[name] + (1 - weight) * values[at]
    unlabelled[at] = True


def _paste_corners(sea: dict[str, Float32s], chip: RadarChip, corner: tuple[int, int]) -> None:
    """Paste a chip's corner where nothing is bright, repeated as mirror images."""
    size = next(iter(chip.bands.values())).shape
    half = [side // 3 for side in size]
    part = {name: chip.bands[name][: half[0], : half[1]] for name in sea}
    if any(values.max() > BRIGHT * values.mean() for values in part.values()):
        return
    around = [(0, h) for h in half]
    at = np.s_[corner[1] : corner[1] + 2 * half[0], corner[0] : corner[0] + 2 * half[1]]
    weight = _fade((2 * half[0], 2 * half[1]))
    for name, values in sea.items():
        whole = np.pad(part[name], around, mode="symmetric")
        values[at] = weight * whole + (1 - weight) * values[at]


def _fade(shape: Sequence[int]) -> Float32s:
    """From the edge of a chip inwards, zero to one over `FADE_PX`."""
    edges: list[NDArray[np.float32]] = []
    for side in shape:
        from_edge = np.minimum(np.arange(side), np.arange(side)[::-1]) + 1
        edges.append(np.minimum(from_edge / (FADE_PX + 1), 1).astype(np.float32))
    fade: Float32s = np.minimum.outer(edges[0], edges[1])
    return fade
