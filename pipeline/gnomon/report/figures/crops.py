"""Pixels around each detection, as small pictures with the outline beside the hull.

They are cut from the evidence that a run keeps of each hull. A hull whose evidence is not there
costs its picture and is counted; it is no reason to give up the rest.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import shapely
import xarray as xr
from matplotlib.image import imsave
from skimage.draw import polygon_perimeter

from gnomon.datamodel.progress import Progress, silent
from gnomon.geo.grid import grid_of
from gnomon.geo.local import place_on_grid
from gnomon.report.credits import ImageCredit, image_credit
from gnomon.report.figures.marks import mark_pixels
from gnomon.report.figures.scene import OUTLINE, natural
from gnomon.workflow.evidence import cutouts
from gnomon.workflow.store import STORE, Store

LENGTHS, SIDE_MIN_M = 3.0, 300.0
"""Side of a picture: three lengths of the hull, and never so little that no quay is seen."""
SIDE_PX = 320


@dataclass(frozen=True)
class Crops:
    """Pictures of detections."""

    pictures: dict[str, bytes]
    """PNG by detection."""
    notes: tuple[str, ...]
    """What there is not, one line each."""


def crops(
    detections: gpd.GeoDataFrame, folder: Path, *, on_progress: Progress | None = None
) -> Crops:
    """Draw the pixels around each detection of optical scenes.

    Parameters
    ----------
    detections
        Of a run, as in `gnomon.datamodel.tables`.
    folder
        Of the run.
    on_progress
        Called after each observation.

    """
    report, store = on_progress or silent, Store(folder / STORE)
    optical = detections[detections.sensor == "optical"]
    hulls = {row.detection_id: row for row in optical.itertuples()}
    digests = list(dict.fromkeys(optical.run_digest.dropna()))
    pictures: dict[str, bytes] = {}
    for count, name in enumerate(digests, start=1):
        rows = store.evidence(str(name))
        for cutout in cutouts(rows[rows.evidence_id.isin(hulls)]):
            hull = hulls[cutout.evidence_id]
            side_m = max(LENGTHS * hull.length_m, SIDE_MIN_M)
            pixels = _square(cutout.pixels, hull.footprint.centroid, side_m)
            credit = image_credit(str(hull.collection), str(hull.platform), hull.seen_at)
            pictures[cutout.evidence_id] = drawn(pixels, hull.footprint, credit)
        report(count, len(digests), str(name))
    return Crops(pictures, tuple(_missing(len(hulls), len(pictures))))


def _missing(hulls: int, pictures: int) -> Iterator[str]:
    why = "the run kept no evidence of"
    if hulls and not pictures:
        yield f"no pictures: {why} its ships"
    elif pictures < hulls:
        yield f"{hulls - pictures} of {hulls} ships have no picture: {why} them"


def _square(pixels: xr.Dataset, middle: shapely.Point, side_m: float) -> xr.Dataset:
    """Pixels within a square of about that side, as far as there are any."""
    grid = grid_of(pixels)
    place, _ = place_on_grid(middle, grid.crs)
    half = side_m / 2 / abs(float(grid.resolution.x))
    column, row = ~grid.affine @ tuple(place)
    y, x = (slice(max(round(at - half), 0), max(round(at + half), 1)) for at in (row, column))
    return pixels.isel(y=y, x=x)


def drawn(pixels: xr.Dataset, footprint: shapely.Geometry, credit: ImageCredit) -> bytes:
    """Pixels in natural colours with an outline, as PNG.

    Parameters
    ----------
    pixels
        Reflectances on an odc-geo GeoBox.
    footprint
        Hull in EPSG:4326; the line is drawn two pixels outside, so that it hides nothing of it.
    credit
        Of the image; simulated ones are marked.

    """
    image = (255 * natural(pixels)).astype(np.uint8)
    zoom = max(1, round(SIDE_PX / max(image.shape[:2])))
    large = image.repeat(zoom, axis=0).repeat(zoom, axis=1)
    box = grid_of(pixels)
    hull = gpd.GeoSeries([footprint], crs="EPSG:4326").to_crs(box.crs).iloc[0]
    ring = shapely.get_coordinates(hull.buffer(2 * abs(box.resolution.x), join_style="mitre"))
    columns, rows = ~box.affine @ (ring[:, 0], ring[:, 1])
    line = polygon_perimeter(rows * zoom, columns * zoom, shape=large.shape[:2], clip=False)
    large[line] = [round(255 * part) for part in mpl.colors.to_rgb(OUTLINE)]
    buffer = BytesIO()
    imsave(buffer, mark_pixels(large, credit), format="png")
    return buffer.getvalue()
