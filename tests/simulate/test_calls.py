"""Calls of ships: one ship is in one place, cargoes arrive, and tables say what was drawn."""

import functools
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gnomon.datamodel.study import read_study
from gnomon.datamodel.traffic import read_traffic
from gnomon.simulate.calls import (
    LOADING,
    PASSAGE_DAYS,
    PIER,
    PLACES,
    ROADS,
    Call,
    season_calls,
    table_of,
)
from gnomon.simulate.season.campaign import Trade
from gnomon.track.sea_routes import sea_routes
from simulated import of_tankers

NETWORK = read_traffic("small-tankers").sea_routes
STUDY = read_study(Path(__file__).parents[2] / "configs" / "embedded.toml")


@functools.cache
def drawn(seed: int) -> list[Call]:
    return season_calls(np.random.default_rng(seed), Trade(days=100, ships=6, visits=20.0))


@pytest.mark.parametrize("seed", range(5))
def test_a_tanker_shuttles_with_one_cargo_at_speeds_that_ships_have(seed: int) -> None:
    """Of the calls that found a place, as all of the embedded study's do."""
    calls = drawn(seed)
    places = {port.name: port.area.centroid for port in STUDY.places() if port.area is not None}
    for own in of_tankers(calls).values():
        assert len({(call.light.length_m, call.light.beam_m, call.light.deck) for call in own}) == 1
        for one, two in itertools.pairwise(own):
            assert two.arrive_day > one.depart_day
            if one.port != LOADING or two.port == LOADING:
                continue
            assert (one.laden, two.laden) == ((False, True), (True, False))
            assert one.barrels == two.barrels > 0
            ends = {p: places[p].coords[0] for p in (one.port, two.port)}
            way = sea_routes(ends, NETWORK)[one.port, two.port]
            assert 4 < way.distance_nm / (24 * (two.arrive_day - one.depart_day)) < 14


def test_a_ship_lies_deeper_as_it_loads_and_is_the_same_ship() -> None:
    call = next(c for c in drawn(0) if c.port == LOADING and c.zone == PIER)
    days = np.linspace(call.arrive_day, call.depart_day, 9)
    ships = [call.at(float(day)) for day in days]
    ends = [ships[0].freeboard_m, ships[-1].freeboard_m]
    assert ends == pytest.approx([call.light.freeboard_m, call.full.freeboard_m])
    assert np.all(np.diff([ship.freeboard_m for ship in ships]) < 1e-9)
    assert len({(s.length_m, s.beam_m, s.deck, s.house_height_m, s.seed) for s in ships}) == 1


@pytest.mark.parametrize("seed", range(5))
def test_a_place_holds_one_ship_at_a_time_and_a_zone_no_more_than_it_has_room_for(
    seed: int,
) -> None:
    places: dict[tuple[str, str, int], list[Call]] = {}
    for call in drawn(seed):
        assert call.spot < PLACES[call.zone]
        places.setdefault((call.port, call.zone, call.spot), []).append(call)
    for calls in places.values():
        for one, two in itertools.pairwise(sorted(calls, key=lambda call: call.arrive_day)):
            assert two.arrive_day > one.depart_day


@pytest.mark.parametrize("seed", range(5))
def test_every_call_ends_after_it_begins_at_a_port_of_the_study(seed: int) -> None:
    for call in drawn(seed):
        assert call.depart_day > call.arrive_day
        assert call.port in {LOADING, *PASSAGE_DAYS}
        assert call.full.freeboard_m < call.light.freeboard_m or call.light.type != "tanker"
        if call.zone == ROADS:
            assert call.turn == "neither"


def test_other_ships_load_as_often_as_they_unload() -> None:
    others = [
        c for seed in range(5) for c in drawn(seed) if c.light.type != "tanker" and c.zone != ROADS
    ]
    loads = np.mean([call.turn == "loads" for call in others])
    # 3.5 standard deviations of a fair coin.
    assert abs(loads - 0.5) < 3.5 * 0.5 / np.sqrt(len(others))


def test_the_table_has_what_was_drawn_in_the_order_of_arrival() -> None:
    calls = drawn(1)
    table = table_of(calls, "2024-03-04")
    assert table.arrived_at.is_monotonic_increasing
    assert len(table) == len(calls)
    begin = pd.Timestamp("2024-03-04", tz="UTC")
    by_time = sorted(calls, key=lambda call: call.arrive_day)
    for call, row in zip(by_time, table.itertuples(), strict=True):
        assert (row.arrived_at - begin).total_seconds() == pytest.approx(
            86_400 * call.arrive_day, abs=0.51
        )
        assert row.freeboard_in_m == pytest.approx(call.at(call.arrive_day).freeboard_m)
        assert row.freeboard_out_m == pytest.approx(call.at(call.depart_day).freeboard_m)
        assert (row.turn == "loads") == (not row.laden_in and row.laden_out)
        assert (row.turn == "unloads") == (row.laden_in and not row.laden_out)


def test_the_pier_of_the_loading_port_sees_one_ship_that_is_no_tanker() -> None:
    for seed in range(3):
        strangers = [c for c in drawn(seed) if c.zone == PIER and c.light.type != "tanker"]
        assert len(strangers) <= 1
        assert all(call.port == LOADING for call in strangers)
