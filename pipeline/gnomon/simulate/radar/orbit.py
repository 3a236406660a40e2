"""An orbit so simple that places and samples follow from each other in closed form.

The satellite flies along a meridian on a circle, north or south, over an earth that does not turn,
and looks right. With its direction u from the earth's centre and e to the side that it looks to,
the plane of zero Doppler holds the points ``a u + b e``, of which one is on the ellipsoid for each
b: the ground range. A place that is higher than the ellipsoid is nearer to the satellite, and lies
in the sample of a ground range that has the same slant range.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import polynomial
from numpy.typing import ArrayLike, NDArray
from pyproj import Transformer

from gnomon.datamodel.arrays import Float64s
from gnomon.geo.local import WGS84

RADIUS_M = 7.07e6
"""Of the orbit: 693 km above the ground."""
SPEED_M_S = 7500.0
RATE = SPEED_M_S / RADIUS_M
"""Radians a second."""
LINE_S = 1.5e-3
"""Time of a line, which makes it 10.1 m long."""
SAMPLE_M = 10.0
OFF_TRACK_M = 480_000.0
"""Usual ground range of the middle of the image: an incidence of 38 degrees."""
NEWTON_STEPS = 6
_TO_EARTH_FIXED = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)


@dataclass(frozen=True, kw_only=True)
class RadarOrbit:
    """Where the lines and samples of an image lie."""

    longitude_deg: float
    """Of the middle of the image, and its latitude."""
    latitude_deg: float
    lines: int
    samples: int
    northward: bool = True
    off_track_m: float = OFF_TRACK_M
    """Ground range of the middle of the image; 370 to 630 km are incidences of 31 to 46 degrees."""

    @property
    def first_sample_m(self) -> float:
        """Ground range of the first sample."""
        return self.off_track_m - SAMPLE_M * self.samples / 2

    def _angle(self, line: ArrayLike) -> Float64s:
        """Latitude of the satellite's direction, radians."""
        along = (np.asarray(line, float) - (self.lines - 1) / 2) * LINE_S * RATE
        return np.deg2rad(self._track_latitude_deg) + (along if self.northward else -along)

    @property
    def _side(self) -> float:
        """1 where it looks east."""
        return 1.0 if self.northward else -1.0

    @property
    def _track_latitude_deg(self) -> float:
        """Geocentric latitude of the satellite in the middle of the image."""
        x, y, z = _TO_EARTH_FIXED.transform(self.longitude_deg, self.latitude_deg, 0.0)
        off = self.off_track_m
        return float(np.rad2deg(np.arctan2(z, np.sqrt(x * x + y * y - off**2))))

    @property
    def meridian_deg(self) -> float:
        """Longitude of the track."""
        x, y, _ = _TO_EARTH_FIXED.transform(self.longitude_deg, self.latitude_deg, 0.0)
        return self.longitude_deg - self._side * float(
            np.rad2deg(np.arcsin(self.off_track_m / np.hypot(x, y)))
        )

    def axes(self, line: ArrayLike) -> tuple[Float64s, Float64s, Float64s]:
        """Direction to the satellite, along its flight, and to the side that it looks to."""
        phi, lam = self._angle(line), np.deg2rad(self.meridian_deg)
        up = np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], -1)
        north = np.stack([-np.sin(phi) * np.cos(lam), -np.sin(phi) * np.sin(lam), np.cos(phi)], -1)
        east = np.array([-np.sin(lam), np.cos(lam), 0.0])
        return up, self._side * north, np.broadcast_to(self._side * east, up.shape)

    def points(self, line: ArrayLike, ground_m: ArrayLike) -> tuple[Float64s, Float64s]:
        """Places on the ellipsoid, Earth-fixed, and their slant ranges."""
        up, _, side = self.axes(line)
        across = np.asarray(ground_m, float)[..., None]
        squash = (up[..., :2] ** 2).sum(-1) / WGS84.a**2 + up[..., 2] ** 2 / WGS84.b**2
        along = np.sqrt((1 - across**2 / WGS84.a**2) / squash[..., None])
        place = along * up + across * side
        return place, np.linalg.norm(place - RADIUS_M * up, axis=-1)

    def pixels(
        self, longitude_deg: ArrayLike, latitude_deg: ArrayLike, height_m: ArrayLike
    ) -> tuple[Float64s, Float64s]:
        """Lines and samples, from the first centres, of places at heights above the ellipsoid."""
        given = np.broadcast_arrays(longitude_deg, latitude_deg, height_m)
        x, y, z = map(np.asarray, _TO_EARTH_FIXED.transform(given[0], given[1], given[2]))
        lam = np.deg2rad(self.meridian_deg)
        phi = np.arctan2(z, x * np.cos(lam) + y * np.sin(lam))
        along = phi - np.deg2rad(self._track_latitude_deg)
        line = (along if self.northward else -along) / (LINE_S * RATE) + (self.lines - 1) / 2
        up, _, _ = self.axes(line)
        slant = np.linalg.norm(np.stack([x, y, z], -1) - RADIUS_M * up, axis=-1)
        ground = np.full(np.shape(slant), self.off_track_m)
        for _ in range(NEWTON_STEPS):
            here, next_one = (self.points(line, ground + step)[1] for step in (0.0, 1.0))
            ground = ground + (slant - here) / (next_one - here)
        sample = (ground - self.first_sample_m) / SAMPLE_M
        return line, sample

    def places(self, line: ArrayLike, sample: ArrayLike) -> tuple[Float64s, Float64s]:
        """Longitude and latitude of lines and samples, on the ellipsoid."""
        ground = self.first_sample_m + SAMPLE_M * np.asarray(sample, float)
        place, _ = self.points(line, ground)
        x, y, z = np.moveaxis(place, -1, 0)
        longitude, latitude, _ = _TO_EARTH_FIXED.transform(x, y, z, direction="INVERSE")
        return np.asarray(longitude), np.asarray(latitude)

    def incidence_deg(self, sample: ArrayLike) -> Float64s:
        """Angle between the vertical and the direction to the satellite."""
        ground = self.first_sample_m + SAMPLE_M * np.asarray(sample, float)
        line = np.full(ground.shape, (self.lines - 1) / 2)
        place, slant = self.points(line, ground)
        up, _, _ = self.axes(line)
        normal = place / np.array([WGS84.a**2, WGS84.a**2, WGS84.b**2])
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
        sight = (RADIUS_M * up - place) / slant[..., None]
        angle: Float64s = np.rad2deg(np.arccos((sight * normal).sum(-1)))
        return angle

    def states(self) -> Iterator[tuple[float, Float64s, Float64s]]:
        """Seconds after the first line, position and velocity."""
        for second in range(-30, 31, 10):
            up, ahead, _ = self.axes(second / LINE_S)
            yield float(second), RADIUS_M * up, SPEED_M_S * ahead

    def ranges(self, second: float) -> NDArray[np.float64]:
        """Polynomial from metres after the first sample to slant range, rising powers."""
        x = np.linspace(-50, SAMPLE_M * self.samples + 50, 40)
        line = np.full(x.shape, second / LINE_S)
        slant = self.points(line, self.first_sample_m + x)[1]
        return np.asarray(polynomial.polyfit(x, slant, 5), float)
