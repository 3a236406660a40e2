"""Sets of files are all of one run, wherever a process is killed, and whoever else writes."""

import errno
import json
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.files import write_json
from gnomon.datamodel.table_sets import JOURNAL, LOCK, settle, write_set

OLD = {"visits": "old", "ledger": "old", "decisions": "old"}
NEW = {"visits": "new", "ledger": "new", "surroundings": "new"}


def texts(files: dict[str, str]) -> dict[str, Callable[[Path], object]]:
    return {name: partial(Path.write_text, data=text) for name, text in files.items()}


def there(folder: Path) -> dict[str, str]:
    """Files that a user sees."""
    return {p.name: p.read_text() for p in folder.iterdir() if not p.name.startswith(".")}


def killed(work: Callable[[], object], step: int) -> bool:
    """Do work in a process that SIGKILL ends before the step-th change of the disk."""
    child = os.fork()
    if child:
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    left = iter(range(step))

    def before_change(event: str, arguments: tuple[object, ...]) -> None:
        opened = event == "open" and isinstance(arguments[1], str) and "w" in arguments[1]
        changed = event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree")
        if (opened or changed) and next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        sys.addaudithook(before_change)
        work()
    finally:
        os._exit(0)


def test_a_kill_at_any_step_leaves_the_old_set_or_the_new_one(tmp_path: Path) -> None:
    ends: list[dict[str, str]] = []
    for step in count():
        folder = tmp_path / str(step)
        write_set(folder, texts(OLD))
        write = partial(write_set, folder, texts(NEW), removed=["decisions"])
        if not killed(write, step):
            break
        settle(folder)
        ends.append(there(folder))
    assert there(folder) == NEW
    assert ends == [OLD] * ends.count(OLD) + [NEW] * ends.count(NEW)
    assert ends.count(OLD) > 5
    assert ends.count(NEW) > 5


def test_a_kill_while_a_set_is_settled_loses_nothing(tmp_path: Path) -> None:
    for step in count():
        folder = tmp_path / str(step)
        write_set(folder, texts(OLD))
        journal = folder / JOURNAL
        journal.mkdir()
        for name, text in NEW.items():
            (journal / name).write_text(text)
        (journal / ".removed.json").write_text(json.dumps(["decisions"]))
        was_killed = killed(partial(settle, folder), step)
        settle(folder)
        assert there(folder) == NEW
        assert not journal.exists()
        if not was_killed:
            break
    assert step > 4


def test_writers_at_once_all_end_well_and_one_of_them_has_the_last_word(tmp_path: Path) -> None:
    def write(number: int) -> None:
        for turn in range(5):
            files = dict.fromkeys("abcd", f"{number}.{turn}")
            write_set(tmp_path, texts(files | {f"own-{number}": files["a"]}),
                      removed=[f"own-{other}" for other in range(4)])  # fmt: skip

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    (one,) = set(there(tmp_path).values())
    assert one.endswith(".4")
    assert sorted(there(tmp_path)) == ["a", "b", "c", "d", f"own-{one[0]}"]
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == [LOCK]


def test_a_full_disk_leaves_the_old_set(tmp_path: Path) -> None:
    def full(path: Path) -> None:
        path.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    write_set(tmp_path, texts(OLD))
    with pytest.raises(StoreError, match="No space left on device"):
        write_set(tmp_path, {**texts(NEW), "voyages": full}, removed=["decisions"])
    assert there(tmp_path) == OLD


def test_everything_is_on_the_disk_before_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut keeps what was synced and may keep any rename: so files come before renames."""
    synced: set[tuple[int, int]] = set()
    renamed: list[bool] = []
    fsync, rename, replace = os.fsync, Path.rename, Path.replace

    def sync(number: int) -> None:
        entry = os.fstat(number)
        synced.add((entry.st_dev, entry.st_ino))
        fsync(number)

    def checked(do: Callable[[Path, Path], Path], path: Path, target: Path) -> Path:
        parts = [path, *path.iterdir()] if path.is_dir() else [path]
        entries = [part.stat() for part in parts]
        renamed.append(all((one.st_dev, one.st_ino) in synced for one in entries))
        return do(path, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "rename", lambda path, to: checked(rename, path, to))
    monkeypatch.setattr(Path, "replace", lambda path, to: checked(replace, path, to))
    write_set(tmp_path, texts(NEW))
    write_json({}, tmp_path / "review.geojson", synced=True)
    assert renamed == [True] * (1 + len(NEW) + 1)


@pytest.mark.parametrize(
    "removed",
    ["../mine", "/mine", "..", "", 3, None, "a/../../mine", "a\0", "\ud800", ["mine"]],
    ids=repr,
)
def test_a_folder_from_outside_removes_nothing_elsewhere(tmp_path: Path, removed: object) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    journal = tmp_path / "run" / JOURNAL
    journal.mkdir(parents=True)
    (journal / ".removed.json").write_text(json.dumps([removed]))
    with pytest.raises(StoreError, match="was not written by gnomon"):
        settle(journal.parent)
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("text", ["{", "[" * 100_000, '{"a": 1}', "\xff"])
def test_a_broken_list_of_what_to_remove_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / JOURNAL).mkdir()
    (tmp_path / JOURNAL / ".removed.json").write_text(text)
    with pytest.raises(StoreError, match="was not written by gnomon"):
        settle(tmp_path)


def test_a_folder_from_outside_takes_no_files_from_elsewhere(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "private").write_text("key")
    run = tmp_path / "run"
    run.mkdir()
    (run / JOURNAL).symlink_to(keys)
    with pytest.raises(StoreError, match="was not written by gnomon"):
        settle(run)
    assert (keys / "private").exists()
