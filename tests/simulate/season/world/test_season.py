"""A season keeps the laws of ships and orbits; a switch changes what it says and nothing else."""

import json
import time
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.datamodel.tables import Detections, Observations
from gnomon.geo.local import from_local_metres, local_metres
from gnomon.simulate.season.world.options import (
    ALTOGETHER,
    SENSORS,
    VIOLATIONS,
    World,
    violated,
)
from gnomon.simulate.season.world.presence import ORIGIN, Kind, berth_position
from gnomon.simulate.season.world.season import (
    ANCHORAGE_ZONE,
    ROADS_ZONE,
    WorldSeason,
    berth_names,
    port_of_world,
    simulate_world,
    zone_names,
)

ALL_SENSORS = World(sensors=SENSORS)


def season(seed: int, world: World) -> WorldSeason:
    return simulate_world(np.random.default_rng(seed), world)


def rows(made: WorldSeason, *kinds: Kind) -> pd.DataFrame:
    """Detections of some kinds without what numbers them."""
    frame = pd.DataFrame(made.detections[np.isin(made.kind, kinds)])
    frame = frame.drop(columns=["detection_id", "footprint"]).reset_index(drop=True)
    return frame.assign(geometry=[g.wkb_hex for g in frame.geometry])


def same_truth(one: WorldSeason, two: WorldSeason, *, but: tuple[str, ...] = ()) -> bool:
    return all(
        np.array_equal(getattr(one.truth, f.name), getattr(two.truth, f.name))
        for f in fields(one.truth)
        if f.name not in but
    )


@settings(max_examples=10)
@given(st.integers(0, 10_000), st.sets(st.sampled_from(sorted(VIOLATIONS)), max_size=4))
def test_tables_match_their_schemas_and_the_truth(seed: int, names: set[str]) -> None:
    made = season(seed, violated(ALL_SENSORS, *sorted(names)))
    Detections.validate(made.detections)
    Observations.validate(made.observations)
    assert made.detections.seen_at.is_monotonic_increasing
    counts = made.detections.scene_id.value_counts()
    assert all(
        counts.get(s, 0) == n
        for s, n in zip(made.observations.scene_id, made.observations.detections, strict=True)
    )
    times = made.observations.set_index("scene_id").seen_at
    assert (made.detections.seen_at == made.detections.scene_id.map(times)).all()
    truth, own = made.truth, made.visit >= 0
    assert np.array_equal(own, made.kind == Kind.TANKER)
    visit = made.visit[own]
    day = ((made.detections.seen_at - made.period[0]).dt.total_seconds() / 86_400).to_numpy()[own]
    second = 1 / 86_400
    assert np.all(day > truth.port_day[visit] - second)
    assert np.all(day < truth.depart_day[visit] + second)
    at_berth = day > truth.arrive_day[visit] + second
    seen = set(visit[at_berth])
    assert seen == set(np.flatnonzero(truth.detected))
    assert np.all(truth.observable | ~truth.detected)


@settings(max_examples=10)
@given(st.integers(0, 10_000), st.booleans())
def test_a_ship_is_in_one_place_and_a_berth_has_one_visit(seed: int, crowded: bool) -> None:
    truth = season(seed, violated(World(), *(ALTOGETHER if crowded else ()))).truth
    for owner, free in ((truth.ship, truth.port_day), (truth.berth, truth.arrive_day)):
        for one in np.unique(owner):
            own = np.flatnonzero(owner == one)
            assert np.all(free[own][1:] > truth.depart_day[own][:-1])


def test_the_same_seed_makes_the_same_tables() -> None:
    world = violated(ALL_SENSORS, *ALTOGETHER)
    one, two, other = season(3, world), season(3, world), season(4, world)
    pd.testing.assert_frame_equal(one.detections, two.detections)
    pd.testing.assert_frame_equal(one.observations, two.observations)
    assert same_truth(one, two)
    assert not same_truth(one, other)


def test_detections_lie_at_their_ships_berth() -> None:
    made = season(5, World(sensors=SENSORS, calls_per_day=0.3))
    own = made.visit >= 0
    points = made.detections.geometry[own]
    east, north = local_metres(points.x, points.y, origin=ORIGIN)
    there = berth_position(made.truth.berth[made.visit[own]])
    assert np.hypot(east - there.east, north - there.north).max() < 60
    zones = np.array(berth_names(made.world))[made.truth.berth[made.visit[own]]]
    assert np.mean(made.detections.zone[own] == zones) > 0.99


@pytest.mark.parametrize("roads", [True, False])
def test_the_zone_of_a_place_is_the_polygon_that_it_lies_in(roads: bool) -> None:
    world = World(roads_observed=roads)
    rng = np.random.default_rng(0)
    east, north = rng.uniform(-300, 2500, 8000), rng.uniform(-3000, 400, 8000)
    points = shapely.points(*from_local_metres(east, north, origin=ORIGIN))
    port = port_of_world(world)
    inside = {zone.name: shapely.contains(zone.geometry, points) for zone in port.zones}
    assert all(mask.sum() > 5 for mask in inside.values())
    assert len(inside) == world.berths + roads
    for n, name in enumerate(zone_names(world, east, north)):
        found = [zone for zone, mask in inside.items() if mask[n]]
        assert found == ([] if name == ROADS_ZONE else [name])
    assert all(shapely.contains(port.area, zone.geometry) for zone in port.zones)


def part_seen(world: World, seasons: int) -> float:
    seen = [season(seed, world).truth.detected for seed in range(seasons)]
    return float(np.concatenate(seen).mean())


@pytest.mark.parametrize(
    ("sensors", "clear", "closed_form"),
    [
        (("s2",), 0.55, 0.24),
        (("s2",), 0.4, 0.18),
        (("s2", "s1"), 0.55, 0.60),
        (("s2", "s1"), 0.4, 0.57),
        (("daily",), 0.55, 0.67),
        (("daily",), 0.4, 0.53),
        (("daily", "s2", "s1"), 0.55, 0.83),
    ],
)
def test_visits_are_seen_as_often_as_the_closed_form_says(
    sensors: tuple[str, ...], clear: float, closed_form: float
) -> None:
    """Of 43 visits of 2.5 days, a detection of 0.85 to 0.9, cloud with a memory of 0.35.

    An image on each day, as there; the standard error of 1,100 visits is 0.015. The three tracks of
    radar, at their days of the cycle, see 0.47 of the stays; Sentinel-2 adds little to daily images
    under the same clouds.
    """
    world = World(sensors=sensors, clear=clear, daily_data=1.0, days=1050)
    assert part_seen(world, 6) == pytest.approx(closed_form, abs=0.06)


@pytest.mark.parametrize("stay", [1.5, 2.5, 4.0])
def test_sentinel_2_alone_sees_what_its_passes_meet(stay: float) -> None:
    """Oracle: passes five days apart at a phase that is uniform, cloud that has forgotten."""
    draws = np.random.default_rng(0)
    spread = np.log1p(0.25)
    days = draws.lognormal(np.log(stay) - spread / 2, np.sqrt(spread), 100_000)
    met = np.floor(days / 5 + draws.random(100_000))
    expected = np.mean(1 - (1 - 0.55 * 0.85) ** met)
    world = World(sensors=("s2",), clear=0.55, stay_days=(stay,), days=1400)
    assert part_seen(world, 6) == pytest.approx(expected, abs=0.035)


def test_visits_and_barrels_are_those_of_the_finding() -> None:
    truths = [season(seed, World(days=244)).truth for seed in range(20)]
    assert np.mean([len(t.ship) for t in truths]) == pytest.approx(43, rel=0.06)
    assert np.mean([t.barrels.sum() for t in truths]) == pytest.approx(1.0e6, rel=0.12)
    fixed = World(load_fraction_shared_sigma=0.0, load_fraction_sigma=0.0, conversion_sigma=0.0)
    truth = season(0, fixed).truth
    assert truth.barrels == pytest.approx(truth.deadweight_t * 0.88 * 7.46)


def test_load_evidence_follows_the_trade() -> None:
    """Of ships that load: ballast early in the stay, laden late; and the reverse of the reverse."""
    for name, sign in (("roads", 1), ("unloads", -1)):
        early, late = [], []
        for seed in range(6):
            made = season(seed, violated(replace(ALL_SENSORS, calls_per_day=0.3), name))
            own = made.detections[made.visit >= 0].assign(visit=made.visit[made.visit >= 0])
            own = own[own.gsd_m < 1]
            day = (own.seen_at - made.period[0]).dt.total_seconds().to_numpy() / 86_400
            come, go = (getattr(made.truth, f)[own.visit] for f in ("arrive_day", "depart_day"))
            age = (day - come) / (go - come)
            early.extend(sign * own.log_lr_laden[age < 0.1])
            late.extend(sign * own.log_lr_laden[age > 0.9])
        assert np.mean(np.array(early) < 0) > 0.9
        assert np.mean(np.array(late) > 0) > 0.9


@pytest.mark.parametrize(
    ("name", "kind"),
    [("cranes", Kind.CRANE), ("hulks", Kind.HULK), ("bunker vessels", Kind.BUNKER_VESSEL)],
)
def test_what_stays_is_added_and_changes_no_other_row(name: str, kind: Kind) -> None:
    clean, more = season(6, ALL_SENSORS), season(6, violated(ALL_SENSORS, name))
    assert (more.kind == kind).sum() > 20
    others = [k for k in Kind if k != kind]
    pd.testing.assert_frame_equal(rows(more, *others), rows(clean, *others))
    assert same_truth(clean, more)
    assert not (clean.kind == kind).any()


@pytest.mark.parametrize("name", ["low recall", "haze"])
def test_a_worse_detector_loses_rows_and_nothing_else(name: str) -> None:
    clean, worse = season(7, ALL_SENSORS), season(7, violated(ALL_SENSORS, name))
    kept = rows(worse, *Kind).merge(rows(clean, *Kind), how="inner")
    assert len(kept) == len(worse.detections) < len(clean.detections)
    assert same_truth(clean, worse, but=("detected",))
    assert np.all(clean.truth.detected | ~worse.truth.detected)
    same = [c for c in Observations.to_schema().columns if c not in ("detections", "geometry")]
    pd.testing.assert_frame_equal(
        pd.DataFrame(worse.observations[same]), pd.DataFrame(clean.observations[same])
    )


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("no type", {"p_tanker"}),
        ("open direction", {"log_lr_laden", "p_laden", "load_state", "load_reason"}),
        ("unloads", {"log_lr_laden", "p_laden", "load_state", "load_reason"}),
        ("mixed", {"log_lr_laden", "p_laden", "load_state", "load_reason"}),
        ("heavy fleet", {"log_lr_laden", "p_laden", "load_state", "load_reason"}),
    ],
)
def test_some_switches_change_columns_alone(name: str, columns: set[str]) -> None:
    clean, other = season(8, ALL_SENSORS), season(8, violated(ALL_SENSORS, name))
    one, two = rows(clean, *Kind), rows(other, *Kind)
    changed = {c for c in one if not one[c].equals(two[c])}
    assert {"p_tanker"} & columns <= changed <= columns
    same_visits = ("operation", "barrels", "deadweight_t")
    assert same_truth(clean, other, but=same_visits)
    ratio = other.truth.deadweight_t / clean.truth.deadweight_t
    assert ratio == pytest.approx(1.12 if name == "heavy fleet" else 1.0)
    if name == "heavy fleet":
        assert other.truth.barrels == pytest.approx(1.12 * clean.truth.barrels)
    if name == "unloads":
        assert not other.truth.barrels.any()
    if name == "mixed":
        loads = other.truth.operation == 0
        assert 0.2 < loads.mean() < 0.8
        assert np.array_equal(other.truth.barrels > 0, loads)


def test_no_tanker_leaves_the_ships_of_others() -> None:
    clean, none = season(9, ALL_SENSORS), season(9, violated(ALL_SENSORS, "no tanker"))
    assert len(none.truth.ship) == 0
    assert not (none.kind == Kind.TANKER).any()
    assert (none.kind == Kind.OTHER).sum() >= 0.8 * (clean.kind == Kind.OTHER).sum() > 0
    Detections.validate(none.detections)
    alarms = rows(none, Kind.FALSE_ALARM)
    pd.testing.assert_frame_equal(alarms, rows(clean, Kind.FALSE_ALARM))


def test_roads_add_ships_that_wait_outside_the_berths() -> None:
    world = replace(ALL_SENSORS, berths=1, calls_per_day=0.3)
    clean, more = season(10, world), season(10, violated(world, "roads"))
    assert same_truth(clean, more)
    early = more.detections.seen_at < more.period[0] + pd.to_timedelta(
        more.truth.arrive_day[more.visit], unit="D"
    )
    added = (more.visit >= 0) & early.to_numpy()
    assert added.sum() == len(more.detections) - len(clean.detections) > 10
    assert set(more.detections.zone[added]) == {ANCHORAGE_ZONE}
    assert json.loads(more.observations.zones.iloc[0]).keys() == {"berth 1", ANCHORAGE_ZONE}


@pytest.mark.parametrize("name", ["barges", "coasters"])
def test_ships_at_the_berths_make_others_wait_and_leave_their_stays(name: str) -> None:
    kind = {"barges": Kind.BARGE, "coasters": Kind.COASTER}[name]
    clean, more = season(11, ALL_SENSORS), season(11, violated(ALL_SENSORS, name))
    assert (more.kind == kind).sum() > 5
    first = [np.unique(made.truth.ship, return_index=True)[1] for made in (clean, more)]
    stays = [
        (m.truth.depart_day - m.truth.arrive_day)[f]
        for m, f in zip((clean, more), first, strict=True)
    ]
    assert np.mean(np.isclose(*stays)) > 0.8  # of a ship's first visit within the season
    if name == "coasters":
        assert more.detections.p_tanker.isna().all()


def test_partial_cloud_is_in_the_zones_of_the_berths() -> None:
    made = season(12, World(sensors=("daily",), daily_data=1.0, clear=0.55, days=2000))
    zones = pd.DataFrame([json.loads(text) for text in made.observations.zones])
    assert list(zones) == list(berth_names(made.world))
    assert zones.mean(axis=1).to_numpy() == pytest.approx(
        made.observations.usable_fraction, abs=0.001
    )
    assert zones.mean().to_numpy() == pytest.approx(0.55, abs=0.04)


def test_a_season_takes_little_time() -> None:
    world = violated(ALL_SENSORS, *ALTOGETHER)
    season(0, world)
    seconds = []
    for seed in range(3):
        started = time.process_time()
        season(seed, world)
        seconds.append(time.process_time() - started)
    assert min(seconds) < 0.3
