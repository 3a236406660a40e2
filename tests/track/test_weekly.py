"""Traffic by the week: exposures by the recursion, and undetected visits by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.track.classes import COASTER, FALSE_ALARM
from gnomon.track.linking import PartitionDraw
from gnomon.track.presence import COARSE, presence_likelihood, sample_prior
from gnomon.track.weekly import WeeklyExposure, draw_undetected, weekly_exposure
from tracked_seasons import TRAFFIC

WEEKS = 10


def state(rate: float) -> PartitionDraw:
    """A state of the chain with one kind of tankers."""
    rates = np.zeros(FALSE_ALARM + 1)
    rates[0] = rate
    return PartitionDraw((), np.zeros(0, int), np.zeros((0, 8)), 0, rates, 0.0, 0)


def exposure(detected: np.ndarray) -> WeeklyExposure:
    """Weeks of which a part is detected; nothing before the first."""
    total = np.full((WEEKS + 1, 1, 2), 7.0)
    total[0] = 1e-9
    part = np.r_[0.0, detected][:, None, None]
    return WeeklyExposure(total, total * part)


@given(st.integers(0, 10_000))
def test_weeks_add_up_to_the_season(seed: int) -> None:
    rng = np.random.default_rng(seed)
    day, days = np.sort(rng.uniform(0, 40, 15)), 40.0
    presence = presence_likelihood(
        sample_prior(16, TRAFFIC), TRAFFIC, day=day, sensor_classes=np.full(15, COARSE),
        usable=rng.uniform(0.2, 1, 15), start_day=0.0, end_day=days,
    )  # fmt: skip
    made = weekly_exposure(presence, days=days)
    assert made.total_days.shape == (7, 16, COASTER)
    np.testing.assert_allclose(made.total_days.sum(0), presence.total_days[:, :COASTER])
    whole = presence.detectable_days[:, :COASTER]
    np.testing.assert_allclose(made.detectable_days.sum(0), whole, rtol=0.05)
    assert (made.detectable_days >= 0).all()
    assert (made.detectable_days <= made.total_days * (1 + 1e-9)).all()


def test_a_period_of_one_image_has_no_arrivals_within() -> None:
    presence = presence_likelihood(
        sample_prior(4, TRAFFIC), TRAFFIC, day=np.zeros(1), sensor_classes=np.full(1, COARSE),
        usable=np.ones(1), start_day=0.0, end_day=0.0,
    )  # fmt: skip
    made = weekly_exposure(presence, days=0.0)
    np.testing.assert_allclose(made.detectable_days[0], presence.detectable_days[:, :COASTER])
    assert not made.total_days[1:].any()


def test_a_clear_week_without_a_ship_has_no_other() -> None:
    """And a week that no image shows has as many as the others had."""
    shown = np.full(WEEKS, 0.9)
    shown[[2, 7]] = 0.0
    shown[4] = 1.0
    busy = np.repeat([1, 2, 4, 6, 7, 9, 10], 2) - 1
    rng, counts = np.random.default_rng(1), np.zeros(WEEKS)
    for _ in range(4000):
        late = draw_undetected(rng, exposure(shown), state(2 / 7), busy * 7.0 + 1.0)
        counts += np.histogram(late, np.arange(WEEKS + 1) * 7.0)[0] / 4000
    assert counts[4] == 0
    assert counts[2] == pytest.approx(2.0, rel=0.1)
    assert counts[0] < 0.5


def test_the_number_of_undetected_visits_is_held_when_traffic_comes_in_bursts() -> None:
    """Seasons of a known rate whose weeks are gamma: 90 % intervals hold, though
    one season says little of the shape of its bursts."""
    rng, shown = np.random.default_rng(2), np.tile([0.2, 0.8], WEEKS // 2)
    held = []
    for _ in range(200):
        arrivals = rng.poisson(3.0 * rng.gamma(1.0, size=WEEKS))
        detected = rng.binomial(arrivals, shown)
        days = np.repeat(np.arange(WEEKS), detected) * 7.0 + 1.0
        drawn = [len(draw_undetected(rng, exposure(shown), state(3 / 7), days)) for _ in range(60)]
        low, high = np.quantile(drawn, (0.05, 0.95))
        held.append(low <= (arrivals - detected).sum() <= high)
    assert np.mean(held) >= 0.8
