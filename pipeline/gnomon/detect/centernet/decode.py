"""Decoding: local maxima of the centre map to oriented boxes.

The raw score is the logistic of the logit at the centre plus the mean logit of the mask within the
box, which tells a hull from a bright dot with a faint centre beside it.
"""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit
from torch.nn import functional

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.centernet.maps import STRIDE, Maps

FAINTEST = -4.0
"""Least logit of a centre; fainter ones never rise to a threshold."""
MASK_WEIGHT = 1.0
"""Weight of the mask's mean logit beside the logit of the centre: both count alike, as if the two
maps were independent."""


def decode(maps: Maps, *, halo_px: int) -> list[OrientedBoxes]:
    """Boxes of each crop, with raw scores and raw p_tanker.

    Parameters
    ----------
    maps
        Of a batch of crops.
    halo_px
        Width of the halo around the tile that a crop was made for; places are counted from the
        tile's corner.

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
        (column + 0.5 + shift_x) * STRIDE - halo_px,
        (row + 0.5 + shift_y) * STRIDE - halo_px,
        np.exp(log_length),
        np.exp(log_beam),
        np.rad2deg(0.5 * np.arctan2(sine, cosine)) % 180.0,
        p_tanker=expit(maps.tanker.squeeze(1)[peaks].numpy()),
    )
    inside = _mean_in_box(hull, crop, boxes, halo_px)
    boxes = replace(boxes, score=expit(centre[peaks].numpy() + np.float32(MASK_WEIGHT) * inside))
    return [boxes[crop == number] for number in range(len(centre))]


def _mean_in_box(
    hull: NDArray[np.float32], crop: NDArray[np.int64], boxes: OrientedBoxes, halo_px: int
) -> NDArray[np.float32]:
    """Mean logit of being hull over the middle nine tenths of each box."""
    along, across = (g.ravel() for g in np.meshgrid(np.linspace(-0.45, 0.45, 9), [-0.4, 0.0, 0.4]))
    turn = np.deg2rad(boxes.angle)[:, None]
    a, b = along * boxes.length[:, None], across * boxes.beam[:, None]
    x = (boxes.x + halo_px)[:, None] + a * np.sin(turn) + b * np.cos(turn)
    y = (boxes.y + halo_px)[:, None] - a * np.cos(turn) + b * np.sin(turn)
    rows, columns = hull.shape[1:]
    row, column = (y / STRIDE).astype(int), (x / STRIDE).astype(int)
    inside = hull[crop[:, None], row.clip(0, rows - 1), column.clip(0, columns - 1)]
    mean: NDArray[np.float32] = inside.mean(axis=1)
    return mean
