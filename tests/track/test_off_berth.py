"""Evidence off berth: calibrated, even-handed, and none where there is none."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from gnomon.simulate.season.campaign import (
    PORT,
    SHARES,
    SimulatedSeason,
    Trade,
    draw_trade,
    simulate_season,
)
from gnomon.simulate.season.off_berth import ANCHORAGE, HOME, OffBerthTrade
from gnomon.track.direction import BALLAST, LADEN, LOADS, MISREAD, UNLOADS, combine_ends
from gnomon.track.off_berth import (
    Anchorage,
    EndTimes,
    OffBerthEvidence,
    OffBerthSource,
    OtherPortCalls,
    anchorage,
    fit_off_berth,
)
from gnomon.track.sightings import check_tables, port_observations
from tracked_seasons import TRAFFIC, ends_at, options, tracked

SWAP = [UNLOADS, LOADS, LADEN, BALLAST]
OPTIONS = options(draws=40, roads={PORT: [ANCHORAGE]})


def at_anchor(
    day: np.ndarray, ratio: np.ndarray, length: float = 85.0, days: int = 60
) -> Anchorage:
    size = np.full(len(day), length)
    observations = np.arange(days, dtype=float)
    return Anchorage(
        size, np.full(len(day), 2.0), ratio, day, observations, np.ones(days), TRAFFIC.anchorage
    )


def calls(
    ratio: np.ndarray, ends: EndTimes, *, departures: bool, distance_nm: float = 200.0
) -> OtherPortCalls:
    count = len(ratio)
    return OtherPortCalls(
        np.full(count, 85.0), np.full(count, 2.0), ratio, ends, 60.0, TRAFFIC.anchorage,
        distance_nm, (4.0, 14.0), departures,
    )  # fmt: skip


def operations(
    source: OffBerthSource, ends: EndTimes, length: float = 85.0, p_tanker: float = 1.0
) -> np.ndarray:
    count = len(ends.arrive)
    every = list(range(count))
    known = fit_off_berth(source, ends, np.full(count, length), np.full(count, 2.0), every)
    return combine_ends(*known.log_likelihoods(every, np.full(count, p_tanker)))


# --- densities -----------------------------------------------------------------------------------


def test_a_wait_at_anchor_is_exponential_before_and_after_the_visit() -> None:
    ends = ends_at(np.array([10.0]), np.array([12.0]))
    day = np.array([9.0, 10.5, 12.5, 20.0])
    found = at_anchor(day, np.zeros(4)).density(ends)
    before, after = found.before.ravel(), found.after.ravel()
    assert before == pytest.approx([np.exp(-1 / 1.5), 0, 0, 0])
    assert after == pytest.approx([0, 0, np.exp(-0.5 / 1.5), np.exp(-8 / 1.5)])


def test_expected_encounters_at_anchor_add_up_over_usable_observations() -> None:
    """Daily clear images of a wait before and one after: about its mean length, twice."""
    place = replace(at_anchor(np.zeros(0), np.zeros(0)), observation_day=np.arange(0, 60, 0.1))
    place = replace(place, usable=np.full(600, 0.5))
    (expected,) = place.density(ends_at(np.array([30.0]), np.array([32.0]))).expected
    assert expected == pytest.approx(2 * 1.5 * 10 * 0.5, rel=0.05)


@pytest.mark.parametrize("departures", [True, False])
def test_densities_of_voyages_integrate_to_one(departures: bool) -> None:
    other = calls(np.zeros(1), ends_at(np.array([10.0]), np.array([12.0])), departures=departures)

    def density(day: float) -> float:
        ends = ends_at(np.array([day]), np.array([day]))
        found = other.density(ends)
        return float((found.before if departures else found.after)[0, 0])

    low, high = (200 / 24 / 14, 200 / 24 / 4)
    limits = (12 + low, 12 + high) if departures else (10 - high, 10 - low)
    assert quad(density, *limits, limit=200)[0] == pytest.approx(1, rel=1e-3)


@given(st.integers(0, 10_000))
def test_one_of_these_encounters_or_none(seed: int) -> None:
    """The formula of the module's head, as a loop; chances add up to 1 - MISREAD at most."""
    rng = np.random.default_rng(seed)
    before, other = rng.uniform(0, 1, (4, 3)), rng.uniform(0.1, 1, 4)
    ratio, p = rng.uniform(0.2, 3, (4, 2)), rng.uniform(0, 1, 3)
    evidence = OffBerthEvidence(before, np.zeros((4, 3)), other, ratio)
    arrival, departure = evidence.log_likelihoods([0, 1, 2], p)
    np.testing.assert_array_equal(departure, 0)
    for visit in range(3):
        q = p[visit] * before[:, visit] / (before.sum(1) + other)
        q = q * min(1.0, (1 - MISREAD) / q.sum())
        for load in range(2):
            expected = 1 + sum(q[i] * (ratio[i, load] - 1) for i in range(4))
            assert np.exp(arrival[visit, load]) == pytest.approx(expected)


# --- even-handed ---------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_laden_and_ballast_change_places_and_nothing_else_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrive = np.sort(rng.uniform(0, 60, 8))
    ends = ends_at(arrive, arrive + 2.0)
    count = int(rng.integers(1, 30))
    place = at_anchor(rng.uniform(0, 60, count), rng.normal(rng.normal(), 2.0, count))
    others = calls(
        place.log_lr_laden, ends_at(place.day, place.day + 3.0), departures=bool(seed % 2)
    )
    for source in (place, others):
        mirror = replace(source, log_lr_laden=-source.log_lr_laden)
        np.testing.assert_allclose(
            operations(source, ends), operations(mirror, ends)[:, SWAP], atol=1e-9
        )


def test_encounters_without_evidence_of_load_change_nothing() -> None:
    ends = ends_at(np.array([5.0, 20.0]), np.array([7.0, 23.0]))
    for ratio in (np.zeros(3), np.full(3, np.nan)):
        found = operations(at_anchor(np.array([4.5, 7.5, 19.0]), ratio), ends)
        np.testing.assert_allclose(found, 0.0, atol=1e-12)
    assert not operations(at_anchor(np.zeros(0), np.zeros(0)), ends).any()
    assert not operations(at_anchor(np.array([4.5]), np.array([4.0])), ends, p_tanker=0.0).any()


def only_berth(made: SimulatedSeason) -> SimulatedSeason:
    return replace(
        made,
        detections=made.detections[made.detections.port == PORT],
        observations=made.observations[made.observations.port == PORT],
    )


def test_a_season_without_evidence_off_berth_is_the_season_of_the_berth_alone() -> None:
    rng = np.random.default_rng(2)
    made = simulate_season(rng, Trade(days=100, visits=15.0), schedule="s2", off_berth="s2")
    silent = made.detections.assign(
        log_lr_laden=made.detections.log_lr_laden.where(made.detections.port == PORT)
    )
    one = tracked(replace(made, detections=silent), OPTIONS)
    two = tracked(only_berth(made), OPTIONS)
    own = one.seasons[one.seasons.port == PORT].reset_index(drop=True)
    assert own.drop(columns="notes").equals(two.seasons.drop(columns="notes"))
    assert set(one.seasons.port) == {PORT, HOME}


# --- evidence ------------------------------------------------------------------------------------


def test_ballast_before_and_laden_after_is_loading() -> None:
    arrive = np.arange(5.0, 60.0, 9.0)
    ends = ends_at(arrive, arrive + 3.0)
    empty, full = np.full(len(arrive), -4.0), np.full(len(arrive), 4.0)
    place = at_anchor(np.r_[arrive - 0.3, arrive + 3.4], np.r_[empty, full])
    found = operations(place, ends)
    assert (found.argmax(1) == LOADS).all()
    gain = found[:, LOADS] - found[:, UNLOADS]
    # Never certain: one image counts no more than the chance of another ship allows.
    assert (gain > 1.0).all()
    assert (gain < 2 * np.log(2 / MISREAD)).all()
    # A ship of another size, or at another time, is another ship.
    assert np.abs(operations(place, ends, length=110.0)).max() < 0.05
    late = replace(place, day=place.day + 4.5)
    assert np.abs(operations(late, ends)).max() < 0.7 * np.abs(found).max()


def test_an_arrival_elsewhere_that_a_voyage_explains_is_evidence_of_departure() -> None:
    leave = np.arange(3.0, 60.0, 8.0)
    laden = calls(
        np.full(len(leave), 3.0), ends_at(leave + 1.2, leave + 5.0), departures=False,
        distance_nm=170.0,
    )  # fmt: skip
    ends = ends_at(leave - 2.0, leave)
    found = operations(laden, ends)
    assert (found[:, LOADS] > found[:, UNLOADS] + 0.5).all()
    np.testing.assert_allclose(found[:, LOADS], found[:, LADEN])
    too_soon = replace(laden, ends=ends_at(leave + 0.1, leave + 5.0))
    assert np.abs(operations(too_soon, ends)).max() < 0.05


def test_chances_to_be_the_same_ship_are_calibrated() -> None:
    """Against the simulator's truth: of encounters with chance p, about p are the ship."""
    predicted, true = [], []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        made = simulate_season(rng, draw_trade(rng), schedule="s2", off_berth="s2+s1+daily")
        truth, (start, end) = made.truth, made.period
        hulls, passes = check_tables(made.detections.assign(visit=made.visit), made.observations)
        data = port_observations(
            ANCHORAGE, hulls, passes, zones=(), beam_per_length=0.157, start=start.to_pydatetime(),
            end=end.to_pydatetime(),
        )  # fmt: skip
        count = len(truth.ship)
        known = fit_off_berth(
            anchorage(data, TRAFFIC.anchorage), ends_at(truth.arrive_day, truth.depart_day),
            made.fleet.length_m[truth.ship], np.full(count, 2.0), list(range(count)),
        )  # fmt: skip
        both = known.before + known.after
        predicted.append((both / (both.sum(1) + known.other)[:, None]).ravel())
        kept = ~(data.hulls.p_tanker < 0.5)
        visit = hulls.visit.to_numpy()[data.rows][kept]
        true.append((visit[:, None] == np.arange(count)).ravel())
    chance, right = np.concatenate(predicted), np.concatenate(true)
    for low in (0.1, 0.3, 0.5, 0.7):
        part = (chance >= low) & (chance < low + 0.2)
        assert right[part].mean() == pytest.approx(chance[part].mean(), abs=0.12)


@pytest.mark.slow
@pytest.mark.parametrize("laden", [0.0, 1.0])
def test_an_anchorage_full_of_other_ships_is_no_evidence_of_the_trade(laden: float) -> None:
    """No ship waits, and all that lie there are in ballast (laden): the direction stays open."""
    around = OffBerthTrade(
        wait_before=0.0, wait_after=0.0, others_laden=laden, others_per_day=0.6, others_small=0.6
    )
    exports, loaded, unloaded = [], 0.0, 0.0
    for seed in range(16):
        made = simulate_season(
            np.random.default_rng(seed), Trade(shares=SHARES["loads"]), schedule="s2",
            off_berth="s2+s1+daily", around=around,
        )  # fmt: skip
        hulls = made.detections[made.detections.port != HOME]
        # No load is read at the berth, so that all evidence is from the anchorage.
        hulls = hulls.assign(log_lr_laden=hulls.log_lr_laden.where(hulls.port == ANCHORAGE))
        passes = made.observations[made.observations.port != HOME]
        result = tracked(made, OPTIONS, detections=hulls, observations=passes)
        exports.append(result.seasons.p_exports.iloc[0])
        draws = result.posteriors[0].draws
        visits = sum(len(draw.seen) for draw in draws)
        loaded += sum(draw.loaded.sum() for draw in draws) / visits / 16
        unloaded += sum(draw.unloaded.sum() for draw in draws) / visits / 16
    # One season is 0.17 off; 0.12 is three standard errors of the mean of sixteen.
    assert np.mean(exports) == pytest.approx(0.5, abs=0.12)
    # The prior is 0.44 each.
    assert loaded == pytest.approx(unloaded, abs=0.15)
    assert loaded + unloaded > 0.6


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "sign"), [("loads", 1), ("unloads", -1)])
def test_fine_images_off_berth_find_the_direction_that_those_of_the_berth_leave_open(
    kind: str, sign: int
) -> None:
    alone, both = [], []
    for seed in range(5):
        made = simulate_season(
            np.random.default_rng(seed), Trade(shares=SHARES[kind]), schedule="s2+s1",
            off_berth="s2+s1+daily",
        )  # fmt: skip
        for out, one in ((alone, only_berth(made)), (both, made)):
            rows = tracked(one, OPTIONS).seasons
            out.append(sign * (rows[rows.port == PORT].p_exports.iloc[0] - 0.5))
    assert np.mean(both) > 0.2
    assert np.mean(both) > np.mean(alone) + 0.1
