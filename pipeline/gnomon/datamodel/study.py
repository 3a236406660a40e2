"""A study: which catalogue, which ports, which period, and one options model per stage.

A study is a TOML file; each table of it is one model below, and the text of a field documents its
key. Unknown keys are refused, and all faults are listed at once, each with its place. Relative
paths are relative to the file that names them, not to the working directory.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from shapely import box, difference, union_all

from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.files import toml_values
from gnomon.datamodel.limits import Limits
from gnomon.datamodel.ports import Port, read_ports
from gnomon.datamodel.radar_options import RadarOptions
from gnomon.datamodel.scene import Sensor
from gnomon.datamodel.shipped import shipped
from gnomon.datamodel.study_paths import CatalogPath, FilePath, ModelPath

Fraction = Annotated[float, Field(ge=0, le=1)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-90, le=90)]


class Options(BaseModel):
    """The parent of every options model: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CatalogOptions(Options):
    """Where scenes come from."""

    url: CatalogPath = Field(min_length=1)
    """Address of a STAC API, or address or path of a static STAC catalogue. A path may begin with
    an environment variable of gnomon, ``${GNOMON_DATA}/catalog.json``."""
    collections: tuple[str, ...] = ()
    """Collections to search; all of the catalogue if left out."""
    providers: FilePath | None = None
    """TOML file with profiles of sensors that gnomon does not know, in the form of its own
    ``gnomon/catalog/providers.toml``; they come before those."""
    max_cloud_percent: float = Field(default=95.0, ge=0, le=100)
    """Scenes with more cloud than this, by their provider's estimate, are skipped. They stay rows
    of the observations."""
    timeout_s: float = Field(default=30.0, gt=0)
    """Of one request, seconds."""
    total_timeout_s: float = Field(default=600.0, gt=0)
    """Of the whole search with its retries, seconds."""
    retries: int = Field(default=5, ge=0, le=20)
    """Retries after status 429 or 5xx or a broken answer, with growing pauses or as asked for."""
    hosts: tuple[str, ...] = ()
    """Hosts (``name`` or ``name:port``) that the catalogue may lead to although they are not of the
    internet: this machine, or a private network."""
    ask_files: bool = True
    """Whether servers are asked, one byte a file, which version each file has whose checksum the
    catalogue does not give, so that a replaced file is read again."""
    limits: Limits = Limits()


class PeriodOptions(Options):
    """First and last day, UTC, both included; without one the period is open on that side."""

    start: date | None = None
    end: date | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.start and self.end and self.end < self.start:
            raise ValueError(f"end {self.end} lies before start {self.start}")
        return self


class PortsOptions(Options):
    """Which ports are observed: some by name, or a bounding box, or else whole footprints."""

    file: FilePath | None = None
    """GeoJSON of areas, berths and anchorages; the one that comes with gnomon if left out."""
    names: tuple[str, ...] = ()
    """Ports of that file. Where their areas overlap, the port named first has the ground."""
    bbox: tuple[Longitude, Latitude, Longitude, Latitude] | None = None
    """West, south, east, north; instead of names."""

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.bbox and self.names:
            raise ValueError("name ports or give a bbox, not both")
        if self.bbox and not (self.bbox[0] < self.bbox[2] and self.bbox[1] < self.bbox[3]):
            raise ValueError(
                f"bbox {self.bbox} is not west, south, east, north; over the antimeridian give two"
            )
        return self


class MaskOptions(Options):
    """Which pixels are usable water. Reflectances are surface reflectance, 0 to 1."""

    water_index_min: float = Field(default=0.0, ge=-1, le=1)
    """Least (green - swir16) / (green + swir16) of water; with nir where swir16 is missing."""
    cloud_blue_min: Fraction = 0.20
    """Least blue (or green) reflectance of cloud; hazy water in real scenes reaches 0.18."""
    cloud_width_min_m: float = Field(default=120.0, gt=0)
    """Bright patches narrower than this are never cloud or ice, because the widest hulls have a
    beam of 65 m."""
    quay_reach_m: float = Field(default=80.0, ge=0)
    """How far from open water the centre of a hull may lie: two hulls of 40 m beam side by side."""
    water_area_min_m2: float = Field(default=50_000.0, ge=0)
    """Smaller patches of water are left out: ponds, roofs and shadows."""


class DetectOptions(Options):
    """How ships are found."""

    models: dict[Sensor, ModelPath] = {"optical": "s2-vessel"}
    """Weights for each sensor of the scenes: name of weights that come with gnomon, or path of a
    folder of weights."""
    type_model: ModelPath = "ship-type"
    """Weights that read ``p_tanker`` from a hull's deck where the detector gives none: likewise, or
    empty for none. Simulated scenes get none: their decks are not like real ones."""
    threshold: Fraction | None = None
    """Least score of a detection; the threshold stored with the weights if left out."""
    length_min_m: float = Field(default=30.0, ge=0)
    """Shorter vessels are left out: at 10 m they are three pixels."""
    z_score_min: float = Field(default=5.0, gt=0)
    """Least contrast on open water that is passed to the network (CFAR), in standard deviations of
    the water around."""
    background: bool = True
    """Whether the network also gets the port's background: what it looks like without ships, from
    clear observations of the study itself. A background takes 14 of them at one place, of one
    collection on one grid, and weights that were trained with it; without one the network works as
    well as it can alone."""


class LoadOptions(Options):
    """How freeboard and load state are estimated."""

    enabled: bool = True
    """Whether they are estimated; if not, a run only finds ships."""
    length_min_m: float = Field(default=50.0, ge=30)
    """Shorter hulls are ``too_small``: the tankers that the freeboard model rests on are longer."""


class TrackOptions(Options):
    """How detections become visits and voyages."""

    enabled: bool = True
    """Whether `gnomon run` goes on from ships to visits and barrels; if not, a run counts ships in
    images, as at an anchorage where only waiting ships are seen."""
    zones: tuple[str, ...] = ()
    """Zones where a ship counts as visiting; if left out, every berth of a port, or the whole port
    where it has no berth."""
    roads: dict[str, tuple[str, ...]] = {}
    """Ports that serve as anchorages of another one: ``{vostochny = ["vostochny-anchorage"]}``.
    Ships there, and in a port's own anchorages, are waiting and not visiting; their load states are
    evidence of the loads with which visits begin and end."""
    traffic: ModelPath = Field("small-tankers", min_length=1)
    """Which ships call, how long they stay and how sensors see them: name of a file that comes with
    gnomon (``small-tankers``), or path of one of your own (`gnomon.datamodel.traffic`)."""
    dwell_days: float | None = Field(default=None, gt=0, le=30)
    """Median of the prior of the mean dwell time, days; that of the traffic file if left out."""
    dwell_factor: float | None = Field(default=None, gt=1, le=4)
    """One standard deviation of that lognormal prior, as a factor; likewise."""
    p_no_tanker: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Prior probability that no such tanker calls in the period; that of the traffic file if left
    out. Where types are unknown, size alone does not separate tankers from coasters, and the count
    begins at none. 0 where it is known that some call, as at a jetty with loading arms."""
    members: int = Field(default=256, ge=16, le=8192)
    """Sets of parameters in the importance sample."""
    draws: int = Field(default=400, ge=20, le=10_000)
    """Seasons drawn from the posterior, by four chains. More are needed where a season is called
    preliminary."""
    seed: int = Field(default=0, ge=0)
    p_tanker_min: Fraction = 0.3
    """Visits less likely than this to be a small tanker's are left out of the table of visits; the
    counts weigh all."""
    fleet: FilePath | None = None
    """CSV of ships that may have called; the register of the traffic file if left out."""
    further_passes: FilePath | None = None
    """TOML of passes that could be had beside the study's own; the list that comes with gnomon if
    left out."""
    ais: FilePath | None = None
    """AIS positions: CSV, Parquet, or NMEA sentences."""
    speed_min_kn: float = Field(default=4.0, gt=0)
    """Slowest mean speed of a voyage, knots."""
    speed_max_kn: float = Field(default=14.0, gt=0)
    """Fastest mean speed of a voyage, knots."""
    detection_columns: dict[str, str] = {}
    """For tables of your own: our name of a column = yours."""
    observation_columns: dict[str, str] = {}
    """For tables of your own: our name of a column = yours."""

    @model_validator(mode="after")
    def _slower_first(self) -> Self:
        if self.speed_max_kn <= self.speed_min_kn:
            raise ValueError(f"speed_max_kn {self.speed_max_kn} is not above speed_min_kn")
        return self


class LedgerOptions(Options):
    """How visits become barrels."""

    loading: tuple[str, ...] = ("vostochny",)
    """Ports whose laden departures are deliveries."""
    product: str = "diesel"
    """A row of the conversion table (`gnomon.physics.conversion`)."""
    load_fraction: float = Field(default=0.88, gt=0, le=1)
    """Mean cargo of a laden ship as a part of its deadweight."""
    load_fraction_sigma: float = Field(default=0.05, ge=0, le=0.3)
    """Standard deviation of the error of that mean, which all visits share."""
    load_scatter: float = Field(default=0.06, ge=0, le=0.3)
    """Standard deviation of the cargo fraction from one visit to the next."""
    deadweight_sigma: Fraction = 0.10
    """Standard deviation of the error that all deadweights by size share (of its logarithm): the
    regression rests on ships of the world, and those of one trade may all be heavier."""
    conversion_sigma: Fraction = 0.04
    """Relative standard deviation of barrels per tonne, shared by all visits, because the mix of
    products is unknown."""
    cap_barrels: float = Field(default=500_000.0, gt=0)
    """Cap on refined products in a calendar year, all suppliers (UNSCR 2397, paragraph 5)."""
    reported_barrels: dict[str, float] = {}
    """Reported deliveries of others, by year ("2024" = 168679); they count against the same cap."""
    samples: int = Field(default=4000, ge=100, le=1_000_000)
    """Monte Carlo samples."""
    seed: int = Field(default=0, ge=0)


class TrackStudy(Options):
    """What `gnomon track` reads of a study: all has a default, and no catalogue is needed."""

    name: str = Field(default="study", min_length=1, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """Letters, digits, dots, dashes and underscores."""
    description: str = ""
    """Free text, for reports."""
    catalog: CatalogOptions | None = None
    """Not used by tracking."""
    period: PeriodOptions = PeriodOptions()
    ports: PortsOptions = PortsOptions()
    mask: MaskOptions = MaskOptions()
    detect: DetectOptions = DetectOptions()
    radar: RadarOptions = RadarOptions()
    load: LoadOptions = LoadOptions()
    track: TrackOptions = TrackOptions()
    ledger: LedgerOptions = LedgerOptions()

    @model_validator(mode="after")
    def _roads_are_observed(self) -> Self:
        waiting = {name for names in self.track.roads.values() for name in names}
        if both := sorted(waiting & set(self.track.roads)):
            raise ValueError(f"track.roads: {', '.join(both)} cannot be roads and have roads")
        named = self.ports.names
        if named and (absent := sorted((waiting | set(self.track.roads)) - set(named))):
            raise ValueError(f"track.roads: {', '.join(absent)} not among ports.names")
        return self

    def places(self) -> tuple[Port, ...]:
        """Ports to observe, in the study's order.

        Where areas overlap, the port named first has the ground, so that no hull is two rows.

        Raises
        ------
        StudyError
            The ports file is at fault, or a name is not in it.

        """
        if not self.ports.names:
            return (Port(None, box(*self.ports.bbox) if self.ports.bbox else None),)
        path = self.ports.file or shipped("configs") / "ports.geojson"
        known = read_ports(path)
        if unknown := [name for name in self.ports.names if name not in known]:
            raise StudyError(f"{path}: has no port {', '.join(unknown)}; it has {', '.join(known)}")
        ports: list[Port] = []
        for name in dict.fromkeys(self.ports.names):
            covered = union_all([port.area for port in ports])
            port = known[name]
            ports.append(replace(port, area=difference(port.area, covered)))
        return tuple(ports)


class Study(TrackStudy):
    """Everything that decides what a run computes."""

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """Letters, digits, dots, dashes and underscores."""
    catalog: CatalogOptions


Model = TypeVar("Model", bound=Options)
S = TypeVar("S", bound=TrackStudy)


def read_study(path: Path | str) -> Study:
    """Read and check a study.

    Parameters
    ----------
    path
        A TOML file; relative paths inside it are relative to its folder.

    Raises
    ------
    StudyError
        With every fault of the file, one per line, each with its place.

    """
    return _read(Path(path), Study)


def read_track_study(path: Path | str) -> TrackStudy:
    """Read what tracking needs of a study.

    Parameters
    ----------
    path
        As in `read_study`, but without a name or a catalogue the file is good too.

    Raises
    ------
    StudyError
        As `read_study`.

    """
    return _read(Path(path), TrackStudy)


def _read(path: Path, model: type[S]) -> S:
    return read_options(path, model, kind="study")


def read_options(path: Path, model: type[Model], *, kind: str) -> Model:
    """Read and check a TOML file.

    Parameters
    ----------
    path
        The file; relative paths inside it are relative to its folder.
    model
        What it holds.
    kind
        What such a file is called in messages.

    Raises
    ------
    StudyError
        With every fault of the file, one per line, each with its place.

    """
    return checked_options(read_toml(path, kind=kind), path, model, kind=kind)


def read_toml(path: Path, *, kind: str) -> dict[str, Any]:
    """Values of a TOML file, before they are checked.

    Raises
    ------
    StudyError
        It is missing, or no TOML.

    """
    try:
        return toml_values(path)
    except FileNotFoundError as error:
        raise StudyError(f"{path}: there is no such {kind}") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StudyError(f"{path}: cannot be read as TOML ({error})") from error


def checked_options(
    values: Mapping[str, Any], path: Path, model: type[Model], *, kind: str
) -> Model:
    """Check the values of a file; parameters and errors as of `read_options`."""
    try:
        return model.model_validate(values, context={"folder": path.parent.resolve()})
    except ValidationError as error:
        faults = [f"  {'.'.join(map(str, f['loc'])) or kind}: {f['msg']}" for f in error.errors()]
        raise StudyError("\n".join([f"{path}: {len(faults)} fault(s)", *faults])) from error
