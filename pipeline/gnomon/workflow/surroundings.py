"""The place of each visit before and after it, and the coastline of each port.

A ship is best believed by the water that lay there without it. So once visits are known, the place
of each is cut from the last usable observation before it and from the first one after it. The land
of a port is drawn from its clearest scene: the page needs no other map.
"""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio.features
import shapely
from pyproj import Transformer
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.errors import GnomonError
from gnomon.datamodel.evidence_tables import Coastlines
from gnomon.datamodel.observation import Observation
from gnomon.datamodel.progress import Progress, silent
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.schema import CRS, table
from gnomon.datamodel.study import MaskOptions
from gnomon.geo.grid import grid_of
from gnomon.geo.local import box_around
from gnomon.imagery.read import geobox_of, read_pixels
from gnomon.imagery.water import usable_water
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
LAND_MIN_M2 = 6_000.0
"""Smaller pieces of land are hulls and piers that the mask took for it."""
SMOOTH_M = 12.0
FINEST_M = 5.0
"""Images of finer pixels have too many of them for a map of a whole port."""
CUT_BY = ("datamodel", "geo", "imagery", "workflow/surroundings.py", "workflow/evidence.py")
"""Source that these tables rest on."""


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
    observations: Sequence[Observation],
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
        `gnomon.datamodel.evidence_tables.Cutouts`; none of a scene that cannot be read any more.

    """
    jobs = list(_jobs(visits, detections, observations))
    made = {job.name: store.get_table(job.name) for job in jobs}
    todo = [job for job in jobs if made[job.name] is None]
    for count, (job, frame) in enumerate(completed(_cut, todo, executor), start=1):
        store.put_table(job.name, frame)
        made[job.name] = frame
        on_progress(count, len(todo), job.observation.scene.id)
    parts = [frame for job in jobs if (frame := made[job.name]) is not None and len(frame)]
    return pd.concat(parts, ignore_index=True) if parts else evidence_table([])


def _jobs(
    visits: pd.DataFrame, detections: gpd.GeoDataFrame, observations: Sequence[Observation]
) -> Iterator[_Places]:
    hulls = detections.set_index("detection_id", drop=False)
    wanted: dict[str, list[tuple[str, Square]]] = {}
    by_digest = {one.digest: one for one in observations if one.scene.sensor == "optical"}
    at = [(str(one.port.name or "everywhere"), one) for one in by_digest.values()]
    for _, visit in visits.iterrows():
        names = [name for name in json.loads(visit.detections) if name in hulls.index]
        if not names:
            continue
        square = square_of_visit(hulls.loc[names])
        for when, time in (("before", visit.arrived_after), ("after", visit.departed_before)):
            seen = [one for port, one in at if port == visit.port and _same(one, time)]
            if seen:
                key = f"{when}:{visit.visit_id}"
                wanted.setdefault(seen[0].digest, []).append((key, square))
    for name, squares in wanted.items():
        yield _Places(by_digest[name], tuple(squares))


def _same(observation: Observation, time: pd.Timestamp) -> bool:
    """Whether an observation was made at just that time."""
    return not pd.isna(time) and abs((observation.scene.seen_at - time).total_seconds()) < 2


def _cut(job: _Places) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    scene, options = job.observation.scene, job.observation.options
    try:
        with one_thread():
            read = reader_of(scene, geobox_of(scene), options.mask)
            for key, square in job.squares:
                pixels = read(square.area)
                if pixels is not None:
                    rows.append(evidence_row(key, scene.id, pixels))
    except GnomonError:
        pass  # A picture less; the observation itself says what is wrong with the scene.
    return evidence_table(rows)


def coastlines(
    rows: pd.DataFrame,
    observations: Sequence[Observation],
    store: Store,
    executor: Executor | None = None,
    on_progress: Progress = silent,
) -> gpd.GeoDataFrame:
    """Draw the land of each port from its clearest scene.

    Parameters
    ----------
    rows
        The run's table of observations.
    observations
        Of the run.
    store
        Keeps the coastlines.
    executor
        Reads the scenes.
    on_progress
        Called after each port.

    Returns
    -------
    GeoDataFrame
        `gnomon.datamodel.evidence_tables.Coastlines`, a row for each port that a scene shows.

    """
    jobs = {_coastline_name(job): job for job in _clearest(rows, observations)}
    made = {name: store.get_table(name) for name in jobs}
    todo = [(name, job) for name, job in jobs.items() if made[name] is None]
    drawn = completed(_coastline, todo, executor)
    for count, ((name, job), frame) in enumerate(drawn, start=1):
        store.put_table(name, frame)
        made[name] = frame
        on_progress(count, len(todo), str(job.port.name))
    parts = [frame.to_dict("records") for frame in made.values() if frame is not None]
    placed = [
        {**row, "geometry": shapely.from_wkb(row["geometry"])} for part in parts for row in part
    ]
    return table(Coastlines, placed)


def _coastline_name(observation: Observation) -> str:
    return digest([code_digest(*CUT_BY), "coastline", observation.digest])


def _clearest(rows: pd.DataFrame, observations: Sequence[Observation]) -> Iterator[Observation]:
    """The observation of each port that saw most of its water, in a scene that land is drawn of."""
    usable = rows[rows.status == "observed"].set_index("run_digest").usable_fraction.fillna(0.0)
    fit = [
        one
        for one in observations
        if one.digest in usable.index and one.port.area is not None and shows_land(one.scene)
    ]
    for port in dict.fromkeys(one.port.name for one in fit):
        own = [one for one in fit if one.port.name == port]
        yield min(own, key=lambda one: (-usable[one.digest], one.scene.seen_at))


def shows_land(scene: Scene) -> bool:
    """Whether land can be determined in a scene of no more pixels than a map needs."""
    bands = set(scene.assets)
    return scene.sensor == "optical" and scene.gsd_m >= FINEST_M and {"green", "nir"} <= bands


def _coastline(job: tuple[str, Observation]) -> pd.DataFrame:
    """One row, its geometry as WKB; none if the scene cannot be read any more."""
    observation, rows = job[1], []
    area = observation.port.area
    try:
        if area is not None:
            with one_thread():
                shore = port_land(observation.scene, area, observation.options.mask)
            rows = [(observation.port.name, observation.scene.id, shapely.to_wkb(shore))]
    except GnomonError:
        pass  # The map is then without land.
    return pd.DataFrame(rows, columns=list(Coastlines.to_schema().columns))


def port_land(scene: Scene, area: BaseGeometry, options: MaskOptions) -> BaseGeometry:
    """Land within an area as one scene shows it, EPSG:4326.

    Raises
    ------
    GnomonError
        The scene cannot be read.

    """
    pixels = read_pixels(scene, area)
    dry = usable_water(pixels, options)["land"].to_numpy()
    grid = grid_of(pixels)
    pieces = [
        shape(one)
        for one, value in rasterio.features.shapes(
            dry.astype(np.uint8), mask=dry, transform=grid.affine
        )
        if value
    ]
    kept = [piece.simplify(SMOOTH_M) for piece in pieces if piece.area >= LAND_MIN_M2]
    to_degrees = Transformer.from_crs(grid.crs, CRS, always_xy=True)
    placed = shapely.transform(
        shapely.union_all(kept),
        lambda xy: np.column_stack(to_degrees.transform(xy[:, 0], xy[:, 1])),
    )
    return shapely.make_valid(placed).intersection(area)
