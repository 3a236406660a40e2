"""The land of a port, drawn from the run's own pixels: no other map is needed."""

import numpy as np
import rasterio.features
import shapely
from pyproj import Transformer
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.scene import Scene
from gnomon.datamodel.study import MaskOptions
from gnomon.imagery.read import read_pixels
from gnomon.imagery.water import usable_water

LEAST_M2 = 6_000.0
"""Smaller pieces are hulls and piers that the mask took for land."""
SMOOTH_M = 12.0
FINEST_M = 5.0
"""Images of finer pixels have too many of them for a map of a whole port."""


def land(scene: Scene, area: BaseGeometry, options: MaskOptions) -> BaseGeometry:
    """Land within an area as one scene shows it, EPSG:4326.

    Raises
    ------
    GnomonError
        The scene cannot be read.

    """
    pixels = read_pixels(scene, area)
    layers = usable_water(pixels, options)
    dry = layers["land"].to_numpy()
    box = pixels.odc.geobox
    pieces = [
        shape(one)
        for one, value in rasterio.features.shapes(
            dry.astype(np.uint8), mask=dry, transform=box.affine
        )
        if value
    ]
    kept = [piece.simplify(SMOOTH_M) for piece in pieces if piece.area >= LEAST_M2]
    ashore = shapely.union_all(kept)
    to_degrees = Transformer.from_crs(box.crs, "EPSG:4326", always_xy=True)
    placed = shapely.transform(
        ashore, lambda xy: np.column_stack(to_degrees.transform(xy[:, 0], xy[:, 1]))
    )
    return shapely.make_valid(placed).intersection(area)


def suits(scene: Scene) -> bool:
    """Whether land can be told in it, and it is no more pixels than a map needs."""
    bands = set(scene.assets)
    return scene.sensor == "optical" and scene.gsd_m >= FINEST_M and {"green", "nir"} <= bands
