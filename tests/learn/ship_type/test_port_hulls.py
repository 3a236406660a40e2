"""Typed ships at ports: those that have a type, red, green and blue."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
import torch
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox
from odc.geo.xr import wrap_xr

from gnomon.learn.scenes import LabelledScene
from gnomon.learn.ship_type.port_hulls import port_hulls

GRID = GeoBox((80, 80), Affine(10, 0, 500_000, 0, -10, 4_000_000), "EPSG:32630")


def labelled(bands=("red", "green", "blue", "nir")) -> LabelledScene:
    """Three ships of 200 m on water."""
    pixels = np.full((80, 80), 0.03, np.float32)
    outlines = []
    for row in (20, 40, 60):
        pixels[row - 2 : row + 2, 30:50] = 0.2
        corners = (GRID.affine @ (30, row - 2), GRID.affine @ (50, row + 2))
        outlines.append(shapely.box(*corners[0], *corners[1]))
    layers = xr.Dataset({band: wrap_xr(pixels, GRID) for band in bands})
    shapes = gpd.GeoDataFrame(geometry=outlines, crs=GRID.crs)
    return LabelledScene("S2_port", layers, xr.Dataset(), shapes)


@pytest.fixture
def types() -> gpd.GeoDataFrame:
    places = [shapely.Point(*(GRID.affine @ (40, row))) for row in (20, 40, 60)]
    points = gpd.GeoSeries(places, crs=GRID.crs).to_crs("EPSG:4326")
    return gpd.GeoDataFrame(
        {"scene_id": "S2_port", "type": ["tanker", "bulk", "unknown"], "sure": [True, False, True]},
        geometry=points,
    )


def test_ships_of_known_type_are_cut_with_their_labels(types):
    tanker, bulk = port_hulls([labelled(), labelled(("nir",))], types)
    assert (tanker.tanker, tanker.sure, bulk.tanker, bulk.sure) == (True, True, False, False)
    assert tanker.length_m == pytest.approx(200, abs=1)
    middle = tanker.frame[:, 11:13, 20:50]
    assert middle.min() > 0.9
    assert np.abs(tanker.frame[:, 0]).max() < 0.1


def test_views_of_a_ship_differ_and_come_again(types):
    ship, _ = port_hulls([labelled()], types)
    views = ship.views(3, seed=0)
    assert torch.equal(views, ship.views(3, seed=0))
    assert not torch.equal(views[0], views[1])
    assert torch.corrcoef(views.float().flatten(1)).min() > 0.5
