"""From looks and detections to visits: of one port, with the season they make up.

1. Arrays of the port's looks and hulls (`gnomon.track.sightings`).
2. What every set of parameters says of being seen (`gnomon.track.presence`), a chain over links,
   classes and parameters (`gnomon.track.linking`).
3. For each visit the ends of its stay (`gnomon.track.stays`), the load in and out
   (`gnomon.track.direction`), the ships that it may have been (`gnomon.track.fleet`).
4. Draws of the whole season, with the visits that no look showed: Poisson, at the rate of each
   draw (`gnomon.season`).

The table has one partition of the detections, the draw whose tracks are most believed; the counts
have all of them. Sizes are shrunk to what small tankers are, or errors of measurement would make
the large ones larger and the sum of deadweights too great.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnomon.season import DrawnSeason, PortSeason
from gnomon.track import checks, direction, linking
from gnomon.track.fleet import Fleet, agreement, candidates, named
from gnomon.track.linking import TANKERS, Draw, Track
from gnomon.track.marks import LENGTH_M, Marks
from gnomon.track.presence import Bank, bank, presence
from gnomon.track.sightings import Sightings
from gnomon.track.stays import STEP_DAYS, Stays, grid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Deadweight = Callable[[Floats, Floats, Floats, Floats], tuple[Floats, Floats]]
"""Length, beam and their sigmas to mean and deviation of the logarithm of deadweight in tonnes."""

SMALL_M, BEAM_SHARE = (88.0, 18.0), 0.09
"""Lengths of small tankers, and how far a beam is from 0.157 of the length."""
CANDIDATE_LEAST = 0.02
CLEAR = 0.5
"""Usable fraction from which a look without the ship bounds an arrival or a departure."""


@dataclass(frozen=True)
class PortVisits:
    """What is believed of one port."""

    rows: list[dict[str, Any]]
    """Of `gnomon.tables.Visits`."""
    season: PortSeason
    counts: dict[str, Any]
    """Row of `gnomon.tables.Seasons`."""


@dataclass(frozen=True)
class _Posterior:
    """The chain's draws, and what is computed once for each track in them."""

    seen: Sightings
    members: Bank
    draws: list[Draw]
    stays: Stays
    weights: Floats
    """Of the bank's members."""
    tanker: Floats
    """Chance that each hull is a small tanker."""


def infer(
    seen: Sightings,
    *,
    fleet: Fleet,
    deadweight: Deadweight,
    dwell_days: float = 2.5,
    dwell_factor: float = 1.35,
    members: int = 256,
    draws: int = 200,
    seed: int = 0,
    p_tanker_min: float = 0.5,
) -> PortVisits:
    """Infer the visits of one port.

    Parameters
    ----------
    seen
        Its looks and hulls.
    fleet
        Ships that may have called.
    deadweight
        From sizes to deadweight.
    dwell_days, dwell_factor, members, draws, seed, p_tanker_min
        As in `gnomon.study.TrackOptions`.

    """
    rng = np.random.default_rng([seed, len(seen.day), len(seen.hulls.look)])
    found = _posterior(
        seen, bank(members, dwell_days=dwell_days, dwell_factor=dwell_factor), rng, draws
    )
    tracks = _representative(found.draws)
    drawn = _draws(found, deadweight, rng)
    season = PortSeason(seen.port, seen.start, seen.end, float(seen.usable.sum()), drawn)
    rows = _rows(found, tracks, fleet, deadweight, rng, p_tanker_min)
    return PortVisits(rows, season, _counts(found, season))


def _posterior(seen: Sightings, members: Bank, rng: np.random.Generator, draws: int) -> _Posterior:
    there = presence(
        members,
        day=seen.day,
        kind=seen.kind,
        usable=seen.usable,
        lengths_m=tuple(LENGTH_M[:3, 0]),
        tankers=(True, True, False),
        start_day=0.0,
        end_day=_days(seen),
    )
    kept = linking.sample(
        seen.hulls,
        Marks(seen.hulls),
        there,
        looks_usable=float(seen.usable.sum()),
        rng=rng,
        draws=draws,
    )
    weights = linking.members_used(kept, members)
    chance = seen.usable * (weights @ members.detection)[seen.kind]
    stays = Stays(members, weights, day=seen.day, missed=1 - np.minimum(chance, 0.99))
    return _Posterior(seen, members, kept, stays, weights, _tanker_chance(seen, kept))


def _representative(kept: list[Draw]) -> tuple[Track, ...]:
    """Tracks of the draw whose tracks are in most draws."""
    often = Counter(track for draw in kept for track in draw.tracks)
    return max(kept, key=lambda d: sum(often[t] * len(t) for t in d.tracks)).tracks


def _sizes(seen: Sightings, tracks: list[Track]) -> tuple[Floats, Floats, Floats, Floats]:
    """Length, beam and their sigmas of ships, given that they are small tankers."""
    hulls, out = seen.hulls, []
    for track in tracks:
        rows = list(track)
        mean, sigma = _shrunk(
            hulls.length_m[rows], np.hypot(hulls.length_sigma_m[rows], 2.0), SMALL_M
        )
        usual = 0.157 * mean
        beam = _shrunk(hulls.beam_m[rows], hulls.beam_sigma_m[rows], (usual, BEAM_SHARE * usual))
        out.append((mean, beam[0], sigma, beam[1]))
    columns = np.array(out, float).reshape(len(tracks), 4).T
    return columns[0], columns[1], columns[2], columns[3]


def _shrunk(values: Floats, sigma: Floats, prior: tuple[float, float]) -> tuple[float, float]:
    worth = (1 / sigma**2).sum() + 1 / prior[1] ** 2
    mean = ((values / sigma**2).sum() + prior[0] / prior[1] ** 2) / worth
    return float(mean), float(np.sqrt(1 / worth))


def _turn(found: _Posterior, track: Track) -> Floats:
    """Log likelihood of a track's looks under each turn."""
    hulls, rows = found.seen.hulls, np.array(track)
    stay = found.stays.of(int(hulls.look[rows[0]]), int(hulls.look[rows[-1]]))
    day = hulls.day[rows]
    whole = day[-1] - day[0] + stay.mean_before + stay.mean_after
    passed = (day - day[0] + stay.mean_before) / whole
    said = ~np.isnan(hulls.log_lr_laden[rows])
    trust = float(found.tanker[rows].mean())
    return direction.log_likelihood(hulls.log_lr_laden[rows][said], passed[said], trust=trust)


def _draws(
    found: _Posterior, deadweight: Deadweight, rng: np.random.Generator
) -> tuple[DrawnSeason, ...]:
    """Season of each state of the chain, with visits that were not seen."""
    own = [[t for t, c in zip(d.tracks, d.classes, strict=True) if TANKERS[c]] for d in found.draws]
    every = sorted({track for tracks in own for track in tracks})
    place = {track: n for n, track in enumerate(every)}
    turns = np.array([_turn(found, t) for t in every]).reshape(-1, 4)
    sizes = np.array(deadweight(*_sizes(found.seen, every))).reshape(2, -1)
    depart = np.array([_departure(found, track) for track in every])
    # Nobody was seen: a visit that was missed is one of any small tanker.
    length, beam = SMALL_M[0], 0.157 * SMALL_M[0]
    usual = np.array(
        deadweight(*(np.full(1, v) for v in (length, beam, SMALL_M[1], BEAM_SHARE * beam)))
    )
    out = []
    for draw, tracks in zip(found.draws, own, strict=True):
        one = [place[track] for track in tracks]
        turned = direction.draw_turns(rng, turns[one])
        missed = int(rng.poisson(draw.unseen))
        like = sizes[:, rng.choice(one, missed)] if one else np.repeat(usual, missed, 1)
        late = rng.uniform(0, _days(found.seen), missed)
        turn = np.r_[turned.turn, rng.choice(4, missed, p=turned.shares)]
        out.append(_drawn(len(one), turn, np.r_[depart[one], late], np.c_[sizes[:, one], like]))
    return tuple(out)


def _drawn(seen: int, turn: Ints, depart_day: Floats, sizes: Floats) -> DrawnSeason:
    return DrawnSeason(
        seen=np.arange(len(turn)) < seen,
        loaded=turn == direction.LOADS,
        unloaded=turn == direction.UNLOADS,
        depart_day=depart_day,
        log_deadweight=sizes[0],
        log_deadweight_sigma=sizes[1],
    )


def _departure(found: _Posterior, track: Track) -> float:
    """Mean day on which a visit ended."""
    hulls = found.seen.hulls
    stay = found.stays.of(int(hulls.look[track[0]]), int(hulls.look[track[-1]]))
    return float(hulls.day[track[-1]] + stay.mean_after)


def _days(seen: Sightings) -> float:
    return (seen.end - seen.start) / timedelta(days=1)


def _rows(
    found: _Posterior,
    tracks: tuple[Track, ...],
    fleet: Fleet,
    deadweight: Deadweight,
    rng: np.random.Generator,
    p_least: float,
) -> list[dict[str, Any]]:
    """Visits of the representative partition that are likely enough a small tanker's."""
    often = Counter(track for draw in found.draws for track in draw.tracks)
    tanker = found.tanker
    kept = [t for t in tracks if tanker[list(t)].mean() >= p_least]
    if not kept:
        return []
    length, beam, length_sigma, beam_sigma = _sizes(found.seen, kept)
    rows = [_ends(found, track) for track in kept]
    arrive, depart = (np.array([row[name] for row in rows]) for name in ("_arrive", "_depart"))
    weights = agreement(fleet, length, length_sigma, beam)
    words = [{found.seen.identity[n] for n in track} - {""} for track in kept]
    who = candidates(named(weights, fleet, words), arrive, depart, rng=rng)
    ln, ln_sigma = _known(fleet, who, *deadweight(length, beam, length_sigma, beam_sigma))
    posterior = _loads(found, kept)
    for n, track in enumerate(kept):
        rows[n] |= posterior[n] | {
            "p_visit": often[track] / len(found.draws),
            "p_tanker": float(tanker[list(track)].mean()),
            "length_m": length[n],
            "length_sigma_m": length_sigma[n],
            "beam_m": beam[n],
            "beam_sigma_m": beam_sigma[n],
            "candidates": _named(fleet, who[n]),
            "deadweight_t": float(np.exp(ln[n])),
            "deadweight_log_sigma": float(ln_sigma[n]),
            "_track": track,
        }
    return rows


def _tanker_chance(seen: Sightings, kept: list[Draw]) -> Floats:
    total = np.zeros(len(seen.hulls.look))
    for draw in kept:
        for track, kind in zip(draw.tracks, draw.classes, strict=True):
            if TANKERS[kind]:
                total[list(track)] += 1
    return total / len(kept)


def _known(fleet: Fleet, who: Floats, ln: Floats, sigma: Floats) -> tuple[Floats, Floats]:
    """Deadweight of visits: the register's where a candidate has one, else as measured."""
    known = np.r_[np.log(fleet.deadweight_t), np.nan]
    has = ~np.isnan(known)
    centre = np.where(has, known, ln[:, None])
    spread = np.where(has, 0.05, sigma[:, None])
    mean = (who * centre).sum(1)
    variance = (who * (spread**2 + (centre - mean[:, None]) ** 2)).sum(1)
    return mean, np.sqrt(variance)


def _named(fleet: Fleet, chance: Floats) -> str:
    names = (*fleet.name, "unregistered")
    likely = [n for n in np.argsort(-chance, kind="stable") if chance[n] >= CANDIDATE_LEAST]
    return json.dumps({names[n]: round(float(chance[n]), 3) for n in likely})


def _ends(found: _Posterior, track: Track) -> dict[str, Any]:
    """Bounds and posterior of a visit's arrival and departure."""
    seen, hulls = found.seen, found.seen.hulls
    first, last = int(hulls.look[track[0]]), int(hulls.look[track[-1]])
    stay = found.stays.of(first, last)
    clear = np.flatnonzero(seen.usable >= CLEAR)
    before, after = clear[clear < first], clear[clear > last]
    arrive = [seen.day[first] - _quantile(stay.before, p) for p in (0.95, 0.5, 0.05)]
    depart = [seen.day[last] + _quantile(stay.after, p) for p in (0.05, 0.5, 0.95)]
    return {
        "port": seen.port,
        "looks": len(track),
        "arrived_after": _moment(seen, seen.day[before[-1]] if len(before) else None),
        "arrived_before": _moment(seen, seen.day[first]),
        "departed_after": _moment(seen, seen.day[last]),
        "departed_before": _moment(seen, seen.day[after[0]] if len(after) else None),
        **{f"arrived_p{p:02d}": _moment(seen, d) for p, d in zip((5, 50, 95), arrive, strict=True)},
        **{
            f"departed_p{p:02d}": _moment(seen, d) for p, d in zip((5, 50, 95), depart, strict=True)
        },
        "_arrive": arrive[1],
        "_depart": depart[1],
    }


def _quantile(density: Floats, p: float) -> float:
    return float(np.interp(p, density.cumsum(), grid() + STEP_DAYS / 2))


def _moment(seen: Sightings, day: float | None) -> datetime | None:
    return None if day is None else seen.start + timedelta(seconds=round(86_400 * day))


def _loads(found: _Posterior, kept: list[Track]) -> list[dict[str, float]]:
    """Load in and out of visits, given the evidence of all of them."""
    turns = np.array([_turn(found, track) for track in kept])
    shares = np.exp(direction.share_posterior(turns) - direction.share_posterior(turns).max())
    mixed = np.exp(turns)[:, None] * direction.SHARES
    each = np.einsum("s,vst->vt", shares / shares.sum(), mixed / mixed.sum(-1, keepdims=True))
    out = []
    for turn, chance in zip(turns, each, strict=True):
        loads, unloads, ballast, laden = np.exp(turn)
        out.append(
            {
                "log_lr_laden_in": float(np.log((unloads + laden) / (loads + ballast))),
                "log_lr_laden_out": float(np.log((loads + laden) / (unloads + ballast))),
                "p_laden_in": float(chance[direction.UNLOADS] + chance[direction.LADEN]),
                "p_laden_out": float(chance[direction.LOADS] + chance[direction.LADEN]),
                "p_loaded": float(chance[direction.LOADS]),
                "p_unloaded": float(chance[direction.UNLOADS]),
            }
        )
    return out


def _counts(found: _Posterior, season: PortSeason) -> dict[str, Any]:
    """How many visits, by the posterior and by three other ways."""
    seen, hulls = found.seen, found.seen.hulls
    visits = season.visits
    told = np.array([d.seen.sum() for d in season.draws], float)
    p = np.array(
        [1 - d.unseen / max(d.unseen + t, 1e-9) for d, t in zip(found.draws, told, strict=True)]
    )
    row: dict[str, Any] = {
        "port": seen.port, "start": seen.start, "end": seen.end,
        "looks": len(seen.day), "usable_looks": float(seen.usable.sum()),
        "visits_mean": float(visits.mean()), "seen_mean": float(told.mean()),
        **{f"visits_p{q:02d}": float(np.quantile(visits, q / 100)) for q in (5, 50, 95)},
    }  # fmt: skip
    tanker = found.tanker
    each = np.bincount(hulls.look, weights=tanker, minlength=len(seen.day)).astype(float)
    chance = seen.usable * (found.weights @ found.members.detection)[seen.kind] * 0.97
    stay = found.members.mean_days[[d.member for d in found.draws], 0]
    ways = {
        "horvitz_thompson": checks.horvitz_thompson(told, np.maximum(p, 0.02)),
        "little": checks.little(each, chance, _days(seen), stay),
        "chapman": _two_sensors(found),
    }
    for name, count in ways.items():
        row |= {name: count.visits, f"{name}_sigma": count.sigma}
    row["dwell_days"], row["dwell_sigma_days"] = float(stay.mean()), float(stay.std())
    loaded = np.array([d.loaded.sum() for d in season.draws])
    unloaded = np.array([d.unloaded.sum() for d in season.draws])
    row["p_exports"] = float((loaded > unloaded).mean() + 0.5 * (loaded == unloaded).mean())
    row["loaded_mean"], row["unloaded_mean"] = float(loaded.mean()), float(unloaded.mean())
    row["notes"] = "; ".join(seen.notes) or None
    return row


def _two_sensors(found: _Posterior) -> checks.Count:
    """Chapman's count of visits seen by radar and by other looks."""
    radar = found.seen.kind[found.seen.hulls.look] == 1
    if not (found.seen.kind == 1).any() or not (found.seen.kind != 1).any():
        return checks.Count(np.nan, np.nan)
    tanker = found.tanker
    kept = [list(t) for t in _representative(found.draws) if tanker[list(t)].mean() >= 0.5]
    by_radar = [bool(radar[t].any()) for t in kept]
    by_light = [bool((~radar[t]).any()) for t in kept]
    both = sum(a and b for a, b in zip(by_radar, by_light, strict=True))
    return checks.chapman(sum(by_radar), sum(by_light), both)
