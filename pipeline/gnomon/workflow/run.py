"""A whole study: from its catalogue to its ledger.

1. `plan` searches the catalogue and names what must be observed.
2. Backgrounds are built, what each port looks like without ships, for weights that use them.
3. Each observation is made: its hulls, their loads, and the evidence for them. Observations know
   nothing of each other, so that any `concurrent.futures.Executor` can make them. One that is done
   is in the store, and the next run finds it there. One that fails is a row that says why.
4. Visits, voyages and barrels are inferred from the tables.
5. The place of each visit before and after it is cut, and each port is drawn from its clearest
   image.

The study ends here: a stage is given its own options and nothing more.
"""

import importlib.metadata
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import geopandas as gpd
import pandas as pd

from gnomon.catalog.versions import VersionReader
from gnomon.datamodel.addresses import without_secrets
from gnomon.datamodel.decisions import Decision, review_in
from gnomon.datamodel.errors import WorkerError
from gnomon.datamodel.files import write_json, write_table
from gnomon.datamodel.observation import Observation
from gnomon.datamodel.partials import sweep
from gnomon.datamodel.ports import EVERYWHERE
from gnomon.datamodel.progress import Progress, Stages, silent_stages
from gnomon.datamodel.scene import Sensor
from gnomon.datamodel.simulated import are_simulated
from gnomon.datamodel.study import Study
from gnomon.datamodel.table_sets import settle, write_set
from gnomon.datamodel.traffic import read_traffic
from gnomon.detect.detector import read_models
from gnomon.detect.type_weights import read_type_model
from gnomon.workflow.backgrounds import BackgroundBuilder
from gnomon.workflow.digests import LIBRARIES
from gnomon.workflow.executor import completed, threads_each
from gnomon.workflow.infer import INFERRED_FILES, Inference, infer_tables, parquet_of
from gnomon.workflow.object_store import ObjectStore
from gnomon.workflow.observation_rows import unobserved
from gnomon.workflow.observe import observe
from gnomon.workflow.plan import Names, plan_ports, refuse_unmet, rows_left_out
from gnomon.workflow.planned import Planned
from gnomon.workflow.port_backgrounds import (
    keep_index,
    made_backgrounds,
    scenes_of_ports,
    with_backgrounds,
)
from gnomon.workflow.port_pictures import port_pictures
from gnomon.workflow.result_tables import ResultTables
from gnomon.workflow.store import COMPRESSION, STORE, Result, Store
from gnomon.workflow.surroundings import surroundings

SURROUNDINGS = "surroundings.parquet"
"""Of the visits in the same folder."""
VERSIONS = ("gnomon", *LIBRARIES, "torchvision")


@dataclass(frozen=True)
class Results:
    """What a run gave."""

    detections: gpd.GeoDataFrame
    observations: gpd.GeoDataFrame
    inference: Inference | None
    """Visits, seasons, voyages and the ledger; None if nothing was observed, or none was asked."""
    planned: Planned
    """Read from the disk when they are asked for."""
    new: int
    """Observations made in this run; the others were in the store."""
    files: tuple[Path, ...]
    """Tables and run.json."""
    damaged: tuple[str, ...] = ()
    """Results of earlier runs that were not whole, and were made again: name and what was wrong."""
    catalog_notes: tuple[str, ...] = ()
    """What was noticed as the catalogue was searched, one line each."""

    @property
    def failed(self) -> gpd.GeoDataFrame:
        """Observations that failed, with their reasons."""
        return self.observations[self.observations.status == "failed"]

    @property
    def simulated(self) -> bool:
        """Whether scenes are simulated."""
        return are_simulated(self.detections, self.observations)

    def by_port(self) -> pd.DataFrame:
        """One row a port: how often it was observed, and what was found."""
        observed = self.observations.assign(
            port=self.observations.port.fillna(EVERYWHERE),
            observed=self.observations.status == "observed",
            failed=self.observations.status == "failed",
            skipped=self.observations.status == "skipped",
        )
        found = self.detections.assign(port=self.detections.port.fillna(EVERYWHERE))
        return pd.DataFrame(
            {
                **observed.groupby("port")[["observed", "failed", "skipped"]].sum(),
                "usable_fraction": observed.groupby("port").usable_fraction.mean(),
                "ships": found.groupby("port").size(),
                "at_quay": found.groupby("port").quayside.sum(),
            }
        ).fillna({"ships": 0, "at_quay": 0})


def run(
    study: Study,
    out: Path,
    executor: Executor | None = None,
    on_stage: Stages | None = None,
    *,
    infer: bool = True,
    remote: ObjectStore | None = None,
) -> Results:
    """Run a study, from its catalogue to its ledger.

    Parameters
    ----------
    study
        What to observe and how.
    out
        Folder for the tables, run.json and the store. An analyst's decisions in its review.geojson
        are honoured.
    executor
        Makes the observations, and runs the chains of the inference where there are many ships;
        this thread, one after the other, if left out.
        `gnomon.worker_processes()` uses all processors. Its workers must see the folder.
    on_stage
        Called with the name of each stage as it begins: the search, the backgrounds, the
        observations, the inference. What it gives is called after each step of the stage.
    infer
        Whether to go on from ships to visits and barrels.
    remote
        Where other machines find results and tables, and leave their results.

    Raises
    ------
    GnomonError
        The catalogue, the weights, the decisions or the folder are at fault. A scene at fault is a
        row of the observations.

    """
    store = Store(out / STORE, remote)
    begin = on_stage or silent_stages
    return _run(study, out, store, executor, begin, infer=infer, gathered=False)


def gather(
    study: Study,
    out: Path,
    executor: Executor | None = None,
    on_stage: Stages | None = None,
    *,
    infer: bool = True,
    remote: ObjectStore | None = None,
) -> Results:
    """Go on from the results of tasks (`gnomon.workflow.batch`) to visits and barrels.

    Nothing is observed here: an observation whose task was not done, or failed, is a row that says
    so. Where all were done, the tables are those of `run`.

    Parameters
    ----------
    study, out, executor, on_stage, infer, remote
        As of `run`; the folder, or the remote place, is that of the tasks.

    Raises
    ------
    GnomonError
        As of `run`.

    """
    store = Store(out / STORE, remote)
    begin = on_stage or silent_stages
    return _run(study, out, store, executor, begin, infer=infer, gathered=True)


def _run(
    study: Study,
    out: Path,
    store: Store,
    executor: Executor | None,
    begin: Stages,
    *,
    infer: bool,
    gathered: bool,
) -> Results:
    decisions = review_in(out) if infer else ()  # A faulty file stops here, before an hour of work.
    settle(out)
    for folder in (out, store.folder):
        sweep(folder)
    gathered_rows = ResultTables()
    found, notes = _searched(study, store, gathered_rows, begin("searching the catalogue"))
    observations = _with_backgrounds(found, store, executor, begin, gathered=gathered)
    if gathered:
        _gather(observations, store, gathered_rows, begin("gathering results"))
        new = 0
    else:
        new = _observe(observations, store, gathered_rows, executor, begin("observing"))
    detections, rows = gathered_rows.joined()
    inference = None
    if infer and study.track.enabled and (rows.status == "observed").any():
        report = begin("inferring visits and barrels")
        inference = _inferred(study, detections, rows, decisions, executor, report)
    berths = _berths(inference, detections, observations, store, executor, begin)
    report = begin("drawing ports")
    shores, overviews = port_pictures(rows, observations, store, executor, report)
    tables = {
        "detections": detections,
        "observations": rows,
        **(inference.tables if inference else {}),
        "coastlines": shores,
        "overviews": overviews,
    }
    files = write_set(
        out,
        {
            **parquet_of(tables),
            **berths,
            "run.json": partial(write_json, _origin(study, rows, observations, notes)),
        },
        removed=(*INFERRED_FILES, SURROUNDINGS),
    )
    store.share_tables(files)
    if inference:
        inference = replace(inference, files=tuple(f for f in files if f.name in INFERRED_FILES))
    return Results(
        detections,
        rows,
        inference,
        observations,
        new,
        files,
        damaged=store.damaged,
        catalog_notes=notes,
    )


def _berths(
    inference: Inference | None,
    detections: gpd.GeoDataFrame,
    observations: Planned,
    store: Store,
    executor: Executor | None,
    begin: Stages,
) -> dict[str, Callable[[Path], object]]:
    """The file of the places of visits, by its name, and who writes it; none without visits."""
    if inference is None:
        return {}
    report, visits = begin("cutting pictures of empty berths"), inference.tracked.visits
    cut = surroundings(visits, detections, observations, store, executor, report)
    return {SURROUNDINGS: partial(write_table, cut, compression=COMPRESSION)}


def _inferred(
    study: Study,
    detections: gpd.GeoDataFrame,
    rows: gpd.GeoDataFrame,
    decisions: Sequence[Decision],
    executor: Executor | None,
    report: Progress,
) -> Inference:
    return infer_tables(
        detections,
        rows,
        None,
        period=study.period,
        track=study.track,
        ledger=study.ledger,
        ports=study.places(),
        decisions=decisions,
        executor=executor,
        on_progress=report,
    )


def _searched(
    study: Study, store: Store, rows: ResultTables, report: Progress
) -> tuple[Planned, tuple[str, ...]]:
    """What will be observed, and notes on the search; what will not be is a row at once."""
    names, versions = Names(study), VersionReader(study.catalog)
    planned, notes, met = Planned(store.folder), list[str](), set[Sensor]()
    for found in plan_ports(study, names, versions, report):
        planned.add(found.observations)
        rows.add_unobserved(rows_left_out(found, names))
        notes += found.notes
        met |= {one.scene.sensor for one in found.observations}
    refuse_unmet(names, met)
    return planned, (*notes, *versions.notes)


def _with_backgrounds(
    found: Planned, store: Store, executor: Executor | None, begin: Stages, *, gathered: bool
) -> Planned:
    """Observations with what their ports look like without ships, where the weights use it."""
    planned = Planned(store.folder)
    for own in found.ports():
        named = own
        for group in scenes_of_ports(own):
            stage = partial(_stage_of_port, begin, group.label)
            builder = BackgroundBuilder(store, executor, group.bands, group.options, stage)
            made = keep_index(group, builder) if gathered else made_backgrounds(group, builder)
            named = with_backgrounds(named, made)
        planned.add(named)
    return planned


def _stage_of_port(begin: Stages, port: str, stage: str) -> Progress:
    return begin(f"{port}: {stage}")


def _gather(observations: Planned, store: Store, rows: ResultTables, report: Progress) -> None:
    """Gather results that tasks left in the store, and rows of those that left none."""
    for count, one in enumerate(observations, start=1):
        kept = store.get(one.digest) or store.get_failed(one.digest)
        why = f"{one.scene.id}: has no result yet; do its task, and gather again"
        rows.add(kept or unobserved(one, "failed", why))
        report(count, len(observations), one.scene.id)


def _observe(
    observations: Planned,
    store: Store,
    rows: ResultTables,
    executor: Executor | None,
    report: Progress,
) -> int:
    """Gather the results of all observations; returns how many of them the store did not have."""
    waiting = array("Q")
    for place, one in enumerate(observations):
        if kept := store.get(one.digest):
            rows.add(kept)
        else:
            waiting.append(place)
    done = len(observations) - len(waiting)
    report(done, len(observations), "")
    todo = map(observations.__getitem__, waiting)
    task = partial(observe, threads=threads_each(len(waiting), executor))
    made = completed(task, todo, executor, given_up=_given_up)
    for count, (observation, result) in enumerate(made, start=done + 1):
        if result.observation.status.iloc[0] == "observed":
            store.put(observation.digest, result)
        rows.add(result)  # pixels stay on disk: those of a season are more than memory holds
        report(count, len(observations), observation.scene.id)
    return len(waiting)


def _given_up(observation: Observation, error: WorkerError) -> Result:
    return unobserved(observation, "failed", f"{observation.scene.id}: {error}")


def _origin(
    study: Study, rows: gpd.GeoDataFrame, planned: Planned, notes: Sequence[str]
) -> dict[str, object]:
    """What the tables of all observations came from."""
    weights = [(one.name, one.version, one.digest) for one in read_models(study.detect).values()]
    if study.detect.type_model:
        types = read_type_model(study.detect.type_model)
        weights.append((types.name, types.version, types.digest))
    options = study.model_dump(mode="json")
    options["catalog"]["url"] = without_secrets(study.catalog.url)
    return {
        "study": options,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: importlib.metadata.version(name) for name in VERSIONS},
        "weights": {
            "name": ", ".join(name for name, _, _ in weights),
            "version": ", ".join(version for _, version, _ in weights),
            "sha256": ", ".join(sha256 for _, _, sha256 in weights),
        },
        "traffic": {
            "name": study.track.traffic,
            "sha256": read_traffic(study.track.traffic).sha256,
        },
        "items": sorted(rows.scene_id.unique()),
        "catalog_notes": list(notes),
        **_sources(planned),
    }


def _sources(planned: Planned) -> dict[str, object]:
    """Items that scenes are from, and what backgrounds were made of."""
    backgrounds, sources = dict[str, object](), dict[str, str]()
    for one in planned:
        for used in filter(None, (one.background, one.fixed_echoes)):
            own = {"port": one.port.name, "observations": used.observations}
            backgrounds[used.scene.id] = own
        if one.scene.href:
            sources[one.scene.id] = one.scene.href
    return {"backgrounds": backgrounds, "sources": sources}
