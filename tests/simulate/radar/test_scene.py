"""Drawn scenes: ships where the truth has them, or shifted as they move; land and its cranes."""

from dataclasses import replace

import numpy as np
import pytest

from gnomon.geo.geoid import undulation_m
from gnomon.simulate.radar.echoes import NOISE_DB, SeaState, speckle_bank
from gnomon.simulate.radar.scene import (
    RadarGhost,
    RadarPatch,
    RadarShip,
    drawn_boxes,
    drawn_shift_m,
    drawn_sigma0,
    radar_truth,
)
from radar_scenes import PLACE, box_m, radar_ship, radar_spec

SEA_M = float(undulation_m(*PLACE))


def brightest(ship: RadarShip, northward: bool) -> tuple[np.ndarray, tuple[float, float]]:
    """Centre of the echo, and where the ship lies, lines and samples."""
    spec = radar_spec(ships=(ship,), land=None, polarisations=("vv",),
                      orbit={"northward": northward})  # fmt: skip
    power = drawn_sigma0(spec)["vv"]
    weight = np.where(power > 0.3, power, 0)
    line, sample = np.indices(power.shape)
    centre = np.array([(weight * line).sum(), (weight * sample).sum()]) / weight.sum()
    wanted = spec.orbit.pixels(ship.longitude_deg, ship.latitude_deg, SEA_M)
    return centre, (float(wanted[0]), float(wanted[1]))


@pytest.mark.parametrize("northward", [True, False])
def test_a_ship_that_lies_still_is_shown_where_it_lies(northward: bool) -> None:
    centre, wanted = brightest(radar_ship(200, 300, 180), northward)
    # Its echo comes from 6 m above the water on average, which is 8 m nearer to the track.
    np.testing.assert_allclose(centre, np.array(wanted) - [0, 0.8], atol=4)


@pytest.mark.parametrize("northward", [True, False])
def test_a_ship_that_moves_away_is_shown_behind_along_the_track(northward: bool) -> None:
    """By R v / V: 880 km over 7.5 km/s, times what of 5 m/s is along the line of sight."""
    ship = radar_ship(0, 0, 180, heading_deg=90.0, speed_m_s=5.0)
    spec = radar_spec(orbit={"northward": northward})
    expected = -117 * 5 * np.sin(np.deg2rad(38)) * (1 if northward else -1)
    shift = drawn_shift_m(spec, ship)
    assert shift == pytest.approx(expected, rel=0.03)
    centre, wanted = brightest(ship, northward)
    assert (centre[0] - wanted[0]) * 10 == pytest.approx(shift, abs=40)
    across = radar_ship(0, 0, 180, heading_deg=0.0, speed_m_s=5.0)
    assert abs(drawn_shift_m(spec, across)) < 1


def test_truth_is_the_outline_on_the_map() -> None:
    truth = radar_truth(radar_spec()).to_crs("EPSG:32653")
    assert truth.area.to_numpy() == pytest.approx(truth.length_m * truth.beam_m, rel=0.002)


def test_land_is_bright_and_cranes_fall_towards_the_track() -> None:
    """Land in the east and a satellite in the west: cranes stand on the water."""
    land = {"ships": (), "land": box_m(500, -1500, 4000, 1500), "polarisations": ("vh",)}
    drawn, bare = (
        drawn_sigma0(radar_spec(**land, cranes=cranes))["vh"] for cranes in (True, False)
    )
    assert np.median(drawn[200:240, 330:]) > 10 * np.median(drawn[200:240, :200])
    strip = np.s_[100:340, 260:264]  # 30 to 70 m before the quay
    assert drawn[strip].mean() > 2 * bare[strip].mean()


@pytest.mark.parametrize("northward", [True, False])
def test_boxes_are_the_outlines_in_pixels_and_shifted_as_ships_move(northward: bool) -> None:
    ships = (radar_ship(200, 300, 180), radar_ship(0, 0, 120, heading_deg=90.0, speed_m_s=5.0))
    spec = radar_spec(ships=ships, orbit={"northward": northward})
    boxes = drawn_boxes(spec)
    for ship, box in zip(ships, boxes, strict=True):
        line, sample = spec.orbit.pixels(ship.longitude_deg, ship.latitude_deg, SEA_M)
        shift = drawn_shift_m(spec, ship) / 10
        assert (box.x, box.y) == pytest.approx((sample + 0.5, line + 0.5 + shift), abs=0.1)
        assert box.length == pytest.approx(ship.length_m / 10, rel=0.02)
        assert box.beam == pytest.approx(ship.beam_m / 10, rel=0.02)
        # Northward lines run north, southward samples run west: either image is mirrored, and its
        # lines lie up to 5 degrees off the meridian.
        assert (box.angle + ship.heading_deg + 90) % 180 - 90 == pytest.approx(0, abs=6)


def test_a_scene_with_a_bank_of_speckle_has_the_same_power() -> None:
    spec = radar_spec(polarisations=("vv",), land=None, ships=(radar_ship(0, 0, 200),))
    bank = speckle_bank(np.random.default_rng(5), (440, 440), 10.0)
    drawn, again = (drawn_sigma0(spec, one)["vv"] for one in (None, bank))
    sea = np.s_[:150]
    assert again[sea].mean() == pytest.approx(drawn[sea].mean(), rel=0.03)
    assert again[sea].var() == pytest.approx(drawn[sea].var(), rel=0.1)
    assert np.unravel_index(again.argmax(), again.shape) == pytest.approx(
        np.unravel_index(drawn.argmax(), drawn.shape), abs=22
    )


def test_a_ghost_is_smeared_along_the_track() -> None:
    longitude, latitude = radar_ship(0, 0, 1).outline.centroid.coords[0]
    ghost = RadarGhost(
        longitude_deg=longitude, latitude_deg=latitude, along_m=900, across_m=20,
        cross_section_m2=2e6,
    )  # fmt: skip
    power = drawn_sigma0(radar_spec(ships=(), land=None, ghosts=(ghost,)))["vv"]
    bright = np.argwhere(power > 1)
    assert (np.ptp(bright, axis=0) * 10 > [700, 0]).all()
    assert np.ptp(bright[:, 1]) * 10 < 200


def test_a_patch_is_as_much_brighter_and_rougher_as_it_says() -> None:
    patch = RadarPatch(area=box_m(-1000, -1000, 1000, 1000), brighter_db=6.0, roughness=0.0)
    inside, outside = np.s_[140:300, 140:300], np.s_[:100]
    calm = {"ships": (), "land": None, "sea": SeaState(wind_m_s=10.0, roughness=0.0)}
    drawn, rough, plain = (
        drawn_sigma0(radar_spec(**calm, patches=patches))["vv"]
        for patches in ((patch,), (replace(patch, roughness=0.5),), ())
    )
    sea = plain[inside].mean() - 10 ** (NOISE_DB / 10)
    gain = (drawn[inside].mean() - 10 ** (NOISE_DB / 10)) / sea
    assert 10 * np.log10(gain) == pytest.approx(6.0, abs=0.2)
    np.testing.assert_allclose(drawn[outside].mean(), plain[outside].mean(), rtol=0.02)
    assert rough[inside].var() > 1.5 * drawn[inside].var()
