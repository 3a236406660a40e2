"""What may lie at a berth: classes of ships and of other things, and what is usual for each.

==================  ==============================================================================
class               what it is
==================  ==============================================================================
``QUICK``           a small tanker that comes straight in and leaves when it is done
``WAITING``         a small tanker that waits for a berth, cargo, papers or weather
``COASTER``         another ship of the size of a small tanker
``LARGE``           cargo ships and larger tankers
``RESIDENT``        what stays for weeks: a barge, a ship under repair
``PERMANENT``       what stays for good: a hulk, a bunker vessel at its own mooring
``FIXTURE``         likewise, but only optical images take it for a ship: a crane, a piece of a pier
``FALSE_ALARM``     nothing: one detection that is no ship
==================  ==============================================================================

What is usual for each is in a traffic file (`gnomon.datamodel.traffic`). Only its type separates
a coaster from a small tanker, so where no type is known their share is what the prior says, and as
wide. "Small" means of the size of the tankers that are counted, and "large" all else.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln

from gnomon.datamodel.traffic import Classes, RatePrior

Floats = NDArray[np.float64]

QUICK, WAITING, COASTER, LARGE, RESIDENT, PERMANENT, FIXTURE, FALSE_ALARM = range(8)
SHIPS = slice(0, FALSE_ALARM)
"""Classes that lie in port; false alarms do not."""
TANKERS = np.array([True, True, False, False, False, False, False, False])
STAYS = np.array([False, False, False, False, True, True, True, False])
"""Classes that do not move."""

NAMES = (
    "tanker", "tanker", "coaster", "large", "resident", "permanent", "fixture", "false_alarm",
)  # fmt: skip
"""Of the classes in a traffic file."""

DWELL_KINDS = ("straight in", "waiting", "other", "weeks", "for good")
DWELL_KIND = np.array([0, 1, 2, 2, 3, 4, 4])
"""Of the classes that lie in port."""


def class_lengths(classes: Classes) -> tuple[Floats, Floats]:
    """Means and standard deviations of length, by class, of its two equal halves."""
    each = [getattr(classes, name) for name in NAMES]
    return np.array([one.lengths_m for one in each]), np.array(
        [one.length_sigmas_m for one in each]
    )


def other_means(rates: RatePrior) -> Floats:
    """Prior means of the rates of all classes but those of the tankers' size."""
    stays, permanent = rates.residents_per_day, rates.permanent_per_day
    false_alarms = rates.false_alarms_per_observation
    return np.array([rates.large_per_day, stays, permanent, permanent, false_alarms])


def draw_coaster_share(rng: np.random.Generator, prior: RatePrior) -> tuple[float, float]:
    """Logarithms of the shares of coasters and of tankers, drawn from their prior."""
    if rng.random() < prior.no_tanker:
        tankers = float(rng.uniform(*np.log(prior.no_tanker_share)))
        return float(np.log1p(-np.exp(tankers))), tankers
    logs = np.log(np.maximum(rng.standard_gamma(prior.coaster_share), 1e-300))
    coasters, tankers = logs - np.logaddexp(*logs)
    return float(coasters), float(tankers)


class RateDensity:
    """Prior density of the rates of all classes.

    Small ships arrive at a rate with a gamma prior, of which shares are coasters and tankers that
    come straight in. Densities are logarithms, but for a constant where they are of all rates.
    """

    def __init__(self, prior: RatePrior) -> None:
        self.prior = prior
        self._others = other_means(prior).tolist()
        self._some = float(np.log1p(-prior.no_tanker) - betaln(*prior.coaster_share))
        self._low, self._high = np.log(prior.no_tanker_share).tolist()
        self._none = -np.inf
        if prior.no_tanker > 0:
            self._none = float(np.log(prior.no_tanker / (self._high - self._low)))

    def of_log_rates(self, logs: Floats) -> Floats | float:
        """Density of the logarithms of rates, (..., classes) to (...)."""
        # A walk asks for one state after the other: plain numbers are faster than arrays of one.
        columns = logs.tolist() if logs.ndim == 1 else list(np.moveaxis(logs, -1, 0))
        quick, waiting, coaster, *others = columns
        tankers = np.logaddexp(quick, waiting)
        small = np.logaddexp(tankers, coaster)
        prior, share = self.prior, self.prior.quick_share
        total = prior.shape * (small - np.exp(small) / prior.small_per_day)
        total += self.of_coaster_share(coaster - small, tankers - small)
        total += coaster - small + tankers - small
        total += share[0] * (quick - tankers) + share[1] * (waiting - tankers)
        for log_rate, mean in zip(others, self._others, strict=True):
            total += prior.shape * (log_rate - np.exp(log_rate) / mean)
        out: Floats | float = total
        return out

    def of_coaster_share(
        self, log_coasters: Floats | float, log_tankers: Floats | float
    ) -> Floats | float:
        """Density of the coasters' share of small ships, given logs of that share and the rest."""
        first, second = self.prior.coaster_share
        some = (first - 1) * log_coasters + (second - 1) * log_tankers + self._some
        inside = (log_tankers > self._low) & (log_tankers < self._high)
        if not np.any(inside):
            return some
        both: Floats = np.logaddexp(some, np.where(inside, self._none - log_tankers, -np.inf))
        return both


def prior_rates(prior: RatePrior) -> Floats:
    """Rates to begin with: the prior means."""
    coasters = prior.coaster_share[0] / sum(prior.coaster_share)
    small = np.array([(1 - coasters) / 2, (1 - coasters) / 2, coasters]) * prior.small_per_day
    return np.r_[small, other_means(prior)]
