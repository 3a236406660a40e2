"""What killed processes leave is removed, and nothing that anybody still writes: real processes."""

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gnomon.datamodel import partials
from gnomon.datamodel.files import write_folder_whole, write_text, write_whole
from gnomon.datamodel.partials import ABANDONED_S, PARTIAL, WRITER_LOCK, partial_folder, sweep
from gnomon.datamodel.table_sets import write_set

Writer = Callable[[Path, Callable[[Path], object]], object]
WRITERS: dict[str, Writer] = {
    "file": lambda folder, write: write_whole(folder / "a.txt", write),
    "folder": lambda folder, write: write_folder_whole(folder / "a", lambda f: write(f / "x")),
    "set": lambda folder, write: write_set(folder, {"a.txt": write}),
}


def left_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if PARTIAL in path.name]


class Process:
    """A real process that stops in the middle of its writing."""

    def __init__(self, folder: Path, writer: Writer) -> None:
        self.begun, begun = os.pipe()
        goes_on, self.go_on = os.pipe()
        self.number = os.fork()
        if self.number:
            os.close(begun)
            assert os.read(self.begun, 1) == b"b"
            return

        def write(path: Path) -> None:
            path.write_text("half")
            os.write(begun, b"b")
            os.read(goes_on, 1)
            path.write_text("whole")

        try:
            writer(folder, write)
        finally:
            os._exit(0)

    def kill(self) -> None:
        os.kill(self.number, signal.SIGKILL)
        os.waitpid(self.number, 0)

    def finish(self) -> None:
        os.write(self.go_on, b"g")
        os.waitpid(self.number, 0)


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
def test_what_a_killed_process_left_is_removed_and_what_a_live_one_writes_stays(
    tmp_path: Path, writer: Writer
) -> None:
    write_text("own", tmp_path / "kept.txt")
    killed = Process(tmp_path, writer)
    alive = Process(tmp_path, writer)
    killed.kill()
    assert len(left_in(tmp_path)) == 2
    sweep(tmp_path)
    assert len(left_in(tmp_path)) == 1
    sweep(tmp_path)
    alive.finish()
    assert left_in(tmp_path) == []
    written = [path.read_text() for path in tmp_path.rglob("*") if path.name in ("a.txt", "x")]
    assert written == ["whole"]
    assert (tmp_path / "kept.txt").read_text() == "own"


@pytest.mark.parametrize("age_s", [0, ABANDONED_S / 2, 2 * ABANDONED_S])
@pytest.mark.parametrize("kind", ["folder without a lock", "file", "folder of another machine"])
def test_what_may_be_of_another_machine_stays_for_a_day(
    tmp_path: Path, kind: str, age_s: float
) -> None:
    place = tmp_path / f".x{PARTIAL}0-1"
    if kind == "file":
        place.write_text("half")
    else:
        place.mkdir()
        (place / "new").write_text("half")
    if kind == "folder of another machine":
        (place / WRITER_LOCK).touch()
    os.utime(place, (time.time() - age_s,) * 2)
    sweep(tmp_path)
    assert place.exists() == (age_s < ABANDONED_S)


def test_a_folder_that_is_locked_stays_however_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for host in (partials._HOST, "another"):
        monkeypatch.setattr(partials, "_HOST", host)
        with partial_folder(tmp_path / "x") as folder:
            monkeypatch.undo()
            os.utime(folder, (1, 1))
            sweep(tmp_path)
            assert folder.is_dir()
        assert not folder.exists()


def test_links_lead_nowhere(tmp_path: Path) -> None:
    """A folder of a run may come from outside."""
    victim, run = tmp_path / "victim", tmp_path / "run"
    (victim / "sub").mkdir(parents=True)
    (victim / "file").write_text("own")
    run.mkdir()
    (run / f".a{PARTIAL}{partials._HOST}-1").symlink_to(victim)
    (run / f".b{PARTIAL}{partials._HOST}-2").mkdir()
    (run / f".b{PARTIAL}{partials._HOST}-2" / WRITER_LOCK).symlink_to(victim / "file")
    (run / f".c{PARTIAL}{partials._HOST}-3").mkdir()
    (run / f".c{PARTIAL}{partials._HOST}-3" / WRITER_LOCK).touch()
    (run / f".c{PARTIAL}{partials._HOST}-3" / "new").symlink_to(victim)
    sweep(run)
    assert (victim / "file").read_text() == "own"
    assert (victim / "sub").is_dir()
    assert len(left_in(run)) == 2
    sweep(tmp_path / "absent")


def test_writers_beside_sweepers_all_end_well(tmp_path: Path) -> None:
    done = threading.Event()

    def write(number: int) -> None:
        for turn in range(40):
            write_text(f"{turn}", tmp_path / f"{number}.txt")

    def keep_sweeping() -> None:
        while not done.is_set():
            sweep(tmp_path)

    with ThreadPoolExecutor(4) as pool:
        sweepers = [pool.submit(keep_sweeping) for _ in range(2)]
        try:
            list(pool.map(write, range(2)))
        finally:
            done.set()
        for one in sweepers:
            one.result()
    assert [(tmp_path / f"{n}.txt").read_text() for n in range(2)] == ["39", "39"]
    assert left_in(tmp_path) == []
