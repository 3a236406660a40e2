"""Results of observations become two tables, in any order, and in little more than their memory."""

import tracemalloc

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.tables import Detections
from gnomon.workflow import result_tables
from gnomon.workflow.evidence import evidence_table
from gnomon.workflow.result_tables import ResultTables
from gnomon.workflow.store import Result
from small_tables import observation, ship


def gathered(results: list[Result]) -> ResultTables:
    tables = ResultTables()
    for one in results:
        tables.add(one)
    return tables


@given(st.permutations([("a", 130.3), ("a", 130.31), ("b", 130.3), ("c", 130.2)]))
def test_joined_tables_have_one_order(
    order: list[tuple[str, float]],
) -> None:
    results = [Result(observation(scene), ship(scene, x), evidence_table([])) for scene, x in order]
    detections, observations = gathered(results).joined()
    assert list(detections.detection_id) == sorted(detections.detection_id)
    assert list(observations.scene_id) == sorted(observations.scene_id)


def test_no_result_gives_empty_tables_with_every_column() -> None:
    detections, observations = ResultTables().joined()
    assert len(detections) == len(observations) == 0
    assert list(detections.columns) == list(Detections.to_schema().columns)
    assert detections.crs == observations.crs == "EPSG:4326"


def test_tables_are_the_same_however_many_frames_are_joined_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where a column is empty in all of them, or a scene has no ship."""
    bare = Result(observation("none"), ship("none").iloc[:0], evidence_table([]))
    ships = [Result(observation(n), ship(n), evidence_table([])) for n in "dacb"]
    whole = gathered([*ships, bare]).joined()
    monkeypatch.setattr(result_tables, "AT_ONCE", 2)
    tables = gathered([*ships[:3], bare, ships[3]])
    for one, other in zip(tables.joined(), whole, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_a_result_takes_the_memory_of_its_row() -> None:
    """A frame of one row takes 50 to 100 kB with its index, columns and CRS."""
    row, bare, tables = observation(), ship().iloc[:0], ResultTables()
    evidence = evidence_table([])
    for _ in range(64):
        tables.add(Result(row.copy(), bare, evidence))
    tracemalloc.start()
    for _ in range(128):
        tables.add(Result(row.copy(), bare, evidence))
    grown, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 128 * 4_000
