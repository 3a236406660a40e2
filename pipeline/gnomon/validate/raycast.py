r"""Tankers of a held-out family, ray-cast: the judge of the freeboard estimate.

Nothing here is shared with the simulator that networks are trained on, nor with the model that is
fitted: no outlines, no half planes, no painted prisms. A ship is a field of heights in its own
frame. For every fine sample of the image a ray comes down from the sensor to the first height that
meets it, and another goes from there towards three points of the sun's disc::

        sun o                        sensor
             .      \ |             /
               .     \|           /
                 . __|__       /      march down until z <= field(q + z tan(zenith) v),
                  |     |.   /        then towards the sun until z > all that is left
    ~~~~~~~~~~~~~~|~~~~~|~.~~~~~~~

The family: superelliptic waterlines, a continuous sheer with camber, a bulwark all round the bow,
single pipes on stools, round tanks on some, a cylindrical funnel, a jib on a king post. Freeboards
are those of MARPOL's reference draught in ballast and of a power law of the length laden. Water has
facets that glint with their slope, and light that scatters into the shadow from the water beside
it; the point spread has a halo. None of that is in the other two.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gnomon.simulate.pixels.exposures import HullChip, HullTruth, KnownHull
from gnomon.workflow.loads import sigma_of

Floats = NDArray[np.float64]
_CELL_M = 0.2
_ROOM_M = 62.0
_STEPS = 48
_SUN_RADIUS_DEG = 0.26
_SCATTER_M = 0.8
"""Reach of the light that fills a shadow's edge from the sunlit water beside it."""
_BANDS = ("blue", "green", "red", "nir")
_SKY = np.array([0.30, 0.22, 0.15, 0.09])
"""Part of the light on level ground that comes from the sky, with a clear sun at 45 degrees."""


@dataclass(frozen=True)
class _Hull:
    """Heights above water and colours on a grid: along (first axis) and to starboard."""

    height_m: Floats
    colour: Floats
    """(bands, along, across), reflectance of the top."""
    wall: Floats
    """(bands,)"""

    def at(self, ahead: Floats, starboard: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Indices of the nearest cells; the outermost are water."""
        rows, columns = self.height_m.shape
        i = np.rint(ahead / _CELL_M + (rows - 1) / 2).astype(np.intp)
        j = np.rint(starboard / _CELL_M + (columns - 1) / 2).astype(np.intp)
        return i.clip(0, rows - 1), j.clip(0, columns - 1)


@dataclass(frozen=True)
class _Sky:
    """Directions in the hull's frame (ahead, starboard), and their slopes."""

    sun: Floats
    sun_elevation_deg: float
    view: Floats
    lean: float


def raycast_chip(
    seed: tuple[int, ...], *, length_m: float, gsd_m: float, sun_elevation_deg: float
) -> HullChip:
    """Draw a tanker of the held-out family and take its picture.

    Parameters
    ----------
    seed
        Decides everything that is not given.
    length_m, gsd_m, sun_elevation_deg
        Of ship, instrument and sun. Below a metre the image is panchromatic.

    """
    rng = np.random.default_rng(seed)
    beam = length_m / rng.uniform(5.6, 7.2)
    laden = bool(rng.integers(2))
    freeboard = _freeboard(rng, length_m, laden=laden)
    hull = _hull(rng, length_m, beam, freeboard, laden=laden)
    heading, sun, view = rng.uniform(0, 2 * np.pi, 3)
    zenith = float(rng.uniform(0, 10 if gsd_m > 1 else 25))
    sky = _Sky(_seen(sun, heading), sun_elevation_deg, _seen(view, heading),
               np.tan(np.deg2rad(zenith)))  # fmt: skip
    offset = rng.uniform(-0.5, 0.5, 2) * gsd_m
    image = _taken(rng, hull, sky, heading, offset, length_m, gsd_m)
    bands: tuple[str, ...] = _BANDS
    if gsd_m < 1:
        image, bands = image[:3].mean(0, keepdims=True), ("pan",)
    image += rng.normal(0, np.interp(gsd_m, (0.5, 3, 10), (0.0015, 0.002, 0.0008)), image.shape)
    known = _clicked(rng, length_m, beam, float(np.rad2deg(heading)), offset, gsd_m)
    return HullChip(
        image=image.astype(np.float32),
        bands=bands,
        gsd_m=gsd_m,
        sun_azimuth_deg=float(np.rad2deg(sun)),
        sun_elevation_deg=sun_elevation_deg,
        view_azimuth_deg=float(np.rad2deg(view)),
        view_zenith_deg=zenith,
        blur_px=0.5,
        known=known,
        truth=HullTruth(
            freeboard_m=freeboard,
            length_m=length_m,
            beam_m=beam,
            heading_deg=float(np.rad2deg(heading)),
            east_m=float(offset[0]),
            north_m=float(offset[1]),
            laden=laden,
        ),
    )


def _seen(azimuth: float, heading: float) -> Floats:
    return np.array([np.cos(azimuth - heading), np.sin(azimuth - heading)])


def _freeboard(rng: np.random.Generator, length: float, *, laden: bool) -> float:
    """Of the deck at side, amidships, metres."""
    if laden:
        return float(0.75 * (length / 70) ** 2.1 * np.exp(rng.normal(0, 0.18)))
    depth = length / rng.uniform(12.2, 13.6)
    return float(depth - (2.0 + 0.02 * length) * rng.uniform(0.75, 1.05))


def _hull(
    rng: np.random.Generator, length: float, beam: float, freeboard: float, *, laden: bool
) -> _Hull:
    half = (length / 2 + 2, beam / 2 + 2)
    x, y = (np.arange(-h, h + _CELL_M / 2, _CELL_M) for h in half)
    x, y = x[:, None] / length, y[None] / beam
    fore, aft = rng.uniform(4.5, 9), rng.uniform(8, 16)
    power = np.where(x > 0, fore, aft)
    breadth = 0.5 * np.clip(1 - np.abs(2 * x) ** power, 0, None) ** (1 / rng.uniform(1.6, 2.4))
    inside = np.abs(y) < breadth
    sheer = rng.uniform(0.002, 0.009) * length * np.abs(2 * x) ** rng.uniform(2, 3)
    trim = rng.uniform(0, 0.002 if laden else 0.010) * length * x
    # Cambered: higher amidships than at the side.
    deck = freeboard + sheer * np.where(x > 0, 1, 0.4) + np.minimum(trim, 0.6 * freeboard)
    deck = deck + rng.uniform(0.01, 0.03) * beam * (0.25 - y**2) * 4
    forward = x > rng.uniform(0.34, 0.44)
    deck = deck + forward * rng.choice([0.0, rng.uniform(1.5, 2.6)])
    edge = inside & ~ndimage.binary_erosion(inside, iterations=2) & (x > 0.2)
    top = deck + edge * rng.uniform(0, 1.1)
    shape = np.broadcast_shapes(x.shape, y.shape)
    paint = rng.lognormal(np.log(0.11), 0.45) * np.exp(rng.normal(0, 0.22, 4))
    wear = ndimage.gaussian_filter(rng.normal(size=shape), (12, 4))
    grain = 1 + 0.15 * wear / wear.std() + 0.08 * rng.normal(size=shape)
    colour = np.clip(paint[:, None, None] * grain, 0.01, 0.8)
    for where, above, tone in _fittings(rng, x, y, length, beam):
        top = np.where(where & inside, np.maximum(top, deck + above), top)
        colour = np.where(where & inside, tone[:, None, None], colour)
    wall = rng.lognormal(np.log(0.06), 0.4) * np.exp(rng.normal(0, 0.2, 4))
    return _Hull(np.where(inside, top, 0.0), colour, wall)


def _fittings(
    rng: np.random.Generator, x: Floats, y: Floats, length: float, beam: float
) -> list[tuple[NDArray[np.bool_], float, Floats]]:
    """What stands on the deck: where, how high, and its reflectance."""
    white = np.full(4, rng.uniform(0.25, 0.5))
    grey = np.full(4, rng.uniform(0.08, 0.3))
    parts: list[tuple[NDArray[np.bool_], float, Floats]] = []
    middle = (x > -0.28) & (x < 0.36)
    parts += [
        (middle & (np.abs(y - at) < 0.3 / beam), float(rng.uniform(0.8, 1.8)), grey)
        for at in rng.uniform(-0.12, 0.12, int(rng.integers(2, 7)))
    ]
    if rng.random() < 0.25:
        tall, places = float(rng.uniform(1, 3.5)), np.linspace(-0.2, 0.3, int(rng.integers(3, 6)))
        radius = 0.33 * beam
        parts += [(np.hypot((x - at) * length, y * beam) < radius, tall, white) for at in places]
    post = np.hypot((x - 0.06) * length, y * beam) < 0.9
    parts.append((post, float(rng.uniform(6, 12)), grey))
    jib = (np.abs(y - 0.04) < 0.5 / beam) & (x > 0.06) & (x < 0.06 + 12 / length)
    parts.append((jib, float(rng.uniform(4, 8)), grey))
    at, deep = rng.uniform(-0.42, -0.36), rng.uniform(9, 16) / length
    tall = 3.5 + 0.085 * length * np.exp(rng.normal(0, 0.15))
    for share, wide, long in ((0.45, 0.46, 1.0), (0.8, 0.36, 0.75), (1.0, 0.30, 0.5)):
        block = (np.abs(x - at) < long * deep / 2) & (np.abs(y) < wide)
        parts.append((block, share * tall, white))
    funnel = np.hypot((x - at + 0.6 * deep) * length, y * beam) < rng.uniform(1.2, 2.4)
    parts.append((funnel, 0.95 * tall, np.exp(rng.normal(np.log(0.1), 0.4, 4))))
    return parts


def _taken(
    rng: np.random.Generator,
    hull: _Hull,
    sky: _Sky,
    heading: float,
    offset: Floats,
    length: float,
    gsd: float,
) -> Floats:
    """Image in four bands, north up, the ship at an offset from the middle."""
    fine = int(np.clip(round(gsd / 0.5), 3, 10))
    count = int(2 * np.ceil((length / 2 + _ROOM_M) / gsd)) * fine
    side = gsd / fine
    place = (np.arange(count) - (count - 1) / 2) * side
    east, north = place[None] - offset[0], -place[:, None] - offset[1]
    ahead = east * np.sin(heading) + north * np.cos(heading)
    starboard = east * np.cos(heading) - north * np.sin(heading)
    lit, water = _water(rng, ahead, starboard)
    near = _reached(hull, sky, ahead, starboard)
    top, colour, bright = _cast(hull, sky, ahead[near], starboard[near])
    light = np.ones(ahead.shape)
    light[near] = np.where(top > 0, 1.0, bright)
    light = ndimage.gaussian_filter(light, _SCATTER_M / side)
    # On the water the shadow takes the direct part of the light away; the path stays.
    share = 1 - _SKY * (1 + 0.6 * (45 - sky.sun_elevation_deg) / 45)
    image = water + lit * (1 - share[:, None, None] * (1 - light))
    solid = colour * (1 - share[:, None] * (1 - bright))
    image[:, near] = np.where(top > 0, solid, image[:, near])
    return _sensed(image, fine)


def _water(rng: np.random.Generator, ahead: Floats, starboard: Floats) -> tuple[Floats, Floats]:
    """Light from the water that the sun gives, and what no shadow takes away."""
    body = np.array([0.024, 0.030, 0.016, 0.008]) * np.exp(rng.normal(0, 0.35))
    body = body + rng.gamma(1, 0.3) * np.array([0.01, 0.02, 0.02, 0.008])
    slope = np.zeros(ahead.shape)
    for wave in np.exp(rng.uniform(np.log(3), np.log(120), 14)):
        turn = rng.normal(0, 0.6)
        phase = (ahead * np.cos(turn) + starboard * np.sin(turn)) * 2 * np.pi / wave
        slope += np.sqrt(wave) * np.cos(phase + rng.uniform(0, 2 * np.pi))
    slope = slope / slope.std() + 0.4 * rng.normal(size=slope.shape)
    glint = rng.gamma(1.3, 0.005) * np.exp(0.25 * slope)
    haze = rng.gamma(2, 0.004) * np.array([1, 0.9, 0.75, 0.6])
    return body[:, None, None] + glint, haze[:, None, None] + np.zeros_like(glint)


def _reached(hull: _Hull, sky: _Sky, ahead: Floats, starboard: Floats) -> NDArray[np.bool_]:
    """Samples that the hull, its lean or its shadow can touch."""
    tall = hull.height_m.max()
    half = np.array(hull.height_m.shape) * _CELL_M / 2
    shade = -sky.sun * tall / np.tan(np.deg2rad(sky.sun_elevation_deg))
    ends = np.array([shade, -sky.view * sky.lean * tall, (0, 0)])
    low, high = ends.min(0) - half, ends.max(0) + half
    near: NDArray[np.bool_] = (ahead > low[0]) & (ahead < high[0])
    near &= (starboard > low[1]) & (starboard < high[1])
    return near


def _cast(
    hull: _Hull, sky: _Sky, ahead: Floats, starboard: Floats
) -> tuple[Floats, Floats, Floats]:
    """Height that each ray meets, its reflectance (bands, rays), and the sun it gets, 0 to 1."""
    tall = float(hull.height_m.max())
    met, field = np.zeros(len(ahead)), np.zeros(len(ahead))
    open_ray = np.ones(len(ahead), bool)
    for z in np.linspace(tall, 0.05, 2 * _STEPS):
        i, j = hull.at(ahead + z * sky.lean * sky.view[0], starboard + z * sky.lean * sky.view[1])
        hit = open_ray & (hull.height_m[i, j] >= z)
        met[hit], field[hit] = z, hull.height_m[i, j][hit]
        open_ray &= ~hit
    at = (ahead + met * sky.lean * sky.view[0], starboard + met * sky.lean * sky.view[1])
    side = field - met > 1.5 * tall / (2 * _STEPS)
    i, j = hull.at(*at)
    colour = np.where(side, 0.6 * hull.wall[:, None], hull.colour[:, i, j])
    start = np.where(side, met, np.where(met > 0, field, 0.0))
    bright = np.mean(
        [
            _sunlit(hull, sky, at, start, tall, sky.sun_elevation_deg + up)
            for up in (-0.6 * _SUN_RADIUS_DEG, 0.0, 0.6 * _SUN_RADIUS_DEG)
        ],
        axis=0,
    )
    return met, colour, bright


def _sunlit(
    hull: _Hull,
    sky: _Sky,
    at: tuple[Floats, Floats],
    start: Floats,
    tall: float,
    elevation_deg: float,
) -> NDArray[np.bool_]:
    cot = 1 / np.tan(np.deg2rad(elevation_deg))
    lit = np.ones(len(start), bool)
    for share in (np.arange(_STEPS) + 0.5) / _STEPS:
        # Denser near the surface, where low edges are.
        up = (tall - start) * share**1.5
        i, j = hull.at(at[0] + up * cot * sky.sun[0], at[1] + up * cot * sky.sun[1])
        lit &= hull.height_m[i, j] <= start + up + 0.05
    return lit


def _sensed(image: Floats, fine: int) -> Floats:
    """A point spread with a halo, then means over pixels."""
    spread = [ndimage.gaussian_filter(image, (0, s * fine, s * fine)) for s in (0.42, 1.1)]
    mixed = 0.88 * spread[0] + 0.12 * spread[1]
    bands, rows, columns = mixed.shape
    means: Floats = mixed.reshape(bands, rows // fine, fine, columns // fine, fine).mean((2, 4))
    return means


def _clicked(
    rng: np.random.Generator,
    length: float,
    beam: float,
    heading_deg: float,
    offset: Floats,
    gsd: float,
) -> KnownHull:
    """What a click on the ship would give, drawn about the truth."""
    length_sigma, beam_sigma = sigma_of("length_m", length, gsd), sigma_of("beam_m", beam, gsd)
    place = 0.02 * length + 0.6 * gsd
    east, north = offset + rng.normal(0, place, 2)
    return KnownHull(
        length_m=max(length + length_sigma * rng.normal(), 0.6 * length),
        length_sigma_m=length_sigma,
        beam_m=max(beam + beam_sigma * rng.normal(), 0.5 * beam),
        beam_sigma_m=beam_sigma,
        heading_deg=heading_deg + 4 * rng.normal() + 180 * float(rng.integers(2)),
        heading_sigma_deg=4.0,
        east_m=float(east),
        north_m=float(north),
        position_sigma_m=place,
    )
