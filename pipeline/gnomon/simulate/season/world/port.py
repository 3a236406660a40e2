"""Everything that lies in the port: the fleet at its berths, other ships, and what stays.

Hulks lie at the inner side of the pier, a bunker vessel at a mooring off it, cranes stand on it
beside a berth. None of these takes a berth; barges do (`gnomon.simulate.season.world.traffic`).
"""

from dataclasses import dataclass

import numpy as np

from gnomon.simulate.season.off_berth import BALLAST, LADEN, LOADS, UNLOADS
from gnomon.simulate.season.tankers import ShipDimensions
from gnomon.simulate.season.world.fleet import archetype_tankers, barge_sizes, larger_ships
from gnomon.simulate.season.world.options import World
from gnomon.simulate.season.world.presence import (
    BERTH_SPACING_M,
    ELSEWHERE,
    Floats,
    Ints,
    Kind,
    Position,
    Presence,
    along_pier,
    berth_position,
    joined_presence,
    stays_of,
)
from gnomon.simulate.season.world.traffic import (
    BerthedShips,
    PassingShips,
    berth_calls,
    draw_cycles,
    passing_ships,
)

ROADS_M, QUAY_M = (1500.0, -2000.0), (-900.0, 100.0)
"""Anchorage and other quays, metres east and north of the first berth."""
ROADS_SPREAD_M, QUAY_SPREAD_M = 250.0, 120.0
HULK_OFF_M, BUNKER_OFF_M, CRANE_OFF_M = -45.0, 70.0, -22.0
"""From the line of the berths towards the sea."""
QUAY_STAY_DAYS, QUAY_STAY_SIGMA = 2.0, 0.5
"""Median stay at other quays, and its logarithmic deviation (judgement)."""
MOORED_DAYS, AWAY_DAYS = 5.0, 0.5
"""Mean time of a bunker vessel at its mooring, and of a trip (judgement)."""


@dataclass(frozen=True)
class TankerCalls:
    """Visits of the fleet to its berths, sorted by arrival there: arrays of shape (visits,)."""

    ship: Ints
    port_day: Floats
    """Arrival at the port, since the beginning of the season."""
    arrive_day: Floats
    """Arrival at the berth."""
    depart_day: Floats
    berth: Ints
    operation: Ints
    """Ballast to laden, laden to ballast, ballast throughout, laden throughout: 0 to 3."""
    cargo_t: Floats
    """Loaded or unloaded, or kept on board; 0 in ballast."""


def draw_port(rng: np.random.Generator, world: World) -> tuple[Presence, TankerCalls, list[float]]:
    """Draw all stays of a season.

    Returns
    -------
    presence
        Of all kinds.
    calls
        Of the fleet, as far as they touch the season.
    deadweight_t
        Of each ship of the fleet.

    """
    sizes, cycles, passing, berths, cargo, quays, fixed, others = rng.spawn(8)
    fleet = archetype_tankers(sizes, world.ships, deadweight_factor=world.deadweight_factor)
    once = passing_ships(passing, world)
    berthed = berth_calls(berths, world, draw_cycles(cycles, world), once)
    calls = _fleet_calls(cargo, world, fleet, berthed)
    parts = [_tankers(cargo, world, fleet, calls), *_passing(others, berthed, once)]
    parts += [_at_quays(quays, world), *_residents(fixed, world)]
    if world.roads_observed:
        parts.append(_waiting(cargo, fleet, calls))
    return joined_presence(parts), calls, fleet.deadweight_t.tolist()


def _fleet_calls(
    rng: np.random.Generator, world: World, fleet: ShipDimensions, berthed: BerthedShips
) -> TankerCalls:
    """Visits of the fleet within the season, and what each loads."""
    own = berthed.kind == Kind.TANKER
    own &= (berthed.leave_day > 0) & (berthed.berth_day < world.days)
    own_numbers = np.flatnonzero(own)
    order = own_numbers[np.argsort(berthed.berth_day[own_numbers], kind="stable")]
    ship = berthed.ship[order]
    operations, fractions, common = rng.spawn(3)
    rest = (1.0 - world.loads - world.unloads) / 2
    shares = np.clip([world.loads, world.unloads, rest, rest], 0.0, 1.0)
    operation = operations.choice([LOADS, UNLOADS, BALLAST, LADEN], len(order), p=shares)
    middle = beta_values(common, world.load_fraction, world.load_fraction_shared_sigma, 1)[0]
    fraction = beta_values(fractions, float(middle), world.load_fraction_sigma, len(order))
    cargo = np.where(operation == BALLAST, 0.0, fraction * fleet.deadweight_t[ship])
    return TankerCalls(
        ship,
        berthed.port_day[order],
        berthed.berth_day[order],
        berthed.leave_day[order],
        berthed.berth[order],
        operation,
        cargo,
    )


def beta_values(rng: np.random.Generator, mean: float, sigma: float, count: int) -> Floats:
    """Beta-distributed values of a mean and a deviation; the mean alone if that is 0."""
    if sigma == 0:
        return np.full(count, mean)
    strength = mean * (1 - mean) / sigma**2 - 1
    return rng.beta(mean * strength, (1 - mean) * strength, count)


def _tankers(
    rng: np.random.Generator, world: World, fleet: ShipDimensions, calls: TankerCalls
) -> Presence:
    """Stays of the fleet at the berths. Cargo is pumped at an even rate at some time of a stay."""
    stay = calls.depart_day - calls.arrive_day
    pumping = np.minimum(calls.cargo_t / world.pump_t_per_hour / 24, 0.8 * stay)
    slack = stay - pumping
    begin = calls.arrive_day + rng.uniform(0.1, 0.9, len(stay)) * slack
    return stays_of(
        Kind.TANKER,
        days=(calls.arrive_day, calls.depart_day),
        size=(fleet.length_m[calls.ship], fleet.beam_m[calls.ship]),
        position=berth_position(calls.berth),
        berth=calls.berth,
        laden=_loads(calls.operation),
        pumped=(begin, begin + pumping),
    )


def _waiting(rng: np.random.Generator, fleet: ShipDimensions, calls: TankerCalls) -> Presence:
    """Stays of the fleet at anchor, of ships that found no berth free."""
    late = np.flatnonzero(calls.arrive_day > calls.port_day)
    before, _ = _loads(calls.operation[late])
    ship, count = calls.ship[late], len(late)
    return stays_of(
        Kind.TANKER,
        days=(calls.port_day[late], calls.arrive_day[late]),
        size=(fleet.length_m[ship], fleet.beam_m[ship]),
        position=_scattered(rng, ROADS_M, ROADS_SPREAD_M, count),
        berth=np.full(count, ELSEWHERE),
        owner=late,
        laden=(before, before),
        heading_deg=rng.uniform(0.0, 180.0, count),
    )


def _loads(operation: Ints) -> tuple[Floats, Floats]:
    """Part of the cargo on board at arrival and at departure."""
    laden_in = np.isin(operation, (UNLOADS, LADEN)).astype(float)
    laden_out = np.isin(operation, (LOADS, LADEN)).astype(float)
    return laden_in, laden_out


def _passing(
    rng: np.random.Generator, berthed: BerthedShips, once: list[PassingShips]
) -> list[Presence]:
    """Stays of ships that come to the berths once, laden or not before and after."""
    out = []
    for ships, stream in zip(once, rng.spawn(len(once)), strict=True):
        own = np.flatnonzero(berthed.kind == ships.kind)
        who, berth = berthed.ship[own], berthed.berth[own]
        days = berthed.berth_day[own], berthed.leave_day[own]
        size = ships.length_m[who], ships.beam_m[who]
        place = berth_position(berth)
        out.append(
            stays_of(
                ships.kind,
                days=days,
                size=size,
                position=place,
                berth=berth,
                owner=who,
                laden=_random_loads(stream, len(own)),
            )
        )
    return out


def _at_quays(rng: np.random.Generator, world: World) -> Presence:
    """Larger ships at other quays."""
    count = rng.poisson(world.others_per_day * (world.days + 10))
    come = rng.uniform(-10.0, world.days, count)
    stay = rng.lognormal(np.log(QUAY_STAY_DAYS), QUAY_STAY_SIGMA, count)
    return stays_of(
        Kind.OTHER,
        days=(come, come + stay),
        size=larger_ships(rng, count),
        position=_scattered(rng, QUAY_M, QUAY_SPREAD_M, count),
        berth=np.full(count, ELSEWHERE),
        laden=_random_loads(rng, count),
    )


def _random_loads(rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Loads before and after, full or none, of ships whose trade is unknown."""
    before, after = np.round(rng.random((2, count)))
    return before, after


def _residents(rng: np.random.Generator, world: World) -> list[Presence]:
    """Hulks, bunker vessels and cranes: at one place all season, but for trips of the second."""
    hulks, bunkers, cranes = rng.spawn(3)
    parts = [_fixed(hulks, world, Kind.HULK, world.hulks, HULK_OFF_M)]
    parts += [_bunker_vessel(bunkers, world, n) for n in range(world.bunker_vessels)]
    parts.append(_fixed(cranes, world, Kind.CRANE, world.cranes, CRANE_OFF_M))
    return parts


def _fixed(
    rng: np.random.Generator, world: World, kind: Kind, count: int, off_m: float
) -> Presence:
    """Objects that lie or stand beside the berths from before the season until after it."""
    berth = np.arange(count) % world.berths
    along = BERTH_SPACING_M * berth + rng.uniform(-25.0, 25.0, count)
    crane = kind == Kind.CRANE
    length = rng.uniform(60.0, 90.0, count)
    size = (length, 0.16 * length) if crane else barge_sizes(rng, count)
    return stays_of(
        kind,
        days=(np.full(count, -1.0), np.full(count, world.days + 1.0)),
        size=size,
        position=along_pier(along, np.full(count, off_m)),
        berth=berth,
    )


def _bunker_vessel(rng: np.random.Generator, world: World, number: int) -> Presence:
    """Stays of one vessel of 45 to 60 m at its mooring."""
    rounds = int(3 * world.days / (MOORED_DAYS + AWAY_DAYS)) + 5
    moored = rng.gamma(2.0, MOORED_DAYS / 2, rounds)
    away = rng.gamma(2.0, AWAY_DAYS / 2, rounds)
    leave = np.cumsum(moored + away) - away - MOORED_DAYS
    length = float(rng.uniform(45.0, 60.0))
    berth = np.full(rounds, number % world.berths)
    here = BERTH_SPACING_M * berth + rng.uniform(-25.0, 25.0)
    return stays_of(
        Kind.BUNKER_VESSEL,
        days=(leave - moored, leave),
        size=(np.full(rounds, length), np.full(rounds, 0.17 * length)),
        position=along_pier(here, np.full(rounds, BUNKER_OFF_M)),
        berth=berth,
        owner=np.full(rounds, number),
    ).some(leave - moored < world.days)


def _scattered(
    rng: np.random.Generator, middle: tuple[float, float], spread: float, count: int
) -> Position:
    """Places around a middle, metres."""
    return Position(*(np.array(middle)[:, None] + rng.normal(0.0, spread, (2, count))))
