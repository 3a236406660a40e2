"""Fixed echoes are left out of a radar image, and nothing else is."""

import numpy as np
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from gnomon.detect.radar_fixed import BRIGHTER, STANDS_OUT, without_fixed_echoes

SEA = np.ones((12, 12), bool)
AT = (6, 6)


def image(value: float, sea: float = 0.01) -> xr.Dataset:
    """Sea with one echo."""
    pixels = np.full(SEA.shape, sea, np.float32)
    pixels[AT] = value
    return xr.Dataset({"vv": (("line", "sample"), pixels)})


@given(echo=st.floats(0.001, 100), now=st.floats(0.001, 100))
def test_an_echo_is_left_out_where_it_was_as_bright_before_and_no_sea(
    echo: float, now: float
) -> None:
    left = without_fixed_echoes(image(now), image(echo), SEA)["vv"].to_numpy()
    was_there = echo > STANDS_OUT * 0.01
    assert np.isnan(left[AT]) == (was_there and np.float32(now) < np.float32(BRIGHTER * echo))
    others = np.ones(SEA.shape, bool)
    others[AT] = False
    np.testing.assert_array_equal(left[others], np.float32(0.01))


def test_the_image_that_was_given_stays_as_it_is() -> None:
    pixels = image(1.0)
    without_fixed_echoes(pixels, image(1.0), SEA)
    assert pixels["vv"].to_numpy()[AT] == 1.0


def test_where_nothing_is_known_of_earlier_passes_nothing_is_left_out() -> None:
    unknown = image(np.nan, sea=np.nan)
    left = without_fixed_echoes(image(1.0), unknown, SEA)
    assert left.identical(image(1.0))


def test_a_polarisation_that_earlier_passes_did_not_have_is_searched_whole() -> None:
    both = image(1.0).assign(vh=image(1.0)["vv"])
    left = without_fixed_echoes(both, image(1.0), SEA)
    assert np.isnan(left["vv"].to_numpy()[AT])
    assert left["vh"].to_numpy()[AT] == 1.0
