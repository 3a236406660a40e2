"""A tile for the benchmark, cut small: blocks laid out alike in every band, noise of its own."""

from pathlib import Path

import numpy as np
import pytest
import rasterio

from gnomon.catalog.search import find_scenes
from gnomon.datamodel.study import CatalogOptions
from gnomon.simulate.pixels import tile
from gnomon.simulate.pixels.tile import BANDS, write_tile

SIDE_PX, BLOCK_PX = 300, 128


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as small:
        small.setattr(tile, "SIDE_PX", SIDE_PX)
        small.setattr(tile, "BLOCK_PX", BLOCK_PX)
        small.setattr(tile, "SHARES", (0.4, 0.3, 0.3))
        return write_tile(tmp_path_factory.mktemp("tile"))


def read(catalog: Path, band: str) -> np.ndarray:
    with rasterio.open(catalog.parent / "SYN_tile" / f"{band}.tif") as file:
        values: np.ndarray = file.read(1).astype(float)
        return values


def test_a_tile_is_one_scene_of_the_side_asked_for(catalog: Path) -> None:
    (scene,) = find_scenes(CatalogOptions(url=str(catalog)), area=None).scenes
    assert set(scene.assets) == {*BANDS}
    with rasterio.open(catalog.parent / "SYN_tile" / "green.tif") as file:
        assert file.shape == (SIDE_PX, SIDE_PX)
        assert file.res == (10, 10)


def test_every_band_is_laid_out_alike(catalog: Path) -> None:
    """A bright block of one band is a bright block of another: ranks of the blocks agree."""
    step = BLOCK_PX
    levels = np.array(
        [
            [read(catalog, band)[y : y + step, x : x + step].std()
             for y in range(0, SIDE_PX, step) for x in range(0, SIDE_PX, step)]
            for band in ("red", "nir")
        ]
    )  # fmt: skip
    assert np.corrcoef(levels)[0, 1] > 0.8


def test_every_pixel_has_noise_of_its_own(catalog: Path) -> None:
    """Without it copies of a block, turned or not, would have the same numbers."""
    blue = read(catalog, "blue")
    blocks = [
        blue[y : y + BLOCK_PX, x : x + BLOCK_PX]
        for y in range(0, SIDE_PX - BLOCK_PX, BLOCK_PX)
        for x in range(0, SIDE_PX - BLOCK_PX, BLOCK_PX)
    ]
    for n, one in enumerate(blocks):
        for other in blocks[n + 1 :]:
            assert all((one == np.rot90(other, k)).mean() < 0.5 for k in range(4))


def test_a_tile_that_is_there_is_left_alone(catalog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tile, "SIDE_PX", SIDE_PX)
    monkeypatch.setattr(tile, "BLOCK_PX", BLOCK_PX)
    monkeypatch.setattr(tile, "SHARES", (0.4, 0.3, 0.3))
    before = {path: path.stat().st_mtime_ns for path in catalog.parent.rglob("*")}
    assert write_tile(catalog.parent) == catalog
    assert before == {path: path.stat().st_mtime_ns for path in catalog.parent.rglob("*")}
