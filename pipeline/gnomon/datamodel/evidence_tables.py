"""Tables of the pixels behind a run's numbers: what the page and the exports draw from.

As in `gnomon.datamodel.tables`; these have pictures and outlines, and no result rests on them.
"""

import pandera.pandas as pa
from pandera.engines.geopandas_engine import Geometry
from pandera.typing import Series
from pandera.typing.geopandas import GeoSeries

from gnomon.datamodel.schema import Table, Time


class Cutouts(Table):
    """One row per image cutout: of a hull as it was observed, or of its place without it.

    ``store/<run_digest>/evidence.parquet`` of a run has the hulls of one observation,
    ``surroundings.parquet`` the places of its visits before and after.
    """

    evidence_id: Series[str] = pa.Field(unique=True)
    """The hull's detection_id; ``before:`` or ``after:`` and a visit_id for a place without it."""
    scene_id: Series[str]
    crs: Series[str]
    """Of the scene's own grid, on which the pixels lie."""
    left_m: Series[float]
    """Easting, and ``top_m`` northing, of the outer corner of the first pixel."""
    top_m: Series[float]
    gsd_m: Series[float] = pa.Field(gt=0)
    rows: Series[int] = pa.Field(gt=0)
    columns: Series[int] = pa.Field(gt=0)
    bands: Series[str]
    """Names of the bands, separated by commas."""
    encoding: Series[str] = pa.Field(isin=("uint16", "float32"))
    """``uint16``: reflectance is (count - 1001) / 10000 and 0 means that nothing was seen.
    ``float32``: the values themselves, NaN where nothing was seen. Little-endian both."""
    pixels: Series[object]
    """Bytes, (bands, rows, columns), the last index fastest."""
    hidden: Series[object] = pa.Field(nullable=True)
    """One byte a pixel, the sum of 1 for cloud, 2 for ice and 4 for land; null where unknown."""
    chip: Series[str] = pa.Field(nullable=True)
    """Input of the load stage besides pixels, JSON: a `ShipChip`, and its window in the pixels."""
    fit: Series[str] = pa.Field(nullable=True)
    """Its fit, JSON: fields of `gnomon.freeboard.fit.Fit`."""
    outline: Series[str] = pa.Field(nullable=True)
    """Fitted waterline, JSON, pairs of easting and northing on the grid, metres."""
    shadow: Series[str] = pa.Field(nullable=True)
    """Edge of the shadow of the deck's edge, likewise."""
    freeboard_m: Series[object] = pa.Field(nullable=True)
    """Grid of the posterior, a list, metres, ascending."""
    log_likelihood: Series[object] = pa.Field(nullable=True)
    """Of the pixels on that grid, natural logarithm, its maximum zero."""
    density: Series[object] = pa.Field(nullable=True)
    """Posterior on that grid, per metre."""
    laden_p05_m: Series[float] = pa.Field(nullable=True)
    """Freeboards that tankers of the fitted size have: 5 % of the laden ones lie lower."""
    laden_p95_m: Series[float] = pa.Field(nullable=True)
    ballast_p05_m: Series[float] = pa.Field(nullable=True)
    ballast_p95_m: Series[float] = pa.Field(nullable=True)


class Coastlines(Table):
    """One row per port whose land a scene of the run shows; ``coastlines.parquet``."""

    port: Series[str] = pa.Field(nullable=True)
    scene_id: Series[str]
    geometry: GeoSeries[Geometry]
    """Land within the port's area, as that scene shows it."""


class Overviews(Table):
    """One row per port that a scene of the run shows clearly; ``overviews.parquet``.

    Maps of the port are drawn on it.
    """

    port: Series[str] = pa.Field(nullable=True)
    scene_id: Series[str]
    collection: Series[str]
    platform: Series[str]
    seen_at: Series[Time]
    west: Series[float] = pa.Field(ge=-180, le=180)
    """Longitude of the picture's left edge, degrees, and so on; its rows are even in Web Mercator
    (EPSG:3857)."""
    south: Series[float] = pa.Field(ge=-90, le=90)
    east: Series[float] = pa.Field(ge=-180, le=180)
    north: Series[float] = pa.Field(ge=-90, le=90)
    picture: Series[object]
    """A WebP in natural colour, north up, transparent where nothing was seen."""
