"""The cumulative barrels of a year, day by day, as the page draws them against the cap."""

import pandas as pd

from gnomon.report.page.encode import epochs_s, numbers
from gnomon.report.page.schema import BarrelCurve


def curve_of_year(cumulative: pd.DataFrame, year: int) -> BarrelCurve | None:
    """Barrels since the period began, with their 90 % interval; None if there are none of the year.

    Parameters
    ----------
    cumulative
        As in `gnomon.datamodel.tables.Cumulative`.
    year
        Of the ledger.

    """
    rows = cumulative[cumulative.year == year].sort_values("day")
    if not len(rows):
        return None
    return {
        "t": epochs_s(rows.day),
        "low": numbers(rows.barrels_p05, 0),
        "middle": numbers(rows.barrels_p50, 0),
        "high": numbers(rows.barrels_p95, 0),
    }
