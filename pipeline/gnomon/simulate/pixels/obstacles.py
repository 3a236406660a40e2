"""Things on the water that resemble ships: what a detector must not report.

Sizes are those measured on satellite images: oil platforms on legs, with a helicopter
deck; mussel and kelp rafts, rows of floats; rings of fish pens; bridges; sandbars that fall
dry; breakwaters off the shore; navigation buoys.
"""

from collections.abc import Callable

import numpy as np
from shapely import Polygon

from gnomon.simulate.pixels.render import Quay
from gnomon.simulate.pixels.roads import Roads
from gnomon.simulate.pixels.ships import Array, Solid

_STEEL = np.array((0.15, 0.16, 0.18, 0.20, 0.20))
_PAINT = np.array((0.10, 0.14, 0.27, 0.31, 0.28))
_FLOAT = np.array((0.09, 0.10, 0.10, 0.13, 0.08))
_NET = np.array((0.05, 0.055, 0.05, 0.06, 0.04))
_ROAD = np.array((0.15, 0.16, 0.17, 0.18, 0.18))
_SAND = np.array((0.15, 0.19, 0.22, 0.25, 0.27))


def _axes(heading_deg: float) -> tuple[Array, Array]:
    """Unit vectors ahead and to starboard."""
    turn = np.deg2rad(heading_deg)
    return np.array([np.sin(turn), np.cos(turn)]), np.array([np.cos(turn), -np.sin(turn)])


def _box(at: Array, size: tuple[float, float], heading_deg: float, base: float, top: float,
         colour: Array) -> Solid:  # fmt: skip
    ahead, aside = _axes(heading_deg)
    length, breadth = size
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    outline = np.array([at + a * length / 2 * ahead + b * breadth / 2 * aside for a, b in corners])
    paint = tuple(float(v) for v in colour)
    return Solid(outline, base, top, paint, tuple(float(v) for v in 0.6 * colour), 0.15)


def _round(at: Array, radius: float, top: float, colour: Array) -> Solid:
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    outline = at + radius * np.stack([np.sin(turn), np.cos(turn)], -1)
    paint = tuple(float(v) for v in colour)
    return Solid(outline, 0.0, top, paint, paint, 0.1)


def platform(rng: np.random.Generator, at: Array) -> list[Solid]:
    """Oil platform: a deck on legs 18 m above the water, blocks on it, a helicopter deck."""
    side, heading = float(rng.uniform(40, 75)), float(rng.uniform(0, 180))
    deck = _box(at, (side, side * rng.uniform(0.7, 1)), heading, 18, 24, _STEEL)
    blocks = [
        _box(at + rng.uniform(-0.3, 0.3, 2) * side, (15.0, 12.0), heading, 24, 36, paint)
        for paint in (_PAINT, 1.6 * _STEEL, _STEEL)
    ]
    return [deck, *blocks, _round(at + rng.uniform(-0.5, 0.5, 2) * side, 11.0, 36.0, 0.8 * _STEEL)]


def rafts(rng: np.random.Generator, at: Array) -> list[Solid]:
    """Mussel or kelp rafts: parallel rows of floats, half a metre high."""
    heading = float(rng.uniform(0, 180))
    _, aside = _axes(heading)
    length, apart = float(rng.uniform(60, 140)), float(rng.uniform(15, 40))
    rows = int(rng.integers(4, 12))
    shade = _FLOAT * rng.uniform(0.7, 1.8)
    return [
        _box(at + (n - rows / 2) * apart * aside, (length, 4.0), heading, 0, 0.5, shade)
        for n in range(rows)
    ]


def pens(rng: np.random.Generator, at: Array) -> list[Solid]:
    """Rings of fish pens, two abreast: dark nets of 20 to 40 m across and a feed barge."""
    radius, heading = float(rng.uniform(10, 20)), float(rng.uniform(0, 180))
    ahead, aside = _axes(heading)
    step = 2.6 * radius
    places = [at + n * step * ahead + k * step * aside for n in range(5) for k in range(2)]
    barge = _box(at - 1.2 * step * ahead, (18.0, 9.0), heading, 0, 4, 1.5 * _STEEL)
    return [*(_round(p, radius, 0.8, _NET) for p in places), barge]


def bridge(rng: np.random.Generator, at: Array) -> list[Solid]:
    """Bridge of 800 m and more, 18 to 35 m wide, on piers."""
    heading, length = float(rng.uniform(0, 180)), float(rng.uniform(800, 2500))
    width, height = float(rng.uniform(14, 30)), float(rng.uniform(12, 45))
    deck = _box(at, (length, width), heading, height, height + 3, _ROAD * rng.uniform(0.8, 1.5))
    ahead, _ = _axes(heading)
    reach = np.arange(-length / 2, length / 2, 90.0)
    return [*(_box(at + s * ahead, (8.0, width), heading, 0, height, _ROAD) for s in reach), deck]


def sandbar(rng: np.random.Generator, at: Array) -> list[Solid]:
    """Bar of sand that falls dry: bent, ragged, hardly above the water, wet at its edge."""
    length, heading = float(rng.uniform(120, 400)), float(rng.uniform(0, 180))
    ahead, aside = _axes(heading)
    around = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    bend = float(rng.uniform(-0.35, 0.35)) * length
    lobes = []
    for s in np.linspace(-0.45, 0.45, 5):
        middle = at + s * length * ahead + 4 * s**2 * bend * aside
        long, wide = length * rng.uniform(0.13, 0.22), length * rng.uniform(0.05, 0.12)
        outline = middle + np.outer(long * np.cos(around), ahead)
        outline = outline + np.outer(wide * np.sin(around), aside)
        paint, wet = (tuple(float(v) for v in k * _SAND) for k in (rng.uniform(0.5, 1.2), 0.5))
        lobes.append(Solid(outline, 0.0, 0.4, paint, wet, 0.2))
    return lobes


def buoys(rng: np.random.Generator, at: Array) -> list[Solid]:
    """Two lines of navigation buoys, 2 to 3 m across, along a channel."""
    ahead, aside = _axes(float(rng.uniform(0, 180)))
    places = [at + n * 220 * ahead + k * 90 * aside for n in range(-3, 4) for k in (-1, 1)]
    return [_round(p, float(rng.uniform(1.0, 1.6)), 4.0, _PAINT) for p in places]


KINDS: dict[str, Callable[[np.random.Generator, Array], list[Solid]]] = {
    "platform": platform,
    "rafts": rafts,
    "pens": pens,
    "bridge": bridge,
    "sandbar": sandbar,
    "buoys": buoys,
}


def breakwater(rng: np.random.Generator, at: Array) -> Quay:
    """Breakwater off the shore: rubble, 150 to 600 m long, 12 to 22 m wide."""
    size = (float(rng.uniform(150, 600)), float(rng.uniform(12, 22)))
    outline = _box(at, size, float(rng.uniform(0, 180)), 0, 3, _ROAD).outline
    return Quay(Polygon(outline), height_m=3.0, kind="rubble")


def crane(at: Array, heading_deg: float) -> Solid:
    """Boom of a quay crane across a hull: 14 m wide, 60 m long, 25 m above the water."""
    return _box(at, (14.0, 60.0), heading_deg, 25, 32, _PAINT)


def scatter(rng: np.random.Generator, roads: Roads, *, count: int) -> tuple[Solid, ...]:
    """Put obstacles on open water, clear of land, quays and ships; fewer where room is short."""
    made: list[Solid] = []
    box = roads.geobox.extent.boundingbox
    kinds = list(KINDS.values())
    for _ in range(count):
        at = np.array([rng.uniform(box.left, box.right), rng.uniform(box.bottom, box.top)])
        things = kinds[int(rng.integers(len(kinds)))](rng, at)
        if all(roads.free(Polygon(thing.outline), room_m=50.0) for thing in things):
            made += things
    return tuple(made)
