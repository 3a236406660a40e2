"""Frames of hulls as other sensors and a detector would give them.

A chip of 3 m is blurred to a coarser point spread and sampled at its pixels, with noise. Optics and
the aperture of a pixel together are taken for a Gaussian of `SPREAD` pixels: at half a cycle per
pixel it passes 0.24, and Sentinel-2 at 10 m 0.15 to 0.3. Then the frame is cut by a box that is off
as a detector's is.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np
import torch
from scipy.ndimage import gaussian_filter, map_coordinates
from torch import Tensor

from gnomon.datamodel.arrays import Float32s
from gnomon.datamodel.boxes import OrientedBox
from gnomon.detect.hull_frame import ACROSS, ALONG, hull_frame, scaled_frame
from gnomon.learn.ship_type.chip_hulls import CHIP_GSD_M, CHIP_PX, ChipHull

SPREAD = 0.53
"""Standard deviation of the point spread, in pixels."""
NOISE = 0.02
"""Largest noise of a pixel, as a share of the brightest value."""
LENGTH_OFF, LENGTH_SIGMA = 0.98, 0.05
"""Length of a detector's box over the true one: 12 m at 200 m, and a little short."""
ALONG_SIGMA, ACROSS_SIGMA, AXIS_SIGMA_DEG = 0.02, 0.012, 2.0
"""Errors of its centre, in lengths, and of its axis."""


def degraded(pixels: Float32s, gsd_m: float, draw: np.random.Generator) -> Float32s:
    """A chip as a sensor of coarser pixels has it.

    Parameters
    ----------
    pixels
        (bands, rows, columns) of `CHIP_GSD_M`.
    gsd_m
        Not less than that.
    draw
        Of the noise, and of where pixels begin.

    Returns
    -------
    ndarray
        (bands, rows, columns); its first pixel begins where the chip does, off by less than one.

    """
    ratio = gsd_m / CHIP_GSD_M
    out = pixels
    if ratio > 1:
        sigma = SPREAD * sqrt(ratio**2 - 1)
        count = int(CHIP_PX / ratio)
        middle = (np.arange(count) + 0.5) * ratio - 0.5
        places = np.meshgrid(middle, middle, indexing="ij")
        blurred = gaussian_filter(pixels, (0, sigma, sigma), mode="nearest")
        out = np.stack([map_coordinates(band, places, order=1) for band in blurred])
    noise = NOISE * draw.random() * pixels.max()
    return (out + draw.normal(0, noise, out.shape)).astype(np.float32)


def misplaced(box: OrientedBox, draw: np.random.Generator) -> OrientedBox:
    """A box as a detector might have drawn it."""
    turn = np.deg2rad(float(box.angle))
    along, across = float(box.length) * draw.normal(0, (ALONG_SIGMA, ACROSS_SIGMA))
    return box._replace(
        x=np.float32(box.x + along * np.sin(turn) + across * np.cos(turn)),
        y=np.float32(box.y - along * np.cos(turn) + across * np.sin(turn)),
        length=np.float32(box.length * draw.normal(LENGTH_OFF, LENGTH_SIGMA)),
        angle=np.float32(box.angle + draw.normal(0, AXIS_SIGMA_DEG)),
    )


def view(hull: ChipHull, gsd_m: float, draw: np.random.Generator) -> Float32s:
    """One scaled frame of a hull, (bands, across, along); of nothing but zeros where it fails."""
    pixels = degraded(hull.pixels, gsd_m, draw)
    by = np.float32(CHIP_GSD_M / gsd_m)
    box = misplaced(hull.box, draw)
    box = box._replace(x=box.x * by, y=box.y * by, length=box.length * by)
    scaled = scaled_frame(hull_frame(list(pixels), box, gsd_m))
    return np.zeros((3, ACROSS[2], ALONG[2]), np.float32) if scaled is None else scaled


def make_views(hulls: Sequence[ChipHull], gsd_m: Sequence[float], *, seed: int) -> Tensor:
    """Views of each hull, one with each of some pixels.

    A hull's views depend on the seed and the hull alone.

    Returns
    -------
    Tensor
        Scaled frames, (hulls, sizes, bands, across, along), half precision.

    """
    frames = np.zeros((len(hulls), len(gsd_m), 3, ACROSS[2], ALONG[2]), np.float16)
    for number, hull in enumerate(hulls):
        draw = np.random.default_rng([seed, *hull.label.file.encode()])
        for place, each in enumerate(gsd_m):
            frames[number, place] = view(hull, each, draw)
    return torch.from_numpy(frames)
