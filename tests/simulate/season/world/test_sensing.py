"""The detector keeps its card; its probabilities and likelihood ratios are what they say."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.simulate.season.world.options import World, violated
from gnomon.simulate.season.world.presence import (
    Floats,
    Kind,
    Presence,
    berth_position,
    stays_of,
)
from gnomon.simulate.season.world.sensing import (
    LENGTH_SIGMA_M,
    Sensed,
    draw_false_alarms,
    recall_of,
    sense,
)
from gnomon.simulate.season.world.sky import SkyPasses

S2, S1, DAILY, FINE = range(4)


def clear_sky(
    sensor: int, passes: int = 4000, *, sun: float = 30.0, clear: float = 1.0
) -> SkyPasses:
    return SkyPasses(
        day=np.arange(passes) + 0.5,
        sensor=np.full(passes, sensor),
        clear=np.full((passes, 4), clear),
        hazy=np.zeros(passes, bool),
        sun_deg=np.full(passes, sun),
        sun_azimuth_deg=np.full(passes, 160.0),
    )


def moored(
    kind: Kind = Kind.TANKER, *, length: float = 90.0, laden: float = 0.0, days: float = 1e5
) -> Presence:
    return stays_of(
        kind,
        days=(np.array([-1.0]), np.array([days])),
        size=(np.array([length]), np.array([0.16 * length])),
        position=berth_position(np.array([1])),
        berth=np.array([1]),
        laden=(np.array([laden]), np.array([laden])),
    )


def sensed(world: World, sky: SkyPasses, presence: Presence, seed: int = 0) -> Sensed:
    return sense(np.random.default_rng(seed), world, sky, presence)[0]


@given(st.floats(0.3, 0.99), st.integers(0, 3))
def test_the_card_is_the_recall_of_a_ship_of_90_m(recall: float, sensor: int) -> None:
    found = recall_of(World(recall=recall), np.array([sensor]), np.array([90.0]))
    misses = 0.3 if sensor == FINE else 1.0
    assert found == pytest.approx(1 - misses * (1 - recall))
    lengths = np.linspace(20, 250, 50)
    of_all = recall_of(World(recall=recall), np.full(50, sensor), lengths)
    assert np.all(np.diff(of_all) >= 0)
    assert np.all(of_all <= 1)


@pytest.mark.parametrize("recall", [0.85, 0.65])
@pytest.mark.parametrize("clear", [1.0, 0.4])
def test_ships_are_detected_as_often_as_they_are_visible_times_the_recall(
    recall: float, clear: float
) -> None:
    hulls = sensed(World(recall=recall), clear_sky(S2, clear=clear), moored())
    assert len(hulls.observation) / 4000 == pytest.approx(recall * clear, abs=0.025)


def test_a_worse_detector_and_haze_remove_rows_and_change_none() -> None:
    sky = clear_sky(S2)
    good = sensed(World(), sky, moored())
    hazy = replace(sky, hazy=np.arange(4000) % 4 == 0)
    for other in (sensed(World(recall=0.65), sky, moored()), sensed(World(), hazy, moored())):
        assert set(other.observation) < set(good.observation)
        same = np.isin(good.observation, other.observation)
        for name, values in vars(other).items():
            assert np.array_equal(values, getattr(good, name)[same], equal_nan=True), name
    seen = np.isin(np.flatnonzero(hazy.hazy), sensed(World(), hazy, moored()).observation)
    assert seen.mean() == pytest.approx(0.2 * 0.85, abs=0.04)


@pytest.mark.parametrize("sensor", range(4))
def test_errors_are_what_their_sigmas_say_but_for_failures(sensor: int) -> None:
    hulls = sensed(World(length_failure=0.0), clear_sky(sensor), moored())
    for name, true in (("length_m", 90.0), ("beam_m", 0.16 * 90)):
        z = (getattr(hulls, name) - true) / getattr(hulls, name.replace("_m", "_sigma_m"))
        assert z.std() == pytest.approx(1.0, abs=0.05 if name == "length_m" else 0.1)
        assert z.mean() == pytest.approx(0.0, abs=0.08)
    broken = sensed(World(length_failure=0.1), clear_sky(sensor), moored())
    moved = broken.length_m != hulls.length_m
    assert moved.mean() == pytest.approx(0.1, abs=0.02)
    assert np.ptp(broken.length_m[moved]) == pytest.approx(1.1 * 90, rel=0.05)
    east, north = berth_position(np.array([1]))
    assert np.std(hulls.east_m - east) == pytest.approx(10.0, rel=0.05)
    assert np.std(hulls.north_m - north) == pytest.approx(10.0, rel=0.05)
    assert np.all(hulls.length_sigma_m == LENGTH_SIGMA_M[sensor])


def test_a_crane_is_the_same_in_nearly_every_clear_image() -> None:
    crane = sensed(World(), clear_sky(S2), moored(Kind.CRANE))
    ship = sensed(World(), clear_sky(S2), moored())
    assert len(crane.observation) / 4000 == pytest.approx(0.95, abs=0.015)
    for name in ("east_m", "north_m", "beam_m", "score"):
        assert getattr(crane, name).std() < 0.5 * getattr(ship, name).std(), name
    assert crane.length_m.std() == pytest.approx(0.04 * 90, rel=0.1)


def probability_holds(positive: Floats, negative: Floats, odds: float) -> None:
    """Bins of a probability hold as many positives as it says, at these prior odds."""
    for low in np.arange(0.1, 0.9, 0.2):
        yes, no = (np.mean((p >= low) & (p < low + 0.2)) for p in (positive, negative))
        assert odds * yes / (odds * yes + no) == pytest.approx(low + 0.1, abs=0.05)


@pytest.mark.parametrize("sensor", [S2, DAILY, FINE])
def test_type_is_calibrated_at_even_odds(sensor: int) -> None:
    sky = clear_sky(sensor, 60_000)
    tanker = sensed(World(), sky, moored())
    other = sensed(World(), sky, moored(Kind.COASTER), seed=1)
    probability_holds(tanker.p_tanker, other.p_tanker, 1.0)
    right = (np.mean(tanker.p_tanker > 0.5) + np.mean(other.p_tanker < 0.5)) / 2
    assert right == pytest.approx({S2: 0.69, DAILY: 0.75, FINE: 0.88}[sensor], abs=0.02)
    untyped = sensed(violated(World(), "no type"), sky, moored())
    assert np.isnan(untyped.p_tanker).all()
    assert np.array_equal(untyped.length_m, tanker.length_m)


@pytest.mark.parametrize("kind", [Kind.CRANE, Kind.BARGE, Kind.HULK, Kind.BUNKER_VESSEL])
def test_what_stays_looks_the_same_each_time(kind: Kind) -> None:
    """Fifty images of it say no more about its type than one does."""
    looks = [sensed(World(), clear_sky(S2, 50), moored(kind), seed=n).p_tanker for n in range(300)]
    own = np.array([each.mean() for each in looks])
    assert np.mean([each.std() for each in looks]) < 0.08
    assert own.std() > 0.15
    assert own.mean() == pytest.approx(0.6 if kind == Kind.BUNKER_VESSEL else 0.4, abs=0.04)
    ships = [sensed(World(), clear_sky(S2, 50), moored(), seed=n).p_tanker for n in range(40)]
    assert np.std([each.mean() for each in ships]) < 0.05


def test_scores_are_calibrated_at_four_vessels_to_one_false_alarm() -> None:
    sky = clear_sky(S2, 60_000)
    alarms = draw_false_alarms(np.random.default_rng(0), World(false_alarms=1.0), sky)
    probability_holds(sensed(World(), sky, moored()).score, alarms.score, 4.0)


@pytest.mark.parametrize("worthless", [0.0, 0.02, 0.1])
def test_load_is_a_likelihood_ratio(worthless: float) -> None:
    """The mean of a likelihood ratio under its denominator is one, and lies on the right side."""
    world = World(worthless=worthless)
    sky = clear_sky(S2, 100_000, sun=40.0)
    laden = sensed(world, sky, moored(laden=1.0), seed=3).log_lr_laden
    ballast = sensed(world, sky, moored(laden=0.0), seed=4).log_lr_laden
    assert np.exp(ballast).mean() == pytest.approx(1.0, abs=0.05)
    assert np.exp(-laden).mean() == pytest.approx(1.0, abs=0.05)
    assert laden.mean() > 0 > ballast.mean()
    if worthless:
        assert np.abs(laden).max() <= np.log((1 - worthless) / worthless)


@pytest.mark.parametrize(
    ("length", "sensor", "sun", "low", "high"),
    [
        (100.0, S2, 20.0, 1.4, 3.0),
        (100.0, S2, 45.0, 0.5, 1.2),
        (70.0, S2, 60.0, 0.1, 0.3),
        (100.0, DAILY, 30.0, 3.2, 5.9),
        (120.0, FINE, 60.0, 4.9, 8.5),
    ],
)
def test_separability_lies_between_the_worst_and_the_best_sun(
    length: float, sensor: int, sun: float, low: float, high: float
) -> None:
    """Of two normals of the log ratio, means over deviation; d' of the computed bounds."""
    world = World(worthless=0.0)
    sky = clear_sky(sensor, 20_000, sun=sun)
    laden, ballast = (
        sensed(world, sky, moored(length=length, laden=load), seed=5).log_lr_laden
        for load in (1.0, 0.0)
    )
    difference = np.sqrt(np.mean(laden) - np.mean(ballast))  # d'^2 in the mean
    assert low < difference < high


def test_radar_has_no_load_and_an_open_direction_has_none_at_all() -> None:
    assert np.isnan(sensed(World(), clear_sky(S1), moored()).log_lr_laden).all()
    undecided = violated(World(), "open direction")
    assert np.isnan(sensed(undecided, clear_sky(FINE), moored()).log_lr_laden).all()


def test_false_alarms_cluster_and_come_through_gaps_in_cloud() -> None:
    world = World(false_alarms=0.5)
    alarms = draw_false_alarms(np.random.default_rng(6), world, clear_sky(S2))
    assert len(alarms.observation) / 4000 == pytest.approx(0.5, abs=0.04)
    near = np.zeros(len(alarms.observation))
    for n in range(len(near)):
        apart = np.hypot(alarms.east_m - alarms.east_m[n], alarms.north_m - alarms.north_m[n])
        near[n] = np.mean(apart < 60)
    # Uniform in 2.3 km by 2.2 km, 60 m around hold one in 450.
    assert np.mean(near) > 20 / 450
    cloudy = draw_false_alarms(np.random.default_rng(6), world, clear_sky(S2, clear=0.3))
    assert len(cloudy.observation) / len(alarms.observation) == pytest.approx(0.3, abs=0.05)
    assert set(cloudy.east_m) < set(alarms.east_m)
    assert set(alarms.kind) == {Kind.FALSE_ALARM}
