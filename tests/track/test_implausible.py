"""Rows that can hardly be true: the faults that one season suffers, and seasons without any."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, box

from gnomon.datamodel.errors import TrackError
from gnomon.datamodel.ports import Port
from gnomon.datamodel.study import PeriodOptions
from gnomon.geo.local import from_local_metres
from gnomon.simulate.season.world.options import World
from gnomon.simulate.season.world.season import simulate_world
from gnomon.track.fleet import read_fleet
from gnomon.track.implausible import (
    SAME_PLACE_M,
    far_from_port,
    implausible_images,
    implausible_ships,
    refuse_implausible,
)
from gnomon.track.tracking import track_visits
from gnomon.workflow.infer import deadweight_of
from tracked_seasons import REGISTER, TRAFFIC, options

NOW = datetime(2024, 6, 1, tzinfo=UTC)
PLACE = 133.0553, 42.7521


def images(times: Sequence[str], **columns: object) -> pd.DataFrame:
    names = [f"s{n}" for n in range(len(times))]
    seen_at = pd.DatetimeIndex(list(times), tz="UTC")
    return pd.DataFrame({"scene_id": names, "port": "p", "seen_at": seen_at, **columns})


def ships(places: Sequence[tuple[float, float]], **columns: object) -> pd.DataFrame:
    names = [f"s{n}" for n in range(len(places))]
    lon, lat = (list(values) for values in zip(*places, strict=True))
    return pd.DataFrame(
        {"scene_id": names, "port": "p", "longitude": lon, "latitude": lat, "length_m": 96.0}
        | columns
    )


def test_a_simulated_season_has_no_such_row() -> None:
    season = simulate_world(np.random.default_rng(5), World(sensors=("s2", "s1"), days=200))
    refuse_implausible(season.detections, season.observations)


TWICE = ("2024-04-01T02:12:00Z", "2024-04-03T02:12:00Z", "2024-04-01T02:12:00.4Z")


def test_an_image_listed_twice_names_its_rows() -> None:
    (found,) = implausible_images(images(TWICE))
    assert found.rows == (0, 2)
    assert "of port p of the same time (2024-04-01 02:12:00 UTC)" in found.why
    assert "keep one row an image, or give platform" in found.why
    (found,) = implausible_images(images(TWICE, platform=[None, "a", None]))
    assert found.rows == (0, 2)


@pytest.mark.parametrize(
    "columns",
    [
        {"platform": "a"},
        {"port": ["p", "p", "q"]},
        {"status": ["observed", "observed", "failed"]},
        {"scene_id": ["a", "b", "a"]},  # refused as such
    ],
)
def test_what_is_no_other_image_may_have_the_same_time(columns: dict) -> None:
    assert list(implausible_images(images(TWICE, **columns))) == []


def test_times_that_no_image_has() -> None:
    typed = images(["2042-04-01", "2024-04-03", "1942-04-05", "2024-06-01"])
    future, past = implausible_images(typed, now=NOW)
    assert (future.rows, past.rows) == ((0,), (2,))
    assert future.why == "2042-04-01 is in the future; correct it"
    assert past.why == "1942-04-05 is before the first satellite images (1972); correct it"
    assert [one.rows for one in implausible_images(typed)] == [(2,)]


@given(
    east=st.floats(-60, 60),
    north=st.floats(-60, 60),
    longer=st.floats(0, 30),
    other_scene=st.booleans(),
)
def test_two_ships_are_one_if_place_length_and_image_are_the_same(
    east: float, north: float, longer: float, other_scene: bool
) -> None:
    x, y = from_local_metres(east, north, origin=PLACE)
    table = ships(
        [PLACE, (float(x), float(y))],
        scene_id=["a", "b" if other_scene else "a"],
        length_m=[96.0, 96.0 + longer],
    )
    found = [one.rows for one in implausible_ships(table)]
    apart = np.hypot(east, north)
    if abs(apart - SAME_PLACE_M) > 1e-3 and abs(longer - 1.0) > 1e-6:
        same = apart < SAME_PLACE_M and longer < 1.0 and not other_scene
        assert found == ([(0, 1)] if same else [])


def test_ships_pasted_twice_are_found_pair_by_pair() -> None:
    table = ships([PLACE, (133.06, 42.76)])
    pasted = pd.concat([table, table], ignore_index=True)
    assert [one.rows for one in implausible_ships(pasted)] == [(0, 2), (1, 3)]
    points = gpd.GeoDataFrame(
        pasted.drop(columns=["longitude", "latitude"]),
        geometry=[Point(*PLACE), None, Point(*PLACE), None],
        crs=4326,
    )
    assert [one.rows for one in implausible_ships(points)] == [(0, 2)]


@pytest.mark.parametrize(
    ("lengths", "rows", "why"),
    [
        ([0.096, 0.104], (), "no ship is longer than 0.104 m; are they in kilometres?"),
        ([8.0, 9.0], (), "no ship is longer than 9 m; are they in kilometres?"),
        ([96.0, 4.0], (1,), "4 m is too short for a ship; is it in metres?"),
    ],
)
def test_lengths_in_another_unit(lengths: list[float], rows: tuple[int, ...], why: str) -> None:
    (found,) = implausible_ships(ships([PLACE, PLACE], length_m=lengths))
    assert (found.rows, found.column) == (rows, "length_m")
    assert found.why.startswith(why)
    assert list(implausible_ships(ships([PLACE, PLACE], length_m=[9.0, 96.0]))) == []


def test_places_far_from_those_of_the_same_port() -> None:
    table = ships([PLACE, PLACE, (42.7521, 13.3), (133.06, 42.60), (0.0, 0.0)])
    assert [one.rows for one in implausible_ships(table)] == [(4,)]
    (found,) = far_from_port(table)
    assert found.rows == (2,)
    assert "more than 20 km from the middle of the ships of port p; are lon" in found.why
    assert list(far_from_port(table, known=["p"])) == []
    assert list(far_from_port(table.assign(port=list("pqrst")))) == []
    assert list(far_from_port(table.assign(port=None))) == []  # whole scenes


def test_ships_of_no_port_may_be_anywhere() -> None:
    seen = images(["2024-04-01", "2024-04-04", "2024-04-07", "2024-04-10"], port=None)
    table = ships([PLACE, (14.2, 40.8), (-7.6, 33.6)], port=None)
    result = track_visits(
        table,
        seen,
        options(),
        period=PeriodOptions(),
        traffic=TRAFFIC,
        fleet=read_fleet(REGISTER, TRAFFIC.tankers),
        deadweight=deadweight_of,
    )
    assert list(result.seasons.port) == ["everywhere"]


def test_a_port_may_lie_on_the_antimeridian() -> None:
    assert list(far_from_port(ships([(179.99, 65.0), (-179.99, 65.0), (179.95, 65.0)]))) == []


def _pasted(detections: pd.DataFrame, observations: pd.DataFrame) -> tuple:
    return pd.concat([detections, detections], ignore_index=True), observations


def _listed(detections: pd.DataFrame, observations: pd.DataFrame) -> tuple:
    other = observations.assign(scene_id=observations.scene_id + "-copy")
    return detections, pd.concat([observations, other], ignore_index=True)


def _swapped(detections: pd.DataFrame, observations: pd.DataFrame) -> tuple:
    moved = detections.copy()
    moved.loc[1, ["longitude", "latitude"]] = PLACE[::-1]
    return moved, observations


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_pasted, r"^detections: rows 1 and 4: two ships at the same place .* \(and 2 more\)$"),
        (_listed, r"^observations: rows 1 and 5: images of port p of the same time"),
        (_swapped, r"^detections: row 2: more than 20 km from the middle of the ships"),
    ],
)
def test_tracking_refuses_them(spoil: Callable, why: str) -> None:
    seen = images([f"2024-04-{day:02d}T02:12:00Z" for day in (1, 4, 7, 10)])
    tables = ships([PLACE, PLACE, PLACE]), seen
    refuse_implausible(*tables)
    with pytest.raises(TrackError, match=why):
        track_visits(
            *spoil(*tables),
            options(),
            period=PeriodOptions(),
            traffic=TRAFFIC,
            fleet=read_fleet(REGISTER, TRAFFIC.tankers),
            deadweight=deadweight_of,
        )


def test_a_known_port_is_judged_by_its_area() -> None:
    """A roadstead of 60 km is one port, if the study says so."""
    seen = images([str(NOW + timedelta(days=d)) for d in range(4)])
    table = ships([PLACE, PLACE, (133.5, 42.75)])
    with pytest.raises(TrackError, match="row 3: more than 20 km"):
        refuse_implausible(table, seen)
    port = Port("p", box(133.0, 42.6, 133.6, 42.9))
    refuse_implausible(table, seen, [port.name])
