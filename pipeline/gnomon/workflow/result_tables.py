"""Results of observations gathered into two tables, in memory of the size of those.

A result is a frame of one row and one of its hulls. A frame takes a hundred times the memory of its
row, so what came is joined now and then.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from gnomon.datamodel.schema import Table, table
from gnomon.datamodel.tables import Detections, Observations
from gnomon.workflow.store import Result

AT_ONCE = 64
"""Frames that are joined into one."""


class ResultTables:
    """Gathers results, in any order."""

    def __init__(self) -> None:
        self._detections = _Frames()
        self._observations = _Frames()

    def add(self, result: Result) -> None:
        """Add a result; its evidence stays where it is."""
        self._detections.add(result.detections)
        self._observations.add(result.observation)

    def add_unobserved(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows of the observations table in which no hull was found."""
        if found := [dict(row) for row in rows]:
            self._observations.add(table(Observations, found))

    def joined(self) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
        """All detections and all observations, in an order that does not depend on the results'."""
        return (
            self._detections.sorted(Detections, ["port", "seen_at", "detection_id"]),
            self._observations.sorted(Observations, ["port", "seen_at", "scene_id"]),
        )


class _Frames:
    """Frames of one schema; many small ones become few large ones."""

    def __init__(self) -> None:
        self._large: list[gpd.GeoDataFrame] = []
        self._small: list[gpd.GeoDataFrame] = []

    def add(self, frame: gpd.GeoDataFrame) -> None:
        if len(frame):
            self._small.append(frame)
        if len(self._small) == AT_ONCE:
            self._join()

    def _join(self) -> None:
        if self._small:
            self._large.append(pd.concat(self._small, ignore_index=True))
            self._small = []

    def sorted(self, model: type[Table], keys: list[str]) -> gpd.GeoDataFrame:
        self._join()
        if not self._large:
            return table(model, [])
        self._large = [pd.concat(self._large, ignore_index=True)]
        return self._large[0].sort_values(keys, ignore_index=True)
