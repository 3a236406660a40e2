"""Where land and water are, for images that do not show it themselves: radar.

Three sources, the first that there is: land as the user gives it; the port's background in optical
images, which knows quays and has no ships in it; the shoreline of a library, which is hundreds of
metres off, so that a band along it stays unknown.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import rasterio.warp
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry
from rasterio.enums import Resampling
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.errors import AssetError, StudyError
from gnomon.datamodel.geojson import Row, read_geometry, read_rows
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.study import MaskOptions
from gnomon.geo.grid import grid_of
from gnomon.imagery.coastline import coastline_land
from gnomon.imagery.morphology import dilate
from gnomon.imagery.read import geobox_of, read_window, window_of
from gnomon.imagery.water import usable_water

Codes = NDArray[np.uint8]
UNKNOWN, WATER, LAND = 0, 1, 2
SHORELINE_M = 500.0
"""How far a library's shoreline may be off: five in six of its points at the ports of the study
were within 330 m."""


@dataclass(frozen=True)
class CoastMap:
    """What each pixel of a grid is."""

    grid: GeoBox
    codes: Codes
    """`UNKNOWN`, `WATER` or `LAND`, (rows, columns)."""
    source: str
    """In words."""


class LandFeature(Row):
    """One feature of a file of land."""

    NAMED_BY: ClassVar = ("name",)

    name: str = ""
    geometry: Annotated[BaseGeometry, read_geometry("Polygon", "MultiPolygon")]


def read_land(path: Path) -> BaseGeometry:
    """Land of a GeoJSON file.

    Raises
    ------
    StudyError
        The file is missing, or a feature is not a polygon in degrees; every fault has its line.

    """
    rows = read_rows(path, LandFeature, error=StudyError)
    return shapely.union_all([row.geometry for row in rows])


def coast_of(
    grid: GeoBox, *, land: Path | None, background: Scene | None, options: MaskOptions
) -> CoastMap:
    """What is land and water on a grid, by the best source that there is.

    Parameters
    ----------
    grid
        In metres.
    land
        GeoJSON of land, which decides alone where it is given.
    background
        Of the port in optical images.
    options
        By which the background's water is found.

    Raises
    ------
    GnomonError
        The file of land or one of the background is at fault, or there is no source at all.

    """
    if land is not None:
        return CoastMap(grid, land_codes(read_land(land), grid, unknown_m=0.0), "land as given")
    if background is not None:
        codes = _background_codes(background, grid, options)
        if (codes != UNKNOWN).any():
            return CoastMap(grid, codes, "the port's optical background")
    box = grid.geographic_extent.geom.bounds
    codes = land_codes(coastline_land(box), grid, unknown_m=SHORELINE_M)
    return CoastMap(grid, codes, f"a shoreline, {SHORELINE_M:.0f} m along it unknown")


def land_codes(land: BaseGeometry, grid: GeoBox, *, unknown_m: float) -> Codes:
    """Codes of polygons of land in EPSG:4326, with a band along their edges unknown."""
    near = shapely.intersection(land, grid.geographic_extent.geom.envelope.buffer(0.02))
    dry = np.zeros(grid.shape.yx, bool)
    if not near.is_empty:
        outline = grid.project(Geometry(near, "EPSG:4326").segmented(0.01)).geom
        dry = rasterize([outline], grid.shape.yx, dtype="uint8").astype(bool)
    reach = unknown_m / abs(float(grid.resolution.x))
    codes = np.full(dry.shape, UNKNOWN, np.uint8)
    codes[~dilate(dry, reach)] = WATER
    codes[~dilate(~dry, reach)] = LAND
    return codes


def _background_codes(background: Scene, grid: GeoBox, options: MaskOptions) -> Codes:
    """Codes of an optical background, on its own pixels, brought to a grid by the nearest."""
    area = grid.geographic_extent.geom
    codes = np.full(grid.shape.yx, UNKNOWN, np.uint8)
    whole = geobox_of(background)
    try:
        window = window_of(background, whole, area)
    except AssetError:  # it lies elsewhere
        return codes
    pixels = read_window(background, window, bands=tuple(background.assets))
    layers = usable_water(pixels, options)
    own = np.full(layers["water"].shape, UNKNOWN, np.uint8)
    own[layers["water"].to_numpy()] = WATER
    own[layers["land"].to_numpy()] = LAND
    known = grid_of(layers)
    rasterio.warp.reproject(
        own, codes, src_transform=known.affine, src_crs=str(known.crs), src_nodata=UNKNOWN,
        dst_transform=grid.affine, dst_crs=str(grid.crs), dst_nodata=UNKNOWN,
        resampling=Resampling.nearest, num_threads=1,
    )  # fmt: skip
    return codes


def codes_at(coast: CoastMap, x: NDArray[np.floating], y: NDArray[np.floating]) -> Codes:
    """Codes at places, pixels of the grid, of the pixel that holds each; unknown off the grid."""
    rows, columns = coast.codes.shape
    inside = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
    row, column = (np.where(inside, one, 0).astype(np.intp) for one in (y, x))
    return np.where(inside, coast.codes[row, column], np.uint8(UNKNOWN))
