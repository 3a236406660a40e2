"""Which images bound a visit: the last before it and the first after it that show its place.

An image bounds a visit only if it shows where the ship lay; the usable fraction of the port or the
berth does not tell that. An observation's grid of visibility does (`gnomon.datamodel.visibility`);
tables that have none are judged by the usable fraction of the berth. Images in between that hid the
place are named, for a reader would take their silence for an empty berth.
"""

import json
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from gnomon.datamodel.visibility import best_share
from gnomon.track.dwell import grid_quantiles
from gnomon.track.linking import Track
from gnomon.track.posterior import TrackPosterior
from gnomon.track.sightings import PortObservations
from gnomon.track.voyages import TimeQuantiles

Floats = NDArray[np.float64]

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
    shown = shown_at(data, track) >= SHOWN
    visible = np.flatnonzero(shown)
    before, after = visible[visible < first], visible[visible > last]
    within = slice(before[-1] + 1 if len(before) else 0, after[0] if len(after) else len(shown))
    seen = set(data.hulls.observation[list(track)].tolist())
    hidden = [n for n in range(within.start, within.stop) if not shown[n] and n not in seen]
    ends = tracks.end_densities(track)
    arrive = [data.day[first] - q for q in grid_quantiles(ends.before, (0.95, 0.5, 0.05))]
    depart = [data.day[last] + q for q in grid_quantiles(ends.after, (0.05, 0.5, 0.95))]
    return Bounds(
        observations=len(track),
        arrived_after=data.time(data.day[before[-1]]) if len(before) else None,
        arrived_before=data.time(data.day[first]),
        departed_after=data.time(data.day[last]),
        departed_before=data.time(data.day[after[0]]) if len(after) else None,
        hidden_images=json.dumps([name for n in hidden for name in data.scenes[n]]),
        arrived=TimeQuantiles(*map(data.time, arrive)),
        departed=TimeQuantiles(*map(data.time, depart)),
    )


def shown_at(data: PortObservations, track: Track) -> Floats:
    """Seen share of a track's place in each observation, (observations,)."""
    rows = list(track)
    place = data.places_deg[rows].mean(0) if data.places_deg is not None else None
    if place is None or not np.isfinite(place).all():
        return data.usable
    reach_m = max(REACH_MIN_M, float(data.hulls.length_m[rows].mean()) / 2)
    return np.array(
        [
            best_share(grids, *place.tolist(), reach_m=reach_m) if grids else usable
            for grids, usable in zip(data.visibility, data.usable, strict=True)
        ]
    )
