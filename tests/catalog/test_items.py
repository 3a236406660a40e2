"""Real items of every provider as scenes, and faulty ones."""

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, box, mapping

from gnomon.datamodel.errors import AssetError
from stac_items import cdse_item, described, read_item


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
    assert scene.product == "S2B_MSIL2A_20250731T131909_N0511_R095_T20EPT_20250731T143919"
    assert scene.baseline == 5.11
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
    assert first.product == "S2A_MSIL2A_20200714T115221_N0214_R123_T28QCH_20200714T191310"
    assert first.baseline == 2.14
    assert first.view_zenith_deg is None  # its off-nadir angle of 0 is a placeholder
    assert str(first.granule_metadata_href).endswith("metadata.xml")


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
