"""One ship in open water, in the pixels of any instrument, with its truth.

The freeboard estimate is evaluated on these. The ship is the simulator's own
(`gnomon.simulate.pixels.ships`): stepped and trimmed decks, pipes, derricks, wings and funnels; the
water has glint, swell, haze, silt, foam and now and then a wake. None of that is in the model that
is fitted.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import xarray as xr
from odc.geo.geobox import GeoBox
from pyproj import Proj
from shapely import Point

from gnomon.datamodel.ship_types import ShipType
from gnomon.simulate.pixels.light import BANDS, Light
from gnomon.simulate.pixels.scene import SceneSpec, grid, random_weather, simulate
from gnomon.simulate.pixels.sea import Weather
from gnomon.simulate.pixels.ships import Ship, pick, sample_ship

EPSG, WEST_M, NORTH_M = 32652, 600_000.0, 4_670_000.0
"""South-west of Vostochny; the place decides nothing but the projection."""
ROOM_M = 90.0
"""Water on every side of the hull: the longest shadow of a freeboard that is estimated."""
_WEATHERS = ("fair", "fair", "fair", "glint", "turbid", "hazy", "rough")
# Standard deviation of noise that finer instruments have on top, by ground sampling distance: 8-bit
# steps and a short exposure (PlanetScope, panchromatic sub-metre), in reflectance.
_NOISE = {"gsd_m": (0.5, 3.0, 10.0), "sigma": (0.0015, 0.0020, 0.0)}


@dataclass(frozen=True, kw_only=True)
class Portrait:
    """Pixels of a ship, and their truth."""

    pixels: xr.Dataset
    """Reflectance on a UTM grid, the ship in the middle: blue, green, red, nir; below one metre
    panchromatic (``pan``)."""
    ship: Ship
    laden: bool
    light: Light
    weather: Weather
    seed: int
    """Of the water's texture and the instrument's noise."""

    def row(
        self,
        *,
        length_sigma_m: float = 1.0,
        beam_sigma_m: float = 0.3,
        heading_sigma_deg: float = 2.0,
    ) -> pd.Series:
        """Make the row that a table of detections has of it (`gnomon.datamodel.tables`).

        Its size is the true one, with the error of a ship register unless another is given. Angles
        are from true north, as in a table; the simulator's are from the grid's.
        """
        place = Proj(f"EPSG:{EPSG}")
        lon, lat = place(self.ship.east_m, self.ship.north_m, inverse=True)
        turn = place.get_factors(lon, lat).meridian_convergence
        values = {
            "geometry": Point(lon, lat),
            "sensor": "optical",
            "length_m": self.ship.length_m,
            "length_sigma_m": length_sigma_m,
            "beam_m": self.ship.beam_m,
            "beam_sigma_m": beam_sigma_m,
            "heading_deg": (self.ship.heading_deg + turn) % 180,
            "heading_sigma_deg": heading_sigma_deg,
            "sun_azimuth_deg": (self.light.sun_azimuth_deg + turn) % 360,
            "sun_elevation_deg": self.light.sun_elevation_deg,
            "view_azimuth_deg": (self.light.view_azimuth_deg + turn) % 360,
            "view_zenith_deg": self.light.view_zenith_deg,
            "gsd_m": abs(float(self.pixels.odc.geobox.resolution.x)),
        }
        return pd.Series(values, dtype=object)


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
        Whether it is laden; drawn evenly if left out.
    kind
        Of ship.

    """
    rng = np.random.default_rng(seed)
    laden = bool(rng.integers(2)) if laden is None else laden
    ship = sample_ship(rng, kind=kind, length_m=length_m, laden=laden)
    middle = _rows(length_m, gsd_m) * gsd_m / 2 + rng.uniform(-0.5, 0.5, 2) * gsd_m
    ship = replace(
        ship,
        heading_deg=float(rng.uniform(0, 360)),
        east_m=WEST_M + float(middle[0]),
        north_m=NORTH_M - float(middle[1]),
        speed_m_s=float(rng.uniform(2, 7)) if rng.random() < 0.15 else 0.0,
    )
    light = Light(
        sun_azimuth_deg=float(rng.uniform(0, 360)),
        sun_elevation_deg=sun_elevation_deg,
        view_azimuth_deg=float(rng.uniform(0, 360)),
        view_zenith_deg=float(rng.uniform(0, 10 if gsd_m > 1 else 25)),
    )
    texture = int(rng.integers(2**31))
    weather = random_weather(rng, pick(rng, _WEATHERS))
    pixels = _taken(ship, light, weather, gsd_m=gsd_m, seed=texture)
    return Portrait(
        pixels=pixels, ship=ship, laden=laden, light=light, weather=weather, seed=texture
    )


def retaken(sitter: Portrait, *, gsd_m: float, sun_elevation_deg: float) -> Portrait:
    """Take the same ship again: load, place, directions and weather stay.

    Parameters
    ----------
    sitter
        The first picture.
    gsd_m, sun_elevation_deg
        Of the second.

    """
    light = replace(sitter.light, sun_elevation_deg=sun_elevation_deg)
    pixels = _taken(sitter.ship, light, sitter.weather, gsd_m=gsd_m, seed=sitter.seed)
    return replace(sitter, pixels=pixels, light=light)


def _taken(ship: Ship, light: Light, weather: Weather, *, gsd_m: float, seed: int) -> xr.Dataset:
    """Simulate the pixels around a ship."""
    spec = SceneSpec(
        id="portrait",
        seed=seed,
        geobox=_ground(ship, gsd_m),
        seen_at=datetime(2024, 1, 1, 2, 12, tzinfo=UTC),
        light=light,
        weather=weather,
        ships=(ship,),
    )
    pixels, _ = simulate(spec)
    # The scene's own layers are numbered from 0.
    return _as_taken(np.random.default_rng([seed, 100]), pixels, gsd_m)


def _ground(ship: Ship, gsd_m: float) -> GeoBox:
    """Whole pixels around a ship, which lies within half of one from the middle."""
    rows = _rows(ship.length_m, gsd_m)
    half = rows * gsd_m / 2
    west, north = (gsd_m * round(at / gsd_m) for at in (ship.east_m - half, ship.north_m + half))
    return grid(epsg=EPSG, west_m=west, north_m=north, shape=(rows, rows), gsd_m=gsd_m)


def _rows(length_m: float, gsd_m: float) -> int:
    return int(np.ceil((length_m + 2 * ROOM_M) / gsd_m))


def _as_taken(rng: np.random.Generator, pixels: xr.Dataset, gsd_m: float) -> xr.Dataset:
    """Add the noise of finer instruments; below one metre they have one band."""
    sigma = float(np.interp(gsd_m, _NOISE["gsd_m"], _NOISE["sigma"]))
    names: tuple[str, ...] = BANDS[:4]
    if gsd_m < 1:
        pan = pixels[list(names[:3])].to_array().mean("variable")
        pixels, names = pixels[["blue"]].assign(pan=pan), ("pan",)
    noisy = {
        name: pixels[name] + np.float32(sigma) * rng.standard_normal(pixels[name].shape, np.float32)
        for name in names
    }
    return pixels[[]].assign(noisy)
