"""Direction of trade: the cargo operation of each visit, and the mix of operations at a port.

A visit loads, unloads, or does neither, in ballast or laden throughout. An observation early in a
visit shows the load at arrival, a late one that at departure; between them cargo is pumped, and the
chance that pumping is complete grows as ``3x^2 - 2x^3`` of the elapsed part x of the visit. The
``log_lr_laden`` of an observation then gives each of the four operations a likelihood; one visit in
twenty may be misread altogether. Observations off berth, before and after, add to it
(`gnomon.track.off_berth`).

The mix of operations at a port is inferred from all its visits. The prior is even: a terminal
mostly does one thing, so ships load, or they unload (0.4 each), or they do neither (0.1), but for a
share of visits that do not follow this trade and do any of the other operations. The share is
unknown: ``Beta(1/2, 16)``, 3 % in the mean, most likely hardly any, and below 11 % in 19 of 20
ports (judgement: ships come for bunkers, repair or shelter, or leave again without a berth; no
count of them is published). In one port of ten there is no such trade but any mixture (half of
this uniform, Dirichlet(1, 1, 1, 1), half mostly of one operation, Dirichlet(0.2, ...)). The prior
is invariant when laden and ballast change places, so that it cannot contain the answer; a test
asserts it. Without evidence loading is as likely as unloading.

So images of one visit that show the contrary of all the others are not overruled by them: it may be
one of those that do not follow the trade. `contradicts` says which visits these are, by comparing
what its own images show with what the other visits alone make likely.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp, roots_jacobi

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LOADS, UNLOADS, BALLAST, LADEN = range(4)
"""Cargo operations of a visit: ballast to laden, laden to ballast, or either throughout."""
ARRIVES_LADEN, LEAVES_LADEN = [UNLOADS, LADEN], [LOADS, LADEN]
MISREAD = 0.05
"""Visits whose evidence has no weight: errors are correlated, and the wrong ship is linked."""
MIXTURES = 300
"""Of each of the two kinds, before laden and ballast change places."""
UNLIKE_SHAPE = 0.5, 16.0
"""Of the beta distribution of the share of visits that do not follow the trade of their port."""
UNLIKE_NODES = 12
"""Of the quadrature over that share: exact for 23 visits, whose likelihood is a polynomial."""
KNOWN = 0.9
"""Probability from which a load counts as known, as for the load states of images."""


def _unlike() -> tuple[Floats, Floats]:
    """Shares of visits that do not follow the trade, and their weights: Gauss-Jacobi quadrature."""
    one, two = UNLIKE_SHAPE
    nodes, weights = roots_jacobi(UNLIKE_NODES, two - 1, one - 1)
    return (1 + nodes) / 2, weights / weights.sum()


def _trade(followed: list[int], prior: float) -> tuple[Floats, Floats]:
    """Mixtures in which most visits follow one trade, and their weights, which sum to ``prior``.

    Visits that follow it do any of the operations ``followed``, the rest any other, evenly.
    """
    share, weight = _unlike()
    others = [n for n in range(4) if n not in followed]
    shares = np.empty((len(share), 4))
    shares[:, followed] = (1 - share)[:, None] / len(followed)
    shares[:, others] = share[:, None] / len(others)
    return shares, prior * weight


def _shares() -> tuple[Floats, Floats]:
    """Mixtures of operations and the logarithms of their prior weights."""
    trades = [_trade(*one) for one in (([LOADS], 0.4), ([UNLOADS], 0.4), ([BALLAST, LADEN], 0.1))]
    rng = np.random.default_rng(1)
    draws = np.concatenate([rng.dirichlet(np.full(4, a), MIXTURES) for a in (1.0, 0.2)])
    # Each draw with laden and ballast changed, so that the set is as even as its prior.
    swaps = ([0, 1, 2, 3], [1, 0, 3, 2], [0, 1, 3, 2], [1, 0, 2, 3])
    mixed = np.concatenate([draws[:, swap] for swap in swaps])
    shares = np.concatenate([*(one for one, _ in trades), mixed])
    weights = np.concatenate([*(one for _, one in trades), np.full(len(mixed), 0.1 / len(mixed))])
    return shares, np.log(weights)


SHARES, LOG_PRIOR = _shares()
"""Mixtures of the four operations, (mixtures, 4), and their log prior, (mixtures,)."""


@dataclass(frozen=True)
class OperationDraw:
    """Operations of the visits of one draw, and the mixture that they were drawn from."""

    operation: Ints
    """(visits,): `LOADS`, `UNLOADS`, `BALLAST` or `LADEN`."""
    shares: Floats
    """(4,)"""


def operation_log_likelihood(
    log_lr_laden: Floats, elapsed: Floats, *, p_tanker: float = 1.0, misread: float = MISREAD
) -> Floats:
    """Log likelihood of a visit's observations at the berth under each operation, (4,).

    Parameters
    ----------
    log_lr_laden
        Of the observations that have one; may be empty.
    elapsed
        Part of the visit that had elapsed at each, 0 to 1; or, where its ends are not known, such
        parts for several of them that are equally likely, (ends, observations).
    p_tanker
        Chance that it is a small tanker: operations of others are no evidence of the trade.
    misread
        Chance that these observations have no weight at all.

    """
    done = np.atleast_2d(elapsed**2 * (3 - 2 * elapsed))
    with np.errstate(divide="ignore"):
        before, after = np.log1p(-done), np.log(done)
    half = -np.log(2)
    laden, ballast = log_lr_laden / 2, -log_lr_laden / 2
    loads = np.logaddexp(before + ballast, after + laden).sum(1)
    unloads = np.logaddexp(before + laden, after + ballast).sum(1)
    of_ends = logsumexp([loads, unloads], axis=1) - np.log(len(done))
    each = np.array([*of_ends, ballast.sum(), laden.sum()])
    mean = logsumexp(each) + 2 * half
    read = p_tanker * (1 - misread)
    mixed: Floats = np.log(read * np.exp(each - mean) + 1 - read)
    return mixed


def combine_ends(arrival: Floats, departure: Floats) -> Floats:
    """Log likelihood of observations off berth under each operation, (visits, 4).

    Parameters
    ----------
    arrival, departure
        Log likelihoods of arriving, and of leaving, in ballast and laden, (visits, 2) each.

    """
    in_ballast, laden = range(2)
    # In the order of the operations.
    come = arrival[:, [in_ballast, laden, in_ballast, laden]]
    leave = departure[:, [laden, in_ballast, in_ballast, laden]]
    total: Floats = come + leave
    return total


def load_log_ratios(operations: Floats) -> tuple[Floats, Floats]:
    """Log likelihood ratios of laden to ballast at arrival and at departure, (visits,) each.

    Parameters
    ----------
    operations
        Log likelihoods of operations, (visits, 4).

    """
    loads, unloads, ballast, laden = np.exp(operations).T
    come, leave = (unloads + laden) / (loads + ballast), (loads + laden) / (unloads + ballast)
    return np.log(come), np.log(leave)


def draw_operations(rng: np.random.Generator, operations: Floats) -> OperationDraw:
    """Draw a mixture and, given it, an operation for every visit.

    Parameters
    ----------
    rng
        Of the draw.
    operations
        Log likelihoods, (visits, 4).

    """
    chosen = int((mixture_log_posterior(operations) + rng.gumbel(size=len(SHARES))).argmax())
    shares = SHARES[chosen]
    with np.errstate(divide="ignore"):
        terms = operations + np.log(shares)
    return OperationDraw((terms + rng.gumbel(size=terms.shape)).argmax(1), shares)


def mixture_log_posterior(operations: Floats) -> Floats:
    """Unnormalised log posterior of each mixture of `SHARES`, given visits (visits, 4)."""
    # Likelihoods of a visit are within 1 / MISREAD of each other: no overflow.
    likelihood = np.exp(operations) @ SHARES.T
    posterior: Floats = LOG_PRIOR + np.log(np.maximum(likelihood, 1e-300)).sum(0)
    return posterior


def operation_probabilities(operations: Floats) -> Floats:
    """Probabilities of the operations of each visit given all visits, (visits, 4)."""
    joint = np.exp(operations)[:, None] * SHARES
    each: Floats = np.einsum(
        "s,vst->vt",
        _normalised(mixture_log_posterior(operations)),
        joint / joint.sum(-1, keepdims=True),
    )
    return each


def others_probabilities(operations: Floats) -> Floats:
    """Probabilities of the operations of each visit given the other visits alone, (visits, 4)."""
    each = np.log(np.maximum(np.exp(operations) @ SHARES.T, 1e-300))
    without = LOG_PRIOR + each.sum(0) - each
    probabilities: Floats = _normalised(without) @ SHARES
    return probabilities


def contradicts(image_p_laden: ArrayLike, others_p_laden: ArrayLike) -> bool:
    """Whether own images show one load and the other visits make the other likely, at either end.

    Parameters
    ----------
    image_p_laden
        Probabilities of laden by its own images, at arrival and departure.
    others_p_laden
        By the other visits of its port.

    """
    own, others = np.asarray(image_p_laden, float), np.asarray(others_p_laden, float)
    laden = (own > KNOWN) & (others < 1 - KNOWN)
    ballast = (own < 1 - KNOWN) & (others > KNOWN)
    return bool((laden | ballast).any())


def _normalised(log_weights: Floats) -> Floats:
    weights = np.exp(log_weights - log_weights.max(-1, keepdims=True))
    normalised: Floats = weights / weights.sum(-1, keepdims=True)
    return normalised
