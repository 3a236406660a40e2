"""What providers call things, read from ``providers.toml``, which alone knows their names.

A sensor that gnomon does not know is added by a file of profiles in the same form, which a study
names: ``[catalog] providers = "my-sensors.toml"``. Its profiles come before gnomon's own, so that
they can also replace one of those.
"""

import functools
import tomllib
from importlib.resources import files
from pathlib import Path

from pydantic import Field, ValidationError

from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.files import toml_values
from gnomon.datamodel.scene import QualityCodes, Sensor, Signing
from gnomon.datamodel.study import Options


class SideFileNames(Options):
    """Names of the assets that are metadata of a band, in order of preference; {} is the band."""

    annotation: tuple[str, ...]
    calibration: tuple[str, ...]
    noise: tuple[str, ...]


class Profile(Options):
    """What the items of one mission have in common, whoever offers them."""

    name: str
    collections: tuple[str, ...] = ()
    constellations: tuple[str, ...] = ()
    on_request: bool = False
    """Searched only where a study names its collection."""
    sensor: Sensor
    gsd_m: float | None = None
    """Of the finest band, where neither the item nor its assets have it."""
    altitude_km: float
    """Of the orbit: turns an angle off nadir into one of incidence."""
    scale: float = 1.0
    nodata: float | None = None
    offset: float = 0.0
    offset_from_baseline: float | None = None
    """First processing baseline that has the offset; None: the offset is in every product."""
    baseline_in_name: str | None = None
    """Regular expression with two groups, the whole and the decimal part of the baseline, to be
    found in the product's name where no property has it."""
    assets: dict[str, tuple[str, ...]]
    """Names of an asset by common band name, in order of preference."""
    side_files: SideFileNames | None = None
    """Of radar in the geometry of its sensor: files of metadata of each polarisation."""
    quality: QualityCodes = QualityCodes()
    """What the numbers of the asset ``quality`` mean."""


class Signer(Options):
    """A provider whose addresses must be signed."""

    signing: Signing
    hosts: tuple[str, ...]


class Providers(Options):
    """The whole of ``providers.toml``."""

    profiles: tuple[Profile, ...] = ()
    signers: tuple[Signer, ...] = ()
    properties: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    angles: dict[str, tuple[str, ...]] = Field(default_factory=dict)

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


def providers_with(path: Path | None) -> Providers:
    """Every provider that gnomon knows, after those of a file.

    Parameters
    ----------
    path
        TOML in the form of ``providers.toml``; a property or an angle that it names has these
        names before the known ones. None adds nothing.

    Raises
    ------
    StudyError
        The file cannot be read, or a key in it is not what it should be.

    """
    known = providers()
    if path is None:
        return known
    try:
        own = Providers.model_validate(toml_values(path))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StudyError(f"{path}: cannot be read as TOML ({error})") from error
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise StudyError(f"{path}: {'; '.join(faults)}") from error
    return Providers(
        profiles=own.profiles + known.profiles,
        signers=own.signers + known.signers,
        properties=_before(own.properties, known.properties),
        angles=_before(own.angles, known.angles),
    )


def _before(
    own: dict[str, tuple[str, ...]], known: dict[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    return {name: own.get(name, ()) + names for name, names in known.items()}
