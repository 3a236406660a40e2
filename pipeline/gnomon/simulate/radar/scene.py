"""A radar scene drawn from a list of ships, a coast and the wind, and the truth about it.

A ship is some dozens of scatterers spread over its hull, a third of the echo in its house aft, at
heights of a few metres, so that they lie towards the satellite by a pixel. A ship that moves is
shifted along the track by ``R v / V``: R the slant range, V the satellite's speed, v the ship's
speed away from the satellite. Land is bright and rough; its edges are quays that echo, with cranes
on them, whose tops fall far towards the satellite.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import geopandas as gpd
import numpy as np
import shapely
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.arrays import Float32s, Float64s, Mask
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.geo.geoid import undulation_m
from gnomon.geo.local import from_local_metres, rectangle_around
from gnomon.simulate.radar.echoes import (
    Complex64s,
    Scatterers,
    SeaState,
    received,
    sea_sigma0,
    sea_texture,
    ship_cross_section_m2,
)
from gnomon.simulate.radar.orbit import SAMPLE_M, SPEED_M_S, RadarOrbit

POLARISATIONS = ("vv", "vh")
LAND_DB = {"vv": -8.0, "vh": -14.0}
LAND_ROUGHNESS_DB = 3.0
"""Standard deviation from pixel to pixel: fields, streets, roofs."""
SHIP_SIGMA_DB = 4.0
"""From ship to ship."""
HOUSE_SHARE = 0.35
QUAY_M2, QUAY_M, QUAY_STEP_M = 150.0, 2.0, 20.0
"""Of a stretch of a quay, its height, and its length."""
CRANE_M2, CRANE_M = 1500.0, (10.0, 25.0, 40.0)
"""Of a crane's parts, and their heights."""
CRANE_STEP_M = 120.0


@dataclass(frozen=True, kw_only=True)
class RadarShip:
    """A ship of a radar scene."""

    longitude_deg: float
    latitude_deg: float
    length_m: float
    beam_m: float
    heading_deg: float
    speed_m_s: float = 0.0
    brighter_db: float = 0.0
    """Than ships of its length are on average."""
    smear_m: float = 0.0
    """Deviation of its echoes along the track, as it rolls and pitches while the radar looks."""

    @property
    def outline(self) -> shapely.Polygon:
        """Where it is, which is not where radar shows it if it moves."""
        return rectangle_around(
            shapely.Point(self.longitude_deg, self.latitude_deg),
            length_m=self.length_m,
            beam_m=self.beam_m,
            heading_deg=self.heading_deg,
        )


@dataclass(frozen=True, kw_only=True)
class RadarGhost:
    """What looks like a ship and is none: a beacon, or an ambiguity, smeared along the track."""

    longitude_deg: float
    latitude_deg: float
    along_m: float
    """Extent along the track, and across it."""
    across_m: float
    cross_section_m2: float


@dataclass(frozen=True, kw_only=True)
class RadarPatch:
    """A part of the surface that differs from the sea: ice, a slick, a burst of interference."""

    area: BaseGeometry
    """In EPSG:4326."""
    brighter_db: float
    """Than the sea there, in each polarisation."""
    roughness: float = 0.0
    """Variance of its texture, relative to its mean."""


@dataclass(frozen=True, kw_only=True)
class RadarSceneSpec:
    """Everything that a scene is drawn from."""

    orbit: RadarOrbit
    ships: tuple[RadarShip, ...] = ()
    ghosts: tuple[RadarGhost, ...] = ()
    patches: tuple[RadarPatch, ...] = ()
    land: BaseGeometry | None = None
    """In EPSG:4326."""
    cranes: bool = True
    """Whether there are cranes along its edges."""
    sea: SeaState = field(default_factory=SeaState)
    polarisations: tuple[str, ...] = POLARISATIONS
    seen_at: datetime = datetime(2026, 7, 1, 21, 30, tzinfo=UTC)
    relative_orbit: int = 32
    seed: int = 0
    structures_seed: int | None = None
    """Of the echoes of quays, cranes and ghosts, so that scenes have the same; by default that
    of the scene."""


def drawn_sigma0(spec: RadarSceneSpec, bank: Complex64s | None = None) -> dict[str, Float32s]:
    """Power received by polarisation, as sigma0 with the instrument's noise, (lines, samples).

    With a ``bank`` (`gnomon.simulate.radar.echoes.speckle_bank`) it takes a third of the time.
    """
    rng = np.random.default_rng(spec.seed)
    orbit = spec.orbit
    shape = (orbit.lines, orbit.samples)
    incidence = orbit.incidence_deg(np.arange(orbit.samples))
    texture = sea_texture(rng, shape, spec.sea, SAMPLE_M)
    for patch in spec.patches:
        inside = _pixels_within(patch.area, spec)
        own = sea_texture(rng, shape, SeaState(roughness=patch.roughness), SAMPLE_M)
        texture[inside] = own[inside] * 10 ** (patch.brighter_db / 10)
    dry = drawn_land(spec)
    rough = rng.normal(0, LAND_ROUGHNESS_DB, shape)
    fixed = rng if spec.structures_seed is None else np.random.default_rng(spec.structures_seed)
    where = [*(_ship_points(rng, spec, ship) for ship in spec.ships), *_shore_points(fixed, spec)]
    where += [_ghost_points(fixed, spec, ghost) for ghost in spec.ghosts]
    drawn = {}
    for name in spec.polarisations:
        surface = texture * sea_sigma0(name, spec.sea, incidence).astype(np.float32)
        surface[dry] = 10 ** ((LAND_DB[name] + rough[dry]) / 10)
        fainter = ship_cross_section_m2(100.0, name) / ship_cross_section_m2(100.0, "vv")
        points = _joined(where, fainter)
        drawn[name] = received(
            rng, surface.astype(np.float32), points, spacing_m=SAMPLE_M, bank=bank
        )
    return drawn


def radar_truth(spec: RadarSceneSpec) -> gpd.GeoDataFrame:
    """Outlines of the ships, with their sizes."""
    columns = ("length_m", "beam_m", "heading_deg", "speed_m_s")
    rows = {name: [getattr(ship, name) for ship in spec.ships] for name in columns}
    shapes = [ship.outline for ship in spec.ships]
    return gpd.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4326")


def drawn_boxes(spec: RadarSceneSpec) -> OrientedBoxes:
    """Ships in samples (x) and lines (y), where radar shows them."""
    shifts = np.array([drawn_shift_m(spec, ship) for ship in spec.ships]) / SAMPLE_M
    rings = [shapely.get_coordinates(ship.outline)[:4] for ship in spec.ships]
    corners = np.array(rings).reshape(-1, 4, 2)
    line, sample = spec.orbit.pixels(corners[..., 0], corners[..., 1], _sea_height_m(spec))
    x, y = sample + 0.5, line + 0.5 + shifts[:, None]
    # Corners run bow right, bow left, stern left, stern right.
    (bow_x, stern_x), (bow_y, stern_y) = (
        (one[:, :2].mean(1), one[:, 2:].mean(1)) for one in (x, y)
    )
    (right_x, left_x), (right_y, left_y) = (
        (one[:, ::3].mean(1), one[:, 1:3].mean(1)) for one in (x, y)
    )
    return OrientedBoxes.of(
        x.mean(1),
        y.mean(1),
        np.hypot(bow_x - stern_x, bow_y - stern_y),
        np.hypot(right_x - left_x, right_y - left_y),
        np.rad2deg(np.arctan2(bow_x - stern_x, stern_y - bow_y)),
    )


def drawn_shift_m(spec: RadarSceneSpec, ship: RadarShip) -> float:
    """How far along the track, in the direction of flight, radar shows a ship from its place."""
    orbit = spec.orbit
    _, sample = orbit.pixels(ship.longitude_deg, ship.latitude_deg, 0.0)
    _, slant = orbit.points(np.array([0.0]), np.array([orbit.first_sample_m + SAMPLE_M * sample]))
    looking = 90.0 if orbit.northward else 270.0
    away = ship.speed_m_s * np.cos(np.deg2rad(ship.heading_deg - looking))
    away *= np.sin(np.deg2rad(float(orbit.incidence_deg(sample))))
    # Seen later by its Doppler frequency: what moves away is shown behind.
    return float(-slant[0] * away / SPEED_M_S)


def _sea_height_m(spec: RadarSceneSpec) -> float:
    return float(undulation_m(spec.orbit.longitude_deg, spec.orbit.latitude_deg))


def drawn_land(spec: RadarSceneSpec) -> Mask:
    """Which pixels are land, (lines, samples)."""
    if spec.land is None:
        return np.zeros((spec.orbit.lines, spec.orbit.samples), bool)
    return _pixels_within(spec.land, spec)


def _pixels_within(area: BaseGeometry, spec: RadarSceneSpec) -> Mask:
    """Which pixels lie within an area on the sea, (lines, samples)."""
    shape = (spec.orbit.lines, spec.orbit.samples)
    height = _sea_height_m(spec)

    def placed(xy: Float64s) -> Float64s:
        line, sample = spec.orbit.pixels(xy[:, 0], xy[:, 1], height)
        return np.column_stack([sample + 0.5, line + 0.5])

    outline = shapely.transform(shapely.segmentize(area, 0.001), placed)
    return rasterize([outline], shape, dtype="uint8").astype(bool)


def _ship_points(rng: np.random.Generator, spec: RadarSceneSpec, ship: RadarShip) -> Scatterers:
    """Scatterers of one ship, brighter in its house."""
    count = max(8, round(ship.length_m / 6))
    ahead = rng.uniform(-0.48, 0.48, count) * ship.length_m
    aside = rng.uniform(-0.45, 0.45, count) * ship.beam_m
    house = max(2, count // 6)
    ahead[:house] = rng.uniform(-0.45, -0.33, house) * ship.length_m
    share = rng.exponential(1.0, count)
    share[:house] *= HOUSE_SHARE / share[:house].sum()
    share[house:] *= (1 - HOUSE_SHARE) / share[house:].sum()
    total = ship_cross_section_m2(ship.length_m, "vv")
    brighter_db = ship.brighter_db + rng.normal(0, SHIP_SIGMA_DB)
    total *= 10 ** (brighter_db / 10) / np.exp((SHIP_SIGMA_DB / 4.343) ** 2 / 2)
    turn = np.deg2rad(ship.heading_deg)
    east = ahead * np.sin(turn) + aside * np.cos(turn)
    north = ahead * np.cos(turn) - aside * np.sin(turn)
    origin = (ship.longitude_deg, ship.latitude_deg)
    height = _sea_height_m(spec) + rng.uniform(2.0, 10.0, count)
    line, sample = spec.orbit.pixels(*from_local_metres(east, north, origin=origin), height)
    line = line + drawn_shift_m(spec, ship) / SAMPLE_M
    if ship.smear_m:
        line = line + rng.normal(0, ship.smear_m / SAMPLE_M, count)
    return Scatterers(line, sample, total * share)


def _ghost_points(rng: np.random.Generator, spec: RadarSceneSpec, ghost: RadarGhost) -> Scatterers:
    count = 1 + round(ghost.along_m * ghost.across_m / 400)
    line, sample = spec.orbit.pixels(ghost.longitude_deg, ghost.latitude_deg, _sea_height_m(spec))
    share = rng.exponential(1.0, count)
    return Scatterers(
        line + rng.uniform(-0.5, 0.5, count) * ghost.along_m / SAMPLE_M,
        sample + rng.uniform(-0.5, 0.5, count) * ghost.across_m / SAMPLE_M,
        ghost.cross_section_m2 * share / share.sum(),
    )


def _shore_points(rng: np.random.Generator, spec: RadarSceneSpec) -> Iterator[Scatterers]:
    """Echoes of quays along land, and of cranes on them."""
    if spec.land is None:
        return
    degrees = 1 / 111_000.0
    sea = _sea_height_m(spec)
    for ring in shapely.get_parts(spec.land.boundary):
        quay = _along(ring, QUAY_STEP_M * degrees)
        power = QUAY_M2 * rng.exponential(1.0, len(quay))
        yield _placed_points(spec, quay, sea + QUAY_M, power)
        if spec.cranes:
            for height in CRANE_M:
                crane = _along(ring, CRANE_STEP_M * degrees)
                power = CRANE_M2 * rng.exponential(1.0, len(crane))
                yield _placed_points(spec, crane, sea + height, power)


def _placed_points(
    spec: RadarSceneSpec, places: Float64s, height_m: float, power: Float64s
) -> Scatterers:
    line, sample = spec.orbit.pixels(places[:, 0], places[:, 1], height_m)
    return Scatterers(line, sample, power)


def _along(ring: BaseGeometry, step: float) -> Float64s:
    """Places along a line, (n, 2)."""
    count = max(int(ring.length / step), 1)
    return shapely.get_coordinates(ring.interpolate(np.linspace(0, ring.length, count)))


def _joined(parts: list[Scatterers], factor: float) -> Scatterers:
    nothing = np.zeros(0)
    return Scatterers(
        np.concatenate([nothing, *(one.line for one in parts)]),
        np.concatenate([nothing, *(one.sample for one in parts)]),
        factor * np.concatenate([nothing, *(one.cross_section_m2 for one in parts)]),
    )
