"""Results that are whole and current, or absent.

The result of one look (one scene over one port) lies in a folder named by a digest of all that it
rests on: options, inputs, weights. A changed option changes the name, and so recomputes exactly
what rests on it. Everything is written under a temporary name on the same disk and renamed.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.tables import Detections, Observations, Table, table

TABLES: dict[str, type[Table]] = {"detections": Detections, "observations": Observations}


@dataclass(frozen=True)
class Result:
    """What one look gave: its row in the denominator, and the hulls in it."""

    observation: gpd.GeoDataFrame
    detections: gpd.GeoDataFrame


def digest(rests_on: Any) -> str:
    """Name of all that a result rests on, 16 hexadecimal digits.

    Parameters
    ----------
    rests_on
        Anything that JSON can say; the order of keys does not matter.

    """
    text = json.dumps(rests_on, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Store:
    """Results of looks in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, name: str) -> Result | None:
        """Result of that digest, or None if it is not there whole."""
        place = self.folder / name
        if not place.is_dir():
            return None
        observation, detections = (
            read_table(place / f"{t}.parquet") for t in ("observations", "detections")
        )
        return Result(observation, detections)

    def put(self, name: str, result: Result) -> None:
        """Keep a result; a second one of the same digest is the same and changes nothing.

        Raises
        ------
        StoreError
            The disk is full or not writable; nothing half-written is left.

        """
        if (self.folder / name).is_dir():
            return
        with _writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            partial = Path(tempfile.mkdtemp(prefix=".part-", dir=self.folder))
            try:
                _write_parquet(result.observation, partial / "observations.parquet")
                _write_parquet(result.detections, partial / "detections.parquet")
                partial.rename(self.folder / name)
            finally:
                shutil.rmtree(partial, ignore_errors=True)


def joined(results: list[Result]) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """All detections and all looks, in an order that does not depend on that of the results."""
    detections = [r.detections for r in results if len(r.detections)]
    observations = [r.observation for r in results]
    return (
        _sorted(detections, Detections, ["port", "seen_at", "detection_id"]),
        _sorted(observations, Observations, ["port", "seen_at", "scene_id"]),
    )


def _sorted(parts: list[gpd.GeoDataFrame], model: type[Table], keys: list[str]) -> gpd.GeoDataFrame:
    if not parts:
        return table(model, [])
    return pd.concat(parts, ignore_index=True).sort_values(keys, ignore_index=True)


def read_table(path: Path | str) -> gpd.GeoDataFrame:
    """Read a table that gnomon wrote.

    Raises
    ------
    StoreError
        The file is not there, or is not GeoParquet.

    """
    try:
        return gpd.read_parquet(path)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise StoreError(f"{path}: cannot be read as GeoParquet ({why})") from error


def write_table(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write GeoParquet 1.1, whole or not at all."""
    write_whole(path, lambda partial: _write_parquet(frame, partial))


def write_json(value: Any, path: Path) -> None:
    """Write JSON for people to read, whole or not at all."""
    text = json.dumps(value, indent=1, default=str, ensure_ascii=False) + "\n"
    write_whole(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file under a temporary name and rename it: it is whole, or as it was before.

    Raises
    ------
    StoreError
        The disk is full or not writable.

    """
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.part-{os.getpid()}")
        try:
            write(partial)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def _write_parquet(frame: gpd.GeoDataFrame, path: Path) -> None:
    if not isinstance(frame, gpd.GeoDataFrame):
        frame.to_parquet(path, index=False)
        return
    # The bounding boxes let DuckDB and QGIS read a region without the rest.
    frame.to_parquet(path, index=False, write_covering_bbox=True, schema_version="1.1.0")


@contextmanager
def _writing(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"{place}: cannot be written ({error.strerror or error})") from error
