"""From looks to visits: exact where it can be exact, invariant where it must be, and calibrated."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from gnomon.datamodel.errors import GnomonError
from gnomon.datamodel.ports import Port, Zone
from gnomon.datamodel.study import Study
from gnomon.datamodel.tables import Seasons, Visits
from gnomon.simulate.season.campaign import (
    SHARES,
    ZONE,
    Season,
    Trade,
    draw_trade,
    season,
    trade_2024,
)
from gnomon.track import direction
from gnomon.track import estimators as checks
from gnomon.track.dwell import Stays, grid
from gnomon.track.presence import Bank, bank, presence
from gnomon.track.tracking import Tracked, check_zones, track
from gnomon.validate.seasons import measured, readings, summary
from gnomon.workflow.infer import deadweight_of, infer


def study(made: Season, **options: object) -> Study:
    start, end = made.period
    return Study.model_validate(
        {
            "name": "test",
            "catalog": {"url": "none"},
            "period": {"start": start.date(), "end": (end - pd.Timedelta(days=1)).date()},
            "track": {"zones": [ZONE], "draws": 60, "members": 64, **options},
        }
    )


def tracked(made: Season, **options: object) -> Tracked:
    return track(
        study(made, **options), made.detections, made.observations, deadweight=deadweight_of
    )


@pytest.fixture(scope="module")
def year() -> Season:
    return season(np.random.default_rng(3), trade_2024())


# --- physics of being seen, against plain simulation -----------------------------------------


def one_member(mean: float, phases: int, chance: float) -> Bank:
    return Bank(np.full((1, 2), mean), np.full((1, 2), phases), np.full((1, 4), chance))


@pytest.mark.parametrize(("mean", "phases"), [(2.5, 4), (1.5, 1), (4.0, 6)])
def test_the_chance_of_being_seen_is_that_of_a_simulation(mean: float, phases: int) -> None:
    rng = np.random.default_rng(0)
    day = np.sort(rng.uniform(0, 60, 40))
    usable = rng.uniform(0, 1, 40)
    there = presence(
        one_member(mean, phases, 0.9),
        day=day,
        kind=np.zeros(40, int),
        usable=usable,
        lengths_m=(90.0,),
        tankers=(True,),
        start_day=0.0,
        end_day=60.0,
    )
    arrive = rng.uniform(-40, 60, 400_000)
    depart = arrive + rng.gamma(phases, mean / phases, len(arrive))
    inside = depart > 0
    seen = np.zeros(len(arrive), bool)
    for time_, fraction in zip(day, usable, strict=True):
        here = (arrive < time_) & (time_ < depart)
        seen |= here & (rng.random(len(arrive)) < 0.9 * fraction)
    per_day = len(arrive) / 100
    assert there.all_days[0, 0] == pytest.approx(inside.sum() / per_day, rel=0.01)
    assert there.seen_days[0, 0] == pytest.approx(seen.sum() / per_day, rel=0.01)


def test_the_weight_of_a_track_is_that_of_a_simulation() -> None:
    rng = np.random.default_rng(1)
    day, chance = np.array([1.0, 2.0, 3.5, 5.0]), 0.8
    there = presence(
        one_member(2.5, 3, chance),
        day=day,
        kind=np.zeros(4, int),
        usable=np.ones(4),
        lengths_m=(90.0,),
        tankers=(True,),
        start_day=0.0,
        end_day=6.0,
    )
    arrive = rng.uniform(-30, 6, 600_000)
    depart = arrive + rng.gamma(3, 2.5 / 3, len(arrive))
    told = [(arrive < t) & (t < depart) & (rng.random(len(arrive)) < chance) for t in day]
    exact = ~told[0] & told[1] & ~told[2] & told[3]
    weight = there.log_stay(np.array([1]), np.array([3]))[0, 0, 0]
    weight += there.log_odds[[1, 3], 0, 0].sum()
    weight += there.log_missed[4, 0, 0] - there.log_missed[1, 0, 0]
    assert np.exp(weight) == pytest.approx(exact.sum() / (len(arrive) / 36), rel=0.05)


def test_the_bank_keeps_its_priors() -> None:
    made = bank(1024)
    assert np.median(made.mean_days) == pytest.approx(2.5, rel=0.01)
    assert np.log(made.mean_days).std() == pytest.approx(np.log(1.35), rel=0.02)
    assert made.detection.mean(0) == pytest.approx([0.87, 0.85, 0.92, 0.97], abs=0.003)


def test_ends_of_a_stay_are_those_of_a_simulation() -> None:
    rng = np.random.default_rng(2)
    day = np.arange(20.0)
    missed = np.full(20, 0.3)
    stay = Stays(one_member(2.5, 4, 0.7), np.ones(1), day=day, missed=missed).of(10, 11)
    arrive = rng.uniform(0, 11, 400_000)
    depart = arrive + rng.gamma(4, 2.5 / 4, len(arrive))
    right = (arrive < 10) & (depart > 11)
    for time_ in np.r_[day[:10], day[12:]]:
        here = (arrive < time_) & (time_ < depart)
        right &= ~(here & (rng.random(len(arrive)) < 0.7))
    assert stay.mean_before == pytest.approx((10 - arrive[right]).mean(), abs=0.05)
    assert stay.mean_after == pytest.approx((depart[right] - 11).mean(), abs=0.05)
    assert stay.before @ (grid() > 1) == pytest.approx((arrive[right] < 9).mean(), abs=0.02)


# --- direction ---------------------------------------------------------------------------------


@given(st.lists(st.floats(-4.5, 4.5), max_size=6), st.integers(0, 100))
def test_laden_and_ballast_change_places_and_nothing_else_does(
    evidence: list[float], seed: int
) -> None:
    """No prior knows which way the oil goes."""
    ratio = np.array(evidence)
    passed = np.random.default_rng(seed).uniform(0, 1, len(ratio))
    swap = [direction.UNLOADS, direction.LOADS, direction.LADEN, direction.BALLAST]
    one = direction.log_likelihood(ratio, passed)
    two = direction.log_likelihood(-ratio, passed)
    np.testing.assert_allclose(one, two[swap], atol=1e-9)
    visits = np.stack([one, one])
    posterior = np.exp(direction.share_posterior(visits))
    mirrored = np.exp(direction.share_posterior(np.stack([two, two])))
    mean, other = (p @ direction.SHARES / p.sum() for p in (posterior, mirrored))
    np.testing.assert_allclose(mean, other[swap], atol=1e-9)


def test_without_evidence_loading_is_as_likely_as_unloading() -> None:
    posterior = np.exp(direction.share_posterior(np.zeros((30, 4))))
    mean = posterior @ direction.SHARES / posterior.sum()
    assert mean[direction.LOADS] == pytest.approx(mean[direction.UNLOADS], abs=1e-12)


def test_early_ballast_and_late_laden_is_loading() -> None:
    turns = direction.log_likelihood(np.array([-3.0, 3.0]), np.array([0.1, 0.9]))
    assert turns.argmax() == direction.LOADS
    assert turns[direction.LOADS] - turns[direction.UNLOADS] > 2.5


# --- checks ------------------------------------------------------------------------------------


def test_closed_forms_find_what_they_count() -> None:
    rng = np.random.default_rng(0)
    found = rng.binomial(50, 0.6, 4000)
    counts = [checks.horvitz_thompson(np.full(5, n), np.full(5, 0.6)) for n in found]
    off = np.array([(c.visits - 50) / c.sigma for c in counts])
    assert off.mean() == pytest.approx(0, abs=0.1)
    assert off.std() == pytest.approx(1, abs=0.1)
    both = rng.binomial(1, 0.5, (4000, 60)), rng.binomial(1, 0.6, (4000, 60))
    pairs = zip(*both, strict=True)
    visits = [checks.chapman(a.sum(), b.sum(), (a * b).sum()).visits for a, b in pairs]
    assert np.mean(visits) == pytest.approx(60, rel=0.02)


# --- the stage ---------------------------------------------------------------------------------


def test_tables_keep_their_schema_and_bounds_are_in_order(year: Season) -> None:
    found = tracked(year)
    Visits.validate(found.visits)
    Seasons.validate(found.seasons)
    rows = found.visits
    assert (rows.arrived_p05 <= rows.arrived_p50).all()
    assert (rows.arrived_p95 <= rows.arrived_before).all()
    assert (rows.departed_after <= rows.departed_p05).all()
    known = rows.arrived_after.notna()
    assert (rows.arrived_after < rows.arrived_before)[known].all()
    every = [name for text in rows.detections for name in json.loads(text)]
    assert len(every) == len(set(every))


def test_arrivals_lie_within_their_intervals(year: Season) -> None:
    found = tracked(year).visits
    number = dict(zip(year.detections.detection_id, year.visit, strict=True))
    held, alone = 0, 0
    for row in found.itertuples():
        visits = {number[name] for name in json.loads(row.detections)}
        if len(visits) > 1 or min(visits) < 0:
            continue
        alone += 1
        truth = year.period[0] + pd.Timedelta(days=year.truth.arrive_day[visits.pop()])
        held += row.arrived_p05 <= truth <= row.arrived_p95
    assert alone >= 20
    assert held / alone > 0.75


def test_the_order_of_rows_does_not_matter(year: Season) -> None:
    one = tracked(year)
    shuffled = [
        frame.sample(frac=1, random_state=5) for frame in (year.detections, year.observations)
    ]
    two = track(study(year), *shuffled, deadweight=deadweight_of)
    pd.testing.assert_frame_equal(one.visits, two.visits)
    pd.testing.assert_frame_equal(one.seasons, two.seasons)


def test_a_period_in_two_parts_and_joined_is_the_whole(year: Season, tmp_path: Path) -> None:
    middle = year.period[0] + pd.Timedelta(days=130)
    early = [frame[frame.seen_at < middle] for frame in (year.detections, year.observations)]
    late = [frame[frame.seen_at >= middle] for frame in (year.detections, year.observations)]
    joined = [pd.concat(parts, ignore_index=True) for parts in zip(late, early, strict=True)]
    whole = infer(study(year), year.detections, year.observations, tmp_path / "whole")
    again = infer(study(year), *joined, tmp_path / "joined")
    pd.testing.assert_frame_equal(whole.ledger, again.ledger)
    pd.testing.assert_frame_equal(whole.tracked.visits, again.tracked.visits)


def test_halves_inferred_apart_add_up_to_the_whole(year: Season) -> None:
    whole = tracked(year).seasons.visits_mean.iloc[0]
    parts = 0.0
    for start, end in (("2024-03-01", "2024-07-14"), ("2024-07-15", "2024-11-30")):
        options = study(year).model_dump() | {"period": {"start": start, "end": end}}
        half = track(
            Study.model_validate(options),
            year.detections,
            year.observations,
            deadweight=deadweight_of,
        )
        parts += half.seasons.visits_mean.iloc[0]
    # Each half has its own doubt of dwell, and a ship there at midnight is counted in both.
    assert parts == pytest.approx(whole, rel=0.2)


def test_a_season_without_a_tanker_has_no_visit_and_no_barrel(tmp_path: Path) -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        made = season(rng, draw_trade(rng, visits=0.0, others_per_day=0.05))
        found = infer(study(made), made.detections, made.observations, tmp_path / str(seed))
        assert found.tracked.seasons.visits_p05.iloc[0] == 0
        assert found.ledger.barrels_p05.iloc[0] == 0
        assert found.ledger.barrels_p50.iloc[0] == 0
        assert found.ledger.p_over_cap.iloc[0] < 0.01
        assert len(found.tracked.visits) <= 2


@pytest.mark.parametrize(("kind", "sign"), [("loads", 1), ("unloads", 0)])
def test_the_direction_of_trade_is_read_and_not_supposed(kind: str, sign: int) -> None:
    rng = np.random.default_rng(4)
    made = season(rng, Trade(shares=SHARES[kind], visits=40.0))
    found = tracked(made)
    assert found.seasons.p_exports.iloc[0] == pytest.approx(sign, abs=0.05)
    loaded = found.visits.p_loaded.mean()
    assert loaded == pytest.approx(sign, abs=0.1)


def test_radar_alone_tells_no_direction() -> None:
    made = season(np.random.default_rng(0), trade_2024(), schedule="s2+s1")
    radar = made.observations[made.observations.sensor == "sar"]
    hulls = made.detections[made.detections.sensor == "sar"]
    found = track(study(made), hulls, radar, deadweight=deadweight_of)
    assert 0.2 < found.seasons.p_exports.iloc[0] < 0.8


def test_more_looks_narrow_the_count() -> None:
    """The same season through ever more of its looks: narrower, and the truth stays within."""
    streams = ("sentinel-2-l2a", "sentinel-1-grd", "daily-3m", "sub-metre")
    held, widths = [], []
    for seed in range(3):
        made = season(np.random.default_rng(seed), trade_2024())
        for count in (1, 2, 4):
            observations = made.observations[made.observations.collection.isin(streams[:count])]
            hulls = made.detections[made.detections.collection.isin(streams[:count])]
            found = track(study(made), hulls, observations, deadweight=deadweight_of)
            row = found.seasons.iloc[0]
            held.append(row.visits_p05 <= 43 <= row.visits_p95)
            widths.append(row.visits_p95 - row.visits_p05)
    # Nine intervals of 90 %: fewer than six that hold happens once in a thousand times.
    assert sum(held) >= 6
    narrow = np.reshape(widths, (3, 3)).mean(0)
    assert narrow[0] > narrow[1] > narrow[2]


# --- bad input: one clear line, or a consequence that is told -----------------------------------


def spoiled(made: Season, how: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    hulls, observations = made.detections, made.observations
    if how == "a look twice":
        observations = pd.concat([observations, observations.iloc[[3]]])
    elif how == "no look":
        observations = observations[observations.scene_id != hulls.scene_id.iloc[0]]
    elif how == "no zone":
        observations = observations.assign(seen_at=observations.seen_at.dt.tz_localize(None))
    elif how == "no looks":
        observations = observations.iloc[:0]
    elif how == "another year":
        observations = observations.assign(seen_at=observations.seen_at + pd.Timedelta(days=900))
    elif how == "no length":
        hulls = hulls.drop(columns="length_m")
    elif how == "length zero":
        hulls = hulls.assign(length_m=0.0)
    return hulls, observations


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("a look twice", "is there twice"),
        ("no look", "without a look, first"),
        ("no zone", "times without a zone"),
        ("no looks", "there is none"),
        ("another year", "none from 2024-03-01"),
        ("no length", "lack length_m"),
        ("length zero", "without a positive length_m"),
    ],
)
def test_bad_tables_are_one_clear_line(year: Season, how: str, said: str) -> None:
    with pytest.raises(GnomonError, match=said) as caught:
        track(study(year), *spoiled(year, how), deadweight=deadweight_of)
    assert "\n" not in str(caught.value)


def test_overlapping_zones_are_refused() -> None:
    zones = (Zone("a", "berth", box(0, 0, 2, 1)), Zone("b", "anchorage", box(1, 0, 3, 1)))
    with pytest.raises(GnomonError, match="zones a and b overlap"):
        check_zones(Port("p", box(0, 0, 3, 1), zones))
    check_zones(Port("p", box(0, 0, 3, 1), (zones[0], Zone("c", "berth", box(2, 0, 3, 1)))))


def test_nothing_but_cloud_is_nothing_known(year: Season, tmp_path: Path) -> None:
    observations = year.observations.assign(usable_fraction=0.0, zones=json.dumps({ZONE: 0.0}))
    found = infer(study(year), year.detections.iloc[:0], observations, tmp_path)
    (row,) = found.tracked.seasons.itertuples()
    assert np.isnan(row.visits_mean)
    assert "not known" in row.notes
    assert len(found.ledger) == 0


def test_what_a_table_lacks_is_told_with_its_consequence(year: Season) -> None:
    hulls = year.detections[["scene_id", "port", "length_m", "zone"]]
    observations = year.observations[["scene_id", "port", "seen_at"]]
    found = track(study(year), hulls, observations, deadweight=deadweight_of)
    notes = found.seasons.notes.iloc[0]
    for word in ("length_sigma_m", "beam_m", "score", "p_tanker", "log_lr_laden", "geometry"):
        assert word in notes
    assert "usable_fraction" in notes
    assert 0.2 < found.seasons.p_exports.iloc[0] < 0.8


def test_own_columns_are_mapped(year: Season) -> None:
    hulls = year.detections.rename(columns={"length_m": "LOA", "scene_id": "image"})
    mapped = study(year, detection_columns={"length_m": "LOA", "scene_id": "image"})
    found = track(mapped, hulls, year.observations, deadweight=deadweight_of)
    pd.testing.assert_frame_equal(found.visits, tracked(year).visits)
    with pytest.raises(GnomonError, match="has no column LOA"):
        track(mapped, year.detections, year.observations, deadweight=deadweight_of)


def test_two_tiles_of_one_pass_are_one_look() -> None:
    start = datetime(2024, 4, 1, tzinfo=UTC)
    observations = pd.DataFrame(
        {
            "scene_id": ["east", "west", "later"],
            "platform": "sentinel-2a",
            "port": "vostochny",
            "seen_at": [start, start + timedelta(seconds=9), start + timedelta(days=5)],
            "usable_fraction": [0.5, 0.4, 0.0],
        }
    )
    hulls = pd.DataFrame({"scene_id": ["east"], "port": "vostochny", "length_m": [80.0]})
    options = {"name": "t", "catalog": {"url": "x"}, "track": {"draws": 20, "members": 16}}
    found = track(Study.model_validate(options), hulls, observations, deadweight=deadweight_of)
    assert found.seasons.observations.iloc[0] == 2
    assert found.seasons.usable_observations.iloc[0] == pytest.approx(0.9)


# --- speed and calibration ---------------------------------------------------------------------


@pytest.mark.slow
def test_a_season_takes_seconds_and_cost_grows_with_looks() -> None:
    rng = np.random.default_rng(0)
    seconds = []
    for days in (275, 1100):
        made = season(rng, Trade(days=days, visits=43.0 * days / 275))
        begin = time.process_time()
        track(
            Study.model_validate(study(made).model_dump() | {"track": {"zones": [ZONE]}}),
            made.detections,
            made.observations,
            deadweight=deadweight_of,
        )
        seconds.append(time.process_time() - begin)
    assert seconds[0] < 10
    assert seconds[1] < 4 * 1.6 * seconds[0]


@pytest.mark.slow
def test_intervals_hold_the_truth() -> None:
    """The validation of docs/validation.md, thinned: bounds allow for fifteen seasons."""
    few = measured(readings(15, seed=77))
    table = summary(few).set_index(["kind", "schedule"])
    drawn = table.loc["drawn"]
    # Fifteen seasons at 90 %: fewer than 10 held happens once in a hundred times.
    assert (drawn.visits_held >= 10 / 15).all()
    assert (drawn.barrels_held >= 10 / 15).all()
    assert (drawn.visits_bias.abs() < 0.1 + 2.6 * drawn.visits_bias_error).all()
    assert table.loc[("empty", "all"), "visits_mean"] < 1.5
    # A season of fifteen short calls may stay half open.
    middle = few.groupby(["kind", "schedule"]).p_exports.median()
    assert middle["reversed", "all"] < 0.3
    assert middle["loading", "all"] > 0.7
    assert middle["loading, around", "s2+s1"] > 0.6
    # Where few late looks are clear the direction stays partly open; the median is sure.
    assert table.loc[("2024", "all"), "p_over"] > 0.9
    assert table.loc[("2024", "s2"), "half_width"] > 15
