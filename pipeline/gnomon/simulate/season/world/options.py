"""What a season of a port is made from, and how the real world departs from it.

`World` holds the numbers with their sources; its defaults are a season in which nothing is amiss.
`VIOLATIONS` names what goes wrong in practice, each as the fields that it changes, and
`violated` applies one, several or all of them.

Sources: the finding of the Open Source Centre with the BBC (November 2024: 43 visits to Vostochny
from 7 March to 5 November, small tankers of 1,000 to 9,000 t); Voice of America's counts at Nampo
(stays of 4 to 8 days); 38 North and Lloyd's List on stays at Vostochny (1.5 to 4 days); Murata
(Frontiers in Remote Sensing, 2024: 37 % of daily images can be used); cloud of the coast of
Primorye by the season; and bounds of load state from images that this project computed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

SENSORS = ("s2", "s1", "daily", "fine")
"""Sentinel-2, Sentinel-1A, a constellation of 3 m, and images of 0.5 m that are ordered."""


@dataclass(frozen=True, kw_only=True)
class World:
    """One season at one loading port; a `ValueError` where fields contradict each other."""

    start: str = "2024-03-01"
    """First day, UTC. The finding's first visit was on 7 March 2024."""
    days: int = 275
    """Length; up to the end of November, after the finding's last visit on 5 November."""
    sensors: tuple[str, ...] = ("s2", "s1")
    """Of `SENSORS`."""

    ships: int = 14
    """Tankers of the fleet: "more than a dozen" (Open Source Centre 2024)."""
    calls_per_day: float = 43 / 244
    """Calls of the fleet: 43 in 244 days (Open Source Centre 2024); 0 for no tanker at all."""
    deadweight_factor: float = 1.0
    """Deadweight over that of the archetypes. Together these lie 15 % below 0.0062 L^3 (L in
    metres), which fits published designs from 2,500 t at 76 m to 5,807 t at 99.9 m."""
    sea_days: float = 2.2
    """Median of a passage, days: Vostochny to Chongjin takes one, around Korea to Nampo five."""
    home_days: float = 5.5
    """Median of a stay at home, days: 4 to 8 at Nampo (Voice of America)."""
    turnaround_days: float = 3.0
    """Shortest time from a departure to the same ship's next arrival, days: a round trip to
    Chongjin takes about three (Financial Times, March 2024)."""
    pause_cv: float = 0.8
    """Coefficient of variation of what remains of a ship's cycle; judgement."""
    quiet_days: float = 0.0
    """Days in a row without an arrival, at a time that is drawn."""
    burst_shape: float = 0.0
    """Shape of the gamma distribution of weekly traffic; small for bursts, 0 for steady traffic."""

    stay_days: tuple[float, ...] = (2.5,)
    """Means of the kinds of stay at the berth, days: 1.5 to 4 were observed."""
    stay_shares: tuple[float, ...] = (1.0,)
    """Of these kinds."""
    stay_cv: float = 0.5
    """Coefficient of variation within a kind; judgement."""
    berths: int = 3
    """Berths of the pier, which all ships at it share; whoever finds none free waits at anchor."""
    roads_observed: bool = False
    """Whether the anchorage is a zone of the port, and ships that wait there are in the tables."""

    loads: float = 1.0
    """Part of the visits that arrive in ballast and leave laden."""
    unloads: float = 0.0
    """Part that arrive laden and leave in ballast; the rest keep the load that they came with."""
    load_fraction: float = 0.88
    """Mean cargo of a laden ship over its deadweight; the UN Panel assumed 0.9."""
    load_fraction_shared_sigma: float = 0.05
    """Deviation of that mean from season to season; with the next one 0.08 in all (judgement)."""
    load_fraction_sigma: float = 0.06
    """Deviation from visit to visit."""
    barrels_per_tonne: float = 7.46
    """Of gas oil (Statistical Review 2021)."""
    conversion_sigma: float = 0.04
    """Relative deviation of it from season to season: the part of gasoline is unknown."""
    pump_t_per_hour: float = 250.0
    """Rate at which cargo is pumped, tonnes an hour; judgement for a small terminal."""

    clear: float | None = None
    """Usable fraction of the days; by month from `gnomon.simulate.season.world.sky` if None."""
    cloud_memory: float = 0.35
    """Correlation of clear from one day to the next (judgement)."""
    partly: float = 0.2
    """Part of clear days on which each berth is clear to a fraction of its own (judgement)."""
    daily_data: float = 0.67
    """Part of the days with an image of 3 m. With a clear fraction of 0.55 it leaves 37 % of the
    days usable (Murata 2024)."""
    fine_images: int = 36
    """Images of 0.5 m in a season: "dozens" (Open Source Centre 2024)."""
    haze: float = 0.0
    """Part of optical passes with haze that no mask marks; in these a fifth of ships are found."""

    recall: float = 0.85
    """Chance that a visible ship of 90 m is detected; at 0.5 m three in ten of the misses remain.
    Published: 0.93 (CLS 2023) and 0.79 (Allen Institute) with Sentinel-2."""
    length_failure: float = 0.03
    """Part of detections whose length is of something else, by a factor of 0.5 to 1.6."""
    jitter_m: float = 10.0
    """Deviation of places, metres, in either direction: geolocation and the end of a hull."""
    false_alarms: float = 0.03
    """Expected in a clear pass over the port (judgement; 2.1 to 3.9 a whole tile, CLS 2023)."""
    type_given: bool = True
    """Whether ``p_tanker`` is given, and calibrated at even odds; else it is null."""
    load_evidence: float = 1.0
    """Factor on the separability of laden from ballast; 0 where no image has a load."""
    worthless: float = 0.02
    """Part of load likelihoods that say nothing about the ship."""

    others_per_day: float = 0.05
    """Larger ships a day at other quays of the port (judgement)."""
    others_at_berth_per_day: float = 0.015
    """Larger ships a day at the tankers' berths: a cargo of 7,000 to 8,000 t, of a draught of 9 m,
    was tendered for in May 2024."""
    coasters_per_day: float = 0.0
    """Dry cargo ships of a tanker's size a day at the tankers' berths."""
    barge_stays: float = 0.0
    """Expected stays of barges at the berths in the season."""
    barge_days: float = 25.0
    """Mean of these, days."""
    hulks: int = 0
    """Ships that lie beside the berths all season."""
    bunker_vessels: int = 0
    """Small tankers with a mooring beside the berths, which they leave for some hours."""
    cranes: int = 0
    """Cranes at the berths that the detector takes for ships in nearly every clear image."""

    def __post_init__(self) -> None:
        unknown = set(self.sensors) - set(SENSORS)
        if unknown:
            raise ValueError(f"there is no sensor {min(unknown)}; there are {', '.join(SENSORS)}")
        if len(self.stay_days) != len(self.stay_shares):
            raise ValueError("stay_days and stay_shares have different lengths")
        if not 0 <= self.loads + self.unloads <= 1:
            raise ValueError("loads and unloads are more than all visits")
        if self.calls_per_day * self.busy_days > self.ships:
            raise ValueError(f"{self.ships} ships cannot call {self.calls_per_day:.2f} times a day")

    @property
    def mean_stay_days(self) -> float:
        """Mean stay at the berth, days."""
        parts = zip(self.stay_days, self.stay_shares, strict=True)
        return sum(days * share for days, share in parts) / sum(self.stay_shares)

    @property
    def busy_days(self) -> float:
        """Days of a ship's cycle without its pause, about."""
        return self.mean_stay_days + 2 * self.sea_days + self.home_days


VIOLATIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "bimodal stays": {"stay_days": (0.9, 4.5), "stay_shares": (0.5, 0.5), "stay_cv": 0.3},
        "short stays": {"stay_days": (1.3,)},
        "low recall": {"recall": 0.65},
        "bursts": {"burst_shape": 0.5, "quiet_days": 42.0},
        "barges": {"barge_stays": 5.0},
        "coasters": {"coasters_per_day": 0.07, "type_given": False},
        "cranes": {"cranes": 2},
        "haze": {"haze": 0.25},
        "heavy fleet": {"deadweight_factor": 1.12},
        "hulks": {"hulks": 1},
        "bunker vessels": {"bunker_vessels": 1},
        "no type": {"type_given": False},
        "unloads": {"loads": 0.0, "unloads": 1.0},
        "mixed": {"loads": 0.5, "unloads": 0.3},
        "open direction": {"load_evidence": 0.0},
        "no tanker": {"calls_per_day": 0.0},
        "roads": {"roads_observed": True},
    }
)
"""Names of what may be otherwise than in the default world, and the fields that it changes."""
ALTOGETHER = (
    "bimodal stays", "low recall", "bursts", "barges", "coasters", "cranes", "haze",
    "heavy fleet", "hulks", "bunker vessels",
)  # fmt: skip
"""Violations that hold together in "all of it"."""


def violated(world: World, *names: str) -> World:
    """Return the world with some of `VIOLATIONS`.

    Raises
    ------
    ValueError
        There is no violation of a name.

    """
    for name in names:
        if name not in VIOLATIONS:
            raise ValueError(f"there is no violation {name}; there are {', '.join(VIOLATIONS)}")
        world = replace(world, **VIOLATIONS[name])
    return world


def drawn_world(rng: np.random.Generator, world: World) -> World:
    """Draw what differs from season to season though nothing is amiss: traffic and fleet.

    Calls a day are between half and one and a half times the world's, ships within four of its.
    """
    calls = world.calls_per_day * float(rng.uniform(0.5, 1.5))
    ships = world.ships + int(rng.integers(-4, 5))
    return replace(world, calls_per_day=calls, ships=max(ships, 1))
