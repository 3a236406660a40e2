"""An observation: one scene over one port, and everything that its result rests on."""

from dataclasses import dataclass

from gnomon.datamodel.ports import Port
from gnomon.datamodel.radar_options import RadarOptions
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.study import DetectOptions, LoadOptions, MaskOptions, Options


@dataclass(frozen=True)
class Background:
    """What a port looks like without ships, for the scenes of a season on one grid."""

    scene: Scene
    """The background, a scene like any other; its id is the digest of what it rests on."""
    observations: tuple[str, ...]
    """Ids of the scenes that it was made from, in the order of time."""


class ObserveOptions(Options):
    """Options of the stages that an observation passes through."""

    mask: MaskOptions = MaskOptions()
    detect: DetectOptions = DetectOptions()
    radar: RadarOptions = RadarOptions()
    load: LoadOptions = LoadOptions()


@dataclass(frozen=True)
class Observation:
    """One scene over one port."""

    scene: Scene
    port: Port
    options: ObserveOptions
    digest: str
    """Name of all that the result rests on: options, inputs, weights and code."""
    background: Background | None = None
    """What the port looks like without ships, where that is known and used: by weights
    that were trained with it, and by radar scenes, which take their water from it."""
    fixed_echoes: Background | None = None
    """Of a radar scene: what echoes at the same place in most passes of its track."""
