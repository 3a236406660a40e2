"""Solids, land and water as an instrument would sample them.

Ground is painted on a grid finer than the pixel, only in blocks where something with a sharp edge
lies. A solid casts its shadow on the water and, displaced by the height of the quay, on quays
(``gnomon.physics.shadow``); then its sides and its top are painted where the sensor sees them, from
the lowest to the highest. A shadow takes away the direct part of the light and leaves the skylight:

    reflectance in shade = path + (reflectance - path) (1 - direct)

with the direct part of `gnomon.simulate.pixels.light`. Then the instrument blurs and samples
(`gnomon.simulate.pixels.instrument`); blocks without detail go through the same operator, so that
no seam shows between the two.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from odc.geo.geobox import GeoBox
from scipy import ndimage
from shapely import MultiPoint, Polygon, STRtree, box

from gnomon.simulate.pixels.instrument import Image, blur_kernel, oversampling, sample
from gnomon.simulate.pixels.light import Light
from gnomon.simulate.pixels.polygons import Cells, CellWindow, Mask, Outline
from gnomon.simulate.pixels.ships import Array, Solid

_HALO_PX = 3  # seven deviations of the PSF
_BLOCK_PX = 32
_SIDE_PX = _BLOCK_PX + 2 * _HALO_PX
_ROUNDING_M = 0.01


@dataclass(frozen=True)
class Quay:
    """Made ground with a sharp edge: a quay, a pier, a jetty, a breakwater."""

    outline: Polygon
    """World metres; need not be convex."""
    height_m: float = 2.5
    kind: str = "apron"
    """``apron`` (concrete, yards), ``pier`` (bare deck) or ``rubble``."""


def render(
    ground: Image,
    made: Image,
    path: Array,
    *,
    geobox: GeoBox,
    light: Light,
    quays: Sequence[Quay],
    solids: Sequence[Solid],
    seed: int,
) -> Image:
    """Paint quays and solids on the ground and blur as the instrument does.

    Parameters
    ----------
    ground
        Water and natural land, sunlit, (5, height, width).
    made
        Tops of quays, same shape.
    path
        Reflectance that no shadow takes away, (5,).
    geobox
        North-up grid of the pixels, in metres.
    light, quays, solids
        What stands where, and what shines on it.
    seed
        Of the clutter on decks.

    Returns
    -------
    numpy.ndarray
        Reflectance, (5, height, width).

    """
    factor = oversampling(abs(geobox.resolution.x))
    kernel = blur_kernel(factor)
    image = ndimage.convolve1d(ground, kernel, axis=1, mode="nearest")
    image = ndimage.convolve1d(image, kernel, axis=2, mode="nearest")
    order = sorted(solids, key=lambda solid: solid.top_m)
    things = [_Standing(solid, light) for solid in order]
    _stack(things, light)
    rims = [_Rim.of(quay, light) for quay in quays]
    paint = _Paint(light, path, seed)
    ground, made = _haloed(ground), _haloed(made)
    for (top, left), quays_here, things_here in _busy(geobox, quays, things):
        block = np.s_[:, top : top + _SIDE_PX, left : left + _SIDE_PX]
        canvas = _Canvas(ground[block], made[block], _cells(geobox, (top, left), factor), factor)
        canvas.paint([rims[i] for i in quays_here], [things[i] for i in things_here], paint)
        part = image[:, top : top + _BLOCK_PX, left : left + _BLOCK_PX]
        part[:] = canvas.sampled()[:, : part.shape[1], : part.shape[2]]
    return np.asarray(image, np.float32)


def paint(
    ground: Image,
    made: Image,
    path: Array,
    *,
    corner: tuple[float, float],
    gsd_m: float,
    factor: int,
    light: Light,
    quays: Sequence[Quay],
    solids: Sequence[Solid],
    seed: int,
    scatter_m: float = 0.0,
) -> Image:
    """Paint quays and solids on one small piece of ground, before any instrument.

    Parameters
    ----------
    ground, made, path, light, quays, solids, seed
        As `render` takes them.
    corner
        North-west corner of the ground, world metres.
    gsd_m
        Of ground and quays.
    factor
        Fine cells along a pixel.
    scatter_m
        Reach of the light that water scatters into the edge of a shadow.

    Returns
    -------
    numpy.ndarray
        Reflectance on the fine cells, (5, height * factor, width * factor).

    """
    things = [_Standing(solid, light) for solid in sorted(solids, key=lambda one: one.top_m)]
    _stack(things, light)
    shape = (ground.shape[1] * factor, ground.shape[2] * factor)
    canvas = _Canvas(ground, made, Cells(*corner, gsd_m / factor, shape), factor)
    brush = _Paint(light, path, seed, scatter_m)
    canvas.paint([_Rim.of(quay, light) for quay in quays], things, brush)
    return canvas.pixels


def _haloed(layer: Image) -> Image:
    """Whole blocks with their halo; beyond its border the scene repeats its last pixel."""
    after = [_HALO_PX + -size % _BLOCK_PX for size in layer.shape[1:]]
    return np.pad(layer, [(0, 0), *((_HALO_PX, width) for width in after)], mode="edge")


def _busy(
    geobox: GeoBox, quays: Sequence[Quay], things: Sequence["_Standing"]
) -> Iterator[tuple[tuple[int, int], list[int], list[int]]]:
    """Blocks that something touches: first row and column, and which quays and solids it is."""
    tops, lefts = (range(0, size, _BLOCK_PX) for size in geobox.shape.yx)
    corners = list(product(tops, lefts))
    cells = [_cells(geobox, corner, 1) for corner in corners]
    extents = [
        box(c.west, c.north - _SIDE_PX * c.side_m, c.west + _SIDE_PX * c.side_m, c.north)
        for c in cells
    ]
    nearby: list[dict[int, list[int]]] = []
    for shapes in ([quay.outline for quay in quays], [thing.reach for thing in things]):
        found: dict[int, list[int]] = defaultdict(list)
        for block, one in sorted(STRtree(shapes).query(extents).T.tolist()):
            found[block].append(one)
        nearby.append(found)
    for block in sorted(nearby[0].keys() | nearby[1].keys()):
        yield corners[block], nearby[0][block], nearby[1][block]


def _cells(geobox: GeoBox, corner: tuple[int, int], factor: int) -> Cells:
    """Fine cells of a block with its halo, from the row and column of its first pixel."""
    gsd = abs(geobox.resolution.x)
    west = geobox.affine.c + (corner[1] - _HALO_PX) * gsd
    north = geobox.affine.f - (corner[0] - _HALO_PX) * gsd
    return Cells(west, north, gsd / factor, (_SIDE_PX * factor, _SIDE_PX * factor))


def _sweep(outline: Array, start: Array, stop: Array) -> Array:
    """Outline of what a convex outline covers on its way between two displacements."""
    hull = MultiPoint(np.concatenate([outline + start, outline + stop])).convex_hull
    return np.asarray(hull.exterior.coords)


class _Standing:
    """A solid in its light: the outlines of its sides, its top and its shadows, each drawn once."""

    def __init__(self, solid: Solid, light: Light) -> None:
        self.solid = solid
        self._light = light
        self._shadows: dict[float, Outline] = {}
        self.shades: tuple[Outline, ...] = ()
        """Shadows of higher solids on the top of this one."""

    @property
    def reach(self) -> Polygon:
        """Bounds of the solid with its shadow and its lean."""
        solid, light = self.solid, self._light
        shifts = [light.shadow(solid.top_m), light.lean(solid.top_m), np.zeros(2)]
        points = np.concatenate([solid.outline + shift for shift in shifts])
        return box(*points.min(axis=0), *points.max(axis=0))

    @cached_property
    def sides(self) -> Outline:
        """What its sides and its top cover in the image."""
        base, top = (self._light.lean(at) for at in (self.solid.base_m, self.solid.top_m))
        return Outline.of(_sweep(self.solid.outline, base, top))

    @cached_property
    def top(self) -> Outline:
        """What its top covers in the image."""
        return Outline.of(self.solid.outline + self._light.lean(self.solid.top_m))

    def shadow(self, level_m: float) -> Outline:
        """Shadow on a level surface below the top, where the image shows that surface."""
        if level_m not in self._shadows:
            light, solid = self._light, self.solid
            foot = light.shadow(max(solid.base_m - level_m, 0.0))
            tip = light.shadow(solid.top_m - level_m)
            swept = _sweep(solid.outline, foot, tip) + light.lean(level_m)
            self._shadows[level_m] = Outline.of(swept)
        return self._shadows[level_m]


def _stack(things: Sequence[_Standing], light: Light) -> None:
    """Find which solids throw a shadow on the top of which others."""
    if not things:
        return
    bases = np.array([thing.solid.base_m for thing in things])
    tops = np.array([thing.solid.top_m for thing in things])
    low = np.array([thing.solid.outline.min(axis=0) for thing in things])
    high = np.array([thing.solid.outline.max(axis=0) for thing in things])
    cast = light.shadow(1.0)  # by each metre of height; the top and a shadow on it lean alike
    for n, thing in enumerate(things):
        level = thing.solid.top_m
        # A solid of no height throws no shadow.
        above = np.flatnonzero((bases >= level) & (tops > level))
        foot, tip = (heights[above, None] * cast for heights in (bases - level, tops - level))
        near = (low[above] + np.minimum(foot, tip) <= high[n] + _ROUNDING_M) & (
            high[above] + np.maximum(foot, tip) >= low[n] - _ROUNDING_M
        )
        shadows = (things[i].shadow(level) for i in above[near.all(axis=1)])
        thing.shades = tuple(shadow for shadow in shadows if shadow.meets(thing.top))


@dataclass(frozen=True, eq=False)
class _Rim:
    """The edge of a quay, and the shadow that it throws on the water."""

    height_m: float
    edge: Outline
    shadow: Outline

    @classmethod
    def of(cls, quay: Quay, light: Light) -> "_Rim":
        edge = np.asarray(quay.outline.exterior.coords)
        shadow = edge + light.shadow(quay.height_m)
        return cls(quay.height_m, Outline.of(edge), Outline.of(shadow))


class _Paint:
    """What light and clutter do to a surface."""

    def __init__(self, light: Light, path: Array, seed: int, scatter_m: float = 0.0) -> None:
        self.shade = (1 - light.direct()).astype(np.float32)
        self.seed = seed
        self.scatter_m = scatter_m
        self._floor = path.astype(np.float32)

    def darken(self, pixels: Image, mask: Mask) -> None:
        """Take the direct light from some cells of an image, (5, height, width), in place."""
        if mask.any():
            lit, floor = pixels[:, mask], self._floor[:, None]
            pixels[:, mask] = np.minimum(lit, floor + (lit - floor) * self.shade[:, None])

    def darken_water(self, pixels: Image, mask: Mask, side_m: float) -> None:
        """The same for water, which scatters light into the edge of a shadow."""
        if not self.scatter_m:
            self.darken(pixels, mask)
        elif mask.any():
            dark = ndimage.gaussian_filter(mask.astype(np.float32), self.scatter_m / side_m)
            lost = np.maximum(pixels - self._floor[:, None, None], 0) * dark
            pixels -= lost * (1 - self.shade)[:, None, None]


class _Canvas:
    """One block with its halo on the fine grid."""

    def __init__(self, ground: Image, made: Image, cells: Cells, factor: int) -> None:
        self.pixels = np.asarray(ground.repeat(factor, axis=1).repeat(factor, axis=2))
        self._made = made
        self._cells = cells
        self._factor = factor

    def paint(self, rims: Sequence[_Rim], things: Sequence[_Standing], paint: _Paint) -> None:
        """Shade and paint everything, from the water upwards."""
        shadowed = self._shadowed(things, 0.0)
        paint.darken_water(self.pixels, shadowed, self._cells.side_m)
        covered = np.zeros(self._cells.shape, bool)
        for rim in rims:
            window, mask = self._cells.fill(rim.edge)
            covered[window.slices] |= mask
        # The rim of a quay throws its own shadow on the water.
        for rim in rims:
            window, mask = self._cells.fill(rim.shadow)
            paint.darken(self._at(window), mask & ~covered[window.slices])
        if covered.any():
            rows, columns = np.nonzero(covered)
            made = self._made[:, rows // self._factor, columns // self._factor]
            self.pixels[:, rows, columns] = made
            level = max(rim.height_m for rim in rims)
            paint.darken(self.pixels, self._shadowed(things, level) & covered)
        for thing in things:
            self._stand(thing, paint)

    def sampled(self) -> Image:
        """Blur, average over pixels, cut the halo off."""
        return sample(self.pixels, self._factor, halo_px=_HALO_PX)

    def _at(self, window: CellWindow) -> Image:
        """View of the fine cells of a window."""
        rows, columns = window.slices
        return self.pixels[:, rows, columns]

    def _shadowed(self, things: Iterable[_Standing], level_m: float) -> Mask:
        """Cells of a level surface that some solid keeps the sun from."""
        shadowed = np.zeros(self._cells.shape, bool)
        for thing in things:
            if thing.solid.top_m > level_m:
                window, mask = self._cells.fill(thing.shadow(level_m))
                shadowed[window.slices] |= mask
        return shadowed

    def _stand(self, thing: _Standing, paint: _Paint) -> None:
        """Paint the sides that the sensor sees, then the top with the shadows on it."""
        solid = thing.solid
        window, sides = self._cells.fill(thing.sides)
        # Half of the sides see the sun, at a slant.
        wall = np.array(solid.wall, np.float32) * (0.4 + 0.6 * paint.shade)
        self._at(window)[:, sides] = wall[:, None]
        window, top = self._cells.fill(thing.top)
        if not top.any():
            return
        colour = np.array(solid.colour, np.float32)[:, None]
        if solid.clutter:
            colour = colour * (1 + solid.clutter * self._clutter(paint.seed, window)[top])
        self._at(window)[:, top] = colour
        shadowed = np.zeros(window.shape, bool)
        for shade in thing.shades:
            part, mask = self._cells.fill(shade, window)
            rows, columns = part.slices
            shadowed[
                rows.start - window.top : rows.stop - window.top,
                columns.start - window.left : columns.stop - window.left,
            ] |= mask
        paint.darken(self._at(window), shadowed & top)

    def _clutter(self, seed: int, window: CellWindow) -> Image:
        """Clutter that depends on the place alone, so that neighbouring blocks agree."""
        cells = self._cells
        x = round(cells.west / cells.side_m) + np.arange(window.left, window.right)
        y = round(cells.north / cells.side_m) - np.arange(window.top, window.bottom)
        # Cells of three fine cells; the sine hash is uniform enough for paint and rust.
        mixed = np.sin((x // 3)[None] * 12.9898 + (y // 3)[:, None] * 78.233 + seed % 1000)
        return np.asarray((mixed * 43758.5453 % 1.0 - 0.5) * 3.4, np.float32)
