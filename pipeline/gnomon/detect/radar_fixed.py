"""Leaves out of a radar image what earlier passes of its track have at the same place.

A pixel is of a fixed echo where that (`gnomon.imagery.sentinel1.fixed_echoes`) stands out from the
sea, and the pixel is not much brighter than it: cranes turn and speckle differs, but a ship in
front of a mooring, or moored to it, is brighter still. Such pixels are of no ship and of no sea.
Each polarisation is judged by itself.
"""

import numpy as np
import xarray as xr

from gnomon.datamodel.arrays import Mask
from gnomon.detect.radar_cfar import POLARISATIONS

STANDS_OUT = 4.0
"""Fixed echo over that of the sea, 6 dB: the sea's own lies within 2 dB of its median."""
BRIGHTER = 4.0
"""What is brighter than a fixed echo by so much, 6 dB, is not it alone."""


def without_fixed_echoes(pixels: xr.Dataset, fixed: xr.Dataset, sea: Mask) -> xr.Dataset:
    """The image, NaN where the echo is a fixed one.

    Parameters
    ----------
    pixels, fixed
        Linear sigma0 (line, sample) by polarisation: of the image, and of what is fixed, NaN where
        that is not known.
    sea
        Pixels of open water.

    """
    left = {}
    for name in (name for name in POLARISATIONS if name in pixels and name in fixed):
        band, echo = pixels[name], fixed[name].to_numpy()
        known = sea & np.isfinite(echo)
        if known.any():
            level = np.float32(STANDS_OUT * np.median(echo[known]))
            is_fixed = (echo > level) & (band.to_numpy() < np.float32(BRIGHTER) * echo)
            left[name] = band.where(~is_fixed)
    return pixels.assign(left)
