"""Labelled scenes, and the chips that training cuts out of them.

A label is an outline. What the network learns is the oriented rectangle around it, in pixels:
centre (x right, y down, the first pixel covering 0 to 1), length, beam, and the angle of the axis
clockwise from the top of the image. Each chip is cut through a random rotation, flip and scale, and
its light is changed band by band, because harbours differ more than ships do.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import shapely
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from gnomon.detect.network import STRIDE

Floats = NDArray[np.float32]

CHIP_PX = 128
"""Side of a training chip: 1.3 km at 10 m, four times the longest hull."""


SHORE = 0.08
"""Darkest band's reflectance: water below, most of what is not water above."""


@dataclass(frozen=True)
class Labelled:
    """A scene with all its ships of 50 m and more outlined."""

    name: str
    bands: Tensor
    """(bands, rows, columns) reflectance, not finite where nothing was seen."""
    present: Tensor
    """(bands,), 1 where the scene has the band."""
    ships: Floats
    """(ships, 5): x, y, length, beam in pixels, angle in degrees."""
    ignored: Tensor | None = None
    """(rows, columns), true where nobody knows whether there is a ship; None where all is known."""
    hard: Floats = field(default_factory=lambda: np.empty((0, 2), np.float32))
    """(places, 2), x and y: what was taken for a ship and is none."""


@dataclass(frozen=True)
class Targets:
    """What the network should say of a batch of chips; maps at the output stride."""

    centre: Tensor
    """(chips, 1, rows, columns): 1 at a hull's centre, falling off along and across the hull."""
    shift: Tensor
    size: Tensor
    axis: Tensor
    hull: Tensor
    counted: Tensor
    """(chips, 1, rows, columns): 1 where the truth is known, 0 where nothing is to be learned."""

    def to(self, device: torch.device) -> "Targets":
        """On a device."""
        return replace(self, **{name: part.to(device) for name, part in vars(self).items()})


@dataclass(frozen=True)
class Loose:
    """How much wider than the hull a set of outlines is drawn, metres."""

    length_m: float = 0.0
    beam_m: float = 0.0


def labelled(
    name: str,
    pixels: xr.Dataset,
    outlines: gpd.GeoDataFrame,
    *,
    bands: Sequence[str],
    loose: Loose | None = None,
) -> Labelled:
    """Pixels and outlines to a scene that training can cut chips from.

    Parameters
    ----------
    name
        For messages and for splitting by port.
    pixels
        Reflectances on an odc-geo GeoBox.
    outlines
        Polygons in any CRS.
    bands
        The network's bands; those that the pixels lack are marked missing.
    loose
        How loosely the outlines were drawn.

    """
    shape = (pixels.sizes["y"], pixels.sizes["x"])
    empty = np.full(shape, np.nan, np.float32)
    stack = np.stack([pixels[b].to_numpy() if b in pixels else empty for b in bands])
    present = [float(b in pixels) for b in bands]
    box = pixels.odc.geobox
    to_pixel = ~box.affine
    polygons = outlines.to_crs(box.crs).geometry
    margins = loose or Loose()
    gsd_m = abs(box.resolution.x)
    matrix = [to_pixel.a, to_pixel.b, to_pixel.d, to_pixel.e, to_pixel.c, to_pixel.f]
    ships = [
        tightened(rectangle(shapely.affinity.affine_transform(p, matrix)), margins, gsd_m)
        for p in polygons
    ]
    return Labelled(
        name,
        torch.from_numpy(stack.astype(np.float32)),
        torch.tensor(present),
        np.array(ships, np.float32).reshape(-1, 5),
    )


def rectangle(polygon: shapely.Geometry) -> tuple[float, float, float, float, float]:
    """Rectangle with an outline's second moments: x, y, length, beam, angle in degrees.

    Coordinates are pixels, y down; the angle is that of the long axis, clockwise from the top, 0
    to 180. Moments find the axis of a staircase of pixels, of which the least enclosing rectangle
    is too often upright.
    """
    left, top, right, bottom = polygon.bounds
    step = 0.125
    x, y = np.meshgrid(np.arange(left, right, step), np.arange(top, bottom, step))
    inside = shapely.contains_xy(polygon, x + step / 2, y + step / 2)
    points = np.column_stack([x[inside], y[inside]]) + step / 2
    centre = points.mean(axis=0)
    # eigh sorts upwards: the last axis is the long one. A uniform bar has variance length^2 / 12.
    variance, axes = np.linalg.eigh(np.cov((points - centre).T) + step**2 / 12 * np.eye(2))
    beam, length = np.sqrt(12 * variance)
    angle = np.rad2deg(np.arctan2(axes[0, 1], -axes[1, 1])) % 180.0
    return centre[0], centre[1], float(length), float(beam), float(angle)


def tightened(
    ship: tuple[float, float, float, float, float], loose: Loose, gsd_m: float
) -> tuple[float, float, float, float, float]:
    """A loosely drawn rectangle brought to the hull, within what hulls are.

    Length over beam of ships lies between 3.5 (tugs, ferries) and 9 (long container ships); a beam
    read off a mask of two or three pixels is held within that.
    """
    x, y, length, beam, angle = ship
    length = max(length - loose.length_m / gsd_m, 0.7 * length)
    if loose.beam_m:
        beam = float(np.clip(beam - loose.beam_m / gsd_m, length / 9.0, length / 3.5))
    return x, y, length, beam, angle


def chips(
    scenes: Sequence[Labelled],
    *,
    batch: int,
    seed: int,
    weights: Sequence[float] | None = None,
    first: int = 0,
) -> Iterator[tuple[Tensor, Tensor, Targets]]:
    """Endless batches: bands, present, targets. The same seed gives the same batches.

    Batch k of a seed is the same wherever one begins, so that a training can go on where it
    stopped.

    Parameters
    ----------
    scenes
        All with the same bands.
    batch
        Chips per batch.
    seed
        Of all that is random here.
    weights
        How often each scene is drawn, relative; by `weight` if left out.
    first
        Number of the batch to begin with.

    """
    chance = np.array(weights or [weight(scene) for scene in scenes], float)
    chance /= chance.sum()
    for number in itertools.count(first):
        rng = np.random.default_rng([seed, number])
        drawn = [_chip(scenes[i], rng) for i in rng.choice(len(scenes), size=batch, p=chance)]
        bands, present, ships, ignored = zip(*drawn, strict=True)
        yield torch.stack(bands), torch.stack(present), targets(ships, torch.stack(ignored))


def weight(scene: Labelled) -> float:
    """How much a scene has to teach: its ships, and what is no ship."""
    return 8.0 + len(scene.ships) + scene.bands[0].numel() / 1e5


def _chip(scene: Labelled, rng: np.random.Generator) -> tuple[Tensor, Tensor, Floats, Tensor]:
    """One chip under a random placement and light: bands, present, ships, ignored."""
    scale = float(np.exp(rng.uniform(np.log(0.7), np.log(1.45))))
    turn = np.deg2rad(rng.uniform(0, 360))
    flip = rng.choice([-1.0, 1.0])
    # From chip to scene: a chip at scale 2 shows ships half as long.
    matrix = scale * np.array(
        [[np.cos(turn) * flip, -np.sin(turn)], [np.sin(turn) * flip, np.cos(turn)]]
    )
    centre = _place(scene, rng)
    pixels = _cut(scene.bands, matrix, centre)
    ships = _moved(scene.ships, matrix, centre, scale)
    bands, present = _relit(pixels, scene.present, rng)
    ignored = torch.zeros(1, CHIP_PX, CHIP_PX)
    if scene.ignored is not None:
        ignored = _cut(scene.ignored[None].float(), matrix, centre).nan_to_num(0.0)
    return bands, present, ships, ignored


def _place(scene: Labelled, rng: np.random.Generator) -> Floats:
    """Where a chip is centred: near a ship, on a shore, or wherever it may be water.

    Quays and piers are what a network takes for ships: a third of all chips lies on a shore,
    ships or none. What somebody has called no ship is shown as often as a ship.
    """
    choice = rng.random()
    shown = np.concatenate([scene.ships[:, :2], scene.hard])
    if len(shown) and choice < 0.55:
        spot = shown[rng.integers(len(shown))] + rng.uniform(-50, 50, 2)
        return _well_within(scene, spot)
    rows, columns = scene.bands.shape[1:]
    for _ in range(40):
        spot = rng.uniform(0, [columns, rows])
        beside = (spot + rng.uniform(-40, 40, 2)).clip(0, [columns - 1, rows - 1])
        on_shore = choice > 0.88 or _darkest(scene, beside) > SHORE
        if _darkest(scene, spot) < SHORE and on_shore:
            break
    return _well_within(scene, spot)


def _well_within(scene: Labelled, spot: NDArray[np.float64]) -> Floats:
    """Move a chip's centre inwards: small scenes would else be shown mostly beyond their edge."""
    size = np.array(scene.bands.shape[:0:-1], float)
    margin = np.minimum(CHIP_PX / 2 - 16, size / 2)
    return spot.clip(margin, size - margin).astype(np.float32)


def _darkest(scene: Labelled, spot: NDArray[np.float64]) -> float:
    """Least reflectance of a pixel over its bands; bright where nothing was seen."""
    return float(scene.bands[:, int(spot[1]), int(spot[0])].nan_to_num(1.0).min())


def _cut(bands: Tensor, matrix: NDArray[np.float64], centre: Floats) -> Tensor:
    """Resample the chip out of the scene, bilinear; outside the scene nothing is seen (NaN)."""
    # Only the neighbourhood: a chip's corners lie within its half diagonal.
    reach = int(np.ceil(CHIP_PX / 2 * np.abs(matrix).sum(axis=1).max())) + 2
    corner = np.floor(centre).astype(int) - reach
    near = _window(bands, corner, 2 * reach + 1)
    # grid_sample wants both grids scaled to -1...1.
    theta = np.column_stack([matrix * CHIP_PX, 2 * (centre - corner)]) / (2 * reach + 1)
    theta[:, 2] -= 1.0
    grid = functional.affine_grid(
        torch.from_numpy(theta[None].astype(np.float32)),
        [1, 1, CHIP_PX, CHIP_PX],
        align_corners=False,
    )
    seen = torch.isfinite(near)
    both = torch.cat([torch.where(seen, near, 0.0), seen.float()])[None]
    values, weight = functional.grid_sample(both, grid, align_corners=False)[0].chunk(2)
    return torch.where(weight > 0.5, values / weight.clamp(min=0.5), torch.nan)


def _window(bands: Tensor, corner: NDArray[np.int64], side: int) -> Tensor:
    """Square of the scene from a corner (x, y), NaN where it reaches beyond."""
    x, y = (int(c) for c in corner)
    inner = bands[:, max(y, 0) : max(y + side, 0), max(x, 0) : max(x + side, 0)]
    left, top = min(max(-x, 0), side), min(max(-y, 0), side)
    pad = (left, side - left - inner.shape[2], top, side - top - inner.shape[1])
    return functional.pad(inner, pad, value=torch.nan)


def _moved(ships: Floats, matrix: NDArray[np.float64], centre: Floats, scale: float) -> Floats:
    """Ships in the chip's coordinates; those whose centre lies outside are left out."""
    inverse = np.linalg.inv(matrix)
    place = (ships[:, :2] - centre) @ inverse.T + CHIP_PX / 2
    turn = np.deg2rad(ships[:, 4])
    axis = np.stack([np.sin(turn), -np.cos(turn)], axis=1) @ inverse.T
    angle = np.rad2deg(np.arctan2(axis[:, 0], -axis[:, 1])) % 180.0
    moved = np.column_stack([place, ships[:, 2:4] / scale, angle]).astype(np.float32)
    inside = ((place > 0) & (place < CHIP_PX)).all(axis=1)
    return moved[inside]


def _relit(bands: Tensor, present: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Other haze, other light, other noise; sometimes a band is missing."""
    count = len(bands)
    gain = np.exp(rng.normal(0, 0.15) + rng.normal(0, 0.08, count))
    # Haze is stronger in the blue and never negative by much: dark water would vanish.
    haze = (
        rng.choice([0.0, 1.0], p=[0.6, 0.4]) * rng.exponential(0.03) * np.linspace(1.3, 0.7, count)
    )
    haze = haze + rng.normal(0, 0.004, count)
    noise = rng.exponential(0.0015)
    lit = bands * _column(gain) + _column(haze)
    lit = lit + noise * torch.from_numpy(rng.standard_normal(bands.shape, dtype=np.float32))
    keep = present.clone()
    if rng.random() < 0.15:
        keep[rng.integers(count)] = 0.0
        if not keep.any():
            keep = present.clone()
    return torch.where(keep[:, None, None] > 0, lit, torch.nan), keep


def _column(values: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))[:, None, None]


def targets(
    ships: Sequence[Floats], ignored: Tensor | None = None, *, side_px: int = CHIP_PX
) -> Targets:
    """Maps that the network should give.

    Parameters
    ----------
    ships
        Of each chip, (n, 5) as `Labelled.ships`.
    ignored
        (chips, 1, rows, columns) in input pixels, 1 where nothing is known; left out, all is.
    side_px
        Of a chip.

    """
    cells = side_px // STRIDE
    axis_px = (np.arange(cells, dtype=np.float32) + 0.5) * STRIDE
    x, y = np.meshgrid(axis_px, axis_px)
    maps = np.zeros((len(ships), 8, cells, cells), np.float32)
    for chip, found in zip(maps, ships, strict=True):
        for ship in found:
            _draw(chip, ship, x, y)
    parts = torch.from_numpy(maps).split([1, 2, 2, 2, 1], dim=1)
    counted = torch.ones_like(parts[0])
    if ignored is not None:
        counted = (functional.max_pool2d(ignored, STRIDE) < 0.5).float()
    return Targets(*(*parts, counted))


def _draw(chip: Floats, ship: Floats, x: Floats, y: Floats) -> None:
    """Add one ship; where two meet, the nearer centre decides."""
    cx, cy, length, beam, angle = ship
    turn = np.deg2rad(angle)
    dx, dy = x - cx, y - cy
    along = dx * np.sin(turn) - dy * np.cos(turn)
    across = dx * np.cos(turn) + dy * np.sin(turn)
    # A tenth of the length and a quarter of the beam, but never narrower than a cell can tell.
    blob = np.exp(
        -0.5 * (along / max(0.10 * length, STRIDE)) ** 2
        - 0.5 * (across / max(0.25 * beam, 0.8 * STRIDE)) ** 2
    )
    nearest = np.unravel_index(np.argmin(dx**2 + dy**2), dx.shape)
    blob[nearest] = 1.0
    nearer = blob > chip[0]
    chip[0][nearer] = blob[nearer]
    values = (
        -dx / STRIDE,
        -dy / STRIDE,
        np.log(length),
        np.log(beam),
        np.cos(2 * turn),
        np.sin(2 * turn),
    )
    for channel, value in enumerate(values, start=1):
        chip[channel][nearer] = value[nearer] if isinstance(value, np.ndarray) else value
    chip[7][(np.abs(along) <= length / 2) & (np.abs(across) <= beam / 2)] = 1.0
