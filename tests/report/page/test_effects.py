"""What decisions changed: the rows of decisions.parquet, each value before and after."""

import pandas as pd

from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import DecisionEffects
from gnomon.report.page.effects import effects_of

SINGLE = {
    "detection_id": "a", "decision": "accepted, type cargo (sure)", "visit_before": "v",
    "p_tanker_before": 0.98, "p_tanker_after": 0.05, "p_loaded_before": 0.9991,
}  # fmt: skip
JOINT = {
    "decision": "all 1 decisions together", "deliveries_p50_before": 22.0,
    "deliveries_p50_after": 21.0, "barrels_p50_before": 489_123.4, "barrels_p50_after": 452_000.0,
    "barrels_noise": 7_412.6,
}  # fmt: skip


def test_each_decision_and_all_together() -> None:
    made = effects_of(pd.DataFrame(table(DecisionEffects, [SINGLE, JOINT])))
    assert made["effects"] == [
        {"ship": "a", "decision": "accepted, type cargo (sure)", "visit": ["v", None],
         "tanker": [0.98, 0.05], "loaded": [0.999, None]}
    ]  # fmt: skip
    assert made["together"] == {
        "barrels": [489_123.4, 452_000.0], "noise": 7_413.0, "deliveries": [22.0, 21.0],
    }  # fmt: skip


def test_a_run_without_a_review_has_none() -> None:
    made = effects_of(pd.DataFrame(table(DecisionEffects, [])))
    assert made == {"effects": [], "together": None}
    assert effects_of(pd.DataFrame(table(DecisionEffects, [SINGLE])))["together"] is None
