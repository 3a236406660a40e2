"""Simulated detections: calibrated scores, errors of their sigma, and ships in their places."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from gnomon.simulate.season.detections import (
    BERTH,
    BERTH_SPACING_M,
    DEGREES_PER_M,
    FALSE_ALARM,
    LIMIT_M,
    LIMIT_WIDTH_M,
    OTHER_SHIP,
    BerthStays,
    SimulatedHulls,
    detect_ships,
    detection_probability,
)
from gnomon.simulate.season.tankers import ShipDimensions
from gnomon.simulate.season.timetable import DAILY, FINE, S1, S2, Timetable

P = (0.9, 0.8, 0.85, 0.95)


def times(count: int, sensor: int = FINE, usable: float = 1.0) -> Timetable:
    return Timetable(
        np.linspace(0.5, 99.5, count), np.full(count, sensor), np.full(count, usable),
        np.full(count, 25.0),
    )  # fmt: skip


def stays(
    arrive: list[float], depart: list[float], operation: int = 0, length: float = 90.0,
    tankers: int | None = None,
) -> BerthStays:  # fmt: skip
    count = len(arrive)
    size = np.full(count, length)
    return BerthStays(
        np.array(arrive), np.array(depart), ShipDimensions(size, 0.157 * size, size * 30),
        np.full(count, operation), count if tankers is None else tankers,
    )  # fmt: skip


def found(at: Timetable, of: BerthStays, false: float = 0.0, seed: int = 0) -> SimulatedHulls:
    return detect_ships(
        np.random.default_rng(seed), at, of, detection=P, false_per_observation=false
    )


ALWAYS = stays([0.0], [100.0])


@pytest.mark.parametrize("sensor", [S2, S1, DAILY, FINE])
@pytest.mark.parametrize("usable", [1.0, 0.4])
def test_a_visible_ship_of_90_m_is_detected_with_its_probability(
    sensor: int, usable: float
) -> None:
    hulls = found(times(4000, sensor, usable), ALWAYS)
    assert len(hulls.visit) / 4000 == pytest.approx(P[sensor] * usable, abs=0.025)


@given(st.sampled_from([S2, S1, DAILY, FINE]), st.floats(5, 250), st.floats(5, 250))
def test_longer_ships_are_detected_more_often(sensor: int, one: float, two: float) -> None:
    short, long = sorted((one, two))
    p = detection_probability(np.array([sensor] * 3), np.array([short, long, 90.0]), P)
    assert p[0] <= p[1] <= 0.99
    assert p[2] == pytest.approx(min(P[sensor], 0.99))
    at_limit = detection_probability(np.array([sensor]), LIMIT_M[[sensor]], P)
    reference = norm.cdf((90 - LIMIT_M[sensor]) / LIMIT_WIDTH_M[sensor])
    assert at_limit[0] == pytest.approx(P[sensor] / 2 / reference)


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_hulls_are_ships_in_port_or_false_alarms(seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrive = np.sort(rng.uniform(-3, 95, 12))
    of = stays(list(arrive), list(arrive + rng.uniform(0.5, 6, 12)), tankers=8)
    at = times(60)
    hulls = found(at, of, false=0.3, seed=seed)
    day = at.day[hulls.observation]
    own = hulls.visit >= 0
    assert (day[own] > of.arrive_day[hulls.visit[own]]).all()
    assert (day[own] < of.depart_day[hulls.visit[own]]).all()
    assert set(hulls.visit[own]) <= set(range(8))
    assert set(hulls.visit[~own]) <= {OTHER_SHIP, FALSE_ALARM}


@pytest.mark.parametrize("sensor", [S2, S1, DAILY, FINE])
def test_sizes_have_errors_of_their_sigma(sensor: int) -> None:
    hulls = found(times(4000, sensor), ALWAYS)
    for value, sigma, true in (
        (hulls.length_m, hulls.length_sigma_m, 90.0),
        (hulls.beam_m, hulls.beam_sigma_m, 0.157 * 90),
    ):
        off = (value - true) / sigma
        assert off.mean() == pytest.approx(0, abs=0.06)
        assert off.std() == pytest.approx(1, abs=0.06)


def test_scores_are_calibrated_at_even_odds() -> None:
    """Of as many ships as false alarms with score s, the fraction s are ships."""
    at = times(6000)
    ships = found(at, ALWAYS).score
    hulls = found(at, stays([], []), false=len(ships) / len(at.day))
    false = hulls.score
    weight = len(ships) / len(false)
    for low in (0.5, 0.6, 0.7, 0.8, 0.9):
        own = ((ships >= low) & (ships < low + 0.1)).sum()
        other = weight * ((false >= low) & (false < low + 0.1)).sum()
        middle = np.r_[ships, false]
        middle = middle[(middle >= low) & (middle < low + 0.1)]
        if own + other > 300:
            assert own / (own + other) == pytest.approx(middle.mean(), abs=0.05)


@pytest.mark.parametrize("sensor", [DAILY, FINE])
def test_p_tanker_is_calibrated_at_even_odds(sensor: int) -> None:
    at = times(6000, sensor)
    tankers = found(at, ALWAYS).p_tanker
    others = found(at, stays([0.0], [100.0], tankers=0), seed=1).p_tanker
    for low in np.arange(0.1, 0.9, 0.2):
        own = ((tankers >= low) & (tankers < low + 0.2)).sum()
        other = ((others >= low) & (others < low + 0.2)).sum()
        if own + other > 300:
            assert own / (own + other) == pytest.approx(low + 0.1, abs=0.08)


@pytest.mark.parametrize("sensor", [S2, S1])
def test_coarse_images_have_no_p_tanker_and_radar_no_load(sensor: int) -> None:
    hulls = found(times(50, sensor), ALWAYS)
    assert np.isnan(hulls.p_tanker).all()
    assert np.isnan(hulls.log_lr_laden).all() == (sensor == S1)


@pytest.mark.parametrize(("operation", "early", "late"), [(0, -1, 1), (1, 1, -1), (2, -1, -1),
                                                          (3, 1, 1)])  # fmt: skip
def test_evidence_follows_the_cargo(operation: int, early: int, late: int) -> None:
    at = times(4000)
    hulls = found(at, stays([0.0], [100.0], operation))
    day = at.day[hulls.observation]
    # Cargo is pumped between 15 and 90 % of a stay.
    for part, sign in ((day < 15, early), (day > 90, late)):
        assert np.sign(hulls.log_lr_laden[part].mean()) == sign
        assert (np.sign(hulls.log_lr_laden[part]) == sign).mean() > 0.95


def test_ships_lie_at_the_first_free_position() -> None:
    of = stays([0.0, 1.0, 2.0, 11.0], [10.0, 30.0, 30.0, 30.0])
    at = Timetable(np.array([5.0, 20.0]), np.full(2, FINE), np.ones(2), np.full(2, 25.0))
    hulls = [found(at, of, seed=s) for s in range(40)]
    longitude = {
        n: np.mean(np.concatenate([h.longitude[h.visit == n] for h in hulls])) for n in range(4)
    }
    step = BERTH_SPACING_M * DEGREES_PER_M / np.cos(np.radians(BERTH[1]))
    spots = [(BERTH[0] - longitude[n]) / step for n in range(4)]
    # The fourth takes the berth that the first has left.
    assert spots == pytest.approx([0, 1, 2, 0], abs=0.06)


@given(st.floats(0.05, 2.0))
def test_false_alarms_have_their_rate_where_the_image_is_usable(rate: float) -> None:
    hulls = found(times(1000, usable=0.5), stays([], []), false=rate)
    assert len(hulls.visit) == pytest.approx(500 * rate, abs=5 * np.sqrt(500 * rate))
    assert (hulls.visit == FALSE_ALARM).all()
    far = np.abs(hulls.latitude - BERTH[1]) / DEGREES_PER_M
    assert far.max() <= 600


@given(st.integers(0, 10_000))
def test_without_ships_and_false_alarms_there_is_no_hull(seed: int) -> None:
    assert len(found(times(40), stays([], []), seed=seed).visit) == 0


def test_clouded_observations_have_no_hull() -> None:
    at = times(2000)
    usable = np.where(np.arange(2000) % 2, 0.0, 1.0)
    hulls = found(Timetable(at.day, at.sensor, usable, at.sun_deg), ALWAYS, false=1.0)
    assert (usable[hulls.observation] == 1).all()


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_an_observation_detects_a_ship_at_most_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrive = np.sort(rng.uniform(0, 90, 10))
    hulls = found(times(50), stays(list(arrive), list(arrive + 4)), seed=seed)
    pairs = list(zip(hulls.observation, hulls.visit, strict=True))
    assert len(set(pairs)) == len(pairs)


def test_measured_sizes_are_positive_for_the_smallest_ships() -> None:
    hulls = found(times(3000, S1), stays([0.0], [100.0], length=21.0))
    assert hulls.length_m.min() == 20.0
    assert hulls.beam_m.min() >= 4.0


def test_positions_have_errors_of_twelve_metres() -> None:
    hulls = found(times(4000), ALWAYS)
    north = (hulls.latitude - BERTH[1]) / DEGREES_PER_M
    east = (hulls.longitude - BERTH[0]) / DEGREES_PER_M * np.cos(np.radians(BERTH[1]))
    assert north.std() == pytest.approx(12, rel=0.06)
    assert east.std() == pytest.approx(12, rel=0.06)
    assert abs(np.corrcoef(east, north)[0, 1]) < 0.06
