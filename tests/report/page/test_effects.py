"""What decisions changed: the rows of decisions.parquet, each value before and after."""

from pathlib import Path

import pandas as pd

from gnomon.report.page.effects import effects_of

ROWS = [
    {"detection_id": "a", "decision": "type cargo, sure", "visit_before": "v", "visit_after": None,
     "p_tanker_before": 0.98, "p_tanker_after": 0.05, "p_loaded_before": 0.9991,
     "p_loaded_after": None},
    {"detection_id": None, "decision": None, "barrels_p50_before": 489_123.4,
     "barrels_p50_after": 452_000.0, "barrels_noise": 7_412.6, "visits_p50_before": 22.0,
     "visits_p50_after": 21.0},
]  # fmt: skip


def test_each_decision_and_all_together(tmp_path: Path) -> None:
    pd.DataFrame(ROWS).to_parquet(tmp_path / "decisions.parquet")
    made = effects_of(tmp_path)
    assert made["effects"] == [
        {"ship": "a", "decision": "type cargo, sure", "visit": ["v", None],
         "tanker": [0.98, 0.05], "loaded": [0.999, None]}
    ]  # fmt: skip
    assert made["together"] == {
        "barrels": [489_123.4, 452_000.0], "noise": 7_413.0, "visits": [22.0, 21.0],
    }  # fmt: skip


def test_a_run_without_a_review_has_none(tmp_path: Path) -> None:
    assert effects_of(tmp_path) == {"effects": [], "together": None}
    pd.DataFrame(ROWS[:1]).to_parquet(tmp_path / "decisions.parquet")
    assert effects_of(tmp_path)["together"] is None
