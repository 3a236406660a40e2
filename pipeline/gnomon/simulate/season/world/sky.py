"""Passes of satellites over the port, and what cloud leaves to be seen of each berth.

Sentinel-2 passes in relative orbit 103 at 02:12 UTC, S2A on 4 March 2024 and S2B five days later,
each every ten days. Sentinel-1A passes in twelve days on each track that sees the port
(`gnomon.simulate.season.radar_tracks`). A constellation of 3 m takes an image on a part of the
days. Images of 0.5 m are ordered for days that are clear.

Days are clear or not in a Markov chain, whose correlation from one day to the next is the world's
and whose clear fraction the month's. On some clear days each berth is clear only to a part of its
own, and on some others cloud has holes over some berths, so that the mean stays the month's.
"""

from dataclasses import dataclass

import numpy as np

from gnomon.simulate.season.radar_tracks import radar_tracks
from gnomon.simulate.season.world.options import SENSORS, World
from gnomon.simulate.season.world.presence import Floats, Ints, Mask

S2, S1, DAILY, FINE = range(4)
CLEAR_BY_MONTH = np.array(
    [0.65, 0.65, 0.50, 0.50, 0.45, 0.275, 0.275, 0.40, 0.55, 0.55, 0.60, 0.65]
)
"""Usable fraction, January to December: fog on 18 days of June and July (Vostochny), clear winters.
A judgement from climate tables."""
SUN_DEG = np.array([24.0, 32, 43, 55, 64, 67, 65, 58, 49, 38, 28, 23])
SUN_AZIMUTH_DEG = np.array([163.0, 160, 158, 156, 151, 145, 144, 151, 161, 167, 169, 167])
"""Sun at 02:12 UTC over Vostochny on the 15th of each month (pvlib)."""
S2_FIRST = np.datetime64("2024-03-04T02:12")
S2_DAYS = 5.0
S1_PLACE = (133.066, 42.7505)


@dataclass(frozen=True)
class SkyPasses:
    """Passes over the port, sorted by time: arrays of shape (passes,)."""

    day: Floats
    """Since the beginning of the season."""
    sensor: Ints
    """A place in `gnomon.simulate.season.world.options.SENSORS`."""
    clear: Floats
    """(passes, berths + 1): part of each berth, and last of the other places, that can be seen."""
    hazy: Mask
    """Passes whose haze no mask knows."""
    sun_deg: Floats
    sun_azimuth_deg: Floats


def draw_sky(rng: np.random.Generator, world: World) -> SkyPasses:
    """Draw passes and cloud of a season."""
    cloud, phases, holes, haze = rng.spawn(4)
    clear_day = clear_days(cloud, clear_fraction(world), memory=world.cloud_memory)
    # A stream for each sensor, so that one more leaves the others as they are.
    streams = phases.spawn(len(SENSORS))
    wanted = [k for k, name in enumerate(SENSORS) if name in world.sensors]
    times = [pass_days(streams[k], k, world, clear_day) for k in wanted]
    day, sensor = np.concatenate(times), np.repeat(wanted, [len(each) for each in times])
    order = np.argsort(day, kind="stable")
    day, sensor = day[order], sensor[order]
    clear = _clear_parts(holes, world, day, sensor, clear_day)
    hazy = (haze.random(len(day)) < world.haze) & (sensor != S1)
    sun = [_by_date(world, day, table) for table in (SUN_DEG, SUN_AZIMUTH_DEG)]
    return SkyPasses(day, sensor, clear, hazy, *sun)


def clear_fraction(world: World) -> Floats:
    """Expected clear part of each day of the season."""
    if world.clear is not None:
        return np.full(world.days, world.clear)
    dates = np.datetime64(world.start) + np.arange(world.days)
    return CLEAR_BY_MONTH[dates.astype("datetime64[M]").astype(int) % 12]


def clear_days(rng: np.random.Generator, fraction: Floats, *, memory: float) -> Mask:
    """Days of a Markov chain of clear and cloudy ones.

    With the probability ``memory`` a day is like the last one, else it is drawn anew: the
    correlation of days k apart is ``memory`` to the power of k, whatever the clear fraction is.

    Parameters
    ----------
    rng
        Of the days.
    fraction
        (days,) clear.
    memory
        From 0 to below 1.

    """
    anew = rng.random(len(fraction)) >= memory
    anew[:1] = True
    drawn = rng.random(len(fraction)) < fraction
    last_drawn = np.maximum.accumulate(np.where(anew, np.arange(len(fraction)), 0))
    clear: Mask = drawn[last_drawn]
    return clear


def pass_days(rng: np.random.Generator, sensor: int, world: World, clear: Mask) -> Floats:
    """Moments of one sensor's images, days since the beginning of the season."""
    if sensor == S2:
        first = float((S2_FIRST - np.datetime64(world.start)) / np.timedelta64(1, "D"))
        return np.arange(first % S2_DAYS, world.days, S2_DAYS)
    if sensor == S1:
        start = np.datetime64(world.start)
        tracks = radar_tracks(*S1_PLACE)
        return np.sort(np.concatenate([one.days(start, float(world.days)) for one in tracks]))
    if sensor == DAILY:
        taken = np.flatnonzero(rng.random(world.days) < world.daily_data)
        return taken + (1.5 + rng.uniform(-1.0, 1.0, len(taken))) / 24
    fair = np.flatnonzero(clear)
    chosen = rng.choice(fair, min(world.fine_images, len(fair)), replace=False)
    return np.sort(chosen) + (3.0 + rng.uniform(-1.5, 3.0, len(chosen))) / 24


def _clear_parts(
    rng: np.random.Generator, world: World, day: Floats, sensor: Ints, clear_day: Mask
) -> Floats:
    """Part of each berth that cloud leaves: (passes, berths + 1)."""
    date = np.minimum(day.astype(int), world.days - 1)
    own = rng.uniform(0.0, 1.0, (len(day), world.berths + 1))
    own[:, -1] = own[:, :-1].mean(1)
    share = clear_fraction(world)[date]
    # As much is seen through holes of cloudy days as is hidden on partly clear ones.
    holes = np.minimum(world.partly * share / np.maximum(1.0 - share, 1e-9), 1.0)
    draw = rng.random(len(day))
    fair = np.where((draw < world.partly)[:, None], own, 1.0)
    foul = np.where((draw < holes)[:, None], own, 0.0)
    parts: Floats = np.where(clear_day[date][:, None], fair, foul)
    parts[sensor == S1] = 1.0
    return parts


def _by_date(world: World, day: Floats, table: Floats) -> Floats:
    """Value of the 15th of each month, between these by the date."""
    start = np.datetime64(world.start)
    of_year = (start - start.astype("datetime64[Y]")).astype(int) + day
    middles = 15.0 + 30.44 * np.arange(-1, 13)
    values: Floats = np.interp(of_year % 365.25, middles, np.r_[table[-1], table, table[0]])
    return values
