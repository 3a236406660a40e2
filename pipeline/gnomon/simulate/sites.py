"""Ports of the embedded study: a harbour at each, and where ships lie in it.

A harbour is drawn around the zones of configs/embedded.geojson: the oil pier's gives the place of
the jetty. Tankers lie along its seaward side, the first one before its head.
"""

from dataclasses import dataclass, replace

import numpy as np
from odc.geo.geom import Geometry

from gnomon.datamodel.ports import Port, read_ports
from gnomon.datamodel.shipped import shipped
from gnomon.simulate.calls import PIER, PLACES, QUAY, ROADS, Call
from gnomon.simulate.pixels.coast import Coast, Shore, harbour
from gnomon.simulate.pixels.ships import Array, Ship

SEAWARD_DEG = {"port-alfa": 330.0, "port-bravo": 30.0, "port-charlie": 180.0}
"""The way to the sea, clockwise from north."""
JETTY_M = (400.0, 365.0)
"""Middle of the oil pier's zone in the shore coordinates of `harbour`."""
FENDER_M = 1.5
"""Between a ship and its quay."""
SWING_DEG = 12.0
"""By how much ships at anchor lie unlike the wind."""


@dataclass(frozen=True)
class Site:
    """A port's harbour."""

    port: Port
    epsg: int
    coast: Coast
    shore: Shore
    pier: tuple[float, float]
    """Middle of the oil pier's zone, world metres."""

    def lying(self, call: Call, day: float, *, wind_deg: float) -> Ship:
        """Put the ship of a call in its place, with its freeboard on a day."""
        ship = call.at(day)
        if call.zone == ROADS:
            row, column = divmod(call.spot, 4)
            (anchor,) = self.shore((600.0 * column - 900.0, 1150.0 + 400.0 * row))
            return _placed(ship, anchor, wind_deg + SWING_DEG * np.sin(call.spot))
        quay = call.zone == QUAY
        berth = self.coast.berths[0 if quay else -2]
        share = (call.spot + 0.5) / PLACES[QUAY] if quay else (1 / 2, 1 / 6, 5 / 6)[call.spot]
        start, along, out, length = berth.frame()
        place = start + along * share * length + out * (ship.beam_m / 2 + FENDER_M)
        heading = float(np.degrees(np.arctan2(*along))) + 180.0 * call.turned
        return replace(_placed(ship, place, heading), berthed=True)


def _placed(ship: Ship, at: Array, heading_deg: float) -> Ship:
    east, north = (float(v) for v in at)
    return replace(ship, east_m=east, north_m=north, heading_deg=float(heading_deg) % 360)


def sites(seed: int) -> list[Site]:
    """Draw the harbours of configs/embedded.geojson."""
    ports = read_ports(shipped("configs") / "embedded.geojson").values()
    return [_site(port, np.random.default_rng([seed, n])) for n, port in enumerate(ports)]


def _site(port: Port, rng: np.random.Generator) -> Site:
    pier = next(zone for zone in port.zones if zone.name == PIER).geometry.centroid
    epsg = 32600 + int((pier.x + 180) // 6) + 1
    middle = Geometry(pier, "EPSG:4326").to_crs(epsg).geom
    at = np.array([middle.x, middle.y])
    seaward = SEAWARD_DEG[str(port.name)]
    # The origin of the shore: from the jetty's head back to the land.
    jetty = Shore(np.zeros(2), seaward)(JETTY_M)[0]
    coast = harbour(rng, tuple(at - jetty), seaward)
    return Site(port, epsg, coast, Shore(at - jetty, seaward), (middle.x, middle.y))
