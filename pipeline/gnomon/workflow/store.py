"""Results that are whole and current, or absent.

The result of one look (one scene over one port) lies in a folder named by a digest of all that it
rests on: options, inputs, weights. A changed option changes the name, and so recomputes exactly
what rests on it. Everything is written under a temporary name on the same disk and renamed.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from gnomon.datamodel.files import read_table, write_folder_whole, write_table
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
        write_folder_whole(self.folder / name, partial(_write, result))


def _write(result: Result, folder: Path) -> None:
    write_table(result.observation, folder / "observations.parquet")
    write_table(result.detections, folder / "detections.parquet")


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
