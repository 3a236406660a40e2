"""What each decision of an analyst changed, from ``decisions.parquet`` of a run.

``gnomon track`` infers visits and barrels with and without the review, by the same random draws,
and writes a row for each decision that holds, and one without a detection for all together.
"""

from typing import TypedDict

import pandas as pd

from gnomon.report.page.encode import number, text
from gnomon.report.page.schema import DecisionEffect, JointEffect, Number


class Effects(TypedDict):
    """Both parts of the page's data."""

    effects: list[DecisionEffect]
    together: JointEffect | None


def effects_of(decisions: pd.DataFrame) -> Effects:
    """Effects of decisions; none if the run was made without a review.

    Parameters
    ----------
    decisions
        As `gnomon.datamodel.tables.DecisionEffects`.

    """
    single = decisions.detection_id.notna()
    return {
        "effects": [_effect(row) for _, row in decisions[single].iterrows()],
        "together": next((_joint(row) for _, row in decisions[~single].iterrows()), None),
    }


def _effect(row: pd.Series) -> DecisionEffect:
    return {
        "ship": str(row.detection_id),
        "decision": str(row.decision),
        "visit": [text(row.visit_before), text(row.visit_after)],
        "tanker": _pair(row, "p_tanker"),
        "loaded": _pair(row, "p_loaded"),
    }


def _joint(row: pd.Series) -> JointEffect:
    return {
        "barrels": _pair(row, "barrels_p50"),
        "noise": number(row.barrels_noise, 0),
        "deliveries": _pair(row, "deliveries_p50"),
    }


def _pair(row: pd.Series, name: str) -> list[Number]:
    """Before and after."""
    return [number(row[f"{name}_{side}"]) for side in ("before", "after")]
