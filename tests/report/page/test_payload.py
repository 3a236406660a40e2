"""Rows of the page: the values of the tables, and outlines that are still the hulls."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.affinity import rotate, translate

from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import Voyages
from gnomon.report.load_tables import Run, read_run
from gnomon.report.page.payload import (
    MAX_ONWARD,
    observations_of,
    ports_of,
    register_of,
    ships_of,
    visits_of,
)
from gnomon.report.page.schema import ObservationColumns, PortPicture, ShipColumns, VisitRow
from run_folders import AREA, IDS, visit, voyage, write_run

MEASURES = {
    "score": "score", "tanker": "p_tanker", "length": "length_m", "beam_s": "beam_sigma_m",
    "heading": "heading_deg", "fb": "freeboard_m", "fb05": "freeboard_p05_m", "lr": "log_lr_laden",
    "laden": "p_laden", "sun": "sun_elevation_deg", "view_az": "view_azimuth_deg", "gsd": "gsd_m",
}  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return read_run(write_run(tmp_path_factory.mktemp("run")))


def test_columns_are_those_of_the_schema_and_of_one_length(run: Run) -> None:
    for columns, model, count in (
        (observations_of(run), ObservationColumns, 4),
        (ships_of(run), ShipColumns, 3),
    ):
        assert list(columns) == list(model.__annotations__)
        assert {len(values) for values in columns.values()} == {count}  # type: ignore[arg-type]
        json.dumps(columns, allow_nan=False)


@pytest.mark.parametrize(("short", "name"), list(MEASURES.items()))
def test_measures_are_those_of_the_table(run: Run, short: str, name: str) -> None:
    values = pd.Series(ships_of(run)[short], dtype=float)  # type: ignore[literal-required]
    assert list(values) == pytest.approx(list(run.detections[name]), abs=0.051, nan_ok=True)
    assert list(values.isna()) == list(run.detections[name].isna())


def test_places_are_within_a_tenth_of_a_metre(run: Run) -> None:
    ships = ships_of(run)
    made = gpd.GeoSeries(gpd.points_from_xy(ships["lon"], ships["lat"]), crs=4326).to_crs(32652)
    true = run.detections.geometry.reset_index(drop=True).to_crs(32652)
    assert made.distance(true).max() < 0.1


SIDES = st.floats(20, 300)


@given(length=SIDES, beam=SIDES, angle=st.floats(0, 360), corners=st.integers(0, 60))
def test_an_outline_covers_its_hull(
    run: Run, length: float, beam: float, angle: float, corners: int
) -> None:
    """Rectangles stay as they are; rounder hulls become the rectangle around them."""
    hull = shapely.box(-length / 2, -beam / 2, length / 2, beam / 2)
    if corners > 8:
        around = np.linspace(0, 2 * np.pi, corners, endpoint=False)
        hull = shapely.Polygon(np.column_stack([length * np.cos(around), beam * np.sin(around)]))
    placed = translate(
        rotate(shapely.affinity.scale(hull, 1e-5, 1e-5, origin=(0, 0)), angle), 130, 42
    )
    ships = run.detections.iloc[:1].assign(footprint=[placed])
    (outline,) = ships_of(replace(run, detections=ships))["outline"]
    assert outline is not None
    assert len(outline) == 4
    shape = shapely.Polygon(outline)
    assert shape.buffer(2e-6).covers(placed)
    assert shape.area == pytest.approx(placed.minimum_rotated_rectangle.area, rel=0.05)


def test_ships_without_place_or_outline_are_kept(run: Run) -> None:
    ships = run.detections.assign(footprint=[None, shapely.Point(1, 2), shapely.Polygon()])
    ships = gpd.GeoDataFrame(ships, geometry=[None, shapely.box(0, 0, 2, 4), shapely.Point()])
    made = ships_of(replace(run, detections=ships))
    assert made["outline"] == [None, None, None]
    assert list(zip(made["lon"], made["lat"], strict=True)) == [(None, None), (1, 2), (None, None)]
    assert made["id"] == list(IDS)


def test_a_visit_has_its_ships_candidates_and_times(run: Run) -> None:
    (made,) = visits_of(run)
    row = visit()
    assert set(made) == set(VisitRow.__annotations__)
    assert made["ships"] == [IDS[0], IDS[2]]
    assert made["candidates"] == [("Un Hung", 0.4), ("unregistered", 0.6)]
    assert made["place"] == [130.3, 42.2]
    assert made["dark"] is True
    assert made["arrived_after"] is None
    for name in ("arrived_before", "departed_p95", "arrived_p05"):
        assert made[name] == int(row[name].timestamp())  # type: ignore[literal-required]
    for name in ("p_visit", "log_lr_laden_out", "deadweight_t", "p_unloaded"):
        assert made[name] == row[name]  # type: ignore[literal-required]


@given(st.lists(st.floats(0, 1), max_size=8))
def test_the_likeliest_voyages_come_first(run: Run, chances: list[float]) -> None:
    rows: list[dict[str, Any]] = [
        voyage(f"v{n}") | {"probability": chance, "departure": visit()["visit_id"]}
        for n, chance in enumerate(chances)
    ]
    rows.append(voyage(None) | {"departure": "another visit", "probability": 1.0})
    (made,) = visits_of(replace(run, voyages=table(Voyages, rows)))
    expected = sorted((round(chance, 3) for chance in chances), reverse=True)[:MAX_ONWARD]
    assert [onward["p"] for onward in made["onward"]] == expected


def test_the_register_has_candidates_and_nobody_else(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.csv"
    fleet.write_text(
        "name,imo,deadweight_t,owner\nUn Hung,9045962,3000,secret\nYu Son,8691702,3398,secret\n"
    )
    run = read_run(write_run(tmp_path / "run", study={"track": {"fleet": str(fleet)}}))
    assert register_of(run) == {"Un Hung": {"imo": "9045962", "deadweight_t": "3000"}}
    fleet.write_text("no names here\n1\n")
    assert register_of(run) == {}
    fleet.unlink()
    assert register_of(run) == {}


def test_ports_have_zones_and_those_without_an_area_are_there_too(tmp_path: Path) -> None:
    study = {"ports": {"names": ["rajin"]}}
    run = read_run(write_run(tmp_path, study=study))
    coast = [[[130.0, 42.0], [130.1, 42.0], [130.1, 42.1], [130.0, 42.0]]]
    picture: PortPicture = {
        "src": "data:", "west": 130.2, "south": 42.1, "east": 130.4, "north": 42.3, "scene": "x",
        "collection": "sentinel-2-l2a", "t": 0,
    }  # fmt: skip
    ports = {port["name"]: port for port in ports_of(run, {"rajin": coast}, {"rajin": picture})}
    assert set(ports) == {"rajin", "everywhere"}
    empty = {"name": "everywhere", "area": [], "zones": [], "coast": [], "picture": None}
    assert ports["everywhere"] == empty
    assert ports["rajin"]["picture"] == picture
    assert ports["rajin"]["coast"] == coast
    assert ports["rajin"]["zones"]
    (truth,) = run.ports()
    area = shapely.union_all([shapely.Polygon(ring) for ring in ports["rajin"]["area"]])
    assert truth.area is not None
    assert area.symmetric_difference(truth.area).area < 1e-9
    assert {zone["name"] for zone in ports["rajin"]["zones"]} == {zone.name for zone in truth.zones}


def test_without_a_study_the_area_is_that_of_the_observations(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path, described=False))
    areas = {port["name"]: port["area"] for port in ports_of(run, {}, {})}
    assert shapely.Polygon(areas["rajin"][0]).equals(AREA)
