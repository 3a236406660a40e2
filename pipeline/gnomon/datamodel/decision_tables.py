"""What the decisions of analysts changed; `gnomon.datamodel.tables` has the table too."""

import pandera.pandas as pa
from pandera.typing import Series

from gnomon.datamodel.schema import Table


class DecisionEffects(Table):
    """One row per decision of an analyst that was used, and one for all together.

    ``_before`` is inferred without any decision, ``_after`` with all of them. The row of all has
    no ``detection_id``, and it alone has deliveries and barrels.
    """

    detection_id: Series[str] = pa.Field(nullable=True)
    decision: Series[str]
    """In words."""
    visit_before: Series[str] = pa.Field(nullable=True)
    """Id of the visit that the detection belonged to; null for none."""
    visit_after: Series[str] = pa.Field(nullable=True)
    p_tanker_before: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    """Of that visit."""
    p_tanker_after: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    p_loaded_before: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    p_loaded_after: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    deliveries_p50_before: Series[float] = pa.Field(ge=0, nullable=True)
    deliveries_p50_after: Series[float] = pa.Field(ge=0, nullable=True)
    barrels_p50_before: Series[float] = pa.Field(ge=0, nullable=True)
    barrels_p50_after: Series[float] = pa.Field(ge=0, nullable=True)
    barrels_noise: Series[float] = pa.Field(ge=0, nullable=True)
    """A difference in barrels of no more than this is sampling noise."""
