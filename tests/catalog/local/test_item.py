"""One local image as an item: its sun against pvlib, its fields against the STAC extensions."""

import json
import math
from pathlib import Path

import pandas as pd
import pvlib
import pystac
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasterio.warp import transform
from shapely.geometry import shape

from gnomon.catalog.angles import incidence_deg
from own_images import MS, NOON, made, numbers, only, outline_of, write_image


@given(
    hour=st.floats(-5, 5),
    day=st.integers(0, 364),
    longitude=st.floats(-179, 179),
    latitude=st.floats(-55, 60),
)
def test_a_computed_sun_is_pvlibs(
    tmp_path_factory: pytest.TempPathFactory,
    hour: float,
    day: int,
    longitude: float,
    latitude: float,
) -> None:
    when = pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(days=day, hours=12 + hour)
    when = (when - pd.Timedelta(hours=longitude / 15)).floor("s")
    zone = (32600 if latitude >= 0 else 32700) + int((longitude + 180) // 6) + 1
    (x,), (y,) = transform("EPSG:4326", f"EPSG:{zone}", [longitude], [latitude])
    folder = tmp_path_factory.mktemp("sun") / "images"
    write_image(folder / "a.tif", numbers(1, 4, 4), corner=(x, y), crs=f"EPSG:{zone}")
    expected = pvlib.solarposition.get_solarposition(when, latitude, longitude).iloc[0]
    if expected.elevation < 0.2:
        answer = made(folder, seen_at=when.isoformat())
        assert answer.path is None or expected.elevation > -0.2
        return
    scene = only(made(folder, seen_at=when.isoformat()))
    assert scene.sun_elevation_deg == pytest.approx(expected.elevation, abs=0.06)
    turn = (scene.sun_azimuth_deg - expected.azimuth + 180) % 360 - 180
    assert abs(turn) * math.cos(math.radians(expected.elevation)) < 0.06


def test_the_item_has_the_fields_of_its_extensions(tmp_path: Path) -> None:
    write_image(tmp_path / "images" / "bay.tif", numbers(4), nodata=0)
    answer = made(tmp_path / "images", seen_at=NOON, bands=MS, scale=1e-4, platform="WV-3")
    assert answer.path
    item = json.loads((answer.path.parent / "own-imagery" / "bay" / "bay.json").read_text())
    properties, asset = item["properties"], item["assets"]["image"]
    assert (item["type"], item["stac_version"], item["collection"]) == (
        "Feature", "1.1.0", "own-imagery",
    )  # fmt: skip
    assert item["bbox"] == [*shape(item["geometry"]).bounds]
    assert (
        shape(item["geometry"])
        .symmetric_difference(shape(outline_of(tmp_path / "images" / "bay.tif")))
        .area
        < 3e-13
    )  # square degrees: a hundredth of a pixel
    assert properties["datetime"] == NOON
    assert properties["proj:code"] == "EPSG:32652"
    assert properties["proj:shape"] == [40, 60]
    assert properties["proj:transform"] == [0.5, 0, 640_000, 0, -0.5, 4_734_000]
    assert (properties["gsd"], properties["platform"]) == (0.5, "WV-3")
    assert None not in properties.values()
    assert asset["type"] == "image/tiff; application=geotiff"
    assert asset["bands"][3] == {
        "name": "nir", "eo:common_name": "nir", "raster:scale": 1e-4, "raster:offset": 0,
        "nodata": 0,
    }  # fmt: skip
    assert {link["rel"] for link in item["links"]} == {"root", "collection", "parent"}
    prefixes = {key.split(":")[0] for key in (*properties, *asset["bands"][0]) if ":" in key}
    named = {address.split("/")[3] for address in item["stac_extensions"]}
    assert prefixes <= {"view", "eo", "raster", "proj"}
    assert named == {"view", "eo", "raster", "projection"}


def test_an_item_is_valid_by_the_schemas_of_stac(tmp_path: Path) -> None:
    write_image(tmp_path / "images" / "bay.tif", numbers(1))
    answer = made(tmp_path / "images", seen_at=NOON, view_zenith_deg=12, view_azimuth_deg=-90)
    assert answer.path
    item = pystac.Item.from_file(str(answer.path.parent / "own-imagery" / "bay" / "bay.json"))
    assert item.properties["view:azimuth"] == 270
    item.stac_extensions = []  # whose schemas are not shipped with pystac
    item.validate()


@given(off_nadir=st.floats(0, 40))
def test_an_angle_off_nadir_becomes_one_at_the_target(
    tmp_path_factory: pytest.TempPathFactory, off_nadir: float
) -> None:
    folder = tmp_path_factory.mktemp("view") / "images"
    write_image(folder / "a.tif", numbers(1, 4, 4))
    scene = only(made(folder, seen_at=NOON, off_nadir_deg=off_nadir, view_azimuth_deg=100))
    expected = incidence_deg(off_nadir, altitude_km=600)
    assert scene.view_zenith_deg == pytest.approx(expected)
    assert (scene.view_zenith_deg or 0) >= off_nadir - 1e-9
