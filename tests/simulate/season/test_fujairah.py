"""The season off Fujairah: ships as large as real ones, at buoys, and never at Vostochny."""

import numpy as np
import pytest

from gnomon.geo.local import local_metres
from gnomon.simulate.season.detections import FALSE_ALARM, OTHER_SHIP
from gnomon.simulate.season.fujairah import FIRST_BUOY, FUJAIRAH, simulate_fujairah, trade_fujairah
from gnomon.simulate.season.tankers import large_crude_carriers


def test_large_crude_carriers_have_the_deadweight_of_real_ones() -> None:
    """333 x 60 m, 22.5 m draught, 300,000 to 320,000 t: tankers that sent these by AIS."""
    ships = large_crude_carriers(np.random.default_rng(0), 2000)
    assert ships.deadweight_t.min() > 240_000
    assert ships.deadweight_t.max() < 345_000
    assert ships.deadweight_t.mean() == pytest.approx(295_000, rel=0.03)
    assert ships.length_m.mean() == pytest.approx(329, abs=2)
    assert set(ships.beam_m) == {58.0, 60.0}


def test_ships_swing_around_buoys_that_lie_apart() -> None:
    made = simulate_fujairah(np.random.default_rng(1), schedule="s2+s1+daily")
    hulls = made.detections
    assert set(hulls.port) == set(made.observations.port) == {FUJAIRAH}
    own = made.visit >= 0
    east, north = local_metres(
        hulls.longitude.to_numpy(), hulls.latitude.to_numpy(), origin=FIRST_BUOY
    )
    buoy = np.round(-east / 2000)
    off = np.hypot(east + 2000 * buoy, north)[own]
    assert np.median(off) == pytest.approx(250, abs=25)
    assert off.max() < 450
    assert set(buoy[own]) >= {0.0, 1.0}
    # Each ship stays at its own.
    for visit in np.unique(made.visit[own]):
        assert len(set(buoy[made.visit == visit])) == 1
    lengths = hulls.length_m.to_numpy()
    assert lengths[own].min() > 280
    assert lengths[made.visit == OTHER_SHIP].max() < 320
    assert (made.visit == FALSE_ALARM).sum() < 10


def test_a_trade_can_be_changed() -> None:
    made = simulate_fujairah(np.random.default_rng(2), trade_fujairah(visits=0.0))
    assert len(made.truth.ship) == 0
    assert (made.visit < 0).all()
