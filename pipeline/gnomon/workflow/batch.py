"""A run done in parts by any batch system: its tasks written as lines, and some of them done.

`TaskList` lists what a run would do: first the backgrounds of each port, then its observations.
`Batch` does tasks, in any order and any number of times: a result that is in the store is not made
again. An observation that comes before its background makes that first; where several wait for the
same one, a lock lets one of them make it. `gnomon.workflow.run.gather` goes on from there.
"""

import json
import tempfile
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Self

from filelock import FileLock

from gnomon.catalog.vetting import trust_of
from gnomon.datamodel.addresses import without_secrets
from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.files import store_errors
from gnomon.datamodel.observation import Background, Observation
from gnomon.datamodel.ports import EVERYWHERE, Port
from gnomon.datamodel.progress import Stages, silent_stages
from gnomon.datamodel.scene import Scene, Sensor
from gnomon.datamodel.study import Study
from gnomon.workflow.backgrounds import MOST, PART_PX, BackgroundBuilder
from gnomon.workflow.forecast import START_S, Trial
from gnomon.workflow.object_store import ObjectStore
from gnomon.workflow.observe import observe
from gnomon.workflow.plan import Names, PortPlan
from gnomon.workflow.port_backgrounds import (
    PortScenes,
    keep_index,
    kept_index,
    port_scenes,
    radar_port_scenes,
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
    task_text,
)

SEASONS = 4
"""Backgrounds of a port on one grid."""
HEAD = '{"task":"observe","command":""'
"""Of the line of an observation, until it has a number."""
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


@dataclass(frozen=True)
class _Waiting:
    """Backgrounds of a port that are to be made."""

    index: str
    port: str | None
    sensor: Sensor
    reads: int
    """Scenes that they are made of, at most."""
    bands: int
    lines: tuple[int, int]
    """First and last observation of the port, in the order of the list."""


class _Use(NamedTuple):
    """Backgrounds that observations of a port need."""

    made_of: Sensor
    use: BackgroundUse
    known: Mapping[str, Background] | None
    """By id of the scene; None where they are not made yet."""


class TaskList:
    """The tasks of a run, port by port; their lines wait on the disk, not in memory.

    A result that is in the store is no task; it is looked up by its name, and not read. Used in a
    ``with`` statement, after which the lines are gone.

    Parameters
    ----------
    out
        Folder of the run; it is left as it is.
    remote
        Where machines without a common disk keep results.

    """

    def __init__(self, out: Path, remote: ObjectStore | None = None) -> None:
        self._store = Store(out / STORE, remote)
        self._there = self._store.names()
        self._waiting: list[_Waiting] = []
        self._lines = tempfile.TemporaryFile()  # noqa: SIM115  # closed by __exit__
        self._keys: dict[tuple[str, str], int] = {}
        self._key_of_line = array("L")
        self.kept = 0
        """Observations whose results are there."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._lines.close()

    def add(self, found: PortPlan) -> None:
        """Add the tasks of a port.

        Raises
        ------
        StudyError
            Addresses of its scenes carry keys, which a list of tasks would give away.

        """
        begin = len(self._key_of_line)
        groups = [group for group in scenes_of_ports(found.observations) if group.are_enough]
        made = {group.sensor: kept_index(group.name, self._store) for group in groups}
        uses: dict[Sensor, list[_Use]] = defaultdict(list)
        number = len(self._waiting)
        for group in groups:
            known = made[group.sensor]
            number += known is None
            use = BackgroundUse(index=group.name, line=number if known is None else None)
            own = _Use(group.sensor, use, known)
            uses[group.sensor].append(own)
            if group.radar:
                uses["sar"].append(own)
        for one in found.observations:
            needed, named = uses[one.scene.sensor], one
            for each in needed:
                named = with_background(named, (each.known or {}).get(one.scene.id))
            if all(each.known is not None for each in needed) and named.digest in self._there:
                self.kept += 1
            else:
                self._add(one, {each.made_of: each.use for each in needed})
        span = (begin + 1, len(self._key_of_line))
        self._waiting += [_waiting(group, span) for group in groups if made[group.sensor] is None]

    def _add(self, one: Observation, uses: Mapping[Sensor, BackgroundUse]) -> None:
        _refuse_secrets(one.scene)
        fixed = uses.get("sar")
        background = next((use for sensor, use in uses.items() if sensor != "sar"), None)
        task = ObserveTask(
            task="observe",
            command="",
            digest=one.digest,
            output=None if uses else f"{STORE}/{one.digest}",
            inputs=ObserveInputs(
                port=one.port.name, scene=one.scene, background=background, fixed_echoes=fixed
            ),
        )
        text = task_text(task)
        assert text.startswith(HEAD)
        self._lines.write(text.removeprefix(HEAD).encode())
        key = one.port.name or EVERYWHERE, one.scene.collection
        self._key_of_line.append(self._keys.setdefault(key, len(self._keys)))

    def texts(
        self, trials: Mapping[tuple[str, str], Trial], command: Callable[[int], str]
    ) -> Iterator[str]:
        """Lines of all tasks: first the backgrounds, then the observations.

        Parameters
        ----------
        trials
            What one image took, by port and collection.
        command
            For the number of a line, what does its task.

        """
        before = len(self._waiting)
        for number, one in enumerate(self._waiting, start=1):
            yield task_text(_background_task(one, before, trials, command(number)))
        takes = [_estimate(trials.get(key)) for key in self._keys]
        self._lines.seek(0)
        numbered = enumerate(zip(self._key_of_line, self._lines, strict=True), start=before + 1)
        for number, (key, rest) in numbered:
            yield f"{HEAD[:-2]}{json.dumps(command(number))}{takes[key]}{rest.decode()}"


def _estimate(trial: Trial | None) -> str:
    """What an observation will take, as members of an object."""
    if trial is None:
        return ""
    volume, memory = round(trial.bytes_to_read), round(trial.memory_bytes)
    taken_s = round(START_S + trial.processor_s, 1)
    return f',"bytes":{volume},"seconds":{taken_s},"memory_bytes":{memory}'


def _waiting(group: PortScenes, lines: tuple[int, int]) -> _Waiting:
    reads = min(len(group.scenes), SEASONS * MOST)
    return _Waiting(group.name, group.port.name, group.sensor, reads, len(group.bands), lines)


def _background_task(
    one: _Waiting, before: int, trials: Mapping[tuple[str, str], Trial], command: str
) -> BackgroundTask:
    """Most that the backgrounds of a port take: each scene that has a part is read once."""
    label = one.port or EVERYWHERE
    own = [trial for (port, _), trial in trials.items() if port == label]
    pixels = PART_PX**2 * (COUNT_BYTES * one.bands + 1)
    most = max(own, key=lambda trial: trial.bytes_to_read, default=None)
    first, last = one.lines
    return BackgroundTask(
        task="background",
        command=command,
        digest=one.index,
        output=f"{STORE}/{one.index}",
        bytes=most and round(one.reads * most.bytes_to_read),
        seconds=most and round(START_S + one.reads * most.processor_s, 1),
        memory_bytes=most and round(most.memory_bytes) + one.reads * pixels,
        inputs=BackgroundInputs(
            port=one.port, sensor=one.sensor, lines=(before + first, before + last)
        ),
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
    remote
        Where machines without a common disk keep results; the folder is this machine's own.

    Raises
    ------
    GnomonError
        The weights, the ports or the folder are at fault.

    """

    def __init__(
        self,
        study: Study,
        out: Path,
        on_stage: Stages = silent_stages,
        *,
        remote: ObjectStore | None = None,
    ) -> None:
        self._names, self._trust = Names(study), trust_of(study.catalog)
        self._ports = {port.name: port for port in study.places()}
        self._store, self._begin = Store(out / STORE, remote), on_stage
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
        for use in filter(None, (task.inputs.background, task.inputs.fixed_echoes)):
            known = self._backgrounds(use, line)
            observation = with_background(observation, known.get(task.inputs.scene.id))
        return observation

    def _backgrounds(self, use: BackgroundUse, line: TaskLine) -> Mapping[str, Background]:
        """Backgrounds that an observation needs, made where they are missing."""
        known = kept_index(use.index, self._store)
        if known is None and use.line is None:
            raise StudyError(f"{line.place}: its backgrounds have gone from the store; plan again")
        if known is None and line.file is None:
            why = f"needs the backgrounds of line {use.line} of its file; do that line first"
            raise StudyError(f"{line.place}: {why}, or give FILE:N")
        if known is None and line.file is not None and use.line is not None:
            (other,) = read_task_lines(line.file, use.line, use.line)
            needed = other.task
            if not isinstance(needed, BackgroundTask) or needed.digest != use.index:
                raise StudyError(f"{other.place}: is not what {line.place} needs; plan again")
            self._made(needed, other)
            known = kept_index(use.index, self._store)
        return known or {}

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
        others = [other.task for other in read_task_lines(file, *task.inputs.lines)]
        observations = [
            self._names.observation(replace(one.inputs.scene, trust=self._trust), port)
            for one in others
            if isinstance(one, ObserveTask)
        ]
        model = self._names.models.get(sensor)
        if all(one.scene.sensor != sensor for one in observations):
            raise StudyError(f"{line.place}: {STALE}")
        if model is None and sensor != "sar":
            raise StudyError(f"{line.place}: {STALE}")
        if model is None:
            group = radar_port_scenes(observations)
        else:
            group = port_scenes(observations, model)
        if group.name != task.digest:
            raise StudyError(f"{line.place}: {STALE}")
        return group
