"""What providers call things, read from ``providers.toml``, which alone knows their names."""

import functools
import tomllib
from importlib.resources import files

from gnomon.datamodel.scene import Sensor, Signing
from gnomon.datamodel.study import Options


class Profile(Options):
    """What the items of one mission have in common, whoever offers them."""

    name: str
    collections: tuple[str, ...] = ()
    constellations: tuple[str, ...] = ()
    on_request: bool = False
    """Searched only where a study names its collection."""
    sensor: Sensor
    gsd_m: float | None = None
    """Of the finest band, where neither the item nor its assets say it."""
    altitude_km: float
    """Of the orbit: turns an angle off nadir into one of incidence."""
    scale: float = 1.0
    nodata: float | None = None
    offset: float = 0.0
    offset_from_baseline: float | None = None
    """First processing baseline that has the offset; None: the offset is in every product."""
    assets: dict[str, tuple[str, ...]]
    """Names of an asset by common band name, in order of preference."""


class Signer(Options):
    """A provider whose addresses must be signed."""

    signing: Signing
    hosts: tuple[str, ...]


class Providers(Options):
    """The whole of ``providers.toml``."""

    profiles: tuple[Profile, ...]
    signers: tuple[Signer, ...]
    properties: dict[str, tuple[str, ...]]
    angles: dict[str, tuple[str, ...]]

    def profile(self, *, collection: str | None, constellation: str = "") -> Profile:
        """Profile of an item, by its collection, else by its constellation, else the last."""
        for profile in self.profiles:
            if collection in profile.collections:
                return profile
        for profile in self.profiles:
            if constellation in profile.constellations:
                return profile
        return self.profiles[-1]


@functools.cache
def providers() -> Providers:
    """Every provider that gnomon knows."""
    text = files("gnomon.catalog").joinpath("providers.toml").read_text(encoding="utf-8")
    return Providers.model_validate(tomllib.loads(text))
