"""What training cuts chips from: one labelled scene as tensors, and a digest of its content."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from gnomon.datamodel.arrays import Float32s, Mask
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.learn.outlines import outlines_in_pixels
from gnomon.learn.scenes import SHORTEST_M, LabelledScene

AROUND_PX = 40
"""How far around a hull the water that fills its place comes from."""
GROWN_PX = 1.5
"""How far beyond its box a hull's light reaches."""


@dataclass(frozen=True)
class SceneTensors:
    """A labelled scene on the bands of a network."""

    name: str
    bands: Tensor
    """(bands, rows, columns) reflectance, not finite where nothing was measured."""
    present: Tensor
    """(bands,), 1 where the scene has the band."""
    ships: OrientedBoxes
    """Ships to learn."""
    masks: Tensor
    """(2, rows, columns): 1 on open water; 1 where the network answers for a hull's centre."""
    ignored: OrientedBoxes
    """What may be a ship and may be none."""
    hard_negatives: Float32s
    """(n, 2), x and y of what was taken for a ship and is none."""
    background: Tensor
    """As ``bands``: the scene without its ships, as on other days."""
    real: bool = True

    @property
    def digest(self) -> str:
        """Of all that training reads.

        Pixels of a satellite scene come from integers and count bit by bit. Those of a simulated
        scene are rounded otherwise by processors with other vector instructions: of these the mean
        and deviation of each layer count, to 0.0001.
        """
        content = hashlib.sha256(self.name.encode())
        for layer in (*self.bands, *self.masks, *self.background):
            content.update(_exact(layer) if self.real else _moments(layer))
        content.update(self.present.numpy().tobytes())
        for boxes in (self.ships, self.ignored):
            shapes = (boxes.x, boxes.y, boxes.length, boxes.beam, boxes.angle, boxes.tanker)
            content.update((np.round(np.stack(shapes), 2) + 0.0).tobytes())
        content.update(np.round(self.hard_negatives, 1).tobytes())
        return content.hexdigest()


def _exact(layer: Tensor) -> bytes:
    return layer.contiguous().numpy().tobytes()


def _moments(layer: Tensor) -> bytes:
    values = layer.numpy()[np.isfinite(layer.numpy())].astype(float)
    mean, deviation = (values.mean(), values.std()) if len(values) else (np.nan, np.nan)
    return f"{tuple(layer.shape)} {mean:.4f} {deviation:.4f}".encode()


def scene_tensors(scene: LabelledScene, bands: Sequence[str]) -> SceneTensors:
    """Convert a scene.

    Parameters
    ----------
    scene
        Its ships under `SHORTEST_M`, and what is ignored, are neither ship nor background; where it
        is unknown no centre is looked for.
    bands
        The network's; those that the pixels lack are marked missing.

    """
    stack = _stack(scene.pixels, bands)
    boxes = scene.boxes
    unsure = scene.ignored | (boxes.length * scene.gsd_m < SHORTEST_M)
    water, search = (scene.masks[layer].to_numpy().astype(bool) for layer in ("water", "search"))
    if scene.unknown is not None:
        search = search & ~scene.unknown
    if scene.without_ships is None:
        background = without_ships(stack, water, boxes)
    else:
        background = _stack(scene.without_ships, bands)
    centres = [s.centroid.coords[0] for s in outlines_in_pixels(scene.hard_negatives, scene.pixels)]
    return SceneTensors(
        scene.name,
        stack,
        torch.tensor([float(band in scene.pixels) for band in bands]),
        boxes[~unsure],
        torch.from_numpy(np.stack([water, search]).astype(np.float32)),
        boxes[unsure],
        np.array(centres, np.float32).reshape(-1, 2),
        background,
        scene.real,
    )


def _stack(pixels: xr.Dataset, bands: Sequence[str]) -> Tensor:
    missing = np.full((pixels.sizes["y"], pixels.sizes["x"]), np.nan, np.float32)
    layers = [pixels[band].to_numpy() if band in pixels else missing for band in bands]
    return torch.from_numpy(np.stack(layers).astype(np.float32))


def without_ships(bands: Tensor, water: Mask, ships: OrientedBoxes) -> Tensor:
    """A scene without its ships: each gives way to random pixels of the water around it.

    Parameters
    ----------
    bands
        (bands, rows, columns).
    water
        (rows, columns), true on open water.
    ships
        In pixels of the bands.

    """
    rng = np.random.default_rng(len(ships))
    result = bands.clone()
    rows, columns = water.shape
    for ship in ships:
        x, y, reach = int(ship.x), int(ship.y), int(ship.length) + AROUND_PX
        top, left = max(y - reach, 0), max(x - reach, 0)
        part = np.s_[top : min(y + reach, rows), left : min(x + reach, columns)]
        row, column = np.nonzero(water[part])
        if not len(row):
            continue
        height, width = water[part].shape
        x_px, y_px = np.meshgrid(
            np.arange(left, left + width, dtype=np.float32) + 0.5,
            np.arange(top, top + height, dtype=np.float32) + 0.5,
        )
        along, across = ship.along_across(x_px, y_px)
        hull = np.abs(along) <= ship.length / 2 + GROWN_PX
        hull &= np.abs(across) <= ship.beam / 2 + GROWN_PX
        to_row, to_column = np.nonzero(hull)
        some = rng.integers(len(row), size=len(to_row))
        result[:, to_row + top, to_column + left] = bands[:, row[some] + top, column[some] + left]
    return result
