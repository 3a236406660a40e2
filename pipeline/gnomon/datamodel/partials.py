"""Folders of what is being written, which show whether anybody still writes there.

What is written under a temporary name is left behind by a process that is killed. Whether that
process lives cannot be read off its number, which another one may have by now, or which means
nothing in another container. So a writer holds a lock of the operating system, which ends with its
process, on a file in its folder: what nobody holds may be removed.

Locks of network disks may not reach other machines. A folder that another machine made, or that has
no lock, is only removed when it has not changed for a day.
"""

import hashlib
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

PARTIAL = ".part-"
"""In the name of a folder of what is being written."""
WRITER_LOCK = ".writer"
ABANDONED_S = 86_400
_NAME_KEPT = 40
"""Characters of a name that are kept; file systems allow 255 bytes."""
_HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:8]


@contextmanager
def partial_folder(place: Path) -> Iterator[Path]:
    """Folder beside a place, for what will be moved there; it is removed at the end.

    Raises
    ------
    OSError
        The disk is full or not writable.

    """
    folder, lock = _locked_folder(place)
    try:
        yield folder
    finally:
        with suppress(OSError, NotImplementedError):
            lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def _locked_folder(place: Path) -> tuple[Path, FileLock]:
    prefix = f".{place.name.lstrip('.')[:_NAME_KEPT]}{PARTIAL}{_HOST}-"
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place.parent))
        lock = FileLock(folder / WRITER_LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:  # whoever sweeps came before the lock; another folder is made
            continue
        except (OSError, NotImplementedError):
            pass  # a disk without locks, or a full one, as the writing itself will say
        if folder.is_dir():
            return folder, lock


def sweep(folder: Path) -> None:
    """Remove what killed processes left behind of their writing in a folder.

    Parameters
    ----------
    folder
        Of a run, or of a store; one that is not there needs nothing.

    """
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        left = [Path(e.path) for e in entries if e.name.startswith(".") and PARTIAL in e.name]
    for place in left:
        with suppress(OSError):
            _remove_if_left(place)


def _remove_if_left(place: Path) -> None:
    """Remove a file or folder that nobody writes any more; a link is left alone."""
    changed = place.lstat().st_mtime
    lock = place / WRITER_LOCK
    has_lock = not place.is_symlink() and lock.is_file() and not lock.is_symlink()
    ours = f"{PARTIAL}{_HOST}-" in place.name and has_lock
    if place.is_symlink() or not (ours or time.time() - changed > ABANDONED_S):
        return
    if not has_lock:
        shutil.rmtree(place) if place.is_dir() else place.unlink()
        return
    with suppress(Timeout, NotImplementedError), FileLock(lock, timeout=0):
        shutil.rmtree(place)
