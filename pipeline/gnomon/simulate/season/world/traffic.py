"""Ships at a pier of few berths: the fleet's cycles, and others that share the pier with it.

Each tanker is semi-Markov. It comes to the port, takes a free berth or waits at anchor until one
is free, stays for a lognormal time, sails home, stays there, sails back, and pauses. Berths are
given in the order of arrival. What remains of the cycle is the pause, so that the fleet calls as
often as the world says; the sum of pause and passages is never shorter than a turnaround.

Bursts are a second clock, on which pauses run: traffic of a week times its length, weeks with
gamma-distributed traffic, one in the mean, and some weeks in a row with none.
"""

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnomon.simulate.season.world.fleet import barge_sizes, coaster_sizes, larger_ships
from gnomon.simulate.season.world.options import World
from gnomon.simulate.season.world.presence import Floats, Ints, Kind

LEAD_DAYS = 200
"""Simulated before the season, so that its beginning is like its middle."""
SEA_SIGMA, HOME_SIGMA = 0.3, 0.3
"""Logarithmic deviations of passages and stays at home (judgement)."""
OTHER_STAY_DAYS, OTHER_STAY_SIGMA = 1.5, 0.6
"""Median stay of other ships at the berths, and its logarithmic deviation (judgement)."""
BERTHING_DAYS = 0.06
"""Between a departure and the next ship at the same berth."""

_Arrival = tuple[float, int, int, int]
"""Day, then kind, number of the ship in its kind, and number of its call."""


@dataclass(frozen=True)
class BerthedShips:
    """Calls of all kinds at the pier, sorted by arrival at the port: arrays of shape (calls,)."""

    kind: Ints
    ship: Ints
    """Number within the kind."""
    port_day: Floats
    """Arrival at the port, where a ship waits until a berth is free."""
    berth_day: Floats
    leave_day: Floats
    berth: Ints


@dataclass(frozen=True)
class PassingShips:
    """Ships that come to the pier once: arrays of shape (ships,)."""

    kind: Kind
    day: Floats
    stay_days: Floats
    length_m: Floats
    beam_m: Floats


@dataclass(frozen=True)
class FleetCycles:
    """Cycles of the fleet: arrays of shape (ships, rounds), days."""

    first_day: Floats
    """(ships,) of the first arrival."""
    stay_days: Floats
    away_days: Floats
    """Two passages and a stay at home."""
    pause: Floats
    """On the clock of traffic."""
    traffic: tuple[Floats, Floats]
    """Days, and that clock's time on them."""

    def next_arrival(self, ship: int, turn: int, left: float, turnaround: float) -> float:
        """Day of a ship's arrival after it left the berth from one of its calls."""
        days, clock = self.traffic
        ready = left + self.away_days[ship, turn]
        there = np.interp(ready, days, clock) + self.pause[ship, turn]
        return max(float(np.interp(there, clock, days)), left + turnaround)


def draw_cycles(rng: np.random.Generator, world: World) -> FleetCycles:
    """Draw stays, passages and pauses of the fleet, long enough for the season."""
    ships = world.ships if world.calls_per_day > 0 else 0
    cycle = world.ships / max(world.calls_per_day, 1e-9)
    rounds = int((LEAD_DAYS + world.days) / max(world.turnaround_days, 1.0)) + 2
    shape = (ships, rounds)
    # A stream for each, so that other stays leave the passages as they are.
    stays, passages, homes, pauses, starts, weeks = rng.spawn(6)
    stay = lognormal_stays(stays, world, shape)
    sea = passages.lognormal(np.log(world.sea_days), SEA_SIGMA, (2, *shape)).sum(0)
    home = homes.lognormal(np.log(world.home_days), HOME_SIGMA, shape)
    busy = world.mean_stay_days + float(
        2 * world.sea_days * np.exp(SEA_SIGMA**2 / 2) + world.home_days * np.exp(HOME_SIGMA**2 / 2)
    )
    pause = _lognormal(pauses, max(cycle - busy, 0.2), world.pause_cv, shape)
    first = -LEAD_DAYS + starts.uniform(0.0, min(cycle, LEAD_DAYS), ships)
    return FleetCycles(first, stay, sea + home, pause, traffic_clock(weeks, world))


def traffic_clock(rng: np.random.Generator, world: World) -> tuple[Floats, Floats]:
    """Days at whose ends the clock of traffic stands at a time, and these times."""
    days = np.arange(-LEAD_DAYS, 3 * world.days + LEAD_DAYS, dtype=float)
    pace = np.ones(len(days) - 1)
    season = slice(LEAD_DAYS, LEAD_DAYS + world.days)
    weekly = rng.gamma(world.burst_shape or 1.0, size=world.days // 7 + 1)
    begin = int(rng.uniform(0.2, 0.6) * world.days)
    if world.burst_shape:
        pace[season] = np.repeat(weekly, 7)[: world.days]
    quiet = slice(LEAD_DAYS + begin, LEAD_DAYS + begin + int(world.quiet_days))
    pace[quiet] = 0.0
    pace[season] /= max(pace[season].mean(), 1e-9)
    # Not quite still, so that each time of the clock is one moment.
    return days, np.r_[0.0, np.cumsum(np.maximum(pace, 1e-6))]


def lognormal_stays(
    rng: np.random.Generator, world: World, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Stays at the berth, days: of a kind by its share, lognormal within the kind."""
    shares = np.array(world.stay_shares) / sum(world.stay_shares)
    # The kind and the length within it have streams of their own.
    kinds, lengths = rng.spawn(2)
    kind = kinds.choice(len(shares), shape, p=shares)
    stay: Floats = np.array(world.stay_days)[kind] * _lognormal(lengths, 1.0, world.stay_cv, shape)
    return stay


def passing_ships(rng: np.random.Generator, world: World) -> list[PassingShips]:
    """Larger ships, coasters and barges that come to the pier once each."""
    first, last = -30.0, float(world.days)
    own = rng.spawn(3)
    rates = (
        (Kind.OTHER, world.others_at_berth_per_day, OTHER_STAY_DAYS, larger_ships),
        (Kind.COASTER, world.coasters_per_day, OTHER_STAY_DAYS, coaster_sizes),
        (Kind.BARGE, world.barge_stays / world.days, world.barge_days * 0.84, barge_sizes),
    )  # 0.84: the median of a lognormal over its mean, at the deviation below.
    ships = []
    for stream, (kind, per_day, median, sizes) in zip(own, rates, strict=True):
        count = stream.poisson(per_day * (last - first))
        day = stream.uniform(first, last, count)
        stay = stream.lognormal(np.log(median), OTHER_STAY_SIGMA, count)
        ships.append(PassingShips(kind, day, stay, *sizes(stream, count)))
    return ships


def berth_calls(
    rng: np.random.Generator, world: World, cycles: FleetCycles, passing: list[PassingShips]
) -> BerthedShips:
    """Give berths in the order of arrival.

    Parameters
    ----------
    rng
        Of the choice between free berths.
    world
        Its berths and turnaround.
    cycles
        Of the fleet.
    passing
        Ships that come once.

    """
    queue: list[_Arrival] = [
        (float(day), int(Kind.TANKER), ship, 0) for ship, day in enumerate(cycles.first_day)
    ]
    once = {int(ships.kind): ships for ships in passing}
    queue += [
        (float(day), kind, n, 0) for kind, ships in once.items() for n, day in enumerate(ships.day)
    ]
    heapq.heapify(queue)
    free_from = np.full(world.berths, -np.inf)
    calls = []
    while queue:
        day, kind, ship, turn = heapq.heappop(queue)
        if day >= world.days:
            break
        berth, begin = _berth_for(rng, free_from, day)
        tanker = kind == Kind.TANKER
        stay = cycles.stay_days[ship, turn] if tanker else once[kind].stay_days[ship]
        free_from[berth] = begin + stay + BERTHING_DAYS
        calls.append((kind, ship, day, begin, begin + stay, berth))
        if tanker and turn + 1 < cycles.stay_days.shape[1]:
            again = cycles.next_arrival(ship, turn, begin + stay, world.turnaround_days)
            heapq.heappush(queue, (again, kind, ship, turn + 1))
    columns = np.array(calls, float).reshape(-1, 6).T
    kinds, ships, berths = (columns[k].astype(np.int64) for k in (0, 1, 5))
    return BerthedShips(kinds, ships, columns[2], columns[3], columns[4], berths)


def _berth_for(rng: np.random.Generator, free_from: Floats, day: float) -> tuple[int, float]:
    """One of the berths that are free, or else the one that is free first; and when."""
    free = np.flatnonzero(free_from <= day)
    if len(free):
        return int(free[int(rng.random() * len(free))]), day
    first = int(free_from.argmin())
    return first, float(free_from[first])


def _lognormal(
    rng: np.random.Generator, mean: float, cv: float, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Lognormal values of a mean and a coefficient of variation."""
    variance = np.log1p(cv**2)
    return rng.lognormal(np.log(mean) - variance / 2, np.sqrt(variance), shape)
