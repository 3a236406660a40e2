"""A season of very large crude carriers at the single-point moorings off Fujairah.

The same simulator as that of small tankers, with another fleet, moorings and other ships. A cargo
of 2,000,000 barrels takes a day and a half to load; berths are buoys, 2 km apart, and the middle of
a hull turns around its buoy. Passes and clouds stay those of Vostochny.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from gnomon.simulate.season.campaign import SimulatedSeason, Trade, simulate_season
from gnomon.simulate.season.detections import BERTH, Moorings

FUJAIRAH = "fujairah"
FIRST_BUOY = (56.45, 25.22)
"""Longitude and latitude, about 9 km off the coast; the others lie west of it."""


def trade_fujairah(**changed: Any) -> Trade:
    """Half a year: a call in four days, by ships that come once or twice."""
    made = Trade(
        days=180,
        ships=34,
        visits=45.0,
        dwell_days=2.1,
        dwell_cv=0.35,
        others_per_day=0.08,
        detection=(0.93, 0.95, 0.96, 0.98),
        fleet="large crude carriers",
        others_m=(215.0, 45.0, 90.0, 290.0),
        moorings=Moorings(spacing_m=2000.0, swing_m=250.0),
        load_fraction=0.95,
        barrels_per_tonne=7.33,
    )
    return replace(made, **changed)


def simulate_fujairah(
    rng: np.random.Generator, trade: Trade | None = None, *, schedule: str = "s2+s1"
) -> SimulatedSeason:
    """Simulate a season; parameters as of `gnomon.simulate.season.campaign.simulate_season`."""
    made = simulate_season(rng, trade or trade_fujairah(), schedule=schedule)
    east, north = FIRST_BUOY[0] - BERTH[0], FIRST_BUOY[1] - BERTH[1]
    shrink = np.cos(np.radians(BERTH[1])) / np.cos(np.radians(FIRST_BUOY[1]))
    hulls = made.detections
    longitude = FIRST_BUOY[0] + (hulls.longitude + east - FIRST_BUOY[0]) * shrink
    moved = hulls.assign(port=FUJAIRAH, longitude=longitude, latitude=hulls.latitude + north)
    return replace(made, detections=moved, observations=made.observations.assign(port=FUJAIRAH))
