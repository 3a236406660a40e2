"""A run done in parts by any batch system: its tasks written as lines, and some of them done.

`tasks_of` lists what a run would do: first the backgrounds of each port, then its observations.
`Batch` does tasks, in any order and any number of times: a result that is in the store is not made
again. An observation that comes before its background makes that first; where several wait for the
same one, a lock lets one of them make it. `gnomon.workflow.run.gather` goes on from there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock

from gnomon.catalog.vetting import trust_of
from gnomon.datamodel.addresses import without_secrets
from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.files import store_errors
from gnomon.datamodel.observation import Observation
from gnomon.datamodel.ports import EVERYWHERE, Port
from gnomon.datamodel.progress import Stages, silent_stages
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.study import Study
from gnomon.workflow.backgrounds import MOST, PART_PX, BackgroundBuilder
from gnomon.workflow.forecast import START_S, Forecast, Trial
from gnomon.workflow.observe import observe
from gnomon.workflow.plan import Names
from gnomon.workflow.port_backgrounds import (
    PortScenes,
    keep_index,
    kept_index,
    scenes_of_ports,
    with_background,
)
from gnomon.workflow.store import STORE, Store
from gnomon.workflow.tasks import (
    BackgroundInputs,
    BackgroundTask,
    BackgroundUse,
    ObserveInputs,
    ObserveTask,
    Task,
    TaskLine,
    read_task_lines,
)

SEASONS = 4
"""Backgrounds of a port on one grid."""
COUNT_BYTES = 2
"""Of one band of one pixel, as backgrounds are made of them."""
STALE = "was planned with another study, weights, ports or gnomon, or was changed; plan again"


@dataclass(frozen=True)
class TaskOutcome:
    """What became of a task."""

    place: str
    """Of its line."""
    what: str
    """For people."""
    failed: bool = False


def tasks_of(made: Forecast, command: Callable[[int], str]) -> Iterator[Task]:
    """List the tasks of a run.

    Parameters
    ----------
    made
        What the run would take.
    command
        For the number of a line, what does its task.

    Raises
    ------
    StudyError
        Addresses of the scenes carry keys, which a list of tasks would give away.

    """
    groups = [group for group in scenes_of_ports(made.planned) if group.are_enough]
    begin = len(groups) + 1
    spans: dict[str | None, tuple[int, int]] = {}
    for number, one in enumerate(made.planned, start=begin):
        spans[one.port.name] = (spans.get(one.port.name, (number, number))[0], number)
    uses = {}
    for number, group in enumerate(groups, start=1):
        uses[group.port.name, group.sensor] = BackgroundUse(index=group.name, line=number)
        yield _background_task(group, spans[group.port.name], made, command(number))
    for number, one in enumerate(made.planned, start=begin):
        _refuse_secrets(one.scene)
        use = uses.get((one.port.name, one.scene.sensor))
        yield _observe_task(one, use, made.trials.get(_key(one)), command(number))


def _key(one: Observation) -> tuple[str, str]:
    return one.port.name or EVERYWHERE, one.scene.collection


def _observe_task(
    one: Observation, use: BackgroundUse | None, trial: Trial | None, command: str
) -> ObserveTask:
    return ObserveTask(
        task="observe",
        command=command,
        digest=one.digest,
        output=None if use else f"{STORE}/{one.digest}",
        bytes=trial and round(trial.bytes_to_read),
        seconds=trial and round(START_S + trial.processor_s, 1),
        memory_bytes=trial and round(trial.memory_bytes),
        inputs=ObserveInputs(port=one.port.name, scene=one.scene, background=use),
    )


def _background_task(
    group: PortScenes, lines: tuple[int, int], made: Forecast, command: str
) -> BackgroundTask:
    """Most that the backgrounds of a port take: each scene that has a part is read once."""
    reads = min(len(group.scenes), SEASONS * MOST)
    trials = [one for (port, _), one in made.trials.items() if port == group.label]
    pixels = PART_PX**2 * (COUNT_BYTES * len(group.bands) + 1)
    most = max(trials, key=lambda one: one.bytes_to_read, default=None)
    return BackgroundTask(
        task="background",
        command=command,
        digest=group.name,
        output=f"{STORE}/{group.name}",
        bytes=most and round(reads * most.bytes_to_read),
        seconds=most and round(START_S + reads * most.processor_s, 1),
        memory_bytes=most and round(most.memory_bytes) + reads * pixels,
        inputs=BackgroundInputs(port=group.port.name, sensor=group.sensor, lines=lines),
    )


def _refuse_secrets(scene: Scene) -> None:
    own = [scene.granule_metadata_href, *(asset.href for asset in scene.assets.values())]
    if any(address and without_secrets(address) != address for address in own):
        raise StudyError(
            f"{scene.id}: its addresses have keys or signatures in them, which a list of tasks "
            "would give away and which end; use gnomon run, with --workers or --scheduler"
        )


class Batch:
    """Does tasks of a study into the folder of its run.

    Parameters
    ----------
    study
        Whose options, weights and ports count, and whose catalogue decides what may be opened.
    out
        Folder of the run.
    on_stage
        As of `gnomon.run`.

    Raises
    ------
    GnomonError
        The weights, the ports or the folder are at fault.

    """

    def __init__(self, study: Study, out: Path, on_stage: Stages = silent_stages) -> None:
        self._names, self._trust = Names(study), trust_of(study.catalog)
        self._ports = {port.name: port for port in study.places()}
        self._store, self._begin = Store(out / STORE), on_stage
        with store_errors(self._store.folder):
            self._store.folder.mkdir(parents=True, exist_ok=True)

    def do(self, line: TaskLine) -> TaskOutcome:
        """Do one task, unless its result is in the store.

        Raises
        ------
        StudyError
            The line is no task of this study.
        StoreError
            The disk is full or not writable.

        """
        task = line.task
        if isinstance(task, BackgroundTask):
            return self._made(task, line)
        return self._observed(task, line)

    def _observed(self, task: ObserveTask, line: TaskLine) -> TaskOutcome:
        observation = self._with_background(task, line)
        if self._store.find(observation.digest) is not None:
            return TaskOutcome(line.place, "was there")
        result = observe(observation)
        row = result.observation.iloc[0]
        if row.status != "observed":
            self._store.put_failed(observation.digest, result)
            return TaskOutcome(line.place, str(row.reason), failed=True)
        self._store.put(observation.digest, result)
        return TaskOutcome(line.place, f"{observation.scene.id}: {len(result.detections)} ships")

    def _with_background(self, task: ObserveTask, line: TaskLine) -> Observation:
        observation = self._observation(task, line)
        use = task.inputs.background
        if use is None:
            return observation
        known = kept_index(use.index, self._store)
        if known is None and line.file is None:
            why = f"needs the backgrounds of line {use.line} of its file; do that line first"
            raise StudyError(f"{line.place}: {why}, or give FILE:N")
        if known is None and line.file is not None:
            (other,) = read_task_lines(line.file, use.line, use.line)
            needed = other.task
            if not isinstance(needed, BackgroundTask) or needed.digest != use.index:
                raise StudyError(f"{other.place}: is not what {line.place} needs; plan again")
            self._made(needed, other)
            known = kept_index(use.index, self._store)
        return with_background(observation, (known or {}).get(observation.scene.id))

    def _observation(self, task: ObserveTask, line: TaskLine) -> Observation:
        scene = replace(task.inputs.scene, trust=self._trust)
        observation = self._names.observation(scene, self._port(task, line))
        if observation.digest != task.digest:
            raise StudyError(f"{line.place}: {STALE}")
        return observation

    def _port(self, task: Task, line: TaskLine) -> Port:
        port = self._ports.get(task.inputs.port)
        if port is None:
            raise StudyError(f"{line.place}: {STALE}")
        return port

    def _made(self, task: BackgroundTask, line: TaskLine) -> TaskOutcome:
        label = task.inputs.port or EVERYWHERE
        if kept_index(task.digest, self._store) is not None:
            return TaskOutcome(line.place, "was there")
        if line.file is None:
            raise StudyError(f"{line.place}: needs other lines of its file; give FILE:N")
        group = self._group(task, line, line.file)
        builder = BackgroundBuilder(
            self._store,
            None,
            group.bands,
            group.options,
            lambda stage: self._begin(f"{label}: {stage}"),
        )
        with FileLock(self._store.folder / f".{task.digest}.lock"):
            made = keep_index(group, builder)
        return TaskOutcome(line.place, f"{label}: backgrounds for {len(made)} images")

    def _group(self, task: BackgroundTask, line: TaskLine, file: Path) -> PortScenes:
        """Scenes of a port, from the lines of its observations."""
        port, sensor = self._port(task, line), task.inputs.sensor
        model = self._names.models.get(sensor)
        others = [other.task for other in read_task_lines(file, *task.inputs.lines)]
        scenes = tuple(
            replace(one.inputs.scene, trust=self._trust)
            for one in others
            if isinstance(one, ObserveTask) and one.inputs.scene.sensor == sensor
        )
        bands = tuple(model.bands) if model else ()
        group = PortScenes(port, sensor, scenes, bands, self._names.options.mask)
        if group.name != task.digest:
            raise StudyError(f"{line.place}: {STALE}")
        return group
