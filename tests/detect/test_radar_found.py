"""One box a ship, from many candidates, by the shipped weights."""

import numpy as np
import xarray as xr

from gnomon.detect.radar_cfar import RadarCfar
from gnomon.detect.radar_found import network_boxes
from gnomon.detect.radar_weights import load_radar_weights


def test_each_ship_is_one_box_and_an_empty_sea_has_none() -> None:
    rng = np.random.default_rng(1)
    vv = rng.gamma(4.4, 0.02 / 4.4, (300, 300)).astype(np.float32)
    water = np.ones(vv.shape, bool)
    masks = xr.Dataset(
        {k: (("line", "sample"), v) for k, v in
         (("clutter", water), ("search", water), ("land", ~water))}
    )  # fmt: skip
    network = load_radar_weights("s1-vessel").network
    test = RadarCfar(false_alarm_rate=1e-5)

    def found(values: np.ndarray) -> np.ndarray:
        layers = {"vv": values, "incidence_deg": np.full(values.shape, 38.0)}
        pixels = xr.Dataset({k: (("line", "sample"), v) for k, v in layers.items()})
        boxes = network_boxes(network, pixels, masks, spacing_m=(10.0, 10.0), test=test)
        return boxes[boxes.score > 0.6].centres

    assert len(found(vv)) == 0
    for top, left in ((100, 80), (200, 180)):
        vv[top : top + 3, left : left + 18] *= rng.uniform(20, 80, (3, 18))
    places = found(vv)
    assert len(places) == 2
    np.testing.assert_allclose(places[places[:, 1].argsort()], [[89, 101.5], [189, 201.5]], atol=3)
