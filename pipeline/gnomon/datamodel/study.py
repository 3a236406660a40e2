"""A study: which catalogue, which ports, which period, and one options model per stage.

A study is a TOML file. Unknown keys are refused, and every fault is listed at once with its place.
Paths in it are relative to the file that names them.
"""

import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from shapely import box, difference, union_all

from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.ports import Port, read_ports

Fraction = Annotated[float, Field(ge=0, le=1)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-90, le=90)]


class Options(BaseModel):
    """The parent of every options model: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CatalogOptions(Options):
    """Where scenes come from."""

    url: str = Field(min_length=1)
    """A STAC API, a static catalogue (http(s) or path), as in the provider's documentation."""
    collections: tuple[str, ...] = ()
    """Collections to search; empty means every collection that the catalogue has."""
    max_cloud_percent: float = Field(default=95.0, ge=0, le=100)
    """Scenes that their provider calls cloudier than this are not read; they stay rows in looks."""
    timeout_s: float = Field(default=30.0, gt=0)
    """For one request."""
    total_timeout_s: float = Field(default=600.0, gt=0)
    """For the whole search, retries included."""
    retries: int = Field(default=5, ge=0, le=20)
    """After a 429, a 5xx or a broken connection, with growing pauses; Retry-After is obeyed."""


class PeriodOptions(Options):
    """First and last day, UTC, both included; a side left out is open."""

    start: date | None = None
    end: date | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.start and self.end and self.end < self.start:
            raise ValueError(f"end {self.end} lies before start {self.start}")
        return self


class PortsOptions(Options):
    """Which ports are looked at. No names: the bounding box; neither: whole footprints."""

    file: Path | None = None
    """GeoJSON of areas, berths and anchorages; the ports that gnomon ships if left out."""
    names: tuple[str, ...] = ()
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
    """What counts as usable water. Reflectances are surface reflectance, 0 to 1."""

    water_index_min: float = Field(default=0.0, ge=-1, le=1)
    """Least (green - swir16) / (green + swir16) of water, or with nir for want of swir16."""
    cloud_blue_min: Fraction = 0.20
    """Least blue (or green) reflectance of cloud; hazy water of the real scenes has up to 0.18."""
    cloud_width_min_m: float = Field(default=120.0, gt=0)
    """Nothing narrower is cloud or ice: the widest hulls have a beam of 65 m."""
    quay_reach_m: float = Field(default=80.0, ge=0)
    """How far from open water a hull's centre may lie: two 40 m hulls side by side."""
    water_area_min_m2: float = Field(default=50_000.0, ge=0)
    """Smaller waters are ponds, roofs and shadows."""


class DetectOptions(Options):
    """How ships are found."""

    model: str = "s2-vessel"
    """Name of a folder of weights that gnomon ships, or a path to one."""
    threshold: Fraction | None = None
    """Least score of a row; the threshold stored with the weights if left out."""
    length_min_m: float = Field(default=30.0, ge=0)
    """Shorter vessels are not written: at 10 m they are three pixels."""
    z_score_min: float = Field(default=5.0, gt=0)
    """Open water: least contrast, in deviations of the water around, that the network looks at."""
    background: bool = True
    """Whether the network is told what a port looks like without ships, from the study's own clear
    looks. It takes 14 of them at a place, one collection's on one grid, and weights that know what
    to do with it; without, the network works as well as it can alone."""


class LoadOptions(Options):
    """How the load of a ship is read."""

    enabled: bool = True
    """Whether it is read at all; without it a run finds ships and no more."""
    length_min_m: float = Field(default=50.0, ge=30)
    """Shorter hulls are ``too_small``: no tanker of theirs is among those that the freeboards of
    tankers were learned from."""


class TrackOptions(Options):
    """How detections become visits and voyages."""

    zones: tuple[str, ...] = ()
    """Zones where a ship counts as visiting; every berth of a port if left out, and the whole port
    where it has none."""
    roads: dict[str, tuple[str, ...]] = {}
    """Ports that are the roads of another one: ``{vostochny = ["vostochny-anchorage"]}``. Ships
    in them, and in a port's own anchorages, are waiting and not visiting; their load tells with
    what load the port's visits come and leave."""
    dwell_days: float = Field(default=2.5, gt=0, le=30)
    """Median of the prior of the mean stay, days: calls at Vostochny took 1.5 to 4."""
    dwell_factor: float = Field(default=1.35, gt=1, le=4)
    """One standard deviation of that prior, as a factor."""
    members: int = Field(default=256, ge=16, le=8192)
    """Sets of parameters that are weighed."""
    draws: int = Field(default=200, ge=20, le=10_000)
    """Seasons drawn from the posterior."""
    seed: int = Field(default=0, ge=0)
    p_tanker_min: Fraction = 0.5
    """Visits less likely to be a small tanker's are not written; the count weighs all."""
    fleet: Path | None = None
    """CSV of ships that may have called; the register that gnomon ships if left out."""
    ais: Path | None = None
    """AIS positions: CSV, Parquet, or NMEA sentences."""
    speed_min_kn: float = Field(default=4.0, gt=0)
    """Slowest mean speed of a voyage, knots."""
    speed_max_kn: float = Field(default=14.0, gt=0)
    """Fastest mean speed of a voyage, knots."""
    detection_columns: dict[str, str] = {}
    """Own tables: our name of a column = theirs."""
    observation_columns: dict[str, str] = {}
    """Own tables: our name of a column = theirs."""

    @model_validator(mode="after")
    def _slower_first(self) -> Self:
        if self.speed_max_kn <= self.speed_min_kn:
            raise ValueError(f"speed_max_kn {self.speed_max_kn} is not above speed_min_kn")
        return self


class LedgerOptions(Options):
    """How visits become barrels."""

    loading: tuple[str, ...] = ("vostochny",)
    """Ports whose departures, laden, are deliveries."""
    product: str = "diesel"
    """A row of the conversion table (`gnomon.physics.conversion`)."""
    load_fraction: float = Field(default=0.88, gt=0, le=1)
    """Cargo over deadweight of a laden ship: mean."""
    load_fraction_sigma: float = Field(default=0.05, ge=0, le=0.3)
    """Doubt of that mean, which all visits share."""
    load_scatter: float = Field(default=0.06, ge=0, le=0.3)
    """From one visit to the next."""
    conversion_sigma: Fraction = 0.04
    """Relative doubt of barrels per tonne, shared: nobody says how much of it is gasoline."""
    cap_barrels: float = Field(default=500_000.0, gt=0)
    """Refined products in a calendar year, all suppliers (UNSCR 2397, paragraph 5)."""
    reported_barrels: dict[str, float] = {}
    """Deliveries by others, by year ("2024" = 168679): they count against the same cap."""
    samples: int = Field(default=4000, ge=100, le=1_000_000)
    """Monte Carlo samples."""
    seed: int = Field(default=0, ge=0)


class Study(Options):
    """Everything that decides what a run computes."""

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    description: str = ""
    catalog: CatalogOptions
    period: PeriodOptions = PeriodOptions()
    ports: PortsOptions = PortsOptions()
    mask: MaskOptions = MaskOptions()
    detect: DetectOptions = DetectOptions()
    load: LoadOptions = LoadOptions()
    track: TrackOptions = TrackOptions()
    ledger: LedgerOptions = LedgerOptions()

    @model_validator(mode="after")
    def _roads_are_looked_at(self) -> Self:
        waiting = {name for names in self.track.roads.values() for name in names}
        if both := sorted(waiting & set(self.track.roads)):
            raise ValueError(f"track.roads: {', '.join(both)} cannot be roads and have roads")
        named = self.ports.names
        if named and (absent := sorted((waiting | set(self.track.roads)) - set(named))):
            raise ValueError(f"track.roads: {', '.join(absent)} not among ports.names")
        return self

    def places(self) -> tuple[Port, ...]:
        """What is looked at, in the study's order.

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
            taken = union_all([port.area for port in ports])
            port = known[name]
            ports.append(replace(port, area=difference(port.area, taken)))
        return tuple(ports)


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
    path = Path(path)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StudyError(f"{path}: there is no such study") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StudyError(f"{path}: cannot be read as TOML ({error})") from error
    try:
        study = Study.model_validate(_anchored(values, path.parent.resolve()))
    except ValidationError as error:
        faults = [
            f"  {'.'.join(map(str, f['loc'])) or 'study'}: {f['msg']}" for f in error.errors()
        ]
        raise StudyError("\n".join([f"{path}: {len(faults)} fault(s)", *faults])) from error
    return study


def shipped(folder: str) -> Path:
    """Folder of configs or models that comes with gnomon: in the wheel, or in the repository."""
    package = Path(__file__).parents[1]
    return package / folder if (package / folder).is_dir() else package.parents[1] / folder


def _anchored(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Make the paths of a study independent of the working directory."""
    for section, key in (
        ("catalog", "url"),
        ("ports", "file"),
        ("detect", "model"),
        ("track", "fleet"),
        ("track", "ais"),
    ):
        table = values.get(section)
        text = table.get(key) if isinstance(table, dict) else None
        if not isinstance(table, dict) or not isinstance(text, str) or not text or "://" in text:
            continue
        # A model may be a bare name; a catalogue and a ports file are always places.
        if key != "model" or "/" in text:
            table[key] = str((folder / text).resolve())
    return values
