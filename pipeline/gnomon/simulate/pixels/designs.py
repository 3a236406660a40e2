"""Tankers of many designs, drawn wider than any fleet is, for training on.

What a network sees in training is all it knows. Here every tanker is one of a kind: bluff or fine
at the bow, with or without sheer, camber, forecastle, poop, trunk, bulwarks, domes; the house aft,
amidships or forward; pipes, manifold, derricks and masts of any number; paint of any colour, new
or worn. Freeboards come from two families of designs: the relations of
`gnomon.physics.hydrostatics`, and those of `gnomon.simulate.pixels.ships.sample_ship`, each with
scatter of its own. Two ships in five are laden, two in ballast, one anything between.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np

from gnomon.physics.hydrostatics import tankers
from gnomon.simulate.pixels.ships import (
    PAINTS,
    Array,
    HullForm,
    Ship,
    Solid,
    deck_block,
    hull_solids,
    pick,
    sample_ship,
    scaled,
)

Colour = tuple[float, ...]
Condition = Literal["laden", "ballast", "between"]
SHORTEST_M, LONGEST_M = 50.0, 220.0
"""Lengths in training: those asked of the estimate, 60 to 180 m, and some to either side."""
LEAST_FREEBOARD_M = 0.3
_CONDITIONS: tuple[Condition, ...] = ("laden", "ballast", "between")


@dataclass(frozen=True, kw_only=True)
class VariedTanker:
    """A tanker of a design of its own, at the origin and heading north."""

    ship: Ship
    condition: Condition
    house_at: float
    """Middle of the house, in lengths forward of amidships."""

    def placed(self, *, east_m: float, north_m: float, heading_deg: float) -> "VariedTanker":
        """Put the same tanker somewhere else."""
        ship = replace(self.ship, east_m=east_m, north_m=north_m, heading_deg=heading_deg)
        return replace(self, ship=ship)

    def solids(self) -> list[Solid]:
        """Build hull, house and everything on the deck, from the ship's own seed."""
        rng = np.random.default_rng([self.ship.seed, 2])
        deck, wall = _paint(rng), _paint(rng)
        clutter = float(rng.uniform(0, 0.25))
        parts = list(hull_solids(self.ship, deck, wall, clutter=clutter))
        parts += _camber(self.ship, rng, deck)
        parts += _pipes(self.ship, rng, deck)
        parts += _raised(self.ship, rng, deck)
        parts += _gear(self.ship, rng)
        parts += _bulwarks(self.ship, rng, wall)
        parts += _bow_bulwark(self.ship, rng, wall)
        parts += _varied_house(self.ship, rng, self.house_at)
        return parts


def varied_tanker(rng: np.random.Generator) -> VariedTanker:
    """Draw a tanker of any size, design and load."""
    length = float(np.exp(rng.uniform(np.log(SHORTEST_M), np.log(LONGEST_M))))
    condition = pick(rng, _CONDITIONS, (0.4, 0.4, 0.2))
    ship = sample_ship(rng, kind="tanker", length_m=length, laden=condition == "laden")
    beam = ship.beam_m * float(np.exp(rng.normal(0, 0.06)))
    if condition == "between" or rng.random() < 0.5:
        freeboard = _by_hydrostatics(rng, length, beam, condition)
    else:
        freeboard = ship.freeboard_m * float(np.exp(rng.normal(0, 0.10)))
    freeboard = max(freeboard, LEAST_FREEBOARD_M)
    trim = float(rng.uniform(0, 0.004 if condition == "laden" else 0.018) * length)
    ship = replace(
        ship,
        beam_m=beam,
        freeboard_m=freeboard,
        form=_form(rng),
        sheer_m=float(rng.uniform(0, 0.014 if length < 130 else 0.006) * length),
        # No part of the deck is awash; a ship trims by the bow now and then.
        trim_m=min(trim, 1.6 * (freeboard - 0.2)) * (1.0 if rng.random() < 0.9 else -0.3),
        forecastle_m=float(rng.uniform(1.2, 3.0)) if rng.random() < 0.7 else 0.0,
        poop_m=float(rng.uniform(1.2, 3.0)) if rng.random() < 0.4 else 0.0,
        house_height_m=ship.house_height_m * float(np.exp(rng.normal(0, 0.25))),
    )
    house = pick(rng, ("aft", "amidships", "forward"), (0.88, 0.05, 0.07))
    at = {"aft": -0.40, "amidships": 0.03, "forward": 0.33}[house] + float(rng.normal(0, 0.025))
    return VariedTanker(ship=ship, condition=condition, house_at=at)


def _by_hydrostatics(
    rng: np.random.Generator, length: float, beam: float, condition: Condition
) -> float:
    one = tankers(length, beam, draws=1, seed=int(rng.integers(2**31)))
    if condition == "between":
        return float(one.freeboard_at_m(rng.uniform(0, 1))[0])
    laden = condition == "laden"
    return float((one.laden_freeboard_m if laden else one.ballast_freeboard_m)[0])


def _form(rng: np.random.Generator) -> HullForm:
    return HullForm(
        bow=float(rng.uniform(0.08, 0.26)),
        power=float(rng.uniform(1.5, 3.2)),
        stern=float(rng.uniform(0.03, 0.16)),
        transom=float(rng.uniform(0.35, 0.95)),
    )


def _paint(rng: np.random.Generator) -> Colour:
    """A colour between two paints of the palette, new or worn."""
    one, other = (np.array(PAINTS[pick(rng, tuple(PAINTS))]) for _ in range(2))
    mixed = one + rng.uniform(0, 0.5) * (other - one)
    return scaled(tuple(mixed), float(np.exp(rng.normal(0, 0.3))))


def _camber(ship: Ship, rng: np.random.Generator, deck: Colour) -> Iterator[Solid]:
    """Raise the middle of the deck in two steps, as its camber does."""
    rise = float(rng.uniform(-0.005, 0.03)) * ship.beam_m
    if rise > 0:
        long = float(1 - 1.2 * (ship.form.bow if ship.form else 0.15) - 0.08)
        for wide, share in ((0.72, 0.5), (0.36, 0.9)):
            yield deck_block(ship, (-0.02, 0), (long, wide), share * rise, deck)


def _pipes(ship: Ship, rng: np.random.Generator, deck: Colour) -> Iterator[Solid]:
    colour = scaled(deck, float(rng.uniform(0.7, 1.8))) if rng.random() < 0.5 else _paint(rng)
    if rng.random() < 0.85:
        size = (float(rng.uniform(0.4, 0.68)), float(rng.uniform(0.05, 0.3)))
        yield deck_block(ship, (0.06, 0), size, float(rng.uniform(0.5, 2.5)), colour)
    if rng.random() < 0.8:
        size = (float(min(rng.uniform(2, 6) / ship.length_m, 0.05)), float(rng.uniform(0.6, 0.95)))
        at = float(rng.uniform(-0.08, 0.14))
        yield deck_block(ship, (at, 0), size, float(rng.uniform(0.8, 2)), colour)


def _raised(ship: Ship, rng: np.random.Generator, deck: Colour) -> Iterator[Solid]:
    """A trunk along the middle of the deck, or the domes of pressure tanks."""
    kind = pick(rng, ("flat", "trunk", "domes"), (0.62, 0.16, 0.22))
    if kind == "trunk":
        size = (float(rng.uniform(0.45, 0.62)), float(rng.uniform(0.4, 0.75)))
        yield deck_block(ship, (0.05, 0), size, float(rng.uniform(0.8, 2.4)), deck)
    elif kind == "domes":
        colour, tall = _paint(rng), float(rng.uniform(1.5, 5))
        breadth = float(rng.uniform(0.4, 0.8))
        for at in np.linspace(-0.22, 0.32, int(rng.integers(2, 6))):
            yield _round(ship, float(at), breadth * ship.beam_m / 2, tall, colour)


def _round(ship: Ship, at: float, radius_m: float, height_m: float, colour: Colour) -> Solid:
    turn = np.linspace(0, 2 * np.pi, 10, endpoint=False)
    middle = np.array([at * ship.length_m, 0.0])
    around: Array = np.stack([np.cos(turn), np.sin(turn)], -1) * radius_m
    base = ship.deck_m(at)
    outline = ship.to_world(middle + around)
    return Solid(outline, base, base + height_m, colour, scaled(colour, 0.8))


def _gear(ship: Ship, rng: np.random.Generator) -> Iterator[Solid]:
    """Derricks along the ship or turned out, deckhouses, and a mast forward."""
    for _ in range(int(rng.integers(0, 4))):
        along = rng.random() < 0.5
        size = (float(rng.uniform(0.05, 0.14)), 0.05) if along else (0.015, rng.uniform(0.2, 0.7))
        at = (float(rng.uniform(-0.25, 0.35)), float(rng.uniform(-0.35, 0.35)) if along else 0.0)
        yield deck_block(ship, at, size, float(rng.uniform(3, 12)), _paint(rng))
    for _ in range(int(rng.integers(0, 5))):
        at = (float(rng.uniform(-0.25, 0.40)), float(rng.uniform(-0.3, 0.3)))
        size = (float(rng.uniform(0.01, 0.05)), float(rng.uniform(0.05, 0.3)))
        yield deck_block(ship, at, size, float(rng.uniform(0.5, 3)), _paint(rng))
    if rng.random() < 0.7:
        size = (1.0 / ship.length_m, 1.0 / ship.beam_m)
        yield deck_block(ship, (0.44, 0), size, float(rng.uniform(5, 12)), PAINTS["buff"])


def _bulwarks(ship: Ship, rng: np.random.Generator, wall: Colour) -> Iterator[Solid]:
    """Plates along the edge of the deck, over a part of its length."""
    if rng.random() < 0.6:
        tall, long = float(rng.uniform(0.6, 1.3)), float(rng.uniform(0.1, 0.7))
        at = float(rng.uniform(-0.3, 0.37 - long / 2))
        for side in (-0.48, 0.48):
            size = (min(long, 2 * (0.36 - abs(at)) + 0.02), min(0.4 / ship.beam_m, 0.04))
            yield deck_block(ship, (at, side), size, tall, wall)


def _bow_bulwark(ship: Ship, rng: np.random.Generator, wall: Colour) -> Iterator[Solid]:
    """Plates along the outline from the bow's shoulders, or further aft, to the stem."""
    if rng.random() < 0.5:
        start, tall = float(rng.uniform(0.12, 0.38)), float(rng.uniform(0.3, 1.3))
        outline = ship.plan()
        port = outline[: len(outline) // 2 + 1]
        x = np.linspace(start, 0.5, 7) * ship.length_m
        y = np.interp(x, port[:, 0], port[:, 1])
        inner = 1 - min(0.4 / ship.beam_m, 0.04)
        for side in (-1.0, 1.0):
            for first, last in pairwise(np.stack([x, y * side], 1)):
                plan = np.stack([first, last, last * [1, inner], first * [1, inner]])
                base = ship.deck_m(float((first[0] + last[0]) / 2 / ship.length_m))
                yield Solid(ship.to_world(plan), base, base + tall, wall, scaled(wall, 0.8))


def _varied_house(ship: Ship, rng: np.random.Generator, at: float) -> Iterator[Solid]:
    """House of one to three tiers, the bridge's wings, a funnel aft of it."""
    white = scaled(PAINTS["white"], float(np.exp(rng.normal(-0.1, 0.25))))
    colour = white if rng.random() < 0.85 else _paint(rng)
    deep = float(np.clip(rng.uniform(8, 20) / ship.length_m, 0.05, 0.22))
    wide, tall = float(rng.uniform(0.6, 0.96)), ship.house_height_m
    for tier in range(int(rng.integers(1, 4))):
        size = (deep * (1 - 0.25 * tier), wide * (1 - 0.15 * tier))
        share = (0.6, 0.85, 1.0)[tier]
        yield deck_block(ship, (at + 0.1 * deep * tier, 0), size, share * tall, colour)
    if rng.random() < 0.7:
        yield deck_block(ship, (at + 0.3 * deep, 0), (0.3 * deep, 0.98), 0.9 * tall, colour)
    size = (float(rng.uniform(0.15, 0.3)) * deep, float(rng.uniform(0.12, 0.3)))
    top = float(rng.uniform(0.8, 1.25)) * tall
    yield deck_block(ship, (at - 0.35 * deep, float(rng.choice([0, 0, 0.2]))), size, top,
                     _paint(rng))  # fmt: skip
