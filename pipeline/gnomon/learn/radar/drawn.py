"""Simulated radar images for training: ships at sea and at quays, and what looks like them.

Winds, seas, incidences and sizes are drawn wider than those that `gnomon.validate.radar` measures
with. Ships lie at anchor, under way and in pairs alongside. Around them are beacons and rocks
(points), ambiguities (smeared along the track), quays and cranes.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import shapely

from gnomon.datamodel.radar_options import RadarOptions
from gnomon.geo.local import from_local_metres
from gnomon.imagery.coast import LAND, WATER
from gnomon.imagery.sentinel1.water import radar_water
from gnomon.learn.radar.sheets import PIXEL_M, SPACING_M, RadarSheet, as_pixels
from gnomon.simulate.radar.echoes import Complex64s, SeaState, ship_cross_section_m2
from gnomon.simulate.radar.orbit import RadarOrbit
from gnomon.simulate.radar.scene import (
    RadarGhost,
    RadarSceneSpec,
    RadarShip,
    drawn_boxes,
    drawn_land,
    drawn_sigma0,
)

SIDE_PX = 1024
PLACE = (133.3, 42.5)
LENGTH_M = (22.0, 400.0)
BEAM_SHARE = (0.11, 0.22)
OFF_TRACK_M = (370e3, 630e3)
WIND_M_S = (2.0, 14.0)
ROUGHNESS = (0.0, 0.4)
CELL_M = 800.0
"""Ships at sea are so far apart, or nearer at random."""
BRIGHTER_DB, SMEAR_M = (-4.0, 10.0), 10.0
"""Real ships in calm water stand out more, and are smeared, than those of the mean: a network that
saw only such came out 20 m too long on the chips of the training split."""
GHOSTS = 24
BERTHS = 0.7
"""Share of images in which all water is of berths."""
MOLE_M = ((600.0, 1800.0), (120.0, 350.0))
"""Lengths and breadths of moles."""


def drawn_sheet(
    seed: int, *, quays: bool, bank: Complex64s | None = None, wind_m_s: float | None = None
) -> RadarSheet:
    """One simulated image; its size is that of the bank, if there is one.

    The wind is drawn too, if it is left out.
    """
    rng = np.random.default_rng([seed, int(quays)])
    spec = _spec(rng, seed, SIDE_PX if bank is None else bank.shape[1], quays=quays)
    if wind_m_s is not None:
        spec = replace(spec, sea=replace(spec.sea, wind_m_s=wind_m_s))
    incidence = spec.orbit.incidence_deg(np.arange(spec.orbit.samples))
    pixels = as_pixels(drawn_sigma0(spec, bank), incidence)
    land = drawn_land(spec)
    masks = radar_water(
        pixels,
        np.where(land, LAND, WATER).astype(np.uint8),
        np.full(land.shape, rng.random() < BERTHS),
        spacing_m=SPACING_M,
        options=RadarOptions(),
    )
    ships = drawn_boxes(spec)
    return RadarSheet(pixels, masks, ships, np.ones(len(ships), bool), np.full(len(ships), -1))


def _spec(rng: np.random.Generator, seed: int, side_px: int, *, quays: bool) -> RadarSceneSpec:
    half = side_px * PIXEL_M / 2
    turn = rng.uniform(0, 180)
    moles = list(_moles(rng, half)) if quays else []
    placed = _alongside(rng, moles) if quays else _at_sea(rng, half)
    ships = tuple(_turned_ship(rng, ship, turn) for ship in placed)
    one = rng.random() < 0.15
    return RadarSceneSpec(
        orbit=RadarOrbit(
            longitude_deg=PLACE[0],
            latitude_deg=PLACE[1],
            lines=side_px,
            samples=side_px,
            northward=bool(rng.random() < 0.5),
            off_track_m=float(rng.uniform(*OFF_TRACK_M)),
        ),
        ships=ships,
        ghosts=tuple(_ghosts(rng, half)),
        land=shapely.MultiPolygon([_polygon(mole, turn) for mole in moles]) if quays else None,
        cranes=bool(rng.random() < 0.8),
        sea=SeaState(
            wind_m_s=float(rng.uniform(*WIND_M_S)), roughness=float(rng.uniform(*ROUGHNESS))
        ),
        polarisations=("vv",) if one else ("vv", "vh"),
        seed=seed + 10_000,
    )


Placed = tuple[float, float, float, float, float, float]
"""East, north, length, beam, heading and speed of a ship, in m, degrees and m/s."""


def _size(rng: np.random.Generator) -> tuple[float, float]:
    length = float(np.exp(rng.uniform(*np.log(LENGTH_M))))
    return length, length * float(rng.uniform(*BEAM_SHARE))


def _at_sea(rng: np.random.Generator, half: float) -> Iterator[Placed]:
    for east in np.arange(-half + 300, half - 300, CELL_M):
        for north in np.arange(-half + 300, half - 300, CELL_M):
            length, beam = _size(rng)
            heading = float(rng.uniform(0, 360))
            x, y = east + rng.uniform(0, 500), north + rng.uniform(0, 500)
            speed = float(rng.uniform(0, 9)) if rng.random() < 0.4 else 0.0
            yield x, y, length, beam, heading, speed
            if rng.random() < 0.12:  # another alongside
                more, wide = _size(rng)
                off = (beam + wide) / 2 + 2
                turn = np.deg2rad(heading)
                yield x + off * np.cos(turn), y - off * np.sin(turn), more, wide, heading, speed


def _moles(rng: np.random.Generator, half: float) -> Iterator[Placed]:
    """Middles, lengths and breadths of moles from south to north, before they are turned."""
    step = 2 * half / 5
    for east in np.arange(-1.5, 2.0) * step:
        for north in (-half / 2, half / 2):
            if np.hypot(east, north) < half:
                length, breadth = (float(rng.uniform(*span)) for span in MOLE_M)
                yield east + rng.uniform(-200, 200), north, length, breadth, 0.0, 0.0


def _alongside(rng: np.random.Generator, moles: list[Placed]) -> Iterator[Placed]:
    """Ships in a row on each side of each mole, with gaps; some with another outside."""
    for east, north, long, breadth, _, _ in moles:
        for side in (-1, 1):
            along = -long / 2 + rng.uniform(0, 150)
            while True:
                length, beam = _size(rng)
                if along + length > long / 2:
                    break
                off = breadth / 2 + rng.uniform(0, 4) + beam / 2
                y = north + along + length / 2
                yield east + side * off, y, length, beam, float(rng.choice([0.0, 180.0])), 0.0
                along += length + rng.uniform(15, 350)


def _ghosts(rng: np.random.Generator, half: float) -> Iterator[RadarGhost]:
    """Beacons and ambiguities, as bright as ships of 15 to 200 m and less."""
    for number in range(GHOSTS):
        x, y = rng.uniform(-half, half, 2)
        longitude, latitude = from_local_metres(x, y, origin=PLACE)
        beacon = number % 2 == 0
        like = np.exp(rng.uniform(np.log(8), np.log(45 if beacon else 150)))
        yield RadarGhost(
            longitude_deg=float(longitude),
            latitude_deg=float(latitude),
            along_m=1.0 if beacon else float(rng.uniform(120, 600)),
            across_m=1.0 if beacon else float(rng.uniform(20, 200)),
            cross_section_m2=ship_cross_section_m2(float(like), "vv"),
        )


def _turned(x: float, y: float, turn_deg: float) -> tuple[float, float]:
    """Places east and north, turned clockwise, as longitude and latitude."""
    sine, cosine = np.sin(np.deg2rad(turn_deg)), np.cos(np.deg2rad(turn_deg))
    longitude, latitude = from_local_metres(
        x * cosine + y * sine, y * cosine - x * sine, origin=PLACE
    )
    return float(longitude), float(latitude)


def _turned_ship(rng: np.random.Generator, ship: Placed, turn_deg: float) -> RadarShip:
    east, north, length, beam, heading, speed = ship
    longitude, latitude = _turned(east, north, turn_deg)
    return RadarShip(
        longitude_deg=longitude,
        latitude_deg=latitude,
        length_m=length,
        beam_m=beam,
        heading_deg=(heading + turn_deg) % 360,
        speed_m_s=speed,
        brighter_db=float(rng.uniform(*BRIGHTER_DB)),
        smear_m=float(rng.exponential(SMEAR_M)),
    )


def _polygon(mole: Placed, turn_deg: float) -> shapely.Polygon:
    east, north, length, breadth, _, _ = mole
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    places = [_turned(east + i * breadth / 2, north + j * length / 2, turn_deg) for i, j in corners]
    return shapely.Polygon(places)
