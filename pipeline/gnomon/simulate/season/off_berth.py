"""The same ships seen elsewhere: waiting in the roads, and at a port of North Korea.

Some ships wait in the roads before they berth, fewer after they have left, for a lognormal time.
Between two calls a ship goes home, turns her cargo there, and pauses out of sight on one side of
that stay or on the other. Ships of other trades lie in the roads too, cargo ships and small
tankers, laden or in ballast as the season's mix has it, and at the home port's berth. What differs
from season to season is drawn here; the berth of `gnomon.simulate.season.campaign` is not touched
by it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnomon.simulate.season.sightings import Moored
from gnomon.simulate.season.tankers import Ships, deadweight, small_tankers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROADS, HOME = "vostochny-anchorage", "wonsan"
PLACES = {ROADS: (132.97, 42.70), HOME: (127.45, 39.17)}
"""Longitude and latitude."""
BALLAST, LADEN = 2, 3
"""Turns of ships that only wait."""


@dataclass(frozen=True, kw_only=True)
class Around:
    """What is around a season."""

    wait: tuple[float, float] = (0.6, 0.3)
    """Part of the ships that wait before they berth, and after."""
    wait_days: float = 0.8
    """Median."""
    others_per_day: float = 0.3
    """Ships of other trades that come to the roads."""
    others_small: float = 0.3
    """Part of these that are small tankers."""
    others_laden: float = 0.5
    """Part of these that are laden."""
    home_per_day: float = 0.05
    """Ships of other trades at the home port's berth, as many small tankers as others."""


def draw_around(rng: np.random.Generator) -> Around:
    """Draw what differs between seasons."""
    return Around(
        wait=(float(rng.uniform(0.3, 0.9)), float(rng.uniform(0.1, 0.5))),
        wait_days=float(rng.uniform(0.3, 1.5)),
        others_per_day=float(rng.uniform(0.1, 0.8)),
        others_small=float(rng.uniform(0.1, 0.5)),
        others_laden=float(rng.uniform(0.0, 1.0)),
        home_per_day=float(rng.uniform(0.0, 0.1)),
    )


@dataclass(frozen=True)
class Calls:
    """Visits to the berth, sorted by arrival: arrays of shape (visits,)."""

    ship: Ints
    arrive_day: Floats
    depart_day: Floats
    turn: Ints


@dataclass(frozen=True)
class Stays:
    """Stays at one place: `Moored`, and the number of the visit that each belongs to, or -1."""

    moored: Moored
    visit: Ints


def in_the_roads(
    rng: np.random.Generator, calls: Calls, fleet: Ships, around: Around, days: int
) -> Stays:
    """Ships that wait, and ships of other trades."""
    count = len(calls.ship)
    waits = np.minimum(around.wait_days * rng.lognormal(0, 0.8, (2, count)), 8.0)
    early, late = rng.random((2, count)) < np.array(around.wait)[:, None]
    came_laden = np.isin(calls.turn, (1, LADEN))
    left_laden = np.isin(calls.turn, (0, LADEN))
    visit = np.r_[np.flatnonzero(early), np.flatnonzero(late)]
    load = np.r_[came_laden[early], left_laden[late]]
    begin = np.r_[(calls.arrive_day - waits[0] - 0.1)[early], (calls.depart_day + 0.1)[late]]
    end = np.r_[(calls.arrive_day - 0.1)[early], (calls.depart_day + waits[1] + 0.1)[late]]
    others = rng.poisson(around.others_per_day * days)
    laden = rng.random(others) < around.others_laden
    return _stays(
        rng,
        _among(fleet, calls.ship[visit]),
        _strangers(rng, others, around.others_small),
        visit=visit,
        days=np.stack([begin, end]),
        turn=np.where(np.r_[load, laden], LADEN, BALLAST),
        period=days,
    )


def at_home(
    rng: np.random.Generator, calls: Calls, fleet: Ships, around: Around, days: int
) -> Stays:
    """One stay between two calls of a ship, one before the first and one after the last."""
    rows = [_voyage(rng, calls, one) for one in range(len(calls.ship))]
    rows += [_first(rng, calls, ship) for ship in np.unique(calls.ship)]
    visit = np.array([row[0] for row in rows], np.int64)
    own = np.array([row[1:3] for row in rows], float).reshape(-1, 2).T
    others = rng.poisson(around.home_per_day * days)
    return _stays(
        rng,
        _among(fleet, calls.ship[visit]),
        _strangers(rng, others, 0.5),
        visit=visit,
        days=own,
        turn=np.r_[np.array([row[3] for row in rows], np.int64), rng.integers(0, 4, others)],
        period=days,
    )


def _turned(came_laden: bool, leaves_laden: bool) -> int:
    if came_laden == leaves_laden:
        return LADEN if came_laden else BALLAST
    return 1 if came_laden else 0


def _voyage(rng: np.random.Generator, calls: Calls, one: int) -> tuple[int, float, float, int]:
    """Home after a visit: its number, arrival, departure and turn."""
    laden = calls.turn[one] in (0, LADEN)
    out, stay, back = _legs(rng)
    leave = calls.depart_day[one]
    later = np.flatnonzero((calls.ship == calls.ship[one]) & (calls.arrive_day > leave))
    if not len(later):
        return one, leave + out, leave + out + stay, _turned(laden, not laden)
    turn = _turned(laden, bool(calls.turn[later[0]] in (1, LADEN)))
    room = calls.arrive_day[later[0]] - leave
    shrink = min(1.0, 0.95 * room / (out + stay + back))
    out, stay, back = out * shrink, stay * shrink, back * shrink
    come = leave + out if rng.random() < 0.5 else calls.arrive_day[later[0]] - back - stay
    return one, come, come + stay, turn


def _first(rng: np.random.Generator, calls: Calls, ship: int) -> tuple[int, float, float, int]:
    """Home before a ship's first visit."""
    one = int(np.flatnonzero(calls.ship == ship)[0])
    laden = bool(calls.turn[one] in (1, LADEN))
    _, stay, back = _legs(rng)
    leave = calls.arrive_day[one] - back
    return one, leave - stay, leave, _turned(not laden, laden)


def _legs(rng: np.random.Generator) -> tuple[float, float, float]:
    """Days out, at home, and back, as in the cycles of `gnomon.simulate.season.campaign`."""
    out, stay, back = rng.lognormal(np.log([2.2, 4.0, 2.2]), 0.4)
    return float(out), float(stay), float(back)


def _among(fleet: Ships, ship: Ints) -> Ships:
    return Ships(fleet.length_m[ship], fleet.beam_m[ship], fleet.deadweight_t[ship])


def _strangers(rng: np.random.Generator, count: int, small: float) -> tuple[Ships, int]:
    """Ships of other trades, the small tankers first, and how many these are."""
    few = int(rng.binomial(count, small))
    length = np.clip(rng.normal(135, 35, count - few), 50, 230)
    beam = 0.152 * length * np.exp(rng.normal(0, 0.07, count - few))
    others = Ships(length, beam, deadweight(rng, length, beam))
    return _joined(small_tankers(rng, few), others), few


def _joined(one: Ships, two: Ships) -> Ships:
    return Ships(
        np.r_[one.length_m, two.length_m],
        np.r_[one.beam_m, two.beam_m],
        np.r_[one.deadweight_t, two.deadweight_t],
    )


def _stays(
    rng: np.random.Generator,
    own: Ships,
    others: tuple[Ships, int],
    *,
    visit: Ints,
    days: Floats,
    turn: Ints,
    period: int,
) -> Stays:
    count = len(others[0].length_m)
    arrive = rng.uniform(-5, period, count)
    stay = rng.lognormal(np.log(1.8), 0.6, count)
    return Stays(
        Moored(
            arrive_day=np.r_[days[0], arrive],
            depart_day=np.r_[days[1], arrive + stay],
            ships=_joined(own, others[0]),
            turn=turn,
            tankers=len(visit) + others[1],
        ),
        np.r_[visit, np.full(count, -1)],
    )
