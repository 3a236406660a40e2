"""What lies beyond the edges of old images: very low numbers where nothing was seen.

Before processor 2.90 (March 2018) the strips that a slice has around its image were not zero but a
few DN. Whatever was seen has at least the power of the thermal noise, calm water too; what was not
seen has less. So a sample is border if, in a mean over a stretch along its edge, DN squared is less
than half the noise, and so is everything between it and that edge.

The usual way (Masking "No-value" Pixels on GRD Products, MPC-0243) looks at single pixels after the
noise is taken out, and eats calm water. Means along the edge do not, and keep the border sharp.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gnomon.datamodel.arrays import Float32s, Mask

ALONG_PX = 51
"""Of the mean, along an edge. With 4.4 looks, and neighbours that share them, its standard
deviation is a tenth: water at the noise floor lies five of them above the half."""
SHARE = 0.5
REACH_PX = 1000
"""Farthest from an edge that a border is looked for."""
EDGES = ("top", "bottom", "left", "right")


def border_mask(dn: NDArray[np.number], noise: Float32s, *, edges: tuple[str, ...] = EDGES) -> Mask:
    """Where a window shows what lies beyond the edges of its image.

    Parameters
    ----------
    dn
        Amplitudes, (lines, samples).
    noise
        Power of the thermal noise there, DN squared.
    edges
        Of the window that are edges of the image.

    """
    mask = np.zeros(dn.shape, bool)
    power = np.square(dn, dtype=np.float32)
    for edge in edges:
        axis = 0 if edge in ("top", "bottom") else 1
        box = (1, ALONG_PX) if axis == 0 else (ALONG_PX, 1)
        low = ndimage.uniform_filter(power, box, mode="nearest") < SHARE * noise
        if edge in ("bottom", "right"):
            mask |= np.flip(np.logical_and.accumulate(np.flip(low, axis), axis=axis), axis)
        else:
            mask |= np.logical_and.accumulate(low, axis=axis)
    return mask
