"""A cascade: cheap tests throw away the empty water, and a network reads what is left.

1. **Proposals.** A CFAR test finds where open water departs from the water around it
   (`gnomon.detect.cfar`). Near quays the test means nothing, and every pixel there is proposed.
   Tiles cover what is proposed with as little else as possible (`gnomon.detect.proposals`).
2. **Network.** It reads each tile with a halo, and its maps are decoded to oriented boxes with raw
   scores. Boxes with an uncertain score are read again with test-time augmentation
   (`gnomon.detect.tta`).
3. **Calibration and non-maximum suppression.** Raw scores become probabilities; of boxes that share
   most of the smaller one, the best stays (`gnomon.detect.nms`), across tiles and windows alike.

A network counts in pixels: trained at 10 m, it measured simulated hulls at 3 m 45 m short on
average. Pixels that are finer are averaged to about its own before any of this; freeboard is read
from the scene's pixels all the same. Pixels outside the range that the weights were tested with are
refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, Self

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
from gnomon.datamodel.errors import WeightsError
from gnomon.datamodel.recall import Recall
from gnomon.datamodel.scene import Sensor
from gnomon.datamodel.study import DetectOptions
from gnomon.detect.architectures import AnyNetwork, OutputMaps
from gnomon.detect.calibration import BoxErrors
from gnomon.detect.nms import non_maximum_suppression
from gnomon.detect.proposals import HALO_PX, batches, crop_size, propose
from gnomon.detect.quayside import near_land
from gnomon.detect.tta import augmented_maps, uncertain_tiles
from gnomon.detect.weights import Weights
from gnomon.geo.grid import grid_of
from gnomon.geo.tiles import Window


@dataclass(frozen=True)
class Cascade:
    """A detector (`gnomon.detect.detector.Detector`) of any network's weights."""

    weights: Weights
    options: DetectOptions

    @property
    def sensor(self) -> Sensor:
        """Sensor of the weights."""
        return self.weights.model.sensor

    @property
    def bands(self) -> tuple[str, ...]:
        """Bands of the network, in its order."""
        return self.weights.model.bands

    @property
    def background(self) -> bool:
        """Whether the network can use a background."""
        return self.weights.model.background

    @property
    def gsd_range_m(self) -> tuple[float, float]:
        """Smallest and largest pixel that the weights were tested with."""
        return self.weights.model.gsd_range_m

    @property
    def label(self) -> str:
        """Name and digest of the weights."""
        return self.weights.model.label

    @property
    def errors(self) -> BoxErrors:
        """Errors that were measured with the weights."""
        return self.weights.model.calibration.errors

    @property
    def recall(self) -> str | None:
        """Recall that was measured with the weights, at their own threshold."""
        return self._text(self.weights.model.calibration.recall)

    @property
    def recall_in_colour(self) -> str | None:
        """The same for pixels with blue, green and red alone."""
        return self._text(self.weights.model.calibration.recall_in_colour)

    def _text(self, recall: Recall | None) -> str | None:
        own = self.options.threshold
        if recall is None or (own is not None and own != self.weights.model.calibration.threshold):
            return None
        return recall.text(self.label)

    def find(
        self, pixels: xr.Dataset, masks: xr.Dataset, *, background: xr.Dataset | None = None
    ) -> OrientedBoxes:
        """Find ships (see `gnomon.detect.detector.Detector.find`)."""
        grid = grid_of(pixels)
        gsd_m = abs(grid.resolution.x)
        self.refuse_gsd(gsd_m)
        step = max(1, round(self.weights.model.gsd_m / gsd_m))
        if step > 1:
            pixels, masks = (_averaged(layers, grid, step) for layers in (pixels, masks))
            background = None if background is None else _averaged(background, grid, step)
        return self._find(pixels, masks, background, gsd_m * step).scaled(step)

    def refuse_gsd(self, gsd_m: float) -> None:
        """Refuse pixels that the weights were not tested with.

        Raises
        ------
        WeightsError
            They lie outside `gsd_range_m`.

        """
        least, most = self.gsd_range_m
        if not 0.99 * least <= gsd_m <= 1.01 * most:  # a warped grid is off by as much
            raise WeightsError(
                f"{self.label}: pixels of {gsd_m:g} m are outside the {least:g} to {most:g} m that "
                "these weights were tested with"
            )

    def _find(
        self, pixels: xr.Dataset, masks: xr.Dataset, background: xr.Dataset | None, gsd_m: float
    ) -> OrientedBoxes:
        """Ships in pixels of about the network's own size."""
        water, search, land = (masks[layer].to_numpy() for layer in ("water", "search", "land"))
        tiles = propose(pixels, water, search, z_score_min=self.options.z_score_min)
        if not tiles:
            return OrientedBoxes.empty()
        reader = _Reader.of(pixels, background, self.weights)
        boxes = reader.boxes(tiles)
        boxes = boxes[_allowed(boxes, search, 0.0)]  # the others are not worth another reading
        tiles, within = uncertain_tiles(boxes, water.shape)
        again = reader.boxes(tiles, augmented=True)
        boxes = OrientedBoxes.concatenate([boxes[~within], again])
        boxes = boxes[_allowed(boxes, search, self.options.length_min_m / gsd_m)]
        calibration = self.weights.model.calibration
        boxes = replace(
            boxes,
            score=calibration.score(boxes.score).astype(np.float32),
            p_tanker=calibration.p_tanker(boxes.p_tanker).astype(np.float32),
        )
        threshold = self.options.threshold
        threshold = calibration.threshold if threshold is None else threshold
        boxes = non_maximum_suppression(boxes[boxes.score >= threshold])
        return replace(boxes, quayside=near_land(boxes, land, gsd_m))


class _Read(Protocol):
    def __call__(self, crops: Tensor, present: Tensor, background: Tensor | None) -> OutputMaps: ...


@dataclass(frozen=True)
class _Reader:
    """A network and the layers of a window that it reads tile by tile."""

    bands: list[Float32s | None]
    """Of the network, in its order; None of those that the pixels lack."""
    background: list[Float32s | None] | None
    network: AnyNetwork

    @classmethod
    def of(cls, pixels: xr.Dataset, background: xr.Dataset | None, weights: Weights) -> Self:
        layers = [
            [some[b].to_numpy() if b in some else None for b in weights.model.bands]
            for some in (pixels, background)
            if some is not None
        ]
        before = layers[1] if background is not None else None
        return cls(layers[0], before, weights.inference)

    def boxes(self, tiles: list[Window], *, augmented: bool = False) -> OrientedBoxes:
        """Boxes with their centre in some tiles, in pixels of the window, with raw scores."""
        read: _Read = partial(augmented_maps, self.network) if augmented else self.network
        present = torch.tensor([[float(band is not None) for band in self.bands]])
        found = []
        for batch in batches(tiles):
            before = None if self.background is None else _crops(self.background, batch)
            with torch.inference_mode():
                maps = read(_crops(self.bands, batch), present.expand(len(batch), -1), before)
            for boxes, tile in zip(self.network.decode(maps, halo_px=HALO_PX), batch, strict=True):
                rows, columns = tile.core
                placed = boxes.shifted(columns.start, rows.start)
                found.append(placed[tile.claims(placed.x, placed.y)])
        return OrientedBoxes.concatenate(found)


def _averaged(layers: xr.Dataset, grid: GeoBox, step: int) -> xr.Dataset:
    """Means over squares of pixels, of masks the majority; incomplete squares at the end go."""
    rows, columns = (side // step for side in grid.shape)
    coarse = GeoBox((rows, columns), grid.affine @ Affine.scale(step), grid.crs)

    def mean(values: NDArray[np.generic]) -> NDArray[np.generic]:
        squares = values[: rows * step, : columns * step].reshape(rows, step, columns, step)
        share = squares.mean(axis=(1, 3), dtype=np.float32)
        return share >= 0.5 if values.dtype == bool else share

    averaged = {n: wrap_xr(mean(v.to_numpy()), coarse) for n, v in layers.data_vars.items()}
    return xr.Dataset(averaged)


def _crop(layers: Sequence[Float32s | None], tile: Window) -> Float32s:
    """Tile and halo at full size, (rows, columns, bands); NaN beyond the raster and of no band."""
    rows, columns = tile.halo
    top = HALO_PX - (tile.core[0].start - rows.start)
    left = HALO_PX - (tile.core[1].start - columns.start)
    crop = np.full((*crop_size(tile), len(layers)), np.nan, np.float32)
    bottom, right = top + rows.stop - rows.start, left + columns.stop - columns.start
    for number, layer in enumerate(layers):
        if layer is not None:
            crop[top:bottom, left:right, number] = layer[rows, columns]
    return crop


def _crops(layers: Sequence[Float32s | None], tiles: Sequence[Window]) -> Tensor:
    """Crops of one size, (tiles, bands, rows, columns), the bands of a pixel side by side."""
    return torch.from_numpy(np.stack([_crop(layers, tile) for tile in tiles])).permute(0, 3, 1, 2)


def _allowed(boxes: OrientedBoxes, search: Mask, length_min_px: float) -> Mask:
    """Which boxes are long enough and have their centre where a hull may lie."""
    rows, columns = search.shape
    x, y = boxes.x.astype(int), boxes.y.astype(int)
    inside = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
    searched = search[y.clip(0, rows - 1), x.clip(0, columns - 1)]
    return np.asarray(inside & searched & (boxes.length >= length_min_px), bool)
