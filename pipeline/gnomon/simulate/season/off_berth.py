"""The same ships off berth: at anchor before and after a visit, and at a port of North Korea.

Some ships wait at anchor before they berth, fewer after they have left, for a lognormal time.
Between two calls a ship goes home, turns its cargo there, and pauses unobserved before or after
that stay. Ships of other trades lie at the anchorage too, cargo ships and small tankers, laden or
in ballast by the season's mix, and at the home port's berth. What differs from season to season is
drawn here; the berth of `gnomon.simulate.season.campaign` does not depend on it.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gnomon.simulate.season.detections import OTHER_SHIP, BerthStays
from gnomon.simulate.season.tankers import ShipDimensions, draw_deadweight, small_tankers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ANCHORAGE, HOME = "vostochny-anchorage", "wonsan"
POSITIONS = {ANCHORAGE: (132.97, 42.70), HOME: (127.45, 39.17)}
"""Longitude and latitude."""
LOADS, UNLOADS, BALLAST, LADEN = range(4)
"""Cargo operations; ships that only wait have one of the last two."""
WAIT_MAX_DAYS = 8.0
SHIFT_DAYS = 0.1
"""Between anchorage and berth."""
PASSAGE_DAYS, HOME_DAYS, SPREAD = 2.2, 4.0, 0.4
"""Medians of a passage and of a stay at home, and the deviation of their logarithms."""


@dataclass(frozen=True, kw_only=True)
class OffBerthTrade:
    """What a season off berth is made from."""

    wait_before: float = 0.6
    """Fraction of the ships that wait before they berth."""
    wait_after: float = 0.3
    wait_days: float = 0.8
    """Median."""
    others_per_day: float = 0.3
    """Ships of other trades that arrive at the anchorage."""
    others_small: float = 0.3
    """Fraction of these that are small tankers."""
    others_laden: float = 0.5
    """Fraction of these that are laden."""
    home_per_day: float = 0.05
    """Ships of other trades at the home port's berth, half of them small tankers."""


def draw_off_berth(rng: np.random.Generator) -> OffBerthTrade:
    """Draw what differs between seasons."""
    return OffBerthTrade(
        wait_before=float(rng.uniform(0.3, 0.9)),
        wait_after=float(rng.uniform(0.1, 0.5)),
        wait_days=float(rng.uniform(0.3, 1.5)),
        others_per_day=float(rng.uniform(0.1, 0.8)),
        others_small=float(rng.uniform(0.1, 0.5)),
        others_laden=float(rng.uniform(0.0, 1.0)),
        home_per_day=float(rng.uniform(0.0, 0.1)),
    )


@dataclass(frozen=True)
class BerthCalls:
    """Visits to the berth, sorted by arrival: arrays of shape (visits,)."""

    ship: Ints
    arrive_day: Floats
    depart_day: Floats
    operation: Ints


@dataclass(frozen=True)
class OffBerthStays:
    """Stays at one place, and the number of the visit of each, or `OTHER_SHIP`."""

    stays: BerthStays
    visit: Ints


class _Stay(NamedTuple):
    """One stay at home: number of the visit, days, operation."""

    visit: int
    arrive: float
    depart: float
    operation: int


def at_anchorage(
    rng: np.random.Generator,
    calls: BerthCalls,
    fleet: ShipDimensions,
    trade: OffBerthTrade,
    days: int,
) -> OffBerthStays:
    """Ships that wait at anchor, and ships of other trades."""
    count = len(calls.ship)
    wait_in, wait_out = np.minimum(
        trade.wait_days * rng.lognormal(0, 0.8, (2, count)), WAIT_MAX_DAYS
    )
    before, after = rng.random((2, count))
    early, late = before < trade.wait_before, after < trade.wait_after
    came_laden = np.isin(calls.operation, (UNLOADS, LADEN))
    left_laden = np.isin(calls.operation, (LOADS, LADEN))
    visit = np.r_[np.flatnonzero(early), np.flatnonzero(late)]
    load = np.r_[came_laden[early], left_laden[late]]
    last, first = calls.arrive_day - SHIFT_DAYS, calls.depart_day + SHIFT_DAYS
    begin = np.r_[(calls.arrive_day - wait_in - SHIFT_DAYS)[early], first[late]]
    end = np.r_[last[early], (calls.depart_day + wait_out + SHIFT_DAYS)[late]]
    others = rng.poisson(trade.others_per_day * days)
    laden = rng.random(others) < trade.others_laden
    return _with_others(
        rng,
        BerthStays(
            begin,
            end,
            fleet.of(calls.ship[visit]),
            np.where(np.r_[load, laden], LADEN, BALLAST),
            len(visit),
        ),
        visit,
        _other_trades(rng, others, trade.others_small),
        days,
    )


def at_home_port(
    rng: np.random.Generator,
    calls: BerthCalls,
    fleet: ShipDimensions,
    trade: OffBerthTrade,
    days: int,
) -> OffBerthStays:
    """One stay between two calls of a ship, one before the first and one after the last."""
    home = [_after_call(rng, calls, one) for one in range(len(calls.ship))]
    home += [_before_first(rng, calls, ship) for ship in np.unique(calls.ship)]
    visit = np.array([stay.visit for stay in home], np.int64)
    others = rng.poisson(trade.home_per_day * days)
    ships = _other_trades(rng, others, 0.5)
    own = np.array([stay.operation for stay in home], np.int64)
    return _with_others(
        rng,
        BerthStays(
            np.array([stay.arrive for stay in home], float),
            np.array([stay.depart for stay in home], float),
            fleet.of(calls.ship[visit]),
            np.r_[own, rng.integers(0, 4, others)],
            len(visit),
        ),
        visit,
        ships,
        days,
    )


def operation_of(*, came_laden: bool, leaves_laden: bool) -> int:
    """Cargo operation between two loads."""
    if came_laden == leaves_laden:
        return LADEN if came_laden else BALLAST
    return UNLOADS if came_laden else LOADS


def _after_call(rng: np.random.Generator, calls: BerthCalls, one: int) -> _Stay:
    """Home after a visit."""
    laden = bool(calls.operation[one] in (LOADS, LADEN))
    out, stay, back = _legs(rng)
    leave = calls.depart_day[one]
    later = np.flatnonzero((calls.ship == calls.ship[one]) & (calls.arrive_day > leave))
    if not len(later):
        operation = operation_of(came_laden=laden, leaves_laden=not laden)
        return _Stay(one, leave + out, leave + out + stay, operation)
    again = calls.arrive_day[later[0]]
    needed = bool(calls.operation[later[0]] in (UNLOADS, LADEN))
    shrink = min(1.0, 0.95 * (again - leave) / (out + stay + back))
    out, stay, back = out * shrink, stay * shrink, back * shrink
    come = leave + out if rng.random() < 0.5 else again - back - stay
    return _Stay(one, come, come + stay, operation_of(came_laden=laden, leaves_laden=needed))


def _before_first(rng: np.random.Generator, calls: BerthCalls, ship: int) -> _Stay:
    """Home before a ship's first visit."""
    one = int(np.flatnonzero(calls.ship == ship)[0])
    laden = bool(calls.operation[one] in (UNLOADS, LADEN))
    _, stay, back = _legs(rng)
    leave = calls.arrive_day[one] - back
    return _Stay(one, leave - stay, leave, operation_of(came_laden=not laden, leaves_laden=laden))


def _legs(rng: np.random.Generator) -> tuple[float, float, float]:
    """Days out, at home, and back, as in the cycles of `gnomon.simulate.season.campaign`."""
    out, stay, back = rng.lognormal(np.log([PASSAGE_DAYS, HOME_DAYS, PASSAGE_DAYS]), SPREAD)
    return float(out), float(stay), float(back)


def _other_trades(rng: np.random.Generator, count: int, small: float) -> tuple[ShipDimensions, int]:
    """Ships of other trades, the small tankers first, and how many these are."""
    few = int(rng.binomial(count, small))
    length = np.clip(rng.normal(135, 35, count - few), 50, 230)
    beam = 0.152 * length * np.exp(rng.normal(0, 0.07, count - few))
    others = ShipDimensions(length, beam, draw_deadweight(rng, length, beam))
    return small_tankers(rng, few).join(others), few


def _with_others(
    rng: np.random.Generator,
    own: BerthStays,
    visit: Ints,
    others: tuple[ShipDimensions, int],
    days: int,
) -> OffBerthStays:
    """Own stays, which bring the operations of all, then those of other trades."""
    ships, small = others
    count = len(ships.length_m)
    arrive = rng.uniform(-5, days, count)
    stay = rng.lognormal(np.log(1.8), 0.6, count)
    joined = BerthStays(
        arrive_day=np.r_[own.arrive_day, arrive],
        depart_day=np.r_[own.depart_day, arrive + stay],
        ships=own.ships.join(ships),
        operation=own.operation,
        tankers=own.tankers + small,
    )
    return OffBerthStays(joined, np.r_[visit, np.full(count, OTHER_SHIP)])
