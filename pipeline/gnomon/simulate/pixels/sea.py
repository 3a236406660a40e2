"""Water, land and cloud as textures on the pixel grid.

Water is clear water, suspended matter that grows towards the shore, and sun glint that slicks,
gusts and waves modulate. Levels are those of Sentinel-2 L2A over ports: blue, green, red, nir and
swir16 of .022 .018 .007 .004 .002 for clear water (Marseille, Durban), .08 .10 .07 .04 .03 for
turbid (Klang), up to .10 .10 .08 .08 .07 under haze and glint (Cartagena, Algiers).

Textures are Gaussian fields with a power-law spectrum (Voss 1985), wavelengths in metres, so that
a scene is alike at every ground sampling distance. Towns, fields and yards are patchworks:
rotated grids of random cells with colours from a palette.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import fft, ndimage

from gnomon.simulate.pixels.instrument import Image
from gnomon.simulate.pixels.light import Light
from gnomon.simulate.pixels.ships import Array

_CLEAR = np.array([0.022, 0.018, 0.007, 0.004, 0.002])
_GREENISH = np.array([0.030, 0.046, 0.019, 0.009, 0.005])
_TURBID = np.array([0.080, 0.097, 0.074, 0.040, 0.020])
# Glint is white but for the falling refractive index; haze is bluish.
_GLINT = np.array([1.0, 1.0, 0.98, 0.95, 0.85])
_HAZE = np.array([1.0, 0.95, 0.80, 0.70, 0.45])

_ROOFS = np.array(
    [
        (0.08, 0.10, 0.15, 0.19, 0.22),  # tiles
        (0.10, 0.11, 0.14, 0.18, 0.20),
        (0.15, 0.17, 0.19, 0.22, 0.24),  # concrete
        (0.20, 0.22, 0.23, 0.25, 0.25),
        (0.36, 0.37, 0.37, 0.38, 0.34),  # bright metal
        (0.05, 0.06, 0.065, 0.08, 0.09),  # tar
        (0.21, 0.19, 0.15, 0.18, 0.17),  # blue metal
        (0.03, 0.055, 0.04, 0.26, 0.14),  # trees
    ]
)
_FIELDS = np.array(
    [
        (0.03, 0.06, 0.035, 0.38, 0.17),
        (0.035, 0.06, 0.04, 0.30, 0.16),
        (0.05, 0.08, 0.08, 0.27, 0.22),
        (0.07, 0.10, 0.13, 0.24, 0.28),
        (0.09, 0.13, 0.18, 0.26, 0.33),
        (0.12, 0.16, 0.21, 0.28, 0.34),
    ]
)
_YARD = np.array(
    [
        (0.17, 0.19, 0.20, 0.22, 0.24),  # concrete
        (0.25, 0.27, 0.28, 0.30, 0.30),
        (0.10, 0.11, 0.12, 0.14, 0.16),  # asphalt
        (0.13, 0.15, 0.17, 0.20, 0.23),
        (0.04, 0.04, 0.045, 0.05, 0.06),  # coal
        (0.08, 0.09, 0.14, 0.18, 0.22),  # ore
    ]
)
_BOXES = np.array(
    [
        (0.08, 0.08, 0.17, 0.20, 0.20),
        (0.16, 0.13, 0.10, 0.13, 0.14),
        (0.16, 0.17, 0.18, 0.20, 0.20),
        (0.30, 0.31, 0.31, 0.32, 0.28),
        (0.09, 0.12, 0.19, 0.23, 0.22),
        (0.14, 0.15, 0.16, 0.18, 0.19),
        (0.06, 0.10, 0.09, 0.13, 0.13),
    ]
)
_ICE = np.array([0.46, 0.46, 0.43, 0.36, 0.05])
_FOREST = np.array([0.022, 0.038, 0.024, 0.24, 0.11])
_SCRUB = np.array([0.05, 0.075, 0.085, 0.20, 0.22])
_SAND = np.array([0.16, 0.20, 0.24, 0.28, 0.32])


@dataclass(frozen=True, kw_only=True)
class Weather:
    """State of the air and of the water surface."""

    haze: float = 0.005
    """Path reflectance that the correction left, blue."""
    aerosol: float = 0.12
    """Optical thickness at 0.55 um; softens shadows."""
    glint: float = 0.005
    """Mean reflectance of sun glint."""
    slicks: float = 0.5
    """How much of the glint the slicks take away, 0 to 1."""
    roughness: float = 0.1
    """Relative deviation of the glint by waves."""
    swell_m: float = 90.0
    """Wavelength of the dominant waves."""
    whitecaps: float = 0.0
    """Fraction of pixels with foam."""
    turbidity: float = 0.1
    """Of the open water: 0 clear, 1 as at Klang."""
    plume: float = 0.3
    """Turbidity that the shore adds."""
    cloud: float = 0.0
    """Fraction of the scene under cloud."""
    cloud_opacity: float = 1.0
    """Greatest opacity of the cloud: thin cloud 0.3, overcast 1."""
    ice: float = 0.0
    """Fraction of the water under floes."""
    green: float = 0.7
    """How green the land is: 0 winter, 1 high summer."""

    def path(self) -> Array:
        """Reflectance that lies over land and water alike and that no shadow takes away."""
        return np.asarray(self.haze * _HAZE + 0.001)


def texture(
    rng: np.random.Generator,
    shape: tuple[int, int],
    *,
    gsd_m: float,
    longest_m: float,
    shortest_m: float = 0.0,
    slope: float = 1.5,
    stretch: tuple[float, float] = (1.0, 0.0),
) -> Image:
    """Gaussian field of mean 0 and deviation 1 with amplitude ``k**-slope``.

    Parameters
    ----------
    longest_m, shortest_m
        Wavelengths between which the field varies.
    slope
        Of the amplitude over the wave number; 1.5 resembles cloud, 0 is noise.
    stretch
        How many times longer than wide the patterns are, and their direction in degrees.

    """
    gain = _gain(shape, gsd_m, longest_m, max(shortest_m, 2 * gsd_m), slope, stretch)
    spectrum = rng.standard_normal((*gain.shape, 2)).view(np.complex128)[..., 0]
    field = fft.irfft2(spectrum * gain, s=shape)
    return np.asarray((field - field.mean()) / (field.std() + 1e-12), np.float32)


@lru_cache(maxsize=16)
def _gain(
    shape: tuple[int, int],
    gsd_m: float,
    longest_m: float,
    shortest_m: float,
    slope: float,
    stretch: tuple[float, float],
) -> Array:
    """Amplitude of each wave of a real field; scenes of one grid use the same ones again."""
    north = fft.fftfreq(shape[0], gsd_m)[:, None]
    east = fft.rfftfreq(shape[1], gsd_m)[None]
    times, towards = stretch[0], np.deg2rad(stretch[1])
    along = (east * np.sin(towards) - north * np.cos(towards)) * times
    across = east * np.cos(towards) + north * np.sin(towards)
    k = np.hypot(along, across)
    within = (k > 0) & (k < 1 / shortest_m)
    wave = k[within]
    gain = np.zeros(k.shape)
    gain[within] = wave**-slope / (1 + (1 / (wave * longest_m)) ** 4)
    gain.flags.writeable = False
    return gain


def draw_water(
    rng: np.random.Generator,
    weather: Weather,
    shore_m: Image,
    *,
    gsd_m: float,
) -> Image:
    """Reflectance of open water without the path, (5, height, width).

    Parameters
    ----------
    shore_m
        Distance from land, metres; negative on land.

    """
    shape = (shore_m.shape[0], shore_m.shape[1])
    flow = float(rng.uniform(0, 180))
    stir = texture(rng, shape, gsd_m=gsd_m, longest_m=2500, slope=1.6, stretch=(2.5, flow))
    near = np.exp(-np.maximum(shore_m, 0) / rng.uniform(150, 600)) * weather.plume
    matter = np.clip(weather.turbidity * (1 + 0.35 * stir) + near * (1 + 0.5 * stir), 0, 1.2)
    low = np.minimum(matter, 0.35) / 0.35
    high = np.maximum(matter - 0.35, 0) / 0.65
    body = (
        _CLEAR[:, None, None]
        + low * (_GREENISH - _CLEAR)[:, None, None]
        + high * (_TURBID - _GREENISH)[:, None, None]
    )
    glint = weather.glint * _ruffle(rng, weather, shape, flow=flow, gsd_m=gsd_m)
    foam = _foam(rng, weather, shape)
    sea = body + (glint + foam) * _GLINT[:, None, None]
    return np.asarray(_floes(rng, weather, sea, gsd_m=gsd_m), np.float32)


def _floes(rng: np.random.Generator, weather: Weather, sea: Image, *, gsd_m: float) -> Image:
    """Sea with ice on it: floes of 50 to 800 m with sharp edges, some of them thin and grey."""
    if not weather.ice:
        return sea
    shape = (sea.shape[1], sea.shape[2])
    field = texture(rng, shape, gsd_m=gsd_m, longest_m=800, shortest_m=40, slope=1.5)
    thick = np.clip(
        1 + 0.35 * texture(rng, shape, gsd_m=gsd_m, longest_m=900, slope=1.5), 0.15, 1.3
    )
    edge = np.quantile(field, 1 - min(weather.ice, 1.0))
    cover = np.clip((field - edge) / 0.08, 0, 1) * np.clip(thick + 0.3, 0, 1)
    return np.asarray(sea * (1 - cover) + _ICE[:, None, None] * thick * cover, np.float32)


def _ruffle(
    rng: np.random.Generator, weather: Weather, shape: tuple[int, int], *, flow: float, gsd_m: float
) -> Image:
    """Glint relative to its mean: gusts, slicks, waves, and the step between two detectors."""
    gusts = texture(rng, shape, gsd_m=gsd_m, longest_m=4000, slope=1.4)
    streaks = texture(
        rng, shape, gsd_m=gsd_m, longest_m=1800, slope=1.35, stretch=(rng.uniform(1.5, 4), flow)
    )
    where = texture(rng, shape, gsd_m=gsd_m, longest_m=6000, slope=2.0)
    slick = np.exp(-((streaks / 0.16) ** 2)) * np.clip(0.5 + where, 0, 1)
    swell = texture(
        rng,
        shape,
        gsd_m=gsd_m,
        longest_m=weather.swell_m * 1.3,
        shortest_m=weather.swell_m * 0.5,
        slope=0.5,
        stretch=(0.45, flow + 90),
    )
    chop = texture(rng, shape, gsd_m=gsd_m, longest_m=40, slope=0.3)
    field = (1 + 0.22 * gusts) * (1 - weather.slicks * slick)
    field = field * (1 + weather.roughness * (0.7 * swell + 0.7 * chop))
    if rng.random() < 0.35:
        # Neighbouring detectors see the glint from slightly different directions.
        row, column = np.indices(shape)
        edge = shape[1] * rng.uniform(0.2, 0.8) - 0.2 * row
        field = field * np.where(column > edge, rng.uniform(1.05, 1.3), 1.0)
    return np.asarray(np.clip(field, 0.05, 4), np.float32)


def _foam(rng: np.random.Generator, weather: Weather, shape: tuple[int, int]) -> Image:
    """Whitecaps: single pixels, brighter in gusts."""
    if not weather.whitecaps:
        return np.zeros(shape, np.float32)
    hit = rng.random(shape) < weather.whitecaps
    return np.asarray(hit * rng.gamma(1.5, 0.012, shape), np.float32)


def draw_land(rng: np.random.Generator, weather: Weather, shore_m: Image, *, gsd_m: float) -> Image:
    """Natural and built-up land without the path, (5, height, width).

    Woods and scrub on hills that the sun models, fields between, towns near the shore, and sand or
    rock at the edge.
    """
    shape = (shore_m.shape[0], shore_m.shape[1])
    relief = texture(rng, shape, gsd_m=gsd_m, longest_m=2500, slope=1.7)
    slope = np.gradient(relief)[1] / gsd_m * 150
    fine = texture(rng, shape, gsd_m=gsd_m, longest_m=120, slope=0.6)
    sparse = texture(rng, shape, gsd_m=gsd_m, longest_m=1500, slope=1.3)
    cover = np.clip(weather.green + 0.35 * sparse + 0.1 * fine, 0, 1)
    wild = _SCRUB[:, None, None] + cover * (_FOREST - _SCRUB)[:, None, None]
    wild = wild * np.clip(1 + 0.35 * slope + 0.12 * fine, 0.3, 2)
    fields = patchwork(rng, shape, _FIELDS, gsd_m=gsd_m, cell_m=(60, 260), gap_m=8)
    fields = fields * (0.93 + 0.07 * fine)
    streets = patchwork(rng, shape, _ROOFS, gsd_m=gsd_m, cell_m=(12, 70), gap_m=11)
    works = patchwork(rng, shape, _ROOFS[2:], gsd_m=gsd_m, cell_m=(30, 140), gap_m=18)
    farmed = (relief < 0.1) & (sparse + 0.3 * relief < 0.2)
    image = np.where(farmed, fields, wild)
    settled = texture(rng, shape, gsd_m=gsd_m, longest_m=2200, slope=1.4)
    settled = settled + 1.2 * np.exp(shore_m / 900) - 0.5 * relief
    image = np.where(settled > 0.7, streets * (0.9 + 0.12 * fine), image)
    image = np.where((settled > 1.2) & (relief < 0.3), works * (0.95 + 0.08 * fine), image)
    beach = np.exp(-((shore_m / 18) ** 2)) * np.clip(0.5 + sparse, 0, 1)
    image = image * (1 - beach) + _SAND[:, None, None] * beach
    return np.asarray(np.clip(image, 0.005, 0.8), np.float32)


def yards(
    rng: np.random.Generator, shape: tuple[int, int], *, gsd_m: float, angle_deg: float
) -> Image:
    """Tops of quays: concrete, asphalt, boxes in rows, sheds, heaps, (5, height, width)."""
    turn = {"gsd_m": gsd_m, "angle_deg": angle_deg}
    bare = patchwork(rng, shape, _YARD[:4], cell_m=(60, 300), gap_m=0, **turn)
    boxes = patchwork(rng, shape, _BOXES, cell_m=(10, 32), gap_m=9, **turn)
    sheds = patchwork(rng, shape, _ROOFS[:6], cell_m=(30, 130), gap_m=22, **turn)
    heaps = patchwork(rng, shape, _YARD[3:], cell_m=(50, 160), gap_m=14, **turn)
    uses = patchwork(rng, shape, np.arange(4.0)[:, None], cell_m=(150, 420), spread=0, **turn)[0]
    image = np.choose(np.round(uses).astype(int), [bare, boxes, sheds, heaps])
    grain = texture(rng, shape, gsd_m=gsd_m, longest_m=60, slope=0.4)
    return np.asarray(np.clip(image * (1 + 0.09 * grain), 0.02, 0.8), np.float32)


def bare_deck(rng: np.random.Generator, shape: tuple[int, int], *, gsd_m: float) -> Image:
    """Tops of piers and breakwaters: weathered concrete or stone."""
    grain = texture(rng, shape, gsd_m=gsd_m, longest_m=90, slope=0.6)
    grey = _YARD[3] * rng.uniform(0.8, 1.5)
    return np.asarray(grey[:, None, None] * np.clip(1 + 0.15 * grain, 0.4, 2), np.float32)


def patchwork(
    rng: np.random.Generator,
    shape: tuple[int, int],
    palette: Array,
    *,
    gsd_m: float,
    cell_m: tuple[float, float],
    gap_m: float = 0.0,
    angle_deg: float | None = None,
    spread: float = 0.16,
) -> Image:
    """Cells of a rotated irregular grid, each with a colour of the palette.

    Parameters
    ----------
    palette
        Colours, (n, bands).
    cell_m
        Shortest and longest side of a cell.
    gap_m
        Width of the streets between the cells; they are grey.
    angle_deg
        Direction of the rows, clockwise from north; random if left out.
    spread
        Relative deviation of the brightness from cell to cell.

    """
    angle = np.deg2rad(rng.uniform(0, 90) if angle_deg is None else angle_deg)
    north, east = -np.arange(shape[0])[:, None] * gsd_m, np.arange(shape[1])[None] * gsd_m
    axes = (
        east * np.sin(angle) + north * np.cos(angle),
        east * np.cos(angle) - north * np.sin(angle),
    )
    index, inside = [], np.ones(shape, bool)
    for axis, longer in zip(axes, (1.6, 1.0), strict=True):
        span = float(axis.max() - axis.min()) + 2 * cell_m[1]
        widths = rng.uniform(*cell_m, int(span / cell_m[0]) + 2) * longer
        edges = axis.min() - widths[0] * rng.random() + np.cumsum(widths) - widths[0]
        place = np.clip(np.searchsorted(edges, axis) - 1, 0, len(edges) - 1)
        if gap_m:
            inside &= axis - edges[place] > gap_m
        index.append(place)
    size = (index[0].max() + 1, index[1].max() + 1)
    colours = palette[rng.integers(len(palette), size=size)]
    if spread:
        colours = colours * np.exp(rng.normal(0, spread, (*size, 1)))
    image = colours[index[0], index[1]]
    if gap_m:
        image[~inside] = _YARD[2] * 0.9
    return np.asarray(np.moveaxis(image, -1, 0), np.float32)


def clouds(
    rng: np.random.Generator,
    weather: Weather,
    shape: tuple[int, int],
    *,
    gsd_m: float,
    light: Light,
) -> tuple[Image, Image]:
    """Opacity of the cloud and of its shadow on the ground, (height, width) each, 0 to 1."""
    if weather.cloud <= 0:
        return np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    field = texture(rng, shape, gsd_m=gsd_m, longest_m=3000, slope=1.55)
    edge = np.quantile(field, 1 - min(weather.cloud, 1.0))
    # An overcast sky has no edges: its opacity follows the field alone.
    opacity = np.clip((field - edge) / 0.7, 0, 1) ** 0.8 * weather.cloud_opacity
    if weather.cloud > 0.97:
        opacity = np.clip(0.75 + 0.1 * field, 0.3, 1) * weather.cloud_opacity
    offset = light.shadow(rng.uniform(700, 1800)) / gsd_m
    shift = (float(-offset[1]), float(offset[0]))
    shadow = ndimage.shift(opacity, shift, order=1, mode="grid-wrap")
    return np.asarray(opacity, np.float32), np.asarray(shadow, np.float32)


def cloud_colour(rng: np.random.Generator, opacity: Image, *, gsd_m: float) -> Image:
    """Reflectance of the cloud's top, (5, height, width)."""
    shape = (opacity.shape[0], opacity.shape[1])
    lumps = texture(rng, shape, gsd_m=gsd_m, longest_m=700, slope=1.2)
    level = 0.42 + 0.3 * opacity + 0.05 * lumps
    tint = np.array([1.0, 0.98, 0.98, 1.02, 0.72])
    return np.asarray(tint[:, None, None] * level, np.float32)
