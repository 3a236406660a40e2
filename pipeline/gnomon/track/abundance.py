"""Number of visits of a port: the posterior, and three other estimators beside it."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from gnomon.datamodel.posterior import PortPosterior
from gnomon.track.convergence import convergence
from gnomon.track.estimators import (
    UNKNOWN_ABUNDANCE,
    AbundanceEstimate,
    chapman,
    horvitz_thompson,
    little,
)
from gnomon.track.posterior import TrackPosterior
from gnomon.track.predictive import predictive_check
from gnomon.track.presence import RADAR
from gnomon.track.sightings import PortObservations

Floats = NDArray[np.float64]

P_DETECTED_MIN = 0.02
MEAN_P_TANKER = 0.97
"""A detected small tanker counts by its probability of being one; taken as this on average."""
P_TANKER_CHAPMAN = 0.5
NO_VISIT_MIN = 0.01
"""Probability from which it is worth a note that no tanker may have called."""


@dataclass(frozen=True, kw_only=True)
class SeasonRow:
    """A row of `gnomon.datamodel.tables.Seasons`; None where nothing is known."""

    port: str
    start: datetime
    end: datetime
    observations: int
    usable_observations: float
    visits_mean: float | None = None
    visits_p05: float | None = None
    visits_p50: float | None = None
    visits_p95: float | None = None
    p_no_visit: float | None = None
    seen_p50: float | None = None
    p_seen: float | None = None
    ideal_half_width: float | None = None
    horvitz_thompson: float | None = None
    horvitz_thompson_sigma: float | None = None
    little: float | None = None
    little_sigma: float | None = None
    chapman: float | None = None
    chapman_sigma: float | None = None
    dwell_days: float | None = None
    dwell_sigma_days: float | None = None
    loaded_p05: float | None = None
    loaded_p50: float | None = None
    loaded_p95: float | None = None
    unloaded_p05: float | None = None
    unloaded_p50: float | None = None
    unloaded_p95: float | None = None
    p_exports: float | None = None
    r_hat: float | None = None
    effective_size: float | None = None
    preliminary: bool | None = None
    fit: float | None = None
    notes: str | None = None


def unknown_season(data: PortObservations) -> SeasonRow:
    """Row of a port without a usable observation."""
    return SeasonRow(
        port=data.port,
        start=data.start,
        end=data.end,
        observations=len(data.day),
        usable_observations=0.0,
        notes="no usable image in this period: the number of visits is unknown",
    )


def summarise_season(tracks: TrackPosterior, season: PortPosterior) -> SeasonRow:
    """Summary of a port: visits by the posterior and by three other estimators, and direction.

    Parameters
    ----------
    tracks
        Draws of the chain.
    season
        Draws of the season made from them.

    """
    data, visits = tracks.data, season.visits
    detected = np.array([d.seen.sum() for d in season.draws], float)
    ht, by_little, by_chapman = _other_estimators(tracks, detected)
    dwell = tracks.mean_dwell_days
    loaded = np.array([d.loaded.sum() for d in season.draws], float)
    unloaded = np.array([d.unloaded.sum() for d in season.draws], float)
    mixed = convergence(visits, np.array([d.chain for d in tracks.draws]))
    checked = predictive_check(tracks)
    of_type = type_note(visits, data)
    notes = [*filter(None, [mixed.note, checked.note, of_type]), *data.notes]
    return SeasonRow(
        port=data.port,
        start=data.start,
        end=data.end,
        observations=len(data.day),
        usable_observations=float(data.usable.sum()),
        visits_mean=float(visits.mean()),
        **_quantiles("visits", visits),
        p_no_visit=float((visits == 0).mean()),
        seen_p50=float(np.median(detected)),
        horvitz_thompson=ht.visits,
        horvitz_thompson_sigma=ht.sigma,
        little=by_little.visits,
        little_sigma=by_little.sigma,
        chapman=by_chapman.visits,
        chapman_sigma=by_chapman.sigma,
        dwell_days=float(dwell.mean()),
        dwell_sigma_days=float(dwell.std()),
        **_quantiles("loaded", loaded),
        **_quantiles("unloaded", unloaded),
        p_exports=float((loaded > unloaded).mean() + 0.5 * (loaded == unloaded).mean()),
        r_hat=mixed.r_hat,
        effective_size=mixed.effective_size,
        preliminary=mixed.preliminary,
        fit=checked.fit,
        notes="; ".join(notes) or None,
    )


def type_note(visits: Floats, data: PortObservations) -> str | None:
    """Say what size alone leaves open, where no image gives a ship's type; else None.

    Parameters
    ----------
    visits
        Number in each draw.
    data
        Of the port.

    """
    some, hulls = visits[visits > 0], data.hulls
    none = 1 - len(some) / len(visits)
    typed = np.isfinite(hulls.p_tanker).any()
    if not len(hulls.day) or typed or not len(some) or none < NO_VISIT_MIN:
        return None
    low, high = np.quantile(some, (0.05, 0.95))
    return (
        "no image tells tankers from other ships of their size: with probability "
        f"{none:.2f} no tanker called, and if any did, {low:.0f} to {high:.0f} visits"
    )


def _quantiles(name: str, counts: Floats) -> dict[str, float]:
    levels = {"p05": 0.05, "p50": 0.5, "p95": 0.95}
    return {f"{name}_{key}": float(np.quantile(counts, p)) for key, p in levels.items()}


def _other_estimators(
    tracks: TrackPosterior, detected: Floats
) -> tuple[AbundanceEstimate, AbundanceEstimate, AbundanceEstimate]:
    """Horvitz-Thompson, Little, Chapman."""
    data = tracks.data
    pairs = zip(tracks.draws, detected, strict=True)
    p = np.array([1 - d.undetected / max(d.undetected + n, 1e-9) for d, n in pairs])
    tankers = np.bincount(
        data.hulls.observation, weights=tracks.p_tanker, minlength=len(data.day)
    ).astype(float)
    expected = tracks.detection() * MEAN_P_TANKER
    return (
        horvitz_thompson(detected, np.maximum(p, P_DETECTED_MIN)),
        little(tankers, expected, data.days, tracks.mean_dwell_days),
        _radar_and_optical(tracks),
    )


def _radar_and_optical(tracks: TrackPosterior) -> AbundanceEstimate:
    """Chapman's estimate from visits detected by radar and by optical sensors."""
    data = tracks.data
    is_radar = data.sensor_class == RADAR
    if not is_radar.any() or is_radar.all():
        return UNKNOWN_ABUNDANCE
    radar = is_radar[data.hulls.observation]
    visits = [list(t) for t in tracks.likely_tankers(P_TANKER_CHAPMAN)]
    by_radar = [bool(radar[t].any()) for t in visits]
    by_optical = [bool((~radar[t]).any()) for t in visits]
    both = sum(a and b for a, b in zip(by_radar, by_optical, strict=True))
    return chapman(sum(by_radar), sum(by_optical), both)
