"""What makes a table: a strict schema, and the way from rows to a checked frame.

The tables themselves are in `gnomon.datamodel.tables`.
"""

import itertools
from functools import cache
from typing import Annotated, Any, cast

import geopandas as gpd
import pandas as pd
import pandera.pandas as pa
import pyproj

Time = Annotated[pd.DatetimeTZDtype, "us", "UTC"]
CRS = "EPSG:4326"
_WGS84 = pyproj.CRS(CRS)
"""PROJ describes a CRS as it first met it. Where that is a file's text, which has no ensemble of
datums, the tables of two runs would be the same but for that description; so it is met here."""


def angle(below: float, *, nullable: bool = False) -> Any:
    """Field of an angle in degrees, from 0 to below ``below``."""
    return pa.Field(ge=0, lt=below, nullable=nullable)


class Table(pa.DataFrameModel):
    """The parent of every table: these columns, in this order, and no others."""

    class Config:
        """Strict; types are converted where that loses nothing."""

        strict = True
        coerce = True
        ordered = True

    @pa.dataframe_check
    @classmethod
    def quantiles_ascend(cls, frame: pd.DataFrame) -> bool:
        """Quantiles of one quantity ascend with their probability, row by row."""
        stems = {name.replace("_p05", "_{}") for name in frame if "_p05" in name}
        for stem in stems:
            names = [stem.format(part) for part in ("p05", "p50", "p95")]
            columns = [frame[name] for name in names if name in frame]
            for low, high in itertools.combinations(columns, 2):
                if (low > high).fillna(value=False).any():
                    return False
        return True


def table(model: type[Table], rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    """Rows to a checked table; columns that no row has are null, also when there are no rows.

    Raises
    ------
    pandera.errors.SchemaError
        A row breaks the schema: an error in gnomon, not of the user.

    """
    return _checked(model, rows) if rows else _empty(model).copy()


@cache  # A check takes 25 ms, and most observations have no hull.
def _empty(model: type[Table]) -> gpd.GeoDataFrame:
    return _checked(model, [])


def _checked(model: type[Table], rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    schema = model.to_schema()
    columns = {name: _column(name, [row.get(name) for row in rows]) for name in schema.columns}
    plain = "geometry" not in columns
    frame = pd.DataFrame(columns) if plain else gpd.GeoDataFrame(columns, crs=CRS)
    return cast("gpd.GeoDataFrame", schema.validate(frame))


def _column(name: str, values: list[Any]) -> gpd.GeoSeries | pd.Series:
    if name in ("geometry", "footprint"):
        return gpd.GeoSeries(values, crs=CRS)
    return pd.Series(values, dtype=object)
