"""Chips: small GeoTIFFs cut out of a scene, on its own grid, for people and for training.

A chip has every band of its scene. Reflectance is stored as whole numbers, x 10,000, with the scale
in the file, so that QGIS shows reflectance; 0 is nodata, and the darkest measured pixel is 1. A
scene whose numbers are counts stays counts. Which scene, port and time a chip comes from stands in
its tags.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import odc.geo.xr  # registers the .odc accessor
import rasterio
import shapely
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio._err import CPLE_BaseError
from rasterio.enums import ColorInterp
from rasterio.errors import RasterioError

from gnomon.datamodel.errors import LabelError
from gnomon.datamodel.files import file_name, write_whole
from gnomon.datamodel.scene import OPTICAL_BANDS, PAN, QUALITY, Scene

BANDS = (*OPTICAL_BANDS, PAN, QUALITY)
CLASSES = (QUALITY,)
FOLDER = "chips"
SIDE_PX = 128
SIDE_M = 640.0
"""Least side: the longest hull, and as much around it on each side as half of it."""
COUNTS = 65_535
_COLOURS = {"red": ColorInterp.red, "green": ColorInterp.green, "blue": ColorInterp.blue}
Corner = tuple[int, int]
"""Row and column of a chip's upper left pixel on the grid of its scene."""


@dataclass(frozen=True, kw_only=True)
class Chip:
    """A chip on disk: where it lies, and what it was cut from."""

    path: Path
    scene_id: str
    port: str | None
    grid: GeoBox
    bands: tuple[str, ...]

    @property
    def name(self) -> str:
        """Path relative to the file of labels."""
        return f"{FOLDER}/{self.path.name}"

    @property
    def outline(self) -> shapely.Polygon:
        """In EPSG:4326."""
        return self.grid.extent.to_crs("EPSG:4326").geom


def side_of(gsd_m: float, least_px: int = SIDE_PX) -> int:
    """Side of a chip in pixels, a multiple of 32 that spans at least `SIDE_M`."""
    return -(-max(least_px, round(SIDE_M / gsd_m)) // 32) * 32


def places(
    spots: NDArray[np.float64], shape: tuple[int, int], side: int, taken: Sequence[Corner] = ()
) -> list[Corner]:
    """Where to cut chips, so that each spot lies in the middle half of one, and they are few.

    Chips lie on a lattice of a quarter of their side. The place that holds most is taken first, so
    that a crowded anchorage is not written once for each of its ships.

    Parameters
    ----------
    spots
        (n, 2): x and y in pixels of the scene.
    shape
        Rows and columns of the scene; no chip reaches beyond it.
    side
        Of a chip, in pixels.
    taken
        Chips that are there already.

    Returns
    -------
    list
        The new ones.

    """
    holds: dict[Corner, set[int]] = {}
    for number, (x, y) in enumerate(spots):
        for corner in _around(float(x), float(y), shape, side):
            holds.setdefault(corner, set()).add(number)
    left = set(range(len(spots)))
    for corner in taken:
        left -= holds.get(corner, set())
    chosen = []
    while left:
        best = min(holds, key=lambda corner: (-len(holds[corner] & left), corner))
        chosen.append(best)
        left -= holds.pop(best)
    return chosen


def _around(x: float, y: float, shape: tuple[int, int], side: int) -> list[Corner]:
    """Places of the lattice that have a spot in their middle half."""
    step = side // 4
    rows, columns = (
        {
            min(max(first * step, 0), max(size - side, 0))
            for first in range(int((spot - 3 * step) // step) + 1, int((spot - step) // step) + 1)
        }
        for spot, size in ((y, shape[0]), (x, shape[1]))
    )
    return [(row, column) for row in sorted(rows) for column in sorted(columns)]


def chip_path(folder: Path, scene_id: str, corner: Corner) -> Path:
    """File of a chip; the same place of the same scene has the same name."""
    return folder / FOLDER / f"{file_name(scene_id)}_r{corner[0]:05d}_c{corner[1]:05d}.tif"


def corner_of(chip: Chip) -> Corner:
    """Read a chip's place back from its name."""
    found = re.search(r"_r(\d+)_c(\d+)$", chip.path.stem)
    return (int(found[1]), int(found[2])) if found else (-1, -1)


def write_chip(path: Path, pixels: xr.Dataset, scene: Scene, port: str | None) -> Chip:
    """Write a chip, whole or not at all.

    Parameters
    ----------
    path
        From `chip_path`.
    pixels
        As `gnomon.imagery.read.read_window` returns them.
    scene
        What they were cut from.
    port
        Name of the port, where there is one.

    Raises
    ------
    StoreError
        The disk is full or not writable.

    """
    grid = pixels.odc.geobox
    bands = tuple(band for band in BANDS if band in pixels)
    values = np.stack([pixels[band].to_numpy() for band in bands])
    scales = _scales(values, bands)
    tags = {
        "SCENE_ID": scene.id,
        "PORT": port or "",
        "SEEN_AT": scene.seen_at.isoformat(),
        "PLATFORM": scene.platform,
        "COLLECTION": scene.collection,
        "SUN_AZIMUTH_DEG": _degrees(scene.sun_azimuth_deg),
        "SUN_ELEVATION_DEG": _degrees(scene.sun_elevation_deg),
        "VIEW_AZIMUTH_DEG": _degrees(scene.view_azimuth_deg),
        "VIEW_ZENITH_DEG": _degrees(scene.view_zenith_deg),
    }
    write_whole(
        path, lambda partial: _write(partial, grid, bands, _counts(values, scales), scales, tags)
    )
    return Chip(path=path, scene_id=scene.id, port=port, grid=grid, bands=bands)


def _degrees(angle: float | None) -> str:
    return "" if angle is None else f"{angle:.3f}"


def _scales(values: NDArray[np.float32], bands: Sequence[str]) -> list[float]:
    """Value of one count in each band; numbers beyond what reflectance can be are counts."""
    measured = [i for i, band in enumerate(bands) if band not in CLASSES]
    highest = np.nanmax(values[measured], initial=0.0)
    usual = 1e-4 if highest * 1e4 <= COUNTS else 1.0
    return [1.0 if band in CLASSES else usual for band in bands]


def _counts(values: NDArray[np.float32], scales: Sequence[float]) -> NDArray[np.uint16]:
    counts = np.round(values / np.array(scales)[:, None, None])
    # Never 0, which is nodata, also for water that came out below zero.
    return np.where(np.isfinite(values), counts.clip(1, COUNTS), 0).astype(np.uint16)


def _write(
    path: Path,
    grid: GeoBox,
    bands: Sequence[str],
    counts: NDArray[np.uint16],
    scales: Sequence[float],
    tags: dict[str, str],
) -> None:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=grid.shape.x,
        height=grid.shape.y,
        count=len(bands),
        dtype="uint16",
        crs=str(grid.crs),
        transform=grid.affine,
        nodata=0,
        compress="deflate",
        predictor=2,
        photometric="MINISBLACK",
    ) as file:
        # QGIS draws what is called red, green and blue as such.
        file.colorinterp = [_COLOURS.get(band, ColorInterp.undefined) for band in bands]
        file.descriptions = tuple(bands)
        file.scales, file.offsets = tuple(scales), (0.0,) * len(bands)
        file.update_tags(**tags)
        file.write(counts)


def open_chip(path: Path) -> Chip:
    """Where a chip lies and what it was cut from.

    Raises
    ------
    LabelError
        The file cannot be read, or is not a chip that gnomon wrote.

    """
    try:
        with rasterio.open(path, driver="GTiff") as file:
            tags, grid = file.tags(), GeoBox.from_rio(file)
            bands = tuple(name or "" for name in file.descriptions)
    except (RasterioError, CPLE_BaseError, ValueError) as error:  # also of tags that are no text
        raise LabelError(f"{path}: cannot be read ({error}); make the chips anew") from error
    if "SCENE_ID" not in tags or grid.crs is None or not grid.crs.projected:
        raise LabelError(f"{path}: is no chip of gnomon (no SCENE_ID, or no CRS); move it away")
    port = tags.get("PORT") or None
    return Chip(path=path, scene_id=tags["SCENE_ID"], port=port, grid=grid, bands=bands)


def read_chips(folder: Path) -> dict[str, Chip]:
    """Every chip of a folder by its name, in the order of names.

    Raises
    ------
    LabelError
        A file is no chip.

    """
    chips = (open_chip(path) for path in sorted((folder / FOLDER).glob("*.tif")))
    return {chip.name: chip for chip in chips}


def chip_pixels(chip: Chip) -> xr.Dataset:
    """Pixels of a chip as a scene's: float32, NaN where nothing was seen.

    Raises
    ------
    LabelError
        The file is damaged.

    """
    try:
        with rasterio.open(chip.path, driver="GTiff") as file:
            counts, scales = file.read(), file.scales
    except (RasterioError, CPLE_BaseError) as error:
        raise LabelError(f"{chip.path}: cannot be read ({error}); make the chips anew") from error
    values = np.where(counts == 0, np.nan, counts * np.array(scales)[:, None, None])
    return xr.Dataset(
        {
            band: (("y", "x"), layer.astype(np.float32))
            for band, layer in zip(chip.bands, values, strict=True)
            if band in BANDS
        },
        coords=odc.geo.xr.xr_coords(chip.grid, dims=("y", "x")),
        attrs={"scene_id": chip.scene_id},
    )
