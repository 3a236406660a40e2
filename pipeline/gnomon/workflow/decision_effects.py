"""What each decision of an analyst changed: the season inferred with them, and without.

Both inferences begin with the same random numbers. They still part at the first link or class that
a decision changes, and draws of two chains differ by chance: so the difference in barrels stands
beside its own Monte Carlo error, and a smaller difference than that is noise and no finding.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gnomon.datamodel.decisions import Decision
from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import DecisionEffects
from gnomon.ledger.deliveries import LedgerResult

BATCHES = 8
"""Parts of a chain whose medians give the Monte Carlo error of the whole one (batch means)."""
NOISE_SIGMAS = 2.0
"""Standard deviations of a difference within which it counts as noise."""


@dataclass(frozen=True)
class Inferred:
    """One of the two inferences that are compared."""

    visits: pd.DataFrame
    """`gnomon.datamodel.tables.Visits`."""
    deliveries: LedgerResult
    draws: int
    """Of each chain; sample n of the ledger rests on draw n modulo this."""


def decision_effects(
    decisions: Sequence[Decision], *, before: Inferred, after: Inferred
) -> pd.DataFrame:
    """Compare a season inferred without decisions and with them.

    Parameters
    ----------
    decisions
        Those about detections that the run has.
    before, after
        Inferred without them and with them, from the same seed.

    Returns
    -------
    DataFrame
        `gnomon.datamodel.tables.DecisionEffects`: a row for each decision, and one for all.

    """
    was, now = _by_detection(before.visits), _by_detection(after.visits)
    rows = [
        {"detection_id": one.detection_id, "decision": one.words}
        | _columns(was.get(one.detection_id), "before")
        | _columns(now.get(one.detection_id), "after")
        for one in decisions
    ]
    together = {
        "decision": f"all {len(decisions)} decisions together",
        "deliveries_p50_before": _median([len(s.day) for s in before.deliveries.samples]),
        "deliveries_p50_after": _median([len(s.day) for s in after.deliveries.samples]),
        "barrels_p50_before": _median([s.barrels.sum() for s in before.deliveries.samples]),
        "barrels_p50_after": _median([s.barrels.sum() for s in after.deliveries.samples]),
        "barrels_noise": NOISE_SIGMAS * float(np.hypot(_error(before), _error(after))),
    }
    return table(DecisionEffects, [*rows, together])


def _by_detection(visits: pd.DataFrame) -> dict[str, pd.Series]:
    """Visit of each detection."""
    return {name: row for _, row in visits.iterrows() for name in json.loads(row.detections)}


def _columns(visit: pd.Series | None, when: str) -> dict[str, object]:
    if visit is None:
        return {}
    values = {"visit": visit.visit_id} | {name: visit[name] for name in ("p_tanker", "p_loaded")}
    return {f"{name}_{when}": value for name, value in values.items()}


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if len(values) else None


def _error(inferred: Inferred) -> float:
    """Monte Carlo error of the median barrels, from the medians of parts of the chain."""
    totals = np.array([sample.barrels.sum() for sample in inferred.deliveries.samples])
    if not len(totals) or inferred.draws < BATCHES:
        return 0.0
    batch = np.arange(len(totals)) % inferred.draws * BATCHES // inferred.draws
    medians = [np.median(totals[batch == n]) for n in range(BATCHES) if (batch == n).any()]
    return float(np.std(medians, ddof=1) / np.sqrt(len(medians)))
