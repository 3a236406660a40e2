"""Where a raised hull throws its shadow, and where it appears in an image.

Conventions: x points east, y north, z up, and the water surface is z = 0. Azimuths are clockwise
from north and point TOWARDS the body (the sun, the sensor). A point at height z above the water
casts its shadow at ``p - z cot(elevation) s`` and appears, in an image that was orthorectified to
the water surface, at ``p - z tan(zenith) v``, where s and v are the unit horizontal vectors towards
the sun and the sensor (Rada Giacaman 2022, doi:10.3390/rs14071702, section 2).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Metres = NDArray[np.float64]


def shadow_offset_m(
    height_m: ArrayLike, *, sun_azimuth_deg: ArrayLike, sun_elevation_deg: ArrayLike
) -> tuple[Metres, Metres]:
    """Displacement on the water from a point at a height to the shadow it casts.

    Parameters
    ----------
    height_m
        Height above the water, metres.
    sun_azimuth_deg, sun_elevation_deg
        Direction towards the sun; the elevation must be above the horizon.

    Returns
    -------
    east_m, north_m
        Metres, broadcast over the arguments.

    """
    azimuth = np.deg2rad(np.asarray(sun_azimuth_deg, float))
    reach = np.asarray(height_m, float) / np.tan(np.deg2rad(np.asarray(sun_elevation_deg, float)))
    return -reach * np.sin(azimuth), -reach * np.cos(azimuth)


def relief_offset_m(
    height_m: ArrayLike, *, view_azimuth_deg: ArrayLike, view_zenith_deg: ArrayLike
) -> tuple[Metres, Metres]:
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
    azimuth = np.deg2rad(np.asarray(view_azimuth_deg, float))
    reach = np.asarray(height_m, float) * np.tan(np.deg2rad(np.asarray(view_zenith_deg, float)))
    return -reach * np.sin(azimuth), -reach * np.cos(azimuth)
