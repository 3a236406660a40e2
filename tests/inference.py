"""Inference with the options of a study."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from gnomon.datamodel.decisions import Decision
from gnomon.datamodel.ports import Port
from gnomon.datamodel.study import Study
from gnomon.workflow.infer import Inference, infer_tables


def infer(
    study: Study,
    detections: pd.DataFrame,
    observations: pd.DataFrame,
    out: Path,
    *,
    ports: tuple[Port, ...] = (),
    decisions: Sequence[Decision] = (),
) -> Inference:
    """Infer visits and barrels from tables as `gnomon track` does with a study."""
    return infer_tables(
        detections,
        observations,
        out,
        period=study.period,
        track=study.track,
        ledger=study.ledger,
        ports=ports,
        decisions=decisions,
    )
