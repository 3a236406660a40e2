"""One posterior of a freeboard from the two readings of the same pixels.

The network's posterior q(h) and the fit's, p(h) ~ prior(h) L(h), rest on the same pixels, so that
they may not be multiplied as if they were independent. They are pooled in logarithms,

    density(h) ~ q(h) L(h)^tau,    log LR = a log LR of the network + log LR of the fit,

with ``tau`` and ``a`` below one, by pixel size, set on a thousand simulated ships of two renderers
that neither was made with, and that are not those of docs/validation.md. Where the two disagree the
network is believed alone, and no load state is given. They disagree where few of the freeboards
that the network proposes carry all of the weight of the likelihood (`gnomon.freeboard.reweigh`):
the pixels are then not those of a ship that the fit can describe.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from gnomon.freeboard import state
from gnomon.freeboard.posterior import FreeboardMixture
from gnomon.freeboard.reweigh import reweigh
from gnomon.freeboard.state import OUTLIERS, Evidence, log_lr_laden
from gnomon.physics.hydrostatics import Tankers

Floats = NDArray[np.float64]
SHARE_GSD_M = (0.5, 1.0, 3.0, 10.0)
"""Pixel sizes of the two below; between them in their logarithm."""
SHARE = (0.5, 0.6, 0.7, 0.7)
"""Power of the fit's likelihood, of least negative log density of true freeboards."""
NETWORK_WEIGHT = (0.8, 0.9, 0.65, 0.5)
"""Factor on the network's log likelihood ratio, added to the fit's: of least logistic loss."""
LEAST_EFFECTIVE = 0.1
"""Effective sample size, as a part of the sample, below which network and fit disagree."""
_NODES = 400
_FURTHEST = 0.9995


@dataclass(frozen=True)
class Belief:
    """What is believed of one freeboard."""

    freeboard_m: Floats
    """Grid, ascending, evenly spaced, (n,)."""
    density: Floats
    """Per metre, (n,)."""
    log_lr_laden: float
    """Log likelihood of the pixels if laden, less that if in ballast."""
    agrees: bool = True
    """Whether network and fit agree; true where only one of them was asked."""

    @property
    def mean_m(self) -> float:
        """Posterior mean."""
        return float(self.freeboard_m @ self.density / self.density.sum())

    @property
    def sigma_m(self) -> float:
        """Posterior standard deviation."""
        away = (self.freeboard_m - self.mean_m) ** 2
        return float(np.sqrt(away @ self.density / self.density.sum()))

    def quantile(self, level: float) -> float:
        """Freeboard that the ship's is below with a probability."""
        below = np.cumsum(self.density) - self.density / 2
        return float(np.interp(level * self.density.sum(), below, self.freeboard_m))

    def at(self, freeboard_m: ArrayLike) -> Floats:
        """Density at any freeboards, 0 beyond the grid."""
        found: Floats = np.interp(
            np.asarray(freeboard_m, float), self.freeboard_m, self.density, left=0.0, right=0.0
        )
        return found


def pool(
    posterior: FreeboardMixture,
    *,
    gsd_m: float,
    evidence: Evidence | None = None,
    ships: Tankers | None = None,
) -> Belief:
    """Pool what network and fit say of one ship.

    Parameters
    ----------
    posterior
        The network's, of one ship.
    gsd_m
        Pixel size.
    evidence, ships
        Of the fit to the same pixels; left out, the network is believed alone. Evidence that is
        flat, as of an implausible fit, changes nothing.

    """
    grid = _grid(posterior, evidence)
    density = posterior.density(grid[:, None])[:, 0]
    agrees, log_lr = True, network_weight(gsd_m) * float(posterior.log_lr_laden[0])
    if evidence is not None and ships is not None and np.ptp(evidence.log_likelihood) > 0:
        agrees = reweigh(posterior, evidence, ships).effective >= LEAST_EFFECTIVE
        share = fit_share(gsd_m)
        if agrees and share > 0:
            likelihood = np.exp(evidence.at(grid) - evidence.log_likelihood.max())
            density = density * (evidence.outlier + (1 - evidence.outlier) * likelihood) ** share
            log_lr += log_lr_laden(evidence, ships)
    density = density / (density.sum() * (grid[1] - grid[0]))
    return Belief(grid, density, bounded(log_lr), agrees)


def fit_share(gsd_m: float) -> float:
    """Power of the fit's likelihood at a pixel size."""
    return float(np.interp(np.log(gsd_m), np.log(SHARE_GSD_M), SHARE))


def network_weight(gsd_m: float) -> float:
    """Factor on the network's log likelihood ratio at a pixel size."""
    return float(np.interp(np.log(gsd_m), np.log(SHARE_GSD_M), NETWORK_WEIGHT))


def load_of(
    belief: Belief,
    *,
    sun_elevation_deg: float,
    sun_off_axis_deg: float,
    beam_px: float,
    view_known: bool = True,
    reason: str | None = None,
) -> state.Load:
    """Load columns of one ship.

    Parameters
    ----------
    belief
        Of its freeboard, from `pool`.
    sun_elevation_deg, sun_off_axis_deg, beam_px, reason
        As `gnomon.freeboard.state.assess_load` takes them. Where network and fit disagree, that is
        the reason (``misfit``) unless there is one already.
    view_known
        Whether the direction of the view is known; if not, that may be why nothing is decided.

    """
    p_laden = float(expit(belief.log_lr_laden))
    weak = state.why_weak(sun_elevation_deg, sun_off_axis_deg, beam_px)
    if weak == "weak_evidence" and not view_known:
        weak = "view_unknown"
    found, why = state.verdict(
        p_laden, weak=weak, reason=reason or (None if belief.agrees else "misfit")
    )
    return state.Load(
        freeboard_m=belief.mean_m,
        freeboard_sigma_m=belief.sigma_m,
        freeboard_p05_m=belief.quantile(0.05),
        freeboard_p95_m=belief.quantile(0.95),
        log_lr_laden=belief.log_lr_laden,
        p_laden=p_laden,
        load_state=found,
        load_reason=why,
    )


def bounded(log_lr: float) -> float:
    """Log likelihood ratio, allowing for one image in a hundred that says nothing at all."""
    return float(logit(OUTLIERS / 2 + (1 - OUTLIERS) * expit(log_lr)))


def _grid(posterior: FreeboardMixture, evidence: Evidence | None) -> Floats:
    top = float(posterior.quantile(_FURTHEST)[0])
    if evidence is not None:
        top = max(top, float(evidence.freeboard_m[-1]))
    return top * (np.arange(_NODES) + 0.5) / _NODES
