"""The stage: invariant where it must be, calibrated, and one clear line for bad input."""

import json
import time

import numpy as np
import pandas as pd
import pytest
from shapely import box

from gnomon.datamodel.errors import GnomonError
from gnomon.datamodel.ports import Port, Zone
from gnomon.datamodel.recall import Recall, RecallBand
from gnomon.datamodel.study import PeriodOptions
from gnomon.datamodel.tables import Seasons, Visits
from gnomon.datamodel.traffic import read_traffic
from gnomon.simulate.season.campaign import (
    SHARES,
    ZONE,
    SimulatedSeason,
    Trade,
    draw_trade,
    simulate_season,
    trade_2024,
)
from gnomon.simulate.season.fujairah import simulate_fujairah
from gnomon.track.fleet import read_fleet
from gnomon.track.sightings import CONSEQUENCES
from gnomon.track.tracking import check_zones, period_of
from tracked_seasons import (
    REGISTER,
    TRAFFIC,
    month,
    options,
    plain_tables,
    tracked,
    year_2024,
)

# --- invariances ---------------------------------------------------------------------------------


def test_tables_have_their_schema_and_bounds_in_order() -> None:
    found = tracked(month())
    Visits.validate(found.visits)
    Seasons.validate(found.seasons)
    rows = found.visits
    assert (rows.arrived_p05 <= rows.arrived_p50).all()
    assert (rows.arrived_p95 <= rows.arrived_before).all()
    assert (rows.departed_after <= rows.departed_p05).all()
    assert list(rows.arrived_p50) == sorted(rows.arrived_p50)
    every = [name for text in rows.detections for name in json.loads(text)]
    assert len(every) == len(set(every))
    assert set(every) <= set(month().detections.detection_id)
    assert [posterior.port for posterior in found.posteriors] == list(found.seasons.port)


def test_the_order_of_rows_does_not_matter() -> None:
    made = month()
    one = tracked(made)
    hulls, passes = (
        frame.sample(frac=1, random_state=5) for frame in (made.detections, made.observations)
    )
    two = tracked(made, detections=hulls, observations=passes)
    pd.testing.assert_frame_equal(one.visits, two.visits)
    pd.testing.assert_frame_equal(one.seasons, two.seasons)


def test_a_period_in_two_parts_and_joined_is_the_whole() -> None:
    made = month()
    middle = made.period[0] + pd.Timedelta(days=17)
    tables = made.detections, made.observations
    early, late = (
        [frame[frame.seen_at < middle] for frame in tables],
        [frame[frame.seen_at >= middle] for frame in tables],
    )
    joined = [pd.concat(parts, ignore_index=True) for parts in zip(late, early, strict=True)]
    whole = tracked(made)
    again = tracked(made, detections=joined[0], observations=joined[1])
    pd.testing.assert_frame_equal(whole.visits, again.visits)
    pd.testing.assert_frame_equal(whole.seasons, again.seasons)


def test_halves_inferred_apart_add_up_to_the_whole() -> None:
    made = year_2024()
    whole = tracked(made).seasons.visits_mean.iloc[0]
    halves = (("2024-03-01", "2024-07-14"), ("2024-07-15", "2024-11-30"))
    parts = [
        tracked(made, period=PeriodOptions.model_validate({"start": start, "end": end}))
        for start, end in halves
    ]
    # Each half has its own dwell parameters, and a ship there at midnight is counted in both.
    total = sum(part.seasons.visits_mean.iloc[0] for part in parts)
    assert total == pytest.approx(whole, rel=0.2)


def test_a_port_does_not_depend_on_another_without_evidence_for_it() -> None:
    made = month()
    alone = tracked(made)
    _, empty = plain_tables([-10.0, 3.0, 8.0], [], port="gdynia")
    empty = empty.assign(status="observed", platform="sentinel-2", usable_fraction=1.0)
    both = tracked(
        made,
        detections=made.detections,
        observations=pd.concat([made.observations, empty], ignore_index=True),
    )
    pd.testing.assert_frame_equal(both.visits, alone.visits)
    assert list(both.seasons.port) == ["gdynia", "vostochny"]


def test_rows_without_a_port_are_one_port() -> None:
    made = month()
    nowhere = tracked(
        made,
        detections=made.detections.assign(port=None),
        observations=made.observations.assign(port=None),
    )
    (port,) = nowhere.seasons.port
    assert port == "everywhere"
    # Of that name, for the random numbers of a port are its own.
    named = tracked(
        made,
        detections=made.detections.assign(port=port),
        observations=made.observations.assign(port=port),
    )
    pd.testing.assert_series_equal(nowhere.visits.length_m, named.visits.length_m)


# --- what is inferred ----------------------------------------------------------------------------


@pytest.mark.slow
def test_a_detector_that_finds_half_is_allowed_for_where_its_card_says_so() -> None:
    """Of a year's detections a random half is lost, as by a detector of half the recall."""
    band = RecallBand(length_m=90.0, labels=400, found=175)
    card = Recall(places=9, between_places=0.5, quay=(band,), open_water=(band,)).text("half")
    means = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        made = simulate_season(rng, trade_2024(), schedule="s2+s1")
        kept = made.detections[rng.random(len(made.detections)) < 0.5]
        seasons = [
            tracked(made, detections=kept, observations=observations).seasons.iloc[0]
            for observations in (made.observations, made.observations.assign(recall=card))
        ]
        assert seasons[1].visits_p05 <= len(made.truth.ship) <= seasons[1].visits_p95
        means.append([season.visits_mean for season in seasons])
    as_usual, as_measured = np.mean(means, 0)
    assert as_usual < as_measured - 3
    assert as_measured == pytest.approx(43, abs=10)


@pytest.mark.parametrize("seed", range(3))
def test_a_port_of_large_crude_carriers_works_by_its_file_alone(seed: int) -> None:
    """Fujairah: held with the file of its ships, and no tanker at all with that of small ones."""
    made = simulate_fujairah(np.random.default_rng(seed))
    held, other = (
        tracked(made, traffic=traffic, fleet=read_fleet(REGISTER, traffic.tankers))
        for traffic in (read_traffic("large-crude-carriers"), TRAFFIC)
    )
    (season,) = held.seasons.itertuples()
    assert season.visits_p05 <= len(made.truth.ship) <= season.visits_p95
    assert len(held.visits) > 10
    assert held.visits.length_m.between(300, 350).all()
    assert held.visits.deadweight_t.between(250_000, 370_000).all()
    assert len(other.visits) == 0
    assert other.seasons.visits_p50.iloc[0] == 0


def test_a_season_without_a_tanker_has_no_visit() -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        found = tracked(simulate_season(rng, draw_trade(rng, visits=0.0, others_per_day=0.05)))
        assert found.seasons.visits_p05.iloc[0] == 0
        assert len(found.visits) <= 2


@pytest.mark.parametrize(("kind", "sign"), [("loads", 1), ("unloads", 0)])
def test_the_direction_of_trade_is_inferred_and_not_assumed(kind: str, sign: int) -> None:
    made = simulate_season(np.random.default_rng(4), Trade(shares=SHARES[kind], visits=40.0))
    found = tracked(made)
    assert found.seasons.p_exports.iloc[0] == pytest.approx(sign, abs=0.05)
    assert found.visits.p_loaded.mean() == pytest.approx(sign, abs=0.1)


def test_radar_alone_leaves_the_direction_open() -> None:
    made = simulate_season(np.random.default_rng(0), trade_2024(), schedule="s2+s1")
    found = tracked(
        made,
        detections=made.detections[made.detections.sensor == "sar"],
        observations=made.observations[made.observations.sensor == "sar"],
    )
    assert 0.2 < found.seasons.p_exports.iloc[0] < 0.8


@pytest.mark.parametrize(
    ("seasons", "least_covered", "counts"),
    # Four months of free images at one berth are few: 17 of these 24 intervals hold.
    [(3, 4, (1, 4)), pytest.param(8, 16, (1, 2, 4), marks=pytest.mark.slow)],
)
def test_more_images_narrow_the_count(
    seasons: int, least_covered: int, counts: tuple[int, ...]
) -> None:
    """The same seasons with ever more of their images: narrower, and the truth stays within.

    More images narrow an interval on average, and not in each season: widths are means, and a few
    images more, as those of one radar satellite, may leave them as they are.
    """
    streams = ("sentinel-2-l2a", "sentinel-1-grd", "daily-3m", "sub-metre")
    trade = trade_2024(calls=(), days=120, visits=20.0)
    covered, widths = [], []
    for seed in range(seasons):
        made = simulate_season(np.random.default_rng(seed), trade)
        for count in counts:
            row = tracked(
                made,
                detections=made.detections[made.detections.collection.isin(streams[:count])],
                observations=made.observations[made.observations.collection.isin(streams[:count])],
            ).seasons.iloc[0]
            covered.append(row.visits_p05 <= len(made.truth.ship) <= row.visits_p95)
            widths.append(row.visits_p95 - row.visits_p05)
    assert sum(covered) >= least_covered
    means = np.reshape(widths, (seasons, len(counts))).mean(0)
    assert (means[1:] < 1.1 * means[:-1]).all()
    assert means[-1] < 0.6 * means[0]


# --- bad input, and input that lacks something ---------------------------------------------------


def spoiled(made: SimulatedSeason, how: str) -> dict[str, pd.DataFrame]:
    hulls, passes = made.detections, made.observations
    if how == "twice":
        passes = pd.concat([passes, passes.iloc[[3]]])
    elif how == "no observation":
        passes = passes[passes.scene_id != hulls.scene_id.iloc[0]]
    elif how == "no zone":
        passes = passes.assign(seen_at=passes.seen_at.dt.tz_localize(None))
    elif how == "empty":
        passes = passes.iloc[:0]
    elif how == "another year":
        passes = passes.assign(seen_at=passes.seen_at + pd.Timedelta(days=900))
        hulls = hulls.drop(columns="seen_at")
    elif how == "no length":
        hulls = hulls.drop(columns="length_m")
    return {"detections": hulls, "observations": passes}


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("twice", "is there twice"),
        ("no observation", "without an observation, first"),
        ("no zone", "has no zone; add Z"),
        ("empty", "the table is empty"),
        ("another year", "none from 2024-03-01"),
        ("no length", "lack length_m"),
    ],
)
def test_bad_tables_are_one_clear_line(how: str, message: str) -> None:
    with pytest.raises(GnomonError, match=message) as caught:
        tracked(month(), **spoiled(month(), how))
    assert "\n" not in str(caught.value)


def test_overlapping_zones_are_refused() -> None:
    zones = (Zone("a", "berth", box(0, 0, 2, 1)), Zone("b", "anchorage", box(1, 0, 3, 1)))
    with pytest.raises(GnomonError, match="zones a and b overlap"):
        check_zones(Port("p", box(0, 0, 3, 1), zones))
    check_zones(Port("p", box(0, 0, 3, 1), (zones[0], Zone("c", "berth", box(2, 0, 3, 1)))))
    with pytest.raises(GnomonError, match="zones a and b overlap"):
        tracked(month(), ports=(Port("p", box(0, 0, 3, 1), zones),))


def test_a_period_left_open_is_that_of_the_observations() -> None:
    _, observations = plain_tables([0.5, 3.0, 8.25], [])
    first, last = observations.seen_at.iloc[0], observations.seen_at.iloc[-1]
    assert period_of(PeriodOptions(), observations) == (first, last)
    day = first.date()
    start, end = period_of(PeriodOptions(start=day, end=day), observations)
    assert (end - start).days == 1
    assert start <= first < end


def test_nothing_but_cloud_is_an_unknown_number_of_visits() -> None:
    made = month()
    clouded = made.observations.assign(usable_fraction=0.0, zones=json.dumps({ZONE: 0.0}))
    found = tracked(made, detections=made.detections.iloc[:0], observations=clouded)
    (row,) = found.seasons.itertuples()
    assert np.isnan(row.visits_mean)
    assert "unknown" in row.notes
    assert found.posteriors[0].draws == ()


def test_what_a_table_lacks_is_noted_and_leaves_the_direction_open() -> None:
    made = month()
    found = tracked(
        made,
        detections=made.detections[["scene_id", "port", "length_m", "zone"]],
        observations=made.observations[["scene_id", "port", "seen_at"]],
    )
    notes = found.seasons.notes.iloc[0]
    assert notes.startswith("preliminary")  # sixty draws are few
    before, *own = notes.rsplit("; ", len(CONSEQUENCES))
    assert set(own) == set(CONSEQUENCES.values())
    assert "no image tells tankers from other ships of their size" in before
    assert 0.2 < found.seasons.p_exports.iloc[0] < 0.8


def test_own_columns_are_mapped() -> None:
    made = month()
    hulls = made.detections.rename(columns={"length_m": "LOA", "scene_id": "image"})
    mapped = options(detection_columns={"length_m": "LOA", "scene_id": "image"})
    found = tracked(made, mapped, detections=hulls)
    pd.testing.assert_frame_equal(found.visits, tracked(made).visits)
    with pytest.raises(GnomonError, match="has no column LOA"):
        tracked(made, mapped)


@pytest.mark.slow
def test_a_season_takes_seconds_and_cost_grows_with_observations() -> None:
    rng = np.random.default_rng(0)
    seconds = []
    for days in (275, 1100):
        made = simulate_season(rng, Trade(days=days, visits=43.0 * days / 275))
        begin = time.process_time()
        tracked(made, options(draws=200, members=256))
        seconds.append(time.process_time() - begin)
    assert seconds[0] < 10
    assert seconds[1] < 4 * 1.6 * seconds[0]
