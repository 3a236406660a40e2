"""Every provider's real items: reflectance of a DN, names, angles, footprints; and faulty ones."""

import json
import math
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pystac
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, box, mapping, shape

from gnomon.catalog.items import scene_from_item
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.scene import OPTICAL_BANDS, Scene


def read_item(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def described(item: dict[str, Any]) -> Scene:
    return scene_from_item(pystac.Item.from_dict(item, migrate=False))


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


def test_every_real_item_has_its_case(shared_data: Path) -> None:
    names = {path.name for path in (shared_data / "stac-items").glob("*.json")}
    assert names == {*REFLECTANCE_OF_1500, "earth-search_S1A_IW_GRDH_20250731T135608.json"}


def test_real_sentinel_1_item(shared_data: Path) -> None:
    name = "earth-search_S1A_IW_GRDH_20250731T135608.json"
    scene = described(read_item(shared_data / "stac-items" / name))
    assert scene.sensor == "sar"
    assert scene.platform == "sentinel-1a"
    assert set(scene.assets) == {"hh"}
    assert scene.assets["hh"].href.endswith("measurement/iw-hh.tiff")
    assert scene.seen_at == datetime(2025, 7, 31, 13, 56, 22, 732385, UTC)


def test_what_real_items_say_of_themselves(shared_data: Path) -> None:
    folder = shared_data / "stac-items"
    scene = described(read_item(folder / "earth-search_S2B_20EPT_20250731_0_L2A.json"))
    assert scene.platform == "sentinel-2b"
    assert scene.processed_at == datetime(2025, 7, 31, 14, 39, 19, tzinfo=UTC)
    assert scene.cloud_percent == pytest.approx(26.02542)
    assert scene.view_zenith_deg == pytest.approx(7.584009791738812)
    assert {name: asset.gsd_m for name, asset in scene.assets.items()} == {
        "blue": 10, "green": 10, "red": 10, "nir": 10, "swir16": 20, "quality": 20,
    }  # fmt: skip
    assert all(asset.href.endswith(".tif") for asset in scene.assets.values())
    assert scene.signing is None
    signed = described(read_item(folder / "planetary-computer_S2A_T58UFE.json"))
    assert signed.signing == "planetary-computer"
    assert signed.platform == "sentinel-2a"
    assert signed.sun_elevation_deg == pytest.approx(90 - 77.5018652279848)
    assert signed.view_zenith_deg is None
    assert str(signed.granule_metadata_href).endswith("MTD_TL.xml")
    first = described(read_item(folder / "earth-search-v0_S2A_28QCH.json"))
    assert first.processed_at == datetime(2020, 7, 14, 19, 13, 10, tzinfo=UTC)
    assert first.view_zenith_deg is None  # its off-nadir angle of 0 is a placeholder
    assert str(first.granule_metadata_href).endswith("metadata.xml")


def cdse_item() -> dict[str, Any]:
    """An item in the shape of the Copernicus Data Space (STAC 1.1), numbers at the asset."""

    def band(name: str, metres: int, common: str) -> dict[str, Any]:
        return {
            "href": f"s3://eodata/Sentinel-2/{name}_{metres}m.jp2",
            "type": "image/jp2",
            "gsd": metres,
            "bands": [{"name": name, "eo:common_name": common}],
            "nodata": 0,
            "data_type": "uint16",
            "raster:scale": 0.0001,
            "raster:offset": -0.1,
            "roles": ["data", "reflectance"],
        }  # fmt: skip

    named = [("B02", "blue"), ("B03", "green"), ("B04", "red"), ("B08", "nir"), ("B11", "swir16")]
    assets = {
        f"{name}_{metres}m": band(name, metres, common)
        for metres in (60, 20, 10)
        for name, common in named
        if (name, metres) not in {("B11", 10), ("B08", 20), ("B08", 60)}
    }
    assets["SCL_20m"] = {"href": "s3://eodata/SCL_20m.jp2", "type": "image/jp2", "gsd": 20}
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": "S2C_MSIL2A_20250628T024141_N0511_R089_T51RTQ_20250628T074719",
        "collection": "sentinel-2-l2a",
        "geometry": mapping(box(124.9, 38.0, 126.0, 39.0)),
        "bbox": [124.9, 38.0, 126.0, 39.0],
        "properties": {
            "datetime": "2025-06-28T02:41:41.024Z",
            "platform": "sentinel-2c",
            "constellation": "sentinel-2",
            "processing:version": "05.11",
        },
        "assets": assets,
        "links": [],
    }


def test_copernicus_data_space_by_its_asset_names() -> None:
    scene = described(cdse_item())
    assert {name: asset.name for name, asset in scene.assets.items()} == {
        "blue": "B02_10m", "green": "B03_10m", "red": "B04_10m", "nir": "B08_10m",
        "swir16": "B11_20m", "quality": "SCL_20m",
    }  # fmt: skip
    assert 1500 * scene.assets["blue"].scale + scene.assets["blue"].offset == pytest.approx(0.05)
    assert scene.assets["quality"].scale == 1
    assert scene.processed_at == datetime(2025, 6, 28, 7, 47, 19, tzinfo=UTC)


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
def test_the_offset_is_the_first_that_speaks(
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


def own_item() -> dict[str, Any]:
    """A researcher's own image: one file of four bands, in a collection nobody knows."""
    common = ("blue", "green", "red", "nir")
    return cdse_item() | {
        "id": "mine",
        "collection": "harbour-0.5m",
        "properties": {
            "datetime": "2024-11-05T02:00:00Z",
            "gsd": 0.5,
            "view:off_nadir": 25,
            "view:azimuth": -90,
        },
        "assets": {
            "image": {
                "href": "./image.tif",
                "type": "image/tiff; application=geotiff",
                "eo:bands": [{"name": f"b{i}", "common_name": c} for i, c in enumerate(common)],
                "raster:bands": [{"scale": 1e-4, "nodata": "nan"}] * 4,
            },
            "visual": {
                "href": "./picture.tif",
                "type": "image/tiff; application=geotiff",
                "eo:bands": [{"common_name": c} for c in ("red", "green", "blue")],
            },
            "metadata": {"href": "./metadata.json", "type": "application/json"},
        },
    }


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


@pytest.mark.parametrize(
    ("change", "asset", "why"),
    [
        ({"geometry": None}, "geometry", "geometry"),
        ({"geometry": mapping(Point(1, 2))}, "geometry", "not an outline"),
        ({"geometry": mapping(box(5e5, 4e6, 6e5, 5e6))}, "geometry", "not in degrees"),
        ({"geometry": {"type": "Polygon", "coordinates": []}}, "geometry", "not an outline"),
        ({"geometry": {"type": "Polygon"}}, "geometry", "not a geometry"),
        ({"assets": {}}, "assets", "none of blue"),
        ({"properties": {"view:sun_elevation": math.nan}}, "view:sun_elevation", "nan, not a fin"),
        ({"properties": {"view:sun_azimuth": "south"}}, "view:sun_azimuth", "'south', not a fin"),
        ({"properties": {"view:azimuth": math.inf}}, "view:azimuth", "inf, not a finite"),
    ],
)
def test_faulty_items_name_what_is_wrong(change: dict[str, Any], asset: str, why: str) -> None:
    item = cdse_item()
    properties = item["properties"] | change.pop("properties", {})
    with pytest.raises(AssetError, match=why) as raised:
        described(item | {"properties": properties} | change)
    assert (raised.value.item, raised.value.asset) == (item["id"], asset)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("media_type", ["image/png", "text/html", "application/vnd+zarr"])
def test_a_wrong_media_type_is_said(media_type: str) -> None:
    item = cdse_item()
    item["assets"]["B03_10m"]["type"] = media_type
    with pytest.raises(AssetError, match=rf"B03_10m: is .*{media_type.split('/', maxsplit=1)[0]}"):
        described(item)


def test_a_moment_is_found_in_a_short_span_and_not_in_a_month() -> None:
    item = cdse_item()
    item["properties"] |= {
        "datetime": None,
        "start_datetime": "2025-06-28T02:41:40Z",
        "end_datetime": "2025-06-28T02:41:50Z",
    }
    assert described(item).seen_at == datetime(2025, 6, 28, 2, 41, 45, tzinfo=UTC)
    item["properties"]["end_datetime"] = "2025-07-28T02:41:50Z"
    with pytest.raises(AssetError, match="datetime: is missing"):
        described(item)


@given(
    west=st.one_of(st.floats(-180, 150), st.floats(165, 179.9)),
    width=st.floats(0.1, 30),
    south=st.floats(-60, 50),
    split=st.booleans(),
)
def test_outlines_over_the_antimeridian(
    west: float, width: float, south: float, split: bool
) -> None:
    """However a provider writes an outline, it covers the same ground, within -180 to 180."""
    east = west + width
    written = [box(west, south, east, south + 5)]
    if east > 180 and split:
        # RFC 7946 says so; many write the eastern end with its own sign instead.
        written = [box(west, south, 180, south + 5), box(-180, south, east - 360, south + 5)]
        outline = {
            "type": "MultiPolygon",
            "coordinates": [mapping(p)["coordinates"] for p in written],
        }
    else:
        signed = [((x - 360 if x > 180 else x), y) for x, y in written[0].exterior.coords]
        outline = {"type": "Polygon", "coordinates": [signed]}
    footprint = described(cdse_item() | {"geometry": outline}).footprint
    assert footprint.is_valid
    assert footprint.area == pytest.approx(width * 5, rel=1e-6)
    low, _, high, _ = footprint.bounds
    assert low >= -180
    assert high <= 180
    middle = (west + width / 2 + 180) % 360 - 180
    assert footprint.distance(Point(middle, south + 2.5)) < 1e-9


@given(letter=st.sampled_from("abcdefgh"), mission=st.sampled_from([1, 2]))
def test_any_platform_letter(letter: str, mission: int) -> None:
    item = cdse_item()
    item["collection"] = "somebody's own"
    item["properties"] |= {"platform": f"Sentinel-{mission}{letter.upper()}"}
    del item["properties"]["constellation"]
    if mission == 1:
        item["assets"] = {"VV": {"href": "s3://eodata/vv.tiff", "type": "image/tiff"}}
    scene = described(item)
    assert scene.platform == f"sentinel-{mission}{letter}"
    assert scene.sensor == ("sar" if mission == 1 else "optical")


def test_the_real_ports_have_outlines_that_hold_their_pixels(shared_data: Path) -> None:
    for path in (shared_data / "s2-ports" / "train").glob("*/S2_*.json"):
        item = read_item(path)
        scene = scene_from_item(pystac.Item.from_file(str(path)))
        assert scene.footprint.equals(shape(deepcopy(item)["geometry"]))
        assert scene.platform == "sentinel-2"
        assert np.isfinite(scene.sun_elevation_deg or np.nan)
