"""Ships as solids: outlines with a base, a top and a colour, in metres.

A hull is wall-sided. Its outline is a parallel body with a stern that narrows to a transom and a
bow whose half-breadth falls as ``1 - t**n``: round and full for tankers and bulk carriers, fine
for container ships. On its deck stand a house, and what makes a type recognisable from above: the
pipes and the manifold of a tanker, the hatches of a bulk carrier, the stacks of a container ship.
Breadth, depth and draught follow typical ratios of the type (Papanikolaou, Ship Design, 2014,
chapter 2); depth less draught is the freeboard, amidships. Towards the ends a deck rises (sheer,
forecastle, poop) and a ship in ballast sits deeper by the stern.

Ship frame: x forward and y to starboard from the centre of the hull, z up from the water. World: x
east, y north. Reflectances have five values: blue, green, red, nir, swir16.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from shapely import Polygon, box

from gnomon.datamodel.ship_types import ShipType

Array = NDArray[np.float64]
Name = TypeVar("Name", bound=str)
SIMULATED_TYPES: tuple[ShipType, ...] = (
    "tanker",
    "bulk",
    "container",
    "general",
    "fishing",
    "tug",
)

# Length range, length over breadth, depth over breadth, and draught over depth laden and in
# ballast. Draughts include the sea-going minimum of a ship in ballast.
_PROPORTIONS: dict[ShipType, tuple[tuple[float, float], float, float, float, float]] = {
    "tanker": ((45, 330), 6.1, 0.53, 0.80, 0.50),  # the last three by size: _TANKER_SIZES
    "bulk": ((80, 300), 6.2, 0.55, 0.74, 0.42),
    "container": ((90, 330), 6.9, 0.60, 0.62, 0.48),
    "general": ((50, 170), 6.3, 0.58, 0.76, 0.48),
    "fishing": ((20, 75), 4.4, 0.52, 0.72, 0.60),
    "tug": ((20, 40), 2.9, 0.45, 0.75, 0.68),
}
# Tankers by beam: depth over breadth, draught over depth laden and in ballast. From a 70 m coaster
# (11 x 5.0 m, draughts 4.3 and 2.9) over 100 m (15.2 x 7.8, 6.3 and 3.8) and 120 m (18.6 x 9.6, 7.4
# and 4.9) to a medium-range tanker (32.2 x 18.8, 11.8 and 6.4): published designs grow deeper hulls
# and higher freeboards, because they have double hulls.
_TANKER_SIZES = (
    (11.0, 0.455, 0.86, 0.58),
    (15.2, 0.513, 0.81, 0.49),
    (18.6, 0.516, 0.77, 0.50),
    (32.2, 0.584, 0.63, 0.34),
)
PAINTS: dict[str, tuple[float, ...]] = {
    "red": (0.055, 0.06, 0.17, 0.21, 0.19),
    "brown": (0.06, 0.065, 0.11, 0.14, 0.15),
    "green": (0.07, 0.125, 0.10, 0.13, 0.12),
    "grey": (0.125, 0.13, 0.135, 0.145, 0.14),
    "orange": (0.08, 0.11, 0.22, 0.26, 0.24),
    "buff": (0.13, 0.17, 0.22, 0.26, 0.25),
    "blue": (0.17, 0.13, 0.09, 0.13, 0.12),
    "black": (0.045, 0.045, 0.05, 0.055, 0.06),
    "white": (0.40, 0.41, 0.41, 0.41, 0.30),
}
"""Reflectance of paint in five bands, by name."""
_DECK_OF_TYPE: dict[ShipType, tuple[str, ...]] = {
    "tanker": ("red", "red", "brown", "green", "green", "grey", "orange", "buff"),
    "bulk": ("red", "brown", "grey", "green", "orange", "buff"),
    "container": ("grey", "red", "brown", "blue", "green"),
    "general": ("green", "grey", "red", "brown", "buff", "blue"),
    "fishing": ("white", "green", "grey", "brown", "blue", "buff"),
    "tug": ("brown", "green", "red", "grey", "black"),
}
_WALLS = ("black", "black", "red", "blue", "green", "grey", "brown")
_STACKS = ("red", "red", "blue", "grey", "white", "orange", "green", "brown", "buff")


@dataclass(frozen=True, kw_only=True)
class HullForm:
    """Outline of a hull at the waterline: how it tapers to bow and stern."""

    bow: float
    """Length of the bow's taper, in lengths."""
    power: float
    """The half-breadth falls as ``1 - t**power`` along it."""
    stern: float
    """Length of the stern's taper, in lengths."""
    transom: float
    """Breadth of the transom, in beams."""

    def outline(self, length_m: float, beam_m: float, *, points: int = 14) -> Array:
        """Outline in the ship frame, (n, 2), clockwise from the port quarter."""
        ahead = np.linspace(0, 1, points)
        x = np.concatenate([[-0.5, -0.5 + self.stern], 0.5 - self.bow + self.bow * ahead])
        half = np.concatenate([[self.transom / 2, 0.5], 0.5 * (1 - ahead**self.power)])
        port = np.stack([x * length_m, -half * beam_m], axis=1)
        starboard = port[-2::-1] * [1, -1]
        return np.concatenate([port, starboard])


FORMS: dict[ShipType, HullForm] = {
    "tanker": HullForm(bow=0.13, power=2.4, stern=0.07, transom=0.72),
    "bulk": HullForm(bow=0.12, power=2.5, stern=0.06, transom=0.75),
    "container": HullForm(bow=0.26, power=1.7, stern=0.08, transom=0.80),
    "general": HullForm(bow=0.20, power=1.9, stern=0.07, transom=0.75),
    "fishing": HullForm(bow=0.34, power=1.8, stern=0.10, transom=0.70),
    "tug": HullForm(bow=0.34, power=2.2, stern=0.16, transom=0.65),
}
"""The area is 0.85 to 0.96 of length times beam, as waterplane coefficients are."""


@dataclass(frozen=True, kw_only=True)
class Ship:
    """One vessel: its size, its load and where it lies."""

    type: ShipType
    length_m: float
    beam_m: float
    heading_deg: float
    """Of the bow, clockwise from north."""
    freeboard_m: float
    """Height of the deck above the water, amidships."""
    house_height_m: float
    """Height of the house above the deck."""
    deck: str = "red"
    """Name of the deck's colour."""
    east_m: float = 0.0
    north_m: float = 0.0
    """Centre of the hull in the scene's UTM zone."""
    berthed: bool = False
    speed_m_s: float = 0.0
    """A ship under way draws a wake."""
    sheer_m: float = 0.0
    """Rise of the deck from amidships to the stem; a third of it to the stern."""
    trim_m: float = 0.0
    """Draught aft less draught forward."""
    forecastle_m: float = 0.0
    """Height of the raised deck over the first ninth of the hull."""
    poop_m: float = 0.0
    """Height of the raised deck over the last fifth of the hull."""
    seed: int = 0
    """Decides colours and clutter of what stands on the deck."""
    form: HullForm | None = None
    """Of the waterline; the type's own if left out."""

    def deck_m(self, at: float) -> float:
        """Height of the deck above the water, ``at`` in lengths forward of amidships."""
        rise = self.sheer_m if at > 0 else self.sheer_m / 3
        raised = self.forecastle_m * (at > 0.39) + self.poop_m * (at < -0.3)
        # The deck's line is a parabola, as rules for sheer have it.
        return self.freeboard_m + rise * (2 * at) ** 2 + self.trim_m * at + raised

    def outline(self) -> Array:
        """Hull at the waterline, an (n, 2) array of world metres."""
        return self.to_world(self.plan())

    def plan(self) -> Array:
        """Hull at the waterline in the ship frame, (n, 2), metres."""
        return (self.form or FORMS[self.type]).outline(self.length_m, self.beam_m)

    def polygon(self) -> Polygon:
        """Hull at the waterline as a polygon in world metres."""
        return Polygon(self.outline())

    def to_world(self, points: Array) -> Array:
        """Points of the ship frame, (n, 2), in world metres."""
        heading = np.deg2rad(self.heading_deg)
        ahead = np.array([np.sin(heading), np.cos(heading)])
        starboard = np.array([np.cos(heading), -np.sin(heading)])
        centre = np.array([self.east_m, self.north_m])
        return np.asarray(centre + points[:, :1] * ahead + points[:, 1:] * starboard)


@dataclass(frozen=True)
class Solid:
    """A prism: a convex outline between two heights, with the colour of its top and its sides."""

    outline: Array
    """(n, 2), world metres."""
    base_m: float
    top_m: float
    colour: tuple[float, ...]
    """Reflectance of the top in five bands."""
    wall: tuple[float, ...]
    clutter: float = 0.0
    """Relative deviation of the top's reflectance from place to place."""


def sample_ship(
    rng: np.random.Generator,
    *,
    kind: ShipType | None = None,
    length_m: float | None = None,
    laden: bool | None = None,
) -> Ship:
    """Draw a ship of random type, size, load and colour, at the origin and heading north.

    Lengths are log-uniform within the type's range: ports hold more small ships than large ones.
    Loads are either laden or in ballast with equal odds, unless given, and spread around both.
    """
    kind = kind or pick(rng, SIMULATED_TYPES, (0.30, 0.2, 0.17, 0.2, 0.08, 0.05))
    (shortest, longest), slenderness, deep, full, light = _PROPORTIONS[kind]
    length = length_m or float(np.exp(rng.uniform(np.log(shortest), np.log(longest))))
    beam = length / (slenderness * np.exp(rng.normal(0, 0.07)))
    # Small ships are broader for their length.
    beam *= 1.0 + 0.12 * np.clip((90 - length) / 70, 0, 1)
    if kind == "tanker":
        beams, *columns = zip(*_TANKER_SIZES, strict=True)
        deep, full, light = (float(np.interp(beam, beams, column)) for column in columns)
    depth = deep * beam * np.exp(rng.normal(0, 0.06))
    by_chance = rng.random() < 0.5
    laden = by_chance if laden is None else laden
    draught = (full if laden else light) * np.exp(rng.normal(0, 0.05))
    ship = Ship(
        type=kind,
        length_m=length,
        beam_m=float(min(beam, 60.0)),
        heading_deg=0.0,
        freeboard_m=float(max(depth * (1 - min(draught, 0.93)), 0.5)),
        house_height_m=float(np.clip(4 + 0.09 * length * np.exp(rng.normal(0, 0.12)), 5, 32)),
        deck=pick(rng, _DECK_OF_TYPE[kind]),
        seed=int(rng.integers(2**31)),
    )
    return _with_deck_line(ship, in_ballast=not laden)


def _with_deck_line(ship: Ship, *, in_ballast: bool) -> Ship:
    """Draw sheer, trim, forecastle and poop from the ship's own seed."""
    rng = np.random.default_rng([ship.seed, 1])
    small = ship.length_m < 130
    sheer = float(rng.uniform(0, 0.012 if small else 0.004) * ship.length_m)
    trim = float(rng.uniform(0, 0.013 if in_ballast else 0.003) * ship.length_m)
    return replace(
        ship,
        sheer_m=sheer,
        # No part of the deck is awash.
        trim_m=max(min(trim, 1.6 * (ship.freeboard_m - 0.3)), 0.0),
        forecastle_m=2.2 if rng.random() < 0.8 else 0.0,
        poop_m=2.3 if small and rng.random() < 0.6 else 0.0,
    )


def pick(
    rng: np.random.Generator, names: tuple[Name, ...], weights: tuple[float, ...] | None = None
) -> Name:
    """Draw one of several names; numpy would give back a numpy string."""
    return names[int(rng.choice(len(names), p=weights))]


def solids(ship: Ship) -> list[Solid]:
    """Build what a ship is made of, from the hull upwards."""
    rng = np.random.default_rng(ship.seed)
    shade = float(np.exp(rng.normal(0, 0.16)))
    deck = scaled(PAINTS[ship.deck], shade)
    wall = PAINTS[pick(rng, _WALLS)]
    parts = list(hull_solids(ship, deck, wall))
    fittings = {
        "tanker": _tanker,
        "bulk": _bulk,
        "container": _container,
        "general": _general,
        "fishing": _fishing,
        "tug": _tug,
    }[ship.type]
    parts += fittings(ship, rng, deck)
    return parts


def hull_solids(
    ship: Ship, deck: tuple[float, ...], wall: tuple[float, ...], *, clutter: float = 0.10
) -> Iterator[Solid]:
    """Build a prism up to the lowest deck, and slices of hull from there to the deck's line."""
    edges = np.linspace(-0.5, 0.5, 19)
    heights = [ship.deck_m(float(at)) for at in (edges[:-1] + edges[1:]) / 2]
    lowest = min(heights)
    yield Solid(ship.outline(), 0.0, lowest, deck, wall, clutter)
    whole = Polygon(ship.plan())
    for start, stop, height in zip(edges[:-1], edges[1:], heights, strict=True):
        if height > lowest + 0.02:
            strip = box(start * ship.length_m, -ship.beam_m, stop * ship.length_m, ship.beam_m)
            outline = np.asarray(whole.intersection(strip).exterior.coords)
            yield Solid(ship.to_world(outline), lowest, height, deck, wall, clutter)


def scaled(colour: tuple[float, ...], by: float) -> tuple[float, ...]:
    """Brighten a colour, no further than white paint."""
    return tuple(float(min(value * by, 0.7)) for value in colour)


def deck_block(
    ship: Ship,
    centre: tuple[float, float],
    size: tuple[float, float],
    height_m: float,
    colour: tuple[float, ...],
) -> Solid:
    """Build a box on the deck; centre and size are fractions of the length and of the beam."""
    corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    plan = (corners * size + centre) * (ship.length_m, ship.beam_m)
    base = ship.deck_m(centre[0])
    return Solid(ship.to_world(plan), base, base + height_m, colour, scaled(colour, 0.8))


def _house(ship: Ship, rng: np.random.Generator, at: float, depth: float) -> list[Solid]:
    """Build the accommodation, lower aft where the funnel stands, and the bridge across it."""
    white = scaled(PAINTS["white"], float(np.exp(rng.normal(-0.1, 0.2))))
    funnel = PAINTS[pick(rng, ("black", "red", "blue", "orange", "white"))]
    tall = ship.house_height_m
    return [
        deck_block(ship, (at, 0), (depth, 0.82), 0.6 * tall, white),
        deck_block(ship, (at + 0.25 * depth, 0), (0.4 * depth, 0.96), tall, white),
        deck_block(ship, (at - 0.35 * depth, 0), (0.25 * depth, 0.25), 1.05 * tall, funnel),
    ]


def _tanker(ship: Ship, rng: np.random.Generator, deck: tuple[float, ...]) -> Iterator[Solid]:
    pale = scaled(deck, 1.5)
    pipes = PAINTS[pick(rng, ("grey", "buff", "white"))] if rng.random() < 0.5 else pale
    breadth = float(np.clip(3.0 / ship.beam_m, 0.08, 0.25))
    yield deck_block(ship, (0.08, 0), (0.62, breadth), 1.2, pipes)
    yield deck_block(ship, (0.06, 0), (min(4.0 / ship.length_m, 0.04), 0.86), 1.5, pipes)
    yield deck_block(ship, (0.42, 0), (0.05, 0.45), 2.0, deck)
    if rng.random() < 0.6:  # the derrick that lifts the hoses, stowed along the ship or turned out
        side, long = float(rng.choice([-0.2, 0.2])), rng.random() < 0.5
        size = (0.10, 0.05) if long else (0.015, 0.55)
        yield deck_block(ship, (0.07, 0.0 if not long else side), size, 7.0, PAINTS["buff"])
    yield from _house(ship, rng, -0.40, float(np.clip(14 / ship.length_m + 0.05, 0.08, 0.2)))


def _bulk(ship: Ship, rng: np.random.Generator, deck: tuple[float, ...]) -> Iterator[Solid]:
    count = int(np.clip(round(ship.length_m / 28), 3, 9))
    lids = PAINTS[pick(rng, ("red", "grey", "green", "buff", ship.deck))]
    places = np.linspace(-0.27, 0.38, count)
    step = places[1] - places[0]
    for place in places:
        colour = scaled(lids, float(np.exp(rng.normal(0.15, 0.12))))
        yield deck_block(ship, (float(place), 0), (0.68 * step, 0.52), 2.5, colour)
    if ship.length_m < 210 and rng.random() < 0.6:
        for place in (places[:-1] + step / 2)[::2]:
            yield deck_block(ship, (float(place), 0), (0.012, 0.55), 14.0, PAINTS["buff"])
    yield deck_block(ship, (0.45, 0), (0.05, 0.4), 2.5, deck)
    yield from _house(ship, rng, -0.40, float(np.clip(12 / ship.length_m + 0.04, 0.06, 0.16)))


def _container(ship: Ship, rng: np.random.Generator, _: tuple[float, ...]) -> Iterator[Solid]:
    at = -0.36 if ship.length_m < 280 else -0.22
    count = max(int(0.8 * ship.length_m / 14.5), 4)
    rows = max(int(ship.beam_m / 7.5), 2)
    full = rng.uniform(0.3, 1.0)
    for place in np.linspace(-0.43, 0.36, count):
        if abs(place - at) < 0.05 or rng.random() > full:
            continue
        taper = 1.0 if place < 0.2 else 1.0 - 1.8 * (place - 0.2)
        for row in range(rows):
            colour = scaled(PAINTS[pick(rng, _STACKS)], float(np.exp(rng.normal(0, 0.25))))
            side = ((row + 0.5) / rows - 0.5) * 0.94 * taper
            size = (0.70 / count, 0.88 * taper / rows)
            yield deck_block(
                ship, (float(place), side), size, float(2.6 * rng.integers(1, 6)), colour
            )
    yield from _house(ship, rng, at, float(np.clip(9 / ship.length_m + 0.02, 0.045, 0.1)))


def _general(ship: Ship, rng: np.random.Generator, deck: tuple[float, ...]) -> Iterator[Solid]:
    count = 1 if ship.length_m < 85 else int(rng.integers(2, 4))
    lids = PAINTS[pick(rng, ("grey", "green", "buff", "brown", "orange", ship.deck))]
    edges = np.linspace(-0.27, 0.36, count + 1)
    for start, stop in pairwise(edges):
        size = (0.86 * float(stop - start), 0.66)
        colour = scaled(lids, float(np.exp(rng.normal(0.1, 0.12))))
        yield deck_block(ship, (float(start + stop) / 2, 0), size, 1.8, colour)
    if rng.random() < 0.5:
        yield deck_block(ship, (float(edges[count // 2]), 0.2), (0.02, 0.3), 12.0, PAINTS["buff"])
    yield deck_block(ship, (0.44, 0), (0.06, 0.45), 2.2, deck)
    yield from _house(ship, rng, -0.39, float(np.clip(9 / ship.length_m + 0.04, 0.08, 0.18)))


def _fishing(ship: Ship, rng: np.random.Generator, _: tuple[float, ...]) -> Iterator[Solid]:
    yield from _house(ship, rng, float(rng.choice([-0.25, 0.05, 0.18])), 0.24)
    yield deck_block(ship, (-0.42, 0), (0.03, 0.7), 5.0, PAINTS["buff"])


def _tug(ship: Ship, rng: np.random.Generator, _: tuple[float, ...]) -> Iterator[Solid]:
    yield from _house(ship, rng, 0.1, 0.34)
