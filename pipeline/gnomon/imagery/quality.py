"""A provider's quality layer in gnomon's own classes: water, cloud, ice, clear land, no data.

Providers number their classes (Sentinel-2's scene classification) or set bits (Landsat's
QA_PIXEL). Which number or bit means what is data: `gnomon.datamodel.scene.QualityCodes`, from the
profile of the sensor.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from gnomon.datamodel.scene import QualityCodes


class Quality(IntEnum):
    """Classes of a pixel."""

    NODATA = 0
    CLEAR = 1
    """Seen, and neither of what follows."""
    WATER = 2
    CLOUD = 3
    ICE = 4


def quality_classes(numbers: NDArray[np.number], codes: QualityCodes) -> NDArray[np.uint8]:
    """Classes of a quality layer's numbers.

    Parameters
    ----------
    numbers
        As the file has them.
    codes
        What they mean.

    """
    classes = np.full(numbers.shape, Quality.CLEAR, np.uint8)
    # Later ones replace earlier ones.
    for quality, meant in (
        (Quality.WATER, codes.water),
        (Quality.ICE, codes.ice),
        (Quality.CLOUD, codes.cloud),
        (Quality.NODATA, codes.nodata),
    ):
        if meant:
            classes[_holds(numbers, meant, bits=codes.bits)] = quality
    return classes


def _holds(numbers: NDArray[np.number], meant: tuple[int, ...], *, bits: bool) -> NDArray[np.bool_]:
    """Whether each number is one of those meant, or has one of the bits meant."""
    if not bits:
        return np.isin(numbers, meant)
    mask = sum(1 << bit for bit in meant)
    return (numbers.astype(np.int64) & mask) != 0
