"""Satellite passes and clouds: orbits, rates and the share of clear days."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.simulate.season.timetable import (
    CLEAR_BY_MONTH,
    CLOUD_MEMORY,
    DAILY,
    FINE,
    FINE_IMAGES,
    S1,
    S2,
    SCHEDULES,
    SUN_BY_MONTH_DEG,
    Timetable,
    draw_timetable,
)

START = np.datetime64("2024-03-01")


def drawn(*sensors: int, days: int = 275, seed: int = 0, start: np.datetime64 = START) -> Timetable:
    return draw_timetable(np.random.default_rng(seed), sensors, start=start, days=days)


def test_sentinel_2_passes_on_the_days_of_its_orbit() -> None:
    made = drawn(S2)
    moments = START + (made.day * 86_400).round().astype("timedelta64[s]")
    dates = set(moments.astype("datetime64[D]").astype(str))
    # Passes of orbit 103 that fall on or next to dated calls.
    assert {"2024-04-03", "2024-10-20", "2024-11-04"} <= dates
    minutes = {str(moment)[11:16] for moment in moments}
    assert minutes <= {"02:11", "02:12"}
    assert np.diff(made.day) == pytest.approx(5)


def test_sentinel_1_passes_on_three_tracks_through_cloud() -> None:
    made = drawn(S1, days=120)
    assert len(made.day) == 30
    assert (made.usable == 1).all()
    moments = START + (made.day * 86_400).round().astype("timedelta64[s]")
    assert {str(moment)[11:15] for moment in moments} == {"09:0", "21:1"}
    assert made.day[3:] - made.day[:-3] == pytest.approx(12)


def test_the_daily_constellation_images_nine_days_in_ten() -> None:
    made = drawn(DAILY, days=2000)
    assert len(made.day) / 2000 == pytest.approx(0.9, abs=0.03)
    assert len(set(made.day.astype(int))) == len(made.day)


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.sampled_from(sorted(SCHEDULES)), st.integers(30, 200))
def test_observations_are_in_order_and_usable_in_part(seed: int, key: str, days: int) -> None:
    made = drawn(*SCHEDULES[key], days=days, seed=seed)
    assert (np.diff(made.day) >= 0).all()
    assert set(made.sensor) == set(SCHEDULES[key])
    assert ((made.usable >= 0) & (made.usable <= 1)).all()
    fine = made.usable[made.sensor == FINE]
    assert len(fine) == (min(FINE_IMAGES, days) if FINE in SCHEDULES[key] else 0)
    # Bought images show the berth.
    assert (fine >= 0.8).all()


@pytest.mark.parametrize("month", [1, 6, 9])
def test_clear_days_have_the_share_and_the_memory_of_the_month(month: int) -> None:
    """A clear day shows at least 0.3 of the berth; a cloudy one in eight, through a hole."""
    start = np.datetime64(f"2024-{month:02d}-01")
    clear = []
    for seed in range(160):
        made = drawn(DAILY, days=28, seed=seed, start=start)
        day, usable = made.day.astype(int), made.usable
        sky = np.full(29, np.nan)
        sky[day] = usable >= 0.6  # above any hole
        clear.append(sky)
    sky = np.array(clear)
    # Of clear days 0.75 are wholly usable, and 4/7 of the others above 0.6.
    shown = 0.75 + 0.25 * 4 / 7
    share = np.nanmean(sky) / shown
    assert share == pytest.approx(CLEAR_BY_MONTH[month - 1], abs=0.04)
    one, two = sky[:, :-1].ravel(), sky[:, 1:].ravel()
    known = ~np.isnan(one) & ~np.isnan(two)
    covariance = np.mean(one[known] * two[known]) - one[known].mean() * two[known].mean()
    p = share * (1 - share)
    assert covariance / shown**2 / p == pytest.approx(CLOUD_MEMORY, abs=0.1)


def test_the_sun_is_that_of_the_month() -> None:
    made = drawn(DAILY, days=365, start=np.datetime64("2024-01-01"))
    months = (np.datetime64("2024-01-01") + made.day.astype(int)).astype("datetime64[M]")
    for month in range(12):
        own = months.astype(int) % 12 == month
        assert made.sun_deg[own].mean() == pytest.approx(SUN_BY_MONTH_DEG[month], abs=1.5)


def test_another_port_has_its_own_overpass() -> None:
    made = draw_timetable(
        np.random.default_rng(0), (S2,), start=START, days=30, first_overpass="2024-03-07T02:22"
    )
    assert made.day[0] == pytest.approx(1 + (2 + 22 / 60) / 24)


def test_holes_in_cloud_show_part_of_the_berth_on_one_day_in_eight() -> None:
    usable = np.concatenate([drawn(DAILY, days=275, seed=s).usable for s in range(20)])
    cloudy = usable < 0.3  # less than any partly clear day
    partly = usable[cloudy]
    # Holes are uniform up to 0.6: half of them are below 0.3.
    assert (partly > 0).mean() == pytest.approx(0.125 / 2 / (0.875 + 0.125 / 2), abs=0.02)


def test_bought_images_prefer_clear_days() -> None:
    """Half as likely on a cloudy day; both sensors see the same sky."""
    pairs = []
    for seed in range(60):
        made = drawn(DAILY, FINE, seed=seed)
        daily = made.sensor == DAILY
        sky = dict(zip(made.day[daily].astype(int), made.usable[daily], strict=True))
        bought = set(made.day[~daily].astype(int))
        pairs += [(day in bought, usable > 0.6) for day, usable in sky.items()]
    bought, clear = np.array(pairs).T
    ratio = bought[clear].mean() / bought[~clear].mean()
    assert 1.5 < ratio < 2.2


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_more_sensors_leave_the_sky_as_it_is(seed: int) -> None:
    alone, both = drawn(S2, seed=seed), drawn(S2, S1, seed=seed)
    own = both.sensor == S2
    np.testing.assert_array_equal(both.day[own], alone.day)


@given(st.integers(0, 10_000))
def test_the_same_generator_draws_the_same_timetable(seed: int) -> None:
    one, two = (drawn(*SCHEDULES["all"], days=40, seed=seed) for _ in range(2))
    np.testing.assert_array_equal(one.day, two.day)
    np.testing.assert_array_equal(one.usable, two.usable)
