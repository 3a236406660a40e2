"""Portraits: the truth of their row, noise of fine instruments, and the same ship taken again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from gnomon.simulate.pixels.portrait import EPSG, ROOM_M, portrait, retaken

SIZES = {"length_m": 95.0, "sun_elevation_deg": 32.0}


def test_a_seed_decides_a_portrait() -> None:
    one, same, other = (portrait(seed, gsd_m=10.0, **SIZES) for seed in (3, 3, 4))
    assert one.pixels.equals(same.pixels)
    assert one.ship == same.ship
    assert not one.pixels.equals(other.pixels)


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000))
def test_the_ship_lies_in_the_middle_with_room_for_its_shadow(seed: int) -> None:
    taken = portrait(seed, gsd_m=10.0, **SIZES)
    box = taken.pixels.odc.geobox.extent.boundingbox
    assert taken.ship.east_m == pytest.approx((box.left + box.right) / 2, abs=10)
    assert taken.ship.north_m == pytest.approx((box.bottom + box.top) / 2, abs=10)
    west, south, east, north = taken.ship.polygon().bounds
    room = (west - box.left, south - box.bottom, box.right - east, box.top - north)
    assert min(room) > ROOM_M - 15
    longest = taken.ship.freeboard_m / np.tan(np.deg2rad(SIZES["sun_elevation_deg"]))
    assert longest < ROOM_M


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000))
def test_the_row_is_in_angles_from_true_north(seed: int) -> None:
    """The oracle is a step along the ship's axis, projected and measured on the ellipsoid."""
    from pyproj import Transformer

    taken = portrait(seed, gsd_m=10.0, **SIZES)
    ends = taken.ship.to_world(np.array([[-50.0, 0.0], [50.0, 0.0]]))
    to_degrees = Transformer.from_crs(EPSG, 4326, always_xy=True)
    longitude, latitude = to_degrees.transform(ends[:, 0], ends[:, 1])
    heading = Geod(ellps="WGS84").inv(longitude[0], latitude[0], longitude[1], latitude[1])[0]
    row = taken.row()
    assert (row.heading_deg - heading + 90) % 180 - 90 == pytest.approx(0, abs=0.01)
    turn = row.sun_azimuth_deg - taken.light.sun_azimuth_deg
    assert (turn - (heading - taken.ship.heading_deg) + 180) % 360 - 180 == pytest.approx(
        0, abs=0.01
    )
    assert row.geometry.x == pytest.approx(longitude.mean(), abs=1e-6)
    assert row.gsd_m == 10


def test_below_a_metre_there_is_one_band_and_it_is_the_mean_of_the_colours() -> None:
    fine = portrait(5, length_m=40.0, gsd_m=0.8, sun_elevation_deg=45.0)
    assert list(fine.pixels) == ["pan"]
    coarse = retaken(fine, gsd_m=1.6, sun_elevation_deg=45.0)
    assert list(coarse.pixels) == ["blue", "green", "red", "nir"]
    colours = coarse.pixels[["blue", "green", "red"]].to_array().mean()
    assert float(fine.pixels["pan"].mean()) == pytest.approx(float(colours), rel=0.1)


def test_finer_instruments_are_noisier() -> None:
    """Differences of neighbours on water far from the ship, in units of the noise."""

    def noise(gsd_m: float) -> float:
        taken = portrait(11, length_m=60.0, gsd_m=gsd_m, sun_elevation_deg=60.0)
        corner = taken.pixels["blue"].to_numpy()[:12, :12].astype(float)
        return float(np.diff(corner, axis=1).std() / np.sqrt(2))

    assert noise(3.0) > 0.0019
    assert noise(10.0) < noise(3.0)


def test_a_ship_taken_again_stays_as_it_is() -> None:
    first = portrait(8, gsd_m=10.0, laden=True, **SIZES)
    again = retaken(first, gsd_m=5.0, sun_elevation_deg=50.0)
    assert (again.ship, again.weather, again.laden) == (first.ship, first.weather, True)
    assert again.light.sun_azimuth_deg == first.light.sun_azimuth_deg
    assert again.light.sun_elevation_deg == 50
    assert again.row().sun_elevation_deg == 50
    same = retaken(first, gsd_m=10.0, sun_elevation_deg=SIZES["sun_elevation_deg"])
    assert same.pixels.equals(first.pixels)


def test_a_laden_portrait_shows_a_laden_ship() -> None:
    for seed in range(6):
        laden, light = (portrait(seed, gsd_m=10.0, laden=load, **SIZES) for load in (True, False))
        assert laden.laden
        assert laden.ship.length_m == light.ship.length_m
        assert laden.ship.freeboard_m < light.ship.freeboard_m
