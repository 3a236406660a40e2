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

Small tankers are as in the register (`configs/fleet.csv`: 1,000 to 9,000 t, reported lengths of 85
to 100 m): half of them short, half of them long. Nothing but its type tells a coaster from a small
tanker, so where no type is known their share is what the prior says, and as wide.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

QUICK, WAITING, COASTER, LARGE, RESIDENT, FIXTURE, FALSE_ALARM = range(7)
SHIPS = slice(0, FALSE_ALARM)
"""Classes that lie in port; false alarms do not."""
TANKERS = np.array([True, True, False, False, False, False, False])
STAYS = np.array([False, False, False, False, True, True, False])
"""Classes that do not move."""

LENGTHS_M = np.array([[75.0, 100.0], [75.0, 100.0], [75.0, 100.0], [135.0, 135.0], [80.0, 80.0],
                      [80.0, 80.0], [110.0, 110.0]])  # fmt: skip
"""Mean length, by class, of its two equal halves."""
LENGTH_SIGMAS_M = np.array([[8.0, 13.0], [8.0, 13.0], [8.0, 13.0], [45.0, 45.0], [60.0, 60.0],
                            [60.0, 60.0], [50.0, 50.0]])  # fmt: skip
TYPICAL_LENGTH_M = (90.0, 90.0, 90.0, 135.0, 80.0, 80.0)
"""Of the classes that lie in port: for their chance of being detected."""

DWELL_KINDS = ("straight in", "waiting", "other", "resident")
DWELL_KIND = np.array([0, 1, 2, 2, 3, 3])
"""Of the classes that lie in port."""

MEAN_PER_DAY, RESIDENTS_PER_DAY, MEAN_PER_OBSERVATION = 0.2, 0.002, 0.05
"""Prior means: small ships a day and large ones; residents a day; false alarms an observation."""
RATE_SHAPE = 0.5
"""Of the gamma priors of these rates: so wide that one season in ten has hardly a visit, and as
many have more than a hundred."""
OTHER_MEANS = np.array([MEAN_PER_DAY, RESIDENTS_PER_DAY, RESIDENTS_PER_DAY, MEAN_PER_OBSERVATION])
COASTER_SHARE = (0.5, 2.5)
"""Beta prior of the coasters' share of small ships at a berth where tankers are looked for: a sixth
in the mean, 90 % from 0 to a half."""
QUICK_SHARE = (0.5, 0.5)
"""Beta prior of the share of tankers that come straight in: mostly all or none."""


def log_rate_prior(rates: Floats) -> Floats:
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
    total = (RATE_SHAPE - 1) * small - RATE_SHAPE * small_rate / MEAN_PER_DAY
    total += (COASTER_SHARE[0] - 1) * (coaster - small) + (COASTER_SHARE[1] - 1) * (tankers - small)
    total += (QUICK_SHARE[0] - 1) * (quick - tankers) + (QUICK_SHARE[1] - 1) * (waiting - tankers)
    # From rate and shares to rates: small^2 times the share of tankers.
    total -= small + tankers
    others = slice(LARGE, None)
    total += ((RATE_SHAPE - 1) * logs[..., others]).sum(-1)
    total -= (RATE_SHAPE * rates[..., others] / OTHER_MEANS).sum(-1)
    out: Floats = total
    return out


def prior_rates() -> Floats:
    """Rates to begin with: the prior means."""
    coasters = COASTER_SHARE[0] / sum(COASTER_SHARE)
    small = np.array([(1 - coasters) / 2, (1 - coasters) / 2, coasters]) * MEAN_PER_DAY
    return np.r_[small, OTHER_MEANS]
