"""Which tracks of Sentinel-1 see a place, at which angle, and when.

After 175 orbits in 12 days the satellite is over the same places at the same hours. The plane of
its orbit follows the sun, so the Earth turns below it by 360 degrees a day, and a circular orbit of
known inclination leaves two numbers open: where relative orbit 1 crosses the equator northward, and
when. Both were read from the state vectors of seven real products of Sentinel-1A, B and C, 2015 to
2025: the longitude agrees within 0.04 degrees (4 km), the moment of Sentinel-1A within 50 s. A test
finds those products again.

A swath of IW lies to the right, at incidences of 30.6 to 46.0 degrees. That a track sees a place
does not mean that the mission took an image there: its plan of acquisitions is in no formula, and
has to be read in a catalogue.

So found for Vostochny: R010 northward (09:01 UTC, 36 degrees), R163 southward (21:15, 39 degrees)
and R083 northward (09:09), which holds it at the far edge of its swath, at 45.6 degrees. Rajin has
R061, R083, R134 and R156, Chongjin R061, R134 and R156, Nampo R025, R032, R105 and R127.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

ORBITS, CYCLE_DAYS = 175, 12.0
INCLINATION_DEG = 98.18
NODE_DEG = 0.166
"""Longitude at which relative orbit 1 crosses the equator northward."""
FIRST_NODE = np.datetime64("2014-01-02T18:00:41")
"""When Sentinel-1A did, but for whole cycles. B had the orbit six days apart; C and D fly others
since July 2026, six days apart from each other."""
EARTH_KM, ORBIT_KM = 6371.0, 7071.0
FLATTENING = 1 / 298.257
SWATH_DEG = (30.6, 46.0)
FAR_KM = 700.0
STEPS = 4000
"""Of an orbit, 10 km each."""


@dataclass(frozen=True)
class RadarTrack:
    """One relative orbit over a place."""

    relative_orbit: int
    northward: bool
    incidence_deg: float
    after_node_days: float
    """From the first crossing of the equator in a cycle to the place."""

    def days(self, start: np.datetime64, days: float) -> NDArray[np.float64]:
        """Passes of Sentinel-1A from a moment on, in days after it."""
        first = (FIRST_NODE - start) / np.timedelta64(1, "s") / 86_400 + self.after_node_days
        return np.arange(float(first) % CYCLE_DAYS, days, CYCLE_DAYS)


@lru_cache(maxsize=64)
def radar_tracks(longitude_deg: float, latitude_deg: float) -> tuple[RadarTrack, ...]:
    """Tracks whose swath holds a place, by their number."""
    turned = np.linspace(0, 2 * np.pi, STEPS, endpoint=False)
    tilt = np.deg2rad(INCLINATION_DEG)
    latitude = np.arcsin(np.sin(tilt) * np.sin(turned))
    period_days = CYCLE_DAYS / ORBITS
    east = np.arctan2(np.cos(tilt) * np.sin(turned), np.cos(turned)) - turned * period_days
    # The satellite goes round the middle of the Earth, from which latitudes are a little less.
    place = np.arctan((1 - FLATTENING) ** 2 * np.tan(np.deg2rad(latitude_deg)))
    found = []
    for number in range(ORBITS):
        node = NODE_DEG - number * 360 * period_days
        longitude = np.deg2rad(node) + east
        apart = np.deg2rad(longitude_deg) - longitude
        cosine = np.sin(latitude) * np.sin(place)
        cosine = cosine + np.cos(latitude) * np.cos(place) * np.cos(apart)
        angle = np.arccos(np.clip(cosine, -1, 1))
        nearer = (angle <= np.roll(angle, 1)) & (angle < np.roll(angle, -1))
        for at in np.flatnonzero(nearer & (angle * EARTH_KM < FAR_KM)):
            northward = bool(np.cos(turned[at]) > 0)
            aside = np.remainder(apart[at] + np.pi, 2 * np.pi) - np.pi
            incidence = _incidence_deg(float(angle[at]))
            on_the_right = (aside > 0) == northward
            if on_the_right and SWATH_DEG[0] <= incidence <= SWATH_DEG[1]:
                after = (number + turned[at] / (2 * np.pi)) * period_days
                found.append(RadarTrack(number + 1, northward, incidence, after))
    return tuple(found)


def _incidence_deg(angle: float) -> float:
    """Of a place so many radians from the track, seen from the Earth's middle."""
    slant = np.sqrt(EARTH_KM**2 + ORBIT_KM**2 - 2 * EARTH_KM * ORBIT_KM * np.cos(angle))
    return float(np.rad2deg(np.arcsin(ORBIT_KM * np.sin(angle) / slant)))
