"""A local GeoTIFF: whether its grid can be measured on, its bands, and the outline of its data.

gnomon measures ships in metres on the file's own pixels. So a grid must be north up, its pixels
square, and its metres metres on the ground: a UTM zone or another projection true to scale within
1 %. Degrees are refused, and so is Web Mercator, whose metre is 0.73 m at 43 degrees north. What is
refused is not resampled silently: the message has the command.

Names of bands are taken from their descriptions, else from their colours; a single band is ``pan``.

The outline is the convex hull of the pixels that hold data, seen at no more than about a thousand
rows and columns, widened by what that may have missed; where reading the whole file would be
costly (many pixels and no overviews) it is the outline of the grid.
"""

import math
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry
from pyproj import Transformer
from pyproj.exceptions import ProjError
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.errors import AssetError
from gnomon.geo.local import distance_m

ENDINGS = (".tif", ".tiff")
TRUE_TO_SCALE = 0.01
"""A ship of 200 m is then wrong by 2 m; UTM zones stray by 0.1 %."""
SQUARE = 1e-3
SURVEYED_PX = 1000
"""Rows and columns at which the pixels that hold data are surveyed."""
CHEAP_PX = 16_000_000
"""Decoded in a quarter of a second."""
COLOURS = {
    ColorInterp.red: "red",
    ColorInterp.green: "green",
    ColorInterp.blue: "blue",
    ColorInterp.nir: "nir",
    ColorInterp.pan: "pan",
    ColorInterp.alpha: "alpha",
}
WORDS = {
    "blue": "blue",
    "green": "green",
    "red": "red",
    "nir": "nir",
    "nir1": "nir",
    "nearinfrared": "nir",
    "pan": "pan",
    "panchromatic": "pan",
    "grey": "pan",
    "gray": "pan",
}
"""Descriptions of bands, in small letters without marks."""


@dataclass(frozen=True, kw_only=True)
class GeoTiff:
    """Grid, bands and extent of a file."""

    path: Path
    grid: GeoBox
    outline: BaseGeometry
    """Of the pixels that hold data, EPSG:4326."""
    names: tuple[str | None, ...]
    """Of the bands, in the order of the file, as far as the file names them."""
    described: bool
    """Whether the names were written as descriptions, and not only guessed from colours."""
    data_type: str
    nodata: tuple[float | None, ...]
    scales: tuple[float, ...]
    offsets: tuple[float, ...]
    bright: float
    """Number that 98 in 100 pixels of the first band do not exceed."""

    @property
    def gsd_m(self) -> float:
        """Side of a pixel."""
        return float(abs(self.grid.resolution.x))


def read_geotiff(path: Path, name: str) -> GeoTiff:
    """Read a file's grid, bands and extent.

    Parameters
    ----------
    path
        On a local disk.
    name
        Of the file, for messages.

    Raises
    ------
    AssetError
        The file cannot be read, or gnomon cannot measure on its grid; the message has what to do.

    """
    with _opened(path, name) as file:
        if why := _grid_fault(file):
            raise AssetError(name, "grid", why)
        if why := _pixel_fault(file):
            raise AssetError(name, "pixels", why)
        grid = GeoBox.from_rio(file)
        names, described = _names(file)
        survey = _survey(file, name)
        return GeoTiff(
            path=path,
            grid=grid,
            outline=_outline(file, grid, survey, name),
            names=names,
            described=described,
            data_type=file.dtypes[0],
            nodata=file.nodatavals,
            scales=file.scales,
            offsets=file.offsets,
            bright=survey.bright,
        )


@contextmanager
def _opened(path: Path, name: str) -> Iterator[rasterio.DatasetReader]:
    """Open a file, and turn an error of reading it into an `AssetError` of one line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # a fault of the grid
            with rasterio.open(path, driver="GTiff") as file:
                yield file
    except RasterioError as error:
        reason: BaseException = error
        while reason.__cause__ is not None:
            reason = reason.__cause__
        why = f"cannot be read ({' '.join(str(reason).split())}); fetch it again"
        raise AssetError(name, "file", why) from error


def _grid_fault(file: rasterio.DatasetReader) -> str | None:
    """Why the grid cannot be used and what to do; None where it can."""
    grid, has_points = file.transform, bool(file.gcps[0] or file.rpcs)
    if has_points and (file.crs is None or grid.is_identity):
        rpc = "-rpc " if file.rpcs else ""
        return f"is not orthorectified; gdalwarp {rpc}-t_srs EPSG:326xx (its UTM zone) makes it so"
    if file.crs is None:
        return "has no CRS; gdal_edit.py -a_srs EPSG:CODE writes the right one in"
    if grid.is_identity:
        return "has no position; gdal_edit.py -a_ullr LEFT TOP RIGHT BOTTOM writes it into the file"
    return _projection_fault(file)


def _projection_fault(file: rasterio.DatasetReader) -> str | None:
    grid = file.transform
    to_degrees = Transformer.from_crs(file.crs, "EPSG:4326", always_xy=True)
    middle = grid @ (file.width / 2, file.height / 2)
    warp = f"gdalwarp -t_srs {_utm(*to_degrees.transform(*middle))} makes it so"
    if file.crs.is_geographic:
        return f"is in degrees, and must be in metres; {warp}"
    if grid.b or grid.d or grid.a <= 0 or grid.e >= 0:
        return f"is not north up; {warp}"
    ground = _ground_m(to_degrees, middle)
    if not all(abs(metres - 1) <= TRUE_TO_SCALE for metres in ground):
        return f"has units of {ground[0]:.3g} x {ground[1]:.3g} m on the ground, not 1 m; {warp}"
    if abs(grid.a + grid.e) > SQUARE * grid.a:
        size = f"{min(grid.a, -grid.e):.6g}"
        warp = f"gdalwarp -tr {size} {size} makes them so"
        return f"has pixels of {grid.a:.4g} x {-grid.e:.4g} m, and they must be square; {warp}"
    return None


def _ground_m(to_degrees: Transformer, middle: tuple[float, float]) -> tuple[float, float]:
    """Metres on the ground of one unit of the projection, along its rows and its columns."""
    half, (x, y) = 500.0, middle
    try:
        ends = to_degrees.transform(
            [x - half, x + half, x, x], [y, y, y - half, y + half], errcheck=True
        )
        places = np.column_stack(ends)
        lengths = distance_m(places[::2], places[1::2])
    except ProjError:
        return math.nan, math.nan
    return float(lengths[0]) / (2 * half), float(lengths[1]) / (2 * half)


def _utm(longitude: float, latitude: float) -> str:
    """Code of the UTM zone of a place."""
    if not (math.isfinite(longitude) and abs(latitude) <= 90):
        return "EPSG:326xx (its UTM zone)"
    zone = int((longitude + 180) % 360 // 6) + 1
    return f"EPSG:{(32600 if latitude >= 0 else 32700) + zone}"


def _pixel_fault(file: rasterio.DatasetReader) -> str | None:
    """Why the numbers are not measurements; None where they are."""
    if ColorInterp.palette in file.colorinterp:
        return "are numbers of a colour table; gdal_translate -expand rgb makes them colours"
    if "complex" in file.dtypes[0]:
        return f"are {file.dtypes[0]}; gnomon reads optical images"
    # A file that was cut short opens like a whole one: its last block is what is missing.
    file.read(window=Window(file.width - 1, file.height - 1, 1, 1))
    return None


def _names(file: rasterio.DatasetReader) -> tuple[tuple[str | None, ...], bool]:
    """Names of the bands in the file, and whether they are descriptions."""
    colours = [COLOURS.get(colour) for colour in file.colorinterp]
    words = [WORDS.get(re.sub(r"[^a-z0-9]", "", (d or "").lower())) for d in file.descriptions]
    seen = [place for place, colour in enumerate(colours) if colour != "alpha"]
    if any(words):
        return tuple(_first(words)), True
    if len(seen) == 1:
        return tuple("pan" if place in seen else "alpha" for place in range(file.count)), False
    return tuple(_first(colours)), False


def _first(names: list[str | None]) -> Iterator[str | None]:
    """Of a name that several bands have only the first keeps it."""
    for place, name in enumerate(names):
        yield None if name in names[:place] else name


class _Survey(NamedTuple):
    """Some of the pixels of a file, evenly spread."""

    seen: NDArray[np.bool_]
    """Which of them hold data."""
    step: int
    """Rows and columns from one to the next."""
    bright: float


def _survey(file: rasterio.DatasetReader, name: str) -> _Survey:
    """Survey the first band.

    Raises
    ------
    AssetError
        No pixel holds data, or all are 0.

    """
    step = max(1, math.ceil(max(file.width, file.height) / SURVEYED_PX))
    shape = (math.ceil(file.height / step), math.ceil(file.width / step))
    if not (file.width * file.height <= CHEAP_PX or file.overviews(1)):
        # Costly: only a square in the middle, to see whether the numbers are measurements.
        left, top = (max(0, (side - SURVEYED_PX) // 2) for side in (file.width, file.height))
        middle = Window(left, top, min(SURVEYED_PX, file.width), min(SURVEYED_PX, file.height))
        values, seen = file.read(1, window=middle), np.ones(shape, bool)
        known = values[np.isfinite(values)]
        return _Survey(seen, step, float(np.percentile(known, 98)) if known.size else math.nan)
    values = file.read(1, out_shape=shape)
    seen = (file.dataset_mask(out_shape=shape) > 0) & np.isfinite(values)
    if not seen.any():
        raise AssetError(name, "pixels", "are all nodata; leave the file out")
    known = values[seen]
    if not known.any():  # nodata that the file does not call so
        raise AssetError(name, "pixels", "are all 0, and show nothing; leave the file out")
    return _Survey(seen, step, float(np.percentile(known, 98)))


def _outline(
    file: rasterio.DatasetReader, grid: GeoBox, survey: _Survey, name: str
) -> BaseGeometry:
    """Outline what holds data, EPSG:4326."""
    whole = shapely.box(0, 0, file.width, file.height)
    hull = _hull(file, survey) & whole
    if hull.area == 0:
        raise AssetError(name, "pixels", "are all nodata; leave the file out")
    affine = grid.affine
    placed = shapely.transform(hull, lambda xy: np.stack(affine @ xy.T, axis=1))
    # A straight line of the grid bends in degrees: by less than a pixel between such points.
    step = max(file.width, file.height) * abs(affine.a) / 8
    return Geometry(placed, grid.crs).segmented(step).to_crs("EPSG:4326").geom


def _hull(file: rasterio.DatasetReader, survey: _Survey) -> BaseGeometry:
    """Convex hull of the pixels that hold data, in columns and rows."""
    seen, step = survey.seen, survey.step
    shape = seen.shape
    rows = np.flatnonzero(seen.any(axis=1))
    left = seen[rows].argmax(axis=1)
    right = shape[1] - seen[rows, ::-1].argmax(axis=1)
    down, across = file.height / shape[0], file.width / shape[1]
    corners = [
        (column * across, (row + edge) * down)
        for columns in (left, right)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        for edge in (0, 1)
    ]
    hull = shapely.MultiPoint(corners).convex_hull
    return hull if step == 1 else hull.buffer(max(down, across), join_style="mitre")
