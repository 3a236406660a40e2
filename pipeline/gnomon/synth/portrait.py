"""One ship in open water, in the pixels of any instrument, with its truth.

What `gnomon.load` is measured on. The ship is the simulator's own (`synth.ships`): stepped and
trimmed decks, pipes, derricks, wings and funnels; the water has glint, swell, haze, silt, foam and
now and then a wake. None of that is in the model that is fitted.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import xarray as xr

from gnomon.synth.render import BANDS, Light
from gnomon.synth.scene import SceneSpec, grid, random_weather, simulate
from gnomon.synth.ships import Ship, ShipType, pick, sample_ship

EPSG, WEST_M, NORTH_M = 32652, 600_000.0, 4_670_000.0
"""South-west of Vostochny; the place decides nothing but the projection."""
ROOM_M = 90.0
"""Water on every side of the hull: the longest shadow of a freeboard that is looked for."""
_WEATHERS = ("fair", "fair", "fair", "glint", "turbid", "hazy", "rough")
# Standard deviation of noise that finer instruments have on top, by ground sampling distance: 8-bit
# steps and a short exposure (PlanetScope, panchromatic sub-metre), in reflectance.
_NOISE = {"gsd_m": (0.5, 3.0, 10.0), "sigma": (0.0015, 0.0020, 0.0)}


@dataclass(frozen=True, kw_only=True)
class Portrait:
    """A ship's picture and what is true of it."""

    pixels: xr.Dataset
    """Reflectance on a UTM grid, the ship in the middle: blue, green, red, nir; below one metre
    panchromatic (``pan``)."""
    ship: Ship
    laden: bool
    light: Light


def portrait(
    seed: int | tuple[int, ...],
    *,
    length_m: float,
    gsd_m: float,
    sun_elevation_deg: float,
    laden: bool | None = None,
    kind: ShipType = "tanker",
) -> Portrait:
    """Draw a ship and take its picture.

    Parameters
    ----------
    seed
        Decides everything that is not given: beam, load, heading, directions, weather.
    length_m, gsd_m, sun_elevation_deg
        Of ship, instrument and sun.
    laden
        Her load; drawn evenly if left out.
    kind
        Of ship.

    """
    rng = np.random.default_rng(seed)
    laden = bool(rng.integers(2)) if laden is None else laden
    ship = sample_ship(rng, kind=kind, length_m=length_m, laden=laden)
    rows = int(np.ceil((length_m + 2 * ROOM_M) / gsd_m))
    ground = grid(epsg=EPSG, west_m=WEST_M, north_m=NORTH_M, shape=(rows, rows), gsd_m=gsd_m)
    centre = rows * gsd_m / 2 + rng.uniform(-0.5, 0.5, 2) * gsd_m
    ship = replace(
        ship,
        heading_deg=float(rng.uniform(0, 360)),
        east_m=WEST_M + float(centre[0]),
        north_m=NORTH_M - float(centre[1]),
        speed_m_s=float(rng.uniform(2, 7)) if rng.random() < 0.15 else 0.0,
    )
    light = Light(
        sun_azimuth_deg=float(rng.uniform(0, 360)),
        sun_elevation_deg=sun_elevation_deg,
        view_azimuth_deg=float(rng.uniform(0, 360)),
        view_zenith_deg=float(rng.uniform(0, 10 if gsd_m > 1 else 25)),
    )
    spec = SceneSpec(
        id="portrait",
        seed=int(rng.integers(2**31)),
        geobox=ground,
        seen_at=datetime(2024, 1, 1, 2, 12, tzinfo=UTC),
        light=light,
        weather=random_weather(rng, pick(rng, _WEATHERS)),
        ships=(ship,),
    )
    pixels, _ = simulate(spec)
    return Portrait(pixels=_as_taken(rng, pixels, gsd_m), ship=ship, laden=laden, light=light)


def _as_taken(rng: np.random.Generator, pixels: xr.Dataset, gsd_m: float) -> xr.Dataset:
    sigma = float(np.interp(gsd_m, _NOISE["gsd_m"], _NOISE["sigma"]))
    names = BANDS[:4]
    if gsd_m < 1:
        pan = pixels[list(names[:3])].to_array().mean("variable")
        pixels, names = pixels[["blue"]].assign(pan=pan), ("pan",)
    noisy = {
        name: pixels[name] + np.float32(sigma) * rng.standard_normal(pixels[name].shape, np.float32)
        for name in names
    }
    return pixels[[]].assign(noisy)
