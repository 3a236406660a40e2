"""The annotation of one polarisation: size of its image, orbit, ranges, and tie points.

Times are seconds on one clock, which begins at the first state vector of the orbit.
"""

from dataclasses import dataclass
from xml.etree.ElementTree import Element

import numpy as np

from gnomon.datamodel.arrays import Float64s
from gnomon.imagery.sentinel1.metadata import (
    ProductFileError,
    ProductHeader,
    product_root,
    xml_elements,
    xml_number,
    xml_numbers,
    xml_side,
    xml_string,
    xml_time,
)

SECOND = np.timedelta64(1, "s")
FEWEST_STATES = 2


@dataclass(frozen=True, kw_only=True)
class StateVectors:
    """Where the satellite was, in the Earth-fixed frame."""

    time_s: Float64s
    """(states,), increasing."""
    position_m: Float64s
    """(states, 3)."""
    velocity_m_s: Float64s
    """(states, 3)."""


@dataclass(frozen=True, kw_only=True)
class RangeConversion:
    """From ground range to slant range: polynomials that change along the image."""

    time_s: Float64s
    """(updates,), increasing; linear between them."""
    ground_range_m: Float64s
    """(updates,): where each polynomial has its origin."""
    coefficients: Float64s
    """(updates, order + 1), of rising powers of metres."""


@dataclass(frozen=True, kw_only=True)
class TiePoints:
    """The product's own geolocation grid; all but lines and samples are (lines, samples)."""

    lines: Float64s
    samples: Float64s
    longitude_deg: Float64s
    latitude_deg: Float64s
    height_m: Float64s
    """Above the ellipsoid: that of the terrain, and not of the sea, where there is land."""
    incidence_deg: Float64s


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """What the annotation file of one polarisation says."""

    header: ProductHeader
    lines: int
    samples: int
    first_line_s: float
    line_interval_s: float
    line_spacing_m: float
    sample_spacing_m: float
    """Along the ground."""
    noise_removed: bool
    """Whether the processor took the thermal noise out."""
    orbit: StateVectors
    conversion: RangeConversion
    tie_points: TiePoints


def parse_annotation(xml: bytes) -> Annotation:
    """Read an annotation file.

    Raises
    ------
    ProductFileError
        It is another file, or not whole, or of an image that is not in ground range.

    """
    root, header = product_root(xml, "product")
    projection = xml_string(root, "generalAnnotation/productInformation/projection")
    if projection != "Ground Range":
        raise ProductFileError(f"is of an image in {projection[:40]}; only ground range is read")
    image = "imageAnnotation/imageInformation"
    removed = "imageAnnotation/processingInformation/thermalNoiseCorrectionPerformed"
    orbit, epoch = _orbit(root)
    started_at = xml_time(root, f"{image}/productFirstLineUtcTime")
    return Annotation(
        header=header,
        lines=xml_side(root, f"{image}/numberOfLines"),
        samples=xml_side(root, f"{image}/numberOfSamples"),
        first_line_s=float((started_at - epoch) / SECOND),
        line_interval_s=_positive(root, f"{image}/azimuthTimeInterval"),
        line_spacing_m=_positive(root, f"{image}/azimuthPixelSpacing"),
        sample_spacing_m=_positive(root, f"{image}/rangePixelSpacing"),
        noise_removed=xml_string(root, removed).lower() == "true",
        orbit=orbit,
        conversion=_conversion(root, epoch),
        tie_points=_tie_points(root),
    )


def _positive(root: Element, path: str) -> float:
    number = xml_number(root, path)
    if number <= 0:
        raise ProductFileError(f"has {number:g} as {path}; fetch it again")
    return number


def _orbit(root: Element) -> tuple[StateVectors, np.datetime64]:
    """State vectors, and the time that they are counted from."""
    states = list(xml_elements(root, "generalAnnotation/orbitList/orbit"))
    times = np.array([xml_time(one, "time") for one in states])
    orbit = StateVectors(
        time_s=(times - times[0]) / SECOND,
        position_m=_vectors(states, "position"),
        velocity_m_s=_vectors(states, "velocity"),
    )
    if len(times) < FEWEST_STATES or (np.diff(orbit.time_s) <= 0).any():
        raise ProductFileError("has no orbit, or one out of order; fetch it again")
    return orbit, times[0]


def _vectors(states: list[Element], name: str) -> Float64s:
    return np.array([[xml_number(one, f"{name}/{axis}") for axis in "xyz"] for one in states])


def _conversion(root: Element, epoch: np.datetime64) -> RangeConversion:
    """Polynomials from ground range to slant range; shorter ones of another order get zeros."""
    path = "coordinateConversion/coordinateConversionList/coordinateConversion"
    updates = list(xml_elements(root, path))
    times = np.array([float((xml_time(one, "azimuthTime") - epoch) / SECOND) for one in updates])
    if (np.diff(times) <= 0).any():
        raise ProductFileError("has range conversions out of order; fetch it again")
    rows = [xml_numbers(one, "grsrCoefficients") for one in updates]
    coefficients = np.zeros((len(rows), max(map(len, rows))))
    for row, whole in zip(rows, coefficients, strict=True):
        whole[: len(row)] = row
    return RangeConversion(
        time_s=times,
        ground_range_m=np.array([xml_number(one, "gr0") for one in updates]),
        coefficients=coefficients,
    )


def _tie_points(root: Element) -> TiePoints:
    points = list(
        xml_elements(root, "geolocationGrid/geolocationGridPointList/geolocationGridPoint")
    )
    lines, rows = np.unique([xml_number(p, "line") for p in points], return_inverse=True)
    samples, columns = np.unique([xml_number(p, "pixel") for p in points], return_inverse=True)
    places = set(zip(rows.tolist(), columns.tolist(), strict=True))
    if len(points) != len(places) or len(points) != len(lines) * len(samples):
        raise ProductFileError("has tie points that are no grid; fetch it again")

    def numbers(name: str) -> Float64s:
        whole = np.empty((len(lines), len(samples)))
        whole[rows, columns] = [xml_number(one, name) for one in points]
        return whole

    return TiePoints(
        lines=lines,
        samples=samples,
        longitude_deg=numbers("longitude"),
        latitude_deg=numbers("latitude"),
        height_m=numbers("height"),
        incidence_deg=numbers("incidenceAngle"),
    )
