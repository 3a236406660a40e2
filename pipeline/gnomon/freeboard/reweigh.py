"""The network's posterior as proposal, the physical likelihood as importance weight.

The network q(h | pixels) says where to look; the fitted prism says how well each freeboard explains
the pixels themselves, L(h), with every other parameter integrated out and the error of the model
allowed for (`gnomon.freeboard.state.evidence`). Freeboards at even quantiles of q, wide enough to
hold what the network thinks unlikely, get the weight

    w(h) = prior(h) L(h) / proposal(h),    proposal = (1 - a) q + a prior.

The prior's share ``a`` bounds the weights where the network is too sure. Where the two agree the
weights are even. Where they do not, few freeboards carry all of the weight: the effective sample
size, ``(sum w)^2 / sum w^2`` over the number of freeboards (Kish 1965), is the check of misfit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnomon.freeboard.posterior import FreeboardMixture
from gnomon.freeboard.state import Evidence, prior
from gnomon.physics.hydrostatics import Tankers

Floats = NDArray[np.float64]
_DRAWS = 400
_PRIOR_SHARE = 0.1
_GRID = 600


@dataclass(frozen=True)
class Reweighed:
    """Weighted freeboards of one ship."""

    freeboard_m: Floats
    """Ascending."""
    weight: Floats
    """Their sum is one."""
    effective: float
    """Effective sample size over the number of freeboards, 0 to 1."""

    def quantile(self, level: float) -> float:
        """Freeboard that the ship's is below with a probability."""
        middles = self.weight.cumsum() - self.weight / 2
        return float(np.interp(level, middles, self.freeboard_m))

    @property
    def mean_m(self) -> float:
        """Posterior mean."""
        return float(self.weight @ self.freeboard_m)


def reweigh(posterior: FreeboardMixture, evidence: Evidence, ships: Tankers) -> Reweighed:
    """Weigh the freeboards that the network proposes for one ship by the physical likelihood.

    Parameters
    ----------
    posterior
        Of one ship.
    evidence
        Of the fit to the same pixels. Its outliers are allowed for.
    ships
        Tankers that it could be, for the prior.

    """
    top = max(float(evidence.freeboard_m[-1]), float(posterior.quantile(0.999)[0]))
    grid = np.linspace(top / _GRID, top, _GRID)
    before = prior(grid, ships)
    proposal = (1 - _PRIOR_SHARE) * posterior.density(grid) + _PRIOR_SHARE * before
    # Even quantiles of the proposal: a stratified sample without chance.
    cumulative = np.concatenate([[0.0], np.cumsum(proposal)]) / proposal.sum()
    edges = np.concatenate([[0.0], grid])
    at = np.interp((np.arange(_DRAWS) + 0.5) / _DRAWS, cumulative, edges)
    likelihood = np.exp(evidence.at(at) - evidence.log_likelihood.max())
    likelihood = (1 - evidence.outlier) * likelihood + evidence.outlier * likelihood.mean()
    weight = np.interp(at, grid, before) * likelihood / np.interp(at, grid, proposal)
    total = weight.sum()
    if not total > 0:
        return Reweighed(at, np.full(_DRAWS, 1 / _DRAWS), 0.0)
    weight = weight / total
    return Reweighed(at, weight, float(1 / (weight**2).sum() / _DRAWS))
