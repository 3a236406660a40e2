"""The hull's image against brute-force rasters, finite differences and conservation laws."""

import numpy as np
import pytest
import shapely
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import ndimage

from gnomon.freeboard.hull import PARAMETERS, SURFACES, Points, Sight, cover, outline_places
from gnomon.geo.local import hull_axes
from gnomon.physics import shadow

USUAL = {
    "east_m": 1.0,
    "north_m": -2.0,
    "length_m": 90.0,
    "beam_m": 14.0,
    "heading_rad": 0.6,
    "freeboard_m": 4.0,
    "house_height_m": 9.0,
    "house_length": 0.15,
    "bow_length": 0.16,
    "log_blur": 0.0,
}
ROW = {name: k for k, name in enumerate(SURFACES)}


def ships(**changes):
    values = USUAL | changes
    return torch.tensor([[values[name] for name in PARAMETERS]], dtype=torch.float64)


def sight(sun_azimuth=140.0, sun_elevation=35.0, view_azimuth=290.0, view_zenith=15.0):
    angles = (sun_azimuth, sun_elevation, view_azimuth, view_zenith)
    return Sight(*(torch.tensor([np.deg2rad(a)], dtype=torch.float64) for a in angles))


def points(gsd, *, half=90.0, blur=None):
    x = np.arange(-half, half, gsd) + gsd / 2
    east, north = (torch.tensor(a.reshape(1, -1)) for a in np.meshgrid(x, -x))
    spread = torch.tensor([0.53 * gsd if blur is None else blur], dtype=torch.float64)
    return Points(east, north, spread, spread)


@pytest.mark.parametrize("gsd", [1.0, 3.0, 10.0])
@pytest.mark.parametrize("name", PARAMETERS)
def test_gradient_is_the_finite_difference(gsd, name):
    """At a random projection of all covers, so that no surface can hide a wrong sign."""
    k = PARAMETERS.index(name)
    grid = points(gsd)
    weights = torch.tensor(
        np.random.default_rng(0).normal(size=(1, len(SURFACES), grid.east_m.shape[1]))
    )
    ship = ships().requires_grad_()
    (cover(ship, grid, sight()) * weights).sum().backward()
    step = 1e-5
    shift = torch.zeros_like(ship).detach()
    shift[0, k] = step
    up, down = (
        (cover(ship.detach() + sign * shift, grid, sight()) * weights).sum() for sign in (1, -1)
    )
    assert_allclose(float(ship.grad[0, k]), float(up - down) / (2 * step), rtol=2e-3, atol=2e-3)


@settings(deadline=None, max_examples=30)
@given(
    st.floats(0, 6.28), st.floats(0, 360), st.floats(15, 80), st.floats(0, 360), st.floats(0, 30)
)
def test_every_point_is_covered_once(heading, sun, elevation, view, zenith):
    maps = cover(ships(heading_rad=heading), points(3.0), sight(sun, elevation, view, zenith))[0]
    once = maps[[ROW["water"], ROW["deck"], ROW["wall"], ROW["house"]]].sum(0)
    # Deck against hull at corners, where the blur of an edge is an approximation.
    assert float((once - 1).abs().max()) < 0.02
    signed = {ROW[name] for name in ("water_east", "water_north", "deck_across")}
    assert float(maps[sorted(set(range(len(SURFACES))) - signed)].min()) >= 0
    shade = maps[ROW["shadow"]] + maps[ROW["house_shadow"]]
    assert float((shade - maps[ROW["water"]]).max()) < 0.02


def test_areas_do_not_depend_on_the_pixel():
    fine, coarse = (
        (cover(ships(), points(gsd, half=120), sight())[0].sum(1) * gsd**2) for gsd in (0.5, 10.0)
    )
    # Corners are rounded off where the beam is a pixel and a half, and the superstructure is all
    # corners then: its cover is too small by a quarter, which its free brightness makes good.
    for name, share in (("deck", 0.05), ("house", 0.3), ("shadow", 0.05), ("wall", 0.15)):
        assert_allclose(float(coarse[ROW[name]]), float(fine[ROW[name]]), rtol=share)


@pytest.mark.parametrize("sun_off", [90, 50, 270])
@pytest.mark.parametrize(("view_off", "zenith"), [(0, 0), (90, 20), (270, 30)])
def test_widths_across_the_hull_are_those_of_the_formulas(sun_off, view_off, zenith):
    """Amidships, in a fine strip: wall and shaded water against `gnomon.physics.shadow`."""
    heading, height = 30.0, 5.0
    across = np.arange(-60, 60, 0.02)
    turn = np.deg2rad(heading)
    strip = Points(
        torch.tensor((across * np.cos(turn))[None]),
        torch.tensor((-across * np.sin(turn))[None]),
        torch.tensor([0.01], dtype=torch.float64),
        torch.tensor([0.01], dtype=torch.float64),
    )
    geometry = {
        "heading_deg": heading,
        "sun_azimuth_deg": heading + sun_off,
        "sun_elevation_deg": 30.0,
        "view_azimuth_deg": heading + view_off,
        "view_zenith_deg": zenith,
    }
    ship = ships(
        east_m=0.0,
        north_m=0.0,
        heading_rad=turn,
        freeboard_m=height,
        length_m=200.0,
        house_height_m=0.5,
    )
    maps = cover(ship, strip, sight(heading + sun_off, 30.0, heading + view_off, zenith))[0]
    widths = maps.sum(1).numpy() * 0.02
    assert_allclose(widths[ROW["deck"]], 14.0, atol=0.05)
    assert_allclose(widths[ROW["shadow"]], shadow.visible_shadow_m(height, **geometry), atol=0.06)
    del geometry["sun_azimuth_deg"], geometry["sun_elevation_deg"]
    assert_allclose(widths[ROW["wall"]], shadow.wall_m(height, **geometry), atol=0.06)


def test_shadow_against_a_raster():
    """March the outline, as an indicator, along the shadow; no formula is shared but its edges."""
    grid = points(0.5)
    maps = cover(ships(house_height_m=0.5), grid, sight(view_zenith=0.0))[0].numpy()
    low = cover(ships(freeboard_m=1e-3, house_height_m=0.5), grid, sight(view_zenith=0.0))[0]
    plan = (1 - low[ROW["water"]].numpy()).reshape(360, 360) > 0.5
    reach = np.array(shadow.shadow_offset_m(4.0, sun_azimuth_deg=140, sun_elevation_deg=35))
    dark = np.zeros_like(plan)
    for part in np.linspace(0, 1, 60):
        east, north = np.round(part * reach / 0.5).astype(int)
        dark |= np.roll(plan, (-north, east), (0, 1))
    shade = (maps[ROW["shadow"]] + maps[ROW["house_shadow"]]).reshape(360, 360)
    assert abs(shade.sum() - (dark & ~plan).sum()) < 0.06 * shade.sum()
    assert np.mean((shade > 0.5) != (dark & ~plan)) < 0.002


def test_batch_is_the_same_as_one_by_one():
    two = torch.cat([ships(), ships(heading_rad=2.0, freeboard_m=1.0)])
    grid = points(10.0)
    both = Points(
        *(
            getattr(grid, n).repeat(2, *[1] * (getattr(grid, n).dim() - 1))
            for n in ("east_m", "north_m", "blur_along_m", "blur_across_m")
        )
    )
    seen = Sight(*(a.repeat(2) for a in vars(sight()).values()))
    together = cover(two, both, seen)
    alone = cover(two[1:], grid, sight())
    assert_allclose(together[1].numpy(), alone[0].numpy(), atol=1e-12)


def test_turning_ship_sun_and_sensor_together_turns_the_image():
    """By a right angle, which the grid of points follows exactly."""
    grid = points(3.0)
    side = int(np.sqrt(grid.east_m.shape[1]))
    here = cover(ships(east_m=4.0, north_m=-6.0), grid, sight())[0].numpy()
    turned = ships(east_m=-6.0, north_m=-4.0, heading_rad=0.6 + np.pi / 2)
    there = cover(turned, grid, sight(230.0, 35.0, 380.0, 15.0))[0].numpy()
    for name in ("water", "deck", "wall", "house", "shadow", "house_shadow", "deck_shadow"):
        first = here[ROW[name]].reshape(side, side)
        second = there[ROW[name]].reshape(side, side)
        # Clockwise: what lay in the north lies in the east.
        assert_allclose(np.rot90(first, -1), second, atol=1e-9)


def test_a_mirrored_scene_is_the_mirrored_image():
    grid = points(3.0)
    side = int(np.sqrt(grid.east_m.shape[1]))
    here = cover(ships(), grid, sight())[0].numpy()
    mirrored = ships(east_m=-1.0, heading_rad=-0.6)
    there = cover(mirrored, grid, sight(-140.0, 35.0, -290.0, 15.0))[0].numpy()
    for name in ("water", "deck", "wall", "house", "shadow", "centreline"):
        first = here[ROW[name]].reshape(side, side)
        assert_allclose(first[:, ::-1], there[ROW[name]].reshape(side, side), atol=1e-9)
    across = ROW["deck_across"]
    assert_allclose(
        here[across].reshape(side, side)[:, ::-1], -there[across].reshape(side, side), atol=1e-9
    )


def test_one_set_of_points_serves_many_ships():
    """A first axis of length one is broadcast."""
    grid = points(10.0)
    three = torch.cat([ships(), ships(freeboard_m=1.0), ships(heading_rad=2.0)])
    together = cover(three, grid, sight())
    for k in range(3):
        alone = cover(three[k : k + 1], grid, sight())
        assert_allclose(together[k].numpy(), alone[0].numpy(), atol=1e-12)


@pytest.mark.parametrize("name", ["deck", "water"])
def test_blur_is_a_gaussian_convolution_of_the_sharp_image(name):
    """scipy's filter as the judge, with a blur of two metres; corners are the exception."""
    ship = ships(house_height_m=0.5, freeboard_m=0.05)
    grid, soft = points(0.5, blur=0.05), points(0.5, blur=2.0)
    side = int(np.sqrt(grid.east_m.shape[1]))
    sharp = cover(ship, grid, sight(view_zenith=0.0))[0, ROW[name]].numpy().reshape(side, side)
    model = cover(ship, soft, sight(view_zenith=0.0))[0, ROW[name]].numpy().reshape(side, side)
    exact = ndimage.gaussian_filter(sharp, 2.0 / 0.5, mode="nearest")
    assert np.abs(model - exact).mean() < 0.004
    assert np.quantile(np.abs(model - exact), 0.99) < 0.07


def ray_cast(ship, grid, angles):
    """What a ray from the sensor meets first at every point: 0 water, 1 wall, 2 deck, 3 house.

    Marched through a prism on the water and a box on its deck, as a computer game would; only the
    corners of the outline are shared with the model.
    """
    values = dict(zip(PARAMETERS, ship[0].tolist(), strict=True))
    along, aside = outline_places(values["bow_length"]).T
    hull = shapely.Polygon(
        np.column_stack([along * values["length_m"], aside * values["beam_m"] / 2])
    )
    aft = -0.45 * values["length_m"]
    half = 0.42 * values["beam_m"]
    box = shapely.box(aft, -half, aft + values["house_length"] * values["length_m"], half)
    east, north = grid.east_m[0].numpy(), grid.north_m[0].numpy()
    x, y = east - values["east_m"], north - values["north_m"]
    heading = values["heading_rad"]
    forward, starboard = hull_axes(x, y, heading_rad=heading)
    azimuth, zenith = np.deg2rad(angles["view_azimuth"]), np.deg2rad(angles["view_zenith"])
    lean = np.tan(zenith) * np.array([np.cos(azimuth - heading), np.sin(azimuth - heading)])
    deck, top = values["freeboard_m"], values["freeboard_m"] + values["house_height_m"]
    met = np.zeros(len(east), int)
    # From the water upwards along the ray towards the sensor: the last one met hides the others.
    for height in np.linspace(0, top, 400):
        a, b = forward + height * lean[0], starboard + height * lean[1]
        if height <= deck:
            inside = shapely.contains_xy(hull, a, b)
            met[inside] = 1 if height < deck - 0.01 else 2
        else:
            met[shapely.contains_xy(box, a, b)] = 3
    a, b = forward + deck * lean[0], starboard + deck * lean[1]
    on_deck = shapely.contains_xy(hull, a, b) & (met != 3)
    met[on_deck] = 2
    return met


@pytest.mark.parametrize(("azimuth", "zenith"), [(290.0, 15.0), (40.0, 30.0), (124.0, 8.0)])
def test_what_is_in_sight_is_what_rays_meet(azimuth, zenith):
    ship, grid = ships(freeboard_m=5.0), points(0.5, blur=0.05)
    maps = cover(ship, grid, sight(view_azimuth=azimuth, view_zenith=zenith))[0].numpy()
    seen = np.stack([maps[ROW[name]] for name in ("water", "wall", "deck", "house")]).argmax(0)
    met = ray_cast(ship, grid, {"view_azimuth": azimuth, "view_zenith": zenith})
    # Edges of a pixel, and the march's own steps.
    assert np.mean(seen != met) < 0.006
    for kind in range(1, 4):
        assert (seen == kind).sum() == pytest.approx((met == kind).sum(), rel=0.12, abs=40)


def test_a_higher_sun_or_a_lower_deck_makes_less_shadow():
    grid = points(3.0)

    def shaded(elevation, freeboard):
        maps = cover(ships(freeboard_m=freeboard), grid, sight(sun_elevation=elevation))[0]
        return float(maps[ROW["shadow"]].sum())

    areas = [shaded(60.0, 2.0), shaded(60.0, 4.0), shaded(35.0, 4.0), shaded(20.0, 4.0)]
    assert areas == sorted(areas)


@given(st.floats(0.06, 0.3))
@settings(deadline=None, max_examples=10)
def test_the_outline_is_convex_closed_and_as_long_and_broad_as_the_ship(bow):
    places = outline_places(bow)
    outline = shapely.Polygon(places)
    assert outline.is_valid
    assert (places[0] == places[-1]).all()
    assert_allclose(outline.bounds, (-0.5, -1.0, 0.5, 1.0))
    assert outline.area == pytest.approx(outline.convex_hull.area, rel=1e-9)
