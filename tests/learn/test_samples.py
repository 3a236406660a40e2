"""Chips as labelled scenes: ships, hard negatives, unknown ground, and pixels that fit."""

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given
from hypothesis import strategies as st

from boxes import box
from chip_folders import decide, edit, truth, write_chips, write_run
from gnomon.datamodel.boxes import OrientedBox
from gnomon.datamodel.errors import LabelError
from gnomon.learn.batches import training_batches
from gnomon.learn.chips import Chip, read_chips
from gnomon.learn.export import export_chips
from gnomon.learn.labels import NAME, feature_of, read_features, read_labels, write_labels
from gnomon.learn.outlines import outlines_in_pixels
from gnomon.learn.samples import RIM_PX, _stretched, _touching, read_samples
from gnomon.learn.scenes import LabelledScene
from gnomon.learn.sources import source_of
from gnomon.learn.tensors import scene_tensors
from simulated import BOX

BANDS = ("blue", "green", "red", "nir")


@pytest.fixture
def folder(sea: Path, tmp_path: Path) -> Path:
    write_chips(tmp_path / "chips", sea)
    return tmp_path / "chips"


@pytest.fixture
def bare(sea: Path, tmp_path: Path) -> Path:
    """Chips of a run that found ships in one scene only, and one chip of another scene."""
    ships = truth(sea)
    run = write_run(tmp_path / "run", sea, ships[ships.scene_id == "april-04"])
    export_chips(source_of(run), tmp_path / "bare", empty=1)
    return tmp_path / "bare"


def pixel(sample: LabelledScene, outline: shapely.Polygon) -> tuple[int, int]:
    """Row and column of an outline's middle."""
    frame = gpd.GeoDataFrame(geometry=[outline], crs=4326)
    x, y = outlines_in_pixels(frame, sample.pixels)[0].centroid.coords[0]
    return int(y), int(x)


def inside(sample: LabelledScene, place: tuple[int, int]) -> bool:
    rows, columns = sample.unknown.shape
    return RIM_PX < place[0] < rows - RIM_PX and RIM_PX < place[1] < columns - RIM_PX


def test_nothing_is_read_before_a_decision(folder: Path) -> None:
    with pytest.raises(LabelError, match="no row is decided on; write ship or not_ship"):
        read_samples(folder)


def test_chips_that_touch_are_one_part_of_the_scene(folder: Path, sea: Path) -> None:
    decide(folder)
    samples = read_samples(folder)
    chips = read_chips(folder)
    assert len({x.name for x in samples}) == 3
    assert len(samples) < len(chips)
    for sample in samples:
        grid = sample.pixels.odc.geobox
        column, row = (round(v) for v in ~BOX.affine @ (grid.affine.c, grid.affine.f))
        rows, columns = grid.shape.yx
        with rasterio.open(sea.parent / sample.name / "nir.tif") as file:
            counts = file.read(1)[row : row + rows, column : column + columns]
        nir = sample.pixels.nir.to_numpy()
        seen = np.isfinite(nir)
        np.testing.assert_allclose(nir[seen], counts[seen] * 1e-4, atol=1e-6)
        assert seen.mean() > 0.4


def test_every_ship_is_read_once_where_it_lies(folder: Path, sea: Path) -> None:
    decide(folder)
    samples = read_samples(folder)
    assert sum(len(x.outlines) for x in samples) == len(truth(sea))
    assert all(len(x.hard_negatives) == 0 for x in samples)
    for sample in samples:
        tensors = scene_tensors(sample, BANDS)
        every = sample.boxes
        nir = sample.pixels.nir.to_numpy()
        for x, y, *_ in every:
            assert nir[int(y), int(x)] > 1.3 * np.nanmedian(nir)
        short = every.length * 10 < 40
        assert len(tensors.ships) == (~short).sum()


def test_undecided_is_unknown_and_what_is_no_ship_is_a_hard_negative(folder: Path) -> None:
    edit(
        folder,
        {
            "april-04-0": {"status": "ship", "length_m": 250.0},
            **{f"april-04-{n}": {"status": "not_ship"} for n in (1, 2)},
        },
    )
    labels = read_labels(folder).set_index("label_id")
    samples = [x for x in read_samples(folder) if x.name == "april-04"]
    assert {label for x in samples for label in x.outlines.label_id} == {"april-04-0"}
    hard = {label for x in samples for label in x.hard_negatives.label_id}
    assert hard == {"april-04-1", "april-04-2"}
    waiting = 0
    for sample in samples:
        tensors = scene_tensors(sample, BANDS)
        for label, outline in labels[labels.scene_id == "april-04"].geometry.items():
            place = pixel(sample, outline)
            if not inside(sample, place) or np.isnan(sample.pixels.nir.to_numpy()[place]):
                continue
            status = labels.status[label]
            assert sample.unknown[place] == (status == "unreviewed")
            waiting += status == "unreviewed"
            # No centre is looked for there.
            assert tensors.masks[1][place] == (status != "unreviewed")
        assert len(tensors.hard_negatives) == len(sample.hard_negatives)
    assert waiting > 0


def test_unknown_ground_counts_in_no_batch(folder: Path) -> None:
    """Neither ship nor background: the loss does not see it, at any output of the network."""
    edit(folder, {"april-04-0": {"status": "ship"}})
    sample = max(read_samples(folder), key=lambda x: x.unknown.mean())
    counted = next(training_batches([scene_tensors(sample, BANDS)], batch=16, seed=0))[3].counted
    everything = replace(sample, unknown=None)
    without = next(training_batches([scene_tensors(everything, BANDS)], batch=16, seed=0))[
        3
    ].counted
    assert counted.sum() < without.sum()


def test_a_length_in_the_label_stretches_the_outline(folder: Path) -> None:
    edit(folder, {"april-04-0": {"status": "ship"}})
    plain = _only(folder)
    edit(folder, {"april-04-0": {"length_m": 350.0}})
    stretched = _only(folder)
    assert stretched.length * 10 == pytest.approx(350, rel=0.05)
    assert stretched.length > 1.1 * plain.length
    for name in ("x", "y", "beam"):
        assert getattr(stretched, name) == pytest.approx(getattr(plain, name), abs=0.4)
    assert abs((stretched.angle - plain.angle + 90) % 180 - 90) < 3


def _only(folder: Path) -> OrientedBox:
    (sample,) = (x for x in read_samples(folder) if len(x.outlines))
    return sample.boxes[0]


def test_a_chip_without_ships_counts_only_if_it_was_inspected(bare: Path) -> None:
    folder, labels = bare, read_labels(bare).set_index("label_id")
    (frame,) = labels.index[labels.index.str.endswith("-frame")]
    scene = labels.scene_id[frame]
    edit(folder, {frame: {"status": "not_ship"}})
    (sample,) = read_samples(folder)
    assert (sample.name, len(sample.outlines), len(sample.hard_negatives)) == (scene, 0, 0)
    # Only the rim, and what other rows reach into it.
    assert sample.unknown.mean() < 0.25
    # A ship drawn in an undecided frame: it is read, and nothing around it.
    chip = read_chips(folder)[labels.chip[frame]]
    features = read_features(folder / NAME)
    middle = chip.outline.centroid
    drawn = feature_of(
        middle.buffer(0.0008), label_id="drawn", chip=chip.name, scene_id=scene, status="ship"
    )
    write_labels([*features, drawn], folder / NAME)
    edit(folder, {frame: {"status": "unreviewed"}})
    (sample,) = read_samples(folder)
    place = pixel(sample, middle.buffer(1e-4))
    assert not sample.unknown[place]
    assert sample.unknown.mean() > 0.9


def test_fine_chips_are_averaged_to_the_pixel_of_the_network(folder: Path) -> None:
    decide(folder)
    fine, coarse = read_samples(folder), read_samples(folder, gsd_m=20.0)
    assert [x.gsd_m for x in coarse] == [20.0] * len(fine)
    for one, other in zip(fine, coarse, strict=True):
        nir = one.pixels.nir.to_numpy()
        rows, columns = (side // 2 for side in nir.shape)
        squares = nir[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2)
        seen = np.isfinite(squares).all(axis=(1, 3))
        expected = squares.mean(axis=(1, 3))
        found = other.pixels.nir.to_numpy()
        np.testing.assert_allclose(found[seen], expected[seen], rtol=1e-5)
        metres = [x.boxes.scaled(x.gsd_m) for x in (one, other)]
        for name in ("x", "y", "length", "beam"):
            np.testing.assert_allclose(*(getattr(m, name) for m in metres), atol=6)


@given(st.floats(8, 30), st.floats(2, 5), st.floats(0, 179), st.floats(0.5, 2))
def test_a_stretched_outline_is_longer_along_its_axis_only(
    length: float, beam: float, angle: float, factor: float
) -> None:
    if length * factor < 1.3 * beam:
        return
    (outline,) = box(50, 50, length, beam, angle).polygons()
    stretched = _stretched(outline, factor)
    assert stretched.area == pytest.approx(outline.area * factor, rel=1e-6)
    assert stretched.centroid.distance(outline.centroid) < 1e-6
    sides = np.diff(shapely.get_coordinates(stretched.minimum_rotated_rectangle)[:3], axis=0)
    found = sorted(np.linalg.norm(sides, axis=1))
    assert found == pytest.approx(sorted([beam, length * factor]), rel=1e-3)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, unique=True))
def test_chips_that_touch_come_together_and_no_others(corners: list[tuple[int, int]]) -> None:
    """Against a flood fill over the neighbours of each chip; corners alone do not join."""
    chips = [
        Chip(
            path=Path(f"chips/s_r{64 * row:05d}_c{64 * column:05d}.tif"),
            scene_id="s", port=None, grid=BOX[:64, :64], bands=(),
        )
        for row, column in corners
    ]  # fmt: skip
    groups = [{chip.path.stem for chip in group} for group in _touching(chips)]
    left, expected = set(corners), []
    while left:
        group, edge = set(), [left.pop()]
        while edge:
            row, column = edge.pop()
            group.add((row, column))
            near = {(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)}
            edge += near & left
            left -= near
        expected.append({f"s_r{64 * r:05d}_c{64 * c:05d}" for r, c in group})
    assert sorted(map(len, groups)) == sorted(map(len, expected))
    assert all(group in expected for group in groups)
