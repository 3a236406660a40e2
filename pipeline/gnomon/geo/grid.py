"""The grid that pixels lie on."""

import xarray as xr
from odc.geo.geobox import GeoBox
from odc.geo.xr import ODCExtensionDs


def grid_of(layers: xr.Dataset) -> GeoBox:
    """Grid of pixels or masks: shape, transform and CRS.

    The same as ``layers.odc.geobox``, which however ties the layers to an accessor that points back
    at them: what nobody uses any more would lie in memory until Python next looks for such rings,
    80 MB for a window of a tile.
    """
    grid = ODCExtensionDs(layers).geobox
    assert isinstance(grid, GeoBox), "the layers lie on a grid"
    return grid
