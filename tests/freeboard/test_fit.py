"""Measures of a fit, on ships and chips where they are known."""

from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.freeboard import fit
from gnomon.freeboard.bins import ShipChip, binned
from gnomon.freeboard.hull import PARAMETERS, outline_places
from gnomon.geo.local import from_hull_axes


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
    return ShipChip(**known | changes)


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


def plausible(**changes):
    values = {
        "freeboard_m": np.linspace(0.02, 10, 50),
        "log_likelihood": np.zeros(50),
        "ship": ship(),
        "ship_sigma": np.ones(len(PARAMETERS)),
        "reflectance": np.zeros((1, 11)),
        "misfit": 0.1,
        "shadow_drop": 0.5,
        "obstructed": 0.0,
        "edge_m_per_m": 1.5,
        "sun_off_axis_deg": 80.0,
    }
    return fit.Fit(**values | changes)


@pytest.mark.parametrize(
    ("name", "kept", "refused"),
    [
        ("misfit", 0.59, 0.61),
        ("shadow_drop", 1.49, 1.51),
        ("shadow_drop", 0.06, 0.04),
        ("shadow_drop", 0.06, -0.5),
        ("freeboard_per_length", 0.09, 0.11),
        ("prior_deviation", 2.9, 3.1),
        ("outside_data", 0.01, 0.03),
        ("too_low", False, True),
        ("ship", ship(log_blur=0.39), ship(log_blur=-0.41)),
    ],
)
def test_each_measure_alone_makes_a_fit_implausible(name, kept, refused):
    assert not plausible(**{name: kept}).implausible
    assert plausible(**{name: refused}).implausible


@given(st.integers(0, 2**31), st.floats(0, 2))
def test_unexplained_is_the_share_of_power_that_is_left(seed, share):
    signal = np.random.default_rng(seed).normal(size=(3, 50))
    assert fit.unexplained(np.sqrt(share) * signal, signal) == pytest.approx(share)
    assert fit.unexplained(1e4 * signal, 1e4 * signal) == pytest.approx(1)
    assert fit.unexplained(signal, 0 * signal) == 1


@settings(deadline=None, max_examples=40)
@given(st.floats(-150, 150), st.floats(-150, 150), st.floats(0, 6.28))
def test_outside_data_is_the_area_of_the_outline_beyond_the_image(east, north, heading):
    """shapely's areas; the grid of points in the outline is coarse at bow and stern."""
    values = {"east_m": east, "north_m": north, "heading_rad": heading, "bow_length": 0.15}
    along, aside = outline_places(0.15).T
    x, y = from_hull_axes(along * 180.0, aside * 15.0, heading_rad=heading)
    outline = shapely.Polygon(np.column_stack([x + east, y + north]))
    exact = 1 - outline.intersection(shapely.box(-120, -120, 120, 120)).area / outline.area
    assert fit.outside_data(chip(), ship(**values)) == pytest.approx(exact, abs=0.13)


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(-3, 3))
def test_the_greatest_deviation_counts(length, beam, heading):
    moved = ship(
        length_m=180 + 12 * length,
        beam_m=30 + 6 * beam,
        heading_rad=np.deg2rad(20 + 4 * heading),
    )
    expected = max(abs(length), abs(beam), abs(heading))
    assert fit.prior_deviation(chip(), moved) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("side", "share"), [(-1, 1.0), (1, 0.0)])
def test_obstacles_count_on_the_shaded_side_alone(side, share):
    """The sun stands to starboard of a ship that heads north: the shadow falls to port."""
    here = chip(sun_azimuth_deg=90.0, heading_deg=0.0, gsd_m=10.0)
    bins = binned(here)
    trust = np.where(side * bins.east_m > 15.0, 0.0, 1.0)
    found = fit.obstructed(here, bins, SimpleNamespace(trust=trust), ship(heading_rad=0.0))
    assert found == share
