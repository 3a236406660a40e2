"""CFAR: z-scores against a brute-force loop, and no ship on open water is thrown away."""

import numpy as np
import odc.geo.xr
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from gnomon.detect.cfar import NOISE_FLOOR, cfar_boxes, z_scores

GRID = GeoBox.from_bbox((0, 0, 4000, 4000), "EPSG:32653", resolution=10)


def sea(seed: int = 0, *, level: float = 0.03, noise: float = 0.004) -> xr.Dataset:
    rng = np.random.default_rng(seed)
    band = rng.normal(level, noise, GRID.shape).astype(np.float32)
    return xr.Dataset({"nir": odc.geo.xr.wrap_xr(band, GRID)})


WATER = np.ones(GRID.shape, bool)


def test_departures_of_plain_water_are_standard_normal() -> None:
    z = z_scores(sea(), WATER)
    assert z.std() == pytest.approx(1.0, abs=0.03)
    assert abs(z.mean()) < 0.03


@settings(max_examples=20)
@given(gain=st.floats(0.5, 3), offset=st.floats(0, 0.1))
def test_light_and_haze_change_nothing(gain: float, offset: float) -> None:
    plain = sea(noise=0.02)
    lit = plain * np.float32(gain) + np.float32(offset)
    np.testing.assert_allclose(z_scores(lit, WATER), z_scores(plain, WATER), atol=0.02)


def test_a_brute_force_background_agrees() -> None:
    pixels = sea(5)
    z = z_scores(pixels, WATER)
    value = pixels.nir.to_numpy().reshape(200, 2, 200, 2).mean(axis=(1, 3))
    around = value[80:120, 80:120]  # the five blocks of 8 cells around block (12, 12)
    expected = (value[100, 100] - around.mean()) / around.std()
    assert z[100, 100] == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("contrast", [0.05, -0.025])
def test_a_ship_stands_out_bright_or_dark(contrast: float) -> None:
    pixels = sea()
    pixels.nir[200:202, 190:210] += contrast
    assert np.abs(z_scores(pixels, WATER))[100, 95:105].min() > 5


@settings(max_examples=10)
@given(seed=st.integers(0, 2**31), wet=st.floats(0.2, 1))
def test_z_scores_are_those_of_a_loop_over_the_blocks_of_any_coast(seed: int, wet: float) -> None:
    """Also on rasters whose sides no block divides."""
    rng = np.random.default_rng(seed)
    rows, columns = 150, 117
    pixels = sea(seed).isel(y=slice(rows), x=slice(columns))
    water = (rng.random((rows // 10, columns // 9)) < wet).repeat(10, 0).repeat(9, 1)
    z = z_scores(pixels, water)
    assert z.shape == (rows // 2, columns // 2)
    value = pixels.nir.to_numpy()[: 2 * z.shape[0], : 2 * z.shape[1]].astype(float)
    value = value.reshape(z.shape[0], 2, z.shape[1], 2).mean(axis=(1, 3))
    cells = water[: 2 * z.shape[0], : 2 * z.shape[1]].reshape(z.shape[0], 2, z.shape[1], 2)
    cells = cells.all(axis=(1, 3))
    for row, column in rng.integers(0, z.shape, (20, 2)):
        top, left = (8 * (place // 8 - 2) for place in (row, column))
        around = np.s_[max(top, 0) : top + 40, max(left, 0) : left + 40]
        known = value[around][cells[around]]
        if len(known) < 64:
            assert z[row, column] == 0
            continue
        expected = (value[row, column] - known.mean()) / max(known.std(), NOISE_FLOOR)
        assert z[row, column] == pytest.approx(expected, abs=2e-3)


def test_pixels_without_values_are_no_target_on_dark_water() -> None:
    pixels = sea(level=0.001, noise=0.0005)
    pixels.nir[100:110, 100:110] = np.nan
    assert np.abs(z_scores(pixels, WATER))[50:55, 50:55].max() < 1


def test_where_no_water_is_near_nothing_departs() -> None:
    assert not z_scores(sea(), np.zeros(GRID.shape, bool)).any()


def test_the_baseline_finds_a_hull_where_it_lies() -> None:
    pixels = sea()
    pixels.nir[200:204, 190:214] += 0.1
    (hull,) = cfar_boxes(pixels, WATER, WATER, z_score_min=6)
    assert (hull.x, hull.y) == pytest.approx((202, 202), abs=1)
    assert hull.length == pytest.approx(24, rel=0.3)
    assert abs((hull.angle - 90 + 90) % 180 - 90) < 10


def test_the_baseline_orders_boxes_by_strength_and_stays_within_the_search_area() -> None:
    pixels = sea()
    for column, contrast in ((60, 0.05), (200, 0.1), (320, 0.2)):
        pixels.nir[100:104, column : column + 20] += contrast
    search = WATER.copy()
    search[:, 150:250] = False
    weak, strong = cfar_boxes(pixels, WATER, search, z_score_min=6)
    assert (weak.x, strong.x) == pytest.approx((70, 330), abs=1)
    assert 0.5 < weak.score < strong.score < 1
    assert len(cfar_boxes(sea(), WATER, WATER, z_score_min=8)) == 0
