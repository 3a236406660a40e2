"""Reflectances as a picture for the eye, in natural colour.

The stretch is relative to the water: its median in green becomes a medium grey-green, half as much
light is dark, and bright light is compressed. So a shadow shows in every picture, decks and quays
keep their shapes, and two pictures of one place compare.

Radar is shown in grey, one polarisation, as amplitude: the square root of its power, whose range is
that of the eye.
"""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

BRIGHTEST, KNEE = 1.18, 1.6
"""Of the curve ``BRIGHTEST x / (x + KNEE)``, x in units of the water's green: water comes out at
0.45 of white, its shadow at half of the light at 0.28, white at nine times the water."""
COLOURS = "red", "green", "blue"
RADAR = "vv", "hh", "vh", "hv"


def natural_bands(pixels: xr.Dataset) -> NDArray[np.float32]:
    """Red, green and blue, or one band three times, (3, rows, columns).

    Raises
    ------
    ValueError
        There is no band that the eye could see.

    """
    names = COLOURS if _has_colours(pixels) else (_only(pixels),) * 3
    return np.stack([_light(pixels, name) for name in names])


def water_light(pixels: xr.Dataset) -> float:
    """Median of the water in green, or in the only band."""
    band = _light(pixels, "green" if _has_colours(pixels) else _only(pixels))
    dry = [pixels[name].to_numpy() for name in ("land", "cloud", "ice") if name in pixels]
    wet = np.where(np.any(dry, axis=0), np.nan, band) if dry else band
    chosen = wet if np.isfinite(wet).mean() > 0.05 else band
    return max(float(np.nanmedian(chosen)), 1e-6)


def stretched(stack: NDArray[np.float32], water: float) -> NDArray[np.uint8]:
    """Brightness for the eye, (rows, columns, 3); black where there are no data."""
    light = np.clip(np.nan_to_num(stack / water), 0, None)
    shown = np.clip(BRIGHTEST * light / (light + KNEE), 0, 1)
    return np.moveaxis(shown * 255, 0, -1).astype(np.uint8)


def _has_colours(pixels: xr.Dataset) -> bool:
    return all(name in pixels for name in COLOURS)


def _light(pixels: xr.Dataset, name: str) -> NDArray[np.float32]:
    """Numbers of a band that are in proportion to how bright it is shown."""
    values = pixels[name].to_numpy().astype(np.float32)
    return np.sqrt(np.maximum(values, 0)) if name in RADAR else values


def _only(pixels: xr.Dataset) -> str:
    for name in ("pan", "green", "red", "nir", "blue", *RADAR):
        if name in pixels:
            return name
    raise ValueError("a picture needs a band")
