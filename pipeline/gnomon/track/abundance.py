"""How many visits a port had: the posterior, and three other ways beside it."""

from typing import Any

import numpy as np

from gnomon.datamodel.posterior import PortSeason
from gnomon.track.estimators import Count, chapman, horvitz_thompson, little
from gnomon.track.posterior import Posterior


def counted(found: Posterior, season: PortSeason) -> dict[str, Any]:
    """How many visits, by the posterior and by three other ways."""
    seen, hulls = found.seen, found.seen.hulls
    visits = season.visits
    told = np.array([d.seen.sum() for d in season.draws], float)
    p = np.array(
        [1 - d.unseen / max(d.unseen + t, 1e-9) for d, t in zip(found.draws, told, strict=True)]
    )
    row: dict[str, Any] = {
        "port": seen.port, "start": seen.start, "end": seen.end,
        "observations": len(seen.day), "usable_observations": float(seen.usable.sum()),
        "visits_mean": float(visits.mean()), "seen_mean": float(told.mean()),
        **{f"visits_p{q:02d}": float(np.quantile(visits, q / 100)) for q in (5, 50, 95)},
    }  # fmt: skip
    tanker = found.tanker
    each = np.bincount(hulls.observation, weights=tanker, minlength=len(seen.day)).astype(float)
    chance = seen.usable * (found.weights @ found.members.detection)[seen.kind] * 0.97
    stay = found.members.mean_days[[d.member for d in found.draws], 0]
    ways = {
        "horvitz_thompson": horvitz_thompson(told, np.maximum(p, 0.02)),
        "little": little(each, chance, found.days, stay),
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


def _two_sensors(found: Posterior) -> Count:
    """Chapman's count of visits seen by radar and by other looks."""
    radar = found.seen.kind[found.seen.hulls.observation] == 1
    if not (found.seen.kind == 1).any() or not (found.seen.kind != 1).any():
        return Count(np.nan, np.nan)
    kept = [list(t) for t in found.likely(0.5)]
    by_radar = [bool(radar[t].any()) for t in kept]
    by_light = [bool((~radar[t]).any()) for t in kept]
    both = sum(a and b for a, b in zip(by_radar, by_light, strict=True))
    return chapman(sum(by_radar), sum(by_light), both)
