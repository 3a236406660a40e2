"""Runs, on simulated scenes whose ships are known: through an API, from disk, again, and broken."""

import json
import logging
import os
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import torch

from catalogs import with_addresses
from executors import Deadly
from gnomon.datamodel.errors import CatalogError, GnomonError, StudyError, WeightsError
from gnomon.datamodel.files import read_plain_table, read_table
from gnomon.datamodel.partials import PARTIAL
from gnomon.datamodel.progress import Progress, Stages, silent
from gnomon.datamodel.study import Study
from gnomon.datamodel.tables import Detections, Observations
from gnomon.datamodel.traffic import read_traffic
from gnomon.detect import detector
from gnomon.detect.calibration import UNCALIBRATED
from gnomon.detect.cascade import Cascade
from gnomon.detect.centernet.network import Network, NetworkOptions
from gnomon.detect.weights import save
from gnomon.freeboard.rows import COLUMNS
from gnomon.report.export.export import export_run
from gnomon.report.page.page import write_report
from gnomon.simulate.pixels.catalog import write_catalog, write_scene
from gnomon.simulate.pixels.scene import grid, simulate
from gnomon.workflow import observe as observing
from gnomon.workflow.executor import worker_processes
from gnomon.workflow.plan import plan
from gnomon.workflow.run import Results, run
from gnomon.workflow.store import STORE
from servers import FileServer, stac_api
from simulated import BOX, DAYS, spec
from written import texts


def study(url: str | Path, **sections: object) -> Study:
    """Of a catalogue that may lead to this machine, where other servers have its files."""
    catalog = {"url": str(url), "hosts": ["127.0.0.1"]}
    return Study.model_validate({"name": "test", "catalog": catalog, **sections})


def assert_same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Tables are equal, and loads to a centimetre.

    Batches of fits lie differently in memory from run to run, and float32 sums with them. A
    centimetre is a hundredth of a freeboard's sigma or less.
    """
    rest = one.columns.difference(COLUMNS, sort=False)
    pd.testing.assert_frame_equal(one[rest], other[rest])
    loads = [one[list(COLUMNS)], other[list(COLUMNS)]]
    pd.testing.assert_frame_equal(*loads, rtol=1e-3, atol=0.01)


def rows(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """What a table says, without the digest, which rests on where the files lie."""
    return pd.DataFrame(frame.drop(columns="run_digest").to_wkt())


def test_every_ship_of_70_to_250_m_is_found_where_it_lies(sea: Path, tmp_path: Path) -> None:
    outcome = run(study(sea), tmp_path)
    Detections.validate(outcome.detections)
    Observations.validate(outcome.observations)
    assert list(outcome.observations.status) == ["observed"] * len(DAYS)
    for day in DAYS:
        truth = gpd.read_file(sea.parent / f"april-{day:02d}" / "ships.geojson")
        # Longer ones are measured too short, or found twice, as the card of the weights has it.
        large = truth[truth.length_m.between(70, 250)].to_crs(BOX.crs)
        found = outcome.detections[outcome.detections.scene_id == f"april-{day:02d}"]
        centres = found.to_crs(BOX.crs).geometry
        assert len(large) > 0
        assert all(centres.distance(hull.centroid).min() < 30 for hull in large.geometry)
        assert len(found) <= len(truth) + 1


def test_no_secret_of_an_address_is_written_or_logged(
    sea: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """User and password of a catalogue, signatures of its items and files, in all that is left."""
    caplog.set_level(logging.DEBUG)
    shutil.copytree(sea.parent, tmp_path / "served")
    (tmp_path / "served" / "april-04" / "green.tif").unlink()
    (tmp_path / "served" / "april-14" / "april-14.json").unlink()
    for path in (tmp_path / "served").rglob("*.json"):
        path.write_text(re.sub(r'(\.(?:json|tif))"', r'\1?sig=SIGNATURE"', path.read_text()))
    with FileServer(tmp_path / "served") as server:
        url = f"{server.url.replace('//', '//anna:PASSWORD@')}/catalog.json?token=TOKEN"
        outcome = run(study(url), tmp_path / "run", infer=False)
        assert sorted(outcome.observations.status) == ["failed", "failed", "observed"]
        shown = {"observations.csv": outcome.observations.to_csv(), "log": caplog.text}
    write_report(tmp_path / "run")
    export_run(tmp_path / "run", tmp_path / "export")
    for folder in ("run", "export"):
        files = [path for path in (tmp_path / folder).rglob("*") if path.is_file()]
        shown |= {str(path): text for path in files for text in texts(path)}
    for place, text in shown.items():
        assert not re.search("anna|PASSWORD|TOKEN|SIGNATURE", text), place
    assert "april-14.json" in shown["observations.csv"]
    assert f"127.0.0.1:{server.server_port}" in (tmp_path / "run" / "run.json").read_text()


def test_the_same_rows_through_an_api_and_from_disk(sea: Path, tmp_path: Path) -> None:
    local = run(study(sea), tmp_path / "local")
    paths = sorted(sea.parent.glob("april-*/april-*.json"))
    with FileServer(sea.parent) as files:
        items = [with_addresses(json.loads(path.read_text()), files.url) for path in paths]
        (tmp_path / "api").mkdir()
        with stac_api(items, tmp_path / "api") as url:
            remote = run(study(url), tmp_path / "remote")
    assert len(local.detections) > 0
    assert_same(rows(local.detections), rows(remote.detections))
    pd.testing.assert_frame_equal(rows(local.observations), rows(remote.observations))


def test_a_second_run_does_nothing_but_mend_the_store_and_says_the_same(
    sea: Path, tmp_path: Path
) -> None:
    first = run(study(sea), tmp_path)
    second = run(study(sea), tmp_path)
    assert (first.new, second.new) == (len(DAYS), 0)
    pd.testing.assert_frame_equal(first.detections, second.detections)
    metadata = json.loads((tmp_path / "run.json").read_text())
    traffic = {"name": "small-tankers", "sha256": read_traffic("small-tankers").sha256}
    assert metadata["traffic"] == traffic
    assert metadata["study"]["detect"]["length_min_m"] == 30.0
    assert metadata["items"] == [f"april-{day:02d}" for day in DAYS]
    pd.testing.assert_frame_equal(
        read_table(tmp_path / "observations.parquet"), second.observations
    )
    one, other, *_ = sorted(first.observations.run_digest)
    shutil.rmtree(tmp_path / "store" / one)
    shutil.copytree(tmp_path / "store" / other, tmp_path / "store" / one)
    assert (tmp_path / "visits.parquet").is_file()
    assert (tmp_path / "surroundings.parquet").is_file()
    healed = run(study(sea, track={"enabled": False}), tmp_path)  # ships are counted, not visits
    assert healed.new == 1
    # Without visits there are no places of visits either: none, and not an empty table of them.
    assert not (tmp_path / "visits.parquet").exists()
    assert not (tmp_path / "surroundings.parquet").exists()
    assert healed.damaged == (f"{one}: holds the result {other}",)
    assert_same(first.detections, healed.detections)
    pd.testing.assert_frame_equal(first.observations, healed.observations)


@pytest.mark.parametrize(
    ("sections", "new"),
    [
        ({"detect": {"threshold": 0.9}}, len(DAYS)),
        ({"mask": {"cloud_width_min_m": 200}}, len(DAYS)),
        ({"catalog": {"retries": 1}}, 0),
        ({"period": {"start": "2024-04-10"}}, 0),
    ],
)
def test_a_changed_option_recomputes_what_rests_on_it(
    sea: Path, tmp_path: Path, sections: dict[str, dict[str, object]], new: int
) -> None:
    run(study(sea), tmp_path)
    catalog = {"url": str(sea), **sections.get("catalog", {})}
    changed = Study.model_validate({"name": "test", **sections, "catalog": catalog})
    assert run(changed, tmp_path).new == new


def at_stage(name: str, report: Progress) -> Stages:
    """Report the progress of one stage only."""
    return lambda stage: report if stage == name else silent


def test_every_stage_of_a_run_reports_its_steps_to_the_last(sea: Path, tmp_path: Path) -> None:
    steps: dict[str, list[tuple[int, int, str]]] = {}

    def begin(stage: str) -> Progress:
        steps[stage] = []
        return lambda *step: steps[stage].append(step)

    outcome = run(study(sea), tmp_path, on_stage=begin)
    assert list(steps) == [
        "searching the catalogue",
        "observing",
        "inferring visits and barrels",
        "cutting pictures of empty berths",
        "drawing ports",
    ]
    for stage in list(steps)[:3]:
        done, total, item = steps[stage][-1]
        assert done == total > 0, stage
        assert item
    assert steps["observing"][0] == (0, len(DAYS), "")  # none was in the store
    rounds = [done for done, _, _ in steps["inferring visits and barrels"]]
    assert rounds == list(range(1, len(rounds) + 1))
    assert len(outcome.observations) == len(DAYS)
    run(study(sea), tmp_path, on_stage=begin)
    assert steps["observing"] == [(len(DAYS), len(DAYS), "")]


def test_an_interrupted_run_goes_on_where_it_stopped(sea: Path, tmp_path: Path) -> None:
    def interrupt(done: int, total: int, scene: str) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(study(sea), tmp_path, on_stage=at_stage("observing", interrupt))
    assert not (tmp_path / "detections.parquet").exists()
    kept = len([p for p in (tmp_path / "store").iterdir() if not p.name.startswith(".")])
    assert 1 <= kept < len(DAYS)
    outcome = run(study(sea), tmp_path)
    assert outcome.new == len(DAYS) - kept
    whole = run(study(sea), tmp_path / "whole")
    assert_same(outcome.detections, whole.detections)


@pytest.fixture
def broken(sea: Path, tmp_path: Path) -> Iterator[Path]:
    """The catalogue with a file of one scene cut short."""
    shutil.copytree(sea.parent, tmp_path / "broken")
    path = tmp_path / "broken" / "april-14" / "red.tif"
    path.write_bytes(path.read_bytes()[:9000])
    return tmp_path / "broken" / "catalog.json"


def test_a_broken_scene_is_a_row_and_stops_nothing(broken: Path, tmp_path: Path) -> None:
    outcome = run(study(broken), tmp_path / "out")
    assert list(outcome.observations.status) == ["observed", "failed", "observed"]
    (reason,) = outcome.failed.reason
    assert "april-14" in reason
    assert "red" in reason
    assert "\n" not in reason
    # It is tried again, and the others are not.
    assert run(study(broken), tmp_path / "out").new == 1


def test_a_scene_too_cloudy_is_a_row_and_is_not_read(sea: Path, tmp_path: Path) -> None:
    shutil.copytree(sea.parent, tmp_path / "cloudy")
    path = tmp_path / "cloudy" / "april-14" / "april-14.json"
    item = json.loads(path.read_text())
    item["properties"]["eo:cloud_cover"] = 99.0
    path.write_text(json.dumps(item))
    (path.parent / "red.tif").unlink()
    outcome = run(study(tmp_path / "cloudy" / "catalog.json"), tmp_path / "out")
    assert list(outcome.observations.status) == ["observed", "skipped", "observed"]
    assert outcome.observations.reason[1] == "99 % cloud"


@pytest.mark.parametrize("core_px", [96, 128])
def test_windows_of_any_size_give_the_same_hulls(
    sea: Path, monkeypatch: pytest.MonkeyPatch, core_px: int
) -> None:
    """Every ship lies near a seam of some window, and is one row all the same."""
    for observation in plan(study(sea)).observations:
        whole = observing.observe(observation).detections
        with monkeypatch.context() as patch:
            patch.setattr(observing, "CORE_PX", core_px)
            parts = observing.observe(observation).detections
        assert len(parts) == len(whole)
        near = whole.to_crs(BOX.crs).geometry
        assert all(near.distance(one).min() < 10 for one in parts.to_crs(BOX.crs).geometry)


def test_a_port_takes_only_what_lies_in_it(sea: Path, tmp_path: Path) -> None:
    everywhere = run(study(sea), tmp_path / "all").detections
    across = np.sort(everywhere.geometry.x)
    gap = int(np.diff(across).argmax())
    middle = across[gap : gap + 2].mean()  # no ship lies on the line
    west, south, east, north = everywhere.total_bounds + np.array([-0.01, -0.01, 0.01, 0.01])
    halves = [(west, south, middle, north), (middle, south, east, north)]
    parts = [
        run(study(sea, ports={"bbox": half}), tmp_path / str(n)).detections
        for n, half in enumerate(halves)
    ]
    # Another window, another sub-pixel place: the same ships all the same.
    together = pd.concat(parts).to_crs(BOX.crs).geometry
    assert len(together) == len(everywhere)
    assert all(together.distance(one).min() < 10 for one in everywhere.to_crs(BOX.crs).geometry)


def whole(results: Results) -> list[pd.DataFrame]:
    """Every table of a run."""
    assert results.inference is not None
    tracked = results.inference.tracked
    spatial = [results.detections, results.observations, tracked.visits, tracked.voyages]
    return [*spatial, tracked.seasons, results.inference.ledger]


@pytest.mark.slow
def test_tables_are_the_same_to_the_bit_whoever_makes_the_observations(
    sea: Path, tmp_path: Path
) -> None:
    alone = run(brief(sea), tmp_path / "alone")
    with ThreadPoolExecutor(2) as pool:
        threads = run(brief(sea), tmp_path / "threads", pool)
    with worker_processes(2) as pool:
        processes = run(brief(sea), tmp_path / "processes", pool)
    assert alone.detections.freeboard_m.notna().any()
    for other in (threads, processes):
        for one, two in zip(whole(alone), whole(other), strict=True):
            pd.testing.assert_frame_equal(one, two, check_exact=True)
    names = [p.name for p in (tmp_path / "alone" / "store").iterdir()]
    for name in names:
        for other in ("threads", "processes"):
            one, two = (tmp_path / way / "store" / name for way in ("alone", other))
            if (one / "evidence.parquet").exists():
                frames = (read_plain_table(place / "evidence.parquet") for place in (one, two))
                pd.testing.assert_frame_equal(*frames, check_exact=True)


def brief(sea: Path) -> Study:
    """A study whose inference takes a second."""
    return study(sea, track={"members": 16, "draws": 20, "p_tanker_min": 0})


@pytest.mark.parametrize("workers", [None, 2])
def test_a_run_leaves_the_users_threads_as_they_were(
    sea: Path, tmp_path: Path, workers: int | None
) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with ThreadPoolExecutor(workers) if workers else nullcontext() as pool:
            run(brief(sea), tmp_path, pool)
            seen = [pool.submit(torch.get_num_threads).result()] if pool else []
        assert [torch.get_num_threads(), *seen] == [2] * (1 + len(seen))
        with ThreadPoolExecutor(1) as fresh:
            assert fresh.submit(torch.get_num_threads).result() == 2
    finally:
        torch.set_num_threads(before)


def test_a_run_writes_what_its_results_hold(sea: Path, tmp_path: Path) -> None:
    results = run(brief(sea), tmp_path)
    names = ("detections", "observations", "visits", "voyages", "seasons", "ledger")
    for name, frame in zip(names, whole(results), strict=True):
        path = tmp_path / f"{name}.parquet"
        assert path in results.files
        read = read_table(path)
        assert len(read) == len(frame)
        assert list(read.columns) == list(frame.columns)
    shores = read_table(tmp_path / "coastlines.parquet")
    views = read_table(tmp_path / "overviews.parquet")
    assert len(shores) == len(views) == 0  # a place without an area has nothing to be drawn


def test_an_observation_that_ends_its_process_is_a_row_that_failed(
    sea: Path, tmp_path: Path
) -> None:
    outcome = run(study(sea), tmp_path, Deadly())
    assert list(outcome.failed.scene_id) == [f"april-{day:02d}" for day in DAYS]
    assert outcome.failed.reason.str.contains("its process ended twice").all()
    assert list((tmp_path / "store").glob("*")) == []


def test_a_faulty_review_stops_a_run_before_its_work(sea: Path, tmp_path: Path) -> None:
    (tmp_path / "review.geojson").write_text("not GeoJSON")
    with pytest.raises(GnomonError, match=r"review\.geojson"):
        run(brief(sea), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["review.geojson"]
    assert run(brief(sea), tmp_path, infer=False).inference is None


def test_a_ship_in_two_tiles_of_one_pass_is_one_row(tmp_path: Path) -> None:
    one = spec(DAYS[0])
    east = grid(epsg=32652, west_m=601_000, north_m=4_670_000, shape=(256, 288), gsd_m=10.0)
    two = replace(one, id="april-04-east", geobox=east, seen_at=one.seen_at + timedelta(seconds=9))
    items = [write_scene(tmp_path, s, *simulate(s)) for s in (one, two)]
    catalog = write_catalog(tmp_path, items, description="two tiles")
    outcome = run(study(catalog), tmp_path / "out")
    first, second = outcome.observations.geometry
    assert first.intersection(second).area < 1e-3 * first.area
    centres = outcome.detections.to_crs(BOX.crs).geometry
    assert len(centres) >= 4
    assert centres.apply(lambda c: centres.distance(c).nsmallest(2).iloc[1]).min() > 60


def test_what_stops_a_run_is_said_before_anything_is_written(sea: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such weights"):
        run(study(sea, detect={"models": {"optical": "none"}}), tmp_path / "out")
    with pytest.raises(CatalogError):
        run(study(tmp_path / "nowhere.json"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def small_weights(folder: Path, **known: object) -> str:
    """Weights of a small network that has learned nothing."""
    network = Network(NetworkOptions(widths=(4, 4, 4, 4), blocks=(1, 1, 1)))
    save(folder, network, version="0", calibration=UNCALIBRATED, **known)
    return str(folder)


def test_pixels_that_the_weights_were_not_tested_with_fail_with_the_reason(
    sea: Path, tmp_path: Path
) -> None:
    fine = small_weights(tmp_path / "fine", gsd_m=3.0, gsd_range_m=(2.0, 4.0))
    outcome = run(study(sea, detect={"models": {"optical": fine}}), tmp_path / "out")
    assert (outcome.observations.status == "failed").all()
    (reason,) = set(outcome.observations.reason.str.split(": ", n=1).str[1])
    assert "pixels of 10 m are outside the 2 to 4 m that these weights were tested with" in reason
    assert len(outcome.detections) == 0


def test_weights_for_a_sensor_that_no_scene_has_are_refused(
    sea: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(detector._KINDS, "sar", Cascade)
    models = {"optical": "s2-vessel", "sar": small_weights(tmp_path / "radar", sensor="sar")}
    with pytest.raises(StudyError, match="names weights for sar scenes, but the catalogue gave"):
        run(study(sea, detect={"models": models}), tmp_path / "out")


def test_scenes_without_weights_for_their_sensor_fail_with_what_to_do(
    sea: Path, tmp_path: Path
) -> None:
    outcome = run(study(sea, detect={"models": {}}), tmp_path / "out")
    assert (outcome.observations.status == "failed").all()
    assert outcome.observations.reason.str.contains("no weights for optical scenes: name").all()


def test_missing_bands_and_angles_are_said(sea: Path, tmp_path: Path) -> None:
    observation = plan(study(sea)).observations[0]
    scene = replace(
        observation.scene,
        assets={k: v for k, v in observation.scene.assets.items() if k != "blue"},
        view_azimuth_deg=None,
        view_zenith_deg=None,
    )
    (row,) = observing.observe(replace(observation, scene=scene)).observation.itertuples()
    assert row.status == "observed"
    assert row.reason == "without blue; view angles unknown"


def test_a_replaced_file_is_read_again_and_another_file_is_a_row(sea: Path, tmp_path: Path) -> None:
    scene = shutil.copytree(sea.parent / "april-04", tmp_path / "served" / "april-04")
    root = {
        "type": "Catalog", "stac_version": "1.0.0", "id": "c", "description": "made by a test",
        "links": [{"rel": "item", "href": "./april-04/april-04.json"}],
    }  # fmt: skip
    (scene.parent / "catalog.json").write_text(json.dumps(root))
    with FileServer(scene.parent) as server:
        chosen, out = study(f"{server.url}/catalog.json"), tmp_path / "out"
        first = run(chosen, out, infer=False)
        assert run(chosen, out, infer=False).new == 0
        for path in (sea.parent / "april-14").glob("*.tif"):
            shutil.copyfile(path, scene / path.name)
        second = run(chosen, out, infer=False)
        assert (first.new, second.new) == (1, 1)
        assert len(first.detections) > 0
        there = [set(one.detections.geometry.to_wkt()) for one in (first, second)]
        assert not there[0] & there[1]
        item = json.loads((scene / "april-04.json").read_text())
        item["assets"]["red"]["file:size"] = 4711
        (scene / "april-04.json").write_text(json.dumps(item))
        (row,) = run(chosen, out, infer=False).failed.itertuples()
    assert row.reason.startswith("april-04, red: has ")
    assert "bytes and not the 4,711 that its catalogue lists: it is another file" in row.reason
    assert "\n" not in row.reason


def test_a_run_removes_what_killed_runs_left(sea: Path, tmp_path: Path) -> None:
    left = [tmp_path / f".tables{PARTIAL}1", tmp_path / STORE / f".0123{PARTIAL}2"]
    for folder in left:
        folder.mkdir(parents=True)
        os.utime(folder, (1, 1))
    clear = {"url": str(sea), "max_cloud_percent": 0}
    run(Study.model_validate({"name": "test", "catalog": clear}), tmp_path, infer=False)
    assert not any(folder.exists() for folder in left)
