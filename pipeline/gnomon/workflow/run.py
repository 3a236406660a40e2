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
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import torch
import xarray as xr
from odc.geo.geobox import GeoBox

from gnomon.catalog.angles import with_angles
from gnomon.catalog.search import Fault, find_scenes
from gnomon.datamodel.errors import AssetError, GnomonError
from gnomon.datamodel.ports import Port
from gnomon.datamodel.scene import OPTICAL_BANDS, Scene
from gnomon.datamodel.study import Study
from gnomon.datamodel.tables import Detections, Looks, table
from gnomon.detect import hulls, weights
from gnomon.detect.cascade import find_hulls
from gnomon.geo.tiles import Window, windows
from gnomon.imagery import coverage as tally
from gnomon.imagery.read import geobox_of, read_window, window_of
from gnomon.imagery.water import usable_water
from gnomon.workflow.backgrounds import History, Maker, histories
from gnomon.workflow.loads import with_loads
from gnomon.workflow.store import Result, Store, digest, joined, write_json, write_table

CORE_PX, HALO_PX = 2048, 64
"""Windows of a scene: 80 MB a band set; the halo holds the longest hull and what masks look at."""
VERSIONS = ("gnomon", "numpy", "odc-geo", "rasterio", "scipy", "torch", "torchvision")


@dataclass(frozen=True)
class Look:
    """One scene over one port, and the name of all that its result rests on."""

    scene: Scene
    port: Port
    study: Study
    digest: str
    history: History | None = None
    """What the port looks like without ships, where that is known and the weights can be told."""


@dataclass(frozen=True)
class Outcome:
    """What a run came to."""

    detections: gpd.GeoDataFrame
    looks: gpd.GeoDataFrame
    planned: tuple[Look, ...]
    new: int
    """Looks done in this run; the others were in the store."""
    files: tuple[Path, ...]

    @property
    def failed(self) -> gpd.GeoDataFrame:
        """Looks that failed, with their reasons."""
        return self.looks[self.looks.status == "failed"]

    @property
    def simulated(self) -> bool:
        """Whether scenes are made up."""
        return bool(self.looks.collection.str.startswith("synthetic").any())

    def by_port(self) -> pd.DataFrame:
        """One row a port: how often it was looked at, and what was found."""
        looked = self.looks.assign(
            port=self.looks.port.fillna("everywhere"),
            looked=self.looks.status == "looked",
            failed=self.looks.status == "failed",
            skipped=self.looks.status == "skipped",
        )
        found = self.detections.assign(port=self.detections.port.fillna("everywhere"))
        return pd.DataFrame(
            {
                **looked.groupby("port")[["looked", "failed", "skipped"]].sum(),
                "usable_fraction": looked.groupby("port").usable_fraction.mean(),
                "ships": found.groupby("port").size(),
                "at_quay": found.groupby("port").quayside.sum(),
            }
        ).fillna({"ships": 0, "at_quay": 0})


Progress = Callable[[int, int, str], None]
"""Called with looks done, looks in all, and the id of the last scene."""


def run_study(
    study: Study, out: Path, *, executor: Executor | None = None, progress: Progress | None = None
) -> Outcome:
    """Run a study.

    Parameters
    ----------
    study
        What to look at and how.
    out
        Folder for detections.parquet, looks.parquet, run.json and the store of looks.
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
    looks, told = plan(study)
    pool = nullcontext(executor) if executor else ThreadPoolExecutor(os.cpu_count() or 1)
    with pool as workers:
        looks = _remembering(looks, study, store, workers, tell)
        results, new = _done(looks, store, workers, tell)
    detections, every_look = joined([*told, *results])
    files = _written(study, out, detections, every_look, looks)
    return Outcome(detections, every_look, tuple(looks), new, files)


def _remembering(
    looks: list[Look], study: Study, store: Store, workers: Executor, tell: Progress
) -> list[Look]:
    """Looks with what their ports look like without ships, where the weights can be told."""
    model = weights.read_model(study.detect.model)
    if not (model.history and study.detect.history):
        return looks
    maker = Maker(store, workers, model.bands, study.mask, lambda s: tell(0, len(looks), s))
    known: dict[tuple[str | None, str], History] = {}
    for port in dict.fromkeys(look.port for look in looks):
        scenes = [look.scene for look in looks if look.port == port]
        made = histories(scenes, port.area, maker)
        known |= {(port.name, scene): history for scene, history in made.items()}
    return [_told(look, known.get((look.port.name, look.scene.id))) for look in looks]


def _told(look: Look, history: History | None) -> Look:
    if history is None:
        return look
    return replace(look, history=history, digest=digest([look.digest, history.scene.id]))


def _done(
    looks: list[Look], store: Store, workers: Executor, tell: Progress
) -> tuple[list[Result], int]:
    """Results of all looks, and how many of them the store did not have."""
    kept = {look.digest: store.get(look.digest) for look in looks}
    results = [result for result in kept.values() if result]
    waiting = [look for look in looks if kept[look.digest] is None]
    done = len(looks) - len(waiting)
    tell(done, len(looks), "")
    with _submitted(waiting, workers) as futures:
        for count, future in enumerate(as_completed(futures), start=done + 1):
            look, result = futures[future], future.result()
            results.append(result)
            if result.look.status.iloc[0] == "looked":
                store.put(look.digest, result)
            tell(count, len(looks), look.scene.id)
    return results, len(waiting)


def _silent(done: int, total: int, scene: str) -> None:
    """Progress that nobody watches."""


class Plan(NamedTuple):
    """What a run will do."""

    looks: list[Look]
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
    todo, told = [], []
    for port in study.places():
        found = find_scenes(
            study.catalog, area=port.area, start=study.period.start, end=study.period.end
        )
        todo += [Look(scene, port, study, _digest(scene, port, study)) for scene in found.scenes]
        told += [_fault(fault, port) for fault in found.faults]
        for scene in found.cloudy:
            look = Look(scene, port, study, _digest(scene, port, study))
            told.append(_unseen(look, "skipped", f"{scene.cloud_percent:.0f} % cloud"))
    return Plan(todo, told)


@contextmanager
def _submitted(looks: list[Look], workers: Executor) -> Iterator[dict[Future[Result], Look]]:
    """Looks on their way; whatever ends the block, what has not begun by then is given up."""
    futures = {workers.submit(examine, look): look for look in looks}
    try:
        yield futures
    finally:
        for future in futures:
            future.cancel()


def examine(look: Look) -> Result:
    """Look at one port in one scene; a fault of the scene becomes a row, not an error."""
    try:
        return _examined(look)
    except AssetError as error:
        return _unseen(look, "failed", str(error))
    except GnomonError as error:
        return _unseen(look, "failed", f"{look.scene.id}: {error}")


def _examined(look: Look) -> Result:
    scene, port = with_angles(look.scene), _own_ground(look)
    grid = geobox_of(scene)
    if port.area is not None:
        grid = window_of(scene, grid, port.area)
    cut = list(windows(grid.shape.yx, core_px=CORE_PX, halo_px=HALO_PX))
    with ThreadPoolExecutor(min(len(cut), os.cpu_count() or 1)) as pool:
        parts = pool.map(lambda one: _window(replace(look, port=port), grid, one), cut)
        found, seen = zip(*parts, strict=True)
    every = hulls.one_per_hull(np.concatenate(found))
    model = network_of(look.study).model
    rows = hulls.detection_rows(every, grid, scene, port, model=model, run_digest=look.digest)
    rows = with_loads(rows, scene, geobox_of(scene), look.study)
    row = _look_row(look, scene) | tally.fractions(seen)
    row |= {"status": "looked", "reason": _without(scene), "detections": len(rows)}
    return Result(table(Looks, [row]), table(Detections, rows))


def _own_ground(look: Look) -> Port:
    """The port without what another scene of the same pass shows."""
    port, scene = look.port, look.scene
    if scene.taken is None:
        return port
    area = scene.footprint if port.area is None else port.area
    return replace(port, area=area.difference(scene.taken))


def _window(look: Look, grid: GeoBox, window: Window) -> tuple[hulls.Hulls, tally.Tally]:
    """Hulls of a window, in pixels of the grid, and what was seen of its core."""
    pixels = read_window(look.scene, grid[window.halo])
    masks = usable_water(pixels, look.study.mask)
    model, options = network_of(look.study), look.study.detect
    before = look.history.over(grid[window.halo]) if look.history else None
    found = find_hulls(pixels, masks, weights=model, options=options, history=before)
    seen = tally.tally(_core(masks, window), look.port.area, look.port.zones)
    return _claimed(found, window), seen


def network_of(study: Study) -> weights.Weights:
    """Weights of a study, loaded once in each process."""
    return _loaded(study.detect.model)


@functools.cache
def _loaded(name: str) -> weights.Weights:
    # Looks and windows are done side by side: threads within an operation would only wait.
    torch.set_num_threads(1)
    return weights.load(name)


def _claimed(found: hulls.Hulls, window: Window) -> hulls.Hulls:
    """Hulls of a window, in pixels of the raster, that are its own to tell."""
    found[:, 0] += window.halo[1].start
    found[:, 1] += window.halo[0].start
    return found[window.claims(found[:, 0], found[:, 1])]


def _core(layers: xr.Dataset, window: Window) -> xr.Dataset:
    """The part of a window's layers that no other window counts."""
    y, x = (
        slice(core.start - halo.start, core.stop - halo.start)
        for core, halo in zip(window.core, window.halo, strict=True)
    )
    return layers.isel(y=y, x=x)


def _look_row(look: Look, scene: Scene) -> dict[str, Any]:
    area = _own_ground(look).area
    asked = scene.footprint if area is None else area.intersection(scene.footprint)
    return hulls.scene_columns(scene, look.port, look.digest) | {"geometry": asked}


def _unseen(look: Look, status: str, reason: str) -> Result:
    """Result of a look that did not happen."""
    row = _look_row(look, look.scene) | {"status": status, "reason": reason}
    return Result(table(Looks, [row]), table(Detections, []))


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
    return Result(table(Looks, [row]), table(Detections, []))


def _without(scene: Scene) -> str | None:
    """What a look had to do without, in words."""
    bands = [band for band in OPTICAL_BANDS if band not in scene.assets]
    words = [f"without {', '.join(bands)}"] if bands else []
    if scene.view_azimuth_deg is None or scene.view_zenith_deg is None:
        words.append("view angles unknown")
    return "; ".join(words) or None


def _digest(scene: Scene, port: Port, study: Study) -> str:
    """Name of all that a look rests on: options, inputs, weights and the code's own version."""
    return digest(
        {
            "gnomon": importlib.metadata.version("gnomon"),
            "mask": study.mask.model_dump(),
            "detect": study.detect.model_dump(exclude={"model", "history"}),
            "load": study.load.model_dump(),
            "weights": weights.read_model(study.detect.model).model_dump(mode="json"),
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
    looks: gpd.GeoDataFrame,
    planned: list[Look],
) -> tuple[Path, ...]:
    """Tables of all looks, and what they came from."""
    model = weights.read_model(study.detect.model)
    told = {
        "study": study.model_dump(mode="json"),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: importlib.metadata.version(name) for name in VERSIONS},
        "weights": {"name": model.name, "version": model.version, "sha256": model.sha256},
        "items": sorted(looks.scene_id.unique()),
        "histories": {
            look.history.scene.id: {"port": look.port.name, "looks": look.history.looks}
            for look in planned
            if look.history
        },
        "sources": {look.scene.id: look.scene.href for look in planned if look.scene.href},
    }
    paths = tuple(out / name for name in ("detections.parquet", "looks.parquet", "run.json"))
    write_table(detections, paths[0])
    write_table(looks, paths[1])
    write_json(told, paths[2])
    return paths
