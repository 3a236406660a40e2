"""What a run will take: images, bytes, minutes and disk by port, and what is missing for it.

The catalogue is searched as a run would. Then, of each port and collection, one image is tried,
that of middling cloud: its files are opened, what they store for the blocks under the port is added
up, and it is observed, with all that it reads, in this process. Where a port is larger than
`TRIAL_PX` pixels, the trial takes a part in its middle and is scaled up.

Bytes and processor time are those of the trial times the number of images; where a background is
made (`gnomon.workflow.backgrounds`), each image is read a second time. Minutes are processor time
shared by the processors of this machine, and for the rest as fast as the trial: a slow or busy
network shows in both. What other images need varies with cloud and ships, by half or so. Results
that are in the run's folder already are not subtracted. Nothing is written but a temporary file.
"""

import os
import resource
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import shapely

from gnomon.catalog.access import missing_access
from gnomon.catalog.versions import VersionReader
from gnomon.datamodel.errors import GnomonError, faults_of
from gnomon.datamodel.observation import Observation
from gnomon.datamodel.ports import EVERYWHERE
from gnomon.datamodel.progress import Progress, Stages, silent_stages
from gnomon.datamodel.scene import Sensor
from gnomon.datamodel.simulated import is_simulated
from gnomon.datamodel.study import Study
from gnomon.geo.local import box_around
from gnomon.imagery.background import FEWEST
from gnomon.imagery.read import geobox_of, stored_bytes
from gnomon.imagery.sentinel1.fixed_echoes import FEWEST_PASSES
from gnomon.imagery.sentinel1.read import radar_bytes
from gnomon.workflow.observation_rows import detector_for
from gnomon.workflow.observe import observe, windows_read
from gnomon.workflow.observe_radar import radar_windows
from gnomon.workflow.plan import Names, PortPlan, plan_ports, refuse_unmet
from gnomon.workflow.store import Store

TRIAL_PX = 2048**2
"""A port of 20 km at 10 m takes seconds."""
TRIAL_HALF_M = 8_000.0
"""Half the side of the part that is tried of a larger one."""
START_S = 10.0
"""Until processes have loaded their libraries and the network."""


@dataclass(frozen=True)
class Trial:
    """What one image took, scaled to the whole port."""

    bytes_to_read: float
    processor_s: float
    disk_bytes: float
    memory_bytes: float
    """Peak of the process that tried it."""


@dataclass(frozen=True, kw_only=True)
class PortForecast:
    """What one port will take."""

    port: str
    images: int
    """To be observed."""
    too_cloudy: int
    faulty: int
    """Items that cannot be used."""
    first: datetime | None
    """Time of the first image."""
    last: datetime | None
    bytes_to_read: float | None
    """None where no trial succeeded."""
    processor_s: float | None
    disk_bytes: float | None
    reads_per_image: int
    """Two where a background is made of the images first."""


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What a run will take, and what is missing for it."""

    ports: tuple[PortForecast, ...]
    weights: tuple[str, ...]
    processors: int
    free_bytes: int
    """On the disk of the run's folder."""
    missing: tuple[str, ...]
    """What must be mended first, each with what to do."""
    failed: tuple[tuple[str, str], ...]
    """Trials that failed: scene and reason."""
    catalog_notes: tuple[str, ...]
    """What was noticed as the catalogue was searched, one line each."""
    simulated: bool
    trials: Mapping[tuple[str, str], Trial] = field(default_factory=dict)
    """By port and collection."""

    @property
    def memory_bytes(self) -> float | None:
        """Of one process; None where no trial succeeded."""
        return max((one.memory_bytes for one in self.trials.values()), default=None)

    def total(self, name: str) -> float | None:
        """Sum of a column over the ports; None where a port with images has no number."""
        values = [getattr(one, name) for one in self.ports if one.images]
        return None if None in values else float(sum(values))

    @property
    def seconds(self) -> float | None:
        """Of the whole run on this machine."""
        work = self.total("processor_s")
        return None if work is None else START_S + work / self.processors


@dataclass(frozen=True)
class _Group:
    """Images of one port and collection, of which one is tried."""

    port: str
    count: int
    first: datetime
    last: datetime
    tried: Observation


def forecast(
    study: Study,
    out: Path,
    *,
    on_stage: Stages | None = None,
    on_port: Callable[[PortPlan], object] | None = None,
) -> Forecast:
    """Find out what a run of a study would take.

    Parameters
    ----------
    study
        Whose catalogue is searched.
    out
        Folder that the run would write to; it is left as it is.
    on_stage
        As of `gnomon.run`.
    on_port
        Called with what was found for each port, which is not kept.

    Raises
    ------
    GnomonError
        The catalogue, the ports file or the weights are at fault.

    """
    begin = on_stage or silent_stages
    names, versions = Names(study), VersionReader(study.catalog)
    groups, left, missing, notes = list[_Group](), [], [*_missing_disk(out)], list[str]()
    for found in plan_ports(study, names, versions, begin("searching the catalogue")):
        groups += _groups(found)
        left.append((found.port.name or EVERYWHERE, len(found.cloudy), len(found.faults)))
        missing += _missing_access(found.observations)
        notes += found.notes
        if on_port is not None:
            on_port(found)
    refuse_unmet(names, {group.tried.scene.sensor for group in groups})
    if not groups:
        missing.append("images: the catalogue has none; mend the period, ports or collections")
    trials, failed = _trials(groups, begin("trying one image of each port"))
    models = names.models.values()
    reread = {
        model.sensor: FEWEST for model in models if study.detect.background and model.background
    }
    if study.radar.fixed_echoes:
        reread["sar"] = FEWEST_PASSES
    return Forecast(
        ports=tuple(_ports(left, groups, trials, reread)),
        weights=tuple(f"{model.name} {model.version}" for model in models),
        processors=os.cpu_count() or 1,
        free_bytes=shutil.disk_usage(_existing(out)).free,
        missing=tuple(dict.fromkeys(missing)),
        failed=tuple(failed),
        catalog_notes=(*notes, *versions.notes),
        simulated=any(is_simulated(group.tried.scene.collection) for group in groups),
        trials=trials,
    )


def _groups(found: PortPlan) -> Iterator[_Group]:
    """Images of a port by collection, and of each the one of middling cloud."""
    own: dict[str, list[Observation]] = defaultdict(list)
    for one in found.observations:
        own[one.scene.collection].append(one)
    for group in own.values():
        times = [one.scene.seen_at for one in group]
        cloud = sorted(one.scene.cloud_percent or 0 for one in group)
        middle = cloud[len(cloud) // 2]
        tried = min(group, key=lambda one: abs((one.scene.cloud_percent or 0) - middle))
        yield _Group(found.port.name or EVERYWHERE, len(group), min(times), max(times), tried)


def _trials(
    groups: Sequence[_Group], report: Progress
) -> tuple[dict[tuple[str, str], Trial], list[tuple[str, str]]]:
    """What the images took that were tried, and why some could not be."""
    trials, failed = {}, []
    for count, group in enumerate(groups, start=1):
        scene = group.tried.scene
        result = _tried(group.tried)
        if isinstance(result, Trial):
            trials[group.port, scene.collection] = result
        else:
            failed.append((scene.id, result))
        report(count, len(groups), scene.id)
    return trials, failed


def _ports(
    left: Iterable[tuple[str, int, int]],
    groups: Sequence[_Group],
    trials: Mapping[tuple[str, str], Trial],
    reread: Mapping[Sensor, int],
) -> Iterator[PortForecast]:
    """What each port will take; with so many images of a sensor they are read a second time."""
    for name, cloudy, faulty in left:
        every = [group for group in groups if group.port == name]
        # Radar that cannot be read is not paid for, and the other images are counted without it.
        own = [g for g in every if not _is_refused_radar(g, trials)]
        taken = [trials.get((name, group.tried.scene.collection)) for group in own]
        reads = [2 if _may_have_one(group, reread) else 1 for group in own]
        known = None not in taken
        pairs = [(g.count, k, t) for g, k, t in zip(own, reads, taken, strict=True) if t]
        yield PortForecast(
            port=name,
            images=sum(group.count for group in every),
            too_cloudy=cloudy,
            faulty=faulty,
            first=min((group.first for group in every), default=None),
            last=max((group.last for group in every), default=None),
            bytes_to_read=sum(n * k * t.bytes_to_read for n, k, t in pairs) if known else None,
            processor_s=sum(n * t.processor_s for n, _, t in pairs) if known else None,
            disk_bytes=sum(n * t.disk_bytes for n, _, t in pairs) if known else None,
            reads_per_image=max(reads, default=1),
        )


def _is_refused_radar(group: _Group, trials: Mapping[tuple[str, str], Trial]) -> bool:
    """Whether a group is of radar whose trial failed."""
    scene = group.tried.scene
    return scene.sensor == "sar" and (group.port, scene.collection) not in trials


def _may_have_one(group: _Group, fewest: Mapping[Sensor, int]) -> bool:
    """Whether the images of a group may make a background."""
    sensor = group.tried.scene.sensor
    return sensor in fewest and group.count >= fewest[sensor]


def _tried(observation: Observation) -> Trial | str:
    """Observe one image, or say why that failed."""
    try:
        with faults_of(observation.scene.id, "image"):
            volume, whole = _reads(observation)
            part = _part_of(observation) if whole > TRIAL_PX else observation
            share = _reads(part)[1] / whole if whole else 1.0
    except GnomonError as error:
        return str(error)
    detector_for(part)  # loads the network, which a process does once
    started = time.perf_counter()
    result = observe(part)
    taken_s = time.perf_counter() - started
    row = result.observation.iloc[0]
    if row.status != "observed":
        return str(row.reason)
    with tempfile.TemporaryDirectory() as folder:
        Store(Path(folder)).put("trial", result)
        stored = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    return Trial(volume, taken_s / share, stored / share, _peak_bytes())


def _peak_bytes() -> float:
    """Most memory that this process has had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak if sys.platform == "darwin" else peak * 1024)


def _reads(observation: Observation) -> tuple[int, int]:
    """Bytes and pixels that an observation reads."""
    scene = observation.scene
    if scene.sensor == "sar":
        parts = radar_windows(observation)
        return radar_bytes(scene, parts), sum(one.lines * one.samples for one in parts)
    windows = list(windows_read(observation, geobox_of(scene)))
    pixels = sum(window.shape.y * window.shape.x for window in windows)
    return sum(stored_bytes(scene, window) for window in windows), pixels


def _part_of(observation: Observation) -> Observation:
    """The same image over the middle of its port."""
    scene, port = observation.scene, observation.port
    area = scene.footprint if port.area is None else port.area & scene.footprint
    middle = box_around(area.representative_point(), half_m=TRIAL_HALF_M)
    return replace(observation, port=replace(port, area=shapely.intersection(area, middle)))


def _missing_access(planned: Iterable[Observation]) -> Iterable[str]:
    """What the scenes' files ask of this machine, once each."""
    first = {(one.scene.collection, one.scene.signing): one.scene for one in reversed([*planned])}
    return dict.fromkeys(what for scene in first.values() for what in missing_access(scene))


def _missing_disk(out: Path) -> Iterable[str]:
    place = _existing(out)
    if not (place.is_dir() and os.access(place, os.W_OK)):
        yield f"a place to write: {place} is not a folder that can be written; name another --out"


def _existing(out: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    place = out.resolve()
    while not place.exists():
        place = place.parent
    return place
