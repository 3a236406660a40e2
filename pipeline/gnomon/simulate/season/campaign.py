"""A season of tankers at one loading port, with truth, as the tables that tracking takes.

Ships alternate: a stay in a port of North Korea, empty at sea, a stay at Vostochny, laden at sea,
a stay at home again, and a pause. All durations are lognormal, with an effect of the ship on its
stays at Vostochny; the inference (`gnomon.track`) assumes gamma dwell and Poisson arrivals, so
that inferring a season is a test and not a tautology. What differs from one season to the next
(dwell, traffic, power of detection, load, direction of trade, product) is drawn by `draw_trade`.

A season can be of any kind: no tanker at all, ships that arrive laden and leave empty, other ships
at the berth, false alarms. `trade_2024` is the season of the finding: 43 visits of 14 tankers from
7 March to 5 November 2024, with the dated calls of press reports as fixed points.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnomon.simulate.season import detections
from gnomon.simulate.season.detections import BERTH, BerthStays, Moorings, SimulatedHulls
from gnomon.simulate.season.off_berth import (
    ANCHORAGE,
    HOME,
    LOADS,
    POSITIONS,
    BerthCalls,
    OffBerthTrade,
    at_anchorage,
    at_home_port,
    draw_off_berth,
)
from gnomon.simulate.season.tankers import FLEETS, ShipDimensions, draw_deadweight
from gnomon.simulate.season.timetable import (
    COLLECTIONS,
    GSD_M,
    PLATFORMS,
    S1,
    SCHEDULES,
    SENSORS,
    Timetable,
    draw_timetable,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PORT, ZONE = "vostochny", "oil terminal"

CALLS_2024 = (
    ("2024-03-07", 0), ("2024-04-01", 1), ("2024-04-03", 2), ("2024-04-07", 0),
    ("2024-04-10", 3), ("2024-06-05", 4), ("2024-06-23", 5), ("2024-10-19", 4), ("2024-11-05", 6),
)  # fmt: skip
"""Dated calls and the ship: Paek Yang San 1, Yu Son, Un Hung, Paek Yang San 1, Wol Bong San, Chon
Ma San (met at sea on 6 June), Sin Phyong 5 (24 June), Chon Ma San, and the last call, of an unnamed
one. RUSI, OSC, Yomiuri, Lloyd's List 2024."""
SHARES = {"loads": (1.0, 0, 0, 0), "unloads": (0, 1.0, 0, 0), "neither": (0, 0, 0.5, 0.5)}
"""Of operations: ballast to laden, laden to ballast, ballast throughout, laden throughout."""


@dataclass(frozen=True, kw_only=True)
class Trade:
    """What a season is made from."""

    start: str = "2024-03-01"
    days: int = 275
    ships: int = 14
    visits: float = 43.0
    """Expected in the season; with `calls` their exact number."""
    calls: tuple[tuple[str, int], ...] = ()
    """Dates of arrival and numbers of ships that are fixed; the first and last bound the season."""
    dwell_days: float = 2.5
    dwell_cv: float = 0.5
    shares: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)
    others_per_day: float = 0.04
    false_per_observation: float = 0.02
    detection: tuple[float, float, float, float] = (0.88, 0.85, 0.93, 0.98)
    """Chance of detection of a visible ship of 90 m, by sensor."""
    deadweight_t: tuple[float, float] = (0.0, np.inf)
    """Within which the fleet's mean lies."""
    fleet: str = "small tankers"
    """A key of `gnomon.simulate.season.tankers.FLEETS`."""
    others_m: tuple[float, float, float, float] = (135.0, 35.0, 50.0, 230.0)
    """Lengths of other ships: mean, deviation, shortest, longest."""
    moorings: Moorings = field(default_factory=Moorings)
    load_fraction: float = 0.88
    barrels_per_tonne: float = 7.46


@dataclass(frozen=True)
class SeasonTruth:
    """True visits of the tankers: arrays of shape (visits,)."""

    ship: Ints
    arrive_day: Floats
    depart_day: Floats
    operation: Ints
    """Ballast to laden, laden to ballast, ballast throughout, laden throughout: 0 to 3."""
    deadweight_t: Floats
    barrels: Floats
    """Delivered; zero where the visit did not load."""


@dataclass(frozen=True)
class SimulatedSeason:
    """Tables as tracking takes them, and the truth behind them."""

    detections: pd.DataFrame
    observations: pd.DataFrame
    truth: SeasonTruth
    trade: Trade
    visit: Ints
    """Of each detection: number of the tanker's visit, -1 another ship, -2 a false alarm."""
    fleet: ShipDimensions

    @property
    def period(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """First and last moment."""
        start = pd.Timestamp(self.trade.start, tz="UTC")
        return start, start + pd.Timedelta(days=self.trade.days)


def draw_trade(rng: np.random.Generator, **fixed: Any) -> Trade:
    """Draw what differs between seasons; what is given is kept."""
    shares = list(SHARES.values())
    mixed = tuple(rng.dirichlet(np.ones(4)))
    kind = rng.choice(4, p=(0.4, 0.4, 0.1, 0.1))
    spread = rng.uniform(-1, 1, 4) * (0.09, 0.09, 0.06, 0.02)
    drawn = {
        "ships": int(rng.integers(8, 19)),
        "visits": float(rng.uniform(15, 65)),
        "dwell_days": float(rng.uniform(1.5, 4.0)),
        "dwell_cv": float(rng.uniform(0.35, 0.7)),
        "shares": mixed if kind == 3 else shares[kind],
        "others_per_day": float(rng.uniform(0.0, 0.08)),
        "false_per_observation": float(rng.uniform(0.0, 0.04)),
        "detection": tuple(np.array((0.87, 0.85, 0.92, 0.97)) + spread),
        "load_fraction": float(rng.uniform(0.80, 0.96)),
        "barrels_per_tonne": float(7.46 * (1 + 0.04 * np.sqrt(3) * rng.uniform(-1, 1))),
    }
    return Trade(**{**drawn, **fixed})


def trade_2024(**changed: Any) -> Trade:
    """Season of the finding: 43 visits, and ships of 3,460 t in the mean make a million barrels."""
    made = Trade(calls=CALLS_2024, load_fraction=0.9, deadweight_t=(3250.0, 3650.0))
    return replace(made, **changed)


def simulate_season(
    rng: np.random.Generator,
    trade: Trade,
    *,
    schedule: str = "all",
    off_berth: str | None = None,
    around: OffBerthTrade | None = None,
) -> SimulatedSeason:
    """Simulate one season.

    Parameters
    ----------
    rng
        Of all that is random.
    trade
        What the season is made from.
    schedule
        A key of `gnomon.simulate.season.timetable.SCHEDULES`.
    off_berth
        The same for the anchorage and a home port (`gnomon.simulate.season.off_berth`), whose
        observations and hulls are then in the tables as ports of their own; the berth's rows do
        not depend on it.
    around
        Trade off berth; drawn if left out.

    """
    fleet = draw_fleet(rng, trade)
    truth = draw_truth(rng, trade, fleet)
    start = np.datetime64(trade.start)
    times = draw_timetable(rng, SCHEDULES[schedule], start=start, days=trade.days)
    parts = [_port(rng, times, _berth_stays(rng, truth, fleet, trade), trade)]
    if off_berth is not None:
        # A stream of its own, so that nothing changes at the berth.
        (own,) = rng.spawn(1)
        parts += _off_berth(own, truth, fleet, trade, off_berth, around or draw_off_berth(own))
    hulls, observations, visit = zip(*parts, strict=True)
    return SimulatedSeason(
        pd.concat(hulls, ignore_index=True) if len(parts) > 1 else hulls[0],
        pd.concat(observations, ignore_index=True) if len(parts) > 1 else observations[0],
        truth,
        trade,
        np.concatenate(visit),
        fleet,
    )


def _port(
    rng: np.random.Generator,
    times: Timetable,
    stays: BerthStays,
    trade: Trade,
    *,
    port: str = PORT,
) -> tuple[pd.DataFrame, pd.DataFrame, Ints]:
    """Tables of one port, and the row of its stays behind each hull."""
    hulls = detections.detect_ships(
        rng,
        times,
        stays,
        detection=trade.detection,
        false_per_observation=trade.false_per_observation,
        berth=POSITIONS.get(port, BERTH),
        moorings=trade.moorings if port == PORT else None,
    )
    observations = _observations(times, trade, port)
    order = np.lexsort((hulls.longitude, hulls.observation))
    ordered = SimulatedHulls(*(getattr(hulls, one.name)[order] for one in fields(hulls)))
    return _detections(ordered, observations), observations, ordered.visit


def _off_berth(
    rng: np.random.Generator,
    truth: SeasonTruth,
    fleet: ShipDimensions,
    trade: Trade,
    schedule: str,
    around: OffBerthTrade,
) -> list[tuple[pd.DataFrame, pd.DataFrame, Ints]]:
    """Tables of the anchorage and of the home port."""
    calls = BerthCalls(truth.ship, truth.arrive_day, truth.depart_day, truth.operation)
    out = []
    for port, draw_stays in ((ANCHORAGE, at_anchorage), (HOME, at_home_port)):
        there = draw_stays(rng, calls, fleet, around, trade.days)
        start = np.datetime64(trade.start)
        times = draw_timetable(rng, SCHEDULES[schedule], start=start, days=trade.days)
        hulls, observations, row = _port(rng, times, there.stays, trade, port=port)
        out.append((hulls, observations, np.where(row >= 0, there.visit[row], row)))
    return out


def draw_fleet(rng: np.random.Generator, trade: Trade) -> ShipDimensions:
    """Draw tankers until their mean deadweight is within the trade's limits."""
    low, high = trade.deadweight_t
    draw = FLEETS[trade.fleet]
    fleet = draw(rng, max(trade.ships, 1))
    while not low <= fleet.deadweight_t.mean() <= high:
        fleet = draw(rng, trade.ships)
    return fleet


def draw_truth(rng: np.random.Generator, trade: Trade, fleet: ShipDimensions) -> SeasonTruth:
    """Draw which ships called, when, and what they loaded."""
    if trade.visits == 0:
        ship, arrive, depart = np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
    elif trade.calls:
        ship, arrive, depart = _fixed_calls(rng, trade)
    else:
        ship, arrive, depart = _cycles(rng, trade)
    inside = (depart > 0) & (arrive < trade.days)
    ship, arrive, depart = ship[inside], arrive[inside], depart[inside]
    operation = rng.choice(4, len(ship), p=np.array(trade.shares) / sum(trade.shares))
    load = np.clip(trade.load_fraction + rng.triangular(-0.12, 0, 0.12, len(ship)), 0, 1)
    tonnes = fleet.deadweight_t[ship] * load
    barrels = np.where(operation == LOADS, tonnes * trade.barrels_per_tonne, 0.0)
    order = np.argsort(arrive)
    return SeasonTruth(
        ship[order],
        arrive[order],
        depart[order],
        operation[order],
        fleet.deadweight_t[ship][order],
        barrels[order],
    )


def _dwell_days(rng: np.random.Generator, trade: Trade, ship: Ints) -> Floats:
    """Lognormal dwell of the trade; a quarter of its variance is between ships."""
    variance = np.log1p(trade.dwell_cv**2)
    own = rng.normal(0, np.sqrt(variance / 4), trade.ships)
    z = own[ship] + rng.normal(0, np.sqrt(variance * 3 / 4), len(ship))
    dwell: Floats = trade.dwell_days * np.exp(z - variance / 2)
    return dwell


def _cycles(rng: np.random.Generator, trade: Trade) -> tuple[Ints, Floats, Floats]:
    """Cycles of each ship, from long before the season."""
    mean_cycle = trade.ships * trade.days / trade.visits
    rounds = int(np.ceil(2.5 * trade.days / mean_cycle)) + 12
    ship = np.repeat(np.arange(trade.ships), rounds)
    stay = _dwell_days(rng, trade, ship)
    passage = rng.lognormal(np.log(2.2), 0.4, (2, len(ship))).sum(0)
    home = rng.lognormal(np.log(4.0), 0.4, len(ship))
    least = trade.dwell_days + 2 * 2.2 * np.exp(0.08) + 4.0 * np.exp(0.08)
    pause = rng.exponential(max(mean_cycle - least, 0.5), len(ship))
    length = (stay + passage + home + pause).reshape(trade.ships, rounds)
    # Enough rounds before the season that the start of the cycles does not matter.
    begin = -0.75 * trade.days - rng.uniform(0, mean_cycle, (trade.ships, 1))
    arrive = (begin + np.cumsum(length, 1) - length).ravel()
    return ship, arrive, arrive + stay


def _fixed_calls(rng: np.random.Generator, trade: Trade) -> tuple[Ints, Floats, Floats]:
    """Dated calls, and others between them so that no ship is in two places."""
    start = np.datetime64(trade.start)
    days = [float((np.datetime64(date) - start).astype(int)) for date, _ in trade.calls]
    arrive = [day + 0.02 for day in days]
    ship = [number for _, number in trade.calls]
    first, last = min(arrive), max(arrive)
    while len(ship) < round(trade.visits):
        # Ships that have not called come first, so that the whole fleet calls.
        absent = sorted(set(range(trade.ships)) - set(ship))
        one = absent[0] if absent else int(rng.integers(trade.ships))
        day = float(rng.uniform(first, last))
        if all(abs(day - a) > 9.0 for a, s in zip(arrive, ship, strict=True) if s == one):
            arrive.append(day)
            ship.append(one)
    ships = np.array(ship, np.int64)
    arrived = np.array(arrive)
    return ships, arrived, arrived + np.minimum(_dwell_days(rng, trade, ships), 8.0)


def _berth_stays(
    rng: np.random.Generator, truth: SeasonTruth, fleet: ShipDimensions, trade: Trade
) -> BerthStays:
    """Visits of the fleet, and cargo ships and larger tankers that are none of it."""
    count = rng.poisson(trade.others_per_day * trade.days)
    mean, spread, shortest, longest = trade.others_m
    length = np.clip(rng.normal(mean, spread, count), shortest, longest)
    beam = 0.152 * length * np.exp(rng.normal(0, 0.07, count))
    arrive = rng.uniform(-3, trade.days, count)
    stay = rng.lognormal(np.log(1.8), 0.6, count)
    others = ShipDimensions(length, beam, draw_deadweight(rng, length, beam))
    return BerthStays(
        arrive_day=np.r_[truth.arrive_day, arrive],
        depart_day=np.r_[truth.depart_day, arrive + stay],
        ships=fleet.of(truth.ship).join(others),
        operation=np.r_[truth.operation, rng.integers(0, 4, count)],
        tankers=len(truth.ship),
    )


def _observations(times: Timetable, trade: Trade, port: str) -> pd.DataFrame:
    sensor = times.sensor
    suffix = "" if port == PORT else f"-{port}"
    seen_at = _moments(times.day, trade.start)
    return pd.DataFrame(
        {
            "scene_id": [f"{PLATFORMS[k]}{suffix}-{n:04d}" for n, k in enumerate(sensor)],
            "collection": np.array(COLLECTIONS)[sensor],
            "platform": np.array(PLATFORMS)[sensor],
            "sensor": np.array(SENSORS)[sensor],
            "seen_at": seen_at,
            "port": port,
            "status": "observed",
            "usable_fraction": times.usable,
            "zones": [f'{{"{ZONE}": {u:.3f}}}' for u in times.usable],
            "gsd_m": GSD_M[sensor],
            "sun_elevation_deg": np.where(sensor == S1, np.nan, times.sun_deg),
        }
    )


def _moments(day: Floats, start: str) -> pd.DatetimeIndex:
    micro = np.datetime64(start, "us") + (day * 86_400e6).astype("timedelta64[us]")
    return pd.DatetimeIndex(micro).tz_localize("UTC")


def _detections(hulls: SimulatedHulls, observations: pd.DataFrame) -> pd.DataFrame:
    same = observations.iloc[hulls.observation].reset_index(drop=True)
    rows = {n: v for n, v in vars(hulls).items() if n not in ("observation", "visit")}
    kept = ["scene_id", "collection", "platform", "sensor", "seen_at", "port", "gsd_m"]
    frame = same[[*kept, "sun_elevation_deg"]].assign(zone=ZONE, **rows)
    names = [f"{scene}-{n}" for n, scene in enumerate(frame.scene_id)]
    return frame.assign(detection_id=names)


def as_tables(made: SimulatedSeason) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Season in the whole schema of `gnomon.datamodel.tables`, as a run writes it."""
    from gnomon.datamodel.schema import table  # noqa: PLC0415 - pandera is slow to import
    from gnomon.datamodel.tables import Detections, Observations  # noqa: PLC0415

    points = gpd.points_from_xy(made.detections.longitude, made.detections.latitude)
    fixed = {"heading_deg": 90.0, "heading_sigma_deg": 5.0, "quayside": True}
    names = {"model": "simulated", "run_digest": "simulated"}
    hulls = [
        {**row, **fixed, **names, "geometry": point, "footprint": point.buffer(4e-4)}
        for row, point in zip(made.detections.to_dict("records"), points, strict=True)
    ]
    for hull in hulls:
        del hull["longitude"], hull["latitude"]
    passes = [{**row, **names, "detections": None} for row in made.observations.to_dict("records")]
    for row in passes:
        row["geometry"] = points[0].buffer(0.03) if len(points) else None
        del row["model"]
    return table(Detections, hulls), table(Observations, passes)
