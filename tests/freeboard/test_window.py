"""Windows in the hull's frame: symmetries, units, missing bands, and where the shadow falls."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.freeboard.window import (
    ACROSS,
    ALONG,
    CONTEXT,
    WINDOW_BANDS,
    hull_window,
    registered,
    shift_of,
)
from model_ships import model_chip

NAMES = ("blue", "green", "red", "nir")


def context(window, name):
    return float(window.context[CONTEXT.index(name)])


def test_either_end_may_be_the_bow():
    chip = model_chip()
    one, other = (hull_window(c) for c in (chip, replace(chip, heading_deg=chip.heading_deg + 180)))
    np.testing.assert_allclose(one.pixels, other.pixels, atol=1e-3)
    np.testing.assert_allclose(one.context, other.context, atol=1e-5)


@given(st.floats(0, 360), st.floats(0, 360))
@settings(max_examples=15, deadline=None)
def test_a_mirrored_image_has_the_same_window(sun, view):
    """East and west exchanged: every azimuth changes its sign, and so does the place."""
    chip = replace(
        model_chip(noise=0.01), sun_azimuth_deg=sun, view_azimuth_deg=view, east_m=3.0, north_m=-2.0
    )
    mirrored = replace(
        chip,
        image=chip.image[:, :, ::-1].copy(),
        sun_azimuth_deg=-sun,
        view_azimuth_deg=-view,
        heading_deg=-chip.heading_deg,
        east_m=-3.0,
    )
    one, other = hull_window(chip), hull_window(mirrored)
    np.testing.assert_allclose(one.context, other.context, atol=1e-3)
    if min(abs(np.sin(np.deg2rad(2 * (sun - chip.heading_deg)))), 1) > 1e-3:
        np.testing.assert_allclose(one.pixels, other.pixels, atol=2e-2)


@given(st.floats(0, 360))
@settings(max_examples=20, deadline=None)
def test_the_sun_stands_ahead_and_to_the_negative_side(sun):
    window = hull_window(replace(model_chip(), sun_azimuth_deg=sun))
    along, across = context(window, "sun_along"), context(window, "sun_across")
    assert along >= 0
    assert across >= 0
    assert np.hypot(along, across) == pytest.approx(1, abs=1e-5)


def test_the_shadow_falls_to_the_positive_side():
    chip = model_chip(freeboard=6.0, gsd=1.0, noise=0.0005)
    window = hull_window(chip)
    green = window.pixels[WINDOW_BANDS.index("green")]
    y = np.linspace(ACROSS[0], ACROSS[1], ACROSS[2] + 1)[:-1] + 0.004
    beam = chip.beam_m / chip.length_m
    middle = green[:, ALONG[2] // 2 - 4 : ALONG[2] // 2 + 4].mean(1)
    shaded = (y > beam / 2 + 0.02) & (y < beam / 2 + 0.05)
    lit = (y < -beam / 2 - 0.02) & (y > -beam / 2 - 0.05)
    assert middle[shaded].mean() < -2
    assert abs(middle[lit].mean()) < 1


@given(st.floats(0.1, 1000), st.floats(-50, 50))
@settings(max_examples=10, deadline=None)
def test_units_and_offsets_drop_out_of_the_pixels(gain, offset):
    chip = model_chip(noise=0.01)
    other = replace(chip, image=(gain * (chip.image + offset * 0.01)).astype(np.float32))
    one, two = (hull_window(c).pixels for c in (chip, other))
    np.testing.assert_allclose(one, two, atol=0.02)


def test_missing_bands_are_zero_and_named_in_the_context():
    chip = model_chip(bands=3)
    window = hull_window(replace(chip, bands=("blue", "green", "red")))
    assert not window.pixels[WINDOW_BANDS.index("nir")].any()
    assert window.pixels[WINDOW_BANDS.index("red")].any()
    assert (context(window, "has_nir"), context(window, "has_red")) == (0.0, 1.0)


def test_what_has_no_data_is_zero_and_said_to_be():
    chip = model_chip()
    image = chip.image.copy()
    image[:, : image.shape[1] // 2] = np.nan
    window = hull_window(replace(chip, image=image))
    assert np.isfinite(window.pixels).all()
    assert 0.2 < context(window, "data") < 0.8
    assert not window.pixels[:-1][:, window.pixels[-1] == 0].any()
    none = hull_window(replace(chip, image=np.full_like(image, np.nan)))
    assert not none.pixels.any()
    assert np.isfinite(none.context).all()


def test_an_unknown_view_is_said_to_be():
    window = hull_window(replace(model_chip(), view_zenith_deg=np.nan))
    assert context(window, "view_unknown") == 1.0
    assert context(window, "view_along") == 0.0


def test_bands_that_are_not_those_of_the_image_are_refused():
    with pytest.raises(ValueError, match="do not name"):
        hull_window(replace(model_chip(), bands=("blue", "green")))
    with pytest.raises(ValueError, match="do not name"):
        hull_window(replace(model_chip(bands=1), bands=("thermal",)))


@given(
    st.floats(0, 360), st.floats(0, 360), st.floats(-60, 60), st.floats(-20, 20), st.floats(-20, 20)
)
@settings(max_examples=40, deadline=None)
def test_a_registered_chip_has_the_ship_where_it_is(sun, heading, turned, east, north):
    chip = replace(model_chip(), sun_azimuth_deg=sun, heading_deg=heading + turned)
    shift = shift_of(chip, east_m=east, north_m=north, heading_deg=heading)
    placed = registered(chip, shift, (0.01, 0.02, 0.03))
    assert (placed.east_m, placed.north_m) == pytest.approx((east, north), abs=1e-9)
    # Either end may be the bow.
    assert np.sin(np.deg2rad(placed.heading_deg - heading)) == pytest.approx(0, abs=1e-9)
    assert placed.position_sigma_m == pytest.approx(0.02 * chip.length_m)
