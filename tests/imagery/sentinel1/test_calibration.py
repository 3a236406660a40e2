"""Sigma0 and noise against scipy's interpolation, on real tables and small ones."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import RegularGridInterpolator

from gnomon.imagery.sentinel1.annotation import parse_annotation
from gnomon.imagery.sentinel1.calibration import (
    STRIP_PX,
    parse_calibration,
    parse_noise,
    sigma0_of,
)
from gnomon.imagery.sentinel1.geolocation import incidence_table
from gnomon.imagery.sentinel1.lookup import GridWindow, LookupTable
from gnomon.imagery.sentinel1.metadata import ProductFileError, product_root, xml_numbers
from sentinel1_products import (
    ProductFiles,
    SmallImage,
    real_products,
    refused_in_one_line,
    rfi_files,
)

SMALL = SmallImage()


@pytest.fixture(scope="module")
def products(shared_data: Path) -> list[ProductFiles]:
    return real_products(shared_data)


def by_points(table: LookupTable, line: float, sample: float) -> float:
    """Bilinear interpolation of one point, in the plainest way."""
    by_vector = [np.interp(sample, x, y) for x, y in zip(table.samples, table.values, strict=True)]
    return float(np.interp(line, table.lines, by_vector))


def by_blocks(xml: str | bytes, line: int, sample: int) -> float:
    """Factor of the block that holds a point."""
    data = xml.encode() if isinstance(xml, str) else xml
    for one in product_root(data, "noise")[0].iter("noiseAzimuthVector"):
        top, left, bottom, right = (
            int(one.findtext(name, ""))
            for name in (
                "firstAzimuthLine",
                "firstRangeSample",
                "lastAzimuthLine",
                "lastRangeSample",
            )
        )
        if top <= line <= bottom and left <= sample <= right:
            return float(
                np.interp(line, xml_numbers(one, "line"), xml_numbers(one, "noiseAzimuthLut"))
            )
    return 1.0


def test_real_tables_are_bilinear(products: list[ProductFiles]) -> None:
    rng = np.random.default_rng(2)
    for files in products:
        image, noise = parse_annotation(files.product), parse_noise(files.noise)
        table = parse_calibration(files.calibration).sigma0
        grid = RegularGridInterpolator(
            (table.lines, table.samples[0]), np.array(table.values), method="linear"
        )
        for _ in range(6):
            top, left = int(rng.integers(image.lines - 40)), int(rng.integers(image.samples - 50))
            window = GridWindow(top, left, 40, 50)
            points = np.stack(np.meshgrid(window.rows, window.columns, indexing="ij"), axis=-1)
            np.testing.assert_allclose(table.on(window), grid(points), rtol=1e-6)
            line, sample = int(rng.integers(40)), int(rng.integers(50))
            expected = by_points(noise.along_range, top + line, left + sample)
            expected *= by_blocks(files.noise, top + line, left + sample)
            assert noise.on(window)[line, sample] == pytest.approx(expected, rel=1e-5)


def test_sigma0_and_beta0_of_a_product_give_the_incidence_of_another_of_its_files(
    products: list[ProductFiles],
) -> None:
    """Sigma0 is beta0 times the sine of the incidence: A is inverse, and an amplitude.

    The tables are of one mean height, the tie points of the terrain: within 0.05 degrees
    over the sea and 0.4 beside mountains.
    """
    for files in products:
        root, _ = product_root(files.calibration, "calibration")
        image = parse_annotation(files.product)
        for vector in list(root.iter("calibrationVector"))[::9]:
            line, samples = (
                int(vector.findtext("line", "")),
                xml_numbers(vector, "pixel").astype(int),
            )
            if line >= image.lines:
                continue
            ratio = xml_numbers(vector, "betaNought") / xml_numbers(vector, "sigmaNought")
            row = GridWindow(line, 0, 1, image.samples)
            incidence = incidence_table(image.tie_points).on(row)[0]
            inside = samples < image.samples
            expected = np.degrees(np.arcsin(ratio[inside] ** 2))
            most = 0.05 if np.ptp(image.tie_points.height_m) < 1 else 0.4
            assert np.abs(incidence[samples[inside]] - expected).max() < most


def test_noise_of_real_products_is_below_the_mission_s_requirement(
    products: list[ProductFiles],
) -> None:
    """Noise-equivalent sigma0 is to be at most -22 dB; of the oldest processor none is given."""
    for files in products:
        image, noise = parse_annotation(files.product), parse_noise(files.noise)
        assert noise.is_given == ("FEC3" not in files.name)
        assert noise.old_form == ("20150203" in files.name)
        if noise.is_given:
            window = GridWindow(image.lines // 2, 0, 1, image.samples)
            scale = parse_calibration(files.calibration).sigma0.on(window)
            floor = 10 * np.log10(np.median(noise.on(window) / scale**2))
            assert -32 < floor < -22


@given(
    top=st.integers(0, 50),
    left=st.integers(0, 70),
    lines=st.integers(1, 9),
    more=st.integers(1, 19),
)
def test_small_noise_of_both_forms_is_bilinear_times_its_block(
    top: int, left: int, lines: int, more: int
) -> None:
    window = GridWindow(top, left, lines, more)
    for old in (False, True):
        xml = SMALL.noise(old=old)
        noise = parse_noise(xml.encode())
        assert noise.old_form == old
        values = noise.on(window)
        for line, sample in ((0, 0), (lines - 1, more - 1)):
            expected = by_points(noise.along_range, top + line, left + sample)
            expected *= 1.0 if old else by_blocks(xml, top + line, left + sample)
            assert values[line, sample] == pytest.approx(expected, rel=1e-5)


def test_sigma0_undoes_the_calibration_across_strips() -> None:
    """Noise is unbiased: what is darker than its mean is below zero, and zero DN is no number."""
    high = SmallImage(lines=STRIP_PX // 60 + 40)
    calibration = parse_calibration(high.calibration().encode())
    noise = parse_noise(high.noise().encode())
    window = GridWindow(10, 20, STRIP_PX // 60 + 20, 60)
    truth = np.linspace(0.001, 0.02, window.lines)[:, None] * np.ones(window.samples)
    dn = np.sqrt(truth * calibration.sigma0.on(window) ** 2 + noise.on(window)).astype(np.float32)
    dn[3, 4] = 0
    dn[5, 6] = 1
    sigma0 = sigma0_of(dn, window, calibration, noise)
    assert np.isnan(sigma0[3, 4])
    assert sigma0[5, 6] < 0
    dn[3, 4] = dn[5, 6] = np.nan
    rest = np.isfinite(dn)
    np.testing.assert_allclose(sigma0[rest], truth[rest], rtol=2e-3)
    darker = sigma0_of(dn, window, calibration, None)[rest] - sigma0[rest]
    taken = (noise.on(window) / calibration.sigma0.on(window) ** 2)[rest]
    np.testing.assert_allclose(darker, taken, rtol=1e-2)


def test_noise_in_other_units_is_not_taken_out() -> None:
    """Products before processor 2.5 have zeros, or values far below one."""
    calibration = parse_calibration(SMALL.calibration().encode())
    window = GridWindow(0, 0, 10, 10)
    dn = np.full((10, 10), 50, np.uint16)
    plain = sigma0_of(dn, window, calibration, None)
    for power in (0.0, 1e-7):
        noise = parse_noise(SMALL.noise(old=True, power=power).encode())
        assert not noise.is_given
        np.testing.assert_array_equal(sigma0_of(dn, window, calibration, noise), plain)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda xml: xml[:500], "is not XML"),
        (lambda xml: xml.replace("<line>25</line>", "<line>x</line>"), "not a number"),
        (lambda xml: xml.replace("<line>25</line>", "<line>inf</line>"), "not a number"),
        (lambda xml: xml.replace("<line>25</line>", ""), "has no line"),
        (lambda xml: xml.replace('count="4"', 'count="5"'), "announces 5"),
        (lambda xml: xml.replace("660.0", "0.0"), "zero"),
        (lambda xml: xml.replace("660.0", "nan"), "not all numbers"),
        (lambda xml: xml.replace(">0 40 80 89<", ">0 80 40 89<"), "out of order"),
        (lambda xml: xml.replace("calibrationVector>", "other>"), "has no calibrationVectorList"),
        (lambda xml: xml.replace(">GRD<", ">SLC<"), "SLC (single-look complex in bursts)"),
        (lambda _: SMALL.noise(), "has the root 'noise'"),
    ],
)
def test_faults_of_a_calibration_file_are_one_line(change: object, why: str) -> None:
    xml = change(SMALL.calibration())  # type: ignore[operator]
    refused_in_one_line(lambda: parse_calibration(xml.encode()), why, error=ProductFileError)


def test_a_file_that_grows_by_entities_is_refused() -> None:
    """Expat stops what would be 10^9 copies of a word."""
    entities = '<!ENTITY a "sigma">' + "".join(
        f'<!ENTITY {name} "{10 * f"&{before};"}">'
        for before, name in zip("abcdefghi", "bcdefghij", strict=True)
    )
    bomb = f"<!DOCTYPE calibration [{entities}]><calibration>&j;</calibration>"
    with pytest.raises(ProductFileError, match="is not XML"):
        parse_calibration(bomb.encode())


def test_a_file_of_radio_interference_is_no_annotation(shared_data: Path) -> None:
    """What a real catalogue lists in its place."""
    files = rfi_files(shared_data)
    assert files
    for xml in files:
        with pytest.raises(ProductFileError, match="has the root 'rfi', not 'product'"):
            parse_annotation(xml)
