"""Results that are whole and current, or absent.

The result of one observation lies in a folder named by a digest of all that it rests on
(`gnomon.workflow.digests`): its row, its detections, and the evidence for each of them. A changed
option changes the name, and so recomputes exactly what rests on it. Everything is written under a
temporary name on the same disk and renamed.

A disk does not keep everything: each folder is sealed (`gnomon.workflow.seals`), and the seal is
checked whenever it is opened. So nothing here need be forced to the disk as it is written: what a
power cut took from it is made again.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import geopandas as gpd
import pandas as pd

from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.files import (
    read_places,
    read_plain_table,
    remove_folder,
    write_folder_whole,
    write_table,
)
from gnomon.datamodel.table_sets import settle
from gnomon.workflow.evidence import evidence_table
from gnomon.workflow.object_store import ObjectStore
from gnomon.workflow.seals import SEAL, damage, seal

STORE, EVIDENCE = "store", "evidence.parquet"
"""Of a run's folder, and of the folder of one result."""
FAILED = ".failed"
"""Behind the digest of an observation that failed."""
TABLE = "table.parquet"
"""Of the folder of a table."""
COMPRESSION = "zstd"
"""Of files with pixels."""


@dataclass(frozen=True)
class Result:
    """What one observation gave."""

    observation: gpd.GeoDataFrame
    """Its row in the denominator, `gnomon.datamodel.tables.Observations`."""
    detections: gpd.GeoDataFrame
    """The hulls in it, `gnomon.datamodel.tables.Detections`."""
    evidence: pd.DataFrame
    """What each hull's numbers rest on, `gnomon.datamodel.evidence_tables.Cutouts`."""


class Store:
    """Results in a folder, each in a folder of its own that is named by its digest and sealed.

    What is not whole, or lies under another's name, counts as absent, and is made again.

    Parameters
    ----------
    folder
        On a disk of this machine.
    remote
        Where other machines find results, and leave theirs; the folder then has copies.

    """

    def __init__(self, folder: Path, remote: ObjectStore | None = None) -> None:
        self.folder = folder
        self._remote = remote
        self._shared: set[str] = set()
        """Names of results that are known to be in the remote place."""
        self._damaged: dict[str, str] = {}

    @property
    def damaged(self) -> tuple[str, ...]:
        """What was found not to be whole: name of each result, and what is wrong with it."""
        return tuple(f"{name}: {what}" for name, what in self._damaged.items())

    def find(self, name: str) -> Path | None:
        """Folder of that digest, or None if it is not there whole."""
        place = self.folder / name
        if self._remote is not None and (not place.is_dir() or damage(place)):
            self._fetch(name, self._remote)
        if not place.is_dir():
            return None
        if what := damage(place):
            self._damaged[name] = what
            return None
        self._share(name)
        return place

    def names(self) -> set[str]:
        """Names of all that is there, without a look at whether it is whole."""
        own = {path.name for path in self.folder.iterdir()} if self.folder.is_dir() else set[str]()
        return own | (self._remote.names() if self._remote else set())

    def _fetch(self, name: str, remote: ObjectStore) -> None:
        """Copy a result that other machines made."""
        if remote.has(name):
            write_folder_whole(self.folder / name, partial(remote.fetch, name))
            self._shared.add(name)

    def _share(self, name: str) -> None:
        """Let other machines see a result of this one, also where a killed process did not."""
        if self._remote is None or name in self._shared:
            return
        if not self._remote.has(name):
            self._remote.put(self.folder / name, name)
        self._shared.add(name)

    def keep(self, name: str, write: Callable[[Path], object]) -> None:
        """Keep what is written into a folder; a second one of the same digest changes nothing.

        Raises
        ------
        StoreError
            The disk is full or not writable; nothing half-written is left.

        """
        place = self.folder / name
        if place.is_dir():
            what = damage(place)
            if not what:
                self._share(name)
                return
            self._damaged[name] = what
            self.remove(name)
        try:
            write_folder_whole(place, partial(_write_sealed, write, name), over=False)
        except StoreError:
            if damage(place):
                raise  # and otherwise another run has put the same there in the meantime
        self._share(name)

    def get(self, name: str) -> Result | None:
        """Result of that digest, or None if it is not there whole; its evidence stays on disk."""
        place = self.find(name)
        if place is None:
            return None
        observation, detections = (
            read_places(place / f"{t}.parquet") for t in ("observations", "detections")
        )
        return Result(observation, detections, evidence_table([]))

    def put(self, name: str, result: Result) -> None:
        """Keep a result, as `keep` does."""
        self.keep(name, partial(_write, result))

    def put_failed(self, name: str, result: Result) -> None:
        """Keep why an observation failed, in place of an earlier reason; `get` does not give it."""
        self.remove(f"{name}{FAILED}")
        self.keep(f"{name}{FAILED}", partial(_write, result))

    def get_failed(self, name: str) -> Result | None:
        """Why the observation of that digest failed; None if it was not tried, or is not whole."""
        return self.get(f"{name}{FAILED}")

    def remove(self, name: str) -> None:
        """Remove what is kept under a digest, if anything is."""
        if (self.folder / name).is_dir():
            remove_folder(self.folder / name)
        if self._remote is not None:
            self._remote.remove(name)
            self._shared.discard(name)

    def evidence(self, name: str) -> pd.DataFrame:
        """Evidence of the result of that digest, without rows if it is not there.

        Raises
        ------
        StoreError
            It is damaged.

        """
        path = self.folder / name / EVIDENCE
        if not path.is_file():
            return evidence_table([])
        if (path.parent / SEAL).is_file() and (what := damage(path.parent)):
            raise StoreError(f"{path.parent}: {what}; run the study again, which mends it")
        return read_plain_table(path)

    def share_tables(self, files: Iterable[Path]) -> None:
        """Let other machines see the tables of a run, all at once."""
        if self._remote is not None:
            self._remote.put_tables(files)

    def get_table(self, name: str) -> pd.DataFrame | None:
        """Table of that digest without a geometry, or None if it is not there whole."""
        place = self.find(name)
        return None if place is None else read_plain_table(place / TABLE)

    def put_table(self, name: str, frame: pd.DataFrame) -> None:
        """Keep a table under its digest, as `keep` does."""
        self.keep(name, lambda folder: write_table(frame, folder / TABLE, compression=COMPRESSION))


def _write(result: Result, folder: Path) -> None:
    write_table(result.observation, folder / "observations.parquet")
    write_table(result.detections, folder / "detections.parquet")
    write_table(result.evidence, folder / EVIDENCE, compression=COMPRESSION)


def _write_sealed(write: Callable[[Path], object], name: str, folder: Path) -> None:
    write(folder)
    seal(folder, name)


def check_run_folder(folder: Path) -> None:
    """Make sure that a folder holds a run of this version.

    Raises
    ------
    StoreError
        It is none, or was written by version 0.1, which kept no evidence.

    """
    settle(folder)
    missing = [n for n in ("detections", "observations") if not (folder / f"{n}.parquet").is_file()]
    if missing and (folder / "looks.parquet").is_file():
        raise StoreError(f"{folder}: was written by gnomon 0.1; run the study again (gnomon run)")
    if missing:
        names = ", ".join(f"{name}.parquet" for name in missing)
        raise StoreError(f"{folder}: is not the folder of a run (it has no {names})")
