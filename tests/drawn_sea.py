"""Water and hulls drawn with a few lines, on a grid at 10 m, and what the cascade finds there."""

import numpy as np
import odc.geo.xr
import xarray as xr
from odc.geo.geobox import GeoBox

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.study import DetectOptions
from gnomon.detect.cascade import Cascade
from gnomon.detect.weights import Weights

SIDE = 512
WATER = {"blue": 0.045, "green": 0.04, "red": 0.028, "nir": 0.02}
DECK = {"blue": 0.09, "green": 0.10, "red": 0.16, "nir": 0.17}


def sea(side: int = SIDE, *, seed: int = 0) -> xr.Dataset:
    grid = GeoBox.from_bbox((0, 0, side * 10, side * 10), "EPSG:32653", resolution=10)
    rng = np.random.default_rng(seed)
    swell = rng.normal(0, 0.0015, grid.shape).astype(np.float32)
    return xr.Dataset(
        {band: odc.geo.xr.wrap_xr(np.float32(level) + swell, grid) for band, level in WATER.items()}
    )


def afloat(
    pixels: xr.Dataset,
    x: float,
    y: float,
    *,
    length: float = 14,
    beam: float = 2.4,
    angle: float = 30,
) -> None:
    """Draw a hull with soft edges, in place."""
    rows, columns = np.mgrid[: pixels.sizes["y"], : pixels.sizes["x"]] + 0.5
    turn = np.deg2rad(angle)
    dx, dy = columns - x, rows - y
    along = np.abs(dx * np.sin(turn) - dy * np.cos(turn))
    across = np.abs(dx * np.cos(turn) + dy * np.sin(turn))
    cover = np.clip(length / 2 - along + 0.5, 0, 1) * np.clip(beam / 2 - across + 0.5, 0, 1)
    for band, level in DECK.items():
        values = pixels[band].to_numpy()
        values += cover.astype(np.float32) * (np.float32(level) - values)


def open_water(pixels: xr.Dataset) -> xr.Dataset:
    shape = (pixels.sizes["y"], pixels.sizes["x"])
    everywhere = (("y", "x"), np.ones(shape, bool))
    nowhere = (("y", "x"), np.zeros(shape, bool))
    return xr.Dataset({"water": everywhere, "search": everywhere, "land": nowhere})


def found(pixels: xr.Dataset, weights: Weights, **layers: np.ndarray) -> OrientedBoxes:
    masks = open_water(pixels)
    for name, layer in layers.items():
        masks[name] = (("y", "x"), layer)
    return Cascade(weights, DetectOptions()).find(pixels, masks)
