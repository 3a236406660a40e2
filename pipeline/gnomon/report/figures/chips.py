"""Small pictures of one place, north up, at the scene's own pixel, and what was fitted over them.

Pixels are never resampled; a picture is as many whole pixels as cover its square, and outlines are
in metres from its middle. `gnomon.imagery.natural_colour` has the stretch. Pictures of simulated
scenes are marked in their pixels, and enlarged first where those are few.
"""

import base64
import io
from dataclasses import dataclass

import numpy as np
import shapely
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from PIL import Image

from gnomon.geo.grid import grid_of
from gnomon.geo.local import place_on_grid
from gnomon.imagery.natural_colour import natural_bands, stretched, water_light
from gnomon.report.credits import UNCREDITED, ImageCredit
from gnomon.report.figures.marks import mark_pixels
from gnomon.report.page.schema import PagePicture, Ring
from gnomon.workflow.evidence import Cutout
from gnomon.workflow.surroundings import Square

Floats = NDArray[np.float64]
LOSSY_ABOVE_PX = 90
"""Pictures with more pixels on a side are compressed harder."""


def picture_of(
    pixels: xr.Dataset,
    square: Square,
    scene: str,
    *,
    outlines: "Outlines | None" = None,
    credit: ImageCredit = UNCREDITED,
) -> PagePicture | None:
    """Picture of a square with outlines; None if it has no valid pixel.

    Parameters
    ----------
    pixels
        Reflectances over the square and a margin.
    square
        Ground to show.
    scene
        Id of the scene.
    outlines
        The hull in it, if there is one.
    credit
        Of the scene; the page has the text of real ones beside the picture.

    """
    box = grid_of(pixels)
    gsd = abs(float(box.resolution.x))
    place, _ = place_on_grid(square.centre, box.crs)
    column, row = ~box.affine @ tuple(place)
    count = max(round(2 * square.half_m / gsd), 4)
    left, top = round(column - count / 2), round(row - count / 2)
    stack = _cut(natural_bands(pixels), top, left, count)
    if not np.isfinite(stack).any():
        return None
    middle = np.array(box.affine @ (left + count / 2, top + count / 2))
    half = count * gsd / 2
    hull, shadow = outlines.fitted(middle) if outlines else (None, None)
    image = stretched(stack, water_light(pixels))
    return {
        "src": encoded(mark_pixels(image, credit) if credit.simulated else image),
        "half": round(half, 1),
        "gsd": round(gsd, 2),
        "scene": scene,
        "hull": hull,
        "shadow": shadow,
        "detected": outlines.detected(middle, box) if outlines else None,
    }


@dataclass(frozen=True)
class Outlines:
    """The hull in a picture: where it was detected, and what was fitted to its image."""

    footprint: shapely.Geometry | None
    """As detected, EPSG:4326."""
    cutout: Cutout

    def fitted(self, middle: Floats) -> tuple[Ring | None, Ring | None]:
        """Hull and shadow as fitted, metres from the picture's middle; None if implausible."""
        hull, shadow, fit = self.cutout.outline, self.cutout.shadow, self.cutout.fit
        if hull is None or shadow is None or fit is None or fit.implausible:
            return None, None
        return _ring(hull - middle), _ring(shadow - middle)

    def detected(self, middle: Floats, grid: GeoBox) -> Ring | None:
        """Hull as detected, metres from the picture's middle."""
        shape = self.footprint
        if shape is None or shape.is_empty or shape.geom_type != "Polygon":
            return None
        corners = [
            place_on_grid(shapely.Point(xy), grid.crs)[0] for xy in shape.exterior.coords[:-1]
        ]
        return _ring(np.array(corners) - middle)


def _ring(places: Floats) -> Ring:
    ring: Ring = np.round(places, 1).tolist()
    return ring


def _cut(stack: NDArray[np.float32], top: int, left: int, count: int) -> NDArray[np.float32]:
    """Square of pixels; NaN beyond the edge."""
    cut = np.full((len(stack), count, count), np.nan, np.float32)
    rows, columns = stack.shape[1:]
    y0, y1 = max(top, 0), min(top + count, rows)
    x0, x1 = max(left, 0), min(left + count, columns)
    if y1 > y0 and x1 > x0:
        cut[:, y0 - top : y1 - top, x0 - left : x1 - left] = stack[:, y0:y1, x0:x1]
    return cut


def encoded(image: NDArray[np.uint8]) -> str:
    """Picture as a data URL."""
    file = io.BytesIO()
    fine = max(image.shape[:2]) > LOSSY_ABOVE_PX
    Image.fromarray(image).save(file, "WEBP", quality=72 if fine else 90, method=6)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
