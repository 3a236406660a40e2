"""Reflectance of a DN and names of bands, in real items of every provider and in made ones."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pystac
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.catalog.assets import number_of, property_of
from gnomon.catalog.items import scene_from_item
from gnomon.catalog.providers import providers
from gnomon.catalog.versions import WrongFileError, check_content
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.scene import OPTICAL_BANDS
from stac_items import cdse_item, described, own_item, read_item

# What a DN of 1500 means in each real item. Offset -0.1: 0.05; offset none or taken out: 0.15.
REFLECTANCE_OF_1500 = {
    # raster:bands say -0.1, but earthsearch:boa_offset_applied is true: the trap.
    "earth-search_S2B_20EPT_20250731_0_L2A.json": 0.15,
    "earth-search_S2B_24MUA_20250731_0_L2A.json": 0.15,
    # The same acquisition in collection 1, where the offset is still in the pixels.
    "earth-search_S2B_T20EPT_20250731T131905_L2A.json": 0.05,
    "earth-search_S2B_20EPT_20250731_0_L1C.json": 0.05,
    # Baselines 02.14 (said only by the product's name) and 02.12: before the offset.
    "earth-search-v0_S2A_28QCH.json": 0.15,
    "planetary-computer_S2A_T58UFE.json": 0.15,
    "planetary-computer_S2A_T59VNF.json": 0.15,
}


@pytest.mark.parametrize(("name", "expected"), REFLECTANCE_OF_1500.items())
@pytest.mark.parametrize("migrate", [False, True])
@pytest.mark.filterwarnings("ignore:Could not parse bucket")
def test_reflectance_of_a_dn_in_real_items(
    shared_data: Path, name: str, expected: float, migrate: bool
) -> None:
    item = read_item(shared_data / "stac-items" / name)
    scene = scene_from_item(pystac.Item.from_dict(item, migrate=migrate))
    for band in OPTICAL_BANDS:
        asset = scene.assets[band]
        assert 1500 * asset.scale + asset.offset == pytest.approx(expected), band
        assert asset.nodata == 0
    if quality := scene.assets.get("quality"):
        assert (quality.scale, quality.offset) == (1, 0)
        assert quality.quality is not None
        assert (quality.quality.water, quality.quality.cloud) == ((6,), (8, 9, 10))


def test_copernicus_data_space_by_its_asset_names() -> None:
    scene = described(cdse_item())
    assert {name: asset.name for name, asset in scene.assets.items()} == {
        "blue": "B02_10m", "green": "B03_10m", "red": "B04_10m", "nir": "B08_10m",
        "swir16": "B11_20m", "quality": "SCL_20m",
    }  # fmt: skip
    assert 1500 * scene.assets["blue"].scale + scene.assets["blue"].offset == pytest.approx(0.05)
    assert scene.assets["quality"].scale == 1
    assert scene.processed_at == datetime(2025, 6, 28, 7, 47, 19, tzinfo=UTC)
    assert (scene.product, scene.baseline) == (scene.id, 5.11)
    assert (scene.view_azimuth_deg, scene.view_zenith_deg) == (112.9, 4.03)
    assert not scene.lacks_angles  # the metadata behind s3:// are not needed


def test_checksums_of_the_copernicus_data_space() -> None:
    """SHA-3 of the rasters; that of the metadata is no multihash and refuses nothing."""
    scene = described(cdse_item())
    blue = scene.assets["blue"]
    assert blue.version.size == 10_000_000
    whole = replace(blue.version, size=None)
    check_content(blue.href.rpartition("/")[2].encode(), whole)
    with pytest.raises(WrongFileError, match="checksum"):
        check_content(b"another file", whole)
    check_content(b"anything", replace(scene.granule_metadata_version, size=None))


@pytest.mark.parametrize(
    ("applied", "stated", "baseline", "name", "expected"),
    [
        (True, -0.1, "05.11", "x", 0.0),
        (True, None, "05.11", "x", 0.0),
        (False, -0.1, "05.11", "x", -0.1),
        (False, None, "05.11", "x", -0.1),
        (None, 0, "05.11", "x", 0.0),
        (None, -0.1, "02.14", "x", -0.1),
        (None, None, "04.00", "x", -0.1),
        (None, None, "03.01", "x", 0.0),
        (None, None, None, "S2A_MSIL2A_20220401T090559_N0400_R050_T34LBP_20220401T110010", -0.1),
        (None, None, None, "S2A_MSIL2A_20210401T090559_N0300_R050_T34LBP_20210401T110010", 0.0),
        (None, None, None, "x", 0.0),
    ],
)
def test_the_first_source_of_an_offset_wins(
    applied: bool | None, stated: float | None, baseline: str | None, name: str, expected: float
) -> None:
    item = cdse_item() | {"id": name}
    item["properties"].pop("processing:version")
    if applied is not None:
        item["properties"]["earthsearch:boa_offset_applied"] = applied
    if baseline:
        item["properties"]["s2:processing_baseline"] = baseline
    asset = item["assets"]["B02_10m"]
    asset.pop("raster:offset")
    if stated is not None:
        asset["raster:bands"] = [{"scale": 0.0001, "offset": stated}]
    assert described(item).assets["blue"].offset == expected


@pytest.mark.parametrize("place", ["bands", "raster:bands", "asset"])
def test_the_offset_is_found_in_every_version_of_stac(place: str) -> None:
    item = cdse_item()
    asset = item["assets"]["B02_10m"]
    del asset["raster:scale"], asset["raster:offset"], asset["nodata"]
    if place == "bands":
        asset["bands"] = [{"nodata": 7, "raster:scale": 2e-4, "raster:offset": -0.3}]
    elif place == "raster:bands":
        asset["raster:bands"] = [{"nodata": 7, "scale": 2e-4, "offset": -0.3}]
    else:
        asset |= {"nodata": 7, "raster:scale": 2e-4, "raster:offset": -0.3}
    blue = described(item).assets["blue"]
    assert (blue.scale, blue.offset, blue.nodata) == (2e-4, -0.3, 7)


def test_own_imagery_by_common_names() -> None:
    scene = scene_from_item(pystac.Item.from_dict(own_item(), href="/here/mine.json"))
    assert {name: (asset.name, asset.band) for name, asset in scene.assets.items()} == {
        "blue": ("image", 1), "green": ("image", 2), "red": ("image", 3), "nir": ("image", 4),
    }  # fmt: skip
    assert scene.assets["nir"].href == "/here/image.tif"
    assert math.isnan(scene.assets["nir"].nodata or 0)
    assert scene.gsd_m == 0.5
    assert scene.platform == "unknown"
    assert scene.view_azimuth_deg == 270
    # asin(sin(25) (1 + 600 / 6371)), worked out by hand
    assert scene.view_zenith_deg == pytest.approx(27.54, abs=0.01)


@pytest.mark.parametrize("media_type", ["image/png", "text/html", "application/vnd+zarr"])
def test_a_media_type_that_is_not_a_raster_is_named(media_type: str) -> None:
    item = cdse_item()
    item["assets"]["B03_10m"]["type"] = media_type
    with pytest.raises(AssetError, match=rf"B03_10m: is .*{media_type.split('/', maxsplit=1)[0]}"):
        described(item)


def test_every_real_item_has_its_case(shared_data: Path) -> None:
    names = {path.name for path in (shared_data / "stac-items").glob("*.json")}
    assert names == {*REFLECTANCE_OF_1500, "earth-search_S1A_IW_GRDH_20250731T135608.json"}


@given(
    scale=st.floats(1e-6, 1),
    offset=st.floats(-1, 1),
    as_text=st.booleans(),
)
def test_numbers_of_an_item_hold_also_where_they_are_text(
    scale: float, offset: float, as_text: bool
) -> None:
    item = cdse_item()
    asset = item["assets"]["B04_10m"]
    asset["raster:scale"], asset["raster:offset"] = (
        (str(scale), str(offset)) if as_text else (scale, offset)
    )
    red = described(item).assets["red"]
    assert (red.scale, red.offset) == (scale, offset)


@pytest.mark.parametrize("text", ["-0,1", "none", "", "inf"])
def test_an_offset_that_is_not_a_number_is_refused(text: str) -> None:
    item = cdse_item()
    item["assets"]["B04_10m"]["raster:offset"] = text
    with pytest.raises(AssetError, match=r"B04_10m: its offset is .*, not a number"):
        described(item)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3.0),
        ("0.5", 0.5),
        (True, 1.0),
        (math.nan, None),
        ("inf", None),
        (None, None),
        ([], None),
    ],
)
def test_only_finite_numbers_are_numbers(value: object, expected: float | None) -> None:
    assert number_of(value) == expected


def test_a_property_is_the_first_of_its_names_that_has_a_value() -> None:
    item = pystac.Item.from_dict(cdse_item(), migrate=False)
    assert property_of(item, "baseline", providers()) == "05.11"
    item.properties["s2:processing_baseline"] = "05.12"
    assert property_of(item, "baseline", providers()) == "05.12"
    item.properties["s2:processing_baseline"] = None
    assert property_of(item, "baseline", providers()) == "05.11"


def test_the_finest_of_several_assets_of_a_band_is_read_and_pan_only_alone() -> None:
    item = own_item()
    kind = {"href": "./x.tif", "type": "image/tiff; application=geotiff"}
    item["assets"] = {
        "coarse": kind | {"gsd": 2.0, "eo:bands": [{"common_name": "green"}]},
        "fine": kind | {"gsd": 0.5, "eo:bands": [{"common_name": "green"}]},
        "sharp": kind | {"gsd": 0.3, "eo:bands": [{"common_name": "pan"}]},
    }
    scene = scene_from_item(pystac.Item.from_dict(item, href="/here/mine.json"))
    assert {name: asset.name for name, asset in scene.assets.items()} == {"green": "fine"}
    del item["assets"]["coarse"], item["assets"]["fine"]
    scene = scene_from_item(pystac.Item.from_dict(item, href="/here/mine.json"))
    assert set(scene.assets) == {"pan"}
