"""Proposals: all that may hold a hull, once, and little else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn_sea import afloat, sea
from gnomon.detect.proposals import (
    BLOCK_PX,
    STEP_PX,
    TILE_PX,
    batches,
    covering,
    crop_size,
    propose,
)

EVERYWHERE = np.ones((256, 320), bool)


def proposed(water: np.ndarray, search: np.ndarray) -> tuple[list, np.ndarray]:
    pixels = sea(max(water.shape)).isel(y=slice(water.shape[0]), x=slice(water.shape[1]))
    tiles = propose(pixels, water, search, z_score_min=9.0)
    count = np.zeros(water.shape, int)
    for tile in tiles:
        count[tile.core] += 1
    return tiles, count


@settings(max_examples=30)
@given(
    places=st.lists(st.tuples(st.integers(0, 255), st.integers(0, 319)), max_size=12),
    reach=st.integers(1, 40),
)
def test_all_that_may_hold_a_hull_is_in_one_tile(places: list[tuple[int, int]], reach: int) -> None:
    water, search = EVERYWHERE.copy(), EVERYWHERE.copy()
    for row, column in places:
        water[row : row + reach, column : column + reach] = False
        search[row : row + 5] = False
    tiles, count = proposed(water, search)
    assert count.max(initial=0) <= 1
    assert (count[search & ~water] == 1).all()
    for tile in tiles:
        assert (search & ~water)[tile.halo].any()
        assert all(side % STEP_PX == 0 for side in crop_size(tile))


def test_a_lone_ship_takes_a_small_crop_and_a_port_few_large_ones() -> None:
    pixels = sea(640)
    afloat(pixels, 300, 300)
    water = np.ones((640, 640), bool)
    (tile,) = propose(pixels, water, water, z_score_min=9.0)
    assert np.prod(crop_size(tile)) < 112**2
    ashore = propose(pixels, ~water, water, z_score_min=9.0)
    assert len(ashore) == 1
    assert sum(np.prod(crop_size(tile)) for tile in ashore) < 1.2 * 640**2


def test_no_tile_is_larger_than_the_limit() -> None:
    ashore = covering(np.ones((200, 90), bool), (200 * BLOCK_PX, 90 * BLOCK_PX))
    assert all(side.stop - side.start <= TILE_PX for tile in ashore for side in tile.core)
    area = sum(np.prod([side.stop - side.start for side in tile.core]) for tile in ashore)
    assert area == 200 * 90 * BLOCK_PX**2


def test_tiles_are_cut_in_the_widest_gap() -> None:
    asked = np.zeros((60, 60), bool)
    asked[2:9, 3:10] = asked[30:41, 32:40] = True
    cores = [tile.core for tile in covering(asked, (480, 480))]
    assert cores == [(slice(16, 72), slice(24, 80)), (slice(240, 328), slice(256, 320))]


def test_two_ships_far_apart_are_read_apart() -> None:
    pixels = sea(512)
    afloat(pixels, 40, 40)
    afloat(pixels, 470, 460)
    water = np.ones((512, 512), bool)
    first, second = propose(pixels, water, water, z_score_min=9.0)
    assert first.core[0].stop < 100
    assert second.core[1].start > 400


@pytest.mark.parametrize("count", [1, 7, 300])
def test_every_tile_is_in_one_batch(count: int) -> None:
    water = np.ones((256, 320), bool)
    water.ravel()[np.random.default_rng(count).integers(0, water.size, count)] = False
    tiles, _ = proposed(water, EVERYWHERE)
    found = list(batches(tiles))
    assert sorted(id(tile) for batch in found for tile in batch) == sorted(map(id, tiles))
    assert all(len({crop_size(tile) for tile in batch}) == 1 for batch in found)
