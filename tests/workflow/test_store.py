"""Results by digest: whole and current, or absent."""

import errno
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.tables import Detections
from gnomon.workflow.evidence import evidence_table
from gnomon.workflow.store import Result, Store, check_run_folder, joined
from small_tables import cutout, observation, ship


def test_a_stored_result_comes_back_unchanged(tmp_path: Path) -> None:
    kept = Store(tmp_path / "store")
    assert kept.get("one") is None
    kept.put("one", Result(observation(), ship(), cutout()))
    got = kept.get("one")
    assert got is not None
    pd.testing.assert_frame_equal(got.observation, observation())
    pd.testing.assert_frame_equal(got.detections, ship())
    assert len(got.evidence) == 0  # it stays on disk until it is asked for
    pd.testing.assert_frame_equal(kept.evidence("one"), cutout())
    assert len(kept.evidence("another")) == 0


def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: gpd.GeoDataFrame, path: Path, **_: object) -> None:
        Path(path).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    kept = Store(tmp_path / "store")
    monkeypatch.setattr(gpd.GeoDataFrame, "to_parquet", full)
    with pytest.raises(StoreError, match="No space left on device"):
        kept.put("one", Result(observation(), ship(), cutout()))
    assert kept.get("one") is None
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


@given(st.permutations([("a", 130.3), ("a", 130.31), ("b", 130.3), ("c", 130.2)]))
def test_joined_tables_have_one_order(
    order: list[tuple[str, float]],
) -> None:
    results = [Result(observation(scene), ship(scene, x), evidence_table([])) for scene, x in order]
    detections, observations = joined(results)
    assert list(detections.detection_id) == sorted(detections.detection_id)
    assert list(observations.scene_id) == sorted(observations.scene_id)


def test_no_result_gives_empty_tables_with_every_column() -> None:
    detections, observations = joined([])
    assert len(detections) == len(observations) == 0
    assert list(detections.columns) == list(Detections.to_schema().columns)
    assert detections.crs == observations.crs == "EPSG:4326"


def test_a_table_is_kept_under_its_digest_and_only_there(tmp_path: Path) -> None:
    kept = Store(tmp_path / "store")
    assert kept.get_table("one") is None
    kept.put_table("one", cutout())
    found = kept.get_table("one")
    assert found is not None
    pd.testing.assert_frame_equal(found, cutout())
    assert kept.get_table("two") is None


def test_a_run_folder_of_version_0_1_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no detections\.parquet, observations\.parquet"):
        check_run_folder(tmp_path)
    for name in ("detections", "looks"):
        (tmp_path / f"{name}.parquet").touch()
    with pytest.raises(StoreError, match=r"written by gnomon 0\.1; run the study again") as refused:
        check_run_folder(tmp_path)
    assert "\n" not in str(refused.value)
    (tmp_path / "observations.parquet").touch()  # after the study was run again there
    check_run_folder(tmp_path)
