"""Passes against published dates, and clouds against the chain that they are drawn from."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.simulate.season.world.options import World, violated
from gnomon.simulate.season.world.sky import (
    CLEAR_BY_MONTH,
    S1,
    S2,
    SUN_DEG,
    clear_days,
    clear_fraction,
    draw_sky,
)


def dates(sky_days: np.ndarray, world: World) -> list[str]:
    moments = pd.Timestamp(world.start) + pd.to_timedelta(sky_days, unit="D")
    return list(moments.strftime("%Y-%m-%d"))


@given(st.sampled_from(["2024-01-01", "2024-02-29", "2024-03-01", "2024-03-30"]))
def test_sentinel_2_passes_on_the_published_days(start: str) -> None:
    """R103 on 3 April, 20 October and 4 November 2024, whenever the season begins."""
    sky = draw_sky(np.random.default_rng(0), World(start=start, days=300, sensors=("s2",)))
    found = dates(sky.day, World(start=start))
    assert {"2024-04-03", "2024-10-20"} <= set(found)
    assert np.diff(sky.day) == pytest.approx(5.0)
    assert (sky.day % 1) * 24 == pytest.approx(2.2)


def test_sentinel_1_passes_three_times_in_twelve_days() -> None:
    sky = draw_sky(np.random.default_rng(1), World(days=240, sensors=("s1",)))
    assert len(sky.day) == 60
    assert np.all(sky.clear == 1)  # radar sees through cloud
    assert sky.day[3:] - sky.day[:-3] == pytest.approx(12.0)


def test_daily_images_can_be_used_on_37_days_in_a_hundred() -> None:
    world = World(days=4000, sensors=("daily",), clear=0.55)
    sky = draw_sky(np.random.default_rng(2), world)
    assert sky.clear[:, :-1].sum() / 3 / world.days == pytest.approx(0.37, abs=0.015)
    assert len(np.unique(sky.day.astype(int))) == len(sky.day)


def test_images_are_ordered_for_clear_days() -> None:
    world = World(sensors=("fine",), partly=0.0)
    sky = draw_sky(np.random.default_rng(3), world)
    assert len(sky.day) == 36
    assert np.all(sky.clear == 1)


@pytest.mark.parametrize("fraction", [0.275, 0.55, 0.65])
@pytest.mark.parametrize("memory", [0.0, 0.35, 0.8])
def test_clear_days_have_their_share_and_their_memory(fraction: float, memory: float) -> None:
    clear = clear_days(np.random.default_rng(4), np.full(60_000, fraction), memory=memory)
    assert clear.mean() == pytest.approx(fraction, abs=0.02)
    for lag in (1, 2):
        found = np.corrcoef(clear[:-lag], clear[lag:])[0, 1]
        assert found == pytest.approx(memory**lag, abs=0.03)


def test_the_clear_fraction_follows_the_months() -> None:
    world = World(start="2024-01-01", days=366)
    months = pd.date_range("2024-01-01", periods=366).month
    fraction = clear_fraction(world)
    for month in range(1, 13):
        assert np.all(fraction[months == month] == CLEAR_BY_MONTH[month - 1])
    assert fraction[0] > 2 * fraction[180]  # fog in June and July


@pytest.mark.parametrize("clear", [0.275, 0.55, 0.65])
def test_partial_cloud_hides_berths_apart_and_keeps_the_mean(clear: float) -> None:
    world = World(days=20_000, sensors=("daily",), daily_data=1.0, clear=clear)
    parts = draw_sky(np.random.default_rng(5), world).clear
    assert parts[:, :-1].mean() == pytest.approx(clear, abs=0.015)
    whole = draw_sky(np.random.default_rng(5), replace(world, partly=0.0)).clear
    assert set(np.unique(whole)) == {0.0, 1.0}
    some = (parts[:, 0] > 0) & (parts[:, 0] < 1)
    assert np.mean(some[whole[:, 0] == 1]) == pytest.approx(0.2, abs=0.02)
    assert np.corrcoef(parts[some, 0], parts[some, 1])[0, 1] == pytest.approx(0.0, abs=0.07)


def test_haze_is_in_a_quarter_of_optical_passes_and_no_mask() -> None:
    world = World(days=8000)
    hazy = draw_sky(np.random.default_rng(6), violated(world, "haze"))
    clean = draw_sky(np.random.default_rng(6), world)
    assert not clean.hazy.any()
    assert not hazy.hazy[hazy.sensor == S1].any()
    assert hazy.hazy[hazy.sensor == S2].mean() == pytest.approx(0.25, abs=0.03)
    assert np.array_equal(hazy.clear, clean.clear)


def test_one_more_sensor_leaves_the_passes_of_the_others() -> None:
    few = draw_sky(np.random.default_rng(7), World(sensors=("s1",)))
    more = draw_sky(np.random.default_rng(7), World(sensors=("s2", "s1", "daily", "fine")))
    assert np.array_equal(more.day[more.sensor == S1], few.day)
    assert set(more.sensor) == {0, 1, 2, 3}
    assert np.all(np.diff(more.day) >= 0)


def test_the_sun_is_that_of_the_month() -> None:
    sky = draw_sky(np.random.default_rng(8), World(start="2024-01-01", days=366, sensors=("s2",)))
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(sky.day, unit="D")
    for month, degrees in enumerate(SUN_DEG, 1):
        middle = (when.month == month) & (abs(when.day - 15) <= 3)
        assert sky.sun_deg[middle] == pytest.approx(degrees, abs=1.5)
