"""Results: whole and current, or absent."""

import errno
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, box

from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.tables import Detections, Observations, table
from gnomon.workflow import store
from gnomon.workflow.store import Result, Store, digest, joined, read_table, write_table


def observation(scene: str = "a", port: str | None = "rajin") -> gpd.GeoDataFrame:
    return table(
        Observations,
        [
            {
                "scene_id": scene,
                "collection": "c",
                "platform": "sentinel-2a",
                "sensor": "optical",
                "seen_at": datetime(2024, 4, 6, 2, 12, tzinfo=UTC),
                "port": port,
                "geometry": box(130, 42, 131, 43),
                "status": "observed",
                "usable_fraction": 0.5,
                "zones": '{"pier 1": 0.5}',
                "detections": 1,
                "gsd_m": 10.0,
                "run_digest": "0" * 16,
            }
        ],
    )


def ship(scene: str = "a", x: float = 130.3) -> gpd.GeoDataFrame:
    return table(
        Detections,
        [
            {
                "detection_id": f"{scene}-{x}",
                "scene_id": scene,
                "collection": "c",
                "platform": "sentinel-2a",
                "sensor": "optical",
                "seen_at": datetime(2024, 4, 6, 2, 12, tzinfo=UTC),
                "port": "rajin",
                "zone": "pier 1",
                "geometry": Point(x, 42.2),
                "footprint": box(x - 0.001, 42.199, x + 0.001, 42.201),
                "score": 0.9,
                "length_m": 98.0,
                "length_sigma_m": 10.0,
                "beam_m": 15.0,
                "beam_sigma_m": 5.0,
                "heading_deg": 12.0,
                "heading_sigma_deg": 3.0,
                "gsd_m": 10.0,
                "quayside": True,
                "model": "m@0",
                "run_digest": "0" * 16,
            }
        ],
    )


def test_what_is_put_is_got(tmp_path: Path) -> None:
    kept = Store(tmp_path / "store")
    assert kept.get("one") is None
    kept.put("one", Result(observation(), ship()))
    got = kept.get("one")
    assert got is not None
    pd.testing.assert_frame_equal(got.observation, observation())
    pd.testing.assert_frame_equal(got.detections, ship())


def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: gpd.GeoDataFrame, path: Path, **_: object) -> None:
        Path(path).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    kept = Store(tmp_path / "store")
    monkeypatch.setattr(gpd.GeoDataFrame, "to_parquet", full)
    with pytest.raises(StoreError, match="No space left on device"):
        kept.put("one", Result(observation(), ship()))
    with pytest.raises(StoreError, match="No space left on device"):
        write_table(ship(), tmp_path / "ships.parquet")
    assert kept.get("one") is None
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_an_interrupted_overwrite_keeps_the_old_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ships.parquet"
    write_table(ship(), path)

    def interrupted(frame: gpd.GeoDataFrame, path: Path) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "_write_parquet", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_table(ship("b"), path)
    assert list(read_table(path).scene_id) == ["a"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_table_that_is_not_there_or_not_parquet_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read as GeoParquet"):
        read_table(tmp_path / "none.parquet")
    (tmp_path / "bad.parquet").write_text("not parquet")
    with pytest.raises(StoreError, match="cannot be read as GeoParquet"):
        read_table(tmp_path / "bad.parquet")


def test_the_tables_open_in_duckdb_and_say_utc(tmp_path: Path) -> None:
    write_table(ship(), tmp_path / "ships.parquet")
    write_table(observation(), tmp_path / "observations.parquet")
    rows = duckdb.sql(
        f"select d.port, d.length_m, epoch(d.seen_at), l.zones->>'pier 1' "
        f"from '{tmp_path}/ships.parquet' d join '{tmp_path}/observations.parquet' l "
        "using (scene_id)"
    ).fetchall()
    assert rows == [("rajin", 98.0, datetime(2024, 4, 6, 2, 12, tzinfo=UTC).timestamp(), "0.5")]


def test_what_was_not_measured_is_null_in_the_file(tmp_path: Path) -> None:
    write_table(ship(), tmp_path / "ships.parquet")
    nulls = duckdb.sql(
        f"select freeboard_m is null, p_tanker is null, load_state is null "
        f"from '{tmp_path}/ships.parquet'"
    ).fetchall()
    assert nulls == [(True, True, True)]


@given(st.permutations([("a", 130.3), ("a", 130.31), ("b", 130.3), ("c", 130.2)]))
def test_the_order_of_results_does_not_matter(order: list[tuple[str, float]]) -> None:
    results = [Result(observation(scene), ship(scene, x)) for scene, x in order]
    detections, observations = joined(results)
    assert list(detections.detection_id) == sorted(detections.detection_id)
    assert list(observations.scene_id) == sorted(observations.scene_id)


def test_no_result_gives_empty_tables_with_every_column() -> None:
    detections, observations = joined([])
    assert len(detections) == len(observations) == 0
    assert list(detections.columns) == list(Detections.to_schema().columns)
    assert detections.crs == observations.crs == "EPSG:4326"


@given(st.dictionaries(st.text(), st.floats(allow_nan=False) | st.text(), min_size=1))
def test_a_digest_rests_on_values_and_not_on_order(values: dict[str, object]) -> None:
    assert digest(values) == digest(dict(reversed(values.items())))
    key = next(iter(values))
    assert digest(values) != digest({**values, key: [values[key]]})
