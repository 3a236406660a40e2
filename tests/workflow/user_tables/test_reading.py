"""A user's table of ships: what people have comes in, what cannot be right is one line a fault."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely import LineString, MultiPolygon, Point, Polygon, box
from shapely.affinity import rotate, translate

from gnomon.datamodel.errors import ROWS_SHOWN, TableError
from gnomon.workflow.user_tables.reading import (
    FOR_TRACK,
    inspect_table,
    read_detections,
    read_observations,
)
from user_tables import IMAGES, SHIPS, changed, csv_file

UTM = "EPSG:32652"
PLACES = [Point(130.30, 42.20), Point(130.31, 42.21), Point(130.32, 42.22)]


def ships_of(folder: Path, table: dict, **dialect: str) -> pd.DataFrame:
    return read_detections(csv_file(folder / "ships.csv", table, **dialect)).frame


def geo_ships(places: Sequence[object] = PLACES, crs: str | None = "EPSG:4326") -> gpd.GeoDataFrame:
    plain = {name: SHIPS[name] for name in ("detection_id", "scene_id", "port")}
    sizes = [float(v) for v in SHIPS["length_m"]]
    return gpd.GeoDataFrame(plain | {"length_m": sizes}, geometry=list(places), crs=crs)


def faults_of(path: Path, needs: tuple[str, ...] = FOR_TRACK) -> list[str]:
    with pytest.raises(TableError) as caught:
        read_detections(path, needs=needs)
    return [line.removeprefix(f"{path}: ") for line in str(caught.value).splitlines()]


# --- places ---------------------------------------------------------------------------------------

PLACE_COLUMNS = {
    "lon, lat": ("lon", "lat"),
    "longitude, latitude": ("longitude", "latitude"),
    "x, y": ("x", "y"),
    "other letters": ("Longitude", " LATITUDE"),
}


@pytest.mark.parametrize("names", list(PLACE_COLUMNS.values()), ids=list(PLACE_COLUMNS))
def test_degrees_come_under_any_usual_name(tmp_path: Path, names: tuple[str, str]) -> None:
    lon, lat = SHIPS["lon"], SHIPS["lat"]
    table = changed(SHIPS, lon=None, lat=None) | {names[0]: lon, names[1]: lat}
    assert list(ships_of(tmp_path, table).geometry) == PLACES


@pytest.mark.parametrize("name", ["geometry", "wkt", "WKT", "footprint"])
def test_wkt_is_a_place(tmp_path: Path, name: str) -> None:
    table = changed(SHIPS, lon=None, lat=None) | {name: [p.wkt for p in PLACES]}
    assert list(ships_of(tmp_path, table).geometry) == PLACES
    table[name] = ["POINT (130", *table[name][1:]]
    path = csv_file(tmp_path / "bad.csv", table)
    (fault,) = faults_of(path)
    assert fault.startswith(f"row 1, {'wkt' if name == 'WKT' else name}: 'POINT (130' is no WKT")


@pytest.mark.parametrize("kind", ["ships.gpkg", "ships.fgb", "ships.parquet", "ships.shp"])
@pytest.mark.parametrize("crs", [UTM, "EPSG:3857", "EPSG:4326"])
def test_any_crs_gives_the_same_places(tmp_path: Path, kind: str, crs: str) -> None:
    frame, path = geo_ships().to_crs(crs), tmp_path / kind
    if kind.endswith("shp"):
        short = frame.rename(columns={"detection_id": "detection_"})
        short.to_file(path)
    elif kind.endswith("parquet"):
        frame.to_parquet(path)
    else:
        frame.to_file(path)
    table = read_detections(path)
    read = table.frame.sort_values("detection_id")  # FlatGeobuf sorts by place
    assert read.crs == "EPSG:4326"
    for one, other in zip(read.geometry, PLACES, strict=True):
        assert one.distance(other) < 1e-9
    assert list(read.length_m) == [float(v) for v in SHIPS["length_m"]]
    assert f"({crs}" in table.place or crs == "EPSG:3857"


def test_without_a_crs_degrees_are_taken_and_metres_refused(tmp_path: Path) -> None:
    geo_ships(crs=None).to_parquet(tmp_path / "degrees.parquet")
    table = read_detections(tmp_path / "degrees.parquet")
    assert list(table.frame.geometry) == PLACES
    (note,) = table.notes
    assert note.endswith(": has no CRS; its coordinates are taken as degrees (EPSG:4326)")
    metres = geo_ships().to_crs(UTM).set_crs(None, allow_override=True)
    metres.to_parquet(tmp_path / "metres.parquet")
    (fault,) = faults_of(tmp_path / "metres.parquet")
    assert fault.startswith("rows 1, 2, 3, geometry: has no CRS, and ")
    assert "cannot be degrees; write its CRS into the file" in fault


def hull(centre: Point, length_m: float, beam_m: float, heading_deg: float) -> Polygon:
    """An outline by another route than ours: a rectangle turned on the ellipsoid."""
    geod = Geod(ellps="WGS84")
    corners = []
    for ahead, aside in ((1, 1), (1, -1), (-1, -1), (-1, 1)):
        x, y, _ = geod.fwd(centre.x, centre.y, heading_deg, ahead * length_m / 2)
        corners.append(geod.fwd(x, y, heading_deg + 90, aside * beam_m / 2)[:2])
    return Polygon(corners)


@settings(max_examples=30)
@given(
    length=st.floats(30, 300), share=st.floats(0.1, 0.3), heading=st.floats(0, 179),
    written=st.sampled_from(["wkt", "gpkg", "multi"]),
)  # fmt: skip
def test_an_outline_gives_centre_length_beam_and_heading(
    tmp_path_factory: pytest.TempPathFactory,
    length: float, share: float, heading: float, written: str,
) -> None:  # fmt: skip
    folder = tmp_path_factory.mktemp("outline")
    outline = hull(PLACES[0], length, share * length, heading)
    shape = MultiPolygon([outline]) if written == "multi" else outline
    if written == "wkt":
        table = {"detection_id": ["a"], "scene_id": ["s1"], "wkt": [shape.wkt]}
        row = ships_of(folder, table).iloc[0]
    else:
        frame = gpd.GeoDataFrame({"detection_id": ["a"], "scene_id": ["s1"]}, geometry=[shape],
                                 crs=4326)  # fmt: skip
        frame.to_crs(UTM).to_file(folder / "ships.gpkg")
        row = read_detections(folder / "ships.gpkg").frame.iloc[0]
    assert row.geometry.distance(PLACES[0]) < 1e-6
    assert row.length_m == pytest.approx(length, rel=2e-3)
    assert row.beam_m == pytest.approx(share * length, rel=5e-3)
    assert abs((row.heading_deg - heading + 90) % 180 - 90) < 0.3
    assert row.footprint.equals_exact(outline, 1e-6) or row.footprint.area == pytest.approx(
        outline.area, rel=1e-3
    )


def test_sizes_that_are_given_stay_and_gaps_are_filled_from_the_outline(tmp_path: Path) -> None:
    outlines = [hull(place, 90, 15, 20) for place in PLACES]
    frame = geo_ships(outlines).assign(length_m=[120.0, np.nan, 70.0])
    frame.to_file(tmp_path / "ships.gpkg")
    table = read_detections(tmp_path / "ships.gpkg", needs=FOR_TRACK)
    assert list(table.frame.length_m) == [120.0, pytest.approx(90, rel=2e-3), 70.0]
    assert list(table.frame.beam_m) == [pytest.approx(15, rel=5e-3)] * 3
    assert any("length_m of 1 ships from their outlines" in note for note in table.notes)


def test_a_centre_in_numbers_beside_an_outline_is_the_place(tmp_path: Path) -> None:
    outlines = [box(p.x - 0.001, p.y - 0.0001, p.x + 0.0005, p.y + 0.0001) for p in PLACES]
    table = SHIPS | {"footprint": [outline.wkt for outline in outlines]}
    read = ships_of(tmp_path, table)
    assert list(read.geometry) == PLACES
    assert list(read.footprint) == outlines
    assert list(read.length_m) == [98.5, 101.0, 80.25]


@pytest.mark.parametrize("other", ["point", "outline"])
def test_two_places_of_one_ship_must_agree(tmp_path: Path, other: str) -> None:
    shapes = [p if other == "point" else p.buffer(0.0005) for p in PLACES]
    moved = [shapes[0], translate(shapes[1], 0.05, 0), shapes[2]]
    frame = geo_ships(moved).assign(lon=[p.x for p in PLACES], lat=[p.y for p in PLACES])
    frame.to_file(tmp_path / "ships.gpkg")
    (fault,) = faults_of(tmp_path / "ships.gpkg")
    assert fault.startswith("row 2: has two places that lie 4.")


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ({"lat": None}, "lon: has lon and no lat"),
        ({"lon": SHIPS["lat"], "lat": SHIPS["lon"]}, "rows 1, 2, 3, lon, lat: 42.2, 130.3 is not"),
        ({"lon": ["500123", "130.3", "130.3"]}, "row 1, lon, lat: 500123, 42.2 is not on"),
        ({"lon": ["", "130.31", "130.32"]}, "row 1, lon: is empty, but not lat"),
        ({"lon": ["", *SHIPS["lon"][1:]], "lat": ["", *SHIPS["lat"][1:]]}, "row 1: has no place"),
        ({"longitude": "130.3", "latitude": "42.2"}, "has lon, lat and longitude, latitude;"),
        ({"wkt": "LINESTRING (130.3 42.2, 130.31 42.2)"}, "rows 1, 2, 3, wkt: is a LineString"),
    ],
)  # fmt: skip
def test_places_that_are_none_are_named(tmp_path: Path, columns: dict, fault: str) -> None:
    path = csv_file(tmp_path / "ships.csv", changed(SHIPS, **columns))
    assert any(line.startswith(fault) for line in faults_of(path))


def test_x_and_y_are_left_alone_beside_a_geometry(tmp_path: Path) -> None:
    """They may be pixels or metres, and nobody said which."""
    geo_ships().assign(x=[500_000.0] * 3, y=[4_700_000.0] * 3).to_file(tmp_path / "s.gpkg")
    assert list(read_detections(tmp_path / "s.gpkg").frame.geometry) == PLACES
    frame = geo_ships([LineString([p, rotate(p, 5, (0, 0))]) for p in PLACES])
    frame.to_file(tmp_path / "lines.gpkg")
    assert "is a LineString; draw a point or an outline" in faults_of(tmp_path / "lines.gpkg")[0]


# --- columns and cells ----------------------------------------------------------------------------


def test_the_study_maps_names_and_other_letters_are_understood(tmp_path: Path) -> None:
    table = {"Detection ID": SHIPS["detection_id"], "image": SHIPS["scene_id"],
             "LOA": SHIPS["length_m"], "length_m": ["1", "2", "3"], "remark": ["x", "", "y"],
             "Lon": SHIPS["lon"], "Lat": SHIPS["lat"]}  # fmt: skip
    path = csv_file(tmp_path / "ships.csv", table)
    read = read_detections(path, columns={"scene_id": "image", "length_m": "LOA"})
    assert list(read.frame.length_m) == [98.5, 101.0, 80.25]
    assert read.names == {
        "detection_id": "Detection ID", "scene_id": "image", "length_m": "LOA",
        "lon": "Lon", "lat": "Lat",
    }  # fmt: skip
    assert read.unused == ("length_m", "remark")
    with pytest.raises(TableError, match="has no column LoA; it has Detection ID, image, LOA"):
        read_detections(path, columns={"length_m": "LoA"})


def test_what_is_lacking_is_named_with_the_remedy(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "ships.csv", changed(SHIPS, port=None, length_m=None))
    (fault,) = faults_of(path)
    assert fault == (
        "lacks port, length_m; rename a column, or map it in the study ([track] "
        "detection_columns); it has detection_id, scene_id, lon, lat"
    )
    path = csv_file(tmp_path / "none.csv", changed(SHIPS, lon=None, lat=None))
    assert faults_of(path, ("scene_id", "place"))[0].startswith(
        "lacks place; give lon and lat, a geometry, or WKT"
    )


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_decimal_commas_are_numbers_where_no_comma_separates(
    tmp_path: Path, delimiter: str
) -> None:
    commas = {n: [v.replace(".", ",") for v in values] for n, values in SHIPS.items()}
    read = ships_of(tmp_path, commas, delimiter=delimiter)
    assert list(read.length_m) == [98.5, 101.0, 80.25]
    assert list(read.geometry) == PLACES
    path = csv_file(tmp_path / "quoted.csv", commas)
    assert "'98,5' is no number; write a decimal point" in "\n".join(faults_of(path))
    mixed = changed(SHIPS, length_m=["98,5", "101", "80.25"])
    (fault,) = faults_of(csv_file(tmp_path / "mixed.csv", mixed, delimiter=delimiter))
    assert fault == (
        "row 1, length_m: 98,5 has a decimal comma and 80.25 in row 3 a point; write all numbers "
        "in one way"
    )


def test_names_in_cyrillic_survive_windows_text(tmp_path: Path) -> None:
    names = ["Находка", "Владивосток", ""]
    path = csv_file(tmp_path / "s.csv", SHIPS | {"identity": names}, encoding="cp1251")
    read = read_detections(path)
    assert list(read.frame.identity.fillna("")) == names
    assert read.notes == (
        f"{path}: is no UTF-8 and was read as cp1251; if names look wrong, save it as CSV UTF-8",
    )


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ({"length_m": ["98", "-3", "0"]}, "rows 2 and 3, length_m: -3 must be above 0"),
        ({"length_m": ["98", "long", "80"]}, "row 2, length_m: 'long' is no number; leave"),
        ({"length_m": ["98", "9800", "80"]}, "row 2, length_m: 9800 must be at most 500 m"),
        ({"length_m": ["98", "", "80"]}, "row 2, length_m: is empty"),
        ({"score": ["0.5", "85", ""]}, "row 2, score: 85 must be at least 0 and at most 1"),
        ({"beam_m": ["NaN", "inf", "n/a"]}, "row 2, beam_m: 'inf' is no number"),
        ({"scene_id": ["s1", " ", "s2"]}, "row 2, scene_id: is empty"),
        ({"port": ["rajin", "", "rajin"]}, "row 2, port: is empty"),
        ({"detection_id": ["a", "b", "a"]}, "rows 1 and 3, detection_id: a is there twice"),
        ({"detection_id": ["a", "", "c"]}, "row 2, detection_id: is empty"),
        ({"load_state": ["laden", "full", ""]}, "row 2, load_state: 'full' is none of laden, ball"),
    ],
)  # fmt: skip
def test_faults_name_row_column_and_remedy(tmp_path: Path, columns: dict, fault: str) -> None:
    (line,) = faults_of(csv_file(tmp_path / "ships.csv", changed(SHIPS, **columns)))
    assert line.startswith(fault)


def test_all_faults_come_at_once_ten_and_the_number_of_the_others(tmp_path: Path) -> None:
    table = changed(
        SHIPS, lon="x", lat="y", score="2", p_tanker="2", beam_m="0", length_m="0", p_laden="2",
        length_sigma_m="0", beam_sigma_m="0", heading_sigma_deg="0", load_state="full",
        log_lr_laden="?", detection_id="a",
    )  # fmt: skip
    lines = faults_of(csv_file(tmp_path / "ships.csv", table))
    assert len(lines) == 11
    assert lines[-1] == "and 3 more"
    many = changed({"detection_id": [str(n) for n in range(40)]}, scene_id="s", port="p",
                   length_m="0")  # fmt: skip
    (line,) = faults_of(csv_file(tmp_path / "many.csv", many))
    shown = ", ".join(str(n + 1) for n in range(ROWS_SHOWN))
    assert line == f"rows {shown} and 30 more, length_m: 0 must be above 0"


def test_headings_are_angles(tmp_path: Path) -> None:
    read = ships_of(tmp_path, SHIPS | {"heading_deg": ["-10", "360", "45"]})
    assert list(read.heading_deg) == [350.0, 0.0, 45.0]


# --- load -----------------------------------------------------------------------------------------


def test_p_laden_and_load_state_are_evidence_with_a_stated_weight(tmp_path: Path) -> None:
    table = SHIPS | {"p_laden": ["0.8", "", ""], "load_state": ["laden", "ballast", ""]}
    path = csv_file(tmp_path / "ships.csv", table)
    read = read_detections(path, needs=FOR_TRACK)
    assert list(read.frame.log_lr_laden[:2]) == pytest.approx([np.log(4), -np.log(9)])
    assert np.isnan(read.frame.log_lr_laden[2])
    assert read.notes == (
        f"{path}: load of 1 ships from p_laden, as its odds",
        f"{path}: load of 1 ships from load_state, at odds of 9",
    )
    csv_file(path, SHIPS | {"p_laden": ["0", "1", "0.5"]})
    sure = read_detections(path, needs=FOR_TRACK).frame
    assert list(sure.log_lr_laden) == pytest.approx([-np.log(999), np.log(999), 0])


def test_log_lr_laden_that_is_given_stays(tmp_path: Path) -> None:
    table = SHIPS | {"log_lr_laden": ["1.5", "", "-0.3"], "p_laden": ["0.8", "0.2", "0.4"],
                     "load_state": "indeterminate"}  # fmt: skip
    table["load_state"] = ["indeterminate"] * 3
    read = read_detections(csv_file(tmp_path / "ships.csv", table), needs=FOR_TRACK)
    assert list(read.frame.log_lr_laden) == pytest.approx([1.5, -np.log(4), -0.3])


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        ({"log_lr_laden": "2", "p_laden": "0.2"}, "log_lr_laden and p_laden"),
        ({"log_lr_laden": "-2", "load_state": "laden"}, "load_state and its probability"),
        ({"p_laden": "0.9", "load_state": "ballast"}, "load_state and its probability"),
    ],
)
def test_contradictions_are_refused(tmp_path: Path, columns: dict, what: str) -> None:
    path = csv_file(tmp_path / "ships.csv", changed(SHIPS, **columns))
    assert faults_of(path)[0].startswith(f"rows 1, 2, 3: {what} contradict each other; correct")


def test_the_load_stage_estimates_again_and_minds_no_contradiction(tmp_path: Path) -> None:
    table = changed(SHIPS, log_lr_laden="-2", load_state="laden")
    assert read_detections(csv_file(tmp_path / "ships.csv", table)).notes == ()


def test_a_table_without_rows_is_no_fault(tmp_path: Path) -> None:
    """No ship was found; GeoJSON keeps no columns of nothing."""
    path = tmp_path / "none.geojson"
    path.write_text('{"type": "FeatureCollection", "features": []}')
    read = read_detections(path, needs=FOR_TRACK).frame
    assert (len(read), set(FOR_TRACK) <= set(read)) == (0, True)
    assert len(read_detections(csv_file(path, {name: [] for name in SHIPS})).frame) == 0


# --- images ---------------------------------------------------------------------------------------


def image_faults(folder: Path, **columns: Sequence[str] | str | None) -> list[str]:
    path = csv_file(folder / "images.csv", changed(IMAGES, **columns))
    with pytest.raises(TableError) as caught:
        read_observations(path)
    return [line.removeprefix(f"{path}: ") for line in str(caught.value).splitlines()]


def test_times_come_in_utc(tmp_path: Path) -> None:
    times = ["2024-04-06T11:12:00+09:00", "2024-04-09 02:12:00.250Z", "2024-04-11T02:12Z"]
    read = read_observations(csv_file(tmp_path / "i.csv", changed(IMAGES, seen_at=times))).frame
    assert list(read.seen_at) == [
        pd.Timestamp("2024-04-06T02:12Z"), pd.Timestamp("2024-04-09T02:12:00.25Z"),
        pd.Timestamp("2024-04-11T02:12Z"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ({"seen_at": ["05/11/2024", IMAGES["seen_at"][1], "06/11/2024"]},
         "rows 1 and 3, seen_at: 05/11/2024 can be read as several days; write year-month-day, 20"),
        ({"seen_at": "45601.3"}, "rows 1, 2, 3, seen_at: 45601.3 is Excel's own number of 2024-11"),
        ({"seen_at": "2024-04-06T02:12:00"}, "rows 1, 2, 3, seen_at: 2024-04-06T02:12:00 has no z"),
        ({"seen_at": "2024-04-06"}, "rows 1, 2, 3, seen_at: 2024-04-06 is a day without a time; w"),
        ({"seen_at": [*IMAGES["seen_at"][:2], ""]}, "row 3, seen_at: is empty"),
        ({"status": ["observed", "", "failed"]}, "row 2, status: is empty; write observed, skippe"),
        ({"status": ["observed", "ok", "failed"]}, "row 2, status: 'ok' is none of observed, skip"),
        ({"scene_id": ["s1", "s2", "s1"]}, "rows 1 and 3: s1 at rajin is there twice; keep one ro"),
        ({"usable_fraction": "85"}, "rows 1, 2, 3, usable_fraction: 85 must be at least 0 and at"),
        ({"zones": "pier 1"}, "rows 1, 2, 3, zones: should be fractions by zone as JSON"),
        ({"recall": "0.8"}, "rows 1, 2, 3, recall: is not as the table of columns has it"),
        ({"sensor": "Landsat"}, "rows 1, 2, 3, sensor: 'Landsat' is none of optical, sar"),
        ({"seen_at": None}, "lacks seen_at; rename a column, or map it in the study ([track] obse"),
    ],
)  # fmt: skip
def test_faults_of_images_name_row_column_and_remedy(
    tmp_path: Path, columns: dict, fault: str
) -> None:
    (line,) = image_faults(tmp_path, **columns)
    assert line.startswith(fault)


def test_images_that_failed_need_no_time(tmp_path: Path) -> None:
    table = changed(IMAGES, seen_at=[*IMAGES["seen_at"][:2], ""],
                    status=["observed", "Skipped", "failed"])  # fmt: skip
    read = read_observations(csv_file(tmp_path / "images.csv", table)).frame
    assert list(read.status) == ["observed", "skipped", "failed"]
    assert read.seen_at.isna().tolist() == [False, False, True]


# --- laws -----------------------------------------------------------------------------------------

rows = st.lists(
    st.tuples(st.floats(-179, 179), st.floats(-80, 80), st.floats(30, 400),
              st.none() | st.floats(0, 1)).filter(lambda row: abs(row[0]) + abs(row[1]) > 0.01),
    min_size=1, max_size=5,
)  # fmt: skip


@given(
    rows=rows,
    delimiter=st.sampled_from([",", ";", "\t"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1251"]),
    comma=st.booleans(),
)
def test_numbers_come_back_to_the_last_digit_through_every_dialect(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[float, float, float, float | None]],
    delimiter: str, encoding: str, comma: bool,
) -> None:  # fmt: skip
    def written(value: float | None) -> str:
        text = "" if value is None else repr(value)
        return text.replace(".", ",") if comma and delimiter != "," else text

    columns = dict(zip(("lon", "lat", "length_m", "score"), zip(*rows, strict=True), strict=True))
    names = [f"s{n}" for n in range(len(rows))]
    table = {"detection_id": names, "scene_id": names, "identity": ["Находка"] * len(rows)}
    table |= {name: [written(v) for v in values] for name, values in columns.items()}
    path = tmp_path_factory.mktemp("law") / "ships.csv"
    read = read_detections(csv_file(path, table, delimiter=delimiter, encoding=encoding)).frame
    assert [(p.x, p.y) for p in read.geometry] == [row[:2] for row in rows]
    assert list(read.length_m) == [row[2] for row in rows]
    assert [None if np.isnan(v) else v for v in read.get("score", [])] == [row[3] for row in rows]
    assert list(read.identity) == ["Находка"] * len(rows)


@settings(max_examples=30)
@given(rows=rows, zone=st.integers(1, 60))
def test_places_come_back_through_every_utm_zone(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[float, float, float, float | None]], zone: int,
) -> None:  # fmt: skip
    middle = 6 * zone - 183
    points = [Point(middle + x / 60, abs(y)) for x, y, *_ in rows]
    names = [f"s{n}" for n in range(len(rows))]
    frame = gpd.GeoDataFrame({"detection_id": names, "scene_id": names}, geometry=points, crs=4326)
    path = tmp_path_factory.mktemp("law") / "ships.parquet"
    frame.to_crs(32600 + zone).to_parquet(path)
    read = read_detections(path).frame
    assert all(a.distance(b) < 1e-8 for a, b in zip(read.geometry, points, strict=True))


@given(data=st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_no_content_ends_in_another_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("law") / "ships.csv"
    path.write_bytes(b"detection_id,scene_id,lon,lat,length_m\n" + data)
    for kind in ("detections", "observations"):
        with suppress(TableError):
            assert all(
                line.startswith(f"{path}: ") for line in inspect_table(path, kind, {}).faults
            )


def test_a_table_of_a_local_crs_is_refused(tmp_path: Path) -> None:
    """Programs write it where nobody chose a CRS."""
    local = 'ENGCRS["Undefined Cartesian SRS",EDATUM["Unknown engineering datum"],CS[Cartesian,2],'
    axes = 'AXIS["easting",east],AXIS["northing",north],LENGTHUNIT["metre",1]]'
    rows = {"detection_id": ["a"], "scene_id": ["s"]}
    spot = gpd.GeoSeries([Point(500_000, 4_700_000)], crs=local + axes)
    path = tmp_path / "ships.parquet"
    gpd.GeoDataFrame(rows, geometry=spot).to_parquet(path)
    with pytest.raises(TableError, match="leads to no place on the earth"):
        read_detections(path)
