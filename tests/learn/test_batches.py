"""Chips: a label stays on its ship through every rotation, flip and scale."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import odc.geo.xr
import pandas as pd
import pytest
import shapely
import torch
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from boxes import box
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.centernet.maps import STRIDE
from gnomon.learn.batches import REMEMBERED, chips
from gnomon.learn.scenes import Labelled, Loose, emptied, labelled, rectangle


@given(
    x=st.floats(30, 70),
    y=st.floats(30, 70),
    length=st.floats(6, 40),
    share=st.floats(0.12, 0.4),
    angle=st.floats(0, 179),
)
def test_moments_give_a_rectangle_back(
    x: float, y: float, length: float, share: float, angle: float
) -> None:
    (shape,) = box(x, y, length, length * share, angle).polygons()
    found = rectangle(shape)
    assert found[:2] == pytest.approx((x, y), abs=0.2)
    assert found[2] == pytest.approx(length, rel=0.06)
    assert abs((found[4] - angle + 90) % 180 - 90) < 2


@pytest.fixture(scope="module")
def scene() -> Labelled:
    """Dark water with five bright hulls that are their own labels."""
    rows, columns = np.mgrid[:500, :500] + 0.5
    drawn = np.array(
        [[100, 120, 20, 3, 20, 1], [300, 90, 12, 2, 80, 0], [260, 300, 30, 5, 130, np.nan],
         [80, 400, 16, 3, 0, 1], [400, 420, 25, 4, 45, 0]], np.float32
    )  # fmt: skip
    *shape, tanker = drawn.T
    ships = OrientedBoxes.of(*shape, tanker=tanker)
    image = np.full((1, 500, 500), 0.02, np.float32)
    points = shapely.points(columns, rows)
    for shape in ships.polygons():
        image[0][shapely.contains(shape, points)] = 0.5
    nothing = OrientedBoxes.empty()
    masks = torch.from_numpy(np.stack([image[0] < 0.1, np.ones((500, 500))]).astype(np.float32))
    bands = torch.from_numpy(image)
    before = torch.full_like(bands, 0.02)
    return Labelled("drawn", bands, torch.ones(1), ships, masks, nothing, background=before)


def test_labels_lie_on_their_ships_in_every_chip(scene: Labelled) -> None:
    bands, _, _, wanted = next(chips([scene], batch=64, seed=4))
    half = torch.nn.functional.avg_pool2d(bands.nan_to_num(0.02), STRIDE)
    hull = wanted.hull > 0
    assert hull.sum() > 500
    # What is labelled hull is brighter than what is not, in the same chip.
    for image, mask in zip(half, hull, strict=True):
        if mask.any():
            assert image[mask].mean() > image[~mask].mean() + 0.1


def test_the_history_of_a_chip_is_the_same_place_without_its_ships(scene: Labelled) -> None:
    marked = torch.full_like(scene.bands, 0.02)
    marked[:, ::50] = 0.3  # what was built there
    _, _, background, wanted = next(chips([replace(scene, background=marked)], batch=200, seed=4))
    known = torch.isfinite(background).flatten(1).any(1)
    assert REMEMBERED - 0.12 < known.float().mean() < REMEMBERED + 0.12
    plain = replace(scene, background=None)
    assert not torch.isfinite(next(chips([plain], batch=50, seed=4))[2]).any()
    with_ships = 0
    for before, hull in zip(background[known], wanted.hull[known], strict=True):
        half = torch.nn.functional.avg_pool2d(before.nan_to_num(0.02), STRIDE)
        if hull.sum() > 20:
            with_ships += bool(half[hull > 0].mean() > 2 * half[hull == 0].mean() + 0.05)
    shown = (wanted.hull[known].flatten(1).sum(1) > 20).sum()
    # Here and there a ship was there before.
    assert 0 < with_ships < 0.4 * shown


def test_an_emptied_scene_is_water_where_a_ship_was_and_else_the_same(scene: Labelled) -> None:
    bare = emptied(scene.bands, scene.masks[0].numpy() > 0, scene.ships)
    assert (bare == 0.02).all()
    one = emptied(scene.bands, scene.masks[0].numpy() > 0, scene.ships[:1])
    assert (one != scene.bands).sum() == pytest.approx(60, abs=12)


def test_the_same_seed_gives_the_same_chips_and_another_does_not(scene: Labelled) -> None:
    one, same, other = (next(chips([scene], batch=4, seed=s))[0] for s in (1, 1, 2))
    assert torch.equal(one.nan_to_num(-1), same.nan_to_num(-1))
    assert not torch.equal(one.nan_to_num(-1), other.nan_to_num(-1))


def test_batches_that_go_on_are_those_that_would_have_come(scene: Labelled) -> None:
    straight = chips([scene], batch=2, seed=3)
    for _ in range(2):
        next(straight)
    third, resumed = next(straight), next(chips([scene], batch=2, seed=3, start=2))
    assert torch.equal(third[0].nan_to_num(-1), resumed[0].nan_to_num(-1))
    assert torch.equal(third[3].centre, resumed[3].centre)


def test_nothing_is_learnt_of_what_nobody_knows_nor_where_nothing_is_looked_for(
    scene: Labelled,
) -> None:
    unsure = replace(scene, ships=scene.ships[:0], ignored=scene.ships)
    bands, _, _, wanted = next(chips([unsure], batch=64, seed=4))
    bright = torch.nn.functional.max_pool2d(bands.nan_to_num(0), STRIDE) > 0.25
    assert bright.sum() > 300
    assert not wanted.centre.any()
    # Every hull lies on ground that does not count, but for what noise and light make bright.
    assert wanted.counted[bright].mean() < 0.06
    nowhere = replace(scene, masks=torch.stack([scene.masks[0], torch.zeros(500, 500)]))
    assert not next(chips([nowhere], batch=8, seed=4))[3].counted.any()


def test_outlines_in_degrees_become_pixels_and_loose_ones_are_tightened() -> None:
    grid = GeoBox.from_bbox((500_000, 4_700_000, 502_000, 4_702_000), "EPSG:32653", resolution=10)
    pixels = xr.Dataset({"nir": odc.geo.xr.wrap_xr(np.zeros(grid.shape, np.float32), grid)})
    # 200 m by 40 m, due north, centred at column 100, row 50.
    outline = shapely.box(500_980, 4_701_400, 501_020, 4_701_600)
    frame = gpd.GeoDataFrame(geometry=[outline], crs="EPSG:32653").to_crs("EPSG:4326")
    tight = labelled("x", pixels, frame, bands=("nir", "red"))
    assert tight.ships[0][:4] == pytest.approx((100, 50, 20, 4), abs=0.1)
    assert tight.present.tolist() == [1.0, 0.0]
    assert np.isnan(tight.ships.tanker).all()
    types = pd.concat([frame] * 4, ignore_index=True).assign(type=["tanker", "bulk", None, ""])
    told = labelled("x", pixels, types, bands=("nir",)).ships.tanker
    assert told == pytest.approx([1, 0, np.nan, np.nan], nan_ok=True)
    loose = labelled("x", pixels, frame, bands=("nir",), loose=Loose(20.0, 15.0))
    (ship,) = loose.ships
    assert (ship.length, ship.beam) == pytest.approx((18, 2.5), abs=0.1)
    # What somebody measured is not loose, and what nobody knows is no ship.
    rows = pd.concat([frame, frame, frame], ignore_index=True)
    rows = rows.assign(measured=[True, False, True], ignored=[False, True, False])
    corrected = labelled("x", pixels, rows, bands=("nir",), loose=Loose(20.0, 15.0))
    assert corrected.ships.length == pytest.approx([20, 20], abs=0.1)
    assert corrected.ignored.length == pytest.approx([18], abs=0.1)


def test_a_vessel_too_short_to_be_labelled_with_care_is_ignored() -> None:
    grid = GeoBox.from_bbox((500_000, 4_700_000, 502_000, 4_702_000), "EPSG:32653", resolution=10)
    pixels = xr.Dataset({"nir": odc.geo.xr.wrap_xr(np.zeros(grid.shape, np.float32), grid)})
    outlines = [shapely.box(500_100, 4_700_100, 500_110, 4_700_100 + n) for n in (35, 60)]
    frame = gpd.GeoDataFrame(geometry=outlines, crs="EPSG:32653")
    told = labelled("x", pixels, frame, bands=("nir",))
    assert told.ships.length == pytest.approx([6], abs=0.1)
    assert told.ignored.length == pytest.approx([3.5], abs=0.1)
