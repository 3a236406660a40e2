"""The GeoPackage, read back by GDAL, SQLite and DuckDB, has the rows of the Parquet files."""

import importlib.resources
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb
import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

from gnomon.report.export.export import export_run
from gnomon.report.export.geopackage import GEOMETRIES, GEOPACKAGE, PROJECT
from gnomon.report.load_tables import Run, read_run
from run_folders import ROWS, day, observation, visit, write_run

SHAPES = ("geometry", "footprint")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    second = visit() | {"visit_id": "rajin-2", "dark": None, "geometry": None, "mmsi": "273"}
    return read_run(write_run(tmp_path_factory.mktemp("run"), visits=[visit(), second]))


@pytest.fixture(scope="module")
def out(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gpkg") / "out"
    return export_run(run.folder, folder, formats=("gpkg",), pictures=False).folder


@pytest.fixture(scope="module")
def spatial() -> Iterator[duckdb.DuckDBPyConnection]:
    folder = importlib.resources.files("duckdb_extension_spatial") / "extensions"
    path = folder / f"v{duckdb.__version__}" / "spatial.duckdb_extension"
    with duckdb.connect(config={"allow_unsigned_extensions": "true"}) as connection:
        connection.execute(f"LOAD '{path}'")
        yield connection


def test_every_table_is_a_layer_with_its_kind_of_geometry(out: Path) -> None:
    layers = dict(pyogrio.list_layers(out / GEOPACKAGE))
    assert layers.pop("layer_styles") is None
    assert {name for name, kind in layers.items() if kind} == set(GEOMETRIES)
    assert {name: layers[name] for name in GEOMETRIES} == GEOMETRIES
    assert {name for name, kind in layers.items() if not kind} == set(ROWS) - set(GEOMETRIES)
    info = pyogrio.read_info(out / GEOPACKAGE, layer="detections")
    assert info["crs"] == "EPSG:4326"


@pytest.mark.parametrize("name", list(ROWS))
def test_values_are_those_of_the_tables(run: Run, out: Path, name: str) -> None:
    back = pyogrio.read_dataframe(out / GEOPACKAGE, layer=name)
    truth = getattr(run, name)
    if name == "observations":  # of whole scenes, as in the files of the run
        truth = truth.assign(port=truth.port.replace("everywhere", None))
    assert len(back) == len(truth)
    for column in set(truth.columns) - set(SHAPES):
        known, read = truth[column].dropna(), back[column].dropna()
        assert list(read.index) == list(known.index)
        if isinstance(truth[column].dtype, pd.DatetimeTZDtype):
            assert list(read) == list(known.dt.floor("ms"))
        elif pd.api.types.is_numeric_dtype(truth[column]):
            assert list(read.astype(float)) == list(known.astype(float))
        else:
            assert list(read.astype(str)) == list(known.astype(str))


def test_places_are_those_of_the_tables(run: Run, out: Path) -> None:
    for name in GEOMETRIES:
        back = gpd.read_file(out / GEOPACKAGE, layer=name).geometry
        truth = getattr(run, name)
        shapes = gpd.GeoSeries(truth["footprint" if name == "detections" else "geometry"])
        assert list(back.isna()) == list(shapes.isna())
        assert all(a.equals(b) for a, b in zip(back, shapes, strict=True) if a and b)
    ships = gpd.read_file(out / GEOPACKAGE, layer="detections")
    assert list(ships.lon) == list(run.detections.geometry.x)
    assert list(ships.lat) == list(run.detections.geometry.y)


def test_duckdb_reads_rows_and_places(
    run: Run, out: Path, spatial: duckdb.DuckDBPyConnection
) -> None:
    path = str(out / GEOPACKAGE)
    for name in ROWS:
        query = f"SELECT count(*) FROM ST_Read('{path}', layer = '{name}')"
        assert spatial.sql(query).fetchone() == (len(getattr(run, name)),)
    columns = "detection_id, ST_XMin(geometry), length_m"
    query = f"SELECT {columns} FROM ST_Read('{path}', layer = 'detections') ORDER BY 1"
    rows = spatial.sql(query).fetchall()
    truth = run.detections.sort_values("detection_id")
    assert [row[0] for row in rows] == list(truth.detection_id)
    assert [row[1] for row in rows] == list(truth.footprint.bounds.minx)
    assert [row[2] for row in rows] == list(truth.length_m)


def test_the_file_is_a_sound_geopackage_with_a_style_for_each_layer(out: Path) -> None:
    with closing(sqlite3.connect(out / GEOPACKAGE)) as database:
        assert database.execute("PRAGMA application_id").fetchone() == (int.from_bytes(b"GPKG"),)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        tables = {row[0] for row in database.execute("SELECT table_name FROM gpkg_contents")}
        assert tables == {*ROWS, "layer_styles"}
        styles = database.execute(
            "SELECT f_table_name, f_geometry_column, useAsDefault, styleQML FROM layer_styles"
        ).fetchall()
        columns = dict(
            database.execute("SELECT table_name, column_name FROM gpkg_geometry_columns")
        )
    assert {row[0] for row in styles} == set(GEOMETRIES)
    for name, column, default, text in styles:
        assert columns[name] == column
        assert default == 1
        assert ET.fromstring(text).tag == "qgis"


def test_the_project_opens_the_geopackage_beside_it(run: Run, out: Path) -> None:
    root = ET.fromstring((out / PROJECT).read_text(encoding="utf-8"))
    sources = [layer.findtext("datasource") or "" for layer in root.iter("maplayer")]
    assert len(sources) == len(ROWS)
    for source in sources:
        path, _, layer = source.partition("|layername=")
        assert pyogrio.read_info(out / path, layer=layer)["features"] >= 1
    west, south, east, north = (
        float(root.findtext(f"mapcanvas/extent/{tag}") or "nan")
        for tag in ("xmin", "ymin", "xmax", "ymax")
    )
    ground = run.observations.geometry.total_bounds
    assert (west, south) < tuple(ground[:2])
    assert (east, north) > tuple(ground[2:])


def test_layers_of_a_simulated_run_say_so_wherever_they_are_opened(tmp_path: Path) -> None:
    simulated = [observation("SYN", day(0), collection="synthetic-sentinel-2")]
    run = write_run(tmp_path / "run", observations=simulated)
    out = export_run(run, tmp_path / "out", formats=("gpkg",), pictures=False).folder
    with closing(sqlite3.connect(out / GEOPACKAGE)) as database:
        about = database.execute(
            "SELECT description FROM gpkg_contents WHERE table_name != 'layer_styles'"
        ).fetchall()
    assert len(about) == len(ROWS)
    assert all("SIMULATED" in text for (text,) in about)
    assert "(SIMULATED)" in (out / PROJECT).read_text(encoding="utf-8")


def test_a_run_without_visits_or_ground_is_a_geopackage_too(tmp_path: Path) -> None:
    rows = [observation("a", day(0), geometry=None, status="failed", reason="x")]
    names = ("detections", "observations")
    run = write_run(tmp_path / "run", names=names, observations=rows, detections=[])
    out = export_run(run, tmp_path / "out", formats=("gpkg",), pictures=False).folder
    counts = {name: pyogrio.read_info(out / GEOPACKAGE, layer=name)["features"] for name in names}
    assert counts == {"detections": 0, "observations": 1}
