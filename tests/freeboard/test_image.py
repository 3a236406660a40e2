"""Covers of a chip's pixels against brute-force sampling of the outline, and sun and view."""

import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose

from gnomon.freeboard.hull import PARAMETERS, SURFACES, outline_places
from gnomon.freeboard.image import cover_of_pixels, sight_of
from gnomon.geo.local import from_hull_axes
from model_ships import model_chip, true_ship

ROW = {name: k for k, name in enumerate(SURFACES)}


def outline_of(ship):
    values = dict(zip(PARAMETERS, ship, strict=True))
    along, aside = outline_places(values["bow_length"]).T
    east, north = from_hull_axes(
        along * values["length_m"],
        aside * values["beam_m"] / 2,
        heading_rad=values["heading_rad"],
    )
    return shapely.Polygon(np.column_stack([east + values["east_m"], north + values["north_m"]]))


@pytest.mark.parametrize("place", [(0.0, 0.0), (13.0, -8.0)])
def test_a_low_deck_lies_where_its_outline_lies(place):
    """Hundreds of points in every pixel, smeared by a sharp point spread: hardly any shadow."""
    chip = model_chip(gsd=3.0, blur_px=0.05, view_zenith_deg=0.0, sun_elevation_deg=80.0)
    ship = true_ship(freeboard=0.02)
    ship[:2] = place
    ship[PARAMETERS.index("house_height_m")] = 0.5
    maps = cover_of_pixels(chip, ship)
    hull = maps[ROW["deck"]] + maps[ROW["house"]] + maps[ROW["wall"]]
    rows, columns = chip.image.shape[1:]
    fine = 9
    x = (np.arange(columns * fine) + 0.5) / fine - columns / 2
    y = rows / 2 - (np.arange(rows * fine) + 0.5) / fine
    inside = shapely.contains_xy(outline_of(ship), *np.meshgrid(3 * x, 3 * y))
    exact = inside.reshape(rows, fine, columns, fine).mean((1, 3)).ravel()
    assert abs(hull.sum() - exact.sum()) < 0.02 * exact.sum()
    # A Gaussian stands for the square of the pixel: edges differ by a few hundredths of one.
    assert np.abs(hull - exact).max() < 0.2
    assert np.abs(hull - exact).mean() < 0.003


def test_covers_follow_the_ship_over_the_chip():
    chip = model_chip(gsd=3.0)
    ship, moved = true_ship(), true_ship()
    moved[:2] = 6.0, -9.0  # two pixels east, three south
    shape = (len(SURFACES), *chip.image.shape[1:])
    here, there = (cover_of_pixels(chip, s).reshape(shape) for s in (ship, moved))
    unsigned = [ROW[name] for name in ("water", "deck", "wall", "house", "shadow", "deck_shadow")]
    assert_allclose(
        np.roll(here, (3, 2), (1, 2))[unsigned, 4:-4, 4:-4],
        there[unsigned, 4:-4, 4:-4],
        atol=1e-9,
    )


def test_the_shadow_lies_away_from_the_sun_and_the_wall_towards_the_sensor():
    chip = model_chip(sun_azimuth_deg=90.0, view_azimuth_deg=270.0, view_zenith_deg=25.0)
    ship = true_ship(freeboard=6.0)
    ship[PARAMETERS.index("heading_rad")] = 0.0
    maps = cover_of_pixels(chip, ship).reshape(len(SURFACES), *chip.image.shape[1:])
    east = (np.arange(maps.shape[2]) - (maps.shape[2] - 1) / 2) * chip.gsd_m

    def middle(name):
        return float((maps[ROW[name]].sum(0) * east).sum() / maps[ROW[name]].sum())

    # Both lie west of the hull; the deck leans east, away from the sensor.
    assert middle("shadow") < middle("wall") < 0 < middle("deck")


def test_sun_and_view_are_in_radians_from_the_grids_north():
    sight = sight_of(model_chip(sun_azimuth_deg=180.0, view_zenith_deg=9.0))
    assert float(sight.sun_azimuth[0]) == pytest.approx(np.pi)
    assert float(sight.view_zenith[0]) == pytest.approx(np.pi / 20)
