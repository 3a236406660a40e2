"""Chips: where they are cut, and that their pixels are the scene's."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from rasterio.enums import ColorInterp
from rasterio.warp import transform_bounds

from chip_folders import write_chips
from gnomon.catalog.search import find_scenes
from gnomon.datamodel.errors import LabelError, StoreError
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.study import CatalogOptions
from gnomon.imagery.read import geobox_of, read_window
from gnomon.learn.chips import (
    BANDS,
    SIDE_M,
    Chip,
    chip_path,
    chip_pixels,
    corner_of,
    open_chip,
    places,
    read_chips,
    side_of,
    write_chip,
)
from simulated import BOX


@pytest.fixture(scope="module")
def scene(sea: Path) -> Scene:
    return find_scenes(CatalogOptions(url=str(sea)), area=None).scenes[0]


spots = st.lists(st.tuples(st.floats(0, 999.9), st.floats(0, 699.9)), min_size=1, max_size=60).map(
    np.array
)


@given(spots=spots, side=st.sampled_from([64, 128, 192]))
def test_each_spot_lies_in_the_middle_half_of_a_chip(spots: np.ndarray, side: int) -> None:
    shape = (700, 1000)
    chosen = places(spots, shape, side)
    assert len(set(chosen)) == len(chosen) <= len(spots)
    for x, y in spots:
        assert any(
            # ... or as near to it as the scene's edge lets it.
            (side / 4 <= x - column < 3 * side / 4 or column in (0, 1000 - side))
            and (side / 4 <= y - row < 3 * side / 4 or row in (0, 700 - side))
            and 0 <= x - column < side
            and 0 <= y - row < side
            for row, column in chosen
        )
    for row, column in chosen:
        assert 0 <= row <= 700 - side
        assert 0 <= column <= 1000 - side


@given(spots=spots)
def test_chips_that_are_there_are_not_cut_again(spots: np.ndarray) -> None:
    first = places(spots, (700, 1000), 128)
    assert places(spots, (700, 1000), 128, first) == []
    half = places(spots[::2], (700, 1000), 128)
    assert not set(half) & set(places(spots, (700, 1000), 128, half))


def test_a_crowd_shares_its_chips() -> None:
    rng = np.random.default_rng(3)
    crowd = rng.uniform(300, 350, (50, 2))
    assert len(places(crowd, (1000, 1000), 128)) <= 4


def test_sides_hold_the_longest_hull_at_every_pixel() -> None:
    assert side_of(10.0) == 128
    assert side_of(3.0) * 3.0 >= 640
    assert side_of(0.5) == 1280
    assert all(side_of(gsd) % 32 == 0 for gsd in (0.3, 0.7, 3.125, 10, 20))


def test_pixels_come_back_to_half_a_count_and_nodata_too(scene: Scene, tmp_path: Path) -> None:
    window = geobox_of(scene)[16:144, 32:160]
    pixels = read_window(scene, window, bands=BANDS)
    pixels["green"][3:5, 7:9] = np.nan
    pixels["nir"][10, 10] = -0.02
    path = chip_path(tmp_path, scene.id, (16, 32))
    chip = write_chip(path, pixels, scene, "east")
    assert open_chip(path) == chip
    assert corner_of(chip) == (16, 32)
    assert chip.grid == window
    back = chip_pixels(chip)
    assert set(back) == {"blue", "green", "red", "nir", "swir16"}
    for band in back:
        expected = pixels[band].clip(min=1e-4) if band == "nir" else pixels[band]
        np.testing.assert_allclose(back[band], expected, atol=5.1e-5)
    with rasterio.open(path) as file:
        assert file.nodata == 0
        assert set(file.scales) == {1e-4}
        assert file.colorinterp[:3] == (ColorInterp.blue, ColorInterp.green, ColorInterp.red)
        tags = file.tags()
    assert (tags["SCENE_ID"], tags["PORT"]) == (scene.id, "east")
    assert tags["SEEN_AT"].startswith("2024-04-04T02:22")


def test_counts_stay_counts_and_classes_classes(scene: Scene, tmp_path: Path) -> None:
    window = geobox_of(scene)[:64, :64]
    pixels = read_window(scene, window, bands=("green", "red"))
    counts = pixels.map(lambda band: (band * 2000).round() + 200)
    counts["quality"] = counts["red"] * 0 + 2
    back = chip_pixels(write_chip(chip_path(tmp_path, "s", (0, 0)), counts, scene, None))
    for band in counts:
        np.testing.assert_array_equal(back[band], counts[band])


def test_chips_read_from_a_scene_are_its_own_pixels(sea: Path, tmp_path: Path) -> None:
    """The oracle is rasterio, on the file of the scene."""
    write_chips(tmp_path / "chips", sea)
    for chip in read_chips(tmp_path / "chips").values():
        row, column = corner_of(chip)
        with rasterio.open(sea.parent / chip.scene_id / "red.tif") as file:
            counts = file.read(1)[row : row + 128, column : column + 128]
        with rasterio.open(chip.path) as file:
            np.testing.assert_array_equal(file.read(chip.bands.index("red") + 1), counts)


def test_what_is_no_chip_is_named(tmp_path: Path) -> None:
    (tmp_path / "chips").mkdir()
    (tmp_path / "chips" / "odd.tif").write_bytes(b"no image")
    with pytest.raises(LabelError, match=r"odd\.tif: cannot be read"):
        read_chips(tmp_path)


@given(gsd=st.floats(0.2, 60), least=st.integers(1, 700))
def test_sides_are_multiples_of_32_and_no_larger_than_needed(gsd: float, least: int) -> None:
    side = side_of(gsd, least)
    wanted = max(least, round(SIDE_M / gsd))
    assert side % 32 == 0
    assert wanted <= side < wanted + 32


@given(
    scene_id=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
    row=st.integers(0, 99_999),
    column=st.integers(0, 99_999),
)
def test_a_place_comes_back_from_any_name(scene_id: str, row: int, column: int) -> None:
    path = chip_path(Path("folder"), scene_id, (row, column))
    chip = Chip(path=path, scene_id=scene_id, port=None, grid=BOX, bands=())
    assert corner_of(chip) == (row, column)
    assert chip.name == f"chips/{path.name}"
    assert "/" not in path.name
    assert chip_path(Path("folder"), scene_id, (row, column)) == path


def test_a_name_without_a_place_has_none() -> None:
    chip = Chip(path=Path("chips/mine.tif"), scene_id="x", port=None, grid=BOX, bands=())
    assert corner_of(chip) == (-1, -1)


def test_the_outline_of_a_chip_is_its_grid(scene: Scene, tmp_path: Path) -> None:
    """The oracle is rasterio's own bounds, carried to degrees by pyproj."""
    window = geobox_of(scene)[32:160, 64:192]
    pixels = read_window(scene, window, bands=("red",))
    path = chip_path(tmp_path, scene.id, (32, 64))
    chip = write_chip(path, pixels, scene, None)
    with rasterio.open(path) as file:
        bounds = transform_bounds(file.crs, "EPSG:4326", *file.bounds)
    assert chip.outline.bounds == pytest.approx(bounds, abs=1e-6)
    assert chip.port is None


def test_an_image_of_another_program_is_no_chip(scene: Scene, tmp_path: Path) -> None:
    folder = tmp_path / "chips"
    folder.mkdir()
    with rasterio.open(
        folder / "photo.tif", "w", driver="GTiff", width=4, height=4, count=1, dtype="uint8",
        crs="EPSG:4326", transform=Affine(0.1, 0, 1, 0, -0.1, 1),
    ) as file:  # fmt: skip
        file.write(np.zeros((1, 4, 4), np.uint8))
    with pytest.raises(LabelError, match=r"photo\.tif: is no chip of gnomon"):
        read_chips(tmp_path)


def test_a_chip_that_was_cut_short_is_named_when_it_is_read(scene: Scene, tmp_path: Path) -> None:
    window = geobox_of(scene)[:128, :128]
    path = chip_path(tmp_path, scene.id, (0, 0))
    chip = write_chip(path, read_window(scene, window, bands=BANDS), scene, None)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(LabelError, match="cannot be read"):
        chip_pixels(chip)


def test_a_chip_is_whole_or_absent(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = geobox_of(scene)[:64, :64]
    pixels = read_window(scene, window, bands=("red",))
    path = chip_path(tmp_path, scene.id, (0, 0))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gnomon.learn.chips._write", full)
    with pytest.raises(StoreError, match="No space left"):
        write_chip(path, pixels, scene, None)
    assert list(tmp_path.rglob("*.tif*")) == []
