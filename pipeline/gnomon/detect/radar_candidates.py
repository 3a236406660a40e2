"""Where a ship may be in a radar image, and what the network is given of each place.

A candidate is a pixel that CFAR finds at a generous rate and that stands out more than all found
within 30 m: a ship has several, and the network finds its middle from each. It is given a square of
640 m around the place: sigma0 in decibels of the co- and of the cross-polarised channel, and land.
Of a channel that is not there nothing is said, and a flag says so.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from torch import Tensor

from gnomon.datamodel.arrays import Float32s, Float64s, Mask
from gnomon.detect.radar_cfar import RadarCfar, bright_pixels

CROP_PX = 64
CHANNELS = (("vv", "hh"), ("vh", "hv"))
"""Co- and cross-polarised; a product has one of each, or one alone."""
APART_PX = 3.0
LEAST_DB, MOST_DB = -35.0, 20.0
MIDDLE_DB, SPAN_DB = -15.0, 10.0
MIDDLE_DEG, SPAN_DEG = 38.0, 6.0


def radar_candidates(
    pixels: xr.Dataset,
    clutter: Mask,
    search: Mask,
    *,
    spacing_m: tuple[float, float],
    test: RadarCfar,
) -> NDArray[np.int64]:
    """Samples and lines of pixels that may be of a ship, (n, 2).

    Parameters
    ----------
    pixels, spacing_m
        As of `gnomon.detect.radar_cfar.radar_cfar_boxes`.
    clutter, search
        Pixels of sea, and those that may be of ships.
    test
        Windows, and a generous rate.

    """
    places, ratio = bright_pixels(pixels, clutter, search, spacing_m=spacing_m, options=test)
    places, ratio = places[ratio > 1], ratio[ratio > 1]
    line, sample = np.divmod(places, clutter.shape[1])
    where = np.column_stack([sample, line])
    return where[_outstanding(where, ratio)]


def _outstanding(where: NDArray[np.int64], ratio: Float32s) -> Mask:
    """Which stand out more than all others near them."""
    kept = np.ones(len(where), bool)
    if len(where):
        first, second = cKDTree(where).query_pairs(APART_PX, output_type="ndarray").T
        fainter = np.where(ratio[first] < ratio[second], first, second)
        kept[fainter] = False
    return kept


@dataclass(frozen=True)
class RadarPlanes:
    """A radar image as the network is given it, with half a crop of nothing around it."""

    planes: NDArray[np.float16]
    """(3, lines, samples): both channels, scaled, and land."""
    present: tuple[bool, bool]
    """Which channels there are."""
    incidence_deg: Float64s
    """Of each sample."""

    @classmethod
    def of(cls, pixels: xr.Dataset, land: Mask) -> Self:
        """Planes of linear sigma0 by polarisation."""
        half = CROP_PX // 2
        lines, samples = land.shape
        planes = np.zeros((3, lines + CROP_PX, samples + CROP_PX), np.float16)
        inner = planes[:, half:-half, half:-half]
        present = []
        for number, names in enumerate(CHANNELS):
            band = next((pixels[name].to_numpy() for name in names if name in pixels), None)
            present.append(band is not None)
            if band is not None:
                inner[number] = scaled_db(band)
        inner[2] = land
        incidence = np.broadcast_to(pixels["incidence_deg"].to_numpy(), land.shape)
        return cls(planes, (present[0], present[1]), incidence.mean(axis=0, dtype=float))

    def crops(self, where: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Squares around samples and lines, and what else is known.

        Returns
        -------
        crops, known
            (n, 3, 64, 64), whose pixel (32, 32) is the place; and (n, 3): which channels there are,
            and the scaled incidence.

        """
        view = np.lib.stride_tricks.sliding_window_view(self.planes, (CROP_PX, CROP_PX), (1, 2))
        x, y = where.T
        crops = view[:, y, x].swapaxes(0, 1).astype(np.float32)
        known = np.empty((len(where), 3), np.float32)
        known[:, :2] = self.present
        known[:, 2] = (self.incidence_deg[x] - MIDDLE_DEG) / SPAN_DEG
        return torch.from_numpy(crops), torch.from_numpy(known)


def scaled_db(sigma0: Float32s) -> Float32s:
    """Decibels of linear sigma0, about zero and one wide; zero where nothing was seen."""
    least, most = (np.float32(10 ** (db / 10)) for db in (LEAST_DB, MOST_DB))
    db = 10 * np.log10(np.clip(sigma0, least, most))
    scaled: Float32s = np.nan_to_num((db - np.float32(MIDDLE_DB)) / np.float32(SPAN_DB), copy=False)
    return scaled
