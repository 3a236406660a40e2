"""Which hulls lie at a quay."""

import numpy as np

from gnomon.datamodel.arrays import Mask
from gnomon.datamodel.boxes import OrientedBoxes

QUAYSIDE_M = 40.0


def near_land(boxes: OrientedBoxes, land: Mask, gsd_m: float) -> Mask:
    """Whether land, a quay or a pier lies within 40 m of each box.

    Parameters
    ----------
    boxes
        In pixels of ``land``.
    land
        (rows, columns).
    gsd_m
        Metres per pixel.

    """
    reach = np.float32(2 * QUAYSIDE_M / gsd_m)
    turn = np.deg2rad(boxes.angle)[:, None]
    # Points closer to each other than a pixel of a pier: a 500 m hull has 50 pixels.
    along, across = np.meshgrid(np.linspace(-0.5, 0.5, 61), np.linspace(-0.5, 0.5, 21))
    a = along.ravel() * (boxes.length + reach)[:, None]
    b = across.ravel() * (boxes.beam + reach)[:, None]
    x = boxes.x[:, None] + a * np.sin(turn) + b * np.cos(turn)
    y = boxes.y[:, None] - a * np.cos(turn) + b * np.sin(turn)
    rows, columns = land.shape
    near = land[y.astype(int).clip(0, rows - 1), x.astype(int).clip(0, columns - 1)].any(axis=1)
    return np.asarray(near, bool)
