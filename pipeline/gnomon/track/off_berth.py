"""Evidence off berth of a visit's load: at anchorages, and at ports before and after.

A ship that waits at anchor before it berths has the load that it arrives with; one that anchors
after it has left, or calls at another port, has the load that it left with. The identity of the
ship is unknown. An encounter off berth (a hull in an image of the anchorage, a departure from
another port, an arrival there) is the ship of visit t with the weight

    w  time(encounter, t)  N(length; length of t),

against ships of other trades, at the density that encounters of that length have there:

    (sum over encounters j of (1 - Q_j) N(length; length of j) + a little) / exposure,

Q_j being the chance that j is the ship of any visit, w the fraction of the ships that pass this
place, and exposure the observations, each weighted by its usable fraction, or days. Q and w are
fitted in turn (expectation maximisation); where no ship of the visits passes, w becomes small.
Times: ships leave the anchorage, or have reached it, at a constant rate; voyages
as in `gnomon.track.voyages`. Loads play no part in any of this, so that they are not used twice.

The evidence of a visit at one end is "one of these encounters, or none": with q_i their chances,

    L(load) = 1 + sum of q_i (P(image i | load) / P(image i | any ship of other trades) - 1),

and the chances add up to 1 - `MISREAD` at most. Other trades have a load of their own: the fraction
of them that is laden is fitted to the same images, or an anchorage full of ships in ballast would
seem to be evidence of the terminal's trade.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from gnomon.datamodel.traffic import AnchoragePrior
from gnomon.track.direction import MISREAD
from gnomon.track.sightings import PortObservations
from gnomon.track.voyages import passage_density

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SAME_SHIP_SIGMA_M = 3.0
"""Of two lengths of one ship, above their own errors."""
LENGTH_KERNEL_M = 8.0
"""Kernel width of the density of lengths of other trades."""
PRIOR_COUNT = 0.5
"""Encounters with ships of other trades that the prior assumes."""
EM_ROUNDS = 20


@dataclass(frozen=True)
class EndTimes:
    """When visits began and ended: middles of equally likely parts, days, (visits, parts)."""

    arrive: Floats
    depart: Floats

    @property
    def median_arrival(self) -> Floats:
        """Days, (visits,)."""
        return self.arrive[:, self.arrive.shape[1] // 2]

    @property
    def median_departure(self) -> Floats:
        """Days, (visits,)."""
        return self.depart[:, self.depart.shape[1] // 2]


@dataclass(frozen=True)
class EncounterDensity:
    """Densities of encounters, (encounters, visits), if every ship passed and was detected."""

    before: Floats
    """For a ship on its way to the visit."""
    after: Floats
    """For a ship that comes from the visit."""
    expected: Floats
    """(visits,): expected number of encounters with the ship of a visit."""


class OffBerthSource(Protocol):
    """Encounters at one place: arrays of shape (encounters,)."""

    @property
    def length_m(self) -> Floats:
        """Measured."""

    @property
    def length_sigma_m(self) -> Floats:
        """Its error."""

    @property
    def log_lr_laden(self) -> Floats:
        """NaN where unknown."""

    @property
    def exposure(self) -> float:
        """Usable observations, or days: where ships of other trades can be."""

    @property
    def usual(self) -> AnchoragePrior:
        """Ships of other trades, before any is seen."""

    def density(self, ends: EndTimes) -> EncounterDensity:
        """Densities of all encounters for some visits."""


@dataclass(frozen=True)
class Anchorage:
    """Hulls in the observations of an anchorage of a port."""

    length_m: Floats
    length_sigma_m: Floats
    log_lr_laden: Floats
    day: Floats
    observation_day: Floats
    """(observations,)"""
    usable: Floats
    """(observations,): usable fractions."""
    usual: AnchoragePrior

    @property
    def exposure(self) -> float:
        """Observations, each weighted by its usable fraction."""
        return float(self.usable.sum())

    def density(self, ends: EndTimes) -> EncounterDensity:
        """Chance to be at anchor at the time of each hull."""
        before, after = _waiting(self.day, ends, self.usual.wait_days)
        expected = sum(
            self.usable @ side
            for side in _waiting(self.observation_day, ends, self.usual.wait_days)
        )
        return EncounterDensity(before, after, np.asarray(expected))


def _waiting(day: Floats, ends: EndTimes, wait_days: float) -> tuple[Floats, Floats]:
    early = ends.arrive - day[:, None, None]
    late = day[:, None, None] - ends.depart
    before, after = (
        np.where(gap >= 0, np.exp(-np.maximum(gap, 0) / wait_days), 0.0).mean(-1)
        for gap in (early, late)
    )
    return before, after


def anchorage(data: PortObservations, usual: AnchoragePrior) -> Anchorage:
    """Hulls at anchor that are small tankers at least as likely as not, or of unknown type."""
    hulls = data.hulls
    kept = ~(hulls.p_tanker < 0.5)
    return Anchorage(
        hulls.length_m[kept],
        hulls.length_sigma_m[kept],
        hulls.log_lr_laden[kept],
        hulls.day[kept],
        data.day,
        data.usable,
        usual,
    )


@dataclass(frozen=True)
class OtherPortCalls:
    """Visits to another port: departures from it, or arrivals there."""

    length_m: Floats
    length_sigma_m: Floats
    log_lr_laden: Floats
    """At that end."""
    ends: EndTimes
    exposure: float
    """Days."""
    usual: AnchoragePrior
    distance_nm: float
    speeds_kn: tuple[float, float]
    """Slowest and fastest mean speed of a voyage."""
    departures: bool
    """Whether these are the departures."""

    def density(self, ends: EndTimes) -> EncounterDensity:
        """Densities of voyages, per day."""
        start, finish = (self.ends, ends) if self.departures else (ends, self.ends)
        days = finish.arrive[None, :, None, :] - start.depart[:, None, :, None]
        density = passage_density(days, self.distance_nm, self.speeds_kn).mean((-2, -1))
        none = np.zeros((len(self.length_m), len(ends.arrive)))
        one_each = np.ones(len(ends.arrive))
        if self.departures:
            return EncounterDensity(density, none, one_each)
        return EncounterDensity(none, density.T, one_each)


@dataclass(frozen=True)
class OffBerthEvidence:
    """Encounters of one place, weighted, and the likelihoods of their loads."""

    before: Floats
    """(encounters, visits): weights."""
    after: Floats
    other: Floats
    """(encounters,): weight of ships of other trades."""
    ratio: Floats
    """(encounters, 2): likelihood in ballast and laden over that of other trades."""

    def log_likelihoods(self, visits: list[int], p_tanker: Floats) -> tuple[Floats, Floats]:
        """Log likelihoods of arriving and of leaving in ballast and laden, (visits, 2) each.

        Parameters
        ----------
        visits
            Which of the visits took place.
        p_tanker
            Probability of each that it was a small tanker's.

        """
        sides = self.before[:, visits], self.after[:, visits]
        total = (sides[0] + sides[1]).sum(1) + self.other
        arrival, departure = (
            _one_or_none(side.T / total * p_tanker[:, None], self.ratio) for side in sides
        )
        return arrival, departure


def _one_or_none(chance: Floats, ratio: Floats) -> Floats:
    total = chance.sum(1, keepdims=True)
    bounded = chance * np.minimum(1.0, (1 - MISREAD) / np.maximum(total, 1e-12))
    logs: Floats = np.log1p(bounded @ (ratio - 1))
    return logs


def fit_off_berth(
    source: OffBerthSource,
    ends: EndTimes,
    length_m: Floats,
    length_sigma_m: Floats,
    likely: list[int],
) -> OffBerthEvidence:
    """Fit the fraction of ships that pass a place, and the density of other trades there.

    Parameters
    ----------
    source
        The place with its encounters.
    ends, length_m, length_sigma_m
        Of visits.
    likely
        Which visits took place, by the representative partition.

    """
    density = source.density(ends)
    lengths, errors = source.length_m, source.length_sigma_m
    same = _normal(lengths, errors, length_m, length_sigma_m, SAME_SHIP_SIGMA_M)
    before, after = density.before * same, density.after * same
    alike = _normal(lengths, errors, lengths, errors, LENGTH_KERNEL_M)
    usual = source.usual
    mean = np.full(1, usual.other_length_m)
    prior = _normal(lengths, errors, mean, 0.0, usual.other_length_sigma_m).ravel()
    passing = (before + after)[:, likely].sum(1)
    expected = float(density.expected[likely].sum())
    fraction, ours = 0.5, np.zeros(len(passing))
    for _ in range(EM_ROUNDS):
        other = (alike @ (1 - ours) + PRIOR_COUNT * prior) / max(source.exposure, 1e-9)
        ours = fraction * passing / (fraction * passing + other)
        fraction = min((1 + ours.sum()) / (2 + expected), 1.0)
    ratio = _load_ratios(source.log_lr_laden, 1 - ours)
    return OffBerthEvidence(fraction * before, fraction * after, other, ratio)


def _normal(
    value: Floats, sigma: Floats, mean: Floats, mean_sigma: Floats | float, more: float
) -> Floats:
    variance = sigma[:, None] ** 2 + np.square(mean_sigma) + more**2
    density: Floats = np.exp(-0.5 * (value[:, None] - mean) ** 2 / variance)
    return density / np.sqrt(2 * np.pi * variance)


def _load_ratios(log_lr_laden: Floats, other: Floats) -> Floats:
    """Likelihoods of images of a ship in ballast and of one laden, over those of other trades."""
    known = ~np.isnan(log_lr_laden)
    ratio, weight = np.where(known, log_lr_laden, 0.0), np.where(known, other, 0.0)
    laden = 0.5
    for _ in range(EM_ROUNDS):
        chance = expit(ratio + logit(laden))
        laden = float((1 + weight @ chance) / (2 + weight.sum()))
    each = np.stack([expit(-ratio), expit(ratio)], -1)
    relative: Floats = each / (each @ [1 - laden, laden])[:, None]
    return relative
