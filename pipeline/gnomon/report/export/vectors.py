"""Tables as GeoJSON and CSV.

GeoJSON follows RFC 7946: degrees to seven digits (a centimetre), longitude first, times as text
with a Z. The geometry of a detection is its outline; ``lon`` and ``lat`` are its centre. Tables
without geometry (seasons, ledger) have no GeoJSON. A CSV has points as ``lon`` and ``lat``, other
shapes as WKT under their own names, and empty cells for unknown values.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

OUTLINES = {"detections": "footprint"}
"""Geometry column of a table in GeoJSON, if it is not ``geometry``."""
OF_POINTS = ("detections", "visits")
"""Tables whose ``geometry`` is a point."""
WKT_DIGITS = 7


def write_geojson(name: str, frame: pd.DataFrame, folder: Path, *, about: str = "") -> list[Path]:
    """Write one table; nothing for a table without geometry.

    Parameters
    ----------
    name, frame
        Of the table.
    folder
        Where the file goes.
    about
        The collection's member ``description``: credits, and whether the scenes are simulated.

    """
    if "geometry" not in frame:
        return []
    path = folder / f"{name}.geojson"
    write_features(geojson_rows(name, frame), path, about=about)
    return [path]


def geojson_rows(name: str, frame: pd.DataFrame) -> gpd.GeoDataFrame:
    """Rows of a table with the columns and geometry that GeoJSON gets; times are text."""
    return geometry_rows(name, pd.DataFrame(_plain(frame)))


def geometry_rows(name: str, frame: pd.DataFrame) -> gpd.GeoDataFrame:
    """Rows of a table with one geometry; that of a detection is its outline."""
    shape = OUTLINES.get(name, "geometry")
    plain = {str(column): frame[column].reset_index(drop=True) for column in frame}
    if shape != "geometry":
        plain |= _places(plain.pop("geometry"))
    return gpd.GeoDataFrame(plain | {"geometry": _shapes(plain.pop(shape))}, crs="EPSG:4326")


def write_features(rows: gpd.GeoDataFrame, path: Path, *, about: str = "") -> None:
    """Write rows from `geojson_rows` as GeoJSON; ``about`` is its ``description``."""
    options = {"RFC7946": "YES", "WRITE_NAME": "NO"} | ({"DESCRIPTION": about} if about else {})
    rows.to_file(path, driver="GeoJSON", engine="pyogrio", **options)


def write_csv(
    name: str, frame: pd.DataFrame, folder: Path, *, simulated: Collection[str] = ()
) -> list[Path]:
    """Write one table as CSV.

    Parameters
    ----------
    name, frame, folder
        As in `write_geojson`.
    simulated
        Tables that get a column ``simulated``, true in each row: a file travels without its folder.

    """
    path = folder / f"{name}.csv"
    plain: dict[str, Any] = {}
    for column, values in _plain(frame).items():
        if column not in ("geometry", "footprint"):
            plain[column] = values
        elif column == "geometry" and name in OF_POINTS:
            plain |= _places(values)
        else:
            plain[column] = [
                shapely.to_wkt(shape, rounding_precision=WKT_DIGITS) for shape in _shapes(values)
            ]
    marks = {"simulated": [True] * len(frame)} if name in simulated else {}
    pd.DataFrame(marks | plain).to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
    return [path]


def _plain(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Columns by name, with times as text."""
    columns = {}
    for column in frame.columns:
        values = frame[column].reset_index(drop=True)
        times = isinstance(values.dtype, pd.DatetimeTZDtype)
        columns[str(column)] = (
            values.map(utc, na_action="ignore").astype("str") if times else values
        )
    return columns


def utc(time: pd.Timestamp) -> str:
    """Time in ISO 8601, UTC, with all its digits."""
    return time.tz_convert("UTC").tz_localize(None).isoformat() + "Z"


def _shapes(values: pd.Series) -> gpd.GeoSeries:
    """Geometries; missing ones if a table of another version lacks the column."""
    shapes = [one if isinstance(one, shapely.Geometry) else None for one in values]
    return gpd.GeoSeries(shapes, crs="EPSG:4326")


def _places(points: pd.Series) -> dict[str, pd.Series]:
    known = _shapes(points)
    return {"lon": known.x, "lat": known.y}
