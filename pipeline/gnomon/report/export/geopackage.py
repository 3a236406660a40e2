"""A run as one GeoPackage with styles, and the QGIS project that shows it.

Layers are ``visits``, ``detections`` (outlines; ``lon`` and ``lat`` are the centres), ``voyages``
and ``observations``; ``seasons``, ``ledger``, ``cumulative``, ``further_passes`` and ``decisions``
are tables without geometry. Their columns are those of `gnomon.datamodel.tables`, with times in UTC
to a millisecond, as the format has them. QGIS reads the styles of the layers by itself, from
``layer_styles``.

OGC GeoPackage 1.3, written by GDAL.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from gnomon.report.export.qgis import STYLES, TABLE_TITLES, project_document, style_document
from gnomon.report.export.vectors import geometry_rows
from gnomon.report.load_tables import Run

GEOPACKAGE, PROJECT = "gnomon.gpkg", "gnomon.qgs"
GEOMETRIES = {
    "visits": "Point",
    "detections": "Polygon",
    "voyages": "MultiLineString",
    "observations": "MultiPolygon",
}
"""One kind a layer: QGIS opens a layer of several kinds as several."""
ROOM = 0.05
"""Around the extent of the project, as a part of it."""
EVERYWHERE_EXTENT = -180.0, -90.0, 180.0, 90.0
_STYLE_TABLE = """
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256),
    f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
    update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
)"""
"""As QGIS makes it."""


def write_geopackage(
    folder: Path, tables: Mapping[str, pd.DataFrame], run: Run, *, about: str
) -> list[Path]:
    """Write GeoPackage and project.

    Parameters
    ----------
    folder
        Where both go.
    tables
        Tables of the run by name.
    run
        Whose name they have, and which is simulated or not.
    about
        Description, credits and warning, a line each.

    """
    path = folder / GEOPACKAGE
    layers = [name for name in (*STYLES, *TABLE_TITLES) if name in tables]
    for name in layers:
        frame = tables[name]
        rows = geometry_rows(name, frame) if name in STYLES else pd.DataFrame(frame)
        pyogrio.write_dataframe(
            _with_kind(rows, GEOMETRIES[name]) if name in STYLES else rows,
            path,
            layer=name,
            driver="GPKG",
            geometry_type=GEOMETRIES.get(name),
            layer_options={"DESCRIPTION": about, "GEOMETRY_NAME": "geometry"},
        )
    _add_styles(path, [name for name in layers if name in STYLES])
    text = project_document(
        layers,
        geopackage=GEOPACKAGE,
        title=f"gnomon: {run.name}",
        about=about.replace("\n", " "),
        extent=_extent(tables),
        simulated=run.simulated,
    )
    (folder / PROJECT).write_text(text, encoding="utf-8")
    return [path, folder / PROJECT]


def _with_kind(rows: gpd.GeoDataFrame, kind: str) -> gpd.GeoDataFrame:
    """Rows whose shapes are all of one kind: single ones become multiple ones of one part."""
    shapes = rows.geometry
    if kind.startswith("Multi"):
        single = shapes.geom_type == kind.removeprefix("Multi")
        wrap = shapely.multipolygons if kind == "MultiPolygon" else shapely.multilinestrings
        shapes = shapes.where(~single, shapes.map(lambda one: wrap([one]) if one else one))
    return rows.set_geometry(shapes)


def _add_styles(path: Path, layers: list[str]) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(_STYLE_TABLE)
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles')"
        )
        database.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
            "f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner) "
            "VALUES ('', '', ?, 'geometry', ?, ?, '', 1, ?, '')",
            [(one, one, style_document(one), STYLES[one].title) for one in layers],
        )


def _extent(tables: Mapping[str, pd.DataFrame]) -> tuple[float, float, float, float]:
    """Ground of all images, with some room."""
    known = list(_bounds(tables))
    if not known:
        return EVERYWHERE_EXTENT
    west, south, east, north = np.array(known).T
    low, high = np.array([west.min(), south.min()]), np.array([east.max(), north.max()])
    room = ROOM * (high - low).max()
    (x0, y0), (x1, y1) = low - room, high + room
    return float(x0), float(y0), float(x1), float(y1)


def _bounds(tables: Mapping[str, pd.DataFrame]) -> Iterator[np.ndarray]:
    for name in ("observations", "detections"):
        if name in tables:
            bounds = gpd.GeoSeries(list(tables[name].geometry)).total_bounds
            if np.isfinite(bounds).all():
                yield bounds
