"""Pixels in, hulls out: a cascade.

1. The contrast of open water with itself says where anything is at all (`contrast`).
2. The network looks there, and at every pixel within reach of a quay, where contrast means nothing.
   It looks through cells that are as large as what there is to see (`cells`). Peaks of its centre
   map become oriented rectangles (`peaks`). Where its score leaves doubt, it looks again, at the
   turned and mirrored pixels too (`views`).
3. Of two rectangles that share most of the smaller one, the better stands: one row per hull, across
   cells and windows alike.

What a network learned counts in pixels: taught with 10 m, it told simulated hulls at 3 m 45 m short
on average. Finer scenes are averaged to about the network's own pixel before any of this; loads
are read from the scene's pixels all the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

import numpy as np
import torch
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from odc.geo.xr import wrap_xr
from torch import Tensor

from gnomon.datamodel.arrays import Float32s, Mask
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.study import DetectOptions
from gnomon.detect.centernet.decode import decode
from gnomon.detect.nms import non_maximum_suppression
from gnomon.detect.proposals import HALO_PX, alike, crop_size, propose
from gnomon.detect.quayside import near_land
from gnomon.detect.tta import Look, augmented_maps, uncertain_tiles
from gnomon.detect.weights import Model, Weights
from gnomon.geo.grid import grid_of
from gnomon.geo.tiles import Window


def find_hulls(
    pixels: xr.Dataset,
    masks: xr.Dataset,
    *,
    weights: Weights,
    options: DetectOptions,
    background: xr.Dataset | None = None,
) -> OrientedBoxes:
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
    grid = grid_of(pixels)
    gsd_m = abs(grid.resolution.x)
    step = max(1, round(weights.model.gsd_m / gsd_m))
    if step > 1:
        coarse, blurred = (_averaged(layers, grid, step) for layers in (pixels, masks))
        before = None if background is None else _averaged(background, grid, step)
        boxes = find_hulls(coarse, blurred, weights=weights, options=options, background=before)
        return boxes.scaled(step)
    water, search, land = (masks[layer].to_numpy() for layer in ("water", "search", "land"))
    cells = propose(pixels, water, search, z_score_min=options.z_score_min)
    if not cells:
        return OrientedBoxes.empty()
    shown = _Shown.of(pixels, background, weights.model)
    boxes = shown.boxes(cells, weights.inference)
    boxes = _looked_again(boxes, shown, weights.inference, water.shape)  # without this, one look
    boxes = boxes[_kept(boxes, search, options.length_min_m / gsd_m)]
    score, p_tanker = weights.model.score(boxes.score), weights.model.p_tanker(boxes.p_tanker)
    boxes = replace(boxes, score=score, p_tanker=p_tanker)
    threshold = options.threshold if options.threshold is not None else weights.model.threshold
    boxes = non_maximum_suppression(boxes[boxes.score >= threshold])
    return replace(boxes, quayside=near_land(boxes, land, gsd_m))


@dataclass(frozen=True)
class _Shown:
    """What of a window the network is shown, and what it says of its cells."""

    bands: list[Float32s | None]
    """Of the network, in its order; None of what the pixels lack."""
    past: list[Float32s | None] | None
    model: Model

    @classmethod
    def of(cls, pixels: xr.Dataset, background: xr.Dataset | None, model: Model) -> Self:
        layers = [
            [some[b].to_numpy() if b in some else None for b in model.bands]
            for some in (pixels, background)
            if some is not None
        ]
        return cls(layers[0], layers[1] if background is not None else None, model)

    def boxes(self, cells: list[Window], look: Look) -> OrientedBoxes:
        """Peaks in some cells, each cell its own, in pixels of the window."""
        present = torch.tensor([[float(band is not None) for band in self.bands]])
        found: list[OrientedBoxes] = []
        for batch in alike(cells):
            past = None if self.past is None else _crops(self.past, batch)
            with torch.inference_mode():
                maps = look(_crops(self.bands, batch), present.expand(len(batch), -1), past)
            found += decode(maps, batch, body=self.model.body)
        return OrientedBoxes.concatenate(found)


def _looked_again(
    boxes: OrientedBoxes, shown: _Shown, network: Look, shape: tuple[int, int]
) -> OrientedBoxes:
    """Hulls, those in doubt as a second look with its mirror images tells them."""
    cells, within = uncertain_tiles(boxes, shape)
    again = shown.boxes(cells, partial(augmented_maps, network))
    return OrientedBoxes.concatenate([boxes[~within], again])


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


def _crop(layers: Sequence[Float32s | None], cell: Window) -> Float32s:
    """Cell and halo at full size, (rows, columns, bands), NaN beyond the raster and of no band."""
    rows, columns = cell.halo
    top = HALO_PX - (cell.core[0].start - rows.start)
    left = HALO_PX - (cell.core[1].start - columns.start)
    crop = np.full((*crop_size(cell), len(layers)), np.nan, np.float32)
    bottom, right = top + rows.stop - rows.start, left + columns.stop - columns.start
    for number, layer in enumerate(layers):
        if layer is not None:
            crop[top:bottom, left:right, number] = layer[rows, columns]
    return crop


def _crops(layers: Sequence[Float32s | None], cells: Sequence[Window]) -> Tensor:
    """Crops of one size, (cells, bands, rows, columns), the bands of a pixel side by side."""
    return torch.from_numpy(np.stack([_crop(layers, cell) for cell in cells])).permute(0, 3, 1, 2)


def _kept(boxes: OrientedBoxes, search: Mask, length_min_px: float) -> Mask:
    rows, columns = search.shape
    x, y = boxes.x.astype(int), boxes.y.astype(int)
    inside = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
    allowed = search[y.clip(0, rows - 1), x.clip(0, columns - 1)]
    kept: Mask = inside & allowed & (boxes.length >= length_min_px)
    return kept
