"""Tables of detections and observations by port: at its berths, its anchorages, and other ports."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
import pandas as pd
from shapely.geometry import Point

from gnomon.datamodel.arrays import Float64s
from gnomon.datamodel.ports import Port
from gnomon.datamodel.study import TrackOptions
from gnomon.datamodel.traffic import Traffic
from gnomon.track.ais import NO_AIS, AisMatch
from gnomon.track.ais_matching import AisHulls, match_image
from gnomon.track.direction import load_log_ratios
from gnomon.track.off_berth import Anchorage, OtherPortCalls, anchorage
from gnomon.track.partition import Track
from gnomon.track.posterior import TrackPosterior, ship_sizes
from gnomon.track.sea_routes import LonLat, SeaRoute, sea_routes
from gnomon.track.sightings import PortObservations, port_observations, positions_deg


@dataclass(frozen=True)
class VisitSource:
    """Columns of a visit that come from the rows of its detections."""

    visit_id: str
    detections: str
    """Ids of the detections, as a JSON array."""
    geometry: Point | None
    mmsi: str | None
    dark: bool | None


@dataclass(frozen=True)
class PortTables:
    """Checked tables of detections and observations, of any ports."""

    options: TrackOptions
    traffic: Traffic
    ports: Mapping[str, Port]
    """Those that are known, by name."""
    hulls: pd.DataFrame
    observations: pd.DataFrame
    start: datetime
    end: datetime

    @property
    def names(self) -> list[str]:
        """Ports that ships visit: all but those that are an anchorage of another one."""
        waiting = {name for names in self.options.roads.values() for name in names}
        return sorted(set(self.observations.port) - waiting)

    def at_berths(self, name: str) -> PortObservations:
        """Observations and hulls where a ship counts as visiting."""
        return self._at(name, self.options.zones or self._zones(name, "berth"))

    def anchorages(self, name: str) -> list[Anchorage]:
        """A port's own anchorages, and the ports that the study names as its anchorages."""
        own = self._zones(name, "anchorage")
        parts = [self._at(name, own)] if own and "zone" in self.hulls else []
        observed = set(self.observations.port)
        others = [one for one in self.options.roads.get(name, ()) if one in observed]
        parts += [self._at(one, ()) for one in others]
        return [
            anchorage(part, self.traffic.anchorage) for part in parts if len(part.hulls.observation)
        ]

    def _at(self, name: str, zones: tuple[str, ...]) -> PortObservations:
        return port_observations(
            name,
            self.hulls,
            self.observations,
            zones=zones,
            beam_per_length=self.traffic.hulls.beam_per_length,
            start=self.start,
            end=self.end,
        )

    def _zones(self, name: str, kind: str) -> tuple[str, ...]:
        port = self.ports.get(name)
        return tuple(zone.name for zone in port.zones if zone.kind == kind) if port else ()

    @cached_property
    def positions(self) -> dict[str, LonLat]:
        """Of ports: the centre of their area, or else of the hulls detected there."""
        out = {}
        for name in self.names:
            port = self.ports.get(name)
            own = self.hulls[self.hulls.port == name]
            if port is not None and port.area is not None:
                out[name] = (port.area.centroid.x, port.area.centroid.y)
            elif (centre := _centre(own)) is not None:
                out[name] = (centre.x, centre.y)
        return out

    @cached_property
    def routes(self) -> dict[tuple[str, str], SeaRoute]:
        """Sea routes between ports, by origin and destination."""
        return sea_routes(self.positions, self.traffic.sea_routes)

    def other_port_calls(
        self, name: str, posteriors: Mapping[str, TrackPosterior]
    ) -> list[OtherPortCalls]:
        """Departures from every other port that a sea route joins to this one, and arrivals."""
        out: list[OtherPortCalls] = []
        for other, posterior in posteriors.items():
            route = self.routes.get((name, other))
            if route is not None:
                out += _calls(posterior, route.distance_nm, self.options)
        return out

    def ais_matches(self, data: PortObservations, positions: pd.DataFrame | None) -> list[AisMatch]:
        """AIS of each hull."""
        own = self.hulls.loc[data.rows]
        degrees = positions_deg(own)
        if positions is None or degrees is None:
            return [NO_AIS] * len(own)
        matches = [NO_AIS] * len(own)
        for observation in np.unique(data.hulls.observation):
            chosen = np.flatnonzero(data.hulls.observation == observation)
            time = data.start + timedelta(days=float(data.hulls.day[chosen[0]]))
            hulls = _ais_hulls(own.iloc[chosen], *(axis[chosen] for axis in degrees))
            found = match_image(positions, hulls, pd.Timestamp(time))
            for place, match in zip(chosen, found, strict=True):
                matches[place] = match
        return matches

    def visit_source(
        self, track: Track, data: PortObservations, matches: list[AisMatch]
    ) -> VisitSource:
        """Ids, position and AIS of a visit, from the rows of its detections."""
        own = self.hulls.loc[data.rows[list(track)]]
        by_row = own.scene_id + "#" + own.index.astype(str)
        names = own.detection_id if "detection_id" in own else by_row
        found = [matches[n] for n in track]
        mmsi = [match.mmsi for match in found if match.mmsi]
        # One observation with AIS and it was not dark; all without, and one with coverage: dark.
        dark = [match.dark for match in found if match.dark is not None]
        return VisitSource(
            visit_id=f"{data.port}-{names.iloc[0]}",
            detections=json.dumps(list(names)),
            geometry=_centre(own),
            mmsi=max(mmsi, key=mmsi.count) if mmsi else None,
            dark=all(dark) if dark else None,
        )


def _ais_hulls(own: pd.DataFrame, longitude: Float64s, latitude: Float64s) -> AisHulls:
    """Hulls of one image, as they are matched with AIS."""

    def numbers(name: str) -> Float64s:
        missing = pd.Series(np.nan, own.index)
        return pd.to_numeric(own.get(name, missing), errors="coerce").to_numpy(float)

    return AisHulls(
        longitude_deg=longitude,
        latitude_deg=latitude,
        heading_deg=numbers("heading_deg"),
        heading_sigma_deg=numbers("heading_sigma_deg"),
        radar=bool("sensor" in own and (own.sensor == "sar").any()),
        view_azimuth_deg=float(numbers("view_azimuth_deg")[0]),
        view_zenith_deg=float(numbers("view_zenith_deg")[0]),
    )


def _calls(
    posterior: TrackPosterior, distance_nm: float, options: TrackOptions
) -> list[OtherPortCalls]:
    tracks = posterior.likely_tankers(options.p_tanker_min)
    if not tracks:
        return []
    operations = np.array([posterior.operations(track) for track in tracks])
    arrival, departure = load_log_ratios(operations)
    sizes = ship_sizes(posterior.data, tracks, posterior.traffic)
    return [
        OtherPortCalls(
            length_m=sizes.length_m,
            length_sigma_m=sizes.length_sigma_m,
            log_lr_laden=ratio,
            ends=posterior.end_times(tracks),
            exposure=posterior.data.days,
            usual=posterior.traffic.anchorage,
            distance_nm=distance_nm,
            speeds_kn=(options.speed_min_kn, options.speed_max_kn),
            departures=departures,
        )
        for ratio, departures in ((departure, True), (arrival, False))
    ]


def _centre(own: pd.DataFrame) -> Point | None:
    degrees = positions_deg(own)
    if degrees is None or not len(own):
        return None
    x, y = (sum(values.tolist()) / len(values) for values in degrees)
    return Point(x, y)
