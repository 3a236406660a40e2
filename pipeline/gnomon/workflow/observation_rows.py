"""What every observation has, whatever its sensor: its detector, its ground, its row."""

import functools
from dataclasses import replace
from typing import Any

from gnomon.datamodel.observation import Observation, ObserveOptions
from gnomon.datamodel.ports import Port
from gnomon.datamodel.scene import Scene, Sensor
from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import Detections, Observations
from gnomon.detect.detector import Detector, detector_of
from gnomon.workflow.evidence import evidence_table
from gnomon.workflow.rows import scene_columns
from gnomon.workflow.store import Result


def unobserved(observation: Observation, status: str, reason: str) -> Result:
    """Result of an observation that failed or was skipped."""
    row = observation_row(observation, observation.scene) | {"status": status, "reason": reason}
    return empty_result(row)


def empty_result(row: dict[str, Any]) -> Result:
    """Result with a row of the observations table and no hull."""
    return Result(table(Observations, [row]), table(Detections, []), evidence_table([]))


def own_ground(observation: Observation) -> Port:
    """The port without what another scene of the same pass shows."""
    port, scene = observation.port, observation.scene
    if scene.covered is None:
        return port
    area = scene.footprint if port.area is None else port.area
    return replace(port, area=area.difference(scene.covered))


def observation_row(observation: Observation, scene: Scene) -> dict[str, Any]:
    """Columns of the observations table that are known before any pixel is read."""
    area = own_ground(observation).area
    asked = scene.footprint if area is None else area.intersection(scene.footprint)
    return scene_columns(scene, observation.port, observation.digest) | {"geometry": asked}


def detector_for(observation: Observation) -> Detector:
    """Detector for the sensor of an observation's scene, loaded once in each process."""
    options = ObserveOptions(detect=observation.options.detect, radar=observation.options.radar)
    return _loaded(observation.scene.sensor, options.model_dump_json())


@functools.cache
def _loaded(sensor: Sensor, text: str) -> Detector:
    options = ObserveOptions.model_validate_json(text)
    return detector_of(sensor, options.detect, options.radar)
