"""Tables as GeoJSON and CSV.

GeoJSON is that of RFC 7946: degrees to seven digits (a centimetre), longitude first, times as text
with a Z. A detection's geometry is her outline, and ``lon`` and ``lat`` are her centre. Tables
without a place (seasons, ledger) have no GeoJSON. A CSV has points as ``lon`` and ``lat``, other
shapes as WKT under their own names, and nothing where nothing is known.
"""

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

OUTLINES = {"detections": "footprint"}
"""The geometry that a table shows, where it is not ``geometry``."""
OF_POINTS = ("detections", "visits")
"""Tables whose ``geometry`` is a point."""
WKT_DIGITS = 7


def write_geojson(name: str, frame: pd.DataFrame, folder: Path) -> list[Path]:
    """Write one table; nothing for a table without a place."""
    if "geometry" not in frame:
        return []
    path = folder / f"{name}.geojson"
    write_features(features(name, frame), path)
    return [path]


def features(name: str, frame: pd.DataFrame) -> gpd.GeoDataFrame:
    """Rows of a table as they stand in GeoJSON."""
    shape = OUTLINES.get(name, "geometry")
    plain = _plain(frame)
    if shape != "geometry":
        plain |= _places(plain.pop("geometry"))
    return gpd.GeoDataFrame(plain | {"geometry": _shapes(plain.pop(shape))}, crs="EPSG:4326")


def write_features(rows: gpd.GeoDataFrame, path: Path) -> None:
    """Write rows of `features`, or some of them."""
    rows.to_file(path, driver="GeoJSON", engine="pyogrio", RFC7946="YES", WRITE_NAME="NO")


def write_csv(name: str, frame: pd.DataFrame, folder: Path) -> list[Path]:
    """Write one table."""
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
    pd.DataFrame(plain).to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
    return [path]


def _plain(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Columns whose times are text."""
    columns = {}
    for column in frame.columns:
        values = frame[column].reset_index(drop=True)
        times = isinstance(values.dtype, pd.DatetimeTZDtype)
        columns[str(column)] = (
            values.map(utc, na_action="ignore").astype("str") if times else values
        )
    return columns


def utc(time: pd.Timestamp) -> str:
    """Write a time in ISO 8601, UTC, as fine as it is known."""
    return time.tz_convert("UTC").tz_localize(None).isoformat() + "Z"


def _shapes(values: pd.Series) -> gpd.GeoSeries:
    """Geometries; none where a table of another version has no such column."""
    shapes = [one if isinstance(one, shapely.Geometry) else None for one in values]
    return gpd.GeoSeries(shapes, crs="EPSG:4326")


def _places(points: pd.Series) -> dict[str, pd.Series]:
    known = _shapes(points)
    return {"lon": known.x, "lat": known.y}
