"""CFAR for radar: what is brighter than the sea around it gets by itself at a given rate.

For each block of 80 m the clutter is measured in a ring between two squares around it: the inner
one, the guard, is larger than a ship, so that a ship is not compared with itself. Mean and second
moment give the roughness of K-distributed clutter (`gnomon.detect.radar_clutter`), and that the
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

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import ndimage, sparse

from gnomon.datamodel.arrays import Float32s, Float64s, Mask
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.radar_blocks import (
    BlockStatistics,
    block_at,
    block_px,
    block_statistics,
    blocks_across,
    square_sums,
)
from gnomon.detect.radar_clutter import clutter_level, roughness_of

Indices = NDArray[np.int64]
POLARISATIONS = ("vv", "vh", "hh", "hv")
ROUGHNESS_WIDER = 2.0
"""Side of the square of the roughness over that of the background."""
FEWEST_PX = 100
"""Of water in a ring: fewer say nothing, and nothing is found there."""
PASSES = 2
"""Times that ships are taken out of the clutter."""
FIRST_ROUGHNESS = 0.5
"""At the first time, when the ships are still in it: that of a rough sea."""
CENSORED_RATE = 10**-6.5
"""Largest rate at which a pixel is taken out: at more the sea would lose what makes it rough."""


@dataclass(frozen=True)
class _Tested:
    """One polarisation, and for each block the levels and what is brightest of what is searched."""

    intensity: Float32s
    level: Float32s
    lower: Float32s
    brightest: Float32s

    def pixels(self, near: Mask, search: Mask, block: list[int]) -> tuple[Indices, Float32s]:
        """Places of bright pixels in some blocks, and their intensity over the level."""
        places, ratios = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
        for row, column in np.argwhere(near & (self.brightest > self.lower)):
            at = block_at(row, column, block)
            over = search[at] & (self.intensity[at] > self.lower[row, column])
            down, along = np.nonzero(over)
            whole = (down + row * block[0]) * search.shape[1] + along + column * block[1]
            places.append(whole)
            ratios.append(self.intensity[at][over] / self.level[row, column])
        return np.concatenate(places), np.concatenate(ratios)


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
    join_m: float = 15.0
    """Pixels whose centres are so near in lines and in samples are one group: by default those that
    touch, also at corners."""
    grow_rate: float | None = None
    """A group also takes what exceeds the level of this rate, larger than the one that finds it: so
    it reaches from bow to stern where the middle of a ship is dark."""
    sidelobes: float = 0.0
    """What is fainter than the brightest pixel of its group times this is a sidelobe of it, and is
    left out."""

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
        block = block_px(spacing_m)
        statistics = block_statistics(intensity, water, water, block)
        rates = [rate or self.false_alarm_rate]
        (level,) = self._levels(intensity, water, statistics, spacing_m, rates)
        lines, samples = intensity.shape
        whole = level.repeat(block[0], axis=0)[:lines].repeat(block[1], axis=1)
        return whole[:, :samples]

    def tested(
        self,
        intensity: Float32s,
        water: Mask,
        search: Mask,
        spacing_m: tuple[float, float],
        rate: float,
    ) -> _Tested:
        """Levels of one polarisation at its rate, and at that by which groups grow."""
        statistics = block_statistics(intensity, water, search, block_px(spacing_m))
        rates = [rate, max(rate, self.grow_rate or rate)]
        level, lower = self._levels(intensity, water, statistics, spacing_m, rates)
        return _Tested(intensity, level, lower, statistics.searched)

    def _levels(
        self,
        intensity: Float32s,
        water: Mask,
        statistics: BlockStatistics,
        spacing_m: tuple[float, float],
        rates: Sequence[float],
    ) -> list[Float32s]:
        """Level of each block at each rate."""
        block = block_px(spacing_m)
        sides_m = [pixels * spacing for pixels, spacing in zip(block, spacing_m, strict=True)]
        if blocks_across(self.guard_m, sides_m) == blocks_across(self.background_m, sides_m):
            sides = f"{self.guard_m:g} and {self.background_m:g} m"
            raise ValueError(f"guard and background, {sides}, are the same number of blocks wide")
        sums, brightest = statistics.sums, statistics.brightest
        least = np.full(brightest.shape, np.inf, np.float32)
        censored = self._first_levels(sums, sides_m)
        for _ in range(PASSES):
            least = np.minimum(least, censored)
            for row, column in np.argwhere(brightest > least):
                at = block_at(row, column, block)
                clutter = intensity[at][water[at] & (intensity[at] <= censored[row, column])]
                sums[:, row, column] = len(clutter), clutter.sum(), np.square(clutter).sum()
            (censored,) = self._block_levels(sums, sides_m, [min(rates[0], CENSORED_RATE)])
        return self._block_levels(sums, sides_m, rates)

    def _first_levels(self, sums: Float64s, sides_m: list[float]) -> Float32s:
        """Level to begin with: of geometric means of blocks, which a few ships hardly move."""
        seen = (sums[0] > 0) & (sums[1] > 0)
        logs = np.log(sums[1], where=seen, out=np.zeros(seen.shape))
        logs -= np.log(sums[0], where=seen, out=np.zeros(seen.shape))
        layers = np.stack([seen.astype(float), np.where(seen, logs, 0.0)])
        count, total = square_sums(layers, self.background_m, sides_m)
        mean = np.exp(total / np.maximum(count, 1.0))
        mean *= clutter_level(FIRST_ROUGHNESS, looks=self.looks, rate=CENSORED_RATE)
        return np.where(count > 0.5, mean, np.inf).astype(np.float32)

    def _block_levels(
        self, sums: Float64s, sides_m: list[float], rates: Sequence[float]
    ) -> list[Float32s]:
        """Level of each block at each rate, by its count, sum and sum of squares of clutter."""
        guard = square_sums(sums[:2], self.guard_m, sides_m)
        count, total = square_sums(sums[:2], self.background_m, sides_m) - guard
        known = (count > FEWEST_PX - 0.5) & (total > 0)
        mean = np.where(known, total / np.where(known, count, 1.0), np.inf)
        # Relative to the mean around each block, so that a slope of the sea is no roughness.
        relative = np.where(known, sums / np.stack([np.ones_like(mean), mean, mean**2]), 0.0)
        wide = square_sums(relative, self.background_m * ROUGHNESS_WIDER, sides_m)
        around = np.maximum(wide[0], 1.0)
        first, second = np.where(known & (wide[1] > 0), wide[1:] / around, 1.0)
        roughness = roughness_of(first, second, looks=self.looks)
        times = (clutter_level(roughness, looks=self.looks, rate=rate) for rate in rates)
        return [(mean * one).astype(np.float32) for one in times]


def _grouped(places: Indices, samples: int, *, reach: tuple[int, int]) -> tuple[int, Indices]:
    """Number of groups of pixels, and the group of each.

    ``places`` are sorted places in an image of so many samples a line; those at most so many lines
    and samples apart are of one group.
    """
    down, along = reach
    pairs = []
    steps = [
        row * samples + column for row in range(down + 1) for column in range(-along, along + 1)
    ]
    for step in (step for step in steps if step > 0):
        after = np.searchsorted(places, places + step)
        inside = after < len(places)
        mine, theirs = np.flatnonzero(inside), after[inside]
        # One further along is on the next line where a line ends.
        apart = np.abs(places[theirs] % samples - places[mine] % samples)
        touching = (places[theirs] == places[mine] + step) & (apart <= along)
        pairs.append(np.stack([mine[touching], theirs[touching]]))
    first, second = np.concatenate(pairs, axis=1)
    size = (len(places), len(places))
    graph = sparse.coo_array((np.ones(len(first), bool), (first, second)), shape=size)
    count, group = sparse.csgraph.connected_components(graph, directed=False)
    return int(count), group


def bright_pixels(
    pixels: xr.Dataset,
    water: Mask,
    search: Mask,
    *,
    spacing_m: tuple[float, float],
    options: RadarCfar,
) -> tuple[Indices, Float32s]:
    """Pixels that are brighter than their level, or than that of the rate by which groups grow.

    Of the latter only those count that may belong to a group with one of the former: in blocks that
    hang together with theirs.

    Parameters
    ----------
    pixels, water, search, spacing_m, options
        As of `radar_cfar_boxes`.

    Returns
    -------
    places, ratio
        Places in the flattened image, (pixels,), increasing, and intensity over the level, the most
        of all polarisations: below one where a pixel only lets a group grow.

    """
    bands = [pixels[name].to_numpy() for name in POLARISATIONS if name in pixels]
    if not bands:
        raise ValueError(f"there is none of {', '.join(POLARISATIONS)} in these pixels")
    rate = options.false_alarm_rate / len(bands)
    tested = [options.tested(band, water, search, spacing_m, rate) for band in bands]
    bright = np.logical_or.reduce([one.brightest > one.lower for one in tested])
    found = np.logical_or.reduce([one.brightest > one.level for one in tested])
    label, _ = ndimage.label(bright, np.ones((3, 3)))
    near = bright & np.isin(label, np.unique(label[found & bright]))
    block = block_px(spacing_m)
    parts = [one.pixels(near, search, block) for one in tested]
    places, same = np.unique(np.concatenate([at for at, _ in parts]), return_inverse=True)
    ratio = np.zeros(len(places), np.float32)
    np.maximum.at(ratio, same, np.concatenate([over for _, over in parts]))
    return places, ratio


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
    places, ratio = bright_pixels(pixels, water, search, spacing_m=spacing_m, options=options)
    reach = max(int(options.join_m / spacing_m[0]), 1), max(int(options.join_m / spacing_m[1]), 1)
    count, group = _grouped(places, water.shape[1], reach=reach)
    peak = np.zeros(count, np.float32)
    np.maximum.at(peak, group, ratio)
    kept = ratio >= options.sidelobes * peak[group]
    boxes = _boxes(places[kept], group[kept], peak, samples=water.shape[1])
    return boxes[peak > 1]


def _boxes(places: Indices, group: Indices, peak: Float32s, *, samples: int) -> OrientedBoxes:
    """Boxes of groups of pixels: rectangles with the same moments."""
    count = len(peak)
    line, sample = np.divmod(places, samples)
    size = np.bincount(group, minlength=count)
    y, x = (np.bincount(group, one, count) / size for one in (line, sample))
    down, along = line - y[group], sample - x[group]
    # A pixel is a square and no point: a twelfth is its own second moment.
    yy, xx, xy = (
        np.bincount(group, one, count) / size + own
        for one, own in ((down**2, 1 / 12), (along**2, 1 / 12), (down * along, 0.0))
    )
    spread = np.hypot((xx - yy) / 2, xy)
    # That of a rectangle of length l is l^2 / 12.
    length, beam = (np.sqrt(12 * np.maximum((xx + yy) / 2 + part, 0)) for part in (spread, -spread))
    return OrientedBoxes.of(
        x + 0.5,
        y + 0.5,
        np.maximum(length, 1),
        np.maximum(beam, 1),
        # Clockwise from up, of the axis of the largest moment.
        (90 + np.rad2deg(np.arctan2(2 * xy, xx - yy)) / 2) % 180.0,
        score=peak / (peak + 1),
    )
