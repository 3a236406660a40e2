"""What looks at other places say of a visit's load: in the roads, and at ports before and after.

A ship that waits in the roads before she berths has the load she comes with; one that lies there
after she has left, or comes to another port, has the load she left with. Which ship it was nobody
knows. A thing seen elsewhere (a hull in a look at the roads, a departure from another port, an
arrival there) is the ship of visit t with the weight

    w  time(thing, t)  N(length; length of t),

against ships of other trades, at the density that things of that length have there:

    (sum over things j of (1 - Q_j) N(length; length of j) + a little) / exposure,

Q_j being the chance that j is the ship of any visit, w the part of the ships that come by this
place, and exposure the looks, each by its usable fraction, or days. Q and w follow in turn (EM);
where nobody comes by, w becomes small. Times: ships leave the roads, or have come to them, at a
constant rate (`ROADS_DAYS`); voyages as in `gnomon.track.voyages`. Loads play no part in any of
this, so that what they say is not used twice.

A visit's evidence at one end is "one of these things, or none": with q_i the chances of things,

    L(load) = 1 + sum of q_i (P(look i | load) / P(look i | any ship of other trades) - 1),

and the chances add up to 1 - `MISREAD` at most. Other trades have a load of their own: the part of
them that is laden is taken from the same looks, or a roads full of ships in ballast would seem to
say something of the terminal.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from gnomon.track.direction import MISREAD
from gnomon.track.sightings import Sightings
from gnomon.track.voyages import passage_density

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROADS_DAYS = 1.5
"""Mean wait of those that wait: hours to days, by what the press reports of calls say."""
MODEL_SIGMA_M = 3.0
"""Of two lengths of one ship, above their own errors."""
WIDTH_M = 8.0
"""How smooth the lengths of other trades are."""
LITTLE, USUAL_M = 0.5, (100.0, 40.0)
"""Things that are supposed to be there before any was seen, and their lengths."""
ROUNDS = 20


@dataclass(frozen=True)
class Ends:
    """When visits began and ended: middles of equally likely parts, days, (visits, parts)."""

    arrive: Floats
    depart: Floats


@dataclass(frozen=True)
class Times:
    """Densities of things, (things, visits), were every ship to come by and be seen."""

    before: Floats
    """For a ship on her way to the visit."""
    after: Floats
    expected: Floats
    """(visits,): things of one visit that there would be."""


class Place(Protocol):
    """Things at one place: arrays of shape (things,)."""

    @property
    def length_m(self) -> Floats:
        """Measured."""

    @property
    def length_sigma_m(self) -> Floats:
        """Its error."""

    @property
    def log_lr_laden(self) -> Floats:
        """NaN where nobody said."""

    @property
    def exposure(self) -> float:
        """Looks, each by its usable fraction, or days: where ships of other trades can be."""

    def times(self, ends: Ends) -> Times:
        """Densities of all things for some visits."""


@dataclass(frozen=True)
class Roads:
    """Hulls in the looks at the roads of a port."""

    length_m: Floats
    length_sigma_m: Floats
    log_lr_laden: Floats
    day: Floats
    observation_day: Floats
    usable: Floats

    @property
    def exposure(self) -> float:
        """Looks, each by its usable fraction."""
        return float(self.usable.sum())

    def times(self, ends: Ends) -> Times:
        """Chance to be there at the time of each hull."""
        before, after = _waiting(self.day, ends)
        observed = sum(self.usable @ side for side in _waiting(self.observation_day, ends))
        return Times(before, after, np.asarray(observed))


def _waiting(day: Floats, ends: Ends) -> tuple[Floats, Floats]:
    early = ends.arrive - day[:, None, None]
    late = day[:, None, None] - ends.depart
    before, after = (
        np.where(gap >= 0, np.exp(-np.maximum(gap, 0) / ROADS_DAYS), 0.0).mean(-1)
        for gap in (early, late)
    )
    return before, after


def roads(seen: Sightings) -> Roads:
    """Hulls that are likelier a small tanker than not; all others are no question."""
    hulls = seen.hulls
    kept = ~(hulls.p_tanker < 0.5)
    return Roads(
        hulls.length_m[kept],
        hulls.length_sigma_m[kept],
        hulls.log_lr_laden[kept],
        hulls.day[kept],
        seen.day,
        seen.usable,
    )


@dataclass(frozen=True)
class Calls:
    """Visits to another port: departures from it, or arrivals there."""

    length_m: Floats
    length_sigma_m: Floats
    log_lr_laden: Floats
    """At that end."""
    ends: Ends
    exposure: float
    """Days."""
    distance_nm: float
    speeds_kn: tuple[float, float]
    leaving: bool
    """Whether these are the departures."""

    def times(self, ends: Ends) -> Times:
        """Densities of voyages, per day."""
        start, finish = (self.ends, ends) if self.leaving else (ends, self.ends)
        days = finish.arrive[None, :, None, :] - start.depart[:, None, :, None]
        density = passage_density(days, self.distance_nm, self.speeds_kn).mean((-2, -1))
        nothing = np.zeros((len(self.length_m), len(ends.arrive)))
        certain = np.ones(len(ends.arrive))
        if self.leaving:
            return Times(density, nothing, certain)
        return Times(nothing, density.T, certain)


@dataclass(frozen=True)
class Weighed:
    """A place with what its looks say of itself."""

    before: Floats
    """(things, visits): weights."""
    after: Floats
    other: Floats
    """(things,): weight of ships of other trades."""
    ratio: Floats
    """(things, 2): likelihood in ballast and laden over that of other trades."""

    def evidence(self, visits: list[int], trust: Floats) -> tuple[Floats, Floats]:
        """Log likelihoods of coming and of leaving in ballast and laden, (visits, 2) each.

        Parameters
        ----------
        visits
            Which of the visits there were.
        trust
            Chance of each that it was a small tanker's.

        """
        sides = self.before[:, visits], self.after[:, visits]
        total = (sides[0] + sides[1]).sum(1) + self.other
        before, after = (_one_of(side.T / total * trust[:, None], self.ratio) for side in sides)
        return before, after


def _one_of(chance: Floats, ratio: Floats) -> Floats:
    sum_ = chance.sum(1, keepdims=True)
    bounded = chance * np.minimum(1.0, (1 - MISREAD) / np.maximum(sum_, 1e-12))
    logs: Floats = np.log1p(bounded @ (ratio - 1))
    return logs


def weigh(
    place: Place, ends: Ends, length_m: Floats, length_sigma_m: Floats, likely: list[int]
) -> Weighed:
    """Learn of a place how many come by, and who else is there.

    Parameters
    ----------
    place
        With its things.
    ends, length_m, length_sigma_m
        Of visits.
    likely
        Which visits there were, as far as one can tell.

    """
    times = place.times(ends)
    same = _normal(place.length_m, place.length_sigma_m, length_m, length_sigma_m, MODEL_SIGMA_M)
    before, after = times.before * same, times.after * same
    alike = _normal(
        place.length_m, place.length_sigma_m, place.length_m, place.length_sigma_m, WIDTH_M
    )
    flat = _normal(place.length_m, place.length_sigma_m, np.full(1, USUAL_M[0]), 0.0, USUAL_M[1])
    come = (before + after)[:, likely].sum(1)
    expected = float(times.expected[likely].sum())
    part, ours = 0.5, np.zeros(len(come))
    for _ in range(ROUNDS):
        other = (alike @ (1 - ours) + LITTLE * flat[:, 0]) / max(place.exposure, 1e-9)
        ours = part * come / (part * come + other)
        part = min((1 + ours.sum()) / (2 + expected), 1.0)
    return Weighed(part * before, part * after, other, _ratios(place.log_lr_laden, 1 - ours))


def _normal(
    value: Floats, sigma: Floats, mean: Floats, mean_sigma: Floats | float, more: float
) -> Floats:
    variance = sigma[:, None] ** 2 + np.square(mean_sigma) + more**2
    density: Floats = np.exp(-0.5 * (value[:, None] - mean) ** 2 / variance)
    return density / np.sqrt(2 * np.pi * variance)


def _ratios(log_lr_laden: Floats, other: Floats) -> Floats:
    """Likelihoods of looks at a ship in ballast and at one laden, over those of other trades."""
    said = ~np.isnan(log_lr_laden)
    ratio, weight = np.where(said, log_lr_laden, 0.0), np.where(said, other, 0.0)
    laden = 0.5
    for _ in range(ROUNDS):
        chance = expit(ratio + logit(laden))
        laden = float((1 + weight @ chance) / (2 + weight.sum()))
    each = np.stack([expit(-ratio), expit(ratio)], -1)
    relative: Floats = each / (each @ [1 - laden, laden])[:, None]
    return relative
