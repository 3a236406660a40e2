"""Where each ship is: its centre and, where the table has one, its outline, in EPSG:4326.

A place may be a point or an outline, as geometry of any CRS or as WKT in ``geometry``, ``wkt`` or
``footprint``; or ``lon`` and ``lat``, ``longitude`` and ``latitude``, or, if there is nothing
else, ``x`` and ``y``. Numbers and WKT are degrees. A table may have several of these, as gnomon's
own exports do (an outline, and the centre as numbers): they must agree.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj.exceptions import ProjError

from gnomon.geo.local import rectangle_size
from gnomon.workflow.user_tables.cells import as_numbers, blank_cells
from gnomon.workflow.user_tables.columns import PAIRS, SHAPES
from gnomon.workflow.user_tables.faults import Faults
from gnomon.workflow.user_tables.files import RawTable

CRS = "EPSG:4326"
APART_M = 100.0
"""Two places of one ship may differ by so much: another rounding, another idea of its centre."""
_METRES_PER_DEGREE = 111_195.0
_SWAPPED = "are lon and lat swapped, or is it in metres?"
_POINTS, _OUTLINES = ("Point", "MultiPoint"), ("Polygon", "MultiPolygon")


@dataclass(frozen=True)
class Places:
    """Places of the rows of a table."""

    centre: gpd.GeoSeries
    """Points, or missing."""
    outline: gpd.GeoSeries | None
    """Polygons, or missing; None if the table has no outlines."""
    how: str
    """What they were read from, in words."""
    notes: tuple[str, ...] = ()


def find_places(raw: RawTable, frame: pd.DataFrame, faults: Faults) -> Places | None:
    """Places of a table with our names of columns; None if it has none."""
    before = len(faults.lines)
    shapes, crs = _shapes(frame, faults)
    pair = _pair(frame, bool(shapes), faults)
    if pair is None and not shapes:
        return None
    notes: tuple[str, ...] = ()
    if (
        shapes
        and isinstance(frame, gpd.GeoDataFrame)
        and frame.crs is None
        and "geometry" in shapes
    ):
        notes = (f"{raw.path}: has no CRS; its coordinates are taken as degrees (EPSG:4326)",)
    points = [_of_kind(one, _POINTS) for one in shapes.values()]
    outlines = [_of_kind(one, _OUTLINES) for one in shapes.values()]
    centres = [*points, *(_centroids(one) for one in outlines)]
    if pair is not None:
        decimal = raw.decimal_comma
        centres.insert(0, _points_of(frame, pair, faults, decimal_comma=decimal))
    outline = _first(outlines, frame.index)
    centre = _first(centres, frame.index)
    _check_agreement(centres[: len(points) + 1] if pair else points, outline, centre, faults)
    if len(faults.lines) == before:
        why = "has no place, and other rows have one; give it lon and lat, or a geometry"
        faults.add_where(centre.isna(), why)
    how = [f"{pair[0]} and {pair[1]}"] if pair else []
    how += [f"{name} ({crs.get(name, CRS)})" for name in shapes]
    return Places(centre, outline if outline.notna().any() else None, ", ".join(how), notes)


def outline_sizes(outline: gpd.GeoSeries) -> pd.DataFrame:
    """Length, beam and axis of the smallest rectangle around each outline; NaN without one."""
    rows = []
    for shape in outline:
        size = rectangle_size(shape) if shape is not None and not shape.is_empty else None
        values = (size.length_m, max(size.beam_m, 1.0), size.axis_deg) if size else (np.nan,) * 3
        rows.append(values)
    names = ["length_m", "beam_m", "heading_deg"]
    return pd.DataFrame(rows, index=outline.index, columns=names, dtype=float)


def _shapes(frame: pd.DataFrame, faults: Faults) -> tuple[dict[str, gpd.GeoSeries], dict[str, str]]:
    """Columns of geometries in degrees, by name, and the CRS that they had."""
    shapes: dict[str, gpd.GeoSeries] = {}
    crs: dict[str, str] = {}
    active = frame.active_geometry_name if isinstance(frame, gpd.GeoDataFrame) else None
    for name in dict.fromkeys((*([active] if active else []), *SHAPES)):
        if name not in frame or (len(frame) and blank_cells(frame[name]).all()):
            continue
        is_geometry = isinstance(frame[name].dtype, gpd.array.GeometryDtype)
        column = gpd.GeoSeries(frame[name]) if is_geometry else _from_wkt(frame[name], name, faults)
        crs[name] = _crs_name(column)
        flat = column.set_crs(CRS) if column.crs is None else column
        try:
            if column.crs is not None and not column.crs.equals(CRS):
                flat = column.to_crs(CRS)
        except ProjError:
            why = f"its CRS ({crs[name]}) leads to no place on the earth; give the table another"
            faults.add(why, column=str(name))
            continue
        flat = gpd.GeoSeries(shapely.force_2d(flat.array), index=frame.index, crs=CRS)
        _check_degrees(flat, column, str(name), faults)
        _check_kinds(flat, str(name), faults)
        shapes[str(name)] = flat
    return shapes, crs


def _crs_name(column: gpd.GeoSeries) -> str:
    if column.crs is None:
        return CRS
    authority = column.crs.to_authority()
    return ":".join(authority) if authority else str(column.crs.name)


def _from_wkt(values: pd.Series, name: str, faults: Faults) -> gpd.GeoSeries:
    missing = blank_cells(values)
    text = [None if gone else str(value) for value, gone in zip(values, missing, strict=True)]
    shapes = shapely.from_wkt(np.array(text, dtype=object), on_invalid="ignore")
    column = gpd.GeoSeries(shapes, index=values.index, crs=CRS)
    bad = column.isna() & ~missing
    if bad.any():
        shown = re.sub(r"\s+", " ", str(values[bad].iloc[0]))[:40]
        faults.add_where(bad, f"{shown!r} is no WKT such as POINT (133.05 42.75)", column=name)
    return column


def _check_degrees(flat: gpd.GeoSeries, column: gpd.GeoSeries, name: str, faults: Faults) -> None:
    bounds = flat.bounds.to_numpy()
    there = column.notna() & ~column.is_empty
    # Outlines over the antimeridian may go on beyond 180.
    with np.errstate(invalid="ignore"):
        astray = there & ~(np.abs(bounds) <= (360, 90, 360, 90)).all(axis=1)
    if not astray.any():
        return
    x, y = (float(v) for v in column[astray].iloc[0].bounds[:2])
    if column.crs is None:
        why = (
            f"has no CRS, and {x:.10g}, {y:.10g} cannot be degrees; write its CRS into the file "
            "(QGIS: Layer, Save as), or give lon and lat"
        )
    else:
        why = f"{x:.10g}, {y:.10g} is not on the earth; {_SWAPPED}"
    faults.add_where(astray, why, column=name)


def _check_kinds(shapes: gpd.GeoSeries, name: str, faults: Faults) -> None:
    kinds = shapes.geom_type
    bad = kinds.notna() & ~kinds.isin((*_POINTS, *_OUTLINES))
    if bad.any():
        why = f"is a {kinds[bad].iloc[0]}; draw a point or an outline"
        faults.add_where(bad, why, column=name)
    parts = shapely.get_num_geometries(shapes.array) > 1
    faults.add_where(pd.Series(parts, shapes.index) & ~bad, "has several parts", column=name)


def _of_kind(shapes: gpd.GeoSeries, kinds: tuple[str, ...]) -> gpd.GeoSeries:
    chosen = shapes.where(shapes.geom_type.isin(kinds) & ~shapes.is_empty)
    many = chosen.geom_type.isin(("MultiPoint", "MultiPolygon"))
    # A point itself stays as it is, to the last digit.
    return chosen.where(~many, shapely.get_geometry(chosen.array, 0)) if many.any() else chosen


def _centroids(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Centroids in degrees: of a ship, they are off by far less than a millimetre."""
    return gpd.GeoSeries(shapely.centroid(shapes.array), index=shapes.index, crs=CRS)


def _pair(frame: pd.DataFrame, has_shapes: bool, faults: Faults) -> tuple[str, str] | None:
    """Names of the columns of degrees."""
    there = [pair for pair in PAIRS if set(pair) <= set(frame)]
    if len(frame):
        there = [pair for pair in there if not all(blank_cells(frame[name]).all() for name in pair)]
    named = [pair for pair in there if pair != ("x", "y")]
    for one in {name for pair in PAIRS for name in pair if name not in ("x", "y")} & set(frame):
        mate = next(b if a == one else a for a, b in PAIRS if one in (a, b))
        if mate not in frame and not has_shapes:
            faults.add(f"has {one} and no {mate}", column=one)
    if len(named) > 1:
        faults.add("has lon, lat and longitude, latitude; delete two of them")
    if named:
        return named[0]
    return there[0] if there and not has_shapes else None


def _points_of(
    frame: pd.DataFrame, pair: tuple[str, str], faults: Faults, *, decimal_comma: bool
) -> gpd.GeoSeries:
    x, y = (as_numbers(frame[n], n, faults, decimal_comma=decimal_comma) for n in pair)
    for one, other, name, other_name in ((x, y, *pair), (y, x, *reversed(pair))):
        faults.add_where(one.isna() & other.notna(), f"is empty, but not {other_name}", column=name)
    astray = (x.abs() > 360) | (y.abs() > 90)
    if astray.any():
        first = x[astray].iloc[0], y[astray].iloc[0]
        why = f"{first[0]:.10g}, {first[1]:.10g} is not on the earth in degrees; {_SWAPPED}"
        faults.add_where(astray, why, column=", ".join(pair))
    known = x.notna() & y.notna()
    points = gpd.GeoSeries(gpd.points_from_xy(x, y), index=frame.index, crs=CRS)
    return points.where(known & ~astray)


def _first(columns: list[gpd.GeoSeries], index: pd.Index) -> gpd.GeoSeries:
    """Of each row the first geometry that is there."""
    found = gpd.GeoSeries([None] * len(index), index=index, crs=CRS)
    for column in columns:
        found = found.where(found.notna(), column)
    return gpd.GeoSeries(found, crs=CRS)


def _check_agreement(
    points: list[gpd.GeoSeries], outline: gpd.GeoSeries, centre: gpd.GeoSeries, faults: Faults
) -> None:
    for other in (*points[1:], outline):
        apart = pd.Series(list(_apart_m(centre, other)), index=centre.index, dtype=float)
        bad = apart > APART_M
        if bad.any():
            why = (
                f"has two places that lie {apart[bad].iloc[0] / 1000:.3g} km apart (numbers, point "
                "or outline); correct or delete one"
            )
            faults.add_where(bad, why)


def _apart_m(one: gpd.GeoSeries, other: gpd.GeoSeries) -> Iterator[float]:
    """Metres from a point to a shape, 0 inside; NaN where one is missing."""
    for point, shape in zip(one, other, strict=True):
        if point is None or shape is None or point.is_empty or shape.is_empty:
            yield np.nan
            continue
        shrink = max(float(np.cos(np.deg2rad(point.y))), 0.01)
        flat = shapely.transform(
            shape, lambda xy, p=point, k=shrink: (xy - (p.x, p.y)) * (k, 1.0) * _METRES_PER_DEGREE
        )
        yield float(flat.distance(shapely.Point(0, 0)))
