"""The register of ships that may have called, and which of them a visit may have been.

`configs/fleet.csv` has a row for each ship and, beside each value, its source; what no source
states is empty and stays unknown. A ship of unknown deadweight is given none: the ledger draws it
from the measured length and beam (`gnomon.physics.hydrostatics`), as for visits of unknown ships.

A ship whose length is in the register, or whose deadweight is (length then within 8 % of
``(DWT / 0.0062)^(1/3)`` for small tankers), is a candidate as far as the measured length and beam
agree; one of unknown size agrees with all small tankers alike. One ship cannot be in two places:
candidates of visits that overlap, or lie closer than the shortest round trip, share one ship. Those
with equal evidence get equal probability, so a register of unknown sizes identifies no visit. An
unregistered ship is always possible. A number or name that AIS sent from where the ship lay is
right, except one in twenty, and is weighted no more than the size allows.

An analyst may name the ship of a detection (`gnomon.datamodel.decisions`). A name that is right 19
times in 20, and else any other ship alike, multiplies the weight of that ship by 19 for each other.
A name that the register lacks joins it for the run, as a small tanker of unknown size.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnomon.datamodel.decisions import NAME_ODDS
from gnomon.datamodel.errors import TrackError
from gnomon.datamodel.traffic import TankerPrior

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COLUMNS = ("name", "former_names", "imo", "flag", "deadweight_t", "length_m", "beam_m", "listing")
UNREGISTERED = 3.0
"""Weight of "a ship that is not in the register" against one that is in it."""
GIBBS_ROUNDS = 60
BURN_ROUNDS = 3
"""Until an assignment no longer depends on its start, in which no visit has a ship."""
UNNAMED = -1
"""In place of a row of the register."""
P_WRONG_AIS = 0.05
"""AIS names that are another ship's: spoofed, borrowed, or of the ship alongside."""
REGISTER_LENGTH_SIGMA_M = 0.5
BEAM_SIGMA = 0.12
"""Of a measured beam over that of the register."""


@dataclass(frozen=True)
class Fleet:
    """A register: arrays of shape (ships,); NaN where unknown."""

    name: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]
    """Present and former ones, case folded."""
    imo: tuple[str, ...]
    deadweight_t: Floats
    length_m: Floats
    length_sigma_m: Floats
    beam_m: Floats
    usual: TankerPrior
    """Ships that are not in the register, or of unknown size."""

    def find(self, name_or_imo: str) -> int | None:
        """Row of a ship by its name, a former name, or its IMO number."""
        sought = _plain(name_or_imo)
        number = sought.removeprefix("imo").strip()
        for row, (names, imo) in enumerate(zip(self.names, self.imo, strict=True)):
            if sought in map(_plain, names) or (imo and number == imo):
                return row
        return None

    def find_ais(self, imo: str | None, name: str | None) -> int | None:
        """Row of the ship with this IMO number, or else of this name or former name."""
        if imo and imo in self.imo:
            return self.imo.index(imo)
        plain = (name or "").strip().casefold()
        for row, own in enumerate(self.names):
            # Two ships may have one name, but not two numbers.
            if plain in own and not (imo and self.imo[row]):
                return row
        return None

    def with_names(self, names: Collection[str]) -> "Fleet":
        """The register with the ships of these names that it lacks, of unknown size."""
        new: dict[str, str] = {}
        for name in sorted(names):
            if self.find(name) is None:
                new.setdefault(_plain(name), name)
        count = len(new)
        unknown = np.full(count, np.nan)
        return replace(
            self,
            name=(*self.name, *new.values()),
            names=(*self.names, *((plain,) for plain in new)),
            imo=(*self.imo, *("",) * count),
            deadweight_t=np.r_[self.deadweight_t, unknown],
            length_m=np.r_[self.length_m, np.full(count, self.usual.length_m)],
            length_sigma_m=np.r_[self.length_sigma_m, np.full(count, self.usual.length_sigma_m)],
            beam_m=np.r_[self.beam_m, unknown],
        )


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def no_register(usual: TankerPrior) -> Fleet:
    """A register without a ship: every visit is one of an unregistered ship."""
    none = np.zeros(0)
    return Fleet((), (), (), none, none, none, none, usual)


def read_fleet(path: Path, usual: TankerPrior) -> Fleet:
    """Read a register.

    Parameters
    ----------
    path
        A CSV with the columns `COLUMNS`.
    usual
        Sizes of ships whose length it lacks.

    Raises
    ------
    TrackError
        The file is missing, lacks columns, has a ship twice, or a value is not a positive number.

    """
    try:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise TrackError(f"{path}: cannot be read as CSV ({error})") from error
    if absent := [name for name in COLUMNS if name not in rows.columns]:
        raise TrackError(f"{path}: lacks the columns {', '.join(absent)}")
    if len(twice := rows[rows.duplicated(["name", "imo"])]):
        raise TrackError(f"{path}: {twice.name.iloc[0]} is there twice")
    deadweight, length, beam = (
        _numbers(rows[name], f"{path}: {name}") for name in ("deadweight_t", "length_m", "beam_m")
    )
    by_weight = np.cbrt(deadweight / usual.length_of_deadweight)
    unknown = np.isnan(length)
    guess = np.where(np.isnan(by_weight), usual.length_m, by_weight)
    sigma = np.where(
        np.isnan(by_weight), usual.length_sigma_m, usual.length_of_deadweight_sigma * by_weight
    )
    return Fleet(
        name=tuple(rows["name"]),
        names=tuple(
            tuple(one.strip().casefold() for one in (now, *former.split(";")) if one.strip())
            for now, former in zip(rows["name"], rows.former_names, strict=True)
        ),
        imo=tuple(rows.imo),
        deadweight_t=deadweight,
        length_m=np.where(unknown, guess, length),
        length_sigma_m=np.where(unknown, sigma, REGISTER_LENGTH_SIGMA_M),
        beam_m=beam,
        usual=usual,
    )


def _numbers(column: pd.Series, where: str) -> Floats:
    values = pd.to_numeric(column.replace("", np.nan), errors="coerce").to_numpy(float)
    wrong = column[(column != "").to_numpy() & ~(values > 0)]
    if len(wrong):
        raise TrackError(f"{where} {wrong.iloc[0]!r} is not a positive number; leave it empty")
    return values


def size_likelihood(fleet: Fleet, length_m: Floats, sigma_m: Floats, beam_m: Floats) -> Floats:
    """Likelihood of measured sizes for each ship, and last for an unregistered one.

    Parameters
    ----------
    fleet
        The register.
    length_m, sigma_m, beam_m
        Of visits; beams are measured within 12 %.

    Returns
    -------
    array
        (visits, ships + 1), unnormalised.

    """
    centre = np.r_[fleet.length_m, fleet.usual.length_m]
    wide = np.hypot(np.r_[fleet.length_sigma_m, fleet.usual.length_sigma_m], sigma_m[:, None])
    likelihood = np.exp(-0.5 * ((length_m[:, None] - centre) / wide) ** 2) / wide
    off = (beam_m[:, None] / np.r_[fleet.beam_m, np.nan] - 1) / BEAM_SIGMA
    likelihood *= np.where(np.isnan(off), 1.0, np.exp(-0.5 * off**2))
    likelihood[:, -1] *= UNREGISTERED
    weights: Floats = likelihood
    return weights


@dataclass(frozen=True)
class AisNames:
    """Ships of the register that AIS named at the position of a hull: arrays of shape (hulls,)."""

    ship: Ints
    """Row of the register; `UNNAMED` where it named none."""

    def apply(self, weights: Floats, tracks: list[tuple[int, ...]]) -> Floats:
        """Weights of ships for visits, given AIS names, of which `P_WRONG_AIS` are wrong."""
        out = weights.copy()
        for visit, track in enumerate(tracks):
            named = self.ship[list(track)]
            if (named == UNNAMED).all():
                continue
            ship = int(np.bincount(named[named != UNNAMED]).argmax())
            others = np.arange(weights.shape[1]) != ship
            out[visit, others] *= P_WRONG_AIS / max(weights.shape[1] - 1, 1)
        return out


def apply_reviewed_names(weights: Floats, fleet: Fleet, names: Sequence[Collection[str]]) -> Floats:
    """Weights of ships for visits, given the names that analysts assigned.

    Parameters
    ----------
    weights
        From `size_likelihood`, (visits, ships + 1).
    fleet
        That has every name (`Fleet.with_names`).
    names
        Of each visit; one that was given twice for the same pixels counts once.

    """
    out = weights.copy()
    others = weights.shape[1] - 1
    for visit, given in enumerate(names):
        for ship in {fleet.find(name) for name in given} - {None}:
            out[visit, ship] *= NAME_ODDS * others
    return out


def candidate_probabilities(
    weights: Floats,
    arrive_day: Floats,
    depart_day: Floats,
    *,
    round_trip_days: float,
    rng: np.random.Generator,
) -> Floats:
    """Probabilities of ships for visits, one ship in one place.

    Gibbs sampling over assignments: each visit in turn takes a ship by its weight, except those
    that visits too close in time hold.

    Parameters
    ----------
    weights
        From `size_likelihood`, (visits, ships + 1).
    arrive_day, depart_day
        (visits,)
    round_trip_days
        From a departure to the next arrival of one ship, at least.
    rng
        Of the sampling.

    Returns
    -------
    array
        (visits, ships + 1), rows add up to one.

    """
    held, clash = _no_ships(weights), _clashes(arrive_day, depart_day, round_trip_days)
    total = np.zeros_like(weights)
    for _ in range(GIBBS_ROUNDS):
        total += _sweep(weights, clash, held, rng)
    return total / GIBBS_ROUNDS


def draw_ships(
    weights: Floats,
    arrive_day: Floats,
    depart_day: Floats,
    *,
    round_trip_days: float,
    rng: np.random.Generator,
) -> Ints:
    """One assignment of ships to visits; parameters as in `candidate_probabilities`."""
    held, clash = _no_ships(weights), _clashes(arrive_day, depart_day, round_trip_days)
    for _ in range(BURN_ROUNDS):
        _sweep(weights, clash, held, rng)
    return held


def _no_ships(weights: Floats) -> Ints:
    return np.full(len(weights), weights.shape[1] - 1)


def _clashes(arrive_day: Floats, depart_day: Floats, round_trip_days: float) -> list[Ints]:
    """For each visit the others that one ship could not have made too."""
    gap = np.maximum(arrive_day[:, None] - depart_day, arrive_day - depart_day[:, None])
    close = gap < round_trip_days
    np.fill_diagonal(close, val=False)
    return [np.flatnonzero(row) for row in close]


def _sweep(
    weights: Floats,
    clash: list[Ints],
    held: Ints,
    rng: np.random.Generator,
) -> Floats:
    """Draw a ship for each visit, one after the other; returns the chances of each draw."""
    unknown = weights.shape[1] - 1
    chances = weights.copy()
    luck = rng.random(len(weights))
    for visit in range(len(weights)):
        free, taken = chances[visit], held[clash[visit]]
        free[taken[taken != unknown]] = 0.0
        chances[visit] = free / free.sum()
        held[visit] = min(int(np.searchsorted(chances[visit].cumsum(), luck[visit])), unknown)
    return chances
