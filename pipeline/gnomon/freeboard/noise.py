"""The noise of a ship's chip, measured on the chip itself, and the prior of its reflectances.

Two noises: that of the water, waves and instrument together, from bins clear of ship and shadow;
and that of the ship, its gear and paint and all that the model of it lacks, from the residual of a
first fit. Both are covariances of the bands. The generalised eigenvectors of the two make both
diagonal at once, so that from there on bands are independent, and clutter that is alike in all
bands counts once and not four times. Each is multiplied by the number of bins over which it is
correlated, because four neighbouring bins with the same error are one measurement.

A superstructure is a tower with wings, a funnel and a mast, not a box, and many hulls rise towards
bow and stern. Water that these shade, or would, is given a noise of a part of the shade itself:
half at first, then the residual of the first fit there. So the freeboard is read amidships, where
it is defined, unless the ends agree.
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from scipy import ndimage

from gnomon.freeboard.bins import Bins
from gnomon.freeboard.hull import SURFACES

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Noise of doubted shade as a part of it: at first, and the least and the most after a fit.
_FIRST_DOUBT, _LEAST_DOUBT, _MOST_DOUBT = 0.5, 0.05, 0.8
# The parallel body, from the stern and from the bow, in lengths from the centre: aft of it poop and
# superstructure, forward of it forecastle and flare.
_AMIDSHIPS = (-0.24, 0.34)


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Weights of one chip's bins, and scales that the reflectances' prior is made of."""

    mix: Floats
    """Bands to independent mixtures, (bands, bands)."""
    ship_variance: Floats
    """Of the mixtures on the ship, (bands,); on water each is one."""
    water_correlation: float
    """Bins over which the noise of the water is correlated."""
    ship_correlation: float
    zone: Floats
    """0 on water, 1 on the ship, (bins,)."""
    doubt: Floats
    """Cover by shadow that has little to do with the freeboard amidships, (bins,)."""
    doubted: float
    """Part of the shade that is noise there, as a standard deviation."""
    trust: Floats
    """1, and less in outliers on the water, (bins,)."""
    level: Floats
    """Of the water, (bands,)."""
    contrast: Floats
    """Of the ship over the water, (bands,)."""

    def weight(self, dark: float) -> Floats:
        """Inverse variances of the mixtures, (bands, bins)."""
        shade = self.mix @ (0.6 * (1 - dark) * self.level)
        variance = (
            self.water_correlation
            + np.outer(self.ship_variance * self.ship_correlation, self.zone)
            + self.water_correlation * np.outer((self.doubted * shade) ** 2, self.doubt)
        )
        return self.trust / variance


def first_noise(bins: Bins, maps: Floats, ends: Mask) -> Noise:
    """Before any fit: water from around the ship, a tenth of its contrast for the ship.

    Parameters
    ----------
    bins
        Bins of the chip.
    maps
        Covers where the ship ought to be, blurred by the error of its place, (surfaces, bins).
    ends
        Bins that a ship's ends shade, or would if they were higher, (bins,).

    """
    water = maps[SURFACES.index("water")]
    clear = _clear(maps)
    level = np.median(bins.values[:, clear], axis=1)
    inside = water <= max(float(np.quantile(water, 0.03)), 0.3)
    contrast = bins.values[:, inside].mean(1) - level
    spread = bins.values.std(1) + 1e-12
    contrast = np.where(np.abs(contrast) < spread, np.copysign(spread, contrast), contrast)
    covariance, correlated, trust = _water(bins, clear)
    ship = 0.01 * (np.outer(contrast, contrast) + 0.1 * np.diag(contrast**2))
    mix, variance = _both_diagonal(ship, covariance)
    return Noise(
        mix=mix,
        ship_variance=variance,
        water_correlation=correlated,
        ship_correlation=3.0,
        zone=1 - water,
        doubt=np.maximum(maps[SURFACES.index("house_shadow")], ends * (water > 0.05)),
        doubted=_FIRST_DOUBT,
        trust=trust,
        level=level,
        contrast=contrast,
    )


def second_noise(
    noise: Noise, bins: Bins, ends: Mask, *, fitted: Floats, wide: Floats, rest: Floats
) -> Noise:
    """After a fit: from its residuals on the water and on the ship.

    Parameters
    ----------
    noise
        The first.
    bins
        Bins of the chip.
    ends
        As in `first_noise`, of the fitted ship.
    fitted, wide
        Covers of the fitted ship, as it is and blurred further, (surfaces, bins).
    rest
        Image less fit, (bands, bins).

    """
    water = SURFACES.index("water")
    zone = np.clip(1 - fitted[water], 0, 1)
    near = zone > 0.3
    if near.sum() < 4:
        return noise
    covariance, water_correlation, trust = _water(bins, _clear(wide))
    on_ship = rest[:, near]
    excess = on_ship @ on_ship.T / near.sum() + 1e-4 * np.diag(noise.contrast**2)
    mix, variance = _both_diagonal(excess, covariance)
    doubt = np.maximum(wide[SURFACES.index("house_shadow")], ends * (fitted[water] > 0.05))
    return replace(
        noise,
        mix=mix,
        ship_variance=variance,
        water_correlation=water_correlation,
        ship_correlation=bins.correlated_bins(rest, near),
        zone=zone,
        doubt=np.clip(doubt, 0, 1),
        doubted=_doubted(noise, covariance, doubt * (fitted[water] > 0.9), wide, rest),
        trust=trust,
    )


def without_swell(bins: Bins, maps: Floats, rest: Floats, *, scale_m: float) -> Bins:
    """Subtract the water's own pattern: plumes, slicks and swell that are wider than the ship.

    The residual on clear water is averaged over a ring around every bin (a Gaussian of
    ``scale_m`` less one of half of it, so that no bin predicts itself and the water beside the
    ship is predicted from as far away as that under its shadow), and subtracted where water is.

    Parameters
    ----------
    bins
        Bins of the chip.
    maps
        Covers of the fitted ship, blurred somewhat, (surfaces, bins).
    rest
        Image less fit, (bands, bins).
    scale_m
        Of the averaging.

    """
    clear = _clear(maps)
    shape = (bins.row.max() + 1, bins.column.max() + 1)
    step = [_spacing(bins, index) for index in (bins.row, bins.column)]

    def ring(values: Floats) -> Floats:
        grid = np.zeros(shape)
        grid[bins.row[clear], bins.column[clear]] = values[clear]
        wide, narrow = (
            ndimage.gaussian_filter(grid, [s / d for d in step], mode="constant", truncate=3.0)
            for s in (scale_m, scale_m / 2)
        )
        # Both kernels sum to one; in the plane the narrow one is four times as high.
        found: Floats = (wide - narrow / 4)[bins.row, bins.column]
        return found

    weight = ring(np.ones(bins.east_m.size))
    # Where hardly any water is near, its pattern is unknown.
    pattern = np.stack([ring(band) for band in rest]) / np.maximum(weight, 0.15)
    return replace(bins, values=bins.values - maps[SURFACES.index("water")] * pattern)


def _spacing(bins: Bins, index: NDArray[np.intp]) -> float:
    """Metres between neighbouring rows or columns of bins."""
    span = index.max() - index.min()
    ends = [index == index.min(), index == index.max()]
    east, north = (
        np.diff([place[end].mean() for end in ends])[0] for place in (bins.east_m, bins.north_m)
    )
    return float(np.hypot(east, north) / max(span, 1))


def shaded_by_ends(
    forward_m: Floats, *, length_m: float, freeboard_m: float, sun_off_bow_deg: float, cot: float
) -> Mask:
    """Bins whose shade, if there is any, is cast by bow or stern and not by the parallel body.

    Parameters
    ----------
    forward_m
        Place of the bins along the ship, from its centre, (bins,).
    length_m, freeboard_m
        Of the ship.
    sun_off_bow_deg
        Azimuth of the sun less heading.
    cot
        Cotangent of the sun's elevation.

    """
    caster = forward_m + freeboard_m * cot * np.cos(np.deg2rad(sun_off_bow_deg))
    aft, fore = (place * length_m for place in _AMIDSHIPS)
    outside: Mask = (caster < aft) | (caster > fore)
    return outside


def _doubted(noise: Noise, covariance: Floats, doubt: Floats, wide: Floats, rest: Floats) -> float:
    """Residual where the shade is doubted, as a part of the shade; a standard deviation."""
    shade = wide[SURFACES.index("shadow")] + wide[SURFACES.index("house_shadow")]
    there = (doubt > 0.5) & (shade > 0.05)
    if there.sum() < 4:
        return noise.doubted
    drop = 0.6 * noise.level
    filtered = np.linalg.solve(covariance, drop)
    part = filtered @ rest[:, there] / (filtered @ drop)
    excess = float(np.mean(part**2) - 1 / (filtered @ drop))
    # Twice: half of the bins there lie in the open, or deep in the shade, and fit in any case.
    return float(np.clip(2 * np.sqrt(max(excess, 0)), _LEAST_DOUBT, _MOST_DOUBT))


def level_prior(noise: Noise, dark: float) -> tuple[Floats, Floats]:
    """Mean and covariance of the reflectances, all bands, surface by surface within each.

    Broad in the unit of the ship's own contrast, so that any unit will do, but for the shade on the
    water: 0.6 of the water's light, 0.25 of it to either side in all bands together, 0.08 in each.
    """
    level, contrast = noise.level, noise.contrast
    size = np.abs(contrast)
    lit = np.maximum(level * (1 - dark), 0.0)
    nothing = np.zeros_like(level)
    shade = (-0.6 * lit, 0.25 * lit, 0.08 * lit + 1e-4 * size)
    # Mean; deviation that all bands share; deviation of each band alone.
    terms = {
        "water": (level, size, 0.5 * size),
        "water_east": (nothing, 0.3 * size, 0.1 * size),
        "water_north": (nothing, 0.3 * size, 0.1 * size),
        "deck": (level + contrast, 0.5 * size, 0.5 * size),
        "centreline": (nothing, 0.6 * size, 0.3 * size),
        "deck_across": (nothing, 0.15 * size, 0.05 * size),
        "deck_shadow": (-0.6 * (level + contrast), 0.3 * size, 0.2 * size),
        "wall": (level + 0.2 * contrast, 0.4 * size, 0.25 * size),
        "house": (level + 2 * contrast, 1.5 * size, 0.7 * size),
        "shadow": shade,
        "house_shadow": shade,
    }
    bands, surfaces = len(level), len(SURFACES)
    mean = np.stack([terms[name][0] for name in SURFACES], 1).ravel()
    covariance = np.zeros((bands, surfaces, bands, surfaces))
    for k, name in enumerate(SURFACES):
        _, common, alone = terms[name]
        covariance[:, k, :, k] = np.outer(common, common) + np.diag(alone**2)
    # One sun: the shade of the hull and of the superstructure are equally dark, or nearly.
    one, other = SURFACES.index("shadow"), SURFACES.index("house_shadow")
    tied = 0.95 * covariance[:, one, :, one]
    covariance[:, one, :, other] = covariance[:, other, :, one] = tied
    return mean, covariance.reshape(bands * surfaces, bands * surfaces)


def _clear(maps: Floats) -> Mask:
    """Bins clear of ship and shade; the clearest third where a chip has few."""
    shade = maps[SURFACES.index("shadow")] + maps[SURFACES.index("house_shadow")]
    bare = maps[SURFACES.index("water")] - shade
    clear: Mask = bare > min(0.97, float(np.quantile(bare, 0.67)) - 1e-9)
    return clear


def _water(bins: Bins, clear: Mask) -> tuple[Floats, float, Floats]:
    """Covariance of the bands on clear water, its correlated bins, and trust in each bin."""
    design = np.stack([np.ones_like(bins.east_m), bins.east_m, bins.north_m])
    floor = 1e-3 * bins.values.std(1) + 1e-12
    sure = clear
    for _ in range(3):
        plane = np.linalg.lstsq(design[:, sure].T, bins.values[:, sure].T, rcond=None)[0]
        rest = bins.values - plane.T @ design
        scale = 1.4826 * np.median(np.abs(rest[:, clear]), axis=1) + floor
        # Four deviations: foam, boats, a quay. At least a third of the bins is kept in any case.
        worst = (np.abs(rest) / scale[:, None]).max(0)
        sure = clear & (worst < max(4.0, float(np.quantile(worst[clear], 0.4))))
    covariance = np.atleast_2d(np.cov(rest[:, sure])) + np.diag(floor**2)
    deviations = np.abs(rest) / np.sqrt(np.diag(covariance))[:, None]
    outlying = np.maximum(deviations.max(0) - 4, 0)
    trust = np.where(clear, 1 / (1 + outlying**2), 1.0)
    return covariance, bins.correlated_bins(rest, sure), trust


def _both_diagonal(ship: Floats, water: Floats) -> tuple[Floats, Floats]:
    """Map that turns the water's covariance to the identity and the ship's to a diagonal."""
    values, vectors = scipy.linalg.eigh(ship, water)
    return vectors.T, np.maximum(values, 0.0)
