"""Calls of ships at several ports: which ship lies where, from when to when, and how deep.

Tankers load at Port Alfa at the times of `gnomon.simulate.season.campaign`, and bring each cargo
home before they come again: to Port Bravo, less than a day away, or to Port Charlie, five to six
days around Korea, where the time until the next call allows it (147 and 1,172 sea miles at 9
knots). Beside them bulk carriers and coasters lie at the cargo quays and at anchor, some for weeks,
and one lies at the oil pier of Port Alfa for once.

A ship is one body: the same seed draws it laden and in ballast, so that length, beam, deck and
house are the same in every scene, and only freeboard and trim change while the pumps run.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnomon.datamodel.ship_types import ShipType
from gnomon.simulate.pixels.ships import Ship, pick, sample_ship
from gnomon.simulate.season.campaign import Trade, draw_fleet, draw_truth
from gnomon.simulate.season.tankers import ShipDimensions, draw_deadweight

Floats = NDArray[np.float64]

LOADING = "port-alfa"
PASSAGE_DAYS = {"port-bravo": 0.7, "port-charlie": 5.4}
TANKERS = (
    "Sim Alder", "Sim Birch", "Sim Cedar", "Sim Elm", "Sim Hazel", "Sim Juniper", "Sim Larch",
    "Sim Maple", "Sim Oak", "Sim Pine", "Sim Rowan", "Sim Willow",
)  # fmt: skip
"""Invented names, in configs/embedded-fleet.csv; no ship is called so."""
PIER, QUAY, ROADS = "oil pier", "cargo quay", "roads"
PLACES = {PIER: 3, QUAY: 4, ROADS: 8}
"""How many ships each zone of a port has room for."""
PUMPS = (0.3, 0.75)
"""Parts of a stay after which pumping begins and ends."""
STAY_DAYS = 4.0
"""Median at home."""
OTHERS: tuple[tuple[str, float, float, tuple[float, float]], ...] = (
    (QUAY, 0.25, 3.0, (70, 155)),
    (ROADS, 0.3, 2.0, (80, 220)),
    (QUAY, 0.02, 25.0, (90, 155)),
    (ROADS, 0.03, 25.0, (100, 220)),
)
"""Zone, arrivals a day, median stay in days, and lengths; the last two lie there for weeks."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One ship in one place for some time; days count from the beginning of the season."""

    ship: str
    light: Ship
    """In ballast."""
    full: Ship
    """The same ship, laden."""
    port: str
    zone: str
    arrive_day: float
    depart_day: float
    laden: tuple[bool, bool]
    """On arrival and on departure."""
    deadweight_t: float = float("nan")
    barrels: float = 0.0
    """Of oil that went aboard or ashore."""
    turned: bool = False
    """Lies with its bow the other way."""
    spot: int = 0
    """Which place of the zone."""

    def at(self, day: float) -> Ship:
        """Return the ship with its freeboard on a day."""
        age = (day - self.arrive_day) / (self.depart_day - self.arrive_day)
        done = float(np.interp(age, PUMPS, (0, 1)))
        load = self.laden[0] + (self.laden[1] - self.laden[0]) * done
        light, full = self.light, self.full
        return replace(
            light,
            freeboard_m=light.freeboard_m + (full.freeboard_m - light.freeboard_m) * load,
            trim_m=light.trim_m + (full.trim_m - light.trim_m) * load,
        )

    @property
    def turn(self) -> str:
        """What became of its load, as the truth table calls it."""
        return {(False, True): "loads", (True, False): "unloads"}.get(self.laden, "neither")


def season_calls(rng: np.random.Generator, trade: Trade) -> list[Call]:
    """All calls of a season, each in a place of its own; who finds none goes elsewhere.

    Parameters
    ----------
    rng
        Of all that is random.
    trade
        Of the tankers at Port Alfa.

    """
    tankers = [*_loadings(rng, trade)]
    calls = [*tankers, *_deliveries(rng, tankers), *_others(rng, trade.days)]
    return list(_in_place(calls))


def _body(seed: int, kind: ShipType, length_m: float) -> tuple[Ship, Ship]:
    """One ship in ballast and laden."""
    light, full = (
        sample_ship(np.random.default_rng(seed), kind=kind, length_m=length_m, laden=laden)
        for laden in (False, True)
    )
    return light, full


def _loadings(rng: np.random.Generator, trade: Trade) -> Iterator[Call]:
    """Calls at Port Alfa."""
    length = draw_fleet(rng, trade).length_m
    seeds = rng.integers(2**31, size=trade.ships)
    bodies = [
        _body(int(seed), "tanker", float(size)) for seed, size in zip(seeds, length, strict=True)
    ]
    beam = np.array([light.beam_m for light, _ in bodies])
    truth = draw_truth(rng, trade, ShipDimensions(length, beam, draw_deadweight(rng, length, beam)))
    for n, ship in enumerate(truth.ship):
        light, full = bodies[ship]
        yield Call(
            ship=TANKERS[ship],
            light=light,
            full=full,
            port=LOADING,
            zone=PIER,
            arrive_day=float(truth.arrive_day[n]),
            depart_day=float(truth.depart_day[n]),
            laden=(truth.operation[n] in (1, 3), truth.operation[n] in (0, 3)),
            deadweight_t=float(truth.deadweight_t[n]),
            barrels=float(truth.barrels[n]),
            turned=bool(rng.random() < 0.5),
        )


def _deliveries(rng: np.random.Generator, loadings: list[Call]) -> Iterator[Call]:
    """Where the ships go from Port Alfa, and that they are back in time."""
    for one in loadings:
        later = [c.arrive_day for c in loadings if c.ship == one.ship]
        again = min((day for day in later if day > one.arrive_day), default=np.inf)
        away = again - one.depart_day
        far = away > 2.5 * PASSAGE_DAYS["port-charlie"] + 1 and rng.random() < 0.6
        port = "port-charlie" if far else "port-bravo"
        out, back = PASSAGE_DAYS[port] * np.exp(rng.normal(0, 0.1, 2))
        stay = min(STAY_DAYS * np.exp(rng.normal(0, 0.4)), away - out - back)
        yield replace(
            one,
            port=port,
            arrive_day=float(one.depart_day + out),
            depart_day=float(one.depart_day + out + stay),
            laden=one.laden[::-1],
            turned=bool(rng.random() < 0.5),
        )


def _others(rng: np.random.Generator, days: int) -> Iterator[Call]:
    """Other ships at every port, as many that load as unload, and one at the oil pier."""
    for port in (LOADING, *PASSAGE_DAYS):
        for zone, per_day, stay, lengths in OTHERS:
            for arrive in rng.uniform(-stay, days, rng.poisson(per_day * (days + stay))):
                yield _other(rng, port, zone, float(arrive), stay, float(rng.uniform(*lengths)))
    yield _other(rng, LOADING, PIER, float(rng.uniform(0.4, 0.6)) * days, 2.5, 112.0)


def _other(
    rng: np.random.Generator, port: str, zone: str, arrive: float, stay: float, length_m: float
) -> Call:
    kinds: tuple[ShipType, ...] = ("bulk", "bulk", "general") if length_m > 120 else ("general",)
    kind = pick(rng, kinds)
    light, full = _body(int(rng.integers(2**31)), kind, length_m)
    laden = bool(rng.random() < 0.5)
    return Call(
        ship=f"{kind} {light.seed % 10_000}",
        light=light,
        full=full,
        port=port,
        zone=zone,
        arrive_day=arrive,
        depart_day=arrive + stay * float(np.exp(rng.normal(0, 0.4))),
        laden=(laden, laden if zone == ROADS else not laden),
        turned=bool(rng.random() < 0.5),
    )


def _in_place(calls: list[Call]) -> Iterator[Call]:
    """Give each call the first free place of its zone, in the order of arrival."""
    free: dict[tuple[str, str, int], float] = {}
    for call in sorted(calls, key=lambda call: call.arrive_day):
        for spot in range(PLACES[call.zone]):
            place = (call.port, call.zone, spot)
            if free.get(place, -np.inf) < call.arrive_day:
                free[place] = call.depart_day
                yield replace(call, spot=spot)
                break


def table_of(calls: list[Call], start: str) -> pd.DataFrame:
    """Truth of a season, one row per call, to compare with gnomon's results.

    Parameters
    ----------
    calls
        From `season_calls`.
    start
        Date on which the season begins.

    Returns
    -------
    pandas.DataFrame
        ship, type, port, zone, arrived_at, departed_at, laden_in, laden_out, turn (``loads``,
        ``unloads``, ``neither``), deadweight_t (of tankers), barrels, length_m, beam_m,
        freeboard_in_m and freeboard_out_m, in the order of arrival.

    """
    begin = pd.Timestamp(start, tz="UTC")
    rows = [
        {
            "ship": call.ship,
            "type": call.light.type,
            "port": call.port,
            "zone": call.zone,
            "arrived_at": (begin + pd.Timedelta(days=call.arrive_day)).round("s"),
            "departed_at": (begin + pd.Timedelta(days=call.depart_day)).round("s"),
            "laden_in": call.laden[0],
            "laden_out": call.laden[1],
            "turn": call.turn,
            "deadweight_t": call.deadweight_t,
            "barrels": call.barrels,
            "length_m": call.light.length_m,
            "beam_m": call.light.beam_m,
            "freeboard_in_m": call.at(call.arrive_day).freeboard_m,
            "freeboard_out_m": call.at(call.depart_day).freeboard_m,
        }
        for call in calls
    ]
    return pd.DataFrame(rows).sort_values("arrived_at", ignore_index=True)
