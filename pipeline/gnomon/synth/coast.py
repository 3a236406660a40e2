"""Coasts and harbours: natural land, made ground, and the lines along which ships can lie.

A harbour is drawn along a straight stretch of shore, in shore coordinates: s along it, t out to
sea. Stretches hold quays with yards behind, combs of finger piers, oil jetties with a trestle and
dolphins, marinas, and breakwaters before them. The natural shore is a polygon whose edge is then
roughened by a texture.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from odc.geo.geobox import GeoBox
from rasterio.features import rasterize
from scipy import ndimage
from shapely import LineString, Point, Polygon, STRtree
from shapely.geometry.base import BaseGeometry

from gnomon.synth.render import Image, Quay
from gnomon.synth.sea import texture
from gnomon.synth.ships import Array, Ship, Solid, sample_ship

_CRANES = (
    (0.09, 0.07, 0.18, 0.22, 0.2),
    (0.16, 0.13, 0.1, 0.13, 0.13),
    (0.14, 0.2, 0.26, 0.3, 0.26),
)
_TANK = (0.42, 0.43, 0.43, 0.43, 0.36)
_DOLPHIN = (0.16, 0.17, 0.18, 0.20, 0.21)
_BOAT = (0.34, 0.35, 0.35, 0.36, 0.28)


@dataclass(frozen=True)
class Berth:
    """A line along which ships lie, with the water on its left."""

    start: tuple[float, float]
    stop: tuple[float, float]
    cranes: bool = False

    def frame(self) -> tuple[Array, Array, Array, float]:
        """Start, unit vectors along it and towards the water, and its length."""
        start, stop = np.array(self.start), np.array(self.stop)
        length = float(np.hypot(*(stop - start)))
        along = (stop - start) / length
        return start, along, np.array([-along[1], along[0]]), length


@dataclass(frozen=True, kw_only=True)
class Coast:
    """What does not move."""

    land: BaseGeometry = field(default_factory=Polygon)
    """Natural land, world metres."""
    ruggedness_m: float = 60.0
    """By how much the natural shore strays from its polygon."""
    quays: tuple[Quay, ...] = ()
    berths: tuple[Berth, ...] = ()
    fixtures: tuple[Solid, ...] = ()
    """Cranes, tanks, dolphins and moored boats."""
    angle_deg: float = 0.0
    """Direction of the rows on the yards."""
    seed: int = 0


def shore_distance(coast: Coast, geobox: GeoBox) -> Image:
    """Distance from the natural shore, metres, positive on water, negative on land."""
    gsd = abs(geobox.resolution.x)
    shape = (geobox.shape.y, geobox.shape.x)
    if coast.land.is_empty:
        return np.full(shape, 1e5, np.float32)
    land = rasterize([coast.land], out_shape=shape, transform=geobox.affine).astype(bool)
    if land.all():
        return np.full(shape, -1e5, np.float32)
    if not land.any():
        return np.full(shape, 1e5, np.float32)
    away = ndimage.distance_transform_edt(~land) - ndimage.distance_transform_edt(land)
    rng = np.random.default_rng([coast.seed, 7])
    wander = texture(rng, shape, gsd_m=gsd, longest_m=900, slope=1.7)
    return np.asarray(away * gsd + coast.ruggedness_m * wander, np.float32)


class Shore:
    """Shore coordinates: s along the shore, t out to sea, to world metres."""

    def __init__(self, origin: Array, seaward_deg: float) -> None:
        turn = np.deg2rad(seaward_deg)
        self._origin = origin
        self._out = np.array([np.sin(turn), np.cos(turn)])
        # The sea is on the left of someone who walks along s.
        self._along = np.array([self._out[1], -self._out[0]])

    def __call__(self, *points: tuple[float, float]) -> Array:
        """World metres of points (s, t), shape (points, 2)."""
        return np.array([self._origin + s * self._along + t * self._out for s, t in points])

    def slab(self, s: tuple[float, float], t: tuple[float, float]) -> Polygon:
        """Outline of a rectangle from s[0] to s[1] and from t[0] to t[1]."""
        return Polygon(self((s[0], t[0]), (s[1], t[0]), (s[1], t[1]), (s[0], t[1])))

    def berth(self, start: tuple[float, float], stop: tuple[float, float], **kw: bool) -> Berth:
        """Line along which ships lie, with the water on the left of who walks along it."""
        ends = self(start, stop)
        return Berth(tuple(ends[0].tolist()), tuple(ends[1].tolist()), **kw)


class _Draft:
    """A coast in the making."""

    def __init__(self, rng: np.random.Generator, shore: Shore) -> None:
        self.rng = rng
        self.shore = shore
        self.quays: list[Quay] = []
        self.berths: list[Berth] = []
        self.fixtures: list[Solid] = []

    def terminal(self, s: float, length: float, out: float) -> None:
        """Draw a quay with yards behind it and perhaps cranes upon it."""
        cranes = bool(self.rng.random() < 0.4)
        height = float(self.rng.uniform(2, 4))
        self.quays.append(Quay(self.shore.slab((s, s + length), (-450, out)), height))
        self.berths.append(self.shore.berth((s, out), (s + length, out), cranes=cranes))
        self._flanks(s, s + length, (0, out))
        if cranes:
            paint = _CRANES[self.rng.integers(len(_CRANES))]
            for place in np.arange(s + 30, s + length - 30, self.rng.uniform(60, 120)):
                self._crane(float(place + self.rng.normal(0, 12)), out, height, paint)

    def fingers(self, s: float, length: float, out: float) -> None:
        """Draw finger piers with basins between them."""
        self.quays.append(Quay(self.shore.slab((s, s + length), (-450, 10)), 2.5))
        at = s
        while at < s + length - 60:
            broad = float(self.rng.uniform(25, 130))
            reach = out * float(self.rng.uniform(0.8, 1.1))
            stop = min(at + broad, s + length)
            self.quays.append(Quay(self.shore.slab((at, stop), (0, reach)), 2.5))
            self._flanks(at, stop, (10, reach))
            if broad > 60:
                self.berths.append(self.shore.berth((at, reach), (stop, reach)))
            at = stop + float(self.rng.uniform(70, 220))

    def jetty(self, s: float, length: float, out: float, *, head_m: float | None = None) -> None:
        """Draw an oil jetty: trestle, head, dolphins; and tanks ashore."""
        broad = float(self.rng.uniform(5, 9))
        head = min(length, head_m or float(self.rng.uniform(40, 120)))
        deep = float(self.rng.uniform(10, 22))
        middle = s + length / 2
        trestle = self.shore.slab((middle - broad / 2, middle + broad / 2), (-120, out))
        platform = self.shore.slab((middle - head / 2, middle + head / 2), (out - deep, out))
        self.quays += [Quay(trestle, 4.0, "pier"), Quay(platform, 4.0, "pier")]
        spread = max(length, head) / 2
        self.berths += [
            self.shore.berth((middle - spread, out), (middle + spread, out)),
            self.shore.berth((middle + spread, out - deep), (middle - spread, out - deep)),
        ]
        for side in (-1.0, 1.0):
            for place in np.linspace(head / 2 + 15, spread, 3):
                self._dolphin(middle + side * float(place), out - deep / 2)
        self._tanks(middle)

    def marina(self, s: float, length: float, out: float) -> None:
        """Draw rows of boats along narrow pontoons."""
        for at in np.arange(s + 20, s + length - 20, 45.0):
            self.quays.append(Quay(self.shore.slab((at - 1.5, at + 1.5), (-60, out)), 0.6, "pier"))
            for t in np.arange(35.0, out - 8, 5.5):
                for side in (-1.0, 1.0):
                    if self.rng.random() < 0.75:
                        self._boat(float(at) + side * 8, float(t), float(self.rng.uniform(7, 14)))

    def breakwater(self, s: float, length: float, out: float) -> None:
        """Draw a bent mole, joined to the shore or not."""
        bend = length * float(self.rng.uniform(0.1, 0.4))
        points = [(s + bend, out), (s + length, out * float(self.rng.uniform(0.8, 1.2)))]
        if self.rng.random() < 0.7:
            points.insert(0, (s, -60.0))
        if self.rng.random() < 0.5:
            points = [(2 * s + length - at, t) for at, t in points]
        line = LineString(self.shore(*points))
        half = float(self.rng.uniform(4, 14))
        self.quays.append(Quay(line.buffer(half, cap_style="round"), 4.0, "rubble"))

    def _flanks(self, start: float, stop: float, t: tuple[float, float]) -> None:
        if t[1] - t[0] > 80:
            self.berths.append(self.shore.berth((start, t[0]), (start, t[1])))
            self.berths.append(self.shore.berth((stop, t[1]), (stop, t[0])))

    def _box(self, s: float, t: float, size: tuple[float, float]) -> Array:
        half = (size[0] / 2, size[1] / 2)
        corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
        return self.shore(*[(s + a * half[0], t + b * half[1]) for a, b in corners])

    def _crane(self, s: float, out: float, height: float, paint: tuple[float, ...]) -> None:
        legs, boom = self._box(s, out - 14, (16, 22)), self._box(s, out + 2, (5, 74))
        self.fixtures.append(Solid(legs, height + 30, height + 36, paint, paint))
        if self.rng.random() < 0.7:
            self.fixtures.append(Solid(boom, height + 36, height + 39, paint, paint))

    def _dolphin(self, s: float, t: float) -> None:
        self.fixtures.append(Solid(self._box(s, t, (7, 7)), 0, 4, _DOLPHIN, _DOLPHIN))

    def _tanks(self, s: float) -> None:
        across = float(self.rng.uniform(20, 60))
        for row in range(int(self.rng.integers(2, 4))):
            for column in range(int(self.rng.integers(2, 5))):
                place = (s + (column - 2) * 1.6 * across, -150 - row * 1.6 * across)
                ring = Point(self.shore(place)[0]).buffer(across / 2, quad_segs=6)
                tall = float(self.rng.uniform(10, 20))
                self.fixtures.append(Solid(np.array(ring.exterior.coords), 0, tall, _TANK, _TANK))

    def _boat(self, s: float, t: float, length: float) -> None:
        paint = tuple(float(v) for v in np.array(_BOAT) * self.rng.uniform(0.4, 1.4))
        self.fixtures.append(Solid(self._box(s, t, (length, 0.3 * length)), 0, 1.5, paint, paint))


def random_coast(
    rng: np.random.Generator, geobox: GeoBox, *, built: bool = True, marina: bool = True
) -> Coast:
    """Draw a coast across the scene, with a harbour along it.

    Parameters
    ----------
    geobox
        Of the scene, in metres.
    built
        False: natural shore only.
    marina
        Whether marinas are among the things built.

    """
    bounds = geobox.extent.boundingbox
    size = max(bounds.span_x, bounds.span_y)
    centre = np.array([(bounds.left + bounds.right) / 2, (bounds.bottom + bounds.top) / 2])
    seaward = float(rng.uniform(0, 360))
    away = np.array([np.sin(np.deg2rad(seaward)), np.cos(np.deg2rad(seaward))])
    shore = Shore(centre - away * size * rng.uniform(-0.05, 0.33), seaward)
    draft = _Draft(rng, shore)
    if built:
        _build(draft, size, marina=marina)
    edge = [(float(s), float(rng.normal(0, 0.03 * size))) for s in np.linspace(-size, size, 9)]
    if built:
        edge = [(s, t - 80 if abs(s) < 0.8 * size else t) for s, t in edge]
    outline = Polygon(shore((-size, -2 * size), *edge, (size, -2 * size)))
    return Coast(
        land=outline.buffer(0),
        ruggedness_m=float(rng.uniform(10, 45)),
        quays=tuple(draft.quays),
        berths=tuple(draft.berths),
        fixtures=tuple(draft.fixtures),
        angle_deg=seaward,
        seed=int(rng.integers(2**31)),
    )


def harbour(rng: np.random.Generator, at: tuple[float, float], seaward_deg: float) -> Coast:
    """Draw a small oil harbour on a straight shore: a terminal, a jetty, a breakwater.

    Parameters
    ----------
    at
        Middle of the harbour on the shore, world metres. The terminal's edge lies 200 m out to
        sea, from 800 to 100 m to the left of a swimmer who looks at it; the jetty, a trestle with
        dolphins, 330 m out from 175 to 625 m to the right. Berths are those of the terminal, first
        its front, then the jetty's outer and inner one.
    seaward_deg
        Direction from land to sea.

    """
    shore = Shore(np.array(at, float), seaward_deg)
    draft = _Draft(rng, shore)
    draft.terminal(-800, 700, 200)
    draft.jetty(175, 450, 330, head_m=16)
    draft.breakwater(800, 900, 500)
    size = 6000
    edge = [(float(s), -80.0 + float(rng.normal(0, 40))) for s in np.linspace(-size, size, 15)]
    outline = Polygon(shore((-size, -2 * size), *edge, (size, -2 * size)))
    return Coast(
        land=outline.buffer(0),
        ruggedness_m=20.0,
        quays=tuple(draft.quays),
        berths=tuple(draft.berths),
        fixtures=tuple(draft.fixtures),
        angle_deg=seaward_deg,
        seed=int(rng.integers(2**31)),
    )


def _build(draft: _Draft, size: float, *, marina: bool) -> None:
    """Fill the shore with stretches of different use."""
    rng = draft.rng
    scale = float(np.clip(size / 6000, 0.25, 1.0))
    at = -0.6 * size
    while at < 0.6 * size:
        length = float(rng.uniform(300, 1300)) * scale
        use = rng.choice(5, p=(0.34, 0.26, 0.2, 0.08, 0.12))
        if use == 0:
            draft.terminal(at, length, float(rng.uniform(20, 420)) * scale)
        elif use == 1:
            draft.fingers(at, length, float(rng.uniform(180, 600)) * scale)
        elif use == 2:
            draft.jetty(at, min(length, 330.0), float(rng.uniform(150, 800)) * scale)
        elif use == 3 and marina:
            draft.marina(at, min(length, 350.0), 160 * scale)
        at += length + float(rng.uniform(20, 260)) * scale
    for _ in range(int(rng.integers(0, 3))):
        start = float(rng.uniform(-0.5, 0.2)) * size
        draft.breakwater(start, float(rng.uniform(600, 2000)) * scale, 900 * scale)


class Roads:
    """Free water: says whether a ship can lie somewhere, and remembers those that do."""

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
        """Put a ship where it wants to lie, if land, quays and other ships leave it the room."""
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
        Fraction of the berths' places that are taken.

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
        paint = tuple(float(v) for v in np.array(_BOAT) * rng.uniform(0.3, 1.3))
        boats.append(Solid(boat.outline(), 0, 1.2, paint, paint))
    return tuple(boats)
