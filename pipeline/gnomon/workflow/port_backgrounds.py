"""Which observations share backgrounds, and an index by which one process finds another's.

Radar scenes of a port share the backgrounds of its optical ones, which tell them water from land:
each has that of the optical scene that is nearest in time. And they have a background of their own,
what echoes in most passes of a track (`gnomon.workflow.fixed_echoes`).

The background of an observation depends on all scenes of its port (`gnomon.workflow.backgrounds`).
A run has them at hand. A process that does a single task has not: it looks its background up in an
index that the store keeps for each port, under a name that is known before anything is read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gnomon.datamodel.files import write_json
from gnomon.datamodel.observation import Background, Observation
from gnomon.datamodel.ports import EVERYWHERE, Port
from gnomon.datamodel.scene import Scene, Sensor
from gnomon.datamodel.study import MaskOptions
from gnomon.detect.detector import read_models
from gnomon.detect.weights import Model
from gnomon.imagery.background import FEWEST
from gnomon.imagery.sentinel1.read import POLARISATIONS
from gnomon.workflow.background_files import FILE
from gnomon.workflow.backgrounds import BUILT_BY, BackgroundBuilder, build_backgrounds
from gnomon.workflow.digests import code_digest, digest
from gnomon.workflow.fixed_echoes import build_fixed_echoes, may_have_fixed_echoes
from gnomon.workflow.store import Store

INDEX = "backgrounds.json"
"""In the folder of an index."""
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
"""Name of a result, as text from outside may give it."""


@dataclass(frozen=True)
class PortScenes:
    """Scenes of one sensor over one port, and what their backgrounds are made with."""

    port: Port
    sensor: Sensor
    scenes: tuple[Scene, ...]
    digests: tuple[str, ...]
    """Names of their observations, as they are without a background."""
    bands: Sequence[str]
    """Of the network."""
    options: MaskOptions
    radar: tuple[Scene, ...] = ()
    """Of the same port, which need its land and water."""
    radar_digests: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Digest of all that the index rests on."""
        return digest(
            {
                "code": code_digest(
                    *BUILT_BY, "workflow/fixed_echoes.py", "workflow/port_backgrounds.py"
                ),
                "index of backgrounds": self.digests,
                "bands": self.bands,
                **({"radar": self.radar_digests} if self.radar else {}),
            }
        )

    @property
    def label(self) -> str:
        """Of the port, for people."""
        return self.port.name or EVERYWHERE

    @property
    def are_enough(self) -> bool:
        """Whether there can be a background at all."""
        if self.sensor == "sar":
            return may_have_fixed_echoes(self.scenes)
        return self.sensor == "optical" and len(self.scenes) >= FEWEST


class _Made(BaseModel):
    """A background, its files relative to the store."""

    model_config = ConfigDict(extra="forbid")
    scene: Scene
    observations: tuple[str, ...]


class _Index(BaseModel):
    """The backgrounds of a port."""

    model_config = ConfigDict(extra="forbid")
    of_scenes: dict[str, Digest]
    made: dict[Digest, _Made]


def scenes_of_ports(observations: Sequence[Observation]) -> Iterator[PortScenes]:
    """Group the scenes of a run by what their backgrounds are made of; none where none is used.

    An observation is named by its backgrounds in this order.
    """
    if not observations:
        return
    options = observations[0].options
    by_port: dict[str | None, list[Observation]] = {}
    for one in observations:
        by_port.setdefault(one.port.name, []).append(one)
    for sensor, model in read_models(options.detect).items():
        if not (model.background and options.detect.background):
            continue
        for group in by_port.values():
            if any(one.scene.sensor == sensor for one in group):
                yield port_scenes(group, model)
    for group in by_port.values():
        if options.radar.fixed_echoes and any(one.scene.sensor == "sar" for one in group):
            yield radar_port_scenes(group)


def radar_port_scenes(every: Sequence[Observation]) -> PortScenes:
    """Radar scenes among the observations of one port, one at least."""
    group = [one for one in every if one.scene.sensor == "sar"]
    return PortScenes(
        group[0].port,
        "sar",
        tuple(one.scene for one in group),
        tuple(one.digest for one in group),
        POLARISATIONS,
        group[0].options.mask,
    )


def port_scenes(every: Sequence[Observation], model: Model) -> PortScenes:
    """Scenes of one port by the sensor of weights that want backgrounds, and its radar scenes.

    Parameters
    ----------
    every
        Observations of the port, at least one of them by that sensor.
    model
        The weights.

    """
    group = [one for one in every if one.scene.sensor == model.sensor]
    radar = [one for one in every if one.scene.sensor == "sar" != model.sensor]
    first = group[0]
    return PortScenes(
        first.port,
        first.scene.sensor,
        tuple(one.scene for one in group),
        tuple(one.digest for one in group),
        tuple(model.bands),
        first.options.mask,
        tuple(one.scene for one in radar),
        tuple(one.digest for one in radar),
    )


def with_background(observation: Observation, background: Background | None) -> Observation:
    """The observation with what its port looks like without ships, and named by that too."""
    if background is None:
        return observation
    name = digest([observation.digest, background.scene.id])
    if background.scene.sensor == "sar":
        return replace(observation, fixed_echoes=background, digest=name)
    return replace(observation, background=background, digest=name)


def keep_index(group: PortScenes, builder: BackgroundBuilder) -> Mapping[str, Background]:
    """Make the backgrounds of a port where they are missing, and keep their index.

    Parameters
    ----------
    group
        The scenes.
    builder
        Where backgrounds are kept, and who reads the scenes.

    Returns
    -------
    Mapping
        By id of the scene, as `build_backgrounds` gives it.

    Raises
    ------
    StoreError
        A background or the index cannot be written.

    """
    known = kept_index(group.name, builder.store)
    if known is not None:
        return known
    made = made_backgrounds(group, builder)
    builder.store.remove(group.name)
    builder.store.keep(group.name, partial(_write_index, made))
    return made


def made_backgrounds(group: PortScenes, builder: BackgroundBuilder) -> Mapping[str, Background]:
    """Backgrounds of a port by id of the scene, radar included, made where the store has none.

    Raises
    ------
    StoreError
        As of `build_backgrounds`.

    """
    if group.sensor == "sar":
        return build_fixed_echoes(group.scenes, group.port.area, builder)
    made = build_backgrounds(group.scenes, group.port.area, builder)
    optical = [scene for scene in group.scenes if scene.id in made]
    if not optical:
        return made
    return made | {radar.id: made[_nearest(radar, optical).id] for radar in group.radar}


def _nearest(scene: Scene, others: Sequence[Scene]) -> Scene:
    """The other scene that is nearest in time."""
    return min(others, key=lambda one: (abs(one.seen_at - scene.seen_at), one.id))


def kept_index(name: str, store: Store) -> Mapping[str, Background] | None:
    """Backgrounds by id of the scene; None if one of them or the index is not there whole."""
    place = store.find(name)
    if place is None:
        return None
    try:
        index = _Index.model_validate_json((place / INDEX).read_bytes())
    except (OSError, ValidationError):
        return None
    if not all(store.find(each) for each in index.made):
        return None
    folder = store.folder.resolve()
    made = {each: _placed(one, folder / each / FILE) for each, one in index.made.items()}
    if not set(index.of_scenes.values()) <= made.keys():
        return None
    return {scene: made[each] for scene, each in index.of_scenes.items()}


def _placed(one: _Made, path: Path) -> Background:
    assets = {band: replace(asset, href=str(path)) for band, asset in one.scene.assets.items()}
    return Background(replace(one.scene, assets=assets), one.observations)


def _write_index(made: Mapping[str, Background], folder: Path) -> None:
    index = _Index(
        of_scenes={scene: background.scene.id for scene, background in made.items()},
        made={one.scene.id: _unplaced(one) for one in made.values()},
    )
    write_json(index.model_dump(mode="json"), folder / INDEX)


def _unplaced(one: Background) -> _Made:
    """Without the place of the store, which may be another one on another machine."""
    assets = {band: replace(asset, href=FILE) for band, asset in one.scene.assets.items()}
    return _Made(scene=replace(one.scene, assets=assets), observations=one.observations)


def with_backgrounds(
    observations: Iterable[Observation], made: Mapping[str, Background]
) -> list[Observation]:
    """Observations of one port with their backgrounds, by id of the scene."""
    return [with_background(one, made.get(one.scene.id)) for one in observations]
