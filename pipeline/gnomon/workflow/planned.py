"""The observations of a run, on the disk: those of ten years of ports are more than memory holds.

A scene with its files takes 10 to 20 kB of memory. So each observation is written when it is found,
and read when it is its turn. Of what many have in common (ports, options, backgrounds, what a
catalogue is trusted with) one copy stays in memory, and they name it by its number. The file has no
name: it ends with the process, whatever ends that.
"""

import io
import pickle
import tempfile
import weakref
from array import array
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import IO, Any

from gnomon.datamodel.files import store_errors
from gnomon.datamodel.observation import Background, Observation, ObserveOptions
from gnomon.datamodel.ports import Port
from gnomon.datamodel.trust import Trust

SHARED = (Port, ObserveOptions, Background, Trust)
"""What many observations have in common."""


class Planned:
    """Observations in the order in which they were added; each is read when it is asked for.

    Parameters
    ----------
    folder
        On whose disk they wait; it is made where it is missing, when the first of them comes.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: IO[bytes] | None = None
        self._ends = array("Q", [0])
        self._shared: list[Any] = []
        self._numbers: dict[int, int] = {}
        """Place of a shared object, by its identity."""

    def add(self, observations: Iterable[Observation]) -> None:
        """Add observations behind the others.

        Raises
        ------
        StoreError
            The disk is full.

        """
        with store_errors(self._folder):
            for one in observations:
                self._file.seek(self._ends[-1])
                text = io.BytesIO()
                _Writer(text, self._number).dump(one)
                self._file.write(text.getvalue())
                self._ends.append(self._ends[-1] + text.tell())

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, place: int) -> Observation:
        if not 0 <= place < len(self):
            raise IndexError(place)
        start, end = self._ends[place], self._ends[place + 1]
        self._file.seek(start)
        found = _Reader(io.BytesIO(self._file.read(end - start)), self._shared).load()
        assert isinstance(found, Observation)
        return found

    def __iter__(self) -> Iterator[Observation]:
        return map(self.__getitem__, range(len(self)))

    def ports(self) -> Iterator[list[Observation]]:
        """Observations of one port after the other, as they were added."""
        for _, group in groupby(self, key=lambda one: one.port.name):
            yield list(group)

    @property
    def _file(self) -> IO[bytes]:
        if self._open is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._open = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  # with this object
            weakref.finalize(self, self._open.close)
        return self._open

    def _number(self, one: object) -> int | None:
        """Place of what many observations have in common."""
        if not isinstance(one, SHARED):
            return None
        if id(one) not in self._numbers:
            self._numbers[id(one)] = len(self._shared)
            self._shared.append(one)  # and so its identity is not given to another
        return self._numbers[id(one)]


class _Writer(pickle.Pickler):
    def __init__(self, file: io.BytesIO, number: Any) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._number = number

    def persistent_id(self, obj: Any) -> int | None:
        """Number that stands for an object, if it is shared."""
        number: int | None = self._number(obj)
        return number


class _Reader(pickle.Unpickler):
    """Reads what this very process wrote, from a file that nobody else can open."""

    def __init__(self, file: io.BytesIO, shared: list[Any]) -> None:
        super().__init__(file)
        self._shared = shared

    def persistent_load(self, pid: int) -> Any:
        """Shared object of a number."""
        return self._shared[pid]
