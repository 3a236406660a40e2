"""Scenes drawn by hand for training: bright hulls on dark water, which are their own labels."""

import geopandas as gpd
import numpy as np
import odc.geo.xr
import shapely
import torch
import xarray as xr
from odc.geo.geobox import GeoBox

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.learn.scenes import LabelledScene
from gnomon.learn.tensors import SceneTensors

WATER, HULL = 0.02, 0.5
GRID = GeoBox.from_bbox((500_000, 4_700_000, 504_000, 4_702_000), "EPSG:32653", resolution=10)
"""400 columns and 200 rows."""


def covered(ships: OrientedBoxes, side: int, *, grown: float = 0.0) -> np.ndarray:
    """Pixels of a square whose middles a hull covers."""
    rows, columns = np.mgrid[:side, :side] + 0.5
    points = shapely.points(columns, rows)
    inside = np.zeros((side, side), bool)
    for shape in ships.polygons():
        inside |= shapely.contains(shape.buffer(grown, join_style="mitre"), points)
    return inside


def drawn_tensors(
    ships: OrientedBoxes, side: int, *, name: str = "drawn", bands: int = 1, real: bool = True
) -> SceneTensors:
    """A square of water whose bands differ by a factor, with hulls of one brightness."""
    hull = covered(ships, side)
    water = WATER * np.arange(1, bands + 1, dtype=np.float32)[:, None, None]
    image = np.where(hull, np.float32(HULL), water.repeat(side, 1).repeat(side, 2))
    masks = np.stack([~hull, np.ones_like(hull)]).astype(np.float32)
    return SceneTensors(
        name,
        torch.from_numpy(image.astype(np.float32)),
        torch.ones(bands),
        ships,
        torch.from_numpy(masks),
        OrientedBoxes.empty(),
        np.empty((0, 2), np.float32),
        torch.from_numpy(water.repeat(side, 1).repeat(side, 2).astype(np.float32)),
        real,
    )


def drawn_port(
    ships: list[tuple[float, float, float]],
    *,
    land_to: int = 0,
    ignored: tuple[int, ...] = (),
    name: str = "S2_port_of_it_20230101",
) -> LabelledScene:
    """A port of 4 by 2 km: upright ships by column, row and length in pixels, land on the left."""
    shape = GRID.shape.yx
    land = np.zeros(shape, bool)
    land[:, :land_to] = True
    layers = {"land": land, "water": ~land, "search": np.ones(shape, bool)}
    masks = xr.Dataset({k: odc.geo.xr.wrap_xr(v, GRID) for k, v in layers.items()})
    pixels = xr.Dataset({"nir": odc.geo.xr.wrap_xr(np.zeros(shape, np.float32), GRID)})
    outlines = [
        shapely.box(
            500_000 + 10 * (x - 1.5), 4_702_000 - 10 * (y + n / 2),
            500_000 + 10 * (x + 1.5), 4_702_000 - 10 * (y - n / 2),
        )
        for x, y, n in ships
    ]  # fmt: skip
    frame = gpd.GeoDataFrame(geometry=outlines, crs="EPSG:32653").assign(
        measured=True, ignored=[k in ignored for k in range(len(ships))]
    )
    return LabelledScene(name, pixels, masks, frame)
