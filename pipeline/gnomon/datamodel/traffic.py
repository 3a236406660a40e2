"""Which ships call at a port, how long they stay and how sensors see them: priors, from a file.

Nothing of this is in the code: small tankers off Korea are ``configs/traffic/small-tankers.toml``,
and a port of other ships has a file of its own. The text of a field documents its key. All keys are
required, but ``like = "small-tankers"``, a name or a path, takes from another file what one leaves
out. Unknown keys are refused, and all faults are listed at once, each with its place.
"""

import hashlib
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.recall import Water
from gnomon.datamodel.shipped import shipped
from gnomon.datamodel.study import (
    Latitude,
    Longitude,
    Model,
    Options,
    TrackOptions,
    checked_options,
    read_toml,
)

Positive = Annotated[float, Field(gt=0)]
Factor = Annotated[float, Field(gt=1)]
Probability = Annotated[float, Field(gt=0, lt=1)]
Beta = tuple[Positive, Positive]
"""Both parameters of a beta distribution."""
KIND = "traffic file"
PHASES_MAX = 6
"""Largest shape of the gamma distribution of stays: a shape is a number of phases, and the sum over
phases is exact (`gnomon.track.presence`)."""
Shape = Annotated[int, Field(ge=1, le=PHASES_MAX)]


class TankerPrior(Options):
    """The ships that are counted."""

    length_m: Positive
    """Mean length overall, metres."""
    length_sigma_m: Positive
    """Standard deviation from ship to ship."""
    beam_share: Probability
    """Standard deviation of a beam, as a part of the usual one of that length."""
    length_of_deadweight: Positive
    """Deadweight in tonnes over the cube of the length in metres."""
    length_of_deadweight_sigma: Probability
    """Standard deviation of a length by that rule, as a part of it."""
    round_trip_days: Positive
    """Least time from a departure to the next arrival of one ship."""


class HullPrior(Options):
    """Hulls of all classes, as measured."""

    beam_per_length: Probability
    """Usual beam over length."""
    beam_sigma_m: Positive
    """Standard deviation of a measured beam from the usual one, metres."""


class ClassLengths(Options):
    """Lengths of one class: two equal halves, each a normal."""

    lengths_m: tuple[Positive, Positive]
    """Mean of each half, metres."""
    length_sigmas_m: tuple[Positive, Positive]
    """Standard deviation of each half."""
    typical_length_m: Positive
    """Whose probability of detection stands for the class."""


class Classes(Options):
    """Lengths by class (`gnomon.track.classes`)."""

    tanker: ClassLengths
    coaster: ClassLengths
    large: ClassLengths
    resident: ClassLengths
    permanent: ClassLengths
    fixture: ClassLengths
    false_alarm: ClassLengths


class DwellPrior(Options):
    """Stays at the berth."""

    days: Annotated[float, Field(gt=0, le=30)]
    """Usual mean stay, days; ``dwell_days`` of a study replaces it."""
    factor: Annotated[float, Field(gt=1, le=4)]
    """One standard deviation of the lognormal prior of a mean stay, as a factor; ``dwell_factor``
    of a study replaces it."""
    straight_in: Positive
    """Median of the mean stay of tankers that come straight in, over the usual one."""
    waiting: Positive
    """Likewise of tankers that wait."""
    other: Positive
    """Likewise of other ships."""
    other_factor: Factor
    """One standard deviation of the prior of their mean stay, as a factor."""
    shapes: Annotated[tuple[Shape, ...], Field(min_length=1)]
    """Shapes of the gamma distribution of stays, equally likely."""
    visit_gap_days: Positive
    """Detections of a ship further apart than this are two visits."""


class ResidentPrior(Options):
    """What stays at one place."""

    days: Positive
    """Median of the mean stay of what stays for weeks, days."""
    factor: Factor
    """One standard deviation of its lognormal prior."""
    permanent_days: Positive
    """Mean stay of what stays for good, days."""
    shape: Shape
    """Of the gamma distribution of stays."""
    recurrence: Beta
    """Beta prior of the probability that an optical image that shows a resident detects it."""
    fixture_recurrence: Beta
    """Beta prior of the probability that an optical image takes a fixture for a ship."""
    radar_takes_fixture: Probability
    """Probability that a radar image does."""


class RatePrior(Options):
    """How often ships and false alarms come."""

    shape: Positive
    """Of the gamma priors of all rates."""
    small_per_day: Positive
    """Prior mean: ships of the tankers' size."""
    large_per_day: Positive
    """Likewise larger ones."""
    residents_per_day: Positive
    """Likewise of what stays for weeks."""
    permanent_per_day: Positive
    """Likewise of what stays for good, and of fixtures."""
    false_alarms_per_observation: Positive
    """Likewise."""
    coaster_share: Beta
    """Beta prior of the share of coasters among ships of the tankers' size, where tankers call."""
    no_tanker: Annotated[float, Field(ge=0, lt=1)]
    """Prior probability that no tanker calls in the period; ``p_no_tanker`` of a study replaces
    it."""
    no_tanker_share: tuple[Probability, Probability]
    """Least and greatest share of tankers then, log-uniform."""
    quick_share: Beta
    """Beta prior of the share of tankers that come straight in."""


class PositionPrior(Options):
    """Where one ship is in two images."""

    still_sigma_m: Positive
    """Of what does not move, each of east and north, metres: the error of geolocation."""
    moored_still: Probability
    """Part of moored hulls that do not move from one image to the next."""
    moored_sigma_m: Positive
    """Of the other moored hulls, metres; of ships that swing at a buoy or an anchor, how far they
    swing."""
    shifted: Probability
    """Probability that a ship shifted from one image to the next."""
    resident_shifted: Probability
    """Likewise of what stays."""
    area_m2: Positive
    """Area within which a ship shifts, square metres."""


class SensorPrior(Options):
    """Probability that a visible ship is detected by one class of sensors."""

    mean: Probability
    """At the reference length."""
    sigma: Probability
    """Standard deviation of the beta prior."""
    length_limit_m: Positive
    """Half of the ships of this length are detected, metres."""
    length_width_m: Positive
    """Of the logistic curve of length."""

    @model_validator(mode="after")
    def _is_beta(self) -> Self:
        if self.sigma**2 >= self.mean * (1 - self.mean):
            raise ValueError(f"sigma {self.sigma} is too wide for a probability of {self.mean}")
        return self


class DetectionPrior(Options):
    """Probabilities of detection by class of sensor (`gnomon.track.presence`)."""

    reference_length_m: Positive
    """Length that the probabilities are of, metres."""
    berths: Water
    """Where ships at berths lie, for detectors whose own recall is known: at a ``quay``, or on
    ``open_water`` where berths are buoys."""
    optical_coarse: SensorPrior
    """Pixels of 6 m and more."""
    radar: SensorPrior
    optical_medium: SensorPrior
    """Pixels of 1.5 to 6 m."""
    optical_fine: SensorPrior
    """Pixels below 1.5 m."""


class AnchoragePrior(Options):
    """Hulls at anchorages."""

    wait_days: Positive
    """Mean wait of the ships that wait, days."""
    other_length_m: Positive
    """Mean length of ships of other trades, before any is seen."""
    other_length_sigma_m: Positive
    """Its standard deviation."""


class SeaNetwork(Options):
    """Waypoints off the coast and legs between them, along which voyages are linked."""

    join_nm: Positive
    """A port joins the nearest waypoint within this distance, nautical miles."""
    points: dict[str, tuple[Longitude, Latitude]]
    """Longitude and latitude of each waypoint; none where no voyages are linked."""
    legs: tuple[tuple[str, str], ...]
    """Pairs of waypoints with nothing but water on the great circle between them."""

    @model_validator(mode="after")
    def _legs_have_points(self) -> Self:
        if absent := sorted(set(chain(*self.legs)) - set(self.points)):
            raise ValueError(f"legs name points that are not there: {', '.join(absent)}")
        return self


class Traffic(Options):
    """All of one file."""

    description: str
    """Which ships at which ports, for the reader."""
    fleet: str = Field(pattern=r"^([\w.-]+\.csv)?$")
    """Register of ships, of those that come with gnomon in ``configs``; empty for none. ``fleet``
    of a study replaces it."""
    tankers: TankerPrior
    hulls: HullPrior
    classes: Classes
    dwell: DwellPrior
    residents: ResidentPrior
    rates: RatePrior
    position: PositionPrior
    detection: DetectionPrior
    anchorage: AnchoragePrior
    sea_routes: SeaNetwork

    def of_study(self, options: TrackOptions) -> Self:
        """These values, with those that a study replaces."""
        dwell = {"days": options.dwell_days, "factor": options.dwell_factor}
        return self.model_copy(
            update={
                "dwell": _replaced(self.dwell, dwell),
                "rates": _replaced(self.rates, {"no_tanker": options.p_no_tanker}),
            }
        )

    @property
    def sha256(self) -> str:
        """Digest of all values, those of a file that this one is like among them."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def _replaced(model: Model, values: dict[str, float | None]) -> Model:
    """A model with the values that are given."""
    return model.model_copy(update={k: v for k, v in values.items() if v is not None})


def register_path(options: TrackOptions, traffic: Traffic) -> Path | None:
    """The register of ships that a study uses; None where it has none."""
    if options.fleet is not None or not traffic.fleet:
        return options.fleet
    return shipped("configs") / traffic.fleet


def traffic_path(name: str) -> Path:
    """File of a name in a study: one that comes with gnomon, or a path."""
    path = Path(name)
    if path.suffix == ".toml" or len(path.parts) > 1:
        return path
    return shipped("configs") / "traffic" / f"{name}.toml"


def read_traffic(name: str) -> Traffic:
    """Read and check a file of traffic.

    Parameters
    ----------
    name
        As ``traffic`` of `gnomon.datamodel.study.TrackOptions`.

    Raises
    ------
    StudyError
        With every fault of the file, one per line, each with its place.

    """
    path = traffic_path(name)
    return checked_options(_values(path, ()), path, Traffic, kind=KIND)


def _values(path: Path, before: tuple[Path, ...]) -> dict[str, Any]:
    """Values of a file; what it leaves out is that of the file that it is like."""
    if not path.is_file():
        known = sorted(file.stem for file in traffic_path("").parent.glob("*.toml"))
        raise StudyError(f"{path}: there is no such {KIND}; gnomon comes with {', '.join(known)}")
    values = read_toml(path, kind=KIND)
    like = values.pop("like", None)
    if like is None:
        return values
    other = traffic_path(str(like))
    other = other if other.is_absolute() else path.parent / other
    if other in (path, *before):
        raise StudyError(f"{path}: like = {like!r} leads back to itself")
    return _over(_values(other, (path, *before)), values)


def _over(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Values with others in their place, table by table; a network of routes as a whole."""
    both = dict(old)
    for key, value in new.items():
        tables = isinstance(value, dict) and isinstance(old.get(key), dict)
        both[key] = _over(old[key], value) if tables and key != "sea_routes" else value
    return both
