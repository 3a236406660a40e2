"""Fixed echoes from the passes of a track, and what a run finds with and without them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from odc.geo.xr import xr_coords

from gnomon.datamodel.observation import Observation
from gnomon.datamodel.study import MaskOptions, Study
from gnomon.imagery.sentinel1.fixed_echoes import fixed_echo_grid, read_fixed_echoes
from gnomon.simulate.radar.scene import RadarGhost, RadarSceneSpec
from gnomon.workflow.backgrounds import BackgroundBuilder
from gnomon.workflow.batch import Batch, TaskList
from gnomon.workflow.fixed_echoes import build_fixed_echoes
from gnomon.workflow.forecast import forecast
from gnomon.workflow.plan import plan
from gnomon.workflow.run import Results, gather, run
from gnomon.workflow.store import Store
from gnomon.workflow.tasks import read_task_lines, write_tasks
from radar_scenes import at, radar_ship, radar_spec, radar_study, write_radar

UTM = "EPSG:32653"
PASSES, STAY = 9, range(2, 7)
BEACONS = [(-600, 600), (0, 900), (-1000, -900)]
STAYER = radar_ship(-300, -400, 170)
HULK = (200, 300)


def beacon(east_m: float, north_m: float, across_m: float = 10) -> RadarGhost:
    longitude, latitude = at(east_m, north_m)
    return RadarGhost(longitude_deg=longitude, latitude_deg=latitude, along_m=90, across_m=across_m,
                      cross_section_m2=500.0 * across_m)  # fmt: skip


def visitor(number: int) -> tuple[float, float]:
    """A place of its own in each pass."""
    return -900.0 + 170 * number, 0.0 if number % 2 else 60.0


def spec(number: int, **changes: object) -> RadarSceneSpec:
    east, north = visitor(number)
    ships = [radar_ship(east, north - 1100, 140)]
    ships += [STAYER] if number in STAY else []
    one = radar_spec(
        ships=tuple(ships),
        ghosts=(beacon(*HULK, 30), *(beacon(*place) for place in BEACONS)),
        structures_seed=5,
        seed=number,
        **changes,
    )
    return replace(one, seen_at=one.seen_at + timedelta(days=12 * number))


@pytest.fixture(scope="module")
def passes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_radar(tmp_path_factory.mktemp("passes"), map(spec, range(PASSES)))


def study(passes: Path, *, fixed: bool) -> Study:
    one = radar_study(passes)
    return one.model_copy(update={"radar": one.radar.model_copy(update={"fixed_echoes": fixed})})


@pytest.fixture(scope="module")
def before(passes: Path, tmp_path_factory: pytest.TempPathFactory) -> Results:
    return run(study(passes, fixed=False), tmp_path_factory.mktemp("before"), infer=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("after")


@pytest.fixture(scope="module")
def after(passes: Path, folder: Path) -> Results:
    return run(study(passes, fixed=True), folder, infer=False)


def near(results: Results, east_m: float, north_m: float) -> set[str]:
    """Scenes in which something was found at a place."""
    place = gpd.GeoSeries.from_xy(*[[c] for c in at(east_m, north_m)], crs="EPSG:4326").to_crs(UTM)
    found = results.detections
    apart = found.geometry.to_crs(UTM).distance(place.iloc[0])
    return set(found.scene_id[apart < 60])


def names(numbers: Iterator[int] | range) -> set[str]:
    return {f"radar-{n}" for n in numbers}


def test_what_is_there_in_all_passes_is_left_out(before: Results, after: Results) -> None:
    for place in BEACONS:
        assert near(before, *place) == names(range(PASSES))
    left = [scene for place in BEACONS for scene in near(after, *place)]
    assert len(left) <= 1  # of 27; speckle makes some echo four times as bright as usual


def test_ships_that_leave_are_found_as_before(before: Results, after: Results) -> None:
    for number in range(PASSES):
        east, north = visitor(number)
        for results in (before, after):
            assert f"radar-{number}" in near(results, east, north - 1100)


def test_a_ship_that_stays_for_five_passes_is_found_in_each(after: Results) -> None:
    assert near(after, -300, -400) == names(STAY)


def test_a_hulk_that_never_leaves_is_fixed(before: Results, after: Results) -> None:
    assert near(before, *HULK) == names(range(PASSES))
    assert not near(after, *HULK)


def test_rows_and_the_run_say_that_they_were_used(before: Results, after: Results) -> None:
    assert set(before.observations.reason) == {"water by land as given"}
    words = f"water by land as given; without fixed echoes of {PASSES} images of track 32"
    assert set(after.observations.reason) == {words}
    digests = [set(results.observations.run_digest) for results in (before, after)]
    assert not digests[0] & digests[1]


def test_they_are_made_once(passes: Path, folder: Path, after: Results) -> None:
    again = run(study(passes, fixed=True), folder, infer=False)
    assert again.new == 0
    pd.testing.assert_frame_equal(again.detections, after.detections)


def test_tasks_give_the_tables_of_a_run(passes: Path, after: Results, tmp_path: Path) -> None:
    given = study(passes, fixed=True)
    with TaskList(tmp_path / "tasks") as tasks:
        told = forecast(given, tmp_path / "tasks", on_port=tasks.add)
        write_tasks(tasks.texts(told.trials, lambda n: f"do {n}"), tmp_path / "tasks.jsonl")
    assert told.ports[0].reads_per_image == 2
    assert len((tmp_path / "tasks.jsonl").read_text().splitlines()) == 1 + PASSES
    batch = Batch(given, tmp_path / "tasks")
    for line in reversed(read_task_lines(tmp_path / "tasks.jsonl", 1, 1 + PASSES)):
        assert not batch.do(line).failed
    gathered = gather(given, tmp_path / "tasks", infer=False)
    pd.testing.assert_frame_equal(gathered.detections, after.detections)
    pd.testing.assert_frame_equal(gathered.observations, after.observations)


def builder(folder: Path) -> BackgroundBuilder:
    return BackgroundBuilder(Store(folder), None, (), MaskOptions())


def observed(passes: Path) -> list[Observation]:
    return plan(study(passes, fixed=True)).observations


def test_too_few_passes_have_none(passes: Path, tmp_path: Path) -> None:
    some = observed(passes)[:7]
    assert not build_fixed_echoes([one.scene for one in some], some[0].port.area, builder(tmp_path))


def test_a_pass_that_cannot_be_read_is_left_out(passes: Path, tmp_path: Path) -> None:
    every = observed(passes)
    lost = replace(every[3].scene, assets={
        name: replace(asset, href=str(tmp_path / "none.tiff"))
        for name, asset in every[3].scene.assets.items()})  # fmt: skip
    scenes = [lost if one.scene.id == lost.id else one.scene for one in every]
    made = build_fixed_echoes(scenes, every[0].port.area, builder(tmp_path))
    assert lost.id not in made
    assert made.keys() == names(range(PASSES)) - {lost.id}
    assert len({background.scene.id for background in made.values()}) == 1
    assert lost.id not in made["radar-0"].observations


def test_passes_of_one_number_that_see_the_port_at_another_angle_are_not_stacked(
    tmp_path: Path,
) -> None:
    """As those of Sentinel-1C since June 2026; four of eight passes are not enough."""
    specs = [
        spec(number, orbit={"off_track_m": 480_000.0 + (60_000.0 if number % 2 else 0.0)})
        for number in range(8)
    ]
    catalog = write_radar(tmp_path / "two", specs)
    every = observed(catalog)
    scenes, area = [one.scene for one in every], every[0].port.area
    assert len(scenes) == 8
    assert not build_fixed_echoes(scenes, area, builder(tmp_path))


def test_the_place_of_an_echo_is_that_of_the_map(passes: Path, tmp_path: Path) -> None:
    every = observed(passes)
    made = build_fixed_echoes([one.scene for one in every], every[0].port.area, builder(tmp_path))
    background = made["radar-0"].scene
    grid = fixed_echo_grid(background)
    echo = xr.DataArray(
        read_fixed_echoes(background, "vv"),
        dims=("y", "x"),
        coords=xr_coords(grid, dims=("y", "x")),
    )
    place = gpd.GeoSeries.from_xy(*[[c] for c in at(*BEACONS[0])], crs="EPSG:4326")
    x, y = (float(c[0]) for c in place.to_crs(grid.crs.epsg).get_coordinates().to_numpy().T)
    around = echo.sel(x=slice(x - 150, x + 150), y=slice(y + 150, y - 150))
    brightest = around.where(around == around.max(), drop=True)
    assert abs(float(brightest.x[0]) - x) < 30
    assert abs(float(brightest.y[0]) - y) < 30
    assert float(around.max()) > float(np.nanmedian(echo)) + 10
