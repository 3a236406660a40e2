"""Where a radar image shows water, and where a hull may lie in it.

Land and water come from elsewhere (`gnomon.imagery.coast`). Where that does not say, as along the
shoreline of a library, the image itself decides: what is as dark as the sea beside it, and hangs
together with it, is water. What is left there and wider than anything afloat is land, and hulls
that lie alongside go with it: only a coast that knows the quays keeps them apart.

A strip along land is shore: tides bare it, and places are a pixel or two off. Cranes, tanks and
hills stand higher than the water, so that radar, which sorts by range, shows them nearer to its
track than they are, by ``height / tan(incidence)``: the strip is wider on that side, but for the
berths of a port. Nothing is searched in the strip. A hull at a quay reaches out of it and is found
by what does: as long as it is, and too narrow.
"""

from typing import cast

import numpy as np
import xarray as xr
from scipy import ndimage

from gnomon.datamodel.arrays import Float32s, Mask
from gnomon.datamodel.radar_options import RadarOptions
from gnomon.geo.regions import Regions
from gnomon.imagery.coast import LAND, UNKNOWN, WATER, Codes
from gnomon.imagery.morphology import dilate, opened
from gnomon.imagery.sentinel1.read import POLARISATIONS

BLOCK_PX = 4
"""Side of the blocks whose means are compared with the sea: 70 looks, 12 % of speckle."""
DARK = 2.0
"""Mean of a block of water over that of the sea. Fields and streets in VH have four times as much
and more, calm harbours less than the sea."""
FEWEST_BLOCKS = 50
"""Of sea, from which the brightness of water is estimated: fewer say nothing."""
CROSS = ("vh", "hv")
"""Polarisations in which land stands out, also in wind; the other ones where there is none."""
AFLOAT_M = 100.0
"""Nothing afloat is so wide, as in optical images, and speckle and sidelobes make no land of it."""
CLUTTER_M = 60.0
"""What lies nearer to land is no sea to be compared with: sidelobes, breakers, moorings."""


def radar_water(
    pixels: xr.Dataset,
    codes: Codes,
    berths: Mask,
    *,
    spacing_m: tuple[float, float],
    options: RadarOptions,
) -> xr.Dataset:
    """Masks of a window of a product.

    Parameters
    ----------
    pixels
        Linear sigma0 (line, sample) by polarisation, NaN where nothing was seen, and
        ``incidence_deg``.
    codes
        What each pixel is by the coast: `gnomon.imagery.coast.WATER` and so on.
    berths
        Which pixels are of berths.
    spacing_m
        Of lines and of samples.
    options
        Widths of the shore.

    Returns
    -------
    xarray.Dataset
        Boolean layers (line, sample):

        ``valid``
            what was seen, and is known to be land or water;
        ``water``
            water, with the ships on it;
        ``clutter``
            water that other water is compared with;
        ``search``
            where pixels may be of ships;
        ``land``, ``shore``
            land, and the strip along it.

    """
    here = [name for name in POLARISATIONS if name in pixels]
    seen = np.logical_and.reduce([np.isfinite(pixels[name].to_numpy()) for name in here])
    measured = next((name for name in CROSS if name in here), here[0])
    water, land = resolved(pixels[measured].to_numpy(), codes, gsd_m=spacing_m[0])
    gsd_m = float(np.mean(spacing_m))
    incidence = float(pixels["incidence_deg"].to_numpy().mean())
    reach_px = options.structure_m / np.tan(np.deg2rad(incidence)) / spacing_m[1]
    shown_high = _nearer(land, reach_px) & ~berths
    shore = dilate(land | shown_high, options.shore_m / gsd_m)
    layers = {
        "valid": seen & (water | land),
        "water": seen & water,
        "clutter": seen & water & ~dilate(land, CLUTTER_M / gsd_m),
        "search": seen & water & ~shore,
        "land": land,
        "shore": shore & ~land,
    }
    return xr.Dataset({name: (("line", "sample"), layer) for name, layer in layers.items()})


def resolved(intensity: Float32s, codes: Codes, *, gsd_m: float) -> tuple[Mask, Mask]:
    """Water and land, where the image itself decides what is not known.

    Parameters
    ----------
    intensity
        Of the polarisation that land stands out in, (lines, samples).
    codes
        By the coast.
    gsd_m
        Of a pixel.

    """
    water, land, unknown = (codes == code for code in (WATER, LAND, UNKNOWN))
    if not unknown.any() or not water.any():
        return water, land
    means = _block_means(intensity)
    sea = _block_means(water.astype(np.float32)) == 1
    sea &= np.isfinite(means)
    if np.count_nonzero(sea) < FEWEST_BLOCKS:
        return water, land
    dark = np.isfinite(means) & (means < np.float32(DARK * np.median(means[sea])))
    wet = _pixels(opened(dark, 1), intensity.shape) & unknown
    joined = Regions(wet | water)
    wet &= joined.where(joined.holding(water))
    # Bright and narrow is a ship or a pier, and either is searched.
    dry = land | (unknown & ~wet)
    land = opened(dry, AFLOAT_M / 2 / gsd_m) | land
    return water | (unknown & ~land & dilate(wet, AFLOAT_M / gsd_m)), land


def _nearer(land: Mask, reach_px: float) -> Mask:
    """Land, and what lies up to so many samples nearer to the track than it."""
    width = round(reach_px)
    if width < 1 or not land.any():
        return land
    # Sample i is in the strip if land lies in one of i to i + width.
    reach = ndimage.maximum_filter1d(
        land.view(np.uint8), width + 1, axis=1, origin=-((width + 1) // 2), mode="constant"
    )
    return cast("Mask", reach.view(bool))


def _block_means(values: Float32s) -> Float32s:
    """Means of squares of pixels; the last lines and samples that fill none are left out."""
    lines, samples = (side // BLOCK_PX for side in values.shape)
    whole = values[: lines * BLOCK_PX, : samples * BLOCK_PX]
    blocks = whole.reshape(lines, BLOCK_PX, samples, BLOCK_PX)
    means: Float32s = blocks.mean(axis=(1, 3), dtype=np.float32)
    return means


def _pixels(blocks: Mask, shape: tuple[int, ...]) -> Mask:
    """Blocks as pixels; False where there is no whole block."""
    whole = np.zeros(shape, bool)
    wide = blocks.repeat(BLOCK_PX, axis=0).repeat(BLOCK_PX, axis=1)
    whole[: wide.shape[0], : wide.shape[1]] = wide
    return whole
