"""CFAR for radar: what is brighter than the sea around it gets by itself at a given rate.

For each block of 80 m the clutter is measured in a ring between two squares around it: the inner
one, the guard, is larger than a ship, so that a ship is not compared with itself. Mean and second
moment give the roughness of K-distributed clutter (`gnomon.detect.radar.clutter`), and that the
level which a pixel of the block exceeds at the false-alarm rate that was asked for. Ships in the
ring would hide each other: what exceeds the level of a very low rate is taken out of the rings, and
all is measured again.

With several polarisations each has its share of the rate, and a pixel of any of them counts.

**Windows.** The defaults are those of the field: a guard of 500 m, a background of 800 m and a rate
of 10^-6.5 (SNAP, Adaptive Thresholding; Crisp 2004, DSTO-RR-0272). Where the sea has structures of
200 m, a ring of 800 m holds a dozen of them and knows neither the mean nor the roughness well: with
the roughness of that ring alone the rate came out up to five times too high. So the roughness is
that of a square twice as wide, of intensities relative to the mean around each of its blocks:
a slope of the sea is no roughness, and an uncertain mean is. Where the structures are log-normal
and not gamma, which the model does not know, the rate is two to three times too high.

This is the baseline that a network has to beat.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy import ndimage
from skimage.measure import regionprops_table

from gnomon.datamodel.arrays import Float32s, Float64s, Mask
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.radar.clutter import clutter_level, roughness_of

POLARISATIONS = ("vv", "vh", "hh", "hv")
BLOCK_M = 80.0
"""Side of the blocks that the clutter is summed in."""
ROUGHNESS_WIDER = 2.0
"""Side of the square of the roughness over that of the background."""
STRIP_BLOCKS = 32
"""Rows of blocks that are summed together, so that they stay near the processor."""
FEWEST_PX = 100
"""Of water in a ring: fewer say nothing, and nothing is found there."""
PASSES = 3
"""Times that ships are taken out of the clutter."""
FIRST_ROUGHNESS = 0.5
"""At the first time, when the ships are still in it: that of a rough sea."""
CENSORED_RATE = 10**-6.5
"""Largest rate at which a pixel is taken out: at more the sea would lose what makes it rough."""


@dataclass(frozen=True, kw_only=True)
class RadarCfar:
    """Windows and rate of the test."""

    guard_m: float = 500.0
    """Side of the square around a pixel that is not background: more than a ship's length."""
    background_m: float = 800.0
    """Side of the square that is."""
    false_alarm_rate: float = 10**-6.5
    """Probability that a pixel of sea is found."""
    looks: float = 4.4
    """Equivalent number of looks; of IW GRD at high resolution 4.4."""

    def __post_init__(self) -> None:
        if not 0 < self.guard_m < self.background_m:
            sides = f"{self.guard_m:g} and {self.background_m:g} m"
            raise ValueError(f"the background is wider than the guard, not {sides}")

    def levels(
        self,
        intensity: Float32s,
        water: Mask,
        *,
        spacing_m: tuple[float, float],
        rate: float | None = None,
    ) -> Float32s:
        """Intensity that the sea exceeds at the false-alarm rate.

        Parameters
        ----------
        intensity
            Linear sigma0 of one polarisation, thermal noise not taken out, (lines, samples).
        water
            Pixels of sea, land and unknown left out.
        spacing_m
            Of lines and of samples.
        rate
            In place of `false_alarm_rate`.

        Returns
        -------
        array
            (lines, samples), the same for all pixels of a block; infinite where too little water
            is near.

        """
        rate = rate or self.false_alarm_rate
        block = [max(round(BLOCK_M / spacing), 1) for spacing in spacing_m]
        sides_m = [pixels * spacing for pixels, spacing in zip(block, spacing_m, strict=True)]
        sums, brightest = _block_sums(intensity, water, block)
        least = np.full(brightest.shape, np.inf, np.float32)
        censored = self._first_levels(sums, sides_m)
        for _ in range(PASSES):
            least = np.minimum(least, censored)
            for row, column in np.argwhere(brightest > least):
                at = np.s_[
                    row * block[0] : (row + 1) * block[0],
                    column * block[1] : (column + 1) * block[1],
                ]
                clutter = intensity[at][water[at] & (intensity[at] <= censored[row, column])]
                sums[:, row, column] = len(clutter), clutter.sum(), np.square(clutter).sum()
            censored = self._block_levels(sums, sides_m, min(rate, CENSORED_RATE))
        level = self._block_levels(sums, sides_m, rate)
        lines, samples = intensity.shape
        whole = level.repeat(block[0], axis=0)[:lines].repeat(block[1], axis=1)
        return whole[:, :samples]

    def _first_levels(self, sums: Float64s, sides_m: list[float]) -> Float32s:
        """Level to begin with: of geometric means of blocks, which a few ships hardly move."""
        seen = (sums[0] > 0) & (sums[1] > 0)
        logs = np.log(sums[1], where=seen, out=np.zeros(seen.shape))
        logs -= np.log(sums[0], where=seen, out=np.zeros(seen.shape))
        layers = np.stack([seen.astype(float), np.where(seen, logs, 0.0)])
        count, total = _square_sums(layers, self.background_m, sides_m)
        mean = np.exp(total / np.maximum(count, 1.0))
        mean *= clutter_level(FIRST_ROUGHNESS, looks=self.looks, rate=CENSORED_RATE)
        return np.where(count > 0.5, mean, np.inf).astype(np.float32)

    def _block_levels(self, sums: Float64s, sides_m: list[float], rate: float) -> Float32s:
        """Level of each block, by its count, sum and sum of squares of clutter."""
        guard = _square_sums(sums[:2], self.guard_m, sides_m)
        count, total = _square_sums(sums[:2], self.background_m, sides_m) - guard
        known = (count > FEWEST_PX - 0.5) & (total > 0)
        mean = np.where(known, total / np.where(known, count, 1.0), np.inf)
        # Relative to the mean around each block, so that a slope of the sea is no roughness.
        relative = np.where(known, sums / np.stack([np.ones_like(mean), mean, mean**2]), 0.0)
        wide = _square_sums(relative, self.background_m * ROUGHNESS_WIDER, sides_m)
        around = np.maximum(wide[0], 1.0)
        first, second = np.where(known & (wide[1] > 0), wide[1:] / around, 1.0)
        roughness = roughness_of(first, second, looks=self.looks)
        return (mean * clutter_level(roughness, looks=self.looks, rate=rate)).astype(np.float32)


def _square_sums(sums: Float64s, side_m: float, sides_m: list[float]) -> Float64s:
    """Sums of blocks over squares around each block; nothing lies beyond the edge."""
    across = [2 * round(side_m / side / 2) + 1 for side in sides_m]
    around: Float64s = ndimage.uniform_filter(sums, (0, *across), mode="constant")
    return around * float(across[0] * across[1])


def _block_sums(intensity: Float32s, water: Mask, block: list[int]) -> tuple[Float64s, Float32s]:
    """Count, sum and sum of squares of the sea in each block, (3, rows, columns), and its most."""
    rows, columns = (-(-n // side) for n, side in zip(intensity.shape, block, strict=True))
    sums, brightest = np.empty((3, rows, columns)), np.empty((rows, columns), np.float32)
    for top in range(0, rows, STRIP_BLOCKS):
        bottom = min(top + STRIP_BLOCKS, rows)
        lines = slice(top * block[0], bottom * block[0])
        part = intensity[lines]
        inside = np.s_[: part.shape[0], : part.shape[1]]
        whole = ((bottom - top) * block[0], columns * block[1])
        value, sea = np.zeros(whole, np.float32), np.zeros(whole, bool)
        sea[inside] = water[lines] & np.isfinite(part)
        np.copyto(value[inside], part, where=sea[inside])
        shape = (bottom - top, block[0], columns, block[1])
        for layer, values in enumerate((sea.view(np.uint8), value, np.square(value))):
            # Over lines first: whole rows are added at once.
            by_column = values.reshape(shape).sum(axis=1, dtype=np.float32)
            sums[layer, top:bottom] = by_column.sum(axis=2, dtype=np.float64)
        brightest[top:bottom] = value.reshape(shape).max(axis=1).max(axis=2)
    return sums, brightest


def radar_cfar_boxes(
    pixels: xr.Dataset,
    water: Mask,
    search: Mask,
    *,
    spacing_m: tuple[float, float],
    options: RadarCfar,
) -> OrientedBoxes:
    """Ships by CFAR alone.

    Parameters
    ----------
    pixels
        Linear sigma0 by polarisation, thermal noise not taken out.
    water
        Pixels of sea.
    search
        Pixels that may be of ships; those of land are not.
    spacing_m
        Of lines and of samples.
    options
        Windows and rate.

    Returns
    -------
    OrientedBoxes
        In samples (x) and lines (y). The score is the brightest pixel over the sum of itself and
        its level: it orders the boxes and is no probability.

    """
    bands = [pixels[name].to_numpy() for name in POLARISATIONS if name in pixels]
    if not bands:
        raise ValueError(f"there is none of {', '.join(POLARISATIONS)} in these pixels")
    rate = options.false_alarm_rate / len(bands)
    over = np.zeros(water.shape, np.float32)
    for band in bands:
        level = options.levels(band, water, spacing_m=spacing_m, rate=rate)
        np.divide(band, level, out=level)
        np.fmax(over, level, out=over)
    over *= search
    hulls, _ = ndimage.label(over > 1, np.ones((3, 3)))
    regions = regionprops_table(
        hulls,
        over,
        ("centroid", "axis_major_length", "axis_minor_length", "orientation", "intensity_max"),
    )
    y, x, length, beam, turn, peak = (np.asarray(v, np.float32) for v in regions.values())
    return OrientedBoxes.of(
        x + 0.5,
        y + 0.5,
        np.maximum(length, 1),
        np.maximum(beam, 1),
        np.rad2deg(-turn) % 180.0,
        score=peak / (peak + 1),
    )
