"""Which further satellite passes would narrow the number of visits most.

An observer who knew all parameters (`gnomon.track.observer`) is unsure of what was missed and of
which detections are one visit. With further passes, at even intervals, the recursion over the
observations (`gnomon.track.presence`) gives the visits of small tankers that all passes together
are expected to detect and to miss. The number missed is Poisson, so its mean is its variance; and
each detected visit leaves the variance that it leaves now, as it did not vanish where images are
denser:

    variance then = missed then + (variance now - missed now) x detected then / detected now

The half-width of the 90 % interval goes with the root of the variance. Half-widths now and then
are both of that observer: who must learn rates and detection too gains more, since images teach
them. Clouds of one day and the next are taken as independent, which flatters daily images.

Where the rate is not known, the number missed is negative binomial and not Poisson: with detected
visits D and a chance P of being detected its variance is D (1 - P) / P^2 in place of D (1 - P) / P.
So one who must learn nothing but the rate has a half-width larger by a factor of 1 / sqrt(P).
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from gnomon.datamodel.errors import TrackError
from gnomon.datamodel.files import toml_values
from gnomon.datamodel.scene import Sensor
from gnomon.datamodel.study import Options
from gnomon.track.observer import ExpectedVisits, IdealObserver, expected_visits
from gnomon.track.presence import RADAR, SENSOR_CLASSES, sensor_class
from gnomon.track.sightings import PortObservations

Floats = NDArray[np.float64]

MONTH_DAYS = 365.25 / 12
USABLE_UNKNOWN = 0.5
"""Usable fraction of optical images where a season has none: mean of the coast of Primorye."""


class AvailablePasses(Options):
    """Passes that could be had, a ``[[passes]]`` of ``configs/further-passes.toml``."""

    passes: str = Field(min_length=1)
    """In words."""
    sensor: Sensor
    gsd_m: float = Field(gt=0)
    passes_a_month: float = Field(gt=0, le=300)
    free: bool
    """Whether anybody gets the images without payment."""


class _File(Options):
    passes: tuple[AvailablePasses, ...]


@dataclass(frozen=True, kw_only=True)
class FurtherPassesRow:
    """A row of `gnomon.datamodel.tables.FurtherPasses`."""

    port: str
    passes: str
    sensor: str
    gsd_m: float
    passes_a_month: float
    free: bool
    p_seen: float
    visits_half_width_now: float
    visits_half_width_then: float


def read_further_passes(path: Path) -> tuple[AvailablePasses, ...]:
    """Read which passes could be had.

    Raises
    ------
    TrackError
        The file cannot be read, or a key in it is not what it should be.

    """
    try:
        return _File.model_validate(toml_values(path)).passes
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TrackError(f"{path}: cannot be read as TOML ({error})") from error
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise TrackError(f"{path}: {'; '.join(faults)}") from error


def further_passes(
    data: PortObservations, observer: IdealObserver, available: Sequence[AvailablePasses]
) -> list[FurtherPassesRow]:
    """What an observer who knew all parameters could say with further passes.

    Parameters
    ----------
    data
        Observations of one port.
    observer
        With these observations.
    available
        Passes that could be had, each for itself.

    Returns
    -------
    list of row
        What narrows the number of visits most comes first.

    """
    now, rows = observer.half_width, []
    for one in available:
        then = expected_with(data, observer, one)
        share = min(variance_with(observer, then) / observer.variance, 1.0)
        rows.append(
            FurtherPassesRow(
                port=data.port,
                **one.model_dump(),
                p_seen=then.p_seen,
                visits_half_width_now=now,
                visits_half_width_then=now * float(np.sqrt(share)),
            )
        )
    return sorted(rows, key=lambda row: row.visits_half_width_then)


def variance_with(observer: IdealObserver, then: ExpectedVisits) -> float:
    """Variance of the number of visits with other passes; see the module's head."""
    now = observer.visits
    uncertain = max(observer.variance - now.missed, 0.0)
    return then.missed + uncertain * then.detected / max(now.detected, 1e-9)


def expected_with(
    data: PortObservations, observer: IdealObserver, further: AvailablePasses
) -> ExpectedVisits:
    """Visits that all passes together are expected to detect and to miss."""
    step = MONTH_DAYS / further.passes_a_month
    added = np.arange(step / 2, data.days, step)
    kind = sensor_class(further.sensor, further.gsd_m)
    # The detector of this season would read them too, where it reads such images.
    own = len(SENSOR_CLASSES) if data.cards and kind != RADAR else kind
    usable = np.ones(len(added)) if kind == RADAR else usable_by_month(data, added)
    day = np.r_[data.day, added]
    order = np.argsort(day, kind="stable")
    presence = observer.known.presence(
        data.days,
        day=day[order],
        sensor_classes=np.r_[data.sensor_class, np.full(len(added), kind)][order],
        usable=np.r_[data.usable, usable][order],
        detector=np.r_[data.detector, np.full(len(added), own)][order],
    )
    return expected_visits(presence, observer.known.rates)


def usable_by_month(data: PortObservations, day: Floats) -> Floats:
    """Usable fraction of optical images on these days: their mean in that month of the season.

    Where a month has no optical image, it is the mean of the season.
    """
    optical = data.sensor_class != RADAR
    if not optical.any():
        return np.full(len(day), USABLE_UNKNOWN)
    months, own = _months(data, data.day[optical]), data.usable[optical]
    mean = {month: own[months == month].mean() for month in np.unique(months)}
    return np.array([mean.get(month, own.mean()) for month in _months(data, day)])


def _months(data: PortObservations, day: Floats) -> NDArray[np.int64]:
    return np.array([(data.start + timedelta(days=float(d))).month for d in day], np.int64)
