"""Outlines as boxes: moments give a rectangle back, loose ones are tightened, types are read."""

import geopandas as gpd
import numpy as np
import odc.geo.xr
import pandas as pd
import pytest
import shapely
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from boxes import box
from gnomon.learn.outlines import (
    SLENDEREST,
    STOUTEST,
    TIGHT,
    Looseness,
    boxes_of,
    flags,
    gsd_of,
    outlines_in_pixels,
    rectangle_of,
    tanker_flags,
    tightened,
)

GRID = GeoBox.from_bbox((500_000, 4_700_000, 502_000, 4_702_000), "EPSG:32653", resolution=10)
PIXELS = xr.Dataset({"nir": odc.geo.xr.wrap_xr(np.zeros(GRID.shape, np.float32), GRID)})


def outline(*, count: int = 1) -> gpd.GeoDataFrame:
    """200 m by 40 m, due north, centred at column 100, row 50; in degrees."""
    shape = shapely.box(500_980, 4_701_400, 501_020, 4_701_600)
    return gpd.GeoDataFrame(geometry=[shape] * count, crs="EPSG:32653").to_crs("EPSG:4326")


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
    found = rectangle_of(shape)
    assert found[:2] == pytest.approx((x, y), abs=0.2)
    assert found[2] == pytest.approx(length, rel=0.06)
    assert found[3] == pytest.approx(length * share, rel=0.15, abs=0.15)
    assert abs((found[4] - angle + 90) % 180 - 90) < 2


def test_a_staircase_of_pixels_has_the_axis_of_its_hull() -> None:
    """The least enclosing rectangle of the same pixels is upright."""
    (hull,) = box(20, 20, 14, 3, 38).polygons()
    rows, columns = np.mgrid[:40, :40]
    inside = shapely.contains_xy(hull, columns + 0.5, rows + 0.5)
    cells = [
        shapely.box(c, r, c + 1, r + 1) for r, c in zip(rows[inside], columns[inside], strict=True)
    ]
    angle = rectangle_of(shapely.union_all(cells))[4]
    assert angle == pytest.approx(38, abs=6)


def test_outlines_in_degrees_become_boxes_in_pixels() -> None:
    boxes = boxes_of(outline(), PIXELS)
    values = (boxes.x[0], boxes.y[0], boxes.length[0], boxes.beam[0])
    assert values == pytest.approx((100, 50, 20, 4), abs=0.1)
    assert boxes.angle[0] == pytest.approx(0, abs=1) or boxes.angle[0] > 179
    (shape,) = outlines_in_pixels(outline(), PIXELS)
    assert shape.bounds == pytest.approx((98, 40, 102, 60), abs=0.05)
    assert gsd_of(PIXELS) == 10.0


def test_loose_outlines_are_tightened_and_measured_ones_are_not() -> None:
    rows = outline(count=2).assign(measured=[True, False])
    boxes = boxes_of(rows, PIXELS, looseness=Looseness(20.0, 15.0))
    assert boxes.length == pytest.approx([20, 18], abs=0.1)
    assert boxes.beam == pytest.approx([4, 2.5], abs=0.1)


@given(st.floats(3, 60), st.floats(0.5, 12), st.floats(0, 30), st.floats(0.1, 30))
def test_a_tightened_rectangle_is_a_hull(
    length: float, beam: float, length_m: float, beam_m: float
) -> None:
    before = (5.0, 6.0, length, beam, 30.0)
    x, y, shorter, slimmer, angle = tightened(before, Looseness(length_m, beam_m), 10.0)
    assert (x, y, angle) == (5.0, 6.0, 30.0)
    assert 0.7 * length - 1e-9 <= shorter <= length
    assert STOUTEST - 1e-9 <= shorter / slimmer <= SLENDEREST + 1e-9
    assert tightened(before, TIGHT, 10.0) == before


def test_types_are_read_as_tanker_other_or_unknown() -> None:
    kinds = ["tanker", "bulk", None, "", "unknown"]
    rows = pd.concat([outline()] * 5, ignore_index=True).assign(type=kinds)
    expected = [1, 0, np.nan, np.nan, np.nan]
    assert tanker_flags(rows) == pytest.approx(expected, nan_ok=True)
    assert boxes_of(rows, PIXELS).tanker == pytest.approx(expected, nan_ok=True)
    assert np.isnan(tanker_flags(outline())).all()


def test_a_column_that_is_not_there_is_false() -> None:
    rows = outline(count=2).assign(ignored=[True, False])
    assert flags(rows, "ignored").tolist() == [True, False]
    assert flags(rows, "measured").tolist() == [False, False]
    assert len(boxes_of(outline(count=1)[:0], PIXELS)) == 0
