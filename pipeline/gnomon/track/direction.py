"""Which way the oil goes: the load at arrival and departure of each visit, and of the trade.

A visit turns ballast to laden, laden to ballast, or neither. A look early in a stay shows the load
at arrival, a late one that at departure; between them the pumps run, and the chance that they are
done grows as ``3x^2 - 2x^3`` of the part x of the stay that has passed. A look's ``log_lr_laden``
then gives each of the four turns a likelihood; one visit in twenty may be misread altogether.
What was seen elsewhere before and after adds to it (`gnomon.track.off_berth`).

How visits turn at a port is inferred from all of them. The prior is even: that all load, that all
unload (four in ten each: a terminal mostly does one or the other), that none does either (one in
ten), or any mixture (one in ten, half of them even, Dirichlet(1, 1, 1, 1), half mostly of one kind,
Dirichlet(0.2, ...)). It is the same when laden and ballast change places, so that it cannot
contain the answer; a test says so. With no evidence loading is as likely as unloading.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LOADS, UNLOADS, BALLAST, LADEN = range(4)
MISREAD = 0.05
"""Visits whose evidence is worth nothing: looks err alike, and the wrong ship is followed."""
MIXTURES = 300
"""Of each of the two kinds, before laden and ballast change places."""


def _shares() -> tuple[Floats, Floats]:
    """Mixtures of turns and the logarithms of their prior weights."""
    pure = np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 0.5, 0.5]])
    rng = np.random.default_rng(1)
    draws = np.concatenate([rng.dirichlet(np.full(4, a), MIXTURES) for a in (1.0, 0.2)])
    # Each draw with laden and ballast changed, so that the set is as even as its prior.
    swaps = ([0, 1, 2, 3], [1, 0, 3, 2], [0, 1, 3, 2], [1, 0, 2, 3])
    mixed = np.concatenate([draws[:, swap] for swap in swaps])
    weights = np.r_[0.4, 0.4, 0.1, np.full(len(mixed), 0.1 / len(mixed))]
    return np.concatenate([pure, mixed]), np.log(weights)


SHARES, LOG_PRIOR = _shares()


@dataclass(frozen=True)
class Turns:
    """Turns of the visits of one draw, and the mixture they were drawn from."""

    turn: Ints
    shares: Floats
    """(4,)"""


def log_likelihood(log_lr_laden: Floats, passed: Floats, *, trust: float = 1.0) -> Floats:
    """Log likelihood of a visit's looks under each turn, (4,).

    Parameters
    ----------
    log_lr_laden
        Of the looks that have one; may be empty.
    passed
        Part of the stay that had passed at each, 0 to 1.
    trust
        Chance that it is a small tanker: how others turn says nothing of the trade.

    """
    done = passed**2 * (3 - 2 * passed)
    with np.errstate(divide="ignore"):
        before, after = np.log1p(-done), np.log(done)
    half = -np.log(2)
    laden, ballast = log_lr_laden / 2, -log_lr_laden / 2
    each = np.array(
        [
            np.logaddexp(before + ballast, after + laden).sum(),
            np.logaddexp(before + laden, after + ballast).sum(),
            ballast.sum(),
            laden.sum(),
        ]
    )
    mean = logsumexp(each) + 2 * half
    read = trust * (1 - MISREAD)
    mixed: Floats = np.log(read * np.exp(each - mean) + 1 - read)
    return mixed


def of_ends(before: Floats, after: Floats) -> Floats:
    """Log likelihood of what was seen elsewhere under each turn, (visits, 4).

    Parameters
    ----------
    before, after
        Log likelihoods of coming, and of leaving, in ballast and laden, (visits, 2) each.

    """
    come = before[:, [0, 1, 0, 1]]
    leave = after[:, [1, 0, 0, 1]]
    turns: Floats = come + leave
    return turns


def load_ratios(turns: Floats) -> tuple[Floats, Floats]:
    """Log likelihood ratios of laden to ballast at arrival and at departure, (visits,) each."""
    loads, unloads, ballast, laden = np.exp(turns).T
    come, leave = (unloads + laden) / (loads + ballast), (loads + laden) / (unloads + ballast)
    return np.log(come), np.log(leave)


def draw_turns(rng: np.random.Generator, visits: Floats) -> Turns:
    """Draw a mixture and, given it, a turn for every visit.

    Parameters
    ----------
    rng
        Of the draw.
    visits
        Log likelihoods, (visits, 4).

    """
    chosen = int((share_posterior(visits) + rng.gumbel(size=len(SHARES))).argmax())
    shares = SHARES[chosen]
    with np.errstate(divide="ignore"):
        terms = visits + np.log(shares)
    turn = (terms + rng.gumbel(size=terms.shape)).argmax(1)
    return Turns(turn, shares)


def share_posterior(visits: Floats) -> Floats:
    """Unnormalised log posterior of each mixture of `SHARES`."""
    # Likelihoods of a visit are within 1 / MISREAD of each other: no overflow.
    likelihood = np.exp(visits) @ SHARES.T
    posterior: Floats = LOG_PRIOR + np.log(np.maximum(likelihood, 1e-300)).sum(0)
    return posterior
