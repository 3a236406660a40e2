"""Usable water: where a scene shows open water that nothing hides, and where a hull may lie.

The work is done on blocks of about 20 m, each the mean of its pixels, and in metres, so that images
of 10 m and of 1 m go the same way.

Water is brighter in green than in shortwave infrared (MNDWI; Xu 2006,
doi:10.1080/01431160600589179), or than in near infrared where shortwave is missing (NDWI; McFeeters
1996, doi:10.1080/01431169608948714). Haze, glint and the stripes that glint makes of a push-broom's
detectors add nearly the same to every band: they shrink the index and seldom turn its sign. Waters
smaller than a harbour basin are shadows, roofs and ponds. Where a scene has no infrared, water is
what is smooth in the visible bands (`gnomon.imagery.visible_water`). What is certainly water then
grows over the dark blocks that touch it, by a laxer rule: quays and hulls shine into slips and
basins. A quality layer adds the water that it classifies as such and takes none away.

Cloud and ice are white, and WIDE. Cloud masks are known to fire on hulls, quays and surf; so a
candidate, be it from pixels or from a quality layer, is opened by a disc that is wider than any
hull, and a layer's class of cloud holds only where the pixels are bright and white (concrete and
sand are reddish) and do not look like water. What is left gets its fringe back. Ice differs from
cloud in shortwave infrared (Hall and others 1995, doi:10.1016/0034-4257(95)00137-P); without it,
ice is called cloud.

A berthed hull is not water, and an image of 10 m does not separate it from its quay. So the area to
search is not the water: it is all that was seen within reach of usable water, hulls and edges of
quays included. No coastline takes part: none resolves a quay.

Seams: a pixel depends on what lies within about 600 m (``BASIN_M`` and the widths and reaches of
the options), on the phase of the blocks, which begin at the window's first pixel, and on the area
of the water that it is part of. A water that the window's edge cuts counts as large enough. So
inside a halo the masks of a window equal those of the whole, but for small waters at the edge, long
winding basins, and, where a window begins off the blocks of another, a pixel along shores.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gnomon.datamodel.errors import GnomonError
from gnomon.datamodel.scene import OPTICAL_BANDS, QUALITY
from gnomon.datamodel.study import MaskOptions
from gnomon.geo.grid import grid_of
from gnomon.geo.regions import Regions
from gnomon.imagery.morphology import dilate, opened
from gnomon.imagery.quality import Quality
from gnomon.imagery.visible_water import visible_water

Mask = NDArray[np.bool_]
Band = NDArray[np.float32]
Classes = NDArray[np.uint8]


class Colour(NamedTuple):
    """How infrared compares with green in water; reflectances."""

    nir_excess: float
    """How much brighter than green near infrared may be."""
    swir_excess: float
    """How much brighter than green shortwave infrared may be."""
    infrared_max: float
    """The brightest that either may be."""


SURE = Colour(0.003, 0.012, 0.20)
"""Correction for the atmosphere leaves harbours too dark by 0.01 (Athens: green 0.014, swir16
0.019). The haziest water of the real scenes has 0.15 in infrared; roofs have more than 0.2."""
SHADED = Colour(0.012, 0.035, 0.09)
"""Of blocks that touch sure water: slips of Athens have up to 0.03 more in swir16 than in green,
basins of Algiers 0.083 in swir16. Container yards, as flat in colour, begin at 0.1."""
BASIN_M = 300.0
"""How far from sure water the laxer rule holds: the length of a slip."""
LEAVES_MARGIN = 0.02
"""With swir16 at hand NDWI may be so much below the limit, as over silt; leaves, whose MNDWI haze
can turn positive, are far below, and the land in a cloud's shadow just below."""
BLOCK_M = 20.0
"""Side of a block: two Sentinel-2 pixels, below which swell and noise make speckle of a shore."""
WHITE = {"red": 1.08, "nir": 1.25, "swir16": 1.25}
"""Most that cloud has of a band, relative to blue (0.99, 1.18 and 1.08 were seen). Concrete, sand
and earth have 1.1 to 1.7 in red, metal roofs 2 to 3 in swir16."""
DIM = 0.6
"""This part of ``cloud_blue_min`` is bright enough where the quality layer has cloud, and at a
cloud's fringe."""
CLOUD_FRINGE_M = 60.0
"""How far a cloud's edge reaches that is too dim to be called cloud and too bright to be water."""
ICE_GREEN_MIN = 0.15
ICE_INDEX_MIN = 0.4
"""Of (green - swir16) / (green + swir16), as usual for snow."""
ICE_NIR_MIN = 0.11
"""Ice is bright in near infrared; water that silt makes as bright as 0.15 in green is not."""
OPAQUE = 1.5
"""Without infrared, smooth water in air light can be as bright as thin cloud. What is brighter than
``cloud_blue_min`` by this factor is cloud, however smooth."""
GREY = 0.8
"""Least that cloud has of red, relative to blue: air light alone has less (0.4 to 0.7)."""
SPARSE = 8
"""One pixel of so many, down and along, shows whether numbers are reflectances."""
STRIP_BLOCKS = 32
"""Rows of blocks that are worked on together, so that they stay in the processor's cache."""
LAND_WIDTH_M = 100.0
"""Nothing afloat is so wide: the widest hulls have 65 m, and blocks blur them."""
PIER_LENGTH_M = 460.0
"""Nothing afloat is so long: the longest hull ever had 458 m, the longest tankers now 380 m."""


def usable_water(pixels: xr.Dataset, options: MaskOptions) -> xr.Dataset:
    """Find open water, what hides it, and where a hull's centre may lie.

    Parameters
    ----------
    pixels
        Surface reflectance (0 to 1, NaN for nodata) with dimensions ``y, x`` on a grid in metres:
        any of blue, green, red, nir, swir16, and ``quality`` (`Quality`) where there is one.
    options
        Limits, with their units.

    Returns
    -------
    xarray.Dataset
        Boolean layers on the grid of ``pixels``:

        ``valid``
            every band holds data, and so does the quality layer, where there is one;
        ``cloud``, ``ice``
            what hides the surface; never a hull by itself;
        ``water``
            open water that was seen;
        ``search``
            where a hull's centre may lie: seen, within ``quay_reach_m`` of ``water``;
        ``land``
            land, quays and piers with the hulls that lie at them; nothing that floats free.

    Raises
    ------
    GnomonError
        Water cannot be found in these bands, or visible ones alone are no reflectances.

    """
    bands = {name: pixels[name].to_numpy() for name in OPTICAL_BANDS if name in pixels}
    if QUALITY not in pixels:
        _refuse_unfit(bands, [str(name) for name in pixels])
    classes = None
    if QUALITY in pixels:
        classes = np.nan_to_num(pixels[QUALITY].to_numpy(), nan=Quality.NODATA).astype(np.uint8)
    gsd_m = abs(grid_of(pixels).resolution.x)
    shape = (pixels.sizes["y"], pixels.sizes["x"])
    valid, blocks = _block_classes(bands, classes, options, shape=shape, gsd_m=gsd_m)
    factor = _factor(gsd_m)
    layers = {"valid": valid}
    whole = valid.all()
    for name, layer in _layers(blocks, options, block_m=factor * gsd_m).items():
        layers[name] = _pixels(layer, factor, valid.shape)
        if not whole:
            layers[name] &= valid
    return xr.Dataset({k: (("y", "x"), v) for k, v in layers.items()}, coords=pixels.coords)


def shows_water(bands: Collection[str]) -> bool:
    """Whether water can be found in bands, without a quality layer."""
    infrared = "green" in bands and not {"nir", "swir16"}.isdisjoint(bands)
    return infrared or is_visible_only(bands)


def is_visible_only(bands: Collection[str]) -> bool:
    """Whether water can be found in blue, green and red only."""
    return {"blue", "green", "red"} <= set(bands) and {"nir", "swir16"}.isdisjoint(bands)


def _refuse_unfit(bands: Mapping[str, Band], names: list[str]) -> None:
    """Refuse bands in which water cannot be found."""
    if not shows_water(bands):
        raise GnomonError(
            "water cannot be found: it takes green and one of nir and swir16, or blue, green and "
            f"red, or a quality layer, and there is only {', '.join(names) or 'nothing'}; "
            "add the missing asset to the item, or leave the scene out"
        )
    if is_visible_only(bands):
        level = bands["green"][::SPARSE, ::SPARSE]
        level = level[np.isfinite(level)]
        if level.size and np.median(level) > 1:
            raise GnomonError(
                f"water cannot be found: green has {np.median(level):.0f} at its median, which is "
                "no reflectance; give the scale of the bands (gnomon catalog --scale)"
            )


class BlockClasses(NamedTuple):
    """What each block is by its own colour and class, (rows, columns) each."""

    seen: Mask
    wet: Mask
    """As sure water, or water by its class."""
    shaded: Mask
    """As water beside sure water."""
    icy: Mask
    dim: Mask
    """White, and bright enough for a cloud's fringe."""
    white: Mask
    """White, and bright enough for a cloud."""


def _factor(gsd_m: float) -> int:
    """Pixels along the side of a block."""
    return max(1, round(BLOCK_M / gsd_m))


def _block_classes(
    bands: Mapping[str, Band],
    classes: Classes | None,
    options: MaskOptions,
    *,
    shape: tuple[int, int],
    gsd_m: float,
) -> tuple[Mask, BlockClasses]:
    """Which pixels hold data, and what each block is."""
    valid = np.ones(shape, bool) if classes is None else classes != Quality.NODATA
    factor = _factor(gsd_m)
    strips, means = [], []
    for top in range(0, shape[0], STRIP_BLOCKS * factor):
        rows = slice(top, top + STRIP_BLOCKS * factor)
        blocks = {name: _block_means(band[rows], factor) for name, band in bands.items()}
        coarse = None if classes is None else classes[rows][::factor, ::factor]
        strip = _classified(blocks, coarse, options)
        strips.append(strip)
        means.append(blocks)
        if not strip.seen.all():  # a whole block has whole pixels
            for band in bands.values():
                valid[rows] &= np.isfinite(band[rows])
    found = BlockClasses(*map(np.concatenate, zip(*strips, strict=True)))
    # A quality layer that knows water knows it better.
    if is_visible_only(bands) and (classes is None or Quality.WATER not in classes):
        visible = [np.concatenate([part[n] for part in means]) for n in ("blue", "green", "red")]
        found = _with_visible_water(found, visible, options, block_m=factor * gsd_m)
    return valid, found


def _with_visible_water(
    found: BlockClasses, means: Sequence[Band], options: MaskOptions, *, block_m: float
) -> BlockClasses:
    """Add the water of blue, green and red, and take it from what is white."""
    blue, green, red = means
    wet, shaded = visible_water(blue, green, red, block_m=block_m)
    grey = red >= np.float32(GREY) * blue
    hiding = ~wet | (blue >= np.float32(OPAQUE * options.cloud_blue_min))
    return found._replace(
        wet=wet, shaded=shaded, dim=found.dim & grey, white=found.white & grey & hiding
    )


def _classified(
    blocks: Mapping[str, Band], classes: Classes | None, options: MaskOptions
) -> BlockClasses:
    """Classify blocks by their means and their quality."""
    shape = next(iter(blocks.values())).shape if classes is None else classes.shape
    seen = np.ones(shape, bool) if classes is None else classes != Quality.NODATA
    for block in blocks.values():
        seen &= np.isfinite(block)
    wet = _is_wet(blocks, SURE, options, shape)
    if classes is not None:
        wet |= classes == Quality.WATER
    dim = _is_white(blocks, DIM * options.cloud_blue_min, shape) & seen
    if classes is None:
        white = dim & _bright(blocks, options.cloud_blue_min, shape)
    else:
        white = dim & (classes == Quality.CLOUD) & ~wet
    shaded = _is_wet(blocks, SHADED, options, shape)
    return BlockClasses(seen, wet, shaded, _is_icy(blocks, classes, shape), dim, white)


def _layers(blocks: BlockClasses, options: MaskOptions, *, block_m: float) -> dict[str, Mask]:
    """All layers but ``valid``, on blocks."""
    seen, wet, shaded, icy, dim, white = blocks
    # What was not seen may be cloud too: a cloud that the edge of the data cuts stays wide.
    wide = opened(white | icy | ~seen, options.cloud_width_min_m / 2 / block_m) & seen
    ice = wide & icy
    cloud = wide | dilate(wide & ~ice, CLOUD_FRINGE_M / block_m) & dim & ~wet
    cloud &= ~ice

    clear = seen & ~cloud & ~ice
    # The opening parts harbours from the shadows of the streets behind them.
    sure = _large(opened(wet & clear, 1), options.water_area_min_m2 / block_m**2)
    basins = (wet | shaded) & clear & dilate(sure, BASIN_M / block_m)
    water = _holding(basins, sure)
    return {
        "cloud": cloud,
        "ice": ice,
        "water": water,
        "search": dilate(water, options.quay_reach_m / block_m) & clear,
        # Moles that are narrower than a block pass for shaded water.
        "land": _land(clear & ~(water & wet), block_m),
    }


def _is_wet(
    blocks: Mapping[str, Band], colour: Colour, options: MaskOptions, shape: tuple[int, ...]
) -> Mask:
    """Whether each block has the colour of water; none where the bands do not suffice."""
    green, nir, swir = (blocks.get(name) for name in ("green", "nir", "swir16"))
    limit = options.water_index_min
    wet = np.full(shape, green is not None and not (nir is None and swir is None))
    if green is not None and swir is not None:
        wet &= _index_exceeds(green + np.float32(colour.swir_excess), swir, limit)
        wet &= swir < np.float32(colour.infrared_max)
        limit -= LEAVES_MARGIN
    if green is not None and nir is not None:
        wet &= _index_exceeds(green + np.float32(colour.nir_excess), nir, limit)
        wet &= nir < np.float32(colour.infrared_max)
    return wet


def _is_white(blocks: Mapping[str, Band], least: float, shape: tuple[int, ...]) -> Mask:
    """Whether each block is bright and white; all are where there is no such band."""
    white = _bright(blocks, least, shape)
    visible = _visible(blocks)
    if visible is not None:
        for name in WHITE.keys() & blocks.keys():
            white &= blocks[name] <= np.float32(WHITE[name]) * visible
    return white


def _bright(blocks: Mapping[str, Band], least: float, shape: tuple[int, ...]) -> Mask:
    """Whether each block has so much blue, or green where there is no blue."""
    visible = _visible(blocks)
    return np.ones(shape, bool) if visible is None else visible >= np.float32(least)


def _visible(blocks: Mapping[str, Band]) -> Band | None:
    return blocks.get("blue", blocks.get("green"))


def _is_icy(blocks: Mapping[str, Band], classes: Classes | None, shape: tuple[int, ...]) -> Mask:
    """Whether each block is bright, and dark in shortwave infrared or ice by its class."""
    green, nir, swir = (blocks.get(name) for name in ("green", "nir", "swir16"))
    icy = np.zeros(shape, bool) if classes is None else classes == Quality.ICE
    if green is not None and swir is not None:
        icy |= _index_exceeds(green, swir, ICE_INDEX_MIN)
    if green is not None:
        icy &= green > np.float32(ICE_GREEN_MIN)
    if nir is not None:
        icy &= nir > np.float32(ICE_NIR_MIN)
    return icy


def _land(dry: Mask, block_m: float) -> Mask:
    """Dry regions that are too wide or too long to be afloat."""
    regions = Regions(dry, diagonal=True)
    wide = regions.holding(opened(dry, LAND_WIDTH_M / 2 / block_m))
    return regions.where(wide | (regions.span * block_m > PIER_LENGTH_M))


def _large(mask: Mask, size_min: float) -> Mask:
    """Regions of at least so many blocks, or cut by the window's edge."""
    regions = Regions(mask)
    return regions.where((regions.area >= size_min) | regions.cut)


def _holding(mask: Mask, seeds: Mask) -> Mask:
    """Regions of a mask that hold a seed."""
    regions = Regions(mask)
    return regions.where(regions.holding(seeds))


def _index_exceeds(a: Band, b: Band, limit: float) -> Mask:
    """Whether (a - b) / (a + b) > limit; where the sum is not positive, whether a > b."""
    return cast("Mask", a - b > np.float32(limit) * np.maximum(a + b, 0))


def _block_means(band: Band, factor: int) -> Band:
    """Means of squares of pixels, NaN if one of them is; the last row and column fill up."""
    if factor == 1:
        return band
    pad = [(0, -size % factor) for size in band.shape]
    if any(after for _, after in pad):
        band = np.pad(band, pad, mode="edge")
    # Sums of strided slices are six times as fast as a mean over reshaped axes.
    rows = sum((band[i::factor] for i in range(1, factor)), start=band[::factor])
    total = sum((rows[:, i::factor] for i in range(1, factor)), start=rows[:, ::factor])
    return cast("Band", total * np.float32(1 / factor**2))


def _pixels(layer: Mask, factor: int, shape: tuple[int, ...]) -> Mask:
    """Blocks back to pixels."""
    if not layer.any():
        return np.zeros(shape, bool)  # which takes no memory until it is written to
    wide = np.empty((layer.shape[0], layer.shape[1] * factor), bool)
    for column in range(factor):  # three times as fast as repeating single bytes
        wide[:, column::factor] = layer
    return np.repeat(wide[:, : shape[1]], factor, axis=0)[: shape[0]]
