"""Radar scenes in a run: ships where they lie, what is seen of a port, and scenes at fault."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from PIL import Image

from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.observation import Observation
from gnomon.datamodel.study import Study
from gnomon.datamodel.tables import Detections, Observations
from gnomon.report.figures.load import show_load
from gnomon.simulate.pixels.catalog import write_scene
from gnomon.simulate.pixels.scene import simulate
from gnomon.simulate.radar.echoes import SeaState
from gnomon.workflow import observe_radar as observing
from gnomon.workflow.batch import Batch, TaskList
from gnomon.workflow.evidence import cutouts
from gnomon.workflow.forecast import forecast
from gnomon.workflow.observe import observe
from gnomon.workflow.observe_radar import radar_windows
from gnomon.workflow.plan import plan
from gnomon.workflow.run import gather, run
from gnomon.workflow.store import Result
from gnomon.workflow.tasks import read_task_lines, write_tasks
from object_server import BUCKET, object_server, put
from passes import BOX, PASSES, tiny
from passes import spec as optical_spec
from radar_scenes import (
    COAST,
    HALF_M,
    SHIPS,
    box_m,
    radar_ship,
    radar_spec,
    radar_study,
    write_land,
    write_radar,
)

UTM = "EPSG:32653"
S1, S2 = "synthetic-sentinel-1", "synthetic-sentinel-2"


@pytest.fixture(scope="module")
def observation(radar_sea: Path) -> Observation:
    return plan(radar_study(radar_sea)).observations[0]


@pytest.fixture(scope="module")
def result(observation: Observation) -> Result:
    return observe(observation)


def test_every_ship_is_found_where_it_lies_with_its_size_and_axis(result: Result) -> None:
    truth = gpd.GeoDataFrame(geometry=[ship.outline for ship in SHIPS], crs="EPSG:4326")
    found = result.detections.to_crs(UTM)
    assert len(found) == len(SHIPS)
    for ship, outline in zip(SHIPS, truth.to_crs(UTM).geometry, strict=True):
        apart = found.geometry.distance(outline.centroid)
        row = found.loc[apart.idxmin()]
        assert apart.min() < 25
        assert abs(row.length_m - ship.length_m) < 2 * row.length_sigma_m
        assert abs(row.beam_m - ship.beam_m) < 2 * row.beam_sigma_m
        turn = (row.heading_deg - ship.heading_deg + 90) % 180 - 90
        assert abs(turn) < 3 * row.heading_sigma_deg


@pytest.mark.slow
def test_a_product_in_an_object_store_gives_the_same_ships(
    radar_sea: Path, result: Result, tmp_path: Path
) -> None:
    """Rasters, annotation, calibration and noise behind s3://, of a server that asks for a key."""
    shutil.copytree(radar_sea.parent, tmp_path, dirs_exist_ok=True)
    (path,) = (path for path in tmp_path.rglob("*.json") if '"Feature"' in path.read_text())
    item = json.loads(path.read_text())
    with object_server():
        for asset in item["assets"].values():
            file = (path.parent / asset["href"]).resolve()
            name = file.relative_to(tmp_path.resolve()).as_posix()
            put(name, file.read_bytes())
            asset["href"] = f"s3://{BUCKET}/{name}"
            file.unlink()
        path.write_text(json.dumps(item))
        far = observe(plan(radar_study(tmp_path / radar_sea.name)).observations[0])
    assert far.observation.status.tolist() == ["observed"], far.observation.reason.tolist()
    same = ["length_m", "beam_m", "heading_deg", "score"]
    pd.testing.assert_frame_equal(far.detections[same], result.detections[same])


def test_rows_are_those_of_every_sensor_and_say_why_there_is_no_load(result: Result) -> None:
    Detections.validate(result.detections)
    Observations.validate(result.observation)
    rows = result.detections
    assert set(rows.load_state) == {"indeterminate"}
    assert set(rows.load_reason) == {"sar"}
    assert rows[["freeboard_m", "p_laden", "log_lr_laden", "p_tanker"]].isna().all().all()
    assert rows.model.str.startswith("s1-cfar ").all()
    # The satellite flies north, and looks east from there.
    assert rows.view_azimuth_deg.between(270, 279).all()
    assert rows.view_zenith_deg.between(36, 40).all()
    assert rows.sun_elevation_deg.isna().all()


def test_what_was_seen_of_the_port_is_its_water(result: Result) -> None:
    row = result.observation.iloc[0]
    assert (row.status, row.detections) == ("observed", 3)
    assert row.reason == "water by land as given"
    assert row.covered_fraction == pytest.approx(1, abs=0.02)
    assert row.usable_fraction == pytest.approx(1, abs=0.02)
    west, south, east, north = gpd.GeoSeries([box_m(-HALF_M, -HALF_M, 900, HALF_M)],
                                             crs="EPSG:4326").to_crs(UTM).total_bounds  # fmt: skip
    assert row.usable_water_km2 == pytest.approx((east - west) * (north - south) / 1e6, rel=0.05)


def test_evidence_has_both_polarisations_around_each_hull(result: Result) -> None:
    kept = {cut.evidence_id: cut for cut in cutouts(result.evidence)}
    assert set(kept) == set(result.detections.detection_id)
    for row in result.detections.to_crs(UTM).itertuples():
        pixels = kept[row.detection_id].pixels
        assert {"vv", "vh"} <= set(pixels)
        reach = row.length_m / 2 + 40
        near = pixels["vv"].sel(
            x=slice(row.geometry.x - reach, row.geometry.x + reach),
            y=slice(row.geometry.y + reach, row.geometry.y - reach),
        )
        assert float(near.max()) == float(pixels["vv"].max())


def test_parts_and_their_seams_change_nothing(
    observation: Observation, result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "CORE_PX", 128)
    parts = observe(observation)
    whole, again = (one.detections.sort_values("length_m") for one in (result, parts))
    assert len(again) == len(whole)
    assert (whole.geometry.to_crs(UTM).distance(again.geometry.to_crs(UTM), align=False) < 5).all()
    assert again.length_m.to_numpy() == pytest.approx(whole.length_m.to_numpy(), rel=0.05)
    seen = [one.observation.iloc[0].usable_water_km2 for one in (result, parts)]
    assert seen[0] == pytest.approx(seen[1], rel=0.01)


def test_without_loads_a_run_leaves_them_empty(observation: Observation) -> None:
    options = observation.options.model_copy(
        update={"load": observation.options.load.model_copy(update={"enabled": False})}
    )
    rows = observe(replace(observation, options=options)).detections
    assert rows.load_state.isna().all()
    assert len(rows) == 3


def changed(radar_sea: Path, folder: Path) -> tuple[Path, dict[str, Any]]:
    """A copy of the catalogue, and its item."""
    shutil.copytree(radar_sea.parent, folder)
    return folder, json.loads((folder / "radar-0" / "radar-0.json").read_text())


def reason(folder: Path, item: dict[str, Any] | None = None) -> pd.Series:
    """Row of the one observation of a changed catalogue."""
    if item is not None:
        (folder / "radar-0" / "radar-0.json").write_text(json.dumps(item))
    results = run(radar_study(folder / "catalog.json"), folder / "run", infer=False)
    (row,) = results.observations.itertuples()
    assert len(str(row.reason).splitlines()) == 1
    return row


def test_a_scene_without_its_calibration_file_says_so(radar_sea: Path, tmp_path: Path) -> None:
    folder, _ = changed(radar_sea, tmp_path / "copy")
    (folder / "radar-0/annotation/calibration/calibration-iw-vv.xml").unlink()
    row = reason(folder)
    assert row.status == "failed"
    assert "the calibration file" in row.reason
    assert row.reason.endswith("fetch it, or mend the item")


def test_a_truncated_raster_says_so(radar_sea: Path, tmp_path: Path) -> None:
    folder, _ = changed(radar_sea, tmp_path / "copy")
    raster = folder / "radar-0/measurement/iw-vv.tiff"
    raster.write_bytes(raster.read_bytes()[:40_000])
    row = reason(folder)
    assert row.status == "failed"
    assert "radar-0, vv" in row.reason


def test_a_part_of_a_raster_says_so(radar_sea: Path, tmp_path: Path) -> None:
    folder, _ = changed(radar_sea, tmp_path / "copy")
    raster = folder / "radar-0/measurement/iw-vh.tiff"
    with rasterio.open(raster) as file:
        half = file.read(1)[:200]
    with rasterio.open(raster, "w", driver="GTiff", dtype="uint16", count=1, width=half.shape[1],
                       height=200, crs="EPSG:4326", gcps=[rasterio.control.GroundControlPoint(
                           0, 0, 133, 42)]) as file:  # fmt: skip
        file.write(half, 1)
    assert "fetch the whole product" in reason(folder).reason


def test_one_polarisation_is_enough(radar_sea: Path, tmp_path: Path) -> None:
    folder, item = changed(radar_sea, tmp_path / "copy")
    item["assets"] = {name: asset for name, asset in item["assets"].items() if "vh" not in name}
    row = reason(folder, item)
    assert (row.status, row.detections) == ("observed", 3)
    assert row.reason == "without VH; water by land as given"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("<productType>GRD", "<productType>SLC", "single-look complex"),
        ("<mode>IW</mode>", "<mode>EW</mode>", "is of mode EW, and ships are searched in IW alone"),
        ("<rangePixelSpacing>1", "<rangePixelSpacing>4", "in those of 9 to 11 m alone"),
    ],
)
def test_other_products_and_modes_are_refused(
    radar_sea: Path, tmp_path: Path, old: str, new: str, why: str
) -> None:
    folder, _ = changed(radar_sea, tmp_path / "copy")
    for path in (folder / "radar-0" / "annotation").rglob("*.xml"):
        path.write_text(path.read_text().replace(old, new))
    row = reason(folder)
    assert row.status == "failed"
    assert why in row.reason


def test_a_scene_wholly_on_land_has_no_water(radar_sea: Path, tmp_path: Path) -> None:
    folder, _ = changed(radar_sea, tmp_path / "copy")
    write_land(folder / "land.geojson", box_m(-9000, -9000, 9000, 9000))
    row = reason(folder)
    assert (row.status, row.detections, row.usable_water_km2) == ("observed", 0, 0)
    assert row.usable_fraction is None or np.isnan(row.usable_fraction)
    assert row.reason == "no water of the port in this scene; water by land as given"


def test_without_land_and_shoreline_it_says_what_to_do(
    radar_sea: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gnomon.imagery.coastline.DISTRIBUTION", "no-such-shoreline")
    study = radar_study(radar_sea, radar={})
    row = observe(plan(study).observations[0]).observation.iloc[0]
    assert row.status == "failed"
    assert "radar needs to know where land is" in row.reason
    assert len(row.reason.splitlines()) == 1


def test_land_and_options_of_radar_name_its_results_and_not_optical_ones(
    radar_sea: Path, sea: Path, tmp_path: Path
) -> None:
    def digests(place: Path, collection: str, **radar: object) -> list[str]:
        listed = {"url": str(place), "collections": [collection]}
        given = {"name": "named", "catalog": listed, "radar": radar}
        return [one.digest for one in plan(Study.model_validate(given)).observations]

    write_land(tmp_path / "land.geojson", COAST)
    land = str(tmp_path / "land.geojson")
    before = digests(radar_sea, S1, land=land)
    assert digests(radar_sea, S1, land=land) == before
    assert digests(radar_sea, S1, land=land, shore_m=50.0) != before
    moved = shutil.copy(land, tmp_path / "moved.geojson")
    assert digests(radar_sea, S1, land=str(moved)) == before
    write_land(tmp_path / "land.geojson", box_m(0, 0, 10, 10))
    assert digests(radar_sea, S1, land=land) != before
    assert digests(sea, S2, land=land, shore_m=50.0) == digests(sea, S2)


def test_a_file_of_land_that_is_not_there_ends_a_run_before_it_begins(
    radar_sea: Path, tmp_path: Path
) -> None:
    with pytest.raises(StudyError, match=r"none\.geojson"):
        plan(radar_study(radar_sea, radar={"land": str(tmp_path / "none.geojson")}))


def test_what_is_read_around_a_part_grows_with_the_background_of_the_detector(
    observation: Observation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lines(background_m: float) -> int:
        changes = {"guard_m": 20.0, "background_m": background_m}
        radar = observation.options.radar.model_copy(update=changes)
        options = observation.options.model_copy(update={"radar": radar})
        return max(one.lines for one in radar_windows(replace(observation, options=options)))

    monkeypatch.setattr(observing, "HALO_M", 50.0)
    assert lines(320.0) - lines(220.0) == pytest.approx(2 * 1.25 * 10, abs=6)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifteen optical scenes of a bay, and two of radar."""
    folder = tmp_path_factory.mktemp("both")
    items = [write_scene(folder, s, *simulate(s)) for s in map(optical_spec, range(PASSES))]
    place = BOX.geographic_extent.geom.centroid
    orbit = {"longitude_deg": place.x, "latitude_deg": place.y, "lines": 240, "samples": 260}
    middle = radar_ship(0, 0, 160)
    ship = replace(middle, longitude_deg=place.x, latitude_deg=place.y)
    when = [optical_spec(5).seen_at.replace(hour=hour) for hour in (9, 21)]
    radar = [
        radar_spec(orbit=orbit, ships=(ship,), land=None, seen_at=time, seed=n,
                   sea=SeaState(wind_m_s=5, roughness=0))
        for n, time in enumerate(when)
    ]  # fmt: skip
    return write_radar(folder, radar, *items)


def mixed_study(both: Path, model: str, **catalog: object) -> Study:
    west, south, east, north = BOX.geographic_extent.geom.bounds
    return Study.model_validate(
        {
            "name": "both",
            "catalog": {"url": str(both), **catalog},
            "ports": {"bbox": [west, south, east, north]},
            "detect": {"models": {"optical": model}},
            "load": {"enabled": False},
        }
    )


@pytest.mark.slow
def test_a_run_of_both_sensors_gives_one_set_of_tables(both: Path, tmp_path: Path) -> None:
    """Radar takes its water from the background of the optical images, which stay as they were."""
    model = tiny(tmp_path / "tiny", background=True)
    # Ships alone: those of an untrained network make no visits that are worth inferring.
    results = run(mixed_study(both, model, collections=(S1, S2)), tmp_path / "both", infer=False)
    rows = results.observations
    assert rows.groupby("sensor").size().to_dict() == {"optical": PASSES, "sar": 2}
    assert set(rows[rows.sensor == "sar"].reason) == {"water by the port's optical background"}
    assert (
        results.detections[results.detections.sensor == "sar"].groupby("scene_id").size() == 1
    ).all()

    alone = run(mixed_study(both, model), tmp_path / "alone", infer=False)
    optical = results.detections[results.detections.sensor == "optical"].reset_index(drop=True)
    pd.testing.assert_frame_equal(optical, alone.detections)
    of_optical = rows[rows.sensor == "optical"].reset_index(drop=True)
    pd.testing.assert_frame_equal(of_optical, alone.observations)


def test_a_real_item_behind_s3_is_a_failed_row_and_the_run_goes_on(
    radar_sea: Path, shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Earth Search lists it, without keys; another scene beside it is observed."""
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    folder, _ = changed(radar_sea, tmp_path / "copy")
    name = "earth-search_S1A_IW_GRDH_20250731T135608.json"
    item = json.loads((shared_data / "stac-items" / name).read_text())
    (folder / "radar-0" / "real.json").write_text(
        json.dumps(item | {"links": [], "collection": S1})
    )
    listed = json.loads((folder / "synthetic-sentinel-1.json").read_text())
    listed["links"].append({"rel": "item", "href": "./radar-0/real.json"})
    (folder / "synthetic-sentinel-1.json").write_text(json.dumps(listed))
    given = radar_study(folder / "catalog.json", ports={})
    results = run(given, folder / "run", infer=False)
    status = results.observations.set_index("scene_id").status.to_dict()
    assert status == {"radar-0": "observed", item["id"]: "failed"}
    (why,) = results.failed.reason
    assert "there is no key; set AWS_ACCESS_KEY_ID" in why
    assert len(why.splitlines()) == 1
    told = forecast(given, tmp_path / "plan")
    assert told.total("processor_s") is not None
    assert any("s3" in what for what in told.missing)


def test_a_ship_of_radar_is_shown_in_both_polarisations(radar_sea: Path, tmp_path: Path) -> None:
    results = run(radar_study(radar_sea), tmp_path, infer=False)
    ship = results.detections.detection_id.iloc[0]
    path = show_load(ship, run=tmp_path, out=tmp_path / "ship.png")
    with Image.open(path) as file:
        shown = np.asarray(file.convert("L"), float)
    width = shown.shape[1]
    # Two pictures of sea with a bright ship, and white beside them.
    assert shown[100:300, : width // 4].std() > 10
    assert shown[100:300, width // 4 : width // 2].std() > 10
    assert shown[100:300, width // 2 :].std() < 1


@pytest.mark.slow
def test_tasks_of_both_sensors_give_the_tables_of_a_run(both: Path, tmp_path: Path) -> None:
    """Tasks of radar find the optical background of their port, and make it where it is missing."""
    study = mixed_study(both, tiny(tmp_path / "tiny", background=True), collections=(S1, S2))
    with TaskList(tmp_path / "tasks") as tasks:
        told = forecast(study, tmp_path / "tasks", on_port=tasks.add)
        write_tasks(tasks.texts(told.trials, lambda n: f"do {n}"), tmp_path / "tasks.jsonl")
    count = len((tmp_path / "tasks.jsonl").read_text().splitlines())
    assert count == 1 + PASSES + 2
    batch = Batch(study, tmp_path / "tasks")
    for line in reversed(read_task_lines(tmp_path / "tasks.jsonl", 1, count)):
        assert not batch.do(line).failed
    gathered = gather(study, tmp_path / "tasks", infer=False)
    whole = run(study, tmp_path / "whole", infer=False)
    pd.testing.assert_frame_equal(gathered.detections, whole.detections)
    pd.testing.assert_frame_equal(gathered.observations, whole.observations)
