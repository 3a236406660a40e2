"""What further passes would give: against simulated seasons, loops, and laws."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.datamodel.errors import TrackError
from gnomon.datamodel.recall import Recall, RecallBand
from gnomon.datamodel.shipped import shipped
from gnomon.track.classes import FALSE_ALARM
from gnomon.track.further_passes import (
    MONTH_DAYS,
    USABLE_UNKNOWN,
    AvailablePasses,
    expected_with,
    further_passes,
    read_further_passes,
    usable_by_month,
    variance_with,
)
from gnomon.track.observer import IdealObserver, KnownParameters, ideal_observer
from gnomon.track.presence import RADAR
from gnomon.track.sightings import PortObservations
from tracked_seasons import TRAFFIC, berth, month, month_posterior, prior_of


@cache
def observer() -> IdealObserver:
    return ideal_observer(month_posterior(), seed=0)


def passes(**changed: object) -> AvailablePasses:
    values: dict[str, object] = {
        "passes": "daily 3 m images", "sensor": "optical", "gsd_m": 3.0, "passes_a_month": 20.0,
        "free": False,
    }  # fmt: skip
    return AvailablePasses.model_validate(values | changed)


def seen_in_simulated_seasons(data: PortObservations, added: np.ndarray, usable: float) -> float:
    """Part of visits with gamma stays that are detected at least once, at a recall of 0.8."""
    rng = np.random.default_rng(0)
    day = np.r_[data.day, added]
    chance = 0.8 * np.r_[data.usable, np.full(len(added), usable)]
    arrive = rng.uniform(-40, data.days, 40_000)
    depart = arrive + rng.gamma(2, 1.25, len(arrive))
    arrive, depart = arrive[depart > 0], depart[depart > 0]
    there = (arrive[:, None] < day) & (day < depart[:, None])
    return float((there & (rng.random(there.shape) < chance)).any(1).mean())


def test_visits_seen_with_more_passes_are_those_of_simulated_seasons() -> None:
    whole = berth(month())
    data = replace(whole, day=whole.day[::5], usable=whole.usable[::5],
                   sensor_class=whole.sensor_class[::5], detector=whole.detector[::5])  # fmt: skip
    only = np.where(np.arange(FALSE_ALARM + 1) == 0, 1.0, 1e-12)
    known = KnownParameters(prior_of(2.5, 2, 0.8), only, TRAFFIC)
    now = replace(observer(), known=known)
    further = passes(sensor="sar", passes_a_month=MONTH_DAYS / 5)  # every five days, from 2.5 on
    added = np.arange(2.5, data.days, 5)
    expected = seen_in_simulated_seasons(data, added, 1.0)
    assert expected_with(data, now, further).p_seen == pytest.approx(expected, abs=0.01)
    assert seen_in_simulated_seasons(data, added[:0], 1.0) < expected - 0.1


@settings(max_examples=20)
@given(
    st.sampled_from(["optical", "sar"]),
    st.sampled_from([0.5, 3.0, 10.0]),
    st.lists(st.floats(0.5, 60), min_size=2, max_size=4),
)
def test_more_passes_never_widen_and_the_narrowest_comes_first(
    sensor: str, gsd_m: float, often: list[float]
) -> None:
    available = [
        passes(passes=f"{n}", sensor=sensor, gsd_m=gsd_m, passes_a_month=a)
        for n, a in enumerate(often)
    ]
    rows = further_passes(berth(month()), observer(), available)
    then = [row.visits_half_width_then for row in rows]
    assert then == sorted(then)
    assert {row.passes for row in rows} == {one.passes for one in available}
    for row in rows:
        assert row.p_seen >= observer().visits.p_seen - 1e-9
        assert row.visits_half_width_then <= row.visits_half_width_now == observer().half_width


def test_clouds_give_nothing_and_radar_every_other_hour_leaves_only_what_is_unclear() -> None:
    data, now = berth(month()), observer()
    cloudy = replace(data, usable=np.where(data.sensor_class == RADAR, data.usable, 0.0))
    blind = ideal_observer(replace(month_posterior(), data=cloudy), seed=0)
    (row,) = further_passes(cloudy, blind, [passes()])
    assert row.p_seen == pytest.approx(blind.visits.p_seen)
    assert row.visits_half_width_then == pytest.approx(row.visits_half_width_now)
    always = expected_with(data, now, passes(sensor="sar", passes_a_month=300))
    assert always.p_seen > max(now.visits.p_seen, 0.98)
    unclear = now.variance - now.visits.missed
    assert variance_with(now, always) == pytest.approx(
        always.missed + unclear * always.detected / now.visits.detected
    )


def test_usable_parts_are_means_of_the_seasons_own_months() -> None:
    data = berth(month())
    optical = [n for n in range(len(data.day)) if data.sensor_class[n] != RADAR]
    days = np.array([0.5, 12.0, 39.0])
    for day, found in zip(days, usable_by_month(data, days), strict=True):
        own = [data.usable[n] for n in optical
               if data.time(data.day[n]).month == data.time(day).month]  # fmt: skip
        assert found == pytest.approx(np.mean(own))
    late = replace(data, day=data.day[:3], usable=data.usable[:3],
                   sensor_class=np.zeros(3, int))  # fmt: skip
    assert usable_by_month(late, np.array([39.0])) == pytest.approx(data.usable[:3].mean())
    radar = replace(data, sensor_class=np.full(len(data.day), RADAR))
    assert usable_by_month(radar, days).tolist() == [USABLE_UNKNOWN] * 3


def test_the_list_that_comes_with_gnomon_has_free_and_paid_passes() -> None:
    read = read_further_passes(shipped("configs") / "further-passes.toml")
    assert {one.free for one in read} == {True, False}
    assert {one.sensor for one in read} == {"optical", "sar"}
    assert len({one.passes for one in read}) == len(read)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[[passes]]\npasses = 'x'\nsensor = 'sonar'", "passes.0.sensor"),
        ("[[passes]]\ngsd = 3", "passes.0.gsd"),
        ("[[passes", "cannot be read as TOML"),
    ],
)
def test_a_list_with_a_fault_is_refused_by_its_place(text: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(TrackError, match=fault):
        read_further_passes(path)


def test_more_images_are_read_by_the_detector_of_the_season_with_its_card() -> None:
    """One that finds a fifth of the ships gains less by more images than one that finds all."""
    data, known = berth(month()), observer().known
    band = RecallBand(length_m=90.0, labels=10, found=5)
    card = Recall(places=5, between_places=1.0, quay=(band,), open_water=(band,))
    with_card = replace(
        data, cards=(card,), detector=np.where(data.sensor_class == RADAR, RADAR, 4)
    )
    gains = []
    for p in (0.2, 0.95):
        prior = replace(known.prior, detection=np.array([[0.8, 0.8, 0.8, 0.8, p]]))
        one = replace(observer(), known=replace(known, prior=prior, cards=(card,)))
        gains.append(expected_with(with_card, one, passes(sensor="optical")).p_seen)
    assert gains[0] < gains[1] - 0.05
