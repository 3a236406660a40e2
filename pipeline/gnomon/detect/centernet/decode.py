"""Peaks of what the network says, as oriented rectangles."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit
from torch.nn import functional

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.centernet.network import STRIDE, Maps
from gnomon.detect.proposals import HALO_PX
from gnomon.geo.tiles import Window

FAINTEST = -4.0
"""Logit of a peak that is not worth more thought."""


def decode(maps: Maps, cells: Sequence[Window], *, body: float) -> list[OrientedBoxes]:
    """Rectangles of a batch of crops, each cell its own, in pixels of the raster.

    Parameters
    ----------
    maps
        What the network says of the crops.
    cells
        Where the crops lie; each begins `HALO_PX` before its cell.
    body
        How much of the map of hulls a score has: its logit is that of the centre, and so many times
        the mean logit of the cells within being hull.

    Returns
    -------
    list
        Boxes with raw scores and p_tanker, not calibrated.

    """
    centre, hull = maps.centre.squeeze(1), maps.hull.squeeze(1).numpy()
    highest = functional.max_pool2d(maps.centre, 3, stride=1, padding=1).squeeze(1)
    peaks = torch.nonzero((centre == highest) & (centre > FAINTEST), as_tuple=True)
    chip, down, right = peaks
    crop, row, column = (index.numpy() for index in peaks)
    (shift_x, shift_y), (log_length, log_beam), (cosine, sine) = (
        values[chip, :, down, right].numpy().T for values in (maps.shift, maps.size, maps.axis)
    )
    boxes = OrientedBoxes.of(
        (column + 0.5 + shift_x) * STRIDE - HALO_PX,
        (row + 0.5 + shift_y) * STRIDE - HALO_PX,
        np.exp(log_length),
        np.exp(log_beam),
        np.rad2deg(0.5 * np.arctan2(sine, cosine)) % 180.0,
        p_tanker=expit(maps.tanker.squeeze(1)[peaks].numpy()),
    )
    evidence = centre[peaks].numpy()
    if body:
        evidence = evidence + np.float32(body) * _mean_in_box(hull, crop, boxes)
    boxes = replace(boxes, score=expit(evidence))
    return [_claimed(boxes[crop == i], cell) for i, cell in enumerate(cells)]


def _mean_in_box(
    hull: NDArray[np.float32], crop: NDArray[np.int64], boxes: OrientedBoxes
) -> NDArray[np.float32]:
    """Mean logit of being hull over the middle nine tenths of each box."""
    along, across = (g.ravel() for g in np.meshgrid(np.linspace(-0.45, 0.45, 9), [-0.4, 0.0, 0.4]))
    turn = np.deg2rad(boxes.angle)[:, None]
    a, b = along * boxes.length[:, None], across * boxes.beam[:, None]
    x = (boxes.x + HALO_PX)[:, None] + a * np.sin(turn) + b * np.cos(turn)
    y = (boxes.y + HALO_PX)[:, None] - a * np.cos(turn) + b * np.sin(turn)
    rows, columns = hull.shape[1:]
    row, column = (y / STRIDE).astype(int), (x / STRIDE).astype(int)
    inside = hull[crop[:, None], row.clip(0, rows - 1), column.clip(0, columns - 1)]
    mean: NDArray[np.float32] = inside.mean(axis=1)
    return mean


def _claimed(boxes: OrientedBoxes, cell: Window) -> OrientedBoxes:
    """Boxes of a crop in pixels of the raster, those that belong to its cell."""
    boxes = boxes.shifted(cell.core[1].start, cell.core[0].start)
    return boxes[cell.claims(boxes.x, boxes.y)]
