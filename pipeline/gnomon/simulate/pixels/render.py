"""Solids, land and water as an instrument would sample them.

Ground is painted on a grid finer than the pixel, only in blocks where something with a sharp edge
lies. A solid casts its shadow on the water and, displaced by the height of the quay, on quays
(``gnomon.physics.shadow``); then its sides and its top are painted where the sensor sees them, from
the lowest to the highest. A shadow takes away the direct part of the light and leaves the skylight:

    reflectance in shade = path + (reflectance - path) (1 - direct)

with ``direct = t_dir / (t_dir + t_dif)``, ``t_dir = exp(-(tau_r + tau_a) / mu)`` and total
transmittance ``exp(-(0.5 tau_r + 0.16 tau_a) / mu)`` (Gordon et al. 1983, doi:10.1364/AO.22.000020:
Rayleigh scattering sends half of what it takes backwards, aerosol about a sixth).

The instrument blurs with a Gaussian of 0.44 pixel (the modulation of 0.25 at Nyquist that
Sentinel-2's MSI has at 10 m) and averages over the square pixel. Blocks without detail go through
the same operator, computed once on an impulse, so that no seam shows between the two.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from scipy import ndimage
from shapely import MultiPoint, Polygon, STRtree, box
from skimage.draw import polygon as fill

from gnomon.physics.shadow import relief_offset_m, shadow_offset_m
from gnomon.simulate.pixels.ships import Array, Solid

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]
BANDS = ("blue", "green", "red", "nir", "swir16")

# Rayleigh optical thickness at sea level of Sentinel-2's B02, B03, B04, B08, B11.
_RAYLEIGH = np.array([0.160, 0.094, 0.045, 0.019, 0.001])
_WAVELENGTH_UM = np.array([0.492, 0.560, 0.665, 0.833, 1.614])
_PSF_SIGMA_PX = 0.44
_HALO_PX = 3  # seven deviations of the PSF
_BLOCK_PX = 32


@dataclass(frozen=True, kw_only=True)
class Light:
    """Where the sun and the sensor stand, and how much of the light comes straight."""

    sun_azimuth_deg: float
    sun_elevation_deg: float
    view_azimuth_deg: float = 0.0
    view_zenith_deg: float = 0.0
    aerosol: float = 0.12
    """Optical thickness at 0.55 um."""
    veil: float = 1.0
    """Fraction of the direct light that thin cloud lets through."""

    def direct(self) -> Array:
        """Direct part of the light on level ground, five bands."""
        mu = np.sin(np.deg2rad(self.sun_elevation_deg))
        tau_a = self.aerosol * (_WAVELENGTH_UM / 0.55) ** -1.2
        beam = np.exp(-(_RAYLEIGH + tau_a) / mu) * self.veil
        total = np.exp(-(0.5 * _RAYLEIGH + 0.16 * tau_a) / mu)
        return np.asarray(beam / total)

    def shadow(self, height_m: float) -> Array:
        """Displacement of the shadow of a point, world metres."""
        east, north = shadow_offset_m(
            height_m,
            sun_azimuth_deg=self.sun_azimuth_deg,
            sun_elevation_deg=self.sun_elevation_deg,
        )
        return np.array([float(east), float(north)])

    def lean(self, height_m: float) -> Array:
        """Displacement of a point in the image, world metres."""
        east, north = relief_offset_m(
            height_m, view_azimuth_deg=self.view_azimuth_deg, view_zenith_deg=self.view_zenith_deg
        )
        return np.array([float(east), float(north)])


@dataclass(frozen=True)
class Quay:
    """Made ground with a sharp edge: a quay, a pier, a jetty, a breakwater."""

    outline: Polygon
    """World metres; need not be convex."""
    height_m: float = 2.5
    kind: str = "apron"
    """``apron`` (concrete, yards), ``pier`` (bare deck) or ``rubble``."""


def oversampling(gsd_m: float) -> int:
    """Fine cells along a pixel: about 1.25 m, which leaves a 10 m beam eight cells."""
    return int(np.clip(round(gsd_m / 1.25), 3, 8))


def blur_kernel(factor: int) -> Array:
    """One-dimensional response, in pixels, to a pixel that is bright all over."""
    fine = np.zeros((2 * _HALO_PX + 1) * factor)
    fine[_HALO_PX * factor : (_HALO_PX + 1) * factor] = 1.0
    return np.asarray(_psf(fine, factor, axis=0).reshape(-1, factor).mean(axis=1))


def _psf(fine: NDArray[np.floating], factor: int, axis: int) -> NDArray[np.floating]:
    return np.asarray(
        ndimage.gaussian_filter1d(fine, _PSF_SIGMA_PX * factor, axis=axis, mode="nearest")
    )


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
        What quays look like on top, same shape.
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
    tree = STRtree([_reach(solid, light) for solid in order])
    edges = STRtree([quay.outline for quay in quays])
    height, width = ground.shape[1:]
    for top in range(0, height, _BLOCK_PX):
        for left in range(0, width, _BLOCK_PX):
            canvas = _Canvas.over(ground, made, geobox, (top, left), factor)
            nearby = [quays[i] for i in sorted(edges.query(canvas.extent))]
            things = [order[i] for i in sorted(tree.query(canvas.extent))]
            if nearby or things:
                canvas.paint(nearby, things, light, path, seed)
                rows = slice(top, min(top + _BLOCK_PX, height))
                columns = slice(left, min(left + _BLOCK_PX, width))
                sampled = canvas.sampled()
                image[:, rows, columns] = sampled[
                    :, : rows.stop - rows.start, : columns.stop - columns.start
                ]
    return np.asarray(image, np.float32)


def _reach(solid: Solid, light: Light) -> Polygon:
    """Bounds of a solid with its shadow and its lean."""
    shifts = [light.shadow(solid.top_m), light.lean(solid.top_m), np.zeros(2)]
    points = np.concatenate([solid.outline + shift for shift in shifts])
    return box(*points.min(axis=0), *points.max(axis=0))


def _sweep(outline: Array, start: Array, stop: Array) -> Array:
    """Outline of what a convex outline covers on its way between two displacements."""
    hull = MultiPoint(np.concatenate([outline + start, outline + stop])).convex_hull
    return np.asarray(hull.exterior.coords)


class _Canvas:
    """One block with its halo on the fine grid."""

    def __init__(
        self, ground: Image, made: Image, origin: Array, cell_m: float, factor: int
    ) -> None:
        self._ground = ground
        self._made = made
        self._origin = origin
        self._cell_m = cell_m
        self._factor = factor
        size = np.array(ground.shape[:0:-1]) * factor * cell_m
        self.extent = box(origin[0], origin[1] - size[1], origin[0] + size[0], origin[1])

    @classmethod
    def over(
        cls, ground: Image, made: Image, geobox: GeoBox, corner: tuple[int, int], factor: int
    ) -> "_Canvas":
        """Cut a block out of the scene; beyond its border the scene repeats its last pixel."""
        index = [
            np.clip(np.arange(start - _HALO_PX, start + _BLOCK_PX + _HALO_PX), 0, size - 1)
            for start, size in zip(corner, ground.shape[1:], strict=True)
        ]
        window = np.ix_(np.arange(ground.shape[0]), *index)
        gsd = abs(geobox.resolution.x)
        west, north = geobox.affine.c, geobox.affine.f
        origin = np.array(
            [west + (corner[1] - _HALO_PX) * gsd, north - (corner[0] - _HALO_PX) * gsd]
        )
        return cls(ground[window], made[window], origin, gsd / factor, factor)

    def paint(
        self, quays: Sequence[Quay], things: Sequence[Solid], light: Light, path: Array, seed: int
    ) -> None:
        """Shade and paint everything, from the water upwards."""
        self._pixels = self._finer(self._ground)
        shade = (1 - light.direct()).astype(np.float32)
        floor = path.astype(np.float32)
        self._shade(self._shadows(things, light, 0.0), shade, floor)
        # The rim of a quay throws its own shadow on the water.
        rims = [
            self._cover(np.asarray(q.outline.exterior.coords) + light.shadow(q.height_m))
            for q in quays
        ]
        covered = self._empty()
        for quay in quays:
            covered |= self._cover(np.asarray(quay.outline.exterior.coords))
        for rim in rims:
            self._shade(rim & ~covered, shade, floor)
        if covered.any():
            self._pixels[:, covered] = self._finer(self._made)[:, covered]
            level = max(quay.height_m for quay in quays)
            self._shade(self._shadows(things, light, level) & covered, shade, floor)
        for thing in things:
            self._stand(thing, light, shade, seed)
            above = [other for other in things if other.base_m >= thing.top_m]
            if above:
                roof = self._cover(thing.outline + light.lean(thing.top_m))
                self._shade(self._shadows(above, light, thing.top_m) & roof, shade, floor)

    def sampled(self) -> Image:
        """Blur, average over pixels, cut the halo off."""
        fine = _psf(_psf(self._pixels, self._factor, 1), self._factor, 2)
        bands, rows, columns = fine.shape
        step = self._factor
        pixels = fine.reshape(bands, rows // step, step, columns // step, step).mean(axis=(2, 4))
        return np.asarray(pixels[:, _HALO_PX:-_HALO_PX, _HALO_PX:-_HALO_PX], np.float32)

    def _finer(self, image: Image) -> Image:
        return np.asarray(image.repeat(self._factor, axis=1).repeat(self._factor, axis=2))

    def _empty(self) -> Mask:
        return np.zeros([size * self._factor for size in self._ground.shape[1:]], bool)

    def _cover(self, outline: Array) -> Mask:
        """Fine cells whose centres lie within an outline."""
        mask = self._empty()
        columns = (outline[:, 0] - self._origin[0]) / self._cell_m - 0.5
        rows = (self._origin[1] - outline[:, 1]) / self._cell_m - 0.5
        mask[fill(rows, columns, mask.shape)] = True
        return mask

    def _shadows(self, things: Iterable[Solid], light: Light, level_m: float) -> Mask:
        """Cells of a level surface that some solid keeps the sun from."""
        mask = self._empty()
        for thing in things:
            if thing.top_m > level_m:
                foot = light.shadow(max(thing.base_m - level_m, 0.0))
                tip = light.shadow(thing.top_m - level_m)
                mask |= self._cover(_sweep(thing.outline, foot, tip) + light.lean(level_m))
        return mask

    def _shade(self, mask: Mask, shade: Image, floor: Image) -> None:
        keep = floor[:, None] + (self._pixels[:, mask] - floor[:, None]) * shade[:, None]
        self._pixels[:, mask] = np.minimum(self._pixels[:, mask], keep)

    def _stand(self, thing: Solid, light: Light, shade: Image, seed: int) -> None:
        """Paint the sides that the sensor sees, then the top."""
        base, top = light.lean(thing.base_m), light.lean(thing.top_m)
        sides = self._cover(_sweep(thing.outline, base, top))
        # Half of the sides see the sun, at a slant.
        self._pixels[:, sides] = (np.array(thing.wall, np.float32) * (0.4 + 0.6 * shade))[:, None]
        plan = self._cover(thing.outline + top)
        self._pixels[:, plan] = np.array(thing.colour, np.float32)[:, None]
        if thing.clutter:
            self._pixels[:, plan] *= 1 + thing.clutter * self._noise(seed)[plan]

    def _noise(self, seed: int) -> Image:
        """Clutter that depends on the place alone, so that neighbouring blocks agree."""
        rows, columns = self._empty().shape
        x = round(self._origin[0] / self._cell_m) + np.arange(columns)
        y = round(self._origin[1] / self._cell_m) - np.arange(rows)
        # Cells of three fine cells; the sine hash is uniform enough for paint and rust.
        mixed = np.sin((x // 3)[None] * 12.9898 + (y // 3)[:, None] * 78.233 + seed % 1000)
        return np.asarray((mixed * 43758.5453 % 1.0 - 0.5) * 3.4, np.float32)
