"""The cumulative barrels of a year, day by day, as the page draws them against the cap."""

import pandas as pd

from gnomon.report.page.curves import BarrelCurve
from gnomon.report.page.encode import epochs_s, numbers


def curve_of_year(
    cumulative: pd.DataFrame, year: int, *, if_loading: bool = False
) -> BarrelCurve | None:
    """Barrels since the period began, with their 90 % interval; None if there are none of the year.

    Parameters
    ----------
    cumulative
        As in `gnomon.datamodel.ledger_tables.Cumulative`.
    year
        Of the ledger.
    if_loading
        Whether they are those if ships load.

    """
    rows = cumulative[cumulative.year == year].sort_values("day")
    if not len(rows):
        return None
    name = "barrels_if_loading" if if_loading else "barrels"
    if rows[f"{name}_p50"].isna().any():
        return None
    return {
        "t": epochs_s(rows.day),
        "low": numbers(rows[f"{name}_p05"], 0),
        "middle": numbers(rows[f"{name}_p50"], 0),
        "high": numbers(rows[f"{name}_p95"], 0),
    }
