"""Seasons of worlds as if they had been read."""

from dataclasses import asdict, replace
from typing import Any

import pandas as pd

from gnomon.validate.worlds import WorldCase, WorldReading

CASES = (WorldCase("as assumed", "free"), WorldCase("haze", "daily", ("haze",)))


def reading(case: WorldCase = CASES[0], seed: int = 0, **values: Any) -> WorldReading:
    made = WorldReading(
        case=case.name, sensors=case.sensors, seed=seed, visits=40.0, barrels=9e5, detected=20,
        observable=23, visits_mean=44.0, visits_low=30.0, visits_high=50.0, barrels_mean=9.9e5,
        barrels_low=6e5, barrels_high=1.1e6, p_over=0.9, p_right=0.97, ideal_half_width=8.0,
        fit=0.5, r_hat=1.01, effective_size=300.0, seconds=2.5, processor_seconds=2.0,
        peak_mb=400.0,
    )  # fmt: skip
    return replace(made, **values)


def rows_of(*readings: WorldReading) -> pd.DataFrame:
    """As `gnomon.validate.worlds.worlds_table` reads them."""
    return pd.DataFrame([asdict(one) for one in readings])
