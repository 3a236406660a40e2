"""Satellite passes of a season, and the clouds above them.

Sentinel-2 passes Vostochny in relative orbit 103 at 02:12 UTC: S2A on 4 March 2024 and every ten
days, S2B five days later. Sentinel-1 (one satellite in 2024) passes in twelve days on each track
that sees the berth, if all were acquired (`gnomon.simulate.season.radar_tracks`). A constellation
of 3 m images the port daily, nine days in ten, and a few images of 0.5 m are bought where they show
the berth. Cloud is a Markov chain of days with a lag-one correlation of 0.35 and the clear fraction
of the month (0.65 in winter, 0.25 in June and July).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnomon.simulate.season.radar_tracks import radar_tracks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

S2, S1, DAILY, FINE = 0, 1, 2, 3
SCHEDULES: dict[str, tuple[int, ...]] = {
    "s2": (S2,),
    "s2+s1": (S2, S1),
    "s2+s1+daily": (S2, S1, DAILY),
    "all": (S2, S1, DAILY, FINE),
}
PLATFORMS = ("sentinel-2", "sentinel-1a", "planetscope", "worldview")
COLLECTIONS = ("sentinel-2-l2a", "sentinel-1-grd", "daily-3m", "sub-metre")
SENSORS = ("optical", "sar", "optical", "optical")
GSD_M = np.array([10.0, 10.0, 3.0, 0.5])
LENGTH_SIGMA_M = np.array([5.0, 12.0, 2.5, 1.0])
BEAM_SIGMA_M = np.array([2.5, 5.0, 1.2, 0.4])
TANKER_LOGIT = np.array([np.nan, np.nan, 1.5, 4.0])
"""Half the distance between the logits of p_tanker of tankers and of others; nothing at 10 m."""
CLEAR_BY_MONTH = np.array([0.65, 0.65, 0.5, 0.5, 0.45, 0.28, 0.27, 0.4, 0.55, 0.55, 0.6, 0.65])
SUN_BY_MONTH_DEG = np.array([24.0, 32, 43, 55, 64, 67, 65, 58, 49, 38, 28, 23])
CLOUD_MEMORY = 0.35
FIRST_OVERPASS = "2024-03-04T02:12"
"""Of Sentinel-2 over Vostochny, UTC; the next ones follow every five days."""
PLACE = (133.066, 42.7505)
"""Longitude and latitude that the tracks of radar are those of."""
FINE_IMAGES = 36
"""Sub-metre images of a season: "dozens" in the published finding."""


@dataclass(frozen=True)
class Timetable:
    """Observations of one port: arrays of shape (observations,), sorted by time."""

    day: Floats
    """Since the beginning of the season."""
    sensor: Ints
    """`S2`, `S1`, `DAILY` or `FINE`."""
    usable: Floats
    """Fraction of the berth that could be seen."""
    sun_deg: Floats


def draw_timetable(
    rng: np.random.Generator,
    sensors: tuple[int, ...],
    *,
    start: np.datetime64,
    days: int,
    first_overpass: str = FIRST_OVERPASS,
) -> Timetable:
    """Draw the observations of a season and the clouds above them.

    Parameters
    ----------
    rng
        Of passes and clouds.
    sensors
        Of `SCHEDULES`.
    start, days
        Of the season.
    first_overpass
        Of Sentinel-2, UTC.

    """
    month = (start + np.arange(days)).astype("datetime64[M]").astype(int) % 12
    clear = _clear_days(rng, CLEAR_BY_MONTH[month])
    times = [np.sort(_passes(rng, sensor, start, clear, first_overpass)) for sensor in sensors]
    day = np.concatenate(times)
    sensor = np.repeat(np.array(sensors), [len(t) for t in times])
    order = np.argsort(day, kind="stable")
    day, sensor = day[order], sensor[order]
    date = np.minimum(day.astype(int), days - 1)
    partly = rng.uniform(0.3, 1.0, len(day))
    usable = np.where(rng.random(len(day)) < 0.75, 1.0, partly)
    # Clouds have holes: on one cloudy day in eight part of the berth is visible.
    hole = np.where(rng.random(len(day)) < 0.125, rng.uniform(0.0, 0.6, len(day)), 0.0)
    usable = np.where(clear[date], usable, hole)
    usable = np.where(sensor == S1, 1.0, np.where(sensor == FINE, np.maximum(usable, 0.8), usable))
    sun = SUN_BY_MONTH_DEG[month[date]] + rng.normal(0, 2, len(day))
    return Timetable(day, sensor, usable, sun)


def _clear_days(rng: np.random.Generator, chance: Floats) -> NDArray[np.bool_]:
    """Two-state Markov chain whose fraction of clear days is the month's."""
    draws = rng.random(len(chance))
    clear = np.empty(len(chance), bool)
    before = bool(draws[0] < chance[0])
    for day, (share, draw) in enumerate(zip(chance, draws, strict=True)):
        before = bool(draw < share * (1 - CLOUD_MEMORY) + CLOUD_MEMORY * before)
        clear[day] = before
    return clear


def _passes(
    rng: np.random.Generator,
    sensor: int,
    start: np.datetime64,
    clear: NDArray[np.bool_],
    first_overpass: str,
) -> Floats:
    """Times of one sensor's observations, in days since the start."""
    days = len(clear)
    if sensor == S2:
        since = (np.datetime64(first_overpass) - start) / np.timedelta64(1, "D")
        return np.arange(float(since) % 5, days, 5)
    if sensor == S1:
        tracks = radar_tracks(*PLACE)
        return np.concatenate([track.days(start, float(days)) for track in tracks])
    if sensor == DAILY:
        imaged = np.flatnonzero(rng.random(days) < 0.9)
        return imaged + (1.5 + rng.uniform(-1.0, 1.0, len(imaged))) / 24
    # Only images that show the berth are bought; on a cloudy day there are fewer of them.
    weight = np.where(clear, 1.0, 0.5)
    chosen = rng.choice(days, min(FINE_IMAGES, days), replace=False, p=weight / weight.sum())
    return chosen + (2.0 + rng.uniform(-1.0, 5.0, len(chosen))) / 24
