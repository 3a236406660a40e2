"""Values of tables as compact JSON: rounded to their precision, null where unknown.

Times are seconds since the epoch, places degrees to six digits (a tenth of a metre).
"""

import json
from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from gnomon.report.page.schema import Ring

PLACE_DIGITS = 6
T = TypeVar("T")


def texts(values: pd.Series) -> list[str | None]:
    """Text, null where there is none."""
    return [text(value) for value in values]


def text(value: Any) -> str | None:
    """One text, null if there is none."""
    return None if pd.isna(value) else str(value)


def numbers(values: Iterable[Any], digits: int = 3) -> list[float | None]:
    """Floats, rounded; null where not finite."""
    return [number(value, digits) for value in values]


def number(value: Any, digits: int = 3) -> float | None:
    """One float, rounded; null if not finite."""
    if value is None or value is pd.NA or not np.isfinite(value):
        return None
    return round(float(value), digits)


def epochs_s(values: Iterable[Any]) -> list[int | None]:
    """Seconds since the epoch."""
    return [epoch_s(value) for value in values]


def epoch_s(value: Any) -> int | None:
    """Seconds since the epoch, null if there is no time."""
    return None if pd.isna(value) else int(pd.Timestamp(value).timestamp())


def rings(shape: BaseGeometry | None) -> list[Ring]:
    """Outer rings of one or more polygons, longitude before latitude."""
    if shape is None or shape.is_empty:
        return []
    parts = shapely.get_parts(shapely.geometrycollections([shape]))
    flat = [part for one in parts for part in shapely.get_parts(one)]
    return [ring(part.exterior) for part in flat if part.geom_type == "Polygon"]


def ring(line: BaseGeometry) -> Ring:
    """Coordinates of a line."""
    coordinates: Ring = np.round(shapely.get_coordinates(line), PLACE_DIGITS).tolist()
    return coordinates


def parsed(cell: Any, empty: T) -> T:
    """Value of a cell of JSON; `empty` if it is not JSON, or JSON of another type."""
    if not isinstance(cell, str):
        return empty
    try:
        value = json.loads(cell)
    except ValueError:
        return empty
    return value if isinstance(value, type(empty)) else empty
