"""Tables that belong together: a folder holds all files of one run, or all of another.

Files cannot be renamed all at once, but a folder can. So a set is written into a folder of its own
and forced to the disk, and that folder is renamed to `JOURNAL`: from then on the new set counts.
Then its files are moved to where users look for them. Whoever is stopped before the rename leaves
the old set whole; whoever is stopped after it leaves the moving to the next one who opens the
folder (`settle`). This is the redo log of databases (Mohan et al. 1992, doi:10.1145/128765.128770).

A lock of the operating system keeps two writers apart, and ends with the process that holds it.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from filelock import FileLock

from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.files import store_errors, sync_to_disk
from gnomon.datamodel.partials import partial_folder

JOURNAL, LOCK, REMOVED = ".tables", ".tables.lock", ".removed.json"
"""In the folder of the tables; the last one in that of the set."""


def write_set(
    folder: Path, files: Mapping[str, Callable[[Path], object]], *, removed: Iterable[str] = ()
) -> tuple[Path, ...]:
    """Write files that belong together, all or none.

    Parameters
    ----------
    folder
        For the files; it is made where it is missing.
    files
        By name; each is called with a path and writes the file.
    removed
        Names of files of an earlier set that the new one does not have.

    Returns
    -------
    tuple
        Paths of the files.

    Raises
    ------
    StoreError
        The disk is full or not writable; the earlier set is as it was.

    """
    with store_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with partial_folder(folder / JOURNAL) as partial:
            fresh = partial / "new"
            fresh.mkdir()
            for name, write in files.items():
                write(fresh / name)
            (fresh / REMOVED).write_text(json.dumps(sorted({*removed} - {*files})))
            for path in (*fresh.iterdir(), fresh):
                sync_to_disk(path)
            with FileLock(folder / LOCK):
                _move(folder)
                fresh.rename(folder / JOURNAL)
                sync_to_disk(folder)
                _move(folder)
    return tuple(folder / name for name in files)


def settle(folder: Path) -> None:
    """Finish the writing of a set that was cut off after the set was complete.

    Raises
    ------
    StoreError
        The folder cannot be written, or what is there is not a set that gnomon wrote.

    """
    if (folder / JOURNAL).is_dir():
        with store_errors(folder), FileLock(folder / LOCK):
            _move(folder)


def _move(folder: Path) -> None:
    """Move files of a complete set to their places; to be stopped anywhere, and done again."""
    journal = folder / JOURNAL
    if not journal.is_dir():
        return
    removed = journal / REMOVED
    for name in _removed(journal):
        (folder / name).unlink(missing_ok=True)
    for path in journal.iterdir():
        if path.name != REMOVED:
            path.replace(folder / path.name)
    sync_to_disk(folder)
    removed.unlink(missing_ok=True)
    journal.rmdir()


def _removed(journal: Path) -> list[str]:
    """Names of files to remove; the folder may come from outside, and must reach nothing else."""
    removed = journal / REMOVED
    if not (journal.is_symlink() or removed.is_symlink()):
        try:
            names = json.loads(removed.read_bytes()) if removed.is_file() else []
        except (ValueError, RecursionError):
            names = None
        if isinstance(names, list) and all(_is_file_name(name) for name in names):
            return names
    raise StoreError(f"{journal}: was not written by gnomon; remove it if you do not know it")


def _is_file_name(name: object) -> bool:
    if not isinstance(name, str) or name in ("", ".", ".."):
        return False
    return name.isprintable() and Path(name).name == name
