r"""Where a raised hull throws its shadow, where it appears in an image, and how dark the shadow is.

Conventions: x points east, y north, z up, and the water surface is z = 0. Azimuths are clockwise
from north and point TOWARDS the body (the sun, the sensor). A point at height z above the water
casts its shadow at ``p - z cot(elevation) s`` and appears, in an image that was orthorectified to
the water surface, at ``p - z tan(zenith) v``, where s and v are the unit horizontal vectors towards
the sun and the sensor (Rada Giacaman 2022, doi:10.3390/rs14071702, section 2).

Across a hull with heading psi, ``s_s = sin(sun azimuth - psi)`` and ``s_v = sin(view azimuth -
psi)`` say how far the sun and the sensor stand abeam, positive to starboard. On the shaded side the
image shows, from the deck edge outwards, wall (if the sensor looks at it) and then shadow::

      sun \                        deck edge to shadow edge, signed:
           \  +--------+           D = h sgn(s_s) (cot(a) s_s - tan(th) s_v)
            \ |  hull  | h
    ~~~~~~~~~~~+--------+=======~~~~~~~   ======= shadow, h cot(a) |s_s| wide

With the sensor on the sun's side the deck, leaning away from it, covers a part of the shadow; where
D <= 0 it covers the whole, and the freeboard cannot be read there.

Everything takes numbers and arrays alike. Where a formula has no answer (sun at or below the
horizon, sensor at or below it, nothing to divide by) the answer is NaN, not an error and not a
large number.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SUN_DIAMETER_RAD = 0.0093
"""Angular diameter of the sun at its mean distance, 0.533 degrees."""


def shadow_offset_m(
    height_m: ArrayLike, *, sun_azimuth_deg: ArrayLike, sun_elevation_deg: ArrayLike
) -> tuple[Floats, Floats]:
    """Displacement on the water from a point at a height to the shadow it casts.

    Parameters
    ----------
    height_m
        Height above the water, metres.
    sun_azimuth_deg, sun_elevation_deg
        Direction towards the sun; NaN comes back where it is not above the horizon.

    Returns
    -------
    east_m, north_m
        Metres, broadcast over the arguments.

    """
    return _away(np.asarray(height_m, float) * _cot(sun_elevation_deg), sun_azimuth_deg)


def relief_offset_m(
    height_m: ArrayLike, *, view_azimuth_deg: ArrayLike, view_zenith_deg: ArrayLike
) -> tuple[Floats, Floats]:
    """Displacement in the image of a point at a height: it leans away from the sensor.

    Parameters
    ----------
    height_m
        Height above the water, metres.
    view_azimuth_deg, view_zenith_deg
        Direction from the target towards the sensor.

    Returns
    -------
    east_m, north_m
        Metres, broadcast over the arguments.

    """
    return _away(np.asarray(height_m, float) * _tan(view_zenith_deg), view_azimuth_deg)


def height_from_shadow_m(reach_m: ArrayLike, *, sun_elevation_deg: ArrayLike) -> Floats:
    """Height of a point whose shadow falls ``reach_m`` away from its foot, metres.

    The inverse of the length of `shadow_offset_m`. A sun in the zenith casts no shadow: NaN.
    """
    return _ratio(reach_m, _cot(sun_elevation_deg))


def height_from_relief_m(reach_m: ArrayLike, *, view_zenith_deg: ArrayLike) -> Floats:
    """Height of a point that appears ``reach_m`` away from its foot, metres.

    The inverse of the length of `relief_offset_m`. Seen from the zenith nothing leans: NaN.
    """
    return _ratio(reach_m, _tan(view_zenith_deg))


def beam_shadow_m(
    height_m: ArrayLike,
    *,
    heading_deg: ArrayLike,
    sun_azimuth_deg: ArrayLike,
    sun_elevation_deg: ArrayLike,
) -> Floats:
    """Width of the shadow on the water beyond the hull's side, across the hull, metres."""
    abeam = np.abs(_abeam(sun_azimuth_deg, heading_deg))
    return np.asarray(height_m, float) * _cot(sun_elevation_deg) * abeam


def wall_m(
    height_m: ArrayLike,
    *,
    heading_deg: ArrayLike,
    view_azimuth_deg: ArrayLike,
    view_zenith_deg: ArrayLike,
) -> Floats:
    """Width of the hull's side in the image, on the sensor's side, across the hull, metres."""
    abeam = np.abs(_abeam(view_azimuth_deg, heading_deg))
    return np.asarray(height_m, float) * _tan(view_zenith_deg) * abeam


def deck_to_shadow_m(
    height_m: ArrayLike,
    *,
    heading_deg: ArrayLike,
    sun_azimuth_deg: ArrayLike,
    sun_elevation_deg: ArrayLike,
    view_azimuth_deg: ArrayLike,
    view_zenith_deg: ArrayLike,
) -> Floats:
    """Distance in the image from the deck's edge out to the shadow's edge, on the shaded side.

    Parameters
    ----------
    height_m
        Freeboard: height of the deck's edge above the water, metres.
    heading_deg
        Of the bow, or of the stern: the answer is the same.
    sun_azimuth_deg, sun_elevation_deg, view_azimuth_deg, view_zenith_deg
        Directions towards the sun and the sensor.

    Returns
    -------
    ndarray
        Metres across the hull. Negative: the deck leans over the shadow and hides it all. Zero
        with the sun along the hull, where neither side is the shaded one.

    """
    per_metre = _deck_to_shadow_per_metre(
        heading_deg, sun_azimuth_deg, sun_elevation_deg, view_azimuth_deg, view_zenith_deg
    )
    return np.asarray(height_m, float) * per_metre


def height_from_deck_to_shadow_m(
    distance_m: ArrayLike,
    *,
    heading_deg: ArrayLike,
    sun_azimuth_deg: ArrayLike,
    sun_elevation_deg: ArrayLike,
    view_azimuth_deg: ArrayLike,
    view_zenith_deg: ArrayLike,
) -> Floats:
    """Freeboard from the distance that `deck_to_shadow_m` gives, metres.

    NaN where the shadow cannot be seen at any freeboard: hidden by the deck, or the sun along the
    hull. An error of the distance becomes an error of the freeboard by the same factor.
    """
    per_metre = _deck_to_shadow_per_metre(
        heading_deg, sun_azimuth_deg, sun_elevation_deg, view_azimuth_deg, view_zenith_deg
    )
    return _ratio(distance_m, np.where(per_metre > 0, per_metre, np.nan))


def visible_shadow_m(
    height_m: ArrayLike,
    *,
    heading_deg: ArrayLike,
    sun_azimuth_deg: ArrayLike,
    sun_elevation_deg: ArrayLike,
    view_azimuth_deg: ArrayLike,
    view_zenith_deg: ArrayLike,
) -> Floats:
    """Width of shaded WATER that the image shows across the hull, metres, never negative.

    Sun and sensor on opposite sides: the whole shadow (the wall lies between it and the deck). On
    the same side: what the leaning deck leaves of it.
    """
    shadow = beam_shadow_m(
        height_m,
        heading_deg=heading_deg,
        sun_azimuth_deg=sun_azimuth_deg,
        sun_elevation_deg=sun_elevation_deg,
    )
    distance = deck_to_shadow_m(
        height_m,
        heading_deg=heading_deg,
        sun_azimuth_deg=sun_azimuth_deg,
        sun_elevation_deg=sun_elevation_deg,
        view_azimuth_deg=view_azimuth_deg,
        view_zenith_deg=view_zenith_deg,
    )
    return np.maximum(np.minimum(shadow, distance), 0.0)


def tip_to_shadow_m(
    height_m: ArrayLike,
    *,
    sun_azimuth_deg: ArrayLike,
    sun_elevation_deg: ArrayLike,
    view_azimuth_deg: ArrayLike,
    view_zenith_deg: ArrayLike,
) -> Floats:
    """Distance in the image from the top of an object to the tip of its shadow, metres.

    ``h sqrt(cot^2 a + tan^2 th - 2 cot a tan th cos(difference of azimuths))``, never negative.
    """
    cot, tan = _cot(sun_elevation_deg), _tan(view_zenith_deg)
    apart = np.deg2rad(np.asarray(sun_azimuth_deg, float) - np.asarray(view_azimuth_deg, float))
    square = cot**2 + tan**2 - 2 * cot * tan * np.cos(apart)
    per_metre: Floats = np.sqrt(np.maximum(square, 0.0))
    return np.asarray(height_m, float) * per_metre


def off_axis_deg(azimuth_deg: ArrayLike, heading_deg: ArrayLike) -> Floats:
    """Angle between a direction and the axis of a hull, whichever end is the bow, 0 to 90."""
    apart = np.asarray(azimuth_deg, float) - np.asarray(heading_deg, float)
    angle: Floats = np.abs((apart + 90.0) % 180.0 - 90.0)
    return angle


def height_error_per_heading_deg(
    *,
    heading_deg: ArrayLike,
    sun_azimuth_deg: ArrayLike,
    sun_elevation_deg: ArrayLike,
    view_azimuth_deg: ArrayLike,
    view_zenith_deg: ArrayLike,
) -> Floats:
    """Relative error of a freeboard read from `deck_to_shadow_m` per degree of heading error.

    Without bound as the sun comes to lie along the hull, where it is NaN.
    """
    sun, view = np.asarray(sun_azimuth_deg, float), np.asarray(view_azimuth_deg, float)
    heading = np.asarray(heading_deg, float)
    cot, tan = _cot(sun_elevation_deg), _tan(view_zenith_deg)
    along = cot * np.cos(np.deg2rad(sun - heading)) - tan * np.cos(np.deg2rad(view - heading))
    across = cot * _abeam(sun, heading) - tan * _abeam(view, heading)
    return _ratio(along, across) * float(np.deg2rad(1.0))


def penumbra_m(height_m: ArrayLike, *, sun_elevation_deg: ArrayLike) -> Floats:
    """Width of the blurred edge of a shadow on the water, along the sun's azimuth, metres.

    The sun is a disc: ``0.0093 h / sin^2 a``, the shift of the shadow over the sun's diameter.
    """
    sine: Floats = np.sin(np.deg2rad(_above(sun_elevation_deg)))
    return SUN_DIAMETER_RAD * np.asarray(height_m, float) / sine**2


def air_mass(sun_elevation_deg: ArrayLike) -> Floats:
    """Optical path through the atmosphere in units of the vertical one.

    ``1 / (sin a + 0.50572 (a + 6.07995)^-1.6364)``, a in degrees (Kasten and Young 1989,
    doi:10.1364/AO.28.004735).
    """
    elevation = _above(sun_elevation_deg)
    return 1.0 / (np.sin(np.deg2rad(elevation)) + 0.50572 * (elevation + 6.07995) ** -1.6364)


def optical_depth(
    wavelength_um: ArrayLike, *, aerosol_at_550: float = 0.15, angstrom: float = 1.3
) -> Floats:
    """Rayleigh and aerosol optical depth of a vertical path at sea level.

    Rayleigh: Hansen and Travis 1974, doi:10.1007/BF00168069, equation 2.30. Aerosol: the law of
    Angstrom; 0.15 at 550 nm is clear coastal air, 0.4 is haze.
    """
    um = np.asarray(wavelength_um, float)
    rayleigh = 0.008569 * um**-4 * (1 + 0.0113 * um**-2 + 0.00013 * um**-4)
    return rayleigh + aerosol_at_550 * (um / 0.55) ** -angstrom


def direct_fraction(
    wavelength_um: ArrayLike,
    *,
    sun_elevation_deg: ArrayLike,
    aerosol_at_550: float = 0.15,
    angstrom: float = 1.3,
    forward_fraction: float = 0.65,
) -> Floats:
    """Fraction of the light on level water that comes straight from the sun, 0 to 1.

    Single scattering: of the light that leaves the beam, ``forward_fraction`` still reaches the
    ground as skylight (one half for Rayleigh, 0.8 to 0.9 for aerosol; 0.65 is their mean here).
    """
    depth = optical_depth(wavelength_um, aerosol_at_550=aerosol_at_550, angstrom=angstrom)
    direct = np.exp(-depth * air_mass(sun_elevation_deg))
    return direct / (direct + forward_fraction * (1 - direct))


def shadow_drop(
    water_reflectance: ArrayLike,
    *,
    direct_fraction: ArrayLike,
    glint_reflectance: ArrayLike = 0.0,
    transmittance: ArrayLike = 1.0,
) -> Floats:
    """How much darker water is in a shadow, in the unit of the reflectances.

    Parameters
    ----------
    water_reflectance, glint_reflectance
        Of the water's body and of the sun's glitter on it, as reflectance at the surface.
    direct_fraction
        Of the light, from `direct_fraction`. Skylight and its reflection remain.
    transmittance
        From the surface to the sensor: 1 for surface reflectance; path radiance remains.

    Returns
    -------
    ndarray
        Light in the open less light in the shadow; multiple scattering from the sunlit water
        beside, which fills a narrow shadow, is left out.

    """
    lit: Floats = np.asarray(water_reflectance, float) + np.asarray(glint_reflectance, float)
    drop: Floats = lit * np.asarray(direct_fraction, float) * np.asarray(transmittance, float)
    return drop


def _deck_to_shadow_per_metre(
    heading: ArrayLike,
    sun_azimuth: ArrayLike,
    sun_elevation: ArrayLike,
    view_azimuth: ArrayLike,
    view_zenith: ArrayLike,
) -> Floats:
    sun, view = _abeam(sun_azimuth, heading), _abeam(view_azimuth, heading)
    return np.sign(sun) * (_cot(sun_elevation) * sun - _tan(view_zenith) * view)


def _abeam(azimuth_deg: ArrayLike, heading_deg: ArrayLike) -> Floats:
    """Sine of the angle from the bow to a direction: how far it stands to starboard."""
    angle = np.asarray(azimuth_deg, float) - np.asarray(heading_deg, float)
    # Exactly zero along the hull: the sine of a rounded pi would choose a side.
    return np.where(angle % 180.0 == 0, 0.0, np.sin(np.deg2rad(angle)))


def _away(reach_m: Floats, azimuth_deg: ArrayLike) -> tuple[Floats, Floats]:
    azimuth = np.deg2rad(np.asarray(azimuth_deg, float))
    return -reach_m * np.sin(azimuth), -reach_m * np.cos(azimuth)


def _above(elevation_deg: ArrayLike) -> Floats:
    """Elevation, NaN unless above the horizon and not beyond the zenith."""
    elevation = np.asarray(elevation_deg, float)
    return np.where((elevation > 0) & (elevation <= 90), elevation, np.nan)


def _cot(elevation_deg: ArrayLike) -> Floats:
    elevation = np.deg2rad(_above(elevation_deg))
    return np.cos(elevation) / np.sin(elevation)


def _tan(zenith_deg: ArrayLike) -> Floats:
    zenith = np.asarray(zenith_deg, float)
    return np.tan(np.deg2rad(np.where((zenith >= 0) & (zenith < 90), zenith, np.nan)))


def _ratio(above: ArrayLike, below: ArrayLike) -> Floats:
    """Quotient; NaN where the divisor is zero to rounding."""
    divisor = np.asarray(below, float)
    # 1e-12: cos(90 degrees) in floating point is 6e-17, and no angle is known to 1e-12.
    return np.asarray(above, float) / np.where(np.abs(divisor) > 1e-12, divisor, np.nan)
