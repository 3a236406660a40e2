"""Scenes, from an item to sigma0, on the own disk and over HTTP, and what is wrong with them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.limits import Limits
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.trust import Trust
from gnomon.imagery.read import read_pixels
from gnomon.imagery.sentinel1.annotation import parse_annotation
from gnomon.imagery.sentinel1.calibration import parse_calibration, parse_noise
from gnomon.imagery.sentinel1.lookup import GridWindow
from gnomon.imagery.sentinel1.read import (
    radar_geolocation,
    radar_window,
    read_sigma0,
)
from sentinel1_products import (
    SmallImage,
    real_products,
    refused_in_one_line,
    write_radar_product,
)
from servers import LOOPBACK, FileServer
from stac_items import described

VV, VH = SmallImage(), SmallImage(polarisation="VH")
NOISE = "annotation/calibration/noise-iw-vv.xml"
CALIBRATION = "annotation/calibration/calibration-iw-vv.xml"
ANNOTATION = "annotation/iw-vv.xml"


def truth_of(image: SmallImage) -> np.ndarray:
    """Sigma0: grows along range, and differs between polarisations."""
    level = 0.05 if image.polarisation == "VV" else 0.01
    return level * (1 + np.arange(image.samples) / image.samples) * np.ones((image.lines, 1))


def amplitudes_of(image: SmallImage, *, old: bool = False) -> np.ndarray:
    window = GridWindow(0, 0, image.lines, image.samples)
    calibration = parse_calibration(image.calibration().encode()).sigma0.on(window)
    noise = parse_noise(image.noise(old=old).encode()).on(window)
    return np.sqrt(truth_of(image) * calibration**2 + noise).round()


def written(folder: Path, *images: SmallImage, old: bool = False) -> dict[str, Any]:
    amplitudes = [amplitudes_of(one, old=old) for one in images]
    return write_radar_product(folder, list(images), amplitudes, old=old)


@pytest.fixture
def item(tmp_path: Path) -> dict[str, Any]:
    return written(tmp_path, VV, VH)


def refused(item: dict[str, Any] | Scene, *whys: str, **options: Any) -> None:
    scene = described(item) if isinstance(item, dict) else item
    refused_in_one_line(lambda: read_sigma0(scene, **options), *whys, error=AssetError)


def test_both_polarisations_come_out_as_they_were_seen(item: dict[str, Any]) -> None:
    scene = described(item)
    pixels = read_sigma0(scene)
    for image, name in ((VV, "vv"), (VH, "vh")):
        np.testing.assert_allclose(pixels[name], truth_of(image), rtol=0.02)
    assert pixels.attrs["missing_bands"] == ()
    assert pixels.attrs["noise_removed"] == ("vv", "vh")
    assert scene.relative_orbit == 32
    tie_points = parse_annotation(VV.product().encode()).tie_points
    np.testing.assert_allclose(
        pixels["incidence_deg"].sel(line=tie_points.lines, sample=tie_points.samples),
        tie_points.incidence_deg,
        atol=1e-4,
    )


def test_over_http_it_is_the_same(item: dict[str, Any], tmp_path: Path) -> None:
    local = read_sigma0(described(item))
    with FileServer(tmp_path) as server:
        text = json.dumps(item).replace(str(tmp_path), server.url)
        remote = read_sigma0(replace(described(json.loads(text)), trust=LOOPBACK))
        fetched = [path for method, path, _ in server.seen if path.endswith(".xml")]
    np.testing.assert_array_equal(local["vv"], remote["vv"])
    assert sorted(fetched) == sorted(
        f"/{path}"
        for path in (
            ANNOTATION, CALIBRATION, NOISE, *(p.replace("vv", "vh")
                                              for p in (ANNOTATION, CALIBRATION, NOISE))
        )
    )  # fmt: skip


@pytest.mark.parametrize("old", [False, True])
def test_a_window_is_a_part_of_the_whole(old: bool, tmp_path: Path) -> None:
    """To the bit, and with it what an old image has beyond its edges."""
    large = SmallImage(lines=220, samples=180)
    dn = amplitudes_of(large, old=old)
    dn[:, :25] = 3
    item = write_radar_product(tmp_path, [large], [dn], old=old)
    whole = read_sigma0(described(item))
    assert np.isnan(whole["vv"]).all(axis=0).sum() == (25 if old else 0)
    for window in (GridWindow(30, 20, 50, 60), GridWindow(100, 0, 1, 180)):
        part = read_sigma0(described(item), window)
        rows = np.s_[window.top : window.top + window.lines]
        columns = np.s_[window.left : window.left + window.samples]
        for name in ("vv", "incidence_deg"):
            np.testing.assert_array_equal(part[name], whole[name][rows, columns])
        np.testing.assert_array_equal(part["sample"], whole["sample"][columns])


def test_a_product_without_noise_is_read_and_says_so(tmp_path: Path) -> None:
    item = write_radar_product(tmp_path, [VV], [amplitudes_of(VV, old=True)], old=True)
    (tmp_path / NOISE).write_text(VV.noise(old=True, power=0.0))
    pixels = read_sigma0(described(item))
    assert pixels.attrs["noise_removed"] == ()
    assert (pixels["vv"] > truth_of(VV)).all()
    (tmp_path / NOISE).write_text(VV.noise(old=True))
    assert read_sigma0(described(item)).attrs["noise_removed"] == ("vv",)
    path = tmp_path / ANNOTATION
    path.write_text(path.read_text().replace("Performed>false<", "Performed>true<"))
    untouched = read_sigma0(described(item))
    assert untouched.attrs["noise_removed"] == ("vv",)
    np.testing.assert_array_equal(untouched["vv"], pixels["vv"])


def test_noise_is_kept_where_it_is_asked_for(item: dict[str, Any]) -> None:
    pixels = read_sigma0(described(item), keep_noise=True)
    assert pixels.attrs["noise_removed"] == ()
    window = GridWindow(0, 0, VV.lines, VV.samples)
    scale = parse_calibration(VV.calibration().encode()).sigma0.on(window)
    np.testing.assert_allclose(pixels["vv"], (amplitudes_of(VV) / scale) ** 2, rtol=1e-5)


def test_one_polarisation_is_enough(tmp_path: Path) -> None:
    scene = described(written(tmp_path, VV))
    pixels = read_sigma0(scene, polarisations=("vv", "vh"))
    assert pixels.attrs["missing_bands"] == ("vh",)
    assert "vh" not in pixels
    refused(scene, "vh: is not in this scene", polarisations=("vh",))


@pytest.mark.parametrize(("mode", "mission"), [("EW", "S1A"), ("S4", "S1C"), ("IW", "S1B")])
def test_all_modes_and_satellites_are_read(mode: str, mission: str, tmp_path: Path) -> None:
    image = SmallImage(mode=mode, mission=mission, polarisation="HH")
    pixels = read_sigma0(described(written(tmp_path, image)))
    assert pixels["hh"].shape == (60, 90)


def test_files_that_are_not_there_are_named(item: dict[str, Any], tmp_path: Path) -> None:
    for path, kind in ((ANNOTATION, "annotation"), (CALIBRATION, "calibration"), (NOISE, "noise")):
        text = (tmp_path / path).read_text()
        (tmp_path / path).unlink()
        refused(item, f"the {kind} file {tmp_path / path} cannot be read (No such file", "fetch it")
        (tmp_path / path).write_text(text)
    (tmp_path / "measurement" / "iw-vv.tiff").unlink()
    refused(item, "iw-vv.tiff cannot be read")


def test_a_truncated_image_is_refused(item: dict[str, Any], tmp_path: Path) -> None:
    raster = tmp_path / "measurement" / "iw-vv.tiff"
    raster.write_bytes(raster.read_bytes()[:-700])
    refused(item, "S1D", "vv", "iw-vv.tiff cannot be read", "fetch the file again")


def test_a_reduced_copy_is_refused(item: dict[str, Any], tmp_path: Path) -> None:
    smaller = tmp_path / "smaller"
    write_radar_product(smaller, [VV], [amplitudes_of(VV)[::2, ::2]])
    raster = "measurement/iw-vv.tiff"
    (tmp_path / raster).write_bytes((smaller / raster).read_bytes())
    refused(item, "has 30 lines of 45 samples and its annotation 60 of 90", "whole product")


def test_single_look_complex_is_refused(item: dict[str, Any], tmp_path: Path) -> None:
    for path in (ANNOTATION, CALIBRATION, NOISE):
        text = (tmp_path / path).read_text().replace(">GRD<", ">SLC<")
        (tmp_path / path).write_text(text)
    refused(item, "type SLC (single-look complex in bursts); only GRD is read")


@pytest.mark.parametrize("path", [ANNOTATION, CALIBRATION, NOISE])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<polarisation>VV", "<polarisation>VH"),
        ("<absoluteOrbitNumber>8123", "<absoluteOrbitNumber>8124"),
        ("<startTime>2026-07-01T09:00:00", "<startTime>2026-07-01T09:00:25"),
    ],
)
def test_files_of_another_image_are_refused(
    path: str, old: str, new: str, item: dict[str, Any], tmp_path: Path
) -> None:
    """Of the other polarisation, another pass, or the next slice of the same recording."""
    text = (tmp_path / path).read_text()
    assert old in text
    (tmp_path / path).write_text(text.replace(old, new))
    refused(item, "vv: its XML files are not all of VV of one product")


def test_files_of_real_products_agree(shared_data: Path) -> None:
    for files in real_products(shared_data):
        headers = {
            parse_annotation(files.product).header,
            parse_calibration(files.calibration).header,
            parse_noise(files.noise).header,
        }
        assert {header.polarisation for header in headers} == {files.polarisation}
        assert len(headers) == 1


def test_limits_of_the_catalogue_hold(item: dict[str, Any]) -> None:
    small = Trust(limits=Limits(document_bytes=2000))
    refused(replace(described(item), trust=small), "larger than [catalog.limits] document_bytes")
    few = Trust(limits=Limits(pixels=5000))
    refused(replace(described(item), trust=few), "more than [catalog.limits] pixels, 5,000")


def test_addresses_that_a_catalogue_may_not_lead_to_are_not_opened(
    item: dict[str, Any], tmp_path: Path
) -> None:
    with FileServer(tmp_path) as server:
        text = json.dumps(item).replace(str(tmp_path), server.url)
        refused(json.loads(text), "may not lead to this machine")
        assert server.seen == []


@pytest.mark.parametrize(
    "window",
    [
        GridWindow(-1, 0, 5, 5),
        GridWindow(58, 0, 5, 5),
        GridWindow(0, 88, 5, 5),
        GridWindow(0, 0, 0, 5),
    ],
)
def test_windows_beyond_the_image_are_refused(window: GridWindow, item: dict[str, Any]) -> None:
    refused(item, "the window is not within its 60 lines of 90 samples", window=window)


def test_an_area_has_the_window_that_holds_it(item: dict[str, Any]) -> None:
    scene = described(item)
    inner = shapely.Polygon([VV.places(*at) for at in ((20, 30), (20, 50), (40, 50), (40, 30))])
    window = radar_window(scene, inner)
    assert (window.top, window.left) == pytest.approx((20, 30), abs=1)
    assert (window.lines, window.samples) == pytest.approx((21, 21), abs=2)
    around = inner.buffer(0.05)
    assert radar_window(scene, around) == GridWindow(0, 0, 60, 90)
    corner = shapely.Polygon([VV.places(*at) for at in ((-30, -30), (-30, 9), (9, 9), (9, -30))])
    found = radar_window(scene, corner)
    assert (found.top, found.left) == (0, 0)
    assert (found.lines, found.samples) == pytest.approx((10, 10), abs=2)
    with pytest.raises(AssetError, match="lies outside this scene"):
        radar_window(scene, shapely.box(10, 10, 11, 11))
    assert radar_geolocation(scene).places(20, 30) == pytest.approx(VV.places(20, 30), abs=1e-7)


def test_a_run_refuses_radar_still(item: dict[str, Any]) -> None:
    with pytest.raises(AssetError, match="is in radar geometry"):
        read_pixels(described(item), None)
