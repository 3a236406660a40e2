"""The sun's place against pvlib's SPA, and laws of the day."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gnomon.geo.sun import sun_at

times = st.datetimes(datetime(1985, 1, 1), datetime(2050, 12, 31)).map(  # noqa: DTZ001
    lambda when: when.replace(tzinfo=UTC)
)
longitudes = st.floats(-180, 180)
latitudes = st.floats(-89, 89)


@settings(deadline=None, max_examples=60)
@given(times, longitudes, latitudes)
def test_azimuth_and_elevation_are_those_of_pvlib(when, longitude, latitude):
    spa = pytest.importorskip("pvlib.solarposition")
    judge = spa.spa_python(pd.DatetimeIndex([when]), latitude, longitude).iloc[0]
    azimuth, elevation = sun_at(when, longitude=longitude, latitude=latitude)
    assert elevation == pytest.approx(judge.elevation, abs=0.05)
    # Near the zenith a small shift is a large azimuth.
    assume(abs(elevation) < 85)
    assert abs((azimuth - judge.azimuth + 180) % 360 - 180) < 0.5


@given(times, longitudes, latitudes)
def test_a_sidereal_turn_of_the_earth_moves_the_observer_and_not_the_sun(when, longitude, latitude):
    """Four minutes later and a degree further west the sun stands nearly where it stood."""
    here = sun_at(when, longitude=longitude, latitude=latitude)
    later = when + timedelta(minutes=4)
    there = sun_at(later, longitude=longitude - 1.0, latitude=latitude)
    assert there[1] == pytest.approx(here[1], abs=0.03)


@given(longitudes, st.floats(-66, 66), st.integers(2000, 2030))
def test_at_the_equinoxes_day_and_night_are_equal_everywhere(longitude, latitude, year):
    """Half of the hours of 20 March have the sun up, to a quarter of an hour."""
    start = datetime(year, 3, 20, tzinfo=UTC)
    up = [
        sun_at(start + timedelta(minutes=10 * k), longitude=longitude, latitude=latitude)[1] > 0
        for k in range(144)
    ]
    assert abs(sum(up) - 72) <= 3


def test_the_sun_stands_in_the_south_at_noon_in_the_north():
    azimuth, elevation = sun_at(
        datetime(2024, 6, 20, 12, 2, tzinfo=UTC), longitude=0, latitude=51.5
    )
    assert azimuth == pytest.approx(180, abs=1)
    assert elevation == pytest.approx(90 - 51.5 + 23.44, abs=0.05)
