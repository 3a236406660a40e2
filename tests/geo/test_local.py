"""Local metres, azimuths and convergence against PROJ's projections and geodesics."""

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pyproj import CRS, Geod, Proj

from gnomon.geo import local

EARTH = Geod(ellps="WGS84")
longitudes = st.floats(-180, 180)
latitudes = st.floats(-85, 85)
azimuths = st.floats(0, 360)
distances = st.floats(1, 2000)


@given(st.floats(-89.5, 89.5))
def test_a_degree_is_as_long_as_the_geodesic_over_a_hundredth_of_it(latitude):
    east, north = local.metres_per_degree(latitude)
    step = 0.005
    along = EARTH.inv(0, latitude - step, 0, latitude + step)[2] / (2 * step)
    across = EARTH.inv(-step, latitude, step, latitude)[2] / (2 * step)
    assert_allclose((east, north), (across, along), rtol=1e-7)


def test_a_degree_at_equator_and_pole():
    """Snyder 1987, table 11 (WGS 84 differs from Clarke 1866 by less than a metre in these)."""
    east, north = local.metres_per_degree([0.0, 90.0, -90.0])
    assert_allclose(east, [111_319.49, 0.0, 0.0], atol=0.01)
    assert_allclose(north, [110_574.28, 111_693.98, 111_693.98], atol=0.1)


@given(longitudes, latitudes, azimuths, distances)
def test_local_metres_are_those_of_an_azimuthal_projection(longitude, latitude, azimuth, distance):
    """PROJ's azimuthal equidistant projection about the origin is exact; the plane is not quite."""
    x, y, _ = EARTH.fwd(longitude, latitude, azimuth, distance)
    exact = Proj(proj="aeqd", lon_0=longitude, lat_0=latitude, ellps="WGS84")(x, y)
    flat = local.local_metres(x, y, origin=(longitude, latitude))
    bound = distance**2 * (1 + abs(np.tan(np.deg2rad(latitude)))) / 6.3e6 + 1e-3
    assert_allclose(flat, exact, atol=bound)


@given(longitudes, latitudes, st.floats(-3000, 3000), st.floats(-3000, 3000))
def test_places_of_local_metres_lead_back_to_them(longitude, latitude, east, north):
    origin = (longitude, latitude)
    places = local.from_local_metres(east, north, origin=origin)
    assert_allclose(local.local_metres(*places, origin=origin), (east, north), atol=1e-4)


def test_the_antimeridian_lies_between_neighbours():
    east, north = local.local_metres([-179.999, 179.999], [0.0, 0.0], origin=(179.9995, 0.0))
    assert_allclose(east, [167.0, -55.7], atol=0.1)
    assert_allclose(north, 0.0)


@given(longitudes, latitudes, azimuths, st.floats(1, 5e6))
def test_distance_and_azimuth_undo_the_direct_geodesic(longitude, latitude, azimuth, distance):
    x, y, _ = EARTH.fwd(longitude, latitude, azimuth, distance)
    start, end = (longitude, latitude), (x, y)
    assert_allclose(local.distance_m(start, end), distance, rtol=1e-9, atol=1e-8)
    off = (local.azimuth_deg(start, end) - azimuth + 180) % 360 - 180
    assert abs(np.deg2rad(off)) * distance < 1e-2


def test_distances_of_arrays_are_those_of_their_rows():
    rng = np.random.default_rng(0)
    starts, ends = rng.uniform(-80, 80, (2, 5, 2))
    one_by_one = [EARTH.inv(*a, *b)[2] for a, b in zip(starts, ends, strict=True)]
    assert_allclose(local.distance_m(starts, ends), one_by_one)


@given(longitudes, latitudes, st.floats(10, 1000))
def test_a_box_reaches_about_as_far_as_asked_to_every_side(longitude, latitude, half):
    west, south, east, north = local.box_around(
        shapely.Point(longitude, latitude), half_m=half
    ).bounds
    for x, y in ((west, latitude), (east, latitude), (longitude, south), (longitude, north)):
        assert_allclose(EARTH.inv(longitude, latitude, x, y)[2], half, rtol=7e-3)


@given(longitudes, latitudes, st.floats(50, 400), st.floats(0.1, 0.9), st.floats(0, 179.9))
def test_a_rectangle_measures_what_it_was_made_of(longitude, latitude, length, slimness, axis):
    assume(abs(latitude) < 80)
    beam = slimness * length
    centre = shapely.Point(longitude, latitude)
    outline = local.rectangle_around(centre, length_m=length, beam_m=beam, heading_deg=axis)
    size = local.rectangle_size(outline)
    assert size is not None
    assert_allclose((size.length_m, size.beam_m), (length, beam), rtol=1e-4)
    assert abs((size.axis_deg - axis + 90) % 180 - 90) < 0.01
    corners = np.array(outline.exterior.coords)
    sides = local.distance_m(corners[:-1], corners[1:])
    assert_allclose(sides, [beam, length, beam, length], rtol=2e-4)
    # Stern to bow, as the geodesic has it.
    bow, stern = corners[:2].mean(0), corners[2:4].mean(0)
    assert abs((float(local.azimuth_deg(stern, bow)) - axis + 180) % 360 - 180) < 0.05


@pytest.mark.parametrize("wkt", ["POINT (5 50)", "LINESTRING (5 50, 5.1 50)", "POLYGON EMPTY"])
def test_what_has_no_area_has_no_size(wkt):
    assert local.rectangle_size(shapely.from_wkt(wkt)) is None


def convergence_of_proj(epsg, longitude, latitude):
    return Proj(CRS.from_epsg(epsg)).get_factors(longitude, latitude).meridian_convergence


@given(st.integers(1, 60), st.floats(-3, 3), st.floats(-80, 84))
def test_convergence_in_utm_is_the_one_of_proj(zone, off, latitude):
    epsg = (32600 if latitude >= 0 else 32700) + zone
    longitude = -183 + 6 * zone + off
    place, convergence = local.place_on_grid(shapely.Point(longitude, latitude), f"EPSG:{epsg}")
    assert_allclose(convergence, convergence_of_proj(epsg, longitude, latitude), atol=1e-4)
    assert_allclose(place, Proj(CRS.from_epsg(epsg))(longitude, latitude), atol=1e-6)


@given(st.floats(-180, 180), st.floats(70, 89.99))
def test_convergence_in_polar_stereographic_is_the_one_of_proj(longitude, latitude):
    _, convergence = local.place_on_grid(shapely.Point(longitude, latitude), "EPSG:3413")
    off = convergence - convergence_of_proj(3413, longitude, latitude)
    assert abs((off + 180) % 360 - 180) < 1e-3


def test_convergence_has_the_sign_of_the_textbook():
    """East of the central meridian in the north, grid north lies east of true north."""
    _, convergence = local.place_on_grid(shapely.Point(132.0, 43.0), "EPSG:32652")
    # Snyder 1987, to first order: the longitude off the central meridian times sin(latitude).
    assert_allclose(convergence, 3.0 * np.sin(np.deg2rad(43.0)), atol=0.01)
    assert local.true_to_grid_deg(90.0, convergence) < 90.0


@given(azimuths, st.floats(-5, 5))
def test_azimuths_go_to_the_grid_and_back(azimuth, convergence):
    there = local.true_to_grid_deg(azimuth, convergence)
    assert_allclose(local.grid_to_true_deg(there, convergence), azimuth, atol=1e-9)


@given(st.floats(0.5, 83.5), st.floats(-2.9, 2.9), azimuths)
def test_a_step_on_the_ground_has_its_grid_azimuth_on_the_grid(latitude, off, azimuth):
    """The law that `true_to_grid_deg` states, by a geodesic of 10 m and its end on the grid."""
    longitude = 129 + off
    x, y, _ = EARTH.fwd(longitude, latitude, azimuth, 10.0)
    here, convergence = local.place_on_grid(shapely.Point(longitude, latitude), "EPSG:32652")
    there, _ = local.place_on_grid(shapely.Point(x, y), "EPSG:32652")
    on_grid = np.rad2deg(np.arctan2(*(there - here)))
    off_deg = on_grid - local.true_to_grid_deg(azimuth, convergence)
    assert abs((off_deg + 180) % 360 - 180) < 0.01


@given(st.floats(-500, 500), st.floats(-500, 500), st.floats(-7, 7))
def test_hull_axes_turn_and_turn_back(east, north, heading):
    forward, starboard = local.hull_axes(east, north, heading_rad=heading)
    assert_allclose(np.hypot(forward, starboard), np.hypot(east, north), atol=1e-9)
    back = local.from_hull_axes(forward, starboard, heading_rad=heading)
    assert_allclose(back, (east, north), atol=1e-9)


def test_starboard_of_a_ship_that_heads_east_is_south():
    assert_allclose(local.hull_axes(3.0, -2.0, heading_rad=np.pi / 2), (3.0, 2.0), atol=1e-12)
