"""The grid that pixels lie on."""

import xarray as xr
from odc.geo.geobox import GeoBox
from odc.geo.xr import ODCExtensionDs


def grid_of(layers: xr.Dataset) -> GeoBox:
    """Grid of pixels or masks: shape, transform and CRS.

    The same as ``layers.odc.geobox``, which however caches on the layers an accessor that refers
    back to them: layers no longer in use would stay in memory until the next garbage collection of
    cycles, 80 MB for a window of a tile.
    """
    grid = ODCExtensionDs(layers).geobox
    assert isinstance(grid, GeoBox), "the layers lie on a grid"
    return grid
