"""What a user's table says about load, as ``log_lr_laden``: the evidence that visits rest on.

Of each row the first of these that is there counts:

``log_lr_laden``
    As it is: the natural logarithm of the likelihood ratio, laden over ballast.
``p_laden``
    The logarithm of its odds; it must rest on laden and ballast being equally likely beforehand.
    Values beyond 0.001 and 0.999 are taken as these.
``load_state``
    ``laden`` and ``ballast`` with the weight of an analyst's word that is "probable", wrong once in
    10 (`gnomon.datamodel.decisions`): it is unknown how sure such a table is, and other images must
    be able to outweigh it. ``indeterminate`` and an empty cell are no evidence.

They must not contradict each other. ``indeterminate`` contradicts nothing: it says that somebody
does not rely on the numbers.
"""

import numpy as np
import pandas as pd

from gnomon.datamodel.decisions import P_WRONG
from gnomon.workflow.user_tables.faults import Faults

LOAD_ODDS = 1 / P_WRONG["probable"] - 1
"""Of a load state without a probability."""
P_MOST = 0.999
_SLACK = 0.1
"""Of logarithms of odds that count as 0: p_laden may be rounded to two digits."""


def with_load_evidence(frame: pd.DataFrame, faults: Faults) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """A table of detections with ``log_lr_laden``, and notes on what it was made of."""
    ratio = frame.get("log_lr_laden", pd.Series(np.nan, index=frame.index))
    chance = frame.get("p_laden", pd.Series(np.nan, index=frame.index))
    state = frame.get("load_state", pd.Series(None, index=frame.index, dtype="str"))
    of_chance = pd.Series(_log_odds(chance.to_numpy(float)), index=frame.index)
    of_state = state.map({"laden": 1.0, "ballast": -1.0}).astype(float) * np.log(LOAD_ODDS)
    _check_signs(ratio, of_chance, "log_lr_laden and p_laden", faults)
    _check_signs(ratio.fillna(of_chance), of_state, "load_state and its probability", faults)
    by_chance = ratio.isna() & of_chance.notna()
    by_state = ratio.isna() & of_chance.isna() & of_state.notna()
    if not (by_chance | by_state).any():
        return frame, ()
    notes = {
        f"load of {by_chance.sum():,} ships from p_laden, as its odds": by_chance,
        f"load of {by_state.sum():,} ships from load_state, at odds of {LOAD_ODDS:g}": by_state,
    }
    filled = ratio.fillna(of_chance).fillna(of_state)
    return frame.assign(log_lr_laden=filled), tuple(n for n, rows in notes.items() if rows.any())


def _log_odds(chance: np.ndarray) -> np.ndarray:
    kept = np.clip(chance, 1 - P_MOST, P_MOST)
    return np.log(kept) - np.log1p(-kept)


def _check_signs(one: pd.Series, other: pd.Series, what: str, faults: Faults) -> None:
    against = (one * other < 0) & (one.abs() > _SLACK) & (other.abs() > _SLACK)
    faults.add_where(against, f"{what} contradict each other; correct or delete one")
