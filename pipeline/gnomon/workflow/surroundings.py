"""The place of each visit before and after it.

A ship is best believed by the water that lay there without it. So once visits are known, the place
of each is cut from the last usable observation before it and from the first one after it.
"""

import json
import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gnomon.datamodel.errors import GnomonError, WorkerError, faults_of
from gnomon.datamodel.observation import Observation
from gnomon.datamodel.ports import EVERYWHERE
from gnomon.datamodel.progress import Progress, silent
from gnomon.geo.local import box_around
from gnomon.imagery.read import geobox_of
from gnomon.workflow.digests import code_digest, digest
from gnomon.workflow.evidence import evidence_row, evidence_table
from gnomon.workflow.executor import completed
from gnomon.workflow.loads import reader_of
from gnomon.workflow.store import Store
from gnomon.workflow.threads import one_thread

HALF_STEP_M = 15.0
"""Halves of squares are whole multiples: then 10 m, 3 m and 0.5 m pixels fill the same square."""
HALF_MIN_M, HALF_MAX_M, GAP_M = 90.0, 300.0, 45.0
MARGIN_M = 40.0
"""Around a square: its pixels are counted from the scene's grid and not from its corner."""
SAME = timedelta(seconds=2)
"""Tables keep times that a scene has, but for what their columns round."""
CUT_BY = ("datamodel", "geo", "imagery", "workflow/surroundings.py", "workflow/evidence.py")
"""Source that the cutouts rest on."""


class _Observations(Protocol):
    """Observations in the order of a run, in memory or not."""

    def __iter__(self) -> Iterator[Observation]: ...

    def __getitem__(self, place: int, /) -> Observation: ...


@dataclass(frozen=True)
class Square:
    """The ground of a picture: its middle in EPSG:4326, and half its side."""

    centre: shapely.Point
    half_m: float

    @property
    def area(self) -> shapely.Polygon:
        """Ground to be read, with a margin."""
        return box_around(self.centre, half_m=self.half_m + MARGIN_M)


def square_around(centre: shapely.Point, length_m: float) -> Square:
    """Ground that shows a ship of some length with water around it."""
    length = length_m if np.isfinite(length_m) else 100.0
    half = np.clip(length / 2 + GAP_M, HALF_MIN_M, HALF_MAX_M)
    return Square(centre, float(np.ceil(half / HALF_STEP_M) * HALF_STEP_M))


def square_of_visit(hulls: gpd.GeoDataFrame) -> Square:
    """Ground that shows all detections of a visit."""
    centre = shapely.Point(hulls.geometry.x.mean(), hulls.geometry.y.mean())
    return square_around(centre, float(hulls.length_m.max()))


@dataclass(frozen=True)
class _Places:
    """Squares to be cut from one observation's scene, by the id of their evidence."""

    observation: Observation
    squares: tuple[tuple[str, Square], ...]

    @property
    def name(self) -> str:
        """Digest of all that the cutouts rest on."""
        squares = [(key, one.centre.x, one.centre.y, one.half_m) for key, one in self.squares]
        return digest([code_digest(*CUT_BY), self.observation.digest, squares])


def surroundings(
    visits: pd.DataFrame,
    detections: gpd.GeoDataFrame,
    observations: _Observations,
    store: Store,
    executor: Executor | None = None,
    on_progress: Progress = silent,
) -> pd.DataFrame:
    """Cut the place of each visit before and after it.

    Parameters
    ----------
    visits, detections
        Tables of a run.
    observations
        Of the run; visits name theirs by port and time.
    store
        Keeps the cutouts of each scene.
    executor
        Reads the scenes.
    on_progress
        Called after each scene.

    Returns
    -------
    DataFrame
        `gnomon.datamodel.evidence_tables.Cutouts`; none of a scene that cannot be read now.

    """
    jobs = list(_jobs(visits, detections, observations))
    made = {job.name: store.get_table(job.name) for job in jobs}
    todo = [job for job in jobs if made[job.name] is None]
    new = completed(_cut, todo, executor, given_up=_given_up)
    for count, (job, (frame, whole)) in enumerate(new, start=1):
        if whole:  # the next run tries a scene again that could not be read
            store.put_table(job.name, frame)
        made[job.name] = frame
        on_progress(count, len(todo), job.observation.scene.id)
    parts = [frame for job in jobs if (frame := made[job.name]) is not None and len(frame)]
    return pd.concat(parts, ignore_index=True) if parts else evidence_table([])


def _jobs(
    visits: pd.DataFrame, detections: gpd.GeoDataFrame, observations: _Observations
) -> Iterator[_Places]:
    hulls = detections.set_index("detection_id", drop=False)
    wanted: dict[int, list[tuple[str, Square]]] = {}
    seen = _times_of_ports(observations)
    for _, visit in visits.iterrows():
        names = [name for name in json.loads(visit.detections) if name in hulls.index]
        if not names:
            continue
        square = square_of_visit(hulls.loc[names])
        for when, time in (("before", visit.arrived_after), ("after", visit.departed_before)):
            if (place := _place_at(seen.get(str(visit.port), []), time)) is not None:
                wanted.setdefault(place, []).append((f"{when}:{visit.visit_id}", square))
    for place, squares in wanted.items():
        yield _Places(observations[place], tuple(squares))


def _times_of_ports(observations: Iterable[Observation]) -> dict[str, list[tuple[datetime, int]]]:
    """Times of the optical observations of each port in their order, and the place of each."""
    times: dict[str, list[tuple[datetime, int]]] = {}
    for place, one in enumerate(observations):
        if one.scene.sensor == "optical":
            own = times.setdefault(str(one.port.name or EVERYWHERE), [])
            own.append((one.scene.seen_at, place))
    return {port: sorted(own) for port, own in times.items()}


def _place_at(times: Sequence[tuple[datetime, int]], time: pd.Timestamp) -> int | None:
    """Place of the first observation that was made at just that time."""
    if pd.isna(time):
        return None
    when = time.to_pydatetime(warn=False)
    first = bisect_right(times, (when - SAME, sys.maxsize))
    near = takewhile(lambda one: one[0] < when + SAME, times[first:])
    return min((place for _, place in near), default=None)


def _given_up(_job: _Places, _error: WorkerError) -> tuple[pd.DataFrame, bool]:
    return evidence_table([]), False


def _cut(job: _Places) -> tuple[pd.DataFrame, bool]:
    """Cutouts of one scene, and whether it could be read to the last of them."""
    rows: list[dict[str, Any]] = []
    scene, options = job.observation.scene, job.observation.options
    try:
        with one_thread(), faults_of(scene.id, "image"):
            read = reader_of(scene, geobox_of(scene), options.mask)
            for key, square in job.squares:
                pixels = read(square.area)
                if pixels is not None:
                    rows.append(evidence_row(key, scene.id, pixels))
    except GnomonError:  # A picture less; the observation itself says what is wrong with the scene.
        return evidence_table(rows), False
    return evidence_table(rows), True
