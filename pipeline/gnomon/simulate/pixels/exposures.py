"""One tanker as many instruments would show it: chips with truth, made fast, for training.

A tanker of any design (`gnomon.simulate.pixels.designs`) is painted once on fine cells, in drawn
light, water, weather and company: quays of unknown height, hulls and boats alongside.
From those cells come several exposures, each with its own pixel (0.3 to 10 m), blur, noise, bands,
clouds, contrast stretch, edge of the image, and its own errors in what is known of the ship
beforehand: place, heading, length, beam, and now and then the view.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from shapely import Polygon

from gnomon.datamodel.ship_types import ShipType
from gnomon.physics.hydrostatics import BEAM_SCATTER, usual_beam_m
from gnomon.simulate.pixels.designs import VariedTanker, varied_tanker
from gnomon.simulate.pixels.instrument import Image
from gnomon.simulate.pixels.light import BANDS, Light
from gnomon.simulate.pixels.render import Quay, paint
from gnomon.simulate.pixels.scene import add_wake, grid, random_weather
from gnomon.simulate.pixels.sea import Weather, bare_deck, cloud_colour, clouds, draw_water, yards
from gnomon.simulate.pixels.ships import Array, Ship, Solid, pick, sample_ship, solids

FINEST_M, COARSEST_M = 0.3, 10.0
"""Pixels in training."""
AROUND, BESIDE = 0.78, 0.48
"""Ground that is painted, in lengths from the middle along the hull and across it."""
MARGIN_M, MARGIN_PX = 6.0, 3.0
_BOATS: tuple[ShipType, ...] = ("tug", "fishing")
_WEATHERS = ("fair", "fair", "glint", "turbid", "hazy", "rough", "cloud edge")
_BAND_SETS: dict[tuple[str, ...], tuple[float, float]] = {
    ("pan",): (0.55, 0.03),
    ("blue", "green", "red", "nir"): (0.15, 0.57),
    ("blue", "green", "red"): (0.25, 0.30),
    ("green", "red", "nir"): (0.03, 0.06),
    ("red",): (0.02, 0.04),
}
"""How often an image has these bands, with pixels below a metre and above."""
_HALO_WIDTH = 2.5
_VIEW_KNOWN, _REGISTERED = 0.85, 0.5
_READ_NOISE = {"gsd_m": (0.5, 3.0, 10.0), "sigma": (0.0015, 0.0020, 0.0006)}


@dataclass(frozen=True, kw_only=True)
class KnownHull:
    """What is known of a ship before its pixels are read, with errors that are true."""

    length_m: float
    length_sigma_m: float
    beam_m: float
    beam_sigma_m: float
    heading_deg: float
    """Of either end, clockwise from north."""
    heading_sigma_deg: float
    east_m: float
    north_m: float
    """From the middle of the chip."""
    position_sigma_m: float


@dataclass(frozen=True, kw_only=True)
class HullTruth:
    """The ship as it is."""

    freeboard_m: float
    length_m: float
    beam_m: float
    heading_deg: float
    """Of the bow, clockwise from north."""
    east_m: float
    north_m: float
    """From the middle of the chip."""
    laden: bool | None
    """None for a ship that is neither laden nor in ballast."""


@dataclass(frozen=True, kw_only=True)
class HullChip:
    """Pixels of one tanker, what is known of it beforehand, and the truth."""

    image: Image
    """(bands, rows, columns), north up, NaN without data; reflectance, or 8-bit counts."""
    bands: tuple[str, ...]
    gsd_m: float
    sun_azimuth_deg: float
    sun_elevation_deg: float
    view_azimuth_deg: float
    view_zenith_deg: float
    """NaN, like the azimuth, where the view is unknown."""
    blur_px: float
    known: KnownHull
    truth: HullTruth


@dataclass(frozen=True)
class _Sitting:
    """A painted tanker on its fine cells."""

    tanker: VariedTanker
    light: Light
    weather: Weather
    cells: Image
    gsd_m: float
    factor: int
    """Fine cells along a pixel of ``gsd_m``."""


def exposures(seed: tuple[int, ...], *, count: int = 3) -> list[HullChip]:
    """Paint a tanker and expose it.

    Parameters
    ----------
    seed
        Decides everything.
    count
        Exposures at the most: each has pixels two to four times as large as the one before.

    """
    rng = np.random.default_rng(seed)
    gsd = float(np.exp(rng.uniform(np.log(FINEST_M), np.log(COARSEST_M))))
    sitting = _painted(rng, gsd)
    chips: list[HullChip] = []
    times = 1
    while len(chips) < count and times * gsd <= COARSEST_M:
        chips.append(_exposed(rng, sitting, times))
        times *= int(rng.integers(2, 5))
    return chips


def _painted(rng: np.random.Generator, gsd: float) -> _Sitting:
    tanker = varied_tanker(rng)
    length = tanker.ship.length_m
    heading = float(rng.uniform(0, 360))
    tanker = tanker.placed(
        east_m=float(rng.uniform(-0.5, 0.5) * gsd),
        north_m=float(rng.uniform(-0.5, 0.5) * gsd),
        heading_deg=heading,
    )
    weather = random_weather(rng, pick(rng, _WEATHERS))
    light = Light(
        sun_azimuth_deg=float(rng.uniform(0, 360)),
        sun_elevation_deg=_sun(rng),
        view_azimuth_deg=float(rng.uniform(0, 360)),
        view_zenith_deg=float(rng.uniform(0, 30 if gsd < 1.5 else 12)),
        aerosol=weather.aerosol,
    )
    rows, columns = _extent(length, heading, gsd)
    corner = (-columns * gsd / 2, rows * gsd / 2)
    factor = int(np.clip(round(gsd / 0.9), 2, 8))
    haze = weather.path()[:, None, None].astype(np.float32)
    water = _water(rng, tanker.ship, weather, (rows, columns), gsd)
    quays, things = _company(rng, tanker)
    made = _tops(rng, (rows, columns), gsd) if quays else np.zeros_like(water)
    cells = paint(
        water + haze,
        made + haze,
        weather.path(),
        corner=corner,
        gsd_m=gsd,
        factor=factor,
        light=light,
        quays=quays,
        solids=[*things, *tanker.solids()],
        seed=int(rng.integers(2**31)),
        scatter_m=float(max(rng.uniform(-0.4, 1.6), 0.0)),
    )
    return _Sitting(tanker, light, weather, cells, gsd, factor)


def _sun(rng: np.random.Generator) -> float:
    """Elevation, more often low, where shadows count."""
    return float(12 + 58 * rng.beta(1.1, 1.5))


def _extent(length: float, heading_deg: float, gsd: float) -> tuple[int, int]:
    """Rows and columns that hold the ground around a hull, turned as it lies."""
    ahead, aside = AROUND * length + MARGIN_M, BESIDE * length + MARGIN_M
    sine, cosine = abs(np.sin(np.deg2rad(heading_deg))), abs(np.cos(np.deg2rad(heading_deg)))
    north, east = ahead * cosine + aside * sine, ahead * sine + aside * cosine
    rows, columns = (int(2 * np.ceil(half / gsd + MARGIN_PX)) for half in (north, east))
    return rows, columns


def _water(
    rng: np.random.Generator, ship: Ship, weather: Weather, shape: tuple[int, int], gsd: float
) -> Image:
    far = np.full(shape, 1e4, np.float32)
    sea = draw_water(rng, weather, far, gsd_m=gsd)
    if rng.random() < 0.15:
        moving = Ship(**vars(ship) | {"speed_m_s": float(rng.uniform(1, 8))})
        west, north = -shape[1] * gsd / 2, shape[0] * gsd / 2
        add_wake(sea, moving, grid(epsg=32652, west_m=west, north_m=north, shape=shape, gsd_m=gsd))
    return sea


def _tops(rng: np.random.Generator, shape: tuple[int, int], gsd: float) -> Image:
    if rng.random() < 0.5:
        return bare_deck(rng, shape, gsd_m=gsd)
    return yards(rng, shape, gsd_m=gsd, angle_deg=float(rng.uniform(0, 90)))


def _company(rng: np.random.Generator, tanker: VariedTanker) -> tuple[list[Quay], list[Solid]]:
    """Draw a quay on one side, a hull or boats near by, or neither."""
    kind = pick(rng, ("none", "quay", "hull", "boats"), (0.70, 0.12, 0.10, 0.08))
    ship, side = tanker.ship, float(rng.choice([-1, 1]))
    if kind == "quay":
        return [_quay(rng, ship, side)], []
    if kind == "hull":
        return [], _neighbour(rng, ship, side)
    boats: list[Solid] = []
    for _ in range(int(rng.integers(1, 4)) if kind == "boats" else 0):
        boat = sample_ship(rng, kind=pick(rng, _BOATS), length_m=rng.uniform(15, 40))
        aside = side * (0.5 * ship.beam_m + 0.5 * boat.beam_m + rng.gamma(1.0, 12.0))
        at = ship.to_world(np.array([[rng.uniform(-0.6, 0.6) * ship.length_m, aside]]))[0]
        boats += solids(_moved(boat, at, ship.heading_deg + float(rng.normal(0, 25))))
    return [], boats


def _quay(rng: np.random.Generator, ship: Ship, side: float) -> Quay:
    near = 0.5 * ship.beam_m + float(rng.gamma(1.5, 2.0))
    far = near + float(rng.uniform(6, 80))
    first, last = sorted(rng.uniform(-1.2, 1.2, 2))
    ends = np.array([(first, near), (last, near), (last, far), (first, far)])
    plan = ends * [ship.length_m, side]
    kind = pick(rng, ("apron", "pier"))
    return Quay(Polygon(ship.to_world(plan)), height_m=float(rng.uniform(0.8, 5)), kind=kind)


def _neighbour(rng: np.random.Generator, ship: Ship, side: float) -> list[Solid]:
    other = varied_tanker(rng)
    gap = float(rng.choice([rng.uniform(1, 5), rng.uniform(5, 60)]))
    aside = side * (0.5 * (ship.beam_m + other.ship.beam_m) + gap)
    at = ship.to_world(np.array([[rng.normal(0, 0.4) * ship.length_m, aside]]))[0]
    turn = ship.heading_deg + float(rng.normal(0, 3)) + 180.0 * int(rng.integers(2))
    east, north = at.tolist()
    return other.placed(east_m=east, north_m=north, heading_deg=turn).solids()


def _moved(ship: Ship, at: Array, heading_deg: float) -> Ship:
    east, north = at.tolist()
    return Ship(**vars(ship) | {"east_m": east, "north_m": north, "heading_deg": heading_deg})


def _exposed(rng: np.random.Generator, sitting: _Sitting, times: int) -> HullChip:
    """Expose fine cells in pixels ``times`` as large as those they were painted for."""
    gsd = sitting.gsd_m * times
    bands = tuple(_BAND_SETS)
    odds = np.array(list(_BAND_SETS.values()))[:, 0 if gsd < 1 else 1]
    chosen = bands[int(rng.choice(len(bands), p=odds / odds.sum()))]
    blur_px = float(rng.uniform(0.35, 0.85))
    halo = float(max(rng.uniform(-0.1, 0.2), 0.0))
    cells = _bands_of(sitting.cells, chosen)
    image = _sampled(cells, times, sitting.factor, blur_px=blur_px, halo=halo)
    if sitting.weather.cloud:
        image = _clouded(rng, image, sitting, chosen, gsd)
    image = _with_noise(rng, image, gsd)
    if rng.random() < 0.3:
        image = _stretched(rng, image)
    seen = rng.random() < _VIEW_KNOWN
    light = sitting.light
    return HullChip(
        image=_cut(rng, image, gsd),
        bands=chosen,
        gsd_m=gsd,
        sun_azimuth_deg=light.sun_azimuth_deg,
        sun_elevation_deg=light.sun_elevation_deg,
        view_azimuth_deg=light.view_azimuth_deg if seen else np.nan,
        view_zenith_deg=light.view_zenith_deg if seen else np.nan,
        blur_px=float(blur_px * np.exp(rng.normal(0, 0.15))),
        known=_known(rng, sitting.tanker.ship, gsd),
        truth=_truth(sitting.tanker),
    )


def _bands_of(cells: Image, bands: tuple[str, ...]) -> Image:
    if bands == ("pan",):
        return np.asarray(cells[:3].mean(0, keepdims=True))
    return cells[[BANDS.index(name) for name in bands]]


def _sampled(cells: Image, times: int, factor: int, *, blur_px: float, halo: float) -> Image:
    """Blur and sample; cells are averaged first as far as each pixel keeps ``factor`` of them.

    ``halo`` is the part of the light that spreads `_HALO_WIDTH` times as far.
    """
    coarse = _averaged(cells, times)
    sharp = _averaged(_blurred(coarse, blur_px * factor), factor)
    if not halo:
        return sharp
    wide = _averaged(_blurred(coarse, _HALO_WIDTH * blur_px * factor), factor)
    return np.asarray((1 - halo) * sharp + halo * wide, np.float32)


def _blurred(image: Image, sigma: float) -> Image:
    for axis in (1, 2):
        image = ndimage.gaussian_filter1d(image, sigma, axis=axis, mode="nearest")
    return image


def _averaged(image: Image, step: int) -> Image:
    bands, rows, columns = image.shape[0], image.shape[1] // step, image.shape[2] // step
    # What is over is cut off evenly, so that the middle stays the middle within a cell.
    top, left = (image.shape[1] - rows * step) // 2, (image.shape[2] - columns * step) // 2
    whole = image[:, top : top + rows * step, left : left + columns * step]
    return np.asarray(whole.reshape(bands, rows, step, columns, step).mean((2, 4)), np.float32)


def _clouded(
    rng: np.random.Generator, image: Image, sitting: _Sitting, bands: tuple[str, ...], gsd: float
) -> Image:
    shape = (image.shape[1], image.shape[2])
    opacity, shadow = clouds(rng, sitting.weather, shape, gsd_m=gsd, light=sitting.light)
    top = _bands_of(cloud_colour(rng, opacity, gsd_m=gsd), bands)
    direct = np.asarray(sitting.light.direct(), np.float32)[:, None, None]
    shade = _bands_of(direct, bands) * shadow
    return np.asarray(image * (1 - 0.85 * shade) * (1 - opacity) + top * opacity, np.float32)


def _with_noise(rng: np.random.Generator, image: Image, gsd: float) -> Image:
    typical = np.interp(gsd, _READ_NOISE["gsd_m"], _READ_NOISE["sigma"])
    read = typical * np.exp(rng.normal(0, 0.4))
    deviation = np.sqrt(read**2 + 3e-6 * np.maximum(image, 0))
    return np.asarray(image + deviation * rng.standard_normal(image.shape, np.float32), np.float32)


def _stretched(rng: np.random.Generator, image: Image) -> Image:
    """A visual product: each band stretched to 8 bits, white decks saturated."""
    low = np.percentile(image, rng.uniform(0, 2), axis=(1, 2), keepdims=True)
    high = np.percentile(image, rng.uniform(97, 100), axis=(1, 2), keepdims=True)
    dark, gamma = rng.uniform(5, 60), rng.choice([1.0, rng.uniform(0.6, 1.0)])
    share = np.clip((image - low) / np.maximum(high - low, 1e-4), 0, None) ** gamma
    return np.asarray(np.clip(np.round(dark + (255 - dark) * share), 0, 255), np.float32)


def _cut(rng: np.random.Generator, image: Image, gsd: float) -> Image:
    """Now and then mask a patch, or everything beyond the edge of an image."""
    if rng.random() > 0.12:
        return image
    rows, columns = image.shape[1:]
    east = (np.arange(columns) - columns / 2) * gsd
    north = (rows / 2 - np.arange(rows)) * gsd
    turn, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.5) * max(rows, columns) * gsd
    if rng.random() < 0.6:
        hidden = east * np.sin(turn) + north[:, None] * np.cos(turn) > reach
    else:
        apart = np.hypot(east - reach * np.sin(turn), north[:, None] - reach * np.cos(turn))
        hidden = apart < rng.uniform(5, 40)
    return np.where(hidden, np.float32(np.nan), image)


def _known(rng: np.random.Generator, ship: Ship, gsd: float) -> KnownHull:
    """What is known of a ship: from a register to a hasty click, errors drawn as they are said."""
    care = float(rng.uniform(0, 1.2))
    length = 1.0 + care * float(np.hypot(0.06 * ship.length_m, 0.7 * gsd))
    heading = 1.0 + 4.0 * care
    place = (0.3 + 0.7 * care) * (0.02 * ship.length_m + 0.6 * gsd)
    if rng.random() < _REGISTERED:  # by a first pass of the network, which leaves little
        left = float(np.exp(rng.uniform(np.log(0.03), 0)))
        heading, place = left * heading, left * place
    east, north = rng.normal(0, place, 2)
    known_length = max(ship.length_m + length * rng.normal(), 0.6 * ship.length_m)
    if rng.random() < 0.2:  # the beam is unknown, but for what is usual
        known_beam = float(usual_beam_m(known_length))
        beam = known_beam * float(np.hypot(1.5 * BEAM_SCATTER, length / known_length))
    else:
        beam = 0.3 + care * float(np.hypot(0.15 * ship.beam_m, 0.5 * gsd))
        known_beam = max(ship.beam_m + beam * rng.normal(), 0.5 * ship.beam_m)
    return KnownHull(
        length_m=float(known_length),
        length_sigma_m=length,
        beam_m=float(known_beam),
        beam_sigma_m=beam,
        heading_deg=float(ship.heading_deg + heading * rng.normal() + 180 * rng.integers(2)),
        heading_sigma_deg=heading,
        east_m=float(ship.east_m + east),
        north_m=float(ship.north_m + north),
        position_sigma_m=float(place),
    )


def _truth(tanker: VariedTanker) -> HullTruth:
    ship, between = tanker.ship, tanker.condition == "between"
    return HullTruth(
        freeboard_m=ship.freeboard_m,
        length_m=ship.length_m,
        beam_m=ship.beam_m,
        heading_deg=ship.heading_deg,
        east_m=ship.east_m,
        north_m=ship.north_m,
        laden=None if between else tanker.condition == "laden",
    )
