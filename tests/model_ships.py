"""Chips of ships that are exactly as the fitted model has them, and moments of a fit."""

import numpy as np
import torch

from gnomon.freeboard.bins import ShipChip
from gnomon.freeboard.hull import PARAMETERS, SURFACES, Points, Sight, cover

LEVELS = {
    "water": (0.040, 0.042, 0.028, 0.016),
    "deck": (0.12, 0.13, 0.14, 0.15),
    "wall": (0.06, 0.06, 0.06, 0.06),
    "house": (0.30, 0.32, 0.33, 0.34),
    "deck_shadow": (-0.06, -0.07, -0.07, -0.08),
    "shadow": (-0.024, -0.026, -0.018, -0.010),
    "house_shadow": (-0.024, -0.026, -0.018, -0.010),
}


def true_ship(freeboard=4.0, length=110.0):
    """Parameters of a ship at the centre of its chip, bow at 35 degrees."""
    values = dict.fromkeys(PARAMETERS, 0.0) | {
        "length_m": length,
        "beam_m": length / 6.4,
        "heading_rad": np.deg2rad(35.0),
        "freeboard_m": freeboard,
        "house_height_m": 12.0,
        "house_length": 0.16,
        "bow_length": 0.15,
    }
    return np.array([values[name] for name in PARAMETERS])


def model_chip(freeboard=4.0, *, gsd=3.0, bands=4, noise=0.0015, seed=0, length=110.0, **changes):
    """A chip of such a ship, and roughly what is known of it beforehand."""
    rng = np.random.default_rng(seed)
    beam, heading = length / 6.4, 35.0
    half = int(np.ceil((length / 2 + 60) / gsd))
    x = (np.arange(2 * half) - half + 0.5) * gsd
    east, north = (torch.tensor(a.reshape(1, -1)) for a in np.meshgrid(x, -x))
    blur = torch.tensor([np.sqrt(0.44**2 + 1 / 12) * gsd], dtype=torch.float64)
    angles = {
        "sun_azimuth_deg": 120.0,
        "sun_elevation_deg": 30.0,
        "view_azimuth_deg": 280.0,
        "view_zenith_deg": 6.0,
    } | {key: changes.pop(key) for key in list(changes) if key.startswith(("sun", "view"))}
    sight = Sight(*(torch.tensor([np.deg2rad(a)], dtype=torch.float64) for a in angles.values()))
    ship = torch.tensor(true_ship(freeboard, length)[None])
    maps = cover(ship, Points(east, north, blur, blur), sight)[0].numpy()
    levels = np.array([LEVELS.get(name, (0.0,) * 4) for name in SURFACES]).T[:bands]
    image = (levels @ maps).reshape(bands, 2 * half, 2 * half)
    image = image + noise * rng.normal(size=image.shape)
    known = {
        "length_m": length + rng.normal(),
        "length_sigma_m": 1.0,
        "beam_m": beam + 0.3 * rng.normal(),
        "beam_sigma_m": 0.3,
        "heading_deg": heading + 2 * rng.normal() + 180 * rng.integers(2),
        "heading_sigma_deg": 2.0,
        "position_sigma_m": 2.0,
    }
    names = ("blue", "green", "red", "nir")[:bands]
    return ShipChip(
        image=image.astype(np.float32), bands=names, gsd_m=gsd, **angles, **known | changes
    )


def moments(fit):
    """Mean and standard deviation of the normalised likelihood."""
    weight = np.exp(fit.log_likelihood) * np.gradient(fit.freeboard_m)
    weight /= weight.sum()
    mean = float((weight * fit.freeboard_m).sum())
    return mean, float(np.sqrt((weight * (fit.freeboard_m - mean) ** 2).sum()))
