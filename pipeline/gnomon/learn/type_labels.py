"""Types of ships, named by eye: ground truth for the probability of a tanker.

Types stand beside a set of labels as corrections do (`gnomon.learn.corrections`), in a GeoJSON of
one point per hull, at its centre, in EPSG:4326, with the properties

``scene_id``
    Identifier of the STAC item.
``type``
    One of `gnomon.datamodel.ship_types`.
``sure``
    Whether its marks are plain; a type that is not sure is a guess, and counts as unknown unless
    guesses are asked for.
``reason``
    What is seen, in a few words.

Every labelled hull has a point, also where its type is unknown: so a point is never matched with a
neighbouring hull.
"""

from pathlib import Path
from typing import Annotated, ClassVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pydantic import StrictBool

from gnomon.datamodel.errors import LabelError
from gnomon.datamodel.geojson import Row, read_geometry, read_rows, rows_table
from gnomon.datamodel.ship_types import ShipType

WITHIN_M = 30.0
"""How far a point may lie from the centre of an outline: a loosely drawn one is off by a pixel or
two, and a neighbour's centre is seldom nearer than a beam."""


class TypeLabel(Row):
    """One feature of the file."""

    NAMED_BY: ClassVar = ("scene_id", "type")

    scene_id: str
    type: ShipType
    sure: StrictBool
    reason: str
    geometry: Annotated[shapely.Point, read_geometry("Point")]


def read_types(path: Path) -> gpd.GeoDataFrame:
    """Read the types of every scene's ships.

    Parameters
    ----------
    path
        A GeoJSON file as the module's head describes it.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per ship, in the order of the file, with the properties as columns.

    Raises
    ------
    LabelError
        The file is missing, is not GeoJSON, or a feature is at fault; every fault has its line.

    """
    rows = read_rows(path, TypeLabel, error=LabelError)
    table = rows_table(TypeLabel, rows)
    return table.assign(sure=table.sure.astype(bool))


def with_types(
    outlines: gpd.GeoDataFrame, scene_id: str, types: gpd.GeoDataFrame, *, guesses: bool = False
) -> gpd.GeoDataFrame:
    """Outlines of a scene with the type of each ship.

    A point belongs to the outline whose centre is nearest to it, an outline takes the nearest
    point, and both must name each other: of two hulls side by side, one without a point does not
    take its neighbour's.

    Parameters
    ----------
    outlines
        Polygons in any CRS, n rows.
    scene_id
        Whose types to apply; those of other scenes are left out.
    types
        As `read_types` returns them.
    guesses
        Whether types that are not sure count too.

    Returns
    -------
    geopandas.GeoDataFrame
        ``outlines`` with a column ``type`` (``table["type"]``: an attribute of that name is
        geopandas' kind of geometry): a string, or None where no point lies within
        `WITHIN_M`, where it is ``unknown``, or not sure unless guesses count.

    """
    mine = types[types.scene_id == scene_id]
    kinds = np.full(len(outlines), None, object)
    if len(mine) and len(outlines):
        metres = outlines.estimate_utm_crs()
        point = _nearest(_places(outlines.to_crs(metres)), _places(mine.to_crs(metres)))
        known = (mine["type"] != "unknown").to_numpy(bool)
        usable = known & (mine.sure.to_numpy(bool) | guesses)
        has = (point >= 0) & usable[point]
        kinds[has] = mine["type"].to_numpy(object)[point[has]]
    return outlines.assign(type=pd.Series(kinds, outlines.index, dtype=object))


def _places(rows: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Centres, (n, 2)."""
    return shapely.get_coordinates(rows.geometry.centroid.to_numpy())


def _nearest(centres: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Row of each centre's point, (n,), or -1."""
    apart = np.linalg.norm(centres[:, None] - points[None], axis=2)
    point = apart.argmin(axis=1)
    rows = np.arange(len(centres))
    mutual = apart.argmin(axis=0)[point] == rows
    return np.where(mutual & (apart[rows, point] <= WITHIN_M), point, -1)
