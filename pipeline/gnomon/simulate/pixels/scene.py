"""Scenes with known truth, as an optical instrument would deliver them.

A scene is a coast, ships, light and weather. Land and water are textures on the pixel grid
(``sea``); quays and ships are solids that are painted on a finer grid with their shadows and then
blurred by the instrument (``render``). Cloud comes on top, then noise. The same specification
gives the same pixels; every layer draws from its own generator, so that another cloud leaves the
sea as it was, and land from the coast's, so that it stays from scene to scene.

This ship model is the simulator's own. The inversion of freeboard has another one, so that
inverting a simulated scene is a test.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Self

import geopandas as gpd
import numpy as np
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from odc.geo.xr import xr_coords
from rasterio.features import rasterize

from gnomon.simulate.pixels.coast import Coast, random_coast, shore_distance
from gnomon.simulate.pixels.instrument import Image
from gnomon.simulate.pixels.light import BANDS, Light
from gnomon.simulate.pixels.obstacles import scatter
from gnomon.simulate.pixels.render import render
from gnomon.simulate.pixels.roads import Roads, anchor_ships, berth_ships, scatter_boats
from gnomon.simulate.pixels.sea import (
    Weather,
    bare_deck,
    cloud_colour,
    clouds,
    draw_land,
    draw_water,
    yards,
)
from gnomon.simulate.pixels.ships import Ship, Solid, solids

TRUTH_COLUMNS = ("length_m", "beam_m", "heading_deg", "freeboard_m", "type", "berthed")


@dataclass(frozen=True, kw_only=True)
class SceneSpec:
    """Everything that decides a scene."""

    id: str
    seed: int
    geobox: GeoBox
    """North-up grid in UTM."""
    seen_at: datetime
    light: Light
    """Thin cloud in ``weather`` takes its part of the direct light away by itself."""
    weather: Weather = field(default_factory=Weather)
    coast: Coast = field(default_factory=Coast)
    ships: tuple[Ship, ...] = ()
    boats: tuple[Solid, ...] = ()
    collection: str = "synthetic-sentinel-2"
    platform: str = "synthetic-2a"
    properties: tuple[tuple[str, str], ...] = ()
    """More for the item, for example the port."""


def grid(
    *, epsg: int, west_m: float, north_m: float, shape: tuple[int, int], gsd_m: float
) -> GeoBox:
    """North-up grid: its north-west corner, rows and columns, and pixel."""
    affine = Affine(gsd_m, 0, west_m, 0, -gsd_m, north_m)
    return GeoBox(shape, affine, f"EPSG:{epsg}")


@dataclass(frozen=True, kw_only=True, eq=False)
class Scenery:
    """What stays from scene to scene on one grid: the shore, the land, the tops of quays."""

    shore_m: Image
    """Distance from the natural shore, (height, width); negative on land."""
    land: Image | None
    """Sunlit natural land, (5, height, width); None where there is none."""
    made: Image
    """Sunlit tops of quays, (5, height, width)."""

    @classmethod
    def of(cls, spec: SceneSpec) -> Self:
        """Draw what a scene shares with every other of its coast, grid and greenness."""
        gsd = abs(spec.geobox.resolution.x)
        shore = shore_distance(spec.coast, spec.geobox)
        ashore = np.random.default_rng([spec.coast.seed, 8])
        return cls(
            shore_m=shore,
            land=draw_land(ashore, spec.weather, shore, gsd_m=gsd) if shore.min() <= 0 else None,
            made=_made(spec, np.random.default_rng([spec.coast.seed, 9]), gsd),
        )


def simulate(
    spec: SceneSpec, *, scl: bool = False, scenery: Scenery | None = None
) -> tuple[xr.Dataset, gpd.GeoDataFrame]:
    """Simulate one scene.

    Parameters
    ----------
    spec
        What is to be seen, when and how.
    scl
        Add a scene classification with the faults that real ones have: bright hulls and quays are
        called cloud.
    scenery
        ``Scenery.of`` this scene or of another with its coast, grid and greenness, which saves a
        third of the time; drawn here if left out.

    Returns
    -------
    dataset
        Surface reflectance, float32, bands blue, green, red, nir, swir16 on the scene's grid;
        swir16 and scl vary by blocks of two pixels where the pixel is 10 m, as on Sentinel-2.
    truth
        One row per ship whose centre lies in the scene, EPSG:4326: outline of the hull at the
        waterline, length_m, beam_m, heading_deg (of the bow), freeboard_m, type, berthed.

    """
    gsd = abs(spec.geobox.resolution.x)
    shape = (spec.geobox.shape.y, spec.geobox.shape.x)
    rng = [np.random.default_rng([spec.seed, layer]) for layer in range(6)]
    scenery = scenery or Scenery.of(spec)
    path = spec.weather.path()
    opacity, shadow = clouds(rng[2], spec.weather, shape, gsd_m=gsd, light=spec.light)
    light = replace(
        spec.light, aerosol=spec.weather.aerosol, veil=1 - 0.9 * float(np.median(opacity))
    )
    haze = path[:, None, None].astype(np.float32)
    ground = _ground(spec, rng[0], scenery, gsd) + haze
    things = [*spec.coast.fixtures, *spec.boats]
    things += [solid for ship in spec.ships for solid in solids(ship)]
    image = render(
        ground,
        scenery.made + haze,
        path,
        geobox=spec.geobox,
        light=light,
        quays=spec.coast.quays,
        solids=things,
        seed=spec.seed,
    )
    image = _under_cloud(rng[3], image, opacity, shadow, light, gsd)
    image = _noisy(rng[4], image)
    if gsd == 10:
        image[4] = _coarser(image[4])
    layers: dict[str, NDArray[np.generic]] = dict(zip(BANDS, image, strict=True))
    if scl:
        layers["scl"] = _classify(image, opacity, shadow)
    return _dataset(spec, layers), truth(spec)


def truth(spec: SceneSpec) -> gpd.GeoDataFrame:
    """Outlines and sizes of the ships whose centre lies within the scene."""
    bounds = spec.geobox.extent.boundingbox
    inside = [
        ship
        for ship in spec.ships
        if bounds.left <= ship.east_m < bounds.right and bounds.bottom < ship.north_m <= bounds.top
    ]
    rows = {name: [getattr(ship, name) for ship in inside] for name in TRUTH_COLUMNS}
    outlines = gpd.GeoSeries([ship.polygon() for ship in inside], crs=str(spec.geobox.crs))
    return gpd.GeoDataFrame(rows, geometry=outlines.to_crs(4326))


def _ground(spec: SceneSpec, rng: np.random.Generator, scenery: Scenery, gsd: float) -> Image:
    sea = draw_water(rng, spec.weather, scenery.shore_m, gsd_m=gsd)
    for ship in spec.ships:
        if ship.speed_m_s:
            add_wake(sea, ship, spec.geobox)
    if scenery.land is None:
        return sea
    dry = np.clip(0.5 - scenery.shore_m / gsd, 0, 1)
    return np.asarray(sea * (1 - dry) + scenery.land * dry, np.float32)


def _made(spec: SceneSpec, rng: np.random.Generator, gsd: float) -> Image:
    shape = (spec.geobox.shape.y, spec.geobox.shape.x)
    if not spec.coast.quays:
        return np.zeros((len(BANDS), *shape), np.float32)
    top = yards(rng, shape, gsd_m=gsd, angle_deg=spec.coast.angle_deg)
    bare = [quay.outline for quay in spec.coast.quays if quay.kind != "apron"]
    if bare:
        where = rasterize(bare, out_shape=shape, transform=spec.geobox.affine, all_touched=True)
        top = np.where(where.astype(bool), bare_deck(rng, shape, gsd_m=gsd), top)
    return np.asarray(top, np.float32)


def add_wake(sea: Image, ship: Ship, geobox: GeoBox) -> None:
    """Brighten the water behind a ship: foam astern that fades, and the two arms of the V."""
    heading = np.deg2rad(ship.heading_deg)
    row, column = np.indices(sea.shape[1:])
    east = geobox.affine.c + (column + 0.5) * geobox.affine.a - ship.east_m
    north = geobox.affine.f + (row + 0.5) * geobox.affine.e - ship.north_m
    behind = -(east * np.sin(heading) + north * np.cos(heading)) - 0.45 * ship.length_m
    aside = np.abs(east * np.cos(heading) - north * np.sin(heading))
    strength = ship.speed_m_s / 8
    spread = 0.5 * ship.beam_m + 0.03 * np.maximum(behind, 0)
    foam = np.exp(-behind / (40 * ship.speed_m_s) - (aside / spread) ** 2) * 0.10 * strength
    # Turbulence damps the waves, so that an old wake is darker than the sea.
    arms = np.exp(-(((aside - 0.30 * behind) / (6 + 0.02 * np.abs(behind))) ** 2) - behind / 500)
    wake = np.where(behind > 0, foam + 0.012 * strength * arms, 0)
    sea += wake.astype(np.float32)


def _under_cloud(
    rng: np.random.Generator, image: Image, opacity: Image, shadow: Image, light: Light, gsd: float
) -> Image:
    if not opacity.any():
        return image
    shade = shadow * light.direct().astype(np.float32)[:, None, None]
    top = cloud_colour(rng, opacity, gsd_m=gsd)
    return np.asarray(image * (1 - 0.85 * shade) * (1 - opacity) + top * opacity, np.float32)


def _noisy(rng: np.random.Generator, image: Image) -> Image:
    """Instrument noise: the deviations of flat water in the real scenes, growing with light."""
    read = np.array([6e-4, 5e-4, 5e-4, 5e-4, 3e-4], np.float32)[:, None, None]
    deviation = np.sqrt(read**2 + 3e-6 * np.maximum(image, 0))
    noise = rng.standard_normal(image.shape, np.float32)
    return np.asarray(np.clip(image + deviation * noise, 1e-4, 1.5), np.float32)


def _coarser(band: NDArray[np.floating]) -> Image:
    """Means of two by two pixels, each repeated; an odd last row or column stands alone."""
    rows, columns = (np.arange(size) // 2 for size in band.shape)
    padded = np.pad(band, [(0, size % 2) for size in band.shape], mode="edge")
    half = padded.reshape(padded.shape[0] // 2, 2, padded.shape[1] // 2, 2).mean(axis=(1, 3))
    return np.asarray(half[np.ix_(rows, columns)], np.float32)


def _classify(image: Image, opacity: Image, shadow: Image) -> NDArray[np.uint8]:
    """Sen2Cor's classes by simple thresholds, with its habit of calling bright things cloud."""
    blue, green, red, nir, swir = image
    wet = green - swir > 0.1 * (green + swir)
    classes = np.where((nir - red) > 0.4 * (nir + red), 4, 5)
    classes = np.where(wet | (nir < 0.07), 6, classes)
    classes = np.where((shadow > 0.35) & (opacity < 0.1), 3, classes)
    classes = np.where(opacity > 0.08, 10, classes)
    bright = (blue + green + red) / 3
    classes = np.where((bright > 0.23) | (opacity > 0.3), 8, classes)
    classes = np.where((bright > 0.33) | (opacity > 0.6), 9, classes)
    rows, columns = blue.shape
    coarse = classes[::2, ::2].repeat(2, 0).repeat(2, 1)
    return np.asarray(coarse[:rows, :columns], np.uint8)


def _dataset(spec: SceneSpec, layers: dict[str, NDArray[np.generic]]) -> xr.Dataset:
    return xr.Dataset(
        {name: (("y", "x"), np.ascontiguousarray(layer)) for name, layer in layers.items()},
        coords=xr_coords(spec.geobox, dims=("y", "x")),
        attrs={"scene_id": spec.id, "collection": spec.collection},
    )


# --- training ------------------------------------------------------------------------------------

_WEATHERS = ("fair", "fair", "fair", "glint", "turbid", "hazy", "rough", "cloud edge", "scraps")
_ICY, _OBSTACLES = 1 / 8, 5
"""Scenes with floes, and things in each scene that are no ships, as far as there is room."""


def random_weather(rng: np.random.Generator, kind: str) -> Weather:
    """Draw weather of a kind: fair, glint, turbid, hazy, rough, cloud edge or scraps of cloud."""
    fair = Weather(
        haze=float(rng.gamma(2, 0.004)),
        aerosol=float(rng.uniform(0.05, 0.25)),
        glint=float(rng.gamma(1.2, 0.006)),
        slicks=float(rng.uniform(0, 0.8)),
        roughness=float(rng.uniform(0.03, 0.18)),
        swell_m=float(rng.uniform(45, 180)),
        turbidity=float(rng.uniform(0.02, 0.25)),
        plume=float(rng.uniform(0.05, 0.5)),
        green=float(rng.uniform(0.1, 1)),
    )
    return {
        "fair": fair,
        "glint": replace(fair, glint=float(rng.uniform(0.02, 0.07))),
        "turbid": replace(fair, turbidity=float(rng.uniform(0.4, 1)), plume=0.4),
        "hazy": replace(fair, haze=float(rng.uniform(0.03, 0.07)), aerosol=0.5),
        "rough": replace(fair, whitecaps=0.02, glint=0.02, roughness=0.3),
        "cloud edge": replace(
            fair, cloud=float(rng.uniform(0.1, 0.5)), cloud_opacity=float(rng.uniform(0.25, 1))
        ),
        "scraps": replace(
            fair, cloud=float(rng.uniform(0.02, 0.12)), cloud_opacity=float(rng.uniform(0.5, 1))
        ),
    }[kind]


def _with_ice(rng: np.random.Generator, weather: Weather) -> Weather:
    ice, cover = rng.random() < _ICY, float(rng.uniform(0.05, 0.4))
    return replace(weather, ice=cover, green=0.0) if ice else weather


def training_specs(n: int, *, seed: int, gsd_m: float = 10.0) -> Iterator[SceneSpec]:
    """Random scenes: harbours, natural coasts and open roads in every weather.

    Parameters
    ----------
    n
        How many.
    seed
        Scene i of a seed is the same for any n.

    """
    for i in range(n):
        rng, apart = np.random.default_rng([seed, i]), np.random.default_rng([seed, i, 1])
        rows, columns = (int(v) for v in rng.integers(512, 1025, 2))
        shape = (rows, columns)
        box = grid(epsg=32653, west_m=500_000, north_m=4_740_000, shape=shape, gsd_m=gsd_m)
        kind = rng.choice(3, p=(0.7, 0.12, 0.18))
        coast = Coast() if kind == 2 else random_coast(rng, box, built=kind == 0)
        roads = Roads(coast, box)
        berth_ships(rng, roads, coast.berths, busy=float(rng.uniform(0.2, 0.9)))
        count = int(rng.integers(8, 45))
        anchor_ships(rng, roads, count=count, within=box.extent.geom)
        boats = scatter_boats(rng, roads, count=int(rng.integers(0, 60)))
        obstacles = scatter(apart, roads, count=_OBSTACLES)
        yield SceneSpec(
            id=f"training-{seed}-{i}",
            seed=int(rng.integers(2**31)),
            geobox=box,
            seen_at=datetime(2024, 1, 1, 2, 12, tzinfo=UTC)
            + timedelta(days=int(rng.integers(365))),
            light=Light(
                sun_azimuth_deg=float(rng.uniform(90, 200)),
                sun_elevation_deg=float(rng.uniform(20, 70)),
                view_azimuth_deg=float(rng.choice([104, 284])),
                view_zenith_deg=float(rng.uniform(0, 10)),
            ),
            weather=_with_ice(apart, random_weather(rng, str(rng.choice(_WEATHERS)))),
            coast=replace(coast, fixtures=(*coast.fixtures, *obstacles)),
            ships=tuple(roads.ships),
            boats=boats,
        )


def deserted(spec: SceneSpec) -> SceneSpec:
    """The same place on another, fair day without ships and boats; what is built there stays."""
    weather = random_weather(np.random.default_rng([spec.seed, 7]), "fair")
    return replace(spec, ships=(), boats=(), seed=spec.seed + 1, weather=weather)


def training_scenes(
    n: int, seed: int, *, gsd_m: float = 10.0
) -> Iterator[tuple[xr.Dataset, gpd.GeoDataFrame]]:
    """Simulate random scenes with their truth, one after the other."""
    for spec in training_specs(n, seed=seed, gsd_m=gsd_m):
        yield simulate(spec)
