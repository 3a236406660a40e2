"""Further images that a port's count would gain from, as the page lists them."""

import pandas as pd

from gnomon.report.page.encode import number
from gnomon.report.page.schema import FurtherImages


def further_images(rows: pd.DataFrame) -> list[FurtherImages]:
    """Rows of `gnomon.datamodel.tables.FurtherPasses`, what narrows most first."""
    ordered = rows.sort_values("visits_half_width_then", kind="stable")
    return [
        {
            "passes": str(row.passes),
            "sensor": str(row.sensor),
            "gsd_m": number(row.gsd_m),
            "a_month": number(row.passes_a_month),
            "free": bool(row.free),
            "p_seen": number(row.p_seen, 3),
            "half_width": number(row.visits_half_width_then, 2),
        }
        for row in ordered.itertuples()
    ]
