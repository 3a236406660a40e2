"""Hulls of one image and ships that sent AIS, matched one to one by likelihood.

A hull and a ship are compared by how likely the hull's place and axis are if it is that ship, over
how likely they are by chance. The ship's place is interpolated to the time of the image (as
`gnomon.track.ais` does). In radar a ship that moves is shown off its place, along the satellite's
track, by ``R v / V`` (R the slant range, V the satellite's speed, v the ship's speed away from the
satellite): its AIS is moved as much before it is compared. Distances are normal with a deviation
that grows with the time to the nearest position, or, in one match of five, uniform within 400 m:
antennas are at the stern, clocks are off. By chance there are as many ships within 400 m as are
sent around. The axis counts where a ship is under way. Of all ways to give each hull no more than
one ship and each ship no more than one hull, the likeliest is taken (the assignment problem).

Two hulls beside each other get the two ships that sent, whichever is nearer to which; a ship that
sent once is not two hulls.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from gnomon.geo.local import local_metres
from gnomon.track.ais import (
    BETWEEN_S,
    COVERED_M,
    COVERED_S,
    NEAR_M,
    NO_AIS,
    AisMatch,
    SentPlace,
    sent_place,
)

Floats = NDArray[np.float64]

PLACE_SIGMA_M = 40.0
"""Antenna to the middle of the hull, and geolocation."""
DRIFT_M_S = 0.5
"""Growth of the error of a place with the time to the nearest position."""
SHIFT_SPEED_SIGMA_M_S = 0.3
"""Of the speed away from the satellite, by which a place in radar is moved."""
OUTLIERS = 0.2
LEAST_PER_M2 = 1e-8
"""Ships by chance, where hardly any is sent: one in ten kilometres square."""
AROUND_M = 3000.0
"""In which ships that are sent are counted."""
UNDER_WAY_M_S = 1.5
"""Three knots: slower ships swing."""
COURSE_SIGMA_DEG = 12.0
ORBIT_M, EARTH_M, SATELLITE_M_S = 693_000.0, 6_371_000.0, 7_590.0
"""Of Sentinel-1."""
CLAIMED = 0.3
"""A hull without a ship is dark only if no ship is so likely its own."""


@dataclass(frozen=True, kw_only=True)
class AisHulls:
    """Hulls of one image, arrays of shape (hulls,)."""

    longitude_deg: Floats
    latitude_deg: Floats
    heading_deg: Floats
    """Axis; NaN where it is unknown."""
    heading_sigma_deg: Floats
    radar: bool
    view_azimuth_deg: float
    """Towards the satellite; NaN where it is unknown, and then nothing is moved."""
    view_zenith_deg: float


def azimuth_shift_m(
    east_m_s: float, north_m_s: float, *, view_azimuth_deg: float, view_zenith_deg: float
) -> tuple[float, float]:
    """How far east and north of its place radar shows a ship that moves.

    Parameters
    ----------
    east_m_s, north_m_s
        Its velocity.
    view_azimuth_deg, view_zenith_deg
        Direction towards the satellite, which looks to its right.

    """
    azimuth, zenith = np.deg2rad(view_azimuth_deg), np.deg2rad(view_zenith_deg)
    towards = east_m_s * np.sin(azimuth) + north_m_s * np.cos(azimuth)
    away = -towards * np.sin(zenith)
    sine, cosine = EARTH_M * np.sin(zenith), EARTH_M * np.cos(zenith)
    slant = np.sqrt((EARTH_M + ORBIT_M) ** 2 - sine**2) - cosine
    ahead = -slant * away / SATELLITE_M_S
    flight = azimuth + np.pi / 2
    return float(ahead * np.sin(flight)), float(ahead * np.cos(flight))


def match_image(positions: pd.DataFrame, hulls: AisHulls, time: pd.Timestamp) -> list[AisMatch]:
    """Match the hulls of one image with the ships that sent around its time.

    Parameters
    ----------
    positions
        From `gnomon.track.ais.read_ais`.
    hulls
        Of the image.
    time
        When it was taken.

    Returns
    -------
    list
        Of each hull, in order.

    """
    if not len(hulls.longitude_deg):
        return []
    away_s = (positions.time - time).dt.total_seconds().to_numpy()
    near = np.abs(away_s) <= max(BETWEEN_S, COVERED_S)
    rows, away_s = positions[near], away_s[near]
    # No mean of longitudes: next to the antimeridian it lies on the other side of the earth.
    origin = float(hulls.longitude_deg[0]), float(hulls.latitude_deg.mean())
    sent = np.stack(local_metres(rows.longitude, rows.latitude, origin=origin), -1)
    names = rows.mmsi.astype(str).to_numpy()
    found = {name: sent_place(sent[names == name], away_s[names == name]) for name in set(names)}
    ships = {name: place for name, place in sorted(found.items()) if place is not None}
    own = np.stack(local_metres(hulls.longitude_deg, hulls.latitude_deg, origin=origin), -1)
    covered = [_is_covered(place, sent, away_s) for place in own]
    if not ships:
        return [AisMatch(None, dark=True) if one else NO_AIS for one in covered]
    ratio = _log_ratios(own, list(ships.values()), hulls)
    return _assigned(ratio, list(ships), covered)


def _is_covered(place: Floats, sent: Floats, away_s: Floats) -> bool:
    """Whether any ship was received around a hull."""
    near = np.hypot(*(sent - place).T) <= COVERED_M
    return bool((near & (np.abs(away_s) <= COVERED_S)).any())


def _log_ratios(own: Floats, ships: list[SentPlace], hulls: AisHulls) -> Floats:
    """Log likelihood ratio of each hull and ship, (hulls, ships); -inf beyond 400 m."""
    places, sigmas = zip(*(_shown(ship, hulls) for ship in ships), strict=True)
    sent, sigma = np.array(places), np.array(sigmas)
    squared = ((own[:, None] - sent) ** 2).sum(-1)
    normal = np.exp(-squared / 2 / sigma**2) / (2 * np.pi * sigma**2)
    density = (1 - OUTLIERS) * normal + OUTLIERS / (np.pi * NEAR_M**2)
    apart = ((sent[:, None] - sent) ** 2).sum(-1)
    others = (apart < AROUND_M**2).sum(1) - 1
    chance = np.maximum(others / (np.pi * AROUND_M**2), LEAST_PER_M2)
    ratio = np.log(density / chance) + _axis_ratio(ships, hulls)
    return np.where(squared < NEAR_M**2, ratio, -np.inf)


def _shown(ship: SentPlace, hulls: AisHulls) -> tuple[Floats, float]:
    """Place where an image shows a ship, and its error."""
    place, sigma = ship.place_m, np.hypot(PLACE_SIGMA_M, DRIFT_M_S * ship.nearest_s)
    if hulls.radar and np.isfinite([hulls.view_azimuth_deg, hulls.view_zenith_deg]).all():
        angles = {"view_azimuth_deg": hulls.view_azimuth_deg,
                  "view_zenith_deg": hulls.view_zenith_deg}  # fmt: skip
        place = place + np.array(azimuth_shift_m(*ship.velocity_m_s, **angles))
        by_speed = np.hypot(*azimuth_shift_m(
            SHIFT_SPEED_SIGMA_M_S * np.sin(np.deg2rad(hulls.view_azimuth_deg)),
            SHIFT_SPEED_SIGMA_M_S * np.cos(np.deg2rad(hulls.view_azimuth_deg)), **angles,
        ))  # fmt: skip
        sigma = np.hypot(sigma, by_speed)
    return place, float(sigma)


def _axis_ratio(ships: list[SentPlace], hulls: AisHulls) -> Floats:
    """Log ratio of the axes of hulls and the courses of ships under way."""
    velocity = np.array([ship.velocity_m_s for ship in ships])
    course = np.rad2deg(np.arctan2(velocity[:, 0], velocity[:, 1]))
    turn = (hulls.heading_deg[:, None] - course + 90) % 180 - 90
    sigma = np.hypot(np.nan_to_num(hulls.heading_sigma_deg, nan=30.0), COURSE_SIGMA_DEG)[:, None]
    normal = np.exp(-(turn**2) / 2 / sigma**2) / (np.sqrt(2 * np.pi) * sigma)
    # An axis by chance is anywhere within 180 degrees; one ship in ten is not as it seems.
    ratio = np.log((0.9 * normal + 0.1 / 180) * 180)
    counts = np.isfinite(turn) & (np.hypot(*velocity.T) > UNDER_WAY_M_S)
    return np.where(counts, ratio, 0.0)


def _assigned(ratio: Floats, names: list[str], covered: list[bool]) -> list[AisMatch]:
    """The likeliest assignment, and how likely each of its matches is."""
    hulls, ships = ratio.shape
    # A hull may also get nothing, at a ratio of one.
    cost = np.zeros((hulls, ships + hulls))
    cost[:, :ships] = -np.where(np.isfinite(ratio), ratio, -1e3)
    of_hull, of_ship = linear_sum_assignment(cost)
    chosen = dict(zip(of_hull.tolist(), of_ship.tolist(), strict=True))
    weight = np.exp(np.minimum(ratio, 50.0))
    total = 1 + weight.sum(0)[None] + weight.sum(1)[:, None] - weight
    probability = weight / total
    matches = []
    for hull in range(hulls):
        ship = chosen[hull]
        if ship < ships and np.isfinite(ratio[hull, ship]):
            matches.append(AisMatch(names[ship], dark=False, probability=probability[hull, ship]))
        elif not covered[hull] or probability[hull].max() > CLAIMED:
            matches.append(NO_AIS)
        else:
            matches.append(AisMatch(None, dark=True))
    return matches
