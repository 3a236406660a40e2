"""Asking pixels for their grid ties nothing to them."""

import gc
import weakref
from collections.abc import Iterator

import numpy as np
import pytest
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox
from odc.geo.xr import wrap_xr

from gnomon.geo.grid import grid_of

GRID = GeoBox((4, 6), Affine(10, 0, 500_000, 0, -10, 4_700_000), "EPSG:32652")


@pytest.fixture
def no_rings_are_sought() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def test_the_grid_is_the_one_that_pixels_were_put_on() -> None:
    pixels = xr.Dataset({"nir": wrap_xr(np.zeros(GRID.shape, np.float32), GRID)})
    assert grid_of(pixels) == grid_of(pixels[["nir"]]) == GRID
    assert grid_of(pixels.isel(y=slice(1, 3), x=slice(2, 6))) == GRID[1:3, 2:6]


@pytest.mark.usefixtures("no_rings_are_sought")
def test_pixels_go_with_their_last_name() -> None:
    values = np.zeros(GRID.shape, np.float32)
    pixels = xr.Dataset({"nir": wrap_xr(values, GRID)})
    grid_of(pixels)
    kept = weakref.ref(values)
    del values, pixels
    assert kept() is None
