"""Where sun and sensor stand, and how much of the light comes straight from the sun.

The direct part of the light on level ground is ``t_dir / t_total`` with ``t_dir = exp(-(tau_r +
tau_a) / mu)`` and ``t_total = exp(-(0.5 tau_r + 0.16 tau_a) / mu)``, where ``mu`` is the cosine of
the sun's zenith (Gordon et al. 1983, doi:10.1364/AO.22.000020: Rayleigh scattering sends half of
what it takes backwards, aerosol about a sixth). Shadows and lean are those of
`gnomon.physics.shadow`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnomon.physics.shadow import relief_offset_m, shadow_offset_m

Array = NDArray[np.float64]
BANDS = ("blue", "green", "red", "nir", "swir16")
# Rayleigh optical thickness at sea level of Sentinel-2's B02, B03, B04, B08, B11.
_RAYLEIGH = np.array([0.160, 0.094, 0.045, 0.019, 0.001])
_WAVELENGTH_UM = np.array([0.492, 0.560, 0.665, 0.833, 1.614])


@dataclass(frozen=True, kw_only=True)
class Light:
    """Where the sun and the sensor stand, and how much of the light comes straight."""

    sun_azimuth_deg: float
    sun_elevation_deg: float
    view_azimuth_deg: float = 0.0
    view_zenith_deg: float = 0.0
    aerosol: float = 0.12
    """Optical thickness at 0.55 um."""
    veil: float = 1.0
    """Fraction of the direct light that thin cloud lets through."""

    def direct(self) -> Array:
        """Direct part of the light on level ground, five bands."""
        mu = np.sin(np.deg2rad(self.sun_elevation_deg))
        tau_a = self.aerosol * (_WAVELENGTH_UM / 0.55) ** -1.2
        beam = np.exp(-(_RAYLEIGH + tau_a) / mu) * self.veil
        total = np.exp(-(0.5 * _RAYLEIGH + 0.16 * tau_a) / mu)
        return np.asarray(beam / total)

    def shadow(self, height_m: float) -> Array:
        """Displacement of the shadow of a point, world metres."""
        east, north = shadow_offset_m(
            height_m,
            sun_azimuth_deg=self.sun_azimuth_deg,
            sun_elevation_deg=self.sun_elevation_deg,
        )
        return np.array([float(east), float(north)])

    def lean(self, height_m: float) -> Array:
        """Displacement of a point in the image, world metres."""
        east, north = relief_offset_m(
            height_m, view_azimuth_deg=self.view_azimuth_deg, view_zenith_deg=self.view_zenith_deg
        )
        return np.array([float(east), float(north)])
