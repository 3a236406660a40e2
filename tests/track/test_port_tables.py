"""Tables by port: berths, anchorages, other ports, AIS and the sources of a visit."""

import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point, box

from gnomon.datamodel.ports import Port, Zone
from gnomon.datamodel.shipped import shipped
from gnomon.datamodel.study import read_study
from gnomon.simulate.season.campaign import PORT, ZONE, SimulatedSeason, Trade, simulate_season
from gnomon.simulate.season.off_berth import ANCHORAGE, HOME
from gnomon.track.ais import NO_AIS, AisMatch
from gnomon.track.direction import load_log_ratios
from gnomon.track.port_tables import PortTables
from gnomon.track.posterior import ship_sizes, track_posterior
from gnomon.track.sightings import check_tables
from tracked_seasons import TRAFFIC, options


@pytest.fixture(scope="module")
def made() -> SimulatedSeason:
    trade = Trade(days=60, visits=12.0)
    return simulate_season(
        np.random.default_rng(5), trade, schedule="s2+s1+daily", off_berth="s2+s1+daily"
    )


def tables(
    made: SimulatedSeason,
    hulls: pd.DataFrame | None = None,
    observations: pd.DataFrame | None = None,
    ports: tuple[Port, ...] = (),
) -> PortTables:
    """Tables of a study that names its anchorages, or knows the port's own."""
    chosen = options(zones=[] if ports else [ZONE], roads={} if ports else {PORT: [ANCHORAGE]})
    start, end = (time.to_pydatetime() for time in made.period)
    checked = check_tables(
        made.detections if hulls is None else hulls,
        made.observations if observations is None else observations,
    )
    return PortTables(chosen, TRAFFIC, {str(p.name): p for p in ports}, *checked, start, end)


def test_ships_visit_all_ports_but_the_anchorages_of_others(made: SimulatedSeason) -> None:
    assert tables(made).names == [PORT, HOME]
    assert tables(made).anchorages(HOME) == []


def test_hulls_in_a_ports_own_anchorage_wait_and_do_not_visit(made: SimulatedSeason) -> None:
    zones = (
        Zone(ZONE, "berth", box(133.0, 42.73, 133.2, 42.8)),
        Zone("anchorage", "anchorage", box(132.8, 42.6, 132.99, 42.8)),
    )
    hulls, passes = (
        frame[frame.port != HOME].replace({"port": {ANCHORAGE: PORT}})
        for frame in (made.detections, made.observations)
    )
    hulls = hulls.assign(zone=np.where(hulls.longitude < 133.0, "anchorage", ZONE))
    passes = passes.assign(
        zones=[
            json.dumps(
                {"anchorage": u, ZONE: 0.0} if ANCHORAGE in s else {"anchorage": 0.0, ZONE: u}
            )
            for s, u in zip(passes.scene_id, passes.usable_fraction, strict=True)
        ]
    )
    one = tables(made)
    two = tables(made, hulls, passes, (Port(PORT, box(132.8, 42.6, 133.2, 42.9), zones),))
    assert two.names == [PORT]
    (apart,), (own,) = one.anchorages(PORT), two.anchorages(PORT)
    np.testing.assert_array_equal(np.sort(own.length_m), np.sort(apart.length_m))
    np.testing.assert_array_equal(np.sort(own.log_lr_laden), np.sort(apart.log_lr_laden))
    assert own.exposure == pytest.approx(apart.exposure, rel=1e-6)
    berth = one.at_berths(PORT).hulls
    np.testing.assert_array_equal(two.at_berths(PORT).hulls.length_m, berth.length_m)


def test_a_port_lies_in_the_centre_of_its_area_or_of_its_hulls(made: SimulatedSeason) -> None:
    by_hulls = tables(made)
    own = made.detections[made.detections.port == PORT]
    assert by_hulls.positions[PORT] == pytest.approx((own.longitude.mean(), own.latitude.mean()))
    area = box(132.8, 42.6, 133.2, 42.9)
    by_area = replace(by_hulls, ports={PORT: Port(PORT, area)})
    assert by_area.positions[PORT] == pytest.approx((133.0, 42.75))
    assert set(by_hulls.routes) == {(PORT, HOME), (HOME, PORT)}
    assert by_hulls.routes[PORT, HOME].distance_nm == pytest.approx(
        by_hulls.routes[HOME, PORT].distance_nm
    )


def test_a_port_of_unknown_position_has_no_routes(made: SimulatedSeason) -> None:
    bare = made.detections.drop(columns=["longitude", "latitude"])
    unknown = tables(made, bare)
    assert unknown.positions == {}
    assert unknown.other_port_calls(PORT, {}) == []


def test_calls_at_other_ports_are_their_likely_visits_at_both_ends(made: SimulatedSeason) -> None:
    known = tables(made)
    few = options(draws=20, members=16)
    posterior = track_posterior(known.at_berths(HOME), few, TRAFFIC)
    departures, arrivals = known.other_port_calls(PORT, {HOME: posterior})
    tracks = posterior.likely_tankers(0.5)
    assert (departures.departures, arrivals.departures) == (True, False)
    come, leave = load_log_ratios(np.array([posterior.operations(t) for t in tracks]))
    np.testing.assert_array_equal(departures.log_lr_laden, leave)
    np.testing.assert_array_equal(arrivals.log_lr_laden, come)
    sizes = ship_sizes(posterior.data, tracks, TRAFFIC)
    np.testing.assert_array_equal(departures.length_m, sizes.length_m)
    assert departures.distance_nm == known.routes[PORT, HOME].distance_nm
    assert departures.exposure == 60
    assert known.other_port_calls(HOME, {HOME: posterior}) == []


def test_a_visit_has_the_ids_the_position_and_the_ais_of_its_detections(
    made: SimulatedSeason,
) -> None:
    known = tables(made)
    data = known.at_berths(PORT)
    own = known.hulls.loc[data.rows[[0, 1, 2]]]
    matches = [NO_AIS] * len(data.rows)
    plain = known.visit_source((0, 1, 2), data, matches)
    assert json.loads(plain.detections) == list(own.detection_id)
    assert plain.visit_id == f"{PORT}-{own.detection_id.iloc[0]}"
    assert plain.geometry.x == pytest.approx(own.longitude.mean())
    assert (plain.mmsi, plain.dark) == (None, None)
    matches[:3] = [AisMatch("7", dark=False), AisMatch("8", dark=False), AisMatch("8", dark=False)]
    assert known.visit_source((0, 1, 2), data, matches).mmsi == "8"


@pytest.mark.parametrize(
    ("dark", "expected"),
    [
        ((None, None), None), ((True, None), True), ((True, True), True), ((True, False), False),
        ((None, False), False),
    ],
)  # fmt: skip
def test_a_visit_is_dark_if_all_its_covered_images_are(
    made: SimulatedSeason, dark: tuple[bool | None, bool | None], expected: bool | None
) -> None:
    known = tables(made)
    data = known.at_berths(PORT)
    matches = [AisMatch("1" if d is False else None, d) for d in dark]
    assert known.visit_source((0, 1), data, matches).dark is expected


def test_ids_that_are_missing_are_the_scene_and_the_row(made: SimulatedSeason) -> None:
    known = tables(made, made.detections.drop(columns="detection_id"))
    data = known.at_berths(PORT)
    names = json.loads(known.visit_source((0, 1), data, [NO_AIS] * 2).detections)
    rows = data.rows[[0, 1]]
    assert names == [f"{known.hulls.scene_id[row]}#{row}" for row in rows]


def test_ais_is_matched_at_the_time_and_position_of_each_hull(made: SimulatedSeason) -> None:
    known = tables(made)
    data = known.at_berths(PORT)
    hull = known.hulls.loc[data.rows[4]]
    sent = pd.DataFrame(
        {
            "mmsi": ["445"], "time": [hull.seen_at], "longitude": [hull.longitude],
            "latitude": [hull.latitude],
        }
    )  # fmt: skip
    matches = known.ais_matches(data, sent)
    assert matches[4][:2] == ("445", False)
    assert matches[4].probability > 0.9
    assert sum(match.mmsi == "445" for match in matches) <= 3
    assert set(known.ais_matches(data, None)) == {NO_AIS}
    points = gpd.points_from_xy(made.detections.longitude, made.detections.latitude)
    by_geometry = gpd.GeoDataFrame(
        made.detections.drop(columns=["longitude", "latitude"]), geometry=points, crs="EPSG:4326"
    )
    assert tables(made, by_geometry).ais_matches(data, sent) == matches
    centre = tables(made, by_geometry).visit_source((4,), data, matches).geometry
    assert centre == Point(hull.longitude, hull.latitude)


def test_the_study_of_2024_names_its_anchorage() -> None:
    study = read_study(Path(shipped("configs")) / "vostochny-2024.toml")
    assert study.track.roads == {"vostochny": ("vostochny-anchorage",)}
    assert set(study.track.roads["vostochny"]) <= set(study.ports.names)
