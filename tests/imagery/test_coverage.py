"""What a look saw of a port: seen against hidden, and never the quay."""

import json
from functools import reduce
from operator import add

import numpy as np
import pytest
import xarray as xr
from affine import Affine
from hypothesis import example, given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry, box
from odc.geo.xr import xr_coords
from shapely.geometry import Polygon
from shapely.geometry import box as rectangle
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.ports import Zone
from gnomon.datamodel.study import MaskOptions
from gnomon.imagery import coverage as module
from gnomon.imagery.coverage import coverage_of, fractions
from gnomon.imagery.water import usable_water
from imagery.test_water import painted

GRID = GeoBox((200, 200), Affine(10, 0, 500_000, 0, -10, 4_740_000), "EPSG:32653")
TOWN, QUAY = slice(0, 60), slice(52, 60)
"""Rows: town and quay; the quay's 80 m are within reach of the water. The rest is water."""


def place(top: float, left: float, bottom: float, right: float) -> BaseGeometry:
    """An outline in EPSG:4326 from rows and columns of the grid."""
    corners = [GRID.pix2wld(*xy) for xy in ((left, bottom), (right, top))]
    return box(*corners[0], *corners[1], "EPSG:32653").to_crs("EPSG:4326").geom


def layers(**changes: tuple[slice, slice]) -> xr.Dataset:
    """Masks of the town, its quay and the water, with boxes of cloud, ice or nodata."""
    shape = GRID.shape.yx
    masks = {name: np.zeros(shape, bool) for name in ("cloud", "ice", "water", "search", "land")}
    masks["valid"] = np.ones(shape, bool)
    masks["water"][TOWN.stop :] = masks["search"][QUAY.start :] = masks["land"][TOWN] = True
    for name, where in changes.items():
        masks["valid" if name == "nodata" else name][where] = name != "nodata"
        for layer in ("water", "search", "land"):
            masks[layer][where] = False
    return xr.Dataset({k: (("y", "x"), v) for k, v in masks.items()}, coords=xr_coords(GRID))


PORT = place(0, 0, 200, 200)
BERTH = Zone("oil pier", "berth", place(20, 40, 80, 100))
ANYWHERE = slice(None), slice(None)


def observed(masks: xr.Dataset, area=PORT, zones=(BERTH,)) -> dict:
    row = fractions([coverage_of(masks, area, zones)])
    return row | {"zones": json.loads(row["zones"])}


def test_a_clear_look_saw_all_of_a_berth_however_much_of_it_is_quay():
    row = observed(layers())
    assert row["covered_fraction"] == pytest.approx(1, abs=0.01)
    assert row["usable_fraction"] == 1
    assert row["usable_water_km2"] == pytest.approx(140 * 200 * 1e-4, rel=0.01)
    assert row["zones"] == {"oil pier": 1}


def test_ships_do_not_make_a_berth_less_seen():
    free, taken = layers(), layers()
    taken["water"][60:70, 40:100] = False
    assert observed(free)["zones"] == observed(taken)["zones"] == {"oil pier": 1}


@pytest.mark.parametrize("veil", ["cloud", "ice", "nodata"])
def test_what_hides_half_of_a_berth_halves_it_on_land_too(veil):
    row = observed(layers(**{veil: (slice(None), slice(70, 200))}))
    assert row["zones"]["oil pier"] == pytest.approx(0.5, abs=0.02)
    assert row["usable_fraction"] == pytest.approx(70 / 200, abs=0.02)
    assert row["covered_fraction"] == pytest.approx(0.35 if veil == "nodata" else 1, abs=0.01)


def test_cloud_over_the_town_hides_no_water():
    row = observed(layers(cloud=(slice(0, 45), slice(None))))
    assert row["usable_fraction"] == 1
    assert row["zones"] == {"oil pier": 1}


def test_a_berth_under_cloud_is_not_seen_whatever_lies_around():
    island = layers(cloud=ANYWHERE)
    assert observed(island)["usable_fraction"] == 0
    town = layers(cloud=(slice(18, 200), slice(None)))  # town is all there is to see
    row = observed(town)
    assert row["usable_fraction"] == row["usable_water_km2"] == 0
    assert row["zones"] == {"oil pier": 0}


def test_where_all_was_seen_and_no_water_is_there_is_no_fraction():
    inland = Zone("station", "berth", place(5, 5, 30, 30))
    row = observed(layers(), zones=(inland,))
    assert row["zones"] == {"station": None}
    assert observed(layers(), area=inland.geometry, zones=(inland,))["usable_fraction"] is None


def test_what_lies_off_the_grid_was_not_seen():
    half = place(100, 100, 200, 300)
    beyond = Zone("far roads", "anchorage", place(100, 400, 200, 500))
    row = observed(layers(), area=half, zones=(beyond,))
    assert row["covered_fraction"] == pytest.approx(0.5, abs=0.01)
    assert row["usable_fraction"] == pytest.approx(0.5, abs=0.01)
    assert row["zones"] == {"far roads": 0}


def test_half_the_earth_may_be_asked_for():
    row = fractions([coverage_of(layers(), rectangle(-170, -80, 170, 80))])
    assert 0 < row["covered_fraction"] < 1e-6
    assert row["usable_water_km2"] == pytest.approx(2.8)
    assert row["zones"] is None


def test_the_whole_footprint_needs_no_area():
    row = fractions([coverage_of(layers(nodata=(slice(0, 50), slice(None))), None)])
    assert row["covered_fraction"] == 0.75
    assert row["usable_water_km2"] == pytest.approx(2.8)


@given(row=st.integers(1, 199), column=st.integers(1, 199))
@settings(max_examples=15, deadline=None)
def test_windows_add_up(row, column):
    masks = layers(ice=(slice(150, 170), slice(20, 90)))
    parts = [
        masks.isel(y=y, x=x)
        for y in (slice(row), slice(row, None))
        for x in (slice(column), slice(column, None))
    ]
    whole = coverage_of(masks, PORT, [BERTH])
    summed = reduce(add, [coverage_of(part, PORT, [BERTH]) for part in parts])
    assert summed.asked_m2 == whole.asked_m2
    for one, other in (
        (whole.area, summed.area),
        *zip(whole.zones.values(), summed.zones.values(), strict=True),
    ):
        for name in ("on_grid_m2", "valid_m2", "seen_m2", "water_m2", "search_m2"):
            assert getattr(one, name) == getattr(other, name)


@given(seed=st.integers(0, 2**32 - 1), thin=st.floats(0.01, 0.99))
@settings(deadline=None)
def test_hidden_pixels_are_what_the_nearest_seen_pixel_is(seed, thin):
    rng = np.random.default_rng(seed)
    seen, search = rng.random((2, 12, 15)) < np.array([thin, 0.5])[:, None, None]
    search &= seen
    hidden = module._hidden(search, seen, 1)
    rows, columns = np.nonzero(seen)
    for (y, x), is_hidden in np.ndenumerate(hidden):
        away = np.hypot(rows - y, columns - x)
        near = search[rows, columns][away == away.min()] if len(away) else np.array([True])
        assert is_hidden in (near if not seen[y, x] else [False])


POINTS = st.tuples(st.floats(-30, 230), st.floats(-30, 230))


@given(points=st.lists(POINTS, min_size=3, max_size=3, unique=True))
@example(points=[(0.0, 0.0), (0.0, 20.0), (1.0, 0.0)])  # a sliver along the edge
@settings(max_examples=40, deadline=None)
def test_pixels_of_a_place_are_those_it_touches(points):
    triangle = Polygon(points)
    if triangle.area < 1:
        return
    ground = Polygon([GRID.pix2wld(*point) for point in points])
    outline = Geometry(ground, "EPSG:32653").to_crs("EPSG:4326").geom
    window, within = module._pixels_of(outline, GRID)
    found = np.zeros(GRID.shape.yx, bool)
    found[window] = within
    for y, x in np.argwhere(found)[::7]:
        assert triangle.distance(rectangle(x, y, x + 1, y + 1)) < 0.05
    for y in range(0, 200, 13):
        for x in range(0, 200, 17):
            inner = triangle.intersection(rectangle(x, y, x + 1, y + 1))
            # GDAL passes over a sliver that meets the middle of no pixel.
            assert found[y, x] or inner.area < 0.5


def test_the_masks_of_a_cloudy_scene_make_an_honest_row():
    kinds = np.ones((200, 200), int)
    kinds[TOWN] = 0
    kinds[:, 100:] = 2
    masks = usable_water(painted(kinds), MaskOptions())
    row = observed(masks)
    assert row["usable_fraction"] == pytest.approx(0.5, abs=0.02)
    assert row["zones"]["oil pier"] == 1
    assert row["usable_water_km2"] == pytest.approx(140 * 100 * 1e-4, rel=0.02)
