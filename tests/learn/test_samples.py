"""Chips as lessons: what is taught, what is unknown, and that the pixels fit together."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely

from chip_folders import decide, edit, truth, write_chips, write_run
from gnomon.datamodel.boxes import OrientedBox
from gnomon.datamodel.errors import LabelError
from gnomon.learn.batches import chips as batches
from gnomon.learn.chips import read_chips
from gnomon.learn.export import export_chips, source_of
from gnomon.learn.labels import NAME, feature_of, read_features, read_labels, write_features
from gnomon.learn.samples import RIM_PX, Lesson, read_lessons, simulated_lessons
from gnomon.learn.scenes import outlines_in_pixels, rectangles_of
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


def pixel(lesson: Lesson, outline: shapely.Polygon) -> tuple[int, int]:
    """Row and column of an outline's middle."""
    frame = gpd.GeoDataFrame(geometry=[outline], crs=4326)
    x, y = outlines_in_pixels(frame, lesson.pixels)[0].centroid.coords[0]
    return int(y), int(x)


def inside(lesson: Lesson, place: tuple[int, int]) -> bool:
    rows, columns = lesson.unknown.shape
    return RIM_PX < place[0] < rows - RIM_PX and RIM_PX < place[1] < columns - RIM_PX


def test_nothing_is_taught_before_somebody_decides(folder: Path) -> None:
    with pytest.raises(LabelError, match="no row is decided on; write ship or not_ship"):
        read_lessons(folder)


def test_chips_that_touch_are_one_picture_of_the_scene(folder: Path, sea: Path) -> None:
    decide(folder)
    lessons = read_lessons(folder)
    chips = read_chips(folder)
    assert len({x.scene_id for x in lessons}) == 3
    assert len(lessons) < len(chips)
    for lesson in lessons:
        grid = lesson.pixels.odc.geobox
        column, row = (round(v) for v in ~BOX.affine @ (grid.affine.c, grid.affine.f))
        rows, columns = grid.shape.yx
        with rasterio.open(sea.parent / lesson.scene_id / "nir.tif") as file:
            counts = file.read(1)[row : row + rows, column : column + columns]
        nir = lesson.pixels.nir.to_numpy()
        seen = np.isfinite(nir)
        np.testing.assert_allclose(nir[seen], counts[seen] * 1e-4, atol=1e-6)
        assert seen.mean() > 0.4


def test_every_ship_is_taught_once_where_she_lies(folder: Path, sea: Path) -> None:
    decide(folder)
    lessons = read_lessons(folder)
    assert sum(len(x.ships) for x in lessons) == len(truth(sea))
    assert all(len(x.hard) == 0 for x in lessons)
    for lesson in lessons:
        taught = lesson.learnable(BANDS)
        every = rectangles_of(lesson.ships, lesson.pixels)
        nir = lesson.pixels.nir.to_numpy()
        for x, y, *_ in every:
            assert nir[int(y), int(x)] > 1.3 * np.nanmedian(nir)
        short = every.length * 10 < 40
        assert len(taught.ships) == (~short).sum()


def test_what_nobody_decided_on_is_unknown_and_what_is_no_ship_is_hard(folder: Path) -> None:
    edit(
        folder,
        {
            "april-04-0": {"status": "ship", "length_m": 250.0},
            **{f"april-04-{n}": {"status": "not_ship"} for n in (1, 2)},
        },
    )
    labels = read_labels(folder).set_index("label_id")
    lessons = [x for x in read_lessons(folder) if x.scene_id == "april-04"]
    assert {label for x in lessons for label in x.ships.label_id} == {"april-04-0"}
    hard = {label for x in lessons for label in x.hard.label_id}
    assert hard == {"april-04-1", "april-04-2"}
    waiting = 0
    for lesson in lessons:
        taught = lesson.learnable(BANDS)
        for label, outline in labels[labels.scene_id == "april-04"].geometry.items():
            place = pixel(lesson, outline)
            if not inside(lesson, place) or np.isnan(lesson.pixels.nir.to_numpy()[place]):
                continue
            status = labels.status[label]
            assert lesson.unknown[place] == (status == "unreviewed")
            waiting += status == "unreviewed"
            # The network is asked nothing there, and all that is asked is within what is searched.
            assert taught.masks[1][place] == (status != "unreviewed")
        assert len(taught.hard) == len(lesson.hard)
    assert waiting > 0


def test_unknown_ground_counts_in_no_batch(folder: Path) -> None:
    """Neither ship nor background: the loss does not see it, whatever the network says there."""
    edit(folder, {"april-04-0": {"status": "ship"}})
    lesson = max(read_lessons(folder), key=lambda x: x.unknown.mean())
    counted = next(batches([lesson.learnable(BANDS)], batch=16, seed=0))[3].counted
    everything = Lesson(**{**vars(lesson), "unknown": np.zeros_like(lesson.unknown)})
    without = next(batches([everything.learnable(BANDS)], batch=16, seed=0))[3].counted
    assert counted.sum() < without.sum()


def test_a_length_that_was_told_is_believed(folder: Path) -> None:
    edit(folder, {"april-04-0": {"status": "ship"}})
    plain = _only(folder)
    edit(folder, {"april-04-0": {"length_m": 350.0}})
    told = _only(folder)
    assert told.length * 10 == pytest.approx(350, rel=0.05)
    assert told.length > 1.1 * plain.length
    for name in ("x", "y", "beam"):
        assert getattr(told, name) == pytest.approx(getattr(plain, name), abs=0.4)
    assert abs((told.angle - plain.angle + 90) % 180 - 90) < 3


def _only(folder: Path) -> OrientedBox:
    (lesson,) = (x for x in read_lessons(folder) if len(x.ships))
    return rectangles_of(lesson.ships, lesson.pixels)[0]


def test_a_chip_without_ships_teaches_only_when_it_was_looked_at(bare: Path) -> None:
    folder, labels = bare, read_labels(bare).set_index("label_id")
    (frame,) = labels.index[labels.index.str.endswith("-frame")]
    scene = labels.scene_id[frame]
    edit(folder, {frame: {"status": "not_ship"}})
    (lesson,) = read_lessons(folder)
    assert (lesson.scene_id, len(lesson.ships), len(lesson.hard)) == (scene, 0, 0)
    # Only the rim, and what other rows reach into it.
    assert lesson.unknown.mean() < 0.25
    # A ship drawn in a frame that nobody decided on: she is taught, and nothing around her.
    chip = read_chips(folder)[labels.chip[frame]]
    features = read_features(folder / NAME)
    middle = chip.outline.centroid
    drawn = feature_of(
        middle.buffer(0.0008), label_id="drawn", chip=chip.name, scene_id=scene, status="ship"
    )
    write_features([*features, drawn], folder / NAME)
    edit(folder, {frame: {"status": "unreviewed"}})
    (lesson,) = read_lessons(folder)
    place = pixel(lesson, middle.buffer(1e-4))
    assert not lesson.unknown[place]
    assert lesson.unknown.mean() > 0.9


def test_fine_chips_are_taught_at_the_pixel_of_the_network(folder: Path) -> None:
    decide(folder)
    fine, coarse = read_lessons(folder), read_lessons(folder, gsd_m=20.0)
    assert [x.gsd_m for x in coarse] == [20.0] * len(fine)
    for one, other in zip(fine, coarse, strict=True):
        nir = one.pixels.nir.to_numpy()
        rows, columns = (side // 2 for side in nir.shape)
        squares = nir[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2)
        seen = np.isfinite(squares).all(axis=(1, 3))
        expected = squares.mean(axis=(1, 3))
        found = other.pixels.nir.to_numpy()
        np.testing.assert_allclose(found[seen], expected[seen], rtol=1e-5)
        metres = [rectangles_of(x.ships, x.pixels).scaled(x.gsd_m) for x in (one, other)]
        for name in ("x", "y", "length", "beam"):
            np.testing.assert_allclose(*(getattr(m, name) for m in metres), atol=6)


@pytest.mark.slow
def test_simulated_lessons_come_back_from_the_disk(tmp_path: Path) -> None:
    (made,) = simulated_lessons(1, seed=3, cache=tmp_path)
    (again,) = simulated_lessons(1, seed=3, cache=tmp_path)
    assert made.pixels.equals(again.pixels)
    assert made.ships.equals(again.ships)
    assert len(made.ships) > 0
    assert not made.real
