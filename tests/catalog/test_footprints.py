"""Footprints: over the antimeridian, mended, and those of the real ports."""

from copy import deepcopy
from pathlib import Path

import numpy as np
import pystac
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon, box, mapping, shape

from gnomon.catalog.footprints import footprint_of
from gnomon.catalog.items import scene_from_item
from gnomon.datamodel.errors import AssetError
from stac_items import cdse_item, described, read_item


def item_of(geometry: object) -> pystac.Item:
    return pystac.Item.from_dict(cdse_item() | {"geometry": geometry}, migrate=False)


@given(
    west=st.one_of(st.floats(-180, 150), st.floats(165, 179.9)),
    width=st.floats(0.1, 30),
    south=st.floats(-60, 50),
    split=st.booleans(),
)
def test_outlines_over_the_antimeridian(
    west: float, width: float, south: float, split: bool
) -> None:
    """However a provider writes an outline, it covers the same ground, within -180 to 180."""
    east = west + width
    written = [box(west, south, east, south + 5)]
    if east > 180 and split:
        # RFC 7946 says so; many write the eastern end with its own sign instead.
        written = [box(west, south, 180, south + 5), box(-180, south, east - 360, south + 5)]
        outline = {
            "type": "MultiPolygon",
            "coordinates": [mapping(p)["coordinates"] for p in written],
        }
    else:
        signed = [((x - 360 if x > 180 else x), y) for x, y in written[0].exterior.coords]
        outline = {"type": "Polygon", "coordinates": [signed]}
    footprint = described(cdse_item() | {"geometry": outline}).footprint
    assert footprint.is_valid
    assert footprint.area == pytest.approx(width * 5, rel=1e-6)
    low, _, high, _ = footprint.bounds
    assert low >= -180
    assert high <= 180
    middle = (west + width / 2 + 180) % 360 - 180
    assert footprint.distance(Point(middle, south + 2.5)) < 1e-9


def test_the_real_ports_have_outlines_that_hold_their_pixels(shared_data: Path) -> None:
    for path in (shared_data / "s2-ports" / "train").glob("*/S2_*.json"):
        item = read_item(path)
        scene = scene_from_item(pystac.Item.from_file(str(path)))
        assert scene.footprint.equals(shape(deepcopy(item)["geometry"]))
        assert scene.platform == "sentinel-2"
        assert np.isfinite(scene.sun_elevation_deg or np.nan)


def test_a_bow_tie_is_mended_to_the_ground_that_it_covers() -> None:
    tie = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    footprint = footprint_of(item_of(mapping(tie)))
    assert footprint.is_valid
    assert footprint.area == pytest.approx(2)  # two triangles of 1


@given(st.lists(st.tuples(st.floats(10, 40), st.floats(-40, 40)), min_size=3, max_size=8))
def test_an_outline_keeps_its_hull_and_its_longitudes(corners: list[tuple[float, float]]) -> None:
    outline = Polygon(corners)
    if shapely.make_valid(outline).area < 1e-6:
        return
    footprint = footprint_of(item_of(mapping(outline)))
    assert footprint.is_valid
    assert outline.convex_hull.buffer(1e-9).contains(footprint)
    whole = sum(part.area for part in shapely.get_parts(shapely.make_valid(outline)))
    assert footprint.area == pytest.approx(whole, rel=1e-6)


@given(turns=st.integers(-1, 1), west=st.floats(-170, 150))
def test_a_longitude_may_be_written_a_turn_away(turns: int, west: float) -> None:
    outline = box(west, 10, west + 5, 12)
    moved = shapely.transform(outline, lambda xy: xy + np.array([360.0 * turns, 0.0]))
    if max(abs(v) for v in (moved.bounds[0], moved.bounds[2])) > 360:
        return
    footprint = footprint_of(item_of(mapping(moved)))
    assert footprint.symmetric_difference(outline).area < 1e-6


def test_an_outline_of_too_many_points_is_refused_before_it_is_made() -> None:
    ring = [[i / 1000, (i % 2) / 1000] for i in range(100)] + [[0, 0]]
    outline = {"type": "MultiPolygon", "coordinates": [[ring], [ring]]}
    assert footprint_of(item_of(outline), vertices=202).area > 0
    for deep in (outline, {"type": "GeometryCollection", "geometries": [outline]}):
        with pytest.raises(AssetError, match=r"more points than .* vertices, 201"):
            footprint_of(item_of(deep), vertices=201)
