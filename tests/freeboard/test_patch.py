"""Patches on drawn strips whose place, size and axis are known."""

import numpy as np
import pytest

from gnomon.freeboard.patch import patch_at


def strip(heading, *, length=40.0, beam=8.0, gap=0.0, size=80):
    """A bright strip on noisy water, in pixels, cut across amidships by a dark gap."""
    rows, columns = np.indices((size, size)) + 0.5
    x, y = columns - 43.0, 38.0 - rows
    angle = np.deg2rad(heading)
    ahead, aside = x * np.sin(angle) + y * np.cos(angle), x * np.cos(angle) - y * np.sin(angle)
    ship = (abs(ahead) < length / 2) & (abs(aside) < beam / 2)
    image = np.where(ship & (abs(ahead) > gap / 2), 200.0, 60.0)
    image[ship & (abs(ahead) <= gap / 2)] = 30.0
    return image + np.random.default_rng(0).normal(0, 3, (3, size, size))


@pytest.mark.parametrize("heading", [0.0, 30.0, 90.0, 155.0])
@pytest.mark.parametrize("gap", [0.0, 5.0])
def test_a_hull_is_measured_whole_though_a_shadow_cuts_it(heading, gap):
    image = strip(heading, gap=gap)
    patch = patch_at(image, row=33.0, column=45.0, gsd_m=3.0)
    patch = patch or patch_at(image, row=38.0, column=43.0, gsd_m=3.0)
    assert patch.length_m == pytest.approx(120.0, abs=4.5)
    assert patch.beam_m == pytest.approx(24.0, abs=4.0)
    assert abs((patch.heading_deg - heading + 90) % 180 - 90) < 2
    assert np.hypot(patch.row - 38.0, patch.column - 43.0) < 1


def test_open_water_has_no_patch():
    water = np.random.default_rng(1).normal(60, 3, (3, 80, 80))
    assert patch_at(water, row=40.0, column=40.0, gsd_m=3.0) is None


def test_a_click_far_from_the_hull_finds_nothing():
    assert patch_at(strip(30.0), row=5.0, column=5.0, gsd_m=3.0) is None


def test_a_shadow_beside_the_hull_does_not_belong_to_it():
    image = strip(0.0)
    image[:, 18:58, 47:60] = 20.0  # darker than water in every band, along the starboard side
    patch = patch_at(image, row=38.0, column=43.0, gsd_m=3.0)
    assert patch.beam_m == pytest.approx(24.0, abs=4.0)
    assert not patch.pixels[:, 50:].any()


def test_a_ship_that_differs_in_colour_alone_is_found():
    """As bright as the water on average; red where the water is blue."""
    water = np.array([80.0, 60.0, 40.0])[:, None, None] + np.zeros((3, 80, 80))
    inside = strip(60.0)[0] > 130
    image = np.where(inside, np.array([40.0, 60.0, 80.0])[:, None, None], water)
    noise = np.random.default_rng(2).normal(0, 1.5, image.shape)
    patch = patch_at(image + noise, row=38.0, column=43.0, gsd_m=3.0)
    assert patch.length_m == pytest.approx(120.0, abs=6)
    assert abs((patch.heading_deg - 60 + 90) % 180 - 90) < 3


def test_a_second_ship_across_the_axis_stays_apart():
    image = strip(0.0, length=30.0)
    image[:, 30:46, 62:70] = 200.0
    patch = patch_at(image, row=38.0, column=43.0, gsd_m=3.0)
    assert patch.length_m == pytest.approx(90.0, abs=5)
    assert not patch.pixels[:, 55:].any()


def test_the_unit_of_the_image_does_not_matter():
    image = strip(120.0)
    one = patch_at(image, row=38.0, column=43.0, gsd_m=3.0)
    other = patch_at(image / 10_000, row=38.0, column=43.0, gsd_m=3.0)
    assert (one.pixels == other.pixels).all()
    assert one.length_m == other.length_m


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_image_has_the_turned_patch(turns):
    image = strip(25.0)
    here = patch_at(image, row=38.0, column=43.0, gsd_m=3.0)
    turned = np.rot90(image, turns, (1, 2))
    row, column = here.row, here.column
    for _ in range(turns):  # anticlockwise about the middle of 80 pixels
        row, column = 80 - column, row
    there = patch_at(turned, row=row, column=column, gsd_m=3.0)
    assert (there.row, there.column) == pytest.approx((row, column), abs=1e-6)
    assert there.length_m == pytest.approx(here.length_m)
    assert abs((there.heading_deg + 90 * turns - here.heading_deg + 90) % 180 - 90) < 1e-6
    assert (there.pixels == np.rot90(here.pixels, turns)).all()
