"""What the chain believes of one port's visits, before anybody asks which way the oil goes.

The table has one partition of the detections, the draw whose tracks are most believed; the counts
have all of them. Sizes are shrunk to what small tankers are, or errors of measurement would make
the large ones larger and the sum of deadweights too great.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from gnomon.track import direction, linking
from gnomon.track.dwell import STEP_DAYS, Stays, grid
from gnomon.track.linking import TANKERS, Draw, Track
from gnomon.track.marks import BEAM_PER_LENGTH, LENGTH_M, MODEL_SIGMA_M, SMALL_M, Marks
from gnomon.track.off_berth import Ends
from gnomon.track.presence import Bank, bank, presence
from gnomon.track.sightings import Sightings

Floats = NDArray[np.float64]

BEAM_SHARE = 0.09
"""How far a small tanker's beam is from `BEAM_PER_LENGTH`."""
PARTS = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Middles of fifths, by which the doubt of a visit's ends is handed on."""


@dataclass(frozen=True)
class Posterior:
    """The chain's draws, and what is computed once for each track in them."""

    seen: Sightings
    members: Bank
    draws: list[Draw]
    stays: Stays
    weights: Floats
    """Of the bank's members."""
    tanker: Floats
    """Chance that each hull is a small tanker."""
    rng: np.random.Generator
    """Where the chain left it."""

    @property
    def representative(self) -> tuple[Track, ...]:
        """Tracks of the draw whose tracks are in most draws."""
        often = Counter(track for draw in self.draws for track in draw.tracks)
        return max(self.draws, key=lambda d: sum(often[t] * len(t) for t in d.tracks)).tracks

    def likely(self, p_least: float) -> list[Track]:
        """Those of them that are likely enough a small tanker's."""
        return [t for t in self.representative if self.trust(t) >= p_least]

    def trust(self, track: Track) -> float:
        """Chance that a track is a small tanker's."""
        return float(self.tanker[list(track)].mean())

    @property
    def days(self) -> float:
        """Length of the period."""
        return (self.seen.end - self.seen.start) / timedelta(days=1)


def posterior(
    seen: Sightings,
    *,
    dwell_days: float = 2.5,
    dwell_factor: float = 1.35,
    members: int = 256,
    draws: int = 200,
    seed: int = 0,
) -> Posterior:
    """Run the chain over one port's looks and hulls; options as in `TrackOptions`."""
    rng = np.random.default_rng([seed, len(seen.day), len(seen.hulls.observation)])
    values = bank(members, dwell_days=dwell_days, dwell_factor=dwell_factor)
    there = presence(
        values,
        day=seen.day,
        kind=seen.kind,
        usable=seen.usable,
        lengths_m=tuple(LENGTH_M[:3, 0]),
        tankers=(True, True, False),
        start_day=0.0,
        end_day=(seen.end - seen.start) / timedelta(days=1),
    )
    kept = linking.sample(
        seen.hulls,
        Marks(seen.hulls),
        there,
        looks_usable=float(seen.usable.sum()),
        rng=rng,
        draws=draws,
    )
    weights = linking.members_used(kept, values)
    chance = seen.usable * (weights @ values.detection)[seen.kind]
    stays = Stays(values, weights, day=seen.day, missed=1 - np.minimum(chance, 0.99))
    return Posterior(seen, values, kept, stays, weights, _tanker_chance(seen, kept), rng)


def _tanker_chance(seen: Sightings, kept: list[Draw]) -> Floats:
    total = np.zeros(len(seen.hulls.observation))
    for draw in kept:
        for track, kind in zip(draw.tracks, draw.classes, strict=True):
            if TANKERS[kind]:
                total[list(track)] += 1
    return total / len(kept)


def sizes(seen: Sightings, tracks: list[Track]) -> tuple[Floats, Floats, Floats, Floats]:
    """Length, beam and their sigmas of ships, given that they are small tankers."""
    hulls, out = seen.hulls, []
    for track in tracks:
        rows = list(track)
        mean, sigma = _shrunk(
            hulls.length_m[rows], np.hypot(hulls.length_sigma_m[rows], MODEL_SIGMA_M), SMALL_M
        )
        usual = BEAM_PER_LENGTH * mean
        beam = _shrunk(hulls.beam_m[rows], hulls.beam_sigma_m[rows], (usual, BEAM_SHARE * usual))
        out.append((mean, beam[0], sigma, beam[1]))
    columns = np.array(out, float).reshape(len(tracks), 4).T
    return columns[0], columns[1], columns[2], columns[3]


def _shrunk(values: Floats, sigma: Floats, prior: tuple[float, float]) -> tuple[float, float]:
    worth = (1 / sigma**2).sum() + 1 / prior[1] ** 2
    mean = ((values / sigma**2).sum() + prior[0] / prior[1] ** 2) / worth
    return float(mean), float(np.sqrt(1 / worth))


def turn(found: Posterior, track: Track) -> Floats:
    """Log likelihood of a track's looks under each turn."""
    hulls, rows = found.seen.hulls, np.array(track)
    stay = found.stays.of(int(hulls.observation[rows[0]]), int(hulls.observation[rows[-1]]))
    day = hulls.day[rows]
    whole = day[-1] - day[0] + stay.mean_before + stay.mean_after
    passed = (day - day[0] + stay.mean_before) / whole
    ratio = hulls.log_lr_laden[rows]
    said = ~np.isnan(ratio)
    return direction.log_likelihood(ratio[said], passed[said], trust=found.trust(track))


def ends(found: Posterior, tracks: list[Track]) -> Ends:
    """When visits began and ended."""
    observation, day = found.seen.hulls.observation, found.seen.day
    arrive, depart = (np.empty((len(tracks), len(PARTS))) for _ in range(2))
    for n, track in enumerate(tracks):
        first, last = int(observation[track[0]]), int(observation[track[-1]])
        stay = found.stays.of(first, last)
        arrive[n] = day[first] - quantile(stay.before, PARTS)
        depart[n] = day[last] + quantile(stay.after, PARTS)
    return Ends(arrive, depart)


def quantile(density: Floats, p: tuple[float, ...]) -> Floats:
    """Quantiles of a density on `gnomon.track.dwell.grid`."""
    values: Floats = np.interp(p, density.cumsum(), grid() + STEP_DAYS / 2)
    return values
