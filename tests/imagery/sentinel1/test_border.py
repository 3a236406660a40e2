"""Borders of old images, on simulated speckle over the darkest water there is."""

import numpy as np
import pytest
from scipy import ndimage

from gnomon.imagery.sentinel1.border import REACH_PX, border_mask

NOISE = 900.0


def speckle(shape: tuple[int, int], seed: int) -> np.ndarray:
    """Power of 4.4 looks, mean one, whose neighbours share some of them."""
    rng = np.random.default_rng(seed)
    looks = rng.exponential(size=(5, *shape))
    shared = ndimage.uniform_filter(looks, (1, 2, 2)).mean(axis=0)
    return np.asarray(shared / shared.mean())


def image(shape: tuple[int, int], border: np.ndarray, *, sea: float, seed: int) -> np.ndarray:
    power = np.where(border, 0.05 * NOISE, (1 + sea) * NOISE) * speckle(shape, seed)
    return np.sqrt(power).astype(np.uint16)


@pytest.mark.parametrize("sea", [0.0, 30.0])
@pytest.mark.parametrize("edge", ["left", "right", "top", "bottom"])
def test_a_slanted_border_is_found_within_two_pixels(edge: str, sea: float) -> None:
    """From water without any return to a bright sea, and nothing inside the image."""
    shape = (600, 300)
    width = np.linspace(40, 60, shape[0])[:, None]
    border = np.arange(shape[1])[None, :] < width
    dn = image(shape, border, sea=sea, seed=3)
    turned = {
        "left": lambda x: x,
        "right": lambda x: x[:, ::-1],
        "top": lambda x: x.T,
        "bottom": lambda x: x.T[::-1],
    }[edge]
    noise = np.full(turned(dn).shape, NOISE, np.float32)
    found = border_mask(turned(dn), noise)
    near = ndimage.binary_dilation(border, iterations=2) & ~ndimage.binary_erosion(
        border, iterations=2, border_value=1
    )
    assert (found == turned(border))[~turned(near)].all()


def test_an_image_without_border_loses_nothing() -> None:
    shape = (REACH_PX // 2, 400)
    dn = image(shape, np.zeros(shape, bool), sea=0.0, seed=5)
    assert not border_mask(dn, np.full(shape, NOISE, np.float32)).any()


def test_only_edges_of_the_image_have_a_border() -> None:
    """A dark patch inside a window is no border, nor is one at an edge of the window alone."""
    shape = (200, 200)
    dark = np.zeros(shape, bool)
    dark[80:140, :60] = True
    dn = image(shape, dark, sea=5.0, seed=6)
    noise = np.full(shape, NOISE, np.float32)
    assert not border_mask(dn, noise, edges=("right", "top")).any()
    assert border_mask(dn, noise, edges=("left",)).any()
    assert not border_mask(np.roll(dn, 70, axis=1), noise).any()
