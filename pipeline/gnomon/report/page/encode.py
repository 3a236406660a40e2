"""Tables as compact JSON: columns of plain values, rounded to what they mean.

Times are seconds since the epoch, places degrees to five digits (a metre), null what is not known.
"""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

PLACE_DIGITS = 6
Ring = list[list[float]]


def words(values: pd.Series) -> list[str | None]:
    """Text, null where there is none."""
    return [None if pd.isna(value) else str(value) for value in values]


def numbers(values: Iterable[Any], digits: int = 3) -> list[float | None]:
    """Floats, rounded; null where not finite."""
    return [number(value, digits) for value in values]


def number(value: Any, digits: int = 3) -> float | None:
    """One float, rounded; null where not finite."""
    if value is None or value is pd.NA or not np.isfinite(value):
        return None
    return round(float(value), digits)


def moments(values: Iterable[Any]) -> list[int | None]:
    """Seconds since the epoch."""
    return [moment(value) for value in values]


def moment(value: Any) -> int | None:
    """Seconds since the epoch, null where there is no time."""
    return None if pd.isna(value) else int(pd.Timestamp(value).timestamp())


def rings(shape: BaseGeometry | None) -> list[Ring]:
    """Outer rings of a polygon, or of many, longitude before latitude."""
    if shape is None or shape.is_empty:
        return []
    parts = shapely.get_parts(shapely.geometrycollections([shape]))
    flat = [part for one in parts for part in shapely.get_parts(one)]
    return [ring(part.exterior) for part in flat if part.geom_type == "Polygon"]


def ring(line: BaseGeometry) -> Ring:
    """Coordinates of a line."""
    return np.round(shapely.get_coordinates(line), PLACE_DIGITS).tolist()


def parsed(text: Any, empty: Any) -> Any:
    """Read JSON of a cell; what is not JSON counts as empty."""
    if not isinstance(text, str):
        return empty
    try:
        value = json.loads(text)
    except ValueError:
        return empty
    return value if isinstance(value, type(empty)) else empty
