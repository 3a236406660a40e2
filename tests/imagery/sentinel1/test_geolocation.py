"""Places by range and Doppler: a geometry in closed form, real tie points, rasterio, geodesics."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from rasterio.control import GroundControlPoint
from rasterio.transform import GCPTransformer

from gnomon.geo.local import WGS84, distance_m
from gnomon.imagery.sentinel1.annotation import Annotation, parse_annotation
from gnomon.imagery.sentinel1.geolocation import Geolocation, earth_fixed, incidence_table
from gnomon.imagery.sentinel1.lookup import GridWindow
from gnomon.imagery.sentinel1.metadata import ProductFileError
from sentinel1_products import SmallImage, real_products, refused_in_one_line

SMALL = SmallImage()
NEAR = SmallImage(hill_deg=0.05)
"""Its tie points stand 290 m above the ellipsoid."""


def annotation_of(image: SmallImage) -> Annotation:
    return parse_annotation(image.product().encode())


@pytest.fixture(scope="module")
def images(shared_data: Path) -> list[Annotation]:
    """One polarisation of each real product: IW, EW and stripmap, S1A, S1B and S1C."""
    found = {one.name: parse_annotation(one.product) for one in real_products(shared_data)}
    assert {(a.header.mission, a.header.mode) for a in found.values()} == {
        ("S1A", "IW"), ("S1A", "EW"), ("S1B", "IW"), ("S1C", "S4")
    }  # fmt: skip
    return list(found.values())


@given(line=st.floats(0, 59), sample=st.floats(0, 89))
def test_places_of_a_known_geometry(line: float, sample: float) -> None:
    """Within a centimetre, whatever the height of the tie points, and back."""
    truth = SMALL.places(line, sample)
    for image in (SMALL, NEAR):
        geolocation = Geolocation(annotation_of(image))
        found = geolocation.places(line, sample)
        assert distance_m(np.array(found), np.array(truth)) < 0.01
        assert geolocation.pixels(*truth) == pytest.approx((line, sample), abs=2e-3)


def test_tie_points_stand_off_the_sea_by_their_height_over_the_tangent() -> None:
    points = annotation_of(NEAR).tie_points
    assert points.height_m.min() > 250
    line, sample = np.meshgrid(points.lines, points.samples, indexing="ij")
    at_sea = np.stack(Geolocation(annotation_of(NEAR)).places(line, sample), axis=-1)
    apart = distance_m(at_sea, np.stack([points.longitude_deg, points.latitude_deg], axis=-1))
    expected = points.height_m / np.tan(np.deg2rad(points.incidence_deg))
    np.testing.assert_allclose(apart, expected, rtol=2e-3)


def test_real_tie_points_are_met_at_their_own_heights(images: list[Annotation]) -> None:
    """By the orbit alone, within 2 m at sea and, by updates of the range, 60 m beside mountains."""
    for image in images:
        points = image.tie_points
        flat = np.ptp(points.height_m) < 1
        for height in np.unique(points.height_m)[[0, 5, -1]]:
            row, column = np.argwhere(points.height_m == height)[0]
            place = Geolocation(image, height_m=float(height)).places(
                points.lines[row], points.samples[column]
            )
            tie = points.longitude_deg[row, column], points.latitude_deg[row, column]
            assert distance_m(np.array(place), np.array(tie)) < (2 if flat else 60)


def test_there_and_back_over_real_images(images: list[Annotation]) -> None:
    rng = np.random.default_rng(4)
    for image in images:
        geolocation = Geolocation(image)
        line, sample = rng.uniform(0, image.lines - 1, 40), rng.uniform(0, image.samples - 1, 40)
        back = geolocation.pixels(*geolocation.places(line, sample))
        np.testing.assert_allclose(back, (line, sample), atol=1e-3)


def test_steps_are_those_of_geodesics_over_real_images(images: list[Annotation]) -> None:
    """Length and azimuth; the spacing that the annotation gives is 1.7 % short along azimuth."""
    rng = np.random.default_rng(5)
    for image in images:
        geolocation = Geolocation(image)
        line, sample = rng.uniform(9, image.lines - 9, 20), rng.uniform(9, image.samples - 9, 20)
        steps = geolocation.steps_m(line, sample)
        for way, (down, along) in enumerate(((2, 0), (0, 2))):
            start = geolocation.places(line - down / 2, sample - along / 2)
            end = geolocation.places(line + down / 2, sample + along / 2)
            azimuth, _, length = WGS84.inv(*start, *end)
            east, north = np.moveaxis(steps[:, way], -1, 0)
            np.testing.assert_allclose(np.hypot(east, north), np.array(length) / 2, rtol=1e-4)
            turn = np.rad2deg(np.arctan2(east, north)) - azimuth
            assert np.abs((turn + 180) % 360 - 180).max() < 0.01
        across = np.hypot(*np.moveaxis(steps[:, 1], -1, 0))
        np.testing.assert_allclose(across, image.sample_spacing_m, rtol=5e-3)
        ratio = np.hypot(*np.moveaxis(steps[:, 0], -1, 0)) / image.line_spacing_m
        assert ratio.min() > 1.0
        assert ratio.max() < 1.02


def test_rasterio_agrees_over_the_sea(images: list[Annotation]) -> None:
    """Its splines through tie points at sea level; its pixels count from corners, as given it."""
    (palau,) = [one for one in images if np.abs(one.tie_points.height_m).max() < 0.01]
    points = palau.tie_points
    control = [
        GroundControlPoint(
            row=points.lines[i], col=points.samples[j],
            x=points.longitude_deg[i, j], y=points.latitude_deg[i, j],
        )
        for i in range(len(points.lines)) for j in range(len(points.samples))
    ]  # fmt: skip
    rng = np.random.default_rng(6)
    line, sample = rng.uniform(0, 18_000, 50), rng.uniform(0, 25_000, 50)
    with GCPTransformer(control, tps=True) as transformer:
        theirs = np.array(transformer.xy(line, sample, offset="ul")).T
    ours = np.stack(Geolocation(palau).places(line, sample), axis=-1)
    assert distance_m(ours, theirs).max() < 6  # between their points they bend freely


def test_real_rasters_count_their_points_from_the_first_sample(shared_data: Path) -> None:
    """One pixel in 20: the first point is 0 and the last the last line, which fixes the rest."""
    files = sorted((shared_data / "s1" / "safe" / "decimated").rglob("*.tiff"))
    assert len(files) == 3
    for file in files:
        with rasterio.open(file) as source:
            points, crs = source.gcps
            shape = source.shape
        assert crs.to_epsg() == 4326
        for size, along in zip(
            shape, ([p.row for p in points], [p.col for p in points]), strict=True
        ):
            whole = size / (size - max(along))  # lines or samples of the product
            counted = np.array(along) * whole / size
            assert counted.min() == 0
            np.testing.assert_allclose(counted, counted.round(), atol=0.01)


def test_incidence_is_that_of_the_orbit(images: list[Annotation]) -> None:
    """The angle between the sight of the satellite and the ellipsoid's normal, by other means."""
    for image in images:
        geolocation, points = Geolocation(image), image.tie_points
        low = np.argwhere(np.abs(points.height_m) < 20)[::7]
        line, sample = points.lines[low[:, 0]], points.samples[low[:, 1]]
        longitude, latitude = geolocation.places(line, sample)
        place = earth_fixed(longitude, latitude, 0.0)
        up = earth_fixed(longitude, latitude, 1.0) - place
        time = image.first_line_s + line * image.line_interval_s
        states = np.array([np.interp(time, image.orbit.time_s, axis)
                           for axis in image.orbit.position_m.T]).T  # fmt: skip
        sight = states - place
        cosine = (sight * up).sum(-1) / np.linalg.norm(sight, axis=-1)
        table = incidence_table(points)
        found = [table.on(GridWindow(int(i), int(j), 1, 1))[0, 0]
                 for i, j in zip(line, sample, strict=True)]  # fmt: skip
        # Straight lines between states are up to 100 m too low: 0.01 degrees; the rest is theirs.
        np.testing.assert_allclose(found, np.rad2deg(np.arccos(cosine)), atol=0.06)


def test_places_outside_the_image_have_no_pixels() -> None:
    geolocation = Geolocation(annotation_of(SMALL))
    inside = SMALL.places(30.0, 45.0)
    beyond = [SMALL.places(-1.0, 45.0), SMALL.places(30.0, 91.0), (0.0, 0.0), (-48.0, -42.0)]
    mirrored = 2 * SMALL.MERIDIAN_DEG - inside[0], inside[1]
    lines, samples = geolocation.pixels(*np.array([inside, *beyond, mirrored]).T)
    assert np.isfinite(lines[0])
    assert np.isnan(lines[1:]).all()
    assert np.isnan(samples[1:]).all()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda x: x.replace("09:00:30.0", "08:59:00.0"), "out of order"),
        (lambda x: x.replace("FirstLineUtcTime>2026", "FirstLineUtcTime>2025"), "another time"),
        (lambda x: x.replace("<longitude>13", "<longitude>14"), "does not see"),
        (lambda x: x.replace("<pixel>89</pixel>", "<pixel>0</pixel>"), "no grid"),
        (lambda x: x.replace("Ground Range", "Slant Range"), "in Slant Range"),
        (lambda x: x.replace("Lines>60<", "Lines>600000<"), "600,000 as"),
        (lambda x: x.replace("Interval>0.0015<", "Interval>0<"), "has 0 as"),
        (lambda x: x.replace("2026-07-01T09:00:00.000000<", "yesterday<"), "not a time"),
        (lambda x: x.replace(">GRD<", ">SLC<"), "only GRD is read"),
    ],
)
def test_faults_of_an_annotation_are_one_line(change: object, why: str) -> None:
    xml = change(SMALL.product())  # type: ignore[operator]
    assert xml != SMALL.product()
    refused_in_one_line(
        lambda: Geolocation(parse_annotation(xml.encode())), why, error=ProductFileError
    )


def test_ranges_that_miss_the_earth_are_refused() -> None:
    image = annotation_of(SMALL)
    short = replace(image.conversion, coefficients=image.conversion.coefficients / 3)
    with pytest.raises(ProductFileError, match="do not reach the ground"):
        Geolocation(replace(image, conversion=short))
