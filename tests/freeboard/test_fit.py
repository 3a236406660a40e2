"""Measures of a fit, on ships and chips where they are known."""

import numpy as np
import pytest

from gnomon.freeboard import fit
from gnomon.freeboard.bins import Chip
from gnomon.freeboard.hull import PARAMETERS


def chip(**changes):
    known = {
        "image": np.ones((3, 80, 80), np.float32),
        "gsd_m": 3.0,
        "sun_azimuth_deg": 150.0,
        "sun_elevation_deg": 25.0,
        "length_m": 180.0,
        "length_sigma_m": 12.0,
        "beam_m": 30.0,
        "beam_sigma_m": 6.0,
        "heading_deg": 20.0,
    }
    return Chip(**known | changes)


def ship(**changes):
    values = dict.fromkeys(PARAMETERS, 0.0) | {
        "length_m": 180.0,
        "beam_m": 30.0,
        "heading_rad": np.deg2rad(20.0),
    }
    return np.array([(values | changes)[name] for name in PARAMETERS])


def test_prior_deviation_is_in_sigmas_and_takes_either_end_for_the_bow():
    assert fit.prior_deviation(chip(), ship()) == pytest.approx(0, abs=1e-9)
    assert fit.prior_deviation(chip(), ship(length_m=204.0)) == pytest.approx(2)
    assert fit.prior_deviation(chip(), ship(beam_m=12.0)) == pytest.approx(3)
    assert fit.prior_deviation(chip(), ship(heading_rad=np.deg2rad(208.0))) == pytest.approx(2)


@pytest.mark.parametrize("heading", [0.0, 90.0, 200.0])
def test_a_ship_half_out_of_the_chip_is_half_outside_the_data(heading):
    angle = np.deg2rad(heading)
    assert fit.outside_data(chip(), ship(heading_rad=angle)) == 0
    edge = ship(heading_rad=0.0, north_m=120.0)
    assert fit.outside_data(chip(), edge) == pytest.approx(0.5, abs=0.03)


def test_masked_pixels_are_outside_the_data():
    image = np.ones((3, 80, 80), np.float32)
    image[:, :, 40:] = np.nan
    half = fit.outside_data(chip(image=image), ship(heading_rad=np.pi / 2))
    assert half == pytest.approx(0.5, abs=0.03)


def test_only_long_ships_in_fine_enough_pixels_are_called_too_low():
    assert fit.too_low(chip(), ship(), 0.1)
    assert not fit.too_low(chip(), ship(), 1.5)
    assert not fit.too_low(chip(gsd_m=10.0), ship(), 0.1)
    assert not fit.too_low(chip(gsd_m=0.5), ship(length_m=70.0), 0.02)
