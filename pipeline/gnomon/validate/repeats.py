"""The same ships on two dates: freeboards must agree within their errors, whatever the truth is.

Ships at anchor stay for days and neither load nor unload there. A labelled ship that lies where one
of like length lay on the date before is taken for the same one. Of each pair the difference of the
freeboards over its error is a z-score: were the errors independent and true, their mean square
would be one; it is below one where part of the error is shared, such as what tankers of a size are
like.
"""

import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from gnomon.workflow.loads import read_loads

APART_M, LONGER_M = 120.0, 25.0
"""Largest distance (a ship swings about its anchor) and difference in length of a pair."""
DAYS_MOST = 10
LENGTH_LEAST_M = 90.0
"""Shorter ships are hardly longer than nine pixels there."""
METRES = 32615
"""UTM zone of the anchorage, as EPSG code."""


def anchored_ships(folder: Path) -> gpd.GeoDataFrame:
    """Outlines of whole ships at anchor, with ``scene_id`` and ``detection_id``."""
    parts = []
    for path in sorted(folder.glob("S2_*/ships.geojson")):
        ships = gpd.read_file(path)
        moving = ships.moving_or_wake.astype(bool)
        whole = ~(ships.cut_by_edge.astype(bool) | ships.partial.astype(bool))
        ships = ships[(ships.length_m >= LENGTH_LEAST_M) & whole & ~moving]
        name = path.parent.name
        ids = [f"{name}-{number}" for number in range(len(ships))]
        parts.append(ships[["geometry"]].assign(scene_id=name, detection_id=ids))
    return pd.concat(parts, ignore_index=True)


def repeated_ships(ships: gpd.GeoDataFrame) -> pd.DataFrame:
    """Ships of two consecutive dates that are taken for the same one.

    Parameters
    ----------
    ships
        In metres; ``date``, ``length_m``, ``freeboard_m``, ``freeboard_sigma_m``.

    Returns
    -------
    DataFrame
        ``date``, ``date_after``, ``length_m``, ``freeboard_m``, ``freeboard_after_m``,
        ``sigma_m`` of the difference, ``z``.

    """
    return pd.DataFrame(_repeats(ships[ships.freeboard_m.notna()]), columns=COLUMNS)


COLUMNS = (
    "date",
    "date_after",
    "length_m",
    "freeboard_m",
    "freeboard_after_m",
    "sigma_m",
    "z",
)


def _repeats(ships: gpd.GeoDataFrame) -> Iterator[tuple[object, ...]]:
    dates = sorted(ships.date.unique())
    for date, after in pairwise(dates):
        if (after - date).days > DAYS_MOST:
            continue
        then = ships[ships.date == after]
        for ship in ships[ships.date == date].itertuples():
            apart = then.distance(ship.geometry.centroid)
            other = then.loc[apart.idxmin()]
            near = other.geometry.centroid.distance(ship.geometry.centroid) <= APART_M
            if near and abs(other.length_m - ship.length_m) <= LONGER_M:
                sigma = float(np.hypot(ship.freeboard_sigma_m, other.freeboard_sigma_m))
                difference = other.freeboard_m - ship.freeboard_m
                yield (date, after, ship.length_m, ship.freeboard_m, other.freeboard_m,
                       sigma, difference / sigma)  # fmt: skip


def repeats_section(folder: Path) -> str:
    """Section of docs/validation.md, from the pictures of an anchorage."""
    ships = anchored_ships(folder)
    with tempfile.TemporaryDirectory() as place:
        table = Path(place) / "ships.parquet"
        ships.to_parquet(table)
        loads = read_loads(table, str(folder / "catalog.json")).to_crs(METRES)
    loads["date"] = pd.to_datetime(loads.scene_id.str[-8:])
    found = repeated_ships(loads)
    states, reasons = (loads[name].value_counts() for name in ("load_state", "load_reason"))
    lines = [
        "## The same ships on two dates",
        "",
        (
            f"{len(ships)} ships of {LENGTH_LEAST_M:g} m and more at the anchorage off Galveston, "
            f"at 10 m, on ten dates, outlined by hand; nothing is known of their loads. "
            f"{len(found)} lie where one of like length lay on the date before, at most "
            f"{DAYS_MOST} days earlier."
        ),
        "",
        "| date | after | length m | freeboard m | after m | sigma of the difference m | z |",
        "|---|---|---:|---:|---:|---:|---:|",
        *(
            f"| {one.date:%Y-%m-%d} | {one.date_after:%Y-%m-%d} | {one.length_m:.0f} | "
            f"{one.freeboard_m:.1f} | {one.freeboard_after_m:.1f} | {one.sigma_m:.1f} | "
            f"{one.z:.2f} |"
            for one in found.itertuples()
        ),
        "",
        f"Root mean square of z: {np.sqrt((found.z**2).mean()):.2f}.",
        f"{_counted(states)}. Why indeterminate: {_counted(reasons)}.",
    ]
    return "\n".join(lines)


def _counted(values: pd.Series) -> str:
    return ", ".join(f"{name} {count}" for name, count in values.items())
