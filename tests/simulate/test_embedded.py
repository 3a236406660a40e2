"""The embedded study: a plausible season, written whole, and what a run estimates of it."""

import itertools
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gnomon.datamodel.partials import ABANDONED_S, PARTIAL
from gnomon.datamodel.study import read_study
from gnomon.simulate import embedded
from gnomon.simulate.calls import LOADING, PIER
from gnomon.simulate.embedded import (
    DAYS,
    TRADE,
    embedded_calls,
    embedded_specs,
    embedded_truth,
    write_embedded,
)
from gnomon.simulate.pixels.scene import SceneSpec
from gnomon.workflow.infer import Inference
from gnomon.workflow.run import Results, run
from simulated import of_tankers

ROOT = Path(__file__).parents[2]
STUDY = read_study(ROOT / "configs" / "embedded.toml")


def test_every_cargo_of_the_embedded_study_arrives() -> None:
    seen = of_tankers(embedded_calls())
    assert len(seen) == TRADE.ships
    for own in seen.values():
        ports = [call.port for call in own if call.arrive_day < DAYS - 7]
        assert all((a == LOADING) != (b == LOADING) for a, b in itertools.pairwise(ports))


def test_ships_lie_in_their_zones_on_no_quay_and_not_in_each_other() -> None:
    for spec in embedded_specs():
        hulls = [ship.polygon() for ship in spec.ships]
        for one, two in itertools.combinations(hulls, 2):
            assert one.distance(two) > 5
        made = shapely.union_all([quay.outline for quay in spec.coast.quays])
        assert all(hull.distance(made) > 0.5 for hull in hulls)


def test_the_truth_lies_in_the_zones_that_it_names() -> None:
    ports = {port.name: port for port in STUDY.places()}
    for row in embedded_truth().itertuples():
        zone = next(z for z in ports[row.port].zones if z.name == row.zone)
        assert zone.geometry.contains(row.geometry)


def test_the_register_has_the_tankers_of_the_season_by_invented_names() -> None:
    """No name or number of a real ship may stand beside simulated scenes."""
    fleet = pd.read_csv(ROOT / "configs" / "embedded-fleet.csv").set_index("name")
    tankers = embedded_truth().query("type == 'tanker'").drop_duplicates("ship").set_index("ship")
    assert set(tankers.index) < set(fleet.index)
    own = fleet.loc[tankers.index]
    assert np.abs(own.length_m - tankers.length_m).max() <= 0.5
    assert np.abs(own.deadweight_t / tankers.deadweight_t - 1).max() < 0.01
    assert fleet.index.str.startswith("Sim ").all()
    assert fleet.imo.isna().all()
    real = pd.read_csv(ROOT / "configs" / "fleet.csv")
    assert not set(real.name) & set(fleet.index)


def test_scenes_come_at_the_hours_and_days_of_the_orbits() -> None:
    for spec in embedded_specs():
        if spec.collection == "synthetic-sentinel-2":
            port = spec.id.split("_")[1]
            times = {"alfa": "04T02:12", "bravo": "07T02:22", "charlie": "05T02:37"}
            first = times[port.removeprefix("port-")]
            since = spec.seen_at - pd.Timestamp(f"2024-03-{first}", tz="UTC")
            assert since % timedelta(days=5) < timedelta(seconds=2)


def few_specs() -> list[SceneSpec]:
    """Two images of 3 m and one of 10 m, cut small."""
    specs = list(embedded_specs())
    fine = [spec for spec in specs if spec.collection != "synthetic-sentinel-2"][:2]
    coarse = [spec for spec in specs if spec.collection == "synthetic-sentinel-2"][:1]
    return [replace(spec, geobox=spec.geobox[100:140, 100:160]) for spec in (*fine, *coarse)]


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> list[SceneSpec]:
    specs = few_specs()
    monkeypatch.setattr(embedded, "embedded_specs", lambda: iter(specs))
    return specs


def test_an_interrupted_season_goes_on_where_it_stopped(
    small: list[SceneSpec], tmp_path: Path
) -> None:
    def stop(done: int, total: int, scene: str) -> None:
        assert (done, total) == (1, 3)
        assert (tmp_path / "two" / scene / "blue.tif").is_file()
        raise KeyboardInterrupt

    write_embedded(tmp_path / "one")
    with pytest.raises(KeyboardInterrupt):
        write_embedded(tmp_path / "two", on_progress=stop)
    left = digests(tmp_path / "two")
    assert "catalog.json" not in left
    assert "recipe.json" not in left
    calls: list[tuple[int, int, str]] = []
    write_embedded(tmp_path / "two", on_progress=lambda *call: calls.append(call))
    assert [call[:2] for call in calls] == [(2, 3), (3, 3)]
    assert digests(tmp_path / "two") == digests(tmp_path / "one")
    assert {name for name in left if name.endswith(".tif")} < digests(tmp_path / "two").keys()


def test_a_season_of_another_recipe_is_made_anew_and_a_killed_process_leaves_nothing(
    small: list[SceneSpec], tmp_path: Path
) -> None:
    (tmp_path / "SYN_old").mkdir()
    left = tmp_path / f".SYN_old{PARTIAL}x"
    left.mkdir()
    os.utime(left, (time.time() - 2 * ABANDONED_S,) * 2)
    (tmp_path / "unfinished.json").write_text('{"digest": "of another version"}')
    write_embedded(tmp_path)
    folders = {path.name for path in tmp_path.iterdir() if path.is_dir()}
    assert folders == {spec.id for spec in small}
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    write_embedded(tmp_path)
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}


def test_an_executor_writes_the_same_season(small: list[SceneSpec], tmp_path: Path) -> None:
    write_embedded(tmp_path / "one")
    with ThreadPoolExecutor(2) as pool:
        write_embedded(tmp_path / "two", executor=pool)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Results, Inference, gpd.GeoDataFrame]:
    """What `make detect` says of the season, and what it was."""
    catalog = write_embedded(ROOT / "build" / "embedded")
    out = tmp_path_factory.mktemp("embedded")
    outcome = run(STUDY, out)
    assert outcome.inference is not None
    return outcome, outcome.inference, gpd.read_parquet(catalog.parent / "truth.parquet")


def moored(outcome: Results, truth: gpd.GeoDataFrame) -> pd.DataFrame:
    """Tankers at oil piers that a clear look had before it, and whether they were told."""
    rows = []
    tankers = truth[(truth["type"] == "tanker") & (truth.zone == PIER)]
    for observation in outcome.observations[outcome.observations.status == "observed"].itertuples():
        if json.loads(observation.zones)[PIER] < 0.95:
            continue
        there = tankers[
            (tankers.port == observation.port)
            & (tankers.arrived_at < observation.seen_at)
            & (tankers.departed_at > observation.seen_at)
        ]
        metres = there.estimate_utm_crs() if len(there) else None
        hulls = outcome.detections[outcome.detections.scene_id == observation.scene_id]
        for ship in there.to_crs(metres).itertuples() if metres else ():
            near = hulls.to_crs(metres).distance(ship.geometry).min()
            rows.append({"port": observation.port, "gsd_m": observation.gsd_m, "told": near < 40})
    return pd.DataFrame(rows)


@pytest.mark.slow
def test_clear_observations_show_the_tankers_at_the_piers(
    told: tuple[Results, Inference, gpd.GeoDataFrame],
) -> None:
    outcome, _, truth = told
    assert len(outcome.failed) == 0
    seen = moored(outcome, truth)
    assert len(seen) > 30
    assert seen.told.mean() > 0.8


@pytest.mark.slow
def test_visits_and_barrels_hold_the_truth(
    told: tuple[Results, Inference, gpd.GeoDataFrame],
) -> None:
    _, found, truth = told
    tankers = truth[truth["type"] == "tanker"]
    held = [
        season.visits_p05 <= (tankers.port == season.port).sum() <= season.visits_p95
        for season in found.tracked.seasons.itertuples()
    ]
    # Of intervals of 90 % one in ten does not, and there are three.
    assert sum(held) >= 2
    end = pd.Timestamp(STUDY.period.end, tz="UTC") + timedelta(days=1)
    left = tankers[(tankers.port == LOADING) & (tankers.departed_at < end)]
    (ledger,) = found.ledger[found.ledger.scenario == "inferred"].itertuples()
    assert ledger.barrels_p05 <= left.barrels.sum() <= ledger.barrels_p95
    assert ledger.barrels_p95 < 3 * left.barrels.sum()
