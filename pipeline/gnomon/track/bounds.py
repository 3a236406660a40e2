"""Which images bound a visit: the last before it and the first after it that show its place.

An image bounds a visit only if it shows where the ship lay; the usable fraction of the port or the
berth does not tell that. An observation's grid of visibility does (`gnomon.datamodel.visibility`);
tables that have none are judged by the usable fraction of the berth. Images in between that hid the
place are named, for a reader would take their silence for an empty berth.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np

from gnomon.datamodel.visibility import best_share
from gnomon.track.dwell import grid_quantiles
from gnomon.track.partition import Track
from gnomon.track.posterior import TrackPosterior
from gnomon.track.sightings import PortObservations
from gnomon.track.voyages import TimeQuantiles

SHOWN = 0.9
"""Seen share of a ship's place from which an image shows it."""
REACH_MIN_M = 40.0
"""Around a ship's centre, at least; for long ships half their length."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Bounds and quantiles of a visit's arrival and departure."""

    observations: int
    arrived_after: datetime | None
    arrived_before: datetime
    departed_after: datetime
    departed_before: datetime | None
    hidden_images: str
    """Scenes between the bounds that hid the place, as a JSON array."""
    arrived: TimeQuantiles
    departed: TimeQuantiles


def visit_bounds(tracks: TrackPosterior, track: Track) -> Bounds:
    """Bounds of one visit, from the observations of its port."""
    data = tracks.data
    first, last = (int(data.hulls.observation[track[end]]) for end in (0, -1))
    shows = partial(_shows, data, *_place_of(data, track))
    # Outwards from the visit, and no farther than to its bounds: a port may have years of images.
    before = next((n for n in reversed(range(first)) if shows(n)), None)
    after = next((n for n in range(last + 1, len(data.day)) if shows(n)), None)
    within = range(0 if before is None else before + 1, len(data.day) if after is None else after)
    seen = set(data.hulls.observation[list(track)].tolist())
    hidden = [n for n in within if n not in seen and not shows(n)]
    ends = tracks.end_densities(track)
    arrive = [data.day[first] - q for q in grid_quantiles(ends.before, (0.95, 0.5, 0.05))]
    depart = [data.day[last] + q for q in grid_quantiles(ends.after, (0.05, 0.5, 0.95))]
    return Bounds(
        observations=len(track),
        arrived_after=None if before is None else data.time(data.day[before]),
        arrived_before=data.time(data.day[first]),
        departed_after=data.time(data.day[last]),
        departed_before=None if after is None else data.time(data.day[after]),
        hidden_images=json.dumps([name for n in hidden for name in data.scenes[n]]),
        arrived=TimeQuantiles(*map(data.time, arrive)),
        departed=TimeQuantiles(*map(data.time, depart)),
    )


def _place_of(data: PortObservations, track: Track) -> tuple[tuple[float, float] | None, float]:
    """Mean longitude and latitude of a track, where they are known, and metres around it."""
    rows = list(track)
    reach_m = max(REACH_MIN_M, float(data.hulls.length_m[rows].mean()) / 2)
    place = data.places_deg[rows].mean(0) if data.places_deg is not None else None
    if place is None or not np.isfinite(place).all():
        return None, reach_m
    return (float(place[0]), float(place[1])), reach_m


def _shows(
    data: PortObservations, place: tuple[float, float] | None, reach_m: float, observation: int
) -> bool:
    """Whether an observation shows a place."""
    grids = data.visibility[observation]
    if place is None or not grids:
        return bool(data.usable[observation] >= SHOWN)
    return best_share(grids, *place, reach_m=reach_m) >= SHOWN
