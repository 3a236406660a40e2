"""Ships and boats on a coast's free water: at berths, at anchor, under way."""

from collections.abc import Iterator

import numpy as np
from odc.geo.geobox import GeoBox
from shapely import Point, Polygon, STRtree
from shapely.geometry.base import BaseGeometry

from gnomon.simulate.pixels.coast import BOAT, Berth, Coast, shore_distance
from gnomon.simulate.pixels.ships import Array, Ship, Solid, sample_ship


class Roads:
    """Free water: where a ship can lie, and the ships that do."""

    def __init__(self, coast: Coast, geobox: GeoBox) -> None:
        self._shore_m = shore_distance(coast, geobox)
        self.geobox = geobox
        self._made = [quay.outline for quay in coast.quays]
        self._tree = STRtree(self._made)
        self.ships: list[Ship] = []
        self._hulls: list[Polygon] = []

    def clear_of_land(self, east: float, north: float) -> float:
        """Distance from the natural shore at a place, metres; negative beyond the scene too."""
        column, row = ~self.geobox.affine @ (east, north)
        if not (0 <= row < self._shore_m.shape[0] and 0 <= column < self._shore_m.shape[1]):
            return -1.0
        return float(self._shore_m[int(row), int(column)])

    def moor(self, ship: Ship, *, room_m: float) -> bool:
        """Put a ship in its place, if land, quays and other ships leave it the room."""
        hull = ship.polygon()
        if not self.free(hull, room_m=room_m):
            return False
        self.ships.append(ship)
        self._hulls.append(hull)
        return True

    def free(self, outline: Polygon, *, room_m: float) -> bool:
        """Whether land, quays and ships leave a thing the room."""
        if any(self.clear_of_land(*point) < room_m for point in outline.exterior.coords):
            return False
        wide = outline.buffer(room_m)
        if any(wide.intersects(self._made[i]) for i in self._tree.query(wide)):
            return False
        return not any(wide.intersects(other) for other in self._hulls)


def _placed(ship: Ship, at: Array, heading_deg: float, **changes: bool | float) -> Ship:
    fields = {**ship.__dict__, "east_m": float(at[0]), "north_m": float(at[1]), **changes}
    return Ship(**{**fields, "heading_deg": heading_deg % 360})


def berth_ships(
    rng: np.random.Generator,
    roads: Roads,
    berths: Iterator[Berth] | tuple[Berth, ...],
    *,
    busy: float,
) -> None:
    """Fill berths from end to end; sometimes a second ship lies outside the first.

    Parameters
    ----------
    busy
        Fraction of the berths' places that are occupied.

    """
    for berth in berths:
        start, along, out, length = berth.frame()
        heading = float(np.degrees(np.arctan2(along[0], along[1])))
        at = float(rng.uniform(3, 25))
        while at < length - 20:
            ship = sample_ship(
                rng, kind="container" if berth.cranes and rng.random() < 0.7 else None
            )
            if ship.length_m > length + 20 - at or rng.random() > busy:
                at += float(rng.uniform(30, 120))
                continue
            gap = float(rng.uniform(0.6, 2.5))
            turned = heading + float(rng.choice([0, 180])) + float(rng.normal(0, 0.4))
            place = start + along * (at + ship.length_m / 2) + out * (gap + ship.beam_m / 2)
            moored = roads.moor(_placed(ship, place, turned, berthed=True), room_m=0.3)
            if moored and rng.random() < 0.07:
                second = sample_ship(rng, kind=ship.type, length_m=ship.length_m * 0.95)
                beside = place + out * (ship.beam_m / 2 + second.beam_m / 2 + 1.5)
                roads.moor(_placed(second, beside, turned, berthed=True), room_m=0.3)
            at += ship.length_m + float(rng.uniform(10, 45))


def anchor_ships(
    rng: np.random.Generator,
    roads: Roads,
    *,
    count: int,
    within: BaseGeometry,
    under_way: float = 0.25,
) -> None:
    """Scatter ships over open water: most at anchor, head to the wind, some under way."""
    west, south, east, north = within.bounds
    wind = float(rng.uniform(0, 360))
    for _ in range(count):
        ship = sample_ship(rng)
        for _ in range(30):
            at = np.array([rng.uniform(west, east), rng.uniform(south, north)])
            if not within.contains(Point(at)):
                continue
            sails = bool(rng.random() < under_way)
            heading = float(rng.uniform(0, 360)) if sails else wind + float(rng.normal(0, 12))
            speed = float(rng.uniform(2, 9)) if sails else 0.0
            if roads.moor(_placed(ship, at, heading, speed_m_s=speed), room_m=ship.beam_m):
                break


def scatter_boats(rng: np.random.Generator, roads: Roads, *, count: int) -> tuple[Solid, ...]:
    """Small craft of 5 to 18 m; too many and too small to be truth."""
    boats = []
    bounds = roads.geobox.extent.boundingbox
    for _ in range(count):
        at = (rng.uniform(bounds.left, bounds.right), rng.uniform(bounds.bottom, bounds.top))
        if roads.clear_of_land(*at) < 30:
            continue
        length = float(rng.uniform(5, 18))
        boat = Ship(
            type="fishing",
            length_m=length,
            beam_m=0.32 * length,
            heading_deg=float(rng.uniform(0, 360)),
            freeboard_m=1.0,
            house_height_m=2.0,
            east_m=at[0],
            north_m=at[1],
        )
        paint = tuple(float(v) for v in np.array(BOAT) * rng.uniform(0.3, 1.3))
        boats.append(Solid(boat.outline(), 0, 1.2, paint, paint))
    return tuple(boats)
