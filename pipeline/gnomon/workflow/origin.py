"""Which tables of ships and images a season was inferred from.

Visits and barrels lie in one folder with the ships and images that they rest on, and whoever opens
the folder takes them together. So nothing is inferred into a folder of other tables, and visits
that lie beside other tables, as earlier versions and copies of files leave them, are recognised.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.files import read_plain_table
from gnomon.datamodel.simulated import are_simulated, carry_mark

IDENTITY = "scene_id", "detection_id"
"""Columns by which rows of a table are distinguished from those of another."""


def refuse_other_tables(
    out: Path, sources: Mapping[str, Path], frames: Mapping[str, pd.DataFrame]
) -> None:
    """Refuse a folder that holds ships or images of something else.

    Parameters
    ----------
    out
        Folder that visits and barrels will be written to.
    sources
        Files of the ``detections`` and ``observations``.
    frames
        What was read of them.

    Raises
    ------
    StoreError
        A table there is neither the file that was read nor one of the same rows.

    """
    for name, source in sources.items():
        there = out / f"{name}.parquet"
        if not there.is_file() or there.resolve() == source.resolve():
            continue
        if not _same_rows(read_plain_table(there), frames[name]):
            raise StoreError(
                f"{out}: holds {there.name} of other images than {source}; visits beside it would "
                "be taken for its own: name another folder, or move the table"
            )


def _same_rows(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether two tables have the same ids; False if one of them has none of its images."""
    columns = [name for name in IDENTITY if name in one and name in other]
    if "scene_id" not in columns:
        return False
    rows = [set(zip(*(frame[c].astype("str") for c in columns), strict=True))
            for frame in (one, other)]  # fmt: skip
    return len(one) == len(other) and rows[0] == rows[1]


def belong_together(
    detections: pd.DataFrame,
    observations: pd.DataFrame,
    visits: pd.DataFrame,
    seasons: pd.DataFrame,
) -> bool:
    """Whether visits and seasons can have been inferred from these ships and images.

    Parameters
    ----------
    detections, observations, visits, seasons
        As in `gnomon.datamodel.tables`; ports of whole scenes have the name that visits give them.

    Returns
    -------
    bool
        False if visits name ships that are not there, if seasons are of ports without images, or
        if they are marked as simulated and the tables are not. Ships without ids are not compared.

    """
    known = set(detections.detection_id.dropna())
    named = {one for text in visits.detections.dropna() for one in json.loads(text)}
    if (known or not len(detections)) and not named <= known:
        return False
    if not set(seasons.port.dropna()) <= set(observations.port.dropna()):
        return False
    return are_simulated(detections, observations) or not carry_mark(seasons)
