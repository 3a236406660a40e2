"""What looks at other places say: calibrated, even-handed, and nothing where there is nothing."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from gnomon.datamodel.ports import Port, Zone
from gnomon.datamodel.shipped import shipped
from gnomon.datamodel.study import Study, read_study
from gnomon.simulate.season.campaign import (
    PORT,
    SHARES,
    ZONE,
    Season,
    Trade,
    draw_trade,
    season,
    trade_2024,
)
from gnomon.simulate.season.off_berth import HOME, ROADS, Around
from gnomon.track import direction, sightings
from gnomon.track.off_berth import Calls, Ends, Place, Roads, roads, weigh
from gnomon.track.port_tables import Tables
from gnomon.track.tracking import Tracked, track
from gnomon.workflow.infer import deadweight_of

SWAP = [direction.UNLOADS, direction.LOADS, direction.LADEN, direction.BALLAST]
OPTIONS = {"zones": [ZONE], "draws": 40, "members": 64, "roads": {PORT: [ROADS]}}


def tracked(made: Season, **options: object) -> Tracked:
    values = {"name": "t", "catalog": {"url": "x"}, "period": dates(made)}
    study = Study.model_validate(values | {"track": OPTIONS | options})
    return track(study, made.detections, made.observations, deadweight=deadweight_of)


def dates(made: Season) -> dict[str, object]:
    start, end = made.period
    return {"start": start.date(), "end": (end - pd.Timedelta(days=1)).date()}


def tables(hulls: pd.DataFrame, observations: pd.DataFrame, made: Season, *ports: Port) -> Tables:
    """Tables of a study that names its roads, or knows the port's own."""
    values = {"name": "t", "catalog": {"url": "x"}}
    options = {} if ports else {"track": OPTIONS}
    start, end = (time.to_pydatetime() for time in made.period)
    known = {port.name: port for port in ports}
    checked = sightings.checked(hulls, observations)
    return Tables(Study.model_validate(values | options), known, *checked, start, end)


def ends(arrive: np.ndarray, depart: np.ndarray) -> Ends:
    """Of visits whose ends are known."""
    return Ends(np.repeat(arrive[:, None], 5, 1), np.repeat(depart[:, None], 5, 1))


def roads_of(day: np.ndarray, ratio: np.ndarray, length: float = 85.0, days: int = 60) -> Roads:
    size = np.full(len(day), length)
    observations = np.arange(days, dtype=float)
    return Roads(size, np.full(len(day), 2.0), ratio, day, observations, np.ones(days))


def turns(place: Place, when: Ends, length: float = 85.0, trust: float = 1.0) -> np.ndarray:
    count = len(when.arrive)
    known = weigh(place, when, np.full(count, length), np.full(count, 2.0), list(range(count)))
    return direction.of_ends(*known.evidence(list(range(count)), np.full(count, trust)))


# --- even-handed -------------------------------------------------------------------------------


@settings(max_examples=50)
@given(st.integers(0, 10_000))
def test_laden_and_ballast_change_places_and_nothing_else_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrive = np.sort(rng.uniform(0, 60, 8))
    when = ends(arrive, arrive + 2.0)
    count = int(rng.integers(1, 30))
    place = roads_of(rng.uniform(0, 60, count), rng.normal(rng.normal(), 2.0, count))
    mirror = replace(place, log_lr_laden=-place.log_lr_laden)
    np.testing.assert_allclose(turns(place, when), turns(mirror, when)[:, SWAP], atol=1e-9)
    calls = Calls(
        place.length_m, place.length_sigma_m, place.log_lr_laden,
        ends(place.day, place.day + 3.0), 60.0, 200.0, (4.0, 14.0), bool(seed % 2),
    )  # fmt: skip
    mirror_calls = replace(calls, log_lr_laden=-calls.log_lr_laden)
    np.testing.assert_allclose(turns(calls, when), turns(mirror_calls, when)[:, SWAP], atol=1e-9)


def test_what_says_nothing_changes_nothing() -> None:
    when = ends(np.array([5.0, 20.0]), np.array([7.0, 23.0]))
    for ratio in (np.zeros(3), np.full(3, np.nan)):
        said = turns(roads_of(np.array([4.5, 7.5, 19.0]), ratio), when)
        np.testing.assert_allclose(said, 0.0, atol=1e-12)
    assert not turns(roads_of(np.zeros(0), np.zeros(0)), when).any()
    assert not turns(roads_of(np.array([4.5]), np.array([4.0])), when, trust=0.0).any()


def test_a_season_without_word_from_elsewhere_is_the_season_of_the_berth_alone() -> None:
    rng = np.random.default_rng(2)
    made = season(rng, Trade(), schedule="s2", elsewhere="s2")
    silent = made.detections.assign(
        log_lr_laden=made.detections.log_lr_laden.where(made.detections.port == PORT)
    )
    berth = replace(
        made,
        detections=made.detections[made.detections.port == PORT],
        observations=made.observations[made.observations.port == PORT],
    )
    one, two = tracked(replace(made, detections=silent)), tracked(berth)
    own = one.seasons[one.seasons.port == PORT].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, two.seasons)
    assert set(one.seasons.port) == {PORT, HOME}


# --- what it says ------------------------------------------------------------------------------


def test_ballast_before_and_laden_after_is_loading() -> None:
    arrive = np.arange(5.0, 60.0, 9.0)
    when = ends(arrive, arrive + 3.0)
    empty, full = np.full(len(arrive), -4.0), np.full(len(arrive), 4.0)
    place = roads_of(np.r_[arrive - 0.3, arrive + 3.4], np.r_[empty, full])
    said = turns(place, when)
    assert (said.argmax(1) == direction.LOADS).all()
    gain = said[:, direction.LOADS] - said[:, direction.UNLOADS]
    # Never certain: one look is worth no more than the chance of another ship allows.
    assert (gain > 1.0).all()
    assert (gain < 2 * np.log(2 / direction.MISREAD)).all()
    # A ship of another size, or at another time, is another ship.
    assert np.abs(turns(place, when, length=110.0)).max() < 0.05
    late = replace(place, day=place.day + 4.5)
    assert np.abs(turns(late, when)).max() < 0.7 * np.abs(said).max()


def test_an_arrival_that_a_voyage_explains_says_with_what_the_ship_left() -> None:
    leave = np.arange(3.0, 60.0, 8.0)
    laden = Calls(
        np.full(len(leave), 85.0), np.full(len(leave), 2.0), np.full(len(leave), 3.0),
        ends(leave + 1.2, leave + 5.0), 60.0, 170.0, (4.0, 14.0), leaving=False,
    )  # fmt: skip
    said = turns(laden, ends(leave - 2.0, leave))
    assert (said[:, direction.LOADS] > said[:, direction.UNLOADS] + 0.5).all()
    np.testing.assert_allclose(said[:, direction.LOADS], said[:, direction.LADEN])
    too_soon = replace(laden, ends=ends(leave + 0.1, leave + 5.0))
    assert np.abs(turns(too_soon, ends(leave - 2.0, leave))).max() < 0.05


def test_chances_to_be_the_same_ship_hold() -> None:
    """Against the simulator's truth: of things that are said to be p, about p are."""
    said, true = [], []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        made = season(rng, draw_trade(rng), schedule="s2", elsewhere="s2+s1+daily")
        truth, (start, end) = made.truth, made.period
        hulls, observations = sightings.checked(
            made.detections.assign(visit=made.visit), made.observations
        )
        seen = sightings.at_port(
            ROADS,
            hulls,
            observations,
            zones=(),
            start=start.to_pydatetime(),
            end=end.to_pydatetime(),
        )
        count = len(truth.ship)
        length = made.fleet.length_m[truth.ship]
        when = ends(truth.arrive_day, truth.depart_day)
        known = weigh(roads(seen), when, length, np.full(count, 2.0), list(range(count)))
        both = known.before + known.after
        said.append((both / (both.sum(1) + known.other)[:, None]).ravel())
        kept = ~(seen.hulls.p_tanker < 0.5)
        visit = hulls.visit.to_numpy()[seen.rows][kept]
        true.append((visit[:, None] == np.arange(count)).ravel())
    chance, right = np.concatenate(said), np.concatenate(true)
    for low in (0.1, 0.3, 0.5, 0.7):
        part = (chance >= low) & (chance < low + 0.2)
        assert right[part].mean() == pytest.approx(chance[part].mean(), abs=0.12)


@pytest.mark.slow
@pytest.mark.parametrize("laden", [0.0, 1.0])
def test_a_roads_full_of_other_ships_says_nothing_of_the_trade(laden: float) -> None:
    """Nobody waits, and all that lies there is in ballast (laden): half the seasons load."""
    around = Around(wait=(0.0, 0.0), others_laden=laden, others_per_day=0.6, others_small=0.6)
    exports, loaded, unloaded = [], 0.0, 0.0
    for seed in range(16):
        made = season(
            np.random.default_rng(seed), Trade(shares=SHARES["loads"]), schedule="s2",
            elsewhere="s2+s1+daily", around=around,
        )  # fmt: skip
        keep = made.detections.port != HOME
        hulls = made.detections[keep]
        # Nothing is read at the berth, so that all that is said comes from the roads.
        hulls = hulls.assign(log_lr_laden=hulls.log_lr_laden.where(hulls.port == ROADS))
        found = tracked(
            replace(
                made,
                detections=hulls,
                observations=made.observations[made.observations.port != HOME],
            )
        )
        exports.append(found.seasons.p_exports.iloc[0])
        loaded += found.seasons.loaded_mean.iloc[0] / found.seasons.visits_mean.iloc[0] / 16
        unloaded += found.seasons.unloaded_mean.iloc[0] / found.seasons.visits_mean.iloc[0] / 16
    # One season is 0.17 off; 0.12 is three times what the mean of sixteen is off.
    assert np.mean(exports) == pytest.approx(0.5, abs=0.12)
    # The prior says 0.44 each.
    assert loaded == pytest.approx(unloaded, abs=0.15)
    assert loaded + unloaded > 0.6


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "sign"), [("loads", 1), ("unloads", -1)])
def test_fine_looks_elsewhere_tell_the_trade_that_the_berths_looks_do_not(
    kind: str, sign: int
) -> None:
    alone, both = [], []
    for seed in range(5):
        made = season(
            np.random.default_rng(seed), Trade(shares=SHARES[kind]), schedule="s2+s1",
            elsewhere="s2+s1+daily",
        )  # fmt: skip
        berth = replace(
            made,
            detections=made.detections[made.detections.port == PORT],
            observations=made.observations[made.observations.port == PORT],
        )
        for out, one in ((alone, berth), (both, made)):
            rows = tracked(one).seasons
            out.append(sign * (rows[rows.port == PORT].p_exports.iloc[0] - 0.5))
    assert np.mean(both) > 0.2
    assert np.mean(both) > np.mean(alone) + 0.1


# --- where the roads are -----------------------------------------------------------------------


def test_hulls_in_a_ports_own_anchorage_wait_and_do_not_visit() -> None:
    rng = np.random.default_rng(5)
    made = season(rng, Trade(), schedule="s2+s1", elsewhere="s2+s1+daily")
    area = box(132.8, 42.6, 133.2, 42.9)
    zones = (
        Zone(ZONE, "berth", box(133.0, 42.73, 133.2, 42.8)),
        Zone("roads", "anchorage", box(132.8, 42.6, 132.99, 42.8)),
    )
    hulls, observations = (
        frame[frame.port != HOME].replace({"port": {ROADS: PORT}})
        for frame in (made.detections, made.observations)
    )
    hulls = hulls.assign(zone=np.where(hulls.longitude < 133.0, "roads", ZONE))
    observations = observations.assign(
        zones=[
            f'{{"roads": {u}, "{ZONE}": 0.0}}' if ROADS in s else f'{{"roads": 0.0, "{ZONE}": {u}}}'
            for s, u in zip(observations.scene_id, observations.usable_fraction, strict=True)
        ]
    )
    one = tables(made.detections, made.observations, made)
    two = tables(hulls, observations, made, Port(PORT, area, zones))
    assert two.names == [PORT]
    (apart,), (own,) = one.roads_of(PORT), two.roads_of(PORT)
    np.testing.assert_array_equal(np.sort(own.length_m), np.sort(apart.length_m))
    np.testing.assert_array_equal(np.sort(own.log_lr_laden), np.sort(apart.log_lr_laden))
    assert own.exposure == pytest.approx(apart.exposure, rel=1e-6)
    berth = one.at_berths(PORT).hulls
    np.testing.assert_array_equal(two.at_berths(PORT).hulls.length_m, berth.length_m)


def test_the_study_of_2024_names_its_roads() -> None:
    study = read_study(Path(shipped("configs")) / "vostochny-2024.toml")
    assert study.track.roads == {"vostochny": ("vostochny-anchorage",)}
    assert set(study.track.roads["vostochny"]) <= set(study.ports.names)


# --- the register ------------------------------------------------------------------------------


def register(made: Season, path: Path) -> Path:
    """The simulated fleet as a register."""
    fleet = made.fleet
    columns = {"length_m": fleet.length_m, "beam_m": fleet.beam_m}
    rows = pd.DataFrame(columns | {"deadweight_t": fleet.deadweight_t}).round(1)
    rows["name"] = [f"SHIP {n}" for n in rows.index]
    rows.assign(imo="", former_names="", flag="", listing="").to_csv(path, index=False)
    return path


def test_a_register_that_knows_the_fleet_tells_its_deadweight(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    made = season(rng, trade_2024(), schedule="all")
    fleet = register(made, tmp_path / "fleet.csv")
    true = np.log(made.truth.deadweight_t).mean()
    sigma, off = [], []
    for options in ({}, {"fleet": fleet}):
        draws = tracked(made, **options).drawn[0].draws
        sigma.append(np.mean([draw.log_deadweight_sigma.mean() for draw in draws]))
        off.append(np.mean([draw.log_deadweight.mean() for draw in draws]) - true)
    assert sigma[1] < 0.6 * sigma[0]
    assert abs(off[1]) < 0.04


def test_a_name_that_ais_sends_is_the_candidate(tmp_path: Path) -> None:
    made = season(np.random.default_rng(3), trade_2024(), schedule="all")
    fleet = register(made, tmp_path / "fleet.csv")
    one = int(np.flatnonzero(made.visit >= 0)[20])
    hull, ship = made.detections.iloc[one], int(made.truth.ship[made.visit[one]])
    wrong = (ship + 3) % 14
    sent = {"mmsi": "445000001", "time": hull.seen_at.isoformat()}
    sent |= {"longitude": hull.longitude, "latitude": hull.latitude}
    for said, who in ((f"ship {ship}", ship), ("nobody", None), (f"SHIP {wrong}", wrong)):
        path = tmp_path / "ais.csv"
        pd.DataFrame([sent | {"name": said}]).to_csv(path, index=False)
        visits = tracked(made, fleet=fleet, ais=path).visits
        (row,) = visits[visits.detections.str.contains(f'"{hull.detection_id}"')].itertuples()
        assert row.mmsi == "445000001"
        chance = json.loads(row.candidates)
        if who == ship:
            assert chance[f"SHIP {ship}"] > 0.9
        elif who is not None:
            # A borrowed name does not make a ship longer.
            gap = abs(made.fleet.length_m[wrong] - made.fleet.length_m[ship])
            assert gap < 5 or chance.get(f"SHIP {wrong}", 0) < 0.2
