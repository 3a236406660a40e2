"""The register of ships that may have called, and which of them a visit may have been.

`configs/fleet.csv` has a row a ship and, beside each value, where it comes from; what no source
says is empty and stays unknown. A ship whose deadweight is not known is not given one: the ledger
draws it from the length and beam that were measured (`gnomon.physics.hydrostatics`), and so it does
for visits whose ship is unknown.

A ship whose length is in the register, or whose deadweight is (length then within 8 % of
``(DWT / 0.0062)^(1/3)``), is a candidate as far as the measured length and beam agree; one of
unknown size agrees with all small tankers alike. One ship cannot be in two places: candidates of
visits that overlap, or lie closer than the shortest round trip, share one ship at most. Candidates
with equal evidence get equal probability, so a register of unknown sizes identifies nobody. An
unregistered ship is always possible. A number or name that AIS sent from where the ship lay is
believed, except one in twenty, and no more than her size allows.

An analyst may name the ship of a detection (`gnomon.datamodel.decisions`). A word that is right 19
times in 20, and else any other ship alike, multiplies the weight of that ship by 19 for each other.
A name that the register does not know joins it for the run, as a small tanker of unknown size.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnomon.datamodel.decisions import NAME_ODDS
from gnomon.datamodel.errors import TrackError
from gnomon.track.marks import SMALL_M

Floats = NDArray[np.float64]

COLUMNS = ("name", "former_names", "imo", "flag", "deadweight_t", "length_m", "beam_m", "listing")
UNREGISTERED = 3.0
"""Weight of "a ship that is not in the register" against one that is in it."""
ROUND_TRIP_DAYS = 2.0
"""From a departure to the next arrival of one ship, at least: Chongjin and back in three days."""
ROUNDS = 60
SWEEPS = 3
"""Until an assignment has forgotten that nobody held a ship."""
MISNAMED = 0.05
"""AIS names that are another ship's: spoofed, borrowed, or of the ship alongside."""


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

    def place(self, word: str) -> int | None:
        """Place of a ship by its name, a former name, or its IMO number."""
        sought = _plain(word)
        number = sought.removeprefix("imo").strip()
        for place, (names, imo) in enumerate(zip(self.names, self.imo, strict=True)):
            if sought in map(_plain, names) or (imo and number == imo):
                return place
        return None

    def joined(self, words: Collection[str]) -> "Fleet":
        """The register with the ships that somebody named and it does not know."""
        new: dict[str, str] = {}
        for word in sorted(words):
            if self.place(word) is None:
                new.setdefault(_plain(word), word)
        count = len(new)
        unknown = np.full(count, np.nan)
        return replace(
            self,
            name=(*self.name, *new.values()),
            names=(*self.names, *((plain,) for plain in new)),
            imo=(*self.imo, *("",) * count),
            deadweight_t=np.r_[self.deadweight_t, unknown],
            length_m=np.r_[self.length_m, np.full(count, SMALL_M[0])],
            length_sigma_m=np.r_[self.length_sigma_m, np.full(count, SMALL_M[1])],
            beam_m=np.r_[self.beam_m, unknown],
        )


def _plain(word: str) -> str:
    return " ".join(word.casefold().split())


def read_fleet(path: Path) -> Fleet:
    """Read a register.

    Raises
    ------
    TrackError
        The file is missing, lacks columns, names a ship twice, or a value is no positive number.

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
    by_weight = np.cbrt(deadweight / 0.0062)
    unknown = np.isnan(length)
    guess = np.where(np.isnan(by_weight), SMALL_M[0], by_weight)
    sigma = np.where(np.isnan(by_weight), SMALL_M[1], 0.08 * by_weight)
    return Fleet(
        name=tuple(rows["name"]),
        names=tuple(
            tuple(one.strip().casefold() for one in (now, *former.split(";")) if one.strip())
            for now, former in zip(rows["name"], rows.former_names, strict=True)
        ),
        imo=tuple(rows.imo),
        deadweight_t=deadweight,
        length_m=np.where(unknown, guess, length),
        length_sigma_m=np.where(unknown, sigma, 0.5),
        beam_m=beam,
    )


def _numbers(column: pd.Series, where: str) -> Floats:
    values = pd.to_numeric(column.replace("", np.nan), errors="coerce").to_numpy(float)
    wrong = column[(column != "").to_numpy() & ~(values > 0)]
    if len(wrong):
        raise TrackError(f"{where} {wrong.iloc[0]!r} is not a positive number; leave it empty")
    return values


def agreement(fleet: Fleet, length_m: Floats, sigma_m: Floats, beam_m: Floats) -> Floats:
    """Likelihood of measured sizes for each ship, and last for one that is not registered.

    Parameters
    ----------
    fleet
        The register.
    length_m, sigma_m, beam_m
        Of visits; beams are told within 12 %.

    Returns
    -------
    array
        (visits, ships + 1), unnormalised.

    """
    centre = np.r_[fleet.length_m, SMALL_M[0]]
    wide = np.hypot(np.r_[fleet.length_sigma_m, SMALL_M[1]], sigma_m[:, None])
    likelihood = np.exp(-0.5 * ((length_m[:, None] - centre) / wide) ** 2) / wide
    off = (beam_m[:, None] / np.r_[fleet.beam_m, np.nan] - 1) / 0.12
    likelihood *= np.where(np.isnan(off), 1.0, np.exp(-0.5 * off**2))
    likelihood[:, -1] *= UNREGISTERED
    weights: Floats = likelihood
    return weights


@dataclass(frozen=True)
class Names:
    """Ships of the register that AIS named where a hull lay: arrays of shape (hulls,)."""

    ship: NDArray[np.int64]
    """Row of the register; -1 where it named none."""

    def weighed(self, weights: Floats, tracks: list[tuple[int, ...]]) -> Floats:
        """Weights of ships for visits, with what AIS says; `MISNAMED` of all names are false."""
        out = weights.copy()
        for visit, track in enumerate(tracks):
            told = self.ship[list(track)]
            if (told < 0).all():
                continue
            name = int(np.bincount(told[told >= 0]).argmax())
            others = np.arange(weights.shape[1]) != name
            out[visit, others] *= MISNAMED / max(weights.shape[1] - 1, 1)
        return out


def named(weights: Floats, fleet: Fleet, words: Sequence[Collection[str]]) -> Floats:
    """Weights once analysts have said who a ship is.

    Parameters
    ----------
    weights
        From `agreement`, (visits, ships + 1).
    fleet
        That knows every word (`Fleet.joined`).
    words
        Names for each visit; one that is said twice of the same pixels counts once.

    """
    out = weights.copy()
    others = weights.shape[1] - 1
    for visit, said in enumerate(words):
        for ship in {fleet.place(word) for word in said} - {None}:
            out[visit, ship] *= NAME_ODDS * others
    return out


def ship_named(fleet: Fleet, imo: str | None, name: str | None) -> int:
    """Row of the ship with this IMO number, or else of this name or former name; or -1."""
    if imo and imo in fleet.imo:
        return fleet.imo.index(imo)
    plain = (name or "").strip().casefold()
    for row, own in enumerate(fleet.names):
        # Two ships may have one name, but not two numbers.
        if plain in own and not (imo and fleet.imo[row]):
            return row
    return -1


def candidates(
    weights: Floats, arrive_day: Floats, depart_day: Floats, *, rng: np.random.Generator
) -> Floats:
    """Probabilities of ships for visits, one ship in one place.

    Gibbs sampling over assignments: each visit in turn takes a ship by its weight, except those
    that visits too close in time hold.

    Parameters
    ----------
    weights
        From `agreement`, (visits, ships + 1).
    arrive_day, depart_day
        (visits,)
    rng
        Of the sampling.

    Returns
    -------
    array
        (visits, ships + 1), rows add up to one.

    """
    held, clash = _nobody(weights), _clashes(arrive_day, depart_day)
    total = np.zeros_like(weights)
    for _ in range(ROUNDS):
        total += _sweep(weights, clash, held, rng)
    return total / ROUNDS


def drawn_ships(
    weights: Floats, arrive_day: Floats, depart_day: Floats, *, rng: np.random.Generator
) -> NDArray[np.int64]:
    """One assignment of ships to visits; parameters as in `candidates`."""
    held, clash = _nobody(weights), _clashes(arrive_day, depart_day)
    for _ in range(SWEEPS):
        _sweep(weights, clash, held, rng)
    return held


def _nobody(weights: Floats) -> NDArray[np.int64]:
    return np.full(len(weights), weights.shape[1] - 1)


def _clashes(arrive_day: Floats, depart_day: Floats) -> list[NDArray[np.int64]]:
    """For each visit the others that one ship could not have made too."""
    gap = np.maximum(arrive_day[:, None] - depart_day, arrive_day - depart_day[:, None])
    close = gap < ROUND_TRIP_DAYS
    np.fill_diagonal(close, val=False)
    return [np.flatnonzero(row) for row in close]


def _sweep(
    weights: Floats,
    clash: list[NDArray[np.int64]],
    held: NDArray[np.int64],
    rng: np.random.Generator,
) -> Floats:
    """Give each visit a ship in turn; returns the chances by which it was drawn."""
    unknown = weights.shape[1] - 1
    chances = weights.copy()
    luck = rng.random(len(weights))
    for visit in range(len(weights)):
        free, taken = chances[visit], held[clash[visit]]
        free[taken[taken != unknown]] = 0.0
        chances[visit] = free / free.sum()
        held[visit] = min(int(np.searchsorted(chances[visit].cumsum(), luck[visit])), unknown)
    return chances
