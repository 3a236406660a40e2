"""Direct light and displacements: limits that physics fixes, and shadows by triangles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.simulate.pixels.light import Light

ELEVATIONS, AZIMUTHS = st.floats(10, 85), st.floats(0, 359)


@given(elevation=ELEVATIONS, aerosol=st.floats(0.0, 0.6))
def test_more_air_leaves_less_direct_light_and_blue_least(elevation: float, aerosol: float) -> None:
    light = Light(sun_azimuth_deg=0, sun_elevation_deg=elevation, aerosol=aerosol)
    direct = light.direct()
    assert np.all((direct > 0) & (direct <= 1))
    assert np.all(np.diff(direct) > 0)
    hazier = Light(sun_azimuth_deg=0, sun_elevation_deg=elevation, aerosol=aerosol + 0.1)
    assert np.all(hazier.direct() < direct)
    lower = Light(sun_azimuth_deg=0, sun_elevation_deg=elevation - 5, aerosol=aerosol)
    assert np.all(lower.direct() < direct)


@given(veil=st.floats(0, 1))
def test_thin_cloud_takes_its_part_of_every_band(veil: float) -> None:
    clear = Light(sun_azimuth_deg=150, sun_elevation_deg=40)
    veiled = Light(sun_azimuth_deg=150, sun_elevation_deg=40, veil=veil)
    np.testing.assert_allclose(veiled.direct(), veil * clear.direct())


def test_under_a_high_sun_most_red_light_is_direct() -> None:
    """Clear sky, optical thickness 0.1: some 90 % in red, 75 to 85 % in blue (Gordon 1983)."""
    direct = Light(sun_azimuth_deg=0, sun_elevation_deg=60, aerosol=0.1).direct()
    assert direct[2] == pytest.approx(0.88, abs=0.04)
    assert direct[0] == pytest.approx(0.81, abs=0.05)


@given(azimuth=AZIMUTHS, elevation=ELEVATIONS, height=st.floats(0.1, 60))
def test_a_shadow_points_away_from_the_sun_and_is_as_long_as_its_tangent_says(
    azimuth: float, elevation: float, height: float
) -> None:
    shadow = Light(sun_azimuth_deg=azimuth, sun_elevation_deg=elevation).shadow(height)
    towards = np.array([np.sin(np.deg2rad(azimuth)), np.cos(np.deg2rad(azimuth))])
    assert -shadow @ towards == pytest.approx(height / np.tan(np.deg2rad(elevation)))
    assert abs(shadow[0] * towards[1] - shadow[1] * towards[0]) < 1e-6 * (1 + np.hypot(*shadow))


@given(azimuth=AZIMUTHS, zenith=st.floats(0, 40), height=st.floats(0.1, 60))
def test_a_top_leans_away_from_the_sensor(azimuth: float, zenith: float, height: float) -> None:
    light = Light(
        sun_azimuth_deg=0, sun_elevation_deg=40, view_azimuth_deg=azimuth, view_zenith_deg=zenith
    )
    towards = np.array([np.sin(np.deg2rad(azimuth)), np.cos(np.deg2rad(azimuth))])
    assert -light.lean(height) @ towards == pytest.approx(
        height * np.tan(np.deg2rad(zenith)), abs=1e-9
    )
