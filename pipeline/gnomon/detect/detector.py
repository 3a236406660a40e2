"""Pixels in, hulls out: a cascade.

1. The contrast of open water with itself says where anything is at all (`contrast`).
2. The network looks there, and at every pixel within reach of a quay, where contrast means nothing.
   It looks through cells of 96 pixels with a halo, so that cost follows what there is to see.
3. Peaks of its centre map become oriented rectangles with a calibrated score.
4. Of two rectangles that share most of the smaller one, the better stands: one row per hull, across
   cells and windows alike.
"""

from collections.abc import Sequence

import numpy as np
import torch
import xarray as xr
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from gnomon.detect.contrast import departures
from gnomon.detect.hulls import NOTHING, Hulls, Mask, near_land, one_per_hull
from gnomon.detect.network import STRIDE, Maps
from gnomon.detect.tiles import Window, windows
from gnomon.detect.weights import Weights
from gnomon.study import DetectOptions

CELL_PX = 96
HALO_PX = 32
"""Half of a 400 m hull and as much water again; with the cell a multiple of 16, the network's."""
QUAY_M = 250.0
"""Within this distance of anything that is not water, the network looks at every pixel."""
BATCH = 16


def find_hulls(
    pixels: xr.Dataset, masks: xr.Dataset, *, weights: Weights, options: DetectOptions
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

    """
    gsd_m = abs(pixels.odc.geobox.resolution.x)
    water, search, land = (masks[layer].to_numpy() for layer in ("water", "search", "land"))
    cells = _worth_a_look(pixels, water, search, gsd_m, options.contrast_min)
    if not cells:
        return NOTHING
    stack, present = _stack(pixels, weights.model.bands)
    threshold = options.threshold if options.threshold is not None else weights.model.threshold
    found = [NOTHING]
    for start in range(0, len(cells), BATCH):
        batch = cells[start : start + BATCH]
        crops = torch.stack([_crop(stack, cell) for cell in batch])
        with torch.inference_mode():
            maps = weights.network(
                crops.contiguous(memory_format=torch.channels_last),
                present.expand(len(batch), -1),
            )
        found += _hulls(maps, batch, weights, threshold)
    hulls = np.concatenate(found)
    hulls = one_per_hull(hulls[_kept(hulls, search, options.length_min_m / gsd_m)])
    hulls[:, 6] = near_land(hulls, land, gsd_m)
    return hulls


def _worth_a_look(
    pixels: xr.Dataset, water: Mask, search: Mask, gsd_m: float, contrast_min: float
) -> list[Window]:
    """Cells in which the network may find something."""
    strength = np.abs(departures(pixels, water)) > contrast_min
    stands_out = np.zeros(water.shape, bool)
    large = strength.repeat(2, 0).repeat(2, 1)
    stands_out[: large.shape[0], : large.shape[1]] = large
    near_quay = _dilated(search & ~water, QUAY_M / gsd_m)
    interesting = search & (stands_out | near_quay)
    cells = windows(water.shape, core_px=CELL_PX, halo_px=HALO_PX)
    return [cell for cell in cells if interesting[cell.core].any()]


def _dilated(mask: Mask, radius_px: float) -> Mask:
    """Grow by about a radius, on blocks of 8 pixels: it only says where to look."""
    block = 8
    rows, columns = (-(-n // block) * block for n in mask.shape)
    padded = np.zeros((rows, columns), bool)
    padded[: mask.shape[0], : mask.shape[1]] = mask
    blocks = padded.reshape(rows // block, block, columns // block, block).any(axis=(1, 3))
    side = 2 * int(np.ceil(radius_px / block)) + 1
    grown = ndimage.maximum_filter(blocks.view(np.uint8), side, mode="constant").view(bool)
    return grown.repeat(block, 0).repeat(block, 1)[: mask.shape[0], : mask.shape[1]]


def _stack(pixels: xr.Dataset, bands: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Bands of the network in its order, and which of them the pixels have."""
    missing = np.full((pixels.sizes["y"], pixels.sizes["x"]), np.nan, np.float32)
    stack = [pixels[b].to_numpy() if b in pixels else missing for b in bands]
    return torch.from_numpy(np.stack(stack)), torch.tensor([[float(b in pixels) for b in bands]])


def _crop(stack: Tensor, cell: Window) -> Tensor:
    """Cell and halo at full size, NaN beyond the raster."""
    rows, columns = cell.halo
    top = HALO_PX - (cell.core[0].start - rows.start)
    left = HALO_PX - (cell.core[1].start - columns.start)
    inner = stack[:, rows, columns]
    side = CELL_PX + 2 * HALO_PX
    pad = (left, side - left - inner.shape[2], top, side - top - inner.shape[1])
    return functional.pad(inner, pad, value=torch.nan)


def _hulls(maps: Maps, cells: Sequence[Window], weights: Weights, threshold: float) -> list[Hulls]:
    """Read the peaks of a batch, in pixels of the raster, each cell its own."""
    logit = maps.centre[:, 0]
    peak = functional.max_pool2d(maps.centre, 3, stride=1, padding=1)[:, 0]
    score = torch.sigmoid(weights.model.slope * logit + weights.model.intercept)
    chip, row, column = torch.nonzero((logit == peak) & (score >= threshold), as_tuple=True)
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
            score[chip, row, column].numpy(),
            np.zeros(len(chip)),
        ]
    ).astype(np.float32)
    owner = chip.numpy()
    return [_placed(values[owner == i], cell) for i, cell in enumerate(cells)]


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
