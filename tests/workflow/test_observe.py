"""One scene over one port: every pixel read once, in one thread, and nothing left outside."""

import itertools
import json
import re
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio.io
import shapely
import torch
from affine import Affine
from odc.geo.geobox import GeoBox
from pandas.testing import assert_frame_equal

from catalogs import write_raster
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.observation import Observation
from gnomon.datamodel.recall import read_recall
from gnomon.datamodel.scene import FileVersion
from gnomon.datamodel.shipped import shipped
from gnomon.datamodel.study import LoadOptions, Study
from gnomon.datamodel.visibility import read_visibility
from gnomon.detect.calibration import IDENTITY
from gnomon.detect.detector import Detector
from gnomon.detect.type_network import TypeNetwork, TypeNetworkOptions
from gnomon.detect.type_weights import TypeCurve, TypeRange, save_type_weights
from gnomon.detect.weights import read_model
from gnomon.freeboard import rows as stage
from gnomon.imagery.read import geobox_of, read_pixels
from gnomon.imagery.water import usable_water
from gnomon.workflow import observe as observing
from gnomon.workflow.evidence import cutouts
from gnomon.workflow.loads import reader_of
from gnomon.workflow.observe import observe
from gnomon.workflow.plan import plan
from gnomon.workflow.threads import LIMIT
from simulated import BOX


@pytest.fixture(scope="module")
def observation(sea: Path) -> Observation:
    study = Study.model_validate({"name": "test", "catalog": {"url": str(sea)}})
    return plan(study).observations[0]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int, int, int]]:
    """Blocks that rasterio is asked for: file, first column and row, width, height."""
    seen: list[tuple[str, int, int, int, int]] = []
    read = rasterio.io.DatasetReader.read

    def counted(self: Any, *args: Any, **more: Any) -> Any:
        window = more["window"]
        place = (window.col_off, window.row_off, window.width, window.height)
        seen.append((Path(self.name).name, *(round(side) for side in place)))
        return read(self, *args, **more)

    monkeypatch.setattr(rasterio.io.DatasetReader, "read", counted)
    return seen


def test_a_scene_of_one_part_is_read_once_for_masks_detection_and_load(
    observation: Observation, reads: list[tuple[str, int, int, int, int]]
) -> None:
    result = observe(observation)
    assert len(result.detections) > 3
    assert result.detections.freeboard_m.notna().any()
    bands = Counter(name for name, *_ in reads)
    assert bands == {f"{name}.tif": 1 for name in observation.scene.assets}


def test_of_many_parts_each_band_is_read_once_a_part_and_overlaps_by_the_halo_alone(
    observation: Observation,
    reads: list[tuple[str, int, int, int, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(observing, "CORE_PX", 128)
    result = observe(observation)
    assert len(result.detections) > 3
    rows, columns = BOX.shape.yx
    parts = -(-rows // 128) * -(-columns // 128)
    assert Counter(name for name, *_ in reads) == {
        f"{name}.tif": parts for name in observation.scene.assets
    }
    halo = max(observing.HALO_PX, int(np.ceil(observing.HALO_M / 10)))
    for name, left, top, width, height in reads:
        if name == "red.tif":
            assert width <= 128 + 2 * halo
            assert height <= 128 + 2 * halo
            assert left + width <= columns
            assert top + height <= rows


@pytest.mark.parametrize("threads", [2, 5])
def test_parts_in_threads_give_the_same_result_and_each_has_one_thread_of_torch(
    observation: Observation, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    monkeypatch.setattr(observing, "CORE_PX", 128)
    alone = observe(observation)
    seen: set[tuple[str, int]] = set()
    read = observing.read_window

    def watched(*args: Any, **more: Any) -> Any:
        seen.add((threading.current_thread().name, torch.get_num_threads()))
        return read(*args, **more)

    monkeypatch.setattr(observing, "read_window", watched)
    together = observe(observation, threads=threads)
    assert {number for _, number in seen} == {1}
    assert 1 < len(seen) <= threads
    assert_frame_equal(alone.detections, together.detections)
    assert_frame_equal(alone.observation, together.observation)
    assert_frame_equal(alone.evidence, together.evidence)


def test_a_fault_of_a_part_in_a_thread_is_a_row(
    observation: Observation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "CORE_PX", 128)
    read, count = observing.read_window, itertools.count()

    def fail(*args: Any, **more: Any) -> Any:
        if next(count) == 3:
            raise AssetError("april-04", "red", "the file is not there")
        return read(*args, **more)

    monkeypatch.setattr(observing, "read_window", fail)
    (row,) = observe(observation, threads=2).observation.itertuples()
    assert (row.status, row.reason) == ("failed", "april-04, red: the file is not there")


COLOUR = ("blue", "green", "red")


def in_colour(observation: Observation) -> Observation:
    """The same scene without infrared."""
    scene = observation.scene
    assets = {name: asset for name, asset in scene.assets.items() if name in COLOUR}
    return replace(observation, scene=replace(scene, assets=assets))


def test_a_scene_of_red_green_and_blue_is_observed_and_says_what_it_lacks(
    observation: Observation,
) -> None:
    bare = observe(in_colour(observation))
    (row,) = bare.observation.itertuples()
    assert row.status == "observed"
    assert row.reason.startswith(
        "without nir, swir16; water from blue, green and red alone; score calibrated with infrared"
    )
    assert row.usable_fraction > 0.98
    known = read_recall(row.recall)
    assert known == read_model("s2-vessel").calibration.recall_in_colour
    assert known != read_model("s2-vessel").calibration.recall
    assert len(bare.detections) > 3
    assert bare.detections.freeboard_m.notna().any()


class Fixed:
    """A detector that finds the same three hulls everywhere."""

    def __init__(self, real: Detector) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def find(self, *_: Any, **__: Any) -> OrientedBoxes:
        return OrientedBoxes.of([60, 100, 160], 90, [6, 12, 18], 3, 30, score=0.9)


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> dict[str, gpd.GeoDataFrame]:
    """Detections in real pixels, with weights of types that were not trained and without any."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights") / "types"
    save_type_weights(
        folder,
        TypeNetwork(TypeNetworkOptions(widths=(8, 8), hidden=4)),
        version="0",
        calibration=[TypeCurve(gsd_m=10.0, curve=IDENTITY)],
        given=[TypeRange(gsd_m=(9.0, 11.0), length_m=(100.0, 200.0))],
    )
    detections = {}
    real = observing.detector_for
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(observing, "detector_for", lambda observation: Fixed(real(observation)))
        for name in (str(folder), ""):
            study = Study.model_validate(
                {
                    "name": "test",
                    "catalog": {"url": str(shipped("configs") / "casablanca" / "catalog.json")},
                    "detect": {"type_model": name},
                    "load": {"enabled": False},
                }
            )
            found = observe(plan(study).observations[0]).detections
            detections["with" if name else "without"] = found
    return detections


def test_p_tanker_is_given_to_hulls_of_the_lengths_that_were_measured(
    harbour: dict[str, gpd.GeoDataFrame],
) -> None:
    hulls = harbour["with"]
    measured = hulls.length_m.between(100, 200, inclusive="left")
    assert sorted(measured) == [False, True, True]
    assert (hulls.p_tanker.notna() == measured).all()
    assert hulls.p_tanker.nunique() == 2


def test_without_weights_of_types_the_rows_are_the_same_but_for_p_tanker(
    harbour: dict[str, gpd.GeoDataFrame],
) -> None:
    varied = ["p_tanker", "run_digest"]
    assert harbour["without"].p_tanker.isna().all()
    assert_frame_equal(
        harbour["with"].drop(columns=varied), harbour["without"].drop(columns=varied)
    )


def test_simulated_decks_have_no_p_tanker(observation: Observation) -> None:
    hulls = OrientedBoxes.of(60, 60, 15, 2, 30)
    pixels = read_pixels(observation.scene, None)
    (part,) = observing._parts(geobox_of(observation.scene), geobox_of(observation.scene))
    drawn = observing._typed(hulls, pixels, observation, part.read)
    real = replace(observation, scene=replace(observation.scene, platform="sentinel-2a"))
    assert np.isnan(drawn.p_tanker).all()
    assert np.isfinite(observing._typed(hulls, pixels, real, part.read).p_tanker).all()
    # What a detector gives stands.
    own = replace(hulls, p_tanker=np.array([0.25], np.float32))
    assert observing._typed(own, pixels, real, part.read).p_tanker == 0.25


def test_around_one_hull_water_is_not_guessed_by_its_texture(observation: Observation) -> None:
    scene = in_colour(observation).scene
    read = reader_of(scene, geobox_of(scene), observation.options.mask)
    near = read(BOX[100:140, 100:140].geographic_extent.geom)
    assert near is not None
    assert {*near} == {*COLOUR}


def test_counts_in_colour_fail_and_say_what_to_give(observation: Observation) -> None:
    scene = in_colour(observation).scene
    assets = {name: replace(asset, scale=1.0) for name, asset in scene.assets.items()}
    result = observe(replace(observation, scene=replace(scene, assets=assets)))
    (row,) = result.observation.itertuples()
    assert row.status == "failed"
    assert "is no reflectance; give the scale" in row.reason


def test_the_halo_holds_the_longest_hull_with_its_shadow() -> None:
    longest = 400.0 / 2 + 3 * 0.06 * 400.0 / 2 + stage.ROOM_M
    assert longest <= observing.HALO_M
    for length in (30.0, 120.0, 250.0, 400.0):
        sigma = np.hypot(10.0, 0.1 * length)  # of the shipped weights, about
        asked = length / 2 + sigma + stage.ROOM_M
        assert asked <= observing.CUT_LENGTHS * length + observing.CUT_M


def test_a_port_is_read_beyond_its_area_so_that_hulls_at_its_edge_keep_their_shadow(
    observation: Observation,
) -> None:
    """The load of a hull is the same whether the port ends beside it or far away."""
    whole = observe(observation)
    hulls = whole.detections.to_crs(BOX.crs)
    middle = hulls.geometry.x.median() + 0.1  # between two hulls
    half = shapely.box(BOX.boundingbox.left, BOX.boundingbox.bottom, middle, BOX.boundingbox.top)
    area = GeoBox.from_bbox(half.bounds, BOX.crs, resolution=10).geographic_extent.geom
    part = observe(replace(observation, port=replace(observation.port, area=area)))
    near = part.detections.to_crs(BOX.crs)
    for row, place in zip(part.detections.itertuples(), near.geometry, strict=True):
        (cutout,) = (one for one in cutouts(part.evidence) if one.evidence_id == row.detection_id)
        grid = cutout.pixels.odc.geobox.boundingbox
        reach = row.length_m / 2 + row.length_sigma_m + stage.ROOM_M - 20
        for inside, edge, end in (
            (grid.left, place.x - reach, BOX.boundingbox.left),
            (-grid.right, -place.x - reach, -BOX.boundingbox.right),
            (grid.bottom, place.y - reach, BOX.boundingbox.bottom),
            (-grid.top, -place.y - reach, -BOX.boundingbox.top),
        ):
            assert inside <= max(edge, end) + 1e-6


def test_loads_are_those_of_pixels_read_hull_by_hull(observation: Observation) -> None:
    """Cut from the window as from the file: masks of open water differ nowhere here."""
    result = observe(observation)
    scene = observation.scene
    read = reader_of(scene, geobox_of(scene), observation.options.mask)
    expected = stage.loads(result.detections, read, LoadOptions())
    for name in ("freeboard_m", "log_lr_laden", "p_laden"):
        np.testing.assert_allclose(
            result.detections[name].astype(float), expected[name].astype(float), atol=1e-6
        )
    assert (
        result.detections.load_reason.fillna("").tolist()
        == expected.load_reason.fillna("").tolist()
    )


def test_every_detection_has_evidence_and_nothing_else_has(observation: Observation) -> None:
    result = observe(observation)
    assert sorted(result.evidence.evidence_id) == sorted(result.detections.detection_id)
    for row, cutout in zip(result.detections.itertuples(), cutouts(result.evidence), strict=True):
        assert (cutout.fit is not None) == (cutout.posterior is not None)
        if row.freeboard_m == row.freeboard_m:
            assert cutout.fit is not None
        assert cutout.pixels.odc.geobox.geographic_extent.geom.contains(row.geometry)


def test_an_observation_has_the_recall_of_its_detector(observation: Observation) -> None:
    model = read_model("s2-vessel")
    (text,) = observe(observation).observation.recall
    assert read_recall(text) == model.calibration.recall
    assert json.loads(text)["detector"] == model.label
    # At another threshold it finds more, or fewer.
    detect = observation.options.detect.model_copy(update={"threshold": 0.6})
    other = observation.options.model_copy(update={"detect": detect})
    assert observe(replace(observation, options=other)).observation.recall.isna().all()


def test_an_observation_says_place_by_place_what_it_shows(
    observation: Observation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In windows of any size, as the masks of the whole port have it."""
    area = geobox_of(observation.scene).geographic_extent.geom.buffer(-0.002)
    own = replace(observation, port=replace(observation.port, area=area))
    whole = observe(own).observation.visibility.iloc[0]
    monkeypatch.setattr(observing, "CORE_PX", 64)
    assert observe(own).observation.visibility.iloc[0] == whole
    grid = read_visibility(whole)
    pixels = read_pixels(observation.scene, area)
    masks = usable_water(pixels, observation.options.mask)
    seen = (masks.valid & ~masks.cloud & ~masks.ice).to_numpy()
    assert grid.seen_percent.mean() / 100 == pytest.approx(seen.mean(), abs=0.02)
    middle = area.centroid
    assert grid.share_around(middle.x, middle.y, reach_m=60) > 0.9
    assert observe(observation).observation.visibility.isna().all()  # a whole scene is no port


def test_without_the_load_stage_there_are_pixels_and_no_fit(observation: Observation) -> None:
    options = observation.options.model_copy(update={"load": LoadOptions(enabled=False)})
    result = observe(replace(observation, options=options))
    assert result.detections.load_state.isna().all()
    assert result.evidence.fit.isna().all()
    assert sorted(result.evidence.evidence_id) == sorted(result.detections.detection_id)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_users_threads_are_as_before_and_no_thread_is_started(
    observation: Observation, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        assert thread.name == LIMIT, "a task starts no thread but the one that holds the limit"
        start(thread)

    seen: set[int] = set()
    read = observing.read_window

    def watched(*args: Any, **more: Any) -> Any:
        seen.add(torch.get_num_threads())
        return read(*args, **more)

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        monkeypatch.setattr(observing, "read_window", watched)
        monkeypatch.setattr(threading.Thread, "start", refuse)
        observe(observation)
        assert torch.get_num_threads() == threads
        assert seen == {1}
    finally:
        torch.set_num_threads(before)


def test_a_fault_is_a_row_with_its_reason(
    observation: Observation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssetError("april-04", "red", "the file is not there")

    monkeypatch.setattr(observing, "read_window", fail)
    result = observe(observation)
    (row,) = result.observation.itertuples()
    assert (row.status, row.reason) == ("failed", "april-04, red: the file is not there")
    assert row.run_digest == observation.digest
    assert len(result.detections) == len(result.evidence) == 0


def test_parts_cover_the_port_once(observation: Observation) -> None:
    area = GeoBox.from_bbox(
        (BOX.boundingbox.left + 205, BOX.boundingbox.bottom + 310,
         BOX.boundingbox.right - 55, BOX.boundingbox.top - 95), BOX.crs, resolution=10,
    ).geographic_extent.geom  # fmt: skip
    port = replace(observation.port, area=area)
    ground = observing._ground(replace(observation, port=port), BOX)
    parts = list(observing._parts(BOX, ground))
    covered = np.zeros(BOX.shape.yx, int)
    for part in parts:
        covered[part.searched.core] += 1
        assert part.read.core == part.searched.core
        for inner, outer in zip(part.searched.halo, part.read.halo, strict=True):
            assert outer.start <= inner.start <= inner.stop <= outer.stop
    rows, columns = np.nonzero(covered)
    assert set(np.unique(covered)) == {0, 1}
    box = covered[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert box.all()
    corners = itertools.product((rows.min(), rows.max() + 1), (columns.min(), columns.max() + 1))
    outline = shapely.MultiPoint([BOX.affine @ (c, r) for r, c in corners]).envelope
    inside = shapely.transform(area, lambda xy: np.column_stack(_to_grid(xy)))
    assert outline.buffer(1e-6).contains(inside)


def _to_grid(lonlat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from pyproj import Transformer

    to_grid = Transformer.from_crs("EPSG:4326", BOX.crs, always_xy=True)
    x, y = to_grid.transform(lonlat[:, 0], lonlat[:, 1])
    return np.asarray(x), np.asarray(y)


def grid_of_pixels(side: float, **more: object) -> dict[str, Any]:
    return {"transform": Affine(side, 0, 129, 0, -side, 42), **more}


@pytest.mark.parametrize(
    ("kind", "side", "profile", "why"),
    [
        ("complex64", 64, {}, "complex numbers"),
        ("uint16", 64, grid_of_pixels(1e-4, crs="EPSG:4326"), "in degrees"),
        ("uint16", 64, grid_of_pixels(1e-9), "has pixels of 1e-09"),
        ("uint16", 64, grid_of_pixels(0.02), "does not fit"),
        ("uint16", 1, {}, "cannot be used"),
    ],
)
def test_a_scene_of_hostile_pixels_is_a_row_with_its_reason(
    observation: Observation,
    tmp_path: Path,
    kind: str,
    side: int,
    profile: dict[str, Any],
    why: str,
) -> None:
    values = np.ones((side, side), kind)
    options = {"driver": "GTiff", "nodata": None, "transform": BOX.affine, "crs": str(BOX.crs)}
    path = write_raster(tmp_path / "green.tif", values, **(options | profile))
    green = observation.scene.assets["green"]
    asset = replace(green, href=str(path), version=FileVersion())
    scene = replace(observation.scene, assets={**observation.scene.assets, "green": asset})
    row = observe(replace(observation, scene=scene)).observation.iloc[0]
    assert row.status == "failed"
    assert re.search(why, row.reason)


def test_what_was_not_expected_of_a_scene_is_a_row(
    observation: Observation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise MemoryError("149 GiB")

    monkeypatch.setattr(observing, "read_window", broken)
    monkeypatch.setenv("GNOMON_DEBUG", "1")
    row = observe(observation).observation.iloc[0]
    assert row.status == "failed"
    assert "MemoryError: 149 GiB" in row.reason
    assert "in broken" in capsys.readouterr().err
