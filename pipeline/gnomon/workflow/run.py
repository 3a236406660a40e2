"""The stages in order: a study in, tables out.

A run is a set of looks, one for each scene over each port, and they know nothing of each other:
any `concurrent.futures.Executor` can do them, threads here (all heavy work leaves the interpreter
free), processes or a Dask cluster elsewhere. A look that fails becomes a row that says why. A look
that is done is in the store, and the next run finds it there. What the ports look like without
ships is made before them, for weights that can be told it (`histories`).
"""

import functools
import importlib.metadata
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import pandas as pd
import shapely
import torch
import xarray as xr
from odc.geo.geobox import GeoBox

from gnomon.catalog.angles import with_angles
from gnomon.catalog.search import Fault, find_scenes
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import AssetError, GnomonError, StudyError
from gnomon.datamodel.files import write_json, write_table
from gnomon.datamodel.ports import Port
from gnomon.datamodel.progress import Progress
from gnomon.datamodel.scene import OPTICAL_BANDS, Scene, Sensor
from gnomon.datamodel.study import DetectOptions, Study
from gnomon.datamodel.tables import Detections, Observations, table
from gnomon.detect.detector import Detector, detector_of, read_models
from gnomon.detect.nms import non_maximum_suppression
from gnomon.detect.weights import Model
from gnomon.geo.tiles import Window, windows
from gnomon.imagery import coverage
from gnomon.imagery.read import geobox_of, read_window, window_of
from gnomon.imagery.water import usable_water
from gnomon.workflow.backgrounds import Background, BackgroundBuilder, build_backgrounds
from gnomon.workflow.loads import with_loads
from gnomon.workflow.rows import detection_rows, scene_columns
from gnomon.workflow.store import Result, Store, digest, joined

CORE_PX, HALO_PX = 2048, 64
"""Windows of a scene: 80 MB a band set; the halo holds the longest hull and what masks look at."""
Models = Mapping[Sensor, Model]
"""Weights of a study, by sensor."""
VERSIONS = ("gnomon", "numpy", "odc-geo", "rasterio", "scipy", "torch", "torchvision")


@dataclass(frozen=True)
class Observation:
    """One scene over one port, and the name of all that its result rests on."""

    scene: Scene
    port: Port
    study: Study
    digest: str
    background: Background | None = None
    """What the port looks like without ships, where that is known and the weights can be told."""


@dataclass(frozen=True)
class Outcome:
    """What a run came to."""

    detections: gpd.GeoDataFrame
    observations: gpd.GeoDataFrame
    planned: tuple[Observation, ...]
    new: int
    """Looks done in this run; the others were in the store."""
    files: tuple[Path, ...]

    @property
    def failed(self) -> gpd.GeoDataFrame:
        """Looks that failed, with their reasons."""
        return self.observations[self.observations.status == "failed"]

    @property
    def simulated(self) -> bool:
        """Whether scenes are made up."""
        return bool(self.observations.collection.str.startswith("synthetic").any())

    def by_port(self) -> pd.DataFrame:
        """One row a port: how often it was looked at, and what was found."""
        observed = self.observations.assign(
            port=self.observations.port.fillna("everywhere"),
            observed=self.observations.status == "observed",
            failed=self.observations.status == "failed",
            skipped=self.observations.status == "skipped",
        )
        found = self.detections.assign(port=self.detections.port.fillna("everywhere"))
        return pd.DataFrame(
            {
                **observed.groupby("port")[["observed", "failed", "skipped"]].sum(),
                "usable_fraction": observed.groupby("port").usable_fraction.mean(),
                "ships": found.groupby("port").size(),
                "at_quay": found.groupby("port").quayside.sum(),
            }
        ).fillna({"ships": 0, "at_quay": 0})


def run_study(
    study: Study, out: Path, *, executor: Executor | None = None, progress: Progress | None = None
) -> Outcome:
    """Run a study.

    Parameters
    ----------
    study
        What to look at and how.
    out
        Folder for detections.parquet, observations.parquet, run.json and the store of looks.
    executor
        Who does the looks; a thread for each processor, if left out. Where weights can be told what
        a port looks like without ships, its workers must see the folder.
    progress
        Told of each look that is done.

    Raises
    ------
    GnomonError
        The catalogue, the weights or the folder are at fault. A scene at fault is a row in looks.

    """
    tell = progress or _silent
    store = Store(out / "store")
    observations, told = plan(study)
    pool = nullcontext(executor) if executor else ThreadPoolExecutor(os.cpu_count() or 1)
    with pool as workers:
        observations = _with_backgrounds(observations, study, store, workers, tell)
        results, new = _done(observations, store, workers, tell)
    detections, every_observation = joined([*told, *results])
    files = _written(study, out, detections, every_observation, observations)
    return Outcome(detections, every_observation, tuple(observations), new, files)


def _with_backgrounds(
    observations: list[Observation], study: Study, store: Store, workers: Executor, tell: Progress
) -> list[Observation]:
    """Looks with what their ports look like without ships, where the weights can be told."""
    known: dict[tuple[str | None, str], Background] = {}
    for sensor, model in read_models(study.detect).items():
        if not (model.background and study.detect.background):
            continue
        builder = BackgroundBuilder(
            store, workers, model.bands, study.mask, lambda s: tell(0, len(observations), s)
        )
        own = [observation for observation in observations if observation.scene.sensor == sensor]
        for port in dict.fromkeys(observation.port for observation in own):
            scenes = [observation.scene for observation in own if observation.port == port]
            made = build_backgrounds(scenes, port.area, builder)
            known |= {(port.name, scene): background for scene, background in made.items()}
    return [
        _told(observation, known.get((observation.port.name, observation.scene.id)))
        for observation in observations
    ]


def _told(observation: Observation, background: Background | None) -> Observation:
    if background is None:
        return observation
    return replace(
        observation, background=background, digest=digest([observation.digest, background.scene.id])
    )


def _done(
    observations: list[Observation], store: Store, workers: Executor, tell: Progress
) -> tuple[list[Result], int]:
    """Results of all looks, and how many of them the store did not have."""
    kept = {observation.digest: store.get(observation.digest) for observation in observations}
    results = [result for result in kept.values() if result]
    waiting = [observation for observation in observations if kept[observation.digest] is None]
    done = len(observations) - len(waiting)
    tell(done, len(observations), "")
    with _submitted(waiting, workers) as futures:
        for count, future in enumerate(as_completed(futures), start=done + 1):
            observation, result = futures[future], future.result()
            results.append(result)
            if result.observation.status.iloc[0] == "observed":
                store.put(observation.digest, result)
            tell(count, len(observations), observation.scene.id)
    return results, len(waiting)


def _silent(done: int, total: int, scene: str) -> None:
    """Progress that nobody watches."""


class Plan(NamedTuple):
    """What a run will do."""

    observations: list[Observation]
    """To be done."""
    told: list[Result]
    """Rows of what will not be looked at: faulty items, cloudy scenes."""


def plan(study: Study) -> Plan:
    """Search a study's catalogue for what its ports need.

    Raises
    ------
    GnomonError
        The catalogue, the ports file or the weights are at fault.

    """
    models = read_models(study.detect)
    todo, told = [], []
    for port in study.places():
        found = find_scenes(
            study.catalog, area=port.area, start=study.period.start, end=study.period.end
        )
        todo += [
            Observation(scene, port, study, _digest(scene, port, study, models))
            for scene in found.scenes
        ]
        told += [_fault(fault, port) for fault in found.faults]
        for scene in found.cloudy:
            observation = Observation(scene, port, study, _digest(scene, port, study, models))
            told.append(_unseen(observation, "skipped", f"{scene.cloud_percent:.0f} % cloud"))
    _refuse_unmet(models, todo)
    return Plan(todo, told)


def _refuse_unmet(models: Models, planned: Sequence[Observation]) -> None:
    """Refuse weights for a sensor that no scene of the study has."""
    met = {observation.scene.sensor for observation in planned}
    if met and (unmet := sorted(set(models) - met)):
        raise StudyError(
            f"detect.models names weights for {', '.join(unmet)} scenes, but the catalogue gave "
            f"only {', '.join(sorted(met))} ones"
        )


@contextmanager
def _submitted(
    observations: list[Observation], workers: Executor
) -> Iterator[dict[Future[Result], Observation]]:
    """Looks on their way; whatever ends the block, what has not begun by then is given up."""
    futures = {workers.submit(observe, observation): observation for observation in observations}
    try:
        yield futures
    finally:
        for future in futures:
            future.cancel()


def observe(observation: Observation) -> Result:
    """Look at one port in one scene; a fault of the scene becomes a row, not an error."""
    try:
        return _observed(observation)
    except AssetError as error:
        return _unseen(observation, "failed", str(error))
    except GnomonError as error:
        return _unseen(observation, "failed", f"{observation.scene.id}: {error}")


def _observed(observation: Observation) -> Result:
    detector = detector_for(observation.study, observation.scene)
    scene, port = with_angles(observation.scene), _own_ground(observation)
    grid = geobox_of(scene)
    if port.area is not None:
        grid = window_of(scene, grid, port.area)
    cut = list(windows(grid.shape.yx, core_px=CORE_PX, halo_px=HALO_PX))
    with ThreadPoolExecutor(min(len(cut), os.cpu_count() or 1)) as pool:
        parts = pool.map(lambda one: _window(replace(observation, port=port), grid, one), cut)
        found, seen = zip(*parts, strict=True)
    every = non_maximum_suppression(OrientedBoxes.concatenate(found))
    rows = detection_rows(
        every, grid, scene, port, detector=detector, run_digest=observation.digest
    )
    rows = with_loads(rows, scene, geobox_of(scene), observation.study)
    row = _observation_row(observation, scene) | coverage.fractions(seen)
    row |= {"status": "observed", "reason": _without(scene), "detections": len(rows)}
    return Result(table(Observations, [row]), table(Detections, rows))


def _own_ground(observation: Observation) -> Port:
    """The port without what another scene of the same pass shows."""
    port, scene = observation.port, observation.scene
    if scene.covered is None:
        return port
    area = scene.footprint if port.area is None else port.area
    return replace(port, area=area.difference(scene.covered))


def _window(
    observation: Observation, grid: GeoBox, window: Window
) -> tuple[OrientedBoxes, coverage.Coverage]:
    """Hulls of a window, in pixels of the grid, and what was seen of its core."""
    pixels = read_window(observation.scene, grid[window.halo])
    masks = usable_water(pixels, observation.study.mask)
    before = observation.background.over(grid[window.halo]) if observation.background else None
    detector = detector_for(observation.study, observation.scene)
    found = detector.find(pixels, masks, background=before)
    seen = coverage.coverage(_core(masks, window), observation.port.area, observation.port.zones)
    return _claimed(found, window), seen


def detector_for(study: Study, scene: Scene) -> Detector:
    """Detector of a study for a scene's sensor, loaded once in each process."""
    return _loaded(scene.sensor, study.detect.model_dump_json())


@functools.cache
def _loaded(sensor: Sensor, options: str) -> Detector:
    # Looks and windows are done side by side: threads within an operation would only wait.
    torch.set_num_threads(1)
    return detector_of(sensor, DetectOptions.model_validate_json(options))


def _claimed(found: OrientedBoxes, window: Window) -> OrientedBoxes:
    """Hulls of a window, in pixels of the raster, that are its own to tell."""
    rows, columns = window.halo
    found = found.shifted(columns.start, rows.start)
    return found[window.claims(found.x, found.y)]


def _core(layers: xr.Dataset, window: Window) -> xr.Dataset:
    """The part of a window's layers that no other window counts."""
    y, x = (
        slice(core.start - halo.start, core.stop - halo.start)
        for core, halo in zip(window.core, window.halo, strict=True)
    )
    return layers.isel(y=y, x=x)


def _observation_row(observation: Observation, scene: Scene) -> dict[str, Any]:
    area = _own_ground(observation).area
    asked = scene.footprint if area is None else area.intersection(scene.footprint)
    return scene_columns(scene, observation.port, observation.digest) | {"geometry": asked}


def _unseen(observation: Observation, status: str, reason: str) -> Result:
    """Result of a look that did not happen."""
    row = _observation_row(observation, observation.scene) | {"status": status, "reason": reason}
    return Result(table(Observations, [row]), table(Detections, []))


def _fault(fault: Fault, port: Port) -> Result:
    """Result of an item that cannot be used."""
    row = {
        "scene_id": fault.item,
        "collection": fault.collection,
        "platform": fault.platform,
        "seen_at": fault.seen_at,
        "port": port.name,
        "geometry": fault.footprint,
        "status": "failed",
        "reason": str(fault.error),
        "run_digest": "",
    }
    return Result(table(Observations, [row]), table(Detections, []))


def _without(scene: Scene) -> str | None:
    """What a look had to do without, in words."""
    bands = [band for band in OPTICAL_BANDS if band not in scene.assets]
    words = [f"without {', '.join(bands)}"] if bands else []
    if scene.view_azimuth_deg is None or scene.view_zenith_deg is None:
        words.append("view angles unknown")
    return "; ".join(words) or None


def _digest(scene: Scene, port: Port, study: Study, models: Models) -> str:
    """Name of all that a look rests on: options, inputs, weights and the code's own version."""
    model = models.get(scene.sensor)
    return digest(
        {
            "gnomon": importlib.metadata.version("gnomon"),
            "mask": study.mask.model_dump(),
            "detect": study.detect.model_dump(exclude={"models", "background"}),
            "load": study.load.model_dump(),
            "weights": model.model_dump(mode="json") if model else None,
            **scene.inputs,
            "area": shapely.to_wkt(port.area) if port.area is not None else None,
            "port": port.name,
            "zones": [(z.name, z.kind, shapely.to_wkt(z.geometry)) for z in port.zones],
        }
    )


def _written(
    study: Study,
    out: Path,
    detections: gpd.GeoDataFrame,
    observations: gpd.GeoDataFrame,
    planned: list[Observation],
) -> tuple[Path, ...]:
    """Tables of all looks, and what they came from."""
    models = read_models(study.detect).values()
    told = {
        "study": study.model_dump(mode="json"),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: importlib.metadata.version(name) for name in VERSIONS},
        "weights": {
            "name": ", ".join(model.name for model in models),
            "version": ", ".join(model.version for model in models),
            "sha256": ", ".join(model.digest for model in models),
        },
        "items": sorted(observations.scene_id.unique()),
        "histories": {
            observation.background.scene.id: {
                "port": observation.port.name,
                "observations": observation.background.observations,
            }
            for observation in planned
            if observation.background
        },
        "sources": {
            observation.scene.id: observation.scene.href
            for observation in planned
            if observation.scene.href
        },
    }
    paths = tuple(out / name for name in ("detections.parquet", "observations.parquet", "run.json"))
    write_table(detections, paths[0])
    write_table(observations, paths[1])
    write_json(told, paths[2])
    return paths
