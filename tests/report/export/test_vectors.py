"""GeoJSON and CSV of a run, read back by other libraries."""

import json
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from gnomon.report.export.vectors import write_csv, write_geojson
from gnomon.report.load_tables import Run, read_run
from gnomon.workflow.user_tables.reading import read_detections
from run_folders import ROWS, write_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return read_run(write_run(tmp_path_factory.mktemp("run")))


def positions(value: object) -> Iterator[list[float]]:
    if isinstance(value, list) and value and isinstance(value[0], int | float):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from positions(one)


def test_geojson_follows_rfc_7946(run: Run, tmp_path: Path) -> None:
    for name in ("detections", "observations", "visits", "voyages"):
        (path,) = write_geojson(name, getattr(run, name), tmp_path)
        document = json.loads(path.read_text(encoding="utf-8"))
        assert document["type"] == "FeatureCollection"
        assert "crs" not in document
        assert len(document["features"]) == len(ROWS[name][1])
        for feature in document["features"]:
            shape = feature["geometry"]
            for x, y in positions(shape["coordinates"] if shape else []):
                assert 129 < x < 131
                assert 41 < y < 43
            if shape and shape["type"] == "Polygon":  # the right-hand rule
                assert shapely.from_geojson(json.dumps(shape)).exterior.is_ccw


def test_geojson_of_detections_is_the_table(run: Run, tmp_path: Path) -> None:
    (path,) = write_geojson("detections", run.detections, tmp_path)
    back = gpd.read_file(path)
    assert back.crs.to_epsg() == 4326
    assert back.geometry.geom_equals_exact(run.detections.footprint, 1e-7).all()
    assert list(back.lon) == pytest.approx(list(run.detections.geometry.x))
    assert list(back.lat) == pytest.approx(list(run.detections.geometry.y))
    assert list(back.seen_at) == list(run.detections.seen_at)
    for name in ("length_m", "score", "freeboard_m", "p_tanker"):
        assert list(back[name].astype(float)) == pytest.approx(
            list(run.detections[name]), nan_ok=True
        )
    raw = json.loads(path.read_text())["features"][2]["properties"]
    assert raw["seen_at"] == "2024-04-09T02:12:31.250000Z"
    assert raw["load_state"] is None
    assert raw["quayside"] is True


def test_geojson_says_what_it_is_where_every_reader_passes_it_over(
    run: Run, tmp_path: Path
) -> None:
    about = "A spring\nThese scenes are SIMULATED"
    (path,) = write_geojson("visits", run.visits, tmp_path, about=about)
    assert json.loads(path.read_text(encoding="utf-8"))["description"] == about
    assert len(gpd.read_file(path)) == len(run.visits)


def test_tables_without_geometry_have_no_geojson(run: Run, tmp_path: Path) -> None:
    assert write_geojson("seasons", run.seasons, tmp_path) == []
    assert write_geojson("ledger", run.ledger, tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", list(ROWS))
def test_csv_round_trip(run: Run, tmp_path: Path, name: str) -> None:
    frame = getattr(run, name)
    (path,) = write_csv(name, frame, tmp_path)
    back = pd.read_csv(path, encoding="utf-8")
    assert len(back) == len(frame)
    for column in frame.columns:
        if column in ("geometry", "footprint"):
            continue
        known = frame[column].dropna()
        read = back[column].dropna()
        assert list(read.index) == list(known.index)
        if isinstance(frame[column].dtype, pd.DatetimeTZDtype):
            assert all(text.endswith("Z") for text in read)
            assert list(pd.to_datetime(read, utc=True, format="ISO8601")) == list(known)
        elif pd.api.types.is_numeric_dtype(frame[column]):
            assert list(read.astype(float)) == list(known.astype(float))
        else:
            assert list(read.astype(str)) == list(known.astype(str))
    if name in ("detections", "visits"):
        points = gpd.points_from_xy(back.lon, back.lat)
        assert gpd.GeoSeries(points).geom_equals_exact(gpd.GeoSeries(list(frame.geometry)), 0).all()
    for column in {"footprint", "geometry"} & set(back):
        shapes = gpd.GeoSeries.from_wkt(back[column], crs="EPSG:4326")
        there = frame[column].notna()
        assert list(shapes.notna()) == list(there)
        truth = gpd.GeoSeries(frame[column])
        assert shapes[there].geom_equals_exact(truth[there], 1e-6).all()


def test_gnomon_reads_its_own_csv_of_detections(run: Run, tmp_path: Path) -> None:
    (path,) = write_csv("detections", run.detections, tmp_path)
    again = read_detections(path).frame
    assert list(again.detection_id) == list(run.detections.detection_id)
    assert again.geometry.geom_equals_exact(run.detections.geometry, 0).all()


def test_columns_do_not_depend_on_what_is_known(run: Run, tmp_path: Path) -> None:
    """A run whose voyages have no route has the same columns as one that has some."""
    (path,) = write_csv("voyages", run.voyages, tmp_path)
    full = list(pd.read_csv(path).columns)
    write_csv("voyages", run.voyages.iloc[1:], tmp_path)
    assert list(pd.read_csv(path).columns) == full
    write_csv("voyages", run.voyages.iloc[:0], tmp_path)
    assert list(pd.read_csv(path).columns) == full
