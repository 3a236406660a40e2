"""What a run will do: the observations of a study, and what will not be observed and why."""

import gc
import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import shapely

from gnomon.catalog.listed import ItemFault
from gnomon.catalog.search import find_scenes
from gnomon.catalog.versions import VersionReader
from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.observation import Observation, ObserveOptions
from gnomon.datamodel.ports import EVERYWHERE, Port
from gnomon.datamodel.progress import Progress, silent
from gnomon.datamodel.radar_options import RadarOptions
from gnomon.datamodel.scene import Scene, Sensor
from gnomon.datamodel.study import DetectOptions, Study
from gnomon.detect.detector import read_models
from gnomon.detect.radar_weights import read_radar_model
from gnomon.detect.type_weights import read_type_model
from gnomon.detect.weights import Model
from gnomon.freeboard.pooled import shipped_pooling
from gnomon.freeboard.trained import shipped_posterior
from gnomon.imagery.coast import read_land
from gnomon.imagery.coastline import coastline_version
from gnomon.workflow.digests import OBSERVED_BY, code_digest, digest
from gnomon.workflow.observation_rows import empty_result, observation_row
from gnomon.workflow.observe_radar import refused_product
from gnomon.workflow.store import Result

Models = Mapping[Sensor, Model]
"""Weights of a study, by sensor."""


class Plan(NamedTuple):
    """What a run will do."""

    observations: list[Observation]
    """To be done."""
    unobserved: list[Result]
    """Rows of what will not be observed: faulty items, cloudy scenes."""
    notes: tuple[str, ...] = ()
    """What a user must know of the search of each port, one line each."""


class PortPlan(NamedTuple):
    """What a run will do at one port."""

    port: Port
    observations: list[Observation]
    cloudy: tuple[Scene, ...]
    """Not to be observed."""
    faults: tuple[ItemFault, ...]
    notes: tuple[str, ...]


def plan(study: Study, on_progress: Progress = silent) -> Plan:
    """Search a study's catalogue for what its ports need.

    Parameters
    ----------
    study
        Whose catalogue, ports, period and weights count.
    on_progress
        Called after each item that was found, and after each port.

    Raises
    ------
    GnomonError
        The catalogue, the ports file or the weights are at fault.

    """
    names, versions = Names(study), VersionReader(study.catalog)
    todo, left, notes = [], [], list[str]()
    for found in plan_ports(study, names, versions, on_progress):
        todo += found.observations
        left += [empty_result(row) for row in rows_left_out(found, names)]
        notes += found.notes
    refuse_unmet(names, {one.scene.sensor for one in todo})
    return Plan(todo, left, (*notes, *versions.notes))


def plan_ports(
    study: Study, names: "Names", versions: VersionReader, on_progress: Progress = silent
) -> Iterator[PortPlan]:
    """Search for what one port after the other needs, so that no more is in memory at once.

    Parameters
    ----------
    study, on_progress
        As of `plan`.
    names
        Of the study's observations.
    versions
        Asks for the versions of files, and counts what it could not know.

    """
    with _young_garbage_only():
        yield from _planned_ports(study, names, versions, on_progress)


@contextmanager
def _young_garbage_only() -> Iterator[None]:
    """Keep what is in memory now out of the garbage collector's way.

    Libraries have loaded a million objects by now. An item makes hundreds, and each full round of
    the collector would go through all of those again: a quarter of the time.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _planned_ports(
    study: Study, names: "Names", versions: VersionReader, on_progress: Progress
) -> Iterator[PortPlan]:
    ports = study.places()
    for place, port in enumerate(ports):
        name = port.name or EVERYWHERE
        found = find_scenes(
            study.catalog,
            area=port.area,
            start=study.period.start,
            end=study.period.end,
            on_progress=_of_ports(on_progress, place, len(ports), name),
        )
        on_progress(place + 1, len(ports), name)
        refused = tuple(_refused(found.scenes))
        left = {fault.item for fault in refused}
        scenes = versions.with_versions(one for one in found.scenes if one.id not in left)
        observations = [names.observation(scene, port) for scene in scenes]
        notes = tuple(f"{name}: {note}" for note in (*found.notes, *_refusals(refused)))
        yield PortPlan(port, observations, found.cloudy, (*found.faults, *refused), notes)


def _refused(scenes: Iterable[Scene]) -> Iterator[ItemFault]:
    """Radar scenes that no observation can be made of, as their names say."""
    for one in scenes:
        if error := refused_product(one):
            yield ItemFault(
                item=one.id,
                collection=one.collection,
                platform=one.platform,
                error=error,
                seen_at=one.seen_at,
                footprint=one.footprint,
            )


def _refusals(refused: Sequence[ItemFault]) -> Iterator[str]:
    """How many radar scenes are refused, in words."""
    if refused:
        images = "1 radar image is" if len(refused) == 1 else f"{len(refused):,} radar images are"
        yield f"{images} refused: {refused[0].error}"


def _of_ports(report: Progress, place: int, count: int, port: str) -> Progress:
    """Progress of all ports' searches, from that of one."""

    def one(done: int, total: int, _item: str) -> None:
        if total:  # a static catalogue, whose items are counted before they are read
            report(place * total + done, count * total, port)
        else:
            report(place, count, f"{port}: {done} items")

    return one


def refuse_unmet(names: "Names", met: Collection[Sensor]) -> None:
    """Refuse weights for a sensor that no scene of the study has; where there is none, none is.

    Radar needs no weights: where all scenes are radar, those that a study has by default stay.

    Raises
    ------
    StudyError
        There is one.

    """
    if not names.weights_are_named and {*met} == {"sar"}:
        return
    if met and (unmet := sorted(set(names.models) - {*met})):
        raise StudyError(
            f"[detect.models] (--model) names weights for {', '.join(unmet)} scenes, but the "
            f"catalogue gave only {', '.join(sorted(met))} ones"
        )


def _freeboard() -> list[object]:
    """What freeboards rest on: a network, and how far it is trusted beside the fit."""
    return [shipped_posterior().model.model_dump(), shipped_pooling().model_dump()]


def _land_digest(path: Path | None) -> str | None:
    """Digest of a file of land, which is checked here before any image is read."""
    if path is None:
        return None
    read_land(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _types(options: DetectOptions) -> dict[str, Any] | None:
    """What p_tanker rests on beside the detector."""
    return read_type_model(options.type_model).model_dump() if options.type_model else None


def _radar_weights(options: RadarOptions) -> dict[str, Any] | None:
    """What radar's detector rests on beside its options."""
    return read_radar_model(options.model).model_dump() if options.detector == "network" else None


class Names:
    """Names the observations of a study; what all of them rest on is read once.

    Parameters
    ----------
    study
        Whose options and weights count.

    Raises
    ------
    GnomonError
        The weights, or the file of land, are at fault.

    """

    def __init__(self, study: Study) -> None:
        self.options = ObserveOptions(
            mask=study.mask, detect=study.detect, radar=study.radar, load=study.load
        )
        self.models = read_models(study.detect)
        self.weights_are_named = "models" in study.detect.model_fields_set
        self._shared = {
            "code": code_digest(*OBSERVED_BY),
            "mask": study.mask.model_dump(),
            "detect": study.detect.model_dump(exclude={"models", "type_model", "background"}),
            "types": _types(study.detect),
            "load": study.load.model_dump(),
            "freeboard": _freeboard() if study.load.enabled else None,
        }
        self._weights = {
            sensor: model.model_dump(mode="json") for sensor, model in self.models.items()
        }
        self._radar = {
            "options": study.radar.model_dump(exclude={"land", "model"}),
            "weights": _radar_weights(study.radar),
            "land": _land_digest(study.radar.land),
            "coastline": coastline_version(),
        }
        self._port: Port | None = None
        self._of_sensors: dict[Sensor, str] = {}

    def observation(self, scene: Scene, port: Port) -> Observation:
        """An observation, named by all that it rests on."""
        name = digest([self._of(port, scene.sensor), scene.inputs])
        return Observation(scene, port, self.options, name)

    def _of(self, port: Port, sensor: Sensor) -> str:
        """Digest of what all observations of one port by one sensor rest on."""
        if self._port is not port:
            self._port = port
            self._of_sensors.clear()
        if sensor not in self._of_sensors:
            self._of_sensors[sensor] = digest(
                {
                    **self._shared,
                    "weights": self._weights.get(sensor),
                    **({"radar": self._radar} if sensor == "sar" else {}),
                    "area": shapely.to_wkt(port.area) if port.area is not None else None,
                    "port": port.name,
                    "zones": [(z.name, z.kind, shapely.to_wkt(z.geometry)) for z in port.zones],
                }
            )
        return self._of_sensors[sensor]


def rows_left_out(found: PortPlan, names: Names) -> Iterator[dict[str, Any]]:
    """Rows of the observations table for what will not be observed: faulty items, cloudy scenes."""
    for fault in found.faults:
        yield _faulty_row(fault, found.port)
    for scene in found.cloudy:
        row = observation_row(names.observation(scene, found.port), scene)
        yield row | {"status": "skipped", "reason": f"{scene.cloud_percent:.0f} % cloud"}


def _faulty_row(fault: ItemFault, port: Port) -> dict[str, Any]:
    """Row of an item that cannot be used."""
    return {
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
