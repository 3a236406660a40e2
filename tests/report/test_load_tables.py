"""Run folders as they are found: whole, in part, damaged, of another version."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.ports import EVERYWHERE
from gnomon.datamodel.simulated import NOTE
from gnomon.report.load_tables import OPTIONAL, OTHERS, public_location, read_run
from run_folders import AREA, ROWS, day, observation, season, write_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run")


def edit(run: Path, **values: Any) -> None:
    """Change values of run.json."""
    path = run / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_tables_come_back_as_they_were_written(run: Path) -> None:
    read = read_run(run)
    for name in ROWS:
        try:
            written = gpd.read_parquet(run / f"{name}.parquet")
        except ValueError:  # without geometry
            written = pd.read_parquet(run / f"{name}.parquet")
        table = getattr(read, name)
        assert list(table.columns) == list(written.columns)
        same = [column for column in written if column != "port"]
        pd.testing.assert_frame_equal(
            pd.DataFrame(table[same]), pd.DataFrame(written[same]), check_dtype=False
        )
    assert read.notes == ()
    assert list(read.observations.port) == ["rajin", "rajin", "rajin", EVERYWHERE]


def test_what_made_a_run_is_read_from_run_json(run: Path) -> None:
    read = read_run(run)
    assert read.metadata.made_at == datetime(2024, 12, 1, 10, tzinfo=UTC)
    assert read.metadata.versions["torch"] == "2.13"
    assert read.metadata.weights["sha256"] == "ab" * 32
    assert read.metadata.sources == {"S2A_one": "https://stac.example.org/v1/one?sig=secret"}
    assert read.name == "spring"
    assert read.study is not None


@pytest.mark.parametrize("name", list(OPTIONAL))
def test_a_missing_or_damaged_table_is_empty_and_noted(run: Path, name: str) -> None:
    path = run / f"{name}.parquet"
    for content in (None, b"PAR1 half"):
        path.unlink(missing_ok=True)
        if content:
            path.write_bytes(content)
        read = read_run(run)
        assert len(getattr(read, name)) == 0
        assert list(getattr(read, name).columns) == list(ROWS[name][0].to_schema().columns)
        assert [note.split()[0] for note in read.notes] == [f"{name}.parquet"]


def test_what_a_study_does_not_ask_for_is_not_missing(tmp_path: Path) -> None:
    counts = {"study": {"track": {"enabled": False}}, "names": ("detections", "observations")}
    assert read_run(write_run(tmp_path / "counted", **counts)).notes == ()
    assert len(read_run(write_run(tmp_path / "whole", names=counts["names"])).notes) == len(
        OPTIONAL
    )


@pytest.mark.parametrize("name", list(ROWS))
def test_columns_of_another_version_are_null_or_dropped(run: Path, name: str) -> None:
    path = run / f"{name}.parquet"
    try:
        frame: pd.DataFrame = gpd.read_parquet(path)
    except ValueError:
        frame = pd.read_parquet(path)
    lost = [column for column in frame if column not in ("geometry", "footprint")][-2:]
    frame.drop(columns=lost).assign(of_the_future=1).to_parquet(path)
    read = read_run(run)
    table = getattr(read, name)
    assert table[lost].isna().all(axis=None)
    assert "of_the_future" not in table
    assert f"{name}.parquet is from another version: it lacks {', '.join(lost)}" in read.notes


@pytest.mark.parametrize("other", ["ships", "images"])
def test_what_was_inferred_from_other_tables_is_left_out(tmp_path: Path, other: str) -> None:
    """As `gnomon track` of an earlier version leaves a folder when it writes into it."""
    simulated = [
        row | {"scene_id": f"SYN_{n}", "port": "port-alfa", "collection": "synthetic-sentinel-2"}
        for n, row in enumerate(ROWS["observations"][1])
    ]
    changed = {"detections": []} if other == "ships" else {"observations": simulated}
    read = read_run(write_run(tmp_path / "mixed", **changed))
    assert OTHERS in read.notes
    assert OTHERS.startswith("visits, seasons and barrels in this folder were inferred from other")
    for name in (*OPTIONAL, "decisions"):
        assert len(getattr(read, name)) == 0
        assert len(getattr(read, name).columns)


def test_simulated_barrels_are_not_shown_beside_real_images(tmp_path: Path) -> None:
    """Also where the ports have one name and no visit was seen."""
    rows = [season() | {"notes": NOTE}]
    read = read_run(write_run(tmp_path / "mixed", seasons=rows, visits=[]))
    assert not read.simulated
    assert len(read.ledger) == len(read.seasons) == 0
    assert OTHERS in read.notes


def test_a_folder_without_observations_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"not the folder of a run .*observations\.parquet"):
        read_run(tmp_path)
    write_run(tmp_path, names=("detections",))
    with pytest.raises(StoreError, match=r"it has no observations\.parquet\)$"):
        read_run(tmp_path)


def test_a_run_of_version_0_1_is_refused_in_one_line(run: Path) -> None:
    """By its table of looks, or by the version in run.json, whichever there is."""
    edit(run, versions={"gnomon": "0.1.0"})
    with pytest.raises(StoreError, match=r"was written by gnomon 0\.1\.0; run the study again"):
        read_run(run)
    (run / "run.json").unlink()
    shutil.move(run / "observations.parquet", run / "looks.parquet")
    with pytest.raises(StoreError, match=r"was written by gnomon 0\.1; run the study again"):
        read_run(run)


def test_results_of_this_version_beside_an_old_table_are_read(run: Path) -> None:
    (run / "looks.parquet").write_bytes(b"")
    assert len(read_run(run).observations) == 4


def test_another_version_and_an_unreadable_study_are_noted(run: Path) -> None:
    edit(run, versions={"gnomon": "9.9.9"}, study={"name": "x", "flux": 1})
    read = read_run(run)
    assert any(note.startswith("the run was made by gnomon 9.9.9, this") for note in read.notes)
    assert any("the study in run.json is from another version" in note for note in read.notes)
    assert read.study is None
    assert read.name == "run"


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = st.sampled_from(("made_at", "versions", "weights", "sources", "study"))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(JSON, st.dictionaries(FIELDS, JSON)))
def test_whatever_run_json_holds_the_tables_are_read(run: Path, value: Any) -> None:
    (run / "run.json").write_text(json.dumps(value))
    read = read_run(run)
    assert len(read.detections) == 3
    assert all(isinstance(text, str) for text in read.metadata.versions.values())
    assert read.study is None


def test_times_without_a_zone_are_utc(run: Path) -> None:
    edit(run, made_at="2024-12-01T10:00:00")
    assert read_run(run).metadata.made_at == datetime(2024, 12, 1, 10, tzinfo=UTC)
    edit(run, made_at="2024-12-01T10:00:00+09:00")
    made_at = read_run(run).metadata.made_at
    assert made_at is not None
    assert made_at.utcoffset() == timedelta(hours=9)


def test_without_a_study_ports_are_the_areas_of_the_observations(run: Path) -> None:
    (run / "run.json").unlink()
    ports = {port.name: port.area for port in read_run(run).ports()}
    assert set(ports) == {"rajin", EVERYWHERE}
    area = ports["rajin"]
    assert area is not None
    assert area.equals(AREA)


def test_simulated_scenes_and_ships_are_recognised(tmp_path: Path) -> None:
    assert not read_run(write_run(tmp_path / "real")).simulated
    rows = [observation("S2A_one", day(0), collection="synthetic-sentinel-2")]
    assert read_run(write_run(tmp_path / "scene", observations=rows)).simulated
    ships = [ROWS["detections"][1][0] | {"model": "simulated"}]
    assert read_run(write_run(tmp_path / "ship", detections=ships)).simulated


def test_paths_are_published_by_their_end_and_urls_without_signature() -> None:
    assert public_location("/home/anna/secret project/scenes/catalog.json") == "scenes/catalog.json"
    assert public_location("catalog.json") == "catalog.json"
    assert public_location("/home/anna/catalog.json") == "catalog.json"
    assert public_location("file:///home/anna/scenes/catalog.json") == "scenes/catalog.json"
    assert public_location("C:\\Users\\anna\\scenes\\catalog.json") == "scenes/catalog.json"
    assert public_location("https://example.org/stac?key=1") == "https://example.org/stac"
    assert public_location("https://anna:pass@example.org/a#b") == "https://example.org/a"
    assert public_location("s3://bucket/one@two/c.json") == "s3://bucket/one@two/c.json"
