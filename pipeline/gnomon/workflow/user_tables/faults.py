"""What is wrong with a user's table, gathered so that one message names all of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from gnomon.datamodel.errors import TableError, row_numbers_text
from gnomon.track.implausible import ImplausibleRows


@dataclass
class Faults:
    """Faults of one file, a line each. Rows are counted from 1, without the header."""

    path: Path
    lines: list[str] = field(default_factory=list)

    def add(self, why: str, *, column: str = "", rows: Iterable[int] = ()) -> None:
        """Note one fault, of some rows (labels of the index, from 0) or of the whole table."""
        numbers = [int(row) + 1 for row in rows]
        where = [row_numbers_text(numbers)] if numbers else []
        where += [column] if column else []
        self.lines.append(": ".join([str(self.path), *([", ".join(where)] if where else []), why]))

    def add_where(self, bad: pd.Series, why: str, *, column: str = "") -> None:
        """Note one fault of the rows where a mask is true; nothing where it is nowhere."""
        if bad.any():
            self.add(why, column=column, rows=bad.index[bad.to_numpy(dtype=bool)])

    def add_all(self, found: Iterable[ImplausibleRows]) -> None:
        """Note rows that can hardly be true."""
        for one in found:
            self.add(one.why, column=one.column, rows=one.rows)

    def refuse(self) -> None:
        """Raise if there are faults.

        Raises
        ------
        TableError
            With all of them.

        """
        if self.lines:
            raise TableError(self.lines)
