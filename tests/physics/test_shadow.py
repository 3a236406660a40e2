"""Laws of shadow and relief, with a ray-marched box and pvlib as independent judges."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from gnomon.physics import shadow

heights = st.floats(0.1, 40)
azimuths = st.floats(0, 360)
elevations = st.floats(3, 89)
zeniths = st.floats(0, 60)


@st.composite
def geometries(draw):
    return {
        "heading_deg": draw(azimuths),
        "sun_azimuth_deg": draw(azimuths),
        "sun_elevation_deg": draw(elevations),
        "view_azimuth_deg": draw(azimuths),
        "view_zenith_deg": draw(zeniths),
    }


def sun_of(geometry):
    return {key: geometry[key] for key in ("sun_azimuth_deg", "sun_elevation_deg")}


def view_of(geometry):
    return {key: geometry[key] for key in ("view_azimuth_deg", "view_zenith_deg")}


@given(heights, geometries())
def test_height_survives_the_way_to_its_shadow_and_back(height, geometry):
    reach = np.hypot(*shadow.shadow_offset_m(height, **sun_of(geometry)))
    back = shadow.height_from_shadow_m(reach, sun_elevation_deg=geometry["sun_elevation_deg"])
    assert_allclose(back, height, rtol=1e-9)


@given(heights, azimuths, st.floats(1, 60))
def test_height_survives_the_way_to_its_lean_and_back(height, azimuth, zenith):
    reach = np.hypot(
        *shadow.relief_offset_m(height, view_azimuth_deg=azimuth, view_zenith_deg=zenith)
    )
    assert_allclose(shadow.height_from_relief_m(reach, view_zenith_deg=zenith), height, rtol=1e-9)


@given(heights, geometries())
def test_freeboard_survives_the_way_to_the_deck_to_shadow_distance_and_back(height, geometry):
    distance = shadow.deck_to_shadow_m(height, **geometry)
    assume(distance > 1e-6)
    back = shadow.height_from_deck_to_shadow_m(distance, **geometry)
    assert_allclose(back, height, rtol=1e-9)


@given(heights, geometries())
def test_twice_the_height_is_twice_the_shadow(height, geometry):
    for of in (shadow.deck_to_shadow_m, shadow.visible_shadow_m):
        assert_allclose(of(2 * height, **geometry), 2 * of(height, **geometry), atol=1e-9)
    single = shadow.tip_to_shadow_m(height, **sun_of(geometry), **view_of(geometry))
    double = shadow.tip_to_shadow_m(2 * height, **sun_of(geometry), **view_of(geometry))
    assert_allclose(double, 2 * single, atol=1e-9)


@given(heights, geometries())
def test_bow_and_stern_may_be_exchanged(height, geometry):
    # With the sun along the hull the shaded side is a toss of rounding errors.
    assume(abs(np.sin(np.deg2rad(geometry["sun_azimuth_deg"] - geometry["heading_deg"]))) > 1e-6)
    turned = geometry | {"heading_deg": geometry["heading_deg"] + 180}
    assert_allclose(
        shadow.deck_to_shadow_m(height, **turned),
        shadow.deck_to_shadow_m(height, **geometry),
        atol=1e-8,
    )


@given(heights, azimuths, azimuths, st.floats(31, 89))
def test_sun_and_sensor_in_one_direction_hide_the_shadow(height, heading, azimuth, elevation):
    geometry = {
        "heading_deg": heading,
        "sun_azimuth_deg": azimuth,
        "sun_elevation_deg": elevation,
        "view_azimuth_deg": azimuth,
        "view_zenith_deg": 90 - elevation,
    }
    assert_allclose(shadow.visible_shadow_m(height, **geometry), 0, atol=1e-5)
    assert_allclose(
        shadow.tip_to_shadow_m(height, **sun_of(geometry), **view_of(geometry)), 0, atol=1e-5
    )


@given(heights, geometries())
def test_parts_of_the_distance_add_up(height, geometry):
    sun = np.sin(np.deg2rad(geometry["sun_azimuth_deg"] - geometry["heading_deg"]))
    view = np.sin(np.deg2rad(geometry["view_azimuth_deg"] - geometry["heading_deg"]))
    assume(abs(sun) > 1e-6)
    assume(abs(view) > 1e-6)
    width = shadow.beam_shadow_m(height, heading_deg=geometry["heading_deg"], **sun_of(geometry))
    wall = shadow.wall_m(height, heading_deg=geometry["heading_deg"], **view_of(geometry))
    apart = width + wall if sun * view < 0 else width - wall
    assert_allclose(shadow.deck_to_shadow_m(height, **geometry), apart, atol=1e-8)


@given(heights, geometries())
def test_distance_is_the_tip_vector_across_the_hull(height, geometry):
    """The scalar master formula against the two vectors it abbreviates."""
    sun = np.sin(np.deg2rad(geometry["sun_azimuth_deg"] - geometry["heading_deg"]))
    assume(abs(sun) > 1e-6)
    tip = np.array(shadow.shadow_offset_m(height, **sun_of(geometry)))
    top = np.array(shadow.relief_offset_m(height, **view_of(geometry)))
    heading = np.deg2rad(geometry["heading_deg"])
    starboard = np.array([np.cos(heading), -np.sin(heading)])
    outwards = -np.sign(sun) * starboard
    assert_allclose(shadow.deck_to_shadow_m(height, **geometry), outwards @ (tip - top), atol=1e-8)
    assert_allclose(
        shadow.tip_to_shadow_m(height, **sun_of(geometry), **view_of(geometry)),
        np.hypot(*(tip - top)),
        atol=1e-6,
    )


@given(geometries())
def test_heading_error_is_the_derivative(geometry):
    step = 1e-4
    distance = shadow.deck_to_shadow_m(1.0, **geometry)
    assume(distance > 0.02)
    turned = [
        shadow.height_from_deck_to_shadow_m(
            distance, **geometry | {"heading_deg": geometry["heading_deg"] + turn}
        )
        for turn in (-step, step)
    ]
    assume(np.isfinite(turned).all())
    slope = (turned[1] - turned[0]) / (2 * step)
    assert_allclose(slope, shadow.height_error_per_heading_deg(**geometry), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("sun_azimuth", "view_azimuth", "view_zenith"),
    [(90, 270, 20), (90, 90, 20), (90, 90, 70), (50, 200, 35), (270, 90, 0)],
)
def test_against_rays_through_a_box(sun_azimuth, view_azimuth, view_zenith):
    """March rays over a long box heading north; count the metres of shaded water seen."""
    height, beam, elevation, step = 6.0, 20.0, 35.0, 0.01
    across = np.arange(-60, 60, step) + step / 2
    sun = np.sin(np.deg2rad(sun_azimuth)) / np.tan(np.deg2rad(elevation))
    view = np.sin(np.deg2rad(view_azimuth)) * np.tan(np.deg2rad(view_zenith))
    rise = np.linspace(0, height, 601)[:, None]

    def meets(slope):
        return (np.abs(across + slope * rise) < beam / 2).any(axis=0)

    on_water = ~meets(view)
    seen_dark = (on_water & meets(sun)).sum() * step
    width = shadow.visible_shadow_m(
        height,
        heading_deg=0,
        sun_azimuth_deg=sun_azimuth,
        sun_elevation_deg=elevation,
        view_azimuth_deg=view_azimuth,
        view_zenith_deg=view_zenith,
    )
    assert_allclose(seen_dark, width, atol=3 * step)


def test_domain_values():
    """Penumbra 0.19 m for 5 m at 30 degrees; cot of 32 degrees is 1.59 or 1.60."""
    assert_allclose(shadow.penumbra_m(5, sun_elevation_deg=30), 0.186, atol=0.001)
    east, north = shadow.shadow_offset_m(1, sun_azimuth_deg=180, sun_elevation_deg=32)
    assert_allclose((east, north), (0, 1.600), atol=1e-3)


def test_degenerate_cases_are_nan_or_zero_never_a_number_out_of_nothing():
    along = {
        "heading_deg": 40.0,
        "sun_azimuth_deg": 220.0,
        "sun_elevation_deg": 30.0,
        "view_azimuth_deg": 100.0,
        "view_zenith_deg": 10.0,
    }
    assert shadow.deck_to_shadow_m(5, **along) == 0
    assert np.isnan(shadow.height_from_deck_to_shadow_m(3.0, **along))
    assert np.isnan(shadow.shadow_offset_m(5, sun_azimuth_deg=0, sun_elevation_deg=[0, -3])).all()
    assert np.isnan(shadow.penumbra_m(5, sun_elevation_deg=0))
    assert np.isnan(shadow.height_from_shadow_m(1, sun_elevation_deg=90))
    assert np.isnan(shadow.height_from_relief_m(1, view_zenith_deg=0))
    assert np.isnan(shadow.relief_offset_m(5, view_azimuth_deg=0, view_zenith_deg=90)).all()
    hidden = along | {"sun_azimuth_deg": 130.0, "view_azimuth_deg": 130.0, "view_zenith_deg": 70.0}
    assert shadow.deck_to_shadow_m(5, **hidden) < 0
    assert shadow.visible_shadow_m(5, **hidden) == 0
    assert np.isnan(shadow.height_from_deck_to_shadow_m(1.0, **hidden))
    nothing = shadow.height_error_per_heading_deg(**along | {"view_zenith_deg": 0.0})
    assert np.isnan(nothing)


@settings(deadline=None)  # pvlib is slow to import
@given(st.floats(1, 90))
def test_air_mass_as_pvlib_has_it(elevation):
    pvlib_atmosphere = pytest.importorskip("pvlib.atmosphere")
    evaluate = pvlib_atmosphere.get_relative_airmass(90 - elevation, model="kastenyoung1989")
    assert_allclose(shadow.air_mass(elevation), evaluate, rtol=1e-6)


def test_rayleigh_depth_as_published():
    """Hansen and Travis 1974: 0.098 at 0.55 um; 0.364 at 0.40 um (Bucholtz 1995, table 3)."""
    assert_allclose(shadow.optical_depth(0.55, aerosol_at_550=0), 0.098, atol=0.001)
    assert_allclose(shadow.optical_depth(0.40, aerosol_at_550=0), 0.361, atol=0.005)


@given(st.floats(0.4, 0.9), st.floats(5, 85))
def test_direct_light_grows_with_sun_and_wavelength(um, elevation):
    here = shadow.direct_fraction(um, sun_elevation_deg=elevation)
    assert 0 < here < 1
    assert shadow.direct_fraction(um, sun_elevation_deg=elevation + 2) > here
    assert shadow.direct_fraction(um + 0.02, sun_elevation_deg=elevation) > here


def test_drop_on_harbour_water_is_of_the_size_that_was_computed_for_it():
    """Design figures for green water of 0.028 at the top of the air, sun 20 to 60 degrees."""
    fraction = shadow.direct_fraction(0.56, sun_elevation_deg=np.array([20, 30, 45, 60]))
    drop = shadow.shadow_drop(0.028, direct_fraction=fraction, transmittance=0.8)
    assert_allclose(drop, [0.012, 0.015, 0.018, 0.019], atol=0.003)
    assert shadow.shadow_drop(0.0, direct_fraction=0.8) == 0
    assert_allclose(
        shadow.shadow_drop(0.02, direct_fraction=0.8, glint_reflectance=0.02), 2 * 0.8 * 0.02
    )


@given(heights, geometries())
def test_turning_the_whole_scene_changes_nothing(height, geometry):
    turned = geometry | {
        name: geometry[name] + 77.0
        for name in ("heading_deg", "sun_azimuth_deg", "view_azimuth_deg")
    }
    assume(abs(np.sin(np.deg2rad(geometry["sun_azimuth_deg"] - geometry["heading_deg"]))) > 1e-6)
    for of in (shadow.deck_to_shadow_m, shadow.visible_shadow_m):
        assert_allclose(of(height, **turned), of(height, **geometry), atol=1e-6)


@given(heights, geometries())
def test_a_mirror_image_has_the_same_widths(height, geometry):
    """Reflected in the axis of the hull, starboard becomes port."""
    heading = geometry["heading_deg"]
    mirrored = geometry | {
        name: 2 * heading - geometry[name] for name in ("sun_azimuth_deg", "view_azimuth_deg")
    }
    assume(abs(np.sin(np.deg2rad(geometry["sun_azimuth_deg"] - heading))) > 1e-6)
    for of in (shadow.deck_to_shadow_m, shadow.visible_shadow_m):
        assert_allclose(of(height, **mirrored), of(height, **geometry), atol=1e-6)


@given(geometries())
def test_arrays_give_what_their_numbers_give(geometry):
    several = np.array([0.5, 3.0, 12.0])
    together = shadow.visible_shadow_m(several, **geometry)
    assert_allclose(together, [shadow.visible_shadow_m(h, **geometry) for h in several])


@given(heights, elevations)
def test_the_penumbra_is_the_shift_of_the_shadow_over_the_sun(height, elevation):
    """Upper and lower limb, a diameter apart, throw the shadow's edge so far apart."""
    half = np.rad2deg(shadow.SUN_DIAMETER_RAD) / 2
    assume(3 < elevation < 89)
    edges = [
        shadow.shadow_offset_m(height, sun_azimuth_deg=0, sun_elevation_deg=elevation + off)[1]
        for off in (-half, half)
    ]
    width = shadow.penumbra_m(height, sun_elevation_deg=elevation)
    assert_allclose(abs(edges[1] - edges[0]), width, rtol=0.02)


@given(azimuths, azimuths)
def test_the_angle_off_the_axis_is_that_of_unit_vectors(azimuth, heading):
    one, other = (np.array([np.sin(a), np.cos(a)]) for a in np.deg2rad([azimuth, heading]))
    expected = np.rad2deg(np.arccos(np.clip(abs(one @ other), 0, 1)))
    assert_allclose(shadow.off_axis_deg(azimuth, heading), expected, atol=1e-5)


@given(st.floats(0.4, 0.9), st.floats(0.0, 0.6), st.floats(0.0, 2.0))
def test_aerosol_adds_depth_as_angstrom_has_it(um, aerosol, angstrom):
    depth = shadow.optical_depth(um, aerosol_at_550=aerosol, angstrom=angstrom)
    clean = shadow.optical_depth(um, aerosol_at_550=0.0)
    assert_allclose(depth - clean, aerosol * (um / 0.55) ** -angstrom, atol=1e-12)
    assert depth >= clean


@given(st.floats(0.4, 0.9), st.floats(5, 85), st.floats(0, 0.6))
def test_haze_and_scattered_light_soften_a_shadow(um, elevation, aerosol):
    light = {"sun_elevation_deg": elevation}
    clear = shadow.direct_fraction(um, aerosol_at_550=aerosol, **light)
    hazy = shadow.direct_fraction(um, aerosol_at_550=aerosol + 0.1, **light)
    assert hazy < clear
    # Without light that is scattered forward there is no skylight, and shade would be black.
    alone = shadow.direct_fraction(um, aerosol_at_550=aerosol, forward_fraction=0.0, **light)
    assert_allclose(alone, 1.0)
