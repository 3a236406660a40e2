"""Tables at the border: refused with one line, or completed with a noted consequence."""

import json
from datetime import timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from gnomon.datamodel.decisions import BY_EYE
from gnomon.datamodel.errors import TrackError
from gnomon.track.presence import COARSE, FINE, MEDIUM, RADAR
from gnomon.track.sightings import (
    CONSEQUENCES,
    USABLE_WHERE_DETECTED,
    PortObservations,
    check_tables,
    port_observations,
    rename_columns,
)
from tracked_seasons import START, month, plain_tables

END = START + timedelta(days=30)


def observed(
    detections: pd.DataFrame, observations: pd.DataFrame, *zones: str, port: str = "vostochny"
) -> PortObservations:
    tables = check_tables(detections, observations)
    return port_observations(
        port, *tables, zones=zones, beam_per_length=0.157, start=START, end=END
    )


# --- refused -------------------------------------------------------------------------------------


def test_missing_columns_are_named() -> None:
    detections, observations = plain_tables([1.0], [(0, 80.0)])
    with pytest.raises(TrackError, match="detections: lack scene_id, length_m; map columns"):
        check_tables(detections[["port"]], observations)
    with pytest.raises(TrackError, match="observations: lack seen_at"):
        check_tables(detections, observations.drop(columns="seen_at"))


@pytest.mark.parametrize("length", [0.0, -3.0, np.nan, "long"])
def test_a_detection_needs_a_positive_length(length: object) -> None:
    detections, observations = plain_tables([1.0], [(0, 80.0), (0, 90.0)])
    bad = detections.astype(object)
    bad.loc[1, "length_m"] = length
    with pytest.raises(TrackError, match="detections: 1 without a positive length_m"):
        check_tables(bad, observations)


def test_a_detection_needs_an_observation_that_took_place() -> None:
    detections, observations = plain_tables([1.0, 2.0], [(1, 80.0)])
    for lacking in (observations.iloc[:1], observations.assign(status=["observed", "failed"])):
        with pytest.raises(TrackError, match="1 without an observation, first s1 at vostochny"):
            check_tables(detections, lacking)


def test_an_observation_is_there_once() -> None:
    detections, observations = plain_tables([1.0, 2.0], [])
    twice = pd.concat([observations, observations.iloc[[1]]])
    with pytest.raises(TrackError, match="s1 at vostochny is there twice"):
        check_tables(detections, twice)
    other = observations.iloc[[1]].assign(port="rajin")
    assert len(check_tables(detections, pd.concat([observations, other]))[1]) == 3


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("2024-04-01T00:00:00", "seen_at 2024-04-01T00:00:00 has no zone; add Z"),
        ("05/11/2024 02:10", "seen_at 05/11/2024 02:10 can be read as several days"),
        ("spring", "'spring' is no time of ISO 8601"),
        (None, "is empty in some rows"),
    ],
)
def test_times_need_a_zone(value: object, message: str) -> None:
    detections, observations = plain_tables([1.0], [])
    with pytest.raises(TrackError, match=message):
        check_tables(detections, observations.assign(seen_at=[value]))


@pytest.mark.parametrize("status", [None, "", "ok"])
def test_an_observation_says_whether_it_took_place(status: str | None) -> None:
    """Rows without a status were left out, and nobody heard of it."""
    detections, observations = plain_tables([1.0, 2.0], [])
    with pytest.raises(TrackError, match="1 whose status is not observed, skipped or failed"):
        check_tables(detections, observations.assign(status=["observed", status]))


def test_an_observation_that_failed_needs_no_time() -> None:
    detections, observations = plain_tables([1.0, 2.0], [(0, 80.0)])
    times = [observations.seen_at.iloc[0], pd.NaT]
    given = observations.assign(status=["observed", "failed"], seen_at=times)
    assert len(check_tables(detections, given)[1]) == 1
    with pytest.raises(TrackError, match="seen_at is empty in some rows"):
        check_tables(detections, observations.assign(seen_at=times))


def test_a_ship_is_there_once_and_in_degrees() -> None:
    """A UTM table gave twice the visits, in silence."""
    detections, observations = plain_tables([1.0, 2.0], [(0, 80.0), (1, 80.0)])
    with pytest.raises(TrackError, match="detection_id a is there twice"):
        check_tables(detections.assign(detection_id="a"), observations)
    points = gpd.points_from_xy([133.0, 133.0], [42.7, 42.7])
    degrees = gpd.GeoDataFrame(detections, geometry=points, crs=4326)
    assert len(check_tables(degrees, observations)[0]) == 2
    with pytest.raises(TrackError, match="are in WGS 84 / UTM zone 53N; give degrees"):
        check_tables(degrees.to_crs(32653), observations)


def test_an_empty_table_of_observations_is_refused() -> None:
    detections, observations = plain_tables([], [])
    with pytest.raises(TrackError, match="observations: the table is empty"):
        check_tables(detections, observations)


def test_columns_are_renamed_or_named_as_missing() -> None:
    own = pd.DataFrame({"LOA": [80.0], "image": ["a"]})
    ours = rename_columns(own, {"length_m": "LOA", "scene_id": "image"}, "detections")
    assert list(ours.columns) == ["length_m", "scene_id"]
    with pytest.raises(TrackError, match="detections: has no column LOA; it has length_m"):
        rename_columns(ours[["length_m"]], {"length_m": "LOA"}, "detections")


# --- arrays --------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    days = np.sort(rng.uniform(0, 29, 6))
    pairs = [(int(rng.integers(6)), float(rng.uniform(50, 130))) for _ in range(8)]
    detections, observations = plain_tables(list(days), pairs)
    one = observed(detections, observations)
    two = observed(
        detections.sample(frac=1, random_state=seed), observations.sample(frac=1, random_state=seed)
    )
    np.testing.assert_array_equal(one.hulls.length_m, two.hulls.length_m)
    np.testing.assert_array_equal(one.hulls.observation, two.hulls.observation)
    np.testing.assert_array_equal(one.day, two.day)
    np.testing.assert_allclose(one.day, days, atol=1e-9)
    np.testing.assert_array_equal(one.hulls.day, one.day[one.hulls.observation])


def test_other_ports_and_other_times_are_left_out() -> None:
    detections, observations = plain_tables([1.0, 29.9, 30.1], [(0, 80.0), (2, 90.0)])
    more, others = plain_tables([2.0], [(0, 99.0)], port="rajin")
    data = observed(pd.concat([detections, more]), pd.concat([observations, others]))
    assert data.day == pytest.approx([1.0, 29.9])
    assert data.hulls.length_m.tolist() == [80.0]
    assert data.days == 30.0
    assert data.time(1.5) == START + timedelta(days=1.5)


def test_two_tiles_of_one_pass_are_one_observation_and_their_fractions_add_up() -> None:
    detections, observations = plain_tables([1.0, 1.0 + 9 / 86_400, 6.0, 6.0], [(1, 80.0)])
    observations = observations.assign(
        platform=["a", "a", "a", "b"], usable_fraction=[0.5, 0.4, 0.9, 0.3]
    )
    data = observed(detections, observations)
    assert data.usable == pytest.approx([0.9, 0.9, 0.3])
    assert data.hulls.observation.tolist() == [0]
    full = observed(detections, observations.assign(usable_fraction=0.8))
    assert full.usable[0] == 1.0


def test_only_zones_that_count_are_usable_and_have_hulls() -> None:
    detections, observations = plain_tables([1.0, 2.0, 3.0], [(0, 80.0), (0, 90.0), (1, 95.0)])
    observations = observations.assign(
        usable_fraction=[0.9, 0.8, 0.7],
        zones=[json.dumps({"pier": 0.2, "quay": 0.6}), json.dumps({"quay": 0.1}), None],
    )
    detections = detections.assign(zone=["pier", "quay", "roads"])
    one = observed(detections, observations, "pier")
    assert one.usable == pytest.approx([0.2, 0.8, 0.7])
    assert one.hulls.length_m.tolist() == [80.0]
    both = observed(detections, observations, "pier", "quay")
    assert both.usable == pytest.approx([0.4, 0.1, 0.7])
    assert observed(detections, observations).usable == pytest.approx([0.9, 0.8, 0.7])


def test_an_observation_with_a_detection_was_usable_there() -> None:
    detections, observations = plain_tables([1.0, 2.0], [(0, 80.0)])
    data = observed(detections, observations.assign(usable_fraction=0.0))
    assert data.usable.tolist() == [USABLE_WHERE_DETECTED, 0.0]


def test_sensors_have_their_class_and_unknown_ones_are_coarse_optical() -> None:
    detections, observations = plain_tables([1.0, 2.0, 3.0, 4.0], [])
    table = observations.assign(
        sensor=["sar", "optical", "optical", "optical"], gsd_m=[10.0, 3.0, 0.5, None]
    )
    assert observed(detections, table).sensor_class.tolist() == [RADAR, MEDIUM, FINE, COARSE]
    assert (observed(detections, observations).sensor_class == COARSE).all()


@given(st.floats(-70, 70), st.floats(-179, 179))
def test_positions_are_metres_from_the_middle(latitude: float, longitude: float) -> None:
    detections, observations = plain_tables([1.0, 2.0], [(0, 80.0), (1, 80.0)])
    x, y = longitude + np.array([0, 0.004]), latitude + np.array([0, 0.003])
    data = observed(detections.assign(longitude=x, latitude=y), observations)
    metres = Geod(ellps="WGS84").inv(x[0], y[0], x[1], y[1])[2]
    found = np.hypot(np.diff(data.hulls.east_m), np.diff(data.hulls.north_m))
    assert found[0] == pytest.approx(metres, rel=0.01)
    assert data.hulls.east_m.mean() == pytest.approx(0, abs=1e-6)
    table = gpd.GeoDataFrame(detections, geometry=gpd.points_from_xy(x, y), crs="EPSG:4326")
    by_geometry = observed(table, observations)
    np.testing.assert_array_equal(by_geometry.hulls.east_m, data.hulls.east_m)


# --- completed -----------------------------------------------------------------------------------


def test_what_the_tables_lack_is_noted_with_its_consequence() -> None:
    detections, observations = plain_tables([1.0], [(0, 100.0)])
    data = observed(detections, observations)
    assert set(data.notes) == set(CONSEQUENCES.values())
    assert data.hulls.length_sigma_m.tolist() == [8.0]
    assert data.hulls.beam_m == pytest.approx([15.7])
    assert data.hulls.beam_sigma_m == pytest.approx([0.2 * 15.7])
    assert np.isnan([data.hulls.p_tanker, data.hulls.log_lr_laden]).all()


def test_whole_tables_have_no_note_and_one_column_less_has_its_own() -> None:
    made = month()
    start, end = (time.to_pydatetime() for time in made.period)

    def notes(detections: pd.DataFrame) -> tuple[str, ...]:
        tables = check_tables(detections, made.observations)
        data = port_observations(
            "vostochny", *tables, zones=(), beam_per_length=0.157, start=start, end=end
        )
        return data.notes

    assert notes(made.detections) == ()
    for column in ("length_sigma_m", "beam_m", "score", "p_tanker", "log_lr_laden"):
        assert notes(made.detections.drop(columns=column)) == (CONSEQUENCES[column],)
        assert notes(made.detections.assign(**{column: np.nan})) == (CONSEQUENCES[column],)


def test_an_analysts_values_do_not_supply_a_column() -> None:
    detections, observations = plain_tables([1.0, 2.0], [(0, 80.0), (1, 90.0)])
    reviewed = detections.assign(p_tanker=[0.95, np.nan], **{BY_EYE: [True, False]})
    assert CONSEQUENCES["p_tanker"] in observed(reviewed, observations).notes
    reviewed["p_tanker"] = [0.95, 0.4]
    assert CONSEQUENCES["p_tanker"] not in observed(reviewed, observations).notes


def test_a_measured_beam_without_error_is_20_percent_off() -> None:
    detections, observations = plain_tables([1.0, 2.0], [(0, 80.0), (1, 90.0)])
    data = observed(detections.assign(beam_m=[12.0, np.nan], beam_sigma_m=[np.nan, 1.0]),
                    observations)  # fmt: skip
    assert data.hulls.beam_m == pytest.approx([12.0, 0.157 * 90])
    assert data.hulls.beam_sigma_m == pytest.approx([2.4, 0.2 * 0.157 * 90])


def test_identities_are_those_of_analysts() -> None:
    detections, observations = plain_tables([1.0, 2.0], [(0, 80.0), (1, 90.0)])
    assert observed(detections, observations).identity == ("", "")
    named = detections.assign(identity=[" Un Hung ", None])
    assert observed(named, observations).identity == ("Un Hung", "")
