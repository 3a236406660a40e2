"""Sun and view against pvlib, real granule metadata, and the shape of the swath."""

import dataclasses
import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

import numpy as np
import pandas as pd
import pvlib
import pystac
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer
from shapely.geometry import box, shape

from gnomon.catalog.angles import granule_angles, incidence_deg, with_angles
from gnomon.catalog.items import scene_from_item
from gnomon.datamodel.scene import FileVersion, Scene
from gnomon.geo.sun import sun_at
from servers import LOOPBACK, Fault, FileServer
from stac_items import cdse_item, described

XML = """<?xml version="1.0"?><Tile><Tile_Angles>
<Mean_Sun_Angle><ZENITH_ANGLE>50.5</ZENITH_ANGLE><AZIMUTH_ANGLE>160</AZIMUTH_ANGLE></Mean_Sun_Angle>
<Mean_Viewing_Incidence_Angle_List>{views}</Mean_Viewing_Incidence_Angle_List>
</Tile_Angles></Tile>"""
VIEW = """<Mean_Viewing_Incidence_Angle bandId="{band}"><ZENITH_ANGLE>{zenith}</ZENITH_ANGLE>
<AZIMUTH_ANGLE>{azimuth}</AZIMUTH_ANGLE></Mean_Viewing_Incidence_Angle>"""


def granule(*views: tuple[float, float]) -> str:
    said = [VIEW.format(band=n, zenith=z, azimuth=a) for n, (z, a) in enumerate(views)]
    return XML.format(views="".join(said))


def pvlib_sun(when: datetime, longitude: float, latitude: float) -> tuple[float, float]:
    """Azimuth and elevation without refraction, by the algorithm of NREL."""
    times = pd.DatetimeIndex([when])
    sun = pvlib.solarposition.get_solarposition(times, latitude, longitude, method="nrel_numpy")
    return float(sun["azimuth"].iloc[0]), float(sun["elevation"].iloc[0])


def apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Angle between two directions (azimuth, elevation), degrees."""
    (a, b), (c, d) = np.deg2rad(one), np.deg2rad(other)
    chord = np.hypot(
        np.hypot(
            np.cos(b) * np.sin(a) - np.cos(d) * np.sin(c),
            np.cos(b) * np.cos(a) - np.cos(d) * np.cos(c),
        ),
        np.sin(b) - np.sin(d),
    )
    return float(np.rad2deg(2 * np.arcsin(chord / 2)))


@given(
    when=st.datetimes(datetime(1985, 1, 1), datetime(2049, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    longitude=st.floats(-180, 180),
    latitude=st.floats(-89, 89),
)
def test_the_sun_is_where_pvlib_puts_it(when: datetime, longitude: float, latitude: float) -> None:
    mine = sun_at(when, longitude=longitude, latitude=latitude)
    assert apart(mine, pvlib_sun(when, longitude, latitude)) < 0.05


def test_the_time_zone_of_a_moment_does_not_move_the_sun() -> None:
    from zoneinfo import ZoneInfo

    when = datetime(2024, 4, 3, 2, 12, tzinfo=UTC)
    there = when.astimezone(ZoneInfo("Asia/Vladivostok"))
    assert sun_at(when, longitude=133, latitude=42.7) == sun_at(there, longitude=133, latitude=42.7)


@pytest.fixture(params=["T10SDG", "T34LBP"])
def safe(request: pytest.FixtureRequest, shared_data: Path) -> Path:
    return next((shared_data / "safe-metadata").glob(f"*{request.param}"))


def test_real_granules_agree_with_pvlib_and_with_their_items(safe: Path) -> None:
    angles = granule_angles((safe / "metadata.xml").read_bytes())
    item = json.loads((safe / "expected_output.json").read_text())
    info = json.loads((safe / "tileInfo.json").read_text())
    when = datetime.fromisoformat(info["timestamp"])
    # The mean over the whole tile, so the middle of the tile and not of its data.
    corner = info["tileGeometry"]["coordinates"][0]
    middle = np.mean(corner[:4], axis=0)
    epsg = info["tileGeometry"]["crs"]["properties"]["name"].split(":")[-1]
    from rasterio.warp import transform

    (longitude,), (latitude,) = transform(f"EPSG:{epsg}", "EPSG:4326", [middle[0]], [middle[1]])
    sun = (angles.sun_azimuth_deg, angles.sun_elevation_deg)
    assert apart(sun, pvlib_sun(when, longitude, latitude)) < 0.5
    assert apart(sun, sun_at(when, longitude=longitude, latitude=latitude)) < 0.5
    said = item["properties"]
    assert angles.sun_elevation_deg == pytest.approx(said["view:sun_elevation"], abs=1e-6)
    assert angles.sun_azimuth_deg == pytest.approx(said["view:sun_azimuth"], abs=1e-6)


SAFE = (
    "S2A_MSIL1C_20200717T221941_R029_T01LAC_20200717T234135.SAFE",
    "S2A_MSIL1C_20210908T042701_N0301_R133_T46RER_20210908T070248.SAFE",
    "S2A_MSIL1C_20230804T021351_N0509_R060_T51MUP_20230804T052642.SAFE",
    "S2A_MSIL2A_20150826T185436_N0212_R070_T11SLT_20210412T023147",
    "S2A_MSIL2A_20230821T221941_N0509_R029_T01KAB_20230822T021825.SAFE",
    "S2A_OPER_MSI_L2A_TL_2APS_20240108T121951_A044635_T34VEL",
    "S2A_OPER_MSI_L2A_TL_SGS__20181231T210250_A018414_T10SDG",
    "S2A_OPER_MSI_L2A_TL_VGS1_20220401T110010_A035382_T34LBP",
    "S2B_MSIL2A_20200914T231559_N0500_R087_T01VCG_20230315T224658",
    "S2B_MSIL2A_20220413T150759_N0400_R025_T33XWJ_20220414T082126.SAFE",
    "esa_S2B_MSIL2A_20210122T133229_N0214_R081_T22HBD_20210122T155500.SAFE",
)
"""Real granules of baselines 02.09 to 05.10, from both sides of the antimeridian to 80 N."""
UNSEEN = SAFE[5]
"""The swath touches a corner of this tile, and all its views are NaN."""


@pytest.fixture(params=SAFE)
def granule_xml(request: pytest.FixtureRequest, shared_data: Path) -> Path:
    """Granule metadata as ESA's products name it, or as the bucket of sinergise does."""
    folder = shared_data / "safe-metadata" / request.param
    names = ("MTD_TL.xml", "metadata.xml")
    return next(path for name in names for path in folder.rglob(name))


def tile_centre(root: Element) -> tuple[float, float]:
    """Longitude and latitude of the middle of a tile of 109.8 km."""
    upper_left = root.find(".//Geoposition[@resolution='10']")
    assert upper_left is not None
    x, y = (float(upper_left.findtext(name, "nan")) for name in ("ULX", "ULY"))
    to_degrees = Transformer.from_crs(
        root.findtext(".//HORIZONTAL_CS_CODE"), "EPSG:4326", always_xy=True
    )
    return to_degrees.transform(x + 54_900, y - 54_900)


def test_the_sun_of_a_real_granule_is_where_pvlib_puts_it(granule_xml: Path) -> None:
    root = ET.parse(granule_xml).getroot()
    longitude, latitude = tile_centre(root)
    when = datetime.fromisoformat(root.findtext(".//SENSING_TIME", ""))
    angles = granule_angles(granule_xml.read_bytes())
    mean = (angles.sun_azimuth_deg or 0, angles.sun_elevation_deg or 0)
    assert apart(mean, pvlib_sun(when, longitude, latitude)) < 0.5


def zenith_grid(root: Element) -> np.ndarray:
    """View zenith over the tile, the mean of bands and detectors that see a node, (23, 23)."""
    grids = [
        [row.text.split() for row in grid.findall("Zenith/Values_List/VALUES") if row.text]
        for grid in root.iter("Viewing_Incidence_Angles_Grids")
    ]
    stack = np.ma.masked_invalid([np.array(grid, float) for grid in grids if len(grid) == 23])
    return stack.mean(axis=0).filled(np.nan)


def test_the_view_zenith_of_a_real_granule_falls_towards_the_sensor(granule_xml: Path) -> None:
    """What is nearer to the ground track is seen at a smaller angle: that fixes the azimuth."""
    angles = granule_angles(granule_xml.read_bytes())
    if UNSEEN in granule_xml.parts:
        assert (angles.view_zenith_deg, angles.view_azimuth_deg) == (None, None)
        assert angles.sun_elevation_deg == pytest.approx(8.52, abs=0.01)
        return
    zenith = zenith_grid(ET.parse(granule_xml).getroot())
    if np.nanmin(zenith) < 1.5:  # the ground track crosses the tile: the two sides cancel
        assert (angles.view_zenith_deg or 0) < 2
        return
    assert np.nanmin(zenith) < (angles.view_zenith_deg or 0) < np.nanmax(zenith)
    known = np.isfinite(zenith)
    rows, columns = np.nonzero(known)
    plane = np.stack([columns, -rows, np.ones_like(rows)], axis=1).astype(float)
    east, north, _ = np.linalg.lstsq(plane, zenith[known], rcond=None)[0]
    azimuth = math.radians(angles.view_azimuth_deg or 0)
    # Grid north is within a few degrees of true north, but for the tiles near the poles.
    assert east * math.sin(azimuth) + north * math.cos(azimuth) < 0


def test_the_view_points_to_the_side_where_the_swath_goes_on(shared_data: Path) -> None:
    """Where the edge of the swath cuts a tile, the satellite flies over the side that has data."""
    cut = 0
    for path in sorted((shared_data / "safe-metadata").rglob("tileInfo.json")):
        info = json.loads(path.read_text())
        data, tile = (
            shape({key: info[name][key] for key in ("type", "coordinates")})
            for name in ("tileDataGeometry", "tileGeometry")
        )
        angles = granule_angles(path.with_name("metadata.xml").read_bytes())
        if angles.view_azimuth_deg is None or data.area > 0.95 * tile.area:
            continue
        cut += 1
        side = math.sin(math.radians(angles.view_azimuth_deg))
        assert side * (data.centroid.x - tile.centroid.x) > 0, path.parent.name
        assert 5 < (angles.view_zenith_deg or 0) < 12
    assert cut >= 2
    for path in (shared_data / "stac-items").glob("earth-search_S2B_24MUA*L2A.json"):
        scene = scene_from_item(pystac.Item.from_dict(json.loads(path.read_text()), migrate=False))
        west, _, east, _ = scene.footprint.bounds
        offset = scene.footprint.centroid.x - (west + east) / 2
        assert offset * math.sin(math.radians(scene.view_azimuth_deg or 0)) > 0


def test_views_are_averaged_as_directions() -> None:
    angles = granule_angles(granule((8.0, 359.0), (8.0, 1.0)))
    assert angles.view_zenith_deg == pytest.approx(8.0, abs=0.01)
    assert min(angles.view_azimuth_deg or 0, 360 - (angles.view_azimuth_deg or 0)) < 1e-6
    assert angles.sun_elevation_deg == 39.5
    gap = granule_angles(granule((8.0, 90.0), (math.nan, math.nan)))
    assert (gap.view_zenith_deg, gap.view_azimuth_deg) == pytest.approx((8.0, 90.0))
    alone = granule_angles(granule())
    assert (alone.view_zenith_deg, alone.view_azimuth_deg) == (None, None)


@pytest.mark.parametrize(
    ("xml", "why"),
    [
        ("{}", "not XML"),
        ("<Tile/>", "no Mean_Sun_Angle"),
        (granule().replace("50.5", "NaN"), "not a pair of finite"),
    ],
)
def test_what_is_no_granule_metadata_says_so(xml: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        granule_angles(xml)


@given(off_nadir=st.floats(0, 45), altitude=st.floats(400, 800))
def test_incidence_by_the_triangle_of_earth_and_sensor(off_nadir: float, altitude: float) -> None:
    """The law of sines against the sensor's position in the plane, worked backwards."""
    incidence = incidence_deg(off_nadir, altitude_km=altitude)
    at_centre = math.radians(incidence - off_nadir)
    target = 6371 * np.array([math.sin(at_centre), math.cos(at_centre)])
    observation = target - np.array([0, 6371 + altitude])
    assert math.degrees(math.atan2(observation[0], -observation[1])) == pytest.approx(
        off_nadir, abs=1e-6
    )


def scene(**fields: object) -> Scene:
    known = {
        "id": "x", "collection": "c", "platform": "sentinel-2a", "sensor": "optical",
        "seen_at": datetime(2024, 4, 3, 2, 12, tzinfo=UTC), "footprint": box(132, 42, 133, 43),
        "gsd_m": 10, "trust": LOOPBACK,
    }  # fmt: skip
    return Scene(**(known | fields))


ALL_ANGLES = {
    "sun_azimuth_deg": 1.0, "sun_elevation_deg": 2.0, "view_azimuth_deg": 3.0,
    "view_zenith_deg": 4.0,
}  # fmt: skip


def test_granule_metadata_are_fetched_only_if_needed(tmp_path: Path) -> None:
    (tmp_path / "granule.xml").write_text(granule((9.0, 105.0)))
    with FileServer(tmp_path) as server:
        href = f"{server.url}/granule.xml"
        whole = scene(**ALL_ANGLES, granule_metadata_href=href)
        assert with_angles(whole) is whole
        radar = dataclasses.replace(scene(granule_metadata_href=href), sensor="sar")
        assert with_angles(radar) is radar
        assert server.seen == []
        filled = with_angles(scene(granule_metadata_href=href))
        assert len(server.seen) == 1
    assert filled.sun_azimuth_deg == pytest.approx(160)
    assert filled.sun_elevation_deg == pytest.approx(39.5)
    assert filled.view_azimuth_deg == pytest.approx(105)
    assert filled.view_zenith_deg == pytest.approx(9)
    local = with_angles(scene(granule_metadata_href=str(tmp_path / "granule.xml")))
    assert dataclasses.replace(local, granule_metadata_href=href) == filled


@pytest.mark.parametrize("known", [{"size": 12}, {"checksum": "1220" + "ab" * 32}])
def test_granule_metadata_that_are_not_the_catalogues_are_not_believed(
    tmp_path: Path, known: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "granule.xml").write_text(granule((9.0, 105.0)))
    one = scene(
        granule_metadata_href=str(tmp_path / "granule.xml"),
        granule_metadata_version=FileVersion(**known),
    )
    assert with_angles(one).view_zenith_deg is None
    assert "that its catalogue lists" in caplog.text or "as its catalogue lists" in caplog.text


def test_what_the_item_says_is_kept() -> None:
    filled = with_angles(scene(sun_azimuth_deg=150.0, sun_elevation_deg=30.0, view_zenith_deg=4.0))
    assert (filled.sun_azimuth_deg, filled.sun_elevation_deg) == (150, 30)
    assert (filled.view_azimuth_deg, filled.view_zenith_deg) == (None, 4)


@pytest.mark.parametrize(
    "fault", [Fault(status=404), Fault(body=b"<html>"), Fault(body=b"<a/>"), Fault(hang=True)]
)
def test_without_granule_metadata_the_sun_is_computed_and_the_view_unknown(
    tmp_path: Path, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "granule.xml").write_text("")
    with FileServer(tmp_path) as server:
        server.faults["/granule.xml"] = fault
        href = f"{server.url}/granule.xml"
        filled = with_angles(scene(granule_metadata_href=href), timeout_s=0.3)
    sun = (filled.sun_azimuth_deg, filled.sun_elevation_deg)
    assert apart(sun, pvlib_sun(filled.seen_at, 132.5, 42.5)) < 0.05
    assert (filled.view_azimuth_deg, filled.view_zenith_deg) == (None, None)
    assert "x, granule metadata" in caplog.text


def test_a_real_item_without_a_view_gets_it_from_its_granule(shared_data: Path, safe: Path) -> None:
    path = shared_data / "stac-items" / "planetary-computer_S2A_T58UFE.json"
    listed = scene_from_item(pystac.Item.from_dict(json.loads(path.read_text()), migrate=False))
    assert listed.view_azimuth_deg is None
    there = dataclasses.replace(
        listed, granule_metadata_href=str(safe / "metadata.xml"), signing=None
    )
    filled = with_angles(there)
    assert filled.sun_azimuth_deg == listed.sun_azimuth_deg
    assert filled.view_azimuth_deg == pytest.approx(102, abs=8)


def test_the_sun_of_the_real_ports_is_where_their_time_puts_it(shared_data: Path) -> None:
    """Their angles and times were both computed for a nominal overpass: they must agree."""
    for path in sorted((shared_data / "s2-ports").glob("*/S2_*/S2_*.json")):
        listed = scene_from_item(pystac.Item.from_file(str(path)))
        middle = listed.footprint.centroid
        mine = sun_at(listed.seen_at, longitude=middle.x, latitude=middle.y)
        assert apart(mine, (listed.sun_azimuth_deg, listed.sun_elevation_deg)) < 0.5, path.name
        later = sun_at(listed.seen_at + timedelta(hours=1), longitude=middle.x, latitude=middle.y)
        assert apart(mine, later) > 5


def test_view_angles_of_the_bands_stand_in_for_those_of_the_item() -> None:
    """Averaged as directions; as granule metadata would give, which lie behind s3:// there."""
    item = cdse_item()
    for name in ("view:azimuth", "view:incidence_angle"):
        del item["properties"][name]
    bands = [asset for asset in item["assets"].values() if "view:azimuth" in asset]
    for n, asset in enumerate(bands):
        asset |= {"view:azimuth": (350.0, 10.0)[n % 2], "view:incidence_angle": 5.0}
    item["assets"]["B11_20m"]["view:azimuth"] = "east"
    scene = described(item)
    assert scene.view_azimuth_deg is not None
    assert min(scene.view_azimuth_deg, 360 - scene.view_azimuth_deg) < 2
    assert scene.view_zenith_deg == pytest.approx(4.92, abs=0.03)
    del item["assets"]["B02_10m"]["view:azimuth"]
    for asset in item["assets"].values():
        asset.pop("view:incidence_angle", None)
    assert described(item).view_zenith_deg is None
