"""Views: a coarser sensor, and a detector's box."""

import numpy as np
import pytest
import torch

from chip_hulls import chip_hull
from gnomon.learn.ship_type.views import SPREAD, degraded, make_views, misplaced

HULLS = [chip_hull(), chip_hull(tanker=False, seed=1)]


class NoNoise:
    """Draws of a generator that adds nothing."""

    def random(self):
        return 0.0

    def normal(self, mean, sigma, shape):
        return np.full(shape, mean)


@pytest.mark.parametrize("gsd_m", [3.0, 5.0, 10.0])
def test_a_coarser_chip_has_the_same_light_and_the_spread_of_its_sensor(gsd_m):
    point = np.zeros((1, 80, 80), np.float32)
    point[0, 40, 40] = 1.0
    out = degraded(point, gsd_m, NoNoise())[0]
    ratio = gsd_m / 3
    assert out.shape == (int(80 / ratio),) * 2
    assert out.sum() * ratio**2 == pytest.approx(1, rel=0.15)
    rows = np.arange(out.shape[0])
    across = out.sum(1) / out.sum()
    middle = (across * rows).sum()
    assert (middle + 0.5) * ratio == pytest.approx(40.5, abs=0.1)
    if ratio > 3:  # of few pixels the spread is that of interpolation
        width = np.sqrt((across * (rows - middle) ** 2).sum())
        assert width == pytest.approx(SPREAD, abs=0.15)


def test_a_misplaced_box_is_off_by_little_and_short_on_the_whole():
    draw = np.random.default_rng(0)
    box = HULLS[0].box
    boxes = [misplaced(box, draw) for _ in range(400)]
    length = np.array([one.length for one in boxes]) / box.length
    assert length.mean() == pytest.approx(0.98, abs=0.01)
    assert length.std() == pytest.approx(0.05, abs=0.01)
    apart = np.hypot([one.x - box.x for one in boxes], [one.y - box.y for one in boxes])
    assert np.sqrt((apart**2).mean()) == pytest.approx(box.length * np.hypot(0.02, 0.012), rel=0.15)


def test_views_depend_on_the_seed_and_the_hull_alone():
    whole = make_views(HULLS, (3.0, 8.0), seed=1)
    alone = make_views(HULLS[1:], (3.0, 8.0), seed=1)
    assert torch.equal(whole[1:], alone)
    assert not torch.equal(whole[1:], make_views(HULLS[1:], (3.0, 8.0), seed=2))
    assert (whole.float().amax((2, 3, 4)) > 0.9).all()
