"""Chips and decided labels as labelled scenes: what is a ship, what is none, what is unknown.

A chip with a decided row counts as inspected: what is not outlined in it is background. Chips of
one scene that touch become one scene, so that a ship on their seam is whole. Unknown, and neither
ship nor background, are: outlines that are not decided on, two pixels wider than drawn; and a rim
of six pixels, in which a hull may be cut.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import odc.geo.xr
import shapely
import shapely.affinity
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox
from odc.geo.xr import wrap_xr
from rasterio.features import rasterize
from scipy.ndimage import binary_erosion

from gnomon.datamodel.arrays import Float32s, Mask
from gnomon.datamodel.errors import LabelError
from gnomon.datamodel.study import MaskOptions
from gnomon.imagery.water import usable_water
from gnomon.learn.chips import CLASSES, Chip, chip_pixels, corner_of, read_chips
from gnomon.learn.labels import LONGEST_M, NAME, length_of, read_labels
from gnomon.learn.outlines import boxes_of, gsd_of
from gnomon.learn.scenes import LabelledScene

GROWN_PX = 2.0
RIM_PX = 6


def read_samples(folder: Path, *, gsd_m: float = 10.0) -> list[LabelledScene]:
    """Labelled scenes of a folder of chips, without the chips that are not inspected.

    Parameters
    ----------
    folder
        Of chips and labels.
    gsd_m
        Pixel size of the network: finer chips are averaged to about it, as they are in inference.

    Raises
    ------
    LabelError
        Labels or chips are at fault, or no label is decided on.

    """
    chips = read_chips(folder)
    labels = read_labels(folder, chips)
    inspected = set(labels.chip[labels.status != "unreviewed"])
    if not inspected:
        why = "no row is decided on; write ship or not_ship into status"
        raise LabelError(f"{folder / NAME}: {why} of some")
    by_scene: dict[str, list[Chip]] = {}
    for chip in chips.values():
        if chip.name in inspected:
            by_scene.setdefault(chip.scene_id, []).append(chip)
    return [
        _sample(_together(group), group[0], labels[labels.scene_id == scene_id], gsd_m)
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


def _sample(fine: xr.Dataset, chip: Chip, labels: gpd.GeoDataFrame, gsd_m: float) -> LabelledScene:
    pixels = _averaged(fine, max(1, round(gsd_m / gsd_of(fine))))
    box = pixels.odc.geobox
    outlines = labels.to_crs(box.crs).geometry
    near = outlines.intersects(box.extent.geom)
    frames = labels.geometry.map(length_of) > LONGEST_M
    ships, undecided = labels.status == "ship", labels.status == "unreviewed"
    seen = np.any([np.isfinite(layer.to_numpy()) for layer in pixels.values()], axis=0)
    unknown = _burnt(outlines[near & undecided], box) & ~_burnt(outlines[near & ships], box)
    unknown |= seen & ~binary_erosion(seen, np.ones((3, 3)), iterations=RIM_PX)
    return LabelledScene(
        chip.scene_id,
        pixels,
        usable_water(pixels, MaskOptions()),
        _stretched_to_length(labels[near & ships], pixels),
        port=chip.port,
        hard_negatives=labels[near & (labels.status == "not_ship") & ~frames],
        unknown=unknown,
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
    layers: dict[str, Float32s] = {}
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


def _stretched_to_length(ships: gpd.GeoDataFrame, pixels: xr.Dataset) -> gpd.GeoDataFrame:
    """Outlines stretched along their axis to the column ``length_m``, where it has a number.

    The length of the outline's box is stretched to it, because that is what training reads off an
    outline: a pointed bow is only a part of it.
    """
    crs = pixels.odc.geobox.crs
    drawn_m = boxes_of(ships, pixels).length * gsd_of(pixels)
    outlines = [
        outline if np.isnan(length_m) else _stretched(outline, length_m / drawn)
        for outline, length_m, drawn in zip(
            ships.to_crs(crs).geometry, ships.length_m, drawn_m, strict=True
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
