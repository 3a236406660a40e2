"""The ray-cast judge: its shadows and its lean are those of geometry."""

from dataclasses import replace

import numpy as np
import pytest

from gnomon.physics.shadow import beam_shadow_m
from gnomon.validate import raycast
from gnomon.validate.raycast import raycast_chip

BOX = raycast._Hull(
    height_m=np.pad(np.full((400, 80), 5.0), 8),
    colour=np.full((4, 416, 96), 0.2),
    wall=np.full(4, 0.07),
)
"""A box of 80 by 16 m, 5 m high."""


@pytest.mark.parametrize("elevation", [20.0, 40.0, 60.0])
def test_the_shadow_of_a_box_is_as_wide_as_geometry_has_it(elevation):
    azimuth = 70.0
    sky = raycast._Sky(raycast._seen(np.deg2rad(azimuth), 0.0), elevation, np.zeros(2), 0.0)
    # Across the middle, away from the sun, which stands to starboard.
    starboard = -np.arange(8.3, 30, 0.02)
    met, _, bright = raycast._cast(BOX, sky, np.zeros_like(starboard), starboard)
    assert not met.any()
    width = np.sum(1 - bright) * 0.02 + 0.3
    expected = beam_shadow_m(
        5.0, heading_deg=0, sun_azimuth_deg=azimuth, sun_elevation_deg=elevation
    )
    assert width == pytest.approx(expected, abs=0.2)
    _, _, open_side = raycast._cast(BOX, sky, np.zeros_like(starboard), -starboard)
    assert open_side.all()


def test_the_deck_leans_away_from_the_sensor_and_shows_the_wall():
    lean = np.tan(np.deg2rad(25))
    sky = raycast._Sky(np.array([1.0, 0.0]), 50.0, np.array([0.0, 1.0]), lean)
    starboard = np.arange(-15, 15, 0.05)
    met, colour, _ = raycast._cast(BOX, sky, np.zeros_like(starboard), starboard)
    hull = starboard[met > 0]
    assert hull.min() == pytest.approx(-8 - 5 * lean, abs=0.25)
    assert hull.max() == pytest.approx(8, abs=0.25)
    wall = starboard[(met > 0) & (colour[0] < 0.1)]
    assert wall.min() == pytest.approx(8 - 5 * lean, abs=0.3)


def test_a_seed_gives_the_same_ship_under_every_instrument():
    one, other = (
        raycast_chip((1, 2), length_m=70, gsd_m=gsd, sun_elevation_deg=30) for gsd in (3.0, 10.0)
    )
    place = {"east_m": 0.0, "north_m": 0.0}
    assert replace(one.truth, **place) == replace(other.truth, **place)
    assert one.sun_azimuth_deg == other.sun_azimuth_deg
    same = raycast_chip((1, 2), length_m=70, gsd_m=10.0, sun_elevation_deg=30)
    np.testing.assert_array_equal(same.image, other.image)


def test_laden_ships_of_the_family_lie_deeper():
    rng = np.random.default_rng(3)
    for length in (70.0, 110.0, 150.0):
        laden, ballast = (
            [raycast._freeboard(rng, length, laden=state) for _ in range(60)]
            for state in (True, False)
        )
        assert np.median(laden) < 0.7 * np.median(ballast)
        assert min(laden + ballast) > 0.3
