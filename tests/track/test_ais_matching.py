"""Hulls and AIS one to one: beside each other, under way, in radar, and against brute force."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.geo.local import from_local_metres
from gnomon.simulate.radar.scene import drawn_shift_m
from gnomon.track.ais import SentPlace
from gnomon.track.ais_matching import (
    AisHulls,
    _assigned,
    _log_ratios,
    azimuth_shift_m,
    match_image,
)
from radar_scenes import radar_ship, radar_spec

PLACE = (133.0, 42.7)
NOON = pd.Timestamp("2024-04-01T12:00Z")


def hulls(*places: tuple[float, float], **more: object) -> AisHulls:
    east, north = np.array(places, float).T
    longitude, latitude = from_local_metres(east, north, origin=PLACE)
    unknown = np.full(len(places), np.nan)
    given = {
        "heading_deg": unknown, "heading_sigma_deg": unknown, "radar": False,
        "view_azimuth_deg": np.nan, "view_zenith_deg": np.nan,
    }  # fmt: skip
    return AisHulls(longitude_deg=longitude, latitude_deg=latitude, **(given | more))


def sent(**ships: tuple[float, float, float, float]) -> pd.DataFrame:
    """Ships by place and velocity at noon, each with a position five minutes before and after."""
    rows = []
    for name, (east, north, east_m_s, north_m_s) in ships.items():
        for seconds in (-300, 300):
            at = east + east_m_s * seconds, north + north_m_s * seconds
            longitude, latitude = from_local_metres(*at, origin=PLACE)
            rows.append((name[1:], NOON + pd.Timedelta(seconds=seconds), longitude, latitude))
    return pd.DataFrame(rows, columns=["mmsi", "time", "longitude", "latitude"])


def names(found: list[object]) -> list[str | None]:
    return [match.mmsi for match in found]  # type: ignore[attr-defined]


def test_a_ship_that_sent_once_is_not_two_hulls() -> None:
    found = match_image(sent(s1=(0, 0, 0, 0)), hulls((20, 0), (60, 0)), NOON)
    assert names(found) == ["1", None]
    assert found[1].dark is None or found[1].dark  # its neighbour's ship is not its own


def test_two_beside_each_other_get_the_two_that_sent() -> None:
    """Both hulls are nearest to the first ship."""
    ships = sent(s1=(0, 0, 0, 0), s2=(150, 0, 0, 0))
    assert names(match_image(ships, hulls((10, 0), (70, 0)), NOON)) == ["1", "2"]
    assert names(match_image(ships, hulls((70, 0), (10, 0)), NOON)) == ["2", "1"]


def test_an_image_across_the_antimeridian_is_matched_as_any_other() -> None:
    given = hulls((-400, 0), (400, 0), (900, 300))
    ships = sent(_1=(-380, 0, 0, 0), _2=(390, 20, 0, 0), _3=(900, 320, 0, 0))
    wanted = match_image(ships, given, NOON)

    def moved(longitude: np.ndarray) -> np.ndarray:
        return (longitude - PLACE[0] + 360) % 360 - 180

    there = replace(given, longitude_deg=moved(given.longitude_deg))
    assert np.ptp(there.longitude_deg) > 359
    found = match_image(ships.assign(longitude=moved(ships.longitude)), there, NOON)
    assert names(found) == names(wanted) == ["1", "2", "3"]
    assert [one.probability for one in found] == pytest.approx([o.probability for o in wanted])


def test_a_match_is_less_sure_in_a_crowd() -> None:
    alone = match_image(sent(s1=(0, 0, 0, 0)), hulls((30, 0)), NOON)[0]
    crowd = {f"s{n}": (n * 60.0 - 60, 0.0, 0.0, 0.0) for n in range(1, 8)}
    among = match_image(sent(**crowd), hulls((30, 0)), NOON)[0]
    assert alone.probability is not None
    assert among.probability is not None
    assert alone.probability > 0.95 > among.probability + 0.2


def test_the_course_decides_between_ships_as_near() -> None:
    ships = sent(s1=(0, 80, 5, 0), s2=(0, -80, 0, 5))
    axis = {"heading_sigma_deg": np.array([6.0])}
    eastward = match_image(ships, hulls((0, 0), heading_deg=np.array([90.0]), **axis), NOON)
    northward = match_image(ships, hulls((0, 0), heading_deg=np.array([0.0]), **axis), NOON)
    assert names(eastward) + names(northward) == ["1", "2"]


@pytest.mark.parametrize("northward", [True, False])
def test_a_ship_under_way_is_shifted_as_radar_shows_it(northward: bool) -> None:
    """As the simulator, which has an orbit of its own, draws it."""
    ship = radar_ship(0, 0, 180, heading_deg=75.0, speed_m_s=6.0)
    spec = radar_spec(orbit={"northward": northward})
    shift = drawn_shift_m(spec, ship)
    flight = 0.0 if northward else 180.0
    east_m_s, north_m_s = 6 * np.sin(np.deg2rad(75)), 6 * np.cos(np.deg2rad(75))
    angles = {"view_azimuth_deg": (flight - 90) % 360, "view_zenith_deg": 38.0}
    moved = azimuth_shift_m(east_m_s, north_m_s, **angles)
    along = moved[1] * (1 if northward else -1)
    assert along == pytest.approx(shift, rel=0.03)
    assert moved[0] == pytest.approx(0, abs=1e-6)


def test_in_radar_the_shift_is_undone_before_ships_are_matched() -> None:
    """420 m from its place, where another ship lies at anchor."""
    angles = {"view_azimuth_deg": 270.0, "view_zenith_deg": 38.0}
    shift = azimuth_shift_m(6.0, 0.0, **angles)
    assert abs(shift[1]) > 400
    ships = sent(s1=(0, 0, 6, 0), s2=(0, shift[1] + 300, 0, 0))
    seen = [(0.0, shift[1]), (0.0, shift[1] + 300)]
    assert names(match_image(ships, hulls(*seen, radar=True, **angles), NOON)) == ["1", "2"]
    assert names(match_image(ships, hulls(*seen), NOON))[0] != "1"


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 4))
def test_it_is_the_likeliest_of_all_ways(seed: int, count: int, sending: int) -> None:
    rng = np.random.default_rng(seed)
    own, place = rng.uniform(-250, 250, (count, 2)), rng.uniform(-250, 250, (sending, 2))
    ships = [SentPlace(one, np.zeros(2), 0.0) for one in place]
    ratio = _log_ratios(own, ships, hulls(*own.tolist()))
    chosen = _assigned(ratio, [str(n) for n in range(sending)], [True] * count)

    def value(way: tuple[int | None, ...]) -> float:
        return sum(ratio[hull, ship] for hull, ship in enumerate(way) if ship is not None)

    options = [*range(sending), *([None] * count)]
    best = max(value(way) for way in set(permutations(options, count)))
    found = tuple(None if one.mmsi is None else int(one.mmsi) for one in chosen)
    assert value(found) == pytest.approx(best)
    assert len({ship for ship in found if ship is not None}) == sum(s is not None for s in found)
    assert all(one.probability is None or 0 <= one.probability <= 1 for one in chosen)
