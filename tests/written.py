"""All text that lies in files that gnomon wrote."""

import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq


def texts(path: Path) -> Iterator[str]:
    """All text in a file, also what is compressed in it."""
    yield path.read_bytes().decode("utf-8", "replace")
    if path.suffix == ".kmz":
        with zipfile.ZipFile(path) as whole:
            for name in whole.namelist():
                yield name
                yield whole.read(name).decode("utf-8", "replace")
    elif path.suffix == ".parquet":
        table = pq.read_table(path)
        yield str(table.schema.metadata)
        yield table.to_pandas().to_csv()
    elif path.suffix == ".gpkg":
        with closing(sqlite3.connect(path)) as database:
            yield "\n".join(database.iterdump())
