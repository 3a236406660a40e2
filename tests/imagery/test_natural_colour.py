"""Pictures for the eye: light is kept in order, whatever its unit."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from gnomon.imagery.natural_colour import (
    BRIGHTEST,
    KNEE,
    natural_bands,
    stretched,
    water_light,
)

LIGHT = st.lists(st.floats(0, 30, width=32), min_size=2, max_size=12)


def grey_of(light: list[float], water: float) -> np.ndarray:
    """Red of the picture of a row of pixels."""
    stack = np.broadcast_to(np.array(light) * water, (3, 1, len(light))).astype(np.float32)
    return stretched(stack, water)[0, :, 0].astype(int)


@given(LIGHT, st.sampled_from((0.002, 0.03, 310.0, 8000.0)))
def test_brighter_is_brighter_in_every_unit(light: list[float], water: float) -> None:
    ordered = sorted(light)
    grey = grey_of(ordered, water)
    assert list(grey) == sorted(grey)
    assert np.abs(grey - grey_of(ordered, 1.0)).max() <= 1


@given(st.floats(0, 30))
def test_the_stretch_is_that_of_its_formula(light: float) -> None:
    expected = 255 * min(BRIGHTEST * light / (light + KNEE), 1)
    assert abs(grey_of([light, 1.0], 1.0)[0] - expected) <= 1.001


def test_shadow_water_and_deck_differ_for_the_eye() -> None:
    shadow, water, deck = grey_of([0.5, 1.0, 3.0], 0.03)
    assert water - shadow > 30
    assert deck - water > 60
    assert deck < 230


@given(st.integers(1, 3))
def test_pixels_without_data_are_black(side: int) -> None:
    assert stretched(np.full((3, side, side), np.nan, np.float32), 1.0).max() == 0


def layers(**values: float | bool) -> xr.Dataset:
    """Four pixels of each layer; the last is other than the rest in green."""
    made = xr.Dataset({name: (("y", "x"), np.full((2, 2), v)) for name, v in values.items()})
    if "green" in made:
        made["green"][1, 1] = 5.0
    return made


def test_bands_are_red_green_and_blue_or_one_thrice() -> None:
    colours = natural_bands(layers(blue=0.1, green=0.2, red=0.3, nir=0.4))
    np.testing.assert_allclose(colours[:, 0, 0], [0.3, 0.2, 0.1], rtol=1e-6)
    np.testing.assert_allclose(natural_bands(layers(pan=0.7))[:, 0, 0], [0.7] * 3, rtol=1e-6)
    with pytest.raises(ValueError, match="needs a band"):
        natural_bands(layers(swir16=0.1))


def test_the_light_of_water_leaves_out_land_and_cloud() -> None:
    bands = {"red": 0.1, "green": 0.2, "blue": 0.3}
    pixels = layers(**bands, land=False, cloud=False)
    assert water_light(pixels) == pytest.approx(0.2)
    pixels["cloud"][:, 0] = True
    pixels["land"][0, 1] = True
    assert water_light(pixels) == 5.0
    pixels["cloud"][:] = True  # no water at all: the picture is shown all the same
    assert water_light(pixels) == pytest.approx(0.2)


def test_radar_is_grey_and_as_bright_as_its_amplitude() -> None:
    power = np.full((20, 20), 0.01, np.float32)
    power[5, 5], power[6, 6], power[7, 7] = 0.04, -0.001, np.nan
    pixels = xr.Dataset({"vh": (("y", "x"), power / 5), "vv": (("y", "x"), power)})
    image = stretched(natural_bands(pixels), water_light(pixels))
    assert (image[..., 0] == image[..., 1]).all()
    assert (image[..., 0] == image[..., 2]).all()
    assert water_light(pixels) == pytest.approx(0.1)
    assert abs(int(image[5, 5, 0]) - grey_of([2.0, 1.0], 1.0)[0]) <= 1
    assert (image[6, 6] == 0).all()
    assert (image[7, 7] == 0).all()
