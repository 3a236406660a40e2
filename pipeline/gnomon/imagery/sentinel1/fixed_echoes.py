"""What echoes at the same place in most passes of a track: moorings, cranes, breakwaters.

Seen from the same track at the same angle, what is fixed echoes alike, and lies over the same water
by the same layover. So passes of one track are laid on one map grid, and at each pixel the darker
half of them is kept, of which the median is the fixed echo, as in the background of optical images
(`gnomon.imagery.background`): a ship is there in fewer passes than what is fixed.

How many passes it takes follows as there: of n, a ship that stays for s is not in it while
``s <= 3 n / 4``. A track comes round in twelve days, or in six with two satellites: of the fewest,
8, a stay of 6 passes leaves nothing, two months or one. What is there in 7 of 8 passes is fixed: a
crane, a hulk, and a berth that is hardly ever empty.

Sigma0 with its thermal noise is kept, in tenths of a decibel.
"""

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.windows import Window
from scipy import ndimage

from gnomon.datamodel.arrays import Float32s
from gnomon.datamodel.scene import Scene
from gnomon.imagery.rasters import raster_of, reading
from gnomon.imagery.sentinel1.ground import RadarGround
from gnomon.imagery.sentinel1.lookup import GridWindow

FEWEST_PASSES = 8
"""With fewer, a ship that stays for 6 would be fixed."""
UNIT_DB = 0.1
UNKNOWN = -32768
_LEAST = 1e-6
"""Sigma0 below which nothing is told apart, -60 dB."""
_BESIDE = 0.35
"""Share of an echo that the pixels beside it may get in another pass: a point is two pixels wide,
and passes are a pixel apart at most."""


def fixed_echo(passes: NDArray[np.float32]) -> NDArray[np.int16]:
    """Echo that most passes have, in `UNIT_DB`.

    Parameters
    ----------
    passes
        Linear sigma0, (passes, rows, columns), NaN where one saw nothing. They are sorted in place.

    Returns
    -------
    numpy.ndarray
        (rows, columns), `UNKNOWN` where fewer than `FEWEST_PASSES` saw the place.

    """
    count = np.isfinite(passes).sum(axis=0)
    passes.sort(axis=0)  # NaN comes last
    half = -(-count // 2)
    middle = np.maximum(half - 1, 0) // 2
    value = np.take_along_axis(passes, middle[None], axis=0)[0]
    tenths = np.rint(10 * np.log10(np.maximum(value, _LEAST)) / UNIT_DB)
    enough = count >= FEWEST_PASSES
    return np.where(enough, np.nan_to_num(tenths), UNKNOWN).astype(np.int16)


def fixed_echoes_on(background: Scene, scene: Scene, window: GridWindow) -> xr.Dataset:
    """Fixed echoes as a radar image shows them.

    Parameters
    ----------
    background
        On its map grid, in decibels.
    scene, window
        The image, and its lines and samples.

    Returns
    -------
    xarray.Dataset
        Linear sigma0 (line, sample) by polarisation, with what pixels get from those beside them;
        NaN where it is not known.

    Raises
    ------
    AssetError
        A file cannot be read.

    """
    grid = fixed_echo_grid(background)
    column, row = RadarGround.of(scene, grid).window_on_map(window)
    rows, columns = grid.shape.yx
    x, y = np.floor(column).astype(np.int32), np.floor(row).astype(np.int32)
    inside = (x >= 0) & (y >= 0) & (x < columns) & (y < rows)
    layers = {name: np.full(x.shape, np.nan, np.float32) for name in background.assets}
    if inside.any():
        left, top = int(x[inside].min()), int(y[inside].min())
        part = Window.from_slices((top, int(y[inside].max()) + 1), (left, int(x[inside].max()) + 1))
        for name, layer in layers.items():
            echo = _reached(read_fixed_echoes(background, name, part))
            layer[inside] = echo[y[inside] - top, x[inside] - left]
    return xr.Dataset({name: (("line", "sample"), one) for name, one in layers.items()})


def fixed_echo_grid(background: Scene) -> GeoBox:
    """Map grid of fixed echoes.

    Raises
    ------
    AssetError
        The file cannot be opened.

    """
    asset = next(iter(background.assets.values()))
    with reading(background, asset):
        return raster_of(background, asset).grid


def read_fixed_echoes(background: Scene, band: str, part: Window | None = None) -> Float32s:
    """Decibels of a part of the grid, NaN where unknown.

    Raises
    ------
    AssetError
        The file cannot be read.

    """
    asset = background.assets[band]
    with reading(background, asset):
        raster = raster_of(background, asset)
        with raster.turn():
            counts = raster.source.read(asset.band, window=part)
    return np.where(counts == UNKNOWN, np.nan, counts * np.float32(UNIT_DB)).astype(np.float32)


def _reached(echo_db: Float32s) -> Float32s:
    """Linear sigma0 that a pixel has by itself or from those beside it; NaN where unknown."""
    known = np.isfinite(echo_db)
    linear = np.where(known, 10 ** (echo_db / 10), 0).astype(np.float32)
    most: Float32s = np.maximum(linear, np.float32(_BESIDE) * ndimage.maximum_filter(linear, 3))
    most[most == 0] = np.nan
    return most
