"""Rates of classes and the other parameters, given which detections are one visit.

Classes are summed over and never held fixed: a chain that draws classes given rates and rates given
classes hardly moves where nothing separates classes. With expected numbers ``mu_c = rate_c x
detectable days_c`` in place of rates, the density of a partition into tracks is

    product over tracks of  sum over classes  rate_c L_c(track)   times  exp(- sum of mu_c)

Expected numbers hardly depend on dwell and detection, rates do. So the two steps here mix well: a
random walk of the logarithms of the expected numbers (Roberts & Rosenthal 2001, Stat. Sci. 16, for
its scale; its covariance is learned while the chain burns in), and a Gibbs draw of a member of the
prior sample with the expected numbers held.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnomon.datamodel.traffic import RatePrior
from gnomon.track.classes import (
    COASTER,
    QUICK,
    WAITING,
    RateDensity,
    draw_coaster_share,
)

Floats = NDArray[np.float64]

JUMPS = 2
"""Proposals of each share in a round."""
STEPS = 12
"""Of a walk."""
SCALE = 2.4 / np.sqrt(8)
FIRST_SIGMA = 0.6
"""Of the random walk before anything is learned, in log expected numbers."""
LEARN_FROM = 25
"""States that the covariance takes."""


@dataclass
class RateWalk:
    """Expected numbers of all classes, and the proposals of their random walk."""

    exposure: Floats
    """(members, classes): detectable days, and for false alarms usable observations."""
    log_expected: Floats
    """(classes,)"""
    member: int
    rng: np.random.Generator
    prior: RatePrior

    def __post_init__(self) -> None:
        self._density = RateDensity(self.prior)
        self._log_exposure = np.log(self.exposure)
        self._past: list[Floats] = []
        self._root: NDArray[np.floating] = FIRST_SIGMA * np.eye(len(self.log_expected))

    @property
    def rates(self) -> Floats:
        """(classes,): a day, and for false alarms an observation."""
        out: Floats = np.exp(self.log_expected) / self.exposure[self.member]
        return out

    def log_posterior(self, log_expected: Floats, likelihood: Floats) -> float:
        """Log density of expected numbers, but for a constant.

        Parameters
        ----------
        log_expected
            (classes,)
        likelihood
            Of tracks, (tracks, classes), each row but for a factor.

        """
        expected = np.exp(log_expected)
        rates = expected / self.exposure[self.member]
        prior = self._density.of_log_rates(log_expected - self._log_exposure[self.member])
        return float(np.log(likelihood @ rates).sum() - expected.sum() + prior)

    def walk(self, terms: Floats, *, learn: bool) -> None:
        """Move the expected numbers, given log likelihoods of tracks, (tracks, classes)."""
        likelihood = np.exp(terms - terms.max(1, keepdims=True)) if len(terms) else terms
        now = self.log_posterior(self.log_expected, likelihood)
        steps = SCALE * self.rng.standard_normal((STEPS, len(self.log_expected))) @ self._root.T
        for step, limit in zip(steps, np.log(self.rng.random(STEPS)), strict=True):
            proposed: Floats = self.log_expected + step
            then = self.log_posterior(proposed, likelihood)
            if limit < then - now:
                self.log_expected, now = proposed, then
        if learn:
            self._learn()

    def _learn(self) -> None:
        """Take the covariance of the states so far, but for those in which no tanker calls."""
        now = self.log_expected
        tankers = np.logaddexp(now[QUICK], now[WAITING])
        if tankers - now[COASTER] < np.log(self.prior.no_tanker_share[1]):
            return
        self._past.append(now)
        if len(self._past) >= LEARN_FROM:
            recent = np.array(self._past[len(self._past) // 3 :])
            spread = np.cov(recent.T) + 1e-3 * np.eye(recent.shape[1])
            self._root = np.linalg.cholesky(spread.astype(np.float64))

    def draw_member(self, logs: Floats) -> None:
        """Draw shares of the small ships and a member of the prior sample.

        Shares are proposed from their priors and accepted by the likelihood over all members: where
        no tanker calls, and where all come straight in, is far from all else, and needs another
        mean stay.

        Parameters
        ----------
        logs
            Log likelihoods of tracks, (tracks, members, classes).

        """
        top = logs.max((1, 2), keepdims=True) if len(logs) else logs
        likelihood = np.exp(logs - top)
        weights = self._member_weights(self.log_expected, likelihood)
        for propose in (propose_coaster_share, propose_quick_share) * JUMPS:
            proposed, proposal = propose(self.log_expected, self._density, self.rng)
            new = self._member_weights(proposed, likelihood)
            gain = np.logaddexp.reduce(new) - np.logaddexp.reduce(weights) - proposal
            if np.log(self.rng.random()) < gain:
                self.log_expected, weights = proposed, new
        self.member = int((weights + self.rng.gumbel(size=len(weights))).argmax())

    def _member_weights(self, log_expected: Floats, likelihood: Floats) -> Floats:
        """Log posterior of each member, but for a constant that hangs on the sum of numbers."""
        weights = self._density.of_log_rates(log_expected - self._log_exposure)
        each = np.einsum("tmc,mc->tm", likelihood, np.exp(log_expected) / self.exposure)
        out: Floats = weights + np.log(np.maximum(each, 1e-300)).sum(0)
        return out


def propose_coaster_share(
    log_expected: Floats, density: RateDensity, rng: np.random.Generator
) -> tuple[Floats, float]:
    """Another share of coasters among the expected small ships, from its prior.

    Returns
    -------
    tuple
        Logarithms of the expected numbers, and the log density with which they are proposed over
        that of the present ones, both of logarithms.

    """
    tankers = float(np.logaddexp(log_expected[QUICK], log_expected[WAITING]))
    small = float(np.logaddexp(tankers, log_expected[COASTER]))
    old = (log_expected[COASTER] - small, tankers - small)
    new = draw_coaster_share(rng, density.prior)
    proposed = log_expected.copy()
    proposed[COASTER] = small + new[0]
    proposed[:COASTER] += small + new[1] - tankers

    def of_logs(share: tuple[float, float]) -> float:
        return float(density.of_coaster_share(*share)) + sum(share)

    return proposed, of_logs(new) - of_logs(old)


def propose_quick_share(
    log_expected: Floats, density: RateDensity, rng: np.random.Generator
) -> tuple[Floats, float]:
    """Another share of tankers that come straight in; as `propose_coaster_share`."""
    both = float(np.logaddexp(log_expected[QUICK], log_expected[WAITING]))
    old = log_expected[[QUICK, WAITING]] - both
    share = density.prior.quick_share
    new = np.log(np.maximum(rng.standard_gamma(share), 1e-300))
    new -= np.logaddexp(*new)
    proposed = log_expected.copy()
    proposed[[QUICK, WAITING]] = both + new
    return proposed, float((new - old) @ share)
