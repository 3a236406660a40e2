"""Factors that make posteriors true on simulated ships that the network was not trained on.

In each range of pixel sizes the factor on the width is found by bisection, so that the 90 %
interval holds nine truths in ten; the factor on the log likelihood ratio is the one of least
logistic loss (temperature scaling, Guo et al. 2017, arXiv:1706.04599).
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from gnomon.freeboard.network import PosteriorNetwork
from gnomon.freeboard.posterior import FreeboardMixture
from gnomon.freeboard.trained import Familiarity, Recalibration, infer
from gnomon.learn.freeboard.hulls import HullSamples

Floats = NDArray[np.float64]
_EDGES_M = (0.3, 0.7, 1.5, 4.0, 10.1)
_COVERAGE = 0.90
_BOUNDS = (0.3, 4.0)
_LEAST_CHIPS = 40
_HALVINGS = 12
_SHRINKAGE, _FAMILIAR_SHARE = 0.02, 0.995


def recalibrate(network: PosteriorNetwork, samples: HullSamples) -> Recalibration:
    """Find the factors on samples that the network was not trained on.

    A range of pixel sizes with fewer than `_LEAST_CHIPS` chips is left out, and takes the factors
    of its neighbours.
    """
    posterior, _ = infer(network, samples.pixels, samples.context)
    gsd, truth, laden = (
        values.double().numpy() for values in (samples.gsd_m, samples.freeboard_m, samples.laden)
    )
    middles, widen, temper = [], [], []
    for low, high in pairwise(_EDGES_M):
        here = (gsd >= low) & (gsd < high)
        if here.sum() < _LEAST_CHIPS:
            continue
        middles.append(float(np.sqrt(low * high)))
        widen.append(_width(part(posterior, here), truth[here]))
        either = here & (laden >= 0)
        temper.append(_temperature(posterior.log_lr_laden[either], laden[either] > 0))
    if not middles:
        return Recalibration()
    return Recalibration(gsd_m=tuple(middles), widen=tuple(widen), temper=tuple(temper))


def familiar_with(
    network: PosteriorNetwork, samples: HullSamples, held: HullSamples
) -> Familiarity:
    """Describe the network's features of samples; the limit is that of those held back."""
    _, features = infer(network, samples.pixels, samples.context)
    mean = features.double().mean(0)
    away = features.double() - mean
    covariance = away.T @ away / len(away)
    # Directions that hardly vary would make any other image strange.
    shrunk = covariance + _SHRINKAGE * covariance.diagonal().mean() * torch.eye(len(mean)).double()
    values, vectors = torch.linalg.eigh(shrunk)
    one = Familiarity(mean.float(), (vectors / values.sqrt()).float(), torch.ones(1))
    _, others = infer(network, held.pixels, held.context)
    return replace(one, limit=one.strangeness(others).quantile(_FAMILIAR_SHARE)[None])


def part(posterior: FreeboardMixture, rows: NDArray[np.bool_]) -> FreeboardMixture:
    """Posteriors of some of the ships."""
    return FreeboardMixture(*(values[rows] for values in vars(posterior).values()))


def _width(posterior: FreeboardMixture, truth: Floats) -> float:
    low, high = np.log(_BOUNDS)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        wide = posterior.widened(np.full(len(truth), np.exp(middle)))
        below = wide.cumulative(truth)
        inside = np.mean((below > (1 - _COVERAGE) / 2) & (below < (1 + _COVERAGE) / 2))
        low, high = (middle, high) if inside < _COVERAGE else (low, middle)
    return float(np.exp((low + high) / 2))


def _temperature(ratio: Floats, laden: NDArray[np.bool_]) -> float:
    sign = np.where(laden, 1.0, -1.0)

    def loss(log_factor: float) -> float:
        return float(np.logaddexp(0, -np.exp(log_factor) * ratio * sign).mean())

    found = minimize_scalar(loss, bounds=tuple(np.log(_BOUNDS)), method="bounded")
    return float(np.exp(found.x))
