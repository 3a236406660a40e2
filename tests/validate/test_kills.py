"""Tables of killed runs are compared byte for byte, and what is half-written is seen."""

from pathlib import Path

import numpy as np

from gnomon.validate import kills
from gnomon.workflow.store import STORE


def folder_of_run(folder: Path) -> Path:
    for name in ("a" * 16, "b" * 16, "c" * 16, "d" * 16):
        (folder / STORE / name).mkdir(parents=True)
    for name in ("visits.parquet", "ledger.parquet"):
        (folder / name).write_bytes(name.encode())
    return folder


def test_another_table_a_missing_one_and_a_half_written_one_are_seen(tmp_path: Path) -> None:
    expected = kills._tables(folder_of_run(tmp_path / "whole"))
    out, found = folder_of_run(tmp_path / "killed"), kills.KilledRuns()
    kills._compare(out, expected, found)
    assert (found.ended, found.differing, found.left) == (1, 0, 0)
    (out / "visits.parquet").write_bytes(b"others")
    (out / "ledger.parquet").unlink()
    (out / STORE / ".e.part-1").mkdir()
    kills._compare(out, expected, found)
    assert (found.ended, found.differing, found.left) == (2, 2, 1)


def test_some_results_and_all_tables_are_removed_between(tmp_path: Path) -> None:
    out = folder_of_run(tmp_path)
    kills._remove_some(out, np.random.default_rng(0))
    assert not list(out.glob("*.parquet"))
    assert 0 < len(list((out / STORE).iterdir())) < 4
