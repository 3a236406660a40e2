"""Faults of tables that people feed in, each made from the tables of a clean season.

None of these changes what was there; all of them change what a count makes of it. Tables with a
fault may break their schema, as people's tables do.
"""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd

Tables = tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]
"""Detections and observations."""
TableFault = Callable[[np.random.Generator, gpd.GeoDataFrame, gpd.GeoDataFrame], Tables]

DUPLICATED = 0.2
"""Of the detections that have a row more, with the same id."""
TILE_EDGE_SECONDS = 8
"""Between two tiles of a pass."""
DISPLACED_DAYS = 9.0
"""Deviation of times that contradict their observation."""


def duplicate_ids(
    rng: np.random.Generator, detections: gpd.GeoDataFrame, observations: gpd.GeoDataFrame
) -> Tables:
    """Some detections are in the table twice, with one id."""
    again = detections[rng.random(len(detections)) < DUPLICATED]
    return _stacked(detections, again), observations


def two_tiles(
    rng: np.random.Generator,  # noqa: ARG001 - the signature of every fault
    detections: gpd.GeoDataFrame,
    observations: gpd.GeoDataFrame,
) -> Tables:
    """Every optical pass is in the tables twice, as two tiles that overlap at the port."""
    later = pd.Timedelta(seconds=TILE_EDGE_SECONDS)
    copies = []
    for frame in (detections, observations):
        tile = frame[frame.sensor == "optical"].copy()
        tile["scene_id"] = tile.scene_id + "-tile-2"
        tile["seen_at"] = tile.seen_at + later
        copies.append(tile)
    copies[0]["detection_id"] = copies[0].detection_id + "-tile-2"
    return _stacked(detections, copies[0]), _stacked(observations, copies[1])


def only_with_ships(
    rng: np.random.Generator,  # noqa: ARG001 - the signature of every fault
    detections: gpd.GeoDataFrame,
    observations: gpd.GeoDataFrame,
) -> Tables:
    """Observations without a detection are not in the table."""
    return detections, observations[observations.scene_id.isin(detections.scene_id)]


def lose_half_the_empty(
    rng: np.random.Generator, detections: gpd.GeoDataFrame, observations: gpd.GeoDataFrame
) -> Tables:
    """Half of the observations without a detection are not in the table."""
    empty = ~observations.scene_id.isin(detections.scene_id).to_numpy()
    numbers = np.flatnonzero(empty)
    lost = rng.permutation(numbers)[: len(numbers) // 2]
    return detections, observations[~np.isin(np.arange(len(observations)), lost)]


def displace_times(
    rng: np.random.Generator, detections: gpd.GeoDataFrame, observations: gpd.GeoDataFrame
) -> Tables:
    """A tenth of the detections, and one at least, have a time that their observation has not."""
    moved = detections.copy()
    count = min(max(len(moved) // 10, 1), len(moved))
    which = rng.choice(len(moved), count, replace=False)
    # Never by less than a day, so that it cannot pass for rounding.
    days = rng.exponential(DISPLACED_DAYS, count) + 1.0
    times = moved.seen_at.to_list()
    for row, by in zip(which, days, strict=True):
        times[row] = times[row] + pd.Timedelta(days=float(by)).round("s")
    moved["seen_at"] = pd.Series(times, moved.index, dtype=detections.seen_at.dtype)
    return moved, observations


def fractions_in_percent(
    rng: np.random.Generator,  # noqa: ARG001 - the signature of every fault
    detections: gpd.GeoDataFrame,
    observations: gpd.GeoDataFrame,
) -> Tables:
    """Fractions of observations, those of their zones too, run from 0 to 100."""
    names = ["usable_fraction", "covered_fraction"]
    columns = {name: 100 * observations[name] for name in names}
    zones = [{name: 100 * part for name, part in json.loads(z).items()} for z in observations.zones]
    columns["zones"] = pd.Series([json.dumps(each) for each in zones], observations.index)
    return detections, observations.assign(**columns)


TABLE_FAULTS: Mapping[str, TableFault] = MappingProxyType(
    {
        "duplicated ids": duplicate_ids,
        "two tiles of a pass": two_tiles,
        "only with ships": only_with_ships,
        "half the empty lost": lose_half_the_empty,
        "displaced times": displace_times,
        "fractions in per cent": fractions_in_percent,
    }
)
"""Faults by name."""


def _stacked(one: gpd.GeoDataFrame, two: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return pd.concat([one, two], ignore_index=True)
