"""The posterior of a freeboard as the network gives it, and what can be asked of it.

A mixture of normal distributions of ``z``, where the freeboard is ``h = log(1 + exp(z))`` metres:
the freeboard itself above two metres, and never negative below. Every quantity is of shape (ships,)
or has ships first.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, ndtr

Floats = NDArray[np.float64]
_HALVINGS = 50
# Nodes of the Gauss-Hermite rule of each component, for moments.
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(15)


def to_latent(freeboard_m: ArrayLike) -> Floats:
    """Inverse of `from_latent`."""
    h = np.asarray(freeboard_m, float)
    latent: Floats = h + np.log(-np.expm1(-h))
    return latent


def from_latent(latent: ArrayLike) -> Floats:
    """Freeboard in metres from the coordinate of the mixture."""
    freeboard: Floats = np.logaddexp(0.0, np.asarray(latent, float))
    return freeboard


@dataclass(frozen=True)
class FreeboardMixture:
    """Mixtures, one a ship, and the evidence for laden over ballast."""

    weight: Floats
    """(ships, components), their sum is one."""
    centre: Floats
    """Of ``z``, the same shape."""
    spread: Floats
    log_lr_laden: Floats
    """Log likelihood of the pixels if laden, less that if in ballast, (ships,)."""

    def each(self) -> Iterator["FreeboardMixture"]:
        """One of each ship."""
        for k in range(len(self.log_lr_laden)):
            yield FreeboardMixture(*(values[k : k + 1] for values in vars(self).values()))

    @property
    def p_laden(self) -> Floats:
        """Probability of laden with even odds beforehand."""
        p: Floats = expit(self.log_lr_laden)
        return p

    def cumulative(self, freeboard_m: ArrayLike) -> Floats:
        """Probability of a lower freeboard, for values of shape (..., ships)."""
        return self._below(to_latent(np.maximum(freeboard_m, 1e-9)))

    def quantile(self, level: float) -> Floats:
        """Freeboard that the ship's is below with a probability, metres."""
        low = (self.centre - 9 * self.spread).min(1)
        high = (self.centre + 9 * self.spread).max(1)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            under = self._below(middle) < level
            low, high = np.where(under, middle, low), np.where(under, high, middle)
        return from_latent((low + high) / 2)

    def density(self, freeboard_m: ArrayLike) -> Floats:
        """Density per metre, for values of shape (values, ships)."""
        h = np.asarray(freeboard_m, float)
        z = (to_latent(h)[..., None] - self.centre) / self.spread
        bells = np.exp(-0.5 * z**2) / (self.spread * np.sqrt(2 * np.pi))
        # dz/dh
        density: Floats = (self.weight * bells).sum(-1) / -np.expm1(-h)
        return density

    def moments_m(self) -> tuple[Floats, Floats]:
        """Mean and standard deviation of each ship's freeboard, metres."""
        h = from_latent(self.centre[..., None] + self.spread[..., None] * _NODES)
        weight = self.weight[..., None] * _WEIGHTS / _WEIGHTS.sum()
        mean = (weight * h).sum((1, 2))
        variance = (weight * (h - mean[:, None, None]) ** 2).sum((1, 2))
        return mean, np.sqrt(variance)

    def widened(self, by: ArrayLike) -> "FreeboardMixture":
        """Stretch each posterior about its median by a factor, (ships,)."""
        factor = np.asarray(by, float).reshape(-1, 1)
        median = to_latent(self.quantile(0.5))[:, None]
        centre = median + factor * (self.centre - median)
        return FreeboardMixture(self.weight, centre, factor * self.spread, self.log_lr_laden)

    def tempered(self, by: ArrayLike) -> "FreeboardMixture":
        """Multiply the evidence for laden by a factor."""
        ratio = np.asarray(by, float) * self.log_lr_laden
        return FreeboardMixture(self.weight, self.centre, self.spread, ratio)

    def _below(self, latent: Floats) -> Floats:
        z = (latent[..., None] - self.centre) / self.spread
        below: Floats = (self.weight * ndtr(z)).sum(-1)
        return below
