"""Products as files: what is read back is what was drawn, and the item is one of Sentinel-1."""

from pathlib import Path

import numpy as np

from gnomon.imagery.sentinel1.read import read_sigma0
from gnomon.simulate.radar.scene import drawn_sigma0
from gnomon.workflow.plan import plan
from radar_scenes import radar_spec, radar_study


def test_sigma0_is_read_as_it_was_drawn(radar_sea: Path) -> None:
    scene = plan(radar_study(radar_sea)).observations[0].scene
    assert (scene.sensor, scene.relative_orbit, scene.platform) == ("sar", 32, "sentinel-1s")
    received = read_sigma0(scene, keep_noise=True)
    drawn = drawn_sigma0(radar_spec())
    for name in ("vv", "vh"):
        # Amplitudes are whole numbers.
        wanted, rounding = drawn[name], 2 * np.sqrt(drawn[name]) / 470 + 1e-5
        assert (np.abs(received[name].to_numpy() - wanted) < rounding).all()
    clean = read_sigma0(scene)["vh"].to_numpy()
    shift = received["vh"].to_numpy() - clean
    np.testing.assert_allclose(shift, 10**-2.4, rtol=1e-3)
