"""From looks and detections to visits: of one port, with the season they make up.

1. Arrays of the port's looks and hulls (`gnomon.track.sightings`).
2. What every set of parameters says of being seen (`gnomon.track.presence`), a chain over links,
   classes and parameters (`gnomon.track.linking`), and what it leaves (`gnomon.track.posterior`).
3. For each visit the ends of its stay (`gnomon.track.dwell`), the load in and out from looks at the
   berth (`gnomon.track.direction`) and elsewhere (`gnomon.track.off_berth`), the ships that it may
   have been (`gnomon.track.fleet`).
4. Draws of the whole season, with the visits that no look showed: Poisson, at the rate of each
   draw (`gnomon.datamodel.posterior`). In each a visit is one ship, and has the deadweight that the
   register gives her, where it gives one.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnomon.datamodel.posterior import DrawnSeason, PortSeason
from gnomon.track import direction
from gnomon.track.abundance import counted
from gnomon.track.fleet import Fleet, Names, agreement, candidates, drawn_ships, named
from gnomon.track.linking import TANKERS, Track
from gnomon.track.marks import BEAM_PER_LENGTH, SMALL_M
from gnomon.track.off_berth import Ends, Place, Weighed, weigh
from gnomon.track.posterior import BEAM_SHARE, Posterior, ends, quantile, sizes, turn
from gnomon.track.sightings import Sightings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Deadweight = Callable[[Floats, Floats, Floats, Floats], tuple[Floats, Floats]]
"""Length, beam and their sigmas to mean and deviation of the logarithm of deadweight in tonnes."""

CANDIDATE_LEAST = 0.02
CLEAR = 0.5
"""Usable fraction from which a look without the ship bounds an arrival or a departure."""
REGISTER_SIGMA = 0.05
"""Of the logarithm of a deadweight that the register gives."""
MIDDLE = 2
"""Place of the median among the parts of `Ends`."""


@dataclass(frozen=True)
class PortVisits:
    """What is believed of one port."""

    rows: list[dict[str, Any]]
    """Of `gnomon.datamodel.tables.Visits`."""
    season: PortSeason
    counts: dict[str, Any]
    """Row of `gnomon.datamodel.tables.Seasons`."""


@dataclass(frozen=True)
class Tracks:
    """Tracks of any draw that may be a small tanker's: arrays of shape (tracks,)."""

    place: dict[Track, int]
    size: tuple[Floats, Floats, Floats, Floats]
    """Length, beam and their sigmas."""
    ends: Ends
    turns: Floats
    """(tracks, 4): log likelihoods of the looks at the berth."""
    trust: Floats
    elsewhere: tuple[Weighed, ...]
    ships: Floats
    """(tracks, ships + 1): weights of the register's ships, and of one that is not in it."""
    log_deadweight: tuple[Floats, Floats]
    """As measured: mean and deviation."""

    def turned(self, tracks: list[int]) -> Floats:
        """Log likelihoods of turns of the visits there were, (visits, 4), from all places."""
        total = self.turns[tracks]
        for place in self.elsewhere:
            total = total + direction.of_ends(*place.evidence(tracks, self.trust[tracks]))
        return total


def infer(
    found: Posterior,
    *,
    fleet: Fleet,
    deadweight: Deadweight,
    elsewhere: tuple[Place, ...] = (),
    names: Names | None = None,
    p_tanker_min: float = 0.5,
) -> PortVisits:
    """Infer the visits of one port.

    Parameters
    ----------
    found
        What the chain believes of its looks and hulls.
    fleet
        Ships that may have called.
    deadweight
        From sizes to deadweight.
    elsewhere
        Where the same ships may have been seen before or after.
    names
        Ships of the register that AIS named, by hull.
    p_tanker_min
        As in `gnomon.datamodel.study.TrackOptions`.

    """
    seen, kept = found.seen, found.likely(p_tanker_min)
    every = _every(found, kept, fleet, deadweight, elsewhere, names)
    drawn = _draws(found, every, fleet, deadweight)
    season = PortSeason(seen.port, seen.start, seen.end, float(seen.usable.sum()), drawn)
    rows = _rows(found, every, kept, fleet)
    return PortVisits(rows, season, counted(found, season))


def _every(
    found: Posterior,
    kept: list[Track],
    fleet: Fleet,
    deadweight: Deadweight,
    elsewhere: tuple[Place, ...],
    names: Names | None,
) -> Tracks:
    own = {
        track
        for draw in found.draws
        for track, kind in zip(draw.tracks, draw.classes, strict=True)
        if TANKERS[kind]
    }
    tracks = sorted(own | set(kept))
    place = {track: n for n, track in enumerate(tracks)}
    size, when = sizes(found.seen, tracks), ends(found, tracks)
    likely = [place[track] for track in kept]
    ships = agreement(fleet, size[0], size[2], size[1])
    if names is not None:
        ships = names.weighed(ships, tracks)
    words = [{found.seen.identity[n] for n in track} - {""} for track in tracks]
    return Tracks(
        place=place,
        size=size,
        ends=when,
        turns=np.array([turn(found, track) for track in tracks]).reshape(-1, 4),
        trust=np.array([found.trust(track) for track in tracks]),
        elsewhere=tuple(weigh(one, when, size[0], size[2], likely) for one in elsewhere),
        ships=named(ships, fleet, words),
        log_deadweight=deadweight(*size),
    )


def _draws(
    found: Posterior, every: Tracks, fleet: Fleet, deadweight: Deadweight
) -> tuple[DrawnSeason, ...]:
    """Season of each state of the chain, with visits that were not seen."""
    rng = found.rng
    (of_ships,) = rng.spawn(1)
    depart = np.array([_departure(found, track) for track in every.place])
    # Nobody was seen: a visit that was missed is one of any small tanker.
    length, beam = SMALL_M[0], BEAM_PER_LENGTH * SMALL_M[0]
    usual = np.array(
        deadweight(*(np.full(1, v) for v in (length, beam, SMALL_M[1], BEAM_SHARE * beam)))
    )
    out = []
    for draw in found.draws:
        own = zip(draw.tracks, draw.classes, strict=True)
        one = [every.place[track] for track, kind in own if TANKERS[kind]]
        turned = direction.draw_turns(rng, every.turned(one))
        tonnes = _tonnes(every, one, fleet, of_ships)
        missed = int(rng.poisson(draw.unseen))
        like = tonnes[:, rng.choice(len(one), missed)] if one else np.repeat(usual, missed, 1)
        late = rng.uniform(0, found.days, missed)
        way = np.r_[turned.turn, rng.choice(4, missed, p=turned.shares)]
        out.append(_drawn(len(one), way, np.r_[depart[one], late], np.c_[tonnes, like]))
    return tuple(out)


def _tonnes(every: Tracks, one: list[int], fleet: Fleet, rng: np.random.Generator) -> Floats:
    """Mean and deviation of log deadweight of a draw's visits, (2, visits)."""
    ships = drawn_ships(
        every.ships[one],
        every.ends.arrive[one, MIDDLE],
        every.ends.depart[one, MIDDLE],
        rng=rng,
    )
    known = np.r_[np.log(fleet.deadweight_t), np.nan][ships]
    mean, sigma = (values[one] for values in every.log_deadweight)
    has = ~np.isnan(known)
    return np.stack([np.where(has, known, mean), np.where(has, REGISTER_SIGMA, sigma)])


def _drawn(seen: int, way: Ints, depart_day: Floats, tonnes: Floats) -> DrawnSeason:
    return DrawnSeason(
        seen=np.arange(len(way)) < seen,
        loaded=way == direction.LOADS,
        unloaded=way == direction.UNLOADS,
        depart_day=depart_day,
        log_deadweight=tonnes[0],
        log_deadweight_sigma=tonnes[1],
    )


def _departure(found: Posterior, track: Track) -> float:
    """Mean day on which a visit ended."""
    hulls = found.seen.hulls
    stay = found.stays.of(int(hulls.observation[track[0]]), int(hulls.observation[track[-1]]))
    return float(hulls.day[track[-1]] + stay.mean_after)


def _rows(found: Posterior, every: Tracks, kept: list[Track], fleet: Fleet) -> list[dict[str, Any]]:
    """Visits of the representative partition that are likely enough a small tanker's."""
    if not kept:
        return []
    often = Counter(track for draw in found.draws for track in draw.tracks)
    place = [every.place[track] for track in kept]
    arrive, depart = every.ends.arrive[place, MIDDLE], every.ends.depart[place, MIDDLE]
    who = candidates(every.ships[place], arrive, depart, rng=found.rng)
    ln, ln_sigma = _known(fleet, who, *(values[place] for values in every.log_deadweight))
    length, beam, length_sigma, beam_sigma = (values[place] for values in every.size)
    loads = _loads(every.turns[place], every.turned(place))
    return [
        _ends(found, track)
        | loads[n]
        | {
            "p_visit": often[track] / len(found.draws),
            "p_tanker": every.trust[place[n]],
            "length_m": length[n],
            "length_sigma_m": length_sigma[n],
            "beam_m": beam[n],
            "beam_sigma_m": beam_sigma[n],
            "candidates": _named(fleet, who[n]),
            "deadweight_t": float(np.exp(ln[n])),
            "deadweight_log_sigma": float(ln_sigma[n]),
            "_track": track,
        }
        for n, track in enumerate(kept)
    ]


def _known(fleet: Fleet, who: Floats, ln: Floats, sigma: Floats) -> tuple[Floats, Floats]:
    """Deadweight of visits: the register's where a candidate has one, else as measured."""
    known = np.r_[np.log(fleet.deadweight_t), np.nan]
    has = ~np.isnan(known)
    centre = np.where(has, known, ln[:, None])
    spread = np.where(has, REGISTER_SIGMA, sigma[:, None])
    mean = (who * centre).sum(1)
    variance = (who * (spread**2 + (centre - mean[:, None]) ** 2)).sum(1)
    return mean, np.sqrt(variance)


def _named(fleet: Fleet, chance: Floats) -> str:
    names = (*fleet.name, "unregistered")
    likely = [n for n in np.argsort(-chance, kind="stable") if chance[n] >= CANDIDATE_LEAST]
    return json.dumps({names[n]: round(float(chance[n]), 3) for n in likely})


def _ends(found: Posterior, track: Track) -> dict[str, Any]:
    """Bounds and posterior of a visit's arrival and departure."""
    seen, hulls = found.seen, found.seen.hulls
    first, last = int(hulls.observation[track[0]]), int(hulls.observation[track[-1]])
    stay = found.stays.of(first, last)
    clear = np.flatnonzero(seen.usable >= CLEAR)
    before, after = clear[clear < first], clear[clear > last]
    arrive = [seen.day[first] - q for q in quantile(stay.before, (0.95, 0.5, 0.05))]
    depart = [seen.day[last] + q for q in quantile(stay.after, (0.05, 0.5, 0.95))]
    return {
        "port": seen.port,
        "observations": len(track),
        "arrived_after": _moment(seen, seen.day[before[-1]] if len(before) else None),
        "arrived_before": _moment(seen, seen.day[first]),
        "departed_after": _moment(seen, seen.day[last]),
        "departed_before": _moment(seen, seen.day[after[0]] if len(after) else None),
        **{f"arrived_p{p:02d}": _moment(seen, d) for p, d in zip((5, 50, 95), arrive, strict=True)},
        **{
            f"departed_p{p:02d}": _moment(seen, d) for p, d in zip((5, 50, 95), depart, strict=True)
        },
    }


def _moment(seen: Sightings, day: float | None) -> datetime | None:
    return None if day is None else seen.start + timedelta(seconds=round(86_400 * day))


def _loads(turns: Floats, everywhere: Floats) -> list[dict[str, Any]]:
    """Load in and out of visits: by their own looks at the berth, and given all evidence of all."""
    each, own, (come, leave) = _chances(everywhere), _chances(turns), direction.load_ratios(turns)
    laden_in, laden_out = [direction.UNLOADS, direction.LADEN], [direction.LOADS, direction.LADEN]
    return [
        {
            "log_lr_laden_in": float(come[n]),
            "log_lr_laden_out": float(leave[n]),
            "p_laden_in": float(chance[laden_in].sum()),
            "p_laden_out": float(chance[laden_out].sum()),
            "p_loaded": float(chance[direction.LOADS]),
            "p_unloaded": float(chance[direction.UNLOADS]),
            # For voyages, whose other end has had its say in the rest.
            "_laden_in": float(own[n, laden_in].sum()),
            "_laden_out": float(own[n, laden_out].sum()),
        }
        for n, chance in enumerate(each)
    ]


def _chances(turns: Floats) -> Floats:
    """Probabilities of turns given all visits, (visits, 4)."""
    posterior = direction.share_posterior(turns)
    shares = np.exp(posterior - posterior.max())
    mixed = np.exp(turns)[:, None] * direction.SHARES
    each: Floats = np.einsum(
        "s,vst->vt", shares / shares.sum(), mixed / mixed.sum(-1, keepdims=True)
    )
    return each
