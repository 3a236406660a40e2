"""Candidates stand apart, and the network is given the squares around them."""

import numpy as np
import xarray as xr
from scipy.spatial.distance import pdist

from gnomon.detect.radar_candidates import (
    APART_PX,
    CROP_PX,
    LEAST_DB,
    MIDDLE_DB,
    SPAN_DB,
    RadarPlanes,
    radar_candidates,
)
from gnomon.detect.radar_cfar import RadarCfar

SHAPE = (200, 220)


def image(**bands: np.ndarray) -> xr.Dataset:
    layers = {**bands, "incidence_deg": np.broadcast_to(np.linspace(30, 46, SHAPE[1]), SHAPE)}
    return xr.Dataset({name: (("line", "sample"), one) for name, one in layers.items()})


def sea(mean: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.gamma(4.4, mean / 4.4, SHAPE).astype(np.float32)


def test_candidates_are_the_brightest_around_and_those_of_all_ships() -> None:
    vv, vh = sea(0.02, 1), sea(0.004, 2)
    vv[60:64, 50:80] *= 100
    vh[150:153, 150:160] *= 100  # seen in one polarisation alone
    water = np.ones(SHAPE, bool)
    test = RadarCfar(false_alarm_rate=1e-5)
    where = radar_candidates(image(vv=vv, vh=vh), water, water, spacing_m=(10.0, 10.0), test=test)
    assert pdist(where).min() > APART_PX
    x, y = where.T
    for lines, samples in ((slice(60, 64), slice(50, 80)), (slice(150, 153), slice(150, 160))):
        on = (y >= lines.start) & (y < lines.stop) & (x >= samples.start) & (x < samples.stop)
        assert on.any()
    bright = np.unravel_index(vv.argmax(), SHAPE)
    assert [bright[1], bright[0]] in where.tolist()
    dry = water.copy()
    dry[40:90] = False
    assert (radar_candidates(image(vv=vv), dry, dry, spacing_m=(10.0, 10.0), test=test)[:, 1]
            > 89).all()  # fmt: skip


def test_a_square_has_its_place_in_the_middle_and_nothing_beyond_the_edge() -> None:
    vh = sea(0.004, 3)
    vh[:2] = np.nan
    land = np.zeros(SHAPE, bool)
    land[:, 210:] = True
    planes = RadarPlanes.of(image(vh=vh), land)
    where = np.array([[100, 90], [0, 199], [219, 0]])
    crops, known = (one.numpy() for one in planes.crops(where))
    half = CROP_PX // 2
    scaled = np.maximum(10 * np.log10(vh) - MIDDLE_DB, LEAST_DB - MIDDLE_DB) / SPAN_DB
    np.testing.assert_allclose(crops[0, 1], scaled[58:122, 68:132], atol=2e-3)
    assert (crops[:, 0] == 0).all()  # there is no VV
    assert known[:, :2].tolist() == [[0, 1]] * 3
    np.testing.assert_allclose(
        known[:, 2], (np.array([30 + 1600 / 219, 30, 46]) - 38) / 6, rtol=1e-5
    )
    assert (crops[1, 1, half + 1 :] == 0).all()
    assert (crops[1, 1, :, :half] == 0).all()
    assert (crops[2, 1, half : half + 2] == 0).all()  # not seen
    assert (crops[2, 2, half:, half - 9 : half + 1] == 1).all()
    assert (crops[2, 2, half:, : half - 9] == 0).all()
