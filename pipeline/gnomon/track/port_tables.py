"""A study's tables, port by port: what lies at its berths, in its roads, and at ports around it."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from shapely.geometry import Point

from gnomon.datamodel.ports import Port
from gnomon.datamodel.study import Study
from gnomon.track import ais, sightings
from gnomon.track.direction import load_ratios
from gnomon.track.off_berth import Calls, Roads, roads
from gnomon.track.posterior import Posterior, ends, sizes, turn
from gnomon.track.sea_routes import Place, route
from gnomon.track.sightings import Sightings

Heard = list[tuple[str | None, bool | None]]
"""Of each hull: MMSI of the AIS track that lay there, and whether the ship was dark."""


@dataclass(frozen=True)
class Tables:
    """Checked tables of detections and looks, of any ports."""

    study: Study
    ports: dict[str, Port]
    """Those that are known, by name."""
    hulls: pd.DataFrame
    observations: pd.DataFrame
    start: datetime
    end: datetime

    @property
    def names(self) -> list[str]:
        """Ports that ships visit: all but those that are another one's roads."""
        waiting = {name for names in self.study.track.roads.values() for name in names}
        return sorted(set(self.observations.port) - waiting)

    def at_berths(self, name: str) -> Sightings:
        """What lies where a ship counts as visiting."""
        return self._at(name, self.study.track.zones or self._zones(name, "berth"))

    def roads_of(self, name: str) -> list[Roads]:
        """A port's own anchorages, and the ports that the study calls its roads."""
        own = self._zones(name, "anchorage")
        seen = [self._at(name, own)] if own and "zone" in self.hulls else []
        there = set(self.observations.port)
        seen += [self._at(one, ()) for one in self.study.track.roads.get(name, ()) if one in there]
        return [roads(one) for one in seen if len(one.hulls.observation)]

    def _at(self, name: str, zones: tuple[str, ...]) -> Sightings:
        return sightings.at_port(
            name, self.hulls, self.observations, zones=zones, start=self.start, end=self.end
        )

    def _zones(self, name: str, kind: str) -> tuple[str, ...]:
        port = self.ports.get(name)
        return tuple(zone.name for zone in port.zones if zone.kind == kind) if port else ()

    @cached_property
    def middles(self) -> dict[str, Place]:
        """Where ports are: the middle of their area, or else of the hulls that were seen there."""
        out = {}
        for name in self.names:
            port = self.ports.get(name)
            own = self.hulls[self.hulls.port == name]
            if port is not None and port.area is not None:
                out[name] = (port.area.centroid.x, port.area.centroid.y)
            elif len(own) and (place := _middle(own)) is not None:
                out[name] = (place.x, place.y)
        return out

    def calls_elsewhere(self, name: str, known: dict[str, Posterior]) -> list[Calls]:
        """Departures from every other port that the lanes join to this one, and arrivals there."""
        out: list[Calls] = []
        for other, found in known.items():
            if other == name or not {name, other} <= set(self.middles):
                continue
            way = route(self.middles[name], self.middles[other])
            if way is not None:
                out += _calls(found, way.distance_nm, self.study)
        return out

    def heard(self, seen: Sightings, positions: pd.DataFrame | None) -> Heard:
        """What AIS says of each hull."""
        own = self.hulls.loc[seen.rows]
        if positions is None or not _placed(own):
            return [(None, None)] * len(own)
        times = [seen.start + timedelta(days=float(day)) for day in seen.hulls.day]
        return [
            ais.match(positions, longitude=x, latitude=y, time=pd.Timestamp(time))
            for time, x, y in zip(times, *_degrees(own), strict=True)
        ]

    def visit(self, row: dict[str, Any], seen: Sightings, heard: Heard) -> dict[str, Any]:
        """Row of the table of visits: ids, place and AIS from the detections behind it."""
        track = list(row["_track"])
        own = self.hulls.loc[seen.rows[track]]
        names = (
            own.detection_id
            if "detection_id" in own
            else own.scene_id + "#" + own.index.astype(str)
        )
        named = [mmsi for mmsi, _ in (heard[n] for n in track) if mmsi]
        # One look with AIS and it was not dark; all without, and at least one where AIS was heard.
        silent = [dark for _, dark in (heard[n] for n in track) if dark is not None]
        return row | {
            "detections": json.dumps(list(names)),
            "visit_id": f"{seen.port}-{names.iloc[0]}",
            "geometry": _middle(own),
            "mmsi": max(named, key=named.count) if named else None,
            "dark": all(silent) if silent else None,
        }


def _calls(found: Posterior, distance_nm: float, study: Study) -> list[Calls]:
    tracks = found.likely(study.track.p_tanker_min)
    if not tracks:
        return []
    came, left = load_ratios(np.array([turn(found, track) for track in tracks]))
    length, _, length_sigma, _ = sizes(found.seen, tracks)
    return [
        Calls(
            length_m=length,
            length_sigma_m=length_sigma,
            log_lr_laden=ratio,
            ends=ends(found, tracks),
            exposure=found.days,
            distance_nm=distance_nm,
            speeds_kn=(study.track.speed_min_kn, study.track.speed_max_kn),
            leaving=leaving,
        )
        for ratio, leaving in ((left, True), (came, False))
    ]


def _placed(own: pd.DataFrame) -> bool:
    return bool({"longitude", "geometry"} & set(own.columns))


def _degrees(own: pd.DataFrame) -> tuple[list[float], list[float]]:
    if "longitude" in own:
        return list(own.longitude), list(own.latitude)
    return list(own.geometry.x), list(own.geometry.y)


def _middle(own: pd.DataFrame) -> Point | None:
    if not _placed(own):
        return None
    x, y = _degrees(own)
    return Point(sum(x) / len(x), sum(y) / len(y))
