"""Each fault is in the tables, and the rest of them is as it was."""

import json

import numpy as np
import pandas as pd
import pandera.errors
import pytest

from gnomon.datamodel.tables import Detections, Observations
from gnomon.simulate.season.world.options import World
from gnomon.simulate.season.world.season import WorldSeason, simulate_world
from gnomon.simulate.season.world.table_faults import TABLE_FAULTS, Tables


@pytest.fixture(scope="module")
def clean() -> WorldSeason:
    return simulate_world(np.random.default_rng(0), World(sensors=("s2", "s1", "daily")))


def faulty(clean: WorldSeason, name: str, seed: int = 1) -> Tables:
    fault = TABLE_FAULTS[name]
    return fault(np.random.default_rng(seed), clean.detections, clean.observations)


@pytest.mark.parametrize("name", TABLE_FAULTS)
def test_a_fault_leaves_the_clean_tables_as_they_are(clean: WorldSeason, name: str) -> None:
    before = clean.detections.copy(), clean.observations.copy()
    detections, observations = faulty(clean, name)
    pd.testing.assert_frame_equal(clean.detections, before[0])
    pd.testing.assert_frame_equal(clean.observations, before[1])
    assert not (detections.equals(before[0]) and observations.equals(before[1]))
    again = faulty(clean, name)
    pd.testing.assert_frame_equal(again[0], detections)
    pd.testing.assert_frame_equal(again[1], observations)


def test_some_ids_are_there_twice(clean: WorldSeason) -> None:
    detections, _ = faulty(clean, "duplicated ids")
    extra = len(detections) - len(clean.detections)
    assert extra == detections.detection_id.duplicated().sum()
    assert 0.05 < extra / len(clean.detections) < 0.4
    assert detections.drop_duplicates("detection_id").detection_id.tolist() == (
        clean.detections.detection_id.tolist()
    )
    with pytest.raises(pandera.errors.SchemaError, match="detection_id"):
        Detections.validate(detections)


def test_two_tiles_are_valid_tables_that_count_passes_twice(clean: WorldSeason) -> None:
    detections, observations = faulty(clean, "two tiles of a pass")
    Detections.validate(detections)
    Observations.validate(observations)
    optical = (clean.observations.sensor == "optical").sum()
    assert len(observations) == len(clean.observations) + optical
    apart = observations[observations.sensor == "optical"].seen_at.sort_values().diff().dropna()
    assert (apart.dt.total_seconds() == 8).sum() == optical
    assert set(detections.scene_id) <= set(observations.scene_id)
    assert (detections.sensor == "sar").sum() == (clean.detections.sensor == "sar").sum()


def test_only_observations_with_ships_are_left(clean: WorldSeason) -> None:
    detections, observations = faulty(clean, "only with ships")
    assert (observations.detections > 0).all()
    assert len(observations) == (clean.observations.detections > 0).sum()
    assert detections is clean.detections


def test_half_of_the_empty_observations_are_lost(clean: WorldSeason) -> None:
    _, observations = faulty(clean, "half the empty lost")
    empty = clean.observations.detections == 0
    assert (observations.detections == 0).sum() == empty.sum() - empty.sum() // 2
    assert (observations.detections > 0).sum() == (~empty).sum()
    other = faulty(clean, "half the empty lost", seed=2)[1]
    assert set(other.scene_id) != set(observations.scene_id)


def test_displaced_times_contradict_the_observation(clean: WorldSeason) -> None:
    detections, observations = faulty(clean, "displaced times")
    times = detections.scene_id.map(observations.set_index("scene_id").seen_at)
    off = (detections.seen_at - times).abs() > pd.Timedelta(hours=12)
    assert off.sum() == max(len(detections) // 10, 1)
    assert detections[~off].seen_at.equals(clean.detections[~off].seen_at)
    assert detections.seen_at.dtype == clean.detections.seen_at.dtype


def test_fractions_in_per_cent_break_the_schema(clean: WorldSeason) -> None:
    _, observations = faulty(clean, "fractions in per cent")
    assert observations.usable_fraction.max() == pytest.approx(100.0)
    ratio = observations.usable_fraction / clean.observations.usable_fraction
    assert ratio.dropna().to_numpy() == pytest.approx(100.0)
    for before, after in zip(clean.observations.zones, observations.zones, strict=True):
        times_100 = {name: 100 * part for name, part in json.loads(before).items()}
        assert json.loads(after) == pytest.approx(times_100)
    with pytest.raises(pandera.errors.SchemaError, match="fraction"):
        Observations.validate(observations)
