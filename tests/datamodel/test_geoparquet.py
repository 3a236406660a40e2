"""GeoParquet of a run, opened by those who will: pyarrow, DuckDB with its spatial part, geopandas.

Each is given the files alone, and each must see the same rows, places, types and CRS.
"""

import importlib.resources
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from pyproj import CRS

from gnomon.datamodel.ledger_tables import Ledger
from gnomon.datamodel.schema import Table
from gnomon.datamodel.tables import Detections, Observations, Seasons, Visits, Voyages
from run_folders import ROWS, write_run

SCHEMAS: dict[str, type[Table]] = {
    "detections": Detections, "observations": Observations, "visits": Visits, "seasons": Seasons,
    "voyages": Voyages, "ledger": Ledger,
}  # fmt: skip
PLACES = {
    "detections": ("geometry", "footprint"), "observations": ("geometry",), "visits": ("geometry",),
    "voyages": ("geometry",),
}  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def spatial() -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the extension of the wheel: `INSTALL spatial` would need a network."""
    folder = importlib.resources.files("duckdb_extension_spatial") / "extensions"
    path = folder / f"v{duckdb.__version__}" / "spatial.duckdb_extension"
    with duckdb.connect(config={"allow_unsigned_extensions": "true"}) as connection:
        connection.load_extension(str(path))
        yield connection


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_pyarrow_sees_every_column_with_its_type(run: Path, name: str) -> None:
    found = pq.read_table(run / f"{name}.parquet")
    columns = SCHEMAS[name].to_schema().columns
    assert [c for c in found.column_names if not c.endswith("bbox")] == list(columns)
    assert found.num_rows == len(ROWS[name][1])
    for column, spec in columns.items():
        kind = found.schema.field(column).type
        if column in PLACES.get(name, ()):
            assert kind == pa.binary()
        elif isinstance(spec.dtype.type, pd.DatetimeTZDtype):
            assert kind == pa.timestamp("us", "UTC")
        elif "float" in str(spec.dtype):
            assert kind == pa.float64()
        elif "bool" in str(spec.dtype):
            assert kind == pa.bool_()
        elif "int" in str(spec.dtype).lower():
            assert kind == pa.int64()
        else:
            assert pa.types.is_string(kind) or pa.types.is_large_string(kind)


@pytest.mark.parametrize("name", list(PLACES))
def test_the_geo_metadata_is_geoparquet_1_1_in_degrees(run: Path, name: str) -> None:
    metadata = pq.read_schema(run / f"{name}.parquet").metadata
    metadata_geo = json.loads(metadata[b"geo"])
    assert metadata_geo["version"] == "1.1.0"
    assert metadata_geo["primary_column"] == "geometry"
    assert set(metadata_geo["columns"]) == set(PLACES[name])
    for column in metadata_geo["columns"].values():
        assert column["encoding"] == "WKB"
        assert CRS.from_json_dict(column["crs"]) == CRS("EPSG:4326")
    assert "covering" in metadata_geo["columns"]["geometry"]


@pytest.mark.parametrize("name", list(PLACES))
def test_duckdb_sees_the_places_that_geopandas_sees(
    run: Path, spatial: duckdb.DuckDBPyConnection, name: str
) -> None:
    path = run / f"{name}.parquet"
    known = gpd.read_parquet(path)
    assert known.crs == CRS("EPSG:4326")
    assert len(known) == len(ROWS[name][1])
    for column in PLACES[name]:
        kinds = spatial.execute(f"select distinct typeof({column}) from '{path}'").fetchall()
        assert kinds == [("GEOMETRY('EPSG:4326')",)]
        rows = spatial.execute(f"select ST_AsText({column}) from '{path}'").fetchall()
        shapes = [None if text is None else shapely.from_wkt(text) for (text,) in rows]
        truth = [row[column] for row in ROWS[name][1]]
        assert len(shapes) == len(truth)
        for shape, expected, own in zip(shapes, truth, known[column], strict=True):
            assert (shape is None) == (expected is None) == (own is None)
            if expected is not None:
                assert shapely.equals_exact(shape, expected, 1e-9)
                assert shapely.equals_exact(own, expected, 1e-9)


def test_duckdb_asks_questions_of_places_and_times(
    run: Path, spatial: duckdb.DuckDBPyConnection
) -> None:
    found = spatial.execute(
        f"""
        select d.detection_id, ST_Distance(d.geometry, v.geometry) as degrees,
               epoch_us(d.seen_at) as seen
        from '{run}/detections.parquet' d, '{run}/visits.parquet' v
        where ST_Within(d.geometry, ST_MakeEnvelope(130.29, 42.1, 130.31, 42.3))
          and d.seen_at between v.arrived_p05 and v.departed_p95
        order by d.seen_at
        """
    ).fetchall()
    first, last = (ROWS["detections"][1][n] for n in (0, 2))
    assert [row[0] for row in found] == [first["detection_id"], last["detection_id"]]
    assert [row[1] for row in found] == [0, 0]
    assert [row[2] for row in found] == [
        pd.Timestamp(row["seen_at"]).value // 1000 for row in (first, last)
    ]


@pytest.mark.parametrize("name", ["seasons", "ledger"])
def test_tables_without_places_open_too(run: Path, name: str) -> None:
    path = run / f"{name}.parquet"
    by_pandas = pd.read_parquet(path)
    by_duckdb = duckdb.sql(f"select * from '{path}'").to_arrow_table()
    assert by_duckdb.column_names == list(by_pandas)
    for column in by_pandas.select_dtypes("number"):
        values = [None if pd.isna(value) else value for value in by_pandas[column]]
        assert by_duckdb[column].to_pylist() == values
    SCHEMAS[name].validate(by_pandas)
