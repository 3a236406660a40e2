"""What a run will do: the observations of a study, and what will not be observed and why."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import shapely

from gnomon.catalog.listed import ItemFault
from gnomon.catalog.search import find_scenes
from gnomon.catalog.versions import VersionReader
from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.observation import Observation, ObserveOptions
from gnomon.datamodel.ports import EVERYWHERE, Port
from gnomon.datamodel.progress import Progress, silent
from gnomon.datamodel.scene import Scene, Sensor
from gnomon.datamodel.study import Study
from gnomon.detect.detector import read_models
from gnomon.detect.weights import Model
from gnomon.freeboard.trained import shipped_posterior
from gnomon.workflow.digests import code_digest, digest
from gnomon.workflow.observe import OBSERVED_BY, empty_result, unobserved
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
    names = Names(study)
    todo, left, notes = [], [], list[str]()
    versions = VersionReader(study.catalog)
    ports = study.places()
    for place, port in enumerate(ports):
        found = find_scenes(
            study.catalog,
            area=port.area,
            start=study.period.start,
            end=study.period.end,
            on_progress=_of_ports(on_progress, place, len(ports), port.name or EVERYWHERE),
        )
        on_progress(place + 1, len(ports), port.name or EVERYWHERE)
        scenes = versions.with_versions(found.scenes)
        todo += [names.observation(scene, port) for scene in scenes]
        left += [_faulty(fault, port) for fault in found.faults]
        notes += [f"{port.name or EVERYWHERE}: {note}" for note in found.notes]
        for scene in found.cloudy:
            observation = names.observation(scene, port)
            left.append(unobserved(observation, "skipped", f"{scene.cloud_percent:.0f} % cloud"))
    _refuse_unmet(names.models, todo)
    return Plan(todo, left, (*notes, *versions.notes))


def _of_ports(report: Progress, place: int, count: int, port: str) -> Progress:
    """Progress of all ports' searches, from that of one."""

    def one(done: int, total: int, _item: str) -> None:
        if total:  # a static catalogue, whose items are counted before they are read
            report(place * total + done, count * total, port)
        else:
            report(place, count, f"{port}: {done} items")

    return one


def _refuse_unmet(models: Models, planned: Sequence[Observation]) -> None:
    """Refuse weights for a sensor that no scene of the study has."""
    met = {observation.scene.sensor for observation in planned}
    if met and (unmet := sorted(set(models) - met)):
        raise StudyError(
            f"[detect.models] (--model) names weights for {', '.join(unmet)} scenes, but the "
            f"catalogue gave only {', '.join(sorted(met))} ones"
        )


class Names:
    """Names the observations of a study; what all of them rest on is read once.

    Parameters
    ----------
    study
        Whose options and weights count.

    Raises
    ------
    GnomonError
        The weights are at fault.

    """

    def __init__(self, study: Study) -> None:
        self.options = ObserveOptions(mask=study.mask, detect=study.detect, load=study.load)
        self.models = read_models(study.detect)
        self._shared = {
            "code": code_digest(*OBSERVED_BY),
            "mask": study.mask.model_dump(),
            "detect": study.detect.model_dump(exclude={"models", "background"}),
            "load": study.load.model_dump(),
            "freeboard": shipped_posterior().model.model_dump() if study.load.enabled else None,
        }
        self._weights = {
            sensor: model.model_dump(mode="json") for sensor, model in self.models.items()
        }

    def observation(self, scene: Scene, port: Port) -> Observation:
        """An observation, named by all that it rests on."""
        name = digest(
            {
                **self._shared,
                "weights": self._weights.get(scene.sensor),
                **scene.inputs,
                "area": shapely.to_wkt(port.area) if port.area is not None else None,
                "port": port.name,
                "zones": [(z.name, z.kind, shapely.to_wkt(z.geometry)) for z in port.zones],
            }
        )
        return Observation(scene, port, self.options, name)


def _faulty(fault: ItemFault, port: Port) -> Result:
    """Result of an item that cannot be used."""
    return empty_result(
        {
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
    )
