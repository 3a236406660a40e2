"""Recall of a detector by length, at quays and on open water, with its scatter between ports."""

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import log_expit, logsumexp

from gnomon.datamodel.arrays import Float64s
from gnomon.datamodel.recall import Recall, RecallBand
from gnomon.learn.crossval.matches import Matches

BANDS_M = ((50.0, 100.0), (100.0, 150.0), (150.0, 250.0), (250.0, np.inf))
"""Lengths that are counted together; shorter vessels are not labelled with any care."""
PORTS_MIN = 3
"""Fewer ports say nothing of how far others are from them."""
NODES = 40
MEAN_SIGMA = 5.0
"""Of a weak normal prior of a mean logit."""


def measured_recall(matches: Matches, threshold: float) -> Recall | None:
    """Count the labels that a detector found, at ports that it did not see.

    Parameters
    ----------
    matches
        With calibrated scores.
    threshold
        Of the score.

    Returns
    -------
    Recall or None
        None where there is no ship at quays, or none on open water, or fewer than three ports.

    """
    labels = matches.labels
    rows = labels[~labels.ignored.astype(bool) & (labels.length_m >= BANDS_M[0][0])]
    rows = rows.assign(found=rows.score >= threshold)
    quay, open_water = (_bands(rows[rows.quay == place]) for place in (True, False))
    if not quay or not open_water or rows.port.nunique() < PORTS_MIN:
        return None
    return Recall(
        places=int(rows.port.nunique()),
        between_places=_between_ports(rows),
        quay=quay,
        open_water=open_water,
    )


def _bands(rows: pd.DataFrame) -> tuple[RecallBand, ...]:
    parts = [rows[rows.length_m.between(*ends, inclusive="left")] for ends in BANDS_M]
    return tuple(
        RecallBand(
            length_m=round(float(part.length_m.median()), 1),
            labels=len(part),
            found=int(part.found.sum()),
        )
        for part in parts
        if len(part)
    )


def _between_ports(rows: pd.DataFrame) -> float:
    """Standard deviation of the logit of recall from port to port, beyond chance.

    Maximum likelihood of a logistic regression with a mean for each length and place, and a normal
    effect of each port (Breslow & Clayton 1993, JASA 88), integrated by Gauss and Hermite.
    """
    port = pd.factorize(rows.port)[0]
    band = np.digitize(rows.length_m, [low for low, _ in BANDS_M])
    kind = pd.factorize(2 * band + rows.quay.to_numpy(bool))[0]
    sign = np.where(rows.found, 1.0, -1.0)
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    log_weights = np.log(weights / weights.sum())

    def loss(values: Float64s) -> float:
        means, sigma = values[:-1], np.exp(values[-1])
        each = log_expit(sign[:, None] * (means[kind][:, None] + sigma * nodes))
        of_port = np.zeros((port.max() + 1, NODES))
        np.add.at(of_port, port, each)
        # Where all ships of a kind were found, the mean would be infinite.
        little = 0.5 * float((means**2).sum()) / MEAN_SIGMA**2
        return little - float(logsumexp(of_port + log_weights, axis=1).sum())

    fitted = minimize(loss, np.zeros(kind.max() + 2))
    return round(float(np.exp(fitted.x[-1])), 2)
