"""The geoid against the test values that its makers publish, and laws of the table."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.geo.geoid import undulation_m

PUBLISHED = (  # OUTINTPT.DAT of EGM96: latitude, longitude, undulation
    (38.6281550, 269.7791550, -31.628),
    (-14.6212170, 305.0211140, -2.969),
    (46.8743190, 102.4487290, -43.575),
    (-23.6174460, 133.8747120, 15.871),
    (38.6254730, 359.9995000, 50.066),
    (-0.4667440, 0.0023000, 17.329),
)


@pytest.mark.parametrize(("latitude", "longitude", "height"), PUBLISHED)
def test_the_published_heights(latitude: float, longitude: float, height: float) -> None:
    assert undulation_m(longitude, latitude) == pytest.approx(height, abs=2.5)


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_turning_round_the_earth_changes_nothing(longitude: float, latitude: float) -> None:
    here = undulation_m(longitude, latitude)
    assert undulation_m(longitude + 360, latitude) == pytest.approx(here, abs=1e-6)
    assert -107 < here < 86


@given(st.floats(-179, 179), st.floats(-89, 89))
def test_it_has_no_steps(longitude: float, latitude: float) -> None:
    """The steepest geoid falls by 20 m in a degree or so."""
    near = undulation_m(np.array([longitude, longitude + 1e-6]), np.array([latitude] * 2))
    assert abs(np.diff(near)[0]) < 1e-3
