"""A file to a table: by its first bytes, whatever it is called."""

import json
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from gnomon.datamodel.errors import TableError
from gnomon.workflow.user_tables.files import open_table
from small_tables import observation as image
from small_tables import ship as hull


@pytest.mark.parametrize(
    ("suffix", "form"),
    [
        (".parquet", "GeoParquet"), (".geojson", "GeoJSON"), (".gpkg", "GeoPackage"),
        (".fgb", "FlatGeobuf"), (".csv", "CSV, UTF-8, separated by commas"),
    ],
)  # fmt: skip
def test_a_file_of_any_format_is_read_with_its_rows(tmp_path: Path, suffix: str, form: str) -> None:
    path = tmp_path / f"ships{suffix}"
    frame = hull()[["detection_id", "scene_id", "length_m", "geometry"]]
    if suffix == ".parquet":
        frame.to_parquet(path)
    elif suffix == ".csv":
        frame.drop(columns="geometry").to_csv(path, index=False)
    else:
        frame.to_file(path)
    read = open_table(path.rename(tmp_path / "table.data"), layer="detections")
    assert read.form == form
    assert list(read.frame.detection_id) == list(frame.detection_id)
    assert [float(v) for v in read.frame.length_m] == list(frame.length_m)


def test_times_of_geojson_are_left_to_us(tmp_path: Path) -> None:
    """GDAL would drop a zone, and read a date into what is none."""
    properties = {"a": "2024-04-06T02:12:00+09:00", "b": "2024-04-06T02:12:00", "c": "2024/04/06"}
    feature = {"type": "Feature", "geometry": None, "properties": properties}
    path = tmp_path / "t.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    frame = open_table(path, layer="detections").frame
    assert {name: frame[name].iloc[0] for name in properties} == properties


def test_of_several_layers_the_wanted_one_is_read(tmp_path: Path) -> None:
    path = tmp_path / "run.gpkg"
    hull()[["scene_id", "geometry"]].to_file(path, layer="detections")
    image()[["scene_id", "status", "geometry"]].to_file(path, layer="observations")
    assert "status" in open_table(path, layer="observations").frame
    assert "status" not in open_table(path, layer="detections").frame
    with pytest.raises(TableError, match="has the layers detections, observations; call the one"):
        open_table(path, layer="ships")


def test_plain_parquet_is_read_too(tmp_path: Path) -> None:
    pd.DataFrame({"scene_id": ["a"], "port": ["p"]}).to_parquet(tmp_path / "plain.parquet")
    read = open_table(tmp_path / "plain.parquet", layer="detections")
    assert (list(read.frame.port), read.form) == (["p"], "Parquet")
    assert not isinstance(read.frame, gpd.GeoDataFrame)


def spoilt(folder: Path, kind: str) -> Path:
    path = folder / kind
    texts = {
        "list.geojson": json.dumps([1, 2]),
        "broken.geojson": "{",
        "broken.parquet": "PAR1",
        "empty.csv": "",
        "one.csv": "scene_id\na\n",
        "old.xls": "\xd0\xcf\x11\xe0",
    }
    if kind == "book.xlsx":
        with zipfile.ZipFile(path, "w") as book:
            book.writestr("xl/workbook.xml", "<workbook/>")
    elif kind != "none.csv":
        path.write_bytes(texts[kind].encode("latin-1"))
    return path


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("none.csv", "there is no such file"),
        ("list.geojson", "cannot be read as GeoJSON"),
        ("broken.geojson", "cannot be read as GeoJSON"),
        ("broken.parquet", "cannot be read as Parquet"),
        ("empty.csv", "is empty"),
        ("one.csv", "one column, 'scene_id'"),
        ("old.xls", "save it as CSV UTF-8"),
        ("book.xlsx", "save it as CSV UTF-8"),
    ],
)
def test_a_file_that_is_no_table_is_one_line(tmp_path: Path, kind: str, why: str) -> None:
    path = spoilt(tmp_path, kind)
    with pytest.raises(TableError, match=why) as caught:
        open_table(path, layer="detections")
    assert len(str(caught.value).splitlines()) == 1
    assert str(caught.value).startswith(f"{path}: ")
