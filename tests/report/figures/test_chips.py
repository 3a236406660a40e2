"""Small pictures: a browser can decode them, and they have their pixels."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from gnomon.report.credits import ImageCredit
from gnomon.report.figures.chips import LOSSY_ABOVE_PX, encoded, picture_of
from gnomon.simulate.pixels.portrait import portrait
from gnomon.workflow.surroundings import Square


def decoded(address: str) -> np.ndarray:
    head, data = address.split(",")
    assert head == "data:image/webp;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


@pytest.mark.parametrize("side", [12, LOSSY_ABOVE_PX, LOSSY_ABOVE_PX + 1, 300])
def test_a_picture_comes_back_with_its_pixels(side: int) -> None:
    """WEBP is lossy: smooth light comes back within a few of 255 levels, and none is resampled."""
    ramp = np.linspace(20, 220, side)
    image = np.stack([np.add.outer(ramp, ramp) / 2] * 3, axis=-1).astype(np.uint8)
    again = decoded(encoded(image))
    assert again.shape == image.shape
    assert np.abs(again.astype(int) - image).mean() < 4


def test_a_picture_of_a_simulated_scene_is_marked_and_shows_the_same_ground() -> None:
    pixels = portrait(23, length_m=110, gsd_m=10, sun_elevation_deg=40, laden=False).pixels
    middle = pixels.odc.geobox.extent.to_crs("EPSG:4326").geom.centroid
    square = Square(middle, 100.0)
    bare = picture_of(pixels, square, "a")
    marked = picture_of(pixels, square, "a", credit=ImageCredit("x", simulated=True))
    assert bare is not None
    assert marked is not None
    assert {**bare, "src": ""} == {**marked, "src": ""}
    small, large = decoded(bare["src"]), decoded(marked["src"])
    zoom = len(large) // len(small)
    assert zoom > 1
    unlike = np.abs(large.astype(int) - small.repeat(zoom, 0).repeat(zoom, 1)).max(-1) > 40
    assert 0.01 < unlike.mean() < 0.3


def test_large_pictures_are_squeezed_harder() -> None:
    rng = np.random.default_rng(0)
    sizes = {}
    for side in (LOSSY_ABOVE_PX, LOSSY_ABOVE_PX + 2):
        image = rng.integers(0, 255, (side, side, 3), dtype=np.uint8)
        sizes[side] = len(encoded(image)) / side**2
    assert sizes[LOSSY_ABOVE_PX + 2] < 0.8 * sizes[LOSSY_ABOVE_PX]
