"""Rows of the detections table: places, headings and zones, against pyproj."""

import pytest
import shapely
from hypothesis import given
from pyproj import Geod, Transformer

from boxes import box, one_box
from detections import DETECTOR, GRID, SCENE
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.ports import Port, Zone
from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import Detections
from gnomon.workflow.rows import detection_rows


def test_no_box_gives_no_row() -> None:
    nothing = OrientedBoxes.empty()
    rows = detection_rows(nothing, GRID, SCENE, Port(None, None), detector=DETECTOR, run_digest="")
    assert rows == []


@given(one_box)
def test_rows_lie_where_pyproj_says(one: OrientedBoxes) -> None:
    (row,) = detection_rows(one, GRID, SCENE, Port(None, None), detector=DETECTOR, run_digest="d")
    east, north = GRID.affine @ (float(one.x[0]), float(one.y[0]))
    to_map = Transformer.from_crs(32653, 4326, always_xy=True)
    lon, lat = to_map.transform(east, north)
    assert (row["geometry"].x, row["geometry"].y) == pytest.approx((lon, lat), abs=1e-7)
    assert row["length_m"] == pytest.approx(one.length[0] * 10, rel=1e-5)


def test_the_heading_is_from_true_north() -> None:
    """At Vostochny, west of its zone's meridian, grid north is a degree off true north."""
    (row,) = detection_rows(
        box(500, 500, angle=0), GRID, SCENE, Port(None, None), detector=DETECTOR, run_digest="d"
    )
    to_map = Transformer.from_crs(32653, 4326, always_xy=True)
    south, north = to_map.transform(345_000, 4_734_940), to_map.transform(345_000, 4_735_060)
    azimuth, _, _ = Geod(ellps="WGS84").inv(*south, *north)
    assert row["heading_deg"] == pytest.approx(azimuth % 180, abs=0.01)
    assert 1.0 < abs((row["heading_deg"] + 90) % 180 - 90) < 1.6


def test_boxes_outside_the_port_are_left_out_and_zones_are_named() -> None:
    to_map = Transformer.from_crs(32653, 4326, always_xy=True)

    def around(x: float, y: float, reach: float) -> shapely.Polygon:
        lon, lat = to_map.transform(*(GRID.affine @ (x, y)))
        return shapely.box(lon - reach, lat - reach, lon + reach, lat + reach)

    port = Port(
        "rajin", around(500, 500, 0.02), (Zone("pier 1", "berth", around(500, 500, 0.002)),)
    )
    several = OrientedBoxes.concatenate([box(500, 500), box(600, 500), box(10, 10)])
    rows = detection_rows(several, GRID, SCENE, port, detector=DETECTOR, run_digest="d")
    assert [row["zone"] for row in rows] == ["pier 1", "roads"]
    table(Detections, rows)


def test_the_same_place_has_the_same_id_and_another_has_another() -> None:
    several = OrientedBoxes.concatenate([box(500, 500), box(501.5, 500)])
    rows = detection_rows(several, GRID, SCENE, Port(None, None), detector=DETECTOR, run_digest="d")
    ids = [row["detection_id"] for row in rows]
    assert len(set(ids)) == 2
    assert all(name.startswith("S2B_53TLH_20240403_0_L2A-e") for name in ids)
