"""Likelihoods of presence: against enumeration, numerical integration and plain simulation."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import gamma, poisson

from gnomon.datamodel.recall import Recall, RecallBand
from gnomon.datamodel.study import TrackOptions
from gnomon.track.classes import DWELL_KIND, DWELL_KINDS, FIXTURE, LARGE, QUICK, SHIPS, STAYS
from gnomon.track.classes import NAMES as CLASS_NAMES
from gnomon.track.presence import (
    COARSE,
    FINE,
    MEDIUM,
    NAMES,
    PHASES,
    RADAR,
    PresenceLikelihood,
    phases_passed,
    presence_likelihood,
    relative_detection,
    sample_prior,
    sensor_class,
)
from tracked_seasons import TRAFFIC, prior_of

SENSORS = [getattr(TRAFFIC.detection, name) for name in NAMES]


def likelihood(
    mean: float, phases: int, p: float, day: np.ndarray, usable: np.ndarray, end: float
) -> PresenceLikelihood:
    return presence_likelihood(
        prior_of(mean, phases, p),
        TRAFFIC,
        day=day,
        sensor_classes=np.zeros(len(day), int),
        usable=usable,
        start_day=0.0,
        end_day=end,
    )


def histories(count: int) -> list[tuple[int, ...]]:
    """Every non-empty set of observations."""
    each = range(count)
    return [h for size in each for h in itertools.combinations(each, size + 1)]


def integrated(
    history: tuple[int, ...], day: np.ndarray, p: np.ndarray, mean: float, phases: int
) -> float:
    """Density of a detection history, by quadrature over arrival, exact over departure."""
    dwell = gamma(phases, scale=mean / phases)
    edges = np.r_[-np.inf, day, np.inf]
    total = 0.0
    for i in range(history[0] + 1):  # arrival after observation i - 1
        for j in range(history[-1], len(day)):  # departure after observation j
            seen = [k in history for k in range(i, j + 1)]
            chance = np.prod(np.where(seen, p[i : j + 1], 1 - p[i : j + 1]))
            low, high = max(edges[i], day[0] - 60.0), edges[i + 1]
            left, right = edges[j + 1], edges[j + 2]
            inside = quad(
                lambda a, left=left, right=right: dwell.cdf(right - a) - dwell.cdf(left - a),
                low, high, epsabs=1e-10, limit=200,
            )  # fmt: skip
            total += chance * inside[0]
    return total


@pytest.mark.parametrize(("mean", "phases"), [(2.5, 2), (1.5, 3), (4.0, 6)])
def test_every_detection_history_has_the_density_of_numerical_integration(
    mean: float, phases: int
) -> None:
    day, p = np.array([1.0, 1.4, 3.5, 6.0]), np.array([0.8, 0.3, 0.72, 0.6])
    presence = likelihood(mean, phases, 1.0, day, p, 8.0)
    for history in histories(len(day)):
        exact = integrated(history, day, p, mean, phases)
        found = np.exp(presence.log_track(np.array(history))[0, 0])
        assert found == pytest.approx(exact, rel=1e-3), history


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(1, 6), st.sampled_from([1, 2, 3, 4, 6]))
def test_histories_add_up_to_the_detectable_days(seed: int, count: int, phases: int) -> None:
    rng = np.random.default_rng(seed)
    day = np.sort(rng.uniform(0, 12, count))
    usable = rng.uniform(0.1, 1, count)
    presence = likelihood(rng.uniform(1, 5), phases, 0.9, day, usable, 12.0)
    total = sum(np.exp(presence.log_track(np.array(h))[0, 0]) for h in histories(count))
    assert total == pytest.approx(presence.detectable_days[0, 0], rel=1e-9)


@pytest.mark.parametrize(("mean", "phases"), [(2.5, 4), (1.5, 1), (4.0, 6)])
def test_the_chance_of_detection_is_that_of_a_simulation(mean: float, phases: int) -> None:
    rng = np.random.default_rng(0)
    day = np.sort(rng.uniform(0, 60, 40))
    usable = rng.uniform(0, 1, 40)
    presence = likelihood(mean, phases, 0.9, day, usable, 60.0)
    arrive = rng.uniform(-40, 60, 200_000)
    depart = arrive + rng.gamma(phases, mean / phases, len(arrive))
    detected = np.zeros(len(arrive), bool)
    for time, fraction in zip(day, usable, strict=True):
        in_port = (arrive < time) & (time < depart)
        detected |= in_port & (rng.random(len(arrive)) < 0.9 * fraction)
    per_day = len(arrive) / 100
    total = (depart > 0).sum() / per_day
    assert presence.total_days[0, 0] == pytest.approx(total, rel=0.02)
    assert presence.detectable_days[0, 0] == pytest.approx(detected.sum() / per_day, rel=0.02)


@given(st.integers(0, 10_000))
def test_another_observation_never_lowers_the_detectable_days(seed: int) -> None:
    rng = np.random.default_rng(seed)
    day, usable = np.sort(rng.uniform(0, 20, 9)), rng.uniform(0, 1, 9)
    lost = int(rng.integers(9))
    fewer = likelihood(2.5, 4, 0.9, np.delete(day, lost), np.delete(usable, lost), 20.0)
    more = likelihood(2.5, 4, 0.9, day, usable, 20.0)
    assert fewer.detectable_days[0, 0] <= more.detectable_days[0, 0] * (1 + 1e-12)
    assert more.detectable_days[0, 0] < more.total_days[0, 0]


def test_classes_have_their_own_dwell_and_detection() -> None:
    day = np.arange(6.0)
    prior = prior_of(2.0, 3, 0.8)
    prior.recurrence[0] = 0.7, 0.9
    prior.mean_days[0] = np.arange(1.0, 1 + len(DWELL_KINDS))
    classes = np.array([COARSE, RADAR] * 3)
    made = presence_likelihood(
        prior,
        TRAFFIC,
        day=day,
        sensor_classes=classes,
        usable=np.ones(6),
        start_day=0.0,
        end_day=6.0,
    )
    assert made.total_days[0] == pytest.approx(7.0 + DWELL_KIND)
    p = 1 / (1 + np.exp(-made.log_odds[:2, 0]))
    for n, sensor in enumerate((COARSE, RADAR)):
        place = np.array([sensor])
        lengths = [getattr(TRAFFIC.classes, name).typical_length_m for name in CLASS_NAMES[SHIPS]]
        of_length = np.array([relative_detection(place, m, TRAFFIC.detection)[0] for m in lengths])
        ships = ~STAYS[SHIPS] if sensor == COARSE else np.arange(len(lengths)) != FIXTURE
        assert p[n, ships] == pytest.approx(0.8 * of_length[ships])
    # What stays is detected by optical images at rates of its own, a fixture by no others.
    assert p[0, STAYS[SHIPS]] == pytest.approx([0.7, 0.7, 0.9])
    assert p[1, FIXTURE] < 0.021  # the least odds of a detection


def test_one_member_has_the_likelihoods_of_all() -> None:
    day = np.sort(np.random.default_rng(1).uniform(0, 20, 12))
    made = presence_likelihood(
        sample_prior(16, TRAFFIC), TRAFFIC, day=day,
        sensor_classes=np.tile([COARSE, RADAR, MEDIUM], 4), usable=np.full(12, 0.7),
        start_day=0.0, end_day=20.0,
    )  # fmt: skip
    track = np.array([2, 3, 7])
    whole = made.log_track(track)
    for member in range(16):
        np.testing.assert_allclose(made.of_member(member).log_track(track), whole[[member]])


@given(st.floats(0.1, 5.0), st.floats(0.0, 6.0))
def test_phases_pass_as_a_poisson_process(rate: float, days: float) -> None:
    expected = poisson.pmf(np.arange(PHASES), rate * days)
    np.testing.assert_allclose(phases_passed(np.array(rate), days), expected, atol=1e-12)


def test_the_prior_sample_has_its_quantiles() -> None:
    prior, residents = sample_prior(1024, TRAFFIC), TRAFFIC.residents
    median = np.array([1.5, 3.5, 2.5, residents.days, residents.permanent_days])
    assert np.median(prior.mean_days, 0) == pytest.approx(median, rel=0.02)
    factors = np.exp(np.log(prior.mean_days).std(0))
    assert factors == pytest.approx([1.4, 1.4, 2.0, residents.factor, 1.0], rel=0.02)
    assert prior.detection.mean(0) == pytest.approx([one.mean for one in SENSORS], abs=0.003)
    assert prior.detection.std(0) == pytest.approx([one.sigma for one in SENSORS], rel=0.05)
    # Straight in or waiting, mean stays of 0.9 to 6 days: press reports have 1.5 to 4.
    low, high = np.quantile(prior.mean_days[:, 0], 0.05), np.quantile(prior.mean_days[:, 1], 0.95)
    assert (low, high) == pytest.approx((0.86, 6.1), rel=0.05)
    shapes, counts = np.unique(prior.phases[:, :3], return_counts=True)
    listed, often = np.unique(TRAFFIC.dwell.shapes, return_counts=True)
    assert shapes.tolist() == listed.tolist() == [1, 2, 3, 4, 6]
    assert np.ptp(counts / often) <= 12
    assert (prior.phases[:, 3] == residents.shape).all()


def test_the_dwell_of_a_study_replaces_that_of_the_traffic() -> None:
    usual, other = (
        sample_prior(512, TRAFFIC.of_study(TrackOptions(dwell_days=days, dwell_factor=factor)))
        for days, factor in ((None, None), (5.0, 2.0))
    )
    ratio = np.median(other.mean_days, 0) / np.median(usual.mean_days, 0)
    assert ratio == pytest.approx([2.0, 2.0, 2.0, 1.0, 1.0], rel=0.02)
    assert np.log(other.mean_days[:, 0]).std() == pytest.approx(np.log(2), rel=0.02)


def card(found: int, *, between: float = 1.0) -> Recall:
    """Of a detector that found some of a hundred ships of 80 m at quays, and all of 200 m."""
    bands = [RecallBand(length_m=80.0, labels=100, found=found)]
    bands.append(RecallBand(length_m=200.0, labels=100, found=100))
    return Recall(places=9, between_places=between, quay=tuple(bands), open_water=tuple(bands[1:]))


def test_a_detector_with_a_card_has_a_prior_of_its_own() -> None:
    cards = (card(40), card(80, between=0.0))
    plain, own = sample_prior(512, TRAFFIC), sample_prior(512, TRAFFIC, cards=cards)
    assert plain.detection.shape == (512, 4)
    assert own.detection.shape == (512, 6)
    for number, one in enumerate(cards, start=4):
        drawn = one.at(90.0, "quay").quantile((np.arange(512) + 0.5) / 512)
        found = np.sort(own.detection[:, number])
        np.testing.assert_allclose(found, drawn, atol=0.03)
    inner = [np.ptp(np.quantile(own.detection[:, n], (0.25, 0.75))) for n in (4, 5)]
    assert inner[0] > 1.5 * inner[1]
    # A card at buoys: the ships lie on open water.
    sees = TRAFFIC.detection.model_copy(update={"berths": "open_water"})
    afloat = TRAFFIC.model_copy(update={"detection": sees})
    assert np.median(sample_prior(512, afloat, cards=cards).detection[:, 4]) > 0.95


def test_observations_of_a_card_are_seen_as_it_says_by_length() -> None:
    prior, own = prior_of(2.0, 3, 0.5), card(40)
    prior = replace(prior, detection=np.array([[0.5, 0.5, 0.5, 0.5, 0.4]]))
    day = np.arange(2.0)
    made = presence_likelihood(
        prior, TRAFFIC, day=day, sensor_classes=np.array([COARSE, COARSE]), usable=np.ones(2),
        start_day=0.0, end_day=2.0, detector=np.array([COARSE, 4]), cards=(own,),
    )  # fmt: skip
    p = 1 / (1 + np.exp(-made.log_odds[:, 0]))
    large = own.at(135.0, "quay").mean / own.at(90.0, "quay").mean
    assert p[0, [QUICK, LARGE]] == pytest.approx([0.5, 0.5], rel=0.05)
    assert p[1, [QUICK, LARGE]] == pytest.approx([0.4, 0.4 * large])


@given(st.sampled_from([COARSE, RADAR, MEDIUM, FINE]), st.floats(10, 300), st.floats(10, 300))
def test_longer_ships_are_detected_more_often_and_90_m_is_the_reference(
    which: int, one: float, two: float
) -> None:
    place = np.array([which])
    short, long = sorted((one, two))

    def relative(length_m: float) -> float:
        return float(relative_detection(place, length_m, TRAFFIC.detection)[0])

    assert relative(short) <= relative(long)
    assert relative(90.0) == 1.0
    limit, very_long = relative(SENSORS[which].length_limit_m), relative(1e3)
    assert limit == pytest.approx(very_long / 2)


@pytest.mark.parametrize(
    ("sensor", "gsd_m", "expected"),
    [
        ("sar", 10.0, RADAR), ("sar", 0.5, RADAR), ("optical", 10.0, COARSE),
        ("optical", 6.0, COARSE), ("optical", 3.0, MEDIUM), ("optical", 1.5, MEDIUM),
        ("optical", 0.5, FINE),
    ],
)  # fmt: skip
def test_sensors_fall_into_classes(sensor: str, gsd_m: float, expected: int) -> None:
    assert sensor_class(sensor, gsd_m) == expected


def test_a_detection_under_cloud_is_unlikely_and_not_impossible() -> None:
    day = np.array([1.0, 2.0])
    clouded = likelihood(2.5, 3, 0.9, day, np.array([1.0, 0.0]), 3.0)
    clear = likelihood(2.5, 3, 0.9, day, np.array([1.0, 1.0]), 3.0)
    both = np.array([0, 1])
    assert -10 < clouded.log_track(both)[0, 0] < clear.log_track(both)[0, 0] - 3
