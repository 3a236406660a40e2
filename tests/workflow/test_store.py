"""Results by digest: whole and current, or absent."""

import errno
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.errors import StoreError
from gnomon.workflow.seals import SEAL, damage
from gnomon.workflow.store import EVIDENCE, Result, Store, check_run_folder
from small_tables import cutout, observation, ship


@pytest.fixture(scope="module")
def result() -> Result:
    """With evidence, which takes a second to make."""
    return Result(observation(), ship(), cutout())


@pytest.fixture(scope="module")
def entry(result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("entry")
    Store(folder).put("one", result)
    return folder / "one"


def test_a_stored_result_comes_back_unchanged(result: Result, tmp_path: Path) -> None:
    kept = Store(tmp_path / "store")
    assert kept.get("one") is None
    kept.put("one", result)
    got = kept.get("one")
    assert got is not None
    pd.testing.assert_frame_equal(got.observation, observation())
    pd.testing.assert_frame_equal(got.detections, ship())
    assert len(got.evidence) == 0  # it stays on disk until it is asked for
    pd.testing.assert_frame_equal(kept.evidence("one"), result.evidence)
    assert len(kept.evidence("another")) == 0


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("fault", [truncate, empty, Path.unlink])
@pytest.mark.parametrize("file", ["observations.parquet", "detections.parquet", EVIDENCE, SEAL])
def test_what_is_not_whole_is_made_again_and_told(
    result: Result, tmp_path: Path, file: str, fault: Callable[[Path], None]
) -> None:
    kept = Store(tmp_path)
    kept.put("one", result)
    fault(tmp_path / "one" / file)
    assert kept.get("one") is None
    (told,) = kept.damaged
    assert told.startswith("one: ")
    kept.put("one", result)
    again = Store(tmp_path)
    assert again.get("one") is not None
    pd.testing.assert_frame_equal(again.evidence("one"), result.evidence)
    assert again.damaged == ()


@given(st.data())
def test_no_flipped_bit_is_believed(entry: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(entry.iterdir())))
    whole = path.read_bytes()
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    if path.name == SEAL and not whole[bit // 8 : bit // 8 + 1].strip():
        return  # of a space between two values
    flipped = bytearray(whole)
    flipped[bit // 8] ^= 1 << bit % 8
    try:
        path.write_bytes(flipped)
        assert damage(entry)
    finally:
        path.write_bytes(whole)
    assert not damage(entry)


def test_the_folder_of_another_result_is_not_believed(result: Result, tmp_path: Path) -> None:
    kept = Store(tmp_path)
    kept.put("one", replace(result, detections=ship("a")))
    kept.put("two", replace(result, detections=ship("b")))
    shutil.rmtree(tmp_path / "one")
    shutil.copytree(tmp_path / "two", tmp_path / "one")
    assert kept.get("one") is None
    assert kept.damaged == ("one: holds the result two",)


def test_damaged_evidence_is_not_shown(result: Result, tmp_path: Path) -> None:
    kept = Store(tmp_path)
    kept.put("one", result)
    truncate(tmp_path / "one" / EVIDENCE)
    with pytest.raises(StoreError, match="does not match its checksum; run the study again"):
        kept.evidence("one")
    (tmp_path / "one" / SEAL).unlink()  # as older versions wrote it
    kept.put("one", result)
    (tmp_path / "one" / SEAL).unlink()
    assert len(kept.evidence("one")) == len(result.evidence)


def test_two_runs_that_keep_the_same_results_at_once_both_end_well(tmp_path: Path) -> None:
    names = [f"{number:02d}" for number in range(40)]

    def write(folder: Path) -> None:
        (folder / "a").write_text("the same")

    def run(_: int) -> tuple[str, ...]:
        kept = Store(tmp_path)
        for name in names:
            kept.keep(name, write)
        return kept.damaged

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(run, range(4))) == [()] * 4
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert not any(damage(tmp_path / name) for name in names)


def test_a_full_disk_leaves_nothing_half_written(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: gpd.GeoDataFrame, path: Path, **_: object) -> None:
        Path(path).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    kept = Store(tmp_path / "store")
    monkeypatch.setattr(gpd.GeoDataFrame, "to_parquet", full)
    with pytest.raises(StoreError, match="No space left on device"):
        kept.put("one", result)
    assert kept.get("one") is None
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_a_table_is_kept_under_its_digest_and_only_there(result: Result, tmp_path: Path) -> None:
    kept = Store(tmp_path / "store")
    assert kept.get_table("one") is None
    kept.put_table("one", result.evidence)
    found = kept.get_table("one")
    assert found is not None
    pd.testing.assert_frame_equal(found, result.evidence)
    assert kept.get_table("two") is None
    empty(tmp_path / "store" / "one" / "table.parquet")
    assert kept.get_table("one") is None
    kept.put_table("one", result.evidence)
    pd.testing.assert_frame_equal(kept.get_table("one"), result.evidence)


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


def test_a_folder_is_hashed_once_before_it_is_kept(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A background has hundreds of megabytes."""
    hashed: list[Path] = []

    def counted(folder: Path) -> str:
        hashed.append(folder)
        return damage(folder)

    monkeypatch.setattr("gnomon.workflow.store.damage", counted)
    kept = Store(tmp_path)
    kept.put("one", result)
    assert hashed == []
    kept.put("one", result)
    assert len(hashed) == 1
    truncate(tmp_path / "one" / EVIDENCE)
    kept.put("one", result)
    assert len(hashed) == 2
    assert kept.damaged == (f"one: {EVIDENCE} does not match its checksum",)
    assert not damage(tmp_path / "one")
