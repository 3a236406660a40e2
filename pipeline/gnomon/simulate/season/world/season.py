"""One season of a world: tables as a run writes them, and the truth behind them.

A visit is a stay of one of the fleet's tankers at a berth that touches the season. Each part of
the world (hulls, cycles, berths, weather, luck of each kind of ship, ...) has a stream of random
numbers of its own, so that two worlds that differ in one switch differ in nothing else.

Part of the visits that is detected, with the defaults but a clear fraction of 0.55, against this
project's closed form (43 visits, stays of 2.5 days, a chance of detection of 0.85 to 0.9):

=============================  ===========  ==========
passes                         closed form  this world
=============================  ===========  ==========
Sentinel-2                     0.24         0.23
Sentinel-2 and Sentinel-1A     0.60         0.58
daily 3 m, an image every day  0.67         0.70
daily 3 m as it is to be had   -            0.55
=============================  ===========  ==========

The radar's recall is 0.85 here, and visits count that the season's ends cut. Berths that are partly
clear have clouds of their own, which makes two daily images more different than the sky is.
"""

import json
from dataclasses import dataclass, fields

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gnomon.datamodel.ports import Port, Zone
from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import Detections, Observations
from gnomon.geo.local import from_local_metres, rectangle_around
from gnomon.simulate.season.off_berth import LOADS
from gnomon.simulate.season.world.options import World
from gnomon.simulate.season.world.port import ROADS_M, TankerCalls, draw_port
from gnomon.simulate.season.world.presence import (
    BERTH_SPACING_M,
    ELSEWHERE,
    ORIGIN,
    PIER_DEG,
    Floats,
    Ints,
    Kind,
    Mask,
    Presence,
    along_pier,
)
from gnomon.simulate.season.world.sensing import (
    GSD_M,
    Seen,
    Sensed,
    draw_false_alarms,
    sense,
    some_of,
)
from gnomon.simulate.season.world.sky import S1, SkyPasses, draw_sky

PORT_NAME = "vostochny"
ROADS_ZONE, ANCHORAGE_ZONE = "roads", "anchorage"
ANCHORAGE_M = 800.0
"""Half the side of the anchorage."""
PLATFORMS = ("sentinel-2", "sentinel-1a", "planetscope", "worldview")
COLLECTIONS = ("sentinel-2-l2a", "sentinel-1-grd", "daily-3m", "sub-metre")
DETECTORS = ("optical", "sar", "optical", "optical")
BERTH_BOX_M = (-60.0, 100.0)
"""A berth's zone, from the pier's line towards the sea; along it, half the spacing either way."""
AREA = shapely.box(133.020, 42.725, 133.100, 42.770)
"""Vostochny and Vrangel Bay."""
AREA_WATER_KM2 = 20.0


@dataclass(frozen=True)
class WorldTruth:
    """True visits of the fleet, sorted by arrival at the berth: arrays of shape (visits,)."""

    ship: Ints
    port_day: Floats
    """Arrival at the port, days since the beginning of the season; before the berth where a ship
    had to wait."""
    arrive_day: Floats
    depart_day: Floats
    berth: Ints
    operation: Ints
    """Ballast to laden, laden to ballast, ballast throughout, laden throughout: 0 to 3."""
    deadweight_t: Floats
    barrels: Floats
    """Delivered; 0 where the visit did not load."""
    observable: Mask
    """A detector that misses nothing would have seen it at the berth in some image."""
    detected: Mask
    """At the berth, in some image."""


@dataclass(frozen=True)
class WorldSeason:
    """Tables of a season, in the schemas of `gnomon.datamodel.tables`, and its truth."""

    detections: gpd.GeoDataFrame
    observations: gpd.GeoDataFrame
    truth: WorldTruth
    world: World
    kind: Ints
    """Of each detection, a `gnomon.simulate.season.world.presence.Kind`."""
    visit: Ints
    """Of each detection: number of the visit, -1 where it is none of the fleet's."""
    port: Port
    """The port with its berths."""

    @property
    def period(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """First and last moment."""
        start = pd.Timestamp(self.world.start, tz="UTC")
        return start, start + pd.Timedelta(days=self.world.days)


def simulate_world(rng: np.random.Generator, world: World) -> WorldSeason:
    """Simulate one season.

    Parameters
    ----------
    rng
        Of all that is random.
    world
        What the season is made from.

    """
    places, weather, luck, alarms, product = rng.spawn(5)
    presence, calls, deadweight = draw_port(places, world)
    sky = draw_sky(weather, world)
    hulls, (observable, detected) = _sensed(luck, world, sky, presence, calls)
    sensed = _joined([*hulls, draw_false_alarms(alarms, world, sky)])
    order = np.lexsort((sensed.north_m, sensed.east_m, sensed.observation))
    sensed = some_of(sensed, order)
    per_tonne = world.barrels_per_tonne * product.normal(1.0, world.conversion_sigma)
    truth = WorldTruth(
        ship=calls.ship,
        port_day=calls.port_day,
        arrive_day=calls.arrive_day,
        depart_day=calls.depart_day,
        berth=calls.berth,
        operation=calls.operation,
        deadweight_t=np.array(deadweight)[calls.ship],
        barrels=np.where(calls.operation == LOADS, calls.cargo_t * per_tonne, 0.0),
        observable=observable,
        detected=detected,
    )
    port = port_of_world(world)
    observations = _observations(world, sky, sensed)
    detections = table(Detections, _detection_rows(world, sky, sensed, observations))
    visit = np.where(sensed.kind == Kind.TANKER, sensed.owner, -1)
    passes = table(Observations, observations)
    return WorldSeason(detections, passes, truth, world, sensed.kind, visit, port)


def port_of_world(world: World) -> Port:
    """Port with a zone for each berth, and one for the anchorage where that is observed."""
    zones = [_berth_zone(world, n) for n in range(world.berths)]
    if world.roads_observed:
        reach = np.array([-ANCHORAGE_M, ANCHORAGE_M])
        lon, lat = from_local_metres(ROADS_M[0] + reach, ROADS_M[1] + reach, origin=ORIGIN)
        box = shapely.box(lon[0], lat[0], lon[1], lat[1])
        zones.append(Zone(ANCHORAGE_ZONE, "anchorage", box))
    return Port(PORT_NAME, AREA, tuple(zones))


def berth_names(world: World) -> tuple[str, ...]:
    """Names of the berths' zones, in their order."""
    return tuple(f"berth {n + 1}" for n in range(world.berths))


def _berth_zone(world: World, number: int) -> Zone:
    half = BERTH_SPACING_M / 2
    along = BERTH_SPACING_M * number + np.array([-half, half, half, -half])
    off = np.repeat(BERTH_BOX_M, 2)
    corners = from_local_metres(*along_pier(along, off), origin=ORIGIN)
    return Zone(berth_names(world)[number], "berth", shapely.Polygon(np.column_stack(corners)))


def _sensed(
    rng: np.random.Generator,
    world: World,
    sky: SkyPasses,
    presence: Presence,
    calls: TankerCalls,
) -> tuple[list[Sensed], tuple[Mask, Mask]]:
    """Detections by kind, at the berths and elsewhere; and which visits were visible, and detected.

    Kinds, and ships of one kind at the berths and elsewhere, have streams of their own.
    """
    observable, detected = np.zeros((2, len(calls.ship)), bool)
    out = []
    kinds = [kind for kind in Kind if kind != Kind.FALSE_ALARM]
    for kind, stream in zip(kinds, rng.spawn(len(kinds)), strict=True):
        at_berth, away = stream.spawn(2)
        elsewhere = presence.berth == ELSEWHERE
        for one, there in ((at_berth, ~elsewhere), (away, elsewhere)):
            stays = presence.some((presence.kind == kind) & there)
            hulls, seen = sense(one, world, sky, stays)
            out.append(hulls)
            if kind == Kind.TANKER and one is at_berth:
                _mark(observable, stays, seen, seen.visible)
                _mark(detected, stays, seen, seen.detected)
    return out, (observable, detected)


def _mark(visits: Mask, stays: Presence, seen: Seen, which: Mask) -> None:
    visits[stays.owner[seen.stay[which]]] = True


def _joined(parts: list[Sensed]) -> Sensed:
    names = [field.name for field in fields(Sensed)]
    return Sensed(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def zone_names(world: World, east_m: Floats, north_m: Floats) -> list[str]:
    """Zone of each place: the berth or anchorage in whose box it lies, or else the roads."""
    angle = np.radians(PIER_DEG)
    along = east_m * np.sin(angle) + north_m * np.cos(angle)
    off = east_m * np.cos(angle) - north_m * np.sin(angle)
    berth = np.round(along / BERTH_SPACING_M).astype(int)
    inside = (berth >= 0) & (berth < world.berths)
    inside &= (off >= BERTH_BOX_M[0]) & (off <= BERTH_BOX_M[1])
    names = np.array(berth_names(world))[np.where(inside, berth, 0)]
    apart = np.maximum(abs(east_m - ROADS_M[0]), abs(north_m - ROADS_M[1]))
    waiting = world.roads_observed & (apart < ANCHORAGE_M)
    rest = np.where(waiting, ANCHORAGE_ZONE, ROADS_ZONE)
    return np.where(inside, names, rest).tolist()


def _observations(world: World, sky: SkyPasses, sensed: Sensed) -> list[dict[str, object]]:
    """Rows of the table of observations."""
    names = [*berth_names(world), *([ANCHORAGE_ZONE] if world.roads_observed else [])]
    counts = np.bincount(sensed.observation, minlength=len(sky.day))
    moments = pd.Timestamp(world.start, tz="UTC") + pd.to_timedelta(sky.day, unit="D").round("s")
    return [
        {
            "scene_id": f"{PLATFORMS[k]}-{n:04d}",
            "collection": COLLECTIONS[k],
            "platform": PLATFORMS[k],
            "sensor": DETECTORS[k],
            "seen_at": moments[n],
            "port": PORT_NAME,
            "geometry": AREA,
            "status": "observed",
            "covered_fraction": 1.0,
            "usable_fraction": float(sky.clear[n, ELSEWHERE]),
            "usable_water_km2": AREA_WATER_KM2 * float(sky.clear[n, ELSEWHERE]),
            # The anchorage, where it is a zone, is the last of the sky's places.
            "zones": json.dumps(dict(zip(names, sky.clear[n].round(3).tolist(), strict=False))),
            "detections": int(counts[n]),
            "sun_azimuth_deg": None if k == S1 else float(sky.sun_azimuth_deg[n]),
            "sun_elevation_deg": None if k == S1 else float(sky.sun_deg[n]),
            "view_azimuth_deg": None if k == S1 else 284.0,
            "view_zenith_deg": None if k == S1 else 4.0,
            "gsd_m": float(GSD_M[k]),
            "run_digest": "simulated",
        }
        for n, k in enumerate(sky.sensor)
    ]


_OF_THE_PASS = (
    "scene_id", "collection", "platform", "sensor", "seen_at", "port", "sun_azimuth_deg",
    "sun_elevation_deg", "view_azimuth_deg", "view_zenith_deg", "gsd_m", "run_digest",
)  # fmt: skip
_MEASURED = (
    "heading_deg", "length_m", "beam_m", "length_sigma_m", "beam_sigma_m", "score", "p_tanker",
    "log_lr_laden",
)  # fmt: skip


def _detection_rows(
    world: World, sky: SkyPasses, sensed: Sensed, passes: list[dict[str, object]]
) -> list[dict[str, object]]:
    """Rows of the table of detections."""
    longitude, latitude = from_local_metres(sensed.east_m, sensed.north_m, origin=ORIGIN)
    zones = zone_names(world, sensed.east_m, sensed.north_m)
    rows = []
    for n, observation in enumerate(sensed.observation):
        seen = passes[observation]
        row = {name: seen[name] for name in _OF_THE_PASS}
        row |= {name: float(getattr(sensed, name)[n]) for name in _MEASURED}
        point = shapely.Point(longitude[n], latitude[n])
        row |= {
            "detection_id": f"{seen['scene_id']}-{n:05d}",
            "zone": zones[n],
            "geometry": point,
            "footprint": rectangle_around(
                point,
                length_m=float(sensed.length_m[n]),
                beam_m=float(sensed.beam_m[n]),
                heading_deg=float(sensed.heading_deg[n]),
            ),
            "heading_sigma_deg": 4.0,
            "quayside": zones[n] not in (ROADS_ZONE, ANCHORAGE_ZONE),
            "model": "simulated",
        }
        rows.append(
            row | _load_columns(float(sensed.log_lr_laden[n]), int(sky.sensor[observation]))
        )
    return rows


def _load_columns(log_ratio: float, sensor: int) -> dict[str, object]:
    """Columns of the load state that follow from the likelihood ratio."""
    if np.isnan(log_ratio):
        why = "sar" if sensor == S1 else "no_geometry"
        return {"load_state": "indeterminate", "load_reason": why}
    p = float(1 / (1 + np.exp(-log_ratio)))
    state = "laden" if p > 0.9 else "ballast" if p < 0.1 else "indeterminate"
    reason = "weak_evidence" if state == "indeterminate" else None
    return {"p_laden": p, "load_state": state, "load_reason": reason}
