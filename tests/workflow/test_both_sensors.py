"""One hull that an optical and a radar image show on one day is one visit."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import shapely
from pyproj import Transformer

from gnomon.datamodel.study import Study
from gnomon.simulate.pixels.catalog import write_scene
from gnomon.simulate.pixels.light import Light
from gnomon.simulate.pixels.scene import SceneSpec, grid, simulate
from gnomon.simulate.pixels.ships import Ship
from gnomon.simulate.radar.echoes import SeaState
from gnomon.simulate.radar.scene import RadarSceneSpec, RadarShip
from gnomon.workflow.infer import infer_tables
from gnomon.workflow.run import Results, run
from radar_scenes import radar_spec, write_radar

BOX = grid(epsg=32652, west_m=600_000, north_m=4_670_000, shape=(160, 160), gsd_m=10.0)
DAY = datetime(2024, 5, 10, 2, 22, tzinfo=UTC)
SHIP = Ship(type="tanker", length_m=96, beam_m=15, heading_deg=70, freeboard_m=4,
            house_height_m=15, east_m=600_800, north_m=4_669_200)  # fmt: skip
OPTICAL_DAYS, RADAR_DAYS = (-10, -5, 0, 5, 10), (-12, 0, 12)


def optical(day: int) -> SceneSpec:
    return SceneSpec(
        id=f"optical{day:+d}",
        seed=20 + day,
        geobox=BOX,
        seen_at=DAY + timedelta(days=day),
        light=Light(sun_azimuth_deg=157, sun_elevation_deg=45),
        ships=(SHIP,) if day == 0 else (),
    )


def radar(day: int) -> RadarSceneSpec:
    to_degrees = Transformer.from_crs("EPSG:32652", "EPSG:4326", always_xy=True)
    longitude, latitude = to_degrees.transform(SHIP.east_m, SHIP.north_m)
    ship = RadarShip(longitude_deg=longitude, latitude_deg=latitude, length_m=SHIP.length_m,
                     beam_m=SHIP.beam_m, heading_deg=SHIP.heading_deg)  # fmt: skip
    orbit = {"longitude_deg": longitude, "latitude_deg": latitude, "lines": 400, "samples": 400}
    return radar_spec(
        orbit=orbit, ships=(ship,) if day == 0 else (), land=None, seed=day + 50,
        sea=SeaState(wind_m_s=5, roughness=0), seen_at=DAY + timedelta(days=day, hours=7),
    )  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("both")
    items = [write_scene(folder, s, *simulate(s)) for s in map(optical, OPTICAL_DAYS)]
    catalog = write_radar(folder, map(radar, RADAR_DAYS), *items)
    area = shapely.geometry.mapping(BOX.geographic_extent.geom)
    zones = [{"type": "Feature", "geometry": area,
              "properties": {"port": "here", "kind": kind, "zone": kind}}
             for kind in ("area", "berth")]  # fmt: skip
    (folder / "ports.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": zones})
    )
    study = Study.model_validate(
        {
            "name": "both",
            "catalog": {"url": str(catalog),
                        "collections": ["synthetic-sentinel-1", "synthetic-sentinel-2"]},
            "ports": {"file": str(folder / "ports.geojson"), "names": ["here"]},
            "radar": {"land": str(folder / "land.geojson")},
        }
    )  # fmt: skip
    return run(study, folder / "run")


@pytest.mark.slow
def test_each_sensor_finds_the_hull_at_one_place(results: Results) -> None:
    rows = results.detections
    assert set(results.observations.status) == {"observed"}
    assert sorted(rows.scene_id) == ["optical+0", "radar-1"]
    first, second = rows.geometry.to_crs("EPSG:32652")
    assert first.distance(second) < 40
    assert abs(rows.length_m.diff().iloc[1]) < 3 * rows.length_sigma_m.max()


@pytest.mark.slow
def test_both_images_are_one_visit_between_the_images_without_it(results: Results) -> None:
    """Of a tanker, as decks that are not simulated would show; else it may be another ship."""
    shown = results.detections.assign(p_tanker=0.97)
    options = Study(name="both", catalog={"url": "none"})
    inferred = infer_tables(
        shown, results.observations, None, period=options.period, track=options.track,
        ledger=options.ledger, ports=(),
    )  # fmt: skip
    (visit,) = inferred.tracked.visits.itertuples()
    assert set(json.loads(visit.detections)) == set(results.detections.detection_id)
    assert visit.observations == 2
    assert visit.arrived_after == DAY - timedelta(days=5)
    assert visit.arrived_before == DAY
    assert visit.departed_after == DAY + timedelta(hours=7)
    assert visit.departed_before == DAY + timedelta(days=5)
