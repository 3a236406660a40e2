"""What the pixels show: a picture of each ship, of her place before and after, and her posterior.

Every scene that has ships of the run, or that is the last clear look before a visit or the first
after it, is opened once. Loads are read again exactly as the run read them, so that outlines and
curves are those that the numbers came from. A scene that cannot be had is a note, not an error:
the page is then made from the tables.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import shapely

from gnomon.catalog.angles import with_angles
from gnomon.catalog.search import find_scenes
from gnomon.datamodel.errors import GnomonError
from gnomon.datamodel.progress import Progress
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.study import Study
from gnomon.freeboard.rows import Reading, readings
from gnomon.imagery.read import geobox_of
from gnomon.report.figures.chips import Lens, Square, chip_of, square_around
from gnomon.report.load_tables import Run
from gnomon.report.page import coastline as coasts
from gnomon.report.page.encode import parsed, rings
from gnomon.report.page.posteriors import curve_of, curves_of_table
from gnomon.workflow.loads import prepared, reader_of

MOST_PICTURE_BYTES = 13_000_000
"""With the tables and the script a page stays under 20 MB."""
MOST_READ = 3_000
"""Ships whose loads are read again, those of visits first: some minutes of work."""
PATIENCE_S = 60.0


@dataclass
class Evidence:
    """Pictures and curves by detection, and what they came from."""

    chips: dict[str, Any] = field(default_factory=dict)
    curves: dict[str, Any] = field(default_factory=dict)
    coasts: dict[str, list[Any]] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    spent: int = 0
    """Bytes of pictures."""

    def add(self, key: str, chip: dict[str, Any] | None) -> bool:
        """Keep a picture, if there is room for it."""
        if chip is None or self.spent > MOST_PICTURE_BYTES:
            return False
        self.spent += len(chip["src"]) + 400
        self.chips[key] = chip
        return True


@dataclass(frozen=True)
class Wanted:
    """A picture to be made: of a detection, or of a place without one."""

    key: str
    scene_id: str
    square: Square
    row: int | None = None
    """Position of the detection in its table."""


def evidence(run: Run, *, pictures: bool = True, progress: Progress | None = None) -> Evidence:
    """Read what the pixels of a run show."""
    made = Evidence(curves=curves_of_table(run.detections))
    made.items = dict(run.metadata.sources)
    if not pictures or run.study is None:
        return made
    wanted = [*_of_visits(run), *_of_ships(run)]
    scenes, why = _scenes(run, run.study)
    notes = [why] if why else []
    by_scene: dict[str, list[Wanted]] = {}
    for one in wanted:
        by_scene.setdefault(one.scene_id, []).append(one)
    faults: dict[str, str] = {}
    for count, (name, parts) in enumerate(by_scene.items(), start=1):
        if name in scenes:
            try:
                _see(run, run.study, scenes[name], parts, made)
            except GnomonError as error:
                faults[name] = str(error)
        if progress:
            progress(count, len(by_scene), name)
    made.coasts = _coasts(run, run.study, scenes)
    made.items |= {name: scene.href for name, scene in scenes.items() if scene.href}
    made.notes = (*notes, *_missing(run, made, scenes, faults, told=bool(why)))
    return made


def _missing(
    run: Run, made: Evidence, scenes: dict[str, Scene], faults: dict[str, str], *, told: bool
) -> Iterator[str]:
    """Say which pictures are not there, and why."""
    if faults:
        name, why = next(iter(faults.items()))
        yield f"{len(faults)} scene(s) could not be read for pictures; {name}: {why}"
    seen = run.detections[run.detections.sensor != "sar"]
    lost = sorted(set(seen.scene_id) - set(scenes))
    if lost and not told:
        yield f"{len(lost)} scene(s) are not in the catalogue any more, such as {lost[0]}"
    left = sum(1 for name in seen.detection_id if name not in made.chips)
    if scenes and left:
        yield f"{left} of {len(seen)} ships in optical looks have no picture"


def _scenes(run: Run, study: Study) -> tuple[dict[str, Scene], str]:
    """Scenes of the run that the catalogue has, by id; and why not, if there is none."""
    ids = sorted(set(run.observations.scene_id.dropna()) | set(run.detections.scene_id.dropna()))
    options = study.catalog.model_copy(
        update={
            "max_cloud_percent": 100.0,
            "retries": min(study.catalog.retries, 2),
            "total_timeout_s": min(study.catalog.total_timeout_s, PATIENCE_S),
        }
    )
    try:
        found = find_scenes(options, area=None, ids=ids)
    except GnomonError as error:
        return {}, f"no pictures: {error}"
    return {scene.id: scene for scene in (*found.scenes, *found.cloudy)}, ""


def _of_ships(run: Run) -> list[Wanted]:
    """Pictures of the ships that are in no visit, the surest first."""
    table = run.detections
    taken = {name for text in run.visits.detections for name in parsed(text, list[str]())}
    order = np.argsort(-table.score.fillna(0).to_numpy(float), kind="stable")
    return [
        Wanted(row.detection_id, row.scene_id, square_around(row.geometry, row.length_m), int(k))
        for k in order
        if (row := table.iloc[k]).detection_id not in taken and row.geometry is not None
    ]


def _of_visits(run: Run) -> list[Wanted]:
    """Pictures of each visit: her looks, and the place before and after, all of one ground."""
    place = {name: k for k, name in enumerate(run.detections.detection_id)}
    wanted = []
    for _, visit in run.visits.iterrows():
        rows = [place[name] for name in parsed(visit.detections, list[str]()) if name in place]
        if not rows:
            continue
        hulls = run.detections.iloc[rows]
        centre = shapely.Point(hulls.geometry.x.mean(), hulls.geometry.y.mean())
        square = square_around(centre, float(hulls.length_m.max()))
        wanted += [
            Wanted(hull.detection_id, hull.scene_id, square, k)
            for k, (_, hull) in zip(rows, hulls.iterrows(), strict=True)
        ]
        for when, time in (("before", visit.arrived_after), ("after", visit.departed_before)):
            if scene := _observation_at(run.observations, str(visit.port), time):
                wanted.append(Wanted(f"{when}:{visit.visit_id}", scene, square))
    return wanted


def _observation_at(observations: pd.DataFrame, port: str, time: pd.Timestamp) -> str | None:
    """Scene of the look at a port at just that time."""
    if pd.isna(time):
        return None
    at = observations[
        (observations.port == port)
        & (observations.seen_at - time).abs().lt(pd.Timedelta(seconds=2))
    ]
    return str(at.scene_id.iloc[0]) if len(at) else None


def _see(run: Run, study: Study, scene: Scene, wanted: list[Wanted], made: Evidence) -> None:
    """Make the pictures of one scene, and read its ships again."""
    if scene.sensor == "sar":
        return
    scene = with_angles(scene)
    read = reader_of(scene, geobox_of(scene), study.mask)
    of_ships = {one.row: one for one in wanted if one.row is not None}
    told = _read_again(run, study, scene, [*of_ships], made)
    for one in wanted:
        if made.spent > MOST_PICTURE_BYTES:
            return
        pixels = read(one.square.area)
        if pixels is None:
            continue
        lens = None
        if one.row is not None:
            row = run.detections.iloc[one.row]
            lens = Lens(row.geometry, row.footprint, told.get(one.row))
        made.add(one.key, chip_of(pixels, one.square, scene.id, lens=lens))


def _read_again(
    run: Run, study: Study, scene: Scene, wanted: list[int], made: Evidence
) -> dict[int, Reading]:
    """Readings by row, as the run made them: the whole scene's hulls are neighbours."""
    if not study.load.enabled or not wanted or len(made.curves) > MOST_READ + len(run.detections):
        return {}
    mates = run.detections[(run.detections.scene_id == scene.id).to_numpy()]
    places = np.flatnonzero((run.detections.scene_id == scene.id).to_numpy())
    numbers = [int(np.searchsorted(places, row)) for row in wanted]
    rows, read = prepared(mates, scene)
    told = dict(zip(wanted, readings(rows, read, study.load, only=numbers), strict=True))
    for row, reading in told.items():
        if curve := curve_of(reading):
            made.curves[str(run.detections.detection_id.iloc[row])] = curve
    return told


def _coasts(run: Run, study: Study, scenes: dict[str, Scene]) -> dict[str, list[Any]]:
    """Land of each port, from its clearest scene."""
    made: dict[str, list[Any]] = {}
    for port in run.ports():
        observations = run.observations[
            (run.observations.port == port.name) & (run.observations.status == "observed")
        ]
        best = observations.sort_values(["usable_fraction", "seen_at"], ascending=[False, True])
        fit = [name for name in best.scene_id if name in scenes and coasts.suits(scenes[name])]
        if port.area is None or not fit:
            continue
        try:
            made[str(port.name)] = rings(coasts.land(scenes[fit[0]], port.area, study.mask))
        except GnomonError:
            continue  # The map is then without land, and says nothing of it.
    return made
