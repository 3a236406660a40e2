"""The ground under a radar scene: a map grid, and where its lines and samples lie on it.

Ships are searched in the product's own lines and samples, and nothing is resampled before that.
What is said of the ground (which part of a port was seen, where its land is, and the pictures of
its ships) lies on a grid of the map, UTM at the scene's pixel. The two meet here. Places are
computed at every 32nd line and sample by orbit and range, and are straight lines between: within
a twentieth of a pixel, and hundreds of times as fast.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import odc.geo.xr
import shapely
import xarray as xr
from numpy.typing import NDArray
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry
from pyproj import Transformer
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.arrays import Float32s, Float64s
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.scene import Scene
from gnomon.geo.geoid import undulation_m
from gnomon.imagery.sentinel1.annotation import Annotation
from gnomon.imagery.sentinel1.geolocation import Geolocation, incidence_table
from gnomon.imagery.sentinel1.lookup import GridWindow
from gnomon.imagery.sentinel1.read import channel_of, polarisations_of, radar_geolocation

STEP_PX = 32
DEGREES = "EPSG:4326"


def ground_grid(scene: Scene, area: BaseGeometry | None) -> GeoBox:
    """Map grid over an area within a scene's footprint: UTM, north up, at the scene's pixel.

    Raises
    ------
    AssetError
        The area lies outside the scene.

    """
    ground = scene.footprint if area is None else shapely.intersection(area, scene.footprint)
    if ground.is_empty or not ground.area:
        raise AssetError(scene.id, "geometry", "the area lies outside this scene; choose another")
    middle = ground.centroid
    outline = Geometry(ground, DEGREES).segmented(0.01).to_crs(CRS.utm(middle.x, middle.y))
    return GeoBox.from_geopolygon(outline, resolution=scene.gsd_m)


@dataclass(frozen=True)
class RadarGround:
    """Lines and samples of one image on a map grid, and back."""

    geolocation: Geolocation
    image: Annotation
    grid: GeoBox
    """Pixels of the map count on it."""

    @classmethod
    def of(cls, scene: Scene, grid: GeoBox) -> "RadarGround":
        """Ground of a scene, at the height of the sea in the middle of a grid.

        Raises
        ------
        AssetError
            As of `gnomon.imagery.sentinel1.read.radar_geolocation`.

        """
        middle = grid.geographic_extent.geom.centroid
        height_m = float(undulation_m(middle.x, middle.y))
        image = channel_of(scene, polarisations_of(scene)[0]).annotation
        return cls(radar_geolocation(scene, height_m=height_m), image, grid)

    def on_map(self, line: Float64s, sample: Float64s) -> tuple[Float64s, Float64s]:
        """Columns and rows of the grid, from its edges, of lines and samples from first centres."""
        longitude, latitude = self.geolocation.places(line, sample)
        to_map = Transformer.from_crs(DEGREES, str(self.grid.crs), always_xy=True)
        column, row = ~self.grid.affine @ to_map.transform(longitude, latitude)
        return np.asarray(column), np.asarray(row)

    def in_image(self, column: Float64s, row: Float64s) -> tuple[Float64s, Float64s]:
        """Lines and samples of places on the grid; NaN of what the image does not show."""
        to_degrees = Transformer.from_crs(str(self.grid.crs), DEGREES, always_xy=True)
        affine = self.grid.affine
        x = affine.a * column + affine.b * row + affine.c
        y = affine.d * column + affine.e * row + affine.f
        return self.geolocation.pixels(*to_degrees.transform(x, y))

    def window(self, part: GeoBox) -> GridWindow | None:
        """Lines and samples that hold a part of the grid; None where the image shows none of it."""
        column, row = self._nodes(part)
        line, sample = self.in_image(*np.meshgrid(column, row))
        seen = np.isfinite(line)
        if not seen.any():
            return None
        # Beyond the nodes that are seen there may be almost a step more.
        reach = 0 if seen.all() else 2 * STEP_PX
        top, bottom = (float(f(line[seen])) for f in (np.min, np.max))
        left, right = (float(f(sample[seen])) for f in (np.min, np.max))
        first = max(int(top) - reach, 0), max(int(left) - reach, 0)
        last = (
            min(int(np.ceil(bottom)) + reach, self.image.lines - 1),
            min(int(np.ceil(right)) + reach, self.image.samples - 1),
        )
        return GridWindow(*first, last[0] - first[0] + 1, last[1] - first[1] + 1)

    def window_on_map(self, window: GridWindow) -> tuple[Float32s, Float32s]:
        """Columns and rows of the grid of the centres of a window, (lines, samples) each."""
        lines, samples = _every(window.lines), _every(window.samples)
        grid = np.meshgrid(lines + window.top, samples + window.left, indexing="ij")
        column, row = self.on_map(*grid)
        return _between(column, lines, samples), _between(row, lines, samples)

    def part_in_image(self, part: GeoBox) -> tuple[Float32s, Float32s]:
        """Lines and samples of the centres of a part of the grid; NaN of what is not shown."""
        column, row = self._nodes(part)
        line, sample = self.in_image(*np.meshgrid(column, row))
        left, top = (float(start) for start in _start(self.grid, part))
        at = row - top - 0.5, column - left - 0.5
        return _between(line, *at), _between(sample, *at)

    def boxes_on_map(self, boxes: OrientedBoxes, window: GridWindow) -> OrientedBoxes:
        """Boxes in pixels of a window as boxes in pixels of the grid."""
        if not len(boxes):
            return boxes
        ring = np.stack([shapely.get_coordinates(one)[:4] for one in boxes.polygons()])
        # Pixels of boxes count from their edges, lines and samples from their centres.
        column, row = self.on_map(ring[..., 1] - 0.5 + window.top, ring[..., 0] - 0.5 + window.left)
        corners = np.stack([column, row], axis=-1)  # bow, bow, stern, stern
        bow, stern = corners[:, :2].mean(axis=1), corners[:, 2:].mean(axis=1)
        one_side, other = corners[:, [0, 3]].mean(axis=1), corners[:, [1, 2]].mean(axis=1)
        middle, ahead, aside = corners.mean(axis=1), bow - stern, one_side - other
        return OrientedBoxes.of(
            middle[:, 0],
            middle[:, 1],
            np.hypot(*ahead.T),
            np.hypot(*aside.T),
            np.rad2deg(np.arctan2(ahead[:, 0], -ahead[:, 1])),
            score=boxes.score,
            quayside=boxes.quayside,
            p_tanker=boxes.p_tanker,
        )

    def picture(self, pixels: xr.Dataset, window: GridWindow, part: GeoBox) -> xr.Dataset:
        """Pixels of a window on a part of the grid, bilinear: to be looked at, not measured."""
        line, sample = self.part_in_image(part)
        at = np.nan_to_num(np.stack([line - window.top, sample - window.left]), nan=-1e6)
        layers = {
            name: ndimage.map_coordinates(
                values.to_numpy(), at, order=1, mode="constant", cval=np.nan, output=np.float32
            )
            for name, values in pixels.data_vars.items()
        }
        coords = odc.geo.xr.xr_coords(part, dims=("y", "x"))
        return xr.Dataset({k: (("y", "x"), v) for k, v in layers.items()}, coords=coords)

    def layers_on_map(self, masks: xr.Dataset, window: GridWindow, part: GeoBox) -> xr.Dataset:
        """Masks of a window on a part of the grid, by the nearest pixel; False beyond it."""
        line, sample = self.part_in_image(part)
        row, column = np.rint(line - window.top), np.rint(sample - window.left)
        inside = (row >= 0) & (row < window.lines) & (column >= 0) & (column < window.samples)
        at = np.where(inside, row, 0).astype(np.intp), np.where(inside, column, 0).astype(np.intp)
        layers = {}
        for name, layer in masks.data_vars.items():
            here = layer.to_numpy()
            layers[name] = inside.copy() if here.all() else here[at] & inside
        coords = odc.geo.xr.xr_coords(part, dims=("y", "x"))
        return xr.Dataset({k: (("y", "x"), v) for k, v in layers.items()}, coords=coords)

    def towards_satellite_deg(self, column: float, row: float) -> float:
        """Azimuth from a place on the grid towards the satellite, from true north."""
        line, sample = self._nearest(column, row)
        _, away = self.geolocation.steps_m(line[0], sample[0])
        return float(np.rad2deg(np.arctan2(-away[0], -away[1])) % 360.0)

    def incidence_deg(self, column: float, row: float) -> float:
        """Angle of incidence at a place on the grid, or in the middle of an image without it."""
        line, sample = (float(one[0]) for one in self._nearest(column, row))
        window = GridWindow(round(line), round(sample), 1, 1)
        return float(incidence_table(self.image.tie_points).on(window)[0, 0])

    def _nearest(self, column: float, row: float) -> tuple[Float64s, Float64s]:
        """Line and sample of a place, or of the middle of the image."""
        line, sample = self.in_image(np.array([column]), np.array([row]))
        if not np.isfinite(line).all():
            return np.array([self.image.lines / 2]), np.array([self.image.samples / 2])
        return line, sample

    def _nodes(self, part: GeoBox) -> tuple[Float64s, Float64s]:
        """Columns and rows of the grid at which places of a part are computed: centres."""
        left, top = _start(self.grid, part)
        rows, columns = part.shape.yx
        return _every(columns) + left + 0.5, _every(rows) + top + 0.5


def _start(grid: GeoBox, part: GeoBox) -> tuple[int, int]:
    """Column and row of the first pixel of a part of a grid."""
    shift = ~grid.affine @ part.affine
    return round(shift.c), round(shift.f)


def _every(count: int) -> Float64s:
    """Every so many of some pixels, and the last."""
    return np.unique(np.r_[np.arange(0, count, STEP_PX), count - 1]).astype(float)


def _between(values: Float64s, rows: Float64s, columns: Float64s) -> Float32s:
    """Values at whole rows and columns from those at some of them, which begin at 0."""
    down = _mixed(values, rows)
    return _mixed(down.T, columns).T


def _mixed(values: NDArray[np.floating], nodes: Float64s) -> Float32s:
    """Straight lines between rows of an array that stand at nodes."""
    known = nodes.astype(int)
    mixed = np.empty((known[-1] + 1, values.shape[1]), np.float32)
    near = values.astype(np.float32)
    step = np.diff(values, axis=0).astype(np.float32)
    for place, (start, end) in enumerate(pairwise(known)):
        share = np.arange(end - start, dtype=np.float32)[:, None] / np.float32(end - start)
        part = mixed[start:end]
        np.multiply(share, step[place], out=part)
        part += near[place]
    # A node that is not known does not hide the one beside it.
    mixed[known] = near
    return mixed
