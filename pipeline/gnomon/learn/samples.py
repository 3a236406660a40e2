"""Chips and decided labels as training takes them: what is a ship, what is none, what is unknown.

A chip with a decided row counts as looked through: what is not outlined in it is background. Chips
of one scene that touch become one picture, so that a ship on their seam is whole. Unknown, and
neither ship nor background, are: outlines that nobody has decided on, two pixels wider than drawn;
and a rim of six pixels, in which a hull may be cut.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import odc.geo.xr
import shapely
import shapely.affinity
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from odc.geo.xr import wrap_xr
from rasterio.features import rasterize
from scipy.ndimage import binary_erosion

from gnomon.datamodel.errors import LabelError
from gnomon.datamodel.files import write_whole
from gnomon.datamodel.study import MaskOptions
from gnomon.imagery.water import usable_water
from gnomon.learn.chips import CLASSES, Chip, chip_pixels, corner_of, read_chips
from gnomon.learn.labels import LONGEST_M, NAME, length_of, read_labels
from gnomon.learn.scenes import Labelled, gsd_of, labelled, outlines_in_pixels, rectangles_of
from gnomon.simulate.pixels.scene import SceneSpec, simulate, training_specs, truth

SHORTEST_M = 40.0
"""Of a simulated ship that is taught: shorter ones are not labelled in real scenes."""
GROWN_PX = 2.0
RIM_PX = 6
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Lesson:
    """A picture with what somebody knows of it."""

    scene_id: str
    port: str | None
    pixels: xr.Dataset
    masks: xr.Dataset
    ships: gpd.GeoDataFrame
    """Outlines in EPSG:4326, of the length that was told."""
    hard: gpd.GeoDataFrame
    """What was called no ship; without the frames of whole chips."""
    unknown: Mask
    """(rows, columns)."""
    real: bool = True
    """Seen by a satellite and not simulated."""

    @property
    def gsd_m(self) -> float:
        """Metres per pixel."""
        return gsd_of(self.pixels)

    def learnable(self, bands: Sequence[str]) -> Labelled:
        """As training wants it: what is unknown is where nothing is looked for."""
        masks = self.masks.assign(search=self.masks.search & ~self.unknown)
        plain = labelled(
            self.scene_id, self.pixels, self.ships, bands=bands, masks=masks, real=self.real
        )
        centres = [s.centroid.coords[0] for s in outlines_in_pixels(self.hard, self.pixels)]
        return replace(plain, hard=np.array(centres, np.float32).reshape(-1, 2))


def read_lessons(folder: Path, *, gsd_m: float = 10.0) -> list[Lesson]:
    """Pictures of a folder of chips that somebody has looked through, scene by scene.

    Parameters
    ----------
    folder
        Of chips and labels.
    gsd_m
        Pixel that the network learned from: finer chips are averaged to about it, as they are
        where ships are looked for.

    Raises
    ------
    LabelError
        Labels or chips are at fault, or nobody has decided on anything.

    """
    chips = read_chips(folder)
    labels = read_labels(folder, chips)
    seen = set(labels.chip[labels.status != "unreviewed"])
    if not seen:
        why = "no row is decided on; write ship or not_ship into status"
        raise LabelError(f"{folder / NAME}: {why} of some")
    by_scene: dict[str, list[Chip]] = {}
    for chip in chips.values():
        if chip.name in seen:
            by_scene.setdefault(chip.scene_id, []).append(chip)
    return [
        _lesson(_together(group), group[0], labels[labels.scene_id == scene_id], gsd_m)
        for scene_id, own in by_scene.items()
        for group in _touching(own)
    ]


def _touching(chips: Sequence[Chip]) -> Iterator[list[Chip]]:
    """Chips of one scene, those together that share pixels or an edge."""
    boxes = [_box(chip) for chip in chips]
    for part in shapely.get_parts(shapely.union_all(boxes)):
        yield [c for c, box in zip(chips, boxes, strict=True) if part.intersects(box.centroid)]


def _box(chip: Chip) -> shapely.Polygon:
    row, column = corner_of(chip)
    rows, columns = chip.grid.shape.yx
    return shapely.box(column, row, column + columns, row + rows)


def _lesson(fine: xr.Dataset, chip: Chip, labels: gpd.GeoDataFrame, gsd_m: float) -> Lesson:
    pixels = _averaged(fine, max(1, round(gsd_m / gsd_of(fine))))
    box = pixels.odc.geobox
    outlines = labels.to_crs(box.crs).geometry
    near = outlines.intersects(box.extent.geom)
    frames = labels.geometry.map(length_of) > LONGEST_M
    ships, undecided = labels.status == "ship", labels.status == "unreviewed"
    seen = np.any([np.isfinite(layer.to_numpy()) for layer in pixels.values()], axis=0)
    unknown = _burnt(outlines[near & undecided], box) & ~_burnt(outlines[near & ships], box)
    unknown |= seen & ~binary_erosion(seen, np.ones((3, 3)), iterations=RIM_PX)
    return Lesson(
        chip.scene_id,
        chip.port,
        pixels,
        usable_water(pixels, MaskOptions()),
        _as_told(labels[near & ships], pixels),
        labels[near & (labels.status == "not_ship") & ~frames],
        unknown,
    )


def _together(chips: Sequence[Chip]) -> xr.Dataset:
    """Pixels of chips on one grid, NaN between them."""
    corners = np.array([corner_of(chip) for chip in chips])
    ends = corners + [chip.grid.shape.yx for chip in chips]
    top, left = corners.min(axis=0)
    shape = tuple(int(n) for n in ends.max(axis=0) - (top, left))
    first = chips[0].grid.affine
    shift = Affine.translation(int(left - corners[0, 1]), int(top - corners[0, 0]))
    grid = GeoBox((shape[0], shape[1]), first @ shift, chips[0].grid.crs)
    layers: dict[str, NDArray[np.float32]] = {}
    for chip, (row, column) in zip(chips, corners - (top, left), strict=True):
        rows, columns = chip.grid.shape.yx
        for band, values in chip_pixels(chip).items():
            layer = layers.setdefault(str(band), np.full(shape, np.nan, np.float32))
            layer[row : row + rows, column : column + columns] = values.to_numpy()
    return xr.Dataset(
        {band: (("y", "x"), layer) for band, layer in layers.items()},
        coords=odc.geo.xr.xr_coords(grid, dims=("y", "x")),
        attrs={"scene_id": chips[0].scene_id},
    )


def _averaged(pixels: xr.Dataset, step: int) -> xr.Dataset:
    """Means over squares of pixels; classes have no mean, and the last part squares go."""
    if step == 1:
        return pixels
    box = pixels.odc.geobox
    rows, columns = (side // step for side in box.shape.yx)
    grid = GeoBox((rows, columns), box.affine @ Affine.scale(step), box.crs)
    squares = pixels.drop_vars(CLASSES, errors="ignore").coarsen(
        {"y": step, "x": step}, boundary="trim"
    )
    means = {str(band): layer.to_numpy() for band, layer in squares.mean().data_vars.items()}
    return xr.Dataset({band: wrap_xr(layer, grid) for band, layer in means.items()})


def _as_told(ships: gpd.GeoDataFrame, pixels: xr.Dataset) -> gpd.GeoDataFrame:
    """Outlines stretched along their axis to the length that was told, where one was.

    What is stretched to it is the length that training reads off an outline, of which a pointed bow
    is a part only.
    """
    crs = pixels.odc.geobox.crs
    read = rectangles_of(ships, pixels).length * gsd_of(pixels)
    outlines = [
        outline if np.isnan(told) else _stretched(outline, told / length)
        for outline, told, length in zip(
            ships.to_crs(crs).geometry, ships.length_m, read, strict=True
        )
    ]
    return ships.set_geometry(gpd.GeoSeries(outlines, ships.index, crs=crs).to_crs(4326))


def _stretched(outline: shapely.Polygon, factor: float) -> shapely.Polygon:
    corners = shapely.get_coordinates(outline.minimum_rotated_rectangle)[:3]
    east, north = max(np.diff(corners, axis=0), key=np.linalg.norm)
    axis, middle = float(np.rad2deg(np.arctan2(north, east))), outline.centroid
    flat = shapely.affinity.rotate(outline, -axis, origin=middle)
    long = shapely.affinity.scale(flat, xfact=factor, origin=middle)
    stretched: shapely.Polygon = shapely.affinity.rotate(long, axis, origin=middle)
    return stretched


def _burnt(outlines: gpd.GeoSeries, box: GeoBox) -> Mask:
    """Pixels of outlines, a little wider than drawn."""
    if not len(outlines):
        return np.zeros(box.shape.yx, bool)
    grown = outlines.buffer(GROWN_PX * abs(box.resolution.x))
    burnt = rasterize(grown, out_shape=box.shape.yx, transform=box.affine, all_touched=True)
    return burnt.astype(bool)


def simulated_lessons(count: int, *, seed: int, cache: Path | None = None) -> Iterator[Lesson]:
    """Simulated scenes, whose ships are known; what is too short to be labelled is unknown.

    Parameters
    ----------
    count
        How many.
    seed
        Scene i of a seed is the same however many there are.
    cache
        Folder that keeps their pixels: they take longer to make than to read.

    """
    for spec in training_specs(count, seed=seed):
        pixels = _simulated(spec, cache)
        ships = truth(spec)
        short = ships.length_m < SHORTEST_M
        box = pixels.odc.geobox
        unknown = _burnt(ships[short].to_crs(box.crs).geometry, box)
        told = ships[~short]
        masks = usable_water(pixels, MaskOptions())
        yield Lesson(spec.id, None, pixels, masks, told, told[:0], unknown, real=False)


def _simulated(spec: SceneSpec, cache: Path | None) -> xr.Dataset:
    path = cache / f"{spec.id}.npz" if cache else None
    if path and path.is_file():
        with np.load(path) as kept:
            return xr.Dataset({band: wrap_xr(kept[band], spec.geobox) for band in kept.files})
    pixels, _ = simulate(spec)
    if path:
        layers = {str(band): layer.to_numpy() for band, layer in pixels.items()}
        write_whole(path, lambda partial: _zipped(partial, layers))
    return pixels


def _zipped(path: Path, layers: dict[str, NDArray[np.float32]]) -> None:
    with path.open("wb") as file:  # by name, numpy would add an ending
        np.savez(file, allow_pickle=False, **layers)
