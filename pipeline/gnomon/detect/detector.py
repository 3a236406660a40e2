"""Pixels in, hulls out: a cascade.

1. The contrast of open water with itself says where anything is at all (`contrast`).
2. The network looks there, and at every pixel within reach of a quay, where contrast means nothing.
   It looks through cells of at most 128 pixels with a halo, so that cost follows what there is.
   Where it sees something, it looks again at the mirrored pixels (`views`).
3. Peaks of its centre map become oriented rectangles with a calibrated score, in which the map of
   hulls has its word too: is the rectangle filled?
4. Of two rectangles that share most of the smaller one, the better stands: one row per hull, across
   cells and windows alike.

What a network learned counts in pixels: taught with 10 m, it told simulated hulls at 3 m 45 m short
on average. Finer scenes are averaged to about the network's own pixel before any of this; loads
are read from the scene's pixels all the same.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np
import torch
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from odc.geo.xr import wrap_xr
from scipy import ndimage
from scipy.special import expit
from torch import Tensor
from torch.nn import functional

from gnomon.detect.contrast import Floats, departures
from gnomon.detect.hulls import NOTHING, Hulls, Mask, near_land, one_per_hull
from gnomon.detect.network import STRIDE, Maps
from gnomon.detect.tiles import Window, framed, windows
from gnomon.detect.views import in_doubt, mirrored_looks
from gnomon.detect.weights import Model, Weights
from gnomon.study import DetectOptions

CELL_PX = 128
HALO_PX = 24
"""Half of a 400 m hull and a little beside; a cell and two halos are multiples of `STEP_PX`. In a
port 1.5 times the pixels that are searched are read so; with cells of 96 and halos of 32, 2.1."""
REACH_M = 100.0
"""How far from what stands out the centre of its hull may lie: the house of a 250 m tanker."""
STEP_PX = 16
"""The network's coarsest stride; crops are multiples of it."""
BLOCK_PX = 8
"""Where to look is told to so many pixels; `CELL_PX` is a multiple."""
BATCH = 16
Look = Callable[[Tensor, Tensor, Tensor | None], Maps]
"""Crops, which bands they have, and what their place looks like without ships."""
FAINTEST = -4.0
"""Logit of a peak that is not worth more thought."""


def find_hulls(
    pixels: xr.Dataset,
    masks: xr.Dataset,
    *,
    weights: Weights,
    options: DetectOptions,
    history: xr.Dataset | None = None,
) -> Hulls:
    """Find the hulls of one window.

    Parameters
    ----------
    pixels
        Reflectances, not finite where nothing was seen; bands that are missing are missing.
    masks
        Layers on the same grid: ``water`` (open water), ``search`` (where the centre of a hull may
        lie) and ``land``.
    weights
        A network and its calibration.
    options
        Threshold and least length.
    history
        What the place looks like without ships, bands on the same grid, not finite where nobody
        knows; nowhere, if left out.

    """
    gsd_m = abs(pixels.odc.geobox.resolution.x)
    step = max(1, round(weights.model.gsd_m / gsd_m))
    if step > 1:
        grid = pixels.odc.geobox
        coarse, blurred = (_averaged(layers, grid, step) for layers in (pixels, masks))
        before = None if history is None else _averaged(history, grid, step)
        hulls = find_hulls(coarse, blurred, weights=weights, options=options, history=before)
        hulls[:, :4] *= step
        return hulls
    water, search, land = (masks[layer].to_numpy() for layer in ("water", "search", "land"))
    cells = worth_a_look(pixels, water, search, contrast_min=options.contrast_min)
    if not cells:
        return NOTHING
    shown = _Shown.of(pixels, history, weights.model)
    threshold = options.threshold if options.threshold is not None else weights.model.threshold
    hulls = shown.hulls(cells, weights.looking)
    hulls = _looked_again(hulls, shown, weights.looking, water.shape)  # a second look; may go
    hulls = hulls[_kept(hulls, search, options.length_min_m / gsd_m)]
    hulls = one_per_hull(hulls[hulls[:, 5] >= threshold])
    hulls[:, 6] = near_land(hulls, land, gsd_m)
    return hulls


@dataclass(frozen=True)
class _Shown:
    """What of a window the network is shown, and what it says of its cells."""

    bands: list[Floats | None]
    """Of the network, in its order; None of what the pixels lack."""
    past: list[Floats | None] | None
    model: Model

    @classmethod
    def of(cls, pixels: xr.Dataset, history: xr.Dataset | None, model: Model) -> Self:
        layers = [
            [some[b].to_numpy() if b in some else None for b in model.bands]
            for some in (pixels, history)
            if some is not None
        ]
        return cls(layers[0], layers[1] if history is not None else None, model)

    def hulls(self, cells: list[Window], look: Look) -> Hulls:
        """Peaks in some cells, each cell its own, in pixels of the window."""
        present = torch.tensor([[float(band is not None) for band in self.bands]])
        found = [NOTHING]
        for batch in _batches(cells):
            past = None if self.past is None else _crops(self.past, batch)
            with torch.inference_mode():
                maps = look(_crops(self.bands, batch), present.expand(len(batch), -1), past)
            found += _hulls(maps, batch, self.model)
        return np.concatenate(found)


def _looked_again(hulls: Hulls, shown: _Shown, network: Look, shape: tuple[int, int]) -> Hulls:
    """Hulls, those in doubt as a second look with its mirror images tells them."""
    cells, within = in_doubt(hulls, shape, halo_px=HALO_PX)
    return np.concatenate([hulls[~within], shown.hulls(cells, partial(mirrored_looks, network))])


def _averaged(layers: xr.Dataset, grid: GeoBox, step: int) -> xr.Dataset:
    """Means over squares of pixels, of masks what most of a square is; the last part squares go."""
    rows, columns = (side // step for side in grid.shape)
    coarse = GeoBox((rows, columns), grid.affine @ Affine.scale(step), grid.crs)

    def mean(values: NDArray[np.generic]) -> NDArray[np.generic]:
        squares = values[: rows * step, : columns * step].reshape(rows, step, columns, step)
        share = squares.mean(axis=(1, 3), dtype=np.float32)
        return share >= 0.5 if values.dtype == bool else share

    averaged = {n: wrap_xr(mean(v.to_numpy()), coarse) for n, v in layers.data_vars.items()}
    return xr.Dataset(averaged)


def worth_a_look(
    pixels: xr.Dataset, water: Mask, search: Mask, *, contrast_min: float
) -> list[Window]:
    """Cells in which there may be a hull, each no larger than what is there to be looked at.

    Worth a look is what may hold a hull and is not water, as all that lies at a quay, and the
    water that stands out from the water around it.
    """
    gsd_m = abs(pixels.odc.geobox.resolution.x)
    strength = np.abs(departures(pixels, water)) > contrast_min
    interesting = ~water
    for row, column in np.ndindex(2, 2):
        part = interesting[row : 2 * len(strength) : 2, column : 2 * strength.shape[1] : 2]
        part |= strength
    interesting &= search
    near = _near(interesting, REACH_M / gsd_m)
    cells = []
    for cell in windows(water.shape, core_px=CELL_PX, halo_px=HALO_PX):
        blocks = near[tuple(slice(s.start // BLOCK_PX, -(-s.stop // BLOCK_PX)) for s in cell.core)]
        if blocks.any():
            within = search[cell.core]
            pixels_near = blocks.repeat(BLOCK_PX, 0).repeat(BLOCK_PX, 1)
            within = within & pixels_near[: within.shape[0], : within.shape[1]]
            if within.any():
                cells.append(_shrunk(cell, within, water.shape))
    return cells


def _shrunk(cell: Window, within: Mask, shape: tuple[int, int]) -> Window:
    """The part of a cell that holds what is worth a look, its sides multiples of `STEP_PX`."""
    core = []
    for axis, side in enumerate(cell.core):
        hit = np.flatnonzero(within.any(axis=1 - axis))
        length = -(-(hit[-1] + 1 - hit[0]) // STEP_PX) * STEP_PX
        start = side.start + int(hit[0])
        core.append(slice(start, start + int(length)))
    return framed((core[0], core[1]), shape, halo_px=HALO_PX)


def _batches(cells: list[Window]) -> Iterator[list[Window]]:
    """Cells whose crops have one size, at most `BATCH` at a time."""
    by_size: dict[tuple[int, ...], list[Window]] = {}
    for cell in cells:
        by_size.setdefault(_crop_size(cell), []).append(cell)
    for alike in by_size.values():
        for start in range(0, len(alike), BATCH):
            yield alike[start : start + BATCH]


def _crop_size(cell: Window) -> tuple[int, ...]:
    """Rows and columns of a crop: the core brought to `STEP_PX`, and the halo all around."""
    return tuple(
        -(-(side.stop - side.start) // STEP_PX) * STEP_PX + 2 * HALO_PX for side in cell.core
    )


def _near(mask: Mask, radius_px: float) -> Mask:
    """Blocks of `BLOCK_PX` within about a radius of the mask: it only says where to look."""
    rows, columns = (-(-n // BLOCK_PX) for n in mask.shape)
    padded = np.zeros((rows * BLOCK_PX, columns * BLOCK_PX), bool)
    padded[: mask.shape[0], : mask.shape[1]] = mask
    # Eight pixels of a row are one number.
    blocks = padded.view(np.uint64).reshape(rows, BLOCK_PX, columns).any(axis=1)
    side = 2 * int(np.ceil(radius_px / BLOCK_PX)) + 1
    grown: Mask = ndimage.maximum_filter(blocks.view(np.uint8), side, mode="constant").view(bool)
    return grown


def _crop(layers: Sequence[Floats | None], cell: Window) -> Floats:
    """Cell and halo at full size, (rows, columns, bands), NaN beyond the raster and of no band."""
    rows, columns = cell.halo
    top = HALO_PX - (cell.core[0].start - rows.start)
    left = HALO_PX - (cell.core[1].start - columns.start)
    crop = np.full((*_crop_size(cell), len(layers)), np.nan, np.float32)
    bottom, right = top + rows.stop - rows.start, left + columns.stop - columns.start
    for number, layer in enumerate(layers):
        if layer is not None:
            crop[top:bottom, left:right, number] = layer[rows, columns]
    return crop


def _crops(layers: Sequence[Floats | None], cells: Sequence[Window]) -> Tensor:
    """Crops of one size, (cells, bands, rows, columns), the bands of a pixel side by side."""
    return torch.from_numpy(np.stack([_crop(layers, cell) for cell in cells])).permute(0, 3, 1, 2)


def _hulls(maps: Maps, cells: Sequence[Window], model: Model) -> list[Hulls]:
    """Read the peaks of a batch, in pixels of the raster, each cell its own."""
    logit = maps.centre[:, 0]
    peak = functional.max_pool2d(maps.centre, 3, stride=1, padding=1)[:, 0]
    chip, row, column = torch.nonzero((logit == peak) & (logit > FAINTEST), as_tuple=True)
    shift, size, axis = (
        m[chip, :, row, column].numpy() for m in (maps.shift, maps.size, maps.axis)
    )
    angle = np.rad2deg(0.5 * np.arctan2(axis[:, 1], axis[:, 0])) % 180.0
    values = np.column_stack(
        [
            (column.numpy() + 0.5 + shift[:, 0]) * STRIDE - HALO_PX,
            (row.numpy() + 0.5 + shift[:, 1]) * STRIDE - HALO_PX,
            np.exp(size),
            angle,
            logit[chip, row, column].numpy(),
            np.zeros(len(chip)),
            maps.tanker[chip, 0, row, column].numpy(),
        ]
    ).astype(np.float32)
    if model.body:
        values[:, 5] += model.body * _body(maps.hull[:, 0].numpy(), chip.numpy(), values)
    values[:, 5] = expit(model.slope * values[:, 5] + model.intercept)
    values[:, 7] = expit(model.tanker_slope * values[:, 7] + model.tanker_intercept)
    owner = chip.numpy()
    return [_placed(values[owner == i], cell) for i, cell in enumerate(cells)]


def _body(hull: Floats, chip: NDArray[np.int64], hulls: Hulls) -> Floats:
    """Mean logit of being hull over the middle nine tenths of each rectangle."""
    along, across = (g.ravel() for g in np.meshgrid(np.linspace(-0.45, 0.45, 9), [-0.4, 0.0, 0.4]))
    turn = np.deg2rad(hulls[:, 4:5])
    a, b = along * hulls[:, 2:3], across * hulls[:, 3:4]
    x = hulls[:, :1] + HALO_PX + a * np.sin(turn) + b * np.cos(turn)
    y = hulls[:, 1:2] + HALO_PX - a * np.cos(turn) + b * np.sin(turn)
    rows, columns = hull.shape[1:]
    row, column = (y / STRIDE).astype(int), (x / STRIDE).astype(int)
    told: Floats = hull[chip[:, None], row.clip(0, rows - 1), column.clip(0, columns - 1)]
    return told.mean(axis=1)


def _placed(hulls: Hulls, cell: Window) -> Hulls:
    hulls[:, 0] += cell.core[1].start
    hulls[:, 1] += cell.core[0].start
    return hulls[cell.claims(hulls[:, 0], hulls[:, 1])]


def _kept(hulls: Hulls, search: Mask, length_min_px: float) -> Mask:
    rows, columns = search.shape
    x, y = hulls[:, 0].astype(int), hulls[:, 1].astype(int)
    inside = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
    allowed = search[y.clip(0, rows - 1), x.clip(0, columns - 1)]
    kept: Mask = inside & allowed & (hulls[:, 2] >= length_min_px)
    return kept
