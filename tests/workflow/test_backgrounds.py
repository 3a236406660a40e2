"""Backgrounds of ports in runs: on the right grid, from the right scenes, and named by them."""

import json
import shutil
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rasterio
from odc.geo.geobox import GeoBox

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.observation import Background
from gnomon.datamodel.progress import Progress, silent
from gnomon.datamodel.scene import Asset, Scene
from gnomon.datamodel.study import MaskOptions, Study
from gnomon.detect.cascade import Cascade
from gnomon.detect.centernet.network import NetworkOptions
from gnomon.simulate.pixels.scene import grid, simulate
from gnomon.workflow import backgrounds as making
from gnomon.workflow import observe as observing
from gnomon.workflow.backgrounds import BackgroundBuilder, background_over, build_backgrounds
from gnomon.workflow.plan import plan
from gnomon.workflow.run import run
from gnomon.workflow.store import Store
from passes import BOX, PASSES, spec, tiny, write_passes

find = partial(run, infer=False)
"""Ships alone: those of an untrained network make no visits that are worth inferring."""


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifteen scenes of open water, in ten of which a ship lies there."""
    folder = tmp_path_factory.mktemp("season")
    return write_passes(folder)


def shorter(season: Path, folder: Path) -> Path:
    """The same catalogue without its last scene."""
    shutil.copytree(season.parent, folder)
    (path,) = folder.glob("synthetic-sentinel-2.json")
    found = json.loads(path.read_text())
    last = f"pass-{PASSES - 1:02d}.json"
    found["links"] = [link for link in found["links"] if not link["href"].endswith(last)]
    path.write_text(json.dumps(found))
    return folder / "catalog.json"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return tiny(tmp_path_factory.mktemp("weights") / "tiny", background=True)


def study(url: Path, model: str, **detect: object) -> Study:
    return Study.model_validate(
        {
            "name": "test",
            "catalog": {"url": str(url)},
            "detect": {"models": {"optical": model}, **detect},
            "load": {"enabled": False},
        }
    )


def backgrounds(out: Path) -> list[Path]:
    return sorted((out / "store").glob("*/background.tif"))


def made(season: Path, model: str, folder: Path) -> dict[str, Background]:
    scenes = [observation.scene for observation in plan(study(season, model)).observations]
    bands = NetworkOptions().bands
    return build_backgrounds(
        scenes, None, BackgroundBuilder(Store(folder), None, bands, MaskOptions())
    )


def unlike(found: dict[str, Background]) -> list[Background]:
    return list({background.scene.id: background for background in found.values()}.values())


def rows(frame: pd.DataFrame) -> pd.DataFrame:
    """What a table says, without what it rests on."""
    return pd.DataFrame(frame.drop(columns="run_digest").to_wkt())


def test_a_ship_that_stays_for_ten_scenes_is_not_in_the_background(
    season: Path, model: str, tmp_path: Path
) -> None:
    (background,) = unlike(made(season, model, tmp_path))
    assert background.observations == tuple(f"pass-{n:02d}" for n in range(PASSES))
    past = background_over(background, BOX)
    empty, _ = simulate(replace(spec(0), ships=()))
    with_ship, _ = simulate(spec(3))
    hull = with_ship["red"].to_numpy() - empty["red"].to_numpy() > 0.05
    assert hull.sum() > 20
    for band in NetworkOptions().bands:
        found = past[band].to_numpy()
        assert np.isfinite(found).all()
        # Nor does its shadow lie on it.
        assert abs(np.median(found[hull]) - np.median(found[~hull])) < 0.004
        assert found.max() < np.median(found) + 0.02


def test_a_damaged_background_is_made_again(season: Path, model: str, tmp_path: Path) -> None:
    (background,) = unlike(made(season, model, tmp_path))
    path = tmp_path / background.scene.id / "background.tif"
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    assert unlike(made(season, model, tmp_path)) == [background]
    assert path.read_bytes() == whole


def test_every_window_gets_the_background_of_its_own_ground(
    season: Path, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[GeoBox, Any, Any]] = []

    def nothing(_: Cascade, pixels: Any, masks: Any, *, background: Any) -> Any:
        seen.append((pixels.odc.geobox, background.odc.geobox, background))
        return OrientedBoxes.empty()

    monkeypatch.setattr(observing, "CORE_PX", 48)
    monkeypatch.setattr(observing, "HALO_PX", 16)
    monkeypatch.setattr(Cascade, "find", nothing)
    find(study(season, model), tmp_path)
    (path,) = backgrounds(tmp_path)
    assert len(seen) == 4 * PASSES
    with rasterio.open(path) as file:
        for pixels, background, found in seen:
            assert background == pixels
            window = rasterio.windows.from_bounds(*pixels.boundingbox.bbox, file.transform)
            for number, band in enumerate(NetworkOptions().bands, start=1):
                counts = file.read(number, window=window)
                np.testing.assert_allclose(found[band], counts * 1e-4, rtol=1e-6)


def test_a_background_changes_what_is_detected(season: Path, model: str, tmp_path: Path) -> None:
    found = find(study(season, model), tmp_path / "found")
    alone = find(study(season, model, background=False), tmp_path / "alone")
    assert len(backgrounds(tmp_path / "found")) == 1
    assert not backgrounds(tmp_path / "alone")
    assert len(alone.detections) > 0
    assert not rows(found.detections).equals(rows(alone.detections))
    (entry,) = json.loads((tmp_path / "found" / "run.json").read_text())["backgrounds"].values()
    assert entry == {"port": None, "observations": [f"pass-{n:02d}" for n in range(PASSES)]}


def test_an_added_scene_makes_every_observation_anew_and_a_second_run_none(
    season: Path, model: str, tmp_path: Path
) -> None:
    fewer = shorter(season, tmp_path / "fewer")
    # Addresses are part of what an observation rests on: the same folder, before and after.
    first = find(study(fewer, model), tmp_path / "out")
    assert (len(first.observations), first.new) == (PASSES - 1, PASSES - 1)
    shutil.copy(season.parent / "synthetic-sentinel-2.json", fewer.parent)
    second = find(study(fewer, model), tmp_path / "out")
    assert (len(second.observations), second.new) == (PASSES, PASSES)
    assert not set(first.observations.run_digest) & set(second.observations.run_digest)
    assert len(backgrounds(tmp_path / "out")) == 2
    third = find(study(fewer, model), tmp_path / "out")
    assert third.new == 0
    pd.testing.assert_frame_equal(third.detections, second.detections)


def test_an_interrupted_run_ends_as_a_whole_one_whoever_does_it(
    season: Path, model: str, tmp_path: Path
) -> None:
    def interrupt(done: int, total: int, scene: str) -> None:
        if done == 4:
            raise KeyboardInterrupt

    stages = []

    def at_observing(stage: str) -> Progress:
        stages.append(stage)
        return interrupt if stage == "observing" else silent

    with pytest.raises(KeyboardInterrupt):
        find(study(season, model), tmp_path / "one", on_stage=at_observing)
    assert stages[1:3] == ["everywhere: opening scenes", "everywhere: background without ships"]
    with ThreadPoolExecutor(3) as pool:
        resumed = find(study(season, model), tmp_path / "one", executor=pool)
    assert 0 < resumed.new < PASSES
    with ThreadPoolExecutor(1) as pool:
        whole = find(study(season, model), tmp_path / "two", executor=pool)
    pd.testing.assert_frame_equal(resumed.detections, whole.detections)
    pd.testing.assert_frame_equal(resumed.observations, whole.observations)
    first, second = (backgrounds(tmp_path / name)[0] for name in ("one", "two"))
    assert first.parent.name == second.parent.name
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.slow
def test_processes_make_the_same_backgrounds(season: Path, model: str, tmp_path: Path) -> None:
    threads = find(study(season, model), tmp_path / "threads")
    with ProcessPoolExecutor(1) as pool:
        processes = find(study(season, model), tmp_path / "processes", executor=pool)
    pd.testing.assert_frame_equal(threads.detections, processes.detections)


def test_what_cannot_be_read_is_left_out_of_it(season: Path, model: str, tmp_path: Path) -> None:
    shutil.copytree(season.parent, tmp_path / "broken")
    path = tmp_path / "broken" / "pass-05" / "nir.tif"
    path.write_bytes(path.read_bytes()[:2000])
    outcome = find(study(tmp_path / "broken" / "catalog.json", model), tmp_path / "out")
    assert list(outcome.failed.scene_id) == ["pass-05"]
    (entry,) = json.loads((tmp_path / "out" / "run.json").read_text())["backgrounds"].values()
    assert len(entry["observations"]) == PASSES - 1
    assert "pass-05" not in entry["observations"]


def test_weights_without_a_background_have_none_made(season: Path, tmp_path: Path) -> None:
    plain = study(season, tiny(tmp_path / "plain", background=False))
    outcome = find(plain, tmp_path / "out")
    assert not backgrounds(tmp_path / "out")
    assert list(outcome.observations.run_digest) == [
        observation.digest for observation in plan(plain).observations
    ]


def scene(number: int, seen_at: datetime, **changes: Any) -> Scene:
    assets = {band: Asset(href=f"/nowhere/{number}/{band}", name=band) for band in ("red", "green")}
    found = {
        "id": f"{seen_at:%Y-%m-%d}-{number}",
        "collection": "sentinel-2-l2a",
        "platform": "sentinel-2a",
        "sensor": "optical",
        "seen_at": seen_at,
        "footprint": BOX.extent.to_crs("EPSG:4326").geom,
        "gsd_m": 10.0,
        "assets": assets,
    }
    return Scene(**(found | changes))


def planned(scenes: list[Scene], where: GeoBox = BOX) -> dict[str, Any]:
    places = [making._Place(one, where, ("green", "red")) for one in scenes]
    return making._planned(places, MaskOptions())


def every(days: int, count: int) -> list[Scene]:
    start = datetime(2022, 1, 3, 2, tzinfo=UTC)
    return [scene(n, start + timedelta(days=days * n)) for n in range(count)]


def test_scenes_near_in_the_season_come_first_in_any_year() -> None:
    plans = planned(every(5, 3 * 73))
    for name, plan_ in plans.items():
        month = int(name[5:7])
        months = {place.scene.seen_at.month for place in plan_.places}
        assert len(plan_.places) == making.MOST
        # Three years: thirty scenes lie within a month of the middle of the season.
        assert months <= {12, 1, 2} if month in (12, 1, 2) else not months & {12, 1, 2}
        assert len({place.scene.seen_at.year for place in plan_.places}) >= 3
    assert len({plan_.name for plan_ in plans.values()}) == 4


def test_where_scenes_are_few_all_seasons_share_them() -> None:
    plans = planned(every(12, 30))
    assert len({plan_.name for plan_ in plans.values()}) == 1
    assert planned(every(12, making.FEWEST - 1)) == {}


def test_cloudy_scenes_are_taken_last() -> None:
    scenes = [replace(one, cloud_percent=90.0 * (n % 2)) for n, one in enumerate(every(5, 60))]
    plans = planned(scenes)
    assert all(p.scene.cloud_percent == 0 for plan_ in plans.values() for p in plan_.places)


def test_the_order_of_scenes_does_not_matter() -> None:
    scenes = every(5, 73)
    names = {key: plan_.name for key, plan_ in planned(scenes).items()}
    assert {key: plan_.name for key, plan_ in planned(scenes[::-1]).items()} == names


def test_other_pixels_collections_and_bands_make_other_backgrounds() -> None:
    fifteen = every(12, 15)
    moved = grid(epsg=32652, west_m=600_005, north_m=4_670_000, shape=(80, 96), gsd_m=10.0)
    places = [
        making._Place(one, box, bands)
        for one, box, bands in [
            *((one, BOX, ("green", "red")) for one in fifteen[:10]),
            *((one, moved, ("green", "red")) for one in fifteen[10:]),
            *((replace(one, id=one.id + "b"), BOX, ("green",)) for one in fifteen[:10]),
        ]
    ]
    assert making._planned(places, MaskOptions()) == {}
    # A window of the same pixels is no other grid.
    corners = zip(range(15), fifteen, strict=True)
    places = [making._Place(one, BOX[n:, n:], ("green",)) for n, one in corners]
    (plan_,) = {
        plan_.name: plan_ for plan_ in making._planned(places, MaskOptions()).values()
    }.values()
    assert plan_.grid == BOX


def test_a_place_as_large_as_a_scene_has_none() -> None:
    assert planned(every(12, 20), grid_of(10_980)) == {}


def grid_of(side: int) -> GeoBox:
    return grid(epsg=32652, west_m=600_000, north_m=4_700_040, shape=(side, side), gsd_m=10.0)


def test_one_pass_in_two_tiles_is_one_observation(season: Path, model: str, tmp_path: Path) -> None:
    """What another scene of the pass shows is not counted again."""
    scenes = [observation.scene for observation in plan(study(season, model)).observations]
    half = BOX[:, :48].extent.to_crs("EPSG:4326").geom
    scenes = [replace(one, covered=half) if n < 2 else one for n, one in enumerate(scenes)]
    builder = BackgroundBuilder(Store(tmp_path), None, NetworkOptions().bands, MaskOptions())
    (background,) = unlike(build_backgrounds(scenes, None, builder))
    known = np.isfinite(background_over(background, BOX)["red"].to_numpy())
    assert not known[:, :47].any()
    assert known[:, 49:].all()


def test_a_scene_that_cannot_be_opened_has_none_and_takes_no_part(
    season: Path, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = making.geobox_of

    def open_but_one(one: Scene) -> GeoBox:
        if one.id == "pass-07":
            raise AssetError(one.id, "red", "the file is not there")
        return opened(one)

    monkeypatch.setattr(making, "geobox_of", open_but_one)
    found = made(season, model, tmp_path)
    assert "pass-07" not in found
    assert all("pass-07" not in background.observations for background in found.values())
