"""Types of ships, as somebody told them by eye: truth for the network's chance of a tanker.

Types stand beside a set of labels as corrections do (`gnomon.learn.corrections`), in a GeoJSON of
one point per hull, at her centre, in EPSG:4326, with the properties

``scene_id``
    Identifier of the STAC item.
``type``
    One of `TYPES`. ``passenger`` holds ferries, cruise ships and ro-ro alike, ``other`` whatever
    floats and is none of the rest, ``unknown`` what cannot be told.
``sure``
    Whether its marks are plain; a type that is not sure is a guess, and counts as not told unless
    guesses are asked for.
``reason``
    What is seen, in a few words.

Every labelled hull has a point, also where nothing can be told of her: so a point is never taken by
her neighbour.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gnomon.datamodel.errors import LabelError

TYPES = (
    "tanker",
    "bulk",
    "container",
    "general",
    "passenger",
    "naval",
    "fishing",
    "other",
    "unknown",
)
PROPERTIES = ("scene_id", "type", "sure", "reason")
WITHIN_M = 30.0
"""How far a point may lie from the centre of an outline: a loosely drawn one is off by a pixel or
two, and a neighbour's centre is seldom nearer than a beam."""


def read_types(path: Path) -> gpd.GeoDataFrame:
    """Read the types of every scene's ships.

    Parameters
    ----------
    path
        A GeoJSON file as the module's head describes it.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per ship, in the order of the file, with the columns `PROPERTIES` and ``geometry``.

    Raises
    ------
    LabelError
        The file is missing, is not GeoJSON, or a feature is at fault; all faults are listed.

    """
    try:
        # gpd.read_file turns a column of true, false and "maybe" into text, and would blame all.
        features = json.loads(path.read_text())["features"]
        rows = gpd.GeoDataFrame.from_features(features, crs=4326)
    except Exception as error:  # geopandas raises several unrelated types
        raise LabelError(f"{path}: cannot be read as GeoJSON ({error})") from error
    if missing := set(PROPERTIES) - set(rows.columns):
        raise LabelError(f"{path}: features lack the properties {', '.join(sorted(missing))}")
    if faults := list(_faults(rows)):
        raise LabelError(f"{path}: " + "; ".join(faults))
    rows = rows[[*PROPERTIES, "geometry"]]
    return rows.assign(sure=rows.sure.astype(bool))


def with_types(
    outlines: gpd.GeoDataFrame, scene_id: str, types: gpd.GeoDataFrame, *, guesses: bool = False
) -> gpd.GeoDataFrame:
    """Outlines of a scene and what type each ship is.

    A point belongs to the outline whose centre is nearest to it, an outline takes the nearest
    point, and both must name each other: of two hulls side by side, one without a point does not
    take her neighbour's.

    Parameters
    ----------
    outlines
        Polygons in any CRS, n rows.
    scene_id
        Which types to heed; those of other scenes are let be.
    types
        As `read_types` gives them.
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
    told = np.full(len(outlines), None, object)
    if len(mine) and len(outlines):
        metres = outlines.estimate_utm_crs()
        point = _nearest(_places(outlines.to_crs(metres)), _places(mine.to_crs(metres)))
        told_of = mine["type"] != "unknown"
        clear = told_of.to_numpy(bool) & (mine.sure.to_numpy(bool) | guesses)
        has = (point >= 0) & clear[point]
        told[has] = mine["type"].to_numpy(object)[point[has]]
    return outlines.assign(type=pd.Series(told, outlines.index, dtype=object))


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


def _faults(rows: gpd.GeoDataFrame) -> Iterator[str]:
    for place, row in enumerate(rows.itertuples(), start=1):
        who = f"feature {place} ({row.scene_id}, {row.type})"
        for name in PROPERTIES:
            if pd.isna(getattr(row, name)):
                yield f"{who}: lacks the property {name}"
        if pd.notna(row.type) and row.type not in TYPES:
            yield f"{who}: type should be one of {', '.join(TYPES)}"
        if pd.notna(row.sure) and not isinstance(row.sure, bool | np.bool_):
            yield f"{who}: sure should be true or false"
        if row.geometry is None or row.geometry.is_empty:
            yield f"{who}: has no place"
        elif row.geometry.geom_type != "Point":
            yield f"{who}: is a {row.geometry.geom_type}, should be a Point"
