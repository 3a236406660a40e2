"""Rates of classes and the other parameters, given which detections are one visit.

Classes are summed over and never held fixed: a chain that draws classes given rates and rates given
classes hardly moves where nothing tells classes apart. With expected numbers ``mu_c = rate_c x
detectable days_c`` in place of rates, the density of a partition into tracks is

    product over tracks of  sum over classes  rate_c L_c(track)   times  exp(- sum of mu_c)

Expected numbers hardly depend on dwell and detection, rates do. So the two steps here mix well: a
random walk of the logarithms of the expected numbers (Roberts & Rosenthal 2001, Stat. Sci. 16, for
its scale; its covariance is learned while the chain burns in), and a Gibbs draw of a member of the
prior sample with the expected numbers held. Between these a share of coasters among small ships is
drawn from its prior and accepted by the likelihood: that no tanker calls is far from all else.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnomon.datamodel.traffic import RatePrior
from gnomon.track.classes import (
    COASTER,
    QUICK,
    WAITING,
    draw_coaster_share,
    log_coaster_share_prior,
    log_rate_prior,
)

Floats = NDArray[np.float64]

JUMPS = 4
"""Proposals of a share of coasters in each walk."""
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
        prior = float(log_rate_prior(rates, self.prior) + np.log(rates).sum())
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
        self._jump(likelihood)
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

    def _jump(self, likelihood: Floats) -> None:
        """Propose other shares of coasters, from their prior: as far as that no tanker calls."""
        for _ in range(JUMPS):
            now = self.log_expected
            tankers = float(np.logaddexp(now[QUICK], now[WAITING]))
            small = float(np.logaddexp(tankers, now[COASTER]))
            new = draw_coaster_share(self.rng, self.prior)
            proposed = now.copy()
            proposed[COASTER] = small + new[0]
            proposed[:COASTER] += small + new[1] - tankers
            gain = self._share_density(proposed, likelihood, new)
            gain -= self._share_density(now, likelihood, (now[COASTER] - small, tankers - small))
            if np.log(self.rng.random()) < gain:
                self.log_expected = proposed

    def _share_density(
        self, log_expected: Floats, likelihood: Floats, logs: tuple[float, float]
    ) -> float:
        """Log posterior of a share of coasters over the density that it is proposed with."""
        proposal = float(log_coaster_share_prior(*logs, self.prior))
        # From logarithms of expected numbers to a total and shares of it.
        return self.log_posterior(log_expected, likelihood) - sum(logs) - proposal

    def draw_member(self, logs: Floats) -> None:
        """Draw a member of the prior sample, given (tracks, members, classes)."""
        rates = np.exp(self.log_expected) / self.exposure
        log_rates = np.log(rates)
        weights = log_rate_prior(rates, self.prior) + log_rates.sum(-1)
        if len(logs):
            top = (logs + log_rates).max(-1)
            weights = weights + (
                top + np.log(np.exp(logs + log_rates - top[..., None]).sum(-1))
            ).sum(0)
        self.member = int((weights + self.rng.gumbel(size=len(weights))).argmax())
