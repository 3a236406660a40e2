"""A scene: one acquisition as the rest of gnomon sees it, whichever provider it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.addresses import without_secrets
from gnomon.datamodel.geojson import read_geometry
from gnomon.datamodel.trust import Trust

Ground = Annotated[BaseGeometry, read_geometry(valid=False), PlainSerializer(mapping)]
"""An outline in EPSG:4326, in JSON as GeoJSON."""
Sensor = Literal["optical", "sar"]
Signing = Literal["planetary-computer"]
COLOURS = ("blue", "green", "red")
OPTICAL_BANDS = (*COLOURS, "nir", "swir16")
QUALITY = "quality"
"""The band that says what hides the ground, in gnomon's classes, whatever a provider calls its."""
PAN = "pan"
"""Panchromatic: the one band of an image without colours. It is left out where there are colours,
whose pixels are larger and seldom nest in its own."""


@dataclass(frozen=True, kw_only=True)
class QualityCodes:
    """What the numbers of a provider's quality layer mean; numbers not listed are clear land.

    Where several lists hold a number, the first of nodata, cloud, ice and water counts.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # where a profile names it
    bits: bool = False
    """Whether the lists below are bits of the number, counted from 0, and not whole numbers."""
    nodata: tuple[int, ...] = ()
    cloud: tuple[int, ...] = ()
    ice: tuple[int, ...] = ()
    water: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FileVersion:
    """Which content a file has, as far as that is known before it is read."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")
    size: int | None = None
    """Bytes, by the catalogue (``file:size``)."""
    checksum: str | None = None
    """By the catalogue (``file:checksum``), lower case: a multihash in hexadecimal digits."""
    tag: str | None = None
    """Of what lies there now: the server's ETag, or size and time of the last change on a disk."""


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One raster file of a scene and how its numbers become physical: ``dn * scale + offset``."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid", allow_inf_nan=False)
    href: str
    """Where the file is: an http(s) address or an absolute path."""
    name: str
    """The provider's own name of the asset, for messages."""
    scale: float = 1.0
    """Physical units per DN (surface reflectance for Sentinel-2: 1e-4)."""
    offset: float = 0.0
    """Added after scaling (Sentinel-2 from baseline 04.00: -0.1, unless already applied)."""
    nodata: float | None = None
    """The DN that means "no data"; None if every DN is a measurement."""
    gsd_m: float | None = None
    """Ground sampling distance in metres, where the item has it."""
    band: int = 1
    """Which band of the file, counted from 1: own imagery often has all its bands in one file."""
    quality: QualityCodes | None = None
    """Of a quality layer, what its numbers mean; None for measurements."""
    media_type: str | None = None
    """Of the file, where the item has it; it decides what the file is opened as."""
    version: FileVersion = FileVersion()
    """Of the file; a file that is replaced has another one, and is read again."""


@dataclass(frozen=True, kw_only=True)
class SideFile:
    """A file of metadata beside a raster."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")
    href: str
    """Where the file is: an http(s) address or an absolute path."""
    name: str
    """The provider's name of the asset, or of the one beside which the file lies, for messages."""
    version: FileVersion = FileVersion()


@dataclass(frozen=True, kw_only=True)
class RadarFiles:
    """What turns the numbers of one polarisation into sigma0 at places."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")
    annotation: SideFile
    calibration: SideFile
    noise: SideFile


@dataclass(frozen=True, kw_only=True)
class LabelFiles:
    """What belongs to the outlines of a scene's ships; they decide nothing of a run."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")
    doubts_href: str | None = None
    """Outlines of what may be a ship and may be none (GeoJSON)."""
    hard_negatives_href: str | None = None
    """Outlines of what was taken for a ship and is none (GeoJSON)."""
    searched: Asset | None = None
    """A mask on the grid of the bands: 0 where no one searched for ships."""


def _not_said(_value: object) -> Trust:
    raise ValueError("what a scene is trusted with is not said by its text")


def _plain(version: FileVersion) -> list[Any]:
    """What a version says, for a digest: in JSON ten times as fast as the text of a dataclass."""
    return [version.size, version.checksum, version.tag]


def _plain_file(file: Asset | SideFile) -> dict[str, Any]:
    """What a file is, for a digest, without what is secret in its address."""
    own = {"href": without_secrets(file.href), "version": _plain(file.version)}
    return {**vars(file), **own}


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One acquisition over one footprint, checked when it is made."""

    __pydantic_config__: ClassVar = ConfigDict(
        extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False
    )
    id: str
    """Identifier of the STAC item."""
    collection: str
    platform: str
    """For example ``sentinel-2b``; lower case."""
    sensor: Sensor
    seen_at: datetime
    """Time of acquisition, aware, UTC."""
    footprint: Ground
    """Outline in EPSG:4326 (longitude, latitude)."""
    gsd_m: float
    """Ground sampling distance of the finest band used, metres."""
    assets: Mapping[str, Asset] = field(default_factory=dict)
    """By common band name: blue, green, red, nir, swir16, quality, or pan alone; vv, vh, hh, hv."""
    radar: Mapping[str, RadarFiles] = field(default_factory=dict)
    """By common band name: side files of a radar image that is in the geometry of its sensor."""
    relative_orbit: int | None = None
    """Number of the track, of a radar image, as its item has it. It is not computed from the orbit:
    that relation changed for Sentinel-1C in June 2026."""
    sun_azimuth_deg: float | None = None
    """Direction towards the sun, clockwise from north."""
    sun_elevation_deg: float | None = None
    view_azimuth_deg: float | None = None
    """Direction from the target towards the sensor, clockwise from north."""
    view_zenith_deg: float | None = None
    """Angle at the target between the vertical and the sensor."""
    covered: Ground | None = None
    """Ground that another scene of the same pass covers too: hulls there belong to that scene."""
    href: str | None = None
    """Address of the STAC item, so that a number leads back to its image."""
    processed_at: datetime | None = None
    """When the product was made: of two products of one acquisition the later one counts."""
    product: str | None = None
    """Name that the maker of the product gave it, whoever offers it under which id."""
    baseline: float | None = None
    """Version of the maker's processing; a higher one counts before a later one."""
    cloud_percent: float | None = None
    """Cloud cover of the whole scene, by its provider's estimate."""
    granule_metadata_href: str | None = None
    """Granule metadata (XML), which has the angles that the item may lack."""
    granule_metadata_version: FileVersion = FileVersion()
    outlines_href: str | None = None
    """Outlines of its ships (GeoJSON), where they are labelled."""
    beside_outlines: LabelFiles = LabelFiles()
    signing: Signing | None = None
    """The provider whose hrefs must be signed just before they are opened."""
    trust: Annotated[Trust, Field(exclude=True), BeforeValidator(_not_said)] = field(
        default_factory=Trust
    )
    """What may be opened on the word of the catalogue that the scene is from."""

    @property
    def simulated(self) -> bool:
        """Whether its pixels are simulated; what real decks are like says nothing of them."""
        return self.platform.startswith("synthetic")

    @property
    def inputs(self) -> dict[str, Any]:
        """What enters the digest of a result that rests on this scene."""
        # Signatures in an address change by the hour; what it points to does not.
        left_out = {"assets", "footprint", "trust", "radar", "beside_outlines"}
        if self.sensor != "sar":  # names of results of optical images are older than radar
            left_out.add("relative_orbit")
        own = {k: v for k, v in vars(self).items() if k not in left_out}
        for name in ("href", "granule_metadata_href", "outlines_href"):
            own[name] = own[name] and without_secrets(own[name])
        own["granule_metadata_version"] = _plain(self.granule_metadata_version)
        files: dict[str, Any] = {"assets": {k: _plain_file(one) for k, one in self.assets.items()}}
        if self.radar:
            files["radar"] = {
                band: {name: _plain_file(file) for name, file in vars(beside).items()}
                for band, beside in self.radar.items()
            }
        return files | {"scene": own}

    @property
    def lacks_angles(self) -> bool:
        """Whether a direction towards the sun or the sensor is not known."""
        return None in (
            self.sun_azimuth_deg,
            self.sun_elevation_deg,
            self.view_azimuth_deg,
            self.view_zenith_deg,
        )

    def __post_init__(self) -> None:
        if self.seen_at.utcoffset() != timedelta(0):
            raise ValueError(f"scene {self.id}: seen_at must be aware and in UTC")
        if not self.gsd_m > 0:
            raise ValueError(f"scene {self.id}: gsd_m must be positive, is {self.gsd_m}")
