"""Peaks of what the network says, as oriented rectangles."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit
from torch.nn import functional

from gnomon.detect.centernet.network import STRIDE, Maps
from gnomon.detect.hulls import Hulls
from gnomon.detect.proposals import HALO_PX
from gnomon.geo.tiles import Window

FAINTEST = -4.0
"""Logit of a peak that is not worth more thought."""


def decode(maps: Maps, cells: Sequence[Window], *, body: float) -> list[Hulls]:
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
        Hulls, score and p_tanker as the network has them, not calibrated.

    """
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
            expit(maps.tanker[chip, 0, row, column].numpy()),
        ]
    ).astype(np.float32)
    owner = chip.numpy()
    if body:
        values[:, 5] += body * _body(maps.hull[:, 0].numpy(), owner, values)
    values[:, 5] = expit(values[:, 5])
    return [_placed(values[owner == i], cell) for i, cell in enumerate(cells)]


def _body(hull: NDArray[np.float32], chip: NDArray[np.int64], hulls: Hulls) -> NDArray[np.float32]:
    """Mean logit of being hull over the middle nine tenths of each rectangle."""
    along, across = (g.ravel() for g in np.meshgrid(np.linspace(-0.45, 0.45, 9), [-0.4, 0.0, 0.4]))
    turn = np.deg2rad(hulls[:, 4:5])
    a, b = along * hulls[:, 2:3], across * hulls[:, 3:4]
    x = hulls[:, :1] + HALO_PX + a * np.sin(turn) + b * np.cos(turn)
    y = hulls[:, 1:2] + HALO_PX - a * np.cos(turn) + b * np.sin(turn)
    rows, columns = hull.shape[1:]
    row, column = (y / STRIDE).astype(int), (x / STRIDE).astype(int)
    told = hull[chip[:, None], row.clip(0, rows - 1), column.clip(0, columns - 1)]
    mean: NDArray[np.float32] = told.mean(axis=1)
    return mean


def _placed(hulls: Hulls, cell: Window) -> Hulls:
    hulls[:, 0] += cell.core[1].start
    hulls[:, 1] += cell.core[0].start
    return hulls[cell.claims(hulls[:, 0], hulls[:, 1])]
