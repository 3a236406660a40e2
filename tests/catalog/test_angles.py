"""Sun and view against pvlib, real granule metadata, and the shape of the swath."""

import dataclasses
import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pvlib
import pystac
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box, shape

from gnomon.catalog.angles import granule_angles, incidence_deg, with_angles
from gnomon.catalog.items import scene_from_item
from gnomon.datamodel.scene import Scene
from gnomon.geo.sun import sun_at
from servers import Fault, FileServer

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


def test_the_view_points_towards_the_sensor(shared_data: Path) -> None:
    """At the edge of a swath the satellite stands on the side where the data go on.

    The edge of the swath cuts two real granules and a real item; where the data lie in the east
    of the tile, the middle of the swath, above which the satellite flies, is in the east too.
    """
    for folder in (shared_data / "safe-metadata").iterdir():
        info = json.loads((folder / "tileInfo.json").read_text())
        data = shape({k: info["tileDataGeometry"][k] for k in ("type", "coordinates")})
        tile = shape({k: info["tileGeometry"][k] for k in ("type", "coordinates")})
        angles = granule_angles((folder / "metadata.xml").read_bytes())
        side = math.sin(math.radians(angles.view_azimuth_deg or 0))
        assert side * (data.centroid.x - tile.centroid.x) > 0, folder.name
        # A pixel at the edge is seen at a higher angle than one in the middle of the swath.
        assert 5 < (angles.view_zenith_deg or 0) < 12
    for path in (shared_data / "stac-items").glob("earth-search_S2B_24MUA*L2A.json"):
        scene = scene_from_item(pystac.Item.from_dict(json.loads(path.read_text()), migrate=False))
        west, _, east, _ = scene.footprint.bounds
        cut = scene.footprint.centroid.x - (west + east) / 2
        assert cut * math.sin(math.radians(scene.view_azimuth_deg or 0)) > 0


def test_views_are_averaged_as_directions() -> None:
    angles = granule_angles(granule((8.0, 359.0), (8.0, 1.0)))
    assert angles.view_zenith_deg == pytest.approx(8.0, abs=0.01)
    assert min(angles.view_azimuth_deg or 0, 360 - (angles.view_azimuth_deg or 0)) < 1e-6
    assert angles.sun_elevation_deg == 39.5
    alone = granule_angles(granule())
    assert (alone.view_zenith_deg, alone.view_azimuth_deg) == (None, None)


@pytest.mark.parametrize(
    ("xml", "why"),
    [
        ("{}", "not XML"),
        ("<Tile/>", "no Mean_Sun_Angle"),
        (granule((math.nan, 3)), "not a pair of finite"),
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
        "gsd_m": 10,
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
