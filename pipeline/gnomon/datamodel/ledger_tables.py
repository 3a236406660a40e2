"""Tables of barrels: the ledger of each year and its cumulative curve.

As in `gnomon.datamodel.tables`.
"""

import pandera.pandas as pa
from pandera.typing import Series

from gnomon.datamodel.schema import Table, Time


class Ledger(Table):
    """One row per calendar year and load scenario."""

    year: Series[int]
    scenario: Series[str]
    """``inferred`` from the images, or a fixed part of deadweight that a precedent assumes."""
    start: Series[Time]
    """First moment of the part of the year that the numbers cover, and its ``end``."""
    end: Series[Time]
    deliveries_seen_p50: Series[float] = pa.Field(ge=0)
    deliveries_mean: Series[float] = pa.Field(ge=0)
    deliveries_p05: Series[float] = pa.Field(ge=0)
    deliveries_p50: Series[float] = pa.Field(ge=0)
    deliveries_p95: Series[float] = pa.Field(ge=0)
    tonnes_mean: Series[float] = pa.Field(ge=0)
    tonnes_p05: Series[float] = pa.Field(ge=0)
    tonnes_p50: Series[float] = pa.Field(ge=0)
    tonnes_p95: Series[float] = pa.Field(ge=0)
    barrels_mean: Series[float] = pa.Field(ge=0)
    barrels_p05: Series[float] = pa.Field(ge=0)
    barrels_p50: Series[float] = pa.Field(ge=0)
    barrels_p95: Series[float] = pa.Field(ge=0)
    reported_barrels: Series[float] = pa.Field(ge=0)
    """Reported deliveries of others, which count against the same cap."""
    cap_barrels: Series[float] = pa.Field(gt=0)
    p_over_cap: Series[float] = pa.Field(ge=0, le=1)
    passed_p05: Series[Time] = pa.Field(nullable=True)
    """When the cap was exceeded, in the samples in which it was; null unless ``p_over_cap`` is
    0.5 or more, for else it more likely was not."""
    passed_p50: Series[Time] = pa.Field(nullable=True)
    passed_p95: Series[Time] = pa.Field(nullable=True)
    open_ports: Series[str]
    """Loading ports whose images do not decide whether ships load or unload there, as a JSON array.
    With one, quantiles of all samples have two humps and no middle."""
    p_loading: Series[float] = pa.Field(ge=0, le=1)
    """Probability that at each open port more visits load than unload; without one, at all ports
    together."""
    deliveries_seen_if_loading_p50: Series[float] = pa.Field(ge=0, nullable=True)
    """Given that they load, like all columns ``_if_loading``; null unless ``p_loading`` is above
    0.05."""
    deliveries_if_loading_p05: Series[float] = pa.Field(ge=0, nullable=True)
    deliveries_if_loading_p50: Series[float] = pa.Field(ge=0, nullable=True)
    deliveries_if_loading_p95: Series[float] = pa.Field(ge=0, nullable=True)
    tonnes_if_loading_p05: Series[float] = pa.Field(ge=0, nullable=True)
    tonnes_if_loading_p50: Series[float] = pa.Field(ge=0, nullable=True)
    tonnes_if_loading_p95: Series[float] = pa.Field(ge=0, nullable=True)
    barrels_if_loading_p05: Series[float] = pa.Field(ge=0, nullable=True)
    barrels_if_loading_p50: Series[float] = pa.Field(ge=0, nullable=True)
    barrels_if_loading_p95: Series[float] = pa.Field(ge=0, nullable=True)
    barrels_otherwise_p05: Series[float] = pa.Field(ge=0, nullable=True)
    """Given that they do not load; null unless ``p_loading`` is below 0.95."""
    barrels_otherwise_p50: Series[float] = pa.Field(ge=0, nullable=True)
    barrels_otherwise_p95: Series[float] = pa.Field(ge=0, nullable=True)
    p_over_cap_if_loading: Series[float] = pa.Field(ge=0, le=1, nullable=True)


class Cumulative(Table):
    """One row per day: barrels delivered since the year or the period began, as inferred.

    The rows of a year are its cumulative curve against the cap; ``cumulative.parquet``.
    """

    year: Series[int]
    day: Series[Time]
    """End of the day that the deliveries are counted to."""
    barrels_p05: Series[float] = pa.Field(ge=0)
    barrels_p50: Series[float] = pa.Field(ge=0)
    barrels_p95: Series[float] = pa.Field(ge=0)
    p_over_cap: Series[float] = pa.Field(ge=0, le=1)
    """Probability that they and what others reported exceed the cap of the year."""
    barrels_if_loading_p05: Series[float] = pa.Field(ge=0, nullable=True)
    """Given that ships load at the open ports, as in `Ledger`."""
    barrels_if_loading_p50: Series[float] = pa.Field(ge=0, nullable=True)
    barrels_if_loading_p95: Series[float] = pa.Field(ge=0, nullable=True)
