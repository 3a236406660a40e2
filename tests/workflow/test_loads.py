"""Loads of tables: what goes in comes back, with its load or the reason why there is none."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import matplotlib.image
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from odc.geo.geobox import GeoBox
from pyproj import Proj
from shapely.affinity import translate

from commands import called, without_progress
from gnomon.datamodel.errors import GnomonError
from gnomon.datamodel.study import LoadOptions
from gnomon.datamodel.tables import LOAD_REASONS, LOAD_STATES
from gnomon.freeboard.hull import PARAMETERS
from gnomon.freeboard.rows import COLUMNS, loads, read_ship, readings
from gnomon.report.figures.load import draw_reading, show_load
from gnomon.simulate.pixels.catalog import write_catalog, write_scene
from gnomon.simulate.pixels.light import Light
from gnomon.simulate.pixels.portrait import portrait, retaken
from gnomon.simulate.pixels.scene import SceneSpec, grid, simulate
from gnomon.simulate.pixels.ships import Ship, sample_ship
from gnomon.workflow.loads import prepared, read_loads, scenes_of
from gnomon.workflow.user_tables.reading import read_detections

GSD_M = 3.0
ROADS = grid(epsg=32652, west_m=600_000, north_m=4_670_000, shape=(200, 300), gsd_m=GSD_M)
# Five degrees from its zone's meridian, where north of the grid and true north differ as much.
NORTH = grid(epsg=32652, west_m=700_002, north_m=7_800_000, shape=(120, 120), gsd_m=GSD_M)
OPTIONS = LoadOptions()


def ship(seed: int, box: GeoBox, east_m: float, south_m: float, heading_deg: float) -> Ship:
    """A tanker of 110 m in ballast, so far from the north-western corner of a grid."""
    drawn = sample_ship(np.random.default_rng(seed), kind="tanker", length_m=110, laden=False)
    east, north = box.boundingbox.left + east_m, box.boundingbox.top - south_m
    return replace(drawn, east_m=east, north_m=north, heading_deg=heading_deg)


SHIPS = (
    ship(1, ROADS, 200, 200, 60.0),
    ship(2, ROADS, 450, 380, 130.0),
    ship(3, ROADS, 700, 180, 110.0),
)
IN_THE_NORTH = ship(4, NORTH, 180, 180, 80.0)


def spec(name: str, day: int, box, ships, *, turn_deg: float = 0.0) -> SceneSpec:
    """A scene whose item gives angles from true north, as providers do; simulated ones do not."""
    item = (("view:sun_azimuth", 190.0 + turn_deg), ("view:azimuth", 100.0 + turn_deg))
    return SceneSpec(
        id=name,
        seed=day,
        geobox=box,
        seen_at=datetime(2024, 2, day, 2, 22, tzinfo=UTC),
        light=Light(
            sun_azimuth_deg=190.0,
            sun_elevation_deg=25.0,
            view_azimuth_deg=100.0,
            view_zenith_deg=4.0,
        ),
        ships=ships,
        properties=item,
    )


def convergence_deg(centre: shapely.Point) -> float:
    """Azimuth of the grid's north from true north, in UTM zone 52, by PROJ's own series."""
    return float(Proj("EPSG:32652").get_factors(centre.x, centre.y).meridian_convergence)


def degrees(here: Ship) -> shapely.Point:
    return shapely.Point(Proj("EPSG:32652")(here.east_m, here.north_m, inverse=True))


TURN_DEG = convergence_deg(degrees(IN_THE_NORTH))


@pytest.fixture(scope="module")
def roads(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Catalogue of two scenes of the roads and one of the far north, with pixels of 3 m."""
    folder = tmp_path_factory.mktemp("roads")
    turn = convergence_deg(degrees(SHIPS[0]))
    scenes = (
        spec("one", 3, ROADS, SHIPS, turn_deg=turn),
        spec("two", 9, ROADS, SHIPS[:2], turn_deg=turn),
        spec("north", 12, NORTH, (IN_THE_NORTH,), turn_deg=TURN_DEG),
    )
    items = [write_scene(folder, one, *simulate(one)) for one in scenes]
    return str(write_catalog(folder, items, description="made by a test"))


def clicks() -> gpd.GeoDataFrame:
    """Clicks on the ships, a few metres off, in two scenes by turns, with a column of its own."""
    centres = [degrees(one) for one in (SHIPS[0], SHIPS[0], SHIPS[1], SHIPS[2])]
    rows = {
        "detection_id": ["b", "a", "d", "c"],
        "scene_id": ["one", "two", "one", "one"],
        "seen_by": ["Ann", "Bo", "Bo", "Ann"],
    }
    places = [translate(centre, 5e-5, -4e-5) for centre in centres]
    return gpd.GeoDataFrame(rows, geometry=places, crs=4326)


def written(frame: gpd.GeoDataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".geojson":
        frame.to_file(path, driver="GeoJSON")
    else:
        plain = frame.drop(columns="geometry")
        plain.assign(lon=frame.geometry.x, lat=frame.geometry.y).to_csv(path, index=False)
    return path


def off_axis(one_deg: float, other_deg: float) -> float:
    return abs((one_deg - other_deg + 90) % 180 - 90)


# --- tables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    ["parquet", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("geojson", "csv"))],
)
def test_a_table_comes_back_in_its_order_with_its_columns(
    roads: str, tmp_path: Path, kind: str
) -> None:
    path = written(clicks(), tmp_path / f"clicks.{kind}")
    out = tmp_path / "out" / "loads.parquet"
    steps: list[tuple[int, int, str]] = []
    result = read_loads(path, roads, out=out, on_progress=lambda *step: steps.append(step))
    assert list(result.detection_id) == ["b", "a", "d", "c"]
    assert list(result.seen_by) == ["Ann", "Bo", "Bo", "Ann"]
    assert set(COLUMNS) <= set(result)
    assert steps == [(1, 2, "one"), (2, 2, "two")]
    again = gpd.read_parquet(out)
    assert list(again.detection_id) == list(result.detection_id)
    np.testing.assert_allclose(again.p_laden.astype(float), result.p_laden.astype(float))
    assert again.crs == "EPSG:4326"
    # What was measured comes back too, so that the table can be tracked as it is.
    lengths = np.array([SHIPS[k].length_m for k in (0, 0, 1, 2)])
    np.testing.assert_allclose(again.length_m, lengths, rtol=0.08)
    sizes = ["beam_m", "heading_deg", "length_sigma_m", "beam_sigma_m", "heading_sigma_deg"]
    assert (again[sizes] > 0).all(axis=None)
    assert read_detections(out).frame.length_m.tolist() == again.length_m.tolist()
    assert set(again.load_state) <= set(LOAD_STATES)
    assert set(again.load_reason.dropna()) <= set(LOAD_REASONS)
    # Sun 25 degrees high, 3 m pixels: a ship in ballast is not called laden, and is measured.
    assert not (again.load_state == "laden").any()
    truth = np.array([SHIPS[k].freeboard_m for k in (0, 0, 1, 2)])
    assert (np.abs(again.freeboard_m - truth) < 4 * again.freeboard_sigma_m).all()


@pytest.mark.slow
def test_a_loaded_table_is_read_again_to_the_same(roads: str, tmp_path: Path) -> None:
    first = tmp_path / "first.parquet"
    once = read_loads(written(clicks(), tmp_path / "clicks.geojson"), roads, out=first)
    twice = read_loads(first, roads)
    assert list(once.columns) == list(twice.columns)
    np.testing.assert_allclose(once.log_lr_laden.astype(float), twice.log_lr_laden.astype(float))


def test_a_click_is_measured(roads: str, tmp_path: Path) -> None:
    table = read_detections(written(clicks(), tmp_path / "clicks.csv")).frame
    scene = scenes_of(table, roads, tmp_path)["one"]
    rows, _ = prepared(table[table.scene_id == "one"], scene)
    for row, true in zip(rows.itertuples(), SHIPS, strict=True):
        turn = convergence_deg(degrees(true))
        assert row.length_m == pytest.approx(true.length_m, rel=0.08)
        assert row.beam_m == pytest.approx(true.beam_m, rel=0.2)
        assert off_axis(row.heading_deg, true.heading_deg + turn) < 10
        assert row.length_sigma_m > 0


def test_sizes_that_are_given_are_used(roads: str, tmp_path: Path) -> None:
    given = (
        clicks().iloc[[0]].assign(length_m=112.0, beam_m=18.5, heading_deg=63.0, beam_sigma_m=0.25)
    )
    table = read_detections(written(given, tmp_path / "clicks.parquet")).frame
    rows, _ = prepared(table, scenes_of(table, roads, tmp_path)["one"])
    row = rows.iloc[0]
    assert (row.length_m, row.beam_m, row.heading_deg, row.beam_sigma_m) == (112, 18.5, 63, 0.25)


def test_an_outline_gives_size_and_axis(roads: str, tmp_path: Path) -> None:
    outline = gpd.GeoSeries([SHIPS[1].polygon()], crs=32652).to_crs(4326)
    table = clicks().iloc[[2]].set_geometry(outline.to_numpy(), crs=4326)
    table = read_detections(written(table, tmp_path / "hulls.geojson")).frame
    row = prepared(table, scenes_of(table, roads, tmp_path)["one"])[0].iloc[0]
    true = SHIPS[1]
    assert row.length_m == pytest.approx(true.length_m, rel=0.01)
    assert row.beam_m == pytest.approx(true.beam_m, rel=0.03)
    assert off_axis(row.heading_deg, true.heading_deg + convergence_deg(degrees(true))) < 0.5


def test_angles_are_turned_from_true_north_to_the_grids(roads: str, tmp_path: Path) -> None:
    assert abs(TURN_DEG) > 4
    table = clicks().iloc[[0]].assign(scene_id="north")
    table = table.set_geometry([degrees(IN_THE_NORTH)], crs=4326)
    table = read_detections(written(table, tmp_path / "clicks.geojson")).frame
    rows, read = prepared(table, scenes_of(table, roads, tmp_path)["north"])
    reading = next(readings(rows, read, OPTIONS))
    assert reading.chip.sun_azimuth_deg == pytest.approx(190.0, abs=0.05)
    assert reading.chip.view_azimuth_deg == pytest.approx(100.0, abs=0.05)
    assert off_axis(rows.heading_deg.iloc[0], IN_THE_NORTH.heading_deg + TURN_DEG) < 2.5
    fitted = np.rad2deg(reading.fit.ship[PARAMETERS.index("heading_rad")])
    assert off_axis(fitted, IN_THE_NORTH.heading_deg) < 1


def blank(path: Path) -> None:
    """Make a raster nodata all over."""
    with rasterio.open(path) as file:
        profile, nothing = file.profile | {"driver": "GTiff"}, 0 * file.read()
    path.unlink()
    with rasterio.open(path, "w", **profile) as file:
        file.write(nothing)


def test_a_scene_without_data_is_cloud(tmp_path: Path) -> None:
    dark = spec("one", 3, NORTH, ())
    item = write_scene(tmp_path, dark, *simulate(dark))
    for path in (tmp_path / "one").glob("*.tif"):
        blank(path)
    catalog = write_catalog(tmp_path, [item], description="made by a test")
    frame = clicks().iloc[[0]].set_geometry([degrees(IN_THE_NORTH)], crs=4326)
    frame = pd.concat([frame, frame.assign(detection_id="sized", length_m=90, beam_m=15)])
    frame = frame.assign(heading_deg=[np.nan, 20])
    result = read_loads(written(frame, tmp_path / "clicks.parquet"), str(catalog))
    assert result.load_reason.tolist() == ["cloud", "cloud"]


def test_a_click_beyond_the_scene_or_on_bare_water_says_so(roads: str, tmp_path: Path) -> None:
    frame = clicks().iloc[[0, 2]].copy()
    water = Proj("EPSG:32652")(600_060.0, 4_669_940.0, inverse=True)
    frame = frame.set_geometry([shapely.Point(130.3, 42.5), shapely.Point(water)], crs=4326)
    result = read_loads(written(frame, tmp_path / "clicks.csv"), roads)
    assert list(result.load_reason) == ["cloud", "weak_evidence"]
    assert list(result.load_state) == ["indeterminate"] * 2
    assert result.p_laden.isna().all()


# --- indeterminate loads --------------------------------------------------------------------------

SITTER = portrait(23, length_m=110, gsd_m=GSD_M, sun_elevation_deg=25, laden=False)


def loads_of(pixels, *changes: dict[str, object], options: LoadOptions = OPTIONS) -> pd.DataFrame:
    """Loads of the sitter, once for each set of changes to its row."""
    rows = []
    for change in changes or ({},):
        row = SITTER.row().to_dict() | change
        ahead = np.deg2rad(row["heading_deg"])
        metre = np.array([1 / (111_320 * np.cos(np.deg2rad(row["geometry"].y))), 1 / 110_574])
        along = np.array([np.sin(ahead), np.cos(ahead)]) * row["length_m"] / 2
        aside = np.array([np.cos(ahead), -np.sin(ahead)]) * row["beam_m"] / 2
        centre = np.array([row["geometry"].x, row["geometry"].y])
        corners = (along + aside, along - aside, -along - aside, -along + aside)
        rows.append(row | {"footprint": shapely.Polygon([centre + c * metre for c in corners])})
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=4326)
    return loads(frame, lambda area: pixels, options)


def test_a_ship_alone_is_told() -> None:
    load = loads_of(SITTER.pixels).iloc[0]
    assert load.log_lr_laden < -1
    assert load.load_state in ("ballast", "indeterminate")
    assert (load.load_reason is None) == (load.load_state == "ballast")
    assert load.freeboard_p05_m - 0.5 < SITTER.ship.freeboard_m < load.freeboard_p95_m + 0.5
    assert loads_of(None).load_reason.tolist() == ["cloud"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sensor": "sar"}, "sar"),
        ({"sun_elevation_deg": None}, "no_geometry"),
        ({"view_zenith_deg": 80.0}, "no_geometry"),
        ({"sun_elevation_deg": -3.0}, "no_geometry"),
        ({"length_m": 30.0}, "too_small"),
    ],
)
def test_rows_that_cannot_be_read_say_why(change: dict[str, object], reason: str) -> None:
    load = loads_of(SITTER.pixels, change).iloc[0]
    assert (load.load_state, load.load_reason) == ("indeterminate", reason)
    assert load.p_laden is None


def test_a_radar_scene_needs_no_pixels(roads: str, tmp_path: Path) -> None:
    table = read_detections(written(clicks().iloc[[0]], tmp_path / "clicks.csv")).frame
    scene = scenes_of(table, roads, tmp_path)["one"]
    rows, read = prepared(table, replace(scene, sensor="sar", assets={}))
    assert loads(rows, read, OPTIONS).load_reason.tolist() == ["sar"]


def test_another_hull_alongside_is_a_neighbour() -> None:
    """Twenty metres north of it, twenty south, or so far that neither shadow reaches."""
    place = SITTER.row().geometry
    for north_m, crowded in ((20, True), (-20, True), (400, False)):
        other = {"geometry": translate(place, 0, north_m / 111_000)}
        reasons = loads_of(SITTER.pixels, {}, other).load_reason
        assert (reasons.iloc[0] == "neighbour") == crowded


def shaded_side(pixels, *, reach_m: float):
    """Where the shadow would fall: within so many metres on the side away from the sun."""
    sun = np.deg2rad(SITTER.light.sun_azimuth_deg)
    x, y = np.meshgrid(pixels.x, pixels.y)
    away = -(x - SITTER.ship.east_m) * np.sin(sun) - (y - SITTER.ship.north_m) * np.cos(sun)
    near = np.hypot(x - SITTER.ship.east_m, y - SITTER.ship.north_m) < 80
    return near & (away > SITTER.ship.beam_m / 2 + 4) & (away < reach_m)


def layer(pixels, name: str, values):
    return pixels.assign({name: (pixels["blue"].dims, values)})


def test_land_where_the_shadow_falls_is_alongside() -> None:
    pixels = SITTER.pixels
    here = shaded_side(pixels, reach_m=60)
    assert loads_of(layer(pixels, "land", here)).load_reason.tolist() == ["alongside"]
    # On the other side it does not matter, and the ship itself may be taken for land.
    hull = pixels["nir"].to_numpy() > 0.08
    assert loads_of(layer(pixels, "land", hull)).load_reason.tolist() != ["alongside"]


@pytest.mark.parametrize("name", ["cloud", "ice"])
def test_hidden_ships_are_cloud(name: str) -> None:
    everywhere = np.ones(SITTER.pixels["blue"].shape, bool)
    assert loads_of(layer(SITTER.pixels, name, everywhere)).load_reason.tolist() == ["cloud"]
    half = everywhere.copy()
    half[:, : half.shape[1] // 2] = False
    assert loads_of(layer(SITTER.pixels, name, half)).load_reason.tolist() == ["cloud"]


def test_one_band_is_enough() -> None:
    load = loads_of(SITTER.pixels[["red"]]).iloc[0]
    assert load.load_state in ("ballast", "indeterminate")
    assert abs(load.freeboard_m - SITTER.ship.freeboard_m) < 4 * load.freeboard_sigma_m
    assert loads_of(SITTER.pixels[["red"]].rename(red="swir16")).load_reason.tolist() == ["cloud"]


def test_a_saturated_deck_and_counts_are_read_alike() -> None:
    """Counts are as good as reflectance, and a deck at the sensor's limit is still a deck."""
    plain = loads_of(SITTER.pixels).iloc[0]
    counts = loads_of(SITTER.pixels * 10_000).iloc[0]
    assert counts.freeboard_m == pytest.approx(plain.freeboard_m, abs=0.1)
    load = loads_of(SITTER.pixels.clip(max=0.09)).iloc[0]
    assert load.load_state != "laden"
    assert abs(load.freeboard_m - SITTER.ship.freeboard_m) < 4 * load.freeboard_sigma_m


def test_pixels_of_60_m_are_too_coarse() -> None:
    coarse = retaken(SITTER, gsd_m=60.0, sun_elevation_deg=25)
    assert loads_of(coarse.pixels).load_reason.tolist() == ["too_small"]
    assert read_ship(coarse.pixels, coarse.row()).load.load_reason == "too_small"


def test_a_ship_retaken_is_the_same_ship() -> None:
    again = retaken(SITTER, gsd_m=GSD_M, sun_elevation_deg=25)
    assert again.ship == SITTER.ship
    np.testing.assert_array_equal(again.pixels["green"], SITTER.pixels["green"])
    fine = retaken(SITTER, gsd_m=1.0, sun_elevation_deg=25)
    centre = fine.pixels.odc.geobox.extent.geom.centroid
    assert np.hypot(centre.x - SITTER.ship.east_m, centre.y - SITTER.ship.north_m) < 1
    heights = [read_ship(p.pixels, p.row()).load.freeboard_m for p in (SITTER, fine)]
    assert heights[0] == pytest.approx(heights[1], abs=0.6)


# --- faults ---------------------------------------------------------------------------------------


def spoilt(frame: gpd.GeoDataFrame, fault: str) -> gpd.GeoDataFrame:
    if fault == "no scene_id":
        return frame.drop(columns="scene_id")
    if fault == "unknown scene":
        return frame.assign(scene_id=["one", "two", "one", "three"])
    if fault == "same id twice":
        return frame.assign(detection_id=["a", "b", "a", "c"])
    if fault == "length of nothing":
        return frame.assign(length_m=[100.0, 0.0, 90.0, 80.0])
    places = [*frame.geometry[:1], None, *frame.geometry[2:]]
    return frame.set_geometry(gpd.GeoSeries(places, crs=4326, index=frame.index))


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("no scene_id", "lacks scene_id; rename"),
        ("unknown scene", r"three \(no such item\)"),
        ("same id twice", "rows 1 and 3, detection_id: a is there twice"),
        ("no place", "row 2: has no place"),
        ("length of nothing", "row 2, length_m: 0 must be above 0"),
    ],
)
def test_a_bad_table_is_one_line_and_leaves_no_file(
    roads: str, tmp_path: Path, fault: str, expected: str
) -> None:
    path = written(spoilt(clicks(), fault), tmp_path / "bad.geojson")
    with pytest.raises(GnomonError, match=expected) as caught:
        read_loads(path, roads, out=tmp_path / "out" / "loads.parquet")
    assert len(str(caught.value).splitlines()) == 1
    assert str(path) in str(caught.value)
    assert [file.name for file in tmp_path.iterdir()] == ["bad.geojson"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("none.csv", None),
        ("none.parquet", None),
        ("none.geojson", None),
        ("broken.geojson", "{"),
        ("broken.parquet", "PAR1"),
        ("empty.csv", ""),
        ("nolat.csv", "detection_id,scene_id,lon\na,one,130\n"),
    ],
)
def test_a_file_that_is_no_table_is_one_line(tmp_path: Path, name: str, text: str | None) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(GnomonError, match=name) as caught:
        read_detections(tmp_path / name)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("2,one,,42.1", "row 2, lon: is empty, but not lat"),
        ("2,one,x,42.1", "row 2, lon: 'x' is no number"),
        ("2,,130.2,42.1", "row 2, scene_id: is empty"),
        ("2,one,42.1,130.2", "row 2, lon, lat: 42.1, 130.2 is not on the earth"),
    ],
)
def test_places_that_are_none_are_named(tmp_path: Path, line: str, expected: str) -> None:
    path = tmp_path / "clicks.csv"
    path.write_text(f"detection_id,scene_id,lon,lat\n1,one,130.2,42.1\n{line}\n")
    with pytest.raises(GnomonError, match=expected):
        read_detections(path)


@pytest.mark.parametrize("kind", ["parquet", "geojson", "csv"])
def test_numbers_as_names_are_names(tmp_path: Path, kind: str) -> None:
    frame = clicks().assign(detection_id=[4, 3, 2, 1], scene_id=[20240403, 20240404] * 2)
    table = read_detections(written(frame, tmp_path / f"clicks.{kind}")).frame
    assert table.detection_id.tolist() == ["4", "3", "2", "1"]
    assert set(table.scene_id) == {"20240403", "20240404"}


def test_a_table_without_rows_is_an_answer(roads: str, tmp_path: Path) -> None:
    (tmp_path / "none.csv").write_text("detection_id,scene_id,lon,lat\n")
    out = tmp_path / "loads.parquet"
    assert len(read_loads(tmp_path / "none.csv", roads, out=out)) == 0
    numbers = gpd.read_parquet(out).select_dtypes("float64")
    assert set(COLUMNS) - set(numbers) == {"load_state", "load_reason"}


# --- the command line, and pictures ---------------------------------------------------------------


def colours(path: Path) -> dict[str, int]:
    """Pixels of the hull's outline, of the posterior's bands, and shades of grey in the chip."""
    image = matplotlib.image.imread(path)[..., :3]
    red, green, blue = np.moveaxis(image, -1, 0)
    return {
        "outline": int(((red < 0.2) & (green > 0.8) & (blue > 0.9)).sum()),
        "laden": int(((red < 0.82) & (blue > 0.88) & (green > 0.82) & (green < 0.92)).sum()),
        "different": len(np.unique((image * 255).astype(int).reshape(-1, 3), axis=0)),
    }


def test_load_and_show_from_the_command_line(
    roads: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, out = written(clicks(), tmp_path / "clicks.csv"), tmp_path / "loads.parquet"
    assert called(monkeypatch, "load", path, "--catalog", roads, "--out", out) == 0
    written_ = capsys.readouterr()
    assert written_.out.strip().splitlines()[-1] == str(out)
    states = {s: int(n) for s, n in map(str.split, written_.out.strip().splitlines()[:-1])}
    assert sum(states.values()) == 4
    assert set(states) <= {"ballast", "indeterminate"}  # all four are in ballast
    unknown = [int(line.split()[0]) for line in without_progress(written_.err).splitlines()]
    assert sum(unknown) == states.get("indeterminate", 0)
    words = ("load", path, "--catalog", roads, "--out", out, "--json")
    assert called(monkeypatch, *words) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["command"], result["files"], result["detections"]) == ("load", [str(out)], 4)
    assert sum(result["load_states"].values()) == 4
    drawn = tmp_path / "d.png"
    words = ("show", "d", "--detections", out, "--catalog", roads, "--out", drawn)
    assert called(monkeypatch, *words) == 0
    seen = colours(drawn)
    assert seen["outline"] > 200
    assert seen["laden"] > 2000
    assert seen["different"] > 500


def test_what_show_cannot_draw_is_one_line(
    roads: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    path = written(clicks(), tmp_path / "clicks.csv")
    for words, expected in (
        (("show", "z", "--detections", path, "--catalog", roads), "has no detection 'z'"),
        (("show", "a", "--detections", path), "--catalog"),
        (("show", "a", "--run", tmp_path), "is not the folder of a run"),
        (("load", path, "--catalog", "none.json", "--out", "x.parquet"), "none.json"),
    ):
        assert called(monkeypatch, *words) == 1
        text = without_progress(capsys.readouterr().err)
        assert expected in text
        assert len(text.strip().splitlines()) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["clicks.csv"]


def test_a_ship_that_is_not_read_is_drawn_too(roads: str, tmp_path: Path) -> None:
    """Without a fit the pixels are drawn, or nothing; it must not fail."""
    hidden = layer(SITTER.pixels, "cloud", np.ones(SITTER.pixels["blue"].shape, bool))
    for pixels in (hidden, SITTER.pixels):
        row = SITTER.row() if pixels is hidden else pd.Series({**SITTER.row(), "beam_m": 1.0})
        reading = read_ship(pixels, row)
        assert reading.fit is None
        assert draw_reading(reading, title="none")._repr_png_().startswith(b"\x89PNG")
    far = clicks().iloc[[0]].set_geometry([shapely.Point(130.3, 42.5)], crs=4326)
    path = written(far, tmp_path / "far.csv")
    drawn = show_load("b", detections=path, catalog=roads, out=tmp_path / "b.png")
    assert drawn.read_bytes().startswith(b"\x89PNG")
    assert json.loads(Path(roads).read_text())["type"] == "Catalog"
