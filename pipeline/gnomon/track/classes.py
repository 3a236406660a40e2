"""What may lie at a berth: classes of ships and of other things, and what is usual for each.

==================  ==============================================================================
class               what it is
==================  ==============================================================================
``QUICK``           a small tanker that comes straight in and leaves when it is done
``WAITING``         a small tanker that waits for a berth, cargo, papers or weather
``COASTER``         another ship of the size of a small tanker
``LARGE``           cargo ships and larger tankers
``RESIDENT``        what stays for weeks or for good: a hulk, a barge, a bunker vessel
``FIXTURE``         likewise, but only optical images take it for a ship: a crane, a piece of a pier
``FALSE_ALARM``     nothing: one detection that is no ship
==================  ==============================================================================

What is usual for each is in a traffic file (`gnomon.datamodel.traffic`). Nothing but its type tells
a coaster from a small tanker, so where no type is known their share is what the prior says, and as
wide. "Small" means of the size of the tankers that are counted, and "large" all else.
"""

import numpy as np
from numpy.typing import NDArray

from gnomon.datamodel.traffic import Classes, RatePrior

Floats = NDArray[np.float64]

QUICK, WAITING, COASTER, LARGE, RESIDENT, FIXTURE, FALSE_ALARM = range(7)
SHIPS = slice(0, FALSE_ALARM)
"""Classes that lie in port; false alarms do not."""
TANKERS = np.array([True, True, False, False, False, False, False])
STAYS = np.array([False, False, False, False, True, True, False])
"""Classes that do not move."""

NAMES = ("tanker", "tanker", "coaster", "large", "resident", "fixture", "false_alarm")
"""Of the classes in a traffic file."""

DWELL_KINDS = ("straight in", "waiting", "other", "resident")
DWELL_KIND = np.array([0, 1, 2, 2, 3, 3])
"""Of the classes that lie in port."""


def class_lengths(classes: Classes) -> tuple[Floats, Floats]:
    """Means and standard deviations of length, by class, of its two equal halves."""
    each = [getattr(classes, name) for name in NAMES]
    return np.array([one.lengths_m for one in each]), np.array(
        [one.length_sigmas_m for one in each]
    )


def other_means(rates: RatePrior) -> Floats:
    """Prior means of the rates of all classes but those of the tankers' size."""
    stays = rates.residents_per_day
    return np.array([rates.large_per_day, stays, stays, rates.false_alarms_per_observation])


def log_rate_prior(rates: Floats, prior: RatePrior) -> Floats:
    """Log prior density of the rates of all classes, (..., classes) to (...), but for a constant.

    Small ships arrive at a rate with a gamma prior, of which shares are coasters and tankers that
    come straight in; the density is that of the rates themselves.
    """
    logs = np.log(np.maximum(rates, 1e-300))
    quick, waiting, coaster = logs[..., QUICK], logs[..., WAITING], logs[..., COASTER]
    tankers_rate = rates[..., QUICK] + rates[..., WAITING]
    small_rate = tankers_rate + rates[..., COASTER]
    tankers, small = (
        np.log(np.maximum(tankers_rate, 1e-300)),
        np.log(np.maximum(small_rate, 1e-300)),
    )
    total = (prior.shape - 1) * small - prior.shape * small_rate / prior.small_per_day
    for share, one, two, both in (
        (prior.coaster_share, coaster, tankers, small),
        (prior.quick_share, quick, waiting, tankers),
    ):
        total += (share[0] - 1) * (one - both) + (share[1] - 1) * (two - both)
    # From rate and shares to rates: small^2 times the share of tankers.
    total -= small + tankers
    others = slice(LARGE, None)
    total += ((prior.shape - 1) * logs[..., others]).sum(-1)
    total -= (prior.shape * rates[..., others] / other_means(prior)).sum(-1)
    out: Floats = total
    return out


def prior_rates(prior: RatePrior) -> Floats:
    """Rates to begin with: the prior means."""
    coasters = prior.coaster_share[0] / sum(prior.coaster_share)
    small = np.array([(1 - coasters) / 2, (1 - coasters) / 2, coasters]) * prior.small_per_day
    return np.r_[small, other_means(prior)]
