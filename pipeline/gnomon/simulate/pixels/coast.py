"""Coasts and harbours: natural land, made ground, and the lines along which ships can lie.

A harbour is drawn along a straight stretch of shore, in shore coordinates: s along it, t out to
sea. Stretches hold quays with yards behind, combs of finger piers, oil jetties with a trestle and
dolphins, marinas, and breakwaters before them. The natural shore is a polygon whose edge is then
roughened by a texture.
"""

from dataclasses import dataclass, field

import numpy as np
from odc.geo.geobox import GeoBox
from rasterio.features import rasterize
from scipy import ndimage
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from gnomon.simulate.pixels.instrument import Image
from gnomon.simulate.pixels.render import Quay
from gnomon.simulate.pixels.sea import texture
from gnomon.simulate.pixels.ships import Array, Solid

_CRANES = (
    (0.09, 0.07, 0.18, 0.22, 0.2),
    (0.16, 0.13, 0.1, 0.13, 0.13),
    (0.14, 0.2, 0.26, 0.3, 0.26),
)
_TANK = (0.42, 0.43, 0.43, 0.43, 0.36)
_DOLPHIN = (0.16, 0.17, 0.18, 0.20, 0.21)
BOAT = (0.34, 0.35, 0.35, 0.36, 0.28)
"""Reflectance of a small boat from above."""


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
        paint = tuple(float(v) for v in np.array(BOAT) * self.rng.uniform(0.4, 1.4))
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
        sea, from 800 to 100 m to the left as seen from the sea; the jetty, a trestle with
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
