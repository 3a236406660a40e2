"""Rendering against brute force, and laws that no block border or order of solids may break."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from shapely import Polygon, box
from skimage.draw import polygon

from gnomon.simulate.pixels.instrument import blur_kernel, oversampling
from gnomon.simulate.pixels.light import Light
from gnomon.simulate.pixels.render import Quay, paint, render
from gnomon.simulate.pixels.scene import grid
from gnomon.simulate.pixels.ships import Solid, sample_ship, solids

WEST, NORTH = 600_000.0, 4_670_000.0
PATH = np.full(5, 0.002)
SUN = Light(sun_azimuth_deg=140, sun_elevation_deg=35, view_azimuth_deg=104, view_zenith_deg=6)
RED = (0.05, 0.06, 0.17, 0.21, 0.19)
GREY = (0.12, 0.13, 0.14, 0.15, 0.14)


def water(shape: tuple[int, int], level: float = 0.03) -> np.ndarray:
    return np.full((5, *shape), level, np.float32)


def rendered(
    parts: list[Solid], *, shape: tuple[int, int] = (48, 56), gsd_m: float = 10.0,
    quays: tuple[Quay, ...] = (), light: Light = SUN, ground: np.ndarray | None = None,
    west: float = WEST, north: float = NORTH,
) -> np.ndarray:  # fmt: skip
    geobox = grid(epsg=32652, west_m=west, north_m=north, shape=shape, gsd_m=gsd_m)
    return render(
        water(shape) if ground is None else ground, water(shape, 0.2), PATH, geobox=geobox,
        light=light, quays=quays, solids=parts, seed=3,
    )  # fmt: skip


def slab(east: float, north: float, size: tuple[float, float], top: float, base: float = 0.0,
         colour: tuple[float, ...] = RED) -> Solid:  # fmt: skip
    half = np.array(size) / 2
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    outline = corners + np.array([WEST + east, NORTH - north])
    return Solid(outline, base, top, colour, GREY)


def brute_force(part: Solid, shape: tuple[int, int], gsd_m: float, light: Light) -> np.ndarray:
    """One solid on water, painted cell by cell over the whole scene, blurred and averaged."""
    factor = oversampling(gsd_m)
    cell = gsd_m / factor
    fine = water((shape[0] * factor, shape[1] * factor)).astype(float)
    rows, columns = np.indices(fine.shape[1:])
    x, y = WEST + (columns + 0.5) * cell, NORTH - (rows + 0.5) * cell

    def inside(points: np.ndarray) -> np.ndarray:
        mask = np.zeros(fine.shape[1:], bool)
        mask[polygon((NORTH - points[:, 1]) / cell - 0.5, (points[:, 0] - WEST) / cell - 0.5,
                     mask.shape)] = True  # fmt: skip
        return mask

    assert np.isfinite(x).all()
    assert np.isfinite(y).all()
    dark, wall = (np.zeros(fine.shape[1:], bool) for _ in range(2))
    for height in np.linspace(part.base_m, part.top_m, 60):  # a shadow is that of every level
        dark |= inside(part.outline + light.shadow(float(height)))
        wall |= inside(part.outline + light.lean(float(height)))
    shade = 1 - light.direct()
    fine[:, dark] = PATH[:, None] + (fine[:, dark] - PATH[:, None]) * shade[:, None]
    fine[:, wall] = (np.array(part.wall) * (0.4 + 0.6 * shade))[:, None]
    fine[:, inside(part.outline + light.lean(part.top_m))] = np.array(part.colour)[:, None]
    for axis in (1, 2):
        fine = ndimage.gaussian_filter1d(fine, 0.44 * factor, axis=axis, mode="nearest")
    return fine.reshape(5, shape[0], factor, shape[1], factor).mean(axis=(2, 4))


@settings(max_examples=12)
@given(
    azimuth=st.floats(0, 359), elevation=st.floats(20, 70), top=st.floats(2, 30),
    gsd=st.sampled_from([3.0, 10.0]),
)  # fmt: skip
def test_one_solid_is_painted_as_by_brute_force(
    azimuth: float, elevation: float, top: float, gsd: float
) -> None:
    light = Light(
        sun_azimuth_deg=azimuth, sun_elevation_deg=elevation, view_azimuth_deg=104,
        view_zenith_deg=8,
    )  # fmt: skip
    shape = (40, 44)
    part = slab(22.3 * gsd, 20.7 * gsd, (6.4 * gsd, 2.3 * gsd), top)
    mine = rendered([part], shape=shape, gsd_m=gsd, light=light)
    np.testing.assert_allclose(mine, brute_force(part, shape, gsd, light), atol=0.004)


def test_bare_ground_is_blurred_and_nothing_else() -> None:
    ground = np.random.default_rng(0).random((5, 48, 56), np.float32)
    kernel = blur_kernel(8)
    expected = ndimage.convolve1d(ground, kernel, axis=1, mode="nearest")
    expected = ndimage.convolve1d(expected, kernel, axis=2, mode="nearest")
    np.testing.assert_array_equal(rendered([], ground=ground), expected)


@pytest.mark.parametrize("shift", [(5, 0), (0, 9), (13, 17)])
def test_no_seam_shows_where_blocks_meet(shift: tuple[int, int]) -> None:
    """The same ships on a grid that begins elsewhere, so that they lie in other blocks."""
    ship = sample_ship(np.random.default_rng(1), kind="tanker", length_m=200)
    there = np.array([WEST + 400, NORTH - 400])
    parts = [replace(part, outline=part.outline + there) for part in solids(ship)]
    down, right = shift
    whole = rendered(parts, shape=(90, 90))
    moved = rendered(
        parts, shape=(90 - down, 90 - right), west=WEST + 10 * right, north=NORTH - 10 * down
    )
    np.testing.assert_allclose(moved, whole[:, down:, right:], atol=2e-6)


def test_the_order_in_which_solids_are_given_does_not_matter() -> None:
    parts = [
        slab(200, 200, (120, 30), 4), slab(200, 200, (30, 20), 9, 4.0, GREY),
        slab(300, 200, (40, 40), 12, 0.0, GREY),
    ]  # fmt: skip
    images = [rendered(list(order)) for order in permutations(parts)]
    for image in images[1:]:
        np.testing.assert_array_equal(image, images[0])


def test_a_house_shades_the_deck_below_it_and_no_roof_above() -> None:
    light = Light(sun_azimuth_deg=180, sun_elevation_deg=30)
    deck = slab(280, 240, (200, 200), 5)
    house = slab(280, 260, (60, 20), 25, 5.0, RED)
    alone, shaded = (rendered(parts, light=light) for parts in ([deck], [deck, house]))
    # The shadow reaches 20 / tan(30) = 35 m to the north of the house.
    dark = shaded[2, 22, 28] / alone[2, 22, 28]
    assert dark < 0.6
    assert shaded[2, 30, 28] == pytest.approx(alone[2, 30, 28], rel=1e-3)
    np.testing.assert_allclose(shaded[2, 26, 28], RED[2], rtol=0.05)


def test_a_quay_shades_the_water_and_takes_shadows_at_its_own_height() -> None:
    light = Light(sun_azimuth_deg=90, sun_elevation_deg=25)
    outline = box(WEST + 200, NORTH - 400, WEST + 400, NORTH - 100)
    quay = Quay(outline, 10.0)
    image = rendered([], quays=(quay,), light=light)
    np.testing.assert_allclose(image[:, 24, 30], 0.2, rtol=1e-3)
    # 10 / tan(25) = 21 m of shadow to the west.
    assert image[2, 24, 18] < 0.5 * image[2, 24, 5]
    assert image[2, 24, 45] == pytest.approx(image[2, 24, 50], rel=1e-3)
    crane = slab(300, 250, (20, 20), 40, 30.0)
    under = rendered([crane], quays=(quay,), light=light)
    reach = 300 - (30 - 10) / np.tan(np.deg2rad(25)) - 10
    assert under[2, 25, int(reach // 10)] < 0.8 * image[2, 25, int(reach // 10)]


def test_an_outline_that_is_not_convex_is_no_wider_than_it_is() -> None:
    corners = [(100, 100), (400, 100), (400, 130), (130, 130), (130, 400), (100, 400)]
    bend = Polygon([(WEST + east, NORTH - south) for east, south in corners])
    image = rendered([], quays=(Quay(bend, 1.0),), light=SUN)
    assert image[2, 11, 30] > 0.15
    assert image[2, 30, 30] == pytest.approx(0.03, rel=1e-3)


@given(seed=st.integers(0, 1000))
@settings(max_examples=10)
def test_shadows_never_brighten_and_more_solids_never_lighten_water(seed: int) -> None:
    rng = np.random.default_rng(seed)
    parts = [
        slab(*rng.uniform(150, 350, 2), tuple(rng.uniform(15, 60, 2)), float(rng.uniform(3, 25)),
             0.0, (0.001,) * 5)
        for _ in range(4)
    ]  # fmt: skip
    parts = [Solid(p.outline, p.base_m, p.top_m, p.colour, (0.0005,) * 5) for p in parts]
    few, many = rendered(parts[:2]), rendered(parts)
    assert np.all(few <= 0.03 + 1e-6)
    assert np.all(many <= few + 1e-6)


def test_painted_cells_are_what_the_instrument_averages() -> None:
    """Away from the edge of the ground, blur and means keep the sum of the light."""

    ship = sample_ship(np.random.default_rng(4), kind="tanker", length_m=60.0)
    light = Light(sun_azimuth_deg=120.0, sun_elevation_deg=40.0, view_zenith_deg=5.0)
    shape, gsd = (64, 64), 3.0
    ground = np.full((5, *shape), 0.03, np.float32)
    geobox = grid(epsg=32652, west_m=-96.0, north_m=96.0, shape=shape, gsd_m=gsd)
    world = {"light": light, "quays": [], "solids": solids(ship), "seed": 3}
    sampled = render(ground, ground, np.zeros(5), geobox=geobox, **world)
    cells = paint(ground, ground, np.zeros(5), corner=(-96.0, 96.0), gsd_m=gsd, factor=3, **world)
    assert cells.shape == (5, 192, 192)
    np.testing.assert_allclose(cells.mean((1, 2)), sampled.mean((1, 2)), rtol=1e-4)
    assert cells.std() > sampled.std(), "nothing has blurred the cells"
