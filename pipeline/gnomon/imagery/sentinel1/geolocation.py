"""Places of lines and samples, and back, by range and Doppler; nothing is resampled.

A product gives places of a few hundred tie points, at the heights of the terrain there. Between
them no formula is right: the heights, and with them the ranges, jump from tie point to tie point,
and a ship on the water in the same sample as a hill of height h lies nearer to the satellite's
track than the hill's foot, by about ``h / tan(incidence)``: two kilometres below a coast of
1,900 m. So the tie points only serve to check the annotation, and to begin from. The time t of a
line and the slant range R of a sample, by the product's own polynomials, which are linear in time
between their updates, give the place P by three equations in the Earth-fixed frame ::

    |P - S(t)| = R
    (P - S(t)) . V(t) = 0       zero Doppler
    P on the ellipsoid          of semi-axes a + h, b + h

with position S and velocity V of the satellite (cubic Hermite between state vectors), by Newton's
method. Back, the time at which a place has zero Doppler gives the line, and its range at that time
the sample.

Lines and samples count from the centres of the first ones, 0. (GDAL takes the ground control points
of the raster for corners of pixels, which is half a pixel off.) The sea lies on the geoid and not
on the ellipsoid: 50 m between them are 50 to 90 m on the ground, the same for a whole port. That
height is the caller's to give.

Source: Curlander and McDonough 1991, Synthetic Aperture Radar, section 8.2; Sentinel-1 Product
Specification, S1-RS-MDA-52-7441, issue 3.9 (coordinateConversion).
"""

from contextlib import suppress

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Transformer
from scipy.interpolate import CubicHermiteSpline

from gnomon.datamodel.arrays import Float64s, Mask
from gnomon.geo.local import WGS84
from gnomon.imagery.sentinel1.annotation import Annotation, RangeConversion, TiePoints
from gnomon.imagery.sentinel1.lookup import LookupTable
from gnomon.imagery.sentinel1.metadata import ProductFileError

LIGHT_M_S = 299_792_458.0
STEPS = 8
"""Of Newton's method, which is at rounding after five."""
CLOSE_M = 0.01
"""Misfit of the equations that counts as solved."""
TIE_POINT_M = 150.0
"""What tie points may be off. They have the polynomial of the nearest update, which beside
mountains is up to 50 m in range from the one between updates, and 100 m on the ground."""
EDGE = 0.5
"""Samples beyond the outermost centres that are still the image."""
_TO_EARTH_FIXED = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)


def earth_fixed(longitude_deg: ArrayLike, latitude_deg: ArrayLike, height_m: ArrayLike) -> Float64s:
    """Earth-fixed coordinates of places, (..., 3), metres."""
    places = (np.asarray(one, float) for one in (longitude_deg, latitude_deg, height_m))
    x, y, z = np.broadcast_arrays(*places)
    return np.stack(_TO_EARTH_FIXED.transform(x, y, z), axis=-1)


def slant_range_m(conversion: RangeConversion, time_s: Float64s, ground_m: Float64s) -> Float64s:
    """Slant range of ground ranges at times, linear between the updates of the polynomials."""
    times = conversion.time_s
    last = len(times) - 1
    after = np.clip(np.searchsorted(times, time_s), min(1, last), last)
    before = np.maximum(after - 1, 0)
    step = np.where(after > before, times[after] - times[before], 1.0)
    share = np.clip((time_s - times[before]) / step, 0.0, 1.0)
    near, far = _slant_m(conversion, before, ground_m), _slant_m(conversion, after, ground_m)
    slant: Float64s = near + share * (far - near)
    return slant


def _slant_m(
    conversion: RangeConversion, update: NDArray[np.int64], ground_m: Float64s
) -> Float64s:
    """Slant range by the polynomials of given updates."""
    offset = ground_m - conversion.ground_range_m[update]
    slant = np.zeros_like(offset)
    for factor in np.moveaxis(conversion.coefficients[update], -1, 0)[::-1]:
        slant = slant * offset + factor
    return slant


class Geolocation:
    """Places of the lines and samples of one image.

    Parameters
    ----------
    annotation
        Of the image.
    height_m
        Of the surface above the ellipsoid, for example the geoid's undulation at a port.

    Raises
    ------
    ProductFileError
        Orbit, ranges and tie points of the annotation do not belong together.

    """

    def __init__(self, annotation: Annotation, *, height_m: float = 0.0) -> None:
        self._image, self._height_m = annotation, height_m
        orbit = annotation.orbit
        ends = self._time_s(np.array([0.0, annotation.lines - 1.0]))
        if ends[0] < orbit.time_s[0] - 1 or ends[1] > orbit.time_s[-1] + 1:
            raise ProductFileError("has an orbit of another time than its image; fetch it again")
        self._position = CubicHermiteSpline(orbit.time_s, orbit.position_m, orbit.velocity_m_s)
        self._velocity = self._position.derivative()
        points = annotation.tie_points
        self._start = earth_fixed(points.longitude_deg, points.latitude_deg, points.height_m)
        line, sample = np.meshgrid(points.lines, points.samples, indexing="ij")
        apart = self._solved(line, sample, points.height_m) - self._start
        if not np.linalg.norm(apart, axis=-1).max() < TIE_POINT_M:
            raise ProductFileError("has tie points that its orbit does not see; fetch it again")

    def places(self, line: ArrayLike, sample: ArrayLike) -> tuple[Float64s, Float64s]:
        """Longitude and latitude of lines and samples, degrees; they may lie between pixels."""
        x, y, z = np.moveaxis(self._points(line, sample), -1, 0)
        longitude, latitude, _ = _TO_EARTH_FIXED.transform(x, y, z, direction="INVERSE")
        return np.asarray(longitude), np.asarray(latitude)

    def pixels(
        self, longitude_deg: ArrayLike, latitude_deg: ArrayLike
    ) -> tuple[Float64s, Float64s]:
        """Lines and samples of places; NaN of what the image does not show."""
        place = earth_fixed(longitude_deg, latitude_deg, self._height_m)
        time = np.full(place.shape[:-1], self._time_s(self._image.lines / 2))
        for _ in range(STEPS):
            sight, velocity = place - self._position(time), self._velocity(time)
            time = time + (sight * velocity).sum(-1) / (velocity**2).sum(-1)
        slant = np.linalg.norm(place - self._position(time), axis=-1)
        line = (time - self._image.first_line_s) / self._image.line_interval_s
        sample = self._sample(time, slant)
        inside = self._is_inside(line, sample)
        # What lies on the other side of the track has the same time and range.
        back = self._points(np.where(inside, line, 0.0), np.where(inside, sample, 0.0))
        inside &= np.linalg.norm(back - place, axis=-1) < 1.0
        return np.where(inside, line, np.nan), np.where(inside, sample, np.nan)

    def steps_m(self, line: ArrayLike, sample: ArrayLike) -> Float64s:
        """Metres that one line and one sample lead over the ground.

        Returns
        -------
        array
            (..., 2, 2): east and north of a step of one line, then of one sample. North is true
            north, so that ``arctan2(east, north)`` is an azimuth.

        """
        line, sample = np.broadcast_arrays(np.asarray(line, float), np.asarray(sample, float))
        longitude, latitude = np.deg2rad(self.places(line, sample))
        sin_x, cos_x = np.sin(longitude), np.cos(longitude)
        sin_y, cos_y = np.sin(latitude), np.cos(latitude)
        east = np.stack([-sin_x, cos_x, np.zeros_like(sin_x)], axis=-1)
        north = np.stack([-sin_y * cos_x, -sin_y * sin_x, cos_y], axis=-1)
        steps = (
            self._points(line + 0.5, sample) - self._points(line - 0.5, sample),
            self._points(line, sample + 0.5) - self._points(line, sample - 0.5),
        )
        return np.stack(
            [np.stack([(s * east).sum(-1), (s * north).sum(-1)], axis=-1) for s in steps], axis=-2
        )

    def _time_s(self, line: ArrayLike) -> Float64s:
        image = self._image
        return np.asarray(image.first_line_s + np.asarray(line, float) * image.line_interval_s)

    def _points(self, line: ArrayLike, sample: ArrayLike) -> Float64s:
        return self._solved(line, sample, self._height_m)

    def _solved(self, line: ArrayLike, sample: ArrayLike, height_m: ArrayLike) -> Float64s:
        """Earth-fixed places of lines and samples at heights, (..., 3), metres."""
        line, sample, height = np.broadcast_arrays(
            np.asarray(line, float), np.asarray(sample, float), np.asarray(height_m, float)
        )
        time = self._time_s(line)
        slant = slant_range_m(self._image.conversion, time, sample * self._image.sample_spacing_m)
        satellite, velocity = self._position(time), self._velocity(time)
        velocity = velocity / np.linalg.norm(velocity, axis=-1, keepdims=True)
        axes = np.array([WGS84.a, WGS84.a, WGS84.b]) + height[..., None]
        place = self._nearest_tie_point(line, sample)
        misfit = np.full(place.shape, np.inf)
        # A damaged annotation may have no solution, or lead far away.
        with np.errstate(all="ignore"), suppress(np.linalg.LinAlgError):
            for _ in range(STEPS):
                misfit, slopes = _equations(place, satellite, velocity, slant, axes)
                place = place - np.linalg.solve(slopes, misfit[..., None])[..., 0]
            misfit, _ = _equations(place, satellite, velocity, slant, axes)
        if not np.abs(misfit).max(initial=0.0) < CLOSE_M:
            raise ProductFileError("has ranges that do not reach the ground; fetch it again")
        return place

    def _nearest_tie_point(self, line: Float64s, sample: Float64s) -> Float64s:
        points = self._image.tie_points
        rows, columns = (
            np.abs(nodes - values[..., None]).argmin(-1)
            for nodes, values in ((points.lines, line), (points.samples, sample))
        )
        return self._start[rows, columns]

    def _sample(self, time: Float64s, slant_m: Float64s) -> Float64s:
        """Sample of slant ranges at times."""
        conversion, spacing = self._image.conversion, self._image.sample_spacing_m
        sample = np.full(slant_m.shape, self._image.samples / 2)
        for _ in range(STEPS):
            here, next_one = (
                slant_range_m(conversion, time, (sample + step) * spacing) for step in (0, 1)
            )
            # Polynomials mean nothing far outside the image, which is all that has to be found.
            step = (slant_m - here) / (next_one - here)
            sample = np.clip(sample + step, -1.0, float(self._image.samples))
        return sample

    def _is_inside(self, line: Float64s, sample: Float64s) -> Mask:
        lines, samples = self._image.lines, self._image.samples
        down = (line >= -EDGE) & (line <= lines - 1 + EDGE)
        inside: Mask = down & (sample >= -EDGE) & (sample <= samples - 1 + EDGE)
        return inside


def _equations(
    place: Float64s, satellite: Float64s, velocity: Float64s, slant_m: Float64s, axes: Float64s
) -> tuple[Float64s, Float64s]:
    """Misfits of the three equations, (..., 3), metres, and their derivatives, (..., 3, 3)."""
    sight = place - satellite
    distance = np.linalg.norm(sight, axis=-1)
    scaled = np.linalg.norm(place / axes, axis=-1)
    polar = axes[..., 2]
    misfit = np.stack(
        [distance - slant_m, (sight * velocity).sum(-1), (scaled - 1) * polar], axis=-1
    )
    outward = polar[..., None] * place / axes**2 / scaled[..., None]
    slopes = np.stack([sight / distance[..., None], velocity, outward], axis=-2)
    return misfit, slopes


def incidence_table(points: TiePoints) -> LookupTable:
    """Angle of incidence at tie points, degrees, as a table with bilinear values between.

    Between tie points 13 km apart a straight line is within 0.002 degrees of the curve.
    """
    rows = tuple(points.incidence_deg)
    return LookupTable(points.lines, (points.samples,) * len(rows), rows)
