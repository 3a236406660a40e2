"""Windows against plain rasterio, laws of windows, and what broken files say."""

import dataclasses
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import rasterio
import xarray as xr
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geom import Geometry
from shapely import union_all
from shapely.geometry import Point, box

from catalogs import BANDS_10M, EPSG, counts, plain_read, write_raster
from conftest import Season
from gnomon.catalog.gateway import Patience
from gnomon.catalog.search import find_scenes
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.scene import Asset, Scene
from gnomon.datamodel.study import CatalogOptions
from gnomon.imagery import rasters
from gnomon.imagery.quality import Quality
from gnomon.imagery.rasters import raster_of
from gnomon.imagery.read import geobox_of, read_pixels, read_window, stored_bytes, window_of
from own_images import MS, NOON, made, numbers, only, write_image
from servers import LOOPBACK, Fault, FileServer

TRANSFORM = Affine(10, 0, 500_000, 0, -10, 4_740_000)


def scene_of(season: Season, name: str = "march") -> Scene:
    found = find_scenes(CatalogOptions(url=season.path), area=None)
    scene = next(scene for scene in found.scenes if scene.id == name)
    return dataclasses.replace(scene, trust=LOOPBACK)


def reflectance(values: np.ndarray) -> np.ndarray:
    """The oracle's own scaling, in the same precision."""
    result = values.astype(np.float32) * np.float32(1e-4) + np.float32(-0.1)
    return np.where(values == 0, np.float32(np.nan), result)


def lonlat(left: float, bottom: float, right: float, top: float) -> object:
    return Geometry(box(left, bottom, right, top), f"EPSG:{EPSG}").to_crs("EPSG:4326").geom


def moved(scene: Scene, folder: Path, band: str, values: np.ndarray, **profile: object) -> Scene:
    """The scene with one band's file replaced."""
    options = {"transform": TRANSFORM} | profile
    path = write_raster(folder / f"{band}.tif", values, **options)
    asset = dataclasses.replace(scene.assets[band], href=str(path))
    return dataclasses.replace(scene, assets={**scene.assets, band: asset})


def test_bands_on_the_grid_come_out_as_the_file_has_them(season: Season) -> None:
    pixels = read_pixels(scene_of(season), None)
    for band in BANDS_10M:
        expected = reflectance(plain_read(season.folder / "march" / f"{band}.tif"))
        np.testing.assert_array_equal(pixels[band].values, expected)
        assert pixels[band].dtype == np.float32


def test_coarse_bands_come_to_the_grid_between_their_centres(season: Season) -> None:
    pixels = read_pixels(scene_of(season), None)
    swir = plain_read(season.folder / "march" / "swir16.tif", scale=2)
    np.testing.assert_array_equal(pixels.swir16.values, reflectance(swir))
    # An oracle that shares no code: weights 9, 3, 3, 1 of sixteen, away from nodata and edges.
    dn = plain_read(season.folder / "march" / "swir16.tif").astype(float)
    weighed = (9 * dn[60, 70] + 3 * dn[60, 71] + 3 * dn[61, 70] + dn[61, 71]) / 16
    assert pixels.swir16.values[121, 141] == pytest.approx(weighed * 1e-4 - 0.1, abs=6e-5)


def test_classes_are_never_mixed(season: Season) -> None:
    scl = plain_read(season.folder / "march" / "scl.tif")
    meaning = {6: Quality.WATER, 8: Quality.CLOUD, 9: Quality.CLOUD, 10: Quality.CLOUD,
               11: Quality.ICE}  # fmt: skip
    classes = np.vectorize(lambda number: meaning.get(number, Quality.CLEAR))(scl)
    expected = np.repeat(np.repeat(classes, 2, axis=0), 2, axis=1).astype(np.float32)
    np.testing.assert_array_equal(read_pixels(scene_of(season), None).quality.values, expected)


@pytest.fixture(scope="module")
def march(season: Season) -> tuple[Scene, xr.Dataset]:
    scene = scene_of(season)
    return scene, read_pixels(scene, None)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_window_is_a_part_of_the_whole(
    march: tuple[Scene, xr.Dataset], data: st.DataObject
) -> None:
    scene, everything = march
    whole = geobox_of(scene)
    top = data.draw(st.integers(0, 299))
    left = data.draw(st.integers(0, 399))
    part = np.s_[
        top : data.draw(st.integers(top + 1, 300)), left : data.draw(st.integers(left + 1, 400))
    ]
    window = read_window(scene, whole[part])
    for band in everything:
        np.testing.assert_array_equal(window[band].values, everything[band].values[part])
    assert window.odc.geobox == whole[part]


@settings(max_examples=40, deadline=None)
@given(x=st.floats(-500, 4500), y=st.floats(-500, 3500), w=st.floats(1, 3000), h=st.floats(1, 3000))
def test_the_window_holds_the_area_and_no_row_more(
    march: tuple[Scene, xr.Dataset], x: float, y: float, w: float, h: float
) -> None:
    scene, _ = march
    whole = geobox_of(scene)
    left, top, right, bottom = 500_000 + x, 4_740_000 - y, 500_000 + x + w, 4_740_000 - y - h
    covers = right > 500_000 and left < 504_000 and bottom < 4_740_000 and top > 4_737_000
    area = lonlat(left, bottom, right, top)
    if not covers:
        with pytest.raises(AssetError, match=r"march, geometry: the area lies outside"):
            window_of(scene, whole, area)
        return
    window = window_of(scene, whole, area)
    held = window.extent.geom.buffer(1e-6)
    wanted = box(left, bottom, right, top) & box(500_000, 4_737_000, 504_000, 4_740_000)
    assert held.contains(wanted)
    # The window is the outline in the scene's projection, where a box of degrees is no box.
    outline = Geometry(area, "EPSG:4326").segmented(0.001).to_crs(f"EPSG:{EPSG}").geom
    a, b, c, d = window.extent.geom.bounds
    outer = outline.bounds
    assert a > outer[0] - 10.01
    assert b > outer[1] - 10.01
    assert c < outer[2] + 10.01
    assert d < outer[3] + 10.01


def test_an_area_far_beyond_the_scene_is_cut_to_it(season: Season) -> None:
    scene = scene_of(season)
    whole = geobox_of(scene)
    assert window_of(scene, whole, box(-180, -90, 180, 90)) == whole


def test_jpeg_2000_is_read_as_geotiff_is(season: Season, tmp_path: Path) -> None:
    scene = scene_of(season)
    values = counts("green", 300, 400)
    path = write_raster(
        tmp_path / "green.jp2",
        values,
        transform=TRANSFORM,
        driver="JP2OpenJPEG",
        QUALITY=100,
        REVERSIBLE="YES",
    )
    asset = dataclasses.replace(scene.assets["green"], href=str(path), media_type="image/jp2")
    there = dataclasses.replace(scene, assets={**scene.assets, "green": asset})
    area = lonlat(501_000, 4_738_000, 502_000, 4_739_000)
    pixels = read_pixels(there, area, bands=("green",))
    expected = read_pixels(scene, area, bands=("green",))
    np.testing.assert_array_equal(pixels.green.values, expected.green.values)


def test_over_http_only_the_blocks_of_the_window_are_fetched(
    season: Season, file_server: FileServer
) -> None:
    found = find_scenes(CatalogOptions(url=f"{file_server.url}/catalog.json"), area=None)
    scene = next(scene for scene in found.scenes if scene.id == "april")
    area = lonlat(501_000, 4_739_000, 501_200, 4_739_200)
    file_server.seen.clear()
    pixels = read_pixels(scene, area, bands=("green",))
    here = read_pixels(scene_of(season, "april"), area, bands=("green",))
    np.testing.assert_array_equal(pixels.green.values, here.green.values)
    assert {path for _, path, _ in file_server.seen} == {"/april/green.tif"}
    fetched = [span for method, _, span in file_server.seen if method == "GET"]
    assert all(fetched)
    assert len(fetched) <= 3


def test_the_bytes_of_a_whole_scene_are_those_of_its_files(season: Season) -> None:
    """The oracle is the disk: files are blocks and little else."""
    scene = scene_of(season)
    whole = geobox_of(scene)
    files = {asset.href for asset in scene.assets.values()}
    begun = len(files) * 32768
    on_disk = sum(Path(file).stat().st_size for file in files)
    stored = stored_bytes(scene, whole)
    assert 0.9 * on_disk <= stored - begun <= on_disk
    parts = [whole[:150], whole[150:]]
    assert all(begun < stored_bytes(scene, part) <= stored for part in parts)
    assert sum(stored_bytes(scene, part) - begun for part in parts) >= stored - begun


def test_bands_that_share_blocks_are_counted_once(tmp_path: Path) -> None:
    sizes = {}
    for interleave in ("pixel", "band"):
        folder = tmp_path / interleave / "images"
        path = write_image(folder / "a.tif", numbers(4), interleave=interleave, compress="deflate")
        scene = only(made(folder, seen_at=NOON, bands=MS))
        sizes[interleave] = stored_bytes(scene, geobox_of(scene)) - 32768
        assert 0.5 * path.stat().st_size < sizes[interleave] <= path.stat().st_size


def test_two_threads_read_what_one_reads(season: Season) -> None:
    scene = scene_of(season)
    whole = geobox_of(scene)
    parts = [np.s_[r : r + 60, c : c + 80] for r in range(0, 300, 60) for c in range(0, 400, 80)]
    with ThreadPoolExecutor(4) as workers:
        together = list(workers.map(lambda part: read_window(scene, whole[part]), parts))
    for part, pixels in zip(parts, together, strict=True):
        assert pixels.identical(read_window(scene, whole[part]))


def test_threads_take_turns_at_a_file(season: Season, monkeypatch: pytest.MonkeyPatch) -> None:
    """GDAL serves one thread per dataset, and seldom says when two are at it."""
    from gnomon.imagery import read as raster

    scene = scene_of(season)
    whole = geobox_of(scene)
    opened = raster_of(scene, scene.assets["green"])
    inside: list[int] = []
    most = 0

    class Watched:
        nodata = 0

        def read(self, *args: object, **options: object) -> np.ndarray:
            nonlocal most
            inside.append(1)
            most = max(most, len(inside))
            time.sleep(0.005)
            inside.pop()
            return np.zeros((10, 10), "uint16")

    watched = dataclasses.replace(opened, source=Watched())
    monkeypatch.setattr(raster, "raster_of", lambda scene, asset: watched)
    with ThreadPoolExecutor(4) as workers:
        part = whole[0:10, 0:10]
        list(workers.map(lambda _: read_window(scene, part, bands=("green",)), range(12)))
    assert most == 1


def test_a_missing_band_is_said_and_not_invented(season: Season) -> None:
    scene = scene_of(season)
    without = dataclasses.replace(
        scene, assets={k: v for k, v in scene.assets.items() if k not in ("blue", "quality")}
    )
    pixels = read_pixels(without, None)
    assert pixels.attrs["missing_bands"] == ("blue", "quality")
    assert sorted(pixels) == ["green", "nir", "red", "swir16"]


def test_a_scene_of_nodata_is_no_error(season: Season, tmp_path: Path) -> None:
    scene = moved(scene_of(season), tmp_path, "green", np.zeros((300, 400), "uint16"))
    assert np.isnan(read_pixels(scene, None, bands=("green",)).green).all()


def test_a_band_of_a_file_of_several(season: Season, tmp_path: Path) -> None:
    path = tmp_path / "all.tif"
    stack = np.stack([counts(band, 30, 40) for band in BANDS_10M])
    with rasterio.open(
        path, "w", width=40, height=30, count=4, dtype="uint16", crs="EPSG:32652",
        transform=TRANSFORM,
    ) as file:  # fmt: skip
        file.write(stack)
    assets = {
        band: Asset(href=str(path), name="all", scale=1e-4, band=place)
        for place, band in enumerate(BANDS_10M, start=1)
    }
    scene = dataclasses.replace(scene_of(season), assets=assets)
    pixels = read_pixels(scene, None, bands=BANDS_10M)
    for band, values in zip(BANDS_10M, stack, strict=True):
        np.testing.assert_array_equal(pixels[band], values.astype("f4") * np.float32(1e-4))
    lost = dataclasses.replace(assets["red"], band=5)
    with pytest.raises(AssetError, match=r"march, all: has 4 bands, not the 5"):
        read_pixels(dataclasses.replace(scene, assets={"red": lost}), None)


def test_a_file_written_anew_is_read_anew(season: Season, tmp_path: Path) -> None:
    scene = moved(scene_of(season), tmp_path, "green", np.full((300, 400), 1500, "uint16"))
    assert read_pixels(scene, None, bands=("green",)).green.values[0, 0] == pytest.approx(0.05)
    moved(scene, tmp_path, "green", np.full((300, 400), 2500, "uint16"))
    assert read_pixels(scene, None, bands=("green",)).green.values[0, 0] == pytest.approx(0.15)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"transform": TRANSFORM @ Affine.translation(0.3, 0)}, "does not fit"),
        ({"transform": TRANSFORM @ Affine.translation(4, 0)}, "does not fit"),
        ({"crs": "EPSG:32653"}, "does not fit"),
        ({"crs": None, "driver": "GTiff"}, "has no CRS"),
    ],
)
def test_a_band_on_a_grid_of_its_own(
    season: Season, tmp_path: Path, change: dict[str, object], why: str
) -> None:
    scene = moved(scene_of(season), tmp_path, "red", counts("red", 300, 400), **change)
    with pytest.raises(AssetError, match=rf"^march, red: .*{why}.*; ") as raised:
        read_pixels(scene, None)
    assert "\n" not in str(raised.value)


def test_broken_files_name_item_and_asset(season: Season, tmp_path: Path) -> None:
    scene = scene_of(season)
    whole = (season.folder / "march" / "red.tif").read_bytes()
    broken = {
        "absent.tif": None,
        "empty.tif": b"",
        "page.tif": b"<html>log in</html>",
        "short.tif": whole[: len(whole) // 2],
    }
    for name, content in broken.items():
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        asset = dataclasses.replace(scene.assets["red"], href=str(path))
        bad = dataclasses.replace(scene, assets={**scene.assets, "red": asset})
        with pytest.raises(
            AssetError, match=rf"^march, red: .*{name} cannot be read \(.*\); "
        ) as e:
            read_pixels(bad, None)
        assert "\n" not in str(e.value)
    assert read_pixels(scene, None).red.notnull().any()


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Fault(status=404), "404|not exist"),
        (Fault(status=500), "500"),
        (Fault(keep_bytes=3000), "cannot be read"),
        (Fault(body=b"<html>log in</html>"), "not recognized"),
        (Fault(hang=True), "time|Time"),
    ],
)
def test_faults_of_a_server_end_in_one_line(
    season: Season, file_server: FileServer, monkeypatch: pytest.MonkeyPatch, fault: Fault, why: str
) -> None:
    quick = Patience(timeout_s=1, pause_s=0.05, retries=1)
    monkeypatch.setattr(rasters, "PATIENCE", quick)
    scene = scene_of(season)
    href = f"{file_server.url}/march/green.tif"
    file_server.faults["/march/green.tif"] = fault
    asset = dataclasses.replace(scene.assets["green"], href=href)
    there = dataclasses.replace(scene, assets={**scene.assets, "green": asset})
    with pytest.raises(AssetError, match=rf"^march, green: {href} .*({why})") as raised:
        read_pixels(there, None, bands=("green",))
    assert "\n" not in str(raised.value)


def test_a_fault_of_yesterday_is_not_remembered(
    season: Season, file_server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GDAL keeps what it could not get as absent, as long as the process lives, unless told."""
    monkeypatch.setattr(rasters, "PATIENCE", Patience(retries=0))
    scene = scene_of(season)
    asset = dataclasses.replace(scene.assets["red"], href=f"{file_server.url}/march/red.tif")
    there = dataclasses.replace(scene, assets={"red": asset})
    for fault in (Fault(status=500), Fault(status=404), Fault(keep_bytes=3000)):
        file_server.faults["/march/red.tif"] = fault
        with pytest.raises(AssetError):
            read_pixels(there, None, bands=("red",))
        file_server.faults.clear()
        pixels = read_pixels(there, None, bands=("red",))
        assert pixels.identical(read_pixels(scene, None, bands=("red",)))
        rasters._open.cache_clear()


def test_a_server_that_recovers_is_asked_again(
    season: Season, file_server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rasters, "PATIENCE", Patience(pause_s=0.05))
    scene = scene_of(season)
    file_server.faults["/march/blue.tif"] = Fault(times=2, status=503)
    asset = dataclasses.replace(scene.assets["blue"], href=f"{file_server.url}/march/blue.tif")
    there = dataclasses.replace(scene, assets={**scene.assets, "blue": asset})
    pixels = read_pixels(there, None, bands=("blue",))
    assert pixels.identical(read_pixels(scene, None, bands=("blue",)))


def test_an_area_over_the_antimeridian_is_one_window(season: Season, tmp_path: Path) -> None:
    """Two boxes of degrees, one on each side of 180, are one piece of sea in zone 60."""
    transform = Affine(10, 0, 817_500, 0, -10, 8_119_500)  # 180 degrees lies at 819 452
    west, east = box(179.9, -17.05, 180, -16.95), box(-180, -17.05, -179.9, -16.95)
    scene = dataclasses.replace(
        moved(
            scene_of(season), tmp_path, "green", counts("green", 300, 400),
            transform=transform, crs="EPSG:32760",
        ),
        footprint=union_all([west, east]),
    )  # fmt: skip
    area = union_all([box(179.995, -17.005, 180, -17), box(-180, -17.005, -179.995, -17)])
    pixels = read_pixels(scene, area, bands=("green",))
    left, bottom, right, top = pixels.odc.geobox.extent.geom.bounds
    assert left < 819_452 - 530 < 819_452 + 530 < right
    assert right - left < 1_100
    assert top - bottom < 600


def test_signed_addresses_are_opened_and_unsigned_ones_refused(
    season: Season, file_server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    href = f"{file_server.url}/march/green.tif"
    scene = scene_of(season)
    asset = dataclasses.replace(scene.assets["green"], href=href)
    signed = dataclasses.replace(scene, assets={"green": asset}, signing="planetary-computer")
    monkeypatch.setitem(sys.modules, "planetary_computer", None)
    with pytest.raises(AssetError, match=r"march, green: .*pip install gnomon\[planetary\]"):
        read_pixels(signed, None, bands=("green",))
    library = ModuleType("planetary_computer")
    library.sign_url = lambda address: f"{address}?sig=token"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "planetary_computer", library)
    pixels = read_pixels(signed, None, bands=("green",))
    assert pixels.identical(read_pixels(scene, None, bands=("green",)))

    def offline(address: str) -> str:
        raise ConnectionError("no route")

    library.sign_url = offline  # type: ignore[attr-defined]
    elsewhere = dataclasses.replace(asset, href=f"{file_server.url}/april/green.tif")
    lost = dataclasses.replace(signed, assets={"green": elsewhere})
    with pytest.raises(AssetError, match=r"did not sign it \(no route\); try again later"):
        read_pixels(lost, None, bands=("green",))


def test_radar_geometry_is_refused() -> None:
    scene = Scene(
        id="S1C",
        collection="sentinel-1-grd",
        platform="sentinel-1c",
        sensor="sar",
        seen_at=datetime(2025, 7, 31, tzinfo=UTC),
        footprint=Point(130, 42).buffer(1),
        gsd_m=10,
        assets={"vv": Asset(href="/nowhere.tif", name="vv")},
    )
    with pytest.raises(AssetError, match=r"S1C, sentinel-1-grd: is in radar geometry"):
        read_pixels(scene, None, bands=("vv",))


def test_real_scenes_are_bit_equal_to_plain_rasterio(shared_data: Path) -> None:
    folder = shared_data / "s2-ports" / "val"
    for scene in find_scenes(CatalogOptions(url=str(folder / "catalog.json")), area=None).scenes:
        pixels = read_pixels(scene, None)
        assert pixels.attrs["missing_bands"] == ("quality",)
        for band in pixels:
            with rasterio.open(scene.assets[band].href) as file:
                values = file.read(1)
            expected = values.astype(np.float32) * np.float32(1e-4)
            expected[values == 0] = np.nan
            np.testing.assert_array_equal(pixels[band].values, expected)
