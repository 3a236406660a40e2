"""How bright the sea gets by itself: K-distributed intensity, and its quantiles.

Seen by radar, the sea is texture times speckle. With texture of mean one and gamma distribution of
shape nu, and speckle of L looks, the intensity over its mean has ::

    P(I > t) = E[ Q(L, L t / x) ],   x ~ Gamma(nu, 1 / nu)
    E[I^2]   = (1 + 1 / nu) (1 + 1 / L)

with the upper regularised gamma function Q. The roughness 1 / nu, zero for speckle alone, follows
from the second moment; a sample of less than that of speckle counts as zero. The expectation is a
sum over 400 points in log x, right to 1e-9 of a probability of 1e-9.

Source: Oliver and Quegan 2004, Understanding Synthetic Aperture Radar Images, sections 5.3 and
10.3; Crisp 2004, The State-of-the-Art in Ship Detection in Synthetic Aperture Radar Imagery,
DSTO-RR-0272.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import special
from scipy.optimize import brentq

from gnomon.datamodel.arrays import Float64s

ROUGHEST = 20.0
"""Largest 1 / nu. Sea seen at low grazing angles has 10; more is not sea."""
SMOOTHEST = 1e-3
"""Least 1 / nu of the table; below it a straight line leads to speckle alone."""
_NODES = 400
_TAIL = 1e-16
"""Of the texture, left out at both ends of the sum."""


def roughness_of(mean: ArrayLike, mean_square: ArrayLike, *, looks: float) -> Float64s:
    """Roughness 1 / nu of clutter, from the moments of its intensity.

    Parameters
    ----------
    mean, mean_square
        Of the intensity and of its square.
    looks
        Equivalent number of looks.

    """
    first, second = np.asarray(mean, float), np.asarray(mean_square, float)
    roughness: Float64s = np.clip(second / first**2 / (1 + 1 / looks) - 1, 0.0, ROUGHEST)
    return roughness


def exceedance(level: float, *, roughness: float, looks: float) -> float:
    """Probability that clutter is brighter than ``level`` times its mean."""
    if roughness <= 0:
        return float(special.gammaincc(looks, looks * level))
    shape = 1 / roughness
    # The least texture may be below the least number: its logarithm is that of the gamma's lower
    # tail, x^nu / Gamma(nu + 1).
    low = (np.log(_TAIL) + special.gammaln(shape + 1)) / shape
    high = np.log(special.gammainccinv(shape, _TAIL))
    log_x = np.linspace(max(low, high - 80.0), high, _NODES)
    density = np.exp(shape * log_x - np.exp(log_x) - special.gammaln(shape))
    above = special.gammaincc(looks, looks * level / (np.exp(log_x) * roughness))
    return float(np.trapezoid(density * above, log_x))


@lru_cache(maxsize=64)
def _levels(looks: float, rate: float) -> tuple[Float64s, Float64s]:
    """Roughness, and how many times its mean clutter exceeds at a rate."""
    roughness = np.concatenate([[0.0], np.geomspace(SMOOTHEST, ROUGHEST, 60)])

    def level(one: float) -> float:
        def over(log_level: float) -> float:
            found = exceedance(float(np.exp(log_level)), roughness=one, looks=looks)
            return float(np.log(max(found, 1e-300) / rate))

        return float(np.exp(brentq(over, -5.0, 9.0, xtol=1e-6)))

    return roughness, np.array([level(float(one)) for one in roughness])


def clutter_level(roughness: ArrayLike, *, looks: float, rate: float) -> Float64s:
    """How many times its mean clutter exceeds at a false-alarm rate.

    Parameters
    ----------
    roughness
        1 / nu, any shape.
    looks
        Equivalent number of looks.
    rate
        Probability for a pixel, between 1e-12 and 0.1.

    """
    if not 1e-12 <= rate <= 0.1:
        raise ValueError(f"a false-alarm rate is from 1e-12 to 0.1 a pixel, not {rate:g}")
    known, levels = _levels(looks, rate)
    return np.asarray(np.interp(np.asarray(roughness, float), known, levels))
