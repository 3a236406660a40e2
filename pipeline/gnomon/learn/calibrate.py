"""Calibration of a trained network, on ships that it was not trained on.

The score becomes a probability by a logistic curve of the centre's logit (Platt 1999), fitted so
that among hulls of score 0.7 seven in ten are ships. The threshold is the one of best F1. The
errors of length, beam and heading are robust deviations, so that one crane taken for a bow does not
widen them all; they contain the looseness of the labels and are too wide rather than too narrow.
"""

from pathlib import Path

import numpy as np
import tomli_w
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_expit
from scipy.stats import mannwhitneyu

from gnomon.datamodel.arrays import Float64s, Mask
from gnomon.datamodel.errors import WeightsError
from gnomon.datamodel.files import toml_values
from gnomon.detect.calibration import BoxErrors, Calibration, Curve, bounded_logit
from gnomon.learn.metrics import Matched, Ranking


def calibrated(matched: Matched, *, gsd_m: float) -> Calibration:
    """Fit a calibration.

    Parameters
    ----------
    matched
        Hulls with raw scores (slope 1, intercept 0) at a low threshold, against labels.
    gsd_m
        Metres per pixel.

    """
    right = matched.label >= 0
    raw = matched.found.score
    curve = platt_curve(bounded_logit(raw), right, np.ones(len(right)))
    ranking = Ranking(curve(raw), right, len(matched.truth))
    candidates = np.unique(np.round(ranking.score, 3))
    f1 = [ranking.at(least).f1 for least in candidates]
    threshold = float(candidates[int(np.argmax(f1))])
    return Calibration(threshold=threshold, ship=curve, errors=_shape_errors(matched, gsd_m))


TYPED_MIN = 10
"""Tankers, and other ships, that a curve of p_tanker can be fitted to."""
CHANCE = 0.01
"""Level of the test that tankers come out above other ships, without which there is no p_tanker."""


def tanker_curve(raw: NDArray[np.floating], tanker: NDArray[np.floating]) -> Curve | None:
    """Curve that makes p_tanker true where tankers are as many as others.

    At even odds p / (1 - p) is a likelihood ratio: how common tankers are at a place is a prior,
    and none is built in. If tankers come out above others by no more than chance (Mann and Whitney
    1947), there is none: p_tanker is not estimated.

    Parameters
    ----------
    raw
        Probabilities as the network has them, of ships that it was not trained on.
    tanker
        1 for a tanker and 0 for another ship; no curve with fewer than `TYPED_MIN` of either.

    """
    true = tanker == 1
    if min(true.sum(), (~true).sum()) < TYPED_MIN:
        return None
    if mannwhitneyu(raw[true], raw[~true], alternative="greater").pvalue > CHANCE:
        return None
    weight = np.where(true, 0.5 / true.mean(), 0.5 / (~true).mean())
    return platt_curve(bounded_logit(raw), true, weight)


def platt_curve(raw: Float64s, true: Mask, weight: Float64s) -> Curve:
    """Curve by maximum likelihood; Platt's smoothing keeps the slope of a clean split finite.

    Parameters
    ----------
    raw
        Logits as the network has them, (ships,).
    true
        Of each.
    weight
        Of each in the likelihood.

    """
    yes, no = true.sum(), (~true).sum()
    wanted = np.where(true, (yes + 1) / (yes + 2), 1 / (no + 2))

    def surprise(parameters: NDArray[np.float64]) -> float:
        z = np.exp(parameters[0]) * raw + parameters[1]
        return float(-(weight * (wanted * log_expit(z) + (1 - wanted) * log_expit(-z))).sum())

    found = minimize(surprise, x0=np.zeros(2), method="Nelder-Mead").x
    return Curve(slope=float(np.exp(found[0])), intercept=float(found[1]))


def _shape_errors(matched: Matched, gsd_m: float) -> BoxErrors:
    right = matched.label >= 0
    found, truth = matched.found[right], matched.truth[matched.label[right]]
    turn = (found.angle - truth.angle + 90.0) % 180.0 - 90.0
    length_m, length_share = _two_parts((found.length - truth.length) * gsd_m, truth.length * gsd_m)
    beam_m, beam_share = _two_parts((found.beam - truth.beam) * gsd_m, truth.beam * gsd_m)
    return BoxErrors(
        length_m=length_m,
        length_share=length_share,
        beam_m=beam_m,
        beam_share=beam_share,
        heading_deg=max(_deviation(turn * truth.length * gsd_m / 100.0), 0.5),
    )


def _two_parts(error: NDArray[np.floating], size: NDArray[np.floating]) -> tuple[float, float]:
    """A constant error, from the smaller half, and the share of size that the larger half adds."""
    if not len(size):
        return 1.0, 0.0
    order = np.argsort(size, kind="stable")
    small, large = np.array_split(order, 2)
    constant = max(_deviation(error[small]), 1.0)
    beyond = max(_deviation(error[large]) ** 2 - constant**2, 0.0)
    middle = float(np.median(size[large])) if len(large) else 1.0
    return constant, float(np.sqrt(beyond) / max(middle, 1.0))


def _deviation(error: NDArray[np.floating]) -> float:
    """Robust root mean square, from the median; it includes the bias."""
    return float(1.4826 * np.median(np.abs(error))) if len(error) else 1.0


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Write a calibration as TOML, as the table ``[calibration]`` of a model.toml."""
    text = tomli_w.dumps({"calibration": calibration.model_dump(exclude_none=True)})
    path.write_text(text, encoding="utf-8")


def read_calibration(path: Path) -> Calibration:
    """Read a calibration; the model.toml of weights has one too.

    Raises
    ------
    WeightsError
        The file cannot be read, or has none.

    """
    try:
        values = toml_values(path)
        return Calibration.model_validate(values["calibration"])
    except (OSError, ValueError, KeyError) as error:  # pydantic's and toml's are values
        raise WeightsError(f"{path}: is no calibration ({' '.join(str(error).split())})") from error
